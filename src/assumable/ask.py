"""The loop: decide, see what is unknown and matters, read it, decide again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from assumable import arn
from assumable.aws.clients import Calls, Connection, Identity
from assumable.aws.reader import Reader, Readers, connect
from assumable.aws.roles_anywhere import unread_session
from assumable.compare import exchanged
from assumable.engine.anybody import held_against_anybody
from assumable.engine.chain import decide_chain, hops, session_of
from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.gates import GateName
from assumable.engine.truth import atoms
from assumable.errors import InputError, UnreadableError
from assumable.formats import dump
from assumable.formats.chain import via
from assumable.formats.endpoint import endpoint_of
from assumable.formats.scenario import Scenario
from assumable.formats.token import read_token
from assumable.model.call import (
    Call,
    Mfa,
    Network,
    RoleCaller,
    ServiceCaller,
    Session,
    UserCaller,
    WebIdentityCaller,
)
from assumable.model.client import Client
from assumable.model.client_endpoint import sts_endpoint
from assumable.model.roles_anywhere import ROLES_ANYWHERE, Anywhere, Certificate
from assumable.model.route import Start, route_of
from assumable.model.routed import certificate_of, hops_of, routed, start_of
from assumable.model.world import Unknown, World

_FIRST = (GateName.REQUEST, GateName.CREDENTIALS)
"""What is asked first: without a role, or from another partition, no policy plays a part."""
_HOPELESS = frozenset(
    ("role-not-found", "caller-not-found", "partition", "root-caller", "client-config")
)
_EVENT = "the GetSessionToken event, in CloudTrail"


class NoRoleError(InputError):
    """Nobody said which role is asked for, and the profile assumes none."""


def read_live(
    parameters: Mapping[str, Any],
    readers: Readers,
    *,
    now: datetime,
    caller: str | None = None,
    via_roles: Sequence[str] = (),
    calls: Calls | None = None,
    start: Start | None = None,
    like: str = "",
) -> Scenario:
    """The call as the credentials of `readers.profile` would make it, and the world around it.

    With `caller`, the ARN of another one is asked about; with `start`, the credentials that the way
    of the profile starts from do the reading; `like` is as in `read_all`. InputError for a profile
    that does not exist, UnreadableError when AWS does not even say whose credentials these are;
    everything else that cannot be read is unknown in the world.
    """
    connections = connect(readers, calls, start)
    mine = connections.caller
    call = dump.call_of(caller or mine.identity.arn, parameters, region=mine.region, now=now)
    call = through(call, readers.endpoint_url)
    if caller is None:
        call = with_credentials(call, has_token=mine.has_session_token)
    unique_id = None if caller is not None else mine.identity.unique_id
    return read_all(Reader(via(call, via_roles), connections, unique_id), like)


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
    the last role that the profile itself assumes. InputError when there is no such role, or for a
    token that cannot be read; UnreadableError as in `read_live`.
    """
    client = msgspec.structs.replace(client, asked=asked)
    route = route_of(client, now)
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
        client = msgspec.structs.replace(client, keys_are=_owner(readers, calls, route.start))
    failure = connections.caller.process_failure if start.kind == "process" else ""
    if failure and certificate is None:
        client = msgspec.structs.replace(client, process_failure=failure)
        return _by_nobody(routed(_nobody(now), client), readers, calls)
    if certificate is not None and (failure or is_plain):
        client = msgspec.structs.replace(client, anywhere=Anywhere(of=start.profile))
    call, unique_id = _first_call(client, start, connections.caller, certificate, now)
    call = _at(readers.region, routed(call, client))
    call = through(call, readers.endpoint_url or route.endpoint_url)
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
    profile = readers.role_profile
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


def _owner(readers: Readers, calls: Calls | None, start: Start) -> str:
    """Whose credentials these are, in words, or how AWS refuses them."""
    who = connect(readers, calls, start).caller.who
    if isinstance(who, UnreadableError):
        return f"whose they are could not be read: {str(who).partition('read: ')[2] or who}"
    return f"those of {arn.display_name(who.arn)}"


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
        raise UnreadableError(
            f"{str(error).removesuffix('.')}; the credentials are {where}"
        ) from None


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


def read_bearer(
    call: Call, readers: Readers, *, calls: Calls | None = None, like: str = ""
) -> Scenario:
    """A call that nobody signs (R1.21) and its world: the role's account.

    InputError and UnreadableError as in `read_live`.
    """
    connections = connect(readers, calls)
    reader = connections.of_role or connections.caller
    _ = reader.identity
    call = through(call, readers.endpoint_url)
    return read_all(Reader(call, connections._replace(of_role=reader)), like)


def read_all(reader: Reader, like: str = "") -> Scenario:
    """Everything that can change the answer, and nothing that cannot.

    `like` is the ARN of what stands in the place of the caller or the role in another call, which
    is to be compared: InputError where it cannot.
    """
    if like:
        reader.also(exchanged(reader.call, like)[1])
    while True:
        scenario = reader.scenario()
        decisions = decide_chain(*scenario).decisions
        if like:
            other = exchanged(scenario.call, like)[1]
            decisions += decide_chain(scenario.world, other).decisions
        wanted = _next(decisions, frozenset(reader.parts()))
        if not wanted:
            return scenario
        for settle in wanted:
            reader.read(settle)


def _next(decisions: Sequence[Decision], readable: frozenset[str]) -> tuple[str, ...]:
    """What to read now: whether there is anything to decide comes before the rest."""
    for stage in (_first, _rest):
        found = (settle for decision in decisions for settle in stage(decision))
        wanted = tuple(dict.fromkeys(settle for settle in found if settle in readable))
        if wanted:
            return wanted
    return ()


def _first(decision: Decision) -> Iterator[str]:
    for gate in decision.gates:
        if gate.gate in _FIRST:
            yield from (atom.settle for atom in atoms(gate.passes))


def _rest(decision: Decision) -> Iterator[str]:
    """Every other question, also where the verdict is certain: all faults are shown in one pass."""
    gates = decision.gates
    if any(gate.fault is not None and gate.fault.cause in _HOPELESS for gate in gates):
        return
    for gate in gates:
        yield from (atom.settle for atom in atoms(gate.passes))


def through(call: Call, endpoint_url: str | None) -> Call:
    """The call as it reaches STS through an endpoint of AWS's that was named."""
    endpoint = endpoint_of(endpoint_url)
    if endpoint is None or endpoint.service != "sts":
        return call
    network = msgspec.structs.replace(
        call.network,
        region=endpoint.region or call.network.region,
        endpoint="regional" if endpoint.region else "global",
        vpc_endpoint=endpoint.vpc_endpoint or None,
        assumed=call.network.assumed and not endpoint.vpc_endpoint,  # private DNS has its name
    )
    return msgspec.structs.replace(call, network=network)


def with_credentials(call: Call, *, has_token: bool) -> Call:
    """The caller with what credentials do not tell about themselves left unknown."""
    caller = call.caller
    if isinstance(caller, UserCaller) and has_token:
        unsaid = Unknown("whether the caller's session token was issued with MFA", _EVENT)
        session = Session(complete=False)
        caller = msgspec.structs.replace(
            caller, credentials="session-token", mfa=Mfa(unsaid), session=session
        )
    return msgspec.structs.replace(call, caller=caller)
