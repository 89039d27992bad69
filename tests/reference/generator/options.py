"""Operators with values that hold, or do not hold, for a known value of a condition key."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.reference.generator.drawing import HOME, near, near_arn

Options = list[tuple[str, Any]]  # operators, each with its value


def if_missing(hold: bool, family: str, equals: str, other: Any) -> Options:
    """Operators on a missing key; `other` is any value of the right type."""
    negated = equals.replace("Equals", "NotEquals") if family != "Bool" else None
    if hold:
        options = [(f"{equals}IfExists", other), ("Null", "true"), ("Null", True)]
        options += [(f"ForAnyValue:{equals}IfExists", other)] if family == "String" else []
        return [*options, (negated, other)] if negated else options
    return [(equals, other), (equals, other), ("Null", "false")]


def string_options(rng: Random, value: str | None, variables: list[str], hold: bool) -> Options:
    other = rng.choice(["o-other", "web", "Alice", "prod", "zzz"])
    if value is None:
        options = if_missing(hold, "String", "StringEquals", other)
        if hold:
            return [*options, ("StringNotLike", "*"), ("ForAllValues:StringEquals", other)]
        null = "${aws:PrincipalTag/none}"
        return [
            *options,
            ("StringLike", "*"),
            ("ForAnyValue:StringEquals", other),
            ("StringLike", null),
        ]
    at = rng.randrange(len(value))
    prefix, hole = value[:at] + "*", value[:at] + "?" + value[at + 1 :]
    close = near(rng, value)
    other = other if other.lower() != value.lower() else f"{other}-2"
    if hold:
        options = [
            ("StringEquals", value),
            ("StringEquals", [other, value]),
            ("StringLike", prefix),
            ("StringLike", [hole, other]),
            ("StringEqualsIgnoreCase", value.swapcase()),
            ("StringNotEquals", close),
            ("StringNotEqualsIgnoreCase", f"{value}x"),
            ("StringNotLike", [other, f"?{value}"]),
            ("StringEqualsIfExists", value),
            ("StringNotEqualsIfExists", other),
            ("Null", "false"),
            ("StringEquals", f"${{aws:PrincipalTag/none, '{value}'}}"),
            ("StringNotEquals", "${aws:PrincipalTag/none}"),
            ("ForAnyValue:StringLike", prefix),
            ("ForAllValues:StringEquals", [value, other]),
            ("StringLike", "*"),
            ("StringLike", [other, value[:1] + "*" + value[-1:] if len(value) > 1 else "?"]),
            ("StringNotLikeIfExists", f"{value}?"),
            ("ForAllValues:StringLikeIfExists", prefix),
        ]
        return options + [("StringEquals", name) for name in variables] * 3
    options = [
        ("StringEquals", close),
        ("StringEquals", prefix),
        ("StringLike", [f"{value}?", other]),
        ("StringLike", value[:at] + "${*}"),
        ("StringNotEquals", value),
        ("StringNotEquals", [other, value]),
        ("StringNotLike", prefix),
        ("StringEqualsIfExists", close),
        ("StringNotEqualsIgnoreCase", value.swapcase()),
        ("Null", "true"),
        ("StringEquals", "${aws:PrincipalTag/none}"),
        ("ForAnyValue:StringEquals", other),
        ("ForAllValues:StringEquals", [other, close]),
        ("StringLike", value.swapcase() + "*" if value.swapcase() != value else "-*"),
        ("StringNotLike", ["?*", other]),
        ("ForAnyValue:StringNotEquals", [value, other]),
        ("ForAnyValue:StringLikeIfExists", [f"?{value}", other]),
        ("StringEqualsIgnoreCase", [f"{value}x", other]),
    ]
    return options + [("StringNotEquals", name) for name in variables] * 2


def arn_options(rng: Random, value: str | None, hold: bool) -> Options:
    if value is None:
        other = f"arn:aws:iam::{HOME}:role/other"
        return if_missing(hold, "Arn", rng.choice(["ArnEquals", "StringEquals"]), other)
    parts = value.split(":", 5)
    kind, _, name = parts[5].rpartition("/")
    close = near_arn(rng, value)
    loose = ":".join([*parts[:4], "*", parts[5]])
    inside = ":".join([*parts[:5], f"{kind}/{name[:2]}*"])
    across = f"arn:*:{parts[5]}"  # only a string operator lets a wildcard cross colons
    mine = ":".join([*parts[:4], "${aws:PrincipalAccount}", parts[5]])
    null = ":".join([*parts[:5], f"{kind}/${{aws:PrincipalTag/none}}"])
    session = f"{value.replace(':iam:', ':sts:').replace('role/', 'assumed-role/')}/*"
    if hold:
        signed = [("ArnEquals", mine)] if parts[2] == "iam" else []  # services have no account
        return [
            *signed,
            ("ArnEquals", value),
            ("ArnLike", [close, inside]),
            ("ArnEquals", loose),
            ("ArnNotLike", close),
            ("ArnNotEquals", across),
            ("StringLike", across),
            ("StringEquals", value),
            ("ArnLikeIfExists", inside),
            ("ForAnyValue:ArnLike", [close, inside]),
            ("ForAllValues:ArnNotEquals", close),
            ("Null", "false"),
        ]
    return [
        ("ArnEquals", close),
        ("ArnLike", session),
        ("ArnLike", across),
        ("ArnNotLike", [close, inside]),
        ("ArnNotEquals", loose),
        ("StringEquals", inside),
        ("StringNotLike", across),
        ("ArnEqualsIfExists", close),
        ("ArnLike", null),
        ("ForAnyValue:ArnEquals", across),
        ("ForAllValues:ArnLike", close),
    ]


def bool_options(value: bool | None, hold: bool) -> Options:
    if value is None:
        return if_missing(hold, "Bool", "Bool", "true")
    wanted = value is hold
    text = str(wanted).lower()
    options: Options = [("Bool", text), ("Bool", text), ("Bool", wanted), ("BoolIfExists", text)]
    return [*options, ("Null", str(not hold).lower())]


def number_options(rng: Random, value: int | None, hold: bool) -> Options:
    form: Callable[[int], Any] = rng.choice([int, str])
    if value is None:
        return if_missing(hold, "Numeric", "NumericEquals", form(300))
    up, down, same = form(value + 10), form(value - 10), form(value)
    if hold:
        return [
            ("NumericEquals", [up, same]),
            ("NumericNotEquals", up),
            ("NumericLessThan", up),
            ("NumericLessThanEquals", same),
            ("NumericGreaterThan", down),
            ("NumericGreaterThanEqualsIfExists", same),
            ("NumericEquals", f"{value}.0"),
            ("NumericLessThan", [down, up]),
            ("ForAnyValue:NumericLessThan", f"{value}.5"),
        ]
    return [
        ("NumericEquals", up),
        ("NumericNotEquals", [same, down]),
        ("NumericLessThan", same),
        ("NumericLessThanEquals", down),
        ("NumericGreaterThan", [same, up]),
        ("NumericGreaterThanEqualsIfExists", up),
        ("NumericEquals", "many"),
        ("NumericNotEquals", f"{value}.0"),
    ]


def date_options(rng: Random, value: datetime | None, hold: bool) -> Options:
    def form(moment: datetime) -> str:
        epoch = str(int(moment.timestamp()))
        return rng.choice([moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.isoformat(), epoch])

    if value is None:
        return if_missing(hold, "Date", "DateEquals", "2026-01-01T00:00:00Z")
    later, earlier, same = (
        form(value + timedelta(days=3)),
        form(value - timedelta(days=3)),
        form(value),
    )
    day = (value + timedelta(days=1)).strftime("%Y-%m-%d")
    if hold:
        return [
            ("DateLessThan", later),
            ("DateLessThan", day),
            ("DateLessThanEquals", same),
            ("DateGreaterThan", earlier),
            ("DateGreaterThanEquals", same),
            ("DateEquals", [later, same]),
            ("DateNotEquals", earlier),
            ("DateLessThanIfExists", later),
        ]
    return [
        ("DateLessThan", same),
        ("DateLessThanEquals", earlier),
        ("DateGreaterThan", later),
        ("DateGreaterThan", day),
        ("DateEquals", later),
        ("DateNotEquals", same),
        ("DateGreaterThanEqualsIfExists", later),
    ]


def address_options(value: str | None, hold: bool) -> Options:
    other = ["192.0.2.0/24", "2001:db8:ffff::/48"]
    if value is None:
        if hold:
            return [("NotIpAddress", "0.0.0.0/0"), ("IpAddressIfExists", other), ("Null", "true")]
        return [("IpAddress", "0.0.0.0/0"), ("IpAddress", [*other, "::/0"]), ("Null", "false")]
    around = "2001:db8::/32" if ":" in value else f"{value.rpartition('.')[0]}.0/24"
    matching = [[*other, around], value, around]
    everything = "::/0" if ":" in value else "0.0.0.0/0"
    wider = "2001:db8::/29" if ":" in value else f"{value.partition('.')[0]}.0.0.0/8"
    matching += [everything, [wider, *other]]
    yes, no = ("IpAddress", "NotIpAddress") if hold else ("NotIpAddress", "IpAddress")
    other = [*other, "0.0.0.0/0" if ":" in value else "::/0"]  # the other family
    return [*((yes, match) for match in matching), (no, other), (f"{yes}IfExists", around)]


def list_options(rng: Random, values: list[str] | None, hold: bool) -> Options:
    other = ["Owner", "o-other/*"]
    if not values:
        if hold:
            return [
                ("ForAllValues:StringEquals", other),
                ("ForAllValues:StringNotLike", "*"),
                ("Null", "true"),
            ]
        return [
            ("ForAnyValue:StringEquals", other),
            ("ForAnyValue:StringLike", "*"),
            ("ForAnyValue:StringNotEquals", other),
            ("Null", "false"),
        ]
    one = rng.choice(values)
    prefix = one[: rng.randrange(len(one) or 1)] + "*"
    if hold:
        return [
            ("ForAllValues:StringEquals", [*values, *other]),
            ("ForAllValues:StringLike", [*values, prefix]),
            ("ForAllValues:StringNotEquals", other),
            ("ForAnyValue:StringEquals", [one, *other]),
            ("ForAnyValue:StringLike", prefix),
            ("ForAnyValue:StringNotEquals", other),
            ("ForAnyValue:StringEqualsIgnoreCase", one.swapcase()),
            ("Null", "false"),
        ]
    return [
        ("ForAllValues:StringEquals", [*values[1:], *other]),
        ("ForAllValues:StringNotEquals", [one, *other]),
        ("ForAllValues:StringNotLike", prefix),
        ("ForAnyValue:StringEquals", [prefix, *other]),
        ("ForAnyValue:StringEquals", one.swapcase()),
        ("ForAnyValue:StringNotEquals", values),
        ("Null", "true"),
    ]


def binary_options(value: str | None, hold: bool) -> Options:
    """Base64 texts; there is no negated form."""
    if value is None:
        return [("BinaryEqualsIfExists", "QUJD")] if hold else [("BinaryEquals", "QUJD")]
    if hold:
        return [("BinaryEquals", value), ("BinaryEqualsIfExists", ["QUJE", value])]
    return [("BinaryEquals", "QUJE"), ("BinaryEqualsIfExists", "QUJE")]


def path_options(rng: Random, value: list[str] | None, hold: bool) -> Options:
    """Organization paths, of which only the beginning is known here."""
    if not value:
        return list_options(rng, None, hold)
    org = value[0].partition("/")[0]
    if hold:
        likes: list[Any] = [f"{org}/*", value[0], ["o-other/*", f"{org}/r-*/*"]]
        options = [("ForAnyValue:StringLike", like) for like in likes]
        return [*options, ("ForAllValues:StringNotLike", "o-other/*"), ("Null", "false")]
    return [
        ("ForAnyValue:StringLike", ["o-other/*", f"{org}/r-zz99/*"]),
        ("ForAnyValue:StringEquals", f"{org}/*"),
        ("ForAllValues:StringNotLike", f"{org}/*"),
    ]


def idp_role_options(value: bool | None, hold: bool) -> Options:
    """`sts:RoleAuthorizedByIdp`; without the roles claim false and absent are not told apart."""
    if value:
        return bool_options(value, hold)
    return [("BoolIfExists", "false")] if hold else [("Bool", "true")]


def options(rng: Random, kind: str, value: Any, variables: list[str], hold: bool) -> Options:
    """Operators for a key of this kind; None stands for a missing key."""
    if kind == "string":
        return string_options(rng, value, variables, hold)
    if kind == "arn":
        return arn_options(rng, value, hold)
    if kind == "bool":
        return bool_options(value, hold)
    if kind == "number":
        return number_options(rng, value, hold)
    return other_options(rng, kind, value, hold)


def other_options(rng: Random, kind: str, value: Any, hold: bool) -> Options:
    if kind == "date":
        return date_options(rng, value, hold)
    if kind == "address":
        return address_options(value, hold)
    if kind == "path":
        return path_options(rng, value, hold)
    if kind == "binary":
        return binary_options(value, hold)
    if kind == "idp-role":
        return idp_role_options(value, hold)
    return list_options(rng, value, hold)
