"""Condition operators: how a value of the request compares with the wanted ones.

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

import msgspec

from assumable.globs import Tokens, literal, matcher


class Pattern(msgspec.Struct, frozen=True):
    """A wanted value, its variables replaced."""

    tokens: Tokens

    @property
    def text(self) -> str:
        """As plain text."""
        return literal(self.tokens)


Compare = Callable[[str], bool]
"""Whether a value of the request compares with any of the wanted ones."""


_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def _number(text: str) -> Decimal | None:
    if "_" in text:  # which Python alone takes between digits
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _instant(text: str) -> Decimal | None:
    number, text = _number(text), text.strip()
    if number is not None:
        return number
    try:
        moment = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
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


def equal_ignoring_case(patterns: Sequence[Pattern]) -> Compare:
    """The same text, in whatever letter case."""
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
    "stringequalsignorecase": Operator(equal_ignoring_case, variables=True),
    "stringnotequalsignorecase": Operator(equal_ignoring_case, negated=True, variables=True),
    "stringlike": Operator(_like, variables=True),
    "stringnotlike": Operator(_like, negated=True, variables=True),
    "bool": Operator(equal_ignoring_case),
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
POSITIVE = {
    "stringnotequals": "stringequals", "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike", "notipaddress": "ipaddress", "arnnotequals": "arnequals",
    "arnnotlike": "arnlike", "numericnotequals": "numericequals", "datenotequals": "dateequals",
}  # fmt: skip
"""The operator that a negated one negates."""
