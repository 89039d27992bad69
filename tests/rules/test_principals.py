"""Section 2: the Principal element of a trust policy."""

from typing import Any

import pytest

from assumable.formats.message import parse_message
from tests.rules.worlds import (
    CI,
    SESSION,
    call_by,
    call_by_assertion,
    call_by_service,
    call_by_token,
    gates_that_block,
    passes,
    role,
    verdict,
)
from tests.worlds import DEPLOYER, A, B, diagnosed, trust

ELSE = "333333333333"
EC2, LAMBDA = "ec2.amazonaws.com", "lambda.amazonaws.com"


def variants(scenario: dict[str, Any], cause: str = "trust-principal") -> set[str]:
    """The variants of a blocking cause."""
    return {f.variant for f in diagnosed(scenario).findings if f.blocking and f.cause == cause}


@pytest.mark.rule("R2.1")
@pytest.mark.parametrize(
    ("principal", "by_user", "by_service"),
    [
        ({"AWS": [ELSE, DEPLOYER]}, True, False),
        ({"AWS": [DEPLOYER, ELSE]}, True, False),
        ({"AWS": DEPLOYER, "Service": EC2}, True, True),
        ({"Service": [LAMBDA, EC2], "AWS": [ELSE]}, False, True),
        ({"AWS": [ELSE], "Service": [LAMBDA]}, False, False),
    ],
    ids=str,
)
def test_values_and_kinds_of_principals_are_alternatives(
    principal: Any, by_user: bool, by_service: bool
) -> None:
    assert passes(call_by(DEPLOYER, trust(principal))) is by_user
    assert passes(call_by_service(EC2, trust(principal))) is by_service


@pytest.mark.rule("R2.2")
@pytest.mark.parametrize("name", ["user/dep*", "user/deploye?", "user/*", "*"])
def test_part_of_a_principal_cannot_be_a_wildcard(name: str) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": f"arn:aws:iam::{A}:{name}"}))
    assert not passes(scenario)
    assert variants(scenario) == {"wildcard"}


@pytest.mark.rule("R2.2")
@pytest.mark.parametrize(("pattern", "expected"), [("user/dep*", True), ("user/ops*", False)])
def test_an_account_with_a_pattern_as_condition_names_several(pattern: str, expected: bool) -> None:
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:{pattern}"}}
    assert passes(call_by(DEPLOYER, trust({"AWS": A}, Condition=condition))) is expected


@pytest.mark.rule("R2.3", "T31")
@pytest.mark.parametrize(
    ("operator", "pattern", "expected"),
    [
        ("ArnEquals", CI, True),
        ("StringEquals", CI, True),
        ("ArnLike", f"arn:aws:iam::{A}:role/ops/*", True),
        ("ArnLike", f"arn:aws:iam::{A}:role/C*", False),
        ("ArnEquals", f"arn:aws:iam::{A}:role/CI", False),
        ("ArnLike", f"arn:aws:sts::{A}:assumed-role/CI/*", False),
        ("StringEquals", SESSION, False),
    ],
)
def test_the_principal_arn_of_a_session_is_its_role_with_the_path(
    operator: str, pattern: str, expected: bool
) -> None:
    condition = {operator: {"aws:PrincipalArn": pattern}}
    assert passes(call_by(SESSION, trust({"AWS": A}, Condition=condition))) is expected


@pytest.mark.rule("R2.3", "T31")
@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (CI, True),
        (f"arn:aws:iam::{A}:role/CI", False),
        (SESSION, True),
        (f"arn:aws:sts::{A}:assumed-role/ops/CI/build", False),
        (f"arn:aws:sts::{A}:assumed-role/CI/other", False),
        (f"arn:aws:sts::{A}:assumed-role/CI/*", False),
    ],
)
def test_a_role_arn_has_the_path_and_a_session_arn_has_none(principal: str, expected: bool) -> None:
    assert passes(call_by(SESSION, trust({"AWS": principal}))) is expected


@pytest.mark.rule("R2.4", "R2.5", "T20")
@pytest.mark.parametrize(
    ("caller", "unique_id"),
    [(DEPLOYER, "AIDAAAAAAAAAAAAAAAAAA"), (SESSION, "AROAAAAAAAAAAAAAAAAAA")],
)
def test_a_unique_id_is_a_principal_that_is_gone(caller: str, unique_id: str) -> None:
    scenario = call_by(caller, trust({"AWS": unique_id}))
    scenario["accounts"][A]["UserDetailList"][0]["UserId"] = "AIDABBBBBBBBBBBBBBBBB"
    scenario["accounts"][A]["RoleDetailList"][0]["RoleId"] = "AROABBBBBBBBBBBBBBBBB"
    assert not passes(scenario)
    assert variants(scenario) == {"deleted-principal"}


@pytest.mark.rule("R2.6", "R2.7")
@pytest.mark.parametrize("unique_id", ["AROAAAAAAAAAAAAAAAAAA", "AROABBBBBBBBBBBBBBBBB"])
@pytest.mark.parametrize(
    "statement",
    [
        trust({"AWS": A}, Condition={"ArnEquals": {"aws:PrincipalArn": CI}}),
        trust({"AWS": A}),
        trust({"AWS": SESSION}),
    ],
    ids=["condition", "account", "session"],
)
def test_what_is_no_user_or_role_as_principal_survives_a_recreation(
    statement: Any, unique_id: str
) -> None:
    scenario = call_by(SESSION, statement)
    scenario["accounts"][A]["RoleDetailList"][0]["RoleId"] = unique_id
    assert passes(scenario)


@pytest.mark.rule("R2.8")
@pytest.mark.parametrize(
    "principal",
    ['"AWS":"arn:aws:iam::111111111111:role/Gone"', '"SERVICE":"nope.amazonaws.com"'],
)
def test_the_refusal_to_save_a_principal_is_explained(principal: str) -> None:
    text = f"MalformedPolicyDocument: Invalid principal in policy: {principal}"
    message = parse_message(text)
    assert message is not None
    assert (message.code, message.status) == ("MalformedPolicyDocument", 400)
    assert {*message.causes} == {"trust-principal", "propagation"}


@pytest.mark.rule("R2.9")
@pytest.mark.parametrize(
    ("named", "caller", "expected"),
    [
        (EC2, EC2, True),
        (EC2, LAMBDA, False),
        ("*.amazonaws.com", EC2, False),
        ("ec2.*", EC2, False),
        ("amazonaws.com", EC2, False),
        ("ec2", EC2, False),
        ("ec2.amazonaws.com.cn", EC2, False),
        ("s3.me-south-1.amazonaws.com", "s3.me-south-1.amazonaws.com", True),
    ],
)
def test_a_service_principal_is_written_out(named: str, caller: str, expected: bool) -> None:
    assert passes(call_by_service(caller, trust({"Service": named}))) is expected


DEPUTY = ["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"]


@pytest.mark.rule("R2.10")
@pytest.mark.parametrize("key", DEPUTY)
def test_only_a_service_sends_the_confused_deputy_keys(key: str) -> None:
    condition = {"Null": {key: "false"}}
    by_role = call_by(SESSION, trust({"AWS": A}, Condition=condition))
    assert not passes(by_role)
    silent = call_by_service(EC2, trust({"Service": EC2}, Condition=condition))
    assert not passes(silent)
    silent["call"]["context"] = {key: "anything"}
    assert passes(silent)


@pytest.mark.rule("R2.10")
@pytest.mark.parametrize("key", DEPUTY)
def test_what_a_service_is_documented_to_send_has_to_be_stated_too(key: str) -> None:
    """A scenario says all that a service sends, whatever AWS's pages say of that service."""
    service = "codebuild.amazonaws.com"
    condition = {"Null": {key: "false"}}
    scenario = call_by_service(service, trust({"Service": service}, Condition=condition))
    assert verdict(scenario) == "denied"
    scenario["call"]["context"] = {key: "anything"}
    assert verdict(scenario) == "allowed"


RESERVED = "/aws-reserved/sso.amazonaws.com/"
ADMIN = "AWSReservedSSO_Admin_0123456789abcdef"
OLDER = "AWSReservedSSO_Admin_fedcba9876543210"


def signed_in(path: str, *statements: Any) -> dict[str, Any]:
    """A call with a session of a permission set's role."""
    scenario = call_by(f"arn:aws:sts::{A}:assumed-role/{ADMIN}/ann", *statements)
    scenario["accounts"][A]["RoleDetailList"][0] |= {"RoleName": ADMIN, "Path": path}
    return scenario


@pytest.mark.rule("R2.11")
@pytest.mark.parametrize("region", ["eu-west-1/", ""], ids=["eu-west-1", "us-east-1"])
def test_the_arn_of_a_permission_set_has_a_path_with_its_region(region: str) -> None:
    path = RESERVED + region
    named = f"arn:aws:iam::{A}:role{path}{ADMIN}"
    assert passes(signed_in(path, trust({"AWS": named})))
    bare = signed_in(path, trust({"AWS": f"arn:aws:iam::{A}:role/{ADMIN}"}))
    assert not passes(bare)
    other = RESERVED if region else RESERVED + "us-east-1/"
    assert not passes(signed_in(other, trust({"AWS": named})))


@pytest.mark.rule("R2.12")
def test_a_permission_set_assigned_again_has_another_suffix() -> None:
    path = f"{RESERVED}eu-west-1/"
    older = signed_in(path, trust({"AWS": f"arn:aws:iam::{A}:role{path}{OLDER}"}))
    assert not passes(older)
    assert variants(older) == {"identity-center"}
    pattern = f"arn:aws:iam::{A}:role{RESERVED}*/AWSReservedSSO_Admin_*"
    condition = {"ArnLike": {"aws:PrincipalArn": pattern}}
    assert passes(signed_in(path, trust({"AWS": A}, Condition=condition)))


@pytest.mark.rule("R2.13")
def test_a_permission_set_cannot_be_assumed_with_saml() -> None:
    path = f"{RESERVED}eu-west-1/"
    scenario = call_by_assertion({})
    provider = {"Federated": f"arn:aws:iam::{B}:saml-provider/Corp"}
    reserved = role(ADMIN, trust(provider, "sts:AssumeRoleWithSAML"), Path=path)
    scenario["accounts"][B]["RoleDetailList"] = [reserved]
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:role{path}{ADMIN}"
    assert not passes(scenario)


@pytest.mark.rule("R2.13")
def test_identity_center_itself_signs_people_in_with_saml() -> None:
    """Nobody else has assertions of the provider that it makes in each account."""
    path, name = f"{RESERVED}eu-west-1/", "AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    provider = f"arn:aws:iam::{B}:saml-provider/{name}"
    reserved = role(ADMIN, trust({"Federated": provider}, "sts:AssumeRoleWithSAML"), Path=path)
    scenario = call_by_assertion({})
    scenario["accounts"][B] = {"RoleDetailList": [reserved], "SAMLProviders": [{"Arn": provider}]}
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:role{path}{ADMIN}"
    scenario["call"]["parameters"]["PrincipalArn"] = provider
    assert passes(scenario)


@pytest.mark.rule("R2.14", "R2.15", "C-3")
@pytest.mark.parametrize(
    "issuer", ["token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io"]
)
def test_a_role_saved_before_claims_became_mandatory_keeps_working(issuer: str) -> None:
    of_audience = {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}}
    assert passes(call_by_token({}, issuer=issuer))
    assert passes(call_by_token({}, of_audience, issuer=issuer))


@pytest.mark.rule("R2.16")
def test_an_issuer_that_cannot_be_registered_is_reported_as_missing() -> None:
    scenario = call_by_token({}, issuer="0a1b2c3d.tokens.sts.global.api.aws")
    scenario["accounts"][B]["OpenIDConnectProviders"] = []
    assert gates_that_block(scenario) == {"credentials"}
    assert variants(scenario, "identity-provider") == {"same-partition"}
