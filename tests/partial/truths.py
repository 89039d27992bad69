"""What else may be true where something was not read: worlds in which every answer given stays."""

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import Any, NamedTuple

from tests.partial.cloud import Cloud, listed
from tests.partial.desk import Desk, Question, outcome

Scenario = dict[str, Any]
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY = FULL | {"Effect": "Deny"}
OTHER = FULL | {"Action": "s3:*"}
IDENTITY = ([FULL], [OTHER], [FULL, DENY])
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}
NOBODY = ANYBODY | {"Principal": {"Service": "nobody.amazonaws.com"}}
TRUST = ([ANYBODY], [NOBODY], [ANYBODY, ANYBODY | {"Effect": "Deny"}])
RESOURCE = ([ANYBODY | {"Resource": "*"}], [DENY | {"Principal": "*"}])
TYPES = {"SERVICE_CONTROL_POLICY": DENY, "RESOURCE_CONTROL_POLICY": DENY | {"Principal": "*"}}
OPT_IN = ("me-south-1", "eu-south-2")
TRIED = 16
"""How many single edits are tried of one world."""


class Edit(NamedTuple):
    """A change of the world, and the question that would tell: operation, and what it is on."""

    operation: str
    on: str | tuple[str, ...]
    """A parameter of the question; empty when it has none."""
    apply: Callable[[Scenario], None]

    def is_of(self, asked: Question) -> bool:
        """Whether the answer to this question says which of the two is true."""
        values = [value for _, value in asked.parameters]
        return self.operation == asked.operation and (not self.on or self.on in values)


def truths(
    scenario: Scenario, desk: Desk, rng: Random
) -> Iterator[tuple[tuple[Edit, ...], Scenario]]:
    """Worlds that differ in one thing from the scenario, then one that differs in several.

    Each gives the same answer to every question that the desk answered. What would be told by a
    question that was refused comes first.
    """
    found = list(edits(scenario))
    rng.shuffle(found)
    found.sort(key=lambda edit: not any(edit.is_of(asked) for asked in desk.refused))
    together, chosen = scenario, list[Edit]()
    for edit in found[:TRIED]:
        changed = _edited(scenario, edit)
        if not _is_possible(changed, desk):
            continue
        yield (edit,), changed
        both = _edited(together, edit)
        if rng.random() < 0.5 and _is_possible(both, desk):
            together, chosen = both, [*chosen, edit]
    if len(chosen) > 1:
        yield tuple(chosen), together


def _edited(scenario: Scenario, edit: Edit) -> Scenario:
    made = copy.deepcopy(scenario)
    edit.apply(made)
    return made


def _is_possible(scenario: Scenario, desk: Desk) -> bool:
    other = desk.cloud.of(scenario)
    return all(outcome(other, asked) == answer for asked, answer in desk.answered.items())


def document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def edits(scenario: Scenario) -> Iterator[Edit]:
    """Everything that may be otherwise."""
    for account, lists in scenario["accounts"].items():
        for kind in ("User", "Role", "Group"):
            for record in (lists or {}).get(f"{kind}DetailList", ()):
                yield from _of_principal(account, kind, record)
        yield from _of_lists(account, lists or {})
        yield from _of_region(scenario, account)
    for number, organization in enumerate(listed(scenario.get("organization"))):
        yield from _of_organization(number, organization)
    if "organization" not in scenario:
        yield from (Edit("DescribeOrganization", "", partial(_enter, account))
                    for account in scenario["accounts"])  # fmt: skip


# Principals


def _of_principal(account: str, kind: str, record: Mapping[str, Any]) -> Iterator[Edit]:
    name = record[f"{kind}Name"]

    def change(operation: str, on: str, what: Callable[[Scenario, Any], None]) -> Edit:
        return Edit(operation, on, partial(_change, account, kind, name, what))

    for statements in ([], *IDENTITY):
        yield change(f"List{kind}Policies", name, partial(_set_inline, kind, statements))
        yield change(f"ListAttached{kind}Policies", name, partial(_attach, account, statements))
        if kind == "User":
            yield change("ListGroupsForUser", name, partial(_join, account, statements))
        for policy in record.get(f"{kind}PolicyList", ()):
            put = partial(_put_inline, kind, policy["PolicyName"], statements)
            yield change(f"Get{kind}Policy", policy["PolicyName"], put)
        if kind != "Group":
            yield change(f"Get{kind}", name, partial(_bound, account, statements))
    if kind == "Group":
        return
    others = {"team": "other", "env": "other", "level": "1"}
    for tags in (dict[str, str](), others):
        yield change(f"Get{kind}", name, partial(_tag, tags))
    yield change(f"Get{kind}", name, partial(_set, "Path", "/other/"))
    yield change(f"Get{kind}", name, partial(_set, f"{kind}Id", "AROAEXAMPLEOTHER00001"))
    yield Edit(f"Get{kind}", name, partial(_remove, account, kind, name))
    if kind == "Role":
        for seconds in (3600, 43200):
            yield change("GetRole", name, partial(_set, "MaxSessionDuration", seconds))
        for trusting in TRUST:
            trust = document(trusting)
            yield change("GetRole", name, partial(_set, "AssumeRolePolicyDocument", trust))


def _change(
    account: str, kind: str, name: str, what: Callable[[Scenario, Any], None], made: Scenario
) -> None:
    for record in made["accounts"][account][f"{kind}DetailList"]:
        if record[f"{kind}Name"] == name:
            what(made, record)


def _set(key: str, value: Any, _: Scenario, record: Any) -> None:
    record[key] = value


def _tag(tags: Mapping[str, str], _: Scenario, record: Any) -> None:
    record["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]


def _set_inline(kind: str, statements: list[Any], _: Scenario, record: Any) -> None:
    policy = {"PolicyName": "other", "PolicyDocument": document(statements)}
    record[f"{kind}PolicyList"] = [policy] if statements else []


def _put_inline(kind: str, name: str, statements: list[Any], _: Scenario, record: Any) -> None:
    for policy in record[f"{kind}PolicyList"]:
        if policy["PolicyName"] == name:
            policy["PolicyDocument"] = document(statements or [OTHER])


def _managed(account: str, statements: list[Any], made: Scenario) -> str:
    """A managed policy more in an account."""
    policies = made["accounts"][account].setdefault("Policies", [])
    policy_arn = f"arn:{Cloud(made).partition(account)}:iam::{account}:policy/other{len(policies)}"
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(statements)}
    policies.append({"PolicyName": policy_arn.rpartition("/")[2], "Arn": policy_arn,
                     "DefaultVersionId": "v1", "PolicyVersionList": [version]})  # fmt: skip
    return policy_arn


def _attach(account: str, statements: list[Any], made: Scenario, record: Any) -> None:
    attached = [{"PolicyArn": _managed(account, statements, made)}] if statements else []
    record["AttachedManagedPolicies"] = attached


def _bound(account: str, statements: list[Any], made: Scenario, record: Any) -> None:
    record.pop("PermissionsBoundary", None)
    if statements:
        policy_arn = _managed(account, statements, made)
        record["PermissionsBoundary"] = {"PermissionsBoundaryArn": policy_arn}


def _join(account: str, statements: list[Any], made: Scenario, record: Any) -> None:
    record["GroupList"] = ["other"] if statements else []
    if statements:
        policies = [{"PolicyName": "other", "PolicyDocument": document(statements)}]
        group = {"GroupName": "other", "GroupPolicyList": policies}
        made["accounts"][account].setdefault("GroupDetailList", []).append(group)


def _remove(account: str, kind: str, name: str, made: Scenario) -> None:
    lists = made["accounts"][account]
    kept = [one for one in lists[f"{kind}DetailList"] if one[f"{kind}Name"] != name]
    lists[f"{kind}DetailList"] = kept


# What else is in an account


def _of_lists(account: str, lists: Mapping[str, Any]) -> Iterator[Edit]:
    for number, policy in enumerate(lists.get("Policies", ())):
        for statements in IDENTITY:
            put = partial(_put_managed, account, number, statements)
            yield Edit("GetPolicyVersion", policy["Arn"], put)
            yield Edit("GetPolicy", policy["Arn"], put)
    for number, endpoint in enumerate(lists.get("VpcEndpoints", ())):
        for statements in ([], *RESOURCE):
            put = partial(_put_endpoint, account, number, statements)
            yield Edit("DescribeVpcEndpoints", (endpoint["VpcEndpointId"],), put)
    for key, operation in (
        ("OpenIDConnectProviders", "GetOpenIDConnectProvider"),
        ("SAMLProviders", "GetSAMLProvider"),
    ):
        for number, provider in enumerate(lists.get(key, ())):
            take = partial(_take, account, key, number)
            yield Edit(operation, provider["Arn"], take)
            if "ClientIDList" in provider:
                yield Edit(operation, provider["Arn"], partial(_accept, account, number))


def _put_managed(account: str, number: int, statements: list[Any], made: Scenario) -> None:
    for version in made["accounts"][account]["Policies"][number]["PolicyVersionList"]:
        version["Document"] = document(statements)


def _put_endpoint(account: str, number: int, statements: list[Any], made: Scenario) -> None:
    endpoint = made["accounts"][account]["VpcEndpoints"][number]
    endpoint.pop("PolicyDocument", None)
    if statements:
        endpoint["PolicyDocument"] = document(statements)


def _take(account: str, key: str, number: int, made: Scenario) -> None:
    made["accounts"][account][key][number]["Arn"] += "-of-others"


def _accept(account: str, number: int, made: Scenario) -> None:
    made["accounts"][account]["OpenIDConnectProviders"][number]["ClientIDList"] = ["nobody"]


def _of_region(scenario: Scenario, account: str) -> Iterator[Edit]:
    region = scenario["call"].get("network", {}).get("region")
    for status in ("opted-in", "not-opted-in") if region in OPT_IN else ():
        yield Edit("GetRegionOptStatus", region, partial(_opt, account, region, status))


def _opt(account: str, region: str, status: str, made: Scenario) -> None:
    made["accounts"][account]["Regions"] = [{"RegionName": region, "OptInStatus": status}]


# Organizations


def _of_organization(number: int, organization: Mapping[str, Any]) -> Iterator[Edit]:
    def change(operation: str, on: str, what: Callable[[Any], None]) -> Edit:
        return Edit(operation, on, lambda made: what(listed(made["organization"])[number]))

    members = [one["Id"] for one in organization["Accounts"]]
    units = [one["Id"] for one in organization["OrganizationalUnits"]]
    for account in members:
        yield change("ListParents", account, partial(_move, account, ()))
        for kind in TYPES:
            yield change("ListParents", account, partial(_move, account, (kind,)))
        if account != organization["MasterAccountId"]:
            yield change("DescribeOrganization", "", partial(_leave, account))
            yield change("DescribeAccount", account, partial(_suspend, account))
    for node in (*members, *units, organization["Roots"][0]["Id"]):
        for kind in TYPES:
            yield change("ListPoliciesForTarget", node, partial(_forbid, kind, node))
        yield change("ListPoliciesForTarget", node, partial(_free, node))
    for place, policy in enumerate(organization["Policies"]):
        for statement in (FULL, TYPES[policy["Type"]]) if "Content" in policy else ():
            put = partial(_put_content, place, statement)
            yield change("DescribePolicy", policy["Id"], put)


def _forbid(kind: str, node: str, organization: Any) -> None:
    content = document([TYPES[kind]])
    policy = {"Id": f"p-other{len(organization['Policies'])}", "Type": kind, "Content": content}
    organization["Policies"].append(policy | {"Targets": [node]})
    _tidy(organization)


def _free(node: str, organization: Any) -> None:
    """Nothing but full access is attached here."""
    for policy in organization["Policies"]:
        targets = [target for target in policy["Targets"] if target != node]
        policy["Targets"] = [*targets, node] if policy["Id"] == "p-FullAWSAccess" else targets
    _tidy(organization)


def _put_content(place: int, statement: Mapping[str, Any], organization: Any) -> None:
    organization["Policies"][place]["Content"] = document([dict(statement)])


def _move(account: str, kinds: tuple[str, ...], organization: Any) -> None:
    """To a new unit right below the root, at which these kinds of policy deny everything."""
    root, unit = organization["Roots"][0]["Id"], f"ou-other-{account}"
    organization["OrganizationalUnits"].append({"Id": unit, "Name": "Other", "ParentId": root})
    _member(organization, account)["ParentId"] = unit
    for kind in kinds:
        _forbid(kind, unit, organization)
    full = next(one for one in organization["Policies"] if one["Id"] == "p-FullAWSAccess")
    full["Targets"].append(unit)


def _suspend(account: str, organization: Any) -> None:
    _member(organization, account)["Status"] = "SUSPENDED"


def _member(organization: Any, account: str) -> Any:
    """An account in the tree; nothing in particular when it has left."""
    return next((one for one in organization["Accounts"] if one["Id"] == account), {})


def _leave(account: str, organization: Any) -> None:
    kept = [one for one in organization["Accounts"] if one["Id"] != account]
    organization["Accounts"] = kept
    _tidy(organization)


def _tidy(organization: Any) -> None:
    """Nothing is attached to an account that has left."""
    nodes = {organization["MasterAccountId"]} | {
        one["Id"]
        for key in ("Roots", "OrganizationalUnits", "Accounts")
        for one in organization[key]
    }
    for policy in organization["Policies"]:
        policy["Targets"] = [target for target in policy["Targets"] if target in nodes]


def _enter(account: str, made: Scenario) -> None:
    """The account is a member of an organization that allows nothing."""
    made["organization"] = {
        "Id": "o-other", "MasterAccountId": "555555555555", "Roots": [{"Id": "r-oth1"}],
        "OrganizationalUnits": [],
        "Accounts": [{"Id": account, "ParentId": "r-oth1", "Status": "ACTIVE"}],
        "Policies": [],
    }  # fmt: skip
    for kind in TYPES:
        _forbid(kind, account, made["organization"])
