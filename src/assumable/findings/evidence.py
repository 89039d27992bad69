"""Evidence: a place in a policy, with the line as the reader's own file has it."""

from assumable.engine.conditions import words
from assumable.engine.context import RequestContext
from assumable.engine.match import ElementTrace, Reason, StatementTrace
from assumable.findings.blame import Blame
from assumable.findings.finding import Evidence
from assumable.model.call import Absent, Open, Present
from assumable.model.policy import Policy
from assumable.model.world import Unknown
from assumable.source import Location

_LONG, _AROUND = 200, 60
_REASONS = {"Principal": Reason.PRINCIPAL, "Action": Reason.ACTION, "Resource": Reason.RESOURCE}


def at(
    policy: Policy,
    pointer: str,
    *,
    statement: int | None = None,
    wanted: str = "",
    got: str = "",
    reason: str = "",
) -> Evidence:
    """Evidence at a JSON pointer of a policy document."""
    place = Location(policy.location.document, policy.location.pointer + pointer)
    span = place.span()
    if span is None:
        return Evidence(
            policy=policy.name.name,
            statement=statement,
            pointer=pointer,
            file=place.document.name,
            wanted=wanted,
            got=got,
            reason=reason,
        )
    line = place.document.lines[span.line - 1]
    end = span.end_column if span.end_line == span.line else len(line) + 1
    start = 0
    if len(line) > _LONG:  # a minified file: only what stands around the place is shown
        start = max(0, span.column - 1 - _AROUND)
        line = line[start : end - 1 + _AROUND]
    return Evidence(
        excerpt_column=start + 1,
        policy=policy.name.name,
        statement=statement,
        pointer=pointer,
        file=place.document.name,
        line=span.line,
        column=span.column,
        end=end,
        excerpt=line,
        wanted=wanted,
        got=got,
        reason=reason,
    )


def of_element(
    trace: StatementTrace,
    element: ElementTrace,
    context: RequestContext | None,
    *,
    pointer: str = "",
    wanted: str = "",
    got: str = "",
) -> Evidence:
    """Evidence at the element that rules a statement out, or makes a Deny match."""
    reason: str = _REASONS.get(element.element, "")
    if element.condition is not None and context is not None:
        reason, got = got_value(context, element.condition.key)
        wanted = words(element.condition)
    if element.truth is not False and trace.truth is True:
        reason = "matched"
    return at(
        trace.policy,
        pointer or element.pointer,
        statement=trace.statement.index,
        wanted=wanted,
        got=got,
        reason=reason,
    )


def got_value(context: RequestContext, key: str) -> tuple[str, str]:
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
    element = blame.element
    if element is None:
        failing = blame.trace.failing
        element = failing[0] if failing else blame.trace.elements[0]
    if blame.trace.truth is True and blame.element is None:
        return (
            at(
                blame.trace.policy,
                blame.trace.statement.pointer + "/Effect",
                statement=blame.trace.statement.index,
                reason="matched",
            ),
        )
    return (of_element(blame.trace, element, blame.gate.context),)
