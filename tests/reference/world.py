"""Who calls, which role, and which policies concern them (sections 1.2, 2.1 and 10)."""

from typing import Any

from tests.reference.operators import as_list

SERVICE_LINKED = "/aws-service-role/"
IDENTITY_CENTER = "/aws-reserved/sso.amazonaws.com/"
ROLE_PAIRS = "https://aws.amazon.com/SAML/Attributes/Role"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
EVERYTHING = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
BUILT_IN = (  # section 2.1: providers that need no registration
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
)
DEFAULT_REGIONS = {  # enabled without opting in; every other Region is opt-in
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "sa-east-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "cn-north-1",
    "cn-northwest-1",
}


def find_caller(scenario: dict, role: dict) -> dict | None:
    """The caller, or None when no such user or role exists."""
    given = scenario["call"]["caller"]
    caller: dict = {"linked": False, "temporary": False}
    if "service" in given:
        return caller | {"kind": "service", "service": given["service"]}
    if "claims" in given:
        return caller | {"kind": "web", "federated": oidc_provider(given["claims"], role)}
    if "assertion" in given:
        return caller | {"kind": "saml", "federated": saml_provider(scenario["call"], role)}
    _, partition, _, _, account_id, name = given["arn"].split(":", 5)
    prefix = f"arn:{partition}:iam::{account_id}:"
    caller |= {"arn": given["arn"], "partition": partition, "account": account_id}
    caller |= {"principal_arn": given["arn"], "account_names": {account_id, f"{prefix}root"}}
    if name == "root":
        return caller | {"kind": "root"}
    if name.startswith("federated-user/") or given.get("credentials") == "federation-token":
        return caller | {"kind": "federated"}
    return find_principal(scenario, caller, name, prefix)


def find_principal(scenario: dict, caller: dict, name: str, prefix: str) -> dict | None:
    """The IAM user or the role session."""
    given, account = scenario["call"]["caller"], scenario["accounts"].get(caller["account"], {})
    for user in account.get("UserDetailList", []):
        if f"user{user.get('Path', '/')}{user['UserName']}" == name:
            temporary = given.get("credentials") == "session-token" or bool(given.get("mfa"))
            return caller | {"kind": "user", "record": user, "temporary": temporary}
    for role in account.get("RoleDetailList", []):
        path = role.get("Path", "/")
        if name.startswith(f"assumed-role/{role['RoleName']}/"):  # no path in it (section 2.1)
            caller["principal_arn"] = f"{prefix}role{path}{role['RoleName']}"
            caller |= {"kind": "session", "record": role, "temporary": True}
            return caller | {"linked": path.startswith(SERVICE_LINKED)}
    return None


def oidc_provider(claims: dict, role: dict) -> str:
    """The built-in name, or the ARN that the issuer has to be registered under (R5.12)."""
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    place = f"arn:{role['partition']}:iam::{role['account']}"
    return issuer if issuer in BUILT_IN else f"{place}:oidc-provider/{issuer}"


def saml_provider(call: dict, role: dict) -> str | None:
    """PrincipalArn; left out, what the caller or the one pair for this role says (5.7)."""
    named = call["parameters"].get("PrincipalArn") or call["caller"].get("identity_provider")
    if named:
        return named
    pairs = [pair.split(",") for pair in as_list(call["caller"]["assertion"].get(ROLE_PAIRS, []))]
    offered = {arn for pair in pairs for arn in pair if role["arn"] in pair} - {role["arn"]}
    return offered.pop() if len(offered) == 1 else None


def find_role(scenario: dict) -> dict | None:
    """The target, under exactly the ARN that the call gives (section 7.2, items 2 and 3)."""
    arn = scenario["call"]["parameters"].get("RoleArn", "")
    _, partition, _, _, account, *_ = arn.split(":", 5) + [""] * 5
    for role in scenario["accounts"].get(account, {}).get("RoleDetailList", []):
        path = role.get("Path", "/")
        if arn == f"arn:{partition}:iam::{account}:role{path}{role['RoleName']}":
            place = {"arn": arn, "partition": partition, "account": account}
            return place | {"path": path, "record": role}
    return None


# ---- policies ----------------------------------------------------------------------------------


def managed(account: dict, arn: str) -> dict:
    policy = next(p for p in account["Policies"] if p["Arn"] == arn)
    return next(v["Document"] for v in policy["PolicyVersionList"] if v["IsDefaultVersion"])


def identity_policies(account: dict, caller: dict) -> list[dict]:
    """Inline and attached policies of the user or role, and of the user's groups."""
    member_of = caller["record"].get("GroupList", [])
    groups = [g for g in account.get("GroupDetailList", []) if g["GroupName"] in member_of]
    documents = []
    for holder in [caller["record"], *groups]:
        for inline in ("UserPolicyList", "RolePolicyList", "GroupPolicyList"):
            documents += [policy["PolicyDocument"] for policy in holder.get(inline, [])]
        attached = holder.get("AttachedManagedPolicies", [])
        documents += [managed(account, policy["PolicyArn"]) for policy in attached]
    return documents


def boundary_policies(account: dict, caller: dict) -> list[dict] | None:
    boundary = caller["record"].get("PermissionsBoundary")
    return [managed(account, boundary["PermissionsBoundaryArn"])] if boundary else None


def session_policies(account: dict, session: dict) -> list[dict] | None:
    documents = [session["policy"]] if session.get("policy") else []
    documents += [managed(account, arn) for arn in session.get("policy_arns", [])]
    return documents or None


def find_endpoint(scenario: dict) -> dict | None:
    """The VPC endpoint that the call goes through; None on the public endpoint."""
    wanted = scenario["call"]["network"].get("vpc_endpoint")
    listed = [e for a in scenario["accounts"].values() for e in a.get("VpcEndpoints", [])]
    return next(e for e in listed if e["VpcEndpointId"] == wanted) if wanted else None


def endpoint_policies(scenario: dict) -> list[dict] | None:
    endpoint = find_endpoint(scenario)
    return [endpoint.get("PolicyDocument", EVERYTHING)] if endpoint else None  # R1.30


# ---- organizations and Regions -----------------------------------------------------------------


def find_organization(scenario: dict, account: str | None) -> dict | None:
    for org in as_list(scenario.get("organization", [])):
        if account in [org["MasterAccountId"], *(a["Id"] for a in org["Accounts"])]:
            return org
    return None


def levels(org: dict, account: str) -> list[str]:
    """Root, organizational units, account."""
    parents = {entry["Id"]: entry["ParentId"] for entry in org["OrganizationalUnits"]}
    parents |= {entry["Id"]: entry["ParentId"] for entry in org["Accounts"]}
    path = [account, parents.get(account, org["Roots"][0]["Id"])]
    while path[-1] in parents:
        path.append(parents[path[-1]])
    return path[::-1]


def org_levels(scenario: dict, account: str, kind: str) -> list[list[dict]]:
    """Documents of every level; no levels for a management account or one outside (R1.2 table)."""
    org = find_organization(scenario, account)
    if org is None or org["MasterAccountId"] == account:
        return []
    chosen = [policy for policy in org["Policies"] if policy["Type"] == kind]
    return [
        [policy.get("Content", EVERYTHING) for policy in chosen if level in policy["Targets"]]
        for level in levels(org, account)
    ]


def suspended(scenario: dict, account: str) -> bool:
    org: dict[str, Any] = find_organization(scenario, account) or {"Accounts": []}
    return any(a["Id"] == account and a.get("Status") == "SUSPENDED" for a in org["Accounts"])


def region_serves(scenario: dict, caller: dict, role: dict) -> bool:
    """R10.5: the role's account needs the Region, and for an opt-in Region the caller's too."""
    network = scenario["call"]["network"]
    if network.get("endpoint") == "global" or network["region"] == "us-east-1":
        return True  # the global endpoint counts as us-east-1, which cannot be off (R10.3, R10.6)
    concerned = {role["account"]}
    if network["region"] not in DEFAULT_REGIONS and "account" in caller:
        concerned.add(caller["account"])
    return not any(
        entry["RegionName"] == network["region"] and entry["OptInStatus"] == "not-opted-in"
        for account in concerned
        for entry in scenario["accounts"].get(account, {}).get("Regions", [])
    )
