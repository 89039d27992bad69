"""Condition operators, set qualifiers and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Protocol, assert_never

import msgspec

from assumable.engine.truth import Atom, Test, Truth, all_of, any_of, negate
from assumable.globs import Tokens, literal, matcher, tokens
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


class Pattern(msgspec.Struct, frozen=True):
    """A wanted value, its variables replaced."""

    tokens: Tokens

    @property
    def text(self) -> str:
        """As plain text."""
        return literal(self.tokens)


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


Compare = Callable[[str], bool]
"""Whether a value of the request compares with any of the wanted ones."""


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _instant(text: str) -> Decimal | None:
    number = _number(text)
    if number is not None:
        return number
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return Decimal(str((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def _measured(
    read: Callable[[str], Decimal | None],
    holds: Callable[[Decimal, Decimal], bool],
    patterns: Sequence[Pattern],
) -> Compare:
    """Numbers or dates: what cannot be read compares with nothing."""
    wanted = [
        value for value in map(read, (pattern.text for pattern in patterns)) if value is not None
    ]

    def compare(text: str) -> bool:
        got = read(text)
        return got is not None and any(holds(got, want) for want in wanted)

    return compare


def _equal(patterns: Sequence[Pattern]) -> Compare:
    return frozenset(pattern.text for pattern in patterns).__contains__


def _equal_ignoring_case(patterns: Sequence[Pattern]) -> Compare:
    wanted = frozenset(pattern.text.lower() for pattern in patterns)
    return lambda got: got.lower() in wanted


def _any_of_several(compares: Sequence[Compare]) -> Compare:
    if len(compares) == 1:
        return compares[0]
    return lambda got: any(compare(got) for compare in compares)


def _like(patterns: Sequence[Pattern]) -> Compare:
    return _any_of_several([matcher(pattern.tokens) for pattern in patterns])


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _same_bytes(patterns: Sequence[Pattern]) -> Compare:
    wanted = {_decoded(pattern.text) for pattern in patterns} - {None}
    return lambda got: _decoded(got) in wanted


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _in_network(patterns: Sequence[Pattern]) -> Compare:
    networks = [found for found in (_network(pattern.text) for pattern in patterns) if found]

    def compare(got: str) -> bool:
        try:
            address = ipaddress.ip_address(got)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return compare


def split_arn(pattern: Tokens) -> tuple[Tokens, ...] | None:
    """An ARN pattern as its six parts, cut at the first five colons (R6.4)."""
    parts: list[list[object]] = [[]]
    for piece in pattern:
        if isinstance(piece, str):
            first, *rest = piece.split(":", 6 - len(parts))
            parts[-1].append(first)
            parts.extend([text] for text in rest)
        else:
            parts[-1].append(piece)
    if len(parts) != 6:  # noqa: PLR2004  # an ARN has six parts
        return None
    return tuple(tuple(piece for piece in part if piece != "") for part in parts)  # type: ignore[misc]  # texts and wildcards only


def _never(_: str) -> bool:
    return False


def _always(_: str) -> bool:
    return True


def _one_arn(pattern: Pattern) -> Compare:
    if pattern.text == "*":  # not in FACTS: read as "any ARN", as people mean it
        return _always
    wanted = split_arn(pattern.tokens)
    if wanted is None:
        return _never
    compares = [matcher(part) for part in wanted]

    def compare(got: str) -> bool:
        parts = got.split(":", 5)
        return len(parts) == len(compares) and all(
            compare(part) for compare, part in zip(compares, parts, strict=True)
        )

    return compare


def _arn(patterns: Sequence[Pattern]) -> Compare:
    return _any_of_several([_one_arn(pattern) for pattern in patterns])


class Operator(msgspec.Struct, frozen=True):
    """How values are compared; negated operators hold when no wanted value compares."""

    compiled: Callable[[Sequence[Pattern]], Compare]
    negated: bool = False
    variables: bool = False
    """Whether policy variables are replaced under it: string and ARN operators (R6.10)."""


_NUMERIC: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "lessthan": lambda got, want: got < want,
    "lessthanequals": lambda got, want: got <= want,
    "greaterthan": lambda got, want: got > want,
    "greaterthanequals": lambda got, want: got >= want,
    "equals": lambda got, want: got == want,
}
OPERATORS: dict[str, Operator] = {
    "stringequals": Operator(_equal, variables=True),
    "stringnotequals": Operator(_equal, negated=True, variables=True),
    "stringequalsignorecase": Operator(_equal_ignoring_case, variables=True),
    "stringnotequalsignorecase": Operator(_equal_ignoring_case, negated=True, variables=True),
    "stringlike": Operator(_like, variables=True),
    "stringnotlike": Operator(_like, negated=True, variables=True),
    "bool": Operator(_equal_ignoring_case),
    "binaryequals": Operator(_same_bytes),
    "ipaddress": Operator(_in_network),
    "notipaddress": Operator(_in_network, negated=True),
    "arnequals": Operator(_arn, variables=True),
    "arnlike": Operator(_arn, variables=True),
    "arnnotequals": Operator(_arn, negated=True, variables=True),
    "arnnotlike": Operator(_arn, negated=True, variables=True),
    "numericnotequals": Operator(partial(_measured, _number, _NUMERIC["equals"]), negated=True),
    "datenotequals": Operator(partial(_measured, _instant, _NUMERIC["equals"]), negated=True),
    **{
        f"numeric{name}": Operator(partial(_measured, _number, op)) for name, op in _NUMERIC.items()
    },
    **{f"date{name}": Operator(partial(_measured, _instant, op)) for name, op in _NUMERIC.items()},
}
_POSITIVE = {
    "stringnotequals": "stringequals", "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike", "notipaddress": "ipaddress", "arnnotequals": "arnequals",
    "arnnotlike": "arnlike", "numericnotequals": "numericequals", "datenotequals": "dateequals",
}  # fmt: skip


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
    atom = Atom(
        subject=item,
        text=f"open item {item} is so",
        opposite=f"open item {item} is not so",
        part=f"open item {item}",
        settle=f"--assume {item}=…",
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
    replaced = _against(Operator(_equal_ignoring_case, variables=True), wanted, key, value, context)
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
    part = f"{key}: {value.what}"
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
    if wanted.qualifier or (wanted.has_variables and any("${" in text for text in wanted.values)):
        return Atom(
            subject=name,
            text=f"{key} {_words(wanted)}",
            part=part,
            settle=value.settle,
            test=wanted,
        )
    base = _POSITIVE.get(wanted.base, wanted.base)
    same = any_of(_atom(key, base, text, part, value.settle) for text in wanted.values)
    if OPERATORS[wanted.base].negated:
        return negate(same)
    return any_of([negate(exists), same]) if wanted.if_exists else same


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
    verb = _VERBS[_POSITIVE.get(wanted.base, wanted.base)]
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
