"""The part of a policy that can decide `sts:*`; each different document is looked at once."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from assumable.errors import InputError
from assumable.formats.reading import MAX_POLICY, Cursor, plain_text, read_policy
from assumable.globs import matches
from assumable.model.policy import (
    Layer,
    Policy,
    PolicyName,
    Problem,
    Statement,
    operator_of,
    parse_policy,
)
from assumable.source import Document, value_at

_STS = re.compile(r"\*|[s?](?:\*|[t?](?:\*|[s?](?:\*|[:?])))", re.IGNORECASE)
"""How a pattern begins that some action of STS matches."""
_OLDER = "2008-10-17"
_Texts = str | list[str]
_Values = str | bool | int | list[str | bool | int]


Place = tuple[Cursor, PolicyName]
"""Where a document stands, and what it is called."""


class Cut(NamedTuple):
    """What is kept of a document."""

    version: str
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...] = ()
    fault: str = ""
    """Why the whole document cannot be used."""


class _Part(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    effect: Literal["Allow", "Deny"]
    sid: str | UnsetType = UNSET
    action: _Texts | UnsetType = UNSET
    not_action: _Texts | UnsetType = UNSET
    resource: _Texts | UnsetType = UNSET
    not_resource: _Texts | UnsetType = UNSET
    condition: dict[str, dict[str, _Values]] | UnsetType = UNSET


class _Glance(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """A document without principals that has no fault, or else it does not fit."""

    statement: list[_Part] | _Part
    version: Literal["2008-10-17", "2012-10-17"] | UnsetType = UNSET
    id: str | UnsetType = UNSET


_glance = msgspec.json.Decoder(_Glance).decode


def touches_sts(actions: Iterable[str], *, not_action: bool) -> bool:
    """Whether a statement with these actions may be about an action of STS (R6.12).

    >>> touches_sts(["s3:*", "st?:Assume*"], not_action=False)
    True
    """
    if not_action:
        return not any(_holds_all(pattern) for pattern in actions)
    return any(map(_STS.match, actions))


def _holds_all(pattern: str) -> bool:
    return pattern.endswith("*") and matches(pattern, "sts:", ignore_case=True)


class Cuts:
    """The documents of one snapshot."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._known: dict[Layer, dict[bytes, Cut]] = {layer: {} for layer in Layer}
        self._shared: dict[tuple[str, tuple[Statement, ...]], tuple[Statement, ...]] = {}

    def of(self, value: Any, layer: Layer, place: Callable[[], Place]) -> Cut:
        """What is kept of a document; InputError when it is not well-formed.

        INVARIANT: documents of one version that keep equal statements keep the same tuple. Those of
        different versions do not, since a statement may mean something else in the older one.
        """
        raw = bytes(value) if isinstance(value, Raw) else msgspec.json.encode(value)
        known = self._known[layer]
        found = known.get(raw)
        if found is None:
            found = known[raw] = _glanced(raw, layer) or self._read(raw, *place())
        return found

    def policy(self, policy: Policy) -> Policy:
        """A policy that was read in full, without what is not kept."""
        statements = self._kept(policy)
        return msgspec.structs.replace(
            policy, statements=statements, document=None, other_versions=()
        )

    def _read(self, raw: bytes, cursor: Cursor, name: PolicyName) -> Cut:
        value = cursor.value
        if isinstance(value, Raw):
            value = well_formed(raw, cursor)
        if isinstance(value, str) or len(raw) > MAX_POLICY:
            policy = read_policy(Cursor(value, cursor.location), name, patchable=False)
        else:
            policy = parse_policy(value, name, cursor.location)
        fault = policy.fatal.message if policy.fatal is not None else ""
        return Cut(policy.version, self._kept(policy), policy.problems, fault)

    def _kept(self, policy: Policy) -> tuple[Statement, ...]:
        """All of a trust policy: whom it names counts, and AWS accepts no other actions in it."""
        kept = policy.statements
        if policy.name.layer is not Layer.TRUST:
            kept = tuple([s for s in kept if touches_sts(s.actions, not_action=s.not_action)])
        return self._shared.setdefault((policy.version, kept), kept)


def well_formed(raw: bytes, cursor: Cursor) -> Any:
    """The value of a text at a place; InputError when a strict reader would not accept it.

    What is not written as we would write it is read strictly, alone and then with its whole file,
    which says where the fault is.
    """
    try:
        value = msgspec.json.decode(raw)
        if msgspec.json.encode(value) != raw:
            value = Document("", raw.decode()).value
    except (msgspec.DecodeError, InputError):
        return value_at(cursor.location.document.value, cursor.location.pointer)
    return value


def is_plain(text: bytes, value: object) -> bool:
    """Whether a text without gaps is written as we would: then no key stands there twice.

    INVARIANT: without fractions among the numbers, no other way of writing a value is as short.
    """
    return len(msgspec.json.encode(value)) == len(text)


def _glanced(raw: bytes, layer: Layer) -> Cut | None:
    """What is kept of a document that surely says nothing about STS, which is nothing."""
    if layer is Layer.TRUST or len(raw) > MAX_POLICY:
        return None
    try:
        if raw[:1] == b'"':
            text = plain_text(msgspec.json.decode(raw, type=str))
            raw = msgspec.json.format(text.encode(), indent=-1)
        found = _glance(raw)
    except msgspec.DecodeError:
        return None
    parts = found.statement if isinstance(found.statement, list) else [found.statement]
    if any(_matters(part) for part in parts) or not is_plain(raw, found):
        return None
    return Cut(_OLDER if found.version is UNSET else found.version, ())


def _matters(part: _Part) -> bool:
    """Whether a statement may be about STS, or has a fault."""
    listed = part.not_action if part.action is UNSET else part.action
    if listed is UNSET or (part.action is not UNSET and part.not_action is not UNSET):
        return True
    if (part.resource is UNSET) == (part.not_resource is UNSET):
        return True
    operators = () if part.condition is UNSET else part.condition
    if any(operator_of(name) is None for name in operators):
        return True
    actions = [listed] if isinstance(listed, str) else listed
    return touches_sts(actions, not_action=part.action is UNSET)
