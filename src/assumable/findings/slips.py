"""Where two texts that should be one differ, in a place to point at and in words."""

import difflib
import re
from collections.abc import Sequence

from assumable.globs import matches

ALIKE = 0.7
"""From which ratio on one text counts as a slip of the other, not as another text."""
_MOST, _LONGEST, _LETTERS = 2, 24, 2
"""A slip is one piece that is missing or too much, other letters, or two letters apart."""
_SHOWN = 12
_WILD = re.compile(r"[*?]")
_PARTS = re.compile(r"[./:]")
_PAIR = 2
_TEXT = 400
"""Characters of a text that is looked at letter by letter; the time grows with their square."""


def ratio(left: str, right: str) -> float:
    """How much two texts have in common, from 0 to 1; of long ones what begins and ends alike."""
    if left == right:
        return 1.0
    start = first_difference(left, right)
    mine, theirs = left[start:], right[start:]
    end = first_difference(mine[::-1], theirs[::-1])
    mine, theirs = mine[: len(mine) - end], theirs[: len(theirs) - end]
    alike = start + end
    if max(len(mine), len(theirs)) <= _TEXT:
        matcher = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
        alike += sum(block.size for block in matcher.get_matching_blocks())
    return 2 * alike / (len(left) + len(right))


def first_difference(left: str, right: str) -> int:
    """How many characters the two begin with alike.

    >>> first_difference("user/deploy", "user/deployer")
    11
    """
    pairs = zip(left, right, strict=False)
    differing = (n for n, (mine, theirs) in enumerate(pairs) if mine != theirs)
    return next(differing, min(len(left), len(right)))


def nearest(values: Sequence[str], wanted: str) -> int | None:
    """The place of the value that is most like the wanted one; None when none is."""
    likeness = [likeness_of(value, wanted) for value in values]
    found = max(range(len(values)), key=likeness.__getitem__, default=None)
    return found if found is not None and likeness[found] >= ALIKE else None


def likeness_of(value: str, wanted: str) -> float:
    """How much a value has in common with a text; of a pattern with a slip what it writes out."""
    mended = _mended(value, wanted)
    return ratio(*mended) if mended and told(*mended) else ratio(value, wanted)


def told_of_pattern(pattern: str, text: str) -> str:
    """What is wrong with a pattern that nearly matches a text; empty when too much is.

    >>> told_of_pattern("repo:acme/ap:*", "repo:acme/app:ref:refs/heads/main")
    '`p` is missing after `repo:acme/ap`'
    """
    mended = _mended(pattern, text)
    return told(*mended) if mended else ""


def _mended(pattern: str, text: str) -> tuple[str, str] | None:
    """What a pattern begins or ends with, and what of the text there would make it match."""
    pieces = _WILD.split(pattern)
    start, end, most = pieces[0], pieces[-1], len(text)
    if len(pieces) == 1 or most > _TEXT or matches(pattern, text):
        return None
    heads = ((start, text[:n], text[:n] + pattern[len(start) :]) for n in _near(start, most))
    tails = (
        (end, text[most - n :], pattern[: len(pattern) - len(end)] + text[most - n :])
        for n in _near(end, most)
    )
    found = [
        (old, new)
        for old, new, whole in (*heads, *tails)
        # a wildcard takes whatever is cut off, which tells nothing
        if not old.startswith(new) and not old.endswith(new) and matches(whole, text)
        # nor does a name that goes on where the pattern has a separator
        if _ends_alike(old, new, at=-1 if old is start else 0)
    ]
    return max(found, key=lambda pair: ratio(*pair), default=None)


def _ends_alike(old: str, new: str, *, at: int) -> bool:
    """Whether a separator beside the wildcard stays where it is."""
    return not old or old[at].isalnum() or old[at] == new[at]


def _near(piece: str, most: int) -> range:
    return range(max(1, len(piece) - _LONGEST), min(most, len(piece) + _LONGEST) + 1)


def told(written: str, meant: str) -> str:
    """What is wrong with the text that is written, in words; empty when too much is.

    >>> told("user/deploy", "user/deployer")
    '`er` is missing at the end'
    """
    if written == meant or max(len(written), len(meant)) > _TEXT:
        return ""
    if ratio(written, meant) < ALIKE:
        return ""
    if written.strip() == meant.strip():
        return "white space is all that differs"
    swapped = _swapped(written, meant)
    if swapped:
        return swapped
    edits = [
        edit
        for edit in difflib.SequenceMatcher(None, written, meant, autojunk=False).get_opcodes()
        if edit[0] != "equal"
    ]
    longest = max(max(edit[2] - edit[1], edit[4] - edit[3]) for edit in edits)
    replaces = any(edit[0] == "replace" for edit in edits)
    alone = _LETTERS if replaces else _LONGEST
    most = alone if len(edits) == 1 else 1
    if len(edits) > _MOST or longest > most:
        return ""  # another word, not the same one with a slip
    return " and ".join(_edit(written, meant, edit) for edit in edits)


def _swapped(written: str, meant: str) -> str:
    """Two neighbours that changed places."""
    at = first_difference(written, meant)
    pair = written[at : at + 2]
    if len(pair) > 1 and written[:at] + pair[::-1] + written[at + 2 :] == meant:
        return f"`{pair}` stands where it should be `{pair[::-1]}`"
    return _swapped_parts(written, meant)


def _swapped_parts(written: str, meant: str) -> str:
    """The same of two parts between dots, slashes or colons."""
    mine, theirs = _PARTS.split(written), _PARTS.split(meant)
    wrong = [n for n, (old, new) in enumerate(zip(mine, theirs, strict=False)) if old != new]
    if len(mine) != len(theirs) or len(wrong) != _PAIR or wrong[0] + 1 != wrong[1]:
        return ""
    first, second = (mine[n] for n in wrong)
    swapped = (second, first) == (theirs[wrong[0]], theirs[wrong[1]])
    return f"`{first}` and `{second}` changed places" if swapped else ""


def _edit(written: str, meant: str, edit: tuple[str, int, int, int, int]) -> str:
    tag, start, end, begin, until = edit
    old, new = written[start:end], meant[begin:until]
    if end == len(written):
        where = "at the end"
    elif start == 0:
        where = "at the start"
    else:
        where = f"after `{written[max(0, start - _SHOWN) : start]}`"
    if tag == "insert":
        return f"`{new}` is missing {where}"
    if tag == "delete":
        return f"`{old}` {where} is too much"
    return f"`{old}` stands where it should be `{new}`"
