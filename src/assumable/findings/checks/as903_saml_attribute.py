"""AS903: a condition on a SAML key does not hold."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding, where

CAUSE = Cause(
    "AS903",
    "saml-attribute",
    Row.TRUST,
    "the assertion does not carry what the trust policy asks for",
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{where(blame)} has a condition on {blame.variant} that this assertion does not meet"
    )
    return finding(CAUSE, blame, explanation, facts=("R5.17",))
