"""What AWS answers in the world of a scenario, operation by operation, to who is of an account."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

PAGED = {
    "ListUserPolicies": "PolicyNames",
    "ListRolePolicies": "PolicyNames",
    "ListGroupPolicies": "PolicyNames",
    "ListAttachedUserPolicies": "AttachedPolicies",
    "ListAttachedRolePolicies": "AttachedPolicies",
    "ListAttachedGroupPolicies": "AttachedPolicies",
    "ListGroupsForUser": "Groups",
    "ListPoliciesForTarget": "Policies",
}
"""Operations whose answers come in pages, and the list that is cut."""
_WHO = "GetCallerIdentity"
_FOR_MEMBERS = "DescribeOrganization"
_STATUSES = {
    "opt-in-not-required": "ENABLED_BY_DEFAULT",
    "opted-in": "ENABLED",
    "not-opted-in": "DISABLED",
}
_KINDS = {"User": "AIDA", "Role": "AROA", "Group": "AGPA"}
_CREATED = datetime(2024, 1, 1, tzinfo=UTC)
Parameters = Mapping[str, Any]


class RefusedError(Exception):
    """AWS does not answer; its text is the code."""


class Cloud:
    """The accounts and organizations of one scenario, every part of which is known."""

    def __init__(self, scenario: Mapping[str, Any], *, own: bool = False) -> None:
        """With `own`, the caller itself reads its account; else somebody who may."""
        self._own, self._caller = own, scenario["call"]["caller"].get("arn", "")
        self._accounts: Mapping[str, Any] = scenario["accounts"]
        self.organizations = listed(scenario.get("organization"))
        self._partitions = dict(_partitions(scenario["call"]))

    def of(self, scenario: Mapping[str, Any]) -> "Cloud":
        """Another world with the same readers."""
        return Cloud(scenario, own=self._own)

    def partition(self, account: str) -> str:
        """The partition that an account is in."""
        return self._partitions.get(account) or self._partitions.get("", "aws")

    def answer(self, account: str, operation: str, asked: Parameters) -> dict[str, Any]:
        """The whole answer to somebody of this account; RefusedError with AWS's code."""
        if self._is_closed(account):
            raise RefusedError("InvalidClientTokenId")
        if operation == _WHO:
            return self._identity(account)
        if operation == _FOR_MEMBERS or operation in _OF_ORGANIZATIONS:
            return self._of_organization(account, operation, asked)
        place = self._place(account)
        if operation in _OF_ACCOUNTS:
            return _OF_ACCOUNTS[operation](place, asked)
        return place.of_principal(operation, asked)

    def organization_of(self, account: str) -> dict[str, Any] | None:
        """The organization that an account is in."""
        for organization in self.organizations:
            if account in ids(organization["Accounts"]) | {organization["MasterAccountId"]}:
                return organization
        return None

    def _of_organization(self, account: str, operation: str, asked: Parameters) -> dict[str, Any]:
        """Members may describe it, and nothing else."""
        organization = self.organization_of(account)
        if organization is None:
            raise RefusedError("AWSOrganizationsNotInUseException")
        if operation == _FOR_MEMBERS:
            names = ("Id", "MasterAccountId")
            return {"Organization": {name: organization[name] for name in names}}
        if account != organization["MasterAccountId"]:
            raise RefusedError("AccessDeniedException")
        return _OF_ORGANIZATIONS[operation](organization, asked)

    def _is_closed(self, account: str) -> bool:
        """Whether the credentials of an account do not work."""
        members = [one for organization in self.organizations for one in organization["Accounts"]]
        return any(one["Id"] == account and one["Status"] != "ACTIVE" for one in members)

    def _identity(self, account: str) -> dict[str, Any]:
        who = self._place(account).caller(self._caller) if self._own else None
        reader = f"arn:{self.partition(account)}:iam::{account}:user/reader"
        return {"Account": account, **(who or {"Arn": reader, "UserId": "AIDAREADER"})}

    def _place(self, account: str) -> "_Account":
        return _Account(account, self.partition(account), self._accounts.get(account) or {})


def _partitions(call: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Account and partition of the ARNs in a call; the last counts, which is the first named."""
    hops = (hop.get("RoleArn") if isinstance(hop, dict) else hop for hop in call.get("chain", ()))
    named = [call["caller"].get("arn"), *hops, call["parameters"].get("RoleArn")]
    for text in reversed([text for text in named if text and text.startswith("arn:")]):
        pieces = text.split(":")
        yield pieces[4], pieces[1]
        yield "", pieces[1]


class _Account(dict[str, Any]):
    """One account in the shape of `get-account-authorization-details`."""

    def __init__(self, account: str, partition: str, lists: Mapping[str, Any]) -> None:
        super().__init__(lists)
        self.id, self._place = account, f"arn:{partition}:iam::{account}:"

    def record(self, kind: str, name: str) -> dict[str, Any]:
        """A user, role or group with everything about it."""
        for found in self.get(f"{kind}DetailList", ()):
            if found[f"{kind}Name"] == name:
                path = "/" + found.get("Path", "/").strip("/") + "/"
                own = f"{self._place}{kind.lower()}{path.replace('//', '/')}{name}"
                made = {"Arn": own, f"{kind}Id": f"{_KINDS[kind]}{name.upper()}"}
                return {**made, "Path": path, "CreateDate": _CREATED, **found}
        raise RefusedError("NoSuchEntity")

    def caller(self, arn: str) -> dict[str, str] | None:
        """What GetCallerIdentity says to a user of this account, or to a session of its role."""
        place, _, path = arn.partition("/")
        kind = {"user": "User", "assumed-role": "Role"}.get(place.rpartition(":")[2])
        if kind is None or place.split(":")[4] != self.id:
            return None
        name, session = path.split("/")[-1], ""
        if kind == "Role":
            name, _, session = path.partition("/")
        try:
            found = self.record(kind, name)
        except RefusedError:
            return None
        if kind == "User":
            return {"Arn": arn, "UserId": found["UserId"]} if found["Arn"] == arn else None
        return {"Arn": arn, "UserId": f"{found['RoleId']}:{session}"}

    def of_principal(self, operation: str, asked: Parameters) -> dict[str, Any]:
        """`GetUser`, and what is asked of the policies of a user, role or group."""
        kind = next(kind for kind in _KINDS if f"{kind}Name" in asked)
        found = self.record(kind, asked[f"{kind}Name"])
        inline = {one["PolicyName"]: one["PolicyDocument"]
                  for one in found.get(f"{kind}PolicyList", ())}  # fmt: skip
        match operation.replace(kind, ""):
            case "Get":
                document = found.pop("AssumeRolePolicyDocument", None)
                if document is not None:
                    found["AssumeRolePolicyDocument"] = as_text(document)
                    found.setdefault("MaxSessionDuration", 3600)
                return {kind: found}
            case "ListPolicies":
                return {"PolicyNames": list(inline)}
            case "ListAttachedPolicies":
                attached = found.get("AttachedManagedPolicies", ())
                return {"AttachedPolicies": [{"PolicyArn": one["PolicyArn"]} for one in attached]}
            case "ListGroupsFor":
                names = found.get("GroupList", ())
                return {"Groups": [self.record("Group", name) for name in names]}
            case "GetPolicy" if asked["PolicyName"] in inline:
                return {"PolicyDocument": as_text(inline[asked["PolicyName"]])}
        raise RefusedError("NoSuchEntity")

    def listed(self, key: str, name: str, value: str, code: str) -> dict[str, Any]:
        """An entry of one of the lists."""
        for found in self.get(key, ()):
            if found[name] == value:
                return dict(found)
        raise RefusedError(code)


def _policy(account: _Account, asked: Parameters) -> dict[str, Any]:
    return {"Policy": account.listed("Policies", "Arn", asked["PolicyArn"], "NoSuchEntity")}


def _version(account: _Account, asked: Parameters) -> dict[str, Any]:
    for version in _policy(account, asked)["Policy"]["PolicyVersionList"]:
        if version["VersionId"] == asked["VersionId"]:
            return {"PolicyVersion": {"Document": as_text(version["Document"])}}
    raise RefusedError("NoSuchEntity")


def _oidc(account: _Account, asked: Parameters) -> dict[str, Any]:
    name = asked["OpenIDConnectProviderArn"]
    found = account.listed("OpenIDConnectProviders", "Arn", name, "NoSuchEntity")
    return {"ClientIDList": found.get("ClientIDList", [])}


def _saml(account: _Account, asked: Parameters) -> dict[str, Any]:
    account.listed("SAMLProviders", "Arn", asked["SAMLProviderArn"], "NoSuchEntity")
    return {}


def _endpoint(account: _Account, asked: Parameters) -> dict[str, Any]:
    name, code = asked["VpcEndpointIds"][0], "InvalidVpcEndpointId.NotFound"
    found = account.listed("VpcEndpoints", "VpcEndpointId", name, code)
    if "PolicyDocument" in found:
        found["PolicyDocument"] = json.dumps(decoded(found["PolicyDocument"]))
    return {"VpcEndpoints": [{**found, "OwnerId": account.id}]}


def _region(account: _Account, asked: Parameters) -> dict[str, Any]:
    for found in account.get("Regions", ()):
        if found["RegionName"] == asked["RegionName"]:
            return {"RegionOptStatus": _STATUSES[found["OptInStatus"]]}
    return {"RegionOptStatus": "ENABLED"}


def _parents(organization: Any, asked: Parameters) -> dict[str, Any]:
    child, root = asked["ChildId"], organization["Roots"][0]["Id"]
    inside = [*organization["Accounts"], *organization["OrganizationalUnits"]]
    parents = {organization["MasterAccountId"]: root} | {
        one["Id"]: one["ParentId"] for one in inside
    }
    if child not in parents:
        raise RefusedError("ChildNotFoundException")
    parent = parents[child]
    return {
        "Parents": [{"Id": parent, "Type": "ROOT" if parent == root else "ORGANIZATIONAL_UNIT"}]
    }


def _member(organization: Any, asked: Parameters) -> dict[str, Any]:
    for found in organization["Accounts"]:
        if found["Id"] == asked["AccountId"]:
            place = f"{organization['MasterAccountId']}:account/{organization['Id']}"
            return {"Account": {**found, "Arn": f"arn:aws:organizations::{place}/{found['Id']}"}}
    raise RefusedError("AccountNotFoundException")


def _policies(organization: Any, asked: Parameters) -> dict[str, Any]:
    """AWS's own policy is always among them."""
    kind = asked["Filter"]
    found = [_summary(one) for one in organization["Policies"] if one["Type"] == kind]
    own = {"Id": _OF_AWS[kind], "Name": _OF_AWS[kind].removeprefix("p-"), "Type": kind}
    return {"Policies": found if own["Id"] in ids(found) else [own, *found]}


def _attached(organization: Any, asked: Parameters) -> dict[str, Any]:
    kind, target = asked["Filter"], asked["TargetId"]
    found = [
        _summary(one)
        for one in organization["Policies"]
        if one["Type"] == kind and target in one.get("Targets", ())
    ]
    return {"Policies": found}


def _targets(organization: Any, asked: Parameters) -> dict[str, Any]:
    for found in organization["Policies"]:
        if found["Id"] == asked["PolicyId"]:
            return {"Targets": [{"TargetId": target} for target in found.get("Targets", ())]}
    raise RefusedError("PolicyNotFoundException")


def _summary(policy: Any) -> dict[str, Any]:
    return {"Id": policy["Id"], "Name": policy.get("Name", policy["Id"]), "Type": policy["Type"]}


def _content(organization: Any, asked: Parameters) -> dict[str, Any]:
    for found in organization["Policies"]:
        if found["Id"] == asked["PolicyId"]:
            return {"Policy": {"Content": json.dumps(decoded(found["Content"]))}}
    raise RefusedError("PolicyNotFoundException")


_OF_AWS = {
    "SERVICE_CONTROL_POLICY": "p-FullAWSAccess",
    "RESOURCE_CONTROL_POLICY": "p-RCPFullAWSAccess",
}
_OF_ACCOUNTS: dict[str, Callable[[_Account, Parameters], dict[str, Any]]] = {
    "GetPolicy": _policy,
    "GetPolicyVersion": _version,
    "GetOpenIDConnectProvider": _oidc,
    "GetSAMLProvider": _saml,
    "DescribeVpcEndpoints": _endpoint,
    "GetRegionOptStatus": _region,
}
_OF_ORGANIZATIONS: dict[str, Callable[[Any, Parameters], dict[str, Any]]] = {
    "ListParents": _parents,
    "DescribeAccount": _member,
    "ListPolicies": _policies,
    "ListTargetsForPolicy": _targets,
    "ListPoliciesForTarget": _attached,
    "DescribePolicy": _content,
}


def listed(organization: Any) -> list[dict[str, Any]]:
    """The organizations of a scenario, which has none, one or several."""
    if organization is None:
        return []
    return organization if isinstance(organization, list) else [organization]


def ids(records: list[dict[str, Any]]) -> set[str]:
    """The ids of some accounts."""
    return {one["Id"] for one in records}


def decoded(document: Any) -> Any:
    """A policy document, which a scenario may hold as a text."""
    return json.loads(unquote(document)) if isinstance(document, str) else document


def as_text(document: Any) -> str:
    """A policy document as IAM sends it."""
    return quote(json.dumps(decoded(document)))
