"""A statement apart for sts:TagSession and sts:SetSourceIdentity, whose checks may see less.

Of `sts:ExternalId` and its like AWS does not say whether they are there when these actions are
judged (R3.4, U-6): a statement that asks for them may let the call itself pass, and not these.
"""

from collections.abc import Iterator
from typing import Any

from assumable.engine.evaluate import Decision
from assumable.engine.facts import SET_SOURCE_IDENTITY, TAG_SESSION
from assumable.engine.gates import Gate, GateName, Outcome
from assumable.engine.match import ElementTrace, StatementTrace
from assumable.engine.rules import action_matches
from assumable.engine.truth import atoms
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy, is_editable
from assumable.findings.report import exact_principal, new_statement
from assumable.model.policy import Effect
from assumable.source import value_at

_ITEM = "U-6"
_COMPANIONS = (TAG_SESSION, SET_SOURCE_IDENTITY)
_OWN = (GateName.TRUST, GateName.IDENTITY)
_WHAT = {TAG_SESSION: "the session tags", SET_SOURCE_IDENTITY: "the source identity"}


def apart_fixes(decision: Decision) -> Iterator[Fix]:
    """A statement of its own for each companion action that turns on U-6."""
    for gate in decision.gates:
        if gate.action not in _COMPANIONS or gate.gate not in _OWN or not _is_open(gate):
            continue
        found = next((trace for trace in gate.traces() if _turns_on_it(trace)), None)
        if found is not None and is_editable(found.policy):
            yield _apart(decision, gate, found)


def companions_under(decision: Decision, trace: StatementTrace, key: str) -> str:
    """That a companion action stands under the condition on a key too, in words; else empty."""
    under = [
        gate.action
        for gate in decision.gates
        if gate.gate in _OWN
        and gate.action in _COMPANIONS
        and gate.outcome is not Outcome.ALLOW
        and action_matches(trace.statement, gate.action)
    ]
    if not under:
        return ""
    needed = f"{_WHAT[under[0]]} of this call"
    if under[0] == TAG_SESSION and decision.call.session.transitive_tag_keys:
        needed = "the transitive tags of the caller's session"
    return (
        f"; {under[0]}, needed for {needed}, stands under the same condition, and AWS "
        f"leaves open whether {key} is there when it is judged ({_ITEM}): a statement of its own "
        "does without"
    )


def _is_open(gate: Gate) -> bool:
    return any(atom.subject == _ITEM for atom in atoms(gate.passes))


def _turns_on_it(trace: StatementTrace) -> bool:
    return trace.statement.effect is Effect.ALLOW and bool(_hidden(trace)) and not trace.failing


def _hidden(trace: StatementTrace) -> list[ElementTrace]:
    return [e for e in trace.elements if any(atom.subject == _ITEM for atom in atoms(e.truth))]


def _apart(decision: Decision, gate: Gate, trace: StatementTrace) -> Fix:
    keys = {e.condition.key for e in _hidden(trace) if e.condition is not None}
    statement: dict[str, Any] = dict(value_at(trace.policy.document, trace.statement.pointer))
    statement.pop("Sid", None)
    statement["Action"] = gate.action
    statement.pop("NotAction", None)
    exact = exact_principal(decision)
    if gate.gate is GateName.TRUST and exact is not None:
        statement.pop("NotPrincipal", None)
        statement["Principal"] = {"AWS": exact}
    left = {
        operator: {key: value for key, value in block.items() if key not in keys}
        for operator, block in statement.pop("Condition", {}).items()
    }
    left = {operator: block for operator, block in left.items() if block}
    if left:
        statement["Condition"] = left
    side = "trust" if gate.gate is GateName.TRUST else "identity"
    named = " and ".join(sorted(keys))
    return change_policy(
        trace.policy,
        f"apart/{gate.action.partition(':')[2]}-in-{side}",
        f"allow {gate.action} in a statement of its own, without {named}: AWS leaves open whether "
        f"that is there when {gate.action} is judged ({_ITEM})",
        new_statement(trace.policy, statement),
        opens=f"{_WHAT[gate.action]} by the same caller; sts:{decision.call.api} still asks for "
        f"{named}",
    )
