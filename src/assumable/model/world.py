"""The world: accounts, principals, organizations, endpoints; and what is not known of them.

Every part is known, known absent (None), or `Unknown`; nothing is guessed.
"""

import functools
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from assumable import arn
from assumable.model.policy import Policy


class Unknown(msgspec.Struct, frozen=True):
    """A part of the world that was not read, or a condition key whose value was not said."""

    what: str
    """A noun phrase: `the trust policy of role/DeployRole`."""
    settle: str = ""
    """The permission or the input that would settle it."""
    present: bool = False
    """For condition keys: it is surely in the request, only its value is not known."""
    end: str = ""
    """For condition keys: with what the value surely ends, after something that is not known."""
    never: tuple[str, ...] = ()
    """For condition keys: what the value surely is not, or does not begin with where it ends with
    a slash."""

    def may_be(self, wanted: str) -> bool:
        """Whether a wanted value, which may hold wildcards, can be that of the condition key."""
        return not any(
            wanted == each or (each.endswith("/") and wanted.startswith(each))
            for each in self.never
        )


PolicyOrUnknown = Policy | Unknown
Levels = Mapping[str, tuple[PolicyOrUnknown, ...]] | Unknown | None


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """What users and roles have in common."""

    arn: str
    unique_id: str | None = None
    tags: Mapping[str, str] | Unknown = msgspec.field(default_factory=dict)
    policies: tuple[PolicyOrUnknown, ...] = ()
    """Inline, attached and, for users, those of their groups."""
    boundary: PolicyOrUnknown | None = None
    path_known: bool = True
    """False when the ARN was made from a name alone, so that its path is a guess."""
    created: datetime | None = None
    policies_changed: datetime | None = None
    """When a managed policy of it, or of its groups, was last changed, where that is said."""
    input_pointer: str | None = None
    """Where the principal stands in the input file; None when there is no such file."""

    @property
    def account(self) -> str:
        """The account it belongs to."""
        return arn.account_of(self.arn)

    @property
    def name(self) -> str:
        """The name without its path."""
        return self.arn.rpartition("/")[2]


class User(Principal, frozen=True, kw_only=True):
    """An IAM user."""


class Role(Principal, frozen=True, kw_only=True):
    """An IAM role: its policies matter when it calls, its trust policy when it is asked for."""

    trust: PolicyOrUnknown
    max_session_duration: int | Unknown = 3600

    @property
    def is_service_linked(self) -> bool:
        """Service-linked roles live under one path and are exempt from SCPs and RCPs (R1.23)."""
        return ":role/aws-service-role/" in self.arn

    @property
    def is_identity_center(self) -> bool:
        """Roles of IAM Identity Center are managed by the service (R2.11)."""
        return ":role/aws-reserved/sso.amazonaws.com/" in self.arn


class VpcEndpoint(msgspec.Struct, frozen=True):
    """An interface endpoint of STS."""

    id: str
    vpc: str
    account: str
    policy: PolicyOrUnknown | None
    """None is the default policy, which allows everything (R1.30)."""


class Provider(msgspec.Struct, frozen=True):
    """An OIDC or SAML provider registered in an account."""

    arn: str
    client_ids: tuple[str, ...] | None = None
    """The audiences it accepts; None where they are not known."""
    input_pointer: str | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One account as far as it was read; what is not listed in a complete one does not exist."""

    id: str
    users: Mapping[str, User] = msgspec.field(default_factory=dict)
    roles: Mapping[str, Role] = msgspec.field(default_factory=dict)
    providers: Mapping[str, Provider] = msgspec.field(default_factory=dict)
    regions: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Region name to opt-in status, in the words of ec2:DescribeRegions and `enabling`,
    `disabling`; a Region that is not listed is enabled. `not-opted-in` on a default Region means
    that STS is switched off there (R10.6)."""
    absent: frozenset[str] = frozenset()
    """ARNs that were asked for and do not exist."""
    complete: bool = True
    unlisted: frozenset[str] = frozenset()
    """Of a complete account: the kinds of thing, `oidc-provider` or `user` as in an ARN, that were
    not listed, so that there may be others than those which are known."""
    input_pointer: str | None = None

    def may_hold(self, thing: str) -> bool:
        """Whether there may be something with this ARN, although it is not among what is known."""
        if thing in self.absent:
            return False
        parts = arn.parse(thing)
        return not self.complete or (parts is not None and parts.kind in self.unlisted)

    @functools.cached_property
    def roles_by_name(self) -> Mapping[str, Role]:
        """The roles by name, which is unique in an account whatever the path."""
        return {role.name: role for role in self.roles.values()}


class Node(msgspec.Struct, frozen=True):
    """The root, an organizational unit or an account in an organization's tree."""

    id: str
    kind: str
    name: str = ""
    parent: str = ""
    status: str = "ACTIVE"


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization's tree and the policies attached to it."""

    id: str
    management_account: str
    nodes: Mapping[str, Node]
    scps: Levels
    rcps: Levels
    """By target; None when the organization does not have that type of policy switched on."""
    iam_administrators: frozenset[str] | None = None
    """The accounts that are delegated administrators for IAM; None where that is not said."""
    root_access: bool | None = None
    """Whether root access to its members is centralized; None where that is not said."""
    is_whole: bool = False
    """Whether `nodes` has every member, so that other accounts are surely outside."""

    def path_to(self, account: str) -> tuple[Node, ...]:
        """The nodes from the root down to the account."""
        path: dict[str, Node] = {}  # a list of nodes could hold a loop, and be long
        node = self.nodes.get(account)
        while node is not None and node.id not in path:
            path[node.id] = node
            node = self.nodes.get(node.parent)
        return tuple(reversed(path.values()))

    def org_path(self, account: str) -> str:
        """The value of `aws:PrincipalOrgPaths` for the account, with its closing `/`."""
        above = [node.id for node in self.path_to(account) if node.id != account]
        return "/".join([self.id, *above, ""])

    def has_member(self, account: str) -> bool:
        """Whether the account belongs to it, the management account included."""
        return account in self.nodes or account == self.management_account


class Former(msgspec.Struct, frozen=True):
    """Whose a unique id was, as something older than the world tells."""

    arn: str
    told_by: str = ""
    """The older snapshot that tells; empty where the scenario itself does."""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known when a call is decided."""

    accounts: Mapping[str, Account | Unknown]
    organizations: tuple[Organization, ...] | Unknown = ()
    standalone: frozenset[str] = frozenset()
    """Accounts that are known to be in no organization, where others may be in one."""
    endpoints: Mapping[str, VpcEndpoint] = msgspec.field(default_factory=dict)
    former: Mapping[str, Former] = msgspec.field(default_factory=dict)
    """By unique id. It decides nothing: an id in a policy matches nobody (R2.5)."""
    complete: bool = True
    """Whether an account that is not listed has nothing in it, as in a scenario."""
    document: Any = None
    """The input document that a `scenario_patch` would edit."""

    def account(self, account_id: str) -> Account | Unknown:
        """The account, empty when a complete world does not list it."""
        found = self.accounts.get(account_id)
        if found is not None:
            return found
        if self.complete:
            return Account(id=account_id)
        return Unknown(f"account {account_id}", f"read access to {account_id}")

    def user(self, user_arn: str) -> User | Unknown | None:
        """The user with exactly this ARN."""
        account = self.account(arn.account_of(user_arn))
        if isinstance(account, Unknown):
            return account
        found = account.users.get(user_arn)
        if found is None and account.may_hold(user_arn):
            return Unknown(f"{user_arn}", f"iam:GetUser on {user_arn}")
        return found

    def role(self, role_arn: str) -> Role | Unknown | None:
        """The role with exactly this ARN, path included."""
        account = self.account(arn.account_of(role_arn))
        if isinstance(account, Unknown):
            return account
        found = account.roles.get(role_arn)
        if found is None and account.may_hold(role_arn):
            return Unknown(f"{role_arn}", f"iam:GetRole on {role_arn}")
        return found

    def role_named(self, account_id: str, name: str, partition: str) -> Role | Unknown | None:
        """The role of that name; names are unique in an account whatever the path."""
        account = self.account(account_id)
        if isinstance(account, Unknown):
            return account
        role = account.roles_by_name.get(name)
        if role is not None and role.arn.startswith(f"arn:{partition}:"):
            return role
        where = f"arn:{partition}:iam::{account_id}:role/{name}"
        return Unknown(f"{where}", f"iam:GetRole on {where}") if account.may_hold(where) else None

    def organization_of(self, account_id: str) -> Organization | Unknown | None:
        """The organization that the account belongs to; of an unknown one, which it is not."""
        if isinstance(self.organizations, Unknown):
            return self.organizations
        for organization in self.organizations:
            if organization.has_member(account_id):
                return organization
        if self.complete or account_id in self.standalone:
            return None
        place = f"account {account_id}"
        return Unknown(
            f"the organization of {place}",
            f"organizations:DescribeOrganization on {place}",
            never=tuple(org.id for org in self.organizations if org.is_whole),
        )

    def principals(self) -> Iterator[Principal]:
        """Every user and role that is known."""
        for account in self.accounts.values():
            if isinstance(account, Account):
                yield from account.users.values()
                yield from account.roles.values()
