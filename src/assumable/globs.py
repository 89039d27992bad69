"""IAM wildcards: `*` is any run of characters, `?` any one character.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import enum
import functools
import re


class Wild(enum.Enum):
    """A wildcard in a pattern that was taken apart."""

    ANY_RUN = "*"
    ANY_ONE = "?"


Token = str | Wild
Tokens = tuple[Token, ...]


def tokens(text: str) -> Tokens:
    """A pattern taken apart into literals and wildcards.

    >>> tokens("role/Dev*")
    ('role/Dev', <Wild.ANY_RUN: '*'>)
    """
    return tuple(
        Wild(piece) if piece in ("*", "?") else piece
        for piece in re.split(r"([*?])", text)
        if piece
    )


def literal(pattern: Tokens) -> str:
    """The pattern as plain text, its wildcards as ordinary characters."""
    return "".join(piece.value if isinstance(piece, Wild) else piece for piece in pattern)


def has_wildcard(text: str) -> bool:
    """Whether the text would match more than itself."""
    return "*" in text or "?" in text


@functools.lru_cache(maxsize=65_536)
def _compiled(pattern: Tokens, *, ignore_case: bool) -> re.Pattern[str]:
    # Every run between two `*` is found leftmost and never given back (atomic group): leftmost is
    # enough for globs, and no pattern backtracks exponentially.
    runs: list[str] = [""]
    for piece in pattern:
        if piece is Wild.ANY_RUN:
            runs.append("")
        else:
            runs[-1] += "." if isinstance(piece, Wild) else re.escape(piece)
    if len(runs) == 1:
        expression = runs[0]
    else:
        middle = "".join(f"(?>.*?{run})" for run in runs[1:-1] if run)
        expression = f"{runs[0]}{middle}.*{runs[-1]}"
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches_tokens(pattern: Tokens, text: str, *, ignore_case: bool = False) -> bool:
    """Whether the whole text matches a pattern that was taken apart."""
    return _compiled(pattern, ignore_case=ignore_case).fullmatch(text) is not None


@functools.lru_cache(maxsize=65_536)
def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether the whole text matches the pattern.

    >>> matches("sts:Assume*", "sts:AssumeRole")
    True
    """
    if not has_wildcard(pattern):
        return pattern.lower() == text.lower() if ignore_case else pattern == text
    return matches_tokens(tokens(pattern), text, ignore_case=ignore_case)
