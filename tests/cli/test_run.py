"""`assumable run`: the command as it is, its streams, its status, and signals."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from assumable.cli import child
from tests.cli.test_why import MAIN, run
from tests.worlds import DEPLOYER, ROLE

PYTHON = (sys.executable, "-c")
DENIED = f"User: {DEPLOYER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
UNSAID = "An error occurred (AccessDenied) when calling the AssumeRole operation: Access denied"


@pytest.fixture(autouse=True)
def _no_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's own set-up, so that a diagnosis ends before it asks anybody."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_the_status_is_the_commands(status: int) -> None:
    result = run("run", "--", *PYTHON, f"raise SystemExit({status})")
    assert (result.returncode, result.stdout, result.stderr) == (status, "", "")


def test_the_words_reach_the_command_as_they_are() -> None:
    """No shell comes between, and flags of ours behind `--` are the command's."""
    words = ["$HOME", "a b", "*", "", ";", "--format", "json", "--", "--tags", "x", "y", "\n"]
    result = run("run", "--", *PYTHON, "import sys; print(sys.argv[1:])", *words)
    assert result.stdout == f"{words}\n"


def test_standard_input_and_the_environment_are_the_commands() -> None:
    code = "import os, sys; print(sys.stdin.read(), os.environ['NAME'])"
    result = run("run", "--", "NAME=a=b", *PYTHON, code, stdin="given")
    assert result.stdout == "given a=b\n"


def test_what_is_written_passes_byte_by_byte() -> None:
    """Also what is no text, in both streams, each whole."""
    code = (
        "import sys; b = bytes(range(256)) * 2000\n"
        "sys.stderr.buffer.write(b); sys.stdout.buffer.write(b[::-1])"
    )
    words = [sys.executable, "-c", MAIN, "run", "--watch-stdout", "--", *PYTHON, code]
    result = subprocess.run(words, capture_output=True, check=True)
    assert result.stderr == bytes(range(256)) * 2000
    assert result.stdout == (bytes(range(256)) * 2000)[::-1]


@pytest.mark.parametrize(
    ("word", "status", "said"),
    [("no-such-command", 127, "was not found"), ("/", 126, "could not be run"), ("", 126, "")],
)
def test_a_command_that_cannot_be_run_is_one_line(word: str, status: int, said: str) -> None:
    result = run("run", "--", word, "argument")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (status, "", 1)
    assert said in result.stderr


@pytest.mark.parametrize("words", [(), ("--",), ("--", "NAME=value"), ("true",)])
def test_without_a_command_nothing_is_run(words: tuple[str, ...]) -> None:
    result = run("run", *words)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("text", "said"), [(DENIED, "no AWS SDK can read it"), (UNSAID, "assumes a role")]
)
def test_a_diagnosis_that_fails_is_one_line_and_the_status_is_kept(
    text: str, said: str, tmp_path: Path
) -> None:
    keys = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = not-a-secret\n"
    (tmp_path / "credentials").write_text(f"[default]\n{keys}")
    if text == DENIED:
        (tmp_path / "config").write_text("[profile prod")
    code = f"import sys; print({text!r}, file=sys.stderr); sys.exit(5)"
    result = run("run", "--", *PYTHON, code)
    assert result.returncode == 5
    assert result.stderr.startswith(text + "\nassumable: no diagnosis: ")
    assert result.stderr.count("\n") == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("wrapper", "profile"),
    [
        (("sh", "-c"), "prod"),
        (("timeout", "60", "bash", "-ec"), ""),
        (("env", "-u", "X", "sh", "-c"), ""),
    ],
    ids=str,
)  # fmt: skip
def test_a_command_within_another_is_told_by_its_error_alone(
    wrapper: tuple[str, ...], profile: str, tmp_path: Path
) -> None:
    """Neither its words nor the profile that stands outside is taken for what it asked."""
    (tmp_path / "config").write_text("[profile prod]\nrole_arn = x\nsource_profile = prod\n")
    before = [f"AWS_PROFILE={profile}"] if profile else []
    within = f'AWS_PROFILE=other; echo "{DENIED}" >&2; exit 5'
    result = run("run", "--format", "json", "--", *before, *wrapper, within)
    answer = json.loads(result.stderr.removeprefix(DENIED + "\n"))
    assert (result.returncode, answer["verdict"]) == (5, "conditional")
    assert (answer["call"]["caller"], answer["call"]["role_arn"]) == (DEPLOYER, ROLE)
    assert answer["findings"] == []
    program = next(word for word in wrapper if word != "60")
    assert any(f"within `{program}`" in note for note in answer["notes"])


def test_a_command_within_another_whose_error_names_nobody_is_not_guessed() -> None:
    result = run("run", "--", "sh", "-c", f'echo "{UNSAID}" >&2; exit 5')
    assert result.returncode == 5
    said = "assumable: no diagnosis: `sh` runs another command, which is not looked for"
    assert result.stderr == f"{UNSAID}\n{said} (write the command itself)\n"


def test_env_runs_as_it_is() -> None:
    result = run("run", "--", "A=1", "env", "A=2", "-u", "B", *PYTHON, "print(1)")
    assert result.returncode == 127  # `-u` is no program, and env takes no flag behind a variable
    code = "import os; print(os.environ['A'])"
    assert run("run", "--", "A=1", "env", "A=2", *PYTHON, code).stdout == "2\n"


def test_what_the_error_names_is_asked_though_nothing_can_be_read() -> None:
    """Who calls, and for which role; what the command sends beside is not known."""
    code = f"import sys; print({DENIED!r}, file=sys.stderr); sys.exit(5)"
    result = run("run", "--format", "json", "--", *PYTHON, code)
    answer = json.loads(result.stderr.removeprefix(DENIED + "\n"))
    assert (result.returncode, answer["verdict"]) == (5, "conditional")
    assert (answer["call"]["caller"], answer["call"]["role_arn"]) == (DEPLOYER, ROLE)
    assert answer["error"]["unused"] == ""
    assert answer["hypotheses"]


@pytest.mark.parametrize(
    ("text", "status"),
    [(DENIED, 0), ("something else went wrong", 1), ("AccessDenied: s3:GetObject is refused", 1)],
)
def test_nothing_is_added_unless_a_role_was_not_assumed(text: str, status: int) -> None:
    code = f"import sys; print({text!r}, file=sys.stderr); sys.exit({status})"
    result = run("run", "--", *PYTHON, code)
    assert (result.returncode, result.stderr) == (status, text + "\n")


def test_standard_output_is_looked_at_where_that_is_wanted() -> None:
    code = f"import sys; print({DENIED!r}); sys.exit(3)"
    plain = run("run", "--", *PYTHON, code)
    watched = run("run", "--watch-stdout", "--", *PYTHON, code)
    assert plain.stdout == watched.stdout == DENIED + "\n"
    assert (plain.returncode, watched.returncode) == (3, 3)
    assert plain.stderr == ""
    assert "user/deployer" in watched.stderr


def test_the_end_of_much_output_is_what_counts() -> None:
    code = (
        f"import sys; sys.stderr.write('x' * {3 * child.KEPT} + '\\n'); "
        f"print({DENIED!r}, file=sys.stderr); sys.exit(1)"
    )
    result = run("run", "--", *PYTHON, code)
    assert "role/DeployRole" in result.stderr.rpartition("CONDITIONAL")[2]
    assert len(result.stderr) > 3 * child.KEPT


WAITS = "import sys, time; print('ready', flush=True); time.sleep(60)"
CATCHES = (
    "import signal, sys, time\n"
    "def end(n, f): print('caught', n, flush=True); sys.exit(9)\n"
    "signal.signal(signal.SIGTERM, end); signal.signal(signal.SIGINT, end)\n"
    "print('ready', flush=True); time.sleep(60)"
)


def ended_by(number: int, code: str) -> tuple[int, str, str]:
    """Status and output of a command whose parent gets a signal once it runs."""
    words = [sys.executable, "-c", MAIN, "run", "--", *PYTHON, code]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parent.send_signal(number)
        output, errors = parent.communicate()
    return parent.returncode, output, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_both(number: int) -> None:
    status, output, errors = ended_by(number, WAITS)
    assert (status, output) == (128 + number, "")
    assert "no diagnosis" not in errors


def test_a_command_that_catches_a_signal_ends_as_it_likes() -> None:
    assert ended_by(signal.SIGTERM, CATCHES) == (9, "caught 15\n", "")
    assert ended_by(signal.SIGINT, CATCHES) == (9, "caught 2\n", "")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_that_is_ignored_stays_so_in_the_command(number: int) -> None:
    """As beneath `nohup`, and for what a shell runs in the background."""
    tell = f"import signal; print(signal.getsignal({number}) is signal.SIG_IGN)"
    ignoring = f"import signal; signal.signal({number}, signal.SIG_IGN); {MAIN}"
    words = [sys.executable, "-c", ignoring, "run", "--", *PYTHON, tell]
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("True\n", "")


COUNTS = (
    "import signal, sys\n"
    "caught = []\n"
    "signal.signal(signal.SIGINT, lambda n, f: (caught.append(n), print('caught', flush=True)))\n"
    "print('ready', flush=True)\n"
    "sys.stdin.readline(); sys.stdin.readline()\n"
    "print(len(caught), 'times', flush=True); sys.exit(4)"
)


def test_in_a_terminal_the_command_hears_of_an_interrupt_once() -> None:
    """Some take a second one for an order to stop at once. Input and output are the terminal's."""
    main, terminal = pty.openpty()

    take_it = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    words = [sys.executable, "-c", take_it + MAIN, "run", "--", *PYTHON, COUNTS]
    with subprocess.Popen(
        words, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    ) as parent:
        os.close(terminal)
        with os.fdopen(main, "r+b", buffering=0) as screen:
            shown = iter(lambda: screen.readline().decode().strip(), "")
            assert next(shown) == "ready"
            screen.write(b"\x03")
            assert "caught" in next(shown)
            screen.write(b"\n\n")
            assert [line for line in read_until_closed_bytes(screen) if "times" in line] == [
                "1 times"
            ]
    assert parent.returncode == 4


def read_until_closed_bytes(screen: IO[bytes]) -> Iterator[str]:
    """The lines of a terminal; Linux ends them with an error when nobody writes any more."""
    with contextlib.suppress(OSError):
        while line := screen.readline():
            yield line.decode().strip()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_terminal_is_known_to_send_its_signals_itself(is_there: bool) -> None:
    main, terminal = pty.openpty()
    take_it = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); " if is_there else ""
    code = f"{take_it}from assumable.cli import child; print(child._is_in_foreground())"
    result = subprocess.run(
        [sys.executable, "-c", code], stdin=terminal, capture_output=True, text=True, check=True,
        start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    os.close(main)
    assert result.stdout == f"{is_there}\n"
