"""AS102: the trust policy names the caller, but for another action."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding, where, with_action

CAUSE = Cause(
    "AS102", "trust-action", Row.TRUST, "the trust policy names the caller for another action"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the action that is missing."""
    listed = ", ".join(blame.trace.statement.actions) if blame.trace else ""
    explanation = f"{where(blame)} names this caller, but allows {listed}, not {blame.action}"
    fix = (
        with_action(
            blame.trace,
            blame.action,
            "trust-action/add",
            opens="the principals of that statement to this action",
        )
        if blame.trace
        else None
    )
    return finding(CAUSE, blame, explanation, fixes=[fix] if fix else [], facts=("R1.5", "R3.1"))
