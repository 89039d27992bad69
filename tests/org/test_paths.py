"""Which roles can be reached: a hand-made world, and every chain tried one by one."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

import pytest
from click.testing import CliRunner

from assumable.cli.reach import command
from assumable.errors import InputError
from assumable.formats.scenario import parse_scenario
from assumable.org.naming import role_named
from assumable.org.paths import Decided, Path, Paths
from assumable.org.whocan import Everyone
from assumable.source import Document
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
    assert len(paths.all_to(start, last, 3)) == 1
    assert paths.all_to(start, role_named("Elsewhere", everyone.universe.names)) == ()


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
    assert paths.all_to(start, role_named("Elsewhere", everyone.universe.names), 8) == ()
    (found,) = paths.all_to(start, role_named("Last", everyone.universe.names), 8)
    assert names(found) == ["R0", "Gate", "Last"]


def test_the_same_as_every_chain_tried_one_by_one() -> None:
    everyone = world()
    start = everyone.principal(DEPLOYER)
    roles = [everyone.role(name) for name in
             ("First", "Detour", "Third", "Second", "Last", "Guarded", "Elsewhere")]  # fmt: skip
    expected: dict[str, int] = {}
    for length in range(1, 5):
        for chain in itertools.permutations(roles, length):
            hops = itertools.pairwise((start, *chain))
            if all(everyone.passes(a, b) is not False for a, b in hops):  # type: ignore[arg-type]  # roles
                expected.setdefault(chain[-1].arn, length)
    found = reached(everyone)
    assert {path.role: len(path.steps) for path in found} == expected


@pytest.mark.parametrize(
    "text", ["nobody", f"arn:aws:iam::{A}:user/nobody", "*", A, f"arn:aws:iam::{A}:root"]
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
    assert [step["condition"] for path in answer for step in path["steps"]] == [""]
