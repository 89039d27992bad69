"""What the request itself can do to stay clear of a Deny: the exception is there already."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import change_call, change_endpoint
from assumable.findings.mfa import MFA_KEYS, mfa_fixes
from assumable.findings.wanted import asked_of
from assumable.globs import has_wildcard, matches
from assumable.model.call import Call
from assumable.model.policy import Condition

_PARAMETERS = {
    "sts:externalid": ("ExternalId", "external ID", "EXTERNAL_ID"),
    "sts:rolesessionname": ("RoleSessionName", "session name", "SESSION"),
    "sts:sourceidentity": ("SourceIdentity", "source identity", "SOURCE_IDENTITY"),
}
"""By key: the parameter, what people call it, and what stands for a value of their own."""
_OPTIONAL = ("ExternalId", "SourceIdentity")


def request_fixes(decision: Decision, blame: Blame, slug: str) -> Iterator[Fix]:
    """Another endpoint, a parameter, or MFA, where a condition of the Deny leaves that way open."""
    assert blame.trace is not None  # noqa: S101  # the caller has looked
    call, is_service = decision.call, decision.facts.caller_is_service  # nobody writes its request
    for condition in asked_of(blame):
        key = condition.key.lower()
        if key.startswith(MFA_KEYS):
            yield from mfa_fixes(decision, blame)
        elif key == "aws:requestedregion":
            region = _excepted(condition)
            if region and not is_service:
                title = f"send the request to the STS endpoint of {region}"
                yield change_endpoint(call, region, f"{slug}/other-region", title)
        elif key in _PARAMETERS and call.api == "AssumeRole" and not is_service:
            yield from _with_parameter(call, condition, slug)
    if blame.action == "sts:TagSession" and call.is_signed and call.parameters.get("Tags"):
        nothing = {"Tags": None, "TransitiveTagKeys": None}
        yield change_call(call, f"{slug}/no-tags", "pass no session tags", nothing, safety="review")


def _with_parameter(call: Call, condition: Condition, slug: str) -> Iterator[Fix]:
    """Send what the Deny asks for, or leave out what it is about."""
    name, what, placeholder = _PARAMETERS[condition.key.lower()]
    value, filled = _excepted(condition), _filled(condition, placeholder)
    if value:
        title = f"send the {what} `{value}`"
        yield change_call(call, f"{slug}/send-{name}", title, {name: value}, safety="review")
    elif filled:
        asked = "any" if filled == placeholder else f"one like {filled}"
        title = f"send an {what}" if name in _OPTIONAL else f"send another {what}"
        title += f": the Deny takes {asked}, {placeholder} stands for yours"
        yield change_call(call, f"{slug}/send-{name}", title, {name: filled}, safety="review")
    elif name in _OPTIONAL and call.parameters.get(name) is not None:
        title, fix_id = f"send no {what}", f"{slug}/leave-out-{name}"
        yield change_call(call, fix_id, title, {name: None}, safety="review")


def _filled(condition: Condition, placeholder: str) -> str:
    """A value with the placeholder in it that a Deny lets past; empty where it takes none such."""
    if condition.base == "null":
        asks = all(value.lower() == "true" for value in condition.values)
        return placeholder if asks else ""
    if condition.base not in OPERATORS or not OPERATORS[condition.base].negated:
        return ""
    patterns = (v for v in condition.values if has_wildcard(v) and "${" not in v)
    pattern = next(patterns, "") if condition.base.endswith("like") else ""
    if matches(pattern, placeholder):
        return placeholder
    return pattern.replace("?", "0").replace("*", placeholder)


def _excepted(condition: Condition) -> str:
    """The first value that a negated condition lets past; empty where none is written out."""
    if condition.base not in OPERATORS or not OPERATORS[condition.base].negated:
        return ""
    plain = (v for v in condition.values if v and "${" not in v and not has_wildcard(v))
    return next(plain, "")
