"""AS009: what is dated, matters and is young gets a note, whatever the verdict (R10.1)."""

from typing import Any

import pytest

from tests.worlds import DEPLOYER, A, B, allow, classic, diagnosed, policy

YOUNG, OLD, LATER = "2026-11-23T11:59:00Z", "2026-11-23T11:57:59Z", "2026-11-23T12:00:01Z"


def notes(scenario: dict[str, Any]) -> list[str]:
    """The variants of the notes."""
    found = [f for f in diagnosed(scenario).findings if f.cause == "propagation"]
    assert not any(f.blocking for f in found)
    return [f.variant for f in found]


def dated(**dates: str) -> dict[str, Any]:
    """The working call with dates of the role, the user, a policy, or a policy of a group."""
    scenario = classic()
    caller, target = scenario["accounts"][A], scenario["accounts"][B]
    user = caller["UserDetailList"][0]
    if "role" in dates:
        target["RoleDetailList"][0]["CreateDate"] = dates["role"]
    if "caller" in dates:
        user["CreateDate"] = dates["caller"]
    attached = [{"PolicyName": "p", "PolicyArn": f"arn:aws:iam::{A}:policy/p"}]
    caller["Policies"] = [
        {
            "PolicyName": "p",
            "PolicyDocument": policy(allow()),
            "UpdateDate": dates.get("policy", OLD),
        }
    ]
    if "policy" in dates:
        caller["GroupDetailList"] = [{"GroupName": "ops", "AttachedManagedPolicies": attached}]
        user["GroupList"] = ["ops"]
    return scenario


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({}, []),
        ({"role": YOUNG}, ["role"]),
        ({"role": OLD}, []),
        ({"role": LATER}, []),
        ({"role": "yesterday"}, []),
        ({"caller": YOUNG}, ["caller"]),
        ({"policy": YOUNG}, ["caller-policy"]),
        ({"policy": OLD}, []),
        ({"role": YOUNG, "caller": YOUNG, "policy": YOUNG}, ["caller", "caller-policy", "role"]),
    ],
    ids=repr,
)
def test_what_is_young_is_noted(dates: dict[str, str], expected: list[str]) -> None:
    """Younger than two minutes, and not younger than the call."""
    assert sorted(notes(dated(**dates))) == expected


def test_the_note_decides_nothing() -> None:
    """A denied call stays denied for its own reason, which comes first."""
    scenario = dated(role=YOUNG)
    scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"] = []
    diagnosis = diagnosed(scenario)
    assert [f.cause for f in diagnosis.findings] == ["identity-permission", "propagation"]
    assert diagnosis.plans
    assert diagnosed(dated(role=YOUNG)).verdict == "allowed"


def test_a_call_that_never_reaches_the_policies_gets_no_note() -> None:
    """The caller's age plays no part where the role's ARN is that of no role."""
    scenario = dated(caller=YOUNG)
    scenario["call"]["parameters"]["RoleArn"] = DEPLOYER
    assert notes(scenario) == []
