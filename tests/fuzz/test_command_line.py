"""End to end: an answer or one line, with the exit code that it has; never a traceback."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.cli.main import main
from tests.fuzz.guard import soon
from tests.fuzz.junk import broken_scenarios, texts
from tests.worlds import DEPLOYER, ROLE, classic

START = "from assumable.cli.main import main; main()"
FLAGS = (
    "--role-arn",
    "--role-session-name",
    "--external-id",
    "--serial-number",
    "--token-code",
    "--duration-seconds",
    "--source-identity",
    "--tags",
    "--transitive-tag-keys",
    "--policy",
    "--policy-arns",
    "--assume",
    "--format",
    "--region",
    "--caller",
)


def assert_proper(code: object, out: str, err: str) -> None:
    """0, 1 and 3 come with an answer, 2 with one line."""
    assert code in {0, 1, 2, 3}, err
    assert "Traceback" not in out + err
    if code == 2:
        assert out == ""
        assert len(err.splitlines()) == 1
    else:
        assert err == ""
        assert out


def run(*arguments: str) -> None:
    """The command in this process."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["assumable", *arguments]
    code: object = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), soon():
            main()
    except SystemExit as exit_:
        code = exit_.code
    finally:
        sys.argv = before
    assert_proper(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot, and room for a scenario."""
    found = tmp_path_factory.mktemp("command-line")
    for account, details in classic()["accounts"].items():
        (found / f"{account}.json").write_text(json.dumps(details), encoding="utf-8")
    return found


@given(broken_scenarios(), st.sampled_from(("terminal", "json")))
def test_a_scenario_with_mistakes(folder: Path, scenario: dict[str, Any], format_: str) -> None:
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(scenario), encoding="utf-8")
    run("why", "--scenario", str(path), "--format", format_, "--show-commands")


@given(st.lists(st.tuples(st.sampled_from(FLAGS), texts), max_size=4))
def test_any_flags(folder: Path, flags: list[tuple[str, str]]) -> None:
    given_flags = [f"{flag}={value}" for flag, value in flags]
    run(
        "why",
        "--snapshot",
        str(folder),
        "--caller",
        DEPLOYER,
        "--role-arn",
        ROLE,
        "--role-session-name",
        "s1",
        *given_flags,
    )


@given(
    st.lists(st.one_of(texts, st.sampled_from(("why", "explain", "-", "--", *FLAGS))), max_size=4)
)
def test_any_words(words: list[str]) -> None:
    """A command that does not exist, flags without values, values without flags."""
    run("explain", "--", "AS101", *words)
    run("why", "--format", "nonsense", *words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["why", "--scenario", b"\xff\xfe.yaml"],
        [
            "why",
            "--snapshot",
            "{folder}",
            "--caller",
            DEPLOYER,
            "--role-arn",
            ROLE.encode() + b"\xff",
        ],
        [
            "why",
            "--snapshot",
            "{folder}",
            "--caller",
            DEPLOYER,
            "--role-arn",
            ROLE,
            "--format",
            "json",
            "--role-session-name",
            b"\xc3\x28",
            "--external-id",
            b"\xff",
        ],
        [
            "why",
            "--snapshot",
            "{folder}",
            "--caller",
            DEPLOYER.encode() + b"\xff",
            "--role-arn",
            ROLE,
        ],
        [
            "why",
            "--snapshot",
            "{folder}",
            "--caller",
            DEPLOYER,
            "--role-arn",
            ROLE,
            "--tags",
            b"Key=\xff,Value=\xff",
            "--format",
            "json",
        ],
        ["explain", b"AccessDenied \xff"],
        [b"\xff"],
        ["why", b"--\xff"],
    ],
    ids=str,
)
def test_arguments_that_are_no_text(arguments: list[str | bytes], folder: Path) -> None:
    """A terminal in another encoding sends bytes that are no UTF-8."""
    words = [str(folder) if word == "{folder}" else word for word in arguments]
    done = subprocess.run([sys.executable, "-c", START, *words], capture_output=True, check=False)
    assert_proper(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("format_", ["terminal", "json"])
def test_an_output_that_cannot_show_every_character(
    encoding: str, format_: str, folder: Path
) -> None:
    """The verdict comes through all the same."""
    path = folder / "scenario.json"
    path.write_text(json.dumps(classic(trust_statements=[])), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", START, "why", "--scenario", str(path), "--format", format_],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": encoding, "PYTHONPATH": ":".join(sys.path), "PATH": ""},
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == b""
