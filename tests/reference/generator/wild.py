"""Conditions drawn at random: any operator of the right type, with values of every sort."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.reference.generator.drawing import near, near_arn

STRINGS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
ORDERS = (
    "Equals",
    "NotEquals",
    "LessThan",
    "LessThanEquals",
    "GreaterThan",
    "GreaterThanEquals",
)
OPERATORS = {
    "string": [f"String{name}" for name in STRINGS],
    "arn": [f"Arn{name}" for name in ("Equals", "NotEquals", "Like", "NotLike")],
    "number": [f"Numeric{name}" for name in ORDERS],
    "date": [f"Date{name}" for name in ORDERS],
    "address": ["IpAddress", "NotIpAddress"],
    "bool": ["Bool"],
}
QUALIFIERS = ("", "", "", "", "ForAnyValue:", "ForAllValues:")
VARIABLES = (
    "${aws:PrincipalTag/team}",
    "${aws:principaltag/Env}",
    "${aws:PrincipalTag/none}",
    "${aws:PrincipalTag/none, 'web'}",
    "${aws:username}",
    "${aws:username, 'nobody'}",
    "${AWS:PrincipalAccount}",
    "${sts:RoleSessionName}",
    "${aws:RequestTag/project}",
    "${aws:TagKeys}",
    "${aws:ResourceTag/team}",
    "${aws:SourceIdentity, 'alice'}",
    "${aws:RequestedRegion}",
    "${*}",
    "${?}",
    "${$}",
)


def wild(rng: Random, kind: str, value: Any) -> tuple[str, Any]:
    """One operator with one to three values; whether it holds is left to chance."""
    if rng.random() < 0.12:
        return "Null", rng.choice(["true", "false", True, False, ["true", "false"]])
    if kind in ("list", "path"):
        operator = rng.choice(OPERATORS["string"])
        qualifier = rng.choice(["ForAnyValue:", "ForAllValues:"])
        values = [texts(rng, rng.choice(value or ["Owner"])) for _ in range(rng.choice([1, 2, 3]))]
        return f"{qualifier}{operator}{rng.choice(['', '', 'IfExists'])}", values
    family = kind if kind in OPERATORS and (kind != "arn" or rng.random() < 0.7) else "string"
    values = [one(rng, family, kind, value) for _ in range(rng.choice([1, 1, 2, 3]))]
    operator = f"{rng.choice(QUALIFIERS)}{rng.choice(OPERATORS[family])}"
    return f"{operator}{rng.choice(['', '', 'IfExists'])}", rng.choice([values, values[0]])


def one(rng: Random, family: str, kind: str, value: Any) -> Any:
    if family == "bool":
        return rng.choice(["true", "false"])
    if family == "number":
        return str((value or 300) + rng.choice([-300, -1, 0, 0, 1, 300]))
    if family == "date":
        return dates(rng, value or datetime.fromisoformat("2026-06-01T12:00:00+00:00"))
    if family == "address":
        return addresses(rng, value or "203.0.113.7")
    if family == "arn":
        return arns(rng, str(value) if value else "arn:aws:iam::111111111111:role/other")
    return texts(rng, str(value).lower() if isinstance(value, bool) else str(value or "web"))


def texts(rng: Random, value: str) -> str:
    """Parts of the value, wildcards and variables in every mixture."""
    if not value:
        return "*"
    at = rng.randrange(len(value))
    head, tail = value[:at], value[at:]
    variable = rng.choice(VARIABLES)
    return rng.choice(
        [
            value,
            value,
            value.swapcase(),
            near(rng, value),
            f"{head}*",
            f"*{tail}",
            f"{head}*{tail}",
            f"{head}?{tail[1:]}",
            f"?{value}",
            f"{head}**{tail}",
            "*",
            "?*",
            variable,
            variable,
            f"{variable}*",
            f"*{variable}",
            f"{head}{variable}",
            f"{variable}-{rng.choice(VARIABLES)}",
        ]
    )


def arns(rng: Random, value: str) -> str:
    parts = [*value.split(":", 5), *[""] * 5][:6]
    where = rng.randrange(1, 6)
    wildcard = rng.choice(["*", "?*", parts[where][:2] + "*", rng.choice(VARIABLES)])
    spoiled = ":".join([*parts[:where], wildcard, *parts[where + 1 :]])
    return rng.choice(
        [value, near_arn(rng, value), spoiled, spoiled, f"{value}*", f"arn:*:{where}"]
    )


def dates(rng: Random, value: datetime) -> str:
    moment = value + timedelta(seconds=rng.choice([-86400, -1, 0, 0, 1, 86400]))
    return rng.choice(
        [
            moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            moment.isoformat(),
            moment.strftime("%Y-%m-%d"),
            str(int(moment.timestamp())),
        ]
    )


def addresses(rng: Random, value: str) -> str:
    if ":" in value:
        return rng.choice([value, f"{value}/128", "2001:db8::/32", "2001:db8:1::/48", "::/0"])
    head = value.rpartition(".")[0]
    wide = ["0.0.0.0/0", "198.51.100.0/22", "::/0"]
    return rng.choice(
        [value, f"{value}/32", f"{head}.0/24", f"{head}.0/29", f"{head}.128/25", *wide]
    )
