"""Roles that IAM Identity Center makes for permission sets (R2.11, R2.12)."""

from collections.abc import Iterator
from typing import Any

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy
from assumable.findings.report import actions_needed, new_statement
from assumable.model.policy import Policy, Statement
from assumable.source import value_at

_PREFIX = "AWSReservedSSO_"


def permission_set(name: str) -> str:
    """The name of such a role without its suffix; empty for other roles."""
    return name.rpartition("_")[0] if name.startswith(_PREFIX) else ""


def are_of_one_set(left: str, right: str) -> bool:
    """Whether two role names are of one permission set."""
    return bool(permission_set(left)) and permission_set(left) == permission_set(right)


def difference(got: str, exact: str) -> str:
    """What makes one such ARN differ from another of the same permission set, in words."""
    theirs, mine = arn.parse(got), arn.parse(exact)
    if theirs is None or mine is None:
        return ""
    suffix = "the suffix changes when the permission set is assigned to the account again"
    path = (
        "the path differs: it has the Region of IAM Identity Center, and none when that is "
        "us-east-1"
    )
    own_session = theirs.kind == "assumed-role"
    told = [suffix] if own_session or theirs.name != mine.name else []
    told += [path] if not own_session and theirs.path != mine.path else []
    return "; ".join(told)


def fixes(decision: Decision, trust: Policy, statement: Statement, exact: str) -> Iterator[Fix]:
    """The account, limited to the roles of this permission set whatever their suffix is.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    parts = arn.parse(exact)
    if parts is None or not isinstance(decision.facts.principal_arn, str):
        return  # without the path the pattern would be a guess
    pattern = f"{exact.rpartition('_')[0]}_*"
    condition = dict(value_at(trust.document, statement.pointer).get("Condition") or {})
    if any(key.lower() == "aws:principalarn" for block in condition.values() for key in block):
        return
    condition["ArnLike"] = {**condition.get("ArnLike", {}), "aws:PrincipalArn": pattern}
    own: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{parts.partition}:iam::{parts.account}:root"},
        "Action": actions_needed(decision),
        "Condition": condition,
    }
    name = permission_set(parts.name).removeprefix(_PREFIX)
    yield change_policy(
        trust,
        "trust-principal/name-the-permission-set",
        f"trust the permission set {name} of account {parts.account}, whatever its suffix is",
        new_statement(trust, own),
        opens=f"everyone with a permission set of account {parts.account} whose name is {name}, or "
        f"begins with {name}_",
    )
