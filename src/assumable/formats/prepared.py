"""A snapshot made ready for many questions: one file with the slice of it, loaded at once.

What is equal stands in it once and is referred to by number: texts, tags, tuples of statements.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from assumable.errors import InputError
from assumable.formats.account import unread_duration
from assumable.formats.reading import read_bytes
from assumable.formats.sealed import PREPARED, sealed, unsealed
from assumable.formats.slice import slice_of, uncollected
from assumable.formats.snapshot import MAX_DUMP_BYTES, OnDisk, digest, files_of, write_whole
from assumable.model.policy import Layer, Policy, PolicyName, Problem, Statement
from assumable.model.world import (
    Account,
    Levels,
    Node,
    Organization,
    PolicyOrUnknown,
    Principal,
    Provider,
    Role,
    Unknown,
    User,
    VpcEndpoint,
    World,
)
from assumable.source import Location

_MAX_BYTES = 4_000_000_000
"""Some ten million principals."""
_LAYERS = tuple(Layer)
_Numbered = dict[str, tuple[int, ...]] | int | None
_Common = tuple[int, str | None, int, tuple[int, ...], int | None, datetime | None, datetime | None]
T = TypeVar("T")


class _Row(msgspec.Struct, array_like=True, gc=False):
    """Texts, tags, rules, files and policies by number, which is negative for what is not known."""


class _Policy(_Row, array_like=True, gc=False):
    layer: int
    name: int
    owner: int
    arn: int
    account: int
    rules: int
    file: int
    pointer: int
    problems: tuple[Problem, ...] = ()


class _Principal(_Row, array_like=True, gc=False):
    arn: int
    unique_id: str | None
    tags: int
    policies: tuple[int, ...]
    boundary: int | None
    created: datetime | None
    changed: datetime | None


class _Role(_Principal, array_like=True, gc=False):
    trust: int
    duration: int
    """0 where it is not known."""


class _Account(msgspec.Struct, array_like=True):
    id: str
    users: list[_Principal]
    roles: list[_Role]
    providers: tuple[Provider, ...]
    regions: dict[str, str]
    complete: bool
    unlisted: frozenset[str]


class _Organization(msgspec.Struct, array_like=True):
    id: str
    management_account: str
    nodes: dict[str, Node]
    scps: _Numbered
    rcps: _Numbered
    iam_administrators: frozenset[str] | None
    root_access: bool | None
    is_whole: bool = False


class _Contents(msgspec.Struct):
    files: list[tuple[str, str]]
    """Path and digest of what it was made from; no digest where that is no file."""
    texts: list[str]
    tags: list[dict[str, str]]
    rules: list[tuple[str, tuple[Statement, ...]]]
    """Versions and statements."""
    policies: list[_Policy]
    unknowns: list[Unknown]
    accounts: list[_Account]
    unread: dict[str, int]
    organizations: tuple[_Organization, ...] | int
    standalone: frozenset[str]
    endpoints: list[tuple[str, str, str, int | None]]


_decode = msgspec.msgpack.Decoder(_Contents).decode


class _Numbers(Generic[T]):
    """Gives each different thing a number, in the order in which they come."""

    def __init__(self) -> None:
        self.things: list[T] = []
        self._known: dict[object, int] = {}

    def of(self, thing: T, key: object) -> int:
        number = self._known.setdefault(key, len(self.things))
        if number == len(self.things):
            self.things.append(thing)
        return number


def write_prepared(folder: Path, file: Path) -> World:
    """Write the slice of a snapshot to a file, whole or not at all; the world that is in it.

    InputError as from `read_snapshot`, or where the file cannot be written.
    """
    import zstandard

    files = files_of(folder)
    world = slice_of(files)
    plain = msgspec.msgpack.encode(_Writer(files.paths()).contents(world))
    content = zstandard.ZstdCompressor(level=3).compress(plain)
    try:
        write_whole(file, sealed(PREPARED, content))
    except OSError as error:
        message = f"cannot be written: {os.strerror(error.errno or 0).lower()}"
        raise InputError(message, str(file)) from None
    except ValueError:  # a path without a name
        raise InputError("cannot be written: is not the path of a file", str(file)) from None
    return world


def read_prepared(file: Path) -> World:
    """The world in a prepared file; InputError when it is none, or cut off or changed."""
    import zstandard

    content = unsealed(PREPARED, read_bytes(file, limit=MAX_DUMP_BYTES), file)
    try:
        with uncollected():
            return _world(_decode(_unpacked(content)))
    except (zstandard.ZstdError, msgspec.DecodeError, IndexError):
        raise InputError("is cut off or was changed", str(file), PREPARED.written) from None


class _Writer:
    """Puts a sliced world into numbers."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = _Numbers[tuple[str, str]]()
        for path in files:
            sha256 = digest(read_bytes(path, limit=MAX_DUMP_BYTES))
            self._files.of((str(path), sha256), str(path))
        self._texts = _Numbers[str]()
        self._tags = _Numbers[dict[str, str]]()
        self._rules = _Numbers[tuple[str, tuple[Statement, ...]]]()
        self._policies = _Numbers[Policy]()
        self._unknowns = _Numbers[Unknown]()

    def contents(self, world: World) -> _Contents:
        accounts = {name: a for name, a in world.accounts.items() if isinstance(a, Account)}
        unread = {
            name: self._unknown(unknown)
            for name, unknown in world.accounts.items()
            if isinstance(unknown, Unknown)
        }
        organizations = world.organizations
        return _Contents(
            accounts=[self._account(account) for account in accounts.values()],
            unread=unread,
            organizations=self._unknown(organizations)
            if isinstance(organizations, Unknown)
            else tuple(self._organization(found) for found in organizations),
            standalone=world.standalone,
            endpoints=[
                (found.id, found.vpc, found.account, self._part_or_none(found.policy))
                for found in world.endpoints.values()
            ],
            # from here on in this order: policies hold what follows them
            policies=[self._policy(policy) for policy in self._policies.things],
            files=self._files.things,
            texts=self._texts.things,
            tags=self._tags.things,
            rules=self._rules.things,
            unknowns=self._unknowns.things,
        )

    def _account(self, account: Account) -> _Account:
        return _Account(
            id=account.id,
            users=[_Principal(*self._principal(user)) for user in account.users.values()],
            roles=[
                _Role(*self._principal(role), self._part(role.trust), _seconds(role))
                for role in account.roles.values()
            ],
            providers=tuple(account.providers.values()),
            regions=dict(account.regions),
            complete=account.complete,
            unlisted=account.unlisted,
        )

    def _principal(self, found: Principal) -> _Common:
        tags = {} if isinstance(found.tags, Unknown) else found.tags  # a dump says them all
        return (
            self._text(found.arn),
            found.unique_id,
            self._tags.of(dict(tags), tuple(tags.items())),
            tuple(map(self._part, found.policies)),
            self._part_or_none(found.boundary),
            found.created,
            found.policies_changed,
        )

    def _organization(self, found: Organization) -> _Organization:
        return _Organization(
            id=found.id,
            management_account=found.management_account,
            nodes=dict(found.nodes),
            scps=self._levels(found.scps),
            rcps=self._levels(found.rcps),
            iam_administrators=found.iam_administrators,
            root_access=found.root_access,
            is_whole=found.is_whole,
        )

    def _levels(self, found: Levels) -> _Numbered:
        if found is None or isinstance(found, Unknown):
            return None if found is None else self._unknown(found)
        return {target: tuple(map(self._part, policies)) for target, policies in found.items()}

    def _part_or_none(self, part: PolicyOrUnknown | None) -> int | None:
        return None if part is None else self._part(part)

    def _part(self, part: PolicyOrUnknown) -> int:
        if isinstance(part, Unknown):
            return -1 - self._unknown(part)
        return self._policies.of(part, id(part))

    def _unknown(self, unknown: Unknown) -> int:
        return self._unknowns.of(unknown, unknown)

    def _policy(self, policy: Policy) -> _Policy:
        name, place, rules = policy.name, policy.location, (policy.version, policy.statements)
        return _Policy(
            layer=_LAYERS.index(name.layer),
            name=self._text(name.name),
            owner=self._text(name.owner),
            arn=self._text(name.arn),
            account=self._text(name.account),
            rules=self._rules.of(rules, (policy.version, id(policy.statements))),
            file=self._files.of((place.document.name, ""), place.document.name),
            pointer=self._text(place.pointer),
            problems=policy.problems,
        )

    def _text(self, text: str) -> int:
        return self._texts.of(text, text)


def _seconds(role: Role) -> int:
    return role.max_session_duration if isinstance(role.max_session_duration, int) else 0


def _unpacked(content: bytes) -> bytes:
    import zstandard

    if zstandard.frame_content_size(content) > _MAX_BYTES:
        raise IndexError
    return zstandard.ZstdDecompressor().decompress(content)


def _world(found: _Contents) -> World:
    """INVARIANT: what had one number is one object."""
    files = [OnDisk(Path(name), sha256) for name, sha256 in found.files]
    texts, rules = found.texts, found.rules
    policies = [
        Policy(
            PolicyName(
                _LAYERS[row.layer], texts[row.name], texts[row.owner], texts[row.arn],
                texts[row.account],
            ),
            *rules[row.rules],
            row.problems,
            None,
            Location(files[row.file], texts[row.pointer]),
        )
        for row in found.policies
    ]  # fmt: skip
    parts: list[PolicyOrUnknown] = [*policies, *reversed(found.unknowns)]  # by number from the end
    organizations = found.organizations
    accounts: dict[str, Account | Unknown] = {
        name: found.unknowns[number] for name, number in found.unread.items()
    }
    for account in found.accounts:
        accounts[account.id] = _account(account, texts, found.tags, parts)
    return World(
        accounts=accounts,
        organizations=found.unknowns[organizations]
        if isinstance(organizations, int)
        else tuple(_organization(one, parts, found.unknowns) for one in organizations),
        standalone=found.standalone,
        endpoints={
            name: VpcEndpoint(name, vpc, account, None if number is None else parts[number])
            for name, vpc, account, number in found.endpoints
        },
        complete=False,
    )


def _account(
    row: _Account, texts: list[str], tags: list[dict[str, str]], parts: list[PolicyOrUnknown]
) -> Account:
    # what both have is written out twice: a function for it makes loading a tenth slower
    users = {
        texts[one.arn]: User(
            arn=texts[one.arn],
            unique_id=one.unique_id,
            tags=tags[one.tags],
            policies=tuple([parts[number] for number in one.policies]),
            boundary=None if one.boundary is None else parts[one.boundary],
            created=one.created,
            policies_changed=one.changed,
        )
        for one in row.users
    }
    roles = {
        texts[one.arn]: Role(
            arn=texts[one.arn],
            unique_id=one.unique_id,
            tags=tags[one.tags],
            policies=tuple([parts[number] for number in one.policies]),
            boundary=None if one.boundary is None else parts[one.boundary],
            created=one.created,
            policies_changed=one.changed,
            trust=parts[one.trust],
            max_session_duration=one.duration or _unread(texts[one.arn]),
        )
        for one in row.roles
    }
    return Account(
        id=row.id,
        users=users,
        roles=roles,
        providers={provider.arn: provider for provider in row.providers},
        regions=row.regions,
        complete=row.complete,
        unlisted=row.unlisted,
    )


def _unread(role_arn: str) -> Unknown:
    return unread_duration(role_arn.rpartition("/")[2], role_arn)


def _organization(
    row: _Organization, parts: list[PolicyOrUnknown], unknowns: list[Unknown]
) -> Organization:
    def levels(found: _Numbered) -> Levels:
        if found is None or isinstance(found, int):
            return None if found is None else unknowns[found]
        return {target: tuple(parts[n] for n in numbers) for target, numbers in found.items()}

    return Organization(
        id=row.id,
        management_account=row.management_account,
        nodes=row.nodes,
        scps=levels(row.scps),
        rcps=levels(row.rcps),
        iam_administrators=row.iam_administrators,
        root_access=row.root_access,
        is_whole=row.is_whole,
    )
