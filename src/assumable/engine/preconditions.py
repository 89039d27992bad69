"""What must hold before any policy is looked at: parameters, the role, the credentials."""

from collections.abc import Iterable, Iterator

import msgspec

from assumable import arn
from assumable.engine import assume_root, limits
from assumable.engine.assume_root import ASSUME_ROOT, Problem
from assumable.engine.facts import Facts, is_alive
from assumable.engine.gates import Gate, GateName
from assumable.engine.limits import Fault, denial
from assumable.engine.parameters import request_faults
from assumable.engine.regions import (
    DEFAULT_REGIONS,
    INVALID_TOKEN,
    partition_of,
    region_faults,
    region_questions,
)
from assumable.engine.truth import Atom, describe
from assumable.model.call import Call, FederatedUserCaller, RoleCaller, RootCaller, UserCaller
from assumable.model.routed import faults_of
from assumable.model.world import Role, Unknown


def fault_gate(gate: GateName, account: str, fault: Fault) -> Gate:
    """A gate that a fault closes for certain."""
    return Gate(gate=gate, account=account, deny=True, fault=fault, summary=fault.text)


def access_denied(facts: Facts, cause: str, variant: str = "") -> Fault:
    """AWS's usual refusal, which names neither side (R7.1)."""
    text = denial(facts.call, f"sts:{facts.call.api}")
    return Fault("RoleArn", "AccessDenied", 403, text, cause, variant)


def affirmations(facts: Facts, problems: tuple[Gate, ...]) -> Iterator[Gate]:
    """The request and the credentials as gates that let the call through, where they do."""
    account = facts.caller_account
    refused = {gate.gate for gate in problems if gate.fault is not None}
    misshapen = any(
        gate.gate is GateName.REQUEST and gate.fault.cause != "role-not-found"
        for gate in problems
        if gate.fault is not None
    )
    if not misshapen and not facts.call.asks_nothing:
        yield Gate(gate=GateName.REQUEST, account=account, summary="the parameters are well-formed")
    if GateName.CREDENTIALS not in refused:
        may = "the credentials may call it"
        yield Gate(gate=GateName.CREDENTIALS, account=account, summary=may)


def problems(facts: Facts) -> tuple[Gate, ...]:
    """What refuses the call before any policy is looked at, or may refuse it."""
    faults = () if facts.call.asks_nothing else request_faults(facts.call)
    if not faults and facts.role_side.is_there and _is_ordinary(facts):
        return ()
    return (*_request_problems(facts, faults), *_credential_problems(facts))


def _request_problems(facts: Facts, faults: tuple[Fault, ...]) -> Iterator[Gate]:
    """What is wrong with the parameters by themselves, and whether there is such a role."""
    for fault in faults:
        yield fault_gate(GateName.REQUEST, facts.caller_account, fault)
    no_target = any(fault.parameter in ("RoleArn", "TargetPrincipal") for fault in faults)
    if no_target or facts.call.asks_nothing:
        return
    if facts.call.api == ASSUME_ROOT:
        yield from _problem_gates(facts, GateName.REQUEST, assume_root.target_problems(facts))
    elif arn.parse_role(facts.call.role_arn) is None:
        yield _missing_role(facts, "not-a-role")
    elif not crosses_partition(facts):
        yield from _existence_gates(facts)


def _problem_gates(facts: Facts, gate: GateName, problems: Iterable[Problem]) -> Iterator[Gate]:
    """Faults as gates that refuse, questions as gates that depend on them."""
    account = facts.caller_account
    for problem in problems:
        if isinstance(problem, Fault):
            yield fault_gate(gate, account, problem)
        else:
            summary = f"depends on: {describe(problem)}"
            yield Gate(gate=gate, account=account, allow=problem, summary=summary)


def _question_gate(gate: GateName, account: str, question: Atom) -> Gate:
    return Gate(gate=gate, account=account, allow=question, summary=f"depends on {question.part}")


def _missing_role(facts: Facts, variant: str) -> Gate:
    fault = access_denied(facts, "role-not-found", variant)
    if variant == "not-a-role" and not facts.call.is_signed:
        fault = msgspec.structs.replace(  # federated calls look at it earlier (FACTS 4.2)
            fault, code="ValidationError", status=400, message="Request ARN is invalid"
        )
    return fault_gate(GateName.REQUEST, facts.call.role_account, fault)


def _existence_gates(facts: Facts) -> Iterator[Gate]:
    account = facts.call.role_account
    alive = is_alive(facts.role_organization, account)
    if isinstance(alive, Atom):
        yield _question_gate(GateName.REQUEST, account, alive)
    if alive is False:
        yield _missing_role(facts, "account-suspended")
    elif facts.role is None:
        yield _missing_role(facts, _how_missing(facts))
    elif isinstance(facts.role, Unknown):
        name = arn.display_name(facts.call.role_arn)
        exists = Atom(
            subject=facts.call.role_arn,
            text=f"{name} exists",
            opposite=f"{name} does not exist",
            part=f"whether {name} exists",
            settle=facts.role.settle,
            kind="fact",
        )
        yield _question_gate(GateName.REQUEST, account, exists)


def _how_missing(facts: Facts) -> str:
    """Whether the role stands under another path, or in another account that is known."""
    asked = arn.parse(facts.call.role_arn)
    if asked is None:
        return "absent"
    if isinstance(facts.world.role_named(asked.account, asked.name, asked.partition), Role):
        return "path"
    elsewhere = any(
        role.name == asked.name
        for account in facts.world.accounts.values()
        if not isinstance(account, Unknown)
        for role in account.roles.values()
    )
    listed = asked.account in facts.world.accounts
    return "account" if elsewhere and not listed else "absent"


def crosses_partition(facts: Facts) -> bool:
    """Whether caller and role are in different partitions (R1.18)."""
    mine, theirs = facts.caller_side.partition, facts.role_side.partition
    if facts.call.caller.arn == arn.NOBODY:  # whose partition nobody knows
        return False
    return mine is not None and theirs is not None and mine != theirs


def _credential_problems(facts: Facts) -> Iterator[Gate]:
    """What keeps such credentials from making the call at all (FACTS 3.2, 7.4)."""
    account = facts.caller_account
    for fault in _credential_faults(facts):
        at_role = fault.variant == "role" and fault.cause == "region"
        owner = facts.role_account if at_role else account
        yield fault_gate(GateName.CREDENTIALS, owner, fault)
    alive = is_alive(facts.caller_organization, account)
    if isinstance(alive, Atom):
        yield _question_gate(GateName.CREDENTIALS, account, alive)
    for owner, question in region_questions(facts):
        yield _question_gate(GateName.CREDENTIALS, owner, question)
    if facts.call.api == ASSUME_ROOT:
        yield from _problem_gates(facts, GateName.CREDENTIALS, assume_root.caller_problems(facts))


def _is_ordinary(facts: Facts) -> bool:
    """Whether no rule on credentials can apply, found out without asking each of them."""
    call, mine = facts.call, facts.caller_side
    if not mine.may_call or mine.partition != facts.role_side.partition or call.assumptions:
        return False
    if call.api == ASSUME_ROOT or call.client is not None:
        return False
    region, parameters = call.network.serving_region, call.parameters
    return (
        facts.session.expires_at is None
        and "SerialNumber" not in parameters
        and "TokenCode" not in parameters
        and (region is None or _is_open_to_both(facts, region))
    )


def _is_open_to_both(facts: Facts, region: str) -> bool:
    """Whether no account is known to have switched a Region of its partition off, or may have."""
    return (
        facts.caller_side.has_every_region
        and facts.role_side.has_every_region
        and (region in DEFAULT_REGIONS or facts.world.complete)
        and partition_of(region) == facts.caller_side.partition
    )


def _credential_faults(facts: Facts) -> Iterator[Fault]:
    call = facts.call
    caller, expires = call.caller, call.session.expires_at
    yield from _client_faults(call)
    if isinstance(caller, UserCaller | RoleCaller) and facts.principal is None:
        yield Fault("", "InvalidClientTokenId", 403, INVALID_TOKEN + ".", "caller-not-found")
    if is_alive(facts.caller_organization, call.caller_account) is False:
        yield _credentials("InvalidClientTokenId", INVALID_TOKEN + ".", "account-suspended")
    if expires is not None and expires <= call.time:
        text = "The security token included in the request is expired"
        yield _credentials("ExpiredToken", text, "expired")
    yield from region_faults(facts)
    temporary = isinstance(caller, UserCaller) and caller.credentials == "session-token"
    if temporary and call.api != ASSUME_ROOT and not facts.takes("C-1"):
        yield access_denied(facts, "credentials", "session-token")
    if isinstance(caller, RootCaller):
        yield _root_fault(facts, caller)
    if isinstance(caller, FederatedUserCaller):  # R1.25; the text is the usual one (FACTS 7.2)
        yield access_denied(facts, "credentials", "federation-token")
    if call.is_signed and crosses_partition(facts):
        yield access_denied(facts, "partition")
    mfa = limits.mfa_fault(call)
    if mfa is not None:
        yield mfa


def _client_faults(call: Call) -> Iterator[Fault]:
    """What keeps the client from signing any request (FACTS 0, step 0; 7.8)."""
    if call.client is None or call.client.hop > 1:
        return
    for fault in faults_of(call.client, call.time):
        yield Fault("", fault.error, None, fault.message, "client-config", fault.variant)


def _root_fault(facts: Facts, caller: RootCaller) -> Fault:
    """Root users call neither AssumeRoot (R1.27) nor AssumeRole, whose text is known (R1.19)."""
    variant = "" if caller.credentials == "root" else caller.credentials
    if facts.call.api == ASSUME_ROOT:
        return access_denied(facts, "root-caller", variant)
    text = "Roles may not be assumed by root accounts."
    return Fault("", "AccessDenied", 403, text, "root-caller", variant)


def _credentials(code: str, text: str, variant: str) -> Fault:
    return Fault("", code, 403, text, "credentials", variant)
