"""A naive two-valued evaluator of AssumeRole calls, written straight from FACTS.md.

`decide(scenario)` is True when STS would issue credentials and False when it would not, for a
scenario in which everything is known. It knows no "maybe", keeps no trace and is not fast: its
only purpose is to be comparable with the text, rule by rule (R1.7 and so on), and it shares no
code with the engine.
"""

import base64
import ipaddress
import itertools
import json
import operator
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

TEXT_PARAMETERS = {  # section 4; SourceIdentity up to 256 (C-4); \w is ASCII (4.1)
    "RoleSessionName": (2, 64, r"[\w+=,.@-]*"),
    "ExternalId": (2, 1224, r"[\w+=,.@:/-]*"),
    "SerialNumber": (9, 256, r"[\w+=/:,.@-]*"),
    "TokenCode": (6, 6, r"\d*"),
    "SourceIdentity": (2, 256, r"[\w+=,.@-]*"),
}
COMPARISONS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
NEVER = ("root", "federated")  # R1.19, R1.25
SERVICE_LINKED = "/aws-service-role/"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
EVERYTHING = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}


def decide_all(scenario: dict) -> set[bool]:
    """Outcomes over every reading of U-6, U-10, U-11 and C-8."""
    readings = itertools.product((False, True), repeat=4)
    return {decide(scenario, u6=a, u10=b, u11=c, c8=d) for a, b, c, d in readings}


def decide(
    scenario: dict, *, u6: bool = False, u10: bool = False, u11: bool = False, c8: bool = False
) -> bool:
    """Section 1.8, for AssumeRole: True = allowed, False = denied."""
    call = scenario["call"]
    params, session = call["parameters"], call["caller"].get("session", {})
    caller, role = find_caller(scenario), find_role(scenario)
    if caller is None or role is None or caller["kind"] in NEVER:  # R7.2
        return False
    if "expires_at" in session and moment(session["expires_at"]) <= moment(scenario["time"]):
        return False  # section 0, step 3
    if caller.get("partition", role["partition"]) != role["partition"]:  # R1.18
        return False
    members = (find_organization(scenario, role["account"]) or {"Accounts": []})["Accounts"]
    if any(a["Id"] == role["account"] and a.get("Status") == "SUSPENDED" for a in members):
        return False
    if not valid_parameters(params, caller, session) or not valid_mfa(call, caller):
        return False
    if not within_limits(params.get("DurationSeconds", 3600), caller, role):
        return False

    actions = ["sts:AssumeRole"]  # section 3.1; each must pass on its own (R1.5)
    inherited = session.get("transitive_tag_keys")
    if params.get("Tags") or params.get("TransitiveTagKeys") or inherited:  # R9.2, C-9
        actions.append("sts:TagSession")
    if params.get("SourceIdentity") or session.get("source_identity"):  # R9.4
        actions.append("sts:SetSourceIdentity")
    for action in actions:
        base = {"caller": caller, "action": action, "resource": role["arn"], "c8": c8}
        keys = common_keys(scenario, caller, role, u11) | content_keys(params, session, action, u6)
        proof = keys | mfa_proof_keys(params)  # R5.2: it applies to this same request
        overrides = call.get("context", {})
        role_side = base | {"keys": finished(proof, overrides)}
        caller_side = base | {"keys": finished(proof if u10 else keys, overrides)}
        if not authorized(scenario, role, role_side, caller_side):
            return False
    return True


def authorized(scenario: dict, role: dict, role_side: dict, caller_side: dict) -> bool:
    """One action of section 1.8: the deny sweep, then every layer that needs an Allow."""
    caller = role_side["caller"]
    exempt = role["path"].startswith(SERVICE_LINKED) or caller["linked"]  # R1.2 table, R1.23
    rcps = [] if exempt else org_levels(scenario, role["account"], RCP)
    trust = [role["record"]["AssumeRolePolicyDocument"]]
    forms = matching(trust, "Allow", role_side)
    if any(matching(layer, "Deny", role_side) for layer in [trust, *rcps]):  # R1.1, R1.9, R1.11
        return False
    if caller["kind"] == "service":  # R1.20
        return bool(forms)

    account = scenario["accounts"][caller["account"]]
    scps = [] if caller["linked"] else org_levels(scenario, caller["account"], SCP)  # R1.6, R1.8
    identity = identity_policies(account, caller)
    boundary = boundary_policies(account, caller)
    session = session_policies(account, scenario["call"]["caller"].get("session", {}))
    endpoint = endpoint_policies(scenario)
    caps = [layer for layer in (boundary, session) if layer is not None]
    always = [*scps, *([] if endpoint is None else [endpoint])]  # R1.7, R1.30
    if any(matching(layer, "Deny", caller_side) for layer in [*always, identity, *caps]):  # R1.13
        return False
    if not forms or not all(matching(layer, "Allow", caller_side) for layer in always):  # R1.3
        return False
    within_caps = all(matching(layer, "Allow", caller_side) for layer in caps)
    if caller["account"] == role["account"]:  # table of section 1.3, R1.12
        if "strong" in forms:  # user ARN, session ARN, *
            return True
        if "role" in forms:
            return within_caps
    return within_caps and bool(matching(identity, "Allow", caller_side))  # R1.15, R1.16


# ---- who calls, which role, which policies -----------------------------------------------------


def find_caller(scenario: dict) -> dict | None:
    """The caller, or None when no such user or role exists."""
    given = scenario["call"]["caller"]
    if "service" in given:
        return {"kind": "service", "service": given["service"], "linked": False}
    _, partition, _, _, account_id, name = given["arn"].split(":", 5)
    prefix = f"arn:{partition}:iam::{account_id}:"
    caller = {"arn": given["arn"], "partition": partition, "account": account_id, "linked": False}
    caller |= {"principal_arn": given["arn"], "account_names": {account_id, f"{prefix}root"}}
    account = scenario["accounts"].get(account_id, {})
    if name == "root":
        return caller | {"kind": "root"}
    if name.startswith("federated-user/") or given.get("credentials") == "federation-token":
        return caller | {"kind": "federated"}
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


# ---- parameters and limits ---------------------------------------------------------------------


def valid_parameters(params: dict, caller: dict, session: dict) -> bool:
    """Section 4: lengths, patterns, ranges, tag rules, inherited attributes."""
    if "RoleSessionName" not in params and caller["kind"] != "service":
        return False
    for name in TEXT_PARAMETERS.keys() & params.keys():
        least, most, pattern = TEXT_PARAMETERS[name]
        if not least <= len(params[name]) <= most:
            return False
        if not re.fullmatch(pattern, params[name], re.ASCII):
            return False
    tags, transitive = params.get("Tags", []), params.get("TransitiveTagKeys", [])
    if len(tags) > 50 or len(transitive) > 50:
        return False
    if not all(tag_text(t["Key"], 1, 128) and tag_text(t["Value"], 0, 256) for t in tags):
        return False
    keys = {tag["Key"].lower() for tag in tags}
    if len(keys) != len(tags) or not {key.lower() for key in transitive} <= keys:
        return False  # duplicates are found case-insensitively (4.2)
    if {key.lower() for key in session.get("transitive_tag_keys", [])} & keys:  # R9.1
        return False
    inherited, passed = session.get("source_identity"), params.get("SourceIdentity")
    return not (inherited and passed and inherited != passed)  # R9.4; the same value is fine


def tag_text(text: str, least: int, most: int) -> bool:
    allowed = (c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in text)
    return least <= len(text) <= most and all(allowed)


def valid_mfa(call: dict, caller: dict) -> bool:
    """Section 7.3: both or neither, a right code, and only an IAM user has a device."""
    given = [name in call["parameters"] for name in ("SerialNumber", "TokenCode")]
    usable = caller["kind"] == "user" and call.get("mfa_code") != "wrong"
    return (all(given) and usable) if any(given) else True


def within_limits(duration: int, caller: dict, role: dict) -> bool:
    """The range, the role's maximum (not for services, R4.5), one hour when chaining (R4.1)."""
    if not 900 <= duration <= 43200:
        return False
    if caller["kind"] == "service":
        return True
    most = role["record"].get("MaxSessionDuration", 3600)
    return duration <= (min(most, 3600) if caller["temporary"] else most)  # U-9 counts


# ---- condition keys, section 5 -----------------------------------------------------------------


def common_keys(scenario: dict, caller: dict, role: dict, u11: bool) -> dict[str, Any]:
    """Sections 5.1, 5.2, 5.4 and 5.5. None stands for an absent key, a list for a multivalued."""
    call, now = scenario["call"], moment(scenario["time"])
    network, session = call["network"], call["caller"].get("session", {})
    endpoint, region = find_endpoint(scenario) or {}, network["region"]
    keys: dict[str, Any] = {
        "aws:CurrentTime": scenario["time"],
        "aws:EpochTime": int(now.timestamp()),
        "aws:SourceIp": network.get("source_ip"),  # absent through an endpoint
        "aws:SourceVpce": endpoint.get("VpcEndpointId"),
        "aws:SourceVpc": endpoint.get("VpcId"),
        "aws:RequestedRegion": "us-east-1" if network.get("endpoint") == "global" else region,
        "aws:SecureTransport": network["secure_transport"],
        "aws:UserAgent": network.get("user_agent"),
        "aws:ViaAWSService": False,
        "aws:PrincipalIsAWSService": caller["kind"] == "service",
        "aws:PrincipalServiceName": caller.get("service"),
        "aws:PrincipalArn": caller.get("principal_arn"),  # R2.3
        "aws:PrincipalAccount": caller.get("account"),
        "aws:SourceIdentity": session.get("source_identity"),
    }
    for side, account in (("Principal", caller.get("account")), ("Resource", role["account"])):
        org = find_organization(scenario, account)
        if account and org:
            path = [org["Id"], *levels(org, account)[:-1], ""]
            keys |= {f"aws:{side}OrgID": org["Id"], f"aws:{side}OrgPaths": ["/".join(path)]}
    keys["aws:ResourceAccount"] = role["account"]
    for tag in role["record"].get("Tags", []):
        keys[f"aws:ResourceTag/{tag['Key']}"] = tag["Value"]
        keys[f"iam:ResourceTag/{tag['Key']}"] = tag["Value"]
    if caller["kind"] == "service":
        return keys

    tags = {
        f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in caller["record"].get("Tags", [])
    }
    own = {f"aws:PrincipalTag/{key}": value for key, value in session.get("tags", {}).items()}
    keys |= {name.lower(): value for name, value in tags.items()}
    keys |= {name.lower(): value for name, value in own.items()}  # the session tag wins
    issued = moment(session["issued_at"]) if "issued_at" in session else now - timedelta(minutes=5)
    if caller["temporary"]:
        keys["aws:TokenIssueTime"] = issued.isoformat()
    if caller["kind"] == "session":
        name = caller["arn"].split("/", 2)[2]
        keys["aws:PrincipalType"] = "AssumedRole"
        keys["aws:userid"] = f"{caller['record']['RoleId']}:{name}"
        keys["aws:MultiFactorAuthPresent"] = False if u11 else None  # R5.4
        return keys
    keys["aws:PrincipalType"] = "User"
    keys["aws:userid"] = caller["record"]["UserId"]
    keys["aws:username"] = caller["record"]["UserName"]
    if caller["temporary"]:  # R5.1: both keys are absent for long-term keys; R5.3
        mfa = call["caller"].get("mfa", False)
        keys["aws:MultiFactorAuthPresent"] = bool(mfa)
        age = mfa["age"] if isinstance(mfa, dict) else int((now - issued).total_seconds())
        keys["aws:MultiFactorAuthAge"] = age if mfa else None
    return keys


def mfa_proof_keys(params: dict) -> dict[str, Any]:
    proof = {"aws:MultiFactorAuthPresent": True, "aws:MultiFactorAuthAge": 0}
    return proof if "SerialNumber" in params else {}


def content_keys(params: dict, session: dict, action: str, u6: bool) -> dict[str, Any]:
    """Section 5.3, per action (R3.4, U-6)."""
    main, keys = action == "sts:AssumeRole", {}
    if main or u6:
        keys["sts:ExternalId"] = params.get("ExternalId")
        keys["sts:RoleSessionName"] = params.get("RoleSessionName")
    if main or u6 or action == "sts:SetSourceIdentity":
        keys["sts:SourceIdentity"] = params.get("SourceIdentity", session.get("source_identity"))
    if main or action == "sts:TagSession":
        tags = params.get("Tags", [])
        keys |= {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
        keys["aws:TagKeys"] = [tag["Key"] for tag in tags] or None
        keys["sts:TransitiveTagKeys"] = params.get("TransitiveTagKeys") or None
    return keys


def finished(keys: dict[str, Any], overrides: dict[str, Any]) -> dict[str, str | list[str]]:
    """Lower-case names (R6.9), texts for values, the scenario's own context on top."""
    merged = {name.lower(): value for name, value in keys.items()}
    merged |= {name.lower(): value for name, value in overrides.items()}
    present = {name: value for name, value in merged.items() if value is not None}
    return {
        name: [text(v) for v in value] if isinstance(value, list) else text(value)
        for name, value in present.items()
    }


# ---- statements --------------------------------------------------------------------------------


def matching(documents: list[Any], effect: str, request: dict) -> set[str]:
    """Match forms of the statements that apply: strong, role, account (section 1.3), or any."""
    forms = set()
    for document in documents:
        parsed = json.loads(unquote(document)) if isinstance(document, str) else document
        variables = parsed.get("Version") == "2012-10-17"  # R6.10
        for statement in as_list(parsed["Statement"]):
            if statement["Effect"] == effect and applies(statement, request, variables):
                forms.add(principal_form(statement, request["caller"]))
    return forms - {""}


def applies(statement: dict, request: dict, variables: bool) -> bool:
    """Action, Resource and Condition; a trust policy has no Resource (R1.4)."""
    action, keys = request["action"].lower(), request["keys"]

    def acts(patterns: Any) -> bool:  # R6.12: action names are case-insensitive
        return any(glob(literal(p.lower()), action) for p in as_list(patterns))

    def covers(patterns: Any) -> bool:
        return any(resource(p, request["resource"], keys, variables) for p in as_list(patterns))

    if "Action" in statement and not acts(statement["Action"]):
        return False
    if "NotAction" in statement and acts(statement["NotAction"]):
        return False
    if "Resource" in statement and not covers(statement["Resource"]):
        return False
    if "NotResource" in statement and covers(statement["NotResource"]):
        return False
    return all(
        condition(name, values, keys.get(key.lower()), keys, variables, request["c8"])
        for name, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )


def principal_form(statement: dict, caller: dict) -> str:
    """Section 2.1: how the statement names the caller; '' when it does not."""
    if "NotPrincipal" in statement:  # R1.29
        named = set(as_list(statement["NotPrincipal"].get("AWS", [])))
        exempt = {caller["arn"], caller["principal_arn"]} <= named
        exempt = exempt and bool(caller["account_names"] & named)
        return "" if exempt and "PermissionsBoundary" not in caller["record"] else "any"
    principal = statement.get("Principal", "*")
    if principal == "*":
        return "strong"
    if caller["kind"] == "service":
        return "strong" if caller["service"] in as_list(principal.get("Service", [])) else ""
    named = set(as_list(principal.get("AWS", [])))  # R2.1; ids of deleted ones never match (R2.5)
    if named & {"*", caller["arn"]}:
        return "strong"
    if caller["principal_arn"] in named:
        return "role"
    return "account" if named & caller["account_names"] else ""


# ---- patterns and conditions, section 6 --------------------------------------------------------

Parts = list[tuple[str, bool]]  # characters of a policy value, each with "is literal"


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def moment(value: str) -> datetime:
    if re.fullmatch(r"\d+", value):
        return datetime.fromtimestamp(int(value), UTC)
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def literal(value: str) -> Parts:
    """The text as written: wildcards count, variables are not substituted."""
    return [(c, False) for c in value]


def expand(value: str, keys: dict) -> Parts | None:
    """Policy variables (R6.10); None when one is null (R6.11)."""
    parts: Parts = []
    for index, piece in enumerate(re.split(r"\$\{([^}]*)\}", value)):
        if index % 2 == 0:
            parts += literal(piece)
            continue
        name, has_default, default = piece.partition(",")
        found = name if name in ("*", "?", "$") else keys.get(name.strip().lower())
        if not isinstance(found, str):  # missing, or multivalued
            if not has_default:
                return None
            found = default.strip().strip("'")
        parts += [(c, True) for c in found]
    return parts


def glob(parts: Parts, value: str) -> bool:
    wild = {"*": ".*", "?": "."}
    pattern = "".join(re.escape(c) if exact else wild.get(c, re.escape(c)) for c, exact in parts)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def sections(parts: Parts) -> list[Parts]:
    """The six colon-separated parts of an ARN pattern."""
    found: list[Parts] = [[]]
    for c, exact in parts:
        if c == ":" and len(found) < 6:
            found.append([])
        else:
            found[-1].append((c, exact))
    return found


def arn_like(parts: Parts, arn: str) -> bool:  # R6.4
    wanted, got = sections(parts), arn.split(":", 5)
    return len(wanted) == len(got) == 6 and all(map(glob, wanted, got))


def resource(pattern: str, arn: str, keys: dict, variables: bool) -> bool:  # R6.12
    if pattern == "*":
        return True
    head = pattern.split(":", 5)
    last = expand(head.pop(), keys) if variables and len(head) == 6 else literal(head.pop())
    if last is None:  # R6.11
        return False
    return arn_like(literal("".join(f"{part}:" for part in head)) + last, arn)


def condition(
    name: str, values: Any, got: str | list[str] | None, keys: dict, variables: bool, c8: bool
) -> bool:
    """One operator on one key: R6.1, R6.5, R6.6, R6.7."""
    quantifier, _, operator_name = name.rpartition(":")
    if_exists = operator_name.endswith("IfExists")
    operator_name = operator_name.removesuffix("IfExists")
    wanted = [text(value) for value in as_list(values)]
    if operator_name == "Null":
        return text(got is None) in [value.lower() for value in wanted]
    if got is None and if_exists:
        return True
    negated, plain = "Not" in operator_name, operator_name.replace("Not", "")
    substituted = plain.startswith(("String", "Arn")) or (c8 and plain == "Bool")
    patterns = [expand(v, keys) if variables and substituted else literal(v) for v in wanted]

    def holds(value: str) -> bool:  # OR of the values, NOR when negated
        return any(p is not None and compares(plain, value, p) for p in patterns) is not negated

    if quantifier == "ForAllValues":
        return all(holds(value) for value in as_list(got or []))  # C-7: missing is true
    if quantifier == "ForAnyValue":
        return any(holds(value) for value in as_list(got or []))
    return negated if got is None else any(holds(value) for value in as_list(got))


def compares(name: str, got: str, parts: Parts) -> bool:
    """A positive operator on one value; a value that cannot be read matches nothing."""
    wanted = "".join(c for c, _ in parts)
    if name in ("StringLike", "ArnLike", "ArnEquals"):
        return (glob if name == "StringLike" else arn_like)(parts, got)
    if name in ("StringEqualsIgnoreCase", "Bool"):
        return got.casefold() == wanted.casefold()
    if name == "StringEquals":
        return got == wanted
    try:
        if name == "IpAddress":
            return ipaddress.ip_address(got) in ipaddress.ip_network(wanted, strict=False)
        if name == "BinaryEquals":
            return base64.b64decode(got) == base64.b64decode(wanted)
        read: Any = float if name.startswith("Numeric") else moment
        order = name.removeprefix("Numeric").removeprefix("Date")
        return bool(COMPARISONS[order](read(got), read(wanted)))
    except ValueError:
        return False
