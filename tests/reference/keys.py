"""Section 5 of the rules: which condition keys a call has, and their values."""

from datetime import timedelta
from typing import Any

from tests.reference.operators import Keys, Readings, moment, text
from tests.reference.tokens import token_keys
from tests.reference.world import find_endpoint, find_organization, levels

Raw = dict[str, Any]  # None stands for an absent key, a list for a multivalued one
POD_TAGS = (  # section 5.8
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-namespace",
    "kubernetes-service-account",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
)
POD_IDENTITY, ROLES_ANYWHERE = "pods.eks.amazonaws.com", "rolesanywhere.amazonaws.com"


def supplied_by_service(caller: dict, params: dict) -> Raw:
    """Parameters that a credential service sends of itself (5.8); values are stand-ins."""
    sent: Raw = {}
    if caller.get("service") == POD_IDENTITY and "Tags" not in params:
        sent["Tags"] = [{"Key": key, "Value": f"some-{key}"} for key in POD_TAGS]
        sent["TransitiveTagKeys"] = list(POD_TAGS)
    if caller.get("service") == ROLES_ANYWHERE:
        if "Tags" not in params:
            sent["Tags"] = [{"Key": "x509Subject/CN", "Value": "some-name"}]
        if "SourceIdentity" not in params:
            sent["SourceIdentity"] = "CN=some-name"
    return sent


def request_keys(
    scenario: dict, caller: dict, role: dict, params: dict, action: str, readings: Readings
) -> Raw:
    """Every key of one action but for what MFA proof in this request adds."""
    call, now = scenario["call"], moment(scenario["time"])
    keys = common_keys(scenario, caller, role)
    if caller["kind"] in ("web", "saml"):
        main = action.startswith("sts:AssumeRole")
        keys |= token_keys(call, caller, now, main or readings["u6"])
    else:
        keys |= signed_keys(scenario, caller)
    if caller["kind"] in ("user", "session"):
        keys |= principal_keys(scenario, caller, readings)
    return keys | content_keys(params, caller, call["caller"].get("session", {}), action, readings)


def common_keys(scenario: dict, caller: dict, role: dict) -> Raw:
    """Sections 5.4 and 5.5."""
    network, now = scenario["call"]["network"], moment(scenario["time"])
    endpoint, region = find_endpoint(scenario) or {}, network.get("region")
    keys: Raw = {
        "aws:CurrentTime": scenario["time"],
        "aws:EpochTime": int(now.timestamp()),
        "aws:SourceIp": network.get("source_ip"),  # absent through an endpoint
        "aws:SourceVpce": endpoint.get("VpcEndpointId"),
        "aws:SourceVpc": endpoint.get("VpcId"),
        "aws:RequestedRegion": "us-east-1" if network.get("endpoint") == "global" else region,
        "aws:SecureTransport": network.get("secure_transport"),
        "aws:UserAgent": network.get("user_agent"),
        "aws:ViaAWSService": False,
        "aws:ResourceAccount": role["account"],
    }
    for tag in role["record"].get("Tags", []):
        keys[f"aws:ResourceTag/{tag['Key']}"] = tag["Value"]
        keys[f"iam:ResourceTag/{tag['Key']}"] = tag["Value"]
    return keys | organization_keys(scenario, "Resource", role["account"])


def organization_keys(scenario: dict, side: str, account: str) -> Raw:
    org = find_organization(scenario, account)
    if org is None:
        return {}
    path = [org["Id"], *levels(org, account)[:-1], ""]
    return {f"aws:{side}OrgID": org["Id"], f"aws:{side}OrgPaths": ["/".join(path)]}


def signed_keys(scenario: dict, caller: dict) -> Raw:
    """Section 5.1, what every signed call has."""
    session = scenario["call"]["caller"].get("session", {})
    keys: Raw = {
        "aws:PrincipalIsAWSService": caller["kind"] == "service",
        "aws:PrincipalServiceName": caller.get("service"),
        "aws:PrincipalArn": caller.get("principal_arn"),  # R2.3
        "aws:PrincipalAccount": caller.get("account"),
        "aws:SourceIdentity": session.get("source_identity"),
    }
    if "account" not in caller:
        return keys
    return keys | organization_keys(scenario, "Principal", caller["account"])


def principal_keys(scenario: dict, caller: dict, readings: Readings) -> Raw:
    """Sections 5.1 and 5.2, for users and role sessions."""
    given, now = scenario["call"]["caller"], moment(scenario["time"])
    session = given.get("session", {})
    keys: Raw = {}
    for tag in caller["record"].get("Tags", []):
        keys[f"aws:PrincipalTag/{tag['Key']}".lower()] = tag["Value"]
    for key, value in session.get("tags", {}).items():  # the session tag wins
        keys[f"aws:PrincipalTag/{key}".lower()] = value
    issued = moment(session["issued_at"]) if "issued_at" in session else now - timedelta(minutes=5)
    if caller["temporary"]:
        keys["aws:TokenIssueTime"] = issued.isoformat()
    if caller["kind"] == "session":
        name = caller["arn"].split("/", 2)[2]
        keys["aws:PrincipalType"] = "AssumedRole"
        keys["aws:userid"] = f"{caller['record']['RoleId']}:{name}"
        keys["aws:MultiFactorAuthPresent"] = False if readings["u11"] else None  # R5.4
        return keys
    keys["aws:PrincipalType"] = "User"
    keys["aws:userid"] = caller["record"]["UserId"]
    keys["aws:username"] = caller["record"]["UserName"]
    if caller["temporary"]:  # R5.1: both keys are absent for long-term keys; R5.3
        mfa = given.get("mfa", False)
        keys["aws:MultiFactorAuthPresent"] = bool(mfa)
        age = mfa["age"] if isinstance(mfa, dict) else int((now - issued).total_seconds())
        keys["aws:MultiFactorAuthAge"] = age if mfa else None
    return keys


def proof_keys(params: dict) -> Raw:
    """R5.2: the MFA proof applies to this same request."""
    proof = {"aws:MultiFactorAuthPresent": True, "aws:MultiFactorAuthAge": 0}
    return proof if "SerialNumber" in params else {}


def content_keys(params: dict, caller: dict, session: dict, action: str, readings: Readings) -> Raw:
    """Section 5.3, per action (R3.4, U-6)."""
    main, keys = action.startswith("sts:AssumeRole"), {}
    if main or readings["u6"]:
        keys["sts:ExternalId"] = params.get("ExternalId")
        keys["sts:RoleSessionName"] = params.get("RoleSessionName")
    if main or action == "sts:SetSourceIdentity" or readings["u6"]:
        keys["sts:SourceIdentity"] = params.get("SourceIdentity") or session.get("source_identity")
    tags = params.get("Tags", [])
    if caller.get("service") == ROLES_ANYWHERE:  # certificate fields are no request tags (5.8)
        return keys | {f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in tags}
    if main or action == "sts:TagSession":
        keys |= {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
        keys["aws:TagKeys"] = [tag["Key"] for tag in tags] or None
        keys["sts:TransitiveTagKeys"] = params.get("TransitiveTagKeys") or None
    return keys


def finished(keys: Raw, overrides: Raw) -> Keys:
    """Lower-case names (R6.9), texts for values, the scenario's own context on top."""
    merged = {name.lower(): value for name, value in keys.items()}
    merged |= {name.lower(): value for name, value in overrides.items()}
    present = {name: value for name, value in merged.items() if value is not None}
    return {
        name: [text(v) for v in value] if isinstance(value, list) else text(value)
        for name, value in present.items()
    }
