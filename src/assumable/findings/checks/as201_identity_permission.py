"""AS201: the caller's own policies do not allow the call."""

import itertools
from collections.abc import Iterator

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName
from assumable.findings.blame import Blame
from assumable.findings.evidence import of_element
from assumable.findings.finding import Cause, Evidence, Finding, Fix, Row
from assumable.findings.fix import add_inline_policy, change_policy
from assumable.findings.report import (
    actions_needed,
    appended,
    caller_name,
    finding,
    role_name,
    where,
)
from assumable.model.policy import Policy
from assumable.model.world import Principal, Role

CAUSE = Cause(
    "AS201", "identity-permission", Row.PERMISSION, "the caller is not permitted to assume it"
)

_CALL_ACTIONS = {"sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the closest statement where there is one."""
    account, action = decision.call.caller_account, blame.action
    explanation = (
        f"no policy of {caller_name(decision)} allows {action} on {decision.call.role_arn}"
        f"{_closest(blame)}; {_why_needed(decision)}"
    )
    return finding(
        CAUSE,
        blame,
        explanation,
        fixes=tuple(permission_fixes(decision, blame)),
        evidence=_evidence(blame),
        facts=("R1.15", "R1.16"),
        title=f"{caller_name(decision)} of account {account} may not call {action} on "
        f"{role_name(decision)}",
    )


def _why_needed(decision: Decision) -> str:
    if not decision.call.same_account:
        return "across accounts the caller's own account must allow it as well as the trust policy"
    return (
        "the trust policy names the account, which leaves the choice to the caller's own policies"
    )


def _evidence(blame: Blame) -> tuple[Evidence, ...]:
    if blame.trace is None or not _is_relevant(blame):
        return ()
    return tuple(
        of_element(blame.trace, element, blame.gate.context, got=blame.action)
        for element in blame.trace.failing
    )


def _is_relevant(blame: Blame) -> bool:
    """Whether the closest statement is about this action at all."""
    return blame.trace is not None and blame.trace.has_matching("Action")


def _closest(blame: Blame) -> str:
    if blame.trace is None or not _is_relevant(blame):
        return ""
    failing = next(iter(blame.trace.failing), None)
    if failing is None:
        return ""
    if failing.element == "Resource":
        listed = ", ".join(blame.trace.statement.resources or ())
        kind = "excludes" if blame.trace.statement.not_resource else "is for"
        return f" ({where(blame)} allows the action, but {kind} {listed})"
    key = failing.condition.key if failing.condition else ""
    return f" ({where(blame)} allows it only under a condition on {key} that does not hold)"


def permission_fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """Allow the actions of the call on exactly this role."""
    principal = decision.facts.principal
    if blame.gate.gate is not GateName.IDENTITY or not isinstance(principal, Principal):
        return
    if isinstance(principal, Role) and principal.is_identity_center:
        return  # the permission set is edited in IAM Identity Center, not the role
    role_arn = decision.call.role_arn
    opens = f"{caller_name(decision)}, for this role only"
    yield from _widen_resource(decision, blame, principal)
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions_needed(decision), "Resource": role_arn}
        ],
    }
    yield add_inline_policy(
        principal.arn,
        _unused_name(principal, f"Assume-{role_name(decision)}"[:120]),
        document,
        "identity-permission/allow-this-role",
        f"allow {arn.display_name(principal.arn)} to assume exactly {role_arn}",
        opens=opens,
    )


def _unused_name(principal: Principal, wanted: str) -> str:
    """A name that overwrites no policy of the principal."""
    taken = {policy.name.name for policy in principal.policies if isinstance(policy, Policy)}
    numbered = (f"{wanted}-{n}" for n in itertools.count(2))
    return wanted if wanted not in taken else next(name for name in numbered if name not in taken)


def _widen_resource(decision: Decision, blame: Blame, principal: Principal) -> Iterator[Fix]:
    """Name the role in the inline statement that was meant for it."""
    trace = blame.trace
    if trace is None or [e.element for e in trace.failing] != ["Resource"]:
        return
    inline = trace.policy.name.owner == principal.arn and not trace.policy.name.arn
    others = {action.lower() for action in trace.statement.actions} - _CALL_ACTIONS
    if not inline or trace.statement.not_resource or trace.statement.not_action or others:
        return  # its other actions would be granted on this role as well
    edit = appended(trace.policy, f"{trace.statement.pointer}/Resource", decision.call.role_arn)
    yield change_policy(
        trace.policy,
        f"identity-permission/add-resource-{blame.action.partition(':')[2]}",
        f"add {decision.call.role_arn} to the Resource of {trace.statement.label}",
        edit,
        opens=f"{caller_name(decision)}, for this role only",
    )
