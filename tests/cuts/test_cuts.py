"""Cuts of an unexpected allow: proved, minimal, and honest about who else loses access."""

import copy
import itertools
from typing import Any

import jsonpatch
import pytest

from assumable.cuts import Cut, cuts_for
from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Verdict
from assumable.findings.apply import apply
from assumable.findings.finding import Fix
from assumable.findings.grants import paths_of
from tests.reference.generator import FAMILIES, scenario
from tests.worlds import DEPLOYER, ROLE, A, allow, classic, parsed, trust, verdict_of

ROOT = f"arn:aws:iam::{A}:root"
OTHER = f"arn:aws:iam::{A}:user/other"
SEEDS = 60


def cut(world: dict[str, Any]) -> tuple[tuple[Cut, ...], dict[str, Fix]]:
    """The cuts of a call, and their edits by id."""
    chain = decide_chain(*parsed(world))
    cuts, fixes = cuts_for(chain, paths_of(chain))
    return cuts, {fix.id: fix for fix in fixes}


def with_other(world: dict[str, Any]) -> dict[str, Any]:
    """A second user, who may assume every role."""
    document = {"Version": "2012-10-17", "Statement": [allow()]}
    world["accounts"][A]["UserDetailList"].append(
        {"UserName": "other", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": document}]}
    )
    return world


def test_the_caller_is_taken_out_of_a_list() -> None:
    """The narrowest edit: whoever else the statement names stays."""
    cuts, fixes = cut(with_other(classic(trust_statements=[trust({"AWS": [OTHER, DEPLOYER]})])))
    first = fixes[cuts[0].fixes[0]]
    assert first.title == "take user/deployer out of statement 1 of the trust policy of DeployRole"
    assert first.edit[0]["value"] == {"AWS": [OTHER]}
    assert cuts[0].loses.count == 0
    assert cuts[0].loses.complete


def test_an_account_is_kept_and_the_caller_excepted_by_a_condition() -> None:
    """The condition joins those of the statement, under the operator as it is written there."""
    condition = {"arnNotEquals": {"AWS:principalARN": f"arn:aws:iam::{A}:user/x"}}
    world = classic(trust_statements=[trust({"AWS": ROOT}, Condition=condition)])
    cuts, fixes = cut(with_other(world))
    edit = fixes["cut/trust/1"].edit[0]["value"]
    assert edit == {"arnNotEquals": {"AWS:principalARN": [f"arn:aws:iam::{A}:user/x", DEPLOYER]}}
    assert cuts[0].loses.count == 0


def test_a_policy_is_never_left_without_statements() -> None:
    """`Statement is empty!`: statements that name nobody else become a Deny."""
    cuts, fixes = cut(
        classic(trust_statements=[trust({"AWS": DEPLOYER}), trust({"AWS": DEPLOYER})])
    )
    assert [fix.edit[0]["value"] for fix in fixes.values() if "cut/trust" in fix.id] == ["Deny"] * 2
    assert len(cuts[0].fixes) == 1


def test_several_statements_are_removed_from_the_last_to_the_first() -> None:
    """Removing one moves those behind it."""
    service = trust({"Service": "ec2.amazonaws.com"})
    world = classic(
        trust_statements=[trust({"AWS": DEPLOYER}), service, trust({"AWS": DEPLOYER})],
        identity=[allow(resource="*")],
    )
    cuts, _ = cut(world)
    assert cuts[0].fixes == ("cut/trust/3", "cut/trust/1")
    after = apply_patch(world, cuts[0])
    left = after["accounts"]["222222222222"]["RoleDetailList"][0]["AssumeRolePolicyDocument"]
    assert left["Statement"] == [service]
    assert verdict_of(after) == "denied"


def test_one_permission_is_less_than_two_trusts() -> None:
    """The smaller side is cut first, whoever administers it."""
    world = classic(trust_statements=[trust({"AWS": DEPLOYER}), trust({"AWS": ROOT})])
    cuts, fixes = cut(world)
    assert fixes[cuts[0].fixes[0]].target.account == A
    assert len(cuts[1].fixes) == 2


def test_two_policies_of_one_name_are_two_edits() -> None:
    """One of the user and one of its group may share a name."""
    trusts = [trust({"AWS": ROOT}), trust({"AWS": DEPLOYER}), trust({"AWS": A})]
    world = classic(trust_statements=trusts, identity=[allow(resource=[ROLE, f"{ROLE}2"])])
    account = world["accounts"][A]
    own = account["UserDetailList"][0]
    own["GroupList"] = ["ops"]
    policies = copy.deepcopy(own["UserPolicyList"])
    account["GroupDetailList"] = [{"GroupName": "ops", "GroupPolicyList": policies}]
    cuts, fixes = cut(world)
    assert {fixes[name].target.arn.rpartition(":")[2] for name in cuts[0].fixes} == {
        "user/deployer",
        "group/ops",
    }


def test_who_else_loses_access_is_counted() -> None:
    """A policy of a group takes it from every member."""
    world = with_other(classic(trust_statements=[trust({"AWS": ROOT})], identity=[]))
    document = {"Version": "2012-10-17", "Statement": [allow(resource=[ROLE, f"{ROLE}2"])]}
    account = world["accounts"][A]
    for user in account["UserDetailList"]:
        user["UserPolicyList"], user["GroupList"] = [], ["ops"]
    policy = [{"PolicyName": "p", "PolicyDocument": document}]
    account["GroupDetailList"] = [{"GroupName": "ops", "GroupPolicyList": policy}]
    cuts, _ = cut(world)
    lost = {cut.fixes: cut.loses.principals for cut in cuts}
    assert lost[("cut/permission/group/ops/p/1",)] == (OTHER,)
    assert lost[("cut/trust/1",)] == ()
    assert cuts[0].fixes == ("cut/trust/1",)


@pytest.mark.parametrize("principal", [{"Service": "ec2.amazonaws.com"}, "*"])
def test_a_service_is_never_one_caller_alone(principal: Any) -> None:
    """Whatever else it does with the role stops as well: nobody can list who that is."""
    world = classic(trust_statements=[trust(principal), trust({"AWS": OTHER})])
    world["call"]["caller"] = {"service": "ec2.amazonaws.com"}
    cuts, _ = cut(world)
    assert [cut.last_resort for cut in cuts] == [False, True]
    assert not any(cut.loses.complete for cut in cuts)


def test_a_bearer_is_excepted_by_its_subject() -> None:
    """The provider stays trusted for every other token."""
    seeds = (s for s in range(200) if verdict_of(scenario(s, "web-identity")) == "allowed")
    titles: list[str] = []
    for seed in itertools.islice(seeds, 10):
        world = scenario(seed, "web-identity")
        _, fixes = cut(world)
        titles += [fix.title for fix in fixes.values() if fix.id.startswith("cut/trust")]
    assert any(title.startswith("except `") and ":sub" in title for title in titles)


def test_a_deny_is_the_last_resort() -> None:
    """It comes last, and closes ways in that are not there yet."""
    cuts, fixes = cut(classic())
    assert [cut.last_resort for cut in cuts] == [False, False, True, True]
    assert fixes["cut/deny-in-trust"].edit[0]["value"]["Principal"] == {"AWS": DEPLOYER}


def apply_patch(world: dict[str, Any], cut: Cut) -> dict[str, Any]:
    """The scenario with a cut made."""
    patched: dict[str, Any] = jsonpatch.apply_patch(copy.deepcopy(world), list(cut.scenario_patch))
    return patched


@pytest.mark.parametrize("family", FAMILIES)
def test_every_cut_is_proved_and_minimal(family: str) -> None:
    """After it the call is denied, in the scenario too; no part of it alone does so."""
    made = 0
    for seed in range(SEEDS):
        world = scenario(seed, family)
        chain = decide_chain(*parsed(world))
        if chain.verdict is Verdict.DENIED:
            continue
        cuts, found = cuts_for(chain, paths_of(chain))
        fixes = {fix.id: fix for fix in found}
        for one in cuts:
            made += 1
            assert one.verdict_after is Verdict.DENIED
            assert verdict_of(apply_patch(world, one)) == "denied", seed
            for size in range(1, len(one.fixes)):
                for part in itertools.combinations(one.fixes, size):
                    less = apply([fixes[name] for name in part], chain.world, chain.call)
                    assert decide_chain(*less).verdict is not Verdict.DENIED, seed
    assert made
