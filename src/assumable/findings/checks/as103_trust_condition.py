"""AS103: the trust policy names the caller under a condition that does not hold."""

from assumable.engine.conditions import words
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.evidence import got_value
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding, where

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
    return finding(CAUSE, blame, explanation, facts=("R6.1", "R6.5"))
