"""The verdict in one line."""

from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.facts import CARRIED
from assumable.engine.gates import GateName
from assumable.engine.truth import atoms

DEPENDS = "depends on what is not known"
# The layers that people most often may not read, and what they are called.
_UNREAD = {
    (GateName.SCP, GateName.RCP): "an SCP or RCP",
    (GateName.BOUNDARY,): "a permissions boundary",
    (GateName.SESSION_POLICY,): "a session policy",
}


def headline(decision: Decision) -> str:
    """The verdict in words; a conditional one says what alone could still deny the call."""
    if decision.verdict is not Verdict.CONDITIONAL:
        return decision.verdict
    asked = set(atoms(decision.passes))
    explained = set()
    layers = []
    for names, words in _UNREAD.items():
        gates = [gate for gate in decision.gates if gate.gate in names]
        theirs = {a for gate in gates for a in atoms(gate.passes) if a.kind == "policy"} & asked
        explained |= theirs
        if theirs:
            layers.append(words)
    carried = {atom for atom in asked if atom.part == CARRIED}
    if asked <= explained | carried and (layers or carried):
        denied = [f"{' or '.join(layers)} that I could not read denies it"] if layers else []
        inherited = ["the caller's session hands on tags or a source identity"] if carried else []
        return f"allowed, unless {' or '.join(denied + inherited)}"
    return DEPENDS
