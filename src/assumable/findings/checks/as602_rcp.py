"""AS602: an RCP of the role's account denies."""

from assumable.engine.evaluate import Decision
from assumable.findings.asked import because, why_denied
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import actions_refused, finding, level_name, where
from assumable.findings.unsigned import unsigned_fixes

CAUSE = Cause("AS602", "rcp", Row.ORGANIZATION, "a resource control policy stops the call")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{where(blame)}, attached to {level_name(decision, blame)}, denies "
        f"{actions_refused(decision, blame)} on roles of account {decision.call.role_account}"
        f"{why_denied(blame)}; it binds callers from everywhere"
    )
    fixes = (
        *carve_fixes(decision, blame, CAUSE.slug),
        *unsigned_fixes(decision, blame, CAUSE.slug),
    )
    title = CAUSE.title + because(blame)
    facts = ("R1.9", "R1.11", "R1.31")
    return finding(CAUSE, blame, explanation, title=title, fixes=fixes, facts=facts)
