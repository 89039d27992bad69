"""The entries of a dump as AWS writes them, typed: what is written otherwise does not fit."""

from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from assumable.formats.faultless import is_plain, well_formed
from assumable.source import MAX_DEPTH, Document

_Text = str | UnsetType
_Ignored = Raw | UnsetType
T = TypeVar("T")
_BEGINNING = 200
"""Where a file that has gaps between its values has one."""
_NOTHING = Raw(b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


class _Entry(msgspec.Struct, rename="pascal", gc=False):
    """One value of several, as IAM lists them."""


class _Held(_Entry, gc=False):
    policy_arn: str
    policy_name: _Ignored = UNSET


class _Boundary(_Entry, gc=False):
    permissions_boundary_arn: str
    permissions_boundary_type: _Ignored = UNSET


class _Tag(_Entry, gc=False, forbid_unknown_fields=True):
    key: str
    value: str


class Own(_Entry, gc=False):
    """An inline policy."""

    policy_document: Raw
    policy_name: str


class Owner(_Entry, kw_only=True, gc=False, omit_defaults=True):
    """What has policies; what is often equal to that of others is left as text.

    INVARIANT: a list that is not there is not written again, since it is the very default.
    """

    path: str
    arn: str
    create_date: _Text = UNSET
    attached_managed_policies: Raw = _NOTHING


class Group(Owner, kw_only=True, gc=False):
    """A group of users."""

    group_name: str
    group_id: _Ignored = UNSET
    group_policy_list: list[Own] | UnsetType = UNSET


class _Principal(Owner, kw_only=True, gc=False):
    tags: Raw = _NOTHING
    permissions_boundary: Raw | UnsetType = UNSET


class User(_Principal, kw_only=True, gc=False):
    """A user."""

    user_name: str
    user_id: _Text = UNSET
    user_policy_list: list[Own] | UnsetType = UNSET
    group_list: list[str] | UnsetType = UNSET


class Role(_Principal, kw_only=True, gc=False):
    """A role."""

    role_name: str
    role_id: _Text = UNSET
    assume_role_policy_document: Raw
    role_policy_list: list[Own] | UnsetType = UNSET
    max_session_duration: int | UnsetType = UNSET
    description: _Ignored = UNSET
    instance_profile_list: _Ignored = UNSET
    role_last_used: _Ignored = UNSET


class _Version(_Entry, kw_only=True, gc=False):
    document: Raw
    version_id: _Text = UNSET
    is_default_version: bool
    create_date: _Ignored = UNSET


class Managed(_Entry, kw_only=True, gc=False, forbid_unknown_fields=True):
    """A managed policy; some write its document in another place."""

    policy_name: str
    policy_id: _Ignored = UNSET
    arn: str
    path: _Text = UNSET
    default_version_id: _Text = UNSET
    attachment_count: _Ignored = UNSET
    permissions_boundary_usage_count: _Ignored = UNSET
    is_attachable: _Ignored = UNSET
    description: _Ignored = UNSET
    create_date: _Ignored = UNSET
    update_date: _Text = UNSET
    policy_version_list: list[_Version]


class _Dump(TypedDict, total=False):
    UserDetailList: list[User]
    GroupDetailList: list[Group]
    RoleDetailList: list[Role]
    Policies: list[Managed]
    OpenIDConnectProviders: Raw
    SAMLProviders: Raw
    VpcEndpoints: Raw
    Regions: Raw
    IsTruncated: Raw
    Marker: Raw


_dump = msgspec.json.Decoder(_Dump).decode
_attached = msgspec.json.Decoder(list[_Held]).decode
_boundary = msgspec.json.Decoder(_Boundary).decode
_tags = msgspec.json.Decoder(list[_Tag]).decode


def dump(text: str) -> dict[str, Any]:
    """The entries of a dump, and the value of whatever else is in it.

    As with all that is read here: msgspec.DecodeError for what is written otherwise, InputError for
    what a strict reader refuses, neither of which says where it stands.
    """
    plain = text.encode().strip(b" \t\r\n")
    if b": " in plain[:_BEGINNING]:
        plain = msgspec.json.format(plain, indent=-1)
    found = _dump(plain)
    if not (is_plain(plain, found) and _is_shallow(plain)):  # a new key, or what is refused
        Document("", text)
    return {
        key: well_formed(bytes(value)) if isinstance(value, Raw) else value
        for key, value in found.items()
    }


def attached(text: bytes) -> list[str]:
    """The ARNs of the managed policies in a list."""
    return [held.policy_arn for held in _plain(text, _attached)]


def boundary(text: bytes) -> str:
    """The ARN of a permissions boundary."""
    return _plain(text, _boundary).permissions_boundary_arn


def tags(text: bytes) -> dict[str, str]:
    """The tags in a list."""
    return {tag.key: tag.value for tag in _plain(text, _tags)}


def _plain(text: bytes, decode: Callable[[bytes], T]) -> T:
    found = decode(text)
    if not is_plain(text, found):
        well_formed(text)
    return found


def _is_shallow(text: bytes) -> bool:
    """Whether a text surely has no more levels than are allowed; brackets in strings confuse it."""
    brackets = text.translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH // 2):  # each time one level goes, or two
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not brackets:
            return True
    return False
