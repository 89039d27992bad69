"""AS601: an SCP of the caller's account denies, or none at a level allows."""

from assumable.engine.evaluate import Decision
from assumable.findings.allowance import scp_fixes
from assumable.findings.asked import because, conditions_told, why_denied
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.mfa import fixes_of_allow
from assumable.findings.report import actions_refused, finding, level_name, where

CAUSE = Cause("AS601", "scp", Row.ORGANIZATION, "a service control policy stops the call")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    level, refused = level_name(decision, blame), actions_refused(decision, blame)
    if blame.element is not None or (blame.trace is not None and blame.trace.truth is True):
        what = f"{where(blame)}, attached to {level}, denies {refused}"
        what += why_denied(blame)
    else:
        what = f"no service control policy attached to {level} allows {refused}"
        only = conditions_told(blame.trace, blame.gate.context)
        what += f" ({where(blame)} does only where {only})" if only else ""
    explanation = (
        f"{what}; every level from the root to account {decision.call.caller_account} must allow "
        "what its "
        "principals do, and one Deny is enough to stop it"
    )
    fixes = (
        *carve_fixes(decision, blame, CAUSE.slug),
        *fixes_of_allow(decision, blame),
        *scp_fixes(decision, blame),
    )
    title = CAUSE.title + because(blame)
    facts = ("R1.7", "R1.8")
    return finding(CAUSE, blame, explanation, title=title, fixes=fixes, facts=facts)
