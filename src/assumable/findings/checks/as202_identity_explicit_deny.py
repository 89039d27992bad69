"""AS202: a Deny in the caller's own policies matches."""

from assumable.engine.evaluate import Decision
from assumable.findings.asked import because, why_denied
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.permission import who_edits
from assumable.findings.report import caller_name, finding, where

CAUSE = Cause(
    "AS202", "identity-explicit-deny", Row.PERMISSION, "a policy of the caller denies the call"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{where(blame)}, which applies to {caller_name(decision)}, denies {blame.action}"
        f"{why_denied(blame)}; a Deny overrides every Allow, also when the trust policy "
        f"names the caller{who_edits(decision, blame)}"
    )
    fixes = tuple(carve_fixes(decision, blame, CAUSE.slug))
    title = CAUSE.title + because(blame)
    facts = ("R1.1", "R1.13")
    return finding(CAUSE, blame, explanation, title=title, fixes=fixes, facts=facts)
