"""AS002: the ARN names no role that can be assumed."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding, role_name

CAUSE = Cause("AS002", "role-not-found", Row.TRUST, "there is no such role")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanations = {
        "absent": f"account {decision.call.role_account} has no role {role_name(decision)}",
        "path": f"role {role_name(decision)} exists in account {decision.call.role_account}, but "
        "under "
        "another path; the path is part of the ARN",
        "account": f"account {decision.call.role_account} has no such role, another known account "
        "has",
        "account-suspended": f"account {decision.call.role_account} is closed or suspended",
        "not-a-role": f"{decision.call.role_arn} is not the ARN of a role",
    }
    explanation = explanations[blame.variant] + '; AWS says AccessDenied, never "not found"'
    return finding(CAUSE, blame, explanation, facts=("R7.2", "R2.3"))
