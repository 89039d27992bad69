"""The promise that every fuzz test holds: a result or one clear line, and soon."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never

import msgspec

from assumable.diagnose import Diagnosis, diagnose
from assumable.errors import InputError
from assumable.formats.scenario import Scenario, parse_scenario
from assumable.render import json as json_renderer
from assumable.render import terminal
from assumable.source import Document
from tests.worlds import NOW

LIMIT = 1.0
"""Seconds of processor time, which a busy machine does not lengthen."""


class HangError(AssertionError):
    """An example took longer than the limit."""


@contextmanager
def soon(limit: float = LIMIT) -> Iterator[None]:
    """Interrupt the block with `HangError` when it uses more processor time than the limit."""

    def interrupt(_number: int, frame: FrameType | None) -> Never:
        raise HangError(f"more than {limit} s, in {frame.f_code.co_name if frame else '?'}")

    if not hasattr(signal, "setitimer") or sys.gettrace() is not None:  # Windows; a debugger
        yield
        return
    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def is_one_line(error: InputError) -> bool:
    """Whether the error is one printable line that says where."""
    line = str(error)
    return bool(error.where) and line.isprintable() and len(line.encode()) < 3000


class Refusals:
    """Catches bad input, which must be refused in one line."""

    def __enter__(self) -> None:
        """Nothing is refused yet."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        """True when the input was refused."""
        if not isinstance(error, InputError):
            return False
        assert is_one_line(error), repr(str(error))
        return True


def answered(world_and_call: Scenario) -> Diagnosis:
    """The diagnosis of a call, rendered in every way."""
    diagnosis = diagnose(*world_and_call)
    for width in (100, 30):
        text = terminal.render(diagnosis, show_commands=True, color=False, width=width)
        assert text.encode()
    assert msgspec.json.decode(json_renderer.render(diagnosis))["verdict"] == diagnosis.verdict
    return diagnosis


def reads(text: str) -> bool:
    """Whether the text is a document at all: no NaN, no half characters, not too deep."""
    try:
        Document("scenario.json", text)
    except InputError:
        return False
    return True


def survives(text: str, syntax: str = "json") -> Diagnosis | None:
    """The diagnosis of a scenario in this text; None when it is refused in one line."""
    with soon(), Refusals():
        return answered(parse_scenario(Document("scenario.json", text, syntax), now=NOW))
    return None
