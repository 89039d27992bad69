"""Worlds that an incompletely known scenario may stand for: a few telling ones, not all."""

import copy
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from tests.reference.generator.unknowns import NETWORK, conditions, documents
from tests.reference.keys import POD_IDENTITY, POD_TAGS, ROLES_ANYWHERE
from tests.reference.operators import as_list, moment, text
from tests.reference.tokens import ATTRIBUTE, asserted
from tests.reference.world import RCP, SCP

Edit = Callable[[dict], None]
LIMIT = 40  # of completions per scenario
MULTIVALUED = ("aws:tagkeys", "transitivetagkeys", "orgpaths", ":amr", "saml:cn", "saml:eduperson")
ALWAYS = (  # keys that are never absent (5.1, 5.5); those of callers, for signed calls
    "aws:currenttime",
    "aws:epochtime",
    "aws:securetransport",
    "aws:viaawsservice",
    "aws:requestedregion",
    "aws:resourceaccount",
)
OF_SIGNED = ("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid")
SESSION_NAME, NAME_QUALIFIER = "sts:RoleSessionName", "saml:namequalifier"
NAMING = ("aws:userid", "assumed-role/")  # where the next hop of a chain shows the name too
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY = FULL | {"Effect": "Deny"}
OTHER = FULL | {"Action": "s3:*"}


def complete(scenario: dict) -> bool:
    """Whether everything that can decide is known."""
    return not list(open_parts(scenario))


def completions(scenario: dict) -> Iterator[dict]:
    """Fully known scenarios, each one possible truth behind this one."""
    choices = list(open_parts(scenario))
    worlds: Iterable[tuple[Edit, ...]] = itertools.product(*choices)
    count = math.prod(map(len, choices))
    if count > LIMIT:
        rng = Random(count)  # the same sample every time
        worlds = [tuple(rng.choice(edits) for edits in choices) for _ in range(LIMIT)]
    for chosen in worlds:
        made = copy.deepcopy(scenario)
        made.pop("unknown", None)
        for edit in chosen:
            edit(made)
        yield made


def open_parts(scenario: dict) -> Iterator[list[Edit]]:
    """For everything that is not known, the edits that make it known."""
    caller, network = scenario["call"]["caller"], scenario["call"]["network"]
    for entry in scenario.get("unknown", []):
        what, _, name = entry.partition(":")
        yield PARTS[what](scenario, name)
    if not_named(scenario):
        yield [partial(set_name, value) for value in names(scenario)]
    if not_qualified(scenario):
        hashes = telling(scenario, NAME_QUALIFIER)
        yield [partial(set_qualifier, value) for value in hashes if value is not None]
    if "service" in caller:  # whose network keys no scenario here asks for (R5.11)
        yield from service_attributes(scenario)
        return
    for part, key in NETWORK.items():
        if part not in network and not (part == "source_ip" and "vpc_endpoint" in network):
            yield context(scenario, key)
    if caller.get("mfa") == "unknown":
        ages = [int(v) for v in telling(scenario, "aws:multifactorauthage") if str(v).isdigit()]
        yield [partial(set_mfa, v) for v in (False, *({"age": age} for age in [*ages, 60]))]


def not_named(scenario: dict) -> bool:
    """Whether something asks for the name of a session that nothing gives."""
    call = scenario["call"]
    if "RoleSessionName" in first_hop(call) | asserted(call):
        return False
    marks = [SESSION_NAME.lower()]
    if "chain" in call:
        if not {"service", "assertion"} & call["caller"].keys():
            return False  # a hop has a name of its own unless others choose it
        marks += NAMING
    written = json.dumps(list(documents(scenario))).lower()
    return any(mark in written for mark in marks)


def not_qualified(scenario: dict) -> bool:
    """Whether something asks for the hash that STS makes of every assertion (5.7)."""
    given = scenario["call"]["caller"].get("assertion")
    if given is None or any(key.lower() == NAME_QUALIFIER for key in given):
        return False
    return any(tests_of(scenario, NAME_QUALIFIER))


def first_hop(call: dict) -> dict:
    hop = call.get("chain", [call["parameters"]])[0]
    return hop if isinstance(hop, dict) else {"RoleArn": hop}


def names(scenario: dict) -> list[str]:
    """Well-formed names: those that conditions and principals mention, and another."""
    written = json.dumps(list(documents(scenario)))
    mentioned = re.findall(r"(?:assumed-role/[^/\"]+/|AROA\w+:)([^/\"]+)", written)
    found = dict.fromkeys(["web", *mentioned, *telling(scenario, SESSION_NAME)])
    return [name for name in found if name and re.fullmatch(r"[\w+=,.@-]{2,64}", name)]


def set_name(value: str, made: dict) -> None:
    call = made["call"]
    if "assertion" in call["caller"]:
        call["caller"]["assertion"][f"{ATTRIBUTE}RoleSessionName"] = value
    elif "chain" in call:
        call["chain"][0] = first_hop(call) | {"RoleSessionName": value}
    else:
        call["parameters"]["RoleSessionName"] = value


def set_qualifier(value: Any, made: dict) -> None:
    made["call"]["caller"]["assertion"][NAME_QUALIFIER] = value


def as_it_stands(made: dict) -> None:
    """No edit."""


# ---- condition keys ----------------------------------------------------------------------------


def context(scenario: dict, key: str) -> list[Edit]:
    """An unknown key: values that its conditions mention and ones that they do not, and none."""
    values = telling(scenario, key)
    return [partial(set_key, key, v) for v in values if v is not None or optional(scenario, key)]


def optional(scenario: dict, key: str) -> bool:
    """Whether the key may be absent from this call."""
    call = scenario["call"]
    if key.lower() in OF_SIGNED:
        return "arn" not in call["caller"]
    if key.lower() == "aws:sourceip":  # always there on the public endpoint
        return "vpc_endpoint" in call["network"]
    return key.lower() not in ALWAYS


def set_key(key: str, value: Any, made: dict) -> None:
    given = made["call"].setdefault("context", {})
    for name in [name for name in given if name.lower() == key.lower()]:
        del given[name]
    given[key] = value


def set_mfa(value: Any, made: dict) -> None:
    made["call"]["caller"]["mfa"] = value


def telling(scenario: dict, key: str) -> list[Any]:
    """Values on both sides of every condition on this key; None, which is absence, comes first."""
    found: dict[Any, None] = {}
    for operator, values in tests_of(scenario, key):
        for value in values:
            found |= dict.fromkeys(around(operator, text(value)))
    values = [*found, "something-else"]
    if key.lower() == "aws:securetransport":
        values = ["true", "false"]
    if any(mark in key.lower() for mark in MULTIVALUED):
        return [None, *([value] for value in values[:5]), values[:2], ["something-else"]]
    return [None, *values[:11]]


def tests_of(scenario: dict, key: str) -> Iterator[tuple[str, list[Any]]]:
    """Operator and values of every condition on this key."""
    for document in documents(scenario):
        for block in conditions(document):
            for operator, tests in block.items():
                for name, values in tests.items():
                    if name.lower() == key.lower():
                        yield operator, as_list(values)


def around(operator: str, value: str) -> list[Any]:
    """Values near the one that a policy names, of the type that the operator reads."""
    if "Null" in operator:
        return []
    if "Bool" in operator:
        return ["true", "false"]
    if "Numeric" in operator:
        return numbers(value)
    if "Date" in operator:
        middle = moment(value)
        return [(middle + timedelta(seconds=s)).isoformat() for s in (-1, 0, 1)]
    if "IpAddress" in operator:
        return [value.partition("/")[0], "192.0.2.77", "2001:db8:7::1"]
    literal = re.sub(r"\$\{([*?$])\}", r"\1", value)
    literal = re.sub(r"\$\{[^}]*\}", "x", literal)
    plain = literal.replace("?", "q").replace("*", "")
    if "Arn" in operator and ":" not in plain:
        return ["arn:aws:iam::111111111111:user/someone"]
    return [literal, plain, f"{plain}z", literal.replace("*", "a/b").swapcase()]


def numbers(value: str) -> list[Any]:
    try:
        middle = int(float(value))
    except ValueError:
        return ["7"]
    return [str(middle + step) for step in (-1, 0, 1)]


# ---- policies of principals --------------------------------------------------------------------


def document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def entities(made: dict, arn: str) -> list[dict]:
    """The records of a user or role, by ARN."""
    account, name = made["accounts"].get(arn.split(":")[4], {}), arn.rpartition("/")[2]
    listed = [*account.get("RoleDetailList", []), *account.get("UserDetailList", [])]
    return [e for e in listed if name in (e.get("RoleName"), e.get("UserName"))]


def trust(scenario: dict, arn: str) -> list[Edit]:
    """A trust policy that allows all, denies all, delegates to the caller's account, or neither."""
    given = scenario["call"]["caller"].get("arn", "")
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}
    owner = everyone | {"Principal": {"AWS": given.split(":")[4] if given else "333333333333"}}
    nobody = everyone | {"Principal": {"Service": "nobody.amazonaws.com"}}
    statements = (everyone, everyone | {"Effect": "Deny"}, owner, nobody)
    return [as_it_stands, *(partial(set_trust, arn, s) for s in statements)]


def set_trust(arn: str, statement: dict, made: dict) -> None:
    for record in entities(made, arn):
        record["AssumeRolePolicyDocument"] = document(statement)


def identity(scenario: dict, arn: str) -> list[Edit]:
    variants = (partial(set_identity, arn, s) for s in ([OTHER], [FULL], [FULL, DENY]))
    return [as_it_stands, *variants]


def set_identity(arn: str, statements: list[dict], made: dict) -> None:
    kind = "UserPolicyList" if ":user/" in arn else "RolePolicyList"
    for record in entities(made, arn):
        for name in ("AttachedManagedPolicies", "GroupList"):
            record.pop(name, None)
        record[kind] = [{"PolicyName": "p", "PolicyDocument": document(*statements)}]


def boundary(scenario: dict, arn: str) -> list[Edit]:
    variants = (None, FULL, DENY, OTHER)
    return [as_it_stands, *(partial(set_boundary, arn, statement) for statement in variants)]


def set_boundary(arn: str, statement: dict | None, made: dict) -> None:
    name = f"{arn.rpartition(':')[0]}:policy/unknown-boundary"
    for record in entities(made, arn):
        record.pop("PermissionsBoundary", None)
        if statement:
            record["PermissionsBoundary"] = {"PermissionsBoundaryArn": name}
            version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(statement)}
            account = made["accounts"][arn.split(":")[4]]
            listed = {"PolicyName": "b", "Arn": name, "PolicyVersionList": [version]}
            account["Policies"] = [*account.get("Policies", []), listed]


def account(scenario: dict, ident: str) -> list[Edit]:
    """Everything in one account: as it stands, empty, or with other policies."""
    given = scenario["accounts"].get(ident, {})
    roles = [f"x:x:x:x:{ident}:role/{r['RoleName']}" for r in given.get("RoleDetailList", [])]
    users = [f"x:x:x:x:{ident}:user/{u['UserName']}" for u in given.get("UserDetailList", [])]
    edits: list[Edit] = [as_it_stands, partial(empty, ident)]
    for arn in roles[:1]:
        edits += trust(scenario, arn)
    for arn in [*roles, *users][:2]:
        edits += identity(scenario, arn)
    return edits


def empty(ident: str, made: dict) -> None:
    for name in ("RoleDetailList", "UserDetailList"):
        made["accounts"].get(ident, {}).pop(name, None)


# ---- organizations -----------------------------------------------------------------------------


def organization(scenario: dict, _: str) -> list[Edit]:
    """None, or one that holds every account, with a policy that may deny."""
    outside, inside = "999999999999", min(scenario["accounts"], default="999999999999")
    variants: list[tuple[list[dict], list[dict], str]] = [
        ([FULL], [], outside),
        ([FULL, DENY], [], outside),
        ([], [], outside),
        ([FULL], [DENY], outside),
        ([FULL, DENY], [DENY], inside),
    ]
    return [without_organization, as_it_stands, *(partial(set_organization, v) for v in variants)]


def without_organization(made: dict) -> None:
    made.pop("organization", None)


def set_organization(variant: tuple[list[dict], list[dict], str], made: dict) -> None:
    scps, denials, master = variant
    members = sorted(made["accounts"])
    made["organization"] = {
        "Id": "o-unknown",
        "MasterAccountId": master,
        "Roots": [{"Id": "r-1"}],
        "OrganizationalUnits": [],
        "Accounts": [{"Id": account, "ParentId": "r-1"} for account in members],
        "Policies": [
            *org_policies(SCP, scps, ["r-1", *members]),
            *org_policies(RCP, denials, ["r-1"]),
        ],
    }


def org_policies(kind: str, statements: list[dict], targets: list[str]) -> list[dict]:
    everyone = {"Principal": "*"} if kind == RCP else {}
    return [
        {
            "Id": f"p-unknown{n}",
            "Type": kind,
            "Content": document(statement | everyone),
            "Targets": targets,
        }
        for n, statement in enumerate(statements)
    ]


def control(kind: str, scenario: dict, _: str) -> list[Edit]:
    """The policies of one type: open, denying, or as they stand."""
    variants = ([FULL], [FULL, DENY])
    return [as_it_stands, *(partial(set_control, kind, statements) for statements in variants)]


def set_control(kind: str, statements: list[dict], made: dict) -> None:
    for org in as_list(made.get("organization", [])):
        targets = [org["Roots"][0]["Id"]]
        for name in ("OrganizationalUnits", "Accounts"):
            targets += [entry["Id"] for entry in org[name]]
        others = [policy for policy in org["Policies"] if policy["Type"] != kind]
        org["Policies"] = [*others, *org_policies(kind, statements, targets)]


def endpoint(scenario: dict, _: str) -> list[Edit]:
    """The policy of the endpoint that the call goes through."""
    return [as_it_stands, *(partial(set_endpoint, statement) for statement in (FULL, DENY, OTHER))]


def set_endpoint(statement: dict, made: dict) -> None:
    for account in made["accounts"].values():
        for listed in account.get("VpcEndpoints", []):
            listed["PolicyDocument"] = document(statement | {"Principal": "*"})


# ---- services ----------------------------------------------------------------------------------


def service_attributes(scenario: dict) -> Iterator[list[Edit]]:
    """Values of the attributes that a credential service sends of itself (section 5.8)."""
    params, service = scenario["call"]["parameters"], scenario["call"]["caller"]["service"]
    sent: list[tuple[str, bool]] = []  # keys, and whether they may be absent
    if service == POD_IDENTITY and "Tags" not in params:
        sent = [(f"aws:RequestTag/{name}", False) for name in POD_TAGS]
    if service == ROLES_ANYWHERE and "Tags" not in params:
        sent = [(f"aws:PrincipalTag/{name}", True) for name in ("x509Subject/CN", "x509Issuer/O")]
    if service == ROLES_ANYWHERE and "SourceIdentity" not in params:
        sent.append(("sts:SourceIdentity", False))
    written = json.dumps(list(documents(scenario))).lower()
    for key, missing in sent:
        if any(tests_of(scenario, key)) or f"${{{key.lower()}" in written:
            values = telling(scenario, key)
            yield [partial(set_key, key, v) for v in values if missing or v is not None]


PARTS: dict[str, Callable[[dict, str], list[Edit]]] = {
    "context": context,
    "trust": trust,
    "identity": identity,
    "boundary": boundary,
    "organization": organization,
    "scp": partial(control, SCP),
    "rcp": partial(control, RCP),
    "account": account,
    "endpoint": endpoint,
}
