"""The organizations of the accounts in a call, part by part, as far as they can be read.

Members may describe their organization; the rest answers only in its management account or to a
delegated administrator (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_permissions.html).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from assumable.aws.clients import Connection, Question
from assumable.aws.principals import parsed
from assumable.formats.organization import full_access
from assumable.model.policy import Layer, PolicyName
from assumable.model.world import Node, Organization, PolicyOrUnknown, Unknown

_TYPES = {Layer.SCP: "SERVICE_CONTROL_POLICY", Layer.RCP: "RESOURCE_CONTROL_POLICY"}
FULL_ACCESS = frozenset(("p-FullAWSAccess", "p-RCPFullAWSAccess"))
IAM = "iam.amazonaws.com"
_MAX_LEVELS = 10  # five levels of units at most, the root and the account
Levels = dict[str, tuple[PolicyOrUnknown, ...]]


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
        self, connections: Mapping[str, Connection], others: Sequence[Connection] = ()
    ) -> None:
        """`connections` are of the accounts in the call; `others` may belong to any account."""
        self._connections, self._others = connections, others
        self._found: dict[str, Organization] = {}
        self.standalone: set[str] = set()
        """Accounts that are in no organization."""
        self.unplaced: dict[str, Unknown] = {}
        """Accounts whose place in the tree is not known, and why."""

    @property
    def organizations(self) -> tuple[Organization, ...]:
        """What was learnt so far."""
        return tuple(self._found.values())

    def describe(self, account: str) -> None:
        """Which organization an account belongs to; nothing changes when nobody may say."""
        described = self._describe(account)
        if described is None:
            self.standalone.add(account)
        if not isinstance(described, Organization):
            return
        known = self._found.get(described.id, described)
        nodes = {**known.nodes, account: Node(account, "account")}
        self._found[known.id] = msgspec.structs.replace(known, nodes=nodes)
        self.unplaced[account] = unread_place(account)

    def place(self, account: str) -> None:
        """Where an account stands in its organization."""
        organization = self.of(account)
        if organization is None or not self._is_waiting(account):
            return
        # Credentials of an account that is suspended or closed do not work.
        is_alive = account in self._connections
        path = _path(account, self._readers(organization.id), is_alive=is_alive)
        if isinstance(path, Unknown):
            settle = path.settle + self._why_not(organization.id)
            self.unplaced[account] = Unknown(path.what, settle)
            return
        del self.unplaced[account]
        nodes = {**organization.nodes, **{node.id: node for node in path}}
        self._found[organization.id] = msgspec.structs.replace(organization, nodes=nodes)

    def attach(self, layer: Layer, organization_id: str, accounts: Iterable[str]) -> None:
        """The policies of one kind on the way down to those of the accounts that are members."""
        levels: Levels | Unknown = {}
        for account in dict.fromkeys(accounts):
            organization = self._found[organization_id]
            if account not in organization.nodes or account == organization.management_account:
                continue  # neither SCPs nor RCPs apply to the management account
            self.place(account)
            organization = self._found[organization_id]
            path = organization.path_to(account)
            why = self.unplaced.get(account)
            more = why or _attached(layer, path, self._readers(organization_id))
            levels = _together(levels, more)
        self._change(organization_id, **{f"{layer}s": levels})

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
        yield from self._connections.values()

    def _readers(self, organization_id: str) -> Iterator[Connection]:
        """Those who see the organization from within; one after the other, as they are needed."""
        return (c for c in self._everyone() if _organization_of(c) == organization_id)

    def _why_not(self, organization_id: str) -> str:
        """What keeps whoever was named for it from reading an organization; empty for nothing."""
        for reader in self._others:
            answer = _described(reader, "*")
            if isinstance(answer, Unknown):
                operation = answer.settle.partition(" on ")[0]
                return f" (with the organization profile, {answer.what}: {operation})"
            if _organization_of(reader) != organization_id:
                return f" (the organization profile sees nothing of {organization_id})"
        return ""

    def _describe(self, account: str) -> Organization | Unknown | None:
        """The organization of an account, still without a tree; None when it has none."""
        place = f"account {account}"
        unread = Unknown("the organization", f"organizations:DescribeOrganization on {place}")
        found = self._common(account, self._others)  # who places it need not describe it as well
        if found is not None:
            return found
        connection = self._connections.get(account)
        if connection is None:
            return self._common(account, self._everyone()) or unread
        answer = _described(connection, place)
        if isinstance(answer, dict):
            return _organization(answer)
        if answer is None:
            return None
        return self._common(account, self._everyone()) or answer

    def _common(self, account: str, readers: Iterable[Connection]) -> Organization | None:
        """An organization that one of them sees from within, when it holds this account as well."""
        for connection in readers:
            answer = _described(connection, "*")
            if not isinstance(answer, dict):
                continue
            organization = _organization(answer)
            is_manager = account == organization.management_account
            if is_manager or isinstance(_parent(account, connection), dict):
                return self._found.get(organization.id, organization)
        return None


def _described(connection: Connection, place: str) -> dict[str, Any] | Unknown | None:
    return connection.ask("organizations", "DescribeOrganization", "the organization was", place)


def _organization(answer: Mapping[str, Any]) -> Organization:
    found = answer["Organization"]
    return Organization(
        id=found["Id"],
        management_account=found["MasterAccountId"],
        nodes={},
        scps=unread_policies(Layer.SCP, found["Id"]),
        rcps=unread_policies(Layer.RCP, found["Id"]),
        root_access=False if found.get("FeatureSet") == "CONSOLIDATED_BILLING" else None,
    )


def _organization_of(connection: Connection) -> str:
    answer = _described(connection, "*")
    return str(answer["Organization"]["Id"]) if isinstance(answer, dict) else ""


def _together(known: Levels | Unknown, more: Levels | Unknown) -> Levels | Unknown:
    """The policies at the levels of several accounts; unknown when those of one are."""
    if isinstance(known, Unknown):
        return known
    return more if isinstance(more, Unknown) else {**known, **more}


def _parent(child: str, connection: Connection) -> dict[str, Any] | Unknown | None:
    what = f"the place of {child} in the organization was"
    return connection.ask("organizations", "ListParents", what, child, ChildId=child)


def _path(
    account: str, readers: Iterable[Connection], *, is_alive: bool
) -> tuple[Node, ...] | Unknown:
    """The nodes from the account up to the root, by the first connection that may see them.

    Its status is asked for unless it is known to be alive.
    """
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
            asked = kind == "account" and not is_alive
            status = _status(child, reader) if asked else "ACTIVE"
            nodes.append(Node(child, kind, parent=parent["Id"], status=status))
            child, kind = parent["Id"], "root" if parent["Type"] == "ROOT" else "ou"
    return refusal


def _status(account: str, reader: Connection) -> str:
    """Whether an account is closed or suspended; what nobody may say is taken to be alive."""
    what = f"the status of account {account} was"
    answer = reader.ask("organizations", "DescribeAccount", what, account, AccountId=account)
    return status_of(answer["Account"]) if isinstance(answer, dict) else "ACTIVE"


def status_of(account: Mapping[str, Any]) -> str:
    """`State` stands in the place of `Status`, which AWS retires.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    """
    return str(account.get("State") or account.get("Status", "ACTIVE"))


def _attached(
    layer: Layer, path: Sequence[Node], readers: Iterable[Connection]
) -> Levels | Unknown:
    """The policies of one kind at every level, by the first connection that may list them."""
    refusal = Unknown(f"the {layer}s", "organizations:ListPoliciesForTarget")
    for reader in readers:
        reader.prefetch(*(_listing(layer, node) for node in path))
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


def _listing(layer: Layer, node: Node) -> Question:
    return Question.of(
        "organizations", "ListPoliciesForTarget", TargetId=node.id, Filter=_TYPES[layer]
    )


def _of_level(
    layer: Layer, node: Node, reader: Connection
) -> tuple[PolicyOrUnknown, ...] | Unknown:
    what, asked = f"the {layer}s of {node.id} were", dict(_listing(layer, node).parameters)
    answer = reader.ask("organizations", "ListPoliciesForTarget", what, node.id, **asked)
    if answer is None:
        return ()
    if isinstance(answer, Unknown):
        return answer
    ids = [summary["Id"] for summary in answer["Policies"] if summary["Id"] not in FULL_ACCESS]
    reader.prefetch(*(Question.of("organizations", "DescribePolicy", PolicyId=i) for i in ids))
    return tuple(_content(layer, summary, node, reader) for summary in answer["Policies"])


def _content(
    layer: Layer, summary: dict[str, Any], node: Node, reader: Connection
) -> PolicyOrUnknown:
    policy_id = summary["Id"]
    label = PolicyName(layer, summary.get("Name", policy_id), node.id, policy_id)
    if policy_id in FULL_ACCESS:
        return full_access(label)
    what = f"{layer} {label.name} was"
    answer = reader.ask("organizations", "DescribePolicy", what, policy_id, PolicyId=policy_id)
    if answer is None:
        return Unknown(
            f"{what} deleted while it was read", f"organizations:DescribePolicy on {policy_id}"
        )
    return answer if isinstance(answer, Unknown) else parsed(answer["Policy"]["Content"], label)
