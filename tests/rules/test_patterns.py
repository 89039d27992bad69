"""Section 6: the patterns of actions and resources."""

import pytest

from tests.rules.worlds import call_by, passes
from tests.worlds import DEPLOYER, ROLE, A, B, allow, trust


@pytest.mark.rule("R6.12")
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("STS:assumerole", True),
        ("sts:Assume*", True),
        ("sts:AssumeRol?", True),
        ("*", True),
        ("s*:AssumeRole", True),
        ("sts:AssumeRoleWith*", False),
        ("sts:Assume", False),
        ("iam:AssumeRole", False),
    ],
)
def test_action_names_ignore_case_and_take_wildcards(action: str, expected: bool) -> None:
    assert passes(call_by(DEPLOYER, trust({"AWS": A}), identity=[allow(action)])) is expected


@pytest.mark.rule("R6.12")
@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (ROLE, True),
        ("arn:aws:iam::222222222222:role/deployrole", False),
        ("arn:aws:iam::*:role/DeployRole", True),
        ("arn:aws:iam::222222222222:role/*", True),
        ("arn:aws:iam::222222222222:*/DeployRole", True),
        ("arn:aws:*::222222222222:role/DeployRole", False),
        ("arn:aws:i?m::222222222222:role/DeployRole", False),
        ("arn:aws:iam::222222222222:user/DeployRole", False),
    ],
)
def test_resources_are_compared_with_their_case(resource: str, expected: bool) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}), identity=[allow(resource=resource)])
    assert passes(scenario) is expected


@pytest.mark.rule("R6.12", "R6.13")
@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:iam::222222222222:role/DeployRole", False),
        ("arn:aws:iam::222222222222:role/teams/web/DeployRole", True),
        ("arn:aws:iam::222222222222:role/*", True),
        ("arn:aws:iam::222222222222:role/teams/*", True),
        ("arn:aws:iam::222222222222:role/*/DeployRole", True),
        ("arn:aws:iam::222222222222:role/teams/DeployRole", False),
    ],
)
def test_a_resource_without_the_path_misses_the_role(resource: str, expected: bool) -> None:
    teams = "arn:aws:iam::222222222222:role/teams/web/DeployRole"
    scenario = call_by(
        DEPLOYER, trust({"AWS": A}), identity=[allow(resource=resource)], RoleArn=teams
    )
    scenario["accounts"][B]["RoleDetailList"][0]["Path"] = "/teams/web/"
    assert passes(scenario) is expected
