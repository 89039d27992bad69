"""Conditions on keys that are known, missing, or not known, and the words for them."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from assumable.engine import truth
from assumable.engine.conditions import compiled, either, holds, open_question, words
from assumable.engine.open_items import OPEN_ITEMS
from assumable.engine.truth import (
    And,
    Atom,
    Not,
    Or,
    Truth,
    any_of,
    atoms,
    describe,
    negate,
    settle,
)
from assumable.model.call import Absent, Open, Present, Value
from assumable.model.policy import Condition, Layer, PolicyName, parse_policy
from assumable.model.world import Unknown
from assumable.source import Document, Location

KEY = "aws:PrincipalTag/Team"
ALICE = "${aws:username}"
GROUP = "arn:aws:iam::111111111111:user/ops"


class Request:
    """A request context in which these keys are known; all others are absent."""

    def __init__(self, values: Mapping[str, Value], **assumptions: bool) -> None:
        self.values = {key.lower(): value for key, value in values.items()}
        self.assumptions = assumptions

    def get(self, key: str) -> Value:
        return self.value(key.lower())

    def value(self, name: str) -> Value:
        return self.values.get(name, Absent("not in this request"))

    def assumed(self, item: str) -> bool | None:
        return self.assumptions.get(item)

    def takes(self, item: str) -> bool:
        return self.assumptions.get(item, True)


def one(*values: str) -> Present:
    """A key that has these values."""
    return Present(values, "said", multivalued=len(values) != 1)


def condition(operator: str, *wanted: str, key: str = KEY) -> Condition:
    """A condition as a policy writes it."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:*",
        "Resource": "*",
        "Condition": {operator: {key: list(wanted)}},
    }
    policy = parse_policy(
        {"Version": "2012-10-17", "Statement": [statement]},
        PolicyName(Layer.IDENTITY, "p"),
        Location(Document("p", "null")),
    )
    (found,) = policy.statements[0].conditions
    return found


def asked(operator: str, wanted: Any, value: Value, **others: Value) -> Truth:
    """Whether the condition holds where the key has that value."""
    values = [wanted] if isinstance(wanted, str) else wanted
    request = Request({KEY: value, **{f"aws:{name}": other for name, other in others.items()}})
    return compiled(condition(operator, *values), has_variables=True)(request)


# --- operators ----------------------------------------------------------------------------------


@pytest.mark.rule("R6.2")
@pytest.mark.parametrize(
    ("operator", "wanted", "got", "expected"),
    [
        ("NumericNotEquals", "Infinity", "Infinity", True),
        ("NumericLessThan", "Infinity", "5", False),
        ("NumericEquals", " 10 ", "10", True),
        ("NumericEquals", "NaN", "NaN", False),
        ("NumericEquals", "2026-11-23", "2026-11-23", False),
        ("NumericLessThan", "2027-01-01", "2026-11-23", False),
        ("NumericNotEquals", "2026-11-23", "2026-11-23", True),
        ("DateNotEquals", "2026-11-23T12:00:00Z", "1795435200", False),
        ("DateEquals", "2026-11-23T12:00:00", "1795435200", True),
        ("DateEquals", " 2026-11-23T12:00:00Z ", "1795435200", True),
        ("DateEquals", "2026-11", "2026-11-01T00:00:00Z", True),
        ("DateEquals", "soon", "soon", False),
        ("NumericEquals", "1_000", "1000", False),
        ("BinaryEquals", "aGVsbG8=", "aGVs bG8=", False),
        ("BinaryEquals", "aGVs*bG8=", "aGVsbG8=", False),
        ("BinaryEquals", "not base64!", "not base64!", False),
        ("IpAddress", "203.0.113.7/24", "203.0.113.200", True),
        ("IpAddress", "203.0.113.7/24", "203.0.114.7", False),
        ("IpAddress", "203.0.113.0/24", "not an address", False),
        ("IpAddress", "not a network", "203.0.113.7", False),
        ("NotIpAddress", "203.0.113.0/24", "not an address", True),
    ],
)
def test_what_cannot_be_read_compares_with_nothing(
    operator: str, wanted: str, got: str, expected: bool
) -> None:
    """R6.2: numbers are finite, dates without a zone are UTC, base64 is strict."""
    assert asked(operator, wanted, one(got)) is expected


@pytest.mark.parametrize(
    ("operator", "inside", "outside", "unreadable"),
    [
        ("NumericEquals", "5", "6", "five"),
        ("DateLessThan", "2026-01-01", "2027-01-01", "once"),
        ("IpAddress", "203.0.113.7", "198.51.100.7", "here"),
        ("BinaryEquals", "aGVsbG8=", "d29ybGQ=", "hello!"),
    ],
)
def test_a_value_that_cannot_be_read_spoils_no_other(
    operator: str, inside: str, outside: str, unreadable: str
) -> None:
    """R6.1: values are alternatives, also beside one that is nonsense."""
    wanted = [unreadable, {"DateLessThan": "2026-06-01"}.get(operator, inside)]
    assert asked(operator, wanted, one(inside)) is True
    assert asked(operator, wanted, one(outside)) is False


@pytest.mark.rule("R6.2")
@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("Equals", [False, True, False]),
        ("NotEquals", [True, False, True]),
        ("LessThan", [True, False, False]),
        ("LessThanEquals", [True, True, False]),
        ("GreaterThan", [False, False, True]),
        ("GreaterThanEquals", [False, True, True]),
    ],
)
def test_numbers_and_dates_below_at_and_above_the_limit(
    operator: str, expected: list[bool]
) -> None:
    """R6.2: the limit itself belongs to the operators that say so."""
    numbers = [one("4"), one("5.0"), one("6")]
    assert [asked(f"Numeric{operator}", "5", got) for got in numbers] == expected
    limit = "2026-11-23T12:00:00Z"
    dates = [one("2026-11-23T11:59:59Z"), one("2026-11-23T13:00:00+01:00"), one("2026-11-24")]
    assert [asked(f"Date{operator}", limit, got) for got in dates] == expected


@pytest.mark.rule("R6.4")
@pytest.mark.parametrize(
    ("wanted", "got", "expected"),
    [
        ("*", "arn:aws:iam::1:role/x", True),
        ("*", "no ARN", True),
        ("arn", "arn", False),
        ("arn:aws:iam::1", "arn:aws:iam::1", False),
        ("arn:aws:logs:r:1:group:a:b", "arn:aws:logs:r:1:group:a:b", True),
        ("arn:aws:logs:r:1:group:a:*", "arn:aws:logs:r:1:group:a:b:c", True),
        ("arn:aws:logs:r:1:*", "arn:aws:logs:r:1:group:a:b", True),
        ("arn:aws:logs:r:*:b", "arn:aws:logs:r:1:group:a:b", False),
        ("arn:aws:iam::1:role/x", "arn:aws:iam::1", False),
        ("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/", True),
        ("arn:aws:iam::?:role/x", "arn:aws:iam::1:role/x", True),
        ("arn:aws:iam::?:role/x", "arn:aws:iam:::role/x", False),
    ],
)
def test_an_arn_has_six_parts_and_only_the_last_has_colons(
    wanted: str, got: str, expected: bool
) -> None:
    """R6.4; `*` alone is read as any ARN."""
    assert asked("ArnLike", wanted, one(got)) is expected
    assert asked("ArnNotLike", wanted, one(got)) is not expected


@pytest.mark.rule("R6.9")
def test_the_names_of_keys_ignore_case() -> None:
    """In the request, and in a condition that a residual keeps."""

    class Strict(Request):
        """Knows its keys in lower case only."""

        def get(self, key: str) -> Value:
            return self.values.get(key, Absent("another name"))

    request = Strict({KEY: one("web")})
    assert compiled(condition("StringEquals", "web"), has_variables=True)(request) is True
    assert (
        holds(truth.Test("stringequals", "", if_exists=False, values=("web",)), KEY, request)
        is True
    )
    assert (
        holds(truth.Test("stringequals", "", if_exists=False, values=("app",)), KEY, request)
        is False
    )
    null = truth.Test("null", "", if_exists=False, values=("false",))
    assert holds(null, KEY, request) is True
    assert holds(null, KEY, Request({})) is False


# --- set qualifiers and missing keys ------------------------------------------------------------


@pytest.mark.rule("R6.7")
@pytest.mark.parametrize(
    ("operator", "got", "expected"),
    [
        ("StringEquals", ("a", "x"), True),
        ("StringEquals", ("x", "a"), True),
        ("StringEquals", ("x", "y"), False),
        ("StringNotEquals", ("x", "y"), True),
        ("StringNotEquals", ("a", "x"), False),
        ("StringNotEquals", ("x", "a"), False),
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "x"), False),
        ("ForAllValues:StringNotEquals", ("a", "x"), False),
        ("ForAnyValue:StringEquals", ("a", "x"), True),
        ("ForAnyValue:StringNotEquals", ("a", "x"), True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), False),
        ("ForAllValues:StringEquals", ("a",), True),
        ("ForAllValues:StringEquals", ("x",), False),
        ("ForAnyValue:StringEquals", ("a",), True),
        ("ForAnyValue:StringNotEquals", ("a",), False),
    ],
)
@pytest.mark.parametrize("variable", [False, True])
def test_how_many_values_must_compare(
    operator: str, got: tuple[str, ...], expected: bool, variable: bool
) -> None:
    """R6.7, with plain values and with one that a variable stands for."""
    wanted = [ALICE, "b"] if variable else ["a", "b"]
    assert asked(operator, wanted, one(*got), username=one("a")) is expected


@pytest.mark.rule("R6.7")
@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAllValues:StringNotLike", True),
    ],
)
@pytest.mark.parametrize("value", [Absent("no tag"), Present((), "no tags", multivalued=True)])
def test_an_empty_set_is_a_missing_key(operator: str, expected: bool, value: Value) -> None:
    """R6.5, R6.7, C-7."""
    assert asked(operator, "a", value) is expected
    assert asked(operator, ["a", ALICE], value, username=one("a")) is expected


@pytest.mark.rule("C-7")
@pytest.mark.parametrize(
    ("operator", "expected"),
    [("ForAllValues:StringNotLike", False), ("ForAllValues:StringNotEquals", True)],
)
def test_the_other_reading_of_for_all_values(operator: str, expected: bool) -> None:
    """C-7 is about `StringNotLike` alone."""
    held = compiled(condition(operator, "a"), has_variables=True)
    assert held(Request({}, **{"C-7": False})) is expected


@pytest.mark.rule("R6.6")
@pytest.mark.parametrize(
    ("wanted", "there", "missing"),
    [(["true"], False, True), (["FALSE"], True, False), (["true", "False"], True, True),
     (["maybe"], False, False)],
)  # fmt: skip
def test_null(wanted: list[str], there: bool, missing: bool) -> None:
    """R6.6, whatever the case of its value; of a key that is not known it depends."""
    assert asked("Null", wanted, one("x")) is there
    assert asked("Null", wanted, Absent("no")) is missing
    assert asked("Null", wanted, Unknown("a tag", present=True)) is there
    later = asked("Null", wanted, Unknown("a tag"))
    assert settle(later, lambda _: True) is there
    assert settle(later, lambda _: False) is missing


# --- variables ----------------------------------------------------------------------------------


@pytest.mark.rule("R6.10", "R6.11")
@pytest.mark.parametrize(
    ("wanted", "got", "expected"),
    [
        ("a${aws:username}b${aws:username}c", "aalicebalicec", True),
        ("${aws:username}", "alice", True),
        ("${aws:username}", "bob", False),
        ("${ aws:username , 'x' }", "alice", True),
        ("${aws:none, 'x, y'}", "x, y", True),
        ('${aws:none, "x"}', "x", True),
        ("${aws:none, 'X'}", "X", True),
        ("${aws:none,x}", "x", True),
        ("${aws:none}", "", False),
        ("${aws:several, 'x'}", "x", True),
        ("${aws:empty, 'x'}", "x", True),
        ("a${*}", "a*", True),
        ("a${*}", "ab", False),
        ("a${?}", "a?", True),
        ("a${?}", "ab", False),
        ("a${$}{", "a${", True),
        ("a*${aws:username}", "a-to-alice", True),
        ("${aws:username}*", "alice and more", True),
        ("*${aws:star}", "x*", True),
        ("*${aws:star}", "xy", False),
    ],
)
def test_variables_are_replaced_literally(wanted: str, got: str, expected: bool) -> None:
    """R6.10, R6.11: defaults, escapes, and no wildcards in what is put in."""
    known = {
        "aws:username": one("alice"),
        "aws:several": one("a", "b"),
        "aws:empty": Present((), "none"),
        "aws:star": one("*"),
        KEY: one(got),
    }
    held = compiled(condition("StringLike", wanted), has_variables=True)
    assert held(Request(known)) is expected


@pytest.mark.rule("R6.10")
@pytest.mark.parametrize(
    "operator",
    [
        *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase"),
        *("StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"),
        *("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"),
    ],
)
def test_operators_on_text_and_arns_replace_variables(operator: str) -> None:
    """R6.10: the negated ones too."""
    mine, other = one(f"{GROUP}/alice"), one(f"{GROUP}/bob")
    negated = "Not" in operator
    assert asked(operator, "${aws:friend}", mine, friend=mine) is not negated
    assert asked(operator, "${aws:friend}", mine, friend=other) is negated


@pytest.mark.rule("R6.10")
@pytest.mark.parametrize(
    ("operators", "value"),
    [
        (["NumericEquals", "NumericLessThanEquals", "NumericGreaterThanEquals"], "5"),
        (["DateEquals", "DateLessThanEquals", "DateGreaterThanEquals"], "2026-11-23"),
        (["BinaryEquals"], "aGVsbG8="),
        (["IpAddress"], "203.0.113.7"),
        (["NumericNotEquals"], "5"),
        (["DateNotEquals"], "2026-11-23"),
        (["NotIpAddress"], "203.0.113.7"),
    ],
)
def test_other_operators_leave_variables_as_they_are_written(
    operators: list[str], value: str
) -> None:
    """R6.10: what stands there is no number, date, address or base64 (R6.2)."""
    for operator in operators:
        negated = "Not" in operator
        assert asked(operator, value, one(value)) is not negated
        assert asked(operator, "${aws:friend}", one(value), friend=one(value)) is negated


@pytest.mark.rule("R6.10")
@pytest.mark.parametrize(
    "key",
    [
        *("aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList"),
        *("aws:ResourceOrgPaths", "aws:SourceOrgPaths", "aws:TagKeys"),
        *("sts:RequestContextProviders", "sts:TransitiveTagKeys"),
    ],
)
@pytest.mark.parametrize("value", [Unknown("some list"), one("alice"), one("alice", "bob")])
def test_a_key_that_is_a_list_is_no_variable(key: str, value: Value) -> None:
    """R6.10: its default counts, whatever the list holds, and nobody is asked what that is."""
    held = compiled(condition("StringEquals", f"${{{key}, 'x'}}"), has_variables=True)
    assert held(Request({KEY: one("x"), key: value})) is True
    assert held(Request({KEY: one("alice"), key: value})) is False


@pytest.mark.rule("R6.10")
def test_a_variable_that_is_not_known_leaves_the_condition_open() -> None:
    """The residual says what is asked, why it is open, and can be evaluated later."""
    name = Unknown("the name of the user", "iam:GetUser")
    found = asked("StringEquals", [ALICE, "bob"], one("alice"), username=name)
    assert isinstance(found, Atom)
    assert found.subject == KEY.lower()
    assert describe(found) == f"{KEY} is `{ALICE}` or `bob`"
    assert (found.part, found.settle, found.kind) == (name.what, name.settle, "condition")
    assert found.test is not None
    later = {KEY: one("alice"), "aws:username": one("alice")}
    assert holds(found.test, found.subject, Request(later)) is True
    assert holds(found.test, found.subject, Request({**later, KEY: one("eve")})) is False
    # A value that matches whatever the variable is settles it; for a set it does not.
    assert asked("StringEquals", [ALICE, "bob"], one("bob"), username=name) is True
    assert asked("StringEquals", ["bob", ALICE], one("bob"), username=name) is True
    assert asked("StringNotEquals", [ALICE, "bob"], one("bob"), username=name) is False
    assert asked("ForAllValues:StringEquals", [ALICE, "bob"], one("bob"), username=name) is True
    assert asked("ForAnyValue:StringNotEquals", ["bob", ALICE], one("bob"), username=name) is False
    several = asked("ForAllValues:StringEquals", [ALICE, "bob"], one("bob", "x"), username=name)
    assert isinstance(several, Atom)


@pytest.mark.rule("R6.10")
def test_a_variable_that_is_an_open_item_names_it() -> None:
    """What settles the item settles the condition."""
    item = Open("U-10", one("alice"), Absent("no"))
    found = asked("StringEquals", ALICE, one("alice"), username=item)
    assert isinstance(found, Atom)
    assert found.part == "aws:username, which is open item U-10"


@pytest.mark.rule("R6.10")
def test_an_open_item_and_a_variable_in_one_condition() -> None:
    """Both ways are decided with the variable replaced; an unknown one is asked for."""
    item = Open("U-10", one("alice"), one("bob"))
    found = asked("StringEquals", ALICE, item, username=one("alice"))
    assert [atom.subject for atom in atoms(found)] == ["U-10"]
    assert settle(found, lambda _: True) is True
    assert settle(found, lambda _: False) is False
    name = Unknown("the name of the user", "iam:GetUser")
    same = asked("StringEquals", ALICE, item, username=name)
    assert same == asked("StringEquals", ALICE, one("alice"), username=name)
    assert asked("StringEquals", [ALICE, "bob"], item, username=name) != same
    flag = asked("Bool", "${aws:flag}", one("true"), flag=Unknown("a flag", "context"))
    assert {atom.subject for atom in atoms(flag)} == {"C-8", KEY.lower()}


@pytest.mark.rule("R6.2")
def test_a_date_without_a_zone_is_utc_wherever_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is the same on every machine."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        found = asked("DateEquals", "2026-11-23T12:00:00", one("1795435200"))
    time.tzset()
    assert found is True


@pytest.mark.rule("C-8")
@pytest.mark.parametrize(("assumed", "expected"), [(True, True), (False, False)])
def test_variables_under_bool(assumed: bool, expected: bool) -> None:
    """C-8: AWS's pages differ; `--assume` decides, else the item is open where it matters."""
    wanted = condition("Bool", "${aws:flag}")
    known = {KEY: one("TRUE"), "aws:flag": one("true")}
    held = compiled(wanted, has_variables=True)
    assert held(Request(known, **{"C-8": assumed})) is expected
    found = held(Request(known))
    assert [atom.subject for atom in atoms(found)] == ["C-8"]
    assert settle(found, lambda _: assumed) is expected
    assert held(Request({**known, KEY: one("false")})) is False
    plain = compiled(condition("Bool", "true"), has_variables=True)
    assert plain(Request(known)) is True


# --- keys that are not known --------------------------------------------------------------------

SAYINGS = [
    ("StringEquals", "x", "is `x`", "is not `x`"),
    ("StringEqualsIgnoreCase", "x", "is (any case) `x`", "is not (any case) `x`"),
    ("StringLike", "x*", "is like `x*`", "is not like `x*`"),
    ("Bool", "true", "is `true`", "is not `true`"),
    ("BinaryEquals", "aGVsbG8=", "is `aGVsbG8=`", "is not `aGVsbG8=`"),
    ("IpAddress", "203.0.113.0/24", "is in `203.0.113.0/24`", "is not in `203.0.113.0/24`"),
    ("ArnEquals", "a*", "is like `a*`", "is not like `a*`"),
    ("ArnLike", "a*", "is like `a*`", "is not like `a*`"),
    ("NumericEquals", "5", "is `5`", "is not `5`"),
    ("NumericLessThan", "5", "is under `5`", "is not under `5`"),
    ("NumericLessThanEquals", "5", "is at most `5`", "is not at most `5`"),
    ("NumericGreaterThan", "5", "is over `5`", "is not over `5`"),
    ("NumericGreaterThanEquals", "5", "is at least `5`", "is not at least `5`"),
    ("DateEquals", "2030-01-01", "is `2030-01-01`", "is not `2030-01-01`"),
    ("DateLessThan", "2030-01-01", "is before `2030-01-01`", "is not before `2030-01-01`"),
    ("DateGreaterThan", "2030-01-01", "is after `2030-01-01`", "is not after `2030-01-01`"),
]
NEGATIONS = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
}
TAG = Unknown("a tag that was not read", "iam:ListUserTags")


@pytest.mark.parametrize(("operator", "wanted", "positive", "negative"), SAYINGS)
def test_a_condition_on_an_unknown_key_is_put_into_words(
    operator: str, wanted: str, positive: str, negative: str
) -> None:
    """The condition, what it becomes as a residual, and the opposite of that."""
    found = asked(operator, wanted, TAG)
    assert isinstance(found, Atom)
    assert describe(found) == words(condition(operator, wanted)) == f"{KEY} {positive}"
    assert found.opposite == f"{KEY} {negative}"
    assert found.subject == KEY.lower()
    assert found.test == truth.Test(operator.lower(), "", if_exists=False, values=(wanted,))
    assert (found.part, found.settle) == (f"{KEY}: {TAG.what}", TAG.settle)
    if operator in NEGATIONS:
        opposite = NEGATIONS[operator]
        assert asked(opposite, wanted, TAG) == Not(found)
        assert describe(asked(opposite, wanted, TAG)) == f"{KEY} {negative}"
        assert words(condition(opposite, wanted)) == f"{KEY} {negative}"


LATER = [
    ("StringEquals", ["x", "y"]), ("StringNotEquals", ["x", "y"]), ("StringLike", ["x*"]),
    ("StringNotLike", ["x*"]), ("StringEqualsIgnoreCase", ["X"]), ("StringEqualsIfExists", ["x"]),
    ("StringNotEqualsIfExists", ["x"]), ("Null", ["true"]), ("Null", ["false"]),
    ("ForAllValues:StringEquals", ["x", "y"]), ("ForAnyValue:StringNotEquals", ["x"]),
    ("ForAnyValue:StringEqualsIfExists", ["x"]), ("StringEquals", [ALICE]),
    ("StringNotEqualsIfExists", [ALICE, "y"]), ("NumericLessThan", ["5"]),
]  # fmt: skip
COMPLETIONS = [
    Absent("none"), one("x"), one("X"), one("y"), one("z"), one("4"), one("x", "y"), one("x", "z"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "wanted"), LATER, ids=str)
@pytest.mark.parametrize("value", COMPLETIONS, ids=str)
def test_a_residual_agrees_with_the_condition_once_the_key_is_known(
    operator: str, wanted: list[str], value: Value
) -> None:
    """What is decided later is what would have been decided at once."""
    if isinstance(value, Present) and value.multivalued and ":" not in operator:
        return  # a key that is not known and has no set qualifier is taken to have one value
    user = one("x")
    residual = asked(operator, wanted, TAG, username=user)
    request = Request({KEY: value, "aws:username": user})

    def answer(atom: Atom) -> bool:
        assert atom.test is not None
        found = holds(atom.test, atom.subject, request)
        assert isinstance(found, bool)
        return found

    assert settle(residual, answer) is asked(operator, wanted, value, username=user)


ENDS = [
    ("StringLike", "*:ci", True), ("StringLike", "*ci", True), ("StringLike", "*", True),
    ("StringLike", "*:other", False), ("StringLike", "AROA1*:xci", False),
    ("StringLike", "AROA1:*", None), ("StringLike", "*A:ci", None), ("StringLike", "*:?i", None),
    ("StringEquals", "AROA1:ci", None), ("StringEquals", "AROA1:cd", False),
    ("StringEquals", "*:ci", None), ("StringNotLike", "*:ci", False),
    ("StringNotEquals", "AROA1:cd", True), ("StringEqualsIfExists", "AROA1:cd", False),
    ("StringEqualsIgnoreCase", "AROA1:CI", None),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "wanted", "said"), ENDS)
def test_what_a_value_surely_ends_with_decides_where_it_can(
    operator: str, wanted: str, said: bool | None
) -> None:
    """And where it does, it decides as every value with that end does."""
    open_value = Unknown("the id", "iam:GetRole", present=True, end=":ci")
    found = asked(operator, wanted, open_value)
    assert (found if isinstance(found, bool) else None) is said
    for start in ("AROA1", "AROA2", "A"):
        known = asked(operator, wanted, one(f"{start}:ci"))
        assert said is None or known is said


OURS = "o-exampleorgid"
ELSEWHERE: list[Value] = [Absent("none"), one("o-otherorgid1"), one("o-exampleorgid2")]
"""What `aws:PrincipalOrgID` can be outside an organization."""
OUTSIDE = [
    ("StringEquals", [OURS], False), ("StringNotEquals", [OURS], True),
    ("StringLike", [OURS], False), ("StringNotLike", [OURS], True),
    ("StringEqualsIgnoreCase", [OURS], False), ("StringNotEqualsIfExists", [OURS], True),
    ("ForAnyValue:StringEquals", [OURS], False), ("StringEquals", ["o-otherorgid1"], None),
    ("StringEquals", [OURS, "o-otherorgid1"], None), ("StringNotEquals", ["o-otherorgid1"], None),
    ("StringLike", [f"{OURS}*"], None), ("StringEqualsIfExists", [OURS], None),
    ("StringNotEquals", [OURS, "o-otherorgid1"], None), ("Null", ["true"], None),
    ("ForAllValues:StringEquals", [OURS], None), ("ForAnyValue:StringNotEquals", [OURS], None),
    ("StringEquals", [OURS, "${aws:PrincipalTag/org}"], None), ("StringLike", ["o-*"], None),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "wanted", "said"), OUTSIDE, ids=str)
def test_what_a_value_surely_is_not_decides_where_it_can(
    operator: str, wanted: list[str], said: bool | None
) -> None:
    """And whatever else it is, the residual agrees."""
    open_value = Unknown("the organization", "DescribeOrganization", never=(OURS,))
    residual = asked(operator, wanted, open_value)
    assert (residual if isinstance(residual, bool) else None) is said
    for value in ELSEWHERE:
        _agrees(residual, operator, wanted, value)


IN_OURS = f"{OURS}/r-ab12/ou-ab12-11111111/*"
PATHS = [
    ("ForAnyValue:StringLike", [IN_OURS], False),
    ("ForAnyValue:StringLike", [IN_OURS, f"{OURS}/*"], False),
    ("ForAnyValue:StringEquals", [f"{OURS}/r-ab12/"], False),
    ("ForAnyValue:StringLike", [IN_OURS, "o-otherorgid1/*"], None),
    ("ForAnyValue:StringLike", ["*/ou-ab12-11111111/*"], None),
    ("ForAnyValue:StringLike", [f"{OURS}*"], None),
    ("ForAllValues:StringLike", [IN_OURS], None),
    ("ForAnyValue:StringLikeIfExists", [IN_OURS], None),
    ("ForAnyValue:StringNotLike", [IN_OURS], None),
    ("ForAllValues:StringNotLike", [IN_OURS], None),
]


@pytest.mark.parametrize(("operator", "wanted", "said"), PATHS, ids=str)
def test_with_what_a_value_surely_does_not_begin_decides_where_it_can(
    operator: str, wanted: list[str], said: bool | None
) -> None:
    """The same of `aws:PrincipalOrgPaths`."""
    open_value = Unknown("the organization", "DescribeOrganization", never=(f"{OURS}/",))
    residual = asked(operator, wanted, open_value)
    assert (residual if isinstance(residual, bool) else None) is said
    for path in ("o-otherorgid1/r-cd34/", "o-exampleorgid2/r-ab12/ou-ab12-11111111/"):
        _agrees(residual, operator, wanted, Present((path,), "given", multivalued=True))
    _agrees(residual, operator, wanted, Absent("none"))


def _agrees(residual: Truth, operator: str, wanted: list[str], value: Value) -> None:
    tag: dict[str, Value] = {"principaltag/org": one("o-otherorgid1")}
    request = Request({KEY: value, **{f"aws:{name}": given for name, given in tag.items()}})

    def answer(atom: Atom) -> bool:
        assert atom.test is not None
        found = holds(atom.test, atom.subject, request)
        assert isinstance(found, bool)
        return found

    assert settle(residual, answer) is asked(operator, wanted, value, **tag)


@pytest.mark.parametrize("wanted", ["*:${aws:PrincipalTag/team}", "*:c${*}", "AROA1:${x, 'ci'}"])
def test_what_is_written_with_a_variable_is_not_compared_with_an_end(wanted: str) -> None:
    """R6.10: what stands there is not known before it is put in."""
    open_value = Unknown("the id", "iam:GetRole", present=True, end=":ci")
    for operator in ("StringEquals", "StringLike", "StringNotLike"):
        assert not isinstance(asked(operator, wanted, open_value), bool)


def test_a_key_that_is_surely_there_is_not_asked_for() -> None:
    """`IfExists` asks two things of an unknown key, one of a key whose value alone is unknown."""
    doubtful = asked("StringEqualsIfExists", "x", TAG)
    assert isinstance(doubtful, Or)
    assert describe(doubtful) == f"{KEY} is not in the request or {KEY} is `x`"
    exists = atoms(doubtful)[0]
    assert exists.test == truth.Test("null", "", if_exists=False, values=("false",))
    assert describe(exists) == f"{KEY} is in the request"
    assert exists.subject == KEY.lower()
    assert (exists.part, exists.settle) == (f"{KEY}: {TAG.what}", TAG.settle)
    sure = asked("StringEqualsIfExists", "x", Unknown(TAG.what, TAG.settle, present=True))
    assert describe(sure) == f"{KEY} is `x`"
    assert sure == asked("StringEquals", "x", TAG)


@pytest.mark.parametrize(
    ("operator", "wanted", "said"),
    [
        ("ForAllValues:StringEquals", ["x", "y"], "in all its values is `x` or `y`"),
        ("ForAnyValue:StringNotLike", ["x"], "in any of its values is not like `x`"),
        ("ForAnyValue:StringEqualsIfExists", ["x"], "in any of its values is `x` (or absent)"),
        ("StringEquals", [ALICE], f"is `{ALICE}`"),
        ("StringNotEquals", [ALICE], f"is not `{ALICE}`"),
    ],
)
def test_what_cannot_be_taken_apart_is_one_question(
    operator: str, wanted: list[str], said: str
) -> None:
    """Set qualifiers and variables keep the condition whole."""
    found = asked(operator, wanted, TAG)
    assert isinstance(found, Atom)
    assert describe(found) == words(condition(operator, *wanted)) == f"{KEY} {said}"
    assert found.subject == KEY.lower()
    assert (found.part, found.settle) == (f"{KEY}: {TAG.what}", TAG.settle)
    assert found.test is not None


@pytest.mark.parametrize(
    ("operator", "wanted", "said"),
    [
        ("Null", "true", "is absent"),
        ("Null", "TRUE", "is absent"),
        ("Null", "false", "is present"),
        ("StringEqualsIfExists", "x", "is `x` (or absent)"),
    ],
)
def test_the_words_of_a_condition(operator: str, wanted: str, said: str) -> None:
    """As findings quote it."""
    assert words(condition(operator, wanted)) == f"{KEY} {said}"


# --- open items ---------------------------------------------------------------------------------


def test_an_open_item_is_asked_only_where_it_matters() -> None:
    """Both ways are decided; the item is named when they differ."""
    matters = Open("U-10", one("x"), Absent("no"))
    found = asked("StringEquals", "x", matters)
    assert settle(found, lambda _: True) is True
    assert settle(found, lambda _: False) is False
    assert asked("StringEquals", "x", Open("U-10", one("y"), Absent("no"))) is False
    assert asked("StringNotEquals", "x", Open("U-10", one("y"), Absent("no"))) is True


def test_an_open_item_says_how_to_decide_it() -> None:
    """The words, and the option that settles it."""
    found = either("U-10", True, False)
    assert isinstance(found, Atom)
    question = OPEN_ITEMS["U-10"].question
    assert (found.subject, found.kind, found.part) == ("U-10", "item", f"U-10: {question}")
    assert found.text == f"U-10 is `visible` ({question})"
    assert found.opposite == f"U-10 is `hidden` ({question})"
    assert found.settle == "--assume U-10=visible or U-10=hidden"
    assert either("U-10", False, True) == Not(found)
    a, b = Atom(subject="a", text="a"), Atom(subject="b", text="b")
    both = either("U-10", a, b)
    assert both == Or((And((found, a)), And((Not(found), b))))
    assert either("U-10", a, a) == a


def test_a_question_about_a_variable_is_about_a_fact() -> None:
    """No condition can be evaluated later: the fact has to be read."""
    found = open_question("the pattern is the role", Unknown("the user's name", "iam:GetUser"))
    assert (found.text, found.subject, found.part, found.settle, found.kind) == (
        "the pattern is the role", "the user's name", "the user's name", "iam:GetUser", "fact",
    )  # fmt: skip


@pytest.mark.rule("R6.3")
def test_what_is_surely_there_is_like_everything() -> None:
    """A lone star needs no value, only that there is one."""
    there, perhaps = Unknown("the tag", present=True), Unknown("the tag")
    for operator in ("StringLike", "ArnLike", "ArnEquals", "StringLikeIfExists"):
        assert asked(operator, "*", there) is True
    assert asked("StringNotLike", "*", there) is False
    assert asked("StringLikeIfExists", "*", perhaps) is True
    exists = asked("StringLike", "*", perhaps)
    assert describe(exists) == f"{KEY} is in the request"
    assert asked("StringNotLike", ["a", "*"], perhaps) == negate(
        any_of([asked("StringLike", "a", perhaps), exists])
    )
    assert isinstance(asked("StringEquals", "*", there), Atom)
