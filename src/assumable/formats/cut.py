"""The part of a policy that can decide `sts:*`; each different document is looked at once."""

from typing import NamedTuple

import msgspec

from assumable.formats.faultless import faultless, well_formed
from assumable.formats.reading import Cursor, read_policy
from assumable.formats.touching import touches_sts
from assumable.model.policy import Layer, Policy, PolicyName, Problem, Statement
from assumable.source import Document, Location

_NOWHERE = Location(Document("", "null"))


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

    def of(self, raw: bytes, layer: Layer) -> Cut:
        """What is kept of a document.

        InputError or msgspec.DecodeError when it is not well-formed; they do not say where.

        INVARIANT: documents of one version that keep equal statements keep the same tuple. Those of
        different versions do not, since a statement may mean something else in the older one.
        """
        known = self._known[layer]
        found = known.get(raw)
        if found is None:
            found = known[raw] = self._faultless(raw, layer) or self._read(raw, layer)
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

    def _read(self, raw: bytes, layer: Layer) -> Cut:
        cursor, name = Cursor(well_formed(raw), _NOWHERE), PolicyName(layer, "")
        policy = read_policy(cursor, name, patchable=False)
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
