"""AWS managed policies as they ship, in every partition."""

import pytest

from assumable.formats.account import aws_managed_policy
from assumable.model.policy import Policy


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_arns_of_a_policy_are_of_its_partition(partition: str) -> None:
    """A role of the partition is matched, as by the document that AWS has there."""
    name = "policy/service-role/AWSControlTowerServiceRolePolicy"
    found = aws_managed_policy(f"arn:{partition}:iam::aws:{name}")
    assert isinstance(found, Policy)
    (statement,) = found.statements
    roles = ("AWSControlTowerExecution", "AWSControlTowerBlueprintAccess")
    assert statement.resources == tuple(f"arn:{partition}:iam::*:role/{role}" for role in roles)
