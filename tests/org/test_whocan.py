"""Who can assume a role: hand-made worlds with exact answers, and the index against every pair."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from assumable.cli.who import command
from assumable.errors import InputError
from assumable.formats.dump import read_snapshot
from assumable.formats.scenario import parse_scenario, read_scenario
from assumable.model.policy import Policy
from assumable.model.world import Account, Role, World
from assumable.org.whocan import Everyone, WhoCan
from assumable.source import Document
from tests.org.one_by_one import OneByOne, told
from tests.organizations.generator import write
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, classic, policy, trust

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").rglob("*.yaml"))


def world_of(scenario: Mapping[str, Any]) -> World:
    return parse_scenario(Document("s.json", json.dumps(scenario)), now=NOW).world


def everyone(scenario: Mapping[str, Any]) -> Everyone:
    return Everyone(world_of(scenario), NOW)


def asked(scenario: Mapping[str, Any], role: str = ROLE) -> WhoCan:
    world = everyone(scenario)
    return world.who(world.role(role))


def ways(answer: WhoCan) -> dict[str, set[str]]:
    return {way.condition: set(way.principals) for way in answer.ways}


def crowd(*statements: Any) -> dict[str, Any]:
    """The classic pair, and in the caller's account a user without a permission and a role."""
    scenario = classic(trust_statements=list(statements))
    scenario["accounts"][A]["UserDetailList"].append({"UserName": "idle"})
    scenario["accounts"][B] |= {
        "OpenIDConnectProviders": [{"Arn": GITHUB["Federated"], "ClientIDList": ["x"]}],
        "SAMLProviders": [{"Arn": CORPORATE["Federated"]}],
    }
    scenario["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "CI",
            "Path": "/build/",
            "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:*"))}],
        }
    ]
    return scenario


CI = f"arn:aws:iam::{A}:role/build/CI"
GITHUB = {"Federated": f"arn:aws:iam::{B}:oidc-provider/token.actions.githubusercontent.com"}
CORPORATE = {"Federated": f"arn:aws:iam::{B}:saml-provider/corporate"}


def test_a_whole_account_is_those_whom_it_permits() -> None:
    answer = asked(crowd(trust({"AWS": f"arn:aws:iam::{A}:root"})))
    assert ways(answer) == {"": {DEPLOYER, CI}}
    assert answer.known == 4


def test_a_condition_is_told() -> None:
    wants = {"StringEquals": {"sts:ExternalId": "acme-42"}}
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    answer = asked(
        crowd(
            trust({"AWS": DEPLOYER}, Condition=wants),
            trust({"AWS": f"arn:aws:iam::{A}:root"}, Condition=mfa),
        )
    )
    (way,) = answer.ways
    assert way.statements == (1, 2)
    assert way.principals == (DEPLOYER,)  # the session of a role never presents MFA
    assert "sts:ExternalId is `acme-42`" in way.condition
    assert "aws:MultiFactorAuthPresent" in way.condition


@pytest.mark.parametrize(
    ("operator", "key", "values", "is_narrower"),
    [
        ("StringEquals", "aws:PrincipalAccount", [B], True),
        ("StringEqualsIfExists", "AWS:principalaccount", [B], True),
        ("ForAnyValue:StringLike", "aws:PrincipalAccount", [B, "333333333333"], True),
        ("ArnLike", "aws:PrincipalArn", [f"arn:aws:iam::{B}:role/*"], True),
        ("ArnEquals", "aws:PrincipalArn", [ROLE, f"arn:aws:iam::{B}:user/*"], True),
        ("StringLike", "aws:PrincipalArn", [f"arn:aws:iam::{B}:*"], True),
        ("StringLike", "aws:PrincipalAccount", [B, "1*"], False),
        ("StringNotEquals", "aws:PrincipalAccount", [B], False),
        ("StringEquals", "aws:PrincipalAccount", ["${aws:ResourceAccount}"], False),
        ("ArnNotLike", "aws:PrincipalArn", [f"arn:aws:iam::{B}:role/*"], False),
        (
            "ArnLike",
            "aws:PrincipalArn",
            [f"arn:aws:iam::{B}:role/*", "arn:aws:iam::*:role/x"],
            False,
        ),
        ("StringLike", "aws:PrincipalArn", [f"arn:aws:*:{B}:role/*"], False),
        ("StringEquals", "aws:ResourceAccount", [B], False),
    ],
)
def test_a_condition_that_names_accounts_leaves_the_others_out(
    operator: str, key: str, values: list[str], is_narrower: bool
) -> None:
    """They are no candidates of a trust in everyone; the engine says the same of them."""
    scenario = crowd(trust({"AWS": "*"}, Condition={operator: {key: values}}))
    scenario["accounts"][B]["UserDetailList"] = [{"UserName": "inside"}]
    assert asked(scenario).candidates == (2 if is_narrower else 4)
    holds_for_every_pair(world_of(scenario), NOW)


def test_whose_path_is_not_known_may_have_any_arn() -> None:
    """Of such a role the account is known, but the engine holds its ARN for open."""
    wanted = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{B}:role/*"}}
    world = world_of(crowd(trust({"AWS": "*"}, Condition=wanted)))
    account = world.accounts[A]
    assert isinstance(account, Account)
    role = msgspec.structs.replace(account.roles[CI], path_known=False)
    changed = msgspec.structs.replace(account, roles={CI: role})
    unsure = msgspec.structs.replace(world, accounts={**world.accounts, A: changed})
    assert Everyone(unsure, NOW).passes(role, unsure.accounts[B].roles[ROLE]) is not False  # type: ignore[union-attr]  # it was read
    holds_for_every_pair(unsure, NOW)


@pytest.mark.parametrize(
    ("resource", "holds"),
    [
        (f"arn:aws:iam::{B}:role/${{aws:username}}", True),
        (f"arn:aws:iam::{B}:role/x-${{aws:username}}", False),
        (f"arn:aws:iam::{B}:role/${{aws:PrincipalTag/team, 'deployer'}}", True),
        (f"arn:aws:iam::{B}:role/dep*", True),
        ("*", True),
        ("arn:aws:iam::999999999999:role/*", False),
    ],
)
def test_a_permission_may_be_a_pattern(resource: str, holds: bool) -> None:
    """With wildcards, or with a variable that stands for anything until it is put in."""
    scenario = classic(identity=[allow(resource=resource)])
    trusting = policy(trust({"AWS": f"arn:aws:iam::{A}:root"}))
    scenario["accounts"][B]["RoleDetailList"].append(
        {"RoleName": "deployer", "AssumeRolePolicyDocument": trusting}
    )
    answer = asked(scenario, f"arn:aws:iam::{B}:role/deployer")
    assert ways(answer) == ({"": {DEPLOYER}} if holds else {})


def test_who_cannot_be_listed_is_told_by_kind() -> None:
    sub = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}
    answer = asked(
        crowd(
            trust({"Service": "lambda.amazonaws.com"}),
            trust(GITHUB, "sts:AssumeRoleWithWebIdentity", Condition=sub),
            trust({"AWS": "arn:aws:iam::999999999999:root"}),
        )
    )
    assert [(o.kind, o.statement) for o in answer.others] == [
        ("service", 1), ("federated", 2), ("account", 3),
    ]  # fmt: skip
    assert "sub is like `repo:acme/*`" in answer.others[1].condition
    assert answer.ways == ()


@pytest.mark.parametrize("action", ["sts:*WithSAML", "sts:?ssumeRoleWithSAML", "STS:assumerole*"])
def test_who_comes_with_an_assertion_is_told_however_the_action_is_written(action: str) -> None:
    answer = asked(crowd(trust(CORPORATE, action), trust({"Service": "ec2.amazonaws.com"}, "s3:*")))
    assert [(o.kind, o.statement) for o in answer.others] == [("federated", 1)]


def test_an_action_that_is_not_theirs_lets_nobody_in() -> None:
    """FACTS 3.1: bearers call an action of their own, services and accounts AssumeRole."""
    outside = {"AWS": "arn:aws:iam::999999999999:root", "Service": "ec2.amazonaws.com"}
    answer = asked(
        crowd(trust(CORPORATE), trust(outside, "sts:AssumeRoleWithSAML"), trust(outside))
    )
    assert {(o.kind, o.statement) for o in answer.others} == {("account", 3), ("service", 3)}


def test_ways_come_without_a_condition_first_then_by_how_many_there_are() -> None:
    wants = {"StringEquals": {"sts:ExternalId": "acme-42"}}
    scenario = crowd(trust({"AWS": A}, Condition=wants), trust({"AWS": CI}))
    users = scenario["accounts"][A]["UserDetailList"]
    network = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    for name, document in (
        ("a1", policy(allow(Condition=network))), ("a2", policy(allow())), ("a3", policy(allow()))
    ):  # fmt: skip
        own = [{"PolicyName": "p", "PolicyDocument": document}]
        users.append({"UserName": name, "UserPolicyList": own})
    assert [len(way.principals) for way in asked(scenario).ways] == [1, 3, 1]
    assert [way.condition == "" for way in asked(scenario).ways] == [True, False, False]


def test_before_september_2022_a_role_may_assume_itself_beside_whom_it_trusts() -> None:
    """R1.22: nothing in its trust policy has to say so."""
    scenario = crowd(trust({"AWS": f"arn:aws:iam::{A}:root"}))
    home = scenario["accounts"][B]["RoleDetailList"][0]
    home["RolePolicyList"] = [{"PolicyName": "p", "PolicyDocument": policy(allow())}]
    world, then = world_of(scenario), datetime(2022, 9, 1, tzinfo=UTC)
    for when, itself in ((then, True), (NOW, False)):
        everybody = Everyone(world, when)
        passing = {name for way in everybody.who(everybody.role(ROLE)).ways
                   for name in way.principals}  # fmt: skip
        assert (ROLE in passing) is itself
        assert {DEPLOYER, CI} <= passing


def test_a_role_that_was_not_read_says_so() -> None:
    scenario = crowd(trust({"AWS": DEPLOYER}))
    scenario["unknown"] = [f"trust:{ROLE}"]
    assert asked(scenario).not_known


def test_policies_that_were_not_read_may_permit_it() -> None:
    scenario = crowd(trust({"AWS": f"arn:aws:iam::{A}:root"}))
    scenario["unknown"] = [f"identity:{DEPLOYER}"]
    found = ways(asked(scenario))
    assert found.pop("") == {CI}
    ((condition, who),) = found.items()
    assert who == {DEPLOYER}
    assert condition == "sts:AssumeRole is allowed by the identity policy of user/deployer"
    holds_for_every_pair(world_of(scenario), NOW)


@pytest.mark.parametrize(
    ("text", "found"),
    [(ROLE, True), ("DeployRole", True), ("role/DeployRole", True), ("Nobody", False),
     ("DeployRol", False), ("other/DeployRole", False), ("", False), (f"{ROLE}x", False)],
)  # fmt: skip
def test_a_role_is_found_by_arn_or_by_a_name_of_its_own(text: str, found: bool) -> None:
    world = everyone(crowd(trust({"AWS": DEPLOYER})))
    if found:
        assert world.role(text).arn == ROLE
    else:
        with pytest.raises(InputError, match="there is no role"):
            world.role(text)


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_index_finds_whomever_the_engine_lets_in(file: Path) -> None:
    """Of every pair in every scenario, decided one by one."""
    world, call = read_scenario(file, now=NOW)
    holds_for_every_pair(world, call.time)


def holds_for_every_pair(world: World, now: datetime) -> None:
    """What the index and the engine say together is what the engine alone says."""
    asked_of, alone = Everyone(world, now), OneByOne(world, now)
    for role in asked_of.universe.principals:
        if not isinstance(role, Role) or not isinstance(role.trust, Policy):
            continue
        by_itself, tagged, in_all = (defaultdict[str | None, set[str]](set) for _ in range(3))
        for name, plain, passes in alone.to(role):
            assert asked_of.passes(alone.found[name], role) == passes
            (tagged if plain is False else by_itself)[told(passes)].add(name)
            in_all[told(passes)].add(name)
        for found in (by_itself, tagged, in_all):
            found.pop(None, None)
        answer, names = asked_of.who(role), asked_of.universe.names
        assert ways(answer) == by_itself
        assert {way.condition: set(way.principals) for way in answer.tagged} == tagged
        passing = {each.condition: {names[n] for n in each.members}
                   for each in asked_of.passing(role)}  # fmt: skip
        assert passing == in_all


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_index_finds_whomever_the_engine_lets_in_a_whole_organization(
    seed: int, tmp_path: Path
) -> None:
    """Of every pair of a generated one, decided one by one."""
    write(tmp_path, seed, "tiny")
    holds_for_every_pair(read_snapshot(tmp_path), NOW)


def test_the_same_world_gives_the_same_numbers() -> None:
    """In whatever order it was read."""
    scenario = crowd(trust({"AWS": DEPLOYER}))
    turned = {**scenario, "accounts": dict(reversed(scenario["accounts"].items()))}
    for account in turned["accounts"].values():
        for listed in account.values():
            listed.reverse()
    as_it_was = crowd(trust({"AWS": DEPLOYER}))
    assert everyone(turned).universe.number == everyone(as_it_was).universe.number


def run(tmp_path: Path, *words: str) -> Any:
    file = tmp_path / "s.json"
    file.write_text(json.dumps(crowd(trust({"AWS": f"arn:aws:iam::{A}:root"}))))
    return CliRunner().invoke(command, [ROLE, "--scenario", str(file), *words])


def test_the_command_names_them(tmp_path: Path) -> None:
    text = run(tmp_path).output
    assert text.startswith(f"role/DeployRole ({B}): 2 of the 4 principals known can assume it\n")
    assert f"always (statement 1)\n          {CI}\n" in text
    answer = json.loads(run(tmp_path, "--format", "json").output)
    assert answer["ways"] == [{"condition": "", "principals": [CI, DEPLOYER], "statements": [1]}]
    assert "and 1 more" in run(tmp_path, "--limit", "1").output


def test_the_command_needs_a_world() -> None:
    result = CliRunner().invoke(command, [ROLE])
    assert "choose a world" in str(result.exception)
