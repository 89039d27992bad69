"""Condition operators, set qualifiers and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import binascii
import functools
import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Protocol, assert_never

import msgspec

from assumable.engine.truth import Atom, Test, Truth, all_of, any_of, negate
from assumable.globs import Tokens, literal, matches_tokens, tokens
from assumable.model.call import Absent, Open, Present, Value
from assumable.model.policy import Condition
from assumable.model.world import Unknown


class Context(Protocol):
    """Where conditions look keys up; names are case-insensitive (R6.9)."""

    def get(self, key: str) -> Value:
        """The value of a key, with the reason why it is present, absent or unknown."""
        ...

    def assumed(self, item: str) -> bool | None:
        """How the user decided an open item; None leaves it open."""
        ...


class Pattern(msgspec.Struct, frozen=True):
    """A wanted value, its variables replaced."""

    tokens: Tokens

    @property
    def text(self) -> str:
        """As plain text."""
        return literal(self.tokens)


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


def _compare(
    read: Callable[[str], Decimal | None], holds: Callable[[Decimal, Decimal], bool]
) -> Callable[[Pattern, str], bool]:
    def compare(wanted: Pattern, got: str) -> bool:
        left, right = read(got), read(wanted.text)
        return left is not None and right is not None and holds(left, right)

    return compare


def _string_equals(wanted: Pattern, got: str) -> bool:
    return wanted.text == got


def _string_equals_ignore_case(wanted: Pattern, got: str) -> bool:
    return wanted.text.lower() == got.lower()


def _string_like(wanted: Pattern, got: str) -> bool:
    return matches_tokens(wanted.tokens, got)


def _bool(wanted: Pattern, got: str) -> bool:
    return wanted.text.lower() == got.lower()


def _binary(wanted: Pattern, got: str) -> bool:
    try:
        return base64.b64decode(wanted.text, validate=True) == base64.b64decode(got, validate=True)
    except (binascii.Error, ValueError):
        return False


def _ip(wanted: Pattern, got: str) -> bool:
    try:
        network = ipaddress.ip_network(wanted.text, strict=False)
        return ipaddress.ip_address(got) in network
    except ValueError:
        return False


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


@functools.lru_cache(maxsize=16_384)
def _arn_tokens_match(pattern: Tokens, got: str) -> bool:
    if literal(pattern) == "*":  # not in FACTS: read as "any ARN", as people mean it
        return True
    wanted, parts = split_arn(pattern), got.split(":", 5)
    if wanted is None or len(parts) != len(wanted):
        return False
    return all(matches_tokens(want, part) for want, part in zip(wanted, parts, strict=True))


def _arn(wanted: Pattern, got: str) -> bool:
    return _arn_tokens_match(wanted.tokens, got)


class Operator(msgspec.Struct, frozen=True):
    """How one value is compared; negated operators hold when no wanted value compares."""

    holds: Callable[[Pattern, str], bool]
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
    "stringequals": Operator(_string_equals, variables=True),
    "stringnotequals": Operator(_string_equals, negated=True, variables=True),
    "stringequalsignorecase": Operator(_string_equals_ignore_case, variables=True),
    "stringnotequalsignorecase": Operator(_string_equals_ignore_case, negated=True, variables=True),
    "stringlike": Operator(_string_like, variables=True),
    "stringnotlike": Operator(_string_like, negated=True, variables=True),
    "bool": Operator(_bool),
    "binaryequals": Operator(_binary),
    "ipaddress": Operator(_ip),
    "notipaddress": Operator(_ip, negated=True),
    "arnequals": Operator(_arn, variables=True),
    "arnlike": Operator(_arn, variables=True),
    "arnnotequals": Operator(_arn, negated=True, variables=True),
    "arnnotlike": Operator(_arn, negated=True, variables=True),
    "numericnotequals": Operator(_compare(_number, _NUMERIC["equals"]), negated=True),
    "datenotequals": Operator(_compare(_instant, _NUMERIC["equals"]), negated=True),
    **{f"numeric{name}": Operator(_compare(_number, op)) for name, op in _NUMERIC.items()},
    **{f"date{name}": Operator(_compare(_instant, op)) for name, op in _NUMERIC.items()},
}
_POSITIVE = {
    "stringnotequals": "stringequals", "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike", "notipaddress": "ipaddress", "arnnotequals": "arnequals",
    "arnnotlike": "arnlike", "numericnotequals": "numericequals", "datenotequals": "dateequals",
}  # fmt: skip


def test(condition: Condition, context: Context, *, has_variables: bool) -> Truth:
    """Whether a condition holds; open items are decided both ways and meet in one formula."""
    wanted = Test(
        condition.base, condition.qualifier, condition.if_exists, condition.values, has_variables
    )
    return _decide(wanted, condition.key, context.get(condition.key), context)


def holds(wanted: Test, key: str, context: Context) -> Truth:
    """A condition kept in a residual, evaluated once its key is known."""
    return _decide(wanted, key, context.get(key), context)


def _decide(wanted: Test, key: str, value: Value, context: Context) -> Truth:
    match value:
        case Open():
            yes = _decide(wanted, key, value.if_true, context)
            no = _decide(wanted, key, value.if_false, context)
            return either(value.item, yes, no)
        case Unknown():
            return _open(wanted, key, value)
        case Absent():
            return _missing(wanted)
        case Present():
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


def _missing(wanted: Test) -> bool:
    """What an operator says of a key that is not in the request (R6.5 to R6.8)."""
    if wanted.base == "null":
        return _says_null(wanted)
    if wanted.if_exists or wanted.qualifier == "forallvalues":
        return True
    return wanted.qualifier != "foranyvalue" and OPERATORS[wanted.base].negated


def _says_null(wanted: Test) -> bool:
    return any(value.lower() == "true" for value in wanted.values)


def _compared(wanted: Test, key: str, value: Present, context: Context) -> Truth:
    if not value.values:
        return _missing(wanted)
    if wanted.base == "null":
        return any(text.lower() == "false" for text in wanted.values)
    operator = OPERATORS[wanted.base]
    if wanted.base == "bool" and wanted.has_variables and any("${" in w for w in wanted.values):
        replaced = _against(Operator(_bool, variables=True), wanted, key, value, context)
        as_text = _against(operator, wanted, key, value, context)
        decided = context.assumed("C-8")
        if decided is not None:
            return replaced if decided else as_text
        return either("C-8", replaced, as_text)
    return _against(operator, wanted, key, value, context)


def _against(operator: Operator, wanted: Test, key: str, value: Present, context: Context) -> Truth:
    patterns: list[Pattern] = []
    unresolved: Unknown | None = None
    for text in wanted.values:
        pattern = resolve(text, context, has_variables=wanted.has_variables and operator.variables)
        if isinstance(pattern, Unknown):
            unresolved = pattern
        elif pattern is not None:
            patterns.append(pattern)

    def one(got: str) -> bool:
        return any(operator.holds(pattern, got) for pattern in patterns) != operator.negated

    plain = not wanted.qualifier and len(value.values) == 1
    matched = plain and one(value.values[0]) != operator.negated
    if unresolved is not None and not matched:
        # No known value matches: the one whose variable is not known may.
        return Atom(
            subject=key.lower(),
            text=f"{key} {_words(wanted)}",
            part=unresolved.what,
            settle=unresolved.settle,
            test=wanted,
        )
    if wanted.qualifier == "forallvalues":
        return all(map(one, value.values))
    # Not in FACTS: a multivalued key without a set qualifier is read as "any of its values".
    if wanted.qualifier == "foranyvalue" or not operator.negated:
        return any(map(one, value.values))
    return all(map(one, value.values))


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
