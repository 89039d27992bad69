"""AS401: a policy requires MFA and the call does not prove it."""

from collections.abc import Iterator

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.commands import TOKEN_CODE
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.report import finding, where
from assumable.model.call import Absent, RoleCaller, UserCaller
from assumable.model.policy import Effect

CAUSE = Cause("AS401", "mfa", Row.MFA, "MFA is required and was not presented")
_EXPLANATIONS = {
    "not-presented": "the call carries no proof of MFA: SerialNumber and TokenCode prove it in "
    "the same "
    "request",
    "lost-in-chain": "credentials of a role session carry no MFA, even when the first call of the "
    "chain was "
    "made with it",
    "too-old": "the MFA of these credentials is older than the policy accepts",
    "cannot": "this kind of caller cannot present MFA to AssumeRole",
}


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with what this kind of caller can do about it."""
    variant = _variant(decision, blame)
    if blame.fault is not None:
        explanation = f"AWS refuses the proof of MFA: {blame.fault.message.strip()}"
    else:
        explanation = f"{where(blame)} requires MFA, and {_EXPLANATIONS[variant]}{_absent(blame)}"
    return finding(
        CAUSE,
        blame,
        explanation,
        variant=variant,
        facts=("R5.1", "R5.2", "R5.4"),
        fixes=tuple(mfa_fixes(decision, variant)),
        title=_title(variant, refused=blame.fault is not None),
    )


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


def mfa_fixes(decision: Decision, variant: str) -> Iterator[Fix]:
    """What this kind of caller can send: the proof of MFA, or none where it has no device."""
    caller = decision.call.caller
    if isinstance(caller, RoleCaller) and decision.call.presents_mfa:
        yield change_call(
            decision.call,
            "mfa/leave-out",
            "send no SerialNumber and TokenCode: a role session has no device",
            {"SerialNumber": None, "TokenCode": None},
        )
    if not isinstance(caller, UserCaller):
        return
    parts = arn.parse(caller.arn)
    partition, name = (parts.partition, parts.name) if parts else ("aws", "")
    serial = decision.call.parameters.get("SerialNumber")
    if not isinstance(serial, str) or variant == "cannot":
        serial = f"arn:{partition}:iam::{decision.call.caller_account}:mfa/{name}"
    if decision.call.mfa_code_is_wrong:
        return
    yield change_call(
        decision.call,
        "mfa/send-code",
        f"send the serial number of your MFA device (often {serial}; `aws iam list-mfa-devices` "
        "shows it) "
        "and its current code",
        {"SerialNumber": serial, "TokenCode": TOKEN_CODE},
    )
