"""AS007: the endpoint's Region is off in one of the accounts, or in another partition."""

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import finding

CAUSE = Cause("AS007", "region", Row.ORGANIZATION, "the Region is not enabled")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the account that must enable the Region."""
    region, call = decision.call.network.region, decision.call
    if blame.variant == "global-endpoint":
        return _only_regional(blame)
    if blame.variant == "partition":
        return _other_partition(decision, blame)
    account = call.caller_account if blame.variant == "caller" else call.role_account
    explanation = (
        f"the STS endpoint of {region} refuses the call because account {account} has not "
        "enabled that Region, or STS in it; use one that both accounts have enabled, or enable it "
        "there"
    )
    title = f"{region} is not enabled in account {account}"
    found = finding(CAUSE, blame, explanation, facts=("R10.5", "R10.6"), title=title)
    return found if blame.variant == "caller" else msgspec.structs.replace(found, owner=account)


def _only_regional(blame: Blame) -> Finding:
    """The global endpoint does not know AssumeRoot (R10.7)."""
    explanation = (
        "the global endpoint of STS does not serve AssumeRoot; send it to the endpoint of a "
        "Region, with --region and sts_regional_endpoints = regional in the AWS configuration"
    )
    title = "the global endpoint does not serve AssumeRoot"
    return finding(CAUSE, blame, explanation, facts=("R10.7",), title=title)


def _other_partition(decision: Decision, blame: Blame) -> Finding:
    """Credentials and roles exist in one partition only (R10.8)."""
    region, role = decision.call.network.region, arn.parse(decision.call.role_arn)
    partition = role.partition if role else ""
    explanation = (
        f"the STS endpoint of {region} belongs to another partition than {partition}, where the "
        f"role is; use the endpoint of a Region of {partition}"
    )
    title = f"{region} is not a Region of {partition}"
    return finding(CAUSE, blame, explanation, facts=("R10.8",), title=title)
