"""Which side knows which condition key of an AssumeRole call."""

from collections.abc import Iterable, Mapping
from typing import Any

from assumable.engine.context import KEYS
from assumable.formats.side import KeyValue, Told
from assumable.model.call import Absent, Present, Value
from assumable.model.world import Unknown

PRINCIPAL_ORG = ("aws:principalorgid", "aws:principalorgpaths")
RESOURCE_ORG = ("aws:resourceorgid", "aws:resourceorgpaths")
PRINCIPAL_TAG, REQUEST_TAG = "aws:principaltag/", "aws:requesttag/"
RESOURCE_TAGS = ("aws:resourcetag/", "iam:resourcetag/")
MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_SHARED = frozenset((
    "sts:externalid", "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
    "sts:taskpolicyarn", "sts:roleauthorizedbyidp", "aws:tagkeys", "aws:resourceaccount",
    "aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principaltype",
    "aws:principalisawsservice", "aws:username",
))  # fmt: skip
"""What the ARNs and the parameters say, which both sides have."""
_TOLD_BY_MODEL = frozenset((*MFA, "aws:principalarn", "aws:userid", "aws:sourceidentity"))
"""What follows from the facts of a caller's side, known or not."""
OF_CALLER = KEYS - _SHARED - frozenset((*RESOURCE_ORG, *MFA, "sts:requestcontextproviders"))
"""Keys whose values a caller's side holds, as far as it knows them."""


def is_shared(key: str) -> bool:
    """Whether both sides know the key, in lower case."""
    return key in _SHARED or key.startswith(REQUEST_TAG)


def is_of_role(key: str) -> bool:
    """Whether the role's side alone knows it."""
    return key in RESOURCE_ORG or key.startswith(RESOURCE_TAGS)


def unknown_to_role(keys: Iterable[str]) -> dict[str, Value]:
    """Of these keys, in lower case, those which only the caller's side knows, as unknown."""
    told = (PRINCIPAL_TAG, *RESOURCE_TAGS)
    return {
        key: Unknown(f"{key}, which the caller's side knows")
        for key in keys
        if not (is_shared(key) or is_of_role(key) or key in _TOLD_BY_MODEL or key.startswith(told))
    }


def shown(value: Value) -> KeyValue:
    """A known value as a side file has it."""
    if not isinstance(value, Present):
        return None
    return value.values if value.multivalued else value.values[0]


def is_known(value: Value) -> bool:
    """Whether the key's value, or its absence, is settled."""
    return isinstance(value, Absent) or (isinstance(value, Present) and bool(value.values))


def as_value(value: KeyValue, reason: str) -> Value:
    """The value of a key that a side file holds."""
    if value is None:
        return Absent(reason)
    return (
        Present(value, reason, multivalued=True)
        if isinstance(value, tuple)
        else Present((value,), reason)
    )


def asked_tags(told: Iterable[Told], *prefixes: str) -> set[str]:
    """The tags, without these prefixes, that the conditions of some policies ask for."""
    return {
        key.lower().partition("/")[2]
        for policy in told
        if isinstance(policy.document, dict)
        for key in keys_of(policy.document)
        if key.lower().startswith(prefixes)
    }


def named(tags: Iterable[str], *prefixes: str) -> list[str]:
    """The condition keys of tags."""
    return [f"{prefix}{tag}" for tag in tags for prefix in prefixes]


def keys_of(document: Mapping[str, Any]) -> Iterable[str]:
    """The condition keys of a policy document that was blinded."""
    statements = document.get("Statement")
    for statement in statements if isinstance(statements, list) else ():
        block = statement.get("Condition") if isinstance(statement, dict) else None
        for keys in block.values() if isinstance(block, dict) else ():
            yield from keys if isinstance(keys, dict) else ()
