"""What is shown while AWS is read."""

import sys
from collections import Counter
from collections.abc import Iterator

from assumable.aws.clients import Calls

_CLEAR = "\r\x1b[K"


def counted() -> Calls:
    """A counter of calls to AWS, which shows on a terminal what is asked just now."""
    return Calls(_Progress() if sys.stderr.isatty() else None)


class _Progress:
    """One line on the terminal that is written over, call by call."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, operation: str) -> None:
        self._number += 1
        line = f"{_CLEAR}reading AWS: {operation} (call {self._number})"
        print(line, end="", file=sys.stderr, flush=True)


def clear_progress(calls: Calls) -> None:
    """Take the line off the terminal, before the answer stands there."""
    if calls.total and sys.stderr.isatty():
        print(_CLEAR, end="", file=sys.stderr, flush=True)


def notes_on(calls: Calls) -> Iterator[str]:
    """How much was asked of AWS for the answer; nothing where it was not asked."""
    if calls.total:
        services = Counter[str]()
        for operation, number in calls.counted.items():
            services[operation.partition(":")[0]] += number
        listed = ", ".join(f"{number} of {service}" for service, number in services.most_common())
        yield f"read with {calls.total} calls to AWS: {listed}"
