"""Worlds in which one Deny, of one shape at one layer, stops a call that all else lets through."""

import itertools
from collections.abc import Iterator
from typing import Any

from tests.worlds import ROLE, A, B, allow, classic, policy, trust

OTHER_ROLE = f"arn:aws:iam::{B}:role/Other"
VPCE, ORG, OU = "vpce-0123456789abcdef0", "o-exampleorgid", "ou-ab12-11111111"
ISSUER = "idp.example.com"
OIDC = f"arn:aws:iam::{B}:oidc-provider/{ISSUER}"
SAML = f"arn:aws:iam::{B}:saml-provider/Corp"
ACTIONS = {
    "user": "sts:AssumeRole",
    "role": "sts:AssumeRole",
    "service": "sts:AssumeRole",
    "token": "sts:AssumeRoleWithWebIdentity",
    "assertion": "sts:AssumeRoleWithSAML",
}
SIGNED = ("user", "role")
LAYERS = {
    "trust": ACTIONS,
    "inline": SIGNED,
    "group": ("user",),
    "managed": SIGNED,
    "boundary": SIGNED,
    "session": ("role",),
    "scp": SIGNED,
    "rcp": ACTIONS,
    "vpc-endpoint": (*SIGNED, "token", "assertion"),
}
RESOURCES: dict[str, dict[str, Any]] = {
    "all": {"Resource": "*"},
    "exact": {"Resource": ROLE},
    "listed": {"Resource": [ROLE, OTHER_ROLE]},
    "account": {"Resource": f"arn:aws:iam::{B}:role/*"},
    "pattern": {"Resource": f"arn:aws:iam::{B}:role/*e*"},
    "not": {"NotResource": f"arn:aws:iam::{B}:role/Nothing"},
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "region": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}},
    "exceptions": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/Admin"}},
    "organization": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-anotherorg0"}},
    "subjects": {"StringNotLikeIfExists": {f"{ISSUER}:sub": ["team/bob", "other/*"]}},
    "issuers": {"Null": {"gitlab.com:sub": "true", "app.example.com:sub": "true"}},
    "unsigned": {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
}
NAMES = ("called", "listed", "sts", "all", "not")


def worlds() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every shape of a Deny in every layer, thinned out evenly, with a name for the test."""
    for layer, callers in LAYERS.items():
        resources = ["all"] if layer == "trust" else list(RESOURCES)
        shapes = itertools.product(callers, NAMES, resources, CONDITIONS)
        for n, (caller, action, resource, condition) in enumerate(shapes):
            takes_none = layer in ("rcp", "trust") and action in ("all", "not")
            if takes_none or (condition == "unsigned" and caller == "service"):
                continue  # neither takes these actions; the condition spares services
            if n % (7 if layer != "trust" else 2) == 0:
                name = f"{layer}-{caller}-{action}-{resource}-{condition}"
                yield name, world(layer, caller, action, resource, condition)


def world(layer: str, caller: str, action: str, resource: str, condition: str) -> dict[str, Any]:
    """One of them."""
    deny = {"Effect": "Deny", **_actions(action, ACTIONS[caller]), **RESOURCES[resource]}
    if CONDITIONS[condition]:
        deny["Condition"] = CONDITIONS[condition]
    scenario = _open(caller)
    match layer:
        case "trust":
            named = {key: value for key, value in deny.items() if "Resource" not in key}
            role = scenario["accounts"][B]["RoleDetailList"][0]
            role["AssumeRolePolicyDocument"]["Statement"].append({**named, "Principal": "*"})
        case "session":
            session = {"policy": policy(allow("*"), deny)}
            scenario["call"]["caller"]["session"] = session
        case "scp":
            _attach(scenario, "SERVICE_CONTROL_POLICY", policy(deny))
        case "rcp":
            _attach(scenario, "RESOURCE_CONTROL_POLICY", policy({**deny, "Principal": "*"}))
        case "vpc-endpoint":
            _through_endpoint(scenario, {**deny, "Principal": "*"})
        case _:
            _of_principals(scenario["accounts"][A], layer, caller, deny)
    return scenario


def _of_principals(account: dict[str, Any], layer: str, caller: str, deny: dict[str, Any]) -> None:
    """The Deny in a policy of the caller, or in one that its colleagues have as well."""
    users, roles = account["UserDetailList"], account["RoleDetailList"]
    entry = {"PolicyName": "Deny", "PolicyDocument": policy(deny)}
    if layer == "inline":
        own, key = (users[0], "UserPolicyList") if caller == "user" else (roles[0], _OF_ROLE)
        own[key] = [*own[key], entry]
    elif layer == "group":
        account["GroupDetailList"] = [{"GroupName": "ops", "GroupPolicyList": [entry]}]
        for user in users:
            user["GroupList"] = ["ops"]
    elif layer == "managed":
        _managed(account, deny)
        for member in (*users, *roles):
            member["AttachedManagedPolicies"] = [{"PolicyArn": _ARN, "PolicyName": "Shared"}]
    else:
        _managed(account, allow("*"), deny)
        for member in (*users, *roles):
            member["PermissionsBoundary"] = {"PermissionsBoundaryArn": _ARN}


_OF_ROLE = "RolePolicyList"
_ARN = f"arn:aws:iam::{A}:policy/Shared"


def _actions(kind: str, called: str) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {
        "called": {"Action": called},
        "listed": {"Action": [called, "sts:SetSourceIdentity"]},
        "sts": {"Action": "sts:*"},
        "all": {"Action": "*"},
        "not": {"NotAction": "s3:*"},
    }
    return found[kind]


def _managed(account: dict[str, Any], *statements: dict[str, Any]) -> None:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": policy(*statements)}
    account["Policies"] = [
        {"PolicyName": "Shared", "Arn": _ARN, "DefaultVersionId": "v1",
         "PolicyVersionList": [version]}
    ]  # fmt: skip


def _attach(scenario: dict[str, Any], kind: str, content: dict[str, Any]) -> None:
    listed = scenario["organization"]["Policies"]
    entry = {"Id": "p-deny1234", "Name": "Guardrail", "Type": kind, "Content": content}
    listed.append({**entry, "Targets": ["r-ab12", OU]})


def _through_endpoint(scenario: dict[str, Any], deny: dict[str, Any]) -> None:
    scenario["accounts"][A]["VpcEndpoints"] = [
        {"VpcEndpointId": VPCE, "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.sts",
         "PolicyDocument": policy(allow("*", Principal="*"), deny)}
    ]  # fmt: skip
    scenario["call"]["network"] = {"vpc_endpoint": VPCE, "region": "us-east-1"}


def _open(caller: str) -> dict[str, Any]:
    """A world where the call passes, and where others may assume both roles as well."""
    bearers = [
        trust({"AWS": f"arn:aws:iam::{A}:root"}),
        trust({"Service": "ec2.amazonaws.com"}),
        trust({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity"),
        trust({"Federated": SAML}, "sts:AssumeRoleWithSAML"),
    ]
    scenario = classic(trust_statements=bearers, identity=[allow("sts:AssumeRole")])
    account_a, account_b = scenario["accounts"][A], scenario["accounts"][B]
    own = {"PolicyName": "Own", "PolicyDocument": policy(allow("sts:AssumeRole"))}
    account_a["UserDetailList"].append({"UserName": "colleague", "UserPolicyList": [own]})
    account_a["RoleDetailList"] = [
        {"RoleName": name, "RolePolicyList": [own],
         "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"}))}
        for name in ("CI", "Nightly")
    ]  # fmt: skip
    account_b["RoleDetailList"].append(
        {"RoleName": "Other", "AssumeRolePolicyDocument": policy(*bearers)}
    )
    account_b["OpenIDConnectProviders"] = [{"Arn": OIDC, "ClientIDList": ["client"]}]
    account_b["SAMLProviders"] = [{"Arn": SAML}]
    scenario["organization"] = _organization()
    scenario["call"]["network"] = {"region": "us-east-1", "source_ip": "203.0.113.7"}
    scenario["call"] |= _call(caller, scenario["call"]["parameters"])
    return scenario


def _organization() -> dict[str, Any]:
    levels = ["r-ab12", OU, A, B]
    return {
        "Id": ORG,
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "OrganizationalUnits": [{"Id": OU, "Name": "Workloads", "ParentId": "r-ab12"}],
        "Accounts": [{"Id": A, "ParentId": OU}, {"Id": B, "ParentId": OU}],
        "Policies": [
            {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": levels}
        ],
    }


def _call(caller: str, parameters: dict[str, Any]) -> dict[str, Any]:
    match caller:
        case "role":
            return {"caller": {"arn": f"arn:aws:sts::{A}:assumed-role/CI/build"}}
        case "service":
            return {"caller": {"service": "ec2.amazonaws.com"}}
        case "token":
            claims = {"iss": f"https://{ISSUER}", "aud": "client", "sub": "team/alice"}
            return {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": claims}}
        case "assertion":
            return {
                "api": "AssumeRoleWithSAML",
                "caller": {
                    "identity_provider": SAML,
                    "assertion": {"SAML:aud": "https://signin.aws.amazon.com/saml"},
                },
                "parameters": {"RoleArn": parameters["RoleArn"], "PrincipalArn": SAML},
            }
        case _:
            return {}
