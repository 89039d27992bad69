"""Fixes that let a principal make the call: a permission of its own, or one action more."""

import itertools
from collections.abc import Iterator
from typing import Any

from assumable import arn
from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName
from assumable.engine.match import StatementTrace
from assumable.findings.accept import accept_fixes
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import add_inline_policy, change_policy, is_editable
from assumable.findings.guards import guards_to_keep
from assumable.findings.identity_center import permission_set_fixes
from assumable.findings.near_principal import nearest_principal
from assumable.findings.report import (
    actions_needed,
    appended,
    caller_name,
    exact_principal,
    new_statement,
    role_name,
    with_action,
)
from assumable.findings.wanted import request_fixes_of_allow
from assumable.model.call import RoleCaller
from assumable.model.policy import Effect, Policy
from assumable.model.world import Principal, Role

_CALL_ACTIONS = {
    "sts:assumerole", "sts:assumeroot", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext",
}  # fmt: skip


def companion_fixes(decision: Decision, blame: Blame, slug: str, *, what: str) -> Iterator[Fix]:
    """Allow sts:TagSession or sts:SetSourceIdentity, which is `what`, on the side that lacks it."""
    if blame.variant != blame.action:
        return  # the action is allowed, a condition on its values does not hold
    if blame.gate.gate is GateName.IDENTITY:
        yield from _beside_the_call(decision, blame, slug)
        yield from permission_fixes(decision, blame)
    elif blame.trace is not None:
        yield from _in_trust(decision, blame, f"{slug}/allow-in-trust", what)


def _in_trust(decision: Decision, blame: Blame, fix_id: str, what: str) -> Iterator[Fix]:
    """Add the action where the caller is named, or will be; else in a statement of its own."""
    trace, exact = _of_caller(decision, blame), exact_principal(decision)
    if trace is not None and not trace.statement.not_action:
        opens = f"{what} by the principals of that statement"
        yield from with_action(trace, blame.action, fix_id, opens=opens)
    elif blame.trace is not None and exact is not None:
        policy = blame.trace.policy
        yield change_policy(
            policy,
            fix_id,
            f"allow {blame.action} to {exact} alone",
            new_statement(
                policy,
                {"Effect": "Allow", "Principal": {"AWS": exact}, "Action": blame.action},
            ),
            opens=f"{what} by {_opens(decision)}",
        )


def _of_caller(decision: Decision, blame: Blame) -> StatementTrace | None:
    """The statement that names the caller, or would if the only name in it were put right."""
    if blame.trace is None or blame.trace.has_matching("Principal"):
        return blame.trace
    meant = nearest_principal(decision, blame.trace.policy)
    if meant is None or len(meant.statement.principals or ()) > 1 or not meant.is_dead(decision):
        return None
    place = meant.statement.pointer
    return next(trace for trace in blame.gate.traces() if trace.statement.pointer == place)


def permission_fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """Allow the actions of the call on exactly this role."""
    principal = decision.facts.principal
    if blame.gate.gate is not GateName.IDENTITY or not isinstance(principal, Principal):
        return
    statement = _statement(decision, guards_to_keep(blame.trace))
    if isinstance(principal, Role) and principal.is_identity_center:
        if statement is not None:
            yield from permission_set_fixes(decision, principal, statement)
        return
    if isinstance(principal, Role) and principal.is_service_linked:
        return  # only its service edits it (R1.23)
    yield from _widen_resource(decision, blame, principal)
    condition = blame.element.condition if blame.element is not None else None
    if condition is not None:
        yield from request_fixes_of_allow(decision, blame, condition, "identity-permission")
        yield from accept_fixes(decision, blame, condition, "identity-permission")
    if statement is None:
        return  # a grant would go around what keeps the caller to some roles
    yield add_inline_policy(
        principal.arn,
        unused_name(principal, _policy_name(decision)),
        {"Version": "2012-10-17", "Statement": [statement]},
        "identity-permission/allow-this-role",
        f"allow {arn.display_name(principal.arn)} {_what(decision)} {decision.call.role_arn}",
        opens=_opens(decision),
    )


def _statement(decision: Decision, guards: dict[str, Any] | None) -> dict[str, Any] | None:
    """The Allow for every action of the call on exactly this role, under guards that are kept."""
    if guards is None:
        return None
    conditions = dict(guards)
    if decision.call.task_policy_arn:
        conditions["ArnEquals"] = {"sts:TaskPolicyArn": decision.call.task_policy_arn}
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": actions_needed(decision),
        "Resource": decision.call.role_arn,
    }
    return {**statement, "Condition": conditions} if conditions else statement


def who_edits(decision: Decision, blame: Blame) -> str:
    """That IAM lets nobody edit the caller's own policies, in words; else empty."""
    principal = decision.facts.principal
    if blame.gate.gate is not GateName.IDENTITY or not isinstance(principal, Role):
        return ""
    if principal.is_identity_center:
        return (
            "; IAM lets nobody edit this role: its permission set in IAM Identity Center is edited"
        )
    if principal.is_service_linked:
        return (
            "; only its service edits a service-linked role, so another caller has to make the call"
        )
    return ""


def _beside_the_call(decision: Decision, blame: Blame, slug: str) -> Iterator[Fix]:
    """Add the action to the caller's own statement that allows the call on exactly this role."""
    principal, role_arn = decision.facts.principal, decision.call.role_arn
    call_action = f"sts:{decision.call.api}"
    gates = [g for g in decision.gates if g.gate is GateName.IDENTITY and g.action == call_action]
    for trace in (trace for gate in gates for trace in gate.traces()):
        name, statement = trace.policy.name, trace.statement
        is_own = isinstance(principal, Principal) and name.owner == principal.arn and not name.arn
        is_exact = statement.resources == (role_arn,) and not statement.not_resource
        # R3.4: of these keys it is open whether the check of the other action sees them
        is_plain = not any(c.key.lower().startswith("sts:") for c in statement.conditions)
        allows = statement.effect is Effect.ALLOW and trace.truth is True
        if is_own and is_exact and is_plain and allows and is_editable(trace.policy):
            fix_id = f"{slug}/allow-in-identity"
            yield from with_action(trace, blame.action, fix_id, opens=_opens(decision))
            return


def _policy_name(decision: Decision) -> str:
    if decision.call.api == ASSUME_ROOT:
        return f"{ASSUME_ROOT}-{decision.call.role_account}"
    return f"Assume-{role_name(decision)}"[:120]


def _what(decision: Decision) -> str:
    """The actions that are allowed, where they are more than to assume a role."""
    actions = decision.facts.required_actions
    plain = actions == ("sts:AssumeRole",)
    return "to assume exactly" if plain else f"{' and '.join(actions)} on exactly"


def _opens(decision: Decision) -> str:
    asked = "root user" if decision.call.api == ASSUME_ROOT else "role"
    who, caller = caller_name(decision), decision.call.caller
    if isinstance(caller, RoleCaller):
        who = f"every session of role/{caller.role_name} of account {decision.call.caller_account}"
    return f"{who}, for this {asked} only"


def unused_name(principal: Principal, wanted: str) -> str:
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
        opens=_opens(decision),
    )
