"""Snapshots read for questions about a whole organization: of each policy what can decide `sts:*`.

The same worlds as `assumable.formats.dump` reads, with policies cut down and without their
documents: to decide, not to mend. What decides nothing, such as a description, is not looked into.
"""

import contextlib
import functools
import gc
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from assumable.errors import InputError
from assumable.formats import entries
from assumable.formats.account import (
    DURATIONS,
    AccountReader,
    malformed,
    unread_duration,
)
from assumable.formats.cut import Cut, Cuts
from assumable.formats.dump import Read, account_at, arns_in, partition_of, world_of
from assumable.formats.reading import Cursor, moment_of
from assumable.formats.snapshot import Files, OnDisk, files_of, read_packed, text_in
from assumable.model.policy import Layer, Policy, PolicyName
from assumable.model.world import (
    Levels,
    Organization,
    PolicyOrUnknown,
    Role,
    Unknown,
    User,
    World,
)
from assumable.source import Location

_Attached = tuple[tuple[PolicyOrUnknown, ...], datetime | None]


def read_slice(folder: Path) -> World:
    """The world of a snapshot, as `read_snapshot` has it, with what can decide `sts:*` alone.

    Identity policies without any of it are left out; other policies stay, since what they do not
    allow they deny. Documents that are equal, or keep the same, have one and the same tuple of
    statements. InputError as from `read_snapshot`.
    """
    return slice_of(files_of(folder))


def slice_of(files: Files) -> World:
    """The same of files that were found already."""
    cuts = Cuts()
    with uncollected():
        world = world_of(files, functools.partial(_account, files=files, cuts=cuts))
    if isinstance(world.organizations, Unknown):
        return world
    organizations = tuple(_cut(found, cuts) for found in world.organizations)
    return msgspec.structs.replace(world, organizations=organizations)


def _account(account: str, path: Path, files: Files, cuts: Cuts) -> Read:
    """As AWS writes dumps, or else as any other, which also says where a fault is."""
    if path.is_dir():
        return _read(account, account_at(path), files, cuts)
    place = Location(OnDisk(path))
    with contextlib.suppress(msgspec.DecodeError, InputError):
        value = entries.dump(text_in(path))
        arns = (p.arn for key in ("RoleDetailList", "UserDetailList") for p in value.get(key, ()))
        fast = _FastReader(account, arns, files, cuts)
        return fast.read(Cursor(value, place)), fast.endpoints
    return _read(account, Cursor(read_packed(path).value, place), files, cuts)


def _read(account: str, cursor: Cursor, files: Files, cuts: Cuts) -> Read:
    reader = _Reader(account, arns_in(cursor.value), files, cuts)
    return reader.read(cursor), reader.endpoints


def _cut(organization: Organization, cuts: Cuts) -> Organization:
    def levels(found: Levels) -> Levels:
        if found is None or isinstance(found, Unknown):
            return found
        return {
            target: tuple(p if isinstance(p, Unknown) else cuts.policy(p) for p in policies)
            for target, policies in found.items()
        }

    return msgspec.structs.replace(
        organization, scps=levels(organization.scps), rcps=levels(organization.rcps)
    )


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage while very many objects are made that all stay, nor in them later."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.freeze()  # to look through them costs time, and copies in forks
            gc.enable()


class _Reader(AccountReader):
    """Reads an account as ever, but for its policies, which are cut."""

    def __init__(self, account: str, arns: Iterable[str], files: Files, cuts: Cuts) -> None:
        super().__init__(account, partition_of(arns), strict=False, is_filtered=files.is_filtered)
        self.cuts = cuts
        self._attached: dict[tuple[str, Layer], PolicyOrUnknown] = {}

    def policy(self, cursor: Cursor, name: PolicyName) -> PolicyOrUnknown:
        if isinstance(cursor.value, Unknown):
            return cursor.value
        try:
            cut = self.cuts.of[name.layer][msgspec.json.encode(cursor.value)]
        except InputError:
            return super().policy(cursor, name)  # which says where
        return _made(cut, name, cursor.location)

    def managed_policy(self, policy_arn: str, owner: str, layer: Layer) -> PolicyOrUnknown:
        """One and the same for all that it is attached to."""
        del owner
        found = self._attached.get((policy_arn, layer))
        if found is None:
            found = self.managed.get(policy_arn) or self.cuts.aws_managed(policy_arn)
            if isinstance(found, Policy):
                name = msgspec.structs.replace(found.name, layer=layer)
                found = msgspec.structs.replace(found, name=name, other_versions=())
            self._attached[policy_arn, layer] = found
        return found

    def _policies(
        self, fields: dict[str, Cursor], inline_key: str, owner: str
    ) -> tuple[PolicyOrUnknown, ...]:
        found = super()._policies(fields, inline_key, owner)
        return tuple(policy for policy in found if not _is_empty(policy))


class _FastReader(_Reader):
    """The same for typed entries; its errors do not say where a fault is."""

    def __init__(self, account: str, arns: Iterable[str], files: Files, cuts: Cuts) -> None:
        super().__init__(account, arns, files, cuts)
        self._identity, self._trust = cuts.of[Layer.IDENTITY], cuts.of[Layer.TRUST]
        self._tags = functools.cache(entries.tags)
        self._lists: dict[bytes, _Attached] = {}

    def _managed_policy(self, cursor: Cursor) -> None:
        entry: entries.Managed = cursor.value
        versions = enumerate(entry.policy_version_list)
        default = next((n for n, version in versions if version.is_default_version), None)
        if default is None:
            raise InputError("has no default version")
        name = PolicyName(Layer.IDENTITY, entry.policy_name, "", entry.arn, self.account)
        place = _below(cursor.location, f"PolicyVersionList/{default}/Document")
        cut = self._identity[bytes(entry.policy_version_list[default].document)]
        found = _made(cut, name, place)
        if isinstance(found, Policy):
            self.managed[entry.arn] = found
        changed = _moment(entry.update_date)
        if changed is not None:
            self.changed[entry.arn] = changed

    def _group(self, cursor: Cursor) -> None:
        entry: entries.Group = cursor.value
        _, held, changed = self._held(cursor, "Group", entry.group_name, entry.group_policy_list)
        self.groups[entry.group_name] = held
        if changed is not None:
            self.changed[entry.group_name] = changed

    def _user(self, cursor: Cursor) -> User:
        entry: entries.User = cursor.value
        name, own = entry.user_name, entry.user_policy_list
        own_arn, held, changed = self._held(cursor, "User", name, own)
        groups = entry.group_list or []
        if groups:
            dates = (changed, self._newest(groups))
            changed = max([date for date in dates if date is not None], default=None)
        return User(
            arn=own_arn,
            unique_id=None if entry.user_id is UNSET else entry.user_id,
            tags=self._tags(bytes(entry.tags)),
            policies=(*held, *[p for group in groups for p in self.of_group(group)]),
            boundary=self._boundary_of(entry),
            created=_moment(entry.create_date),
            policies_changed=changed,
        )

    def _role(self, cursor: Cursor) -> Role:
        entry: entries.Role = cursor.value
        name, duration = entry.role_name, entry.max_session_duration
        own_arn, held, changed = self._held(cursor, "Role", name, entry.role_policy_list)
        trust = self._trust[bytes(entry.assume_role_policy_document)]
        place = _below(cursor.location, "AssumeRolePolicyDocument")
        return Role(
            arn=own_arn,
            unique_id=None if entry.role_id is UNSET else entry.role_id,
            tags=self._tags(bytes(entry.tags)),
            policies=held,
            boundary=self._boundary_of(entry),
            trust=_made(trust, self.trust_name(name, own_arn), place),
            max_session_duration=duration
            if duration is not UNSET and duration in DURATIONS
            else unread_duration(name, own_arn),
            created=_moment(entry.create_date),
            policies_changed=changed,
        )

    def _held(
        self, cursor: Cursor, kind: str, name: str, own: list[entries.Own] | UnsetType
    ) -> tuple[str, tuple[PolicyOrUnknown, ...], datetime | None]:
        """The ARN of an entry, its policies, and the last change of those that are attached."""
        own_arn = self._arn_of(cursor, kind.lower(), name)
        inline = self._inline(cursor, f"{kind}PolicyList", own, own_arn)
        attached, changed = self._attached_in(cursor.value)
        return own_arn, (*inline, *attached), changed

    def _arn_of(self, cursor: Cursor, kind: str, name: str) -> str:
        """The ARN that is given, where it is the one that path and name make."""
        entry: entries.Owner = cursor.value
        is_usual = entry.path[:1] == "/" and "/" not in name
        if is_usual and entry.arn == self.iam_arn(kind, entry.path, name):
            return entry.arn
        given = {"Arn": entry.arn, "Path": entry.path}
        fields = {key: Cursor(text, cursor.location.child(key)) for key, text in given.items()}
        return self._own_arn(fields, kind, name)

    def _inline(
        self, cursor: Cursor, key: str, own: list[entries.Own] | UnsetType, owner: str
    ) -> list[PolicyOrUnknown]:
        """The inline policies that say something about STS."""
        found: list[PolicyOrUnknown] = []
        for n, item in enumerate(own or ()):
            cut = self._identity[bytes(item.policy_document)]
            if cut.statements or cut.fault:
                name = PolicyName(Layer.IDENTITY, item.policy_name, owner, "", self.account)
                place = _below(cursor.location, f"{key}/{n}/PolicyDocument")
                found.append(_made(cut, name, place))
        return found

    def _attached_in(self, entry: entries.Owner) -> _Attached:
        """The managed policies that say something about STS; the last change of all of them."""
        text = bytes(entry.attached_managed_policies)
        found = self._lists.get(text)
        if found is None:
            arns = entries.attached(text)
            held = [self.managed_policy(policy_arn, "", Layer.IDENTITY) for policy_arn in arns]
            kept = tuple([policy for policy in held if not _is_empty(policy)])
            found = self._lists[text] = kept, self._newest(arns)
        return found

    def _boundary_of(self, entry: entries.User | entries.Role) -> PolicyOrUnknown | None:
        if entry.permissions_boundary is UNSET:
            return None
        policy_arn = entries.boundary(bytes(entry.permissions_boundary))
        return self.managed_policy(policy_arn, "", Layer.BOUNDARY)


def _below(place: Location, pointer: str) -> Location:
    return Location(place.document, f"{place.pointer}/{pointer}")


def _made(cut: Cut, name: PolicyName, place: Location) -> PolicyOrUnknown:
    if cut.fault:
        return malformed(name, cut.fault)
    return Policy(name, cut.version, cut.statements, cut.problems, None, place)


def _is_empty(policy: PolicyOrUnknown) -> bool:
    return isinstance(policy, Policy) and not policy.statements


def _moment(text: str | UnsetType) -> datetime | None:
    """A date that only remarks depend on: one that cannot be read is as good as none."""
    try:
        return None if text is UNSET else moment_of(text)
    except ValueError:
        return None
