"""Which roles can be reached: a hand-made world, and every chain tried one by one."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assumable.cli.reach import command
from assumable.errors import InputError
from assumable.formats.dump import read_snapshot
from assumable.formats.scenario import parse_scenario
from assumable.model.world import Role
from assumable.org.naming import role_named
from assumable.org.paths import MAX_PATHS, Decided, Path, Paths
from assumable.org.whocan import Everyone
from assumable.source import Document
from tests.org.one_by_one import OneByOne, told
from tests.organizations.generator import write
from tests.worlds import DEPLOYER, NOW, A, B, allow, classic, policy, trust


def role(name: str, *trusted: dict[str, Any], may: Sequence[str] = ()) -> dict[str, Any]:
    """A role of account B that may assume others of it."""
    found: dict[str, Any] = {"RoleName": name, "AssumeRolePolicyDocument": policy(*trusted)}
    if may:
        own = policy(allow(resource=[arn_of(other) for other in may]))
        found["RolePolicyList"] = [{"PolicyName": "p", "PolicyDocument": own}]
    return found


def arn_of(name: str) -> str:
    return f"arn:aws:iam::{B}:role/{name}"


HOME = {"AWS": f"arn:aws:iam::{B}:root"}
WITH_ID = {"StringEquals": {"sts:ExternalId": "acme-42"}}
WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def world() -> Everyone:
    """deployer → First → Second → Last, a longer way to Second, and what is out of reach."""
    scenario = classic(identity=[allow(resource=[arn_of("First"), arn_of("Detour")])])
    scenario["accounts"][B]["RoleDetailList"] = [
        role("First", trust({"AWS": DEPLOYER}), may=["Second"]),
        role("Detour", trust({"AWS": DEPLOYER}, Condition=WITH_MFA), may=["Third"]),
        role("Third", trust(HOME), may=["Second"]),
        role("Second", trust(HOME, Condition=WITH_ID), may=["Last", "First"]),
        role("Last", trust(HOME)),
        role("Guarded", trust(HOME, Condition=WITH_MFA)),
        role("Elsewhere", trust({"Service": "ec2.amazonaws.com"})),
    ]
    return everyone_in(scenario)


def everyone_in(scenario: dict[str, Any]) -> Everyone:
    text = json.dumps(scenario)
    return Everyone(parse_scenario(Document("s.json", text), now=NOW).world, NOW)


def number(everyone: Everyone, arn: str) -> int:
    return everyone.universe.number[arn]


def reached(everyone: Everyone) -> tuple[Path, ...]:
    return Paths(Decided(everyone)).reach(number(everyone, DEPLOYER))


def names(path: Any) -> list[str]:
    return [step.role.rpartition("/")[2] for step in path.steps]


def test_every_role_is_reached_by_a_shortest_path() -> None:
    everyone = world()
    found = reached(everyone)
    assert [names(path) for path in found] == [
        ["Detour"],
        ["First"],
        ["First", "Second"],
        ["Detour", "Third"],
        ["First", "Second", "Last"],
    ]
    by_role = {path.role: path.conditions for path in found}
    assert by_role[arn_of("First")] == ()
    assert by_role[arn_of("Last")] == ("sts:ExternalId is `acme-42`",)


def test_all_simple_paths_to_a_role() -> None:
    everyone = world()
    paths, start = Paths(Decided(everyone)), number(everyone, DEPLOYER)
    last = role_named("Last", everyone.universe.names)
    assert [names(path) for path in paths.all_to(start, last)] == [
        ["First", "Second", "Last"],
        ["Detour", "Third", "Second", "Last"],
    ]
    assert len(list(paths.all_to(start, last, 3))) == 1
    assert not list(paths.all_to(start, role_named("Elsewhere", everyone.universe.names)))


def test_of_two_paths_of_one_length_the_one_that_asks_for_less_is_taken() -> None:
    """Whichever of the two is looked at first."""
    scenario = classic(identity=[allow(resource=[arn_of("A1"), arn_of("Z1"), arn_of("Z2")])])
    scenario["accounts"][B]["RoleDetailList"] = [
        role("A1", trust({"AWS": DEPLOYER}, Condition=WITH_ID), may=["Last"]),
        role("Z1", trust({"AWS": DEPLOYER}), may=["Last", "Other"]),
        role("Z2", trust({"AWS": DEPLOYER}, Condition=WITH_ID), may=["Other"]),
        role("Last", trust(HOME)),
        role("Other", trust(HOME)),
    ]
    everyone = everyone_in(scenario)
    found = reached(everyone)
    assert [(names(path), path.conditions) for path in found[-2:]] == [
        (["Z1", "Last"], ()),
        (["Z1", "Other"], ()),
    ]


def test_no_path_is_followed_that_cannot_end_at_the_role() -> None:
    """Among forty roles that may all assume each other there are billions of them."""
    crowd = [f"R{number}" for number in range(40)]
    scenario = classic(identity=[allow()])
    scenario["accounts"][B]["RoleDetailList"] = [
        *(role(name, trust(HOME), trust({"AWS": DEPLOYER}), may=crowd) for name in crowd[1:]),
        role("R0", trust({"AWS": DEPLOYER}), may=[*crowd, "Gate"]),
        role("Gate", trust({"AWS": arn_of("R0")}), may=["Last"]),
        role("Last", trust({"AWS": arn_of("Gate")})),
        role("Elsewhere", trust({"Service": "ec2.amazonaws.com"})),
    ]
    everyone = everyone_in(scenario)
    paths, start = Paths(Decided(everyone)), number(everyone, DEPLOYER)
    assert not list(paths.all_to(start, role_named("Elsewhere", everyone.universe.names), 8))
    (found,) = paths.all_to(start, role_named("Last", everyone.universe.names), 8)
    assert names(found) == ["R0", "Gate", "Last"]


def test_the_same_as_every_chain_tried_one_by_one() -> None:
    everyone = world()
    start, alone = everyone.principal(DEPLOYER), OneByOne(everyone.universe.world, NOW)
    roles = [everyone.role(name) for name in
             ("First", "Detour", "Third", "Second", "Last", "Guarded", "Elsewhere")]  # fmt: skip
    expected: dict[str, int] = {}
    for length in range(1, 5):
        for chain in itertools.permutations(roles, length):
            hops = itertools.pairwise((start, *chain))
            if all(alone((a.arn, b.arn)) is not False for a, b in hops):
                expected.setdefault(chain[-1].arn, length)
    found = reached(everyone)
    assert {path.role: len(path.steps) for path in found} == expected


def chains(everyone: Everyone, start: int, most: int) -> dict[int, dict[tuple[int, ...], int]]:
    """By the last role, every chain of different roles that passes hop by hop, decided one by one.

    Of each, how many different conditions must hold.
    """
    people = everyone.universe.principals
    alone = OneByOne(everyone.universe.world, NOW)
    roles = [(n, found) for n, found in enumerate(people) if isinstance(found, Role)]
    edges = {
        (n, m): told(passes) or ""
        for n, principal in enumerate(people)
        for m, asked in roles
        if (passes := alone((principal.arn, asked.arn))) is not False
    }
    found: dict[int, dict[tuple[int, ...], int]] = {}
    level: list[tuple[tuple[int, ...], frozenset[str]]] = [((start,), frozenset())]
    for _ in range(most):
        level = [
            ((*passed, m), held | {edges[passed[-1], m]} - {""})
            for passed, held in level
            for m, _ in roles
            if m not in passed and (passed[-1], m) in edges
        ]
        for passed, held in level:
            found.setdefault(passed[-1], {})[passed[1:]] = len(held)
    return found


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_same_as_every_chain_in_a_whole_organization(seed: int, tmp_path: File) -> None:
    """From everybody: each role by a shortest chain that asks for least, and all chains to it."""
    write(tmp_path, seed, "tiny")
    everyone = Everyone(read_snapshot(tmp_path), NOW)
    paths, longest = Paths(Decided(everyone)), 0
    for start in range(len(everyone.universe.names)):
        expected = chains(everyone, start, 4)
        found = {everyone.universe.number[path.role]: path for path in paths.reach(start)}
        assert {target for target, path in found.items() if len(path.steps) <= 4} == set(expected)
        for target, every in expected.items():
            steps = tuple(everyone.universe.number[step.role] for step in found[target].steps)
            assert len(steps) == min(map(len, every))
            assert steps in every
            longest = max(longest, len(steps))
            all_found = [
                tuple(everyone.universe.number[step.role] for step in path.steps)
                for path in paths.all_to(start, target)
            ]
            assert len(all_found) == len(every)
            assert set(all_found) == set(every)
            assert [*map(len, all_found)] == sorted(map(len, all_found))
    assert longest >= 2


@pytest.mark.parametrize(
    "text", ["nobody", "", "n", f"arn:aws:iam::{A}:user/nobody", "*", A, f"arn:aws:iam::{A}:root"]
)
def test_who_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="there is no user or role"):
        world().principal(text)


def test_the_command_prints_the_paths(tmp_path: File) -> None:
    file = tmp_path / "s.json"
    scenario = classic()
    file.write_text(json.dumps(scenario))
    result = CliRunner().invoke(command, [DEPLOYER, "--scenario", str(file)])
    assert result.output == (
        f"user/deployer ({A}): 1 role can be reached\n  1   role/DeployRole ({B})\n"
    )
    words = [DEPLOYER, "--scenario", str(file), "--to", "DeployRole", "--format", "json"]
    answer = json.loads(CliRunner().invoke(command, words).output)
    assert [step["condition"] for path in answer["paths"] for step in path["steps"]] == [""]


@pytest.mark.parametrize(
    "text", ["deployer", "user/deployer", DEPLOYER, f"arn:aws:sts::{B}:assumed-role/First/ci"]
)
def test_who_starts_is_named_as_people_do(text: str) -> None:
    found = world().principal(text).arn
    assert found == (arn_of("First") if "First" in text else DEPLOYER)


def test_a_name_of_several_is_refused_with_whom_it_could_be() -> None:
    scenario = classic()
    scenario["accounts"][B]["UserDetailList"] = [{"UserName": "deployer"}]
    with pytest.raises(InputError, match=r"2 users and roles are called `deployer`") as error:
        everyone_in(scenario).principal("deployer")
    assert DEPLOYER in str(error.value)


def test_a_name_that_is_nearly_there_is_said() -> None:
    with pytest.raises(InputError, match=rf"there is no user or role `deploier` .*{DEPLOYER}"):
        world().principal("deploier")
    with pytest.raises(InputError, match=rf"there is no role `Secnd` .*{arn_of('Second')}"):
        world().role("Secnd")
    with pytest.raises(InputError, match="is a user, and only roles are assumed"):
        world().role(DEPLOYER)


def run(tmp_path: File, scenario: dict[str, Any], *words: str) -> Result:
    file = tmp_path / "s.json"
    file.write_text(json.dumps(scenario))
    return CliRunner().invoke(command, [*words, "--scenario", str(file)])


def test_each_condition_is_told_with_the_hops_that_ask_for_it(tmp_path: File) -> None:
    """One that says `or` stays apart from the next; each hop sends an external ID of its own."""
    one, other = "198.51.100.0/24", "203.0.113.0/24"
    office = {"IpAddress": {"aws:SourceIp": [one, other]}}
    scenario = classic(identity=[allow(resource=arn_of("First"))])
    scenario["accounts"][B]["RoleDetailList"] = [
        role("First", trust({"AWS": DEPLOYER}, Condition=office), may=["Second"]),
        role("Second", trust(HOME, Condition=WITH_ID), may=["Last"]),
        role("Last", trust(HOME, Condition=office)),
    ]
    where = f"aws:SourceIp is in `{one}` or aws:SourceIp is in `{other}`"
    assert run(tmp_path, scenario, DEPLOYER).output == (
        f"user/deployer ({A}): 3 roles can be reached\n"
        f"  1   role/First ({B})\n"
        f"      if {where}\n"
        f"  2   role/First ({B}) → role/Second ({B})\n"
        f"      hop 1 if {where}\n"
        "      hop 2 if sts:ExternalId is `acme-42`\n"
        f"  3   role/First ({B}) → role/Second ({B}) → role/Last ({B})\n"
        f"      hops 1, 3 if {where}\n"
        "      hop 2 if sts:ExternalId is `acme-42`\n"
    )


def test_hops_bound_whatever_is_asked(tmp_path: File) -> None:
    scenario = classic(identity=[allow(resource=arn_of("First"))])
    scenario["accounts"][B]["RoleDetailList"] = [
        role("First", trust({"AWS": DEPLOYER}), may=["Second"]),
        role("Second", trust(HOME)),
    ]
    for words in ([], ["--to", "Second"]):
        answer = json.loads(
            run(tmp_path, scenario, DEPLOYER, *words, "--hops", "1", "--format", "json").output
        )
        assert len(answer["paths"]) == (0 if words else 1)


def test_where_there_are_more_paths_than_are_shown_it_is_said(tmp_path: File) -> None:
    scenario = classic(identity=[allow()])
    many = [f"R{number:03}" for number in range(MAX_PATHS + 1)]
    scenario["accounts"][B]["RoleDetailList"] = [
        *(role(name, trust({"AWS": DEPLOYER}), may=["Last"]) for name in many),
        role("Last", trust(HOME)),
    ]
    words = [DEPLOYER, "--to", "Last", "--hops", "2"]
    text = run(tmp_path, scenario, *words).output
    assert text.startswith(f"user/deployer ({A}): the first {MAX_PATHS} paths to role/Last ({B})\n")
    assert text.count("role/Last") == MAX_PATHS + 1
    answer = json.loads(run(tmp_path, scenario, *words, "--format", "json").output)
    assert (len(answer["paths"]), answer["complete"]) == (MAX_PATHS, False)
    scenario["accounts"][B]["RoleDetailList"].pop(0)
    answer = json.loads(run(tmp_path, scenario, *words, "--format", "json").output)
    assert (len(answer["paths"]), answer["complete"]) == (MAX_PATHS, True)
    assert (answer["principal"], answer["to"]) == (DEPLOYER, arn_of("Last"))


def test_a_condition_that_both_hops_ask_for_counts_once() -> None:
    """So that the way on which one thing must hold is taken, and not that on which two must."""
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    scenario = classic(identity=[allow(resource=[arn_of("A1"), arn_of("B1")])])
    scenario["accounts"][B]["RoleDetailList"] = [
        role("A1", trust({"AWS": DEPLOYER}, Condition=WITH_ID), may=["Last"]),
        role("B1", trust({"AWS": DEPLOYER}, Condition=office), may=["Last"]),
        role("Last", trust(HOME, Condition=office)),
    ]
    (last,) = (path for path in reached(everyone_in(scenario)) if path.role == arn_of("Last"))
    assert names(last) == ["B1", "Last"]
    assert last.conditions == ("aws:SourceIp is in `203.0.113.0/24`",)


def test_no_condition_at_all_is_less_than_one() -> None:
    scenario = classic(identity=[allow(resource=[arn_of("A1"), arn_of("B1")])])
    scenario["accounts"][B]["RoleDetailList"] = [
        role("A1", trust({"AWS": DEPLOYER}), may=["Last"]),
        role("B1", trust({"AWS": DEPLOYER}), may=["Last"]),
        role("Last", trust({"AWS": arn_of("A1")}, Condition=WITH_ID), trust({"AWS": arn_of("B1")})),
    ]
    (last,) = (path for path in reached(everyone_in(scenario)) if path.role == arn_of("Last"))
    assert (names(last), last.conditions) == (["B1", "Last"], ())
