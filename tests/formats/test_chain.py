"""`call.chain` of a scenario, and what is refused in it."""

from typing import Any

import pytest

from assumable.errors import InputError
from assumable.formats.chain import via
from tests.chains import CI, chained
from tests.worlds import ROLE, diagnosed, parsed


def test_a_hop_is_an_arn_or_an_object_of_parameters() -> None:
    """A session name is made up where none is given."""
    named = {"RoleArn": CI, "RoleSessionName": "build", "ExternalId": "x-1"}
    scenario = chained(hop=named)
    scenario["call"]["chain"].append(ROLE)
    first, second = parsed(scenario).call.chain
    assert first.parameters == named
    assert second.parameters == {"RoleArn": ROLE, "RoleSessionName": "assumable"}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no list": ({"chain": CI}, "/call/chain: must be a list"),
    "a number": ({"chain": [7]}, "/call/chain/0: must be the ARN of a role, or an object"),
    "another api": ({"api": "AssumeRoleWithSAML"}, "/call/api: `AssumeRoleWithSAML` is not what"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_chain_is_refused(name: str) -> None:
    """With the position."""
    edit, words = REFUSED[name]
    scenario = chained()
    scenario["call"] |= edit
    with pytest.raises(InputError) as refused:
        parsed(scenario)
    assert words in str(refused.value).replace("scenario.json:1:", "").replace("scenario.json", "")


@pytest.mark.parametrize("text", ["", " "])
def test_a_blank_role_is_refused(text: str) -> None:
    """`--via "$UNSET"` is a slip of the shell, no hop of a chain."""
    with pytest.raises(InputError, match="names no role"):
        via(parsed(chained()).call, [CI, text])


def test_mistakes_in_parameters_are_findings() -> None:
    """AWS answers those, at the hop that makes them."""
    wrong = {"RoleArn": CI, "Tags": 7, "PolicyArns": "x", "DurationSeconds": "x", "Color": "red"}
    diagnosis = diagnosed(chained(hop=wrong))
    assert {(f.cause, f.variant, f.hop) for f in diagnosis.findings} >= {
        ("parameter", "Tags", 1),
        ("parameter", "PolicyArns", 1),
        ("parameter", "DurationSeconds", 1),
    }
    assert "hop 1: `Color` is no parameter of AssumeRole: STS ignores it" in diagnosis.notes
    assert [f.cause for f in diagnosed(chained(hop={})).findings if f.hop == 1] == ["parameter"]


def test_an_account_of_the_chain_takes_the_partition_of_its_arn() -> None:
    """Derived ARNs of an account in between are those that the hop names (DESIGN section 6)."""
    middle = "arn:aws-cn:iam::333333333333:role/Middle"
    scenario = chained(hop=middle)
    scenario["accounts"]["333333333333"] = {
        "RoleDetailList": [{"RoleName": "Middle", "AssumeRolePolicyDocument": {"Statement": []}}]
    }
    assert parsed(scenario).world.role(middle) is not None
