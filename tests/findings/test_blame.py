"""One finding for each thing that needs one mend."""

from typing import Any

import pytest

from tests.worlds import DEPLOYER, A, B, blocking, classic, diagnosed, trust

AUDIENCE = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
ISSUER = "token.actions.githubusercontent.com"
CORP, GITHUB = f"arn:aws:iam::{B}:saml-provider/Corp", f"arn:aws:iam::{B}:oidc-provider/{ISSUER}"
CLAIMS = {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": "repo:acme/app"}


def test_all_that_is_wrong_with_a_parameter_is_one_finding() -> None:
    """AWS lists every violation; the mend is one."""
    wrong = "!" * 1300
    diagnosis = diagnosed(classic(RoleSessionName=wrong, ExternalId=wrong))
    assert blocking(diagnosis) == ["parameter", "parameter"]
    first, second = (finding.explanation for finding in diagnosis.findings)
    assert "RoleSessionName" in first
    assert "2 validation errors detected" in first
    assert "ExternalId" in second
    assert diagnosis.aws_error is not None
    assert diagnosis.aws_error.message.startswith("4 validation errors detected")


def test_of_many_violations_the_first_are_told() -> None:
    """The answer stays readable; AWS's own text has them all."""
    tags = [{"Key": f"{n}!", "Value": "v"} for n in range(9)]
    diagnosis = diagnosed(classic(Tags=tags))
    told = next(f.explanation for f in diagnosis.findings if f.cause == "parameter")
    assert "tags.3.member.key" in told
    assert told.endswith("; and 6 more")
    assert diagnosis.aws_error is not None
    assert "tags.9.member.key" in diagnosis.aws_error.message


def by_token(*statements: dict[str, Any]) -> dict[str, Any]:
    """A GitHub token's call to a role with this trust policy."""
    scenario = classic(trust_statements=list(statements))
    accounts = scenario["accounts"][B]
    accounts["OpenIDConnectProviders"] = [{"Arn": GITHUB, "ClientIDList": ["sts.amazonaws.com"]}]
    scenario["call"] |= {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": CLAIMS}}
    return scenario


def test_a_token_has_no_attribute_of_an_assertion() -> None:
    """The statement is for another kind of caller, so its conditions are nobody's fault here."""
    corp = trust({"Federated": CORP}, "sts:AssumeRoleWithSAML", Condition=AUDIENCE)
    assert blocking(diagnosed(by_token(corp))) == ["trust-principal"]


@pytest.mark.parametrize(
    "scenario",
    [
        by_token(trust({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity", Condition=AUDIENCE)),
        classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition=AUDIENCE)]),
    ],
    ids=["token", "user"],
)
def test_who_has_no_assertion_cannot_have_what_only_one_carries(scenario: dict[str, Any]) -> None:
    """There is no identity provider that could assert what is missing."""
    (found,) = diagnosed(scenario).findings
    assert (found.cause, found.variant, found.fixes) == ("saml-attribute", "SAML:aud", ())
    assert "which only a SAML assertion carries" in found.explanation


def test_what_the_client_says_is_one_line() -> None:
    """Botocore breaks its message in two; the text that AWS's tools print stays as it is."""
    diagnosis = diagnosed(classic(Tags={"team": "web"}))
    (found,) = diagnosis.findings
    assert "Parameter validation failed: Invalid type for parameter Tags" in found.explanation
    assert diagnosis.aws_error is not None
    assert "failed:\nInvalid type" in diagnosis.aws_error.message


@pytest.mark.parametrize(
    ("unknown", "certainty", "told"),
    [
        ([f"account:{A}"], "likely", "may name this caller"),
        ([], "certain", "names this caller"),
    ],
)
def test_a_statement_that_may_name_another_path_is_likely_the_cause(
    unknown: list[str], certainty: str, told: str
) -> None:
    """The session of a role does not show its path; under another one, nothing names it."""
    named = trust({"AWS": f"arn:aws:iam::{A}:role/CI"}, "sts:AssumeRoleWithWebIdentity")
    scenario = classic(trust_statements=[named])
    ec2 = {"Statement": trust({"Service": "ec2.amazonaws.com"})}
    role = {"RoleName": "CI", "AssumeRolePolicyDocument": ec2}
    scenario["accounts"][A] = {"RoleDetailList": [role]}
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/CI/run"}
    scenario["unknown"] = unknown
    found = [f for f in diagnosed(scenario).findings if f.cause == "trust-action"]
    assert [f.certainty for f in found] == [certainty]
    assert told in found[0].explanation
