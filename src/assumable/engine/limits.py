"""Rules on parameters, durations and chaining, with the answer AWS gives (FACTS section 4)."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.facts import Facts
from assumable.model.call import DEFAULT_DURATION, Call, UserCaller
from assumable.model.world import Role, Unknown

CHAINING_LIMIT = 3600
MIN_DURATION, MAX_DURATION = 900, 43_200
_TEXT = r"[\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]+"
_WORD = r"[A-Za-z0-9_+=,.@-]*"
_TAG_CHARACTERS = re.compile(r"[\w\s.:/=+\-@]*")
# parameter: minimum, maximum, pattern, pattern as AWS prints it
_TEXTS: dict[str, tuple[int, int, str, str]] = {
    "RoleArn": (20, 2048, _TEXT,
                r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"),
    "RoleSessionName": (2, 64, _WORD, r"[\w+=,.@-]*"),
    "ExternalId": (2, 1224, r"[A-Za-z0-9_+=,.@:/-]*", r"[\w+=,.@:\/-]*"),
    "SerialNumber": (9, 256, r"[A-Za-z0-9_+=/:,.@-]*", r"[\w+=/:,.@-]*"),
    "TokenCode": (6, 6, r"[0-9]*", r"[\d]*"),
    "SourceIdentity": (2, 256, _WORD, r"[\w+=,.@-]*"),
    "Policy": (1, 2048, r"[\t\n\r\x20-\xFF]+", r"[\u0009\u000A\u000D\u0020-\u00FF]+"),
}  # fmt: skip
MAX_TAGS, MAX_TAG_KEY, MAX_TAG_VALUE = 50, 128, 256


class Fault(msgspec.Struct, frozen=True):
    """A parameter that AWS refuses, with its own code and text."""

    parameter: str
    code: str
    status: int
    message: str
    cause: str = "parameter"
    variant: str = ""


def _invalid(name: str, value: Any, constraint: str) -> Fault:
    member = name[0].lower() + name[1:]
    shown = "" if name == "TokenCode" else value
    return Fault(
        name,
        "ValidationError",
        400,
        f"1 validation error detected: Value '{shown}' at '{member}' failed to satisfy constraint: "
        f"Member must {constraint}",
        variant=name,
    )


def request_faults(call: Call) -> tuple[Fault, ...]:
    """Every rule on the parameters alone that the call breaks."""
    found = [*_text_faults(call), *_range_fault(call), *_tag_faults(call), *_inherited_faults(call)]
    role_arn = call.parameters.get("RoleArn")
    bad_arn = isinstance(role_arn, str) and not any(f.parameter == "RoleArn" for f in found)
    if bad_arn and not _arn_shaped(str(role_arn)):
        found.insert(
            0, Fault("RoleArn", "ValidationError", 400, f"{role_arn} is invalid", variant="RoleArn")
        )
    return tuple(found)


def _arn_shaped(text: str) -> bool:
    parts = arn.parse(text)
    return (
        parts is not None and bool(arn.ACCOUNT_ID.fullmatch(parts.account)) and bool(parts.resource)
    )


def _text_faults(call: Call) -> Iterator[Fault]:
    for name, (low, high, pattern, printed) in _TEXTS.items():
        value = call.parameters.get(name)
        if value is None:
            if name == "RoleArn":
                yield _invalid(name, "null", "not be null")
            continue
        if not isinstance(value, str):
            if name == "TokenCode" and isinstance(value, int):
                value = f"{value:06d}"
            elif name == "Policy" and isinstance(value, dict):
                continue
            else:
                yield _invalid(name, value, "be text")
                continue
        if len(value) < low:
            yield _invalid(name, value, f"have length greater than or equal to {low}")
        elif len(value) > high:
            yield _invalid(name, value, f"have length less than or equal to {high}")
        elif not re.fullmatch(pattern, value):
            yield _invalid(name, value, f"satisfy regular expression pattern: {printed}")


def _range_fault(call: Call) -> Iterator[Fault]:
    value = call.parameters.get("DurationSeconds")
    if value is None:
        return
    if isinstance(value, str) and re.fullmatch(r"\+?[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        yield Fault("DurationSeconds", "MalformedInput", 400, "", "parameter", "DurationSeconds")
        return
    limit = ""
    if value < MIN_DURATION:
        limit = f"have value greater than or equal to {MIN_DURATION}"
    elif value > MAX_DURATION:
        limit = f"have value less than or equal to {MAX_DURATION}"
    if limit:
        fault = _invalid("DurationSeconds", value, limit)
        yield msgspec.structs.replace(fault, cause="duration", variant="range")


def _tag_faults(call: Call) -> Iterator[Fault]:
    tags = call.parameters.get("Tags")
    if tags is None:
        tags = []
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        yield _invalid("Tags", tags, "be a list of Key and Value")
        return
    if len(tags) > MAX_TAGS:
        yield _invalid("Tags", "…", f"have length less than or equal to {MAX_TAGS}")
    keys = [str(tag.get("Key", "")) for tag in tags]
    for tag, key in zip(tags, keys, strict=True):
        if not 1 <= len(key) <= MAX_TAG_KEY or not _TAG_CHARACTERS.fullmatch(key):
            yield _invalid(
                "Tags", key, r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"
            )
        value = str(tag.get("Value", ""))
        if len(value) > MAX_TAG_VALUE or not _TAG_CHARACTERS.fullmatch(value):
            yield _invalid(
                "Tags", value, r"satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"
            )
    lowered = [key.lower() for key in keys]
    if len(set(lowered)) != len(lowered):
        yield Fault(
            "Tags",
            "InvalidParameterValue",
            400,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            variant="Tags",
        )
    if any(key.lower() not in lowered for key in call.transitive_tag_keys):
        yield Fault(
            "TransitiveTagKeys",
            "InvalidParameterValue",
            400,
            "The specified transitive tag key must be included in the requested tags.",
            variant="TransitiveTagKeys",
        )


def _inherited_faults(call: Call) -> Iterator[Fault]:
    inherited = {key.lower() for key in call.session.transitive_tag_keys}
    if any(key.lower() in inherited for key in call.tags):
        yield Fault(
            "Tags",
            "InvalidParameterValue",
            400,
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session.",
            variant="Tags",
        )
    passed, own = call.parameters.get("SourceIdentity"), call.session.source_identity
    if passed is not None and own is not None and passed != own:
        yield Fault(
            "SourceIdentity",
            "ValidationError",
            400,
            "The source identity is already set for this assume role session",
            variant="SourceIdentity",
        )


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
    if not isinstance(call.caller, UserCaller):
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
