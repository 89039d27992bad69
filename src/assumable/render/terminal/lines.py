"""Lines of text for a terminal: wrapped beside their labels, with nothing in them that it obeys."""

import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from rich.text import Text

from assumable.errors import printable

GUTTER = 5
NARROW = 60
"""Below this width texts stand under their labels, not beside them."""
_IN_WORDS = {" → ": " gives ", "≠": "differs:", "…": "...", "“": '"', "”": '"'}
"""What prose has beside letters; commands and lines of documents stay as they are."""


class Screen(NamedTuple):
    """What is written on."""

    width: int
    plain: bool = False
    """Whether signs are words: for screen readers, and where the output has no such signs."""

    @property
    def to(self) -> str:
        """What stands between a caller and a role."""
        return "to" if self.plain else "→"


_CITED = re.compile(r" \(R\d+\.\d+[a-z]?(?:, R\d+\.\d+[a-z]?)*\)")
"""The rule behind a statement, for those who read the JSON."""


def wrapped(
    prefix: str, text: str, screen: Screen, *, style: str = "", hang: int | None = None
) -> Iterator[Text]:
    """A text beside its label, the further lines indented as far, or little when it is narrow."""
    width, text = screen.width, _CITED.sub("", text)
    if screen.plain:
        for sign, word in _IN_WORDS.items():
            prefix, text = prefix.replace(sign, word), text.replace(sign, word)
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
