"""The organization block of a scenario or a snapshot.

https://docs.aws.amazon.com/organizations/latest/APIReference/
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from assumable.formats.reading import Cursor, read_policy, refuse_malformed
from assumable.model.policy import Layer, Policy, PolicyName
from assumable.model.world import Levels, Node, Organization, PolicyOrUnknown, Unknown
from assumable.source import Document, Location

_FIELDS = frozenset((
    "Id", "Arn", "MasterAccountId", "MasterAccountArn", "MasterAccountEmail", "FeatureSet",
    "AvailablePolicyTypes", "Roots", "OrganizationalUnits", "Accounts", "Policies",
    "DelegatedAdministrators", "RootAccess",
))  # fmt: skip
_POLICY_FIELDS = frozenset(
    (
        "Id",
        "Arn",
        "Name",
        "Description",
        "Type",
        "AwsManaged",
        "Content",
        "Targets",
        "PolicySummary",
    )
)
_ADMINISTRATOR_FIELDS = frozenset((
    "Id", "Arn", "Email", "Name", "Status", "State", "JoinedMethod", "JoinedTimestamp",
    "DelegationEnabledDate", "ServicePrincipal",
))  # fmt: skip
_IAM = "iam.amazonaws.com"
_LAYERS = {"SERVICE_CONTROL_POLICY": Layer.SCP, "RESOURCE_CONTROL_POLICY": Layer.RCP}
_MANAGED = frozenset(("FullAWSAccess", "RCPFullAWSAccess"))
"""The policies of AWS itself, which nobody can edit."""
_FULL_ACCESS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def read_organization(cursor: Cursor, *, strict: bool, lists_all: bool = False) -> Organization:
    """One organization; InputError at the first mistake.

    `lists_all` says that where accounts are listed, none was left out.
    """
    fields = cursor.fields(_FIELDS if strict else None)
    for key in ("Id", "MasterAccountId"):
        if key not in fields:
            cursor.fail(f"`{key}` is missing")
    account = fields["MasterAccountId"].account_id()
    nodes = _nodes(fields, strict=strict)
    attached: dict[Layer, dict[str, list[PolicyOrUnknown]]] = {Layer.SCP: {}, Layer.RCP: {}}
    unplaced: set[Layer] = set()
    for item in fields["Policies"].items() if "Policies" in fields else ():
        layer = _attach(item, nodes, attached, account, strict=strict)
        if layer is not None:
            unplaced.add(layer)
    collected = strict or "Policies" in fields

    def levels(layer: Layer) -> Levels:
        if not _switched_on(fields, layer):
            return None
        if not collected or layer in unplaced:
            kind = "SCPs" if layer is Layer.SCP else "RCPs"
            return Unknown(f"the {kind} of the organization", "organizations:ListPoliciesForTarget")
        return {target: tuple(found) for target, found in attached[layer].items()}

    return Organization(
        id=fields["Id"].text(),
        management_account=account,
        nodes=nodes,
        scps=levels(Layer.SCP),
        rcps=levels(Layer.RCP),
        iam_administrators=_iam_administrators(fields, nodes, strict=strict),
        root_access=_root_access(fields),
        is_whole=lists_all and "Accounts" in fields,
    )


def _iam_administrators(
    fields: dict[str, Cursor], nodes: dict[str, Node], *, strict: bool
) -> frozenset[str] | None:
    """The delegated administrators for IAM: the list is complete wherever there is one.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedAdministrators.html
    prints the accounts of one service, which `ServicePrincipal` adds.
    """
    if "DelegatedAdministrators" not in fields:
        return None
    found = set[str]()
    for item in fields["DelegatedAdministrators"].items():
        parts = item.fields(_ADMINISTRATOR_FIELDS if strict else None)
        for key in ("Id", "ServicePrincipal"):
            if key not in parts:
                item.fail(f"`{key}` is missing")
        account = parts["Id"].account_id()
        if strict and account not in nodes:
            parts["Id"].fail(f"`{account}` is not in the organization's tree")
        if parts["ServicePrincipal"].text() == _IAM:
            found.add(account)
    return frozenset(found)


def _root_access(fields: dict[str, Cursor]) -> bool | None:
    """Whether root access is centralized, which takes all features of Organizations.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootSessions.html
    """
    if _is_billing_only(fields):
        return False
    return fields["RootAccess"].truth() if "RootAccess" in fields else None


def _is_billing_only(fields: dict[str, Cursor]) -> bool:
    return "FeatureSet" in fields and fields["FeatureSet"].value == "CONSOLIDATED_BILLING"


def _switched_on(fields: dict[str, Cursor], layer: Layer) -> bool:
    """Whether the organization has that type of policy: all features, enabled at the root."""
    if _is_billing_only(fields):
        return False
    wanted = next(name for name, known in _LAYERS.items() if known is layer)
    for root in fields["Roots"].items() if "Roots" in fields else ():
        types = root.fields().get("PolicyTypes")
        if types is not None:
            enabled = [
                kind.value.get("Type")
                for kind in types.items()
                if isinstance(kind.value, dict) and kind.value.get("Status", "ENABLED") == "ENABLED"
            ]
            return wanted in enabled
    return True


def _nodes(fields: dict[str, Cursor], *, strict: bool) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key, kind in (("Roots", "root"), ("OrganizationalUnits", "ou"), ("Accounts", "account")):
        for item in fields[key].items() if key in fields else ():
            parts = item.fields()
            if "Id" not in parts:
                item.fail("`Id` is missing")
            name = parts["Name"].text() if "Name" in parts else ""
            node_id = parts["Id"].account_id() if kind == "account" else parts["Id"].text()
            parent = parts["ParentId"].text() if "ParentId" in parts else ""
            found[node_id] = Node(node_id, kind, name, parent, status_of(item.value))
            if kind == "root":
                continue
            if not parent:
                item.fail("`ParentId` is missing")
            if kind == "account" and parent not in found:
                parts["ParentId"].fail(f"`{parent}` is neither a root nor an organizational unit")
    _refuse_loose_ends(fields, found)
    management = fields["MasterAccountId"].account_id()
    root = next((node.id for node in found.values() if node.kind == "root"), "")
    if strict or root:
        found.setdefault(management, Node(management, "account", "", root))
    return found


def status_of(account: Mapping[str, Any]) -> str:
    """`State` stands in the place of `Status`, which AWS retires.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    """
    return str(account.get("State") or account.get("Status") or "ACTIVE")


def _refuse_loose_ends(fields: dict[str, Cursor], nodes: dict[str, Node]) -> None:
    """Every organizational unit hangs from a root: no missing parents, no circles."""
    for item in fields["OrganizationalUnits"].items() if "OrganizationalUnits" in fields else ():
        place = item.fields()["ParentId"]
        node: Node | None = nodes.get(item.value["Id"])
        seen: set[str] = set()
        while node is not None and node.kind != "root":
            if node.id in seen:
                place.fail(f"`{item.value['Id']}` is above itself in the organization's tree")
            seen.add(node.id)
            node = nodes.get(node.parent)
        if node is None:
            place.fail(f"`{place.value}` does not lead to a root of the organization")


def _attach(
    cursor: Cursor,
    nodes: dict[str, Node],
    attached: dict[Layer, dict[str, list[PolicyOrUnknown]]],
    account: str,
    *,
    strict: bool,
) -> Layer | None:
    """Hang a policy on its targets; its layer when a snapshot does not say what they are."""
    fields = cursor.fields(_POLICY_FIELDS if strict else None)
    if "Type" not in fields:
        cursor.fail("`Type` is missing")
    layer = _LAYERS.get(str(fields["Type"].value))
    if layer is None:
        if strict:
            fields["Type"].one_of(*_LAYERS)
        return None
    if "Targets" not in fields and not strict:
        return layer
    policy_id = fields["Id"].text() if "Id" in fields else ""
    name = fields["Name"].text() if "Name" in fields else policy_id
    is_managed = policy_id.removeprefix("p-") in _MANAGED
    content: PolicyOrUnknown | None = None
    for target in fields["Targets"].items() if "Targets" in fields else ():
        node_id = str(target.value)
        if node_id not in nodes and strict:
            target.fail(f"`{node_id}` is not in the organization's tree")
        label = PolicyName(
            layer, name.removeprefix("p-"), node_id, policy_id, "" if is_managed else account
        )
        if content is None:
            content = _content(cursor, fields, label, strict=strict)
        elif isinstance(content, Policy):
            content = msgspec.structs.replace(content, name=label)
        attached[layer].setdefault(node_id, []).append(content)
    return None


def _content(
    cursor: Cursor, fields: dict[str, Cursor], label: PolicyName, *, strict: bool
) -> PolicyOrUnknown:
    if "Content" in fields:
        policy = read_policy(fields["Content"], label, patchable=strict)
        if strict:
            return refuse_malformed(policy)
        if policy.fatal is not None:
            return Unknown(f"{label.name}, which is malformed ({policy.fatal.message}),")
        return policy
    if label.name not in _MANAGED and label.arn.removeprefix("p-") not in _MANAGED:
        if strict:
            cursor.fail("`Content` is missing", "only FullAWSAccess and RCPFullAWSAccess need none")
        return Unknown(f"{label.name}", f"organizations:DescribePolicy on {label.arn}")
    return full_access(label)


def full_access(label: PolicyName) -> Policy:
    """The managed policy that allows everything."""
    document = dict(_FULL_ACCESS)
    if label.layer is Layer.SCP:
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
    text = json.dumps(document, indent=2)
    source = Document(label.name, text)
    return read_policy(Cursor(source.value, Location(source)), label, patchable=False)
