"""The part of a policy that can decide `sts:*`; each different document is looked at once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from assumable.errors import InputError
from assumable.formats.faultless import faultless
from assumable.formats.reading import MAX_POLICY, Cursor, read_policy
from assumable.formats.touching import touches_sts
from assumable.model.policy import Layer, Policy, PolicyName, Problem, Statement, parse_policy
from assumable.source import Document, value_at

Place = tuple[Cursor, PolicyName]
"""Where a document stands, and what it is called."""


class Cut(NamedTuple):
    """What is kept of a document."""

    version: str
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...] = ()
    fault: str = ""
    """Why the whole document cannot be used."""


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
            found = known[raw] = self._faultless(raw, layer) or self._read(raw, *place())
        return found

    def policy(self, policy: Policy) -> Policy:
        """A policy that was read in full, without what is not kept."""
        statements = self._kept(policy)
        return msgspec.structs.replace(
            policy, statements=statements, document=None, other_versions=()
        )

    def _faultless(self, raw: bytes, layer: Layer) -> Cut | None:
        found = faultless(raw, layer)
        if found is None:
            return None
        version, statements, problems = found
        return Cut(version, self._one(version, statements), problems)

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
        return self._one(policy.version, kept)

    def _one(self, version: str, kept: tuple[Statement, ...]) -> tuple[Statement, ...]:
        return self._shared.setdefault((version, kept), kept)


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
