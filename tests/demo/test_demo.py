"""The demo from start to end, and that nothing of it stays behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assumable.cli import ministack
from assumable.cli.demo import Demo
from assumable.cli.demo_cases import FILES, HEADLINE, LIVE
from assumable.errors import InputError, UnreadableError

pytestmark = pytest.mark.demo
MAIN = "from assumable.cli.main import main; main()"


def start(folder: Path, *, script: str | None = None) -> subprocess.Popen[str]:
    """The demo as a process whose temporary files all land in `folder`."""
    # Credentials, a proxy and a profile of the user's own, none of which may play a part.
    env = os.environ | {
        "TMPDIR": str(folder), "AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9",
        ministack.VARIABLE: script or str(ministack.find()),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "demo"], env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def is_up(url: str) -> bool:
    """Whether anybody listens there."""
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_every_case_goes_as_expected_and_nothing_stays(tmp_path: Path) -> None:
    demo = start(tmp_path)
    output, errors = demo.communicate(timeout=120)
    assert (demo.returncode, errors) == (0, "")
    assert f"✓ all {len(LIVE) + len(FILES)} cases went as expected" in output
    assert output.count("An error occurred (AccessDenied) when calling the AssumeRole") == len(LIVE)
    assert output.count("\n✓ a session: arn:aws:sts::222222222222:") == len(LIVE)
    assert output.count(f"\n{HEADLINE}") == len(LIVE)
    assert output.count("\nallowed\n") == len(FILES)
    for code in ("AS101", "AS201", "AS301", "AS401", "AS501"):
        assert code in output
    assert not re.search(r"\b(AKIA|ASIA)[A-Z0-9]{16}|secret", output, re.IGNORECASE)
    assert "\x1b" not in output
    url = re.search(r"http://127\.0\.0\.1:\d+", output)
    assert url is not None
    assert not is_up(url[0])
    assert list(tmp_path.iterdir()) == []


def test_being_told_to_end_takes_the_child_along(tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.stdout is not None
    first = demo.stdout.readline()
    url = first.split()[8].rstrip(";")
    assert is_up(url)
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=30)
    assert demo.returncode == 128 + signal.SIGTERM
    assert not is_up(url)
    assert list(tmp_path.iterdir()) == []


def test_without_ministack_it_says_how_to_get_it(tmp_path: Path) -> None:
    demo = start(tmp_path, script=str(tmp_path / "missing"))
    output, errors = demo.communicate(timeout=30)
    assert (demo.returncode, output, errors.count("\n")) == (2, "", 1)
    assert "make demo" in errors


def test_the_launcher_finds_the_one_beside_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ministack.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"\.venv-ministack/bin/ministack"):
        ministack.find()
    script = tmp_path / ministack.DEFAULT
    script.parent.mkdir(parents=True)
    script.touch(mode=0o755)
    assert ministack.find() == script


def test_the_child_ends_with_its_block_whatever_happens() -> None:
    seen: list[ministack.MiniStack] = []

    def fail() -> None:
        with ministack.running(ministack.find()) as running:
            os.kill(running.pid, 0)
            seen.append(running)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    (running,) = seen
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)
    assert not running.folder.exists()


def test_a_child_that_ends_at_once_is_reported(tmp_path: Path) -> None:
    script = tmp_path / "ministack"
    script.write_text("#!/bin/sh\necho no such module\nexit 1\n")
    script.chmod(0o755)
    with (
        pytest.raises(UnreadableError, match="ended at once: no such module"),
        ministack.running(script),
    ):
        pytest.fail("it never came up")


def test_what_differs_is_told_and_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    demo = Demo(color=False)
    demo.heading("a case")
    assert not demo.expect("AWS refuses the call", holds=False)
    assert demo.closing() == 1
    assert "✗ case 1: AWS refuses the call" in capsys.readouterr().out
