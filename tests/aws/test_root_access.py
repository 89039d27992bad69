"""AssumeRoot against a running AWS: who administers IAM, and whether root access is centralized."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from assumable.ask import read_all, read_live
from assumable.aws.clients import Answer, Calls, Identity
from assumable.aws.reader import Connections, Reader, Readers
from assumable.cli.main import main
from assumable.diagnose import Diagnosis, diagnose
from assumable.formats.dump import call_of
from tests.aws.accounts import NOW
from tests.aws.test_ask import Tree
from tests.aws.test_ask import moto as moto  # noqa: PLC0414  # a fixture
from tests.aws.test_organization import (
    DESCRIBED,
    FULL,
    MANAGEMENT,
    PARENTS,
    RCP,
    SCP,
    Recorded,
    learnt,
    refusal,
)
from tests.worlds import A, B, allow, policy

TASK = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
ON = ("RootCredentialsManagement", "RootSessions")
EVERYWHERE = ("r-ab12", "ou-ab12-1", A, B)
ATTACHED = {(target, kind): [FULL] for target in EVERYWHERE for kind in (SCP, RCP)}
Said = Sequence[str] | str
"""What AWS lists, or the code with which it refuses."""


class Account(Recorded):
    """The connection of a user of an account, who may call everything."""

    def __init__(self, account: str, features: Said, administrators: Said = ()) -> None:
        super().__init__(parents=PARENTS, attached=ATTACHED, account={"State": "ACTIVE"})
        self.who = Identity(f"arn:aws:iam::{account}:user/deployer", account, "AIDAEXAMPLE")
        self.features, self.administrators = features, administrators

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> Answer | Exception:
        known = super()._send(service, operation, parameters)
        match operation:
            case "GetUser":
                return {"User": {"Arn": self.identity.arn, "UserId": "AIDAEXAMPLE"}}
            case "ListUserPolicies":
                return {"PolicyNames": ["Own"]}
            case "GetUserPolicy":
                return {"PolicyDocument": policy(allow("sts:*"))}
            case "ListAttachedUserPolicies":
                return {"AttachedPolicies": []}
            case "ListGroupsForUser":
                return {"Groups": []}
            case "ListOrganizationsFeatures":
                return _said(self.features, "EnabledFeatures", list(self.features))
            case "ListDelegatedAdministrators":
                assert parameters == {"ServicePrincipal": "iam.amazonaws.com"}
                found = [{"Id": account} for account in self.administrators]
                return _said(self.administrators, "DelegatedAdministrators", found)
            case _:
                return known


def _said(value: Said, key: str, listed: list[Any]) -> Answer | Exception:
    return refusal(value) if isinstance(value, str) else {key: listed}


def answer(connection: Account, **parameters: str) -> Diagnosis:
    """The diagnosis of what was read with that connection."""
    given = parameters or {"TargetPrincipal": B, "TaskPolicyArn": TASK}
    call = call_of(connection.identity.arn, given, region="us-east-1", now=NOW)
    return diagnose(*read_all(Reader(call, Connections(connection, None, None, None))))


@pytest.mark.parametrize(
    ("features", "verdict"),
    [
        (ON, "allowed"),
        (ON[:1], "denied"),
        ((), "denied"),
        ("ServiceAccessNotEnabledException", "denied"),
        ("OrganizationNotInAllFeaturesModeException", "denied"),
        ("AccessDenied", "conditional"),
    ],
    ids=str,
)
def test_root_access_must_be_centralized(features: Said, verdict: str) -> None:
    manager = Account(MANAGEMENT, features)
    found = answer(manager)
    assert found.verdict == verdict
    assert manager.asked.count("ListOrganizationsFeatures") == 1
    assert "ListDelegatedAdministrators" not in manager.asked  # the management account needs none
    if verdict == "denied":
        assert [f.variant for f in found.findings if f.blocking] == ["root-access-off"]
    if verdict == "conditional":
        assert [u.settle for u in found.unknowns] == ["iam:ListOrganizationsFeatures"]


@pytest.mark.parametrize(
    ("administrators", "verdict"),
    [((A,), "allowed"), ((), "denied"), ((B,), "denied"), ("AccessDeniedException", "conditional")],
    ids=str,
)
def test_a_member_must_be_a_delegated_administrator(administrators: Said, verdict: str) -> None:
    found = answer(Account(A, ON, administrators))
    assert found.verdict == verdict
    if verdict == "denied":
        assert [f.variant for f in found.findings if f.blocking] == ["not-administrator"]


class ForBilling(Recorded):
    """Sees the accounts of an organization that has not all features."""

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> Answer | Exception:
        if operation != "DescribeOrganization":
            return super()._send(service, operation, parameters)
        return {"Organization": {**DESCRIBED["Organization"], "FeatureSet": "CONSOLIDATED_BILLING"}}


def test_an_organization_for_billing_alone_centralizes_nothing() -> None:
    """The description of an account does not say so."""
    found = learnt({}, (A,), (B,), [ForBilling(parents=PARENTS)])
    assert [organization.root_access for organization in found.organizations] == [None]
    found.centralize(found.organizations[0].id)
    assert [organization.root_access for organization in found.organizations] == [False]


def test_a_call_for_a_role_asks_for_neither() -> None:
    member = Account(A, ON)
    role = f"arn:aws:iam::{A}:role/Own"
    answer(member, RoleArn=role, RoleSessionName="ci")
    assert "DescribeOrganization" in member.asked
    assert not {"ListOrganizationsFeatures", "ListDelegatedAdministrators"} & set(member.asked)


def test_a_running_aws_is_asked(moto: str) -> None:
    """moto lists no features, so that this alone stays open."""
    member, calls = Tree(moto).member, Calls()
    parameters = {"TargetPrincipal": member, "TaskPolicyArn": {"arn": TASK}}
    world, call = read_live(parameters, Readers(endpoint_url=moto), now=NOW, calls=calls)
    assert call.api == "AssumeRoot"
    assert calls.counted["iam:ListOrganizationsFeatures"] > 0
    assert isinstance(world.organizations, tuple)
    assert [o.has_member(member) and o.root_access is None for o in world.organizations] == [True]


def test_the_command_asks_it(
    moto: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller has no policy at all."""
    words = ["assumable", "why", "--target-principal", Tree(moto).member, "--format", "json"]
    words += ["--task-policy-arn", f"arn={TASK}", "--endpoint-url", moto]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as left:
        main()
    answer = json.loads(capsys.readouterr().out)
    assert left.value.code == 1
    assert answer["call"]["api"] == "AssumeRoot"
    assert "identity-permission" in {f["cause"] for f in answer["findings"] if f["blocking"]}
