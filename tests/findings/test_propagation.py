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


def test_it_is_said_first_where_it_may_be_why_and_last_where_it_is_not() -> None:
    """A denied call is denied for its own reason; the answer says beside it what is young."""
    found = diagnosed(dated(role=YOUNG, caller=YOUNG))
    assert found.verdict == "allowed"
    assert [f.variant for f in found.findings] == ["caller", "role"]
    assert not [note for note in found.notes if "before the call" in note]
    scenario = dated(role=YOUNG, caller=YOUNG)
    scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"] = []
    denied = diagnosed(scenario)
    assert [f.cause for f in denied.findings] == ["identity-permission"]
    assert denied.plans
    (told,) = (note for note in denied.notes if "before the call" in note)
    assert told == (
        "DeployRole was created 60 s before the call, user/deployer was created 60 s before the "
        "call: AWS may still decide as if it were not so, which would be one more reason"
    )


def test_it_comes_before_other_notes_on_a_call_that_passes() -> None:
    scenario = dated(role=YOUNG)
    role = scenario["call"]["parameters"]["RoleArn"]
    settings = f"role_arn = {role}\nsource_profile = base\nduration_seconds = x\n"
    scenario["call"]["client"] = {
        "profile": "prod",
        "config": f"[profile prod]\n{settings}",
        "credentials": "[base]\naws_access_key_id = X\naws_secret_access_key = x\n",
    }
    del scenario["call"]["parameters"]
    assert [f.cause for f in diagnosed(scenario).findings] == ["propagation", "client-config"]


def test_a_young_role_of_a_hop_that_passes_is_no_reason_where_another_hop_is_denied() -> None:
    scenario = dated(role=YOUNG)
    role = scenario["call"]["parameters"]["RoleArn"]
    scenario["call"]["chain"] = [role]
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:role/Nobody"
    found = diagnosed(scenario)
    assert [f.cause for f in found.findings] == ["role-not-found"]
    assert any("hop 1: DeployRole was created 60 s" in note for note in found.notes)


def test_a_call_that_never_reaches_the_policies_gets_no_note() -> None:
    """The caller's age plays no part where the role's ARN is that of no role."""
    scenario = dated(caller=YOUNG)
    scenario["call"]["parameters"]["RoleArn"] = DEPLOYER
    assert notes(scenario) == []
