"""Open worlds: what was not collected is unknown, never absent."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assumable.diagnose import diagnose
from assumable.engine.evaluate import decide
from assumable.errors import InputError
from assumable.formats.dump import call_of, read_policies, read_snapshot
from assumable.model.call import Call, WebIdentityCaller
from assumable.model.world import Account, Unknown
from tests.worlds import DEPLOYER, ROLE, A, B, classic, policy, trust

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TREE: dict[str, Any] = {
    "Id": "o-exampleorgid",
    "MasterAccountId": "999999999999",
    "Roots": [{"Id": "r-ab12"}],
    "Accounts": [{"Id": A, "ParentId": "r-ab12"}, {"Id": B, "ParentId": "r-ab12"}],
}


def snapshot(folder: Path, organization: Any = None, caller: str = DEPLOYER, **changes: Any) -> str:
    """The verdict in a snapshot with this organization."""
    for account, details in classic(**changes)["accounts"].items():
        whole = {"UserDetailList": [], "RoleDetailList": [], **details}
        (folder / f"{account}.json").write_text(json.dumps(whole))
    if organization is not None:
        (folder / "organization.json").write_text(json.dumps(organization))
    parameters = {"RoleArn": ROLE, "RoleSessionName": "deploy-session"}
    return decide(read_snapshot(folder), call_of(caller, parameters, region=None, now=NOW)).verdict


@pytest.mark.parametrize(
    "organization",
    [
        None,
        {"Id": "o-exampleorgid", "MasterAccountId": "999999999999"},
        TREE,
        {**TREE, "Accounts": TREE["Accounts"][1:]},
        {**TREE, "Policies": [{"Id": "p-1", "Type": "SERVICE_CONTROL_POLICY", "Name": "x"}]},
    ],
    ids=["none", "id only", "no policies", "caller's account missing", "no targets"],
)
def test_an_organization_that_is_partly_collected_stays_open(
    organization: Any, tmp_path: Path
) -> None:
    """Neither allowed nor denied for certain."""
    assert snapshot(tmp_path, organization) == "conditional"


@pytest.mark.parametrize("seconds", [0, 43_201, "3600", None])
def test_a_maximum_that_no_role_has_is_not_known(seconds: Any, tmp_path: Path) -> None:
    """A dump was made by a machine: what is odd about one role stops nothing else."""
    details = classic()["accounts"][B]
    details["RoleDetailList"][0]["MaxSessionDuration"] = seconds
    (tmp_path / f"{B}.json").write_text(json.dumps(details))
    account = read_snapshot(tmp_path).accounts[B]
    assert isinstance(account, Account)
    assert isinstance(account.roles[ROLE].max_session_duration, Unknown)


@pytest.mark.parametrize(
    ("caller", "line"),
    [
        ("dev", "--caller: `dev` is not the ARN of a caller ("),
        (f"arn:aws:iam::{A}:role/x", "--caller: a role does not call by itself, "),
        (
            f"arn:aws:sts::{A}:assumed-role/aws-reserved/sso.amazonaws.com/Dev/alice",
            "--caller: the ARN of a session holds no path of its role (leave the path out: arn",
        ),
    ],
)
def test_a_caller_that_is_none_is_refused_without_a_line(caller: str, line: str) -> None:
    """A flag has no lines."""
    with pytest.raises(InputError) as raised:
        call_of(caller, {}, region=None, now=NOW)
    assert str(raised.value).startswith(line)


def test_a_file_that_is_no_policy_is_named_alone(tmp_path: Path) -> None:
    """A text in it would be told apart; here the whole file is the text."""
    path = tmp_path / "trust.json"
    path.write_text("e.30")
    with pytest.raises(InputError) as raised:
        read_policies(path.rename(tmp_path / "trust.txt"), [], DEPLOYER, ROLE)
    assert str(raised.value) == f"{tmp_path}/trust.txt:1:1: not valid JSON: expecting value"


def test_a_policy_that_is_no_policy_is_named_without_a_comma(tmp_path: Path) -> None:
    """Within a sentence the remark ends with one, at the end of a line it dangles."""
    for account, details in classic()["accounts"].items():
        for user in details.get("UserDetailList", []):
            user["UserPolicyList"][0]["PolicyDocument"] = {"Statement": {"Effect": "Maybe"}}
        (tmp_path / f"{account}.json").write_text(json.dumps(details))
    parameters = {"RoleArn": ROLE, "RoleSessionName": "deploy"}
    call = call_of(DEPLOYER, parameters, region=None, now=NOW)
    (found,) = [
        u.what for u in diagnose(read_snapshot(tmp_path), call).unknowns if "malf" in u.what
    ]
    assert found.startswith("AssumeRolePolicy, which is malformed (`Effect` must be")
    assert found.endswith(")")


def test_a_vpc_endpoint_that_nobody_mentioned_is_not_denied(tmp_path: Path) -> None:
    """The caller may well go through it."""
    condition = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    statements = [trust({"AWS": DEPLOYER}, Condition=condition)]
    assert snapshot(tmp_path, trust_statements=statements) == "conditional"


@pytest.mark.parametrize("value", [None, 5, True, "x", [5], [None]])
def test_garbage_in_a_dump_is_one_line(value: Any, tmp_path: Path) -> None:
    """Never a traceback."""
    (tmp_path / f"{A}.json").write_text(json.dumps({"RoleDetailList": value}))
    with pytest.raises(InputError):
        read_snapshot(tmp_path)


def test_the_file_of_another_role_is_refused(tmp_path: Path) -> None:
    """The output of get-role says whose it is."""
    document = policy(trust({"AWS": DEPLOYER}))
    path = tmp_path / "role.json"
    path.write_text(json.dumps({"Role": {"Arn": f"{ROLE}2", "AssumeRolePolicyDocument": document}}))
    with pytest.raises(InputError, match="this is the role"):
        read_policies(path, (), DEPLOYER, ROLE)


def test_the_output_of_get_policy_version_is_a_policy(tmp_path: Path) -> None:
    """As AWS prints it."""
    path = tmp_path / "version.json"
    path.write_text(json.dumps({"PolicyVersion": {"Document": policy(), "VersionId": "v1"}}))
    world = read_policies(None, (path,), DEPLOYER, ROLE)
    assert [p.arn for p in world.principals()] == [DEPLOYER]


def test_a_plan_is_proved_although_the_session_is_not_known(tmp_path: Path) -> None:
    """What was open before may stay open: whether the session hands on tags, its policy, SCPs."""
    role = {
        "RoleName": "CI",
        "Arn": f"arn:aws:iam::{A}:role/CI",
        "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy()}],
    }
    target = classic(trust_statements=[trust({"AWS": A})])["accounts"][B]
    for account, roles in ((A, [role]), (B, target["RoleDetailList"])):
        details = {"UserDetailList": [], "RoleDetailList": roles}
        (tmp_path / f"{account}.json").write_text(json.dumps(details))
    caller = f"arn:aws:sts::{A}:assumed-role/CI/build"
    parameters = {"RoleArn": ROLE, "RoleSessionName": "deploy-session"}
    call = call_of(caller, parameters, region=None, now=NOW)
    diagnosis = diagnose(read_snapshot(tmp_path), call)
    assert diagnosis.verdict == "denied"
    assert [finding.cause for finding in diagnosis.findings] == ["identity-permission"]
    assert diagnosis.plans[0].fixes == ("identity-permission/allow-this-role",)
    assert diagnosis.plans[0].headline_after.startswith("allowed, unless an SCP or RCP")


GITHUB = f"arn:aws:iam::{B}:oidc-provider/token.actions.githubusercontent.com"
JOB = Call(
    api="AssumeRoleWithWebIdentity",
    caller=WebIdentityCaller(claims={"iss": f"https://{GITHUB.partition('/')[2]}", "sub": "x"}),
    parameters={"RoleArn": ROLE, "RoleSessionName": "ci"},
    time=NOW,
)


@pytest.mark.parametrize(
    ("listed", "verdict"),
    [
        ({}, "conditional"),
        ({"SAMLProviders": []}, "conditional"),
        ({"OpenIDConnectProviders": []}, "denied"),
        ({"OpenIDConnectProviders": [{"Arn": f"{GITHUB}/acme"}]}, "denied"),
        ({"OpenIDConnectProviders": [{"Arn": GITHUB}]}, "conditional"),
    ],
    ids=["as AWS writes it", "another kind", "none", "another one", "registered"],
)
def test_providers_that_a_dump_does_not_list_are_unknown(
    listed: dict[str, Any], verdict: str, tmp_path: Path
) -> None:
    """GetAccountAuthorizationDetails names users, groups, roles and policies alone."""
    trusted = trust({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity")
    details = classic(trust_statements=[trusted])["accounts"][B]
    whole = {"UserDetailList": [], **details, **listed}
    (tmp_path / f"{B}.json").write_text(json.dumps(whole))
    world = read_snapshot(tmp_path)
    assert decide(world, JOB).verdict == verdict
    missing = msgspec.structs.replace(JOB, parameters={**JOB.parameters, "RoleArn": f"{ROLE}2"})
    assert decide(world, missing).verdict == "denied"


def test_the_empty_lists_of_a_filtered_dump_say_nothing(tmp_path: Path) -> None:
    """With --filter Role the list of users is empty, whoever is there."""
    assert snapshot(tmp_path) == "conditional"  # on the organization
    (tmp_path / f"{A}.json").write_text('{"UserDetailList": [], "RoleDetailList": []}')
    parameters = {"RoleArn": ROLE, "RoleSessionName": "deploy-session"}
    session = f"arn:aws:sts::{A}:assumed-role/CI/build"
    for caller in (DEPLOYER, session):
        call = call_of(caller, parameters, region=None, now=NOW)
        assert decide(read_snapshot(tmp_path), call).facts.principal is not None


def test_a_role_that_is_known_to_be_absent_has_no_other_path(tmp_path: Path) -> None:
    """That another role of the name may exist is not known, so the path is not to blame."""
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(policy(trust({"AWS": DEPLOYER}))))
    world, asked = read_policies(path, (), DEPLOYER, ROLE), f"arn:aws:iam::{B}:role/team/Gone"
    account = world.accounts[B]
    assert isinstance(account, Account)
    gone = msgspec.structs.replace(account, absent=frozenset([asked]))
    world = msgspec.structs.replace(world, accounts={**world.accounts, B: gone})
    parameters = {"RoleArn": asked, "RoleSessionName": "deploy-session"}
    diagnosis = diagnose(world, call_of(DEPLOYER, parameters, region=None, now=NOW))
    assert ("role-not-found", "absent") in {(f.cause, f.variant) for f in diagnosis.findings}
