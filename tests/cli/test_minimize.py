"""`assumable minimize`: the same answer from less, and nothing left that could go."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from assumable.cli import minimize, why
from assumable.engine.match import Reason
from assumable.errors import AssumableError
from assumable.findings.outcome import Outcome, outcome_of
from assumable.formats.reduce import reduce, values_in
from assumable.formats.scenario import read_scenario
from tests.chains import chained
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, classic, parsed, policy, trust

HERE = Path(__file__).parents[1] / "scenarios"
FILES = sorted(str(path.relative_to(HERE)) for path in HERE.glob("AS*/fires*.yaml"))[::8]
STAY = ("scenario", "time", "title", "expect")


def run(*arguments: str | Path) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(minimize.command, list(map(str, arguments)))


def outcome(scenario: Any) -> Outcome | None:
    """The answer of a scenario; None where it cannot be read."""
    try:
        return outcome_of(*parsed(scenario))
    except AssumableError:
        return None


def with_one_less(value: Any, *, top: bool = True) -> Iterator[Any]:
    """The document without one member, for every member at any depth; brute force."""
    if isinstance(value, dict):
        for key, item in value.items():
            if top and key in STAY:
                continue
            yield {k: v for k, v in value.items() if k != key}
            for less in with_one_less(item, top=False):
                yield {**value, key: less}
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield value[:n] + value[n + 1 :]
            for less in with_one_less(item, top=False):
                yield [*value[:n], less, *value[n + 1 :]]


def could_be_saved(scenario: Any) -> bool:
    """Whether no list of a policy is empty; our reader minds that less than AWS does."""
    return "[]" not in json.dumps(list(scenario["accounts"].values()))


def crowded() -> dict[str, Any]:
    """A call that one condition denies, among much that does not matter."""
    wanted = {
        "StringEquals": {"sts:ExternalId": ["a-1", "b-2"]},
        "Bool": {"aws:ViaAWSService": "false"},
    }
    scenario = classic(
        trust_statements=[
            trust({"AWS": [DEPLOYER, f"{DEPLOYER}s"]}, ["sts:AssumeRole", "sts:TagSession"],
                  Condition=wanted),
            trust({"Service": "ec2.amazonaws.com"}),
        ],
        identity=[allow(["sts:AssumeRole", "s3:*"], [ROLE, "*"]), allow("s3:*")],
        DurationSeconds=900,
    )  # fmt: skip
    scenario["accounts"]["333333333333"] = {"UserDetailList": [{"UserName": "zoe"}]}
    scenario["accounts"][A]["UserDetailList"].append({"UserName": "adam", "Tags": []})
    scenario["organization"] = {
        "Id": "o-exampleorgid", "MasterAccountId": "999999999999", "Roots": [{"Id": "r-ab12"}],
        "OrganizationalUnits": [{"Id": "ou-ab12-11111111", "ParentId": "r-ab12"}],
        "Accounts": [{"Id": A, "ParentId": "ou-ab12-11111111"}],
        "Policies": [{"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY",
                      "Targets": ["r-ab12", "ou-ab12-11111111", A]}],
    }  # fmt: skip
    return {**scenario, "time": NOW.isoformat(), "error_text": "AccessDenied"}


SOURCES = {
    "all-five": broken(CLASSICS),
    "crowded": crowded(),
    "chain": chained(ci_may=[], DurationSeconds=7200),
    "allowed": classic(ExternalId="not-asked-for"),
    "open": {**crowded(), "unknown": [f"trust:{ROLE}", "context:aws:SourceIp"]},
}


@pytest.mark.parametrize("name", SOURCES)
def test_the_answer_is_the_same_and_nothing_more_can_go(name: str, tmp_path: Path) -> None:
    """Every other document with one member less gives another answer."""
    file = tmp_path / "scenario.json"
    given = {"time": NOW.isoformat(), **SOURCES[name]}
    file.write_text(json.dumps(given))
    result = run(file)
    assert result.exit_code == 0
    left = yaml.safe_load(result.stdout)
    wanted = outcome(given)
    assert outcome(left) == wanted
    assert values_in(left) < values_in(given)
    for less in with_one_less(left):
        assert outcome(less) != wanted or not could_be_saved(less)


@pytest.mark.parametrize("name", FILES)
def test_scenarios_keep_their_answer_under_pseudonyms_too(name: str) -> None:
    """The same verdict and causes, from files of every family."""
    before = outcome_of(*read_scenario(HERE / name, now=NOW))
    result = run(HERE / name, "--redact")
    assert result.exit_code == 0, result.output
    after = outcome(yaml.safe_load(result.stdout))
    assert after is not None
    assert after.verdict == before.verdict
    assert {f.cause for f in after.blocking} == {f.cause for f in before.blocking}


def test_what_does_not_matter_is_gone(tmp_path: Path) -> None:
    """Other accounts, principals, statements, values, keys, parameters, the organization."""
    file, out = tmp_path / "scenario.json", tmp_path / "small.yaml"
    file.write_text(json.dumps(crowded()))
    result = run(file, "-o", out)
    assert result.stdout == ""
    left = yaml.safe_load(out.read_text())
    assert set(left) == {"scenario", "time", "accounts", "call"}
    assert set(left["accounts"]) == {A, B}
    assert left["call"]["parameters"] == {"RoleArn": ROLE}
    (role,) = left["accounts"][B]["RoleDetailList"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": [DEPLOYER]}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ["b-2"]}}
    assert re.search(r"^\d+ of \d+ values are left after \d+ tries\nstill denied: ", result.stderr)


def test_what_the_evidence_shows_stays(tmp_path: Path) -> None:
    """A statement that is nearly right: without it the call would lack the permission as well."""
    file = tmp_path / "scenario.json"
    file.write_text(
        json.dumps(classic(identity=[allow(resource=f"{ROLE}-staging"), allow("s3:*")]))
    )
    left = yaml.safe_load(run(file).stdout)
    found = outcome(left)
    assert found is not None
    assert [finding.reasons for finding in found.blocking] == [{Reason.RESOURCE}]
    (user,) = left["accounts"][A]["UserDetailList"]
    (statement,) = user["UserPolicyList"][0]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == f"{ROLE}-staging"


def test_it_is_the_same_every_time(tmp_path: Path) -> None:
    """The order of tries is fixed."""
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(crowded()))
    assert run(file, "--redact").stdout == run(file, "--redact").stdout


def test_time_is_bounded_and_that_is_said(tmp_path: Path) -> None:
    """Without any time the scenario comes out as it went in."""
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(crowded()))
    result = run(file, "--seconds", "0")
    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout) == crowded()
    assert "note: stopped after 0 s: it may get smaller" in result.stderr


def test_policies_in_texts_are_taken_apart(tmp_path: Path) -> None:
    """As the `aws` command prints them in some places."""
    scenario = crowded()
    (role,) = scenario["accounts"][B]["RoleDetailList"]
    role["AssumeRolePolicyDocument"] = json.dumps(role["AssumeRolePolicyDocument"])
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(scenario))
    (role,) = yaml.safe_load(run(file).stdout)["accounts"][B]["RoleDetailList"]
    assert len(role["AssumeRolePolicyDocument"]["Statement"]) == 1


def test_texts_that_yaml_reads_otherwise_make_it_json(tmp_path: Path) -> None:
    """`1e5` is a number to readers of YAML 1.2 and a text to others."""
    file = tmp_path / "scenario.json"
    statement = trust({"AWS": f"{DEPLOYER}s"})
    scenario = classic(trust_statements=[statement])
    named = {"UserName": "1e5", "UserPolicyList": [{"PolicyDocument": policy(allow())}]}
    scenario["accounts"][A]["UserDetailList"] = [named]
    scenario["call"]["caller"]["arn"] = f"arn:aws:iam::{A}:user/1e5"
    file.write_text(json.dumps(scenario))
    left = json.loads(run(file).stdout)
    assert left["accounts"][A]["UserDetailList"][0]["UserName"] == "1e5"


def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path) -> None:
    """With the place, as `why` does; nothing is written."""
    file = tmp_path / "scenario.yaml"
    file.write_text("scenario: 2\naccounts: {}\ncall: {}\n")
    result = run(file)
    assert isinstance(result.exception, AssumableError)
    assert "version 1" in str(result.exception)


@pytest.mark.parametrize("command", [minimize.command, why.command])
def test_a_mistake_is_named_at_its_place_in_the_file(
    command: click.Command, tmp_path: Path
) -> None:
    """In YAML too, and by the same words as those of `why`."""
    file = tmp_path / "scenario.yaml"
    file.write_text(
        "scenario: 1\n# a remark\naccounts:\n  '111111111111':\n    UserDetailList:\n"
        "      - UserName: 7\ncall: {api: AssumeRole}\n"
    )
    arguments = [str(file)] if command is minimize.command else ["--scenario", str(file)]
    result = CliRunner().invoke(command, arguments)
    assert str(result.exception).startswith(f"{file}:6:19 at /accounts/111111111111/UserDetailList")


def test_reduction_ends_at_a_minimum_of_any_property() -> None:
    """Members that only go together with others of the same list go too."""
    document = {"keep": [1, 2, 3, 4, 5, 6, 7, 8], "other": {"x": {"y": []}}, "scenario": 1}
    original = copy.deepcopy(document)
    found = reduce(document, lambda d: {3, 7} <= set(d.get("keep", ())), lambda: False)
    assert found.document == {"keep": [3, 7], "scenario": 1}
    assert found.is_complete
    assert document == original
