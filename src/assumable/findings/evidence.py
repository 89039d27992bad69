"""Evidence: a place in a policy, with the line as the reader's own file has it."""

from collections.abc import Iterator

import msgspec

from assumable.engine.conditions import words
from assumable.engine.context import RequestContext
from assumable.engine.gates import Gate, Outcome
from assumable.engine.match import ElementTrace, Reason, StatementTrace
from assumable.engine.operators import OPERATORS
from assumable.findings.blame import Blame, closest_statement
from assumable.findings.finding import Evidence
from assumable.findings.near import is_negated
from assumable.findings.slips import ALIKE, first_difference, likeness_of, nearest
from assumable.model.call import Absent, Open, Present
from assumable.model.policy import Condition, Effect, Policy
from assumable.model.world import Unknown
from assumable.source import Location, Span, value_at

_LONG, _AROUND = 200, 60
_REASONS = {
    "Principal": (Reason.PRINCIPAL, Reason.PRINCIPAL_EXCLUDED),
    "Action": (Reason.ACTION, Reason.ACTION_EXCLUDED),
    "Resource": (Reason.RESOURCE, Reason.RESOURCE_EXCLUDED),
}
"""Why an element fails, and why its negated form does."""


def at(
    policy: Policy,
    pointer: str,
    *,
    statement: int | None = None,
    wanted: str = "",
    got: str = "",
    reason: Reason | None = None,
    meant: str = "",
) -> Evidence:
    """Evidence at a JSON pointer of a policy document.

    Of a list it is the value that comes closest to what was `meant`, with the first character that
    differs from it.
    """
    if meant:
        pointer = _nearest(policy, pointer, meant)
    place = Location(policy.location.document, policy.location.pointer + pointer)
    span = place.span()
    plain = Evidence(
        policy=policy.name.name,
        statement=statement,
        pointer=pointer,
        file=place.document.name,
        wanted=wanted,
        got=got,
        reason=reason,
    )
    return plain if span is None else _shown(plain, place, span, _text(policy, pointer), meant)


def _shown(plain: Evidence, place: Location, span: Span, value: str, meant: str) -> Evidence:
    """The evidence with line, columns and what stands there."""
    line = place.document.lines[span.line - 1]
    end = span.end_column if span.end_line == span.line else len(line) + 1
    differs = _differs(line, (span.column, end), value, meant)
    start = 0
    if len(line) > _LONG:  # a minified file: only what stands around the place is shown
        start = max(0, span.column - 1 - _AROUND)
        line = line[start : end - 1 + _AROUND]
    return msgspec.structs.replace(
        plain,
        excerpt_column=start + 1,
        line=span.line,
        column=span.column,
        end=end,
        excerpt=line,
        differs=differs,
    )


def _text(policy: Policy, pointer: str) -> str:
    """The text at a place of a policy; empty when something else is there, or nothing."""
    try:
        found = value_at(policy.document, pointer)
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
    return found if isinstance(found, str) else ""


def _nearest(policy: Policy, pointer: str, meant: str) -> str:
    """Of a list of texts the one that was meant, else the list."""
    try:
        found = value_at(policy.document, pointer)
    except (KeyError, IndexError, TypeError, ValueError):
        return pointer
    if not isinstance(found, list) or not found:
        return pointer
    values = [value if isinstance(value, str) else "" for value in found]
    place = 0 if len(values) == 1 else nearest(values, meant)
    return pointer if place is None else f"{pointer}/{place}"


def _differs(line: str, columns: tuple[int, int], value: str, meant: str) -> int | None:
    """The column of the first difference, where the value is nearly what was meant."""
    if not value or not meant or value == meant or likeness_of(value, meant) < ALIKE:
        return None
    found, alike = line.find(value, columns[0] - 1, columns[1]), first_difference(value, meant)
    return None if found < 0 or alike == 0 else found + 1 + alike


def of_element(
    trace: StatementTrace, element: ElementTrace, context: RequestContext | None
) -> Evidence:
    """Evidence at the element that rules a statement out, or makes a Deny match."""
    wanted, got, meant = _compared(trace, element, context)
    reason = reason_of(trace, element, context)
    if element.truth is not False and trace.truth is True:
        excepts = element.condition is not None and is_negated(element.condition)
        reason, meant = Reason.MATCHED, meant if excepts else ""
    return at(
        trace.policy,
        element.pointer,
        statement=trace.statement.index,
        wanted=wanted,
        got=got,
        reason=reason,
        meant=meant,
    )


def _compared(
    trace: StatementTrace, element: ElementTrace, context: RequestContext | None
) -> tuple[str, str, str]:
    """What the element asks for, what the call has, and the value that it nearly is."""
    statement, caller = trace.statement, trace.caller.arn
    if element.condition is not None:
        if context is None:
            return words(element.condition), "", ""
        _, got = got_value(context, element.condition.key)
        value = context.get(element.condition.key)
        single = isinstance(value, Present) and len(value.values) == 1
        return words(element.condition), got, got if single else ""
    if element.element == "Principal":
        return ", ".join(entry.value for entry in statement.principals or ()), caller, caller
    if element.element == "Action":
        action = context.action if context is not None else ""
        return ", ".join(statement.actions), action, action
    role = context.facts.role_arn if context is not None else ""
    return ", ".join(statement.resources or ()), role, role


def reason_of(
    trace: StatementTrace, element: ElementTrace, context: RequestContext | None
) -> Reason | None:
    """Why an element rules its statement out."""
    if not isinstance(element.truth, bool):
        return Reason.UNKNOWN
    if element.condition is not None:
        return None if context is None else _why(element.condition, context)
    negated = {
        "Principal": trace.statement.not_principal,
        "Action": trace.statement.not_action,
        "Resource": trace.statement.not_resource,
    }
    return _REASONS[element.element][negated[element.element]]


def _why(condition: Condition, context: RequestContext) -> Reason:
    reason, _ = got_value(context, condition.key)
    if reason is not Reason.VALUE_DIFFERS:
        return reason
    if condition.base == "null":
        return Reason.KEY_PRESENT
    return Reason.VALUE_EXCLUDED if OPERATORS[condition.base].negated else reason


def got_value(context: RequestContext, key: str) -> tuple[Reason, str]:
    """Why a condition key fails, and what it was, in words."""
    value = context.get(key)
    match value:
        case Present():
            return Reason.VALUE_DIFFERS, ", ".join(value.values) or "an empty list"
        case Absent():
            return Reason.KEY_ABSENT, f"absent: {value.reason}"
        case Unknown():
            return Reason.UNKNOWN, f"not known: {value.what}"
        case Open():
            return Reason.UNKNOWN, f"open item {value.item}"


def default_evidence(blame: Blame) -> tuple[Evidence, ...]:
    """The evidence that suits most causes: the failing element of the closest statement."""
    if blame.trace is None:
        return ()
    if blame.element is not None:
        return (of_element(blame.trace, blame.element, blame.gate.context),)
    return _of_statement(blame.trace, blame.gate.context)


def gate_evidence(gate: Gate) -> tuple[Evidence, ...]:
    """What refuses at a gate that refuses: every Deny that applies, or the closest statement."""
    if gate.fault is not None or gate.outcome not in _REFUSED:
        return ()
    if gate.outcome is Outcome.EXPLICIT_DENY:
        return tuple(evidence for trace in _denying(gate) for evidence in _matched(trace))
    closest = closest_statement(gate)
    return () if closest is None else _of_statement(closest, gate.context)


_REFUSED = (Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY)


def _denying(gate: Gate) -> Iterator[StatementTrace]:
    for trace in gate.traces():
        if trace.statement.effect is Effect.DENY and trace.truth is True:
            yield trace


def _of_statement(trace: StatementTrace, context: RequestContext | None) -> tuple[Evidence, ...]:
    """Every element that rules it out; of one that applies, its effect."""
    if trace.truth is True:
        return _matched(trace)
    failing = trace.failing or tuple(e for e in trace.elements if e.truth is not True)
    return tuple(of_element(trace, element, context) for element in failing)


def _matched(trace: StatementTrace) -> tuple[Evidence, ...]:
    index = trace.statement.index
    pointer = f"{trace.statement.pointer}/Effect"
    return (at(trace.policy, pointer, statement=index, reason=Reason.MATCHED),)
