"""Section 6: condition operators, set qualifiers and variables."""

from typing import Any

import pytest

from tests.rules.worlds import COMPANIONS, SESSION, call_by, deny_anyone, passes, verdict
from tests.worlds import DEPLOYER, A, B, allow, trust

TAG = "aws:PrincipalTag/team"
WEB = {"team": "web"}


def holds(condition: Any, context: Any = None, *, tags: Any = None, version: str = "") -> bool:
    """Whether a condition holds, as an Allow and as a Deny of a trust policy see it."""
    tagged = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]

    def with_context(*statements: Any) -> dict[str, Any]:
        scenario = call_by(DEPLOYER, *statements)
        scenario["accounts"][A]["UserDetailList"][0]["Tags"] = tagged
        scenario["call"]["context"] = context or {}
        document = scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"]
        document["Version"] = version or document["Version"]
        return scenario

    allowed = passes(with_context(trust({"AWS": A}, Condition=condition)))
    denied = passes(with_context(trust({"AWS": A}), deny_anyone(Condition=condition)))
    assert allowed is not denied
    return allowed


@pytest.mark.rule("R6.1")
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {TAG: ["app", "web"]}}, True),
        ({"StringNotEquals": {TAG: ["app", "web"]}}, False),
        ({"StringNotEquals": {TAG: ["app", "api"]}}, True),
        ({"StringEquals": {TAG: "web", "aws:PrincipalTag/stage": "prod"}}, True),
        ({"StringEquals": {TAG: "web", "aws:PrincipalTag/stage": "test"}}, False),
        ({"StringEquals": {TAG: "web"}, "StringLike": {"aws:username": "dep*"}}, True),
        ({"StringEquals": {TAG: "web"}, "StringLike": {"aws:username": "ops*"}}, False),
        ({"StringEquals": {TAG: "web"}, "StringNotEquals": {TAG: "web"}}, False),
    ],
    ids=str,
)
def test_values_are_alternatives_and_keys_add_up(condition: Any, expected: bool) -> None:
    assert holds(condition, tags={**WEB, "stage": "prod"}) is expected


@pytest.mark.rule("R6.2")
@pytest.mark.parametrize(
    ("operator", "wanted", "got", "expected"),
    [
        ("NumericEquals", "10", "10.0", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "9", "10", True),
        ("NumericGreaterThanEquals", "11", "10", False),
        ("NumericEquals", "ten", "ten", False),
        ("DateEquals", "2026-11-23T12:00:00Z", "1795435200", True),
        ("DateLessThan", "2026-11-24", "2026-11-23T12:00:00Z", True),
        ("DateGreaterThan", "2026-11-24", "2026-11-23T12:00:00Z", False),
        ("DateGreaterThanEquals", "2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00Z", True),
        ("DateNotEquals", "2026-11-23", "2026-11-23T12:00:00Z", True),
        ("Bool", "true", "TRUE", True),
        ("Bool", "false", "true", False),
        ("BinaryEquals", "aGVsbG8=", "aGVsbG8=", True),
        ("BinaryEquals", "aGVsbG8=", "d29ybGQ=", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
        ("IpAddress", "203.0.113.7", "203.0.113.7", True),
        ("IpAddress", "203.0.113.7", "203.0.113.8", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "2001:db8::1", "2001:db8::1", True),
        ("IpAddress", "203.0.113.0/24", "2001:db8::1", False),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.7", True),
        ("StringEqualsIgnoreCase", "WEB", "web", True),
        ("StringNotEqualsIgnoreCase", "WEB", "web", False),
        ("StringNotLike", "w*", "web", False),
        ("ArnNotEquals", "arn:aws:iam::*:role/x", "arn:aws:iam::1:role/x", False),
        ("ArnNotLike", "arn:aws:iam::*:role/y", "arn:aws:iam::1:role/x", True),
    ],
)
def test_every_family_of_operators(operator: str, wanted: str, got: str, expected: bool) -> None:
    assert holds({operator: {TAG: wanted}}, tags={"team": got}) is expected


@pytest.mark.rule("R6.3")
@pytest.mark.parametrize(
    ("operator", "wanted", "expected"),
    [
        ("StringEquals", "web-1", True),
        ("StringEquals", "web-*", False),
        ("StringEquals", "web-?", False),
        ("StringEquals", "WEB-1", False),
        ("StringLike", "web-*", True),
        ("StringLike", "web-?", True),
        ("StringLike", "web-??", False),
        ("StringLike", "web-1*", True),
        ("StringLike", "WEB-*", False),
        ("StringEqualsIgnoreCase", "WEB-1", True),
        ("StringEqualsIgnoreCase", "WEB-*", False),
    ],
)
def test_wildcards_count_in_like_and_case_unless_it_is_ignored(
    operator: str, wanted: str, expected: bool
) -> None:
    assert holds({operator: {TAG: wanted}}, tags={"team": "web-1"}) is expected


@pytest.mark.rule("R6.4")
@pytest.mark.parametrize("operator", ["ArnEquals", "ArnLike"])
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("arn:aws:iam::111111111111:user/deployer", True),
        ("arn:aws:iam::*:user/deployer", True),
        ("arn:*:iam::1111*:user/dep*", True),
        ("arn:aws:iam::11111111111?:user/deploye?", True),
        ("arn:aws:*:user/deployer", False),
        ("arn:aws:iam:*:user/deployer", False),
        ("arn:aws:iam::111111111111:user/Deployer", False),
        ("arn:aws:iam::111111111111:user", False),
    ],
)
def test_arns_are_compared_part_by_part(operator: str, wanted: str, expected: bool) -> None:
    assert holds({operator: {"aws:PrincipalArn": wanted}}) is expected


@pytest.mark.rule("R6.4")
def test_under_string_like_a_wildcard_crosses_colons() -> None:
    assert holds({"StringLike": {"aws:PrincipalArn": "arn:aws:*:user/deployer"}})


POSITIVE = [
    ("StringEquals", "x"), ("StringLike", "*"), ("StringEqualsIgnoreCase", "x"),
    ("NumericLessThan", "5"), ("DateLessThan", "2030-01-01"), ("Bool", "true"),
    ("BinaryEquals", "aGVsbG8="), ("IpAddress", "0.0.0.0/0"), ("ArnEquals", "arn:aws:iam::*:*"),
    ("ArnLike", "*"),
]  # fmt: skip
NEGATED = [
    ("StringNotEquals", "x"), ("StringNotLike", "*"), ("StringNotEqualsIgnoreCase", "x"),
    ("NumericNotEquals", "5"), ("DateNotEquals", "2030-01-01"), ("NotIpAddress", "0.0.0.0/0"),
    ("ArnNotEquals", "arn:aws:iam::*:*"), ("ArnNotLike", "*"),
]  # fmt: skip


@pytest.mark.rule("R6.5")
@pytest.mark.parametrize(("operator", "wanted"), POSITIVE)
def test_a_missing_key_fails_positive_operators(operator: str, wanted: str) -> None:
    assert not holds({operator: {TAG: wanted}})
    assert holds({f"{operator}IfExists": {TAG: wanted}})


@pytest.mark.rule("R6.5")
@pytest.mark.parametrize(("operator", "wanted"), NEGATED)
def test_a_missing_key_meets_negated_operators(operator: str, wanted: str) -> None:
    assert holds({operator: {TAG: wanted}})
    assert holds({f"{operator}IfExists": {TAG: wanted}})


@pytest.mark.rule("R6.5")
@pytest.mark.parametrize(("value", "expected"), [("web", True), ("app", False)])
def test_if_exists_still_compares_a_key_that_is_there(value: str, expected: bool) -> None:
    assert holds({"StringEqualsIfExists": {TAG: value}}, tags=WEB) is expected


@pytest.mark.rule("R6.6")
@pytest.mark.parametrize(
    ("wanted", "tags", "expected"),
    [("true", {}, True), ("true", WEB, False), ("false", {}, False), ("false", WEB, True)],
)
def test_null_asks_whether_a_key_is_missing(wanted: str, tags: Any, expected: bool) -> None:
    assert holds({"Null": {TAG: wanted}}, tags=tags) is expected


KEYS = "aws:TagKeys"


@pytest.mark.rule("R6.7", "T18")
@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringEquals", None, True),
        ("ForAllValues:StringNotEquals", ["c"], True),
        ("ForAllValues:StringNotEquals", ["a", "c"], False),
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c"], False),
        ("ForAnyValue:StringEquals", None, False),
        ("ForAnyValue:StringNotEquals", ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("ForAnyValue:StringNotEquals", None, False),
    ],
)
def test_set_operators(operator: str, values: list[str] | None, expected: bool) -> None:
    assert holds({operator: {KEYS: ["a", "b"]}}, {KEYS: values}) is expected


@pytest.mark.rule("R6.7")
@pytest.mark.parametrize(
    ("operator", "expected"),
    [("ForAllValues:StringEquals", True), ("ForAnyValue:StringEquals", False)],
)
def test_no_tags_at_all_are_a_missing_key(operator: str, expected: bool) -> None:
    condition = {operator: {KEYS: ["a"]}}
    assert passes(call_by(DEPLOYER, trust({"AWS": A}, Condition=condition))) is expected


@pytest.mark.rule("R6.8", "C-7")
@pytest.mark.parametrize("operator", ["StringNotLike", "StringNotEquals", "StringLike"])
def test_for_all_values_holds_for_a_missing_key_whatever_it_qualifies(operator: str) -> None:
    assert holds({f"ForAllValues:{operator}": {KEYS: "x*"}}, {KEYS: None})


@pytest.mark.rule("R6.9")
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"AWS:USERNAME": "deployer"}}, True),
        ({"StringEquals": {"aws:username": "Deployer"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/TEAM": "web"}}, True),
        ({"StringEquals": {"AWS:principaltag/team": "WEB"}}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("key", ["team", "Team"])
def test_names_of_keys_ignore_case_and_values_do_not(
    key: str, condition: Any, expected: bool
) -> None:
    assert holds(condition, tags={key: "web"}) is expected


@pytest.mark.rule("R6.9")
@pytest.mark.parametrize(("wanted", "expected"), [("team", True), ("Team", False)])
def test_tag_keys_as_values_are_compared_with_their_case(wanted: str, expected: bool) -> None:
    condition = {"ForAnyValue:StringEquals": {KEYS: wanted}}
    actions = ["sts:AssumeRole", *COMPANIONS]
    statement = trust({"AWS": A}, actions, Condition=condition)
    tags = [{"Key": "team", "Value": "web"}]
    assert passes(call_by(DEPLOYER, statement, Tags=tags)) is expected


VARIABLES = [
    ({"StringEquals": {"aws:username": "${aws:PrincipalTag/team}er"}}, False),
    ({"StringEquals": {TAG: "${aws:username}"}}, True),
    ({"StringLike": {TAG: "${aws:username}*"}}, True),
    ({"StringEquals": {TAG: "${AWS:UserName}"}}, True),
    ({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:user/${{aws:username}}"}}, True),
    ({"StringEquals": {TAG: "${aws:PrincipalTag/none, 'deployer'}"}}, True),
    ({"StringLike": {TAG: "${aws:PrincipalTag/none, 'dep*'}"}}, False),
    ({"StringLike": {TAG: "dep${*}"}}, False),
    ({"StringLike": {TAG: "deploye${?}"}}, False),
    ({"StringEquals": {TAG: "${$}"}}, False),
    # The literals stand for the characters themselves.
    ({"StringLike": {"aws:PrincipalTag/star": "a${*}"}}, True),
    ({"StringLike": {"aws:PrincipalTag/dollar": "a${$}b"}}, True),
    # A multivalued key has no single value to put in.
    ({"StringNotEquals": {TAG: "${aws:TagKeys}"}}, True),
    ({"StringEquals": {TAG: "${aws:TagKeys}"}}, False),
    # Numbers, dates and addresses take none.
    ({"NumericEquals": {"aws:PrincipalTag/five": "${aws:PrincipalTag/five}"}}, False),
    ({"IpAddress": {"aws:PrincipalTag/ip": "${aws:PrincipalTag/ip}"}}, False),
]  # fmt: skip
TAGGED = {"team": "deployer", "star": "a*", "dollar": "a$b", "five": "5", "ip": "203.0.113.7"}


@pytest.mark.rule("R6.10")
@pytest.mark.parametrize(("condition", "expected"), VARIABLES, ids=str)
def test_variables_in_conditions(condition: Any, expected: bool) -> None:
    assert holds(condition, {KEYS: ["deployer"]}, tags=TAGGED) is expected


@pytest.mark.rule("R6.10")
@pytest.mark.parametrize(("version", "expected"), [("2012-10-17", True), ("2008-10-17", False)])
def test_in_the_older_version_a_variable_is_plain_text(version: str, expected: bool) -> None:
    condition = {"StringEquals": {TAG: "${aws:username}"}}
    assert holds(condition, tags=TAGGED, version=version) is expected
    literal = {"StringEquals": {TAG: "${aws:username}"}}
    assert holds(literal, tags={"team": "${aws:username}"}, version=version) is not expected


@pytest.mark.rule("R6.10")
@pytest.mark.parametrize("key", ["aws:PrincipalOrgPaths", "AWS:TagKeys"])
def test_a_multivalued_key_is_no_variable_even_when_it_is_not_known(key: str) -> None:
    for value, expected in ((f"${{{key}}}", "denied"), (f"${{{key}, 'deployer'}}", "allowed")):
        condition = {"StringEquals": {"aws:username": value}}
        scenario = call_by(DEPLOYER, trust({"AWS": A}, Condition=condition))
        assert verdict({**scenario, "unknown": [f"context:{key}"]}) == expected


@pytest.mark.rule("R6.10", "C-8")
def test_a_variable_under_bool_is_open() -> None:
    condition = {"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/tls}"}}
    scenario = call_by(DEPLOYER, trust({"AWS": A}, Condition=condition))
    scenario["accounts"][A]["UserDetailList"][0]["Tags"] = [{"Key": "tls", "Value": "true"}]
    scenario["call"]["network"] = {"secure_transport": True}
    assert verdict(scenario) == "conditional"


@pytest.mark.rule("R6.10", "R6.11")
@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:iam::222222222222:role/${aws:PrincipalTag/role}", True),
        ("arn:aws:iam::222222222222:role/${aws:PrincipalTag/none, 'DeployRole'}", True),
        ("arn:aws:iam::222222222222:role/${aws:PrincipalTag/none}", False),
        ("arn:aws:iam::222222222222:role/${aws:PrincipalTag/none}*", False),
        ("arn:aws:iam::${aws:PrincipalTag/account}:role/DeployRole", False),
    ],
)
def test_variables_in_resources(resource: str, expected: bool) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}), identity=[allow(resource=resource)])
    scenario["accounts"][A]["UserDetailList"][0]["Tags"] = [
        {"Key": "role", "Value": "DeployRole"},
        {"Key": "account", "Value": B},
    ]
    assert passes(scenario) is expected


@pytest.mark.rule("R6.10")
def test_a_principal_takes_no_variables() -> None:
    named = "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}"
    assert not passes(call_by(DEPLOYER, trust({"AWS": named})))


@pytest.mark.rule("R6.11")
@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("ArnLike", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("StringEqualsIfExists", False),
    ],
)
def test_a_variable_without_a_value_compares_with_nothing(operator: str, expected: bool) -> None:
    condition = {operator: {"aws:username": "${aws:PrincipalTag/none}"}}
    assert holds(condition) is expected


@pytest.mark.rule("R6.14")
@pytest.mark.parametrize("key", ["aws:PrincipalOrgId2", "aws:Username1", "sts:ExternalID2", "x:y"])
def test_a_misspelt_key_is_a_missing_one(key: str) -> None:
    for caller in (DEPLOYER, SESSION):
        for condition, expected in (
            ({"StringEquals": {key: "x"}}, False),
            ({"StringNotEquals": {key: "x"}}, True),
            ({"Null": {key: "true"}}, True),
        ):
            statement = trust({"AWS": A}, Condition=condition)
            assert passes(call_by(caller, statement)) is expected
