"""The loop: decide, see what is unknown and matters, read it, decide again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from assumable.aws.clients import Calls
from assumable.aws.reader import Reader, Readers, connect
from assumable.engine.chain import Chain, decide_chain
from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName
from assumable.engine.truth import atoms
from assumable.formats import dump
from assumable.formats.chain import via
from assumable.formats.scenario import Scenario
from assumable.model.call import Call, Mfa, Session, UserCaller
from assumable.model.world import Unknown

_FIRST = (GateName.REQUEST, GateName.CREDENTIALS)
"""What is asked first: without a role, or from another partition, no policy plays a part."""
_HOPELESS = frozenset(("role-not-found", "caller-not-found", "partition", "root-caller"))
_EVENT = "the GetSessionToken event, in CloudTrail"


def read_live(
    parameters: Mapping[str, Any],
    readers: Readers,
    *,
    now: datetime,
    caller: str | None = None,
    via_roles: Sequence[str] = (),
    calls: Calls | None = None,
) -> Scenario:
    """The call as the credentials of `readers.profile` would make it, and the world around it.

    With `caller`, the ARN of another one is asked about. InputError for a profile that does not
    exist, UnreadableError when AWS does not even say whose credentials these are; everything else
    that cannot be read is unknown in the world.
    """
    connections = connect(readers, calls)
    mine = connections.caller
    call = dump.call_of(caller or mine.identity.arn, parameters, region=mine.region, now=now)
    if caller is None:
        call = with_credentials(call, has_token=mine.has_session_token)
    unique_id = "" if caller is not None else mine.identity.unique_id
    return read_all(Reader(via(call, via_roles), connections, unique_id))


def read_bearer(call: Call, readers: Readers, *, calls: Calls | None = None) -> Scenario:
    """A call that nobody signs (R1.21) and its world: the role's account.

    InputError and UnreadableError as in `read_live`.
    """
    connections = connect(readers, calls)
    reader = connections.of_role or connections.caller
    _ = reader.identity
    return read_all(Reader(call, connections._replace(of_role=reader)))


def read_all(reader: Reader) -> Scenario:
    """Everything that can change the answer, and nothing that cannot."""
    while True:
        scenario = reader.scenario()
        wanted = _next(decide_chain(*scenario), frozenset(reader.parts()))
        if not wanted:
            return scenario
        for settle in wanted:
            reader.read(settle)


def _next(chain: Chain, readable: frozenset[str]) -> tuple[str, ...]:
    """What to read now: whether there is anything to decide comes before the rest."""
    for stage in (_first, _rest):
        found = (settle for decision in chain.decisions for settle in stage(decision))
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
