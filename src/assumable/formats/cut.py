"""The part of a policy that can decide `sts:*`; each different document is looked at once."""

import msgspec

from assumable.formats.account import aws_managed_policy
from assumable.formats.faultless import faultless, well_formed
from assumable.formats.reading import Cursor, read_policy
from assumable.formats.touching import touches_sts
from assumable.model.policy import Layer, Policy, PolicyName, Problem, Statement
from assumable.model.world import PolicyOrUnknown
from assumable.source import Document, Location

_Shared = dict[tuple[str, tuple[Statement, ...]], tuple[Statement, ...]]
_NOWHERE = Location(Document("", "null"))


class Cut(msgspec.Struct, frozen=True):
    """What is kept of a document."""

    version: str
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...] = ()
    fault: str = ""
    """Why the whole document cannot be used."""


class Documents(dict[bytes, Cut]):
    """What is kept of the documents of one layer, by their text, each looked at when asked for.

    InputError or msgspec.DecodeError when one is not well-formed; they do not say where.
    """

    def __init__(self, layer: Layer, shared: _Shared) -> None:
        """None was looked at yet."""
        super().__init__()
        self._layer, self._shared = layer, shared

    def __missing__(self, text: bytes) -> Cut:
        """Look at it."""
        found = self[text] = self._cut(text)
        return found

    def _cut(self, text: bytes) -> Cut:
        found = faultless(text, self._layer)
        if found is not None:
            version, statements, problems = found
            return Cut(version, _one(version, statements, self._shared), problems)
        cursor, name = Cursor(well_formed(text), _NOWHERE), PolicyName(self._layer, "")
        policy = read_policy(cursor, name, patchable=False)
        fault = policy.fatal.message if policy.fatal is not None else ""
        return Cut(policy.version, _kept(policy, self._shared), policy.problems, fault)


class Cuts:
    """The documents of one snapshot.

    INVARIANT: documents of one version that keep equal statements keep the same tuple. Those of
    different versions do not, since a statement may mean something else in the older one.
    """

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._shared: _Shared = {}
        self._aws_managed: dict[str, PolicyOrUnknown] = {}
        self.of = {layer: Documents(layer, self._shared) for layer in Layer}

    def policy(self, policy: Policy) -> Policy:
        """A policy that was read in full, without what is not kept."""
        kept = _kept(policy, self._shared)
        return msgspec.structs.replace(policy, statements=kept, document=None, other_versions=())

    def aws_managed(self, policy_arn: str) -> PolicyOrUnknown:
        """The same of an AWS managed policy."""
        found = self._aws_managed.get(policy_arn)
        if found is None:
            whole = aws_managed_policy(policy_arn)
            found = self.policy(whole) if isinstance(whole, Policy) else whole
            self._aws_managed[policy_arn] = found
        return found


def _kept(policy: Policy, shared: _Shared) -> tuple[Statement, ...]:
    """All of a trust policy: whom it names counts, and AWS accepts no other actions in it."""
    kept = policy.statements
    if policy.name.layer is not Layer.TRUST:
        kept = tuple([s for s in kept if touches_sts(s.actions, not_action=s.not_action)])
    return _one(policy.version, kept, shared)


def _one(version: str, kept: tuple[Statement, ...], shared: _Shared) -> tuple[Statement, ...]:
    return shared.setdefault((version, kept), kept)
