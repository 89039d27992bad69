"""Callers that sign nothing, against a real endpoint: only the role's account is read."""

import json
import sys
from typing import Any

import pytest

from assumable.ask import read_bearer
from assumable.aws import clients
from assumable.aws.reader import Readers
from assumable.cli.main import main
from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.evaluate import Verdict
from assumable.errors import UnreadableError
from assumable.formats.scenario import Scenario
from assumable.model.call import Call, SamlCaller, WebIdentityCaller
from assumable.model.world import Account, Provider, Unknown
from tests.aws.accounts import CALL, NOW, READ_IAM, REGION, Accounts, administrator
from tests.bearers import CLAIMS
from tests.worlds import ROLE, A, B, trust

pytestmark = pytest.mark.demo
HOST = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{B}:oidc-provider/{HOST}"
SAML = f"arn:aws:iam::{B}:saml-provider/Corp"
METADATA = "<EntityDescriptor>" + "x" * 1_000 + "</EntityDescriptor>"


def federated(accounts: Accounts, *denied: str, audience: str | None = "sts.amazonaws.com") -> None:
    """A role for GitHub's tokens; no provider where there is no audience."""
    refused = [{"Effect": "Deny", "Action": list(denied), "Resource": "*"}] if denied else []
    accounts.user("auditor", B, READ_IAM, *refused)
    tests = {"StringEquals": {f"{HOST}:sub": CLAIMS["sub"]}}
    federated = trust({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", Condition=tests)
    by_saml = trust({"Federated": SAML}, "sts:AssumeRoleWithSAML")
    accounts.role("DeployRole", B, federated, by_saml)
    for provider in accounts.iam[B].list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        accounts.iam[B].delete_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    if audience is not None:
        accounts.iam[B].create_open_id_connect_provider(
            Url=f"https://{HOST}", ClientIDList=[audience], ThumbprintList=["0" * 40]
        )


def read(accounts: Accounts, profile: str | None = "auditor", **more: Any) -> Scenario:
    """The live world of a GitHub job's call."""
    claims = {"iss": f"https://{HOST}", "aud": "sts.amazonaws.com", "sub": CLAIMS["sub"], **more}
    call = Call(
        api="AssumeRoleWithWebIdentity",
        caller=WebIdentityCaller(claims=claims),
        parameters=CALL,
        time=NOW,
        assumptions={"organization": True},
    )
    return read_bearer(call, Readers(profile=profile, endpoint_url=accounts.url))


def account(scenario: Scenario) -> Account:
    found = scenario.world.accounts[B]
    assert isinstance(found, Account)
    return found


def causes(diagnosis: Diagnosis) -> list[str]:
    return [finding.cause for finding in diagnosis.findings if finding.blocking]


def test_a_job_that_is_trusted_passes(accounts: Accounts) -> None:
    federated(accounts)
    scenario = read(accounts)
    assert account(scenario).providers == {PROVIDER: Provider(PROVIDER, ("sts.amazonaws.com",))}
    assert diagnose(*scenario).verdict is Verdict.ALLOWED


def test_a_job_that_is_not_trusted_fails(accounts: Accounts) -> None:
    federated(accounts)
    assert causes(diagnose(*read(accounts, sub="repo:acme/other:pull_request"))) == [
        "web-identity-claim"
    ]


def test_an_audience_that_is_not_accepted_fails(accounts: Accounts) -> None:
    federated(accounts, audience="https://github.com/acme")
    assert causes(diagnose(*read(accounts))) == ["identity-provider"]


def test_nothing_but_the_role_and_its_provider_is_read(accounts: Accounts) -> None:
    federated(accounts)
    scenario = read(accounts)
    assert list(scenario.world.accounts) == [B]
    assert list(account(scenario).roles) == [ROLE]
    assert not account(scenario).users


def test_a_provider_that_is_missing_is_known_to_be(accounts: Accounts) -> None:
    federated(accounts, audience=None)
    scenario = read(accounts)
    assert PROVIDER in account(scenario).absent
    assert diagnose(*scenario).verdict is not Verdict.ALLOWED


def test_a_provider_that_may_not_be_read_is_unknown(accounts: Accounts) -> None:
    federated(accounts, "iam:GetOpenIDConnectProvider")
    scenario = read(accounts)
    assert not account(scenario).providers
    assert not account(scenario).absent
    diagnosis = diagnose(*scenario)
    assert diagnosis.verdict is Verdict.CONDITIONAL
    assert f"whether {PROVIDER} is registered" in [unknown.what for unknown in diagnosis.unknowns]


def test_credentials_of_another_account_cannot_read_the_role(accounts: Accounts) -> None:
    federated(accounts)
    accounts.user("stranger", A, READ_IAM)
    role_account = read(accounts, "stranger").world.accounts[B]
    assert isinstance(role_account, Unknown)
    assert f"of account {A}" in role_account.settle


def test_a_role_that_is_missing_is_known_to_be(accounts: Accounts) -> None:
    federated(accounts)
    accounts.iam[B].delete_role(RoleName="DeployRole")
    assert causes(diagnose(*read(accounts))) == ["role-not-found"]


def test_without_credentials_nothing_can_be_read(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    with pytest.raises(UnreadableError):
        read(accounts, None)


@pytest.mark.parametrize("name", ["Corp", "Lab"])
def test_a_saml_provider_is_read_as_well(accounts: Accounts, name: str) -> None:
    federated(accounts)
    iam = administrator(accounts.url, B)
    listed = [found["Arn"] for found in iam.list_saml_providers()["SAMLProviderList"]]
    if SAML not in listed:
        iam.create_saml_provider(Name="Corp", SAMLMetadataDocument=METADATA)
    used = SAML.replace("Corp", name)
    call = Call(
        api="AssumeRoleWithSAML",
        caller=SamlCaller(assertion={"saml:sub": "alice"}, provider=used),
        parameters={"RoleArn": ROLE, "PrincipalArn": used},
        time=NOW,
    )
    found = account(read_bearer(call, Readers(profile="auditor", endpoint_url=accounts.url)))
    assert (used in found.providers) is (name == "Corp")
    assert (used in found.absent) is (name == "Lab")


def test_the_command_asks_with_the_default_credentials(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    federated(accounts)
    monkeypatch.setenv("AWS_PROFILE", "auditor")
    words = ["assumable", "why", "--role-arn", ROLE, "--role-session-name", "ci", "--github",
             "repo=acme/app", "ref=refs/heads/main", "--endpoint-url", accounts.url, "--region",
             REGION, "--assume", "organization=open", "--format", "json"]  # fmt: skip
    for more in ([], ["--role-profile", "auditor"], ["--profile", "auditor"]):
        monkeypatch.setattr(sys, "argv", [*words, *more])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0
        assert json.loads(capsys.readouterr().out)["verdict"] == "allowed"
