"""What a condition asks for, its policy variables replaced by what this call has (R6.10)."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from assumable.engine.conditions import resolve
from assumable.engine.context import RequestContext
from assumable.engine.evaluate import Decision
from assumable.engine.match import StatementTrace
from assumable.engine.operators import Pattern
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import change_call, change_endpoint
from assumable.globs import has_wildcard
from assumable.model.policy import Condition

_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
_TAKES = ("stringequals", "stringlike", "stringequalsignorecase")


def asked_of(blame: Blame) -> Iterator[Condition]:
    """Every condition of the statement that is to blame, written out."""
    if blame.trace is not None:
        for condition in blame.trace.statement.conditions:
            yield written_out(blame.trace, condition, blame.gate.context)


def written_out(
    trace: StatementTrace, condition: Condition, context: RequestContext | None
) -> Condition:
    """The condition with its variables replaced; a value whose variable is not known stays."""
    if context is None or not trace.policy.has_variables:
        return condition
    values = tuple(_text(value, context) for value in condition.values)
    return msgspec.structs.replace(condition, values=values)


def _text(value: str, context: RequestContext) -> str:
    if "${" not in value:
        return value
    pattern = resolve(value, context, has_variables=True)
    # a wildcard that a variable brings in is an ordinary character, which no text can say
    is_plain = isinstance(pattern, Pattern) and not any(
        has_wildcard(piece) for piece in pattern.tokens if isinstance(piece, str)
    )
    return pattern.text if isinstance(pattern, Pattern) and is_plain else value


def request_fixes_of_allow(
    decision: Decision, blame: Blame, condition: Condition, slug: str
) -> Iterator[Fix]:
    """What the caller sends itself: a session name, or the request to the endpoint of a Region."""
    if blame.trace is None or decision.facts.caller_is_service or condition.base not in _TAKES:
        return  # nobody writes the request of a service
    values = written_out(blame.trace, condition, blame.gate.context).values
    key = condition.key.lower()
    if key == "sts:rolesessionname":
        yield from _session_name(decision, values, slug)
    elif key == "aws:requestedregion":
        yield from _region(decision, values, slug)


def _session_name(decision: Decision, values: Sequence[str], slug: str) -> Iterator[Fix]:
    for value in values:
        name = value.replace("*", "session").replace("?", "0")
        if _SESSION_NAME.fullmatch(name):
            yield change_call(
                decision.call,
                f"{slug}/session-name",
                f"name the session `{name}`",
                {"RoleSessionName": name},
                safety="review",
            )
            return


def _region(decision: Decision, values: Sequence[str], slug: str) -> Iterator[Fix]:
    """The Region that is set, where only the global endpoint is in the way, else the first one."""
    if isinstance(decision.call.network.vpc_endpoint, str):
        return  # which is of one Region
    plain = [value for value in values if value and not has_wildcard(value) and "${" not in value]
    own = [value for value in plain if value == decision.call.network.region]
    for region in (*own, *plain)[:1]:
        title = f"send the request to the STS endpoint of {region}"
        yield change_endpoint(decision.call, region, f"{slug}/other-region", title)
