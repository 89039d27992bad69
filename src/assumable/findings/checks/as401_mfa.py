"""AS401: a policy requires MFA and the call does not prove it."""

from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName
from assumable.engine.match import ElementTrace
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.mfa import MFA_KEYS, mfa_fixes, sees_code
from assumable.findings.report import finding, where
from assumable.model.call import Absent, RoleCaller, UserCaller
from assumable.model.policy import Effect

CAUSE = Cause("AS401", "mfa", Row.MFA, "MFA is required and was not presented")
_NOT_SEEN = (
    "the call carries no proof of MFA: credentials from GetSessionToken with MFA prove it to every "
    "policy; whether the caller's own policies see SerialNumber and TokenCode of this request is "
    "not documented (U-10)"
)
_EXPLANATIONS = {
    "not-presented": "the call carries no proof of MFA: SerialNumber and TokenCode prove it in "
    "the same request",
    "lost-in-chain": "credentials of a role session carry no MFA, even when the first call of the "
    "chain was made with it",
    "too-old": "the MFA of these credentials is older than the policy accepts",
    "cannot": "this kind of caller cannot present MFA to AssumeRole",
}


def suspects(decision: Decision) -> Iterator[Blame]:
    """What deserves a note where nobody knows who will call: every way in asks for MFA.

    Credentials of GetSessionToken may carry it, so nothing is certain.
    """
    call = decision.call
    if call.caller.arn != arn.NOBODY or call.presents_mfa:
        return
    gate = next((g for g in decision.gates if g.gate is GateName.TRUST), None)
    ways = [
        trace
        for trace in (gate.traces() if gate is not None else ())
        if trace.statement.effect is Effect.ALLOW
        and trace.has_matching("Principal")
        and trace.has_matching("Action")
    ]
    asking = [(trace, element) for trace in ways for element in trace.elements if _is_open(element)]
    if gate is not None and {id(trace) for trace, _ in asking} == {id(trace) for trace in ways}:
        for trace, element in asking[:1]:
            yield Blame(cause=CAUSE.slug, gate=gate, trace=trace, element=element)


def _is_open(element: ElementTrace) -> bool:
    about = element.condition.key.lower() if element.condition is not None else ""
    return about.startswith(MFA_KEYS) and not isinstance(element.truth, bool)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with what this kind of caller can do about it."""
    if decision.call.caller.arn == arn.NOBODY and blame.fault is None:
        return _of_profile(decision, blame)
    variant = _variant(decision, blame)
    if blame.fault is not None:
        explanation = f"AWS refuses the proof of MFA: {blame.fault.told}"
    else:
        said = _EXPLANATIONS[variant]
        if variant == "not-presented" and not sees_code(decision, blame):
            said = _NOT_SEEN
        explanation = f"{where(blame)} requires MFA, and {said}{_absent(blame)}"
    return finding(
        CAUSE,
        blame,
        explanation,
        variant=variant,
        facts=("R5.1", "R5.2", "R5.3", "R5.4"),
        fixes=tuple(mfa_fixes(decision, blame)),
        title=_title(variant, refused=blame.fault is not None),
    )


def _of_profile(decision: Decision, blame: Blame) -> Finding:
    found = finding(
        CAUSE,
        blame,
        f"{where(blame)} requires MFA, and the profile has no mfa_serial: it needs one, unless "
        "its credentials come from GetSessionToken with MFA",
        variant="not-presented",
        facts=("R5.1", "R5.2", "R5.3"),
        fixes=tuple(mfa_fixes(decision, blame)),
        title="MFA is required, and the profile has no mfa_serial",
    )
    return msgspec.structs.replace(found, blocking=False, certainty="likely")


def _absent(blame: Blame) -> str:
    """What makes the difference between `Bool` and `BoolIfExists` (R5.1)."""
    condition, context = blame.element.condition if blame.element else None, blame.gate.context
    if condition is None or context is None or condition.base != "bool" or blame.trace is None:
        return ""
    if not isinstance(context.get(condition.key), Absent):
        return ""
    holds = blame.trace.statement.effect is Effect.DENY
    ends = "holds" if holds else "fails"
    return f"; {condition.key} is absent then, and {condition.operator} {ends} for an absent key"


def _title(variant: str, *, refused: bool) -> str:
    if refused:
        return "the proof of MFA is not accepted"
    return "MFA is required and " + ("is too old" if variant == "too-old" else "was not presented")


def _variant(decision: Decision, blame: Blame) -> str:
    caller = decision.call.caller
    if blame.fault is not None:
        return blame.fault.variant
    if isinstance(caller, RoleCaller):
        return "lost-in-chain"
    if not isinstance(caller, UserCaller):
        return "cannot"
    aged = blame.variant.lower() == "aws:multifactorauthage"
    return "too-old" if aged and caller.mfa.present is True else "not-presented"
