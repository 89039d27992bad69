"""Conditions of an Allow that this call just misses: accept its value as well.

Never where the condition guards the role from others who are named: an external ID, MFA, an
organization, an account, a token's subject. Where the call has no value for the key, there is
nothing to accept.
"""

import difflib
from collections.abc import Iterator
from typing import Any

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.match import StatementTrace
from assumable.engine.operators import OPERATORS
from assumable.engine.services import SOURCE_KEYS
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy, is_editable
from assumable.findings.report import accepted, new_statement
from assumable.findings.who import spot_of
from assumable.model.call import Absent, Present
from assumable.model.policy import Condition
from assumable.source import value_at

_ACCEPTED = (
    "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:requestedregion", "aws:useragent",
    "aws:principalarn", "aws:principaltype", "aws:userid", "aws:username", "aws:sourceaccount",
    "aws:sourcearn",
)  # fmt: skip
_PREFIXES = ("aws:principaltag/",)
_COMPARED = ("string", "arn", "ipaddress")
_NEAR = 0.8


def accept_fixes(
    decision: Decision, blame: Blame, condition: Condition, slug: str
) -> Iterator[Fix]:
    """Let a condition hold for what this call has, or correct the value that was meant for it."""
    trace, value = blame.trace, _value(blame, condition)
    if trace is None or not is_editable(trace.policy):
        return
    if value and condition.key.lower() in SOURCE_KEYS and _is_foreign(decision, value):
        return  # the guard against confused deputies does its work
    if value is None:
        yield from _through_endpoint(decision, blame, condition, slug)
        return
    key, spot = condition.key, f"{spot_of(trace)}-{condition.key.lower()}"
    if _is_near(condition, value):
        wanted = condition.values[0]
        pointer = condition.pointer
        listed = isinstance(value_at(trace.policy.document, pointer), list)
        yield change_policy(
            trace.policy,
            f"{slug}/correct/{spot}",
            f"correct {wanted} to {value} in the condition on {key}",
            ({"op": "replace", "path": pointer, "value": [value] if listed else value},),
            opens=f"{_named(trace)} whose {key} is {value}, no longer those of {wanted}",
        )
    edit, how = accepted(trace.policy, condition, value)
    yield change_policy(
        trace.policy,
        f"{slug}/accept/{spot}",
        f"accept {key} = {value} {how}",
        edit,
        opens=f"{_named(trace)} whose {key} is {value}",
    )


def _value(blame: Blame, condition: Condition) -> str | None:
    """What the call has for a key that may be accepted; None where it has nothing of the kind."""
    name, base = condition.key.lower(), condition.base
    known = name in _ACCEPTED or name.startswith(_PREFIXES)
    if not known or blame.gate.context is None or not base.startswith(_COMPARED):
        return None
    if OPERATORS[base].negated or condition.qualifier == "forallvalues":
        return None
    got = blame.gate.context.get(condition.key)
    return got.values[0] if isinstance(got, Present) and len(got.values) == 1 else None


def _is_near(condition: Condition, value: str) -> bool:
    """Whether the only value is that of the call with a slip in it."""
    if len(condition.values) != 1 or condition.key.lower() not in SOURCE_KEYS:
        return False
    (wanted,) = condition.values
    return difflib.SequenceMatcher(None, wanted, value).ratio() >= _NEAR


def _is_foreign(decision: Decision, value: str) -> bool:
    """Whether a service acts for a resource of another account than the role's."""
    account = value if arn.ACCOUNT_ID.fullmatch(value) else arn.account_of(value)
    return account != decision.call.role_account


def _named(trace: StatementTrace) -> str:
    return "callers that this statement names" if trace.statement.principals else "its holders"


def _through_endpoint(
    decision: Decision, blame: Blame, condition: Condition, slug: str
) -> Iterator[Fix]:
    """Name the endpoint where the condition asks for an address, which is absent through one."""
    endpoint, context, trace = decision.call.network.vpc_endpoint, blame.gate.context, blame.trace
    if condition.key.lower() != "aws:sourceip" or not isinstance(endpoint, str):
        return
    if trace is None or context is None or not isinstance(context.get("aws:SourceIp"), Absent):
        return
    statement: dict[str, Any] = dict(value_at(trace.policy.document, trace.statement.pointer))
    statement.pop("Sid", None)
    block = {
        operator: {key: value for key, value in asked.items() if key.lower() != "aws:sourceip"}
        for operator, asked in statement["Condition"].items()
    }
    block.setdefault("StringEquals", {})["aws:SourceVpce"] = endpoint
    statement["Condition"] = {operator: asked for operator, asked in block.items() if asked}
    yield change_policy(
        trace.policy,
        f"{slug}/through-the-endpoint/{spot_of(trace)}",
        f"allow the same through VPC endpoint {endpoint}, where no request has an address",
        new_statement(trace.policy, statement),
        opens=f"{_named(trace)}, through that endpoint instead of from the addresses",
    )
