"""Callers whose policies are the same, word for word, and who still are not decided alike."""

import copy
from typing import Any

import msgspec
import pytest

from assumable.model.world import Account
from assumable.org.whocan import Everyone
from tests.org.any_world import C
from tests.org.test_classes import CROWD, ROOT, alike, crowd, named, user
from tests.org.test_whocan import asked, holds_for_every_pair, ways, world_of
from tests.worlds import NOW, ROLE, A, B, allow, policy, trust

GRANTED = {"PolicyName": "p", "PolicyDocument": policy(allow())}
USERS = {user(n) for n in range(CROWD)}


def twice(*statements: Any) -> dict[str, Any]:
    """A crowd, and another one like it in a second account."""
    scenario = crowd(alike, *statements)
    scenario["accounts"][C] = copy.deepcopy(scenario["accounts"][A])
    return scenario


def identified(number: int) -> dict[str, Any]:
    return {"UserId": f"AIDAEXAMPLE{number:010}"}


def decided_one_by_one(scenario: dict[str, Any]) -> dict[str, set[str]]:
    """Who can assume the role, where every pair was held against the engine alone."""
    holds_for_every_pair(world_of(scenario), NOW)
    return ways(asked(scenario))


def test_nobody_comes_from_another_partition() -> None:
    scenario = twice(trust("*"))
    for held in scenario["accounts"][C]["UserDetailList"]:
        held["Arn"] = f"arn:aws-cn:iam::{C}:user/{held['UserName']}"
    found = decided_one_by_one(scenario)[""]
    assert {name for name in found if ":user/" in name} == USERS


@pytest.mark.parametrize("by", ["trust policy", "own policies"])
def test_ids_tell_them_apart(by: str) -> None:
    wanted = named("StringEquals", "aws:userid", identified(2)["UserId"])
    if by == "trust policy":
        scenario = crowd(identified, trust(ROOT, Condition=wanted))
    else:
        scenario = crowd(identified, trust(ROOT), grant=allow(Condition=wanted))
    assert decided_one_by_one(scenario) == {"": {user(2)}}


LINKED = f"arn:aws:iam::{A}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"


@pytest.fixture
def linked() -> dict[str, Any]:
    """A service-linked role and another one, alike, before an RCP that refuses; no SCP is there."""
    scenario = crowd(alike, trust(ROOT))
    trusting = policy(trust({"Service": "ec2.amazonaws.com"}))
    names = {"CI": "/", "AWSServiceRoleForX": "/aws-service-role/x.amazonaws.com/"}
    scenario["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": name,
            "Path": path,
            "AssumeRolePolicyDocument": trusting,
            "RolePolicyList": [GRANTED],
        }
        for name, path in names.items()
    ]
    refused = {**trust("*", "sts:*"), "Effect": "Deny", "Resource": "*"}
    limit = {"Id": "p-perimeter", "Type": "RESOURCE_CONTROL_POLICY", "Content": policy(refused)}
    scenario["organization"] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": B, "ParentId": "r-ab12"}],
        "Policies": [{**limit, "Targets": [B]}],
    }
    return scenario


def test_an_rcp_does_not_bind_a_service_linked_role(linked: dict[str, Any]) -> None:
    """R1.23."""
    assert decided_one_by_one(linked) == {"": {LINKED}}


def test_what_may_be_a_service_linked_role_may_pass(linked: dict[str, Any]) -> None:
    """Its name is that of one, and its path is not known."""
    world = world_of(linked)
    account = world.accounts[A]
    assert isinstance(account, Account)
    guess = f"arn:aws:iam::{A}:role/AWSServiceRoleForX"
    role = msgspec.structs.replace(account.roles[LINKED], arn=guess, path_known=False)
    others = {name: each for name, each in account.roles.items() if name != LINKED}
    changed = msgspec.structs.replace(account, roles={**others, guess: role})
    unsure = msgspec.structs.replace(world, accounts={**world.accounts, A: changed})
    holds_for_every_pair(unsure, NOW)
    everyone = Everyone(unsure, NOW)
    ((condition, who),) = ways(everyone.who(everyone.role(ROLE))).items()
    assert condition
    assert who == {guess}


def test_nobody_calls_from_an_account_that_is_suspended() -> None:
    scenario = twice(trust("*"))
    scenario["organization"] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [
            {"Id": A, "ParentId": "r-ab12"},
            {"Id": C, "ParentId": "r-ab12", "Status": "SUSPENDED"},
        ],
        "Policies": [
            {
                "Id": "p-FullAWSAccess",
                "Type": "SERVICE_CONTROL_POLICY",
                "Targets": ["r-ab12", A, C],
            }
        ],
    }
    found = decided_one_by_one(scenario)[""]
    assert {name for name in found if ":user/" in name} == USERS


def test_regions_that_are_off_change_no_plain_call() -> None:
    """Such a call goes to no Region in particular."""
    scenario = twice(trust({"AWS": [A, C]}))
    scenario["accounts"][C]["Regions"] = [
        {"RegionName": "me-south-1", "OptInStatus": "not-opted-in"}
    ]
    theirs = {name.replace(A, C) for name in USERS}
    assert decided_one_by_one(scenario) == {"": USERS | theirs}


def test_a_user_and_a_role_with_the_same_policies() -> None:
    scenario = crowd(alike, trust(ROOT))
    scenario["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "CI",
            "AssumeRolePolicyDocument": policy(trust(ROOT)),
            "RolePolicyList": [GRANTED],
        }
    ]
    role = f"arn:aws:iam::{A}:role/CI"
    assert decided_one_by_one(scenario) == {"": {*USERS, role}}


@pytest.mark.parametrize("key", ["aws:PrincipalAccount", "aws:PrincipalArn"])
def test_a_condition_without_values_holds_for_nobody(key: str) -> None:
    scenario = crowd(alike, trust("*", Condition={"StringLike": {key: []}}))
    assert decided_one_by_one(scenario) == {}
