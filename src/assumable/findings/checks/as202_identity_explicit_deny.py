"""AS202: a Deny in the caller's own policies matches."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.near import about_exception
from assumable.findings.permission import who_edits
from assumable.findings.report import caller_name, finding, where

CAUSE = Cause(
    "AS202", "identity-explicit-deny", Row.PERMISSION, "a policy of the caller denies the call"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    under = f", because of its condition on {blame.variant}" if blame.variant else ""
    under += about_exception(blame.trace, blame.gate.context)
    explanation = (
        f"{where(blame)}, which applies to {caller_name(decision)}, denies {blame.action}{under}; "
        "a Deny overrides every Allow, also when the trust policy names the caller"
        f"{who_edits(decision, blame)}"
    )
    fixes = tuple(carve_fixes(decision, blame, CAUSE.slug))
    return finding(CAUSE, blame, explanation, fixes=fixes, facts=("R1.1", "R1.13"))
