"""AS701: the caller's permissions boundary denies or does not allow."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import caller_name, finding, where

CAUSE = Cause(
    "AS701", "permissions-boundary", Row.CAPS, "the caller's permissions boundary stops the call"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    denied = blame.trace is not None and blame.trace.truth is True
    verb = f"{where(blame)} denies" if denied else "nothing in it allows"
    explanation = (
        f"{caller_name(decision)} has a permissions boundary, and {verb} {blame.action} on "
        f"{decision.call.role_arn}; a boundary caps what all other policies grant"
    )
    return finding(CAUSE, blame, explanation, facts=("R1.13", "R1.14"))
