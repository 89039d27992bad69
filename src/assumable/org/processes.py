"""Processes of this machine as workers."""

import multiprocessing
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from assumable.org.edges import AHEAD, Workers


def processes(count: int) -> Workers | None:
    """So many processes; none for one, which is this."""
    if count == 1:
        return None

    @contextmanager
    def pool() -> Iterator[Executor]:
        context = multiprocessing.get_context(_method())
        executor = ProcessPoolExecutor(count, context, _interruptible)
        try:
            yield executor
        finally:
            executor.shutdown(cancel_futures=True)

    return Workers(pool, count * AHEAD)


def _method() -> str | None:
    """A fork has the world already; where threads could hold a lock it is not safe."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _interruptible() -> None:
    """Ctrl-C, which a terminal sends to all processes, ends them without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
