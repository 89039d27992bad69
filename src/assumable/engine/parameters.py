"""Rules on the parameters alone, with the answer AWS gives (FACTS section 4).

They run on every decision, so only the parameters that are given are looked at, and the common
well-formed ones pass one length and one compiled pattern each.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from assumable import arn
from assumable.engine.assume_root import ASSUME_ROOT, target_faults, task_faults
from assumable.engine.limits import (
    Fault,
    duration_range,
    integer,
    missing,
    mistyped,
    too_short,
    too_small,
    violation,
)
from assumable.engine.tags import tag_faults, transitive_faults
from assumable.errors import InputError
from assumable.model.call import Call
from assumable.model.policy import Layer, PolicyName, parse_policy
from assumable.source import Document, Location


class TextRule(NamedTuple):
    """What a text parameter must be; lengths are in Unicode scalar values (FACTS 4.1)."""

    shortest: int
    longest: int
    pattern: re.Pattern[str] | None = None
    printed: str = ""
    """The pattern as AWS prints it."""
    secret: bool = False
    """Whether the value must not be repeated."""


# `\w` is ASCII in the patterns of STS, and supplementary characters fail every one (FACTS 4.1).
# What the printed pattern leaves out is listed: a wide range takes long to compile.
_ARN_TEXT = re.compile(
    r"[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uD800-\uDFFF\uFFFE-\U0010FFFF]+"
)
_ARN_PRINTED = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]*")
_NAME_PRINTED = r"[\w+=,.@-]*"
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]*")
_SERIAL = re.compile(r"[A-Za-z0-9_+=/:,.@-]*")
_POLICY = re.compile(r"[\t\n\r\x20-\xFF]+")
_ARN_RULE = TextRule(20, 2048, _ARN_TEXT, _ARN_PRINTED)
TEXTS = {
    "RoleArn": _ARN_RULE,
    "PrincipalArn": _ARN_RULE,
    "RoleSessionName": TextRule(2, 64, _NAME, _NAME_PRINTED),
    "ExternalId": TextRule(2, 1224, _EXTERNAL_ID, r"[\w+=,.@:\/-]*"),
    "SerialNumber": TextRule(9, 256, _SERIAL, r"[\w+=/:,.@-]*"),
    "TokenCode": TextRule(6, 6, re.compile(r"[0-9]*"), r"[\d]*", secret=True),
    "SourceIdentity": TextRule(2, 256, _NAME, _NAME_PRINTED),  # C-4: 64 is what is documented
    "Policy": TextRule(1, 2048, _POLICY, r"[\u0009\u000A\u000D\u0020-\u00FF]+"),
    "WebIdentityToken": TextRule(4, 20_000, secret=True),
    "SAMLAssertion": TextRule(4, 100_000, secret=True),
    "ProviderId": TextRule(4, 2048),
    "TargetPrincipal": TextRule(12, 2048),
}
_PROVIDER_ARN, _ASSERTION = TextRule(20, 2048), TextRule(4, 2048, secret=True)
_USUAL = {
    name: re.compile(pattern).fullmatch
    for name, pattern in {
        "RoleArn": r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,1000}",
        "RoleSessionName": r"[A-Za-z0-9_+=,.@-]{2,64}",
        "ExternalId": r"[A-Za-z0-9_+=,.@:/-]{2,1224}",
        "SerialNumber": r"[A-Za-z0-9_+=/:,.@-]{9,256}",
        "TokenCode": r"[0-9]{6}",
    }.items()
}
"""Texts that are certainly well-formed, found by one pattern; all others are looked at closely."""
DOCUMENTED_SOURCE_IDENTITY = 64
MAX_POLICY_ARNS, MAX_CONTEXTS, MAX_TOKEN_SIZE = 10, 5, 4096

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
    ASSUME_ROOT: frozenset(("TargetPrincipal", "TaskPolicyArn", "DurationSeconds")),
}  # fmt: skip
"""The parameters of each API; STS ignores others, the AWS CLI refuses them."""


def request_faults(call: Call) -> tuple[Fault, ...]:
    """Every rule on the parameters alone that the call breaks, in the order of the API's page."""
    known, found = KNOWN[call.api], list[Fault]()
    for name, value in call.parameters.items():
        usual = _USUAL.get(name)
        if usual is not None and type(value) is str and usual(value):
            continue
        if value is None or name not in known:
            continue
        rule, check = TEXTS.get(name), _CHECKS.get(name)
        if rule is not None and not _fits(rule, value):
            found.extend(_text_faults(name, value, rule))
        elif check is not None:
            found.extend(check(call, value))
    if call.api == ASSUME_ROOT:
        found.extend(_missing(call, "TargetPrincipal", "TaskPolicyArn"))
    elif call.parameters.get("RoleArn") is None:
        found.extend(_missing(call, "RoleArn"))
    return tuple(sorted(found, key=_position)) if len(found) > 1 else tuple(found)


def _missing(call: Call, *required: str) -> Iterator[Fault]:
    for name in required:
        if call.parameters.get(name) is None:
            yield missing(name)


def ignored(call: Call) -> tuple[str, ...]:
    """Parameters that the API does not have, a wrong letter case included."""
    return tuple(sorted(map(str, call.parameters.keys() - KNOWN[call.api])))


def _position(fault: Fault) -> int:
    return _ORDER.index(fault.parameter)


def _fits(rule: TextRule, value: object) -> bool:
    if not isinstance(value, str) or not rule.shortest <= len(value) <= rule.longest:
        return False
    return rule.pattern is None or rule.pattern.fullmatch(value) is not None


def _text_faults(name: str, value: object, rule: TextRule) -> Iterator[Fault]:
    if name == "TokenCode" and isinstance(value, int):
        value = f"{value:06d}"  # YAML reads an unquoted code as a number
    if name == "Policy" and isinstance(value, dict):
        yield from _policy_faults(value)
    elif isinstance(value, str):
        yield from _of_text(name, name[0].lower() + name[1:], value, rule)
    else:
        yield mistyped(name, value, str)


def _of_text(path: str, member: str, value: str, rule: TextRule) -> Iterator[Fault]:
    """Each part of the rule that a text breaks; `path` and `member` are two names of one place."""
    name = path.partition("[")[0]
    shown = "" if rule.secret else f"'{value}'"
    if rule.pattern is not None and not rule.pattern.fullmatch(value):
        constraint = f"satisfy regular expression pattern: {rule.printed}"
        yield violation(name, member, shown, constraint)
    if len(value) < rule.shortest:
        yield too_short(path, len(value), rule.shortest)
    if len(value) > rule.longest:
        yield violation(name, member, shown, f"have length less than or equal to {rule.longest}")


# What a well-formed text must be besides


def _role_arn_faults(call: Call, value: str) -> Iterator[Fault]:
    """An ARN of any kind, even without an account: that it is no role's is for later (R7.2)."""
    parts = arn.parse(value)
    if parts is None or not parts.resource:
        text = f"{value} is invalid" if call.api == "AssumeRole" else "Request ARN is invalid"
        yield Fault("RoleArn", "ValidationError", 400, text, variant="RoleArn")


def _source_identity_faults(call: Call, value: str) -> Iterator[Fault]:
    """A source identity cannot be changed along a chain; the same one may be passed (R9.4)."""
    if len(value) > DOCUMENTED_SOURCE_IDENTITY and call.assumptions.get("C-4") is False:
        constraint = f"have length less than or equal to {DOCUMENTED_SOURCE_IDENTITY}"
        yield violation("SourceIdentity", "sourceIdentity", f"'{value}'", constraint)
    inherited = call.session.source_identity
    if isinstance(inherited, str) and inherited != value:
        text = "The source identity is already set for this assume role session"
        yield Fault("SourceIdentity", "ValidationError", 400, text, variant="SourceIdentity")


def _policy_text_faults(_call: Call, value: str) -> Iterator[Fault]:
    try:
        document = Document("Policy", value).value
    except InputError:
        yield _malformed_policy("the Policy parameter is not JSON")
    else:
        yield from _policy_faults(document)


def _policy_faults(document: Any) -> Iterator[Fault]:
    """The session policy of the new session must be well-formed; what it says plays no part."""
    name = PolicyName(Layer.SESSION, "the Policy parameter")
    policy = parse_policy(document, name, Location(Document("Policy", "null")))
    if policy.fatal is not None:
        yield _malformed_policy(policy.fatal.message)
    elif any(statement.principals is not None for statement in policy.statements):
        yield _malformed_policy("a session policy has no Principal")


def _malformed_policy(reason: str, name: str = "Policy") -> Fault:
    return Fault(name, "MalformedPolicyDocument", 400, "", variant=name, reason=reason)


# Numbers and lists


def _duration_faults(call: Call, value: object) -> Iterator[Fault]:
    of_range = integer(value) is not None
    for fault in _number_faults("DurationSeconds", value, *duration_range(call)):
        yield (
            msgspec.structs.replace(fault, cause="duration", variant="range") if of_range else fault
        )


def _token_size_faults(_call: Call, value: object) -> Iterator[Fault]:
    yield from _number_faults("MinimumSessionTokenSize", value, 0, MAX_TOKEN_SIZE)


def _number_faults(name: str, value: object, least: int, most: int) -> Iterator[Fault]:
    number = integer(value)
    if number is None and (isinstance(value, bool) or not isinstance(value, str | int)):
        yield mistyped(name, value, int)
    elif number is None:
        text = "missing value for decimal type" if value == "" else ""
        reason = f"{value} is not a whole number of 32 bits"
        yield Fault(name, "MalformedInput", 400, text, variant=name, reason=reason)
    elif number < least:
        yield too_small(name, number, least)
    elif number > most:
        member = name[0].lower() + name[1:]
        yield violation(name, member, f"'{number}'", f"have value less than or equal to {most}")


def _policy_arn_faults(call: Call, value: object) -> Iterator[Fault]:
    """At most ten managed policies, of the role's account or AWS's own."""
    if not isinstance(value, list):
        yield mistyped("PolicyArns", value, list)
        return
    if len(value) > MAX_POLICY_ARNS:
        most = f"have length less than or equal to {MAX_POLICY_ARNS}"
        yield violation("PolicyArns", "policyArns", "'[…]'", most)
    for number, entry in enumerate(value, 1):
        text = entry.get("arn") if isinstance(entry, dict) else entry
        if not isinstance(text, str):
            yield mistyped(f"PolicyArns[{number - 1}].arn", text, str)
        elif not _fits(_ARN_RULE, text):
            place = f"PolicyArns[{number - 1}].arn", f"policyArns.{number}.member.arn"
            yield from _of_text(*place, text, _ARN_RULE)
        else:
            yield from _managed_policy_faults(call, text)


def _managed_policy_faults(call: Call, text: str) -> Iterator[Fault]:
    parts, role = arn.parse(text), arn.parse(call.role_arn)
    if parts is None or parts.service != "iam" or parts.kind != "policy" or not parts.name:
        reason = f"{text} is not the ARN of a managed policy"
        yield Fault("PolicyArns", "ValidationError", 400, "", variant="PolicyArns", reason=reason)
    elif role is not None and (
        parts.account not in ("aws", role.account) or parts.partition != role.partition
    ):
        reason = f"{text} is neither AWS's own nor a policy of the role's account {role.account}"
        yield _malformed_policy(reason, "PolicyArns")


def _context_faults(_call: Call, value: object) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield mistyped("ProvidedContexts", value, list)
        return
    if not value:
        yield too_short("ProvidedContexts", 0, 1)
    if len(value) > MAX_CONTEXTS:
        most = f"have length less than or equal to {MAX_CONTEXTS}"
        yield violation("ProvidedContexts", "providedContexts", "'[…]'", most)
    rules = {"ProviderArn": _PROVIDER_ARN, "ContextAssertion": _ASSERTION}
    for number, entry in enumerate(value, 1):
        place = f"ProvidedContexts[{number - 1}]"
        if not isinstance(entry, dict):
            yield mistyped(place, entry, dict)
            continue
        for key in (key for key in rules if key in entry):
            text, path = entry[key], f"{place}.{key}"
            member = f"providedContexts.{number}.member.{key[0].lower()}{key[1:]}"
            if isinstance(text, str):
                yield from _of_text(path, member, text, rules[key])
            else:
                yield mistyped(path, text, str)


_CHECKS: dict[str, Callable[[Call, Any], Iterable[Fault]]] = {
    "RoleArn": _role_arn_faults,
    "SourceIdentity": _source_identity_faults,
    "Policy": _policy_text_faults,
    "DurationSeconds": _duration_faults,
    "MinimumSessionTokenSize": _token_size_faults,
    "PolicyArns": _policy_arn_faults,
    "ProvidedContexts": _context_faults,
    "Tags": tag_faults,
    "TransitiveTagKeys": transitive_faults,
    "TargetPrincipal": target_faults,
    "TaskPolicyArn": task_faults,
}
_ORDER = (
    "TargetPrincipal", "TaskPolicyArn",
    "RoleArn", "PrincipalArn", "RoleSessionName", "SAMLAssertion", "WebIdentityToken", "ProviderId",
    "PolicyArns", "Policy", "DurationSeconds", "Tags", "TransitiveTagKeys", "ExternalId",
    "SerialNumber", "TokenCode", "SourceIdentity", "ProvidedContexts", "MinimumSessionTokenSize",
)  # fmt: skip
