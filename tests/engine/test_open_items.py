"""Each open item has a default, and `--assume` decides it otherwise."""

import copy
from typing import Any

import msgspec
import pytest

from assumable.diagnose import diagnose
from assumable.engine.evaluate import decide
from assumable.engine.open_items import OPEN_ITEMS
from tests.worlds import DEPLOYER, A, B, allow, classic, parsed, policy, trust

BOUNDED = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"arn:aws:iam::{A}:policy/edge"}}
NO_STS = {
    "PolicyName": "edge",
    "Arn": f"arn:aws:iam::{A}:policy/edge",
    "PolicyVersionList": [
        {
            "VersionId": "v1",
            "IsDefaultVersion": True,
            "Document": policy(allow("s3:*")),
        }
    ],
}


def same_account(trusted: dict[str, Any], **user: Any) -> dict[str, Any]:
    """The user deployer asks for a role of its own account."""
    scenario = classic(trust_statements=[trusted], identity=[allow("s3:*")])
    role = scenario["accounts"].pop(B)["RoleDetailList"]
    scenario["accounts"][A].update({"RoleDetailList": role, "Policies": [NO_STS]})
    scenario["accounts"][A]["UserDetailList"][0].update(user)
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{A}:role/DeployRole"
    return scenario


def by_token(principal: Any) -> dict[str, Any]:
    """A bearer of a token under a trust policy open to everyone, in some form."""
    issuer = "token.actions.githubusercontent.com"
    scenario = classic(
        trust_statements=[trust(principal, "sts:AssumeRoleWithWebIdentity")],
    )
    arn = f"arn:aws:iam::{B}:oidc-provider/{issuer}"
    provider = {"Arn": arn, "ClientIDList": ["sts.amazonaws.com"]}
    scenario["accounts"][B]["OpenIDConnectProviders"] = [provider]
    scenario["call"]["api"] = "AssumeRoleWithWebIdentity"
    claims = {"iss": f"https://{issuer}", "aud": "sts.amazonaws.com", "sub": "repo:o/r:ref"}
    scenario["call"]["caller"] = {"claims": claims, "identity_provider": arn}
    return scenario


def member_of_strict_organization() -> dict[str, Any]:
    """The role's account has no SCP that allows anything."""
    scenario = by_token("*")
    scenario["organization"] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": B, "ParentId": "r-ab12"}],
        "Policies": [
            {
                "Id": "p-nothing1",
                "Type": "SERVICE_CONTROL_POLICY",
                "Content": policy({"Effect": "Deny", "Action": "*", "Resource": "*"}),
                "Targets": ["r-ab12"],
            }
        ],
    }
    return scenario


def with_session(parameters: dict[str, Any], **caller: Any) -> dict[str, Any]:
    """A working call by GetSessionToken credentials."""
    scenario = classic(**parameters)
    scenario["call"]["caller"].update(credentials="session-token", **caller)
    return scenario


def with_tag_inherited() -> dict[str, Any]:
    """A role session hands a transitive tag on; nobody allows sts:TagSession."""
    caller = f"arn:aws:sts::{A}:assumed-role/CI/build"
    scenario = classic(trust_statements=[trust({"AWS": f"arn:aws:iam::{A}:role/CI"})])
    scenario["accounts"][A] = {
        "RoleDetailList": [
            {
                "RoleName": "CI",
                "AssumeRolePolicyDocument": policy(),
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
            }
        ]
    }
    session = {"tags": {"team": "web"}, "transitive_tag_keys": ["team"]}
    scenario["call"]["caller"] = {"arn": caller, "session": session}
    return scenario


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    """A working call but for one condition of the trust policy."""
    return classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition={operator: {key: value}})])


def by_itself() -> dict[str, Any]:
    """A role asks for itself; its own policies allow it, its trust policy names nobody."""
    scenario = with_tag_inherited()
    del scenario["call"]["caller"]["session"]
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{A}:role/CI"
    return scenario


def through_opt_in_region() -> dict[str, Any]:
    """The caller's account has not enabled the Region of the endpoint."""
    scenario = classic()
    scenario["call"]["network"] = {"region": "me-south-1"}
    off = {"RegionName": "me-south-1", "OptInStatus": "not-opted-in"}
    scenario["accounts"][A]["Regions"] = [off]
    return scenario


def with_long_source_identity() -> dict[str, Any]:
    """A source identity of 65 characters that everybody allows."""
    both = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    return classic(
        identity=[allow(both)],
        trust_statements=[trust({"AWS": DEPLOYER}, both)],
        SourceIdentity="a" * 65,
    )


def for_two_hours() -> dict[str, Any]:
    """GetSessionToken credentials ask for more than an hour."""
    scenario = with_session({"DurationSeconds": 7200})
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = 43_200
    return scenario


def for_root() -> dict[str, Any]:
    """AssumeRoot for a member whose RCP denies everything."""
    scenario = classic(identity=[allow("sts:AssumeRoot")])
    denies = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    scenario["organization"] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": A,
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": B, "ParentId": "r-ab12"}],
        "Policies": [
            {
                "Id": "p-nothing2",
                "Type": "RESOURCE_CONTROL_POLICY",
                "Content": policy(denies),
                "Targets": [B],
            }
        ],
    }
    task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
    scenario["call"] |= {
        "api": "AssumeRoot",
        "parameters": {"TargetPrincipal": B, "TaskPolicyArn": {"arn": task}},
    }
    return scenario


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "U-3": (for_root(), "allowed", "denied"),
    "U-4": (same_account(trust({"AWS": DEPLOYER}), **BOUNDED), "allowed", "denied"),
    "U-9": (for_two_hours(), "denied", "allowed"),
    "U-21": (by_itself(), "denied", "allowed"),
    "C-1": (with_session({}), "allowed", "denied"),
    "C-4": (with_long_source_identity(), "allowed", "denied"),
    "C-11": (through_opt_in_region(), "denied", "allowed"),
    "U-19": (member_of_strict_organization(), "allowed", "denied"),
    "U-20": (by_token("*"), "allowed", "denied"),
    "C-2": (by_token({"AWS": "*"}), "denied", "allowed"),
    "C-7": (condition("ForAllValues:StringNotLike", "aws:TagKeys", "a*"), "allowed", "denied"),
    "C-9": (with_tag_inherited(), "denied", "allowed"),
    "C-10": (same_account(trust({"AWS": DEPLOYER})), "allowed", "denied"),
}


@pytest.mark.rule(
    "U-4", "U-9", "U-19", "U-20", "U-21", "C-1", "C-2", "C-4", "C-7", "C-9", "C-10", "C-11"
)
@pytest.mark.parametrize("item", CASES)
def test_an_open_item_is_decided_by_its_default_or_otherwise(item: str) -> None:
    """The default decides, `--assume` decides otherwise, and the answer names the item."""
    scenario, by_default, otherwise = CASES[item]
    world, call = parsed(copy.deepcopy(scenario))
    assert decide(world, call).verdict == by_default
    assert item in diagnose(world, call).uncertain
    turned = {item: not OPEN_ITEMS[item].default}
    assert decide(world, msgspec.structs.replace(call, assumptions=turned)).verdict == otherwise
    kept = {item: bool(OPEN_ITEMS[item].default)}
    assert decide(world, msgspec.structs.replace(call, assumptions=kept)).verdict == by_default


def test_every_item_with_a_default_changes_something() -> None:
    """An item that changes no verdict does not belong into the table; U-3 is AssumeRoot's."""
    assert CASES.keys() | {"U-3"} == {
        item.id for item in OPEN_ITEMS.values() if item.default is not None
    }


def test_items_that_do_not_matter_are_not_named() -> None:
    """The plain cross-account call depends on nothing open."""
    assert diagnose(*parsed(classic())).uncertain == ()
