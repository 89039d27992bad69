"""What every check shares: putting a finding together, and the edits that several fixes use."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName, Outcome
from assumable.engine.match import StatementTrace
from assumable.findings.asked import conditions_told, why_denied
from assumable.findings.blame import Blame
from assumable.findings.evidence import default_evidence
from assumable.findings.finding import CALLER, Cause, Edit, Evidence, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.globs import has_wildcard, matches
from assumable.model.call import RoleCaller, RootCaller, UserCaller
from assumable.model.policy import Condition, Layer, Policy
from assumable.model.world import Organization, Role, Unknown
from assumable.source import value_at

# Refused before any policy is looked at, and yet nothing that the caller could mend.
_IN_THE_ROLES_ACCOUNT = ("role-not-found", "identity-provider")
REOPENED = "AWS Support reopens a closed account for 90 days, at the most"
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-closing.html"""
_KEY_ROWS = {
    "sts:externalid": Row.EXTERNAL_ID,
    "aws:multifactorauthpresent": Row.MFA,
    "aws:multifactorauthage": Row.MFA,
}


def finding(
    cause: Cause,
    blame: Blame,
    explanation: str,
    *,
    title: str = "",
    variant: str | None = None,
    evidence: tuple[Evidence, ...] | None = None,
    fixes: Sequence[Fix] = (),
    facts: Sequence[str] = (),
    row: Row | None = None,
) -> Finding:
    """A blocking finding; its owner is who can act: by a first fix to apply, else by the gate."""
    key = blame.variant.lower()
    own_row = row if row is not None else _row(cause, blame)
    also = _KEY_ROWS.get(key)
    request = blame.gate.gate in (GateName.REQUEST, GateName.CREDENTIALS)
    owner = CALLER if request or not blame.gate.account else blame.gate.account
    if cause.slug in _IN_THE_ROLES_ACCOUNT and blame.variant != "not-a-role":
        owner = blame.gate.account
    if fixes and fixes[0].safety != "display":
        owner = fixes[0].owner
    return Finding(
        code=cause.code,
        cause=cause.slug,
        variant=blame.variant if variant is None else variant,
        certainty="likely" if blame.may_name_another else "certain",
        owner=owner,
        title=title or cause.title,
        explanation=explanation,
        row=own_row,
        also_fails=(also,) if also is not None and also is not own_row else (),
        evidence=default_evidence(blame) if evidence is None else evidence,
        fixes=tuple(fixes),
        facts=tuple(facts),
    )


def without_managed(found: Finding, role: object) -> Finding:
    """The finding without edits of a trust policy that Identity Center manages (R2.11, R2.13)."""
    left = tuple(fix for fix in found.fixes if fix.target.layer is not Layer.TRUST)
    if not isinstance(role, Role) or not role.is_identity_center or left == found.fixes:
        return found
    why = (
        "; IAM Identity Center alone edits the trust policy of its roles: assign the permission "
        "set, or have the caller assume a role of your own"
    )
    return msgspec.structs.replace(
        found, fixes=left, explanation=found.explanation + why, facts=(*found.facts, "R2.13")
    )


def _row(cause: Cause, blame: Blame) -> Row:
    """The row of the side that lacks it, for causes that either side can have."""
    if cause.slug in ("session-tags", "source-identity", "trust-action"):
        return Row.PERMISSION if blame.gate.gate is GateName.IDENTITY else Row.TRUST
    return cause.row


def role_name(decision: Decision) -> str:
    """The target role as people call it; of AssumeRoot the root user with its account."""
    if decision.call.api == ASSUME_ROOT:
        return f"root of account {decision.call.role_account}"
    return arn.display_name(decision.call.role_arn).rpartition("/")[2]


def administrator_of(org: Organization | Unknown | None, account: str) -> str:
    """The account that acts for one that cannot: the organization's manager, where there is one."""
    return org.management_account if isinstance(org, Organization) else account


def caller_name(decision: Decision) -> str:
    """The caller as people call it."""
    return arn.display_name(decision.call.caller.arn)


def where(blame: Blame) -> str:
    """`statement 2 of <policy>`, or the layer when no statement is concerned."""
    if blame.trace is None:
        return f"the {blame.gate.gate} policy"
    return f"{blame.trace.statement.label} of {blame.trace.policy.name.name}"


def level_name(decision: Decision, blame: Blame) -> str:
    """A level of an organization by its id, and by its name where that is known."""
    level, facts = blame.gate.level, decision.facts
    for org in (facts.caller_organization, facts.role_organization):
        node = org.nodes.get(level) if isinstance(org, Organization) else None
        if node is not None and node.name:
            return f"{level} ({node.name})"
    return level


def actions_refused(decision: Decision, blame: Blame) -> str:
    """Every action of the call that the same gate refuses in the same way."""
    gate, mine = blame.gate, blame.trace.statement if blame.trace is not None else None
    found = {blame.action: None}
    alone = len(decision.facts.required) == 1
    for other in () if alone else decision.gates:  # of a deep organization there are many
        if (other.gate, other.level) != (gate.gate, gate.level):
            continue
        if not other.blocks or other.outcome is not gate.outcome:
            continue
        denying = [t.statement for t in other.traces() if t.truth is True]
        if gate.outcome is Outcome.IMPLICIT_DENY or mine in denying:
            found[other.action] = None
    return " and ".join(found)


def refusal(decision: Decision, blame: Blame, on: str = "") -> str:
    """How a layer that caps the caller refuses: by a Deny, or by allowing nothing like it."""
    what = actions_refused(decision, blame)
    what += f" on {on}" if on else ""
    if blame.trace is not None and blame.trace.truth is True:
        return f"{where(blame)} denies {what}{why_denied(blame)}"
    only = conditions_told(blame.trace, blame.gate.context)
    if only:
        return f"{where(blame)} allows {what} only where {only}"
    return f"nothing in it allows {what}"


def actions_needed(decision: Decision) -> str | list[str]:
    """Every action of the call, as a policy writes it."""
    actions = list(decision.facts.required_actions)
    return actions[0] if len(actions) == 1 else actions


def exact_principal(decision: Decision) -> str | None:
    """The principal a policy should name: the user, or the role behind the session."""
    caller, known = decision.call.caller, decision.facts.principal_arn
    if isinstance(known, str):
        return known if isinstance(caller, UserCaller | RoleCaller | RootCaller) else None
    parts = arn.parse(caller.arn)
    if isinstance(caller, RoleCaller) and parts is not None:
        return f"arn:{parts.partition}:iam::{parts.account}:role/{caller.role_name}"
    return None


def with_action(trace: StatementTrace, action: str, fix_id: str, *, opens: str) -> Iterator[Fix]:
    """The statement with one more action; nothing where it lists actions by exclusion."""
    if trace.statement.not_action:
        return
    pointer = f"{trace.statement.pointer}/Action"
    title = f"allow {action} in {trace.statement.label} of {trace.policy.name.name}"
    edit = appended(trace.policy, pointer, action)
    yield change_policy(trace.policy, fix_id, title, edit, opens=opens)


def appended(policy: Policy, pointer: str, value: str) -> Edit:
    """The edit that adds a value to a text or a list of texts."""
    present = value_at(policy.document, pointer)
    if isinstance(present, list):
        return ({"op": "add", "path": f"{pointer}/-", "value": value},)
    return ({"op": "replace", "path": pointer, "value": [present, value]},)


def accepted(policy: Policy, condition: Condition, value: str) -> tuple[Edit, str]:
    """The edit that adds a value to a condition, and how it does: beside the others, or instead.

    A pattern that is taken literally makes room: no value of a call has a wildcard in it.
    """
    if "like" not in condition.base and condition.base.startswith("string"):
        present = value_at(policy.document, condition.pointer)
        listed = present if isinstance(present, list) else [present]
        dead = [one for one in listed if has_wildcard(one) and matches(one, value)]
        if dead:
            kept = [one for one in listed if one not in dead]
            new: Any = [*kept, value] if isinstance(present, list) else value
            how = f"instead of `{dead[0]}`, which is taken literally"
            return ({"op": "replace", "path": condition.pointer, "value": new},), how
    return appended(policy, condition.pointer, value), "as well"


def new_statement(policy: Policy, statement: dict[str, Any]) -> Edit:
    """The edit that adds a statement to a policy."""
    present = policy.document["Statement"]
    if isinstance(present, list):
        return ({"op": "add", "path": "/Statement/-", "value": statement},)
    return ({"op": "replace", "path": "/Statement", "value": [present, statement]},)
