"""The loop: decide, see what is unknown and matters, read it, decide again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from assumable.aws.clients import Calls
from assumable.aws.reader import Reader, Readers, connect
from assumable.compare import exchanged
from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName
from assumable.engine.truth import atoms
from assumable.formats import dump
from assumable.formats.chain import via
from assumable.formats.endpoint import endpoint_of
from assumable.formats.scenario import Scenario
from assumable.model.call import (
    Call,
    Mfa,
    Session,
    UserCaller,
)
from assumable.model.route import Start
from assumable.model.world import Unknown

_FIRST = (GateName.REQUEST, GateName.CREDENTIALS)
"""What is asked first: without a role, or from another partition, no policy plays a part."""
_HOPELESS = frozenset(
    ("role-not-found", "caller-not-found", "partition", "root-caller", "client-config")
)
_MENDED = ("environment-wins",)
"""What is no obstacle to reading: the credentials that are meant are there."""
_EVENT = "the GetSessionToken event, in CloudTrail"


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
    faults = [gate.fault for gate in gates if gate.fault is not None]
    if any(fault.cause in _HOPELESS and fault.variant not in _MENDED for fault in faults):
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
