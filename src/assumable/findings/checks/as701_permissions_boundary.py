"""AS701: the caller's permissions boundary denies or does not allow."""

from collections.abc import Iterator

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.gates import Outcome
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.report import (
    actions_needed,
    caller_name,
    finding,
    new_statement,
    refusal,
)
from assumable.model.policy import Policy

CAUSE = Cause(
    "AS701", "permissions-boundary", Row.CAPS, "the caller's permissions boundary stops the call"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    refused = refusal(blame)
    explanation = (
        f"{caller_name(decision)} has a permissions boundary, and {refused} {blame.action} on "
        f"{decision.call.role_arn}; a boundary caps what all other policies grant"
    )
    unlisted = blame.gate.outcome is Outcome.IMPLICIT_DENY
    fixes = tuple(_fixes(decision)) if unlisted else ()
    return finding(CAUSE, blame, explanation, fixes=fixes, facts=("R1.13", "R1.14"))


def _fixes(decision: Decision) -> Iterator[Fix]:
    """Allow the actions of the call on exactly this role; the boundary itself grants nothing."""
    boundary = decision.facts.boundary
    if not isinstance(boundary, Policy) or not arn.ACCOUNT_ID.fullmatch(boundary.name.account):
        return  # not read, or a policy of AWS, which nobody can edit
    statement = {
        "Effect": "Allow",
        "Action": actions_needed(decision),
        "Resource": decision.call.role_arn,
    }
    yield change_policy(
        boundary,
        "permissions-boundary/allow-this-role",
        f"let the boundary {boundary.name.name} allow the call on exactly {decision.call.role_arn}",
        new_statement(boundary, statement),
        opens="those who have this boundary and are permitted to assume this role besides",
    )
