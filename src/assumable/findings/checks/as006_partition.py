"""AS006: the role is in another partition than the caller."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding

CAUSE = Cause("AS006", "partition", Row.TRUST, "caller and role are in different partitions")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{decision.call.caller.arn} and {decision.call.role_arn} are in different AWS "
        "partitions, and "
        "AssumeRole never crosses them; check the ARN's second part (aws, aws-cn, aws-us-gov)"
    )
    return finding(CAUSE, blame, explanation, facts=("R1.18",))
