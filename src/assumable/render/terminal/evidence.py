"""Evidence on a terminal: the line of the reader's own file, with a mark under the exact value."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.text import Text

from assumable.engine.match import Reason
from assumable.errors import printable
from assumable.findings.finding import Evidence
from assumable.render.terminal.lines import GUTTER, Screen, line, wrapped

_AFTER = 20
"""Characters of a line that is cut which stay in sight after the first difference."""
_DIFFERS = "first difference at ┴"
_SECRET = "sts:externalid"  # noqa: S105  # the key, of which no value is told beside the mark
_WITHOUT_VALUE = ("absent: ", "not known: ")
_LEAST = 40
"""Characters beside a mark: of what is longer the end is cut off where there are as many."""
_UNLISTED = (Reason.ACTION,)
"""Nothing is wrong with what is marked: something is missing beside it."""


class _Parts(NamedTuple):
    """An excerpt around what is marked, which is alike up to the first difference."""

    before: str
    alike: str
    other: str
    after: str


def evidence_lines(evidence: Evidence, screen: Screen) -> Iterator[Text]:
    """The place and the line; nothing where there is no file to show."""
    if evidence.line is None or evidence.column is None or evidence.end is None:
        return
    parts = _parts(evidence, evidence.column, evidence.end)
    yield from (_in_words if screen.plain else _drawn)(evidence, parts, screen)


def _parts(evidence: Evidence, column: int, end: int) -> _Parts:
    """The parts of the excerpt, printable."""
    first = max(0, column - evidence.excerpt_column)
    last = max(0, end - evidence.excerpt_column)
    turn = last if evidence.differs is None else evidence.differs - evidence.excerpt_column
    turn = min(max(turn, first), last)
    # escapes are longer than what they stand for: the columns are those of the shown text
    cut = (
        evidence.excerpt[:first],
        evidence.excerpt[first:turn],
        evidence.excerpt[turn:last],
        evidence.excerpt[last:],
    )
    return _Parts(*(printable(part.replace("\t", "  ")) for part in cut))


def _in_words(evidence: Evidence, parts: _Parts, screen: Screen) -> Iterator[Text]:
    """The place, what stands there, and where it goes wrong."""
    value, alike = parts.alike + parts.other, parts.alike.removeprefix('"')
    other = parts.other.removesuffix('"')  # the quotes around a value are no part of it
    yield from wrapped(" " * GUTTER, f"at {_place(evidence)}: {value}", screen)
    if evidence.differs is None:
        told = _beside(evidence)
    elif not other:
        told = "all of it is right, and something is missing after it"
    elif not alike:
        told = "it differs from its first character on"
    else:
        told = f"it is right up to `{alike}` and differs from `{other}` on"
    if told:
        yield from wrapped(" " * GUTTER, told, screen)


def _place(evidence: Evidence) -> str:
    return f"{evidence.file}:{evidence.line}:{evidence.column}"


def _beside(evidence: Evidence) -> str:
    """What the call has instead of what is marked: an action that is not listed, or a value."""
    if not evidence.got:
        return ""
    if evidence.reason in _UNLISTED:
        return f"{printable(evidence.got)} is not in it"
    place, got = evidence.pointer.lower(), evidence.got
    if "/condition/" not in place or _SECRET in place:
        return ""
    if got.startswith(_WITHOUT_VALUE):
        got = got.partition(":")[0]  # why is told below
    return f"this call: {printable(got)}"


def _drawn(evidence: Evidence, parts: _Parts, screen: Screen) -> Iterator[Text]:
    """The line with a mark under the value."""
    before, alike, other, after = parts
    number = f"{evidence.line:>{GUTTER - 1}} │ "
    room = max(screen.width - len(number), 10)
    excerpt, start = before + alike + other + after, len(before)
    place = None if evidence.differs is None else start + len(alike)
    cut = _cut(len(excerpt), room, start, place)
    shown = excerpt[cut : cut + room]
    if cut:
        shown = "…" + shown[1:]
    if cut + room < len(excerpt):
        shown = shown[:-1] + "…"
    yield line((f"{' ' * (GUTTER - 2)}─┬ {_place(evidence)}", "dim"))
    yield line((number, "dim"), shown)
    marks = _marks(start - cut, len(alike + other), None if place is None else place - cut, room)
    beside, left = _beside(evidence), room - len(marks) - 1
    if place is None and beside and left >= min(len(beside), _LEAST):
        marks += f" {beside if len(beside) <= left else beside[: left - 1] + '…'}"
    yield line((" " * GUTTER + "│ ", "dim"), (marks, "red"))


def _cut(length: int, room: int, start: int, place: int | None) -> int:
    """How much of a line is cut off on the left: the marked part and the difference stay."""
    if length <= room:
        return 0
    cut = start - room // 3
    if place is not None and place - cut > room - _AFTER:
        cut = place - room + _AFTER
    return max(0, min(cut, length - room))


def _marks(start: int, length: int, place: int | None, room: int) -> str:
    """The line under the excerpt, with the first difference named in words where they fit."""
    end = min(max(start + length, start + 1), room)
    marks = [" "] * max(start, 0) + ["─"] * (end - max(start, 0))
    if place is None or not 0 <= place < room:
        return "".join(marks)
    marks += [" "] * (place + 1 - len(marks))
    marks[place] = "┴"
    words = f" {_DIFFERS}" if len(marks) + len(_DIFFERS) < room else ""
    return "".join(marks) + words
