"""What was created or changed a moment ago, as a running AWS dates it, is the first thing said."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from assumable.ask import read_live
from assumable.aws.reader import Readers
from assumable.diagnose import Diagnosis, diagnose
from assumable.model.world import Principal
from assumable.render import terminal
from tests.aws.accounts import CALL, READ_IAM, Accounts
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

pytestmark = pytest.mark.demo
OPEN = json.dumps(policy(allow("sts:AssumeRole")))


def asked(accounts: Accounts, later: timedelta = timedelta(0)) -> tuple[Diagnosis, Principal]:
    """The diagnosis of a call that is made now, or later; and its caller."""
    readers = Readers(profile="deployer", role_profile="auditor", endpoint_url=accounts.url)
    world, call = read_live(CALL, readers, now=datetime.now(UTC) + later)
    caller = world.user(DEPLOYER)
    assert isinstance(caller, Principal)
    return diagnose(world, call), caller


def variants(diagnosis: Diagnosis) -> set[str]:
    return {finding.variant for finding in diagnosis.findings if finding.cause == "propagation"}


def test_a_role_that_was_created_seconds_ago_is_said_first(accounts: Accounts) -> None:
    accounts.classic()
    diagnosis, _ = asked(accounts)
    assert diagnosis.findings[0].cause == "propagation"
    assert "role" in variants(diagnosis)
    assert not any(finding.blocking for finding in diagnosis.findings)
    shown = " ".join(terminal.render(diagnosis).split())
    assert "IAM is eventually consistent" in shown
    assert "wait half a minute and try again" in shown
    old, _ = asked(accounts, timedelta(minutes=3))
    assert variants(old) == set()


def test_a_role_that_does_not_trust_the_caller_is_refused_for_that(accounts: Accounts) -> None:
    """The age of the role is one line at the end."""
    accounts.user("deployer", A, allow(resource=ROLE), READ_IAM)
    accounts.user("auditor", B, READ_IAM)
    accounts.role("DeployRole", B, trust({"AWS": f"arn:aws:iam::{B}:root"}))
    diagnosis, _ = asked(accounts)
    assert [finding.cause for finding in diagnosis.findings] == ["trust-principal"]
    assert [note for note in diagnosis.notes if "DeployRole was created" in note]


@pytest.mark.parametrize("of_group", [False, True], ids=["user", "group"])
def test_managed_policies_are_dated(accounts: Accounts, of_group: bool) -> None:
    accounts.classic()
    iam = accounts.iam[A]
    made = iam.create_policy(PolicyName="Managed", PolicyDocument=OPEN)["Policy"]
    if of_group:
        iam.create_group(GroupName="ops")
        iam.add_user_to_group(GroupName="ops", UserName="deployer")
        iam.attach_group_policy(GroupName="ops", PolicyArn=made["Arn"])
    else:
        iam.attach_user_policy(UserName="deployer", PolicyArn=made["Arn"])
    diagnosis, caller = asked(accounts)
    assert caller.policies_changed == iam.get_policy(PolicyArn=made["Arn"])["Policy"]["UpdateDate"]
    assert "caller-policy" in variants(diagnosis)


def test_without_a_managed_policy_nothing_is_dated(accounts: Accounts) -> None:
    accounts.classic()
    name = "arn:aws:iam::aws:policy/ReadOnlyAccess"  # comes with assumable: nobody changed it
    accounts.iam[A].attach_user_policy(UserName="deployer", PolicyArn=name)
    diagnosis, caller = asked(accounts)
    assert caller.policies_changed is None
    assert "caller-policy" not in variants(diagnosis)
