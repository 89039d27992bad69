"""Worlds for the rules: one caller of every kind, one role, and what stands between them."""

from collections.abc import Mapping
from typing import Any

from tests.worlds import DEPLOYER, A, B, allow, decided, policy, trust, verdict_of

MASTER = "999999999999"
ROOT, UNIT = "r-ab12", "ou-ab12-11111111"
CI = f"arn:aws:iam::{A}:role/ops/CI"
SESSION = f"arn:aws:sts::{A}:assumed-role/CI/build"
GITHUB = "token.actions.githubusercontent.com"
ENDPOINT = {"vpc_endpoint": "vpce-1"}
COMPANIONS = ["sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"]
EVERY_ACTION = ["sts:AssumeRole", *COMPANIONS]
NO_STS = [allow("s3:*")]
Statements = list[dict[str, Any]]
COMPOSITE: dict[str, Any] = {
    "Tags": [{"Key": "team", "Value": "web"}],
    "SourceIdentity": "alice",
    "ProvidedContexts": [
        {"ProviderArn": f"arn:aws:iam::{A}:contextProvider/x", "ContextAssertion": "abcd"}
    ],
}
"""Parameters that make a call need every action there is."""


def deny(action: Any = "sts:*", **more: Any) -> dict[str, Any]:
    """A Deny statement, of everything unless it is narrowed."""
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def deny_anyone(action: Any = "sts:*", **more: Any) -> dict[str, Any]:
    """A Deny statement as RCPs, endpoint policies and trust policies have it."""
    return {"Effect": "Deny", "Principal": "*", "Action": action, **more}


def role(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
    """A role with the statements of its trust policy."""
    return {"RoleName": name, "AssumeRolePolicyDocument": policy(*statements), **more}


def inline(*statements: Any) -> list[dict[str, Any]]:
    """A list with one inline policy."""
    return [{"PolicyName": "p", "PolicyDocument": policy(*statements)}]


def call_by(
    caller: str,
    *statements: Any,
    account: str = B,
    identity: Statements | None = None,
    boundary: Statements | None = None,
    session: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """A user and a role of one account with the same policies; DeployRole in `account`.

    `statements` are those of its trust policy; the caller may do everything unless `identity` says
    otherwise.
    """
    own: dict[str, Any] = {}
    home: dict[str, Any] = {}
    if boundary is not None:
        cap = f"arn:aws:iam::{A}:policy/cap"
        home["Policies"] = [{"PolicyName": "cap", "Arn": cap, "PolicyDocument": policy(*boundary)}]
        own["PermissionsBoundary"] = {"PermissionsBoundaryArn": cap}
    policies = inline(*([allow("*")] if identity is None else identity))
    home["UserDetailList"] = [{"UserName": "deployer", "UserPolicyList": policies, **own}]
    ci = role("CI", trust({"Service": "ec2.amazonaws.com"}), Path="/ops/", RolePolicyList=policies)
    home["RoleDetailList"] = [{**ci, **own}]
    accounts: dict[str, Any] = {A: home}
    roles = accounts.setdefault(account, {}).setdefault("RoleDetailList", [])
    roles.append(role("DeployRole", *statements))
    by: dict[str, Any] = {"arn": caller}
    if session is not None:
        by["session"] = dict(session)
    return {
        "scenario": 1,
        "accounts": accounts,
        "call": {
            "api": "AssumeRole",
            "caller": by,
            "parameters": {
                "RoleArn": f"arn:aws:iam::{account}:role/DeployRole",
                "RoleSessionName": "deploy-session",
                **parameters,
            },
        },
    }


def call_by_token(
    claims: Mapping[str, Any],
    condition: Mapping[str, Any] | None = None,
    *,
    action: Any = "sts:AssumeRoleWithWebIdentity",
    issuer: str = GITHUB,
    **parameters: Any,
) -> dict[str, Any]:
    """The bearer of an OIDC token; its provider is registered and trusted."""
    provider = f"arn:aws:iam::{B}:oidc-provider/{issuer}"
    more = {"Condition": dict(condition)} if condition else {}
    statement = trust({"Federated": provider}, action, **more)
    scenario = call_by(DEPLOYER, statement, **parameters)
    scenario["accounts"][B]["OpenIDConnectProviders"] = [
        {"Arn": provider, "ClientIDList": ["sts.amazonaws.com", "app"]}
    ]
    scenario["call"]["api"] = "AssumeRoleWithWebIdentity"
    usual = {"iss": f"https://{issuer}", "aud": "sts.amazonaws.com", "sub": "someone"}
    scenario["call"]["caller"] = {"claims": {**usual, **claims}}
    return scenario


def call_by_assertion(
    assertion: Mapping[str, Any],
    condition: Mapping[str, Any] | None = None,
    *,
    action: Any = "sts:AssumeRoleWithSAML",
    **parameters: Any,
) -> dict[str, Any]:
    """The bearer of a SAML assertion; its provider is registered and trusted."""
    provider = f"arn:aws:iam::{B}:saml-provider/Corp"
    more = {"Condition": dict(condition)} if condition else {}
    scenario = call_by(DEPLOYER, trust({"Federated": provider}, action, **more), **parameters)
    scenario["accounts"][B]["SAMLProviders"] = [{"Arn": provider}]
    scenario["call"]["api"] = "AssumeRoleWithSAML"
    scenario["call"]["caller"] = {"assertion": dict(assertion), "identity_provider": provider}
    scenario["call"]["parameters"]["PrincipalArn"] = provider
    del scenario["call"]["parameters"]["RoleSessionName"]
    return scenario


def call_by_service(service: str, *statements: Any, **parameters: Any) -> dict[str, Any]:
    """An AWS service that calls as itself."""
    scenario = call_by(DEPLOYER, *statements, **parameters)
    scenario["call"]["caller"] = {"service": service}
    return scenario


def organization(
    *members: str,
    scps: Mapping[str, Statements] | None = None,
    rcps: Mapping[str, Statements] | None = None,
) -> dict[str, Any]:
    """One root, one unit with the members; policies by level, FullAWSAccess where none is given."""
    levels = (ROOT, UNIT, *members)
    limits = {level: [allow("*")] for level in levels} | dict(scps or {})
    policies = [
        {"Id": f"p-{kind[0]}-{level}", "Type": kind, "Content": policy(*found), "Targets": [level]}
        for kind, by_level in (
            ("SERVICE_CONTROL_POLICY", limits),
            ("RESOURCE_CONTROL_POLICY", rcps),
        )
        for level, found in (by_level or {}).items()
    ]
    return {
        "Id": "o-exampleorgid",
        "MasterAccountId": MASTER,
        "Roots": [{"Id": ROOT}],
        "OrganizationalUnits": [{"Id": UNIT, "ParentId": ROOT}],
        "Accounts": [{"Id": member, "ParentId": UNIT} for member in members],
        "Policies": policies,
    }


def through_endpoint(scenario: dict[str, Any], *statements: Any) -> dict[str, Any]:
    """The same call through a VPC endpoint, whose policy has these statements."""
    endpoint: dict[str, Any] = {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1"}
    if statements:
        endpoint["PolicyDocument"] = policy(*statements)
    scenario["accounts"][A]["VpcEndpoints"] = [endpoint]
    scenario["call"]["network"] = {"vpc_endpoint": "vpce-1", "vpc": "vpc-1"}
    return scenario


def verdict(scenario: Mapping[str, Any]) -> str:
    """The verdict alone."""
    return verdict_of(scenario)


def passes(scenario: Mapping[str, Any]) -> bool:
    """Whether the call is allowed; a test fails where the answer is not certain."""
    found = verdict(scenario)
    assert found in ("allowed", "denied")
    return found == "allowed"


def gates_that_block(scenario: Mapping[str, Any]) -> set[str]:
    """The gates that deny for certain."""
    return {gate.gate.value for gate in decided(scenario).blocking()}
