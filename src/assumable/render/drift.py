"""What changed between two worlds, as text, as one JSON object, and as Markdown for a pull request.

The dangerous direction comes first: access gained, then conditions that ask for less.
"""

import difflib
import itertools
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from assumable.errors import printable
from assumable.findings.fix import diff_of
from assumable.formats.writing import indented, pretty
from assumable.org.attribution import Cause
from assumable.org.drift import DIRECTIONS, Change, Direction, Drift, OtherAccess, Uncompared
from assumable.org.edits import Edit, shown
from assumable.org.trusts import EVERY
from assumable.render.markup import fenced, prose

SCHEMA = "assumable/compare/1"
_SIGNS: dict[Direction, str] = {
    "gained": "+", "eased": "+", "other": "~", "tightened": "-", "lost": "-",
}  # fmt: skip
_WORDS: dict[Direction, str] = {
    "gained": "gained", "eased": "asks less", "other": "asks else", "tightened": "asks more",
    "lost": "lost",
}  # fmt: skip
_TITLES: dict[Direction, str] = {
    "gained": "Access gained", "eased": "Conditions that ask for less",
    "other": "Conditions that ask for something else", "tightened": "Conditions that ask for more",
    "lost": "Access lost",
}  # fmt: skip
_KINDS = {"service": "service", "federated": "bearers of tokens of", "account": "account"}
_IN = " " * 20
_DIFF_LINES = 6
"""How many lines of one policy's difference the terminal shows."""


def terminal(drift: Drift, *, width: int = 100, most: int = 5) -> str:
    """The whole answer; of many edits, and of many pairs that one changed, the first `most`."""
    lines = (text for line in _lines(drift, most) for text in _wrapped(line, width))
    return "\n".join(map(printable, lines)) + "\n"


def _lines(drift: Drift, most: int) -> Iterator[str]:
    yield headline(drift)
    edited: set[Edit] = set()
    for direction in DIRECTIONS:
        changes = [change for change in drift.changes if change.direction == direction]
        if changes:
            yield ""
        for change in changes[:most]:
            first, *more = _did(change.cause)
            yield f"{_SIGNS[direction]} {_WORDS[direction]:10}{change.size:>6}  {first}"
            yield from (f"{_IN}{text}" for text in more)
            for depth, text in _named(drift, change, most):
                yield f"{_IN}{'  ' * depth}{text}"
            for edit in _first_time(change.cause, edited):
                yield from (f"{_IN}│ {text}" for text in _edited(drift, edit))
        yield from (f"{_IN}{text}" for text in _more(changes[most:]))
    if drift.uncompared:
        yield ""
    yield from (f"? not compared      {_missing(missing)}" for missing in drift.uncompared)


def _first_time(cause: Cause, edited: set[Edit]) -> list[Edit]:
    """The edits that were not shown before."""
    found = [edit for edit in cause.edits if edit not in edited]
    edited.update(found)
    return found


def headline(drift: Drift) -> str:
    """How much changed, in one line."""
    counts = [
        f"{drift.count(direction)} {_WORDS[direction]}"
        for direction in DIRECTIONS
        if drift.count(direction) or direction in ("gained", "lost")
    ]
    what = f"{_counted(len(drift.names), 'principal')}, {_counted(drift.roles, 'role')}"
    if not drift.changes:
        unless = ", as far as both were read" if drift.uncompared else ""
        return f"no decision changed{unless} ({what})"
    return f"access: {', '.join(counts)} ({what})"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _did(cause: Cause) -> list[str]:
    """The edits, one after the other."""
    first, *more = map(_said, cause.edits)
    if not more:
        return [first]
    word, how = ("and", "together") if cause.together else ("or", "each by itself")
    return [first, *(f"{word} {text}" for text in more[:-1]), f"{word} {more[-1]} ({how})"]


def _said(edit: Edit) -> str:
    return f"{edit.what} was not read in {edit.unread}" if edit.unread else edit.what


def _more(left: Sequence[Change]) -> Iterator[str]:
    if left:
        pairs = sum(change.size for change in left)
        yield f"and {pairs} by {_counted(len(left), 'more edit')} (--limit shows them)"


def _named(drift: Drift, change: Change, most: int) -> Iterator[tuple[int, str]]:
    """Whom it is about, with how far it is moved in: conditions once, below them the first pairs.

    Whoever nobody can list comes first.
    """
    for other in change.others[:most]:
        held = _held(other.before, other.after)
        who = f"{_who(other)} → {shown(other.role)}"
        yield 0, f"{who}: {held}" if held else who
    said, condition = len(change.others[:most]), ""
    for access in sorted(change.access, key=lambda each: (each.before or "", each.after or "")):
        before, after = (() if each is None else (each,) for each in (access.before, access.after))
        held = _held(before, after)
        for number in access.members[: most - said]:
            if held not in ("", condition):
                condition = held
                yield 0, condition
            yield bool(condition), f"{shown(drift.names[number])} → {shown(access.role)}"
            said += 1
    left = change.size - said
    if left:
        yield bool(condition), f"and {left} more (--limit shows them)"


def _who(other: OtherAccess) -> str:
    if other.kind == "everyone":
        return "everyone"
    return f"{_KINDS[other.kind]} {'any provider' if other.name == EVERY else other.name}"


def _held(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """The condition in words, with what it was where there was one; empty where there is none."""
    was, now = (" or ".join(map(_if, each)) for each in (before, after))
    if was and now:
        return f"{now}; before: {was}"
    only = now or was
    return "" if only == _ALWAYS else only


_ALWAYS = "always"


def _if(condition: str) -> str:
    return f"if {condition}" if condition else _ALWAYS


def _edited(drift: Drift, edit: Edit) -> Iterator[str]:
    """What a policy says now and did not say before, and the other way round, line by line."""
    before, after = drift.documents.get(edit, (None, None))
    if before is None or after is None:
        return
    old, new = ([line.rstrip(",") for line in pretty(each).split("\n")] for each in (before, after))
    found = itertools.islice(difflib.unified_diff(old, new, lineterm="", n=0), 2, None)
    lines = [line for line in found if line[0] in "+-" and any(map(str.isalnum, line))]
    yield from lines[:_DIFF_LINES]
    if len(lines) > _DIFF_LINES:
        yield f"and {len(lines) - _DIFF_LINES} more lines"


def _diff(drift: Drift, edit: Edit) -> str:
    """The difference of a policy that was edited; empty for one that came or went."""
    before, after = drift.documents.get(edit, (None, None))
    return "" if before is None or after is None else diff_of(before, after, edit.subject)


def _missing(missing: Uncompared) -> str:
    where = "in OLD and in NEW" if missing.unread == "both" else f"in {missing.unread}"
    pairs = f": {_counted(missing.pairs, 'decision')} may differ for it" if missing.pairs else ""
    return f"{missing.what} was not read {where}{pairs}"


def _wrapped(line: str, width: int) -> list[str]:
    if len(line) <= width or "│" in line:
        return [line]
    text = line.lstrip(" ")
    start = " " * (len(line) - len(text))
    return textwrap.wrap(
        text, width, initial_indent=start, subsequent_indent=f"{start or _IN}  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def markdown(drift: Drift, *, most: int = 5) -> str:
    """The same for a pull request; the difference of each policy is folded away."""
    return "\n".join(_paragraphs(drift, most)) + "\n"


def _paragraphs(drift: Drift, most: int) -> Iterator[str]:
    yield f"**{prose(headline(drift))}**"
    edited: set[Edit] = set()
    for direction in DIRECTIONS:
        changes = [change for change in drift.changes if change.direction == direction]
        if changes:
            yield from ("", f"### {_TITLES[direction]}", "")
        for change in changes[:most]:
            yield f"- **{change.size}** {prose(' '.join(_did(change.cause)))}"
            for depth, text in _named(drift, change, most):
                yield f"{'  ' * (depth + 1)}- {prose(text)}"
            for edit in _first_time(change.cause, edited):
                yield from _folded(edit, _diff(drift, edit))
        yield from (f"- {text}" for text in _more(changes[most:]))
    if drift.uncompared:
        yield from ("", "### Not compared", "")
        yield from (f"- {prose(_missing(missing))}" for missing in drift.uncompared)


def _folded(edit: Edit, diff: str) -> Iterator[str]:
    if diff:
        yield from (f"  <details><summary>{prose(edit.what)}</summary>", "")
        yield from (f"  {line}" for line in fenced(diff, "diff"))
        yield from ("", "  </details>")


def as_json(drift: Drift, old: str, new: str) -> str:
    """One object with every pair."""
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "old": old,
        "new": new,
        "principals": len(drift.names),
        "roles": drift.roles,
        "counts": {direction: drift.count(direction) for direction in DIRECTIONS},
        "changes": [_as_object(drift, change) for change in drift.changes],
        "not_compared": drift.uncompared,
    }
    return indented(found)


def _as_object(drift: Drift, change: Change) -> dict[str, Any]:
    edits = []
    for edit in change.cause.edits:
        before, after = drift.documents.get(edit, (None, None))
        edits.append({**msgspec.structs.asdict(edit), "before": before, "after": after})
    return {
        "direction": change.direction,
        "edits": edits,
        "together": change.cause.together,
        "pairs": change.pairs,
        "access": [
            {
                "role": access.role,
                "before": access.before,
                "after": access.after,
                "principals": [drift.names[number] for number in access.members],
            }
            for access in change.access
        ],
        "others": change.others,
    }
