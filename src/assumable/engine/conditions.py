"""Conditions: keys present or not, set qualifiers, policy variables, and what is not known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, assert_never

from assumable.engine.open_items import OPEN_ITEMS
from assumable.engine.operators import (
    OPERATORS,
    POSITIVE,
    Compare,
    Operator,
    Pattern,
    equal_ignoring_case,
)
from assumable.engine.truth import Atom, Test, Truth, all_of, any_of, negate
from assumable.globs import tokens
from assumable.model.call import Absent, Open, Present, Value
from assumable.model.policy import Condition
from assumable.model.world import Unknown


class Context(Protocol):
    """Where conditions look keys up; names are case-insensitive (R6.9)."""

    def get(self, key: str) -> Value:
        """The value of a key, with the reason why it is present, absent or unknown."""
        ...

    def value(self, name: str) -> Value:
        """The same for a key that is in lower case already."""
        ...

    def assumed(self, item: str) -> bool | None:
        """How the user decided an open item; None leaves it open."""
        ...

    def takes(self, item: str) -> bool:
        """Which reading of an open item decides, where one is the default."""
        ...


_MULTIVALUED = frozenset((
    "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist",
    "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:tagkeys", "sts:requestcontextproviders",
    "sts:transitivetagkeys",
))  # fmt: skip
"""Keys that are never variables, known or not: only single-valued ones are (R6.10)."""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def resolve(text: str, context: Context, *, has_variables: bool) -> Pattern | Unknown | None:
    """A wanted value with its policy variables replaced (R6.10, R6.11).

    None when a variable has no value and no default: the pattern matches nothing. A replaced value
    is literal: wildcards in it are ordinary characters.
    """
    if not has_variables or "${" not in text:
        return Pattern(tokens(text))
    pieces: list[object] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        pieces.extend(tokens(text[end : found.start()]))
        end = found.end()
        value = _variable(found[1], context)
        if not isinstance(value, str):
            return value
        pieces.append(value)
    pieces.extend(tokens(text[end:]))
    return Pattern(tuple(pieces))  # type: ignore[arg-type]  # texts and wildcards only


def variables_in(texts: Iterable[str]) -> Iterator[str]:
    """The keys, in lower case, whose values stand in texts as policy variables."""
    for text in texts:
        for found in _VARIABLE.findall(text):
            yield found.partition(",")[0].strip().lower()


def _variable(name: str, context: Context) -> str | Unknown | None:
    if name in ("*", "?", "$"):
        return name
    key, _, default = name.partition(",")
    fallback = default.strip().strip("'\"") if default else None
    if key.strip().lower() in _MULTIVALUED:
        return fallback
    value = context.get(key.strip())
    match value:
        case Present():
            return value.values[0] if not value.multivalued and value.values else fallback
        case Absent():
            return fallback
        case Unknown():
            return value
        case Open():
            return Unknown(f"{key.strip()}, which is open item {value.item}")
        case _:
            assert_never(value)


Held = Callable[[Context], Truth]
"""A condition made ready: whether it holds in a context."""


def compiled(condition: Condition, *, has_variables: bool) -> Held:
    """A condition made ready to be asked often; open items are decided both ways."""
    wanted = Test(
        condition.base, condition.qualifier, condition.if_exists, condition.values, has_variables
    )
    return _compiled(wanted, condition.key)


def holds(wanted: Test, key: str, context: Context) -> Truth:
    """A condition kept in a residual, evaluated once its key is known."""
    return _compiled(wanted, key)(context)


def _compiled(wanted: Test, key: str) -> Held:
    name = key.lower()
    if wanted.base == "null" or (wanted.has_variables and any("${" in w for w in wanted.values)):
        return lambda context: _decide(wanted, key, context.value(name), context)
    operator = OPERATORS[wanted.base]
    compare = operator.compiled([Pattern(tokens(text)) for text in wanted.values])
    negated, plain = operator.negated, not wanted.qualifier

    def held(context: Context) -> Truth:
        value = context.value(name)
        if type(value) is Present and plain and len(value.values) == 1:
            return compare(value.values[0]) != negated
        return _decide(wanted, key, value, context, compare)

    return held


def _decide(
    wanted: Test, key: str, value: Value, context: Context, compare: Compare | None = None
) -> Truth:
    match value:
        case Open():
            yes = _decide(wanted, key, value.if_true, context, compare)
            no = _decide(wanted, key, value.if_false, context, compare)
            return either(value.item, yes, no)
        case Unknown():
            return _open(wanted, key, value)
        case Absent():
            return _missing(wanted, context)
        case Present():
            if compare is not None and value.values:
                return _counted(wanted, value, compare)
            return _compared(wanted, key, value, context)
        case _:
            assert_never(value)


def either(item: str, if_true: Truth, if_false: Truth) -> Truth:
    """The truth under an open item: plain when it does not matter, else a formula that names it."""
    if if_true == if_false:
        return if_true
    known = OPEN_ITEMS[item]
    yes, no = known.values
    atom = Atom(
        subject=item,
        text=f"{item} is `{yes}` ({known.question})",
        opposite=f"{item} is `{no}` ({known.question})",
        part=f"{item}: {known.question}",
        settle=f"--assume {item}={yes} or {item}={no}",
        kind="item",
    )
    return any_of([all_of([atom, if_true]), all_of([negate(atom), if_false])])


def _missing(wanted: Test, context: Context) -> bool:
    """What an operator says of a key that is not in the request (R6.5 to R6.8)."""
    if wanted.base == "null":
        return _says_null(wanted)
    if wanted.if_exists:
        return True
    if wanted.qualifier == "forallvalues":
        return wanted.base != "stringnotlike" or context.takes("C-7")
    return wanted.qualifier != "foranyvalue" and OPERATORS[wanted.base].negated


def _says_null(wanted: Test) -> bool:
    return any(value.lower() == "true" for value in wanted.values)


def _compared(wanted: Test, key: str, value: Present, context: Context) -> Truth:
    """A key that is present, against `Null` or against values with variables in them."""
    if not value.values:
        return _missing(wanted, context)
    if wanted.base == "null":
        return any(text.lower() == "false" for text in wanted.values)
    if wanted.base != "bool":
        return _against(OPERATORS[wanted.base], wanted, key, value, context)
    replaced = _against(Operator(equal_ignoring_case, variables=True), wanted, key, value, context)
    as_text = _against(OPERATORS["bool"], wanted, key, value, context)
    decided = context.assumed("C-8")
    if decided is not None:
        return replaced if decided else as_text
    return either("C-8", replaced, as_text)


def _against(operator: Operator, wanted: Test, key: str, value: Present, context: Context) -> Truth:
    patterns: list[Pattern] = []
    unresolved: Unknown | None = None
    for text in wanted.values:
        pattern = resolve(text, context, has_variables=wanted.has_variables and operator.variables)
        if isinstance(pattern, Unknown):
            unresolved = pattern
        elif pattern is not None:
            patterns.append(pattern)
    compare = operator.compiled(patterns)
    matched = len(value.values) == 1 and compare(value.values[0])
    if unresolved is not None and not matched:
        # No known value matches: the one whose variable is not known may.
        return Atom(
            subject=key.lower(),
            text=f"{key} {_words(wanted)}",
            part=unresolved.what,
            settle=unresolved.settle,
            test=wanted,
        )
    return _counted(wanted, value, compare)


def _counted(wanted: Test, value: Present, compare: Compare) -> bool:
    """How many of the values must compare, by set qualifier (R6.7)."""
    negated = OPERATORS[wanted.base].negated
    each = (compare(got) != negated for got in value.values)
    if wanted.qualifier == "forallvalues":
        return all(each)
    # Not in FACTS: a multivalued key without a set qualifier is read as "any of its values".
    if wanted.qualifier == "foranyvalue" or not negated:
        return any(each)
    return all(each)


def _open(wanted: Test, key: str, value: Unknown) -> Truth:
    """The formula for a key that is not known, in positive atoms so that opposites cancel."""
    name = key.lower()
    part = value.what if value.what.lower().startswith(name) else f"{key}: {value.what}"
    exists: Truth = value.present or Atom(
        subject=name,
        text=f"{key} is in the request",
        opposite=f"{key} is not in the request",
        part=part,
        settle=value.settle,
        test=Test("null", "", if_exists=False, values=("false",)),
    )
    if wanted.base == "null":
        answers = {_says_null(wanted), any(text.lower() == "false" for text in wanted.values)}
        if answers == {True}:
            return True
        if answers == {False}:
            return False
        return negate(exists) if _says_null(wanted) else exists
    negated, possible = OPERATORS[wanted.base].negated, tuple(filter(value.may_be, wanted.values))
    if not possible and not negated:
        lenient = wanted.if_exists or wanted.qualifier == "forallvalues"
        return negate(exists) if lenient else False
    if wanted.qualifier or (wanted.has_variables and any("${" in text for text in wanted.values)):
        return Atom(
            subject=name,
            text=f"{key} {_words(wanted)}",
            part=part,
            settle=value.settle,
            test=wanted,
        )
    base = POSITIVE.get(wanted.base, wanted.base)
    same = any_of(
        _atom(key, base, text, part, value.settle)
        if (known := _known(base, text, value.end)) is None
        else known and exists
        for text in possible
    )
    if negated:
        return negate(same)
    return any_of([negate(exists), same]) if wanted.if_exists else same


def _known(base: str, text: str, end: str) -> bool | None:
    """Whether a wanted text is every value with that end, or none; None where the rest decides."""
    like = base in ("stringlike", "arnlike", "arnequals")
    if like and text == "*":
        return True
    if not end or base not in ("stringequals", "stringlike"):
        return None
    start, wild, tail = text.rpartition("*") if like else ("", "", text)
    if like and "?" in tail:
        return None
    if not tail.endswith(end) and not end.endswith(tail):
        return False
    return True if wild and not start and end.endswith(tail) else None


def _atom(key: str, base: str, wanted: str, part: str, settle: str) -> Atom:
    test = Test(base, "", if_exists=False, values=(wanted,))
    verb = _VERBS[base]
    return Atom(
        subject=key.lower(),
        text=f"{key} {verb} `{wanted}`",
        opposite=f"{key} {verb.replace('is', 'is not', 1)} `{wanted}`",
        part=part,
        settle=settle,
        test=test,
    )


_VERBS = {
    "stringequals": "is", "stringequalsignorecase": "is (any case)", "stringlike": "is like",
    "bool": "is", "ipaddress": "is in", "arnequals": "is like", "arnlike": "is like",
    "numericequals": "is", "numericlessthan": "is under", "numericlessthanequals": "is at most",
    "numericgreaterthan": "is over", "numericgreaterthanequals": "is at least",
    "dateequals": "is", "datelessthan": "is before", "datelessthanequals": "is at most",
    "dategreaterthan": "is after", "dategreaterthanequals": "is at least", "binaryequals": "is",
}  # fmt: skip
_QUALIFIERS = {"": "", "forallvalues": "in all its values ", "foranyvalue": "in any of its values "}


def _words(wanted: Test) -> str:
    verb = _VERBS[POSITIVE.get(wanted.base, wanted.base)]
    sense = verb.replace("is", "is not", 1) if OPERATORS[wanted.base].negated else verb
    tail = " (or absent)" if wanted.if_exists else ""
    values = " or ".join(f"`{value}`" for value in wanted.values)
    return f"{_QUALIFIERS[wanted.qualifier]}{sense} {values}{tail}"


def words(condition: Condition) -> str:
    """A condition in plain words: `sts:ExternalId is `abc``."""
    if condition.base == "null":
        absent = any(value.lower() == "true" for value in condition.values)
        return f"{condition.key} is {'absent' if absent else 'present'}"
    wanted = Test(condition.base, condition.qualifier, condition.if_exists, condition.values)
    return f"{condition.key} {_words(wanted)}"


def open_question(text: str, unknown: Unknown) -> Atom:
    """A question about a value that a variable leaves open."""
    return Atom(
        subject=unknown.what, text=text, part=unknown.what, settle=unknown.settle, kind="fact"
    )
