"""Calls of any shape: parameters are findings, tokens and assertions may hold anything."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.guard import reads, survives
from tests.fuzz.junk import anything, keys, objects, scalars, texts, values
from tests.worlds import DEPLOYER, ROLE, A, B, classic, trust

GITHUB = "token.actions.githubusercontent.com"
OIDC, SAML = f"arn:aws:iam::{B}:oidc-provider/{GITHUB}", f"arn:aws:iam::{B}:saml-provider/corp"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
PARAMETERS = (
    "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId", "SerialNumber", "TokenCode",
    "Tags", "TransitiveTagKeys", "SourceIdentity", "Policy", "PolicyArns", "ProvidedContexts",
    "PrincipalArn", "ProviderId", "WebIdentityToken", "SAMLAssertion",
)  # fmt: skip
CLAIMS = (
    "iss", "sub", "aud", "azp", "exp", "iat", "nbf", "amr", "email", "repository", "environment",
    "https://aws.amazon.com/tags", "https://aws.amazon.com/tags/principal_tags/team",
    "https://aws.amazon.com/tags/principal_tags/", "https://aws.amazon.com/roles",
    "https://aws.amazon.com/tags/transitive_tag_keys", "https://aws.amazon.com/source_identity",
)  # fmt: skip
ASSERTIONS = (
    "saml:aud", "saml:iss", "saml:sub", "saml:sub_type", "saml:namequalifier", "saml:doc",
    "saml:edupersonaffiliation", "NotOnOrAfter", "SessionNotOnOrAfter", f"{ATTRIBUTES}Role",
    f"{ATTRIBUTES}RoleSessionName", f"{ATTRIBUTES}SessionDuration", f"{ATTRIBUTES}SourceIdentity",
    f"{ATTRIBUTES}PrincipalTag:team", f"{ATTRIBUTES}PrincipalTag:",
    f"{ATTRIBUTES}TransitiveTagKeys",
)  # fmt: skip
tags = st.lists(
    st.one_of(values, st.fixed_dictionaries({"Key": scalars, "Value": scalars})), max_size=4
)
parameters = st.one_of(
    objects,
    st.dictionaries(st.one_of(st.sampled_from(PARAMETERS), keys), st.one_of(anything, tags)),
)
aws_tags = st.fixed_dictionaries(
    {},
    optional={
        "principal_tags": st.one_of(values, st.dictionaries(texts, st.lists(scalars, max_size=2))),
        "transitive_tag_keys": st.one_of(values, st.lists(scalars, max_size=3)),
    },
)


def assert_answered(text: str) -> None:
    """Whatever JSON can hold, parameters are no bad input."""
    assert survives(text) is not None or not reads(text)


@given(parameters)
def test_any_parameters(given_parameters: dict[str, Any]) -> None:
    """AWS answers those: a diagnosis, never bad input."""
    scenario = classic()
    scenario["call"]["parameters"] |= given_parameters
    assert_answered(json.dumps(scenario))


@given(st.sampled_from(PARAMETERS), st.one_of(anything, tags))
def test_one_odd_parameter(name: str, value: Any) -> None:
    scenario = classic(ExternalId="x", DurationSeconds=900, SerialNumber="x", TokenCode="1")
    scenario["call"]["parameters"][name] = value
    assert_answered(json.dumps(scenario))


@given(st.sampled_from(PARAMETERS), anything)
def test_odd_parameters_that_a_policy_asks_for(name: str, value: Any) -> None:
    """The explanation and the fix meet the odd value too."""
    wanted = {
        "StringEquals": {"sts:ExternalId": "x", "sts:RoleSessionName": "y"},
        "StringLike": {"sts:SourceIdentity": "a*", "aws:RequestTag/team": "b*"},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"], "sts:TransitiveTagKeys": []},
    }
    scenario = classic(
        trust_statements=[trust({"AWS": A}, ["sts:AssumeRole", "sts:TagSession"], Condition=wanted)]
    )
    scenario["call"]["parameters"][name] = value
    assert_answered(json.dumps(scenario))


def federated(kind: str, below: dict[str, Any], provider: Any) -> dict[str, Any]:
    """A call with a token or an assertion."""
    api, arn, aud = (
        ("AssumeRoleWithWebIdentity", OIDC, f"{GITHUB}:aud")
        if kind == "claims"
        else ("AssumeRoleWithSAML", SAML, "saml:aud")
    )
    condition = {"StringEquals": {aud: "sts.amazonaws.com"}, "StringLike": {f"{GITHUB}:sub": "r*"}}
    statement = trust({"Federated": arn}, [f"sts:{api}", "sts:TagSession"], Condition=condition)
    scenario = classic(trust_statements=[statement])
    scenario["accounts"][B] |= {
        "OpenIDConnectProviders": [{"Arn": OIDC, "ClientIDList": ["sts.amazonaws.com"]}],
        "SAMLProviders": [{"Arn": SAML}],
    }
    caller = {kind: below} if provider is None else {kind: below, "identity_provider": provider}
    scenario["call"] |= {"api": api, "caller": caller}
    return scenario


def maps(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Claims or attributes: known names and any other with any value."""
    return st.dictionaries(
        st.one_of(st.sampled_from(names), texts), st.one_of(anything, aws_tags), max_size=6
    )


@given(maps(CLAIMS), st.one_of(st.none(), st.just(OIDC), texts), st.booleans())
def test_any_claims(claims: dict[str, Any], provider: str | None, real: bool) -> None:
    known = {"iss": f"https://{GITHUB}", "aud": "sts.amazonaws.com", "sub": "repo:a/b:ref:x"}
    below = {**known, **claims} if real else claims
    survives(json.dumps(federated("claims", below, provider)))


@given(maps(ASSERTIONS), st.one_of(st.none(), st.just(SAML), texts), st.booleans())
def test_any_assertion(assertion: dict[str, Any], provider: str | None, real: bool) -> None:
    known = {"saml:aud": "https://signin.aws.amazon.com/saml", "saml:sub": "alice"}
    below = {**known, **assertion} if real else assertion
    survives(json.dumps(federated("assertion", below, provider)))


@given(st.one_of(texts, values), parameters)
def test_any_service(service: Any, given_parameters: dict[str, Any]) -> None:
    scenario = classic(trust_statements=[trust({"Service": "ec2.amazonaws.com"})])
    scenario["call"]["caller"] = {"service": service}
    scenario["call"]["parameters"] = {"RoleArn": ROLE, **given_parameters}
    survives(json.dumps(scenario))


def some_of(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of these members."""
    return st.dictionaries(st.sampled_from(names), st.one_of(scalars, anything), max_size=3)


CALLERS = (
    DEPLOYER, f"arn:aws:iam::{A}:root", f"arn:aws:sts::{A}:assumed-role/Build/run",
    f"arn:aws:sts::{A}:federated-user/bob",
)  # fmt: skip
sessions = some_of(
    "policy", "policy_arns", "tags", "transitive_tag_keys", "source_identity", "issued_at",
    "expires_at",
)  # fmt: skip


@given(
    st.one_of(st.sampled_from(CALLERS), texts),
    some_of("credentials", "mfa"),
    st.one_of(st.none(), sessions, anything),
)
def test_any_signed_caller(arn: str, caller: dict[str, Any], session: Any) -> None:
    scenario = classic()
    scenario["call"]["caller"] = {"arn": arn, **caller}
    if session is not None:
        scenario["call"]["caller"]["session"] = session
    survives(json.dumps(scenario))


@given(
    some_of(
        "source_ip", "vpc", "vpc_endpoint", "region", "secure_transport", "user_agent", "endpoint"
    )
)
def test_any_network(network: dict[str, Any]) -> None:
    wanted = {
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
        "Bool": {"aws:SecureTransport": "true"},
        "StringLike": {"aws:UserAgent": "*", "aws:RequestedRegion": "us-*"},
    }
    scenario = classic(trust_statements=[trust({"AWS": A}, Condition=wanted)])
    scenario["call"]["network"] = network
    survives(json.dumps(scenario))


moments = st.one_of(
    texts,
    st.datetimes(timezones=st.timezones() | st.none()).map(str),
    st.sampled_from(("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01")),
    st.integers().map(str),
)


@given(moments, moments, moments)
def test_any_time(time: str, issued: str, expires: str) -> None:
    """From year 1 to year 9999, with any offset."""
    condition = {"DateLessThan": {"aws:CurrentTime": time, "aws:TokenIssueTime": expires}}
    scenario = classic(trust_statements=[trust({"AWS": A}, Condition=condition)])
    scenario["time"] = time
    session = {"issued_at": issued, "expires_at": expires}
    scenario["call"]["caller"] |= {"session": session, "credentials": "session-token"}
    survives(json.dumps(scenario))


@given(st.lists(st.one_of(texts, parameters, anything), max_size=3))
def test_any_chain(hops: list[Any]) -> None:
    scenario = classic()
    scenario["call"]["chain"] = hops
    survives(json.dumps(scenario))
