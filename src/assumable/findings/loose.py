"""Notes on guards that guard less than they seem to, and on statements that nobody can meet."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.gates import Gate, GateName
from assumable.engine.match import StatementTrace
from assumable.findings.blame import closest_statement
from assumable.findings.dead import dead_statements
from assumable.model.call import Absent
from assumable.model.policy import Condition, Effect, Policy, Statement

_GUARDS = {
    "aws:multifactorauthpresent": "MFA",
    "aws:multifactorauthage": "MFA",
    "sts:externalid": "an external ID",
}


def loose_notes(decision: Decision) -> Iterator[str]:
    """The notes on a decision, each once."""
    found: dict[str, None] = {}
    for gate in decision.gates:
        if gate.gate in (GateName.TRUST, GateName.IDENTITY) and gate.context is not None:
            found.update(dict.fromkeys(_of_gate(gate)))
    yield from found
    trust = decision.facts.trust
    if decision.verdict is not Verdict.ALLOWED and isinstance(trust, Policy):
        for statement, proof in dead_statements(trust, told=_told(decision)):
            yield f"{statement.label} of {trust.name.name} can never match: {proof}"


def _told(decision: Decision) -> Statement | None:
    """The statement that a finding is about, which says itself what is wrong within it."""
    refusing = (gate for gate in decision.blocking() if gate.gate is GateName.TRUST)
    gate = next(refusing, None)
    closest = closest_statement(gate) if gate is not None else None
    return None if closest is None else closest.statement


def _of_gate(gate: Gate) -> Iterator[str]:
    for trace in gate.traces():
        for element in trace.elements:
            condition = element.condition
            if condition is None or gate.context is None:
                continue
            if not isinstance(gate.context.get(condition.key), Absent):
                continue
            if trace.statement.effect is Effect.ALLOW and trace.truth is True:
                yield from _lets_in(trace, condition)
            elif condition.qualifier == "forallvalues" and _is_meant(trace):
                yield (
                    f"{_where(trace)} does not ask for {condition.key}: {condition.operator} holds "
                    "for every call without that key (R6.7)"
                )
            elif _misses_long_term_keys(trace, condition):
                yield (
                    f"{_where(trace)} does not stop this call: {condition.key} is absent without "
                    "MFA on long-term keys, and Bool does not hold for an absent key; "
                    "BoolIfExists would (R5.1)"
                )


def _is_meant(trace: StatementTrace) -> bool:
    """Whether an Allow is for this caller and action, whatever else it asks for."""
    named = trace.has_matching("Principal") and trace.has_matching("Action")
    return trace.statement.effect is Effect.ALLOW and named


def _lets_in(trace: StatementTrace, condition: Condition) -> Iterator[str]:
    """An Allow that holds because the key which it tests is not there (R6.5, R6.7)."""
    if condition.base == "null":
        return
    if condition.qualifier == "forallvalues":
        yield (
            f"{_where(trace)} lets in every call without {condition.key}: "
            f"{condition.operator} holds when the key is absent (R6.7)"
        )
    elif condition.if_exists and condition.key.lower() in _GUARDS:
        yield (
            f"{_where(trace)} does not require {_GUARDS[condition.key.lower()]}: "
            f"{condition.operator} on {condition.key} holds when the key is absent (R6.5)"
        )


def _misses_long_term_keys(trace: StatementTrace, condition: Condition) -> bool:
    """Whether a Deny for calls without MFA fails only where the key is not there at all."""
    alone = [e.condition for e in trace.failing] == [condition]
    false = tuple(value.lower() for value in condition.values) == ("false",)
    denies = trace.statement.effect is Effect.DENY and condition.base == "bool"
    return denies and false and alone and condition.key.lower() == "aws:multifactorauthpresent"


def _where(trace: StatementTrace) -> str:
    return f"{trace.statement.label} of {trace.policy.name.name}"
