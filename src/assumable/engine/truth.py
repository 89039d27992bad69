"""Three values: True, False, and a residual formula over what is not known.

INVARIANT: a formula built here is neither constant; `all_of`, `any_of` and `negate` return plain
booleans whenever the parts decide it.
"""

from collections.abc import Callable, Iterable
from typing import assert_never

import msgspec


class Atom(msgspec.Struct, frozen=True):
    """One question that the known facts leave open."""

    subject: str
    """The condition key in lower case, or the name of the unknown policy or open item."""
    text: str
    """The question as a statement that would be true: `aws:SourceIp is in 203.0.113.0/24`."""
    opposite: str = ""
    """The same question answered no, where "not (…)" would read badly."""
    part: str = ""
    """What is not known, as a noun phrase; several questions may be about one part."""
    settle: str = ""
    """The input or permission that would settle it."""
    kind: str = "condition"
    """`condition`, `policy`, `fact` or `item` (an open item of FACTS section 13)."""
    test: "Test | None" = None
    """For a condition: what to evaluate once the key is known."""


class Test(msgspec.Struct, frozen=True):
    """A condition on one key, kept so that a residual can be evaluated later."""

    base: str
    qualifier: str
    if_exists: bool
    values: tuple[str, ...]
    has_variables: bool = False


class Not(msgspec.Struct, frozen=True):
    """Negation."""

    part: "Formula"


class And(msgspec.Struct, frozen=True):
    """Conjunction of two or more parts."""

    parts: tuple["Formula", ...]


class Or(msgspec.Struct, frozen=True):
    """Disjunction of two or more parts."""

    parts: tuple["Formula", ...]


Formula = Atom | Not | And | Or
Truth = bool | Atom | Not | And | Or


def negate(value: Truth) -> Truth:
    """Not: pushed inwards, so that complementary parts meet as an atom and its negation."""
    match value:
        case bool():
            return not value
        case Not():
            return value.part
        case And():
            return any_of(negate(part) for part in value.parts)
        case Or():
            return all_of(negate(part) for part in value.parts)
        case Atom():
            return Not(value)
        case _:
            assert_never(value)


def all_of(values: Iterable[Truth]) -> Truth:
    """And: False as soon as one part is, True when all are."""
    parts: list[Formula] = []
    for value in values:
        if value is False:
            return False
        if value is not True:
            parts.append(value)
    return _joined(parts, And) if parts else True


def any_of(values: Iterable[Truth]) -> Truth:
    """Or: True as soon as one part is, False when none can be."""
    parts: list[Formula] = []
    for value in values:
        if value is True:
            return True
        if value is not False:
            parts.append(value)
    return _joined(parts, Or) if parts else False


def _joined(parts: list[Formula], kind: type[And] | type[Or]) -> Truth:
    if len(parts) == 1:
        return parts[0]
    flat = [below for part in parts for below in (part.parts if type(part) is kind else (part,))]
    unique = tuple(dict.fromkeys(flat))
    present = set(unique)
    if any(negate(part) in present for part in unique):
        return kind is Or  # a ∧ ¬a is never so, a ∨ ¬a always
    dual = Or if kind is And else And
    kept = tuple(
        part
        for part in unique
        if not (isinstance(part, dual) and any(below in present for below in part.parts))
    )  # absorption: a ∧ (a ∨ b) = a
    return kept[0] if len(kept) == 1 else kind(kept)


def settle(value: Truth, answer: Callable[[Atom], bool | None]) -> Truth:
    """The truth once some atoms are answered; None leaves an atom open."""
    match value:
        case bool():
            return value
        case Atom():
            answered = answer(value)
            return value if answered is None else answered
        case Not():
            return negate(settle(value.part, answer))
        case And():
            return all_of(settle(part, answer) for part in value.parts)
        case Or():
            return any_of(settle(part, answer) for part in value.parts)
        case _:
            assert_never(value)


def atoms(value: Truth) -> tuple[Atom, ...]:
    """Every open question in a truth, in order, once."""
    match value:
        case bool():
            return ()
        case Atom():
            return (value,)
        case Not():
            return atoms(value.part)
        case And() | Or():
            found = [atom for part in value.parts for atom in atoms(part)]
            return tuple(dict.fromkeys(found))
        case _:
            assert_never(value)


def describe(value: Truth) -> str:
    """The truth in words: `aws:SourceIp is … and not (…)`."""
    match value:
        case bool():
            return "always" if value else "never"
        case Atom():
            return value.text
        case Not(part=Atom(opposite=opposite)) if opposite:
            return opposite
        case Not():
            return f"not ({describe(value.part)})"
        case And():
            texts = dict.fromkeys(map(_grouped, value.parts))
            left_out = implied(texts)
            return " and ".join(text for text in texts if text not in left_out)
        case Or():
            texts = dict.fromkeys(map(_grouped, value.parts))
            return " or ".join(texts)
        case _:
            assert_never(value)


def implied(texts: Iterable[str]) -> set[str]:
    """What goes without saying: a policy that is said to allow does not deny."""
    allowing = (text for text in texts if " is allowed by " in text)
    return {text.replace(" is allowed by ", " is not denied by ") for text in allowing}


def _grouped(value: Formula) -> str:
    text = describe(value)
    return f"({text})" if isinstance(value, And | Or) and " or " in text else text
