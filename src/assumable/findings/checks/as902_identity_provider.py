"""AS902: the provider is not registered in the role's account, or not for this audience."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding

CAUSE = Cause(
    "AS902",
    "identity-provider",
    Row.TRUST,
    "the identity provider is not set up in the role's account",
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    reason = blame.fault.message if blame.fault else ""
    explanation = f"the token is refused before the trust policy is looked at: {reason}"
    return finding(CAUSE, blame, explanation, facts=("R7.9", "R7.10"))
