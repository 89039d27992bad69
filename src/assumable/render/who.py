"""Who can assume a role, as text: one condition after the other, the first names of each."""

import textwrap
from collections.abc import Iterator

from assumable import arn
from assumable.errors import printable
from assumable.org.whocan import WhoCan

_KINDS = {
    "service": "service",
    "federated": "bearers of tokens",
    "account": "account",
    "everyone": "everyone",
}
_INDENT = "          "


def render(answer: WhoCan, *, width: int = 100, most: int = 20) -> str:
    """The whole answer; of the principals under one condition the first `most` are named."""
    lines = (text for line in _lines(answer, most) for text in _wrapped(line, width))
    return "\n".join(map(printable, lines)) + "\n"


def _lines(answer: WhoCan, most: int) -> Iterator[str]:
    total = sum(len(way.principals) for way in answer.ways)
    shown = f"{arn.display_name(answer.role)} ({arn.account_of(answer.role)})"
    if answer.not_known:
        yield f"{shown}: not known who can assume it: {answer.not_known}"
        return
    yield f"{shown}: {total} of the {answer.known} principals known can assume it"
    for way in answer.ways:
        yield ""
        when = f"if        {way.condition}" if way.condition else "always"
        yield f"{when} ({_named(way.statements)})"
        for text in way.principals[:most]:
            yield f"{_INDENT}{text}"
        left = len(way.principals) - most
        if left > 0:
            yield f"{_INDENT}and {left} more (--limit shows them)"
    if answer.others:
        yield ""
        yield "besides   who cannot be listed one by one, if nothing else denies it"
    for other in answer.others:
        under = f" if {other.condition}" if other.condition else ""
        yield f"{_INDENT}{_KINDS[other.kind]} {other.name}{under} (statement {other.statement})"


def _named(statements: tuple[int, ...]) -> str:
    """The statements of the trust policy that let them in."""
    numbers = ", ".join(map(str, statements))
    return f"statement{'s' if len(statements) > 1 else ''} {numbers}" if numbers else "own role"


def _wrapped(line: str, width: int) -> list[str]:
    if len(line) <= width or line.lstrip().startswith("arn:"):
        return [line]
    return textwrap.wrap(
        line, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )
