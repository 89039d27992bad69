"""What the caller of a denied call would see: the first refusal in AWS's order (FACTS 0)."""

from typing import NamedTuple

import msgspec

from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.gates import Gate, GateName
from assumable.engine.limits import CLIENT_REFUSES, Fault, combined, denial


class AwsError(msgspec.Struct, frozen=True):
    """What the caller would see."""

    code: str
    status: int | None
    """The HTTP status; None when the client itself refuses and sends nothing."""
    message: str
    """Empty where AWS sends no text, or none that is known."""


class _Step(NamedTuple):
    """One place in the order: the faults of a gate with these codes, all codes where none is named.

    `causes` narrows it further.
    """

    gate: GateName
    codes: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


# FACTS section 0, step by step; a request that breaks several rules meets the first of them.
_AUTHORIZATION = _Step(GateName.TRUST)
_ORDER = (
    _Step(GateName.CREDENTIALS, causes=("client-config",)),  # 0: nothing to sign with
    _Step(GateName.REQUEST, (CLIENT_REFUSES,)),  # 0b: the client
    _Step(GateName.CREDENTIALS, ("InvalidAction",)),  # an endpoint that does not know the operation
    _Step(GateName.CREDENTIALS, ("ExpiredToken",)),  # 3: expiry before the issuer
    _Step(GateName.CREDENTIALS, ("InvalidClientTokenId",)),  # 3
    _Step(
        GateName.REQUEST, ("MalformedInput",)
    ),  # 5: numbers are parsed before ranges are looked at
    _Step(GateName.REQUEST, ("ValidationError",)),  # 5
    _Step(GateName.REQUEST, ("InvalidParameterValue", "MalformedPolicyDocument")),  # 5
    _Step(GateName.CREDENTIALS, ("RegionDisabledException",)),  # needs the role's account: R10.5
    _Step(GateName.CREDENTIALS, causes=("root-caller",)),  # 7, with a text of its own: R1.19
    _Step(GateName.CREDENTIALS, causes=("mfa",)),  # 7.3, before the policies that could ask for it
    _Step(GateName.CREDENTIALS, ("InvalidIdentityToken", "ExpiredTokenException")),  # 6; U-1
    _AUTHORIZATION,  # 7: every gate that has no fault, and the faults that read like it
    _Step(GateName.SESSION_LIMITS),  # 8: the role's maximum before chaining; after 7 by U-2
)
# R3.3: SetSourceIdentity is judged before AssumeRole; the order of the others is open (U-5).
_FIRST_NAMED = "sts:SetSourceIdentity"


def aws_error(decision: Decision) -> AwsError | None:
    """The refusal that the caller sees of a denied call; None when it is not denied.

    Which text a conditional call would meet depends on what is not known.
    """
    if decision.verdict is not Verdict.DENIED:
        return None
    blocking = tuple(decision.blocking())
    faults = [(gate, gate.fault) for gate in blocking if gate.fault is not None]
    refused = [gate for gate in blocking if gate.fault is None]
    ranks = [_rank(gate, fault) for gate, fault in faults]
    first = min(ranks, default=len(_ORDER))
    turn = _ORDER.index(_AUTHORIZATION)
    if first == turn or not faults or (refused and first > turn):
        return _access_denied(decision, refused)
    return _answer([fault for (_, fault), rank in zip(faults, ranks, strict=True) if rank == first])


def _rank(gate: Gate, fault: Fault) -> int:
    for number, step in enumerate(_ORDER):
        right_code = not step.codes or fault.code in step.codes
        right_cause = not step.causes or fault.cause in step.causes
        if gate.gate is step.gate and right_code and right_cause:
            return number
    return _ORDER.index(_AUTHORIZATION)


def _answer(faults: list[Fault]) -> AwsError | None:
    """One step's faults as one answer: violations are listed together (FACTS 4.1)."""
    listed = [fault for fault in faults if fault.clause]
    fault = combined(listed) if listed else faults[0]
    if not fault.code:  # the client goes on as somebody else
        return None
    return AwsError(fault.code, fault.status, fault.message)


def _access_denied(decision: Decision, refused: list[Gate]) -> AwsError:
    """The usual refusal, which names the action that failed and not the side (R3.2, R7.1)."""
    actions = [gate.action for gate in refused if gate.action]
    named = _FIRST_NAMED if _FIRST_NAMED in actions else next(iter(actions), "")
    action = named or f"sts:{decision.call.api}"
    return AwsError("AccessDenied", 403, denial(decision.call, action))
