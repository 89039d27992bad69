"""The loop reads what can change the answer, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from boto3.session import Session

from assumable.ask import read_live
from assumable.aws.clients import Calls
from assumable.aws.reader import Readers
from assumable.diagnose import Diagnosis, diagnose
from assumable.formats.scenario import Scenario
from assumable.model.world import Unknown
from tests.aws.accounts import CALL, NOW, REGION, Accounts
from tests.aws.environment import isolate
from tests.aws.moto import running
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

MANAGEMENT = "123456789012"  # whose keys moto takes any keys for


@pytest.mark.demo
def test_one_pair_is_read_with_few_calls(accounts: Accounts) -> None:
    accounts.classic()
    calls = Calls()
    scenario = accounts.read(calls=calls)
    assert diagnose(*scenario).verdict == "conditional"
    assert calls.total < 15
    assert calls.counted["iam:GetRole"] == 1


@pytest.mark.demo
def test_without_a_role_nothing_else_is_read(accounts: Accounts) -> None:
    accounts.classic()
    calls = Calls()
    scenario = accounts.read(calls=calls, RoleArn=f"{ROLE}X")
    assert diagnose(*scenario).verdict == "denied"
    assert calls.counted == {"sts:GetCallerIdentity": 2, "iam:GetRole": 1}


@pytest.mark.demo
def test_a_role_of_another_partition_is_never_read(accounts: Accounts) -> None:
    accounts.classic()
    calls = Calls()
    scenario = accounts.read(calls=calls, RoleArn=ROLE.replace("arn:aws:", "arn:aws-cn:"))
    assert diagnose(*scenario).verdict == "denied"
    assert set(calls.counted) == {"sts:GetCallerIdentity"}


@pytest.mark.demo
def test_a_caller_that_is_trusted_directly_is_read_for_what_denies(accounts: Accounts) -> None:
    own = f"arn:aws:iam::{A}:role/Own"
    accounts.classic()
    accounts.role("Own", A, trust({"AWS": DEPLOYER}))
    calls = Calls()
    accounts.read(calls=calls, role_profile=None, RoleArn=own)
    assert calls.counted["iam:GetUserPolicy"] == 1


@pytest.mark.demo
def test_another_caller_is_asked_about_with_the_credentials_of_an_administrator(
    accounts: Accounts,
) -> None:
    accounts.classic()
    world, call = by_an_operator(accounts, DEPLOYER)
    assert call.caller.arn == DEPLOYER
    assert not isinstance(world.user(DEPLOYER), Unknown)
    assert diagnose(world, call).verdict == "conditional"


def by_an_operator(accounts: Accounts, caller: str, *denied: str) -> Scenario:
    """The call of a caller, read by somebody else of its account."""
    refused = {"Effect": "Deny", "Action": [f"iam:{name}" for name in denied], "Resource": "*"}
    accounts.user("operator", A, allow(["iam:Get*", "iam:List*"]), *([refused] if denied else []))
    readers = Readers(
        profile="operator",
        caller_profile="operator",
        role_profile="auditor",
        endpoint_url=accounts.url,
    )
    return read_live(CALL, readers, now=NOW, caller=caller)


def aside(scenario: Scenario) -> Diagnosis:
    """The answer, the organization left aside."""
    world, call = scenario
    return diagnose(world, msgspec.structs.replace(call, assumptions={"organization": True}))


@pytest.mark.demo
@pytest.mark.parametrize(("denied", "verdict"), [((), "allowed"), (("GetUser",), "conditional")])
def test_the_id_of_another_caller_is_read_or_not_known(
    accounts: Accounts, denied: tuple[str, ...], verdict: str
) -> None:
    """It is never taken for an empty one."""
    accounts.classic()
    own = accounts.iam[A].get_user(UserName="deployer")["User"]["UserId"]
    trusting = policy(trust({"AWS": DEPLOYER}, Condition={"StringEquals": {"aws:userid": own}}))
    accounts.iam[B].update_assume_role_policy(
        RoleName="DeployRole", PolicyDocument=json.dumps(trusting)
    )
    assert aside(by_an_operator(accounts, DEPLOYER, *denied)).verdict == verdict


@pytest.mark.demo
def test_a_caller_under_another_path_does_not_exist(accounts: Accounts) -> None:
    """GetUser goes by the name alone."""
    accounts.classic()
    wanted = DEPLOYER.replace("user/deployer", "user/team/deployer")
    trusting = json.dumps(policy(trust({"AWS": f"arn:aws:iam::{A}:root"})))
    accounts.iam[B].update_assume_role_policy(RoleName="DeployRole", PolicyDocument=trusting)
    found = aside(by_an_operator(accounts, wanted))
    assert [f.cause for f in found.findings if f.blocking] == ["caller-not-found"]


@pytest.mark.demo
def test_a_caller_who_may_be_under_another_path_is_not_said_to_lack_anything(
    accounts: Accounts,
) -> None:
    """The policies of that name may be those of somebody else."""
    accounts.user("deployer", A)
    accounts.user("auditor", B, allow(["iam:Get*", "iam:List*"]))
    accounts.role("DeployRole", B, trust({"AWS": f"arn:aws:iam::{A}:root"}))
    wanted = DEPLOYER.replace("user/deployer", "user/team/deployer")
    found = aside(by_an_operator(accounts, wanted, "GetUser"))
    assert [f.cause for f in found.findings if f.blocking] == []
    assert f"iam:GetUser on {wanted}" in [unknown.settle for unknown in found.unknowns]


@pytest.mark.demo
def test_a_role_may_do_the_reading(accounts: Accounts) -> None:
    accounts.classic()
    accounts.role("Reader", B, trust({"AWS": DEPLOYER}))
    may = json.dumps(policy(allow(["iam:Get*", "iam:List*"])))
    accounts.iam[B].put_role_policy(RoleName="Reader", PolicyName="Read", PolicyDocument=may)
    both = json.dumps(
        policy(
            allow(resource=[ROLE, f"arn:aws:iam::{B}:role/Reader"]),
            allow(["iam:Get*", "iam:List*"]),
        )
    )
    accounts.iam[A].put_user_policy(UserName="deployer", PolicyName="Inline", PolicyDocument=both)
    world, _ = accounts.read(role_profile=f"arn:aws:iam::{B}:role/Reader")
    assert not isinstance(world.role(ROLE), Unknown)


# moto's Organizations, whose every account belongs to the caller's


class Tree:
    """An organization in moto: its root, a unit and two member accounts."""

    def __init__(self, url: str) -> None:
        session = Session("key", "secret", region_name=REGION)
        self.client: Any = session.client("organizations", endpoint_url=url)
        self.client.create_organization(FeatureSet="ALL")
        self.root = self.client.list_roots()["Roots"][0]["Id"]
        for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
            self.client.enable_policy_type(RootId=self.root, PolicyType=kind)
        self.member = self._account("member")

    def _account(self, name: str) -> str:
        made = self.client.create_account(AccountName=name, Email=f"{name}@example.com")
        return str(made["CreateAccountStatus"]["AccountId"])


@pytest.fixture
def moto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> Iterator[str]:
    isolate(tmp_path, monkeypatch, AWS_DEFAULT_REGION=REGION)
    with running() as url:
        iam: Any = Session("key", "secret", region_name=REGION).client("iam", endpoint_url=url)
        iam.create_user(UserName="deployer")
        keys = iam.create_access_key(UserName="deployer")["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        yield url


def asked(url: str, role_arn: str, calls: Calls, **more: Any) -> Scenario:
    """The call of user deployer of the management account for a role."""
    parameters = {"RoleArn": role_arn, "RoleSessionName": "session"}
    return read_live(parameters, Readers(endpoint_url=url, **more), now=NOW, calls=calls)


def test_policies_are_listed_for_members_and_not_for_the_management_account(moto: str) -> None:
    tree = Tree(moto)
    iam: Any = Session("key", "secret", region_name=REGION).client("iam", endpoint_url=moto)
    trusting = json.dumps(policy(trust({"AWS": f"arn:aws:iam::{MANAGEMENT}:root"})))
    iam.create_role(RoleName="Own", AssumeRolePolicyDocument=trusting)
    calls = Calls()
    asked(moto, f"arn:aws:iam::{MANAGEMENT}:role/Own", calls)
    assert calls.counted["organizations:DescribeOrganization"] == 1
    assert "organizations:ListPolicies" not in calls.counted
    assert "organizations:ListPoliciesForTarget" not in calls.counted
    calls = Calls()
    world, _ = asked(moto, f"arn:aws:iam::{tree.member}:role/Far", calls)
    (organization,) = world.organizations if isinstance(world.organizations, tuple) else ()
    assert organization.has_member(tree.member)
    assert calls.counted["organizations:ListPolicies"] == 1  # RCPs alone
    assert B not in world.accounts
