"""AS102: the trust policy names the caller, but for another action."""

from collections.abc import Iterator
from typing import Any

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.principals import match
from assumable.findings.blame import Blame
from assumable.findings.federated import exact_fixes
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.near_action import Slip, corrected, slip_in
from assumable.findings.report import (
    exact_principal,
    finding,
    new_statement,
    where,
    with_action,
)
from assumable.findings.services import WEB_IDENTITY
from assumable.source import value_at

CAUSE = Cause(
    "AS102", "trust-action", Row.TRUST, "the trust policy names the caller for another action"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the action that is missing."""
    listed = ", ".join(blame.trace.statement.actions) if blame.trace else ""
    names = "may name" if blame.may_name_another else "names"
    explanation = f"{where(blame)} {names} this caller, but allows {listed}, not {blame.action}"
    if decision.facts.caller_is_service and WEB_IDENTITY in listed.lower().split(", "):
        explanation += "; a service brings no token, it calls sts:AssumeRole itself"
    slip = slip_in(blame.trace.statement, blame.action) if blame.trace else None
    if slip is not None:
        explanation += f"; {slip.words}"
    fixes = tuple(_fixes(decision, blame, slip))
    return finding(CAUSE, blame, explanation, fixes=fixes, facts=("R1.5", "R3.1"))


def _fixes(decision: Decision, blame: Blame, slip: Slip | None) -> Iterator[Fix]:
    """Add the action where only the caller is named, else a statement for the caller alone.

    An action that serves nobody is put right, nothing is added beside it.
    """
    trace, exact = blame.trace, exact_principal(decision)
    if trace is None:
        return
    entries = trace.statement.principals or ()
    alone = all(match(entry, decision.facts)[1] is True for entry in entries)
    everyone = any(entry.value == "*" for entry in entries)
    if exact is None or (alone and not everyone):
        opens = "the principals of that statement"
        if slip is not None:
            yield from corrected(trace, slip, blame.action, opens=opens)
        else:
            yield from with_action(trace, blame.action, "trust-action/add", opens=opens)
        if not decision.call.is_signed:
            yield from exact_fixes(decision, trace.policy, "trust-action/exactly-this-subject")
        return
    own: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": exact}, "Action": blame.action}
    conditions = value_at(trace.policy.document, trace.statement.pointer).get("Condition")
    if conditions:
        own["Condition"] = conditions
    yield change_policy(
        trace.policy,
        "trust-action/allow-the-caller",
        f"allow {blame.action} to {exact} alone",
        new_statement(trace.policy, own),
        opens=f"{arn.display_name(exact)} of account {decision.call.caller_account}, nobody else",
    )
