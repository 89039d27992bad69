"""The live world of one call, part by part: each is read once somebody asks for it, and once only.

Parts are known by what an answer says would settle it, such as `iam:GetRole on arn:…`.
"""

import functools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import msgspec

from assumable import arn
from assumable.aws.accounts import Accounts
from assumable.aws.clients import Calls, Connection
from assumable.aws.network import read_endpoint, read_region
from assumable.aws.organization import Organizations, unread_place, unread_policies
from assumable.aws.principals import read_own_role, read_provider, read_target_role, read_user
from assumable.aws.roles_anywhere import read_anywhere, read_policies, unread_session
from assumable.engine.chain import hops
from assumable.errors import UnreadableError
from assumable.formats.scenario import Scenario
from assumable.model.call import Call, RoleCaller, UserCaller, Value
from assumable.model.policy import Layer
from assumable.model.roles_anywhere import Anywhere, Certificate
from assumable.model.route import Start
from assumable.model.world import Account, PolicyOrUnknown, Provider, Role, Unknown, World

Part = tuple[str, Callable[[], None]]
"""What would settle a question, and how it is read."""


class Readers(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credentials do what: each a profile, or the ARN of a role that may read."""

    profile: str | None = None
    """The one that makes the call; the default profile when None."""
    caller_profile: str | None = None
    """The one that reads the caller's account, where the caller itself may not."""
    role_profile: str | None = None
    """The one that reads the role's account."""
    org_profile: str | None = None
    """The one that reads the organization: of its management account or a delegated one."""
    region: str | None = None
    endpoint_url: str | None = None
    """Another endpoint for every call."""
    credentials: Any = None
    """An object of botocore in place of the credentials of `profile`."""
    timeout: float | None = None
    """In seconds: how long one request may take; as long as people wait when None."""


class Connections(NamedTuple):
    """The same, connected."""

    caller: Connection
    of_caller: Connection | None
    of_role: Connection | None
    of_organization: Connection | None


def connect(
    readers: Readers, calls: Calls | None = None, start: Start | None = None
) -> Connections:
    """Nothing is sent yet; InputError for a profile that does not exist.

    With `start`, the caller's credentials are those that the way of its profile starts from.
    """
    calls = calls or Calls()

    @functools.cache  # a profile that is named twice asks AWS once
    def one(name: str | None) -> Connection:
        role_arn = name if name and arn.parse_role(name) else ""
        profile = readers.profile if role_arn else name
        return Connection(
            profile,
            readers.region,
            readers.endpoint_url,
            calls,
            role_arn=role_arn,
            credentials=readers.credentials if profile == readers.profile else None,
            timeout=readers.timeout,
        )

    caller = one(readers.profile)
    if start is not None:
        # Neither keys of the environment nor a token are in a profile: the one that asks is enough.
        elsewhere = start.kind in ("environment", "web-identity")
        profile = readers.profile if elsewhere else start.profile or None
        caller = Connection(profile, readers.region, readers.endpoint_url, calls, start=start)
    others = (readers.caller_profile, readers.role_profile, readers.org_profile)
    return Connections(caller, *(one(name) if name else None for name in others))


class Reader:
    """What is known of a call's world, and what more can be read of it."""

    def __init__(
        self,
        call: Call,
        connections: Connections,
        unique_id: str | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        """`unique_id` is that of the caller's principal, where AWS has said it.

        `certificate` is what the caller's session was asked for with, where it came that way.
        """
        self.call, self._connections, self._unique_id = call, connections, unique_id
        self._certificate = certificate
        self._hops = hops(call)
        self._compared: tuple[Call, ...] = ()
        self._accounts = Accounts()
        self._tried: set[str] = set()
        org = connections.of_organization
        self._place_of_role_profile: tuple[str, str] | None = None
        """Partition and account of the role profile, once a role has told it."""
        self._organizations = Organizations(self._by_account, [org] if org else [])

    def also(self, call: Call) -> None:
        """Offers what another call needs as well, as far as it is in the same accounts."""
        self._compared = hops(call)

    def scenario(self) -> Scenario:
        """The world as far as it is known, and the call in it."""
        empty = {of: Account(id=of, complete=False) for of in self._account_ids()}
        world = World(
            accounts={**empty, **self._accounts.known},
            organizations=self._organizations.organizations,
            standalone=frozenset(self._organizations.standalone),
            endpoints=self._accounts.endpoints,
            complete=False,
        )
        return Scenario(world, self._with_open_keys())

    def parts(self) -> dict[str, Callable[[], None]]:
        """What can be read now and was not, by what it would settle."""
        return {part: read for part, read in self._offers() if part not in self._tried}

    def read(self, settle: str) -> None:
        """Read one of the parts, whatever comes of it."""
        read = self.parts().get(settle)
        self._tried.add(settle)
        if read is not None:  # another part of the same round may have brought it along
            read()

    # What there is to read; of two readers of one part the later one counts

    def _offers(self) -> Iterator[Part]:
        for hop in (*self._hops, *self._compared):
            role = arn.parse_role(hop.role_arn)
            if role is not None:
                yield f"iam:GetRole on {role}", partial(self._read_role, role)
        yield from self._of_chain()
        for call in (*self._compared[:1], self.call):
            yield from self._of_caller(call)
        yield from self._of_provider()
        yield from self._of_certificate()
        yield from self._of_network()
        for account in self._account_ids():
            describe = partial(self._organizations.describe, account)
            yield f"organizations:DescribeOrganization on account {account}", describe
        for account in tuple(self._organizations.unplaced):
            place = partial(self._organizations.place, account)
            yield unread_place(account).settle, place
        yield from self._of_levels()
        if self.call.api == "AssumeRoot":
            yield from self._of_administration()

    def _of_administration(self) -> Iterator[Part]:
        """Who may ask for root users, in the organization of the caller."""
        of_caller = self._organizations.of(self.call.caller_account)
        if of_caller is not None:
            delegate = partial(self._organizations.delegate, of_caller.id)
            yield "organizations:ListDelegatedAdministrators", delegate
            centralize = partial(self._organizations.centralize, of_caller.id)
            yield "iam:ListOrganizationsFeatures", centralize

    def _of_chain(self) -> Iterator[Part]:
        """The roles whose sessions make later hops: their own policies count there."""
        for hop in (*self._hops, *self._compared):
            role = None
            if isinstance(hop.caller, RoleCaller):
                role = self._accounts.role_named(hop.caller_account, hop.caller.role_name)
            if role is not None:
                yield (
                    f"iam:ListRolePolicies on {role.arn}",
                    partial(self._read_own_role, role.arn, None),
                )

    def _of_caller(self, call: Call) -> Iterator[Part]:
        caller, unique_id = call.caller, self._unique_id if call is self.call else None
        if isinstance(caller, UserCaller):
            yield f"iam:GetUser on {caller.arn}", partial(self._read_user, caller.arn, unique_id)
        elif isinstance(caller, RoleCaller):
            parts = arn.parse(caller.arn)
            partition = parts.partition if parts else "aws"
            own = f"arn:{partition}:iam::{call.caller_account}:role/{caller.role_name}"
            yield f"iam:GetRole on {own}", partial(self._read_own_role, own, unique_id)

    def _of_provider(self) -> Iterator[Part]:
        name = "" if self.call.is_signed else self.call.identity_provider
        if arn.account_of(name) == self.call.role_account and name.startswith("arn:"):
            saml = ":saml-provider/" in name
            operation = f"iam:{'GetSAMLProvider' if saml else 'GetOpenIDConnectProvider'}"
            yield f"{operation} on {name}", partial(self._read_provider, name)

    def _of_certificate(self) -> Iterator[Part]:
        if self._certificate is not None:
            read = partial(self._read_session, self._certificate)
            yield unread_session(self._certificate).settle, read

    def _of_network(self) -> Iterator[Part]:
        endpoint, region = self.call.network.vpc_endpoint, self.call.network.serving_region
        if isinstance(endpoint, str):
            read = partial(self._read_endpoint, endpoint)
            yield f"ec2:DescribeVpcEndpoints on {endpoint}", read
        for account in self._account_ids() if region else ():
            settle = f"account:GetRegionOptStatus for {region} in account {account}"
            yield settle, partial(self._read_region, account, str(region))

    def _of_levels(self) -> Iterator[Part]:
        """SCPs of the accounts that call in some hop, RCPs of those whose roles are asked for."""
        every = (*self._hops, *self._compared)
        callers = tuple(hop.caller_account for hop in every)
        roles = tuple(hop.role_account for hop in every)
        for organization in self._organizations.organizations:
            for layer, accounts in ((Layer.SCP, callers), (Layer.RCP, roles)):
                attach = partial(self._organizations.attach, layer, organization.id, accounts)
                yield unread_policies(layer, organization.id).settle, attach

    def anywhere(self, certificate: Certificate, of: str) -> Anywhere:
        """What AWS has against the certificate that the profile `of` of the client presents."""
        connection = self._reader_of(certificate.profile_arn)
        if isinstance(connection, Unknown):
            return Anywhere(of=of)
        return read_anywhere(connection, certificate, of)

    def session_policies(self, certificate: Certificate) -> tuple[PolicyOrUnknown, ...]:
        """What limits a session that the certificate gets."""
        connection = self._reader_of(certificate.profile_arn)
        if isinstance(connection, Unknown):
            return (unread_session(certificate),)
        return read_policies(connection, certificate)

    # Reading

    def _read_user(self, user_arn: str, unique_id: str | None) -> None:
        connection = self._reader_of(user_arn)
        if isinstance(connection, Unknown):
            self._accounts.unread(arn.account_of(user_arn), connection)
            return
        user = read_user(connection, user_arn, unique_id)
        if isinstance(user, Unknown):
            self._accounts.unread(arn.account_of(user_arn), user)
            return
        if user is None or user.arn != user_arn:
            self._accounts.missing(user_arn)
        if user is not None:
            self._accounts.add(user)

    def _read_own_role(self, role_arn: str, unique_id: str | None) -> None:
        """A role whose sessions call, with its policies."""
        connection = self._reader_of(role_arn)
        if isinstance(connection, Unknown):
            self._accounts.unread(arn.account_of(role_arn), connection)
            return
        known = self._accounts.role(role_arn)
        if known is not None:
            unique_id = known.unique_id
        role = read_own_role(connection, role_arn, unique_id)
        if role is None:
            self._accounts.missing(role_arn)
        else:
            self._accounts.add(role)

    def _read_role(self, wanted: arn.Arn) -> None:
        """The role that is asked for, under the ARN that it has.

        The one asked for is absent if they differ.
        """
        role = self._role_by_its_profile(wanted) or self._role_by_its_account(wanted)
        if isinstance(role, Unknown):
            self._accounts.unread(wanted.account, role)
            return
        if role is None or role.arn != str(wanted):
            self._accounts.missing(str(wanted))
        if role is not None and self._accounts.role(role.arn) is None:
            self._accounts.add(role)

    def _role_by_its_account(self, wanted: arn.Arn) -> Role | Unknown | None:
        connection = self._reader_of(str(wanted))
        if isinstance(connection, Unknown):
            return connection
        return read_target_role(connection, str(wanted))

    def _role_by_its_profile(self, wanted: arn.Arn) -> Role | None:
        """The role as the role profile reads it, if its ARN says that this was the right account.

        Who that profile is need then not be asked.
        """
        reader = self._connections.of_role
        if reader is None or wanted.account == self.call.caller_account:
            return None
        found = read_target_role(reader, str(wanted))
        if not isinstance(found, Role):
            return None
        own = arn.parse_role(found.arn)
        if own is None or own.place != wanted.place:
            return None
        self._place_of_role_profile = own.place
        return found

    def _read_provider(self, provider_arn: str) -> None:
        connection = self._reader_of(provider_arn)
        if isinstance(connection, Unknown):
            return
        provider = read_provider(connection, provider_arn)
        if isinstance(provider, Provider):
            self._accounts.add_provider(provider)
        elif provider is None:
            self._accounts.missing(provider_arn)

    def _read_session(self, certificate: Certificate) -> None:
        caller = self.call.caller
        if isinstance(caller, RoleCaller):
            policies = self.session_policies(certificate)
            session = msgspec.structs.replace(caller.session, policies=policies)
            caller = msgspec.structs.replace(caller, session=session)
            self.call = msgspec.structs.replace(self.call, caller=caller)

    def _read_endpoint(self, endpoint_id: str) -> None:
        for account, connection in self._by_account().items():
            found = read_endpoint(connection, endpoint_id, account)
            if found is not None:
                self._accounts.endpoints[endpoint_id] = found
                return

    def _read_region(self, account: str, region: str) -> None:
        connection = self._by_account().get(account)
        status = read_region(connection, region) if connection is not None else None
        if isinstance(status, str):
            self._accounts.add_region(account, region, status)

    # Whose credentials read what

    def _account_ids(self) -> tuple[str, ...]:
        """The accounts of every hop."""
        found = (of for hop in self._hops for of in (hop.caller_account, hop.role_account))
        return tuple(dict.fromkeys(of for of in found if arn.ACCOUNT_ID.fullmatch(of)))

    def _by_account(self) -> dict[str, Connection]:
        """A connection of each account that somebody has credentials of."""
        found: dict[str, Connection] = {}
        c = self._connections
        for connection in filter(None, (c.of_caller, c.caller, c.of_role)):
            place = self._place_of(connection)
            if not isinstance(place, UnreadableError):
                found.setdefault(place[1], connection)
        return found

    def _place_of(self, connection: Connection) -> tuple[str, str] | UnreadableError:
        """Partition and account that a connection has credentials of."""
        told = self._place_of_role_profile
        if told is not None and connection is self._connections.of_role:
            return told
        who = connection.who
        return who if isinstance(who, UnreadableError) else who.place

    def _reader_of(self, thing: str) -> Connection | Unknown:
        """Whose credentials read something: an account of another partition is another account."""
        wanted, c = arn.parse(thing), self._connections
        candidates = [c.of_role, c.of_caller, c.caller]
        if wanted is None or wanted.account == self.call.caller_account:
            candidates = [c.of_caller, c.caller, c.of_role]
        hints: dict[str, None] = {}
        for connection in filter(None, candidates):
            place = self._place_of(connection)
            if isinstance(place, UnreadableError):
                hints[str(place)] = None
            elif wanted is not None and place == wanted.place:
                return connection
            elif connection is c.of_role:
                hints[f"the role profile is of account {place[1]}"] = None
        kind = "GetUser" if wanted and wanted.kind == "user" else "GetRole"
        hint = f" ({'; '.join(hints)})" if hints else ""
        return Unknown(arn.display_name(thing), f"iam:{kind} on {thing}{hint}")

    def _with_open_keys(self) -> Call:
        """The call with the places in the organization that are not known marked as unknown."""
        keys: dict[str, Value] = {}
        unplaced = self._organizations.unplaced
        for hop in self._hops:  # in a chain, what is unknown of one hop is so of every hop
            for side, account in (
                ("principal", hop.caller_account),
                ("resource", hop.role_account),
            ):
                if account in unplaced:
                    keys[f"aws:{side}orgpaths"] = unplaced[account]
        return msgspec.structs.replace(self.call, overrides={**self.call.overrides, **keys})
