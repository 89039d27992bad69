"""The live world: what the caller's and the role's account say, read with read-only calls."""

from datetime import datetime
from typing import Any

import msgspec

from assumable import arn
from assumable.aws.clients import Connection, Identity
from assumable.aws.organization import Found, read_organizations
from assumable.aws.principals import read_own_role, read_provider, read_target_role, read_user
from assumable.errors import UnreadableError
from assumable.formats import dump
from assumable.formats.scenario import Scenario
from assumable.model.call import (
    Call,
    Mfa,
    RoleCaller,
    Session,
    UserCaller,
    Value,
    WebIdentityCaller,
)
from assumable.model.world import Account, Provider, Role, Unknown, User, World

_EVENT = "the GetSessionToken event, in CloudTrail"


def read_live(
    parameters: dict[str, Any], *, profile: str | None, target_profile: str | None,
    region: str | None, endpoint_url: str | None, now: datetime,
) -> Scenario:  # fmt: skip
    """The call as the credentials of `profile` would make it, and the world around it.

    InputError for a profile that does not exist, UnreadableError when AWS does not even say who
    the caller is; everything else that cannot be read is unknown in the world.
    """
    mine = Connection(profile, region, endpoint_url)
    caller = mine.identity
    role_arn = arn.parse_role(str(parameters["RoleArn"]))
    theirs: Connection | Unknown | None = None
    if role_arn is not None and target_profile is not None:
        theirs = _target(Connection(target_profile, region, endpoint_url), role_arn)
    elif role_arn is not None:
        theirs = mine if _is_home(caller, role_arn) else _not_ours(role_arn)
    call = dump.call_of(caller.arn, parameters, region=mine.region, now=now)
    call = _with_credentials(call, mine)
    accounts = _Accounts()
    _read_caller(mine, call, accounts)
    if role_arn is not None and theirs is not None:
        _read_role(theirs, role_arn, accounts)
    found = _organizations(mine, theirs, caller, role_arn)
    world = World(accounts=accounts.accounts, organizations=found.organizations, complete=False)
    return Scenario(world, _with_open_keys(call, found))


def read_role_side(call: Call, *, profile: str | None, endpoint_url: str | None) -> Scenario:
    """A call that nobody signs (R1.21) and its world: the role's account, read with `profile`.

    InputError for a profile that does not exist, UnreadableError when AWS does not even say whose
    credentials these are; everything else that cannot be read is unknown in the world.
    """
    connection = Connection(profile, call.network.region, endpoint_url)
    home = connection.identity.account
    role_arn = arn.parse_role(call.role_arn)
    accounts = _Accounts()
    if role_arn is not None:
        home = role_arn.account
        theirs = _target(connection, role_arn)
        _read_role(theirs, role_arn, accounts)
        if isinstance(theirs, Connection):
            _read_provider(theirs, call, role_arn, accounts)
    found = read_organizations(home, home, {connection.identity.account: connection})
    world = World(accounts=accounts.accounts, organizations=found.organizations, complete=False)
    return Scenario(world, _with_open_keys(call, found))


def _read_provider(
    connection: Connection, call: Call, role: arn.Arn, accounts: "_Accounts"
) -> None:
    """The provider of a token or an assertion; only one in the role's account is of use."""
    caller = call.caller
    if isinstance(caller, WebIdentityCaller):
        host = str(caller.claims.get("iss", "")).removeprefix("https://")
        provider_arn = f"arn:{role.partition}:iam::{role.account}:oidc-provider/{host}"
    else:
        provider_arn = str(call.parameters.get("PrincipalArn", ""))
        if arn.account_of(provider_arn) != role.account:
            return
    provider = read_provider(connection, provider_arn)
    if isinstance(provider, Provider):
        accounts.add_provider(provider)
    elif provider is None:
        accounts.missing(provider_arn)


def _is_home(identity: Identity, role: arn.Arn) -> bool:
    """Whether these credentials belong to the account that the role is in."""
    own = arn.parse(identity.arn)
    return own is not None and (own.partition, own.account) == (role.partition, role.account)


def _not_ours(role: arn.Arn) -> Unknown:
    return Unknown(f"{arn.display_name(str(role))}", f"iam:GetRole on {role}")


def _target(connection: Connection, role: arn.Arn) -> Connection | Unknown:
    """The connection if it is of the role's account: another would call any role absent."""
    unread = _not_ours(role)
    try:
        identity = connection.identity
    except UnreadableError as error:
        return msgspec.structs.replace(unread, settle=f"{unread.settle} ({error})")
    if _is_home(identity, role):
        return connection
    hint = f"the target profile is of account {identity.account}"
    return msgspec.structs.replace(unread, settle=f"{unread.settle} ({hint})")


class _Accounts:
    """Collects what was read, account by account; nothing in them is complete."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account | Unknown] = {}

    def _account(self, account_id: str) -> Account:
        found = self.accounts.get(account_id)
        return found if isinstance(found, Account) else Account(id=account_id, complete=False)

    def add(self, principal: User | Role) -> None:
        """A principal that exists."""
        account = self._account(principal.account)
        field = "roles" if isinstance(principal, Role) else "users"
        members = {**getattr(account, field), principal.arn: principal}
        self.accounts[account.id] = msgspec.structs.replace(account, **{field: members})

    def add_provider(self, provider: Provider) -> None:
        """An identity provider that is registered, in an account of which more was read."""
        account = self._account(arn.account_of(provider.arn))
        providers = {**account.providers, provider.arn: provider}
        self.accounts[account.id] = msgspec.structs.replace(account, providers=providers)

    def missing(self, principal_arn: str) -> None:
        """A principal that was asked for and does not exist."""
        account = self._account(arn.account_of(principal_arn))
        absent = account.absent | {principal_arn}
        self.accounts[account.id] = msgspec.structs.replace(account, absent=absent)

    def unread(self, account_id: str, why: Unknown) -> None:
        """An account of which nothing could be read, unless something else was."""
        self.accounts.setdefault(account_id, why)

    def role(self, role_arn: str) -> Role | None:
        """A role that was read already."""
        return self._account(arn.account_of(role_arn)).roles.get(role_arn)


def _read_caller(connection: Connection, call: Call, accounts: _Accounts) -> None:
    caller, unique_id = call.caller, connection.identity.unique_id
    principal: User | Role | None
    if isinstance(caller, UserCaller):
        own_arn = caller.arn
        principal = read_user(connection, own_arn, unique_id)
    elif isinstance(caller, RoleCaller):
        parts = arn.parse(caller.arn)
        partition = parts.partition if parts else "aws"
        own_arn = f"arn:{partition}:iam::{call.caller_account}:role/{caller.role_name}"
        principal = read_own_role(connection, own_arn, unique_id)
    else:
        return  # root and federated users have no policies that IAM would show
    if principal is None:
        accounts.missing(own_arn)
    else:
        accounts.add(principal)


def _read_role(theirs: Connection | Unknown, wanted: arn.Arn, accounts: _Accounts) -> None:
    """The role under the ARN that it has, and the one asked for as absent if they differ."""
    known = accounts.role(str(wanted))
    if known is not None and known.path_known:
        return  # a role that assumes itself: it was read as the caller
    role = theirs if isinstance(theirs, Unknown) else read_target_role(theirs, str(wanted))
    if isinstance(role, Unknown):
        accounts.unread(wanted.account, role)
        return
    if role is None or role.arn != str(wanted):
        accounts.missing(str(wanted))
    if role is not None and accounts.role(role.arn) is None:
        accounts.add(role)


def _organizations(
    mine: Connection, theirs: Connection | Unknown | None, caller: Identity, role: arn.Arn | None
) -> Found:
    connections = {caller.account: mine}
    if role is not None and isinstance(theirs, Connection):
        connections.setdefault(role.account, theirs)
    return read_organizations(caller.account, role.account if role else caller.account, connections)


# What credentials do not tell about themselves


def _with_credentials(call: Call, connection: Connection) -> Call:
    """The caller with what its own session may carry left unknown."""
    caller = call.caller
    if isinstance(caller, UserCaller) and connection.has_session_token:
        unsaid = Unknown("whether the caller's session token was issued with MFA", _EVENT)
        session = Session(complete=False)
        caller = msgspec.structs.replace(
            caller, credentials="session-token", mfa=Mfa(unsaid), session=session
        )
    return msgspec.structs.replace(call, caller=caller)


def _with_open_keys(call: Call, found: Found) -> Call:
    """The call with the places in the organization that nobody could read marked as unknown."""
    keys: dict[str, Value] = {}
    for side, account in (("principal", call.caller_account), ("resource", call.role_account)):
        if account in found.unplaced:
            keys[f"aws:{side}orgpaths"] = found.unplaced[account]
    return msgspec.structs.replace(call, overrides={**call.overrides, **keys})
