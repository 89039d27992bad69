"""What conditions ask for and what the call has, in words: wanted and got."""

from collections.abc import Sequence

import msgspec

from assumable.engine.conditions import words
from assumable.engine.context import RequestContext
from assumable.engine.match import StatementTrace
from assumable.findings.blame import OF_EVERYBODY, Blame
from assumable.findings.evidence import got_value
from assumable.findings.near import about_exception, is_negated
from assumable.model.call import Absent, Present
from assumable.model.policy import Condition

_SHOWN = 3
"""The values of a longer list that are told."""
_KEYS = 2
"""The keys that a title names."""
_SECRET = "sts:externalid"  # noqa: S105  # the key, of whose values nothing is told
_EXPLAINED = ("aws:requestedregion",)
"""Keys whose value may surprise: why they have it is told as well."""


def why_denied(blame: Blame) -> str:
    """When a Deny applies and what the call has there, to go after what it denies; else empty."""
    trace, context = blame.trace, blame.gate.context
    if trace is None or context is None or trace.truth is not True:
        return ""
    asked = trace.statement.conditions
    when = f" whenever {told(context, asked, holds=True)}" if asked else ""
    return when + about_exception(trace, context)


def because(blame: Blame) -> str:
    """The condition keys that decide, to go after a title: of a Deny, or of an Allow that fails."""
    trace = blame.trace
    if trace is not None and trace.truth is True:
        keys = keys_named(trace.statement.conditions)
    else:
        keys = keys_named(conditions_alone(trace))
    return f", because of its {keys}" if keys else ""


def keys_named(conditions: Sequence[Condition]) -> str:
    """`condition on aws:RequestedRegion`: two keys at most, and how many more."""
    every = dict.fromkeys(condition.key for condition in conditions)
    telling = [key for key in every if key.lower() not in OF_EVERYBODY]
    keys = telling or list(every)
    if not keys:
        return ""
    shown, more = keys[:_KEYS], len(keys) - _KEYS
    listed = f"{', '.join(shown)} and {more} more" if more > 0 else " and ".join(shown)
    return f"condition{'s' if len(keys) > 1 else ''} on {listed}"


def conditions_alone(trace: StatementTrace | None) -> Sequence[Condition]:
    """The conditions that alone rule a statement out; nothing where another element does too."""
    failing = trace.failing if trace is not None else ()
    asked = [element.condition for element in failing if element.condition is not None]
    return asked if len(asked) == len(failing) else []


def conditions_told(trace: StatementTrace | None, context: RequestContext | None) -> str:
    """All conditions that alone rule a statement out, wanted and got; empty where others do too."""
    asked = conditions_alone(trace)
    if context is None or not asked:
        return ""
    return told(context, asked, holds=False)


def told(context: RequestContext, asked: Sequence[Condition], *, holds: bool) -> str:
    """`aws:SourceIp is in `203.0.113.0/24`, and in this call it is 198.51.100.7`."""
    wanted = " and ".join(map(_wanted, asked))
    got = {each.key: _got(context, each, holds=holds) for each in asked}
    if len(got) == 1:
        return f"{wanted}, and in this call it is {''.join(got.values())}"
    listed = ", and ".join(f"{key} is {value}" for key, value in got.items())
    return f"{wanted}, and in this call {listed}"


def _wanted(condition: Condition) -> str:
    if condition.key.lower() == _SECRET and condition.base != "null":
        listed = "none" if is_negated(condition) else "one"
        return f"{condition.key} is {listed} of those that it lists"
    more = len(condition.values) - _SHOWN
    if more <= 1:
        return words(condition)
    fewer = msgspec.structs.replace(condition, values=condition.values[:_SHOWN])
    return f"{words(fewer)} or {more} others"


def _got(context: RequestContext, condition: Condition, *, holds: bool) -> str:
    value, key = context.get(condition.key), condition.key.lower()
    if isinstance(value, Present):
        if key == _SECRET:
            return "not told here"
        why = f", since {value.reason}" if key in _EXPLAINED and value.reason else ""
        return got_value(context, condition.key)[1] + why
    if isinstance(value, Absent) and condition.base != "null" and not condition.if_exists:
        ends = "holds" if holds else "fails"
        return f"absent, for which {condition.operator} {ends}: {value.reason}"
    return got_value(context, condition.key)[1]
