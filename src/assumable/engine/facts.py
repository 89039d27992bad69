"""What the rules ask of a call in a world, looked up once."""

from typing import get_args

from assumable import arn
from assumable.engine import services
from assumable.engine.forms import Names, names_of, names_of_bearer
from assumable.engine.open_items import OPEN_ITEMS
from assumable.engine.remembered import Remembered
from assumable.engine.truth import Atom, Truth
from assumable.model.call import (
    Api,
    Call,
    Caller,
    FederatedUserCaller,
    RoleCaller,
    RootCaller,
    SamlCaller,
    ServiceCaller,
    UserCaller,
    WebIdentityCaller,
)
from assumable.model.world import (
    Account,
    Organization,
    PolicyOrUnknown,
    Role,
    Unknown,
    User,
    VpcEndpoint,
    World,
)

CALLERS_KEPT = 500_000
"""Of how many callers it is remembered what was found out: some kB for each."""
ROLES_KEPT = 10_000
"""The same of the roles that are asked for, one after the other."""
CARRIED = "what the caller's session carries"
_MAIN_ACTION: dict[str, dict[str, Truth]] = {api: {f"sts:{api}": True} for api in get_args(Api)}
_COMPANIONS = frozenset(("Tags", "TransitiveTagKeys", "SourceIdentity", "ProvidedContexts"))
"""The parameters that need an action of their own (FACTS 3.1)."""
TAG_SESSION, SET_SOURCE_IDENTITY = "sts:TagSession", "sts:SetSourceIdentity"


class CallerSide:
    """What the world knows of a caller, whatever it asks for."""

    __slots__ = (
        "account",
        "boundary",
        "has_every_region",
        "has_identity_side",
        "identity_policies",
        "is_fully_named",
        "is_service_linked",
        "is_signed",
        "may_call",
        "name_keys",
        "names",
        "organization",
        "partition",
        "principal",
        "principal_arn",
    )

    def __init__(self, world: World, caller: Caller) -> None:
        """Everything is looked up at once: a side serves many calls."""
        parts = arn.parse(caller.arn)
        named = isinstance(caller, UserCaller | RoleCaller | RootCaller | FederatedUserCaller)
        self.partition = parts.partition if parts else None
        self.account = parts.account if parts and named else ""
        self.principal: User | Role | Unknown | None = None
        if isinstance(caller, UserCaller):
            self.principal = world.user(caller.arn)
        elif isinstance(caller, RoleCaller):
            self.principal = world.role_named(
                self.account, caller.role_name, self.partition or "aws"
            )
        self.is_signed = not isinstance(caller, WebIdentityCaller | SamlCaller)
        self.has_identity_side = isinstance(caller, UserCaller | RoleCaller)
        self.is_service_linked = _is_service_linked(caller, self.principal)
        """None when only the role's name is known, which could be that of one."""
        self.principal_arn = _principal_arn(caller, self.principal)
        self.names = names_of(caller, self.account, self.partition or "aws", self.principal_arn)
        self.name_keys = frozenset(key for key, _ in self.names)
        self.is_fully_named = (
            named
            and isinstance(self.principal_arn, str)
            and getattr(caller, "is_named", True)
            and caller.arn != arn.NOBODY
        )
        """Whether `names` has every principal entry that can be the caller."""
        self.organization = world.organization_of(self.account) if self.account else None
        self.has_every_region = _has_every_region(world, self.account)
        """Whether the account was read, and no Region is said to be off or on in it."""
        self.may_call = (
            self.has_identity_side
            and self.principal is not None
            and is_alive(self.organization, self.account) is True
        )
        """Whether these are credentials of a user or role that may exist, in a living account."""
        self.identity_policies: tuple[PolicyOrUnknown, ...] = ()
        self.boundary: PolicyOrUnknown | None = None
        if isinstance(self.principal, Unknown):
            name, settle = arn.display_name(caller.arn), self.principal.settle
            self.identity_policies = (Unknown(f"the policies of {name}", settle),)
            self.boundary = Unknown(f"the permissions boundary of {name}, if any", settle)
        elif self.principal is not None:
            self.identity_policies = self.principal.policies
            self.boundary = self.principal.boundary


def _principal_arn(caller: Caller, principal: User | Role | Unknown | None) -> str | Unknown | None:
    if isinstance(caller, UserCaller | RootCaller | FederatedUserCaller):
        return caller.arn
    if not isinstance(caller, RoleCaller):
        return None
    if isinstance(principal, Role) and principal.path_known:
        return principal.arn
    what = f"the path of role {caller.role_name} is not known"
    return Unknown(what, f"iam:GetRole on role {caller.role_name}", present=True)


def _is_service_linked(caller: Caller, principal: User | Role | Unknown | None) -> bool | None:
    """Their names begin alike, but it is the path that a session does not show which counts.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
    """
    if isinstance(principal, Role) and (principal.path_known or principal.is_service_linked):
        return principal.is_service_linked
    named = isinstance(caller, RoleCaller) and caller.role_name.startswith("AWSServiceRoleFor")
    return None if named and principal is not None else False


_USABLE = frozenset(("ACTIVE", "PENDING_CLOSURE"))
_UNUSABLE = frozenset(("PENDING_ACTIVATION", "SUSPENDED", "CLOSED"))


def is_alive(org: Organization | Unknown | None, account: str) -> Truth:
    """Whether the account can be used, by the state that its organization says it is in.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
    """
    node = org.nodes.get(account) if isinstance(org, Organization) else None
    if node is None or node.status in _USABLE:
        return True
    if node.status in _UNUSABLE:
        return False
    return Atom(
        subject=f"the state of account {account}",
        text=f"account {account} can be used",
        opposite=f"account {account} cannot be used",
        part=f"whether account {account}, whose state is {node.status}, can be used",
        settle=f"organizations:DescribeAccount on account {account}",
        kind="fact",
    )


def _has_every_region(world: World, account_id: str) -> bool:
    account = world.account(account_id) if account_id else None
    return account is None or (isinstance(account, Account) and not account.regions)


_SERVICE_LINKED = "/aws-service-role/"


class RoleSide:
    """What the world knows of the role that is asked for, whoever asks."""

    __slots__ = (
        "account",
        "arn",
        "has_every_region",
        "is_service_linked",
        "is_there",
        "organization",
        "partition",
        "role",
        "trust",
    )

    def __init__(self, world: World, role_arn: str) -> None:
        """Everything is looked up at once: a side serves many calls."""
        self.arn = arn.parse_role(role_arn)
        self.account = arn.account_of(role_arn)
        self.role = world.role(role_arn) if self.arn is not None else None
        parts = arn.parse(role_arn)
        self.partition = parts.partition if parts else None
        self.is_service_linked = self.arn is not None and self.arn.path.startswith(_SERVICE_LINKED)
        self.organization = world.organization_of(self.account)
        self.has_every_region = _has_every_region(world, self.account)
        """Whether the account was read, and no Region is said to be off or on in it."""
        self.is_there = isinstance(self.role, Role) and (
            is_alive(self.organization, self.account) is True
        )
        """Whether the role is known to exist in an account that can be used."""
        self.trust: PolicyOrUnknown | None = None
        if isinstance(self.role, Unknown):
            what = f"the trust policy of {arn.display_name(role_arn)}"
            self.trust = Unknown(what, self.role.settle)
        elif self.role is not None:
            self.trust = self.role.trust


class Lookups:
    """A world with the answers to what was asked of it before."""

    def __init__(self, world: World) -> None:
        """Nothing is looked up before it is asked for."""
        self.world = world
        self._callers = Remembered[tuple[type, str], CallerSide](CALLERS_KEPT)
        self._roles = Remembered[str, RoleSide](ROLES_KEPT)

    def caller(self, caller: Caller) -> CallerSide:
        """The caller's side."""
        key = (type(caller), caller.arn)
        found = self._callers.get(key)
        if found is None:
            found = self._callers[key] = CallerSide(self.world, caller)
        return found

    def role(self, role_arn: str) -> RoleSide:
        """The role's side."""
        found = self._roles.get(role_arn)
        if found is None:
            found = self._roles[role_arn] = RoleSide(self.world, role_arn)
        return found


class Facts:
    """A call and the parts of the world that it touches."""

    __slots__ = (
        "boundary",
        "call",
        "caller_account",
        "caller_organization",
        "caller_side",
        "has_identity_side",
        "identity_policies",
        "lookups",
        "name_keys",
        "names",
        "principal",
        "principal_arn",
        "role",
        "role_account",
        "role_arn",
        "role_organization",
        "role_side",
        "same_account",
        "session",
        "trust",
        "world",
    )

    def __init__(self, lookups: Lookups, call: Call) -> None:
        """The two sides, and what each of them knows."""
        assert not call.chain  # noqa: S101  # INVARIANT: `engine.chain` makes plain calls of a chain
        self.lookups, self.world, self.call = lookups, lookups.world, call
        self.session = call.session
        side = self.caller_side = lookups.caller(call.caller)
        self.caller_account, self.has_identity_side = side.account, side.has_identity_side
        self.principal: User | Role | Unknown | None = side.principal
        """The IAM user or role behind the caller; None when there is none."""
        self.principal_arn: str | Unknown | None = side.principal_arn
        """`aws:PrincipalArn`: for a session the role's ARN with its path (R2.3)."""
        self.names: Names = side.names
        """The principal entries that name the caller, its provider aside."""
        self.name_keys = side.name_keys
        if not side.is_signed:
            self.names = names_of_bearer(
                everyone=self.takes("U-20"), every_principal=not self.takes("C-2")
            )
            self.name_keys = frozenset(key for key, _ in self.names)
        self.caller_organization: Organization | Unknown | None = side.organization
        self.identity_policies: tuple[PolicyOrUnknown, ...] = side.identity_policies
        """The caller's own policies, or one unknown when the principal was not read."""
        self.boundary: PolicyOrUnknown | None = side.boundary
        """The caller's permissions boundary."""
        self.role_arn = call.role_arn
        asked = self.role_side = lookups.role(self.role_arn)
        self.role_account = asked.account
        self.same_account = self.caller_account == self.role_account
        self.role: Role | Unknown | None = asked.role
        """The role that is asked for."""
        self.role_organization: Organization | Unknown | None = asked.organization
        self.trust: PolicyOrUnknown | None = asked.trust
        """The role's trust policy; None when there is no such role."""

    @property
    def endpoint(self) -> VpcEndpoint | Unknown | None:
        """The VPC endpoint that the request goes through."""
        name = self.call.network.vpc_endpoint
        if name is None or isinstance(name, Unknown):
            return name
        found = self.world.endpoints.get(name)
        if found is None:
            return Unknown(
                f"the policy of VPC endpoint {name}",
                f"ec2:DescribeVpcEndpoints on {name}",
            )
        return found

    @property
    def required(self) -> dict[str, Truth]:
        """Every action that may have to be allowed, and whether it must (FACTS 3.1, R9.2, R9.4)."""
        call, session = self.call, self.session
        plain = self.has_identity_side and _COMPANIONS.isdisjoint(call.parameters)
        handed_on = session.transitive_tag_keys or session.source_identity or not session.complete
        if (plain and not handed_on) or call.api == "AssumeRoot":
            return _MAIN_ACTION[call.api]
        inherited = call.session.transitive_tag_keys and self.takes("C-9")
        tags = call.tags or call.transitive_tag_keys or inherited
        needed: dict[str, Truth] = {
            f"sts:{call.api}": True,
            TAG_SESSION: bool(tags)
            or services.passes_tags(call)
            or (self.takes("C-9") and self._carries("transitive tags")),
            SET_SOURCE_IDENTITY: call.source_identity is not None
            or services.sets_source_identity(call)
            or self._carries("a source identity"),
            "sts:SetContext": bool(call.parameters.get("ProvidedContexts")),
        }
        return {action: truth for action, truth in needed.items() if truth is not False}

    def _carries(self, what: str) -> Truth:
        """Whether the caller's session hands something on along the chain."""
        if not self.call.hides_attributes:
            return False
        return Atom(
            subject=f"the caller's session carries {what}",
            text=f"the caller's session carries {what}",
            opposite=f"the caller's session carries no {what.removeprefix('a ')}",
            part=CARRIED,
            settle="the event in CloudTrail that created it, or --assume session=plain",
            kind="fact",
        )

    @property
    def required_actions(self) -> tuple[str, ...]:
        """The actions that certainly must be allowed."""
        return tuple(action for action, truth in self.required.items() if truth is True)

    @property
    def caller_is_service(self) -> bool:
        """Whether an AWS service calls as itself."""
        return isinstance(self.call.caller, ServiceCaller)

    def takes(self, item: str) -> bool:
        """Whether an open item that has a default is answered yes: by the user, else by default."""
        decided = self.call.assumptions.get(item)
        return bool(OPEN_ITEMS[item].default) if decided is None else decided
