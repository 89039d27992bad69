"""Exceptions that the author of a Deny keeps already: one value more in a negated list."""

from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy
from assumable.findings.report import appended
from assumable.findings.who import spot_of
from assumable.model.call import Present, RoleCaller
from assumable.model.policy import Condition

_NARROW = {
    "aws:principalarn": "callers whose principal is {value}",
    "aws:username": "the IAM users called {value}",
    "aws:userid": "callers whose user id is {value}",
    "aws:principalservicename": "the service {value}",
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
        opens = (_NARROW.get(key) or _WIDE[key]).format(value=value)
        fix = change_policy(
            trace.policy,
            f"{slug}/except-value/{spot_of(trace)}-{key}",
            f"add {value} to the exceptions of {trace.statement.label} of "
            f"{trace.policy.name.name} ({condition.key})",
            appended(trace.policy, condition.pointer, value),
            opens=opens,
        )
        (narrow if key in _NARROW else wide).append(fix)
    return tuple(narrow), tuple(wide)


def _value(decision: Decision, blame: Blame, condition: Condition) -> str | None:
    """What the call has for a key whose list of exceptions it is not on."""
    key, base = condition.key.lower(), condition.base
    if base not in OPERATORS or not OPERATORS[base].negated or condition.qualifier:
        return None
    if key not in {*_NARROW, *_WIDE} or blame.gate.context is None:
        return None
    got = blame.gate.context.get(condition.key)
    if not isinstance(got, Present) or len(got.values) != 1:
        return None
    if key == "aws:userid" and isinstance(decision.call.caller, RoleCaller):
        if "like" not in base:
            return None  # of one session only
        return got.values[0].partition(":")[0] + ":*"
    return got.values[0]
