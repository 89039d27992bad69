"""One account in the shape of `aws iam get-account-authorization-details`.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import functools
import importlib.resources
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec

from assumable import arn
from assumable.errors import InputError
from assumable.formats import versions
from assumable.formats.reading import Cursor, read_policy, refuse_malformed
from assumable.formats.writing import indented
from assumable.model.policy import Layer, Policy, PolicyName
from assumable.model.world import (
    Account,
    PolicyOrUnknown,
    Principal,
    Provider,
    Role,
    Unknown,
    User,
    VpcEndpoint,
)
from assumable.source import Document, Location

_COMMON = {"Path", "Arn", "CreateDate", "AttachedManagedPolicies", "Tags", "PermissionsBoundary"}
_USER = frozenset(
    _COMMON | {"UserName", "UserId", "UserPolicyList", "GroupList", "PasswordLastUsed"}
)
_GROUP = frozenset(_COMMON | {"GroupName", "GroupId", "GroupPolicyList"})
_ROLE = frozenset(
    _COMMON | {"RoleName", "RoleId", "AssumeRolePolicyDocument", "RolePolicyList", "Description",
               "MaxSessionDuration", "InstanceProfileList", "RoleLastUsed"}
)  # fmt: skip
_ACCOUNT = frozenset((
    "UserDetailList", "GroupDetailList", "RoleDetailList", "Policies", "OpenIDConnectProviders",
    "SAMLProviders", "VpcEndpoints", "Regions", "IsTruncated", "Marker",
))  # fmt: skip

# As `aws ec2 describe-regions` and `aws account list-regions` print them.
REGION_STATUSES = {
    "opt-in-not-required": "opt-in-not-required", "ENABLED_BY_DEFAULT": "opt-in-not-required",
    "opted-in": "opted-in", "ENABLED": "opted-in",
    "not-opted-in": "not-opted-in", "DISABLED": "not-opted-in",
    "enabling": "enabling", "ENABLING": "enabling",
    "disabling": "disabling", "DISABLING": "disabling",
}  # fmt: skip

DURATIONS = range(3_600, 43_201)
"""How long the longest session of a role may be, in seconds.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
"""
P = TypeVar("P", bound=Principal)


class AccountReader:
    """Reads one account; `strict` refuses what a scenario may not hold."""

    def __init__(
        self, account: str, partition: str, *, strict: bool, is_filtered: bool = True
    ) -> None:
        """The partition is the one that derived ARNs get.

        A dump that may be filtered has empty lists for what it does not list.
        """
        self.account, self.partition, self.strict = account, partition, strict
        self.is_filtered = is_filtered
        self.managed: dict[str, Policy] = {}
        self.changed: dict[str, datetime] = {}
        """When the managed policies, and those of groups by the group's name, were last changed."""
        self.groups: dict[str, tuple[PolicyOrUnknown, ...]] = {}
        self.endpoints: dict[str, VpcEndpoint] = {}

    def read(self, cursor: Cursor) -> Account:
        """The account; InputError at the first mistake."""
        fields = cursor.fields(_ACCOUNT if self.strict else None)

        def each(key: str) -> list[Cursor]:
            return list(fields[key].items()) if key in fields else []

        for item in each("Policies"):
            self._managed_policy(item)
        for item in each("GroupDetailList"):
            self._group(item)
        for item in each("VpcEndpoints"):
            self._endpoint(item)
        users = [self._user(item) for item in each("UserDetailList")]
        roles = [self._role(item) for item in each("RoleDetailList")]
        providers = [
            self._provider(item)
            for item in (*each("OpenIDConnectProviders"), *each("SAMLProviders"))
        ]
        return Account(
            id=self.account,
            users=_unique(users, cursor),
            roles=_unique(roles, cursor),
            providers={provider.arn: provider for provider in providers},
            regions=dict(self._region(item) for item in each("Regions")),
            complete=self.strict or self._is_whole(fields),
            unlisted=frozenset() if self.strict else self._unlisted(fields),
            input_pointer=cursor.location.pointer if self.strict else None,
        )

    def _is_whole(self, fields: dict[str, Cursor]) -> bool:
        """Whether a dump lists every user and role: it was neither filtered nor cut off."""
        cut = "IsTruncated" in fields and fields["IsTruncated"].value is True
        return not cut and {"UserDetailList", "RoleDetailList"} <= fields.keys()

    def _unlisted(self, fields: dict[str, Cursor]) -> frozenset[str]:
        """What a dump does not list: AWS writes no providers, and no users or roles under a filter.

        A filter leaves empty lists; every other account has service-linked roles, many no users.
        """
        principals = (("UserDetailList", "user"), ("RoleDetailList", "role"))
        providers = (
            ("OpenIDConnectProviders", "oidc-provider"),
            ("SAMLProviders", "saml-provider"),
        )
        return frozenset(
            [kind for key, kind in principals
             if key not in fields or (self.is_filtered and not fields[key].value)]
            + [kind for key, kind in providers if key not in fields]
        )  # fmt: skip

    def iam_arn(self, kind: str, path: str, name: str) -> str:
        """The ARN of something in this account."""
        return f"arn:{self.partition}:iam::{self.account}:{kind}{path}{name}"

    def policy(self, cursor: Cursor, name: PolicyName) -> PolicyOrUnknown:
        """A policy; a malformed one is refused in a scenario and unknown in a snapshot."""
        if isinstance(cursor.value, Unknown):
            return cursor.value
        if self.strict:
            return refuse_malformed(read_policy(cursor, name))
        policy = read_policy(cursor, name, patchable=False)
        return policy if policy.fatal is None else malformed(name, policy.fatal.message)

    def _managed_policy(self, cursor: Cursor) -> None:
        fields = cursor.fields()
        name = fields["PolicyName"].text() if "PolicyName" in fields else ""
        path = fields["Path"].text() if "Path" in fields else "/"
        own_arn = fields["Arn"].text() if "Arn" in fields else self.iam_arn("policy", path, name)
        document = next(
            (fields[key] for key in ("PolicyDocument", "Document") if key in fields), None
        )
        if document is None and "PolicyVersionList" in fields:
            document = versions.default(fields)
        if document is None:
            cursor.fail("a managed policy needs its default version under `PolicyVersionList`")
        short = name or own_arn.rpartition("/")[2]
        found = self.policy(document, PolicyName(Layer.IDENTITY, short, "", own_arn, self.account))
        if isinstance(found, Policy):
            others = versions.others(fields)
            self.managed[own_arn] = msgspec.structs.replace(found, other_versions=others)
        changed = _moment(fields, "UpdateDate")
        if changed is not None:
            self.changed[own_arn] = changed

    def _last_change(self, fields: dict[str, Cursor], groups: Iterable[str]) -> datetime | None:
        """The last change of a managed policy that applies, as far as the document dates them."""
        attached = (
            fields["AttachedManagedPolicies"].items() if "AttachedManagedPolicies" in fields else ()
        )
        arns = [str(item.fields()["PolicyArn"].value) for item in attached]
        return self._newest((*arns, *groups))

    def _newest(self, names: Iterable[str]) -> datetime | None:
        """The last change of policies and groups, as far as it is known."""
        return max([self.changed[name] for name in names if name in self.changed], default=None)

    def _group(self, cursor: Cursor) -> None:
        fields = cursor.fields(_GROUP if self.strict else None)
        name = _needed(cursor, fields, "GroupName").text()
        group_arn = self._own_arn(fields, "group", name)
        self.groups[name] = self._policies(fields, "GroupPolicyList", group_arn)
        changed = self._last_change(fields, ())
        if changed is not None:
            self.changed[name] = changed

    def _own_arn(self, fields: dict[str, Cursor], kind: str, name: str) -> str:
        path = fields["Path"].text() if "Path" in fields else "/"
        derived = self.iam_arn(
            f"{kind}", "/" + path.strip("/") + "/" if path.strip("/") else "/", name
        )
        if "Arn" not in fields:
            return derived
        given = fields["Arn"].text()
        parts = arn.parse(given)
        if (
            parts is None
            or parts.account != self.account
            or parts.kind != kind
            or parts.name != name
        ):
            fields["Arn"].fail(f"`{given}` does not fit {kind} {name} of account {self.account}")
        return given

    def _policies(
        self, fields: dict[str, Cursor], inline_key: str, owner: str
    ) -> tuple[PolicyOrUnknown, ...]:
        found: list[PolicyOrUnknown] = []
        for item in fields[inline_key].items() if inline_key in fields else ():
            parts = item.fields()
            name = parts["PolicyName"].text() if "PolicyName" in parts else "inline"
            document = _needed(item, parts, "PolicyDocument")
            found.append(
                self.policy(document, PolicyName(Layer.IDENTITY, name, owner, "", self.account))
            )
        attached = fields.get("AttachedManagedPolicies")
        for item in attached.items() if attached else ():
            policy_arn = _needed(item, item.fields(), "PolicyArn").text()
            found.append(self.managed_policy(policy_arn, owner, Layer.IDENTITY))
        return tuple(found)

    def managed_policy(self, policy_arn: str, owner: str, layer: Layer) -> PolicyOrUnknown:
        """A managed policy as it is attached to its owner."""
        policy = self.managed.get(policy_arn) or aws_managed_policy(policy_arn)
        if isinstance(policy, Unknown):
            return policy
        name = msgspec.structs.replace(policy.name, owner=owner, layer=layer)
        return msgspec.structs.replace(policy, name=name)

    def _boundary(self, fields: dict[str, Cursor], owner: str) -> PolicyOrUnknown | None:
        if "PermissionsBoundary" not in fields:
            return None
        cursor = fields["PermissionsBoundary"]
        if cursor.value is None or isinstance(cursor.value, Unknown):
            return cursor.value
        parts = cursor.fields()
        return self.managed_policy(
            _needed(cursor, parts, "PermissionsBoundaryArn").text(), owner, Layer.BOUNDARY
        )

    def _user(self, cursor: Cursor) -> User:
        fields = cursor.fields(_USER if self.strict else None)
        name = _needed(cursor, fields, "UserName").text()
        own_arn = self._own_arn(fields, "user", name)
        policies = list(self._policies(fields, "UserPolicyList", own_arn))
        groups = list[str]()
        for group in fields["GroupList"].items() if "GroupList" in fields else ():
            groups.append(group.text())
            if self.strict and group.text() not in self.groups:
                group.fail(f"group `{group.value}` is not listed under `GroupDetailList`")
            policies.extend(self.of_group(group.text()))
        return User(
            arn=own_arn,
            unique_id=fields["UserId"].text() if "UserId" in fields else None,
            tags=fields["Tags"].tags() if "Tags" in fields else {},
            policies=tuple(policies),
            boundary=self._boundary(fields, own_arn),
            created=_moment(fields, "CreateDate"),
            policies_changed=self._last_change(fields, groups),
            input_pointer=cursor.location.pointer if self.strict else None,
        )

    def of_group(self, name: str) -> tuple[PolicyOrUnknown, ...]:
        """The policies of a group."""
        unlisted = (Unknown(f"the policies of group {name}", "iam:GetGroup"),)
        return self.groups.get(name, unlisted)

    def _role(self, cursor: Cursor) -> Role:
        fields = cursor.fields(_ROLE if self.strict else None)
        name = _needed(cursor, fields, "RoleName").text()
        own_arn = self._own_arn(fields, "role", name)
        trust = _needed(cursor, fields, "AssumeRolePolicyDocument")
        duration: int | Unknown = 3600 if self.strict else unread_duration(name, own_arn)
        if "MaxSessionDuration" in fields:
            duration = self._duration(fields["MaxSessionDuration"], duration)
        return Role(
            arn=own_arn,
            unique_id=fields["RoleId"].text() if "RoleId" in fields else None,
            tags=fields["Tags"].tags() if "Tags" in fields else {},
            policies=self._policies(fields, "RolePolicyList", own_arn),
            boundary=self._boundary(fields, own_arn),
            trust=self.policy(trust, self.trust_name(name, own_arn)),
            max_session_duration=duration,
            created=_moment(fields, "CreateDate"),
            policies_changed=self._last_change(fields, ()),
            input_pointer=cursor.location.pointer if self.strict else None,
        )

    def trust_name(self, name: str, role_arn: str) -> PolicyName:
        """What the trust policy of a role is called."""
        return PolicyName(Layer.TRUST, f"the trust policy of {name}", role_arn, "", self.account)

    def _duration(self, cursor: Cursor, unread: int | Unknown) -> int | Unknown:
        """A role's maximum; what AWS would not store is refused, in a dump it says nothing."""
        try:
            return max_session_duration(cursor)
        except InputError:
            if self.strict:
                raise
            return unread

    def _endpoint(self, cursor: Cursor) -> None:
        fields = cursor.fields()
        name = _needed(cursor, fields, "VpcEndpointId").text()
        document = fields.get("PolicyDocument")
        label = PolicyName(Layer.VPC_ENDPOINT, f"the policy of {name}", name, "", self.account)
        policy = self.policy(document, label) if document is not None and document.value else None
        vpc = fields["VpcId"].text() if "VpcId" in fields else ""
        self.endpoints[name] = VpcEndpoint(name, vpc, self.account, policy)

    def _provider(self, cursor: Cursor) -> Provider:
        fields = cursor.fields()
        clients = fields["ClientIDList"].texts() if "ClientIDList" in fields else None
        return Provider(_needed(cursor, fields, "Arn").text(), clients, cursor.location.pointer)

    def _region(self, cursor: Cursor) -> tuple[str, str]:
        fields = cursor.fields()
        name = _needed(cursor, fields, "RegionName").text()
        given = next(
            (fields[key] for key in ("OptInStatus", "RegionOptStatus") if key in fields), None
        )
        if given is None:
            return name, "opted-in"
        status = REGION_STATUSES.get(str(given.value))
        if status is None:
            given.fail(f"must be one of {', '.join(REGION_STATUSES)}")
        return name, status


def malformed(name: PolicyName, message: str) -> Unknown:
    """A policy that AWS would not have stored: what it says is not known."""
    return Unknown(f"{name.name}, which is malformed ({message}),", "a well-formed document")


def unread_duration(name: str, role_arn: str) -> Unknown:
    """The longest session of a role, where a dump does not say it."""
    return Unknown(f"MaxSessionDuration of role {name}", f"iam:GetRole on {role_arn}")


def max_session_duration(cursor: Cursor) -> int:
    """The longest session of a role, in seconds; InputError for what no role can have."""
    return cursor.number(DURATIONS.start, DURATIONS.stop - 1)


def _moment(fields: dict[str, Cursor], key: str) -> datetime | None:
    """A date that only remarks depend on: one that cannot be read is as good as none."""
    try:
        return fields[key].moment() if key in fields else None
    except InputError:
        return None


def _needed(cursor: Cursor, fields: dict[str, Cursor], key: str) -> Cursor:
    if key not in fields:
        cursor.fail(f"`{key}` is missing")
    return fields[key]


def _unique(principals: list[P], cursor: Cursor) -> dict[str, P]:
    found: dict[str, P] = {}
    for principal in principals:
        if principal.arn in found:
            cursor.fail(f"`{principal.arn}` is listed twice")
        found[principal.arn] = principal
    return found


@functools.cache
def _aws_managed() -> dict[str, object]:
    data = importlib.resources.files("assumable.formats") / "data" / "aws_managed_policies.json"
    loaded: dict[str, object] = msgspec.json.decode(data.read_bytes())
    return loaded


@functools.cache
def aws_managed_policy(policy_arn: str) -> PolicyOrUnknown:
    """The part of an AWS managed policy that can touch STS, as it ships with assumable.

    Its ARNs are of the partition that the policy is in, as in AWS itself.
    """
    parts = arn.parse(policy_arn)
    if parts is not None and parts.account == "aws":
        data = _aws_managed()
        key = "arn:aws:iam::aws:" + parts.resource
        policies = data["policies"]
        found = policies.get(key) if isinstance(policies, dict) else None
        if found is None and key in data["without_sts"]:  # type: ignore[operator]  # a list of ARNs
            found = {"Version": "2012-10-17", "Statement": []}
        if found is not None:
            name = PolicyName(Layer.IDENTITY, parts.name, "", policy_arn, "aws")
            text = indented(found).replace('"arn:aws:', f'"arn:{parts.partition}:')
            document = Document(f"AWS managed policy {parts.name}", text)
            return policy_in(document, name)
    return Unknown(f"managed policy {policy_arn}", f"iam:GetPolicyVersion on {policy_arn}")


def policy_in(document: Document, name: PolicyName) -> Policy:
    """A policy read from a document of its own; mistakes stay in `problems`."""
    return read_policy(Cursor(document.value, Location(document)), name, patchable=False)
