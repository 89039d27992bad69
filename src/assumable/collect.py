"""Writing snapshots: every account once, whatever interrupts it.

INVARIANT: a file is there whole or not at all, an entry of the manifest is written after its file,
and a manifest without the mark of an unfinished snapshot after everything.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from assumable import __version__
from assumable import arn as arns
from assumable.aws.allowed import COLLECTED
from assumable.aws.clients import FALLBACK_REGION, Calls, Connection
from assumable.aws.inventory import Inventory, read_account
from assumable.aws.patient import PatientConnection
from assumable.aws.tree import read_organization
from assumable.errors import InputError, UnreadableError
from assumable.formats.snapshot import (
    LATEST,
    MANIFEST,
    NAME,
    ORGANIZATION,
    UNFINISHED,
    Asked,
    Entry,
    Manifest,
    Missed,
    digest,
    packed,
    read_manifest,
    write_whole,
)
from assumable.formats.writing import FILED, indented
from assumable.model.world import Unknown


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What to read, and with whose credentials."""

    profile: str | None = None
    """Whose credentials are used first; the default ones when None."""
    organization: bool = False
    """Whether all accounts of its organization are read, or its own one alone."""
    accounts: tuple[str, ...] = ()
    """These alone."""
    role_name: str = ""
    """The role that reads, the same in every account but that of the profile."""
    external_id: str = ""
    region: str | None = None
    endpoint_url: str | None = None
    jobs: int = 8
    """How many accounts are read at the same time."""
    new: bool = False
    """Nothing is continued."""


class Step(NamedTuple):
    """One account is finished."""

    account: str
    entry: Entry
    number: int
    of: int


class Collection:
    """One snapshot, from its first account to its manifest."""

    def __init__(
        self, target: Path, wish: Wish, listener: Callable[[str], None] | None = None
    ) -> None:
        """Asks AWS who reads, and finds what is to be continued.

        `listener` hears each operation just before it is sent, from whatever thread sends it.

        UnreadableError when AWS does not say who; InputError for a profile that does not exist.
        """
        self._target, self._wish, self._listener = target, wish, listener
        self._base = PatientConnection(
            wish.profile, wish.region, wish.endpoint_url, Calls(listener), allowed=COLLECTED
        )
        self._own = self._base.identity.account
        asked = Asked(
            by=self._own,
            role_name=wish.role_name,
            accounts=tuple(sorted(set(wish.accounts))),
            organization=wish.organization,
        )
        found = None if wish.new else _unfinished(target, asked)
        self.continues = found is not None
        """Whether an unfinished snapshot goes on."""
        self.folder, self.manifest = found or _started(target, asked)

    def accounts(self) -> tuple[str, ...]:
        """Which accounts there are to read; the organization is read for it, the first time.

        UnreadableError when they cannot be listed.
        """
        if not self.manifest.accounts:
            self._begin()
        return tuple(self.manifest.accounts)

    def run(self) -> Iterator[Step]:
        """Each account as it is finished, those of an earlier run first.

        UnreadableError when the accounts cannot be listed, or nothing at all could be read.
        """
        self.accounts()
        entries = self.manifest.accounts
        total, number = len(entries), 0
        for account, entry in entries.items():
            if entry.status == "done":
                number += 1
                yield Step(account, entry, number, total)
        waiting = [account for account, entry in entries.items() if entry.status != "done"]
        for account, entry in self._entries(waiting):
            self._keep(accounts={**self.manifest.accounts, account: entry})
            number += 1
            yield Step(account, entry, number, total)
        if not any(entry.file for entry in self.manifest.accounts.values()):
            reasons = [entry.reason for entry in self.manifest.accounts.values() if entry.reason]
            first = f", such as: {reasons[0]}" if reasons else ""
            raise UnreadableError(f"none of {total} accounts could be read{first}")
        self._finish()

    def _begin(self) -> None:
        """The organization, and which accounts there are to read."""
        found = read_organization(self._base)
        entry = self._entry(ORGANIZATION, found, self._base.calls.total)
        accounts = self._waiting(found)
        self._keep(organization=entry, accounts=accounts)

    def _waiting(self, organization: Inventory) -> dict[str, Entry]:
        listed = organization.document.get("Accounts")
        states = {one["Id"]: one["Status"] for one in listed or ()}
        chosen = self.manifest.asked.accounts
        if not chosen and self._wish.organization:
            if listed is None:
                missed = organization.missed
                why = f": {missed[0].what}, {missed[0].settle}" if missed else ": there is none"
                raise UnreadableError(f"the accounts of the organization are not known{why}")
            chosen = tuple(sorted(states))
        own_is_alone = not organization.document and not organization.missed
        return {
            account: Entry(
                status="waiting",
                state="" if (state := states.get(account, "ACTIVE")) == "ACTIVE" else state,
                standalone=own_is_alone and account == self._own,
            )
            for account in chosen or (self._own,)
        }

    def _entries(self, accounts: list[str]) -> Iterator[tuple[str, Entry]]:
        """What was read of the accounts, in threads that keep no process alive.

        Only the one who asks for them writes files.
        """
        todo: queue.SimpleQueue[str] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[str, Inventory | Exception, int]] = queue.SimpleQueue()
        for account in accounts:
            todo.put(account)

        def work() -> None:
            with contextlib.suppress(queue.Empty):
                while True:
                    account = todo.get_nowait()
                    done.put((account, *self._read(account)))

        for _ in range(min(self._wish.jobs, len(accounts))):
            threading.Thread(target=work, name="assumable-collect", daemon=True).start()
        for _ in accounts:
            account, found, calls = done.get()
            if isinstance(found, UnreadableError):
                yield account, self._unread(account, str(found), calls)
            elif isinstance(found, Exception):
                raise found
            else:
                yield account, self._entry(account, found, calls)

    def _read(self, account: str) -> tuple[Inventory | Exception, int]:
        """What was read of an account, or why nothing was; and with how many calls."""
        calls = self._base.calls if account == self._own else Calls(self._listener)
        before = calls.total
        try:
            return self._inventory(account, calls), calls.total - before
        except Exception as error:  # noqa: BLE001  # raised again where it can be seen
            return error, calls.total - before

    def _inventory(self, account: str, calls: Calls) -> Inventory:
        state = self.manifest.accounts[account].state
        if state:
            raise UnreadableError(f"the account is {state}")
        connection = self._base if account == self._own else self._connect(account, calls)
        if connection.identity.account != account:
            own = connection.identity.account
            raise UnreadableError(f"who answers is of account {own}")
        return read_account(connection, account)

    def _connect(self, account: str, calls: Calls) -> Connection:
        wish = self._wish
        return PatientConnection(
            wish.profile,
            self._base.region or FALLBACK_REGION,
            wish.endpoint_url,
            calls,
            role_arn=self._role(account),
            external_id=wish.external_id,
            credentials=self._base.credentials,
            allowed=COLLECTED,
        )

    def _role(self, account: str) -> str:
        own = arns.parse(self._base.identity.arn)
        partition = own.partition if own else "aws"
        return f"arn:{partition}:iam::{account}:role/{self._wish.role_name}"

    def _unread(self, account: str, reason: str, calls: int) -> Entry:
        state = self.manifest.accounts[account].state
        permission = f"sts:AssumeRole on {self._role(account)}"
        missed = (Missed(what="the account", permission=permission),)
        return Entry(
            status="unreadable",
            state=state,
            reason=reason,
            missed=() if account == self._own or state else missed,
            calls=calls,
        )

    # Files

    def _entry(self, name: str, found: Inventory, calls: int) -> Entry:
        """Write what was read."""
        missed = tuple(sorted(map(_missed, found.missed), key=lambda one: one.permission))
        before = self.manifest.accounts.get(name, Entry(status="waiting"))
        if missed and not found.document:
            reason = f"{missed[0].what}: {missed[0].permission}"
            return Entry(status="unreadable", reason=reason, missed=missed, calls=calls)
        if not found.document:
            return Entry(status="done", calls=calls)
        content = packed(indented(found.document, FILED).encode())
        file = f"{name}.json.zst"
        write_whole(self.folder / file, content)
        return Entry(
            status="partial" if missed else "done",
            missed=missed,
            file=file,
            sha256=digest(content),
            calls=calls,
            standalone=before.standalone,
        )

    def _keep(self, **changes: object) -> None:
        """Write down how far it is."""
        self.manifest = msgspec.structs.replace(self.manifest, **changes)
        write_whole(self.folder / UNFINISHED, _encoded(self.manifest))

    def _finish(self) -> None:
        accounts = dict(sorted(self.manifest.accounts.items()))
        self.manifest = msgspec.structs.replace(
            self.manifest, accounts=accounts, finished=_moment()
        )
        write_whole(self.folder / MANIFEST, _encoded(self.manifest))
        write_whole(self._target / LATEST, f"{self.folder.name}\n".encode())
        (self.folder / UNFINISHED).unlink()


def _missed(unread: Unknown) -> Missed:
    return Missed(what=unread.what, permission=unread.settle)


def _unfinished(target: Path, asked: Asked) -> tuple[Path, Manifest] | None:
    """The newest snapshot, if it asks the same and was not finished."""
    names = _names(target)
    path = target / names[-1] / UNFINISHED if names else target / UNFINISHED
    if not names or not path.exists():
        return None
    manifest = read_manifest(path)
    return (path.parent, manifest) if manifest.asked == asked else None


def _names(target: Path) -> list[str]:
    """The snapshots below a folder, the oldest first."""
    found = [p.name for p in target.iterdir() if NAME.fullmatch(p.name)] if target.is_dir() else []
    return sorted(found, key=lambda name: (name.partition("-")[0], int(name[17:] or 0)))


def _started(target: Path, asked: Asked) -> tuple[Path, Manifest]:
    """A new folder: nobody else may look into it."""
    started = _moment()
    name = started.replace("-", "").replace(":", "")
    if target.exists() and not target.is_dir():
        raise InputError("is not a folder", str(target))
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken = [known for known in _names(target) if known.startswith(name)]
    folder = target / (f"{name}-{len(taken) + 1}" if taken else name)
    folder.mkdir(mode=0o700)
    manifest = Manifest(assumable=__version__, started=started, asked=asked)
    write_whole(folder / UNFINISHED, _encoded(manifest))
    return folder, manifest


def _moment() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _encoded(manifest: Manifest) -> bytes:
    return f"{indented(manifest, FILED)}\n".encode()
