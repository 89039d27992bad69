"""`assumable collect`: a snapshot of one account, or of an organization."""

import re
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assumable import arn
from assumable.cli.main import INTERRUPTED
from assumable.cli.options import PATH
from assumable.cli.readers import CLEAR, clear_line
from assumable.errors import InputError

if TYPE_CHECKING:
    from assumable.collect import Collection, Step, Wish

_WIDTH = 24
_UNSAID = 100
"""After how many calls without a line a pipe is told that it goes on."""
_ROLE = re.compile(r"[\w+=,.@/-]+", re.ASCII)
_WORDS = {"done": "read", "partial": "read in part", "unreadable": "not read"}


@click.command(name="collect", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--profile", help="Whose account is read, alone or before the --accounts.")
@click.option("--org-profile", help="All accounts of its organization are read.")
@click.option("--accounts", metavar="ID,…", help="These accounts alone.")
@click.option("--role-name", help="The role to assume in each other account, with its path.")
@click.option("--external-id", help="Sent with each of these calls.")
@click.option("--region", help="The Region of the profile, where it has none.")
@click.option("--endpoint-url", help="Another endpoint for every AWS call.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="How many accounts are read at the same time.",
)
@click.option("--new", is_flag=True, help="Start afresh; do not continue what was interrupted.")
def command(
    folder: Path,
    profile: str | None,
    org_profile: str | None,
    accounts: str | None,
    role_name: str | None,
    *,
    external_id: str | None,
    region: str | None,
    endpoint_url: str | None,
    jobs: int,
    new: bool,
) -> None:
    """Write a snapshot, to be asked with `assumable why --snapshot DIR`.

    It only reads, and assumes the role that --role-name names. The same command again goes on where
    it was interrupted. Exit status: 0 something was read, 2 bad input, 4 nothing could be, 130
    interrupted.
    """
    from assumable.collect import Wish

    if profile and org_profile:
        raise InputError("--profile reads one account, --org-profile an organization", "", "one")
    chosen = _ids(accounts)
    if (org_profile or chosen) and not role_name:
        raise InputError("--role-name is missing", "", "the role that reads in each account")
    if role_name and not _ROLE.fullmatch(role_name):
        raise InputError("is not the name of a role", "--role-name", "such as security/Audit")
    wish = Wish(
        profile=org_profile or profile,
        organization=org_profile is not None,
        accounts=chosen,
        role_name=(role_name or "").strip("/"),
        external_id=external_id or "",
        region=region,
        endpoint_url=endpoint_url,
        jobs=jobs,
        new=new,
    )
    _collect(folder, wish)


def _ids(text: str | None) -> tuple[str, ...]:
    found = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    for word in found:
        if not arn.ACCOUNT_ID.fullmatch(word):
            raise InputError(f"`{word}` is not an account ID of 12 digits", "--accounts")
    return found


def _collect(folder: Path, wish: "Wish") -> None:
    from assumable.collect import Collection

    shown = _Shown()
    try:
        collection = Collection(folder, wish, shown.heard)
        if collection.continues:
            shown.say(f"continues {collection.folder}")
        else:
            shown.begin("the organization")
        of = len(collection.accounts())
        shown.begin(f"{of} account{'s' * (of > 1)}")
        for step in collection.run():
            shown.finished(step)
    except KeyboardInterrupt:
        shown.end()
        click.echo("assumable: interrupted; the same command again goes on from here", err=True)
        sys.exit(INTERRUPTED)
    finally:
        shown.end()
    click.echo(_summary(collection))


class _Shown:
    """How far it is: one line that is written over on a terminal, elsewhere a line now and then.

    Calls are heard from many threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_terminal = sys.stderr.isatty()
        self._what = "reading who calls"
        self._calls = self._unsaid = 0
        self._is_over = False

    def heard(self, operation: str) -> None:
        """One more call is sent; a pipe is told only when nothing was said for many of them."""
        del operation
        with self._lock:
            self._calls += 1
            self._unsaid += 1
            if self._is_over:
                return
            if self._is_terminal:
                print(
                    f"{CLEAR}{self._what}, call {self._calls}", end="", file=sys.stderr, flush=True
                )
            elif self._unsaid >= _UNSAID:
                self._say(f"still {self._what}, call {self._calls}")

    def begin(self, what: str) -> None:
        """What is read from now on."""
        self._what = f"reading {what}"
        if not self._is_terminal:
            self.say(self._what)

    def finished(self, step: "Step") -> None:
        """A bar on a terminal; a line for each account elsewhere."""
        if self._is_terminal:
            full = _WIDTH * step.number // step.of
            bar = "#" * full + "-" * (_WIDTH - full)
            self._what = f"[{bar}] {step.number} of {step.of} accounts"
            return
        entry = step.entry
        more = f": {entry.reason}" if entry.reason else f", {entry.calls} calls"
        self.say(f"{step.account} {_WORDS[entry.status]}{more}")

    def say(self, line: str) -> None:
        """A line that stays."""
        with self._lock:
            self._say(line)

    def _say(self, line: str) -> None:
        self._unsaid = 0
        clear_line()
        click.echo(line, err=True)

    def end(self) -> None:
        """Take the line off a terminal; a call that is still under way does not bring it back."""
        with self._lock:
            if not self._is_over:
                clear_line()
            self._is_over = True


def _summary(collection: "Collection") -> str:
    entries = collection.manifest.accounts.values()
    counted = Counter[str](entry.status for entry in entries)
    parts = [f"{counted[status]} {_WORDS[status]}" for status in _WORDS if counted[status]]
    organization = collection.manifest.organization
    if organization is not None and organization.status in ("partial", "unreadable"):
        parts.append(f"the organization {_WORDS[organization.status]}")
    is_whole = set(counted) == {"done"} and len(parts) == 1
    where = "" if is_whole else "; manifest.json says what is missing"
    return f"{collection.folder}: {len(entries)} accounts, {', '.join(parts)}{where}"
