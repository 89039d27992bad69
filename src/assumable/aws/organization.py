"""The organizations of the accounts in a call, part by part, as far as they can be read.

Members may describe their organization; the rest answers only in its management account or to a
delegated administrator (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_permissions.html).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from assumable.aws.attached import Levels, Summary, attached, everywhere, listed, own
from assumable.aws.clients import Connection
from assumable.aws.member import Member, describe
from assumable.model.policy import Layer
from assumable.model.world import Node, Organization, Unknown

IAM = "iam.amazonaws.com"
_MAX_LEVELS = 10  # five levels of units at most, the root and the account


def unread_policies(layer: Layer, organization_id: str) -> Unknown:
    """What stands for the policies of one kind before they were asked for."""
    settle = f"organizations:ListPoliciesForTarget on {organization_id} ({layer.upper()}s)"
    return Unknown(f"the {layer.upper()}s of {organization_id}", settle)


def unread_place(account: str) -> Unknown:
    """What stands for an account's place in the tree before it was asked for."""
    what = f"the place of {account} in its organization"
    return Unknown(what, f"organizations:ListParents on {account}")


class Organizations:
    """Collects what is learnt of organizations; `readers` are those who may be able to look."""

    def __init__(
        self, connections: Callable[[], Mapping[str, Connection]], others: Sequence[Connection] = ()
    ) -> None:
        """`connections` are of the accounts in the call; `others` may belong to any account.

        Whose the former are is asked once it matters.
        """
        self._connections, self._others = connections, others
        self._found: dict[str, Organization] = {}
        self._seen_from: dict[Connection, str] = {}
        """By those who were told of an account: the organization that it is in."""
        self._open: dict[tuple[str, Layer], tuple[Summary, ...]] = {}
        """AWS's policies of one kind, where an organization has no others."""
        self.standalone: set[str] = set()
        """Accounts that are in no organization."""
        self.unplaced: dict[str, Unknown] = {}
        """Accounts whose place in the tree is not known, and why."""

    @property
    def organizations(self) -> tuple[Organization, ...]:
        """What was learnt so far."""
        return tuple(map(self._opened, self._found.values()))

    def _opened(self, organization: Organization) -> Organization:
        """AWS's policies stand at every level that is known, whenever it became known."""
        levels = {
            f"{layer}s": {
                node.id: everywhere(layer, policies, node) for node in organization.nodes.values()
            }
            for (organization_id, layer), policies in self._open.items()
            if organization_id == organization.id
        }
        return msgspec.structs.replace(organization, **levels)

    def describe(self, account: str) -> None:
        """Which organization an account belongs to; nothing changes when nobody may say."""
        described = self._describe(account)
        if described is None:
            self.standalone.add(account)
        if not isinstance(described, Organization):
            return
        known = self._found.get(described.id, described)
        nodes = {**known.nodes, **described.nodes}
        self._found[known.id] = msgspec.structs.replace(known, nodes=nodes)
        if not nodes[account].parent:
            self.unplaced[account] = unread_place(account)

    def place(self, account: str) -> None:
        """Where an account stands in its organization."""
        organization = self.of(account)
        if organization is None or not self._is_waiting(account):
            return
        path = _path(organization.nodes[account], self._readers(organization.id))
        if isinstance(path, Unknown):
            refusal = _of_insiders(path)
            settle = refusal.settle + self._why_not(organization.id)
            self.unplaced[account] = msgspec.structs.replace(refusal, settle=settle)
            return
        del self.unplaced[account]
        self._change(organization.id, nodes={**organization.nodes, **path})

    def attach(self, layer: Layer, organization_id: str, accounts: Iterable[str]) -> None:
        """The policies of one kind on the way down to those of the accounts that are members.

        Without policies of the organization's own, the way down plays no part.
        """
        organization = self._found[organization_id]
        members = [
            account
            for account in dict.fromkeys(accounts)
            # neither SCPs nor RCPs apply to the management account
            if account in organization.nodes and account != organization.management_account
        ]
        policies = self._listed(layer, organization_id, members)
        if policies is not None and not own(policies):
            self._open[organization_id, layer] = policies
            return
        levels: Levels | Unknown = {}
        for account in members:
            self.place(account)
            path = self._found[organization_id].path_to(account)
            more: Levels | Unknown | None = self.unplaced.get(account)
            if more is None:
                found = attached(layer, path, policies, self._readers(organization_id))
                more = _of_insiders(found) if isinstance(found, Unknown) else found
            levels = _together(levels, more)
        self._change(organization_id, **{f"{layer}s": levels})

    def _listed(
        self, layer: Layer, organization_id: str, members: Sequence[str]
    ) -> tuple[Summary, ...] | None:
        """Every policy of one kind, by the first who sees the members."""
        for reader in self._readers(organization_id) if members else ():
            if reader in self._seen_from or isinstance(_parent(members[0], reader), dict):
                return listed(layer, reader)
        return None

    def delegate(self, organization_id: str) -> None:
        """Which accounts administer IAM for their organization."""
        for reader in self._readers(organization_id):
            what = "the delegated administrators for IAM were"
            answer = reader.ask(
                "organizations", "ListDelegatedAdministrators", what, "*", ServicePrincipal=IAM
            )
            if isinstance(answer, dict):
                found = frozenset(account["Id"] for account in answer["DelegatedAdministrators"])
                self._change(organization_id, iam_administrators=found)
                return

    def centralize(self, organization_id: str) -> None:
        """Whether root access to the members is centralized; without trusted access it is not.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html
        """
        for reader in self._readers(organization_id):
            what = "the centralized features of IAM were"
            answer = reader.ask("iam", "ListOrganizationsFeatures", what, "*")
            if not isinstance(answer, Unknown):
                enabled = answer["EnabledFeatures"] if answer is not None else ()
                self._change(organization_id, root_access="RootSessions" in enabled)
                return
            described = _described(reader, "*")
            if isinstance(described, dict) and _is_for_billing(described):
                self._change(organization_id, root_access=False)
                return

    def _change(self, organization_id: str, **changes: Any) -> None:
        known = self._found[organization_id]
        self._found[organization_id] = msgspec.structs.replace(known, **changes)

    def _is_waiting(self, account: str) -> bool:
        return self.unplaced.get(account) == unread_place(account)

    def of(self, account: str) -> Organization | None:
        """The organization that an account is known to be in."""
        return next((org for org in self._found.values() if account in org.nodes), None)

    def _everyone(self) -> Iterator[Connection]:
        yield from self._others
        yield from self._connections().values()

    def _readers(self, organization_id: str) -> Iterator[Connection]:
        """Those who see the organization from within; one after the other, as they are needed."""
        return (c for c in self._everyone() if self._organization_of(c) == organization_id)

    def _organization_of(self, reader: Connection) -> str:
        if reader in self._seen_from:
            return self._seen_from[reader]
        answer = _described(reader, "*")
        return str(answer["Organization"]["Id"]) if isinstance(answer, dict) else ""

    def _why_not(self, organization_id: str) -> str:
        """What keeps whoever was named for it from reading an organization; empty for nothing."""
        for reader in self._others:
            answer = _described(reader, "*")
            if isinstance(answer, Unknown):
                operation = answer.settle.partition(" on ")[0]
                return f" (with the organization profile, {answer.what}: {operation})"
            if self._organization_of(reader) != organization_id:
                return f" (the organization profile sees nothing of {organization_id})"
        return ""

    def _describe(self, account: str) -> Organization | Unknown | None:
        """The organization of an account, of its tree only what is told; None when it has none."""
        place = f"account {account}"
        unread = Unknown("the organization", f"organizations:DescribeOrganization on {place}")
        found = self._common(account, self._others)  # who places it need not describe it as well
        if found is not None:
            return found
        connection = self._connections().get(account)
        if connection is None:
            return self._common(account, self._everyone()) or unread
        answer = _described(connection, place)
        if isinstance(answer, dict):
            return _organization(answer, account)
        if answer is None:
            return None
        return self._common(account, self._everyone()) or answer

    def _common(self, account: str, readers: Iterable[Connection]) -> Organization | None:
        """An organization that one of them sees from within, when it holds this account as well."""
        for reader in readers:
            member = describe(account, reader)
            if isinstance(member, Member):
                self._seen_from[reader] = member.organization_id
                return self._around(account, member)
            found = None if member is None else _shared(account, reader)
            if found is not None:
                return found
        return None

    def _around(self, account: str, member: Member) -> Organization:
        node = member.nodes[account]
        if node.status != "ACTIVE" and account in self._connections():
            # Credentials of an account that is suspended or closed do not work.
            node = msgspec.structs.replace(node, status="ACTIVE")
        nodes = {**member.nodes, account: node}
        return _unread(member.organization_id, member.management_account, nodes)


def _described(connection: Connection, place: str) -> dict[str, Any] | Unknown | None:
    return connection.ask("organizations", "DescribeOrganization", "the organization was", place)


def _organization(answer: Mapping[str, Any], account: str) -> Organization:
    """The organization that this account is in."""
    found, nodes = answer["Organization"], {account: Node(account, "account")}
    organization = _unread(found["Id"], found["MasterAccountId"], nodes)
    root_access = False if _is_for_billing(answer) else None
    return msgspec.structs.replace(organization, root_access=root_access)


def _is_for_billing(answer: Mapping[str, Any]) -> bool:
    return bool(answer["Organization"].get("FeatureSet") == "CONSOLIDATED_BILLING")


def _unread(
    organization_id: str, management_account: str, nodes: Mapping[str, Node]
) -> Organization:
    return Organization(
        id=organization_id,
        management_account=management_account,
        nodes=nodes,
        scps=unread_policies(Layer.SCP, organization_id),
        rcps=unread_policies(Layer.RCP, organization_id),
    )


def _shared(account: str, reader: Connection) -> Organization | None:
    """The organization of whoever reads, if it can be seen to hold this account as well."""
    answer = _described(reader, "*")
    if not isinstance(answer, dict):
        return None
    organization = _organization(answer, account)
    is_manager = account == organization.management_account
    is_there = is_manager or isinstance(_parent(account, reader), dict)
    return organization if is_there else None


def _of_insiders(refusal: Unknown) -> Unknown:
    """With who can ask it: the same permission is worth nothing anywhere else."""
    who = "the management account or a delegated administrator"
    return msgspec.structs.replace(refusal, settle=f"{refusal.settle}, from {who}")


def _together(known: Levels | Unknown, more: Levels | Unknown) -> Levels | Unknown:
    """The policies at the levels of several accounts; unknown when those of one are."""
    if isinstance(known, Unknown):
        return known
    return more if isinstance(more, Unknown) else {**known, **more}


def _parent(child: str, connection: Connection) -> dict[str, Any] | Unknown | None:
    what = f"the place of {child} in the organization was"
    return connection.ask("organizations", "ListParents", what, child, ChildId=child)


def _path(account: Node, readers: Iterable[Connection]) -> dict[str, Node] | Unknown:
    """The nodes from the account up to the root, by the first connection that may see them."""
    refusal = Unknown(f"the place of {account.id} in its organization", "organizations:ListParents")
    for reader in readers:
        nodes: dict[str, Node] = {}
        node = account
        while len(nodes) < _MAX_LEVELS:
            if node.kind == "root":
                return {**nodes, node.id: node}
            answer = _parent(node.id, reader)
            if isinstance(answer, Unknown):
                refusal = answer
                break
            if answer is None or not answer["Parents"]:
                break  # it was moved, or left, since its organization was read
            parent = answer["Parents"][0]
            nodes[node.id] = msgspec.structs.replace(node, parent=parent["Id"])
            node = Node(parent["Id"], "root" if parent["Type"] == "ROOT" else "ou")
    return refusal
