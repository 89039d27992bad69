"""`assumable export-side` and `assumable why --side` as two administrators run them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_why import run, written
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, policy, trust

CALL = ("--role-arn", ROLE, "--role-session-name", "deploy-session")


def exported(folder: Path, name: str, *arguments: str) -> str:
    """The path of a side file that was written."""
    path = folder / name
    result = run("export-side", *arguments, "--out", str(path))
    assert result.returncode == 0, result.stderr
    return str(path)


def test_two_administrators_with_policy_files(tmp_path: Path) -> None:
    """Neither reads the other's account; what is open are the layers that neither gave."""
    mine = written(tmp_path, "mine.json", policy(allow(resource=ROLE)))
    theirs = written(tmp_path, "theirs.json", policy(trust({"AWS": f"{DEPLOYER}s"})))
    caller = exported(
        tmp_path, "a.json", "--caller", DEPLOYER, *CALL, "--caller-policy", mine
    )  # fmt: skip
    role = exported(
        tmp_path, "b.json", "--role", ROLE, "--caller", DEPLOYER,
        "--role-session-name", "deploy-session", "--trust-policy", theirs,
    )  # fmt: skip
    result = run("why", "--side", caller, "--side", role, "--format", "json")
    answer = json.loads(result.stdout)
    assert result.returncode == 1
    blocking = [(f["cause"], f["variant"], f["owner"]) for f in answer["findings"]]
    assert blocking == [("trust-principal", "near-name", B)]
    assert f"{DEPLOYER}s" not in result.stdout + Path(role).read_text(encoding="utf-8")


def test_a_given_side_says_the_call(tmp_path: Path) -> None:
    """Who has the other's file repeats no flag, and a pattern is decided where it stands."""
    pattern = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    trusting = trust({"AWS": f"arn:aws:iam::{A}:root"}, Condition=pattern)
    world = classic(trust_statements=[trusting])
    world["call"]["network"] = {"source_ip": "198.51.100.7"}
    scenario = written(tmp_path, "s.json", world)
    theirs = written(tmp_path, "theirs.json", policy(trusting))
    caller = exported(tmp_path, "a.json", "--caller", "--scenario", scenario)
    apart = exported(tmp_path, "b.json", "--role", "--scenario", scenario)
    assert run("why", "--side", caller, "--side", apart).returncode == 3
    last = exported(tmp_path, "c.json", "--role", "--given", caller, "--trust-policy", theirs)
    answer = json.loads(
        run("why", "--side", caller, "--side", last, "--format", "json").stdout
    )  # fmt: skip
    gates = {(gate["gate"], gate["outcome"]) for gate in answer["gates"]}
    assert ("trust", "allow") in gates
    assert "198.51.100" not in Path(last).read_text(encoding="utf-8")


def test_full_sides_are_answered_with_plans(tmp_path: Path) -> None:
    scenario = written(tmp_path, "s.json", classic(identity=[]))
    full = [
        exported(tmp_path, f"{side}.json", f"--{side}", "--scenario", scenario, "--full")
        for side in ("caller", "role")
    ]
    both = ("--side", full[0], "--side", full[1])
    assert "proof A" in run("why", *both).stdout
    less = exported(tmp_path, "less.json", "--role", "--scenario", scenario)
    assert "proof A" not in run("why", "--side", full[0], "--side", less).stdout


def test_a_side_is_printed_and_says_for_whom_it_is(tmp_path: Path) -> None:
    scenario = written(tmp_path, "s.json", classic())
    result = run("export-side", "--role", "--scenario", scenario)
    assert json.loads(result.stdout)["side"] == "role"
    words = "the role's side: outcomes and no policy text, for the administrator of"
    assert result.stderr == f"{words} {A}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export-side", "--scenario", "S"], "--caller or --role is missing"),
        (
            ["export-side", "--role", "--scenario", "S", "--assume", "U-3=effect"],
            "--assume belongs",
        ),
        (["export-side", "--caller", "--scenario", "S", "--given", "A"], "the caller's side too"),
        (["why", "--side", "A"], "two files are needed"),
        (["why", "--side", "A", "--side", "A"], "one side of the caller and one of the role"),
        (["why", "--side", "A", "--side", "A", "--scenario", "S"], "hold the whole question"),
        (["why", "--side", "A", "--side", "A", "--external-id", "x"], "hold the whole question"),
        (["why", "--side", "A", "--side", "A", "--error", "x"], "hold the whole question"),
        (["why", "--side", "A", "--side", "A", "--probe=plan"], "hold the whole question"),
        (["why", "--side", "A", "--side", "A", "--region", "x"], "hold the whole question"),
        (["why", "--side", "A", "--side", "A", "--older-snapshot", "x"], "hold the whole question"),
        (["why", "--side", "S", "--side", "A"], "is no side file"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[Any], words: str, tmp_path: Path) -> None:
    scenario = written(tmp_path, "s.json", classic())
    side = exported(tmp_path, "a.json", "--caller", "--scenario", scenario)
    names = {"S": scenario, "A": side}
    result = run(*(names.get(word, word) for word in arguments))
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert words in result.stderr
