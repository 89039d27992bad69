"""Exceptions that the author of a Deny keeps already: one value more in a negated list, or one
issuer more among those whose tokens it leaves alone.
"""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings.blame import Blame
from assumable.findings.federated import SIGN_IN
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy
from assumable.findings.report import appended
from assumable.findings.who import spot_of
from assumable.globs import has_wildcard
from assumable.model.call import Present, RoleCaller, SamlCaller
from assumable.model.policy import Condition
from assumable.source import escape

_NARROW = {
    "aws:principalarn": "callers whose principal is {value}",
    "aws:username": "the IAM users called {value}",
    "aws:userid": "callers whose user id is {value}",
    "aws:principalservicename": "the service {value}",
    "saml:aud": "everyone who signs in at {value}, whatever the provider",
    "aws:sourceip": "everyone whom it concerns, from {value}",
    "aws:sourcevpc": "everyone whom it concerns, from {value}",
    "aws:sourcevpce": "everyone whom it concerns, through {value}",
}
"""Keys that tell callers or networks apart, with whom one more value lets past."""
_WIDE = {
    "aws:principalaccount": "every principal of account {value}",
    "aws:principalorgid": "every principal of organization {value}",
    "aws:requestedregion": "everyone whom it concerns, in {value}, for every action it names",
}
_SUBJECT = ":sub"
Fixes = tuple[Fix, ...]


def list_fixes(decision: Decision, blame: Blame, slug: str) -> tuple[Fixes, Fixes]:
    """One value more in the exceptions of a Deny; those that open much come apart, to go last."""
    narrow: list[Fix] = []
    wide: list[Fix] = []
    trace = blame.trace
    for condition in trace.statement.conditions if trace is not None else ():
        key = condition.key.lower()
        value = _value(decision, blame, condition)
        if value is None or trace is None:
            continue
        opens = (_words(key) or _WIDE[key]).format(value=value)
        fix = change_policy(
            trace.policy,
            f"{slug}/except-value/{spot_of(trace)}-{key}",
            f"add {value} to the exceptions of {trace.statement.label} of "
            f"{trace.policy.name.name} ({condition.key})",
            appended(trace.policy, condition.pointer, value),
            opens=opens,
        )
        (narrow if _words(key) else wide).append(fix)
    wide.extend(_issuer_fixes(decision, blame, slug))
    return tuple(narrow), tuple(wide)


def _words(key: str) -> str:
    """Whom one more value of a key that tells callers or networks apart lets past."""
    if key.endswith(_SUBJECT):
        return f"tokens and assertions whose {key} is {{value}}"
    return _NARROW.get(key, "")


def _issuer_fixes(decision: Decision, blame: Blame, slug: str) -> Iterator[Fix]:
    """The key of the caller's issuer beside those of the others that must all be absent (R6.5).

    A Deny under `Null` of several subjects is about tokens of every issuer that it does not list.
    """
    call, trace, context = decision.call, blame.trace, blame.gate.context
    own = "saml:sub" if isinstance(call.caller, SamlCaller) else f"{call.issuer}{_SUBJECT}"
    if call.is_signed or trace is None or context is None:
        return
    listed = [
        condition
        for condition in trace.statement.conditions
        if condition.base == "null"
        and condition.key.lower().endswith(_SUBJECT)
        and {value.lower() for value in condition.values} == {"true"}
    ]
    if not listed or not isinstance(context.get(own), Present):
        return
    path = f"{listed[0].pointer.rpartition('/')[0]}/{escape(own)}"
    whose = "assertions" if isinstance(call.caller, SamlCaller) else f"tokens of {call.issuer}"
    label = f"{trace.statement.label} of {trace.policy.name.name}"
    yield change_policy(
        trace.policy,
        f"{slug}/leave-the-issuer-alone/{spot_of(trace)}",
        f"leave {whose} to the trust policies: add {own} to the Null block of {label}",
        ({"op": "add", "path": path, "value": "true"},),
        opens=f"{whose}, whatever their subject, where a trust policy lets them in; those of "
        "issuers that it does not list are denied as before",
    )


def _value(decision: Decision, blame: Blame, condition: Condition) -> str | None:
    """What the call has for a key whose list of exceptions it is not on."""
    key, base = condition.key.lower(), condition.base
    if base not in OPERATORS or not OPERATORS[base].negated or condition.qualifier:
        return None
    if not (_words(key) or key in _WIDE) or blame.gate.context is None:
        return None
    got = blame.gate.context.get(condition.key)
    if not isinstance(got, Present) or len(got.values) != 1:
        return None
    if key.endswith(_SUBJECT) and "like" in base and has_wildcard(got.values[0]):
        return None  # a pattern would let others past
    if key == "saml:aud" and not SIGN_IN.fullmatch(got.values[0]):
        return None  # no address of AWS's own
    if key == "aws:userid" and isinstance(decision.call.caller, RoleCaller):
        if "like" not in base:
            return None  # of one session only
        return got.values[0].partition(":")[0] + ":*"
    return got.values[0]
