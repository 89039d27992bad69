"""Sections 5.6 and 5.7: the keys of tokens and assertions."""

from typing import Any

import pytest

from tests.rules.worlds import (
    GITHUB,
    SESSION,
    call_by,
    call_by_assertion,
    call_by_token,
    passes,
    role,
    verdict,
)
from tests.worlds import ROLE, A, B, diagnosed, policy, trust

ROLES_CLAIM = "https://aws.amazon.com/roles"


@pytest.mark.rule("R5.8")
@pytest.mark.parametrize("roles", [f"{ROLE}s", [f"arn:aws:iam::{B}:role/Other"]], ids=str)
def test_a_role_that_the_token_does_not_list_is_refused_before_the_trust_policy(roles: Any) -> None:
    error = diagnosed(call_by_token({ROLES_CLAIM: roles})).aws_error
    assert error is not None
    assert (error.code, error.status) == ("InvalidIdentityToken", 400)


@pytest.mark.rule("R5.8")
@pytest.mark.parametrize("roles", [ROLE, [f"arn:aws:iam::{B}:role/Other", ROLE]], ids=str)
def test_a_role_that_the_token_lists_passes(roles: Any) -> None:
    assert passes(call_by_token({ROLES_CLAIM: roles}))


EKS = "oidc.eks.eu-west-1.amazonaws.com/id/AAAA1111"


@pytest.mark.rule("R5.12")
@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        (EKS, True),
        (EKS.upper().lower(), True),
        ("oidc.eks.eu-west-1.amazonaws.com/id/BBBB2222", False),
        ("oidc.eks.eu-west-1.amazonaws.com", False),
        (f"https://{EKS}", False),
    ],
)
def test_a_claims_prefix_is_the_issuer_as_registered(prefix: str, expected: bool) -> None:
    condition = {"StringEquals": {f"{prefix}:sub": "system:serviceaccount:web:app"}}
    claims = {"sub": "system:serviceaccount:web:app"}
    assert passes(call_by_token(claims, condition, issuer=EKS)) is expected


@pytest.mark.rule("R5.12")
def test_a_provider_with_another_path_is_another_provider() -> None:
    scenario = call_by_token({}, issuer=EKS)
    scenario["call"]["caller"]["claims"]["iss"] = "https://oidc.eks.eu-west-1.amazonaws.com/id/B"
    assert not passes(scenario)


@pytest.mark.rule("R5.13")
@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [("aud", "app", True), ("aud", "api", False), ("oaud", "api", True), ("oaud", "app", False)],
)
def test_aud_is_the_authorized_party_where_there_is_one(
    key: str, value: str, expected: bool
) -> None:
    issuer = "accounts.google.com"
    claims = {"aud": "api", "azp": "app"}
    scenario = call_by_token(claims, {"StringEquals": {f"{issuer}:{key}": value}}, issuer=issuer)
    principal = trust(
        {"Federated": issuer},
        "sts:AssumeRoleWithWebIdentity",
        Condition={"StringEquals": {f"{issuer}:{key}": value}},
    )
    scenario["accounts"][B]["RoleDetailList"] = [role("DeployRole", principal)]
    assert passes(scenario) is expected


@pytest.mark.rule("R5.13")
def test_without_an_authorized_party_aud_is_the_audience() -> None:
    for key in ("aud", "oaud"):
        assert passes(call_by_token({"aud": "app"}, {"StringEquals": {f"{GITHUB}:{key}": "app"}}))


BRANCH = "repo:acme/app:ref:refs/heads/main"


@pytest.mark.rule("R5.14")
@pytest.mark.parametrize(
    ("sub", "wanted", "expected"),
    [
        (BRANCH, BRANCH, True),
        ("repo:acme/app:environment:prod", BRANCH, False),
        ("repo:acme/app:environment:prod", "repo:acme/app:environment:prod", True),
        ("repo:acme/app:pull_request", BRANCH, False),
        ("repo:acme/app:environment:prod", "repo:acme/app:*", True),
    ],
)
def test_the_sub_of_a_github_job_depends_on_its_context(
    sub: str, wanted: str, expected: bool
) -> None:
    condition = {"StringLike": {f"{GITHUB}:sub": wanted}}
    assert passes(call_by_token({"sub": sub}, condition)) is expected


@pytest.mark.rule("R5.14a")
@pytest.mark.parametrize(
    ("claim", "before", "since"),
    [
        ("sub", True, True),
        ("aud", True, True),
        ("email", True, True),
        ("actor", False, True),
        ("repository", False, True),
        ("job_workflow_ref", False, True),
        ("iss", False, False),
        ("run_id", False, False),
    ],
)
def test_a_claim_is_a_key_since_aws_maps_it(claim: str, before: bool, since: bool) -> None:
    claims = {"aud": "app", claim: "app"} | {"iss": f"https://{GITHUB}"}
    condition = {"StringLike": {f"{GITHUB}:{claim}": "*"}}
    for time, expected in (("2025-06-01T12:00:00Z", before), ("2026-06-01T12:00:00Z", since)):
        scenario = call_by_token(claims, condition)
        assert passes({**scenario, "time": time}) is expected


@pytest.mark.rule("R5.14a")
@pytest.mark.parametrize(
    ("issuer", "claim"),
    [
        ("www.amazon.com", "user_id"),
        ("www.amazon.com", "app_id"),
        ("graph.facebook.com", "id"),
        ("graph.facebook.com", "app_id"),
        ("cognito-identity.amazonaws.com", "amr"),
    ],
)
def test_the_mapping_of_built_in_providers_is_older(issuer: str, claim: str) -> None:
    claims = {"iss": f"https://{issuer}", claim: "x"}
    scenario = call_by_token(claims, {"ForAnyValue:StringEquals": {f"{issuer}:{claim}": "x"}})
    document = scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"]
    document["Statement"][0]["Principal"] = {"Federated": issuer}
    assert passes({**scenario, "time": "2025-06-01T12:00:00Z"})


@pytest.mark.rule("R5.14a", "R6.5", "R6.7")
@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("ForAnyValue:StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("ForAllValues:StringEquals", True),
    ],
)
def test_a_claim_that_is_no_key_is_absent(operator: str, expected: bool) -> None:
    condition = {operator: {f"{GITHUB}:iss": f"https://{GITHUB}"}}
    assert passes(call_by_token({}, condition)) is expected


@pytest.mark.rule("R5.15", "T28")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("repo:acme/app:*", False),
        ("repo:acme@1234567/app@7654321:*", True),
        ("repo:acme@*/app@*:ref:refs/heads/main", True),
    ],
)
def test_an_immutable_sub_holds_the_ids(pattern: str, expected: bool) -> None:
    sub = "repo:acme@1234567/app@7654321:ref:refs/heads/main"
    scenario = call_by_token({"sub": sub}, {"StringLike": {f"{GITHUB}:sub": pattern}})
    assert passes(scenario) is expected
    if not expected:
        error = diagnosed(scenario).aws_error
        assert error is not None
        assert error.message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"


CLAIM = "https://aws.amazon.com/tags"
NESTED = {CLAIM: {"principal_tags": {"team": ["web"]}, "transitive_tag_keys": ["team"]}}
FLAT = {f"{CLAIM}/principal_tags/team": "web", f"{CLAIM}/transitive_tag_keys": ["team"]}
NAMED = {"https://aws.amazon.com/source_identity": "alice"}
WEB = "sts:AssumeRoleWithWebIdentity"


@pytest.mark.rule("R5.16", "R1.5")
@pytest.mark.parametrize(
    ("claims", "action"),
    [(NESTED, "sts:TagSession"), (FLAT, "sts:TagSession"), (NAMED, "sts:SetSourceIdentity")],
    ids=["nested", "flat", "source identity"],
)
def test_what_a_token_asserts_needs_its_own_action(claims: Any, action: str) -> None:
    assert not passes(call_by_token(claims))
    assert passes(call_by_token(claims, action=[WEB, action]))


@pytest.mark.rule("R5.16")
@pytest.mark.parametrize(
    ("claims", "condition"),
    [
        (NESTED, {"StringEquals": {"aws:RequestTag/team": "web"}}),
        (FLAT, {"StringEquals": {"aws:RequestTag/team": "web"}}),
        (NESTED, {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}),
        (NAMED, {"StringEquals": {"sts:SourceIdentity": "alice"}}),
    ],
)
def test_what_a_token_asserts_is_a_key_of_the_request(claims: Any, condition: Any) -> None:
    scenario = call_by_token(claims)
    provider = {"Federated": f"arn:aws:iam::{B}:oidc-provider/{GITHUB}"}
    statements = [
        trust(provider, ["sts:TagSession", "sts:SetSourceIdentity"]),
        trust(provider, WEB, Condition=condition),
    ]
    scenario["accounts"][B]["RoleDetailList"] = [role("DeployRole", *statements)]
    assert passes(scenario)


@pytest.mark.rule("R5.17", "C-6")
@pytest.mark.parametrize(
    ("assertion", "condition", "expected"),
    [
        ({"saml:cn": ["a", "b"]}, {"ForAnyValue:StringEquals": {"saml:cn": "b"}}, True),
        ({"saml:cn": ["a", "b"]}, {"ForAllValues:StringEquals": {"saml:cn": "b"}}, False),
        ({"saml:commonName": "ann"}, {"StringEquals": {"saml:commonName": "ann"}}, True),
        ({"saml:uid": "ann"}, {"StringEquals": {"saml:uid": "bob"}}, False),
        ({}, {"StringEquals": {"saml:uid": "ann"}}, False),
    ],
)
def test_saml_attributes_are_single_or_lists(
    assertion: Any, condition: Any, expected: bool
) -> None:
    assert passes(call_by_assertion(assertion, condition)) is expected


@pytest.mark.rule("R5.17", "R6.10")
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("saml:mail", True),
        pytest.param(
            "saml:cn",
            False,
        ),
    ],
)
def test_a_list_key_is_no_variable_even_with_one_value(key: str, expected: bool) -> None:
    condition = {"StringEquals": {"saml:uid": f"${{{key}}}"}}
    assert passes(call_by_assertion({"saml:uid": "ann", key: "ann"}, condition)) is expected


@pytest.mark.rule("R5.18")
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("saml:sub", "conditional"),
        ("saml:sub_type", "conditional"),
        ("saml:namequalifier", "conditional"),
        ("saml:aud", "denied"),
        ("saml:iss", "denied"),
        ("saml:uid", "denied"),
    ],
)
def test_three_saml_keys_survive_into_the_session(key: str, expected: str) -> None:
    condition = {"StringEquals": {key: "x"}}
    scenario = call_by(SESSION, trust({"AWS": A}, Condition=condition))
    assert verdict(scenario) == "denied"  # what the role trusts is no provider
    provider = trust({"Federated": f"arn:aws:iam::{A}:saml-provider/Corp"}, WITH_SAML)
    scenario["accounts"][A]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(provider)
    assert verdict(scenario) == expected


ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
PROVIDER = f"arn:aws:iam::{B}:saml-provider/Corp"
WITH_SAML = "sts:AssumeRoleWithSAML"


@pytest.mark.rule("R5.19")
@pytest.mark.parametrize("pair", [f"{ROLE},{PROVIDER}", f"{PROVIDER},{ROLE}"])
def test_the_role_attribute_pairs_role_and_provider(pair: str) -> None:
    assert passes(call_by_assertion({f"{ATTRIBUTE}Role": pair}))
    assert passes(call_by_assertion({f"{ATTRIBUTE}Role": ["a,b", pair]}))


@pytest.mark.rule("R5.19")
@pytest.mark.parametrize(
    "attributes",
    [
        {"Role": f"arn:aws:iam::{B}:role/Other,{PROVIDER}"},
        {"Role": [f"{ROLE},arn:aws:iam::{B}:saml-provider/Other"]},
        {"PrincipalTag:team": "web"},
        {"SourceIdentity": "alice"},
    ],
    ids=str,
)
def test_what_an_assertion_asserts_can_be_refused(attributes: dict[str, Any]) -> None:
    assertion = {ATTRIBUTE + name: value for name, value in attributes.items()}
    assert not passes(call_by_assertion(assertion))


@pytest.mark.rule("R5.19")
@pytest.mark.parametrize(
    ("attributes", "condition"),
    [
        ({"PrincipalTag:team": "web"}, {"StringEquals": {"aws:RequestTag/team": "web"}}),
        (
            {"PrincipalTag:team": "web", "TransitiveTagKeys": ["team"]},
            {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}},
        ),
        ({"SourceIdentity": "alice"}, {"StringEquals": {"sts:SourceIdentity": "alice"}}),
        ({"RoleSessionName": "ann"}, {"StringEquals": {"sts:RoleSessionName": "ann"}}),
    ],
)
def test_what_an_assertion_asserts_is_a_key_of_the_request(
    attributes: dict[str, Any], condition: Any
) -> None:
    scenario = call_by_assertion({ATTRIBUTE + name: value for name, value in attributes.items()})
    statements = [
        trust({"Federated": PROVIDER}, ["sts:TagSession", "sts:SetSourceIdentity"]),
        trust({"Federated": PROVIDER}, WITH_SAML, Condition=condition),
    ]
    scenario["accounts"][B]["RoleDetailList"] = [role("DeployRole", *statements)]
    assert passes(scenario)


@pytest.mark.rule("T27")
def test_a_provider_that_is_not_registered_is_missed_before_the_trust_policy() -> None:
    scenario = call_by_token({})
    scenario["accounts"][B]["OpenIDConnectProviders"] = []
    error = diagnosed(scenario).aws_error
    assert error is not None
    assert (error.code, error.status) == ("InvalidIdentityToken", 400)
    assert error.message.startswith("No OpenIDConnect provider found in your account for https://")
