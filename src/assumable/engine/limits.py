"""Durations, chaining and the proof of MFA, with the answer AWS gives (FACTS section 4)."""

import msgspec

from assumable.engine.facts import Facts
from assumable.model.call import DEFAULT_DURATION, Call, UserCaller
from assumable.model.world import Role, Unknown

CHAINING_LIMIT = 3600
MIN_DURATION, MAX_DURATION = 900, 43_200


class Fault(msgspec.Struct, frozen=True):
    """A parameter that AWS refuses, with its own code and text."""

    parameter: str
    code: str
    status: int
    message: str
    cause: str = "parameter"
    variant: str = ""


def mfa_fault(call: Call) -> Fault | None:
    """A proof of MFA that AWS refuses before any policy is looked at (FACTS 7.3)."""
    serial, code = call.parameters.get("SerialNumber"), call.parameters.get("TokenCode")
    if not serial and not code:
        return None
    if not (serial and code):
        message = (
            "MultiFactorAuthentication failed, must provide both MFA serial number and one "
            "time pass code"
        )
        return Fault(
            "SerialNumber" if not serial else "TokenCode",
            "AccessDenied",
            403,
            message,
            "mfa",
            "not-presented",
        )
    is_key = ":u2f/" in str(serial)  # R5.7: FIDO keys have no code
    if not isinstance(call.caller, UserCaller) or is_key:
        message = (
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your "
            "MFA serial number is valid and associated with this user."
        )
        return Fault("SerialNumber", "AccessDenied", 403, message, "mfa", "cannot")
    if call.mfa_code_is_wrong:
        message = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
        return Fault("TokenCode", "AccessDenied", 403, message, "mfa", "cannot")
    return None


def duration_of(call: Call) -> int | None:
    """The duration asked for in seconds; None when it is not a number within the fixed range."""
    value = call.parameters.get("DurationSeconds", DEFAULT_DURATION)
    if isinstance(value, str) and value.lstrip("+").isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if MIN_DURATION <= value <= MAX_DURATION else None


def duration_fault(facts: Facts) -> Fault | None:
    """The role's maximum, then the one-hour cap of chaining (FACTS section 0, step 8)."""
    duration, role = duration_of(facts.call), facts.role
    if duration is None or facts.caller_is_service:  # R4.5: services manage their own sessions
        return None
    maximum = role.max_session_duration if isinstance(role, Role) else None
    if isinstance(maximum, int) and duration > maximum:
        return Fault(
            "DurationSeconds",
            "ValidationError",
            400,
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "duration",
            "role-maximum",
        )
    if facts.call.is_chained and duration > CHAINING_LIMIT:
        return Fault(
            "DurationSeconds",
            "ValidationError",
            400,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role "
            "chaining.",
            "duration",
            "chaining",
        )
    return None


def duration_limit(facts: Facts) -> int | Unknown:
    """The longest session in seconds that this call can get."""
    role = facts.role
    if not isinstance(role, Role):
        return Unknown("the role's MaxSessionDuration", f"iam:GetRole on {facts.call.role_arn}")
    if isinstance(role.max_session_duration, Unknown):
        return role.max_session_duration
    if facts.call.is_chained:
        return min(CHAINING_LIMIT, role.max_session_duration)
    return role.max_session_duration
