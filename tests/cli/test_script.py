"""The installed command ends its process at once; nothing that was to happen is lost by that."""

import os
import subprocess
import sys

CODE = """
import atexit, sys
from assumable.cli.main import script
sys.argv = ["assumable", *sys.argv[1:]]
atexit.register(print, "and the servers are stopped")
script()
print("never")
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}  # else nothing could be lost
    return subprocess.run(
        [sys.executable, "-c", CODE, *words],
        env=buffered, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_was_written_and_what_is_registered_come_through() -> None:
    done = run("explain", "AS101")
    assert done.returncode == 0
    assert "AS101" in done.stdout
    assert done.stdout.endswith("and the servers are stopped\n")
    assert "never" not in done.stdout.splitlines()
    assert done.stderr == ""


def test_an_exit_status_is_kept() -> None:
    done = run("who", "nobody")
    assert done.returncode == 2
    assert "choose a world" in done.stderr
