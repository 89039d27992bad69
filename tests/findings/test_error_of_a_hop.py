"""An error text of one hop of a chain: that hop is the one to look at."""

import pytest

from assumable.diagnose import Diagnosis, diagnose
from assumable.findings.observed import OTHER_HOP, observe
from tests.chains import CI, chained
from tests.worlds import DEPLOYER, ROLE, A, parsed

SESSION = f"arn:aws:sts::{A}:assumed-role/CI/build"


def told(caller: str, role: str, **world: object) -> Diagnosis:
    """The diagnosis of a chain that AWS refused at one hop."""
    found = {**chained(), **world}
    text = (
        f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role} "
        "because no identity-based policy allows the sts:AssumeRole action"
    )
    scenario = parsed(found)
    return diagnose(*scenario, error=observe(text, scenario.call))


@pytest.mark.parametrize(
    ("caller", "role", "hop"), [(DEPLOYER, CI, 1), (SESSION, ROLE, 2)], ids=["first", "second"]
)
@pytest.mark.parametrize("organization", [None, "unknown"], ids=["allowed", "conditional"])
def test_the_hop_that_aws_refused_is_the_one_looked_at(
    caller: str, role: str, hop: int, organization: str | None
) -> None:
    """Unless another one is denied for certain."""
    world = {} if organization is None else {"organization": organization}
    found = told(caller, role, **world)
    assert found.verdict == ("allowed" if organization is None else "conditional")
    assert found.hop == hop
    assert found.error is not None
    assert found.error.unused == ""
    assert found.hypotheses


def test_a_hop_that_is_denied_for_certain_comes_first() -> None:
    scenario = chained(ci_trusts=[])
    found = told(SESSION, ROLE, accounts=scenario["accounts"])
    assert found.hop == 1
    assert found.error is not None
    assert found.error.unused == OTHER_HOP
