"""Worlds that an incompletely known scenario may stand for: a few telling ones, not all."""

import copy
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

from tests.reference.generator.unknowns import NETWORK, conditions, documents
from tests.reference.keys import POD_IDENTITY, POD_TAGS, ROLES_ANYWHERE
from tests.reference.operators import as_list, moment, text
from tests.reference.world import RCP, SCP

Edit = Callable[[dict], None]
LIMIT = 40  # of completions per scenario
MULTIVALUED = (
    "aws:tagkeys",
    "sts:transitivetagkeys",
    "orgpaths",
    ":amr",
    "saml:cn",
    "saml:eduperson",
)
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY = FULL | {"Effect": "Deny"}
POLICIES = {  # what an unknown policy may say
    "nothing": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    "all": FULL,
    "denial": DENY,
}


def complete(scenario: dict) -> bool:
    """Whether everything that can decide is known."""
    return not list(open_parts(scenario))


def completions(scenario: dict) -> Iterator[dict]:
    """Fully known scenarios, each one possible truth behind this one."""
    choices = list(open_parts(scenario))
    worlds: Iterable[tuple[Edit, ...]] = itertools.product(*choices)
    count = 1
    for edits in choices:
        count *= len(edits)
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
    call = scenario["call"]
    for entry in scenario.get("unknown", []):
        what, _, name = entry.partition(":")
        yield PARTS[what](scenario, name)
    if "service" in call["caller"]:
        yield from service_attributes(scenario)
        return
    for part, key in NETWORK.items():
        given = part in call["network"] or (
            part == "source_ip" and "vpc_endpoint" in call["network"]
        )
        if not given:
            yield [
                lambda made, p=part, v=v: set_network(made, p, v) for v in telling(scenario, key)
            ]
    if call["caller"].get("mfa") == "unknown":
        ages = [int(v) for v in telling(scenario, "aws:multifactorauthage") if str(v).isdigit()]
        states: list[Any] = [False, *({"age": age} for age in [*ages, 60])]
        yield [lambda made, v=v: made["call"]["caller"].update(mfa=v) for v in states]


def set_network(made: dict, part: str, value: Any) -> None:
    """A network value, or its absence; what is no network value goes into the context."""
    made["call"].setdefault("context", {})[NETWORK[part]] = value


# ---- condition keys ----------------------------------------------------------------------------


def context(scenario: dict, key: str) -> list[Edit]:
    """An unknown key: values that its conditions mention and ones that they do not, and none."""

    def edit(made: dict, value: Any) -> None:
        given = made["call"].setdefault("context", {})
        for name in [name for name in given if name.lower() == key.lower()]:
            del given[name]
        given[key] = value

    return [lambda made, v=v: edit(made, v) for v in telling(scenario, key)]


def telling(scenario: dict, key: str) -> list[Any]:
    """Values on both sides of every condition on this key; None, which is absence, comes first."""
    found: dict[Any, None] = {}
    for document in documents(scenario):
        for block in conditions(document):
            for operator, tests in block.items():
                for name, values in tests.items():
                    if name.lower() == key.lower():
                        for value in as_list(values):
                            found |= dict.fromkeys(around(operator, text(value)))
    values = [*found, "something-else"]
    if key.lower() == "aws:securetransport":
        values = ["true", "false"]
    if any(mark in key.lower() for mark in MULTIVALUED):
        return [None, *([value] for value in values[:5]), values[:2], ["something-else"]]
    return [None, *values[:11]]


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


# ---- policies and accounts ---------------------------------------------------------------------


def entities(made: dict, arn: str) -> list[dict]:
    """The records of a user or role, by ARN."""
    account = made["accounts"].get(arn.split(":")[4], {})
    name = arn.rpartition("/")[2]
    listed = [*account.get("RoleDetailList", []), *account.get("UserDetailList", [])]
    return [e for e in listed if name in (e.get("RoleName"), e.get("UserName"))]


def trust(scenario: dict, arn: str) -> list[Edit]:
    given = scenario["call"]["caller"].get("arn", "")
    account = given.split(":")[4] if given else "333333333333"

    def edit(made: dict, statement: dict | None) -> None:
        for record in entities(made, arn):
            if statement:
                record["AssumeRolePolicyDocument"] = document(statement)

    everyone = {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}
    owner = everyone | {"Principal": {"AWS": account}}
    nobody = everyone | {"Principal": {"Service": "nobody.amazonaws.com"}}
    statements = [everyone, everyone | {"Effect": "Deny"}, owner, nobody]
    known = any("AssumeRolePolicyDocument" in record for record in entities(scenario, arn))
    variants: list[dict | None] = [*statements, *([None] if known else [])]
    return [lambda made, s=s: edit(made, s) for s in variants]


def document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def identity(scenario: dict, arn: str) -> list[Edit]:
    def edit(made: dict, statements: list[dict]) -> None:
        kind = "UserPolicyList" if ":user/" in arn else "RolePolicyList"
        for record in entities(made, arn):
            for name in ("AttachedManagedPolicies", "GroupList"):
                record.pop(name, None)
            record[kind] = [{"PolicyName": "p", "PolicyDocument": document(*statements)}]

    variants = [[POLICIES["nothing"]], [FULL], [FULL, DENY]]
    return [*(lambda made, s=s: edit(made, s) for s in variants), lambda made: None]


def boundary(scenario: dict, arn: str) -> list[Edit]:
    def edit(made: dict, statement: dict | None) -> None:
        for record in entities(made, arn):
            record.pop("PermissionsBoundary", None)
            if statement:
                name = f"{arn.rpartition(':')[0]}:policy/unknown-boundary"
                record["PermissionsBoundary"] = {"PermissionsBoundaryArn": name}
                version = {"VersionId": "v1", "IsDefaultVersion": True}
                version |= {"Document": document(statement)}
                account = made["accounts"][arn.split(":")[4]]
                listed = {"PolicyName": "b", "Arn": name, "PolicyVersionList": [version]}
                account["Policies"] = [*account.get("Policies", []), listed]

    variants = [None, *POLICIES.values()]
    return [*(lambda made, s=s: edit(made, s) for s in variants), lambda made: None]


def organization(scenario: dict, _: str) -> list[Edit]:
    """None, or one that holds every account, with a policy that may deny."""

    def edit(made: dict, scps: list[dict], denials: list[dict], master: str) -> None:
        members = [{"Id": account, "ParentId": "r-1"} for account in sorted(made["accounts"])]
        levels = ["r-1", *sorted(made["accounts"])]
        policies = [
            {"Id": f"p-{n}", "Type": SCP, "Content": document(s), "Targets": levels}
            for n, s in enumerate(scps)
        ]
        policies += [
            {
                "Id": "p-r",
                "Type": RCP,
                "Content": document(s | {"Principal": "*"}),
                "Targets": ["r-1"],
            }
            for s in denials
        ]
        made["organization"] = {
            "Id": "o-unknown",
            "MasterAccountId": master,
            "Roots": [{"Id": "r-1"}],
            "OrganizationalUnits": [],
            "Accounts": members,
            "Policies": policies,
        }

    def without(made: dict) -> None:
        made.pop("organization", None)

    home = min(scenario["accounts"])
    variants: list[tuple[list[dict], list[dict], str]] = [
        ([FULL], [], "999999999999"),
        ([FULL, DENY], [], "999999999999"),
        ([], [], "999999999999"),
        ([FULL], [DENY], "999999999999"),
        ([FULL, DENY], [DENY], home),
    ]
    given: list[Edit] = (
        [lambda made: None] if isinstance(scenario.get("organization"), dict) else []
    )
    return [without, *(lambda made, v=v: edit(made, *v) for v in variants), *given]


def org_policies(kind: str) -> Callable[[dict, str], list[Edit]]:
    """The policies of one type: open, denying, or as they stand."""

    def variants(scenario: dict, _: str) -> list[Edit]:
        def edit(made: dict, statements: list[dict]) -> None:
            for org in as_list(made.get("organization", [])):
                levels = [org["Roots"][0]["Id"]]
                for name in ("OrganizationalUnits", "Accounts"):
                    levels += [entry["Id"] for entry in org[name]]
                others = [policy for policy in org["Policies"] if policy["Type"] != kind]
                listed = [
                    {"Id": f"p-u{n}", "Type": kind, "Content": document(s), "Targets": levels}
                    for n, s in enumerate(statements)
                ]
                org["Policies"] = [*others, *listed]

        allow, deny = FULL, DENY
        if kind == RCP:
            allow, deny = allow | {"Principal": "*"}, deny | {"Principal": "*"}
        return [lambda made, s=s: edit(made, s) for s in ([allow], [allow, deny])] + [
            lambda made: None
        ]

    return variants


def account(scenario: dict, ident: str) -> list[Edit]:
    """Everything in one account: as it stands, empty, or with other policies."""

    def empty(made: dict) -> None:
        for name in ("RoleDetailList", "UserDetailList"):
            made["accounts"].get(ident, {}).pop(name, None)

    edits: list[Edit] = [lambda made: None, empty]
    arns = [
        f"x:x:x:x:{ident}:role/{r['RoleName']}"
        for r in scenario["accounts"].get(ident, {}).get("RoleDetailList", [])
    ]
    users = [
        f"x:x:x:x:{ident}:user/{r['UserName']}"
        for r in scenario["accounts"].get(ident, {}).get("UserDetailList", [])
    ]
    for arn in arns[:1]:
        edits += trust(scenario, arn)
    for arn in [*arns, *users][:2]:
        edits += identity(scenario, arn)
    return edits


# ---- services ----------------------------------------------------------------------------------


def service_attributes(scenario: dict) -> Iterator[list[Edit]]:
    """Values of the attributes that a credential service sends of itself (section 5.8)."""
    params, service = scenario["call"]["parameters"], scenario["call"]["caller"]["service"]
    prefix = {POD_IDENTITY: "aws:RequestTag/", ROLES_ANYWHERE: "aws:PrincipalTag/"}.get(service)
    if prefix and "Tags" not in params:
        names = POD_TAGS if service == POD_IDENTITY else ("x509Subject/CN", "x509Issuer/O")
        for name in names:
            values = [v for v in telling(scenario, prefix + name) if v is not None]
            if len(values) > 1:  # some condition asks for it
                absent = [None] if service == ROLES_ANYWHERE else []
                yield context_values(prefix + name, [*absent, *values])
    if service == ROLES_ANYWHERE and "SourceIdentity" not in params:
        values = [v for v in telling(scenario, "sts:SourceIdentity") if v is not None]
        if len(values) > 1:
            yield context_values("sts:SourceIdentity", values)


def context_values(key: str, values: list[Any]) -> list[Edit]:
    return [
        lambda made, v=v: made["call"].setdefault("context", {}).update({key: v}) for v in values
    ]


PARTS: dict[str, Callable[[dict, str], list[Edit]]] = {
    "context": context,
    "trust": trust,
    "identity": identity,
    "boundary": boundary,
    "organization": organization,
    "scp": org_policies(SCP),
    "rcp": org_policies(RCP),
    "account": account,
}
