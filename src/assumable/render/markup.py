"""Text made safe for Markdown, whatever it holds."""

import re

from assumable.errors import printable


def code(text: str) -> str:
    """A value as inline code, whatever backticks it holds."""
    fence = "`" * (1 + max(map(len, re.findall(r"`+", text)), default=0))
    pad = " " if len(fence) > 1 else ""
    return f"{fence}{pad}{printable(text)}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence in which no tag of HTML begins; inline code stays as it is."""
    parts = re.split(r"(`[^`]*`)", printable(text))
    return "".join(p if p.startswith("`") else p.replace("<", "&lt;") for p in parts)


def cell(text: str) -> str:
    """A sentence in a table."""
    return prose(text).replace("|", "\\|")


def fenced(text: str, language: str) -> list[str]:
    """A block of code, fenced by more backticks than it holds."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return [f"{fence}{language}", *map(printable, text.split("\n")), fence]
