"""AS002: the ARN names no role that can be assumed."""

from collections.abc import Iterator

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.report import finding, role_name
from assumable.model.world import Role

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
    answer = 'AWS says AccessDenied, never "not found"'
    if blame.fault is not None and blame.fault.code != "AccessDenied":
        answer = f"AWS says {blame.fault.message}"
    explanation = f"{explanations[blame.variant]}; {answer}"
    return finding(
        CAUSE, blame, explanation, fixes=tuple(_fixes(decision, blame)), facts=("R7.2", "R2.3")
    )


def _fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """Where only the path is wrong, the role that was meant is known."""
    asked = arn.parse(decision.call.role_arn)
    if blame.variant != "path" or asked is None:
        return
    meant = decision.facts.world.role_named(asked.account, asked.name, asked.partition)
    if isinstance(meant, Role):
        yield change_call(
            decision.call, "role-not-found/path", f"ask for {meant.arn}", {"RoleArn": meant.arn}
        )
