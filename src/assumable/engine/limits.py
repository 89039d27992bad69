"""Durations, chaining, the proof of MFA, and the words of AWS's refusals (FACTS 4, 7)."""

import re
from collections.abc import Sequence

import msgspec

from assumable import arn
from assumable.engine.facts import Facts
from assumable.model.call import DEFAULT_DURATION, Call, UserCaller
from assumable.model.world import Role, Unknown

CHAINING_LIMIT = 3600
MIN_DURATION, MAX_DURATION = 900, 43_200
ROOT_DURATION = 900
"""The longest session of AssumeRoot, and the default; the shortest is of 0 seconds (FACTS 4)."""
CLIENT_REFUSES = "ParamValidationError"
"""botocore's own code: nothing is sent."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_BOTH = (
    "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code"
)
_NO_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial "
    "number is valid and associated with this user."
)
_WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


class Fault(msgspec.Struct, frozen=True):
    """Something in the request that AWS refuses, with its own code and text."""

    parameter: str
    """The parameter concerned; empty for the credentials and the Region."""
    code: str
    status: int | None
    """The HTTP status; None when the client itself refuses, so that nothing is sent."""
    message: str
    """AWS's own text; empty where AWS sends none, or none that is known (U-8)."""
    cause: str = "parameter"
    variant: str = ""
    clause: str = ""
    """This violation in AWS's list of violations, of which one message can hold several."""
    reason: str = ""
    """What is wrong in our words, where AWS's text does not say it."""
    left_out: int = 0
    """How many further violations of the parameter the message leaves out."""

    @property
    def text(self) -> str:
        """AWS's text, or ours where there is none."""
        return (self.message or self.reason) + self._more

    @property
    def told(self) -> str:
        """The same within a sentence of ours: what AWS says stands in quotes."""
        return (f"“{self.message.strip()}”" if self.message else self.reason) + self._more

    @property
    def _more(self) -> str:
        return f"; and {self.left_out} more" if self.left_out else ""


def violation(parameter: str, member: str, shown: str, constraint: str) -> Fault:
    """A length, pattern or range that a value breaks, as AWS words it (FACTS 4.2).

    `member` is the name that AWS prints, such as `tags.1.member.key`; `shown` is the value with
    its quotes, or nothing when the value is a secret.
    """
    value = f"Value {shown}".rstrip()
    clause = f"{value} at '{member}' failed to satisfy constraint: Member must {constraint}"
    message = validation_message((clause,))
    return Fault(parameter, "ValidationError", 400, message, variant=parameter, clause=clause)


def validation_message(clauses: Sequence[str]) -> str:
    """The one message in which AWS lists every violation it found (FACTS 4.1)."""
    errors = "error" if len(clauses) == 1 else "errors"
    return f"{len(clauses)} validation {errors} detected: {'; '.join(clauses)}"


def combined(faults: Sequence[Fault]) -> Fault:
    """Several violations as one fault; what the client refuses comes first, since it is not sent.

    Each has a clause (FACTS 4.1, and section 0, step 0b).
    """
    by_client = [fault for fault in faults if fault.code == CLIENT_REFUSES]
    first, clauses = (by_client or faults)[0], [fault.clause for fault in by_client or faults]
    message = _client_message(clauses) if by_client else validation_message(clauses)
    return msgspec.structs.replace(first, message=message)


def _client_message(clauses: Sequence[str]) -> str:
    return "\n".join(("Parameter validation failed:", *clauses))


def _by_client(path: str, clause: str) -> Fault:
    """What botocore refuses: types, missing members and minimums (FACTS section 0, step 0b)."""
    name = path.partition("[")[0].partition(".")[0]
    message = _client_message((clause,))
    return Fault(name, CLIENT_REFUSES, None, message, variant=name, clause=clause)


def mistyped(path: str, value: object, *wanted: type) -> Fault:
    """A value of a type that no client can send."""
    types = ", ".join(map(str, wanted))
    what = f"type: {type(value)}, valid types: {types}"
    return _by_client(path, f"Invalid type for parameter {path}, {what}")


def missing(path: str) -> Fault:
    """A required member that is not there; `Tags[0].Key` names one within another."""
    within, dot, name = path.rpartition(".")
    where = within if dot else "input"
    return _by_client(path, f'Missing required parameter in {where}: "{name}"')


def too_short(path: str, length: int, least: int) -> Fault:
    """A text or a list that is shorter than the API takes."""
    what = f"value: {length}, valid min length: {least}"
    return _by_client(path, f"Invalid length for parameter {path}, {what}")


def too_small(path: str, number: int, least: int) -> Fault:
    """A number below the least that the API takes."""
    what = f"value: {number}, valid min value: {least}"
    return _by_client(path, f"Invalid range for parameter {path}, {what}")


def denial(call: Call, action: str) -> str:
    """The usual refusal, which names neither side (R7.1); federated callers get the short form.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    if not call.is_signed:
        return f"Not authorized to perform {action}"
    who = f"User: {call.caller.arn} is not authorized to perform: {action}"
    return f"{who} on resource: {call.role_arn}"


def integer(value: object) -> int | None:
    """A whole number as STS reads it: signed, 32 bits, `+900` and `0900` accepted (FACTS 4.1)."""
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2**31) <= value < 2**31 else None


def mfa_fault(call: Call) -> Fault | None:
    """A proof of MFA that AWS refuses before any policy is looked at (FACTS 7.3)."""
    serial, code = call.parameters.get("SerialNumber"), call.parameters.get("TokenCode")
    if not (serial or code) or call.api != "AssumeRole":
        return None  # the other APIs have no such parameters and ignore them
    if not (serial and code):
        missing = "TokenCode" if serial else "SerialNumber"
        return Fault(missing, "AccessDenied", 403, _BOTH, "mfa", "not-presented")
    if not isinstance(call.caller, UserCaller) or not _may_be_device(call, str(serial)):
        return Fault("SerialNumber", "AccessDenied", 403, _NO_DEVICE, "mfa", "cannot")
    if call.mfa_code_is_wrong:
        return Fault("TokenCode", "AccessDenied", 403, _WRONG_CODE, "mfa", "cannot")
    return None


def _may_be_device(call: Call, serial: str) -> bool:
    """Whether a serial number can be a device of the caller that shows codes.

    A FIDO key has no codes (R5.7); the ARN of a user is the usual mistake (FACTS 7.3); a device
    belongs to a user of the same account. A hardware device has a serial number that is no ARN.
    """
    parts = arn.parse(serial)
    if parts is None:
        return True
    is_theirs = call.caller.arn == arn.NOBODY or parts.account == call.caller_account
    return parts.kind in ("mfa", "sms-mfa") and is_theirs


def duration_range(call: Call) -> tuple[int, int]:
    """The shortest and the longest session that the API takes, in seconds (FACTS 4)."""
    return (0, ROOT_DURATION) if call.api == "AssumeRoot" else (MIN_DURATION, MAX_DURATION)


def duration_of(call: Call) -> int | None:
    """The duration asked for in seconds; None when it is not a number within the fixed range."""
    asked = call.parameters.get("DurationSeconds")
    least, most = duration_range(call)
    value = min(DEFAULT_DURATION, most) if asked is None else integer(asked)
    return value if value is not None and least <= value <= most else None


def is_short(facts: Facts) -> bool:
    """Whether the default duration is asked for, and the role is not known to allow less."""
    if facts.call.parameters.get("DurationSeconds") is not None:
        return False
    maximum = facts.role.max_session_duration if isinstance(facts.role, Role) else None
    return not isinstance(maximum, int) or maximum >= DEFAULT_DURATION


def duration_fault(facts: Facts) -> Fault | None:
    """The role's maximum, then the one-hour cap of chaining (FACTS section 0, step 8)."""
    duration, role = duration_of(facts.call), facts.role
    if duration is None or facts.caller_is_service:  # R4.5: services manage their own sessions
        return None
    maximum = role.max_session_duration if isinstance(role, Role) else None
    if isinstance(maximum, int) and duration > maximum:
        return _too_long("MaxSessionDuration set for this role.", "role-maximum")
    if duration > CHAINING_LIMIT and _is_chained(facts):
        limit = "1 hour session limit for roles assumed by role chaining."
        return _too_long(limit, "chaining")
    return None


def _is_chained(facts: Facts) -> bool:
    """Whether the one-hour limit of chaining holds (R4.1; U-9 for GetSessionToken)."""
    if isinstance(facts.call.caller, UserCaller):
        return facts.call.is_chained and facts.takes("U-9")
    return facts.call.is_chained


def _too_long(limit: str, variant: str) -> Fault:
    text = f"The requested DurationSeconds exceeds the {limit}"
    return Fault("DurationSeconds", "ValidationError", 400, text, "duration", variant)


def duration_limit(facts: Facts) -> int | Unknown:
    """The longest session in seconds that this call can get."""
    if facts.call.api == "AssumeRoot":
        return ROOT_DURATION
    role = facts.role
    if not isinstance(role, Role):
        return Unknown("the role's MaxSessionDuration", f"iam:GetRole on {facts.call.role_arn}")
    if isinstance(role.max_session_duration, Unknown):
        return role.max_session_duration
    if _is_chained(facts):
        return min(CHAINING_LIMIT, role.max_session_duration)
    return role.max_session_duration
