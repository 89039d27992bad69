"""`assumable why -- COMMAND` where no AWS is needed: worlds from files, and contradictions."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.test_why import run, snapshot, written
from tests.worlds import DEPLOYER, ROLE, classic

ASSUME = ("aws", "sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "deploy")
OPEN = ("--assume", "organization=open")


def test_the_command_is_asked_in_a_world_of_files(tmp_path: Path) -> None:
    """`--caller` says who calls there; that the profile was not looked at is said."""
    folder = snapshot(tmp_path)
    command = ("--", *ASSUME, "--profile", "prod", "--output", "json")
    result = run("why", "--snapshot", folder, "--caller", DEPLOYER, *OPEN, *command)
    assert result.returncode == 0, result.stderr
    assert "the profile of the command was not looked at" in result.stdout
    asked = run(
        "why", "--snapshot", folder, "--caller", DEPLOYER, *OPEN, "--format", "json", *command,
        "--duration-seconds", "7200", "--tags", "Key=a,Value=b",
    )  # fmt: skip
    answer = json.loads(asked.stdout)
    assert answer["call"]["parameters"]["DurationSeconds"] == 7200
    assert {f["cause"] for f in answer["findings"] if f["blocking"]} == {"session-tags"}


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("vpce-0a1b-c2d3.sts.eu-central-1.vpce.amazonaws.com", "conditional"),
        ("sts.eu-central-1.amazonaws.com", "allowed"),
    ],
)
def test_the_call_goes_through_the_endpoint_that_the_command_names(
    host: str, verdict: str, tmp_path: Path
) -> None:
    """A snapshot does not hold the policies of VPC endpoints (R1.30)."""
    options = ("--snapshot", snapshot(tmp_path), "--caller", DEPLOYER, *OPEN, "--format", "json")
    result = run("why", *options, "--", *ASSUME, "--endpoint-url", f"https://{host}")
    answer = json.loads(result.stdout)
    assert answer["verdict"] == verdict, result.stderr
    assert ("ec2:DescribeVpcEndpoints on vpce-0a1b" in result.stdout) == host.startswith("vpce")


@pytest.mark.parametrize(
    ("options", "command", "said"),
    [
        (("--external-id", "x"), ASSUME, "--external-id: the command behind `--` holds the call"),
        (("--via", ROLE), ASSUME, "--via: the command behind `--` holds the call"),
        (("--github", "repo=a/b"), ASSUME, "--github: the command behind `--` holds the call"),
        (("--profile", "a"), (*ASSUME, "--profile", "b"), "--profile: stands behind `--` as well"),
        (("--trust-policy", "t.json"), ("aws", "s3", "ls"), "--trust-policy: this command names"),
        (("--snapshot", "."), ("terraform", "plan"), "--snapshot: this command names no role"),
        ((), (), "no command stands after `--`"),
        ((), ("docker", "run", "x"), "`docker` runs a command with another set-up"),
    ],
)
def test_contradictions_are_one_line(
    options: tuple[str, ...], command: tuple[str, ...], said: str
) -> None:
    result = run("why", *options, "--", *command)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert said in result.stderr


@pytest.mark.parametrize("flag", ["--scenario", "--side"])
def test_a_file_that_holds_its_own_call_takes_no_command(flag: str, tmp_path: Path) -> None:
    path = written(tmp_path, "scenario.json", classic())
    result = run("why", flag, path, "--", *ASSUME)
    assert result.returncode == 2
    assert f"{flag}: holds its own call" in result.stderr


def test_only_the_words_behind_the_sign_are_a_command() -> None:
    """Words that belong to no flag are still no command."""
    assert "belong to no flag" in run("why", *ASSUME[:2]).stderr


QUOTES = "put quotes around a value with spaces"


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("why", "aws", "s3", "ls", "--human-readable"), "assumable why -- aws …"),
        (("why", "--plain", "aws", "s3", "ls"), "assumable why -- aws …"),
        (("run", "aws", "s3", "ls"), "assumable run -- aws …"),
        (("run", sys.executable, "-c", "1"), "assumable run -- COMMAND…"),
        (("why", "case.yaml"), "--scenario FILE?"),
        (("why", ROLE), "--role-arn ARN?"),
        (("why", "--external-id", "two", "words"), QUOTES),
        (("export-side", "aws", "s3", "ls"), QUOTES),
    ],
)
def test_a_word_without_a_flag_is_told_its_place(words: tuple[str, ...], advice: str) -> None:
    result = run(*words)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "some words belong to no flag: " in result.stderr
    assert result.stderr.endswith(f"{advice}\n")
