"""AS007: the endpoint's Region is off in one of the accounts, or in another partition."""

from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.regions import ALWAYS_ON, another_region, partition_of
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_endpoint
from assumable.findings.report import finding

CAUSE = Cause("AS007", "region", Row.ORGANIZATION, "the Region is not enabled")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with another endpoint, or else the account that must enable the Region."""
    region, call = decision.call.network.region, decision.call
    if blame.variant == "global-endpoint":
        return _only_regional(decision, blame)
    if blame.variant == "partition":
        return _other_partition(decision, blame)
    account = call.caller_account if blame.variant == "caller" else call.role_account
    fixes = tuple(_fixes(decision, _other(decision)))
    explanation = (
        f"the STS endpoint of {region} refuses the call because account {account} has not "
        "enabled that Region, or STS in it; use one that both accounts have enabled, or enable it "
        "there"
    )
    title = f"{region} is not enabled in account {account}"
    facts = ("R10.5", "R10.6")
    found = finding(CAUSE, blame, explanation, facts=facts, title=title, fixes=fixes)
    return found if fixes else msgspec.structs.replace(found, owner=account)


def _other(decision: Decision) -> str | None:
    """Another Region where the role is."""
    role = arn.parse(decision.call.role_arn)
    return another_region(role.partition if role else "", decision.call.network.region)


def _fixes(decision: Decision, region: str | None) -> Iterator[Fix]:
    """Another endpoint, which whoever sends the request can choose."""
    if region is None:
        return
    role = arn.parse(decision.call.role_arn)
    is_there = role is not None and role.partition == partition_of(region)
    through_vpc = isinstance(decision.call.network.vpc_endpoint, str)  # which is of one Region
    if is_there and not through_vpc and not decision.facts.caller_is_service:
        title = f"send the request to the STS endpoint of {region}"
        title += ", which is on in every account" if region == ALWAYS_ON else ""
        yield change_endpoint(decision.call, region, "region/other-region", title)


def _only_regional(decision: Decision, blame: Blame) -> Finding:
    """The global endpoint does not know AssumeRoot (R10.7)."""
    explanation = (
        "the global endpoint of STS does not serve AssumeRoot; send it to the endpoint of a "
        "Region, with --region and sts_regional_endpoints = regional in the AWS configuration"
    )
    title = "the global endpoint does not serve AssumeRoot"
    fixes = tuple(_fixes(decision, decision.call.network.region or ALWAYS_ON))
    return finding(CAUSE, blame, explanation, facts=("R10.7",), title=title, fixes=fixes)


def _other_partition(decision: Decision, blame: Blame) -> Finding:
    """Credentials and roles exist in one partition only (R10.8)."""
    region, role = decision.call.network.region, arn.parse(decision.call.role_arn)
    partition, own = role.partition if role else "", _other(decision)
    explanation = (
        f"the STS endpoint of {region} belongs to another partition than {partition}, where the "
        f"role is; use the endpoint of a Region of {partition}"
        + (f", such as {own}" if own else "")
    )
    title = f"{region} is not a Region of {partition}"
    fixes = tuple(_fixes(decision, own))
    return finding(CAUSE, blame, explanation, facts=("R10.8",), title=title, fixes=fixes)
