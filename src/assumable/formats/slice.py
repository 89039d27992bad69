"""Snapshots read for questions about a whole organization: of each policy what can decide `sts:*`.

The same worlds as `assumable.formats.dump` reads, with policies cut down and without their
documents: to decide, not to mend. What decides nothing, such as a description, is not looked into.
"""

import contextlib
import gc
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import msgspec
from msgspec import UNSET, Raw, UnsetType

from assumable.formats.account import (
    DURATIONS,
    AccountReader,
    aws_managed_policy,
    malformed,
    unread_duration,
)
from assumable.formats.cut import Cut, Cuts, Place, well_formed
from assumable.formats.dump import account_at, arns_in, partition_of, world_of
from assumable.formats.faultless import is_plain
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
from assumable.source import MAX_DEPTH, Document, Location

_Text = str | UnsetType
_Ignored = Raw | UnsetType
_BEGINNING = 200
"""Where a file that has gaps between its values has one."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


class _Attached(TypedDict, total=False):
    PolicyName: Raw
    PolicyArn: str


class _Inline(TypedDict, total=False):
    PolicyName: str
    PolicyDocument: Raw


class _Group(TypedDict, total=False):
    Path: str
    GroupName: str
    GroupId: Raw
    Arn: str
    CreateDate: Raw
    GroupPolicyList: list[_Inline]
    AttachedManagedPolicies: list[_Attached]


class _Version(TypedDict, total=False):
    Document: Raw
    VersionId: str
    IsDefaultVersion: bool
    CreateDate: Raw


class _Managed(TypedDict, total=False):
    PolicyName: str
    PolicyId: Raw
    Arn: str
    Path: str
    DefaultVersionId: str
    AttachmentCount: Raw
    PermissionsBoundaryUsageCount: Raw
    IsAttachable: Raw
    Description: Raw
    CreateDate: Raw
    UpdateDate: str
    PolicyVersionList: list[_Version]
    PolicyDocument: Raw  # in short dumps, as is the next
    Document: Raw


class _Entry(msgspec.Struct, rename="pascal", gc=False):
    """One value of several, as IAM lists them."""


class _Held(_Entry, gc=False):
    policy_arn: str
    policy_name: _Ignored = UNSET


class _Boundary(_Entry, gc=False):
    permissions_boundary_arn: str
    permissions_boundary_type: _Ignored = UNSET


class _Own(_Entry, gc=False):
    policy_document: Raw
    policy_name: str


class _Tag(_Entry, gc=False, forbid_unknown_fields=True):
    key: str
    value: str


class _Principal(msgspec.Struct, rename="pascal", kw_only=True):
    """A user or role as AWS writes it: what is written otherwise does not fit."""

    path: str
    arn: str
    create_date: _Text = UNSET
    attached_managed_policies: list[_Held] | UnsetType = UNSET
    tags: list[_Tag] | UnsetType = UNSET
    permissions_boundary: _Boundary | UnsetType = UNSET


class _User(_Principal, rename="pascal", kw_only=True):
    user_name: str
    user_id: _Text = UNSET
    user_policy_list: list[_Own] | UnsetType = UNSET
    group_list: list[str] | UnsetType = UNSET


class _Role(_Principal, rename="pascal", kw_only=True):
    role_name: str
    role_id: _Text = UNSET
    assume_role_policy_document: Raw
    role_policy_list: list[_Own] | UnsetType = UNSET
    max_session_duration: int | UnsetType = UNSET
    description: _Ignored = UNSET
    instance_profile_list: _Ignored = UNSET
    role_last_used: _Ignored = UNSET


class _Dump(TypedDict, total=False):
    UserDetailList: list[_User]
    GroupDetailList: list[_Group]
    RoleDetailList: list[_Role]
    Policies: list[_Managed]
    OpenIDConnectProviders: Raw
    SAMLProviders: Raw
    VpcEndpoints: Raw
    Regions: Raw
    IsTruncated: Raw
    Marker: Raw


_decode = msgspec.json.Decoder(_Dump).decode


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
        world = world_of(files, lambda account, path: _opened(account, path, files, cuts))
    if isinstance(world.organizations, Unknown):
        return world
    organizations = tuple(_cut(found, cuts) for found in world.organizations)
    return msgspec.structs.replace(world, organizations=organizations)


def _opened(account: str, path: Path, files: Files, cuts: Cuts) -> tuple["_Reader", Cursor]:
    if path.is_dir():
        stored = account_at(path)
        return _Reader(account, arns_in(stored.value), files, cuts), stored
    place = Location(OnDisk(path))
    value = _typed(path, place)
    if value is not None:
        arns = (p.arn for key in ("RoleDetailList", "UserDetailList") for p in value.get(key, ()))
        return _FastReader(account, arns, files, cuts), Cursor(value, place)
    value = read_packed(path).value
    return _Reader(account, arns_in(value), files, cuts), Cursor(value, place)


def _typed(path: Path, place: Location) -> dict[str, Any] | None:
    """The entries of a dump that is written as AWS writes it; None for any other."""
    text = text_in(path)
    plain = text.encode().strip(b" \t\r\n")
    try:
        if b": " in plain[:_BEGINNING]:
            plain = msgspec.json.format(plain, indent=-1)
        found = _decode(plain)
    except msgspec.DecodeError:
        return None
    if not (is_plain(plain, found) and _is_shallow(plain)):  # a new key, or what is refused
        Document(str(path), text)
    return {
        key: well_formed(bytes(value), Cursor(value, place.child(key)))
        if isinstance(value, Raw)
        else value
        for key, value in found.items()
    }


def _is_shallow(text: bytes) -> bool:
    """Whether a text surely has no more levels than are allowed; brackets in strings confuse it."""
    brackets = text.translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH // 2):  # each time one level goes, or two
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not brackets:
            return True
    return False


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
        return _made(self.cuts.of(cursor.value, name.layer, lambda: (cursor, name)), cursor, name)

    def managed_policy(self, policy_arn: str, owner: str, layer: Layer) -> PolicyOrUnknown:
        """One and the same for all that it is attached to."""
        del owner
        found = self._attached.get((policy_arn, layer))
        if found is None:
            found = self.managed.get(policy_arn) or aws_managed_policy(policy_arn)
            if isinstance(found, Policy):
                name = msgspec.structs.replace(found.name, layer=layer)
                found = self.cuts.policy(msgspec.structs.replace(found, name=name))
            self._attached[policy_arn, layer] = found
        return found

    def _policies(
        self, fields: dict[str, Cursor], inline_key: str, owner: str
    ) -> tuple[PolicyOrUnknown, ...]:
        found = super()._policies(fields, inline_key, owner)
        return tuple(policy for policy in found if not _is_empty(policy))


class _FastReader(_Reader):
    """The same for users and roles in typed entries: most of a large dump."""

    def _user(self, cursor: Cursor) -> User:
        entry: _User = cursor.value
        own_arn = self._arn_of(cursor, "user", entry.user_name)
        policies = self._held(cursor, "UserPolicyList", entry.user_policy_list, own_arn)
        groups = entry.group_list or []
        for group in groups:
            policies.extend(self.of_group(group))
        return User(
            arn=own_arn,
            unique_id=None if entry.user_id is UNSET else entry.user_id,
            tags={tag.key: tag.value for tag in entry.tags or ()},
            policies=tuple(policies),
            boundary=self._limit(entry, own_arn),
            created=_moment(entry.create_date),
            policies_changed=self._changed(entry, groups),
        )

    def _role(self, cursor: Cursor) -> Role:
        entry: _Role = cursor.value
        name, duration = entry.role_name, entry.max_session_duration
        own_arn = self._arn_of(cursor, "role", name)
        where = Location(
            cursor.location.document, f"{cursor.location.pointer}/AssumeRolePolicyDocument"
        )
        return Role(
            arn=own_arn,
            unique_id=None if entry.role_id is UNSET else entry.role_id,
            tags={tag.key: tag.value for tag in entry.tags or ()},
            policies=tuple(self._held(cursor, "RolePolicyList", entry.role_policy_list, own_arn)),
            boundary=self._limit(entry, own_arn),
            trust=self.policy(
                Cursor(entry.assume_role_policy_document, where), self.trust_name(name, own_arn)
            ),
            max_session_duration=duration
            if duration is not UNSET and duration in DURATIONS
            else unread_duration(name, own_arn),
            created=_moment(entry.create_date),
            policies_changed=self._changed(entry, ()),
        )

    def _arn_of(self, cursor: Cursor, kind: str, name: str) -> str:
        """The ARN that is given, where it is the one that path and name make."""
        entry: _Principal = cursor.value
        is_usual = entry.path[:1] == "/" and "/" not in name
        if is_usual and entry.arn == self.iam_arn(kind, entry.path, name):
            return entry.arn
        given = {"Arn": entry.arn, "Path": entry.path}
        fields = {key: Cursor(text, cursor.location.child(key)) for key, text in given.items()}
        return self._own_arn(fields, kind, name)

    def _held(
        self, cursor: Cursor, key: str, own: list[_Own] | UnsetType, owner: str
    ) -> list[PolicyOrUnknown]:
        """The inline and the attached policies that say something about STS."""
        found: list[PolicyOrUnknown] = []
        for n, item in enumerate(own or ()):
            place = partial(self._inline, item, f"{key}/{n}", cursor.location, owner)
            cut = self.cuts.of(item.policy_document, Layer.IDENTITY, place)
            if cut.statements or cut.fault:
                found.append(_made(cut, *place()))
        for held in cursor.value.attached_managed_policies or ():
            policy = self.managed_policy(held.policy_arn, owner, Layer.IDENTITY)
            if not _is_empty(policy):
                found.append(policy)
        return found

    def _inline(self, item: _Own, key: str, entry: Location, owner: str) -> Place:
        where = Location(entry.document, f"{entry.pointer}/{key}/PolicyDocument")
        name = PolicyName(Layer.IDENTITY, item.policy_name, owner, "", self.account)
        return Cursor(item.policy_document, where), name

    def _limit(self, entry: _Principal, owner: str) -> PolicyOrUnknown | None:
        boundary = entry.permissions_boundary
        if boundary is UNSET:
            return None
        return self.managed_policy(boundary.permissions_boundary_arn, owner, Layer.BOUNDARY)

    def _changed(self, entry: _Principal, groups: Iterable[str]) -> datetime | None:
        attached = entry.attached_managed_policies
        if not attached and not groups:
            return None
        return self._newest([*[held.policy_arn for held in attached or ()], *groups])


def _made(cut: Cut, cursor: Cursor, name: PolicyName) -> PolicyOrUnknown:
    if cut.fault:
        return malformed(name, cut.fault)
    return Policy(name, cut.version, cut.statements, cut.problems, None, cursor.location)


def _is_empty(policy: PolicyOrUnknown) -> bool:
    return isinstance(policy, Policy) and not policy.statements


def _moment(text: _Text) -> datetime | None:
    """A date that only remarks depend on: one that cannot be read is as good as none."""
    try:
        return None if text is UNSET else moment_of(text)
    except ValueError:
        return None
