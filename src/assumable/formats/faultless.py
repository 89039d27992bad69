"""Policy documents without a fault, straight from their text: what most are, and AWS writes.

INVARIANT: what is read here says the same as where `parse_policy` reads it. What may have a fault
does not fit, and is left to it.
"""

from collections.abc import Iterator
from typing import Any, Literal, cast

import msgspec

from assumable.formats.reading import MAX_POLICY, plain_text
from assumable.formats.touching import touches_sts
from assumable.model.policy import (
    Condition,
    Effect,
    Layer,
    Operator,
    PrincipalEntry,
    Problem,
    Statement,
    operator_of,
    principal_complaint,
)
from assumable.source import Document, escape

_Texts = str | tuple[str, ...]
_Values = str | bool | int | tuple[str | bool | int, ...]
_Blocks = dict[str, dict[str, _Values]]
_Kind = Literal["AWS", "Federated", "Service", "CanonicalUser"]


class _Written(
    msgspec.Struct, rename="pascal", forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """An object with these keys; one that is written as its default is not found plain."""


class _Part(_Written, gc=False):
    effect: Effect
    sid: str = ""
    principal: Literal["*"] | dict[_Kind, _Texts] | None = None
    action: _Texts | None = None
    not_action: _Texts | None = None
    resource: _Texts | None = None
    not_resource: _Texts | None = None
    condition: _Blocks = {}


class _Whole(_Written, gc=False):
    statement: list[_Part] | _Part
    version: Literal["2008-10-17", "2012-10-17"] | None = None
    id: str | None = None


_decode = msgspec.json.Decoder(_Whole).decode


def faultless(
    raw: bytes, layer: Layer
) -> tuple[str, tuple[Statement, ...], tuple[Problem, ...]] | None:
    """The version, the statements that may be about STS, principals that never match.

    Of a trust policy all statements; None for a document that may have a fault.
    """
    found = _fitting(raw)
    if found is None:
        return None
    is_trust = layer is Layer.TRUST
    parts = found.statement if isinstance(found.statement, list) else [found.statement]
    problems: list[Problem] = []
    statements: list[Statement] = []
    for n, part in enumerate(parts):
        if not _is_whole(part, is_trust=is_trust):
            return None
        actions = _texts(part.action, part.not_action)
        if is_trust or touches_sts(actions, not_action=part.action is None):
            pointer = f"/Statement/{n}" if parts is found.statement else "/Statement"
            statements.append(_statement(part, n, pointer, actions, problems))
    return found.version or "2008-10-17", tuple(statements), tuple(problems)


def is_plain(text: bytes, value: object) -> bool:
    """Whether a text without gaps is written as we would: then no key stands there twice.

    INVARIANT: without fractions among the numbers, no other way of writing a value is as short.
    """
    return len(msgspec.json.encode(value)) == len(text)


def well_formed(text: bytes) -> Any:
    """The value of a text; InputError or msgspec.DecodeError when a strict reader refuses it."""
    value = msgspec.json.decode(text)
    if msgspec.json.encode(value) != text:
        return Document("", text.decode()).value
    return value


def _fitting(raw: bytes) -> _Whole | None:
    if len(raw) > MAX_POLICY:
        return None
    try:
        if raw[:1] == b'"':
            text = plain_text(msgspec.json.decode(raw, type=str))
            raw = msgspec.json.format(text.encode(), indent=-1)
        found = _decode(raw)
    except msgspec.DecodeError:
        return None
    return found if is_plain(raw, found) else None


def _is_whole(part: _Part, *, is_trust: bool) -> bool:
    """Whether it has each element that it needs, and none that it must not have."""
    resources = (part.resource is not None) + (part.not_resource is not None)
    return (
        (part.action is None) is not (part.not_action is None)
        and (part.principal is not None) is is_trust
        and resources == (0 if is_trust else 1)
        and None not in map(operator_of, part.condition)
    )


def _statement(
    part: _Part, index: int, pointer: str, actions: tuple[str, ...], problems: list[Problem]
) -> Statement:
    principals, resources = None, None
    if part.principal is not None:
        principals = tuple(_principals(part.principal, f"{pointer}/Principal", problems))
    else:
        resources = _texts(part.resource, part.not_resource)
    return Statement(
        index=index,
        sid=part.sid,
        effect=part.effect,
        actions=actions,
        not_action=part.action is None,
        principals=principals,
        not_principal=False,
        resources=resources,
        not_resource=part.not_resource is not None,
        conditions=tuple(_conditions(part.condition, f"{pointer}/Condition")),
        pointer=pointer,
    )


def _principals(
    given: Literal["*"] | dict[_Kind, _Texts], pointer: str, problems: list[Problem]
) -> Iterator[PrincipalEntry]:
    if given == "*":
        yield PrincipalEntry("*", "*", pointer)
        return
    for kind, names in given.items():
        below = f"{pointer}/{kind}"
        for n, name in enumerate(_texts(names)):
            where = below if isinstance(names, str) else f"{below}/{n}"
            yield PrincipalEntry(kind, name, where)
            if complaint := principal_complaint(kind, name):
                problems.append(Problem(complaint, where, fatal=False))


def _conditions(given: _Blocks, pointer: str) -> Iterator[Condition]:
    for name, block in given.items():
        operator = cast("Operator", operator_of(name))  # that there is one was seen before
        for key, one in block.items():
            values = one if isinstance(one, tuple) else (one,)
            texts = tuple([v if isinstance(v, str) else str(v).lower() for v in values])
            yield Condition(name, *operator, key, texts, f"{pointer}/{name}/{escape(key)}")


def _texts(one: _Texts | None, other: _Texts | None = None) -> tuple[str, ...]:
    """The texts of whichever is there."""
    found = other if one is None else one
    return (found,) if isinstance(found, str) else found or ()
