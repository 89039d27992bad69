"""Who reads AWS, and what is shown meanwhile."""

import sys
from collections import Counter
from collections.abc import Iterator

import click

from assumable.aws.clients import Calls
from assumable.cli.options import together

CLEAR = "\r\x1b[K"
"""What takes a line off a terminal."""

reader_options = together(
    click.option(
        "--caller-profile", help="A profile, or role ARN, that reads the caller's account."
    ),
    click.option("--role-profile", "--target-profile", help="One that reads the role's account."),
    click.option("--org-profile", help="One that reads the organization."),
)
"""The options that say with whose credentials."""


def counted() -> Calls:
    """A counter of calls to AWS, which shows on a terminal what is asked just now."""
    return Calls(_Progress() if sys.stderr.isatty() else None)


class _Progress:
    """One line on the terminal that is written over, call by call."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, operation: str) -> None:
        self._number += 1
        line = f"{CLEAR}reading AWS: {operation} (call {self._number})"
        print(line, end="", file=sys.stderr, flush=True)


def clear_progress(calls: Calls) -> None:
    """Take the line off the terminal, before the answer stands there."""
    if calls.total:
        clear_line()


def clear_line() -> None:
    """Take off what stands in the last line of the terminal, if there is one."""
    if sys.stderr.isatty():
        print(CLEAR, end="", file=sys.stderr, flush=True)


def notes_on(calls: Calls) -> Iterator[str]:
    """How much was asked of AWS for the answer; nothing where it was not asked."""
    if calls.total:
        services = Counter[str]()
        for operation, number in calls.counted.items():
            services[operation.partition(":")[0]] += number
        listed = ", ".join(f"{number} of {service}" for service, number in services.most_common())
        yield f"read with {calls.total} calls to AWS: {listed}"
