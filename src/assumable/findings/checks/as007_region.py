"""AS007: the Region of the endpoint is off in one of the accounts."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding

CAUSE = Cause("AS007", "region", Row.ORGANIZATION, "the Region is not enabled")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the account that must enable the Region."""
    region, call = decision.call.network.region, decision.call
    account = call.caller_account if blame.variant == "caller" else call.role_account
    explanation = (
        f"the STS endpoint of {region} refuses the call because account {account} has not "
        "enabled that Region; use one that both accounts have enabled, or enable it there"
    )
    title = f"{region} is not enabled in account {account}"
    return finding(CAUSE, blame, explanation, facts=("R10.5", "R10.6"), title=title)
