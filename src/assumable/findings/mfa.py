"""Proofs of MFA: a code in this very request, or credentials that carry one (R5.2, R5.3).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from collections.abc import Iterator

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName, Outcome
from assumable.findings.blame import Blame
from assumable.findings.commands import TOKEN_CODE
from assumable.findings.finding import Fix
from assumable.findings.fix import change_call, session_with_mfa
from assumable.model.call import Call, RoleCaller, UserCaller

MFA_KEYS = "aws:multifactorauth"
_CALLERS_SIDE = (
    GateName.IDENTITY, GateName.BOUNDARY, GateName.SESSION_POLICY, GateName.SCP,
    GateName.VPC_ENDPOINT,
)  # fmt: skip
"""The gates of which no source says that they see a code of this request (U-10)."""


def mfa_fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """What this kind of caller can prove, the cheapest that is sure to be seen first."""
    call, caller = decision.call, decision.call.caller
    if isinstance(caller, RoleCaller) and call.presents_mfa:
        yield change_call(
            call,
            "mfa/leave-out",
            "send no SerialNumber and TokenCode: a role session has no device",
            {"SerialNumber": None, "TokenCode": None},
        )
    if not isinstance(caller, UserCaller) or call.mfa_code_is_wrong:
        return
    serial = _serial(call, blame)
    is_seen = sees_code(decision, blame)
    code, session = list(_code(call, serial)), list(_session(call, serial))
    if is_seen is None:
        yield from (*session, *code)
    elif is_seen:
        has_one = caller.credentials == "session-token" and blame.fault is None
        yield from (*code, *(session if has_one or not code else ()))
    else:
        yield from session


def sees_code(decision: Decision, blame: Blame) -> bool | None:
    """Whether the policies of a gate see SerialNumber and TokenCode; None is not documented."""
    if blame.gate.gate not in _CALLERS_SIDE:
        return True
    return decision.call.assumptions.get("U-10")


def fixes_of_allow(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """The same for a cap whose Allow lacks nothing but MFA."""
    if blame.gate.outcome is not Outcome.IMPLICIT_DENY or blame.trace is None:
        return
    failing = [element.condition for element in blame.trace.failing]
    about_mfa = [c for c in failing if c is not None and c.key.lower().startswith(MFA_KEYS)]
    if about_mfa and about_mfa == failing:
        yield from mfa_fixes(decision, blame)


def _code(call: Call, serial: str) -> Iterator[Fix]:
    """SerialNumber and TokenCode, which AssumeRole alone takes."""
    if call.api == "AssumeRole":
        yield change_call(
            call,
            "mfa/send-code",
            f"send the serial number of your MFA device (often {serial}; `aws iam "
            "list-mfa-devices` shows it) and its current code",
            {"SerialNumber": serial, "TokenCode": TOKEN_CODE},
        )


def _session(call: Call, serial: str) -> Iterator[Fix]:
    """Credentials from GetSessionToken; a proof that the request has would need a second code."""
    if not call.presents_mfa:
        yield session_with_mfa(call, "mfa/session-token", serial)


def _serial(call: Call, blame: Blame) -> str:
    """The device that the call names, unless AWS refused that one; else the user's usual one."""
    given = call.parameters.get("SerialNumber")
    refused = blame.fault is not None and blame.fault.variant == "cannot"
    if isinstance(given, str) and not refused:
        return given
    parts = arn.parse(call.caller.arn)
    if call.caller.arn == arn.NOBODY:
        return "arn:aws:iam::ACCOUNT:mfa/NAME"
    partition, name = (parts.partition, parts.name) if parts else ("aws", "")
    return f"arn:{partition}:iam::{call.caller_account}:mfa/{name}"
