"""The roles that a principal can reach, as text: one path after the other."""

import textwrap
from collections.abc import Iterator

from assumable import arn
from assumable.errors import printable
from assumable.org.paths import Found, Path

_INDENT = "      "


def render(found: Found, *, width: int = 100) -> str:
    """The paths, nearest first, each with what must hold on the way."""
    lines = (text for line in _lines(found) for text in _wrapped(line, width))
    return "\n".join(map(printable, lines)) + "\n"


def _lines(found: Found) -> Iterator[str]:
    number = len(found.paths)
    if found.to is None:
        yield f"{_shown(found.principal)}: {_counted(number, 'role')} can be reached"
    else:
        paths = _counted(number, "path") if found.complete else f"the first {number} paths"
        yield f"{_shown(found.principal)}: {paths} to {_shown(found.to)}"
    for path in found.paths:
        yield f"  {len(path.steps)}   {' → '.join(_shown(step.role) for step in path.steps)}"
        yield from (f"{_INDENT}{text}" for text in _conditions(path))


def _shown(name: str) -> str:
    return f"{arn.display_name(name)} ({arn.account_of(name)})"


def _conditions(path: Path) -> Iterator[str]:
    """Each condition with the hops that ask for it: what one hop sends, another need not."""
    hops: dict[str, list[str]] = {}
    for number, step in enumerate(path.steps, 1):
        if step.condition:
            hops.setdefault(step.condition, []).append(str(number))
    for condition, those in hops.items():
        where = f"hop{'s' if len(those) > 1 else ''} {', '.join(those)} "
        yield f"{where if len(path.steps) > 1 else ''}if {condition}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(
        line, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )
