"""AS703: the request goes through a VPC endpoint whose policy denies or does not allow."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding, where

CAUSE = Cause(
    "AS703", "vpc-endpoint-policy", Row.CAPS, "the policy of the VPC endpoint stops the call"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    denied = blame.trace is not None and blame.trace.truth is True
    verb = f"{where(blame)} denies" if denied else "nothing in its policy allows"
    explanation = (
        f"the request goes through VPC endpoint {decision.call.network.vpc_endpoint}, and {verb} "
        f"{blame.action}; an endpoint policy caps every call through it"
    )
    return finding(CAUSE, blame, explanation, facts=("R1.30",))
