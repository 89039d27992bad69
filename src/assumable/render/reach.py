"""The roles that a principal can reach, as text: one path after the other."""

import textwrap
from collections.abc import Iterator, Sequence

from assumable import arn
from assumable.errors import printable
from assumable.org.paths import Path

_INDENT = "      "


def render(start: str, paths: Sequence[Path], *, to: str = "", width: int = 100) -> str:
    """The paths, nearest first, each with what must hold on the way."""
    lines = (text for line in _lines(start, paths, to) for text in _wrapped(line, width))
    return "\n".join(map(printable, lines)) + "\n"


def _lines(start: str, paths: Sequence[Path], to: str) -> Iterator[str]:
    shown = f"{arn.display_name(start)} ({arn.account_of(start)})"
    if to:
        yield f"{shown}: {_counted(len(paths), 'path')} to {to}"
    else:
        yield f"{shown}: {_counted(len(paths), 'role')} can be reached"
    for path in paths:
        hops = (f"{arn.display_name(s.role)} ({arn.account_of(s.role)})" for s in path.steps)
        yield f"  {len(path.steps)}   {' → '.join(hops)}"
        if path.conditions:
            yield f"{_INDENT}if {' and '.join(path.conditions)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(
        line, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )
