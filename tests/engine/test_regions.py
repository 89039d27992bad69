"""R10.3 to R10.8: where the endpoint stands, and in whose account the Region must be on."""

import json
from typing import Any

import msgspec
import pytest

from assumable.engine.evaluate import Decision, decide
from assumable.engine.gates import GateName, Outcome
from tests.worlds import A, B, blocking, classic, diagnosed, parsed, policy, trust

OPT_IN, DEFAULT = "me-south-1", "eu-west-3"
OFF = "not-opted-in"


def through(region: str, *, endpoint: str = "regional", **statuses: str) -> dict[str, Any]:
    """The working call through a Region that is off in the accounts named `caller` and `role`."""
    scenario = classic()
    scenario["call"]["network"] = {"region": region, "endpoint": endpoint}
    for side, status in statuses.items():
        account = {"caller": A, "role": B}[side]
        listed = [{"RegionName": region, "OptInStatus": status}]
        scenario["accounts"][account]["Regions"] = listed
    return scenario


@pytest.mark.parametrize(
    ("region", "statuses", "code"),
    [
        (OPT_IN, {"caller": OFF}, "InvalidClientTokenId"),
        (OPT_IN, {"role": OFF}, "RegionDisabledException"),
        (OPT_IN, {"caller": OFF, "role": OFF}, "InvalidClientTokenId"),
        (OPT_IN, {"caller": "opted-in", "role": "opted-in"}, None),
        (DEFAULT, {"caller": OFF}, None),
        (DEFAULT, {"role": OFF}, "RegionDisabledException"),
        (DEFAULT, {"caller": OFF, "role": OFF}, "RegionDisabledException"),
        ("xx-new-1", {"caller": OFF, "role": "opt-in-not-required"}, None),
        ("us-east-1", {"caller": OFF, "role": OFF}, None),
    ],
    ids=repr,
)
def test_who_must_have_the_region_on(
    region: str, statuses: dict[str, str], code: str | None
) -> None:
    """R10.5, R10.6, C-11: both for an opt-in Region, the role's account for a default one."""
    diagnosis = diagnosed(through(region, **statuses))
    error = diagnosis.aws_error
    assert (error.code if error else None) == code
    assert set(blocking(diagnosis)) == ({"region"} if code else set())


def test_each_account_is_a_finding_of_its_own() -> None:
    """R10.5: both must act, unless the caller takes another endpoint."""
    diagnosis = diagnosed(through(OPT_IN, caller=OFF, role=OFF))
    assert [(f.variant, f.owner) for f in diagnosis.findings] == [
        ("caller", "you"),
        ("role", "you"),
    ]
    assert [plan.owners for plan in diagnosis.plans] == [{"you": ("region/other-region",)}]


def test_the_answer_names_the_roles_account() -> None:
    """FACTS 7.4."""
    error = diagnosed(through(OPT_IN, role=OFF)).aws_error
    assert error is not None
    assert error.message == (
        f"STS is not activated in this region for account:{B}. Your account administrator can "
        "activate STS in this region using the IAM Console."
    )


def test_the_global_endpoint_is_always_on() -> None:
    """R10.3: it counts as us-east-1 whatever the client's Region is."""
    assert diagnosed(through(OPT_IN, endpoint="global", caller=OFF, role=OFF)).verdict == "allowed"


@pytest.mark.parametrize("status", ["enabling", "disabling"])
def test_a_region_between_on_and_off(status: str) -> None:
    """Neither is certain, so that the verdict is conditional on it."""
    diagnosis = diagnosed(through(OPT_IN, role=status))
    assert diagnosis.verdict == "conditional"
    assert [unknown.what for unknown in diagnosis.unknowns] == [
        f"whether {OPT_IN} is enabled in account {B}"
    ]
    assert diagnosed(through(DEFAULT, caller=status)).verdict == "allowed"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("ENABLED", "allowed"), ("ENABLED_BY_DEFAULT", "allowed"), ("DISABLED", "denied")],
)
def test_the_words_of_account_list_regions(status: str, verdict: str) -> None:
    """`aws account list-regions` says RegionOptStatus; its output can be pasted in too."""
    scenario = through(OPT_IN)
    scenario["accounts"][B]["Regions"] = [{"RegionName": OPT_IN, "RegionOptStatus": status}]
    assert diagnosed(scenario).verdict == verdict


def test_a_token_at_an_endpoint_of_another_partition() -> None:
    """R10.8: STS knows only the roles of its own partition, whoever asks."""
    scenario = through("cn-north-1")
    provider = f"arn:aws:iam::{B}:oidc-provider/idp.example"
    action = "sts:AssumeRoleWithWebIdentity"
    role = scenario["accounts"][B]["RoleDetailList"][0]
    role["AssumeRolePolicyDocument"] = policy(trust({"Federated": provider}, action))
    scenario["accounts"][B]["OpenIDConnectProviders"] = [{"Arn": provider, "ClientIDList": ["a"]}]
    claims = {"iss": "https://idp.example", "aud": "a", "sub": "job"}
    scenario["call"] |= {"api": action.removeprefix("sts:"), "caller": {"claims": claims}}
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["region"]
    assert diagnosis.aws_error is not None
    assert diagnosis.aws_error.message == f"Not authorized to perform {action}"


def test_where_the_arns_differ_already_the_endpoint_is_no_second_fault() -> None:
    """R1.18: the role is in China, and so is the endpoint."""
    scenario = through("cn-north-1")
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws-cn:iam::{B}:role/DeployRole"
    found = blocking(diagnosed(scenario))
    assert "partition" in found
    assert "region" not in found


@pytest.mark.parametrize(
    ("region", "partition", "denied"),
    [
        ("cn-north-1", "aws", True),
        ("us-gov-west-1", "aws", True),
        ("eusc-de-east-1", "aws", True),
        ("us-east-1", "aws-cn", True),
        ("eu-west-1", "aws-cn", True),
        ("cn-northwest-1", "aws-cn", False),
        ("us-gov-east-1", "aws-us-gov", False),
        ("us-iso-east-1", "aws-iso", False),
    ],
)
def test_an_endpoint_of_another_partition(region: str, partition: str, *, denied: bool) -> None:
    """R10.8: credentials exist in one partition only."""
    scenario = through(region)
    for holder, key in (
        (scenario["call"]["caller"], "arn"),
        (scenario["call"]["parameters"], "RoleArn"),
    ):
        holder[key] = holder[key].replace("arn:aws:", f"arn:{partition}:")
    for entry in scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"]:
        entry["PolicyDocument"]["Statement"][0]["Resource"] = "*"
    names = scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"]
    names["Statement"][0]["Principal"] = {"AWS": A}
    diagnosis = diagnosed(scenario)
    assert (diagnosis.verdict == "denied") is denied
    if denied:
        assert diagnosis.aws_error is not None
        assert diagnosis.aws_error.code == "InvalidClientTokenId"
        assert [f.variant for f in diagnosis.findings] == ["partition"]
        own = {"aws": "us-east-1", "aws-cn": "cn-north-1"}[partition]
        assert f", such as {own}" in diagnosis.findings[0].explanation
        assert [plan.verdict_after for plan in diagnosis.plans] == ["allowed"]
        assert f"--region {own}" in diagnosis.plans[0].commands[0]


def in_an_open_world(region: str, **statuses: str) -> Decision:
    """The working call where nobody has said what else there is."""
    world, call = parsed(through(region, **statuses))
    return decide(msgspec.structs.replace(world, complete=False), call)


@pytest.mark.parametrize(
    ("region", "statuses", "asked"),
    [
        (OPT_IN, {}, [A, B]),
        (OPT_IN, {"caller": "opted-in"}, [B]),
        (OPT_IN, {"caller": "opted-in", "role": "opted-in"}, []),
        (DEFAULT, {}, []),
        ("cn-north-1", {}, []),
    ],
    ids=repr,
)
def test_an_opt_in_region_is_not_taken_to_be_on(
    region: str, statuses: dict[str, str], asked: list[str]
) -> None:
    """R10.5: where the Regions of an account were not read, the answer depends on them."""
    decision = in_an_open_world(region, **statuses)
    gates = [gate for gate in decision.gates if gate.gate is GateName.CREDENTIALS]
    assert [gate.account for gate in gates if gate.outcome is Outcome.UNKNOWN] == asked


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_the_global_endpoint_is_of_one_partition(partition: str) -> None:
    """R10.3, R10.8: it stands in us-east-1."""
    scenario = json.loads(json.dumps(classic()).replace("arn:aws:", f"arn:{partition}:"))
    scenario["call"]["network"] = {"endpoint": "global"}
    diagnosis = diagnosed(scenario)
    error = diagnosis.aws_error
    expected = None if partition == "aws" else "InvalidClientTokenId"
    assert (error.code if error else None) == expected
