"""Roles that IAM Identity Center makes for permission sets (R2.11, R2.12)."""

from collections.abc import Iterator
from typing import Any

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings import commands
from assumable.findings.finding import Fix, Target
from assumable.findings.fix import change_policy, diff_of, patched
from assumable.findings.report import actions_needed, administrator_of, appended, new_statement
from assumable.model.policy import Condition, Layer, Policy, Statement
from assumable.model.world import Role
from assumable.source import value_at

_PREFIX, _PATH = "AWSReservedSSO_", ":role/aws-reserved/sso.amazonaws.com/"
_PATH_DIFFERS = (
    "the path differs: it has the Region of IAM Identity Center, and none when that is us-east-1"
)


def permission_set(name: str) -> str:
    """The name of such a role without its suffix; empty for other roles."""
    return name.rpartition("_")[0] if name.startswith(_PREFIX) else ""


def pattern_of(exact: str) -> str:
    """The ARN of such a role, whatever its suffix is."""
    return f"{exact.rpartition('_')[0]}_*"


def role_of(principal: str) -> str:
    """The name of the role that a role's or a session's ARN is of."""
    parts = arn.parse(principal)
    if parts is None:
        return ""
    in_session = parts.kind == "assumed-role" and parts.resource.count("/") > 1
    return parts.resource.split("/")[-2] if in_session else parts.name


def are_of_one_set(left: str, right: str) -> bool:
    """Whether two role names are of one permission set."""
    return bool(permission_set(left)) and permission_set(left) == permission_set(right)


def difference(got: str, exact: str) -> str:
    """What makes one such ARN differ from another of the same permission set, in words."""
    theirs, mine = arn.parse(got), arn.parse(exact)
    if theirs is None or mine is None:
        return ""
    if theirs.kind == "role" and theirs.name == mine.name:
        what = "the same role without its path" if theirs.path == "/" else "the same role"
        return f"{what}: {_PATH_DIFFERS}"
    suffix = "the suffix changes when the permission set is assigned to the account again"
    told = f"another role of the same permission set: {suffix}"
    same_path = theirs.kind == "assumed-role" or theirs.path == mine.path
    return told if same_path else f"{told}; {_PATH_DIFFERS}"


def about_condition(decision: Decision, condition: Condition) -> str:
    """Why a pattern for such roles misses one whose path has, or lacks, a Region (R2.11)."""
    exact = decision.facts.principal_arn
    if condition.key.lower() != "aws:principalarn" or not isinstance(exact, str):
        return ""
    mine = exact.count("/")
    meant = [v for v in condition.values if _PATH in v and _PATH in exact and v.count("/") != mine]
    return f"; {_PATH_DIFFERS}" if meant else ""


def fixes(decision: Decision, trust: Policy, statement: Statement, exact: str) -> Iterator[Fix]:
    """The account, limited to the roles of this permission set whatever their suffix is.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    parts = arn.parse(exact)
    if parts is None or not isinstance(decision.facts.principal_arn, str):
        return  # without the path the pattern would be a guess
    condition = dict(value_at(trust.document, statement.pointer).get("Condition") or {})
    if any(key.lower() == "aws:principalarn" for block in condition.values() for key in block):
        return
    condition["ArnLike"] = {**condition.get("ArnLike", {}), "aws:PrincipalArn": pattern_of(exact)}
    own: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{parts.partition}:iam::{parts.account}:root"},
        "Action": actions_needed(decision),
        "Condition": condition,
    }
    yield change_policy(
        trust,
        "trust-principal/name-the-permission-set",
        f"trust the permission set of {parts.name}, whatever its suffix is",
        new_statement(trust, own),
        opens=_opens(parts),
    )


def pattern_fixes(trust: Policy, condition: Condition, exact: str) -> Iterator[Fix]:
    """The same pattern in a condition that already limits an account (R2.12)."""
    parts = arn.parse(exact)
    wild = condition.base in ("arnlike", "arnequals", "stringlike")
    if parts is None or not permission_set(parts.name) or not wild:
        return
    yield change_policy(
        trust,
        "trust-condition/name-the-permission-set",
        f"add {pattern_of(exact)} to the condition on {condition.key}",
        appended(trust, condition.pointer, pattern_of(exact)),
        opens=_opens(parts),
    )


def permission_set_fixes(
    decision: Decision, role: Role, statement: dict[str, Any]
) -> Iterator[Fix]:
    """Allow it in the permission set, which nobody can look into from the role's account.

    A permission set has one inline policy, and saving one replaces it.
    https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PutInlinePolicyToPermissionSet.html
    """
    inline = [p for p in role.policies if isinstance(p, Policy) and not p.name.arn]
    before = inline[0].document if len(inline) == 1 else None
    after = {"Version": "2012-10-17", "Statement": [statement]}
    if before is not None:
        after = patched(before, new_statement(inline[0], statement))
    name = permission_set(role.name).removeprefix(_PREFIX)
    owner = administrator_of(decision.facts.caller_organization, role.account)
    policy_name = inline[0].name.name if inline else "inline policy"
    yield Fix(
        id="identity-permission/allow-in-the-permission-set",
        title=f"allow it in the inline policy of permission set {name}, where IAM Identity Center "
        "is administered",
        owner=owner,
        safety="display",
        target=Target(kind="principal", arn=role.arn, name=policy_name, layer=Layer.IDENTITY,
                      account=owner),
        diff=diff_of(before, after, policy_name),
        commands=commands.put_in_permission_set(after),
        remark="IAM Identity Center keeps permission sets, and the role is only made from one",
        opens=f"everyone who is assigned permission set {name}, in every account, for this role "
        "only",
    )  # fmt: skip


def _opens(parts: arn.Arn) -> str:
    name = permission_set(parts.name).removeprefix(_PREFIX)
    return (
        f"everyone with a permission set of account {parts.account} whose name is {name}, or "
        f"begins with {name}_"
    )
