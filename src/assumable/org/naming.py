"""Whom a text means, among numbered principals."""

import difflib
from collections.abc import Sequence

from assumable import arn
from assumable.errors import InputError

_SHOWN = 3
_KINDS = ("user/", "role/")
_ROLE, _ANY = "role", "user or role"


def principal_named(text: str, names: Sequence[str]) -> int:
    """The user or role of an ARN, of a session the role, of a name if only one has it.

    InputError otherwise.
    """
    parts = arn.parse(text)
    if parts is not None and parts.kind == "assumed-role":
        start = f"arn:{parts.partition}:iam::{parts.account}:role/"
        role = parts.resource.split("/")[1] if "/" in parts.resource else ""
        for number, name in enumerate(names):
            if name.startswith(start) and name.endswith(f"/{role}"):
                return number
    return names.index(text) if text in names else _named(text, names, _ANY)


def role_named(text: str, names: Sequence[str]) -> int:
    """The role of an ARN, or of a name that only one role has; InputError otherwise."""
    if text not in names:
        return _named(text, names, _ROLE)
    if arn.parse_role(text) is None:
        raise InputError(f"`{text}` is a user, and only roles are assumed")
    return names.index(text)


def _named(text: str, names: Sequence[str], what: str) -> int:
    """The only one that a name can mean, with or without its path."""
    is_name = bool(text) and arn.parse(text) is None
    kind = next((kind for kind in _KINDS if text.startswith(kind)), "")
    ends = (f":{text}", f"/{text.removeprefix(kind)}")
    kinds = (f":{kind}", ":" if what == _ANY else ":role/")
    among = [n for n, name in enumerate(names) if all(each in name for each in kinds)]
    found = [n for n in among if is_name and names[n].endswith(ends)]
    if len(found) == 1:
        return found[0]
    if found:
        known = ", ".join(names[number] for number in found[:_SHOWN])
        many = "roles" if what == _ROLE else "users and roles"
        raise InputError(f"{len(found)} {many} are called `{text}`", "", f"known: {known}")
    near = _near(text, [names[number] for number in among])
    raise InputError(f"there is no {what} `{text}`", "", f"known: {near}" if near else "its ARN")


def _near(text: str, names: Sequence[str]) -> str:
    """Those whose names are alike, whatever stands before them."""
    by_name: dict[str, list[str]] = {}
    for name in names:
        by_name.setdefault(name.rpartition("/")[2], []).append(name)
    alike = difflib.get_close_matches(text.rpartition("/")[2], by_name, _SHOWN)
    return ", ".join([name for each in alike for name in by_name[each]][:_SHOWN])
