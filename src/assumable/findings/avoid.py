"""What the request itself can do to stay clear of a Deny: the exception is there already."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings import commands
from assumable.findings.blame import Blame
from assumable.findings.checks.as401_mfa import mfa_fixes
from assumable.findings.finding import Fix, Target
from assumable.findings.fix import CALLER, change_call, change_endpoint
from assumable.findings.wanted import asked_of
from assumable.globs import has_wildcard
from assumable.model.call import UserCaller
from assumable.model.policy import Condition

_PARAMETERS = {
    "sts:externalid": ("ExternalId", "the external ID"),
    "sts:rolesessionname": ("RoleSessionName", "the session name"),
    "sts:sourceidentity": ("SourceIdentity", "the source identity"),
}


def request_fixes(decision: Decision, blame: Blame, slug: str) -> Iterator[Fix]:
    """Another endpoint, a parameter, or MFA, where a condition of the Deny leaves that way open."""
    assert blame.trace is not None  # noqa: S101  # the caller has looked
    call = decision.call
    for condition in asked_of(blame):
        key = condition.key.lower()
        if key.startswith("aws:multifactorauth"):
            yield from mfa_fixes(decision, "not-presented")
            yield from _session_with_mfa(decision, slug)
        elif key == "aws:requestedregion":
            region = _excepted(condition)
            if region and not decision.facts.caller_is_service:
                title = f"send the request to the STS endpoint of {region}"
                yield change_endpoint(call, region, f"{slug}/other-region", title)
        elif key in _PARAMETERS and call.api == "AssumeRole":
            value = _excepted(condition)
            if value and not decision.facts.caller_is_service:
                name, what = _PARAMETERS[key]
                title, fix_id = f"send {what} `{value}`", f"{slug}/send-{name}"
                yield change_call(call, fix_id, title, {name: value}, safety="review")
    if blame.action == "sts:TagSession" and call.is_signed and call.parameters.get("Tags"):
        nothing = {"Tags": None, "TransitiveTagKeys": None}
        yield change_call(call, f"{slug}/no-tags", "pass no session tags", nothing, safety="review")


def _session_with_mfa(decision: Decision, slug: str) -> Iterator[Fix]:
    """Credentials that carry MFA, for policies that may not see a code of this request (U-10)."""
    caller = decision.call.caller
    if not isinstance(caller, UserCaller) or caller.credentials != "long-term":
        return
    serial = decision.call.parameters.get("SerialNumber")
    device = serial if isinstance(serial, str) else "SERIAL_NUMBER"
    yield Fix(
        id=f"{slug}/session-with-mfa",
        title="get credentials that carry MFA first, and call with those",
        owner=CALLER,
        safety="display",
        target=Target(kind="call"),
        commands=(commands.get_session_token(device),),
        opens="nothing: only your request changes",
    )


def _excepted(condition: Condition) -> str:
    """The first value that a negated condition lets past; empty where there is none to send."""
    if condition.base not in OPERATORS or not OPERATORS[condition.base].negated:
        return ""
    plain = (v for v in condition.values if v and "${" not in v and not has_wildcard(v))
    return next(plain, "")
