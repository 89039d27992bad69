"""AS005: root credentials sign the call."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding

CAUSE = Cause("AS005", "root-caller", Row.PERMISSION, "the root user cannot assume roles")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"the call is signed by the root user of account {decision.call.caller_account}; AWS "
        "refuses that "
        "whatever the trust policy says: call as an IAM user or as a role session"
    )
    return finding(CAUSE, blame, explanation, facts=("R1.19",))
