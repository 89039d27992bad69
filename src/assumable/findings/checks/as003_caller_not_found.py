"""AS003: the principal behind the credentials does not exist."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import caller_name, finding

CAUSE = Cause("AS003", "caller-not-found", Row.PERMISSION, "the caller does not exist")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{caller_name(decision)} does not exist in account {decision.call.caller_account}; "
        "credentials of a "
        "deleted user or role are refused before any policy is looked at"
    )
    return finding(CAUSE, blame, explanation, facts=("R10.2",))
