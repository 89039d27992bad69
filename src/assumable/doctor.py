"""The calls that the profiles of this machine make, in a running AWS."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from assumable import arn
from assumable.ask import read_all, through, with_credentials
from assumable.aws.clients import Calls, Connection, Identity
from assumable.aws.reader import Reader, Readers, connect
from assumable.aws.roles_anywhere import unread_session
from assumable.engine.anybody import held_against_anybody
from assumable.engine.chain import decide_chain, hops, session_of
from assumable.engine.evaluate import Verdict
from assumable.errors import InputError, UnreadableError
from assumable.formats import dump
from assumable.formats.chain import via
from assumable.formats.scenario import Scenario
from assumable.formats.token import read_token
from assumable.model.call import (
    Call,
    Network,
    RoleCaller,
    ServiceCaller,
    UserCaller,
    WebIdentityCaller,
)
from assumable.model.client import Client
from assumable.model.client_endpoint import sts_endpoint
from assumable.model.roles_anywhere import ROLES_ANYWHERE, Anywhere, Certificate
from assumable.model.route import Start, route_of
from assumable.model.routed import certificate_of, has_other_keys, hops_of, routed, start_of
from assumable.model.world import World

_REFUSED_KEYS = frozenset(("ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"))
"""How AWS refuses keys, whatever they are used for (FACTS 0, steps 2 to 4)."""


class NoRoleError(InputError):
    """Nobody said which role is asked for, and the profile assumes none."""


def read_through(
    client: Client,
    asked: Mapping[str, Any] | None,
    readers: Readers,
    *,
    now: datetime,
    via_roles: Sequence[str] = (),
    calls: Calls | None = None,
    like: str = "",
) -> Scenario:
    """The call that the client's set-up makes, hop by hop, and the world around it.

    `asked` are the parameters of a call of one's own, made with what the profile gives; None for
    the last role that the profile itself assumes. Where keys of the environment come before a
    profile that was chosen, and such a call is denied to them alone, it is given as it was meant,
    with that fault. InputError when there is no such role, or for a token that cannot be read;
    UnreadableError as in `read_live`.
    """
    client = msgspec.structs.replace(client, asked=asked)

    def read(client: Client) -> Scenario:
        return _read_through(client, readers, now, via_roles, calls, like)

    if asked is None or not has_other_keys(client, route_of(client, now)):
        return read(client)
    as_run: Scenario | UnreadableError
    try:
        as_run = read(client)
    except UnreadableError as error:
        if error.code not in _REFUSED_KEYS:
            raise
        as_run = error
    if isinstance(as_run, Scenario) and decide_chain(*as_run).verdict is not Verdict.DENIED:
        return as_run
    return _as_meant(as_run, client, read)


def _as_meant(
    as_run: Scenario | UnreadableError, client: Client, read: Callable[[Client], Scenario]
) -> Scenario:
    """The call with the profile's credentials, unless it would be denied to them just the same."""
    try:
        world, call = read(msgspec.structs.replace(client, as_meant=True))
    except UnreadableError:
        if isinstance(as_run, UnreadableError):
            raise as_run from None
        return as_run
    if isinstance(as_run, Scenario) and call.client is not None:
        blameless = msgspec.structs.replace(call.client, keys_of="", keys_fail=False)
        meant = msgspec.structs.replace(call, client=blameless)
        if decide_chain(world, meant).verdict is Verdict.DENIED:
            return as_run
    return Scenario(world, call)


def _read_through(
    client: Client,
    readers: Readers,
    now: datetime,
    via_roles: Sequence[str],
    calls: Calls | None,
    like: str,
) -> Scenario:
    route, asked = route_of(client, now), client.asked
    start = start_of(client, route)
    certificate = None
    if start is not None and start.kind == "process":
        certificate = certificate_of(client, start.profile)
    is_plain = asked is None and not hops_of(client, route) and not via_roles
    if is_plain and route.fault is None and certificate is None:
        raise NoRoleError(
            "--role-arn is missing", "", f"the profile `{client.profile_name}` assumes no role"
        )
    if start is None:
        return _by_nobody(routed(_nobody(now), client), readers, calls)
    connections = connect(readers, calls, start)
    if start is not route.start and route.start is not None:
        client = _with_owner(client, connect(readers, calls, route.start).caller.who)
    failure = connections.caller.process_failure if start.kind == "process" else ""
    if failure and certificate is None:
        client = msgspec.structs.replace(client, process_failure=failure)
        return _by_nobody(routed(_nobody(now), client), readers, calls)
    if certificate is not None and (failure or is_plain):
        client = msgspec.structs.replace(client, anywhere=Anywhere(of=start.profile))
    call, unique_id = _first_call(client, start, connections.caller, certificate, now)
    call = _at(readers.region, routed(call, client))
    before = through(call, route.endpoint_url).network
    call = through(call, readers.endpoint_url or route.endpoint_url)
    if asked is not None and before != call.network:
        call = msgspec.structs.replace(call, before=before)
    between = via(call, via_roles).chain
    call = msgspec.structs.replace(call, chain=(*call.chain, *between))
    reader = Reader(call, connections, unique_id, certificate)
    scenario = read_all(reader, like)
    if failure and certificate is not None:
        return _refused(scenario, reader, certificate, failure)
    return scenario


def _first_call(
    client: Client,
    start: Start,
    mine: Connection,
    certificate: Certificate | None,
    now: datetime,
) -> tuple[Call, str | None]:
    """The first call of a way, before it is routed, and the unique ID of who makes it."""
    if start.kind == "web-identity":
        return _by_token(start.token_file, now), None
    if client.anywhere is not None and certificate is not None:
        return _by_certificate(certificate, now), None
    identity = _whose(mine, client, start)
    call = dump.call_of(identity.arn, {}, region=None, now=now)
    call = with_credentials(call, has_token=mine.has_session_token)
    if certificate is not None:
        call = _come_by(call, certificate)
    return call, identity.unique_id


def _by_certificate(certificate: Certificate, now: datetime) -> Call:
    """The call that IAM Roles Anywhere makes for a certificate."""
    return Call(
        api="AssumeRole",
        caller=ServiceCaller(principal=ROLES_ANYWHERE),
        parameters=certificate.parameters,
        network=Network(assumed=True),
        time=now,
    )


def _come_by(call: Call, certificate: Certificate) -> Call:
    """The call of a session that came by IAM Roles Anywhere: some of what it carries is known.

    Whether its tags are transitive, AWS does not say.
    """
    made = _by_certificate(certificate, call.time)
    theirs, caller = session_of(made, (unread_session(certificate),)), call.caller
    if theirs is None or not isinstance(caller, RoleCaller):
        return call
    if theirs.arn.rpartition("/")[0] != caller.arn.rpartition("/")[0]:
        return call
    session = msgspec.structs.replace(theirs.session, complete=False)
    return msgspec.structs.replace(call, caller=msgspec.structs.replace(caller, session=session))


def _refused(
    scenario: Scenario, reader: Reader, certificate: Certificate, failure: str
) -> Scenario:
    """What AWS has against a certificate; that the process failed, where nothing else tells why."""
    world, call = scenario
    client = call.client
    assert client is not None and client.anywhere is not None  # noqa: S101, PT018  # it is its own
    known = reader.anywhere(certificate, client.anywhere.of)
    client = msgspec.structs.replace(client, anywhere=known)
    chain = call.chain
    if chain:
        first = msgspec.structs.replace(chain[0], policies=reader.session_policies(certificate))
        chain = (first, *chain[1:])
    call = msgspec.structs.replace(call, client=client, chain=chain)
    if decide_chain(world, call).decisions[0].verdict is not Verdict.DENIED:
        client = msgspec.structs.replace(client, process_failure=failure)
        call = msgspec.structs.replace(call, client=client)
    return Scenario(world, call)


def _by_nobody(call: Call, readers: Readers, calls: Calls | None) -> Scenario:
    """The call that nobody can make, and what the roles hold against everybody.

    They are read with the role profile, unless that is a role that the caller would assume.
    """
    profile, client = readers.role_profile, call.client
    made = route_of(client, call.time).hops if client is not None else ()
    if made:
        call = msgspec.structs.replace(call, api=made[0].api)
    if profile is None or arn.parse_role(profile):
        return Scenario(World(accounts={}, complete=False), call)
    alone = msgspec.structs.replace(
        readers, profile=profile, caller_profile=None, org_profile=None, credentials=None
    )
    reader, asked = Reader(call, connect(alone, calls)), hops(call)
    for part in (f"iam:GetRole on {hop.role_arn}" for hop in asked):
        if part in reader.parts():
            reader.read(part)
    return Scenario(held_against_anybody(reader.scenario().world, asked), call)


def _nobody(now: datetime) -> Call:
    """A call without credentials: the client's set-up is all that is known of it."""
    network = Network(assumed=True)
    return Call(
        api="AssumeRole",
        caller=UserCaller(arn=arn.NOBODY),
        parameters={},
        network=network,
        time=now,
    )


def _by_token(path: str, now: datetime) -> Call:
    """The first hop of a way that starts with a web identity token, in the file that is named."""
    try:
        claims = read_token(f"file://{path}")
    except InputError as error:
        raise InputError(error.message, path) from None
    return Call(
        api="AssumeRoleWithWebIdentity",
        caller=WebIdentityCaller(claims=claims),
        parameters={},
        network=Network(assumed=True),
        time=now,
    )


def _at(region: str | None, call: Call) -> Call:
    """The call where it goes: to the Region given, or to that of the profile that was chosen.

    What the profile says from which the keys come does not count.
    """
    network = call.network
    if region is not None:
        style = "regional" if call.client is None else sts_endpoint(call.client, region)
        network = msgspec.structs.replace(network, region=region, endpoint=style)
    elif network.region is None and call.client is not None:
        variable = call.client.environment.get("AWS_REGION") or None
        network = msgspec.structs.replace(network, region=variable)
    return msgspec.structs.replace(call, network=network)


def _with_owner(client: Client, who: Identity | UnreadableError) -> Client:
    """The set-up with whose keys its environment holds, or how AWS refuses them."""
    if isinstance(who, Identity):
        words, owner = f"those of {arn.display_name(who.arn)}", who.arn
        return msgspec.structs.replace(client, keys_are=words, keys_of=owner)
    words = f"whose they are could not be read: {str(who).partition('read: ')[2] or who}"
    is_refused = who.code in _REFUSED_KEYS
    return msgspec.structs.replace(client, keys_are=words, keys_fail=is_refused)


def _whose(connection: Connection, client: Client, start: Start) -> Identity:
    """Whose credentials these are; UnreadableError, which says where they stand."""
    try:
        return connection.identity
    except UnreadableError as error:
        where = f"those of the profile `{start.profile or client.profile_name}`"
        if start.kind == "environment":
            where = "those of AWS_ACCESS_KEY_ID in the environment"
            if client.profile is not None:
                where += f", which the profile `{client.profile_name}` does not replace"
        text = f"{str(error).removesuffix('.')}; the credentials are {where}"
        raise UnreadableError(text, error.code) from None
