"""Small worlds that are edited and compared."""

import copy
from collections.abc import Callable
from typing import Any

from assumable.org.drift import Drift, drift
from tests.org.any_world import SCP, managed
from tests.worlds import DEPLOYER, NOW, A, B, allow, classic, parsed, policy, trust

USER = f"user/deployer ({A})"
TARGET = f"role/DeployRole ({B})"
ROOT = {"AWS": f"arn:aws:iam::{A}:root"}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
ORG = "o-exampleorgid"
Scenario = dict[str, Any]
Edit = Callable[[Scenario], None]


def compared(old: Scenario, new: Scenario) -> Drift:
    return drift(parsed(old).world, parsed(new).world, NOW)


def told(found: Drift) -> list[tuple[str, int, tuple[str, ...], bool]]:
    """Direction, pairs, and the edits that did it."""
    return [
        (
            change.direction,
            change.pairs,
            tuple(edit.what for edit in change.cause.edits),
            change.cause.together,
        )
        for change in found.changes
    ]


def edited(scenario: Scenario, *edits: Edit) -> Scenario:
    found = copy.deepcopy(scenario)
    for edit in edits:
        edit(found)
    return found


def user_of(scenario: Scenario) -> Any:
    return scenario["accounts"][A]["UserDetailList"][0]


def role_of(scenario: Scenario) -> Any:
    return scenario["accounts"][B]["RoleDetailList"][0]


def trusting(*statements: Any) -> Edit:
    def edit(scenario: Scenario) -> None:
        role_of(scenario)["AssumeRolePolicyDocument"] = policy(*statements)

    return edit


def holding(*statements: Any, name: str = "AssumeRolePolicy") -> Edit:
    def edit(scenario: Scenario) -> None:
        held = [{"PolicyName": name, "PolicyDocument": policy(*statements)}] if statements else []
        user_of(scenario)["UserPolicyList"] = held

    return edit


def with_user(**details: Any) -> Edit:
    return lambda scenario: user_of(scenario).update(details)


def with_role(**details: Any) -> Edit:
    return lambda scenario: role_of(scenario).update(details)


def policies_of_account(*found: Any) -> Edit:
    def edit(scenario: Scenario) -> None:
        scenario["accounts"][A]["Policies"] = list(found)

    return edit


def in_organization(*policies: Any, unit: str = "r-ab12") -> Edit:
    """Both accounts, of which A may stand in a unit of its own."""

    def edit(scenario: Scenario) -> None:
        everywhere = ["r-ab12", "ou-ab12-11111111", A, B]
        full = {"Id": "p-FullAWSAccess", "Type": SCP, "Targets": everywhere}
        scenario["organization"] = {
            "Id": ORG,
            "MasterAccountId": "999999999999",
            "Roots": [{"Id": "r-ab12"}],
            "OrganizationalUnits": [{"Id": "ou-ab12-11111111", "ParentId": "r-ab12"}],
            "Accounts": [{"Id": A, "ParentId": unit}, {"Id": B, "ParentId": "r-ab12"}],
            "Policies": [full, *policies],
        }

    return edit


def denying(*targets: str, kind: str = "SERVICE", condition: Any = None) -> dict[str, Any]:
    statement: dict[str, Any] = {**allow("sts:*"), "Effect": "Deny"}
    if kind == "RESOURCE":
        statement["Principal"] = "*"
    if condition:
        statement["Condition"] = condition
    return {"Id": "p-deny1234", "Name": "DenySts", "Type": f"{kind}_CONTROL_POLICY",
            "Content": policy(statement), "Targets": list(targets)}  # fmt: skip


def boundary(name: str) -> Edit:
    return with_user(
        PermissionsBoundary={"PermissionsBoundaryArn": f"arn:aws:iam::{A}:policy/{name}"}
    )


def with_provider(host: str) -> Edit:
    """One of OIDC, in the account of the role."""
    listed = [{"Arn": f"arn:aws:iam::{B}:oidc-provider/{host}", "ClientIDList": []}]
    return lambda scenario: scenario["accounts"][B].update(OpenIDConnectProviders=listed)


BASE = edited(classic(), policies_of_account(
    managed("Open", policy(allow("*"))), managed("Closed", policy(allow("s3:*")))
))  # fmt: skip
CLOSED_TO_IT = edited(BASE, trusting(trust({"AWS": f"arn:aws:iam::{A}:user/other"})))
ORGANIZED = edited(BASE, in_organization())
ASKS = edited(BASE, trusting(trust({"AWS": DEPLOYER}, Condition=MFA)))
ASKS_ELSE = edited(BASE, trusting(trust({"AWS": DEPLOYER}, Condition={
    "StringEquals": {"sts:ExternalId": "a"}})))  # fmt: skip
