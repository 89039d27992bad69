"""Section 6 of the rules: wildcards, policy variables and condition operators, two-valued."""

import base64
import ipaddress
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Keys = dict[str, str | list[str]]  # the request context: lower-case names, texts for values
Parts = list[tuple[str, bool]]  # characters of a policy value, each with "is literal"

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


class Readings:
    """The readings of the open items that one decision takes, and which items it asked for."""

    def __init__(self, chosen: dict[str, bool]) -> None:
        self.chosen = chosen
        self.asked: set[str] = set()

    def __getitem__(self, item: str) -> bool:
        self.asked.add(item)
        return self.chosen.get(item, False)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def moment(value: Any) -> datetime:
    """ISO 8601 or seconds since 1970."""
    written = str(value)
    if re.fullmatch(r"\d+", written):
        return datetime.fromtimestamp(int(written), UTC)
    parsed = datetime.fromisoformat(written)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


# ---- patterns ----------------------------------------------------------------------------------


def literal(value: str) -> Parts:
    """The text as written: wildcards count, variables are not substituted."""
    return [(c, False) for c in value]


def expand(value: str, keys: Keys) -> Parts | None:
    """Policy variables (R6.10); None when one is null (R6.11)."""
    parts: Parts = []
    for index, piece in enumerate(re.split(r"\$\{([^}]*)\}", value)):
        if index % 2 == 0:
            parts += literal(piece)
            continue
        name, has_default, default = piece.partition(",")
        found = name if name in ("*", "?", "$") else keys.get(name.strip().lower())
        if not isinstance(found, str):  # missing, or multivalued
            if not has_default:
                return None
            found = default.strip().strip("'")
        parts += [(c, True) for c in found]
    return parts


def glob(parts: Parts, value: str) -> bool:
    wild = {"*": ".*", "?": "."}
    pattern = "".join(re.escape(c) if exact else wild.get(c, re.escape(c)) for c, exact in parts)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def sections(parts: Parts) -> list[Parts]:
    """The six colon-separated parts of an ARN pattern."""
    found: list[Parts] = [[]]
    for c, exact in parts:
        if c == ":" and len(found) < 6:
            found.append([])
        else:
            found[-1].append((c, exact))
    return found


def arn_like(parts: Parts, arn: str) -> bool:
    """R6.4: part by part; a wildcard does not cross a colon within the first five."""
    wanted, got = sections(parts), arn.split(":", 5)
    return len(wanted) == len(got) == 6 and all(map(glob, wanted, got))


def resource(pattern: str, arn: str, keys: Keys, variables: bool) -> bool:
    """R6.12, with variables after the fifth colon alone (R6.10)."""
    if pattern == "*":
        return True
    head = pattern.split(":", 5)
    last = expand(head.pop(), keys) if variables and len(head) == 6 else literal(head.pop())
    if last is None:  # R6.11
        return False
    return arn_like(literal("".join(f"{part}:" for part in head)) + last, arn)


# ---- conditions --------------------------------------------------------------------------------


def conditions_hold(block: dict, keys: Keys, variables: bool, readings: Readings) -> bool:
    """R6.1: every operator on every key; key names are case-insensitive (R6.9)."""
    return all(
        condition(name, as_list(values), keys.get(key.lower()), patterns(keys, variables, readings))
        for name, tests in block.items()
        for key, values in tests.items()
    )


def patterns(keys: Keys, variables: bool, readings: Readings) -> Callable[[str, str], Parts | None]:
    """How a policy's value is read under an operator: variables substituted where they count."""

    def read(plain: str, value: str) -> Parts | None:
        if not variables or "${" not in value:
            return literal(value)
        if plain.startswith(("String", "Arn")) or (plain == "Bool" and readings["c8"]):
            return expand(value, keys)
        return literal(value)

    return read


def condition(
    name: str,
    values: list[Any],
    got: str | list[str] | None,
    read: Callable[[str, str], Parts | None],
) -> bool:
    """One operator on one key: R6.1, R6.5, R6.6, R6.7."""
    quantifier, _, operator_name = name.rpartition(":")
    if_exists = operator_name.endswith("IfExists")
    operator_name = operator_name.removesuffix("IfExists")
    wanted = [text(value) for value in values]
    if operator_name == "Null":
        return text(got is None) in [value.lower() for value in wanted]
    if got is None and if_exists:
        return True
    negated, plain = "Not" in operator_name, operator_name.replace("Not", "")
    read_values = [read(plain, value) for value in wanted]

    def holds(value: str) -> bool:  # OR of the values, NOR when negated
        return any(p is not None and compares(plain, value, p) for p in read_values) is not negated

    if quantifier == "ForAllValues":
        return all(holds(value) for value in as_list(got or []))  # C-7: missing is true
    if quantifier == "ForAnyValue":
        return any(holds(value) for value in as_list(got or []))
    return negated if got is None else any(holds(value) for value in as_list(got))


def compares(name: str, got: str, parts: Parts) -> bool:
    """A positive operator on one value; a value that cannot be read matches nothing."""
    wanted = "".join(c for c, _ in parts)
    if name in ("StringLike", "ArnLike", "ArnEquals"):
        return (glob if name == "StringLike" else arn_like)(parts, got)
    if name in ("StringEqualsIgnoreCase", "Bool"):
        return got.casefold() == wanted.casefold()
    if name == "StringEquals":
        return got == wanted
    try:
        if name == "IpAddress":
            return ipaddress.ip_address(got) in ipaddress.ip_network(wanted, strict=False)
        if name == "BinaryEquals":
            return base64.b64decode(got) == base64.b64decode(wanted)
        order = name.removeprefix("Numeric").removeprefix("Date")
        if name.startswith("Numeric"):
            return COMPARISONS[order](float(got), float(wanted))
        return COMPARISONS[order](moment(got), moment(wanted))
    except ValueError:
        return False
