"""What a scenario may hold; what it may not is in tests/cli/test_bad_input.py."""

import pytest

from tests.worlds import classic, parsed


@pytest.mark.parametrize(
    "name",
    [
        "lambda.amazonaws.com",
        "states.eu-west-1.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "ecs-tasks.amazonaws.com",
        "ec2.amazonaws.com.cn",
        "ec2.amazonaws.eu",
        "ec2.c2s.ic.gov",
    ],
)
def test_the_service_principals_of_every_partition_are_callers(name: str) -> None:
    """Whether there is such a service nobody has to know."""
    scenario = classic()
    scenario["call"]["caller"] = {"service": name}
    assert parsed(scenario).call.caller.arn == name
