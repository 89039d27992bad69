"""MiniStack as a child process: an AWS on loopback that enforces policies, gone with its block."""

import atexit
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from assumable.errors import InputError, UnreadableError

VARIABLE = "ASSUMABLE_MINISTACK"
DEFAULT = Path(".venv-ministack/bin/ministack")
HOW_TO_GET_IT = (
    f"run `make demo` in a checkout, or install it apart (python3 -m venv .venv-ministack && "
    f".venv-ministack/bin/pip install ministack==1.5.33) and name its script in {VARIABLE}"
)
READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 30.0, 5.0, 0.05
_STARTS = 3  # somebody else may take the free port before the child binds it
_OK = 200
_NOT_INHERITED = ("AWS_", "MINISTACK_", "LOCALSTACK_")


class MiniStack(NamedTuple):
    """A running one."""

    url: str
    pid: int
    folder: Path
    """A private folder that is deleted with it."""


def find() -> Path:
    """Its script: the one that the environment names, else the one beside the checkout."""
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else DEFAULT
    if not path.is_file() or not os.access(path, os.X_OK):
        raise InputError("MiniStack, the embedded AWS, is not there", str(path), HOW_TO_GET_IT)
    return path.absolute()


@contextlib.contextmanager
def running(script: Path) -> Iterator[MiniStack]:
    """A MiniStack that enforces policies, on a free port of loopback."""
    with tempfile.TemporaryDirectory(prefix="assumable-demo-") as name:
        folder = Path(name)
        for attempt in range(_STARTS):
            port = _free_port()
            child = _start(script, port, folder)
            stop = contextlib.ExitStack()
            stop.callback(_stop, child)
            atexit.register(stop.close)
            try:
                if _is_ready(child, port, folder, last=attempt == _STARTS - 1):
                    yield MiniStack(f"http://127.0.0.1:{port}", child.pid, folder)
                    return
            finally:
                stop.close()
                atexit.unregister(stop.close)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(script: Path, port: int, folder: Path) -> subprocess.Popen[bytes]:
    home = folder / "ministack"
    home.mkdir(exist_ok=True)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_INHERITED)}
    settings = {
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "SERVICES": "iam,sts,organizations",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "LOG_LEVEL": "WARNING",
        "HOME": str(home),
        "TMPDIR": str(home),
        # It never calls AWS; these keep its own SDK from looking for credentials.
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # the script that the user named
            [str(script)], env=inherited | settings, cwd=home, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _is_ready(child: subprocess.Popen[bytes], port: int, folder: Path, *, last: bool) -> bool:
    """Whether it came up; False when it ended at once and another port is worth a try."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            if last:
                raise UnreadableError(f"MiniStack ended at once: {_last_words(folder)}")
            return False
        if _get(port, "/_ministack/ready") is not None:
            health = json.loads(_get(port, "/_ministack/health") or b"{}")
            if health.get("auth") != "enabled":
                raise UnreadableError("MiniStack runs without AUTH; another version is needed")
            return True
        time.sleep(POLL_SECONDS)
    raise UnreadableError(f"MiniStack was not ready within {READY_SECONDS:.0f} s")


def _get(port: int, path: str) -> bytes | None:
    """The body of an answer 200; None for any other answer and for none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body if response.status == _OK else None


def _last_words(folder: Path) -> str:
    lines = (folder / "log").read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it left no message")


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; its group has its own id, so nothing else is hit."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, ending)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
            return
