"""Lines of text for a terminal: wrapped beside their labels, with nothing in them that it obeys."""

import textwrap
from collections.abc import Iterator

from rich.text import Text

from assumable.errors import printable

GUTTER = 5
NARROW = 60
"""Below this width texts stand under their labels, not beside them."""


def wrapped(
    prefix: str, text: str, width: int, *, style: str = "", hang: int | None = None
) -> Iterator[Text]:
    """A text beside its label, the further lines indented as far, or little when it is narrow."""
    if hang is None:
        indent = len(prefix) - len(prefix.lstrip())
        hang = len(prefix) if width >= NARROW else max(indent, min(len(prefix), GUTTER))
    lines = textwrap.wrap(
        printable(text),
        width,
        initial_indent=prefix,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for each in lines or [prefix]:
        yield line((each, style))


def line(*parts: str | tuple[str, str]) -> Text:
    """A line of output; whatever comes from an input file is made printable here."""
    return Text.assemble(
        *(
            (printable(part), "") if isinstance(part, str) else (printable(part[0]), part[1])
            for part in parts
        )
    )
