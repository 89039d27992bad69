"""Section 10: consistency, endpoints and Regions."""

from typing import Any

import pytest

from assumable.formats.message import parse_message
from tests.rules.worlds import SESSION, call_by, call_by_token, deny_anyone, passes
from tests.worlds import DEPLOYER, A, B, diagnosed, trust

INVALID, DISABLED = "InvalidClientTokenId", "RegionDisabledException"


def code_of(scenario: dict[str, Any]) -> str:
    """AWS's error code, empty when the call passes."""
    error = diagnosed(scenario).aws_error
    return error.code if error else ""


@pytest.mark.rule("R10.1")
def test_what_was_changed_a_moment_ago_may_not_have_arrived() -> None:
    """Nothing in a world of files says what AWS has not caught up with: a hint, never a verdict."""
    text = f"User: {DEPLOYER} is not authorized to perform: sts:AssumeRole on resource: x"
    message = parse_message(text)
    assert message is not None
    assert "propagation" in message.causes
    assert "propagation" not in {f.cause for f in diagnosed(call_by(DEPLOYER)).findings}


@pytest.mark.rule("R10.2")
def test_the_sessions_of_a_deleted_role_are_invalid() -> None:
    scenario = call_by(SESSION, trust({"AWS": A}))
    assert code_of(scenario) == ""
    scenario["accounts"][A]["RoleDetailList"] = []
    assert code_of(scenario) == INVALID


@pytest.mark.rule("R10.2")
def test_the_callers_own_trust_policy_is_not_asked_again() -> None:
    scenario = call_by(SESSION, trust({"AWS": A}))
    own = scenario["accounts"][A]["RoleDetailList"][0]
    own["AssumeRolePolicyDocument"]["Statement"] = [deny_anyone()]
    assert code_of(scenario) == ""


@pytest.mark.rule("R10.3")
@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ({"endpoint": "global", "region": "eu-west-1"}, "us-east-1"),
        ({"endpoint": "global"}, "us-east-1"),
        ({"region": "eu-west-1"}, "eu-west-1"),
        ({"region": "us-east-1"}, "us-east-1"),
    ],
    ids=str,
)
def test_the_global_endpoint_counts_as_us_east_1(network: Any, expected: str) -> None:
    for region in ("us-east-1", "eu-west-1"):
        condition = {"StringEquals": {"aws:RequestedRegion": region}}
        scenario = call_by(DEPLOYER, trust({"AWS": A}, Condition=condition))
        scenario["call"]["network"] = network
        assert passes(scenario) is (region == expected)


def in_region(region: str, off: str, scenario: dict[str, Any] | None = None) -> dict[str, Any]:
    """A call to the STS of a Region that is off in one of the two accounts."""
    found = scenario or call_by(DEPLOYER, trust({"AWS": A}))
    found["accounts"][off]["Regions"] = [{"RegionName": region, "OptInStatus": "not-opted-in"}]
    found["call"]["network"] = {"region": region}
    return found


@pytest.mark.rule("R10.5", "C-11")
@pytest.mark.parametrize(("off", "code"), [(A, INVALID), (B, DISABLED)], ids=["caller", "role"])
def test_an_opt_in_region_must_be_on_in_both_accounts(off: str, code: str) -> None:
    assert code_of(in_region("me-south-1", off)) == code
    elsewhere = in_region("me-south-1", off)
    elsewhere["call"]["network"]["region"] = "eu-south-1"
    assert code_of(elsewhere) == ""


@pytest.mark.rule("R10.5")
def test_the_status_of_a_region_does_not_matter_to_the_global_endpoint() -> None:
    scenario = in_region("me-south-1", B)
    scenario["call"]["network"]["endpoint"] = "global"
    assert code_of(scenario) == ""


@pytest.mark.rule("R10.5", "R10.6")
@pytest.mark.parametrize("call", [None, call_by_token({})], ids=["signed", "token"])
def test_a_default_region_can_be_off_in_the_roles_account(call: Any) -> None:
    assert code_of(in_region("eu-west-1", B, call)) == DISABLED


@pytest.mark.rule("R10.5", "R10.6")
def test_a_default_region_that_is_off_in_the_callers_account_does_not_matter() -> None:
    assert code_of(in_region("eu-west-1", A)) == ""


@pytest.mark.rule("R10.6")
def test_us_east_1_cannot_be_switched_off() -> None:
    assert code_of(in_region("us-east-1", B)) == ""


@pytest.mark.rule("R10.8")
@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws-cn", "us-east-1"), ("aws", "cn-north-1"), ("aws-us-gov", "eu-west-1")],
)
def test_credentials_of_another_partition_are_invalid(partition: str, region: str) -> None:
    scenario = call_by(DEPLOYER.replace("aws", partition), trust({"AWS": A}))
    scenario["call"]["parameters"]["RoleArn"] = f"arn:{partition}:iam::{B}:role/DeployRole"
    scenario["call"]["network"] = {"region": region}
    assert code_of(scenario) == INVALID
