"""AS005: root credentials sign the call."""

from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding

CAUSE = Cause("AS005", "root-caller", Row.PERMISSION, "the root user cannot assume roles")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    account = decision.call.caller_account
    signed = f"the call is signed by the root user of account {account}"
    if blame.variant == "assume-root":
        signed = (
            f"the call is signed with credentials that AssumeRoot gave for the root user of "
            f"account {account}"
        )
    if decision.call.api == ASSUME_ROOT:
        explanation = (
            f"{signed}; AWS lets no root user call {ASSUME_ROOT}: call as an IAM user or as a role "
            "session of the management account or of a delegated administrator for IAM"
        )
        title = f"the root user cannot call {ASSUME_ROOT}"
        return finding(CAUSE, blame, explanation, facts=("R1.27",), title=title)
    explanation = (
        f"{signed}; AWS refuses that whatever the trust policy says: call as an IAM user or as a "
        "role session"
    )
    return finding(CAUSE, blame, explanation, facts=("R1.19",))
