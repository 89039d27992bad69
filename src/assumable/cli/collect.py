"""`assumable collect`: a snapshot of one account, or of an organization."""

import re
import sys
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

    try:
        collection = Collection(folder, wish)
        if collection.continues:
            click.echo(f"continues {collection.folder}", err=True)
        for step in collection.run():
            _show(step)
    except KeyboardInterrupt:
        clear_line()
        click.echo("assumable: interrupted; the same command again goes on from here", err=True)
        sys.exit(INTERRUPTED)
    clear_line()
    click.echo(_summary(collection))


def _show(step: "Step") -> None:
    """A bar on a terminal; a line for each account elsewhere."""
    if sys.stderr.isatty():
        full = _WIDTH * step.number // step.of
        bar = "#" * full + "-" * (_WIDTH - full)
        line = f"{CLEAR}[{bar}] {step.number} of {step.of} accounts: {step.account}"
        print(line, end="", file=sys.stderr, flush=True)
        return
    entry = step.entry
    more = f": {entry.reason}" if entry.reason else f", {entry.calls} calls"
    click.echo(f"{step.account} {_WORDS[entry.status]}{more}", err=True)


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
