"""AS104: a Deny of the trust policy matches."""

from assumable.engine.evaluate import Decision
from assumable.findings.asked import because, why_denied
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding, role_name, where

CAUSE = Cause("AS104", "trust-explicit-deny", Row.TRUST, "the trust policy denies this caller")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{where(blame)} denies {blame.action} on {role_name(decision)} for this call"
        f"{why_denied(blame)}; a Deny overrides every Allow"
    )
    fixes = tuple(carve_fixes(decision, blame, CAUSE.slug))
    title = CAUSE.title + because(blame)
    facts = ("R1.1", "R1.13")
    return finding(CAUSE, blame, explanation, title=title, fixes=fixes, facts=facts)
