"""A command that runs beneath ours: what it writes passes through, its end is watched."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import IO, BinaryIO, NamedTuple, Self

from assumable.errors import AssumableError, printable

NOT_FOUND, NOT_RUN = 127, 126
"""As shells have it."""
KEPT = 100_000
"""Bytes of each stream that are kept, the last ones; they are never written anywhere."""
_CHUNK = 65_536
_BY_SIGNAL = 128
_DRAIN_SECONDS = 2.0
"""How long what the command left running may keep our end open."""
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT")
_FROM_TERMINAL = ("SIGINT", "SIGQUIT")


class NoCommandError(AssumableError):
    """The command could not be started."""

    def __init__(self, message: str, exit_code: int) -> None:
        """`exit_code` is what a shell would answer."""
        super().__init__(message)
        self.exit_code = exit_code


class Ended(NamedTuple):
    """How the command ended."""

    status: int
    """Its exit status; 128 and the number of the signal that ended it."""
    texts: tuple[str, ...]
    """The end of what it wrote, of each stream that was watched."""
    is_interrupted: bool
    """Whether a signal ended it, or ours was told to end."""


class _Watched:
    """A stream that is copied through unchanged, while its end is kept."""

    def __init__(self, source: IO[bytes], target: BinaryIO) -> None:
        self._source, self._target, self._kept = source, target, bytearray()
        self._thread = threading.Thread(target=self._copy, name="assumable-copy", daemon=True)
        self._thread.start()

    def _copy(self) -> None:
        is_open = True
        while chunk := os.read(self._source.fileno(), _CHUNK):
            self._kept += chunk
            del self._kept[:-KEPT]
            if is_open:
                try:
                    self._target.write(chunk)
                    self._target.flush()
                except (OSError, ValueError):  # nobody reads it any more; the command goes on
                    is_open = False

    def text(self) -> str:
        """The end of it, once the command has ended."""
        self._thread.join(_DRAIN_SECONDS)
        return bytes(self._kept).decode(errors="replace")


def run(words: Sequence[str], environment: Mapping[str, str], *, watch_stdout: bool) -> Ended:
    """Run a command as it is; NoCommandError where there is no such command.

    What it reads is ours, and so is what it writes on standard output unless that is watched.
    """
    with _PassedOn() as signals:
        child = signals.child = _started(words, environment, watch_stdout=watch_stdout)
        pairs = ((child.stderr, sys.stderr.buffer), (child.stdout, sys.stdout.buffer))
        watched = [_Watched(ours, theirs) for ours, theirs in pairs if ours is not None]
        signals.catch_up()
        status = child.wait()
        texts = tuple(each.text() for each in watched)
    if status < 0:
        return Ended(_BY_SIGNAL - status, texts, is_interrupted=True)
    return Ended(status, texts, is_interrupted=bool(signals.seen))


def _started(
    words: Sequence[str], environment: Mapping[str, str], *, watch_stdout: bool
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # the words that the user gave, and no shell
            list(words),
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE if watch_stdout else None,
        )
    except FileNotFoundError:
        raise NoCommandError(f"`{printable(words[0])}` was not found", NOT_FOUND) from None
    except OSError as error:
        what = f"`{printable(words[0])}` could not be run: {error.strerror}"
        raise NoCommandError(what, NOT_RUN) from None


class _PassedOn:
    """While the command runs, the signals that are sent to us are its own."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.seen: list[int] = []

    def __enter__(self) -> Self:
        known = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
        # What is ignored here is so in the command, unless it finds a handler that exec takes away.
        heard = [n for n in known if signal.getsignal(n) not in (signal.SIG_IGN, None)]
        self._before = {number: signal.signal(number, self._pass_on) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def catch_up(self) -> None:
        """Pass on what came before there was a command."""
        for number in self.seen:
            self._send(number)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        self.seen.append(number)
        self._send(number)

    def _send(self, number: int) -> None:
        if signal.Signals(number).name in _FROM_TERMINAL and _is_in_foreground():
            return  # the terminal sends it to the command as well, and some count them
        if self.child is not None:
            self.child.send_signal(number)


def _is_in_foreground() -> bool:
    """Whether a terminal sends its signals to this process and to the command alike."""
    try:
        with open("/dev/tty", "rb") as terminal:  # noqa: PTH123  # a device
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, AttributeError):
        return False
