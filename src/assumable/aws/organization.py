"""The organizations of the caller's and of the role's account, as far as they can be read.

Members may describe their organization; the rest answers only in its management account or to a
delegated administrator (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_permissions.html).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from assumable.aws.clients import Connection
from assumable.aws.principals import parsed
from assumable.formats.organization import full_access
from assumable.model.policy import Layer, PolicyName
from assumable.model.world import Node, Organization, PolicyOrUnknown, Unknown

_TYPES = {Layer.SCP: "SERVICE_CONTROL_POLICY", Layer.RCP: "RESOURCE_CONTROL_POLICY"}
_FULL_ACCESS = ("p-FullAWSAccess", "p-RCPFullAWSAccess")
_MAX_LEVELS = 10  # five levels of units at most, the root and the account
Levels = Mapping[str, tuple[PolicyOrUnknown, ...]]


class Found(msgspec.Struct, frozen=True):
    """What was learnt of organizations."""

    organizations: tuple[Organization, ...] | Unknown
    unplaced: Mapping[str, Unknown] = {}
    """Accounts whose place in the tree is not known, and why."""


def read_organizations(
    callers: Sequence[str], roles: Sequence[str], connections: Mapping[str, Connection]
) -> Found:
    """The organizations of all accounts, read with the connections of whichever can.

    SCPs are read for the callers' accounts and RCPs for the roles': no others decide a call.
    """
    found: dict[str, Organization] = {}
    read: dict[tuple[str, Layer], Levels | Unknown] = {}
    unplaced: dict[str, Unknown] = {}
    for account in dict.fromkeys((*callers, *roles)):
        described = _describe(account, connections, tuple(found.values()))
        if isinstance(described, Unknown):
            return Found(described)
        if described is None:
            continue
        organization = found.get(described.id, described)
        readers = [c for c in connections.values() if _organization_of(c) == organization.id]
        path = _path(account, readers)
        if isinstance(path, Unknown):
            unplaced[account] = path
            path = (Node(account, "account"),)
        nodes = {**organization.nodes, **{node.id: node for node in path}}
        organization = msgspec.structs.replace(organization, nodes=nodes)
        for layer, wanted in ((Layer.SCP, callers), (Layer.RCP, roles)):
            if account in wanted:
                more = unplaced.get(account) or _attached(layer, path, readers)
                levels = _together(read.get((organization.id, layer), {}), more)
                read[organization.id, layer] = levels
                organization = msgspec.structs.replace(organization, **{f"{layer}s": levels})
        found[organization.id] = organization
    return Found(tuple(found.values()), unplaced)


def _together(known: Levels | Unknown, more: Levels | Unknown) -> Levels | Unknown:
    """The policies at the levels of several accounts; unknown when those of one are."""
    if isinstance(known, Unknown):
        return known
    return more if isinstance(more, Unknown) else {**known, **more}


def _describe(
    account: str, connections: Mapping[str, Connection], known: tuple[Organization, ...]
) -> Organization | Unknown | None:
    """The organization of an account, still without a tree; None when it has none."""
    place = f"account {account}"
    unread = Unknown("the organization", f"organizations:DescribeOrganization on {place}")
    connection = connections.get(account)
    if connection is None:
        return _common_organization(account, connections, known) or unread
    answer = connection.ask("organizations", "DescribeOrganization", "the organization was", place)
    if not isinstance(answer, dict):
        return answer
    found = answer["Organization"]
    nothing = Unknown("the policies of this organization")
    return Organization(id=found["Id"], management_account=found["MasterAccountId"], nodes={},
                        scps=nothing, rcps=nothing)  # fmt: skip


def _common_organization(
    account: str, connections: Mapping[str, Connection], known: tuple[Organization, ...]
) -> Organization | None:
    """The organization already read, when it knows the other account as well."""
    for organization in known:
        if account == organization.management_account:
            return organization
        for connection in connections.values():
            if isinstance(_parent(account, connection), dict):
                return organization
    return None


def _organization_of(connection: Connection) -> str:
    answer = connection.ask("organizations", "DescribeOrganization", "the organization was", "*")
    return str(answer["Organization"]["Id"]) if isinstance(answer, dict) else ""


def _parent(child: str, connection: Connection) -> dict[str, Any] | Unknown | None:
    what = f"the place of {child} in the organization was"
    return connection.ask("organizations", "ListParents", what, child, ChildId=child)


def _path(account: str, readers: list[Connection]) -> tuple[Node, ...] | Unknown:
    """The nodes from the account up to the root, by the first connection that may see them."""
    refusal = Unknown(f"the place of {account} in its organization", "organizations:ListParents")
    for reader in readers:
        nodes: list[Node] = []
        child, kind = account, "account"
        while len(nodes) < _MAX_LEVELS:
            if kind == "root":
                return (*nodes, Node(child, kind))
            answer = _parent(child, reader)
            if isinstance(answer, Unknown):
                refusal = answer
                break
            if answer is None or not answer["Parents"]:
                break  # it was moved, or left, since its organization was read
            parent = answer["Parents"][0]
            nodes.append(Node(child, kind, parent=parent["Id"]))
            child, kind = parent["Id"], "root" if parent["Type"] == "ROOT" else "ou"
    return refusal


def _attached(layer: Layer, path: tuple[Node, ...], readers: list[Connection]) -> Levels | Unknown:
    """The policies of one kind at every level, by the first connection that may list them."""
    refusal = Unknown(f"the {layer}s", "organizations:ListPoliciesForTarget")
    for reader in readers:
        levels = {node.id: _of_level(layer, node, reader) for node in path}
        refused = next((found for found in levels.values() if isinstance(found, Unknown)), None)
        if refused is not None:
            refusal = refused
            continue
        read = {node: found for node, found in levels.items() if not isinstance(found, Unknown)}
        if layer is Layer.SCP and not any(read.values()):
            # Every level must hold an SCP while the type is enabled; none anywhere means that SCPs
            # are off (…/orgs_manage_policies_scps_strategies.html), and nothing is restricted.
            return {node.id: (full_access(PolicyName(layer, "SCPs are disabled", node.id)),)
                    for node in path}  # fmt: skip
        return read
    return refusal


def _of_level(
    layer: Layer, node: Node, reader: Connection
) -> tuple[PolicyOrUnknown, ...] | Unknown:
    what, kind = f"the {layer}s of {node.id} were", _TYPES[layer]
    answer = reader.ask("organizations", "ListPoliciesForTarget", what, node.id,
                        TargetId=node.id, Filter=kind)  # fmt: skip
    if answer is None:
        return ()
    if isinstance(answer, Unknown):
        return answer
    return tuple(_content(layer, summary, node, reader) for summary in answer["Policies"])


def _content(
    layer: Layer, summary: dict[str, Any], node: Node, reader: Connection
) -> PolicyOrUnknown:
    policy_id = summary["Id"]
    label = PolicyName(layer, summary.get("Name", policy_id), node.id, policy_id)
    if policy_id in _FULL_ACCESS:
        return full_access(label)
    what = f"{layer} {label.name} was"
    answer = reader.ask("organizations", "DescribePolicy", what, policy_id, PolicyId=policy_id)
    if answer is None:
        return Unknown(
            f"{what} deleted while it was read", f"organizations:DescribePolicy on {policy_id}"
        )
    return answer if isinstance(answer, Unknown) else parsed(answer["Policy"]["Content"], label)
