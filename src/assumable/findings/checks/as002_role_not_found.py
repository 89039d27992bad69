"""AS002: the ARN names no role that can be assumed."""

from collections.abc import Iterator

from msgspec import structs

from assumable import arn
from assumable.engine.evaluate import Decision, decide
from assumable.engine.layers import Prepared
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.report import finding, role_name
from assumable.model.world import Account, Role

CAUSE = Cause("AS002", "role-not-found", Row.TRUST, "there is no such role")
_MAX_ROLES = 1000
"""In a larger world the answer would take too long."""


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
    if blame.variant == "not-a-role":
        yield from _only_role(decision)
    asked = arn.parse(decision.call.role_arn)
    if blame.variant != "path" or asked is None:
        return
    meant = decision.facts.world.role_named(asked.account, asked.name, asked.partition)
    if isinstance(meant, Role):
        yield change_call(
            decision.call, "role-not-found/path", f"ask for {meant.arn}", {"RoleArn": meant.arn}
        )


def _only_role(decision: Decision) -> Iterator[Fix]:
    """The one role of the known world that this very call could assume."""
    world = decision.facts.world
    roles = [role for account in world.accounts.values() if isinstance(account, Account)
             for role in account.roles.values()]  # fmt: skip
    if len(roles) > _MAX_ROLES:
        return
    prepared, call = Prepared(world), decision.call
    asked = {role.arn: {**call.parameters, "RoleArn": role.arn} for role in roles}
    open_to_it = [
        role_arn
        for role_arn, parameters in asked.items()
        if decide(prepared, structs.replace(call, parameters=parameters)).verdict == "allowed"
    ]
    if len(open_to_it) == 1:
        title = f"ask for {open_to_it[0]}, the only known role that this caller may assume"
        new = {"RoleArn": open_to_it[0]}
        yield change_call(call, "role-not-found/only-role", title, new, safety="review")
