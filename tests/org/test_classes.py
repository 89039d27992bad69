"""Which principals are decided together: those, and only those, that no policy tells apart."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.engine.own_role import EXPLICIT_SELF_TRUST_SINCE
from assumable.formats.dump import read_snapshot
from assumable.org import classes
from assumable.org.whocan import Everyone
from tests.org.any_world import RCP, SCP, C, managed, worlds
from tests.org.test_whocan import asked, holds_for_every_pair, ways, world_of
from tests.worlds import NOW, ROLE, A, B, allow, classic, policy, trust

CROWD = 6
ROOT = {"AWS": f"arn:aws:iam::{A}:root"}


def crowd(
    change: Callable[[int], Mapping[str, Any]], *statements: Any, grant: Any = None
) -> dict[str, Any]:
    """Users alike, but for what is changed of each; all may ask for the role."""
    scenario = classic(trust_statements=list(statements))
    granted = {"PolicyName": "p", "PolicyDocument": policy(grant or allow())}
    scenario["accounts"][A]["UserDetailList"] = [
        {"UserName": f"u{n}", "UserPolicyList": [granted], **change(n)} for n in range(CROWD)
    ]
    scenario["call"]["caller"]["arn"] = user(0)
    return scenario


def user(number: int) -> str:
    return f"arn:aws:iam::{A}:user/u{number}"


def alike(_: int) -> dict[str, Any]:
    return {}


def test_who_is_alike_is_decided_once() -> None:
    answer = asked(crowd(alike, trust(ROOT)))
    assert (answer.candidates, answer.decided) == (CROWD, 1)
    assert ways(answer) == {"": {user(n) for n in range(CROWD)}}


def test_regions_that_were_read_tell_nobody_apart() -> None:
    """A plain call goes to no Region in particular, and `assumable collect` reads all of them."""
    scenario = crowd(alike, trust(ROOT))
    scenario["accounts"][A]["Regions"] = [
        {"RegionName": "me-south-1", "OptInStatus": "not-opted-in"}
    ]
    answer = asked(scenario)
    assert (answer.candidates, answer.decided) == (CROWD, 1)


def test_whom_the_role_names_is_decided_by_itself() -> None:
    answer = asked(crowd(alike, trust(ROOT), deny_to(user(1))))
    assert answer.decided == 2
    assert ways(answer) == {"": {user(n) for n in range(CROWD) if n != 1}}


def deny_to(arn: str) -> dict[str, Any]:
    return {**trust({"AWS": arn}), "Effect": "Deny"}


def tagged(number: int) -> dict[str, Any]:
    return {"Tags": [{"Key": "team", "Value": "blue" if number % 2 else "red"}]}


def identified(number: int) -> dict[str, Any]:
    return {"UserId": unique_id(number)}


def unique_id(number: int) -> str:
    return f"AIDAEXAMPLEEXAMPLE{number:03d}"


def bounded(number: int) -> dict[str, Any]:
    return {"PermissionsBoundary": boundary("Closed" if number % 2 else "Open")}


def boundary(name: str) -> dict[str, Any]:
    return {"PermissionsBoundaryArn": f"arn:aws:iam::{A}:policy/{name}"}


def named(condition: str, key: str, value: str) -> dict[str, Any]:
    return {condition: {key: value}}


@pytest.mark.parametrize(
    ("change", "trusting", "grant", "passing"),
    [
        (tagged, trust(ROOT, Condition=named("StringEquals", "aws:PrincipalTag/team", "blue")),
         None, {1, 3, 5}),
        (alike, trust(ROOT, Condition=named("StringLike", "aws:username", "u?")), None,
         set(range(CROWD))),
        (alike, trust(ROOT, Condition=named("StringEquals", "aws:username", "u2")), None, {2}),
        (alike, trust(ROOT, Condition=named("ArnNotLike", "aws:PrincipalArn", user(4))), None,
         {0, 1, 2, 3, 5}),
        (identified, trust(ROOT, Condition=named("StringEquals", "aws:userid", unique_id(3))),
         None, {3}),
        (identified, trust(ROOT),
         allow(Condition=named("StringNotEquals", "aws:userid", unique_id(3))), {0, 1, 2, 4, 5}),
        (tagged, trust(ROOT),
         allow(Condition=named("StringEquals", "aws:PrincipalTag/team", "red")), {0, 2, 4}),
        (tagged, trust(ROOT), allow(resource=f"arn:aws:iam::{B}:role/*${{aws:PrincipalTag/team}}"),
         set()),
        (alike, trust(ROOT), allow(resource=f"arn:aws:iam::{B}:role/${{aws:username}}"), set()),
        (tagged, trust(ROOT), allow(Condition=named(
            "StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}")), {1, 3, 5}),
        (tagged, trust(ROOT, Condition=named(
            "StringEquals", "aws:PrincipalTag/team", "${aws:ResourceTag/team}")), None, {1, 3, 5}),
    ],
)  # fmt: skip
def test_what_a_policy_looks_at_tells_them_apart(
    change: Callable[[int], Mapping[str, Any]], trusting: Any, grant: Any, passing: set[int]
) -> None:
    scenario = crowd(change, trusting, grant=grant)
    scenario["accounts"][B]["RoleDetailList"][0]["Tags"] = [{"Key": "team", "Value": "blue"}]
    answer = asked(scenario)
    found = {arn for way in answer.ways for arn in way.principals}
    assert found == {user(n) for n in passing}


def test_what_nobody_asks_does_not_tell_them_apart() -> None:
    """Tags that no policy names, and the name that an exemption for one other compares."""
    exempt = {
        **allow("*"),
        "Effect": "Deny",
        "Condition": named("ArnLike", "aws:PrincipalArn", user(9)),
    }
    scenario = crowd(tagged, trust(ROOT))
    for held in scenario["accounts"][A]["UserDetailList"]:
        held["UserPolicyList"].append({"PolicyName": "d", "PolicyDocument": policy(exempt)})
    assert asked(scenario).decided == 1


def grants_of_others(number: int) -> dict[str, Any]:
    """Beside the role one of its own, whose name nothing else has."""
    own = allow(resource=f"arn:aws:iam::{B}:role/own-{number}")
    return {
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow(resource=ROLE), own)}]
    }


def test_what_is_said_of_other_roles_does_not_tell_them_apart() -> None:
    answer = asked(crowd(grants_of_others, trust(ROOT)))
    assert (answer.candidates, answer.decided) == (CROWD, 1)


def test_what_is_said_of_every_role_but_some_tells_them_apart() -> None:
    """`NotResource`, once with the role in it."""

    def change(number: int) -> dict[str, Any]:
        spared = ROLE if number == 2 else f"arn:aws:iam::{B}:role/own-{number}"
        but = {**allow(), "Effect": "Deny", "NotResource": [spared, f"{spared}/*"]}
        del but["Resource"]
        return {"UserPolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow(), but)}]}

    answer = asked(crowd(change, trust(ROOT)))
    assert ways(answer) == {"": {user(2)}}


def test_boundaries_tell_them_apart() -> None:
    scenario = crowd(bounded, trust(ROOT))
    scenario["accounts"][A]["Policies"] = [
        managed("Closed", policy(allow("s3:*"))), managed("Open", policy(allow("*")))
    ]  # fmt: skip
    answer = asked(scenario)
    assert answer.decided == 1  # whom a boundary closes out needs no decision
    assert ways(answer) == {"": {user(n) for n in range(0, CROWD, 2)}}


def test_denials_of_their_own_tell_them_apart() -> None:
    scenario = crowd(alike, trust(ROOT))
    refused = {**allow("sts:*"), "Effect": "Deny"}
    scenario["accounts"][A]["UserDetailList"][3]["UserPolicyList"].append(
        {"PolicyName": "d", "PolicyDocument": policy(refused)}
    )
    answer = asked(scenario)
    assert answer.decided == 1
    assert ways(answer) == {"": {user(n) for n in range(CROWD) if n != 3}}


def test_service_linked_roles_alone_are_decided() -> None:
    """Nobody else is a candidate, whom the trust policy could be looked at with."""
    scenario = crowd(alike, trust(ROOT))
    path, name = "/aws-service-role/ecs.amazonaws.com/", "AWSServiceRoleForECS"
    granted = scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"]
    scenario["accounts"][A] = {
        "RoleDetailList": [{
            "RoleName": name,
            "Path": path,
            "Arn": f"arn:aws:iam::{A}:role{path}{name}",
            "AssumeRolePolicyDocument": policy(trust({"Service": "ecs.amazonaws.com"})),
            "RolePolicyList": granted,
        }]
    }  # fmt: skip
    assert ways(asked(scenario)) == {"": {f"arn:aws:iam::{A}:role{path}{name}"}}


def test_accounts_that_a_statement_names_are_told_apart() -> None:
    """Their users are alike in everything else, and what is asked of them is not."""
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    scenario = crowd(alike, trust(ROOT), trust({"AWS": C}, Condition=mfa))
    scenario["accounts"][C] = scenario["accounts"][A]
    theirs = {user(n).replace(A, C) for n in range(CROWD)}
    answer = asked(scenario)
    assert answer.decided == 2
    assert ways(answer) == {
        "": {user(n) for n in range(CROWD)},
        "aws:MultiFactorAuthPresent is `true`": theirs,
    }


def test_an_rcp_tells_them_apart() -> None:
    """One of the role's account that looks at a tag of the caller."""
    wanted = named("StringNotEquals", "aws:PrincipalTag/team", "blue")
    refused = {**trust("*", "sts:*"), "Effect": "Deny", "Resource": "*", "Condition": wanted}
    scenario = crowd(tagged, trust(ROOT))
    scenario["organization"] = organization = one_organization(policy(allow("*")))
    limit = {"Id": "p-perimeter", "Type": RCP, "Targets": [B]}
    organization["Policies"].append({**limit, "Content": policy(refused)})
    answer = asked(scenario)
    assert answer.decided == 2
    assert ways(answer) == {"": {user(n) for n in (1, 3, 5)}}


def test_a_variable_in_a_resource_of_an_rcp_tells_them_apart() -> None:
    scenario = crowd(tagged, trust(ROOT))
    mine = f"arn:aws:iam::{B}:role/${{aws:PrincipalTag/team}}"
    refused = {**trust("*", "sts:*"), "Effect": "Deny", "NotResource": mine}
    scenario["organization"] = organization = one_organization(policy(allow("*")))
    limit = {"Id": "p-perimeter", "Type": RCP, "Targets": [B]}
    organization["Policies"].append({**limit, "Content": policy(refused)})
    home = scenario["accounts"][B]["RoleDetailList"]
    home.append({**home[0], "RoleName": "blue"})
    answer = asked(scenario, f"arn:aws:iam::{B}:role/blue")
    assert ways(answer) == {"": {user(n) for n in (1, 3, 5)}}


def test_a_tag_of_the_role_in_a_resource() -> None:
    """What such a rule comes to is not known before the role is."""
    own = f"arn:aws:iam::{B}:role/${{aws:ResourceTag/team}}"
    scenario = crowd(alike, trust(ROOT), grant=allow(resource=own))
    home = scenario["accounts"][B]["RoleDetailList"]
    for name in ("blue", "red"):
        home.append({**home[0], "RoleName": name, "Tags": [{"Key": "team", "Value": "blue"}]})
    everybody = {user(n) for n in range(CROWD)}
    assert ways(asked(scenario, f"arn:aws:iam::{B}:role/blue")) == {"": everybody}
    assert ways(asked(scenario, f"arn:aws:iam::{B}:role/red")) == {}


def test_a_trust_policy_can_be_enough_in_its_own_account() -> None:
    """Nothing else permits the user there anything, and no statement names it."""
    scenario = crowd(alike, {**trust("*"), "Principal": "*"})
    scenario["accounts"][A]["UserDetailList"] = []
    scenario["accounts"][B]["UserDetailList"] = [{"UserName": "idle"}]
    assert ways(asked(scenario)) == {"": {ROLE, f"arn:aws:iam::{B}:user/idle"}}


def test_a_user_and_a_role_alike_are_told_apart() -> None:
    """A session of a role presents no MFA, and has no user name."""
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    scenario = crowd(alike, trust(ROOT))
    granted = {"PolicyName": "p", "PolicyDocument": policy(allow(Condition=mfa))}
    for held in scenario["accounts"][A]["UserDetailList"]:
        held["UserPolicyList"] = [granted]
    scenario["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "CI",
            "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
            "RolePolicyList": [granted],
        }
    ]
    found = ways(asked(scenario))
    assert found == {"aws:MultiFactorAuthPresent is `true`": {user(n) for n in range(CROWD)}}


def test_scps_that_were_not_read_tell_accounts_apart() -> None:
    """Of one account they were, of the other not: their users are alike in all else."""
    scenario = crowd(alike, trust({"AWS": [A, C]}))
    scenario["accounts"][C] = scenario["accounts"][A]
    scenario["organization"] = organization = one_organization(policy(allow("*")))
    organization["Accounts"].append({"Id": C, "ParentId": "r-ab12"})
    organization["Policies"][0]["Targets"].append(C)
    refused = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    limit = {"Id": "p-nosts000", "Name": "NoSts", "Type": SCP, "Content": policy(refused)}
    organization["Policies"].append({**limit, "Targets": [C]})
    answer = asked(scenario)
    assert ways(answer) == {"": {user(n) for n in range(CROWD)}}


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_scps_tell_accounts_apart(effect: str) -> None:
    """Those of one of them keep its users out, who are like the others in all else."""
    about = [ROLE, f"arn:aws:iam::{B}:role/other"]
    scenario = crowd(alike, trust("*"))
    scenario["accounts"][C] = scenario["accounts"][A]
    scenario["organization"] = organization = one_organization(policy(allow("*")))
    organization["Accounts"].append({"Id": C, "ParentId": "r-ab12"})
    full, _ = organization["Policies"]
    full["Targets"] = ["r-ab12", B] if effect == "Allow" else ["r-ab12", A, B, C]
    for account, role in zip((A, C), about if effect == "Allow" else reversed(about), strict=True):
        named = {"Id": f"p-limit{account}", "Name": "limit", "Type": SCP, "Targets": [account]}
        limit = {**allow(resource=role), "Effect": effect}
        organization["Policies"].append({**named, "Content": policy(limit)})
    assert ways(asked(scenario)) == {"": {ROLE, *(user(n) for n in range(CROWD))}}


def test_roles_of_one_name_are_one_caller() -> None:
    """Their sessions have one ARN: the policies of one of them decide for both."""
    scenario = crowd(alike, trust(ROOT))
    granted = scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"]
    idle = {"PolicyName": "d", "PolicyDocument": policy({**allow("*"), "Effect": "Deny"})}
    for first, second in ((granted, [*granted, idle]), ([*granted, idle], granted)):
        scenario["accounts"][A]["RoleDetailList"] = [
            {
                "RoleName": "CI",
                "Path": path,
                "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
                "RolePolicyList": policies,
            }
            for path, policies in (("/a/", first), ("/b/", second))
        ]
        holds_for_every_pair(world_of(scenario), NOW)


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_roles_left_out_are_not_roles_named(effect: str) -> None:
    """`Resource` with a list, and `NotResource` with the same one."""

    def change(number: int) -> dict[str, Any]:
        element = "Resource" if (number == 1) == (effect == "Allow") else "NotResource"
        own = {"Effect": effect, "Action": "sts:AssumeRole", element: [ROLE]}
        granted = [own] if effect == "Allow" else [allow(), own]
        return {"UserPolicyList": [{"PolicyName": "p", "PolicyDocument": policy(*granted)}]}

    assert ways(asked(crowd(change, trust(ROOT)))) == {"": {user(1)}}


def test_policies_that_were_not_read_are_told_with_whose_they_are() -> None:
    scenario = crowd(alike, trust(ROOT))
    scenario["unknown"] = [f"identity:{user(0)}", f"boundary:{user(1)}", f"boundary:{user(2)}"]
    found = ways(asked(scenario))
    assert found.pop("") == {user(n) for n in range(3, CROWD)}
    assert sorted(map(sorted, found.values())) == [[user(0)], [user(1)], [user(2)]]
    for condition, who in found.items():
        (arn,) = who
        assert arn.rpartition(":")[2] in condition


def one_organization(document: dict[str, Any]) -> dict[str, Any]:
    """Two of the accounts in one organization, with a policy as an SCP of the second."""
    full = {"Id": "p-FullAWSAccess", "Type": SCP, "Targets": ["r-ab12", A, B]}
    limits = {"Id": "p-limits", "Name": "limits", "Type": SCP, "Content": document, "Targets": [B]}
    return {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": A, "ParentId": "r-ab12"}, {"Id": B, "ParentId": "r-ab12"}],
        "Policies": [full, limits],
    }


@given(worlds(), st.sampled_from([NOW, NOW, EXPLICIT_SELF_TRUST_SINCE - timedelta(days=1)]))
def test_decided_together_is_as_decided_one_by_one(
    scenario: dict[str, Any], when: datetime
) -> None:
    """With classes of three as large ones, which such small worlds do not have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classes, "_MANY", 3)
        holds_for_every_pair(world_of(scenario), when)


def test_what_may_deny_is_told_with_whose_it_is(tmp_path: Path) -> None:
    """Each has a policy of its own that was not read, beside one that allows everything."""
    accounts = crowd(alike, trust(ROOT))["accounts"]
    for number in (1, 2):
        name = f"Own{number}"
        attached = {"PolicyName": name, "PolicyArn": f"arn:aws:iam::{A}:policy/{name}"}
        accounts[A]["UserDetailList"][number]["AttachedManagedPolicies"] = [attached]
    for account, content in accounts.items():
        (tmp_path / f"{account}.json").write_text(json.dumps(content))
    everyone = Everyone(read_snapshot(tmp_path), NOW)
    found = {tuple(way.principals): way.condition for way in everyone.who(everyone.role(ROLE)).ways}
    assert "Own1" in found[user(1),]
    assert "Own2" in found[user(2),]
