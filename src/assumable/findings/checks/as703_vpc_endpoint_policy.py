"""AS703: the request goes through a VPC endpoint whose policy denies or does not allow."""

from assumable.engine.evaluate import Decision
from assumable.findings.allowance import endpoint_fixes
from assumable.findings.asked import because
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.mfa import fixes_of_allow
from assumable.findings.report import finding, refusal
from assumable.findings.unsigned import unsigned_fixes

CAUSE = Cause(
    "AS703", "vpc-endpoint-policy", Row.CAPS, "the policy of the VPC endpoint stops the call"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    endpoint, refused = decision.call.network.vpc_endpoint, refusal(decision, blame)
    explanation = (
        f"the request goes through VPC endpoint {endpoint}, and {refused}; "
        "an endpoint policy caps every call through it"
    )
    fixes = (
        *carve_fixes(decision, blame, CAUSE.slug),
        *unsigned_fixes(decision, blame, CAUSE.slug),
        *fixes_of_allow(decision, blame),
        *endpoint_fixes(decision, blame),
    )
    title = CAUSE.title + because(blame)
    facts = ("R1.30", "R1.31")
    return finding(CAUSE, blame, explanation, title=title, fixes=fixes, facts=facts)
