"""Why a call is allowed: every independent way in, each of which suffices alone."""

from typing import Any

import pytest

from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Verdict, decide
from assumable.findings.grants import GrantPath, only, paths_of
from tests.reference.generator import FAMILIES, scenario
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, parsed, trust

ROOT = f"arn:aws:iam::{A}:root"
SEEDS = 60


def ways_in(world: dict[str, Any]) -> list[GrantPath]:
    """The paths of a plain call."""
    (paths,) = paths_of(decide_chain(*parsed(world)))
    assert paths.complete
    return [path.view for path in paths.found]


def in_one_account(*statements: Any, identity: list[Any]) -> dict[str, Any]:
    """The user and the role of one account."""
    role = ROLE.replace(B, A)
    world = classic(trust_statements=list(statements), identity=identity, RoleArn=role)
    world["accounts"][A]["RoleDetailList"] = world["accounts"].pop(B)["RoleDetailList"]
    return world


def test_across_accounts_a_path_has_a_statement_on_either_side() -> None:
    """Two statements let the user in, two permit it: four ways."""
    found = ways_in(
        classic(
            trust_statements=[
                trust({"AWS": DEPLOYER}),
                trust({"AWS": ROOT}),
                trust({"Service": "ec2.amazonaws.com"}),
            ],
            identity=[allow(resource=ROLE), allow("sts:*"), allow("s3:*")],
        )
    )
    forms = [[grant.form for grant in path.grants] for path in found]
    assert sorted(forms) == [["account", ""]] * 2 + [["user", ""]] * 2
    first = found[0].grants
    assert (
        first[0].text
        == f"statement 1 of the trust policy of DeployRole names this user ({DEPLOYER})"
    )
    assert first[0].evidence.line is not None
    assert first[0].account == B
    assert first[1].account == A


def test_in_one_account_the_user_itself_needs_no_permission() -> None:
    """The statement that names the user suffices; that of the account needs a permission."""
    found = ways_in(
        in_one_account(
            trust({"AWS": DEPLOYER}), trust({"AWS": ROOT}), identity=[allow(resource="*")]
        )
    )
    assert [[grant.form for grant in path.grants] for path in found] == [["user"], ["account", ""]]


def test_one_statement_may_serve_several_actions() -> None:
    """A call with tags rests on both actions, in one statement or in two."""
    found = ways_in(
        classic(
            trust_statements=[
                trust({"AWS": DEPLOYER}, ["sts:AssumeRole", "sts:TagSession"]),
                trust({"AWS": DEPLOYER}),
            ],
            identity=[allow("sts:*")],
            Tags=[{"Key": "team", "Value": "web"}],
        )
    )
    assert [len(path.grants) for path in found] == [2]
    assert found[0].grants[0].actions == ("sts:AssumeRole", "sts:TagSession")


def test_a_path_says_under_which_condition_it_holds() -> None:
    """What is not known stays open, path by path."""
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    found = ways_in(
        classic(
            trust_statements=[trust({"AWS": DEPLOYER}), trust({"AWS": ROOT}, Condition=condition)]
        )
    )
    assert [path.verdict for path in found] == [Verdict.ALLOWED, Verdict.CONDITIONAL]
    assert "aws:SourceIp" in found[1].residual


def test_a_role_that_trusts_itself_by_the_old_rule_needs_no_statement() -> None:
    """Before 2022-09-21 the role's own policies were enough (R1.22)."""
    world = in_one_account(trust({"Service": "ec2.amazonaws.com"}), identity=[])
    role = world["accounts"][A]["RoleDetailList"][0]
    document = {"Version": "2012-10-17", "Statement": [allow()]}
    role["RolePolicyList"] = [{"PolicyName": "own", "PolicyDocument": document}]
    world["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/DeployRole/me"}
    world["time"] = "2022-01-01T00:00:00Z"
    (path,) = ways_in(world)
    assert "own trust in itself" in path.implicit
    assert [grant.text for grant in path.grants] == ["statement 1 of own permits it"]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_path_alone_suffices_and_none_of_it_can_be_left_out(family: str) -> None:
    """With all other grants removed the hop still passes; with one less it passes less."""
    for seed in range(SEEDS):
        chain = decide_chain(*parsed(scenario(seed, family)))
        if chain.verdict is Verdict.DENIED:
            continue
        for paths in paths_of(chain):
            assert paths.found, seed
            for path in paths.found:
                alone = decide(only(paths.decision, path.keys), paths.decision.call)
                assert alone.passes == path.passes is not False, seed
                for key in path.keys:
                    less = decide(only(paths.decision, path.keys - {key}), paths.decision.call)
                    assert less.passes != path.passes, seed
