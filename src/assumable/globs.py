"""IAM wildcards: `*` is any run of characters, `?` any one character.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import enum
import functools
import re
from collections.abc import Callable


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


def expression(pattern: Tokens, *, within: str = "") -> str:
    """The pattern as a regular expression; wildcards do not match the character `within`.

    Every run between two `*` is found leftmost and never given back (atomic group): leftmost is
    enough for globs, and no pattern backtracks exponentially.
    """
    any_one = f"[^{within}]" if within else "."
    runs: list[str] = [""]
    for piece in pattern:
        if piece is Wild.ANY_RUN:
            runs.append("")
        else:
            runs[-1] += any_one if isinstance(piece, Wild) else re.escape(piece)
    if len(runs) == 1:
        return runs[0]
    middle = "".join(f"(?>{any_one}*?{run})" for run in runs[1:-1] if run)
    return f"{runs[0]}{middle}{any_one}*{runs[-1]}"


@functools.lru_cache(maxsize=65_536)
def _compiled(pattern: Tokens, *, ignore_case: bool) -> re.Pattern[str]:
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile(expression(pattern), flags)


def matcher(pattern: Tokens) -> Callable[[str], bool]:
    """The test for a pattern that is asked often."""
    if not any(isinstance(piece, Wild) for piece in pattern):
        return literal(pattern).__eq__
    fullmatch = _compiled(pattern, ignore_case=False).fullmatch
    return lambda text: fullmatch(text) is not None


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
