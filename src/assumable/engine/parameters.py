"""Rules on the parameters alone, with the answer AWS gives (FACTS section 4)."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.limits import MAX_DURATION, MIN_DURATION, Fault
from assumable.errors import InputError
from assumable.model.call import Call
from assumable.model.policy import Layer, PolicyName, parse_policy
from assumable.source import Document, Location

_TEXT = r"[\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]+"
_WORD = r"[A-Za-z0-9_+=,.@-]*"
_TAG_CHARACTERS = re.compile(r"(?:[\w.:/=+\-@]|[^\S\t\n\r\f\v\x1c-\x1f\x85])*")
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
    found = [
        *_text_faults(call),
        *_range_fault(call),
        *_tag_faults(call),
        *_inherited_faults(call),
        *_policy_faults(call),
        *_list_faults(call),
    ]
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
    lowered = {key.lower() for key in keys}
    if len(lowered) != len(keys):
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


def _policy_faults(call: Call) -> Iterator[Fault]:
    """The session policy of the new session must be well-formed; what it says plays no part."""
    text = call.parameters.get("Policy")
    if text is None:
        return
    try:
        document = Document("Policy", text).value if isinstance(text, str) else text
    except InputError:
        document = None
    name = PolicyName(Layer.SESSION, "the Policy parameter")
    source = Document("Policy", "null")
    policy = parse_policy(document, name, Location(source))
    has_principal = any(statement.principals is not None for statement in policy.statements)
    if policy.fatal is not None or has_principal:
        why = policy.fatal.message if policy.fatal else "a session policy has no Principal"
        yield Fault("Policy", "MalformedPolicyDocument", 400, why, variant="Policy")


# parameter: most members
_LISTS = {"PolicyArns": 10, "TransitiveTagKeys": 50, "ProvidedContexts": 5}


def _list_faults(call: Call) -> Iterator[Fault]:
    for name, most in _LISTS.items():
        value = call.parameters.get(name)
        if value is None:
            continue
        if not isinstance(value, list):
            yield _invalid(name, value, "be a list")
        elif len(value) > most or (name == "ProvidedContexts" and not value):
            yield _invalid(name, "…", f"have length from 1 to {most}")
        elif name == "PolicyArns" and not all(map(_is_policy_arn, value)):
            yield Fault(name, "ValidationError", 400, "ARN is not valid", variant=name)


def _is_policy_arn(entry: Any) -> bool:
    text = entry.get("arn") if isinstance(entry, dict) else entry
    parts = arn.parse(text) if isinstance(text, str) else None
    return parts is not None and parts.service == "iam" and parts.kind == "policy"


KNOWN = {
    "AssumeRole": frozenset((
        "RoleArn", "RoleSessionName", "PolicyArns", "Policy", "DurationSeconds", "Tags",
        "TransitiveTagKeys", "ExternalId", "SerialNumber", "TokenCode", "SourceIdentity",
        "ProvidedContexts", "MinimumSessionTokenSize",
    )),
    "AssumeRoleWithWebIdentity": frozenset((
        "RoleArn", "RoleSessionName", "WebIdentityToken", "ProviderId", "PolicyArns", "Policy",
        "DurationSeconds", "MinimumSessionTokenSize",
    )),
    "AssumeRoleWithSAML": frozenset((
        "RoleArn", "PrincipalArn", "SAMLAssertion", "PolicyArns", "Policy", "DurationSeconds",
        "MinimumSessionTokenSize",
    )),
}  # fmt: skip
"""The parameters of each API; STS ignores others, the AWS CLI refuses them."""


def ignored(call: Call) -> tuple[str, ...]:
    """Parameters that the API does not have, a wrong letter case included."""
    return tuple(sorted(map(str, call.parameters.keys() - KNOWN[call.api])))
