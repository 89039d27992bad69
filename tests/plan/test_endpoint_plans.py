"""Another endpoint where the Region of this one is off, and whose matter it is where none helps."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.worlds import after_first_plan, diagnosed

SCENARIOS = Path(__file__).parent.parent / "scenarios"


def scenario(name: str) -> Any:
    """A scenario file as a document; times as text."""
    document = yaml.safe_load((SCENARIOS / name).read_text(encoding="utf-8"))
    return json.loads(json.dumps(document, default=str))


@pytest.mark.parametrize(
    "name", ["caller-account", "role-account", "other-partition", "root-at-the-global-endpoint"]
)
def test_the_request_goes_where_every_account_has_sts_on(name: str) -> None:
    """us-east-1 cannot be switched off (R10.6): the caller can mend it alone."""
    document = scenario(f"AS007/fires-{name}.yaml")
    diagnosis = diagnosed(document)
    assert diagnosis.findings[0].owner == "you"
    assert diagnosis.plans[0].fixes == ("region/other-region",)
    assert diagnosis.plans[0].commands[-1].endswith(" --region us-east-1")
    assert after_first_plan(document, diagnosis) == "allowed"


@pytest.mark.parametrize(
    ("name", "owner"), [("caller-account", "111111111111"), ("role-account", "222222222222")]
)
def test_through_a_vpc_endpoint_the_account_turns_the_region_on(name: str, owner: str) -> None:
    """Such an endpoint is of one Region, so the request cannot go to another one through it."""
    document = scenario(f"AS007/fires-{name}.yaml")
    document["accounts"]["111111111111"]["VpcEndpoints"] = [
        {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.me-south-1.sts"}
    ]
    document["call"]["network"]["vpc_endpoint"] = "vpce-1"
    (finding,) = diagnosed(document).findings
    assert (finding.owner, finding.fixes) == (owner, ())


def test_a_region_that_a_policy_forbids_is_no_plan() -> None:
    """Every plan is decided again."""
    document = scenario("AS007/fires-caller-account.yaml")
    document["accounts"]["111111111111"]["UserDetailList"][0]["UserPolicyList"][0][
        "PolicyDocument"
    ]["Statement"].append(
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": "me-south-1"}},
        }
    )
    plans = diagnosed(document).plans
    assert ("region/other-region",) not in [plan.fixes for plan in plans]


@pytest.mark.parametrize(
    "name", ["AS004/fires-account-suspended.yaml", "AS002/fires-account-suspended.yaml"]
)
def test_a_closed_account_is_a_matter_of_its_organization(name: str) -> None:
    """Whoever calls cannot open it again."""
    diagnosis = diagnosed(scenario(name))
    assert [finding.owner for finding in diagnosis.findings] == ["999999999999"]
    assert not diagnosis.plans
