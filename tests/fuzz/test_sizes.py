"""Large inputs: what is read grows with its size, what is absurd is refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assumable.errors import InputError
from assumable.formats.reading import read_document
from tests.fuzz.guard import is_one_line, soon, survives
from tests.fuzz.test_calls import GITHUB, federated
from tests.worlds import DEPLOYER, A, B, allow, classic, policy, trust

MANY = 700


def call_with(**parameters: Any) -> dict[str, Any]:
    """The working scenario with other parameters."""
    scenario = classic()
    scenario["call"]["parameters"] |= parameters
    return scenario


def trusted(condition: dict[str, Any]) -> dict[str, Any]:
    """A trust policy with this condition."""
    return classic(trust_statements=[trust({"AWS": A}, Condition=condition)])


def inline(document: Any) -> dict[str, Any]:
    """A caller with many inline policies."""
    scenario = classic()
    scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"] = [
        {"PolicyName": f"p{n}", "PolicyDocument": document} for n in range(MANY)
    ]
    return scenario


def crowd() -> dict[str, Any]:
    """Many users who may call, and a trust policy that names as many others."""
    scenario = classic(trust_statements=[trust({"AWS": NAMES})])
    own = [{"PolicyName": "p", "PolicyDocument": policy(allow())}]
    users = [{"UserName": f"caller{n}", "UserPolicyList": own} for n in range(MANY)]
    scenario["accounts"][A]["UserDetailList"] += users
    return scenario


def tree() -> dict[str, Any]:
    """An organization in which every unit hangs from the one before."""
    units = [{"Id": f"ou-{n}", "ParentId": f"ou-{n - 1}" if n else "r-1"} for n in range(MANY)]
    organization = {
        "Id": "o-1",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-1"}],
        "OrganizationalUnits": units,
        "Accounts": [{"Id": A, "ParentId": f"ou-{MANY - 1}"}, {"Id": B, "ParentId": "r-1"}],
    }
    return {**classic(), "organization": organization}


TAGS = [{"Key": f"k{n}", "Value": "v"} for n in range(MANY)]
NAMES = [f"arn:aws:iam::{A}:user/u{n}" for n in range(MANY)]
LARGE: dict[str, Callable[[], dict[str, Any]]] = {
    "tags": lambda: call_with(Tags=TAGS, TransitiveTagKeys=[tag["Key"] for tag in TAGS]),
    "malformed tags": lambda: call_with(Tags=[{"Key": f"{n}!"} for n in range(MANY)]),
    "unknown parameters": lambda: call_with(**{f"x{n}": 1 for n in range(MANY)}),
    "a long name": lambda: call_with(RoleSessionName="a" * 100_000),
    "a long caller": lambda: {
        **classic(trust_statements=[trust({"AWS": f"arn:aws:iam::{A}:user/" + "ba" * 9000})]),
        "call": {**classic()["call"], "caller": {"arn": DEPLOYER + "ab" * 9000}},
    },
    "principals": lambda: classic(trust_statements=[trust({"AWS": NAMES})]),
    "callers and principals": crowd,
    "statements": lambda: classic(trust_statements=[trust({"AWS": name}) for name in NAMES]),
    "open statements": lambda: classic(
        trust_statements=[
            trust(
                {"AWS": A},
                Condition={"IpAddress": {"aws:SourceIp": f"203.{n // 256}.{n % 256}.0/24"}},
            )
            for n in range(MANY)
        ]
    ),
    "condition keys": lambda: trusted(
        {"StringEquals": {f"aws:RequestTag/k{n}": "x" for n in range(MANY)}}
    ),
    "condition values": lambda: trusted(
        {"StringLike": {"sts:ExternalId": [f"*a*{n}" for n in range(MANY)]}}
    ),
    "inline policies": lambda: inline(policy(allow("s3:*"))),
    "inline policies as text": lambda: inline(json.dumps(policy(allow("s3:*")))),
    "a deep organization": tree,
    "claims": lambda: federated(
        "claims",
        {"iss": f"https://{GITHUB}", "aud": [f"a{n}" for n in range(MANY)], "sub": "a/" * 50_000},
        None,
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_scenario_is_answered_soon(name: str) -> None:
    assert survives(json.dumps(LARGE[name]())) is not None


def test_a_policy_that_iam_could_not_hold_is_refused() -> None:
    """Near the limit of the file, in statements; and as one text."""
    statements = [trust({"AWS": name}) for name in NAMES]
    assert survives(json.dumps(classic(trust_statements=statements * 3))) is None
    scenario = classic()
    role = scenario["accounts"][B]["RoleDetailList"][0]
    role["AssumeRolePolicyDocument"] = json.dumps(policy(*statements * 3))
    assert survives(json.dumps(scenario)) is None


def test_the_number_of_values_of_a_yaml_file_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("a: [" + "1, " * 1_000_000 + "]", encoding="utf-8")
    with soon(4), pytest.raises(InputError, match="more than 200,000 values") as caught:
        read_document(path)
    assert is_one_line(caught.value)


def test_a_name_that_stands_twice_among_many_is_found_soon() -> None:
    users = [{"UserName": f"u{n}"} for n in range(10_000)]
    scenario = classic()
    scenario["accounts"][A]["UserDetailList"] += [*users, users[-1]]
    assert survives(json.dumps(scenario)) is None


def test_a_place_late_in_a_large_file_is_found_soon() -> None:
    """The mistake is in the last of many entries."""
    users = [{"UserName": f"u{n}", "Tags": []} for n in range(10_000)]
    scenario = classic()
    scenario["accounts"][A]["UserDetailList"] += [*users, {"UserName": 7}]
    assert survives(json.dumps(scenario)) is None
