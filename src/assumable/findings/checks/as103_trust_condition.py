"""AS103: the trust policy names the caller under a condition that does not hold."""

from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.engine.conditions import words
from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings import near
from assumable.findings.accept import accept_fixes
from assumable.findings.blame import Blame
from assumable.findings.evidence import got_value
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.identity_center import about_condition, pattern_fixes
from assumable.findings.report import appended, finding, where
from assumable.findings.services import about_source, is_only_likely, source_fixes
from assumable.findings.wanted import request_fixes_of_allow
from assumable.model.policy import Condition

CAUSE = Cause(
    "AS103", "trust-condition", Row.TRUST, "a condition of the trust policy does not hold"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with what the condition asks for and what the call has."""
    explanation = f"{where(blame)} has a condition on {blame.variant} that does not hold"
    condition = blame.element.condition if blame.element else None
    if condition is not None and blame.gate.context is not None:
        _, got = got_value(blame.gate.context, condition.key)
        explanation = f"{where(blame)} asks that {words(condition)}; in this call it is {got}"
        explanation += about_source(decision, condition) or about_condition(decision, condition)
        if blame.trace is not None:
            within = (blame.trace.policy, blame.trace.statement)
            explanation += near.about_condition(decision, blame.gate.context, condition, within)
    found = finding(
        CAUSE,
        blame,
        explanation,
        title=f"the trust policy's condition on {blame.variant} does not hold",
        fixes=(
            *_of_request(decision, blame, condition),
            *_name_caller(decision, blame, condition),
            *_accept(decision, blame, condition),
            *source_fixes(decision, blame, condition),
        ),
        facts=("R6.1", "R6.5"),
    )
    if condition is not None and is_only_likely(decision, condition):
        return msgspec.structs.replace(found, certainty="likely")
    return found


def _name_caller(decision: Decision, blame: Blame, condition: Condition | None) -> Iterator[Fix]:
    """A condition on who calls is a second list of principals: the caller may be added to it."""
    exact = decision.facts.principal_arn
    if condition is None or blame.trace is None or not isinstance(exact, str):
        return
    positive = condition.base in OPERATORS and not OPERATORS[condition.base].negated
    if condition.key.lower() == "aws:principalarn" and positive:
        yield from pattern_fixes(blame.trace.policy, condition, exact)
        yield change_policy(
            blame.trace.policy,
            "trust-condition/name-the-caller",
            f"add {exact} to the condition on {condition.key}",
            appended(blame.trace.policy, condition.pointer, exact),
            opens=f"{arn.display_name(exact)} of {decision.call.caller_account}, nobody else",
        )


def _of_request(decision: Decision, blame: Blame, condition: Condition | None) -> Iterator[Fix]:
    if condition is not None:
        yield from request_fixes_of_allow(decision, blame, condition, CAUSE.slug)


def _accept(decision: Decision, blame: Blame, condition: Condition | None) -> Iterator[Fix]:
    if condition is not None and condition.key.lower() != "aws:principalarn":
        yield from accept_fixes(decision, blame, condition, CAUSE.slug)
