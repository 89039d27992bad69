"""Processes of this machine as workers."""

import multiprocessing
import signal
import sys
import threading
from concurrent.futures import Executor, ProcessPoolExecutor

from assumable.org.edges import Workers

_AHEAD = 3
"""How many accounts are asked for per process, so that none waits for the first answer."""


def processes(count: int) -> Workers | None:
    """So many processes; none for one, which is this."""
    if count == 1:
        return None

    def start() -> Executor:
        context = multiprocessing.get_context(_method())
        return ProcessPoolExecutor(count, context, _interruptible)

    return Workers(start, count * _AHEAD)


def _method() -> str | None:
    """A fork has the world already; where threads could hold a lock it is not safe."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _interruptible() -> None:
    """Ctrl-C, which a terminal sends to all processes, ends them without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
