"""AS701: the caller's permissions boundary denies or does not allow."""

from assumable.engine.evaluate import Decision
from assumable.findings.allowance import cap_fixes
from assumable.findings.asked import because
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.mfa import fixes_of_allow
from assumable.findings.report import caller_name, finding, refusal

CAUSE = Cause(
    "AS701", "permissions-boundary", Row.CAPS, "the caller's permissions boundary stops the call"
)
_OPENS = "those who have this boundary and are permitted to assume this role besides"


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    refused = refusal(decision, blame, decision.call.role_arn)
    explanation = (
        f"{caller_name(decision)} has a permissions boundary, and {refused}; a boundary caps what "
        "all other policies grant"
    )
    fixes = (
        *carve_fixes(decision, blame, CAUSE.slug),
        *fixes_of_allow(decision, blame),
        *cap_fixes(decision, blame, CAUSE.slug, opens=_OPENS),
    )
    title = CAUSE.title + because(blame)
    facts = ("R1.13", "R1.14")
    return finding(CAUSE, blame, explanation, title=title, fixes=fixes, facts=facts)
