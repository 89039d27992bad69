"""Whom a text means, among numbered principals."""

from collections.abc import Sequence

from assumable import arn
from assumable.errors import InputError

_SHOWN = 3


def principal_named(text: str, names: Sequence[str]) -> int:
    """The user or role of an ARN, of a session the role; InputError when there is none."""
    parts = arn.parse(text)
    if parts is not None and parts.kind == "assumed-role":
        start = f"arn:{parts.partition}:iam::{parts.account}:role/"
        role = parts.resource.split("/")[1] if "/" in parts.resource else ""
        for number, name in enumerate(names):
            if name.startswith(start) and name.endswith(f"/{role}"):
                return number
    if text in names:
        return names.index(text)
    raise InputError(f"there is no user or role `{text}`", "", "its ARN, as IAM shows it")


def role_named(text: str, names: Sequence[str]) -> int:
    """The role of an ARN, or of a name that only one role has; InputError otherwise."""
    if arn.parse_role(text) is not None and text in names:
        return names.index(text)
    end = f"/{text.rpartition('/')[2]}"
    alike = [n for n, name in enumerate(names) if name.endswith(end) and arn.parse_role(name)]
    is_name = arn.parse(text) is None
    if len(alike) == 1 and is_name:
        return alike[0]
    known = ", ".join(names[number] for number in alike[:_SHOWN])
    raise InputError(
        f"{len(alike)} roles are called `{text}`" if len(alike) > 1 and is_name
        else f"there is no role `{text}`",
        "", f"known: {known}" if known else "its ARN, as `aws iam get-role` prints it",
    )  # fmt: skip
