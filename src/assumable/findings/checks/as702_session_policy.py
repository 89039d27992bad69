"""AS702: the policy that the caller's session was limited to denies or does not allow."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import caller_name, finding, refusal

CAUSE = Cause("AS702", "session-policy", Row.CAPS, "the caller's session policy stops the call")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    refused = refusal(blame)
    explanation = (
        f"the session of {caller_name(decision)} was created with a session policy, and {refused} "
        f"{blame.action} on {decision.call.role_arn}; start a session whose policy allows it"
    )
    return finding(CAUSE, blame, explanation, facts=("R1.13", "R9.5"))
