"""A whole organization, in the shape of `organization.json` in a snapshot.

Members may describe their organization; the rest answers only in its management account or to a
delegated administrator (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_permissions.html).
"""

from typing import Any

from assumable.aws.attached import FULL_ACCESS
from assumable.aws.clients import Connection
from assumable.aws.inventory import Document, Inventory
from assumable.aws.organization import IAM
from assumable.formats.organization import status_of

_ORGANIZATION = ("Id", "MasterAccountId", "FeatureSet")
_POLICY = ("Id", "Name", "Type", "AwsManaged")
_KINDS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")


def read_organization(connection: Connection) -> Inventory:
    """The organization of whoever reads; the document is empty when there is none, or it is missed.

    A tree is whole or left out: half of one would place accounts wrongly.
    """
    found = Inventory(connection)
    asked, what = "organizations:DescribeOrganization", "the facts of the organization"
    described = found.ask(asked, what, "*", "Organization")
    if described is None:
        return found
    found.document = {key: described[key] for key in _ORGANIZATION if key in described}
    tree = _tree(found)
    if tree is not None:
        found.document |= tree
        found.document["Policies"] = [
            policy
            for kind in _KINDS
            if _is_enabled(tree["Roots"], kind)
            for policy in _policies(found, kind)
        ]
    _administration(found)
    return found


def _tree(found: Inventory) -> Document | None:
    listed = found.ask("organizations:ListRoots", "the roots of the organization", "*", "Roots")
    if listed is None:
        return None
    roots = [{key: one[key] for key in ("Id", "PolicyTypes") if key in one} for one in listed]
    units, accounts = list[Document](), list[Document]()
    waiting = [root["Id"] for root in roots]
    while waiting:
        parent = waiting.pop(0)
        below = _below(found, parent)
        if below is None:
            return None
        units += below[0]
        accounts += below[1]
        waiting += [unit["Id"] for unit in below[0]]
    accounts.sort(key=lambda one: str(one["Id"]))
    return {"Roots": roots, "OrganizationalUnits": units, "Accounts": accounts}


def _below(found: Inventory, parent: str) -> tuple[list[Document], list[Document]] | None:
    """The units and the accounts right below a root or a unit; None when one is not told."""
    asked, what = "organizations:ListOrganizationalUnitsForParent", f"the units below {parent}"
    units = found.ask(asked, what, parent, "OrganizationalUnits", ParentId=parent)
    asked, what = "organizations:ListAccountsForParent", f"the accounts below {parent}"
    accounts = found.ask(asked, what, parent, "Accounts", ParentId=parent)
    if units is None or accounts is None:
        return None
    in_order = sorted(units, key=lambda one: str(one["Id"]))
    return (
        [{"Id": one["Id"], "Name": one["Name"], "ParentId": parent} for one in in_order],
        [_account(one, parent) for one in accounts],
    )


def _account(listed: Document, parent: str) -> Document:
    name = listed.get("Name", "")
    return {"Id": listed["Id"], "Name": name, "ParentId": parent, "Status": status_of(listed)}


def _is_enabled(roots: list[dict[str, Any]], kind: str) -> bool:
    """Whether there may be policies of that kind: a silent root does not switch them off."""
    if not all("PolicyTypes" in root for root in roots):
        return True
    types = [one for root in roots for one in root["PolicyTypes"]]
    return any(one["Type"] == kind and one.get("Status") == "ENABLED" for one in types)


def _policies(found: Inventory, kind: str) -> list[Document]:
    """The policies of one kind with their targets.

    One without targets, in a list that was refused, says to the reader that there are more.
    """
    asked, what = "organizations:ListPolicies", f"the policies of type {kind}"
    listed = found.ask(asked, what, "*", "Policies", Filter=kind)
    if listed is None:
        return [{"Type": kind}]
    return [_policy(found, one) for one in sorted(listed, key=lambda one: str(one["Id"]))]


def _policy(found: Inventory, listed: Document) -> Document:
    policy_id = str(listed["Id"])
    policy = {key: listed[key] for key in _POLICY if key in listed}
    asked, what = "organizations:ListTargetsForPolicy", f"the targets of policy {policy_id}"
    targets = found.ask(asked, what, policy_id, "Targets", PolicyId=policy_id)
    if targets is not None:
        policy["Targets"] = sorted(str(target["TargetId"]) for target in targets)
    if policy_id not in FULL_ACCESS:
        asked, what = "organizations:DescribePolicy", f"the statements of policy {policy_id}"
        described = found.ask(asked, what, policy_id, "Policy", PolicyId=policy_id)
        if described is not None:
            policy["Content"] = described["Content"]
    return policy


def _administration(found: Inventory) -> None:
    """Who administers IAM, and whether root access to the members is centralized."""
    asked, key = "organizations:ListDelegatedAdministrators", "DelegatedAdministrators"
    what = "the delegated administrators for IAM"
    listed = found.ask(asked, what, "*", key, ServicePrincipal=IAM)
    if listed is not None:
        ids = sorted(str(one["Id"]) for one in listed)
        found.document[key] = [{"Id": one, "ServicePrincipal": IAM} for one in ids]
    missed, what = len(found.missed), "the centralized features of IAM"
    enabled = found.ask("iam:ListOrganizationsFeatures", what, "*", "EnabledFeatures")
    if len(found.missed) == missed:  # without trusted access there is no such thing: it is off
        found.document["RootAccess"] = "RootSessions" in (enabled or ())
