"""FACTS section 4: what AWS refuses in the parameters themselves, with its own words."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assumable.diagnose import diagnose
from assumable.engine.limits import Fault, integer
from assumable.engine.parameters import KNOWN, request_faults
from tests.worlds import ROLE, A, B, blocking, classic, diagnosed, parsed, trust

WORD = r"[\w+=,.@-]*"
TAG_KEY = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"
ANY_TEXT = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"


def faults(**parameters: Any) -> tuple[Fault, ...]:
    """The faults of the working call with more parameters; None takes one away."""
    return request_faults(parsed(classic(**parameters)).call)


def violations(**parameters: Any) -> list[str]:
    """Member and constraint of each violation, as AWS words them."""
    found = faults(**parameters)
    assert {(fault.code, fault.status) for fault in found} == {("ValidationError", 400)}
    pattern = r"Value .*? ?at '(.+?)' failed to satisfy constraint: Member must (.+)"
    matched = [re.fullmatch(pattern, fault.clause, re.DOTALL) for fault in found]
    return [": ".join(match.groups()) for match in matched if match]


LONGEST = [
    ("RoleSessionName", "s" * 64),
    ("ExternalId", "e" * 1224),
    ("SerialNumber", "s" * 256),
    ("SourceIdentity", "s" * 256),  # C-4
    ("Policy", json.dumps({"Version": "2012-10-17", "Statement": []}).ljust(2048)),
    ("RoleArn", f"arn:aws:iam::{B}:role/" + "r" * 2017),
    ("TransitiveTagKeys", []),
    ("Tags", [{"Key": "k" * 128, "Value": "v" * 256}]),
    ("Tags", [{"Key": f"k{n}", "Value": ""} for n in range(50)]),
    ("MinimumSessionTokenSize", 4096),
    ("PolicyArns", [{"arn": f"arn:aws:iam::{B}:policy/p"}] * 10),
]


@pytest.mark.parametrize(("name", "value"), LONGEST, ids=range(len(LONGEST)))
def test_the_longest_values_pass(name: str, value: Any) -> None:
    """The limits of section 4 are inclusive."""
    assert faults(**{name: value}) == ()


AT_MOST = "have length less than or equal to"
PATTERN = "satisfy regular expression pattern:"
BAD_NAME = [f"roleSessionName: {PATTERN} {WORD}"]
CONTEXT = "arn:aws:iam::aws:contextProvider/IdentityCenter"
BROKEN: list[tuple[str, Any, list[str]]] = [
    ("RoleSessionName", "s" * 65, [f"roleSessionName: {AT_MOST} 64"]),
    ("RoleSessionName", "a b", BAD_NAME),
    ("RoleSessionName", "a\n", BAD_NAME),
    # `\w` is ASCII, and lengths count characters, not bytes (FACTS 4.1)
    ("RoleSessionName", "\u00e9" * 64, BAD_NAME),
    ("RoleSessionName", "\U0001f511x", BAD_NAME),
    ("ExternalId", "e" * 1225, [f"externalId: {AT_MOST} 1224"]),
    ("ExternalId", "a b", [rf"externalId: {PATTERN} [\w+=,.@:\/-]*"]),
    ("SourceIdentity", "aws:alice", [f"sourceIdentity: {PATTERN} {WORD}"]),
    ("SourceIdentity", "s" * 257, [f"sourceIdentity: {AT_MOST} 256"]),
    ("DurationSeconds", "+43201", ["durationSeconds: have value less than or equal to 43200"]),
    ("MinimumSessionTokenSize", 4097,
     ["minimumSessionTokenSize: have value less than or equal to 4096"]),
    ("Tags", [{"Key": "a", "Value": "v"}, {"Key": "b#", "Value": "v"}],
     [f"tags.2.member.key: {PATTERN} {TAG_KEY}"]),
    ("Tags", [{"Key": "k" * 129, "Value": "v" * 257}],
     [f"tags.1.member.key: {AT_MOST} 128", f"tags.1.member.value: {AT_MOST} 256"]),
    ("Tags", [{"Key": f"k{n}", "Value": ""} for n in range(51)], [f"tags: {AT_MOST} 50"]),
    ("PolicyArns", [{"arn": f"arn:aws:iam::{B}:policy/p"}] * 11, [f"policyArns: {AT_MOST} 10"]),
    ("ProvidedContexts", [{"ProviderArn": CONTEXT}] * 6, [f"providedContexts: {AT_MOST} 5"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), BROKEN, ids=range(len(BROKEN)))
def test_violations_in_the_words_of_aws(name: str, value: Any, expected: list[str]) -> None:
    """FACTS 4.2: one clause for each constraint that a value breaks, under the member's name."""
    assert violations(**{name: value}) == expected


def test_the_whole_message() -> None:
    """FACTS 4.2: the value is in quotes, and what is missing is null."""
    (fault,) = faults(RoleSessionName="a b")
    start = "1 validation error detected: Value"
    failed = "failed to satisfy constraint: Member must"
    assert fault.message == f"{start} 'a b' at 'roleSessionName' {failed} {PATTERN} {WORD}"


LEAST: list[tuple[str, Any, str]] = [
    ("RoleSessionName", "s", "Invalid length for parameter {}, value: 1, valid min length: 2"),
    ("ExternalId", "", "Invalid length for parameter {}, value: 0, valid min length: 2"),
    ("SerialNumber", "12345678", "Invalid length for parameter {}, value: 8, valid min length: 9"),
    ("RoleArn", "DeployRole", "Invalid length for parameter {}, value: 10, valid min length: 20"),
    ("RoleArn", None, 'Missing required parameter in input: "{}"'),
    ("DurationSeconds", 899, "Invalid range for parameter {}, value: 899, valid min value: 900"),
    ("DurationSeconds", "-1", "Invalid range for parameter {}, value: -1, valid min value: 900"),
    ("Tags", [{"Key": "", "Value": "v"}],
     "Invalid length for parameter {}[0].Key, value: 0, valid min length: 1"),
    ("Tags", [{"Key": "a"}], 'Missing required parameter in {}[0]: "Value"'),
    ("TransitiveTagKeys", [""],
     "Invalid length for parameter {}[0], value: 0, valid min length: 1"),
    ("PolicyArns", [{"arn": "short"}],
     "Invalid length for parameter {}[0].arn, value: 5, valid min length: 20"),
    ("ProvidedContexts", [], "Invalid length for parameter {}, value: 0, valid min length: 1"),
    ("ProvidedContexts", [{"ProviderArn": "short", "ContextAssertion": "abcd"}],
     "Invalid length for parameter {}[0].ProviderArn, value: 5, valid min length: 20"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), LEAST, ids=range(len(LEAST)))
def test_what_is_missing_or_too_small_never_leaves_the_client(
    name: str, value: Any, expected: str
) -> None:
    """FACTS section 0, step 0b: botocore checks minimums, in words of its own."""
    fault = faults(**{name: value})[0]
    assert (fault.code, fault.status, fault.parameter) == ("ParamValidationError", None, name)
    assert fault.message == f"Parameter validation failed:\n{expected.format(name)}"


def test_several_violations_are_one_message_and_several_findings() -> None:
    """FACTS 4.1: AWS lists them all; each can be mended apart."""
    diagnosis = diagnosed(classic(RoleSessionName="a b", ExternalId="a b", DurationSeconds=43201))
    assert diagnosis.aws_error is not None
    message = diagnosis.aws_error.message
    assert message.startswith("3 validation errors detected: Value 'a b' at 'roleSessionName' ")
    assert message.count("; Value ") == 2
    assert blocking(diagnosis) == ["duration", "parameter", "parameter"]


def test_the_client_lists_all_that_it_refuses_and_sends_nothing() -> None:
    """FACTS section 0: the user sees what botocore says, not what STS would say of the rest."""
    diagnosis = diagnosed(classic(RoleSessionName="a b", ExternalId="x", DurationSeconds=60))
    assert diagnosis.aws_error is not None
    assert (diagnosis.aws_error.code, diagnosis.aws_error.status) == ("ParamValidationError", None)
    assert diagnosis.aws_error.message == (
        "Parameter validation failed:\n"
        "Invalid range for parameter DurationSeconds, value: 60, valid min value: 900\n"
        "Invalid length for parameter ExternalId, value: 1, valid min length: 2"
    )
    assert blocking(diagnosis) == ["duration", "parameter", "parameter"]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("+900", 900), ("0900", 900), ("-5", -5), (900, 900), ("2147483647", 2**31 - 1),
        ("2147483648", None), (-2**31 - 1, None), ("", None), ("9e2", None), ("++900", None),
        ("\u0669\u0660\u0660", None), (True, None), (900.0, None),
    ],
)  # fmt: skip
def test_whole_numbers_are_read_as_aws_does(value: object, read: int | None) -> None:
    """FACTS 4.1: signed, 32 bits, ASCII digits."""
    assert integer(value) == read


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("one hour", "MalformedInput", ""),
        ("2147483648", "MalformedInput", ""),
        ("", "MalformedInput", "missing value for decimal type"),
    ],
)
def test_numbers_that_cannot_be_read(value: str, code: str, message: str) -> None:
    """FACTS 4.1: MalformedInput, mostly without a text."""
    (fault,) = faults(DurationSeconds=value)
    assert (fault.code, fault.status, fault.message, fault.cause) == (
        code,
        400,
        message,
        "parameter",
    )
    assert fault.text


@pytest.mark.parametrize(
    ("name", "value"),
    [("ExternalId", 12345), ("DurationSeconds", 900.0), ("Tags", "k=v"), ("PolicyArns", "x"),
     ("TransitiveTagKeys", "k"), ("Tags", ["k"]), ("RoleSessionName", ["s"]),
     ("Tags", [{"Key": "k", "Value": 1}]), ("TransitiveTagKeys", [1])],
)  # fmt: skip
def test_values_of_a_wrong_type_never_leave_the_client(name: str, value: Any) -> None:
    """FACTS section 0, step 0b."""
    (fault,) = faults(**{name: value})
    assert (fault.code, fault.status, fault.parameter) == ("ParamValidationError", None, name)
    assert f"Invalid type for parameter {name}" in fault.message


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("eyJhbGciOi", "ProvidedContexts[0]"),
        (None, "ProvidedContexts[0]"),
        ({"ProviderArn": 7}, "ProvidedContexts[0].ProviderArn"),
        ({"ContextAssertion": ["eyJhbGciOi"]}, "ProvidedContexts[0].ContextAssertion"),
        ({"ProviderArn": None, "ContextAssertion": "abcd"}, "ProvidedContexts[0].ProviderArn"),
    ],
)
def test_malformed_contexts_never_leave_the_client(entry: Any, place: str) -> None:
    """Nor does their text, which may be an assertion in the wrong place, get into the answer."""
    (fault,) = faults(ProvidedContexts=[entry])
    assert (fault.code, fault.parameter) == ("ParamValidationError", "ProvidedContexts")
    assert f"Invalid type for parameter {place}, type: " in fault.message
    assert "eyJ" not in fault.message


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            {"Tags": [{"Key": "a", "Value": "1"}], "TransitiveTagKeys": ["b"]},
            "The specified transitive tag key must be included in the requested tags.",
        ),
    ],
)
def test_tags_that_contradict_each_other(parameters: dict[str, Any], message: str) -> None:
    """FACTS 4.2: InvalidParameterValue."""
    (fault,) = faults(**parameters)
    assert (fault.code, fault.status, fault.message) == ("InvalidParameterValue", 400, message)


def test_lists_of_texts_are_judged_as_one_member() -> None:
    """Every constraint that any of the keys breaks, in one clause."""
    tags = [{"Key": "a", "Value": ""}]
    found = faults(Tags=tags, TransitiveTagKeys=["a", "b#", "k" * 129])
    clause = next(fault.clause for fault in found if fault.clause)
    start = "Value '[a, b#, kkk"
    end = f"[Member must {PATTERN} {TAG_KEY}, Member must {AT_MOST} 128]"
    assert clause.startswith(start)
    assert clause.endswith(f"Member must satisfy constraint: {end}")
    found = faults(Tags=tags, TransitiveTagKeys=["a"] * 51)
    assert [fault.clause[:8] for fault in found] == ["Value '["]


def test_a_code_that_yaml_read_as_a_number() -> None:
    """A token code has six digits, zeros in front included."""
    assert faults(SerialNumber="GAHT12345678", TokenCode=12345) == ()


def test_transitive_keys_compare_without_case() -> None:
    """FACTS 4.2: tag keys are case-insensitive."""
    assert faults(Tags=[{"Key": "Team", "Value": "1"}], TransitiveTagKeys=["team"]) == ()


def by_session(session: dict[str, Any], **parameters: Any) -> list[str]:
    """The messages for a role session that carries something."""
    scenario = classic(**parameters)
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/CI/s", "session": session}
    return [fault.message for fault in request_faults(parsed(scenario).call)]


def test_what_a_session_hands_on_cannot_be_set_again() -> None:
    """R9.1, R9.4; the same source identity is fine."""
    team = {"tags": {"team": "web"}, "transitive_tag_keys": ["team"]}
    (message,) = by_session(team, Tags=[{"Key": "TEAM", "Value": "x"}])
    assert message.startswith("One of the specified transitive tag keys can't be set")
    (message,) = by_session({"source_identity": "alice"}, SourceIdentity="bob")
    assert message == "The source identity is already set for this assume role session"
    assert by_session({"source_identity": "alice"}, SourceIdentity="alice") == []


@pytest.mark.parametrize(
    ("policy_arn", "code"),
    [
        (f"arn:aws:iam::{B}:policy/p", None),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", None),
        (f"arn:aws:iam::{A}:policy/p", "MalformedPolicyDocument"),
        (f"arn:aws-cn:iam::{B}:policy/p", "MalformedPolicyDocument"),
        (f"arn:aws:iam::{B}:role/DeployRole", "ValidationError"),
    ],
)
def test_managed_policies_are_of_the_roles_account_or_of_aws(
    policy_arn: str, code: str | None
) -> None:
    """FACTS section 4: PolicyArns."""
    found = faults(PolicyArns=[{"arn": policy_arn}])
    assert [fault.code for fault in found] == ([code] if code else [])


WITH_PRINCIPAL = {"Version": "2012-10-17", "Statement": [trust({"AWS": "*"})]}


@pytest.mark.parametrize(
    "policy", ["{", "[]", '{"Version": "2012-10-17"}', json.dumps(WITH_PRINCIPAL), WITH_PRINCIPAL]
)
def test_session_policies_are_policies(policy: object) -> None:
    """FACTS 4.2: the code is documented, the text is not known (U-8), so that none is made up."""
    (fault,) = faults(Policy=policy)
    assert (fault.code, fault.message) == ("MalformedPolicyDocument", "")
    assert fault.reason


def test_secrets_are_not_repeated() -> None:
    """A token code is never shown (DESIGN section 7)."""
    (fault,) = faults(SerialNumber=f"arn:aws:iam::{A}:mfa/d", TokenCode="12x456")
    assert "12x456" not in repr(fault)
    assert "Value at 'tokenCode'" in fault.message


OIDC = f"arn:aws:iam::{B}:oidc-provider/idp.example"


def federated(api: str, **parameters: Any) -> tuple[Fault, ...]:
    """The faults of an unsigned call."""
    scenario = classic(trust_statements=[trust({"Federated": OIDC}, f"sts:{api}")], **parameters)
    claims = {"iss": "https://idp.example", "aud": "sts.amazonaws.com"}
    saml = api == "AssumeRoleWithSAML"
    scenario["call"] |= {"api": api, "caller": {"assertion": {}} if saml else {"claims": claims}}
    return request_faults(parsed(scenario).call)


def test_each_api_has_parameters_of_its_own() -> None:
    """STS ignores what an API does not have, however wrong it is (FACTS 4.1)."""
    web = "AssumeRoleWithWebIdentity"
    assert federated(web, ExternalId="", SerialNumber="?", Tags="?") == ()
    assert federated("AssumeRoleWithSAML", RoleSessionName="") == ()
    (fault,) = federated(web, WebIdentityToken="abc")
    assert "parameter WebIdentityToken, value: 3, valid min length: 4" in fault.message
    (fault,) = federated("AssumeRoleWithSAML", SAMLAssertion="a" * 100_001)
    assert "less than or equal to 100000" in fault.message


@pytest.mark.parametrize("api", ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"])
def test_arns_of_federated_calls(api: str) -> None:
    """FACTS 4.2: other texts than for AssumeRole."""
    (fault,) = federated(api, RoleArn="${ROLE_ARN_FROM_SETTINGS}")
    assert (fault.code, fault.message) == ("ValidationError", "Request ARN is invalid")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"SourceIdentity": "s" * 65}, "SourceIdentity has 65 characters"),  # C-4
        ({"RoleSessionName": None}, "no RoleSessionName was given"),
        ({"Tags": [{"Key": key, "Value": "v" * 199} for key in "kl"]}, "PackedPolicyTooLarge"),
        (
            {
                "Policy": json.dumps({"Version": "2012-10-17", "Statement": []}).ljust(2040),
                "PolicyArns": [{"arn": f"arn:aws:iam::{B}:policy/p"}],
            },
            "Policy and PolicyArns have",
        ),
        ({"externalid": "x"}, "`externalid` is no parameter of AssumeRole"),
    ],
)  # fmt: skip
def test_notes_never_turn_a_verdict(parameters: dict[str, Any], words: str) -> None:
    """C-4, R4.3, and a RoleSessionName that the input leaves out."""
    everything = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    scenario = classic(
        trust_statements=[trust({"AWS": A}, everything)],
        identity=[{"Effect": "Allow", "Action": everything, "Resource": "*"}],
        **parameters,
    )
    diagnosis = diagnosed(scenario)
    assert any(words in note for note in diagnosis.notes)
    assert diagnosis.verdict == "allowed"
    assert not any(words in note for note in diagnosed(classic()).notes)


def test_a_vpc_endpoint_is_no_way_to_the_global_endpoint() -> None:
    """R1.34: a note."""
    scenario = classic()
    scenario["accounts"][A]["VpcEndpoints"] = [{"VpcEndpointId": "vpce-1", "VpcId": "vpc-1"}]
    scenario["call"]["network"] = {"vpc_endpoint": "vpce-1", "endpoint": "global"}
    assert any("VPC endpoint" in note for note in diagnosed(scenario).notes)
    scenario["call"]["network"] = {"vpc_endpoint": "vpce-1"}
    assert diagnosed(scenario).notes == ()


CHARACTERS = 'aZ09 ,:/{}"\n\u00e9\u0660\U0001f511'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(CHARACTERS, max_size=70),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Key", "Value", "arn", "ProviderArn"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(deadline=None)  # what is measured here is no time
@given(st.dictionaries(st.sampled_from(sorted(KNOWN["AssumeRole"])), JSON, max_size=4))
def test_whatever_is_sent_gets_an_answer(parameters: dict[str, Any]) -> None:
    """Mistakes under `parameters` are findings (DESIGN section 6): never an exception."""
    world, call = parsed(classic())
    asked = {"RoleArn": ROLE, **parameters}
    diagnosis = diagnose(world, msgspec.structs.replace(call, parameters=asked))
    assert (diagnosis.aws_error is not None) == (diagnosis.verdict == "denied")
    assert all(finding.explanation for finding in diagnosis.findings)
