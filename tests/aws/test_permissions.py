"""The policies that `assumable permissions` prints are enough, and nothing in them is spare."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assumable.aws.allowed import ALLOWED, COLLECTED
from assumable.aws.clients import Calls
from assumable.aws.permissions import ORGANIZATION, every_question, read_policies
from assumable.cli.permissions import command
from assumable.diagnose import diagnose
from assumable.formats.dump import call_of
from tests.aws.accounts import NOW, Accounts
from tests.aws.test_reader import chained as chained  # noqa: PLC0414  # a fixture
from tests.aws.test_reader import rich as rich  # noqa: PLC0414  # a fixture
from tests.aws.test_reader import unknowns
from tests.worlds import DEPLOYER, ROLE, A, B


def actions(document: dict[str, Any]) -> set[str]:
    """Every action of a policy."""
    return {action for statement in document["Statement"] for action in statement["Action"]}


def test_every_question_needs_what_the_reader_may_ask_and_nothing_else() -> None:
    asked = {f"{service}:{name}" for service, names in ALLOWED.items() for name in names}
    assert actions(every_question()) == asked - {"sts:GetCallerIdentity"}


def test_the_documentation_lists_what_may_be_asked_and_nothing_else() -> None:
    text = (Path(__file__).parents[2] / "docs/live.md").read_text(encoding="utf-8")
    table = text.partition("| step |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z0-9]+:[A-Z]\w+)`", table))
    assert named == {f"{service}:{name}" for service, names in ALLOWED.items() for name in names}


def test_a_snapshot_needs_what_may_be_collected_and_nothing_else() -> None:
    asked = {f"{service}:{name}" for service, names in COLLECTED.items() for name in names}
    found = printed("--collect", "--format", "json")
    assert actions(found[ORGANIZATION]) == asked - {"sts:GetCallerIdentity"}
    central = {"iam:ListOrganizationsFeatures"}
    central |= {f"organizations:{name}" for name in COLLECTED["organizations"]}
    assert actions(found[""]) == actions(found[ORGANIZATION]) - central
    assert "every account" in printed("--collect")


def test_the_page_on_snapshots_lists_what_may_be_collected_and_nothing_else() -> None:
    text = (Path(__file__).parents[2] / "docs/snapshots.md").read_text(encoding="utf-8")
    table = text.partition("| what | operations |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z0-9]+:[A-Z]\w+)`", table))
    assert named == {f"{service}:{name}" for service, names in COLLECTED.items() for name in names}


def test_a_snapshot_is_of_no_single_call() -> None:
    words = ["--collect", "--for", DEPLOYER, ROLE]
    result = CliRunner().invoke(command, words, standalone_mode=False)
    assert "a snapshot is of no single call" in str(result.exception)


def printed(*words: str) -> Any:
    result = CliRunner().invoke(command, words, standalone_mode=False)
    assert result.exception is None
    return json.loads(result.output) if "json" in words else result.output


def test_each_account_gets_the_policy_for_its_part() -> None:
    found = printed("--for", DEPLOYER, ROLE, "--format", "json")
    assert list(found) == [A, B, ORGANIZATION]
    assert actions(found[B]) == {"iam:GetRole", "organizations:DescribeOrganization"}
    text = printed("--for", DEPLOYER, ROLE)
    assert text.startswith(f"# account {A}\n{{")
    assert "iam:GetUserPolicy" in printed()


@pytest.mark.demo
def test_a_reader_with_these_policies_reads_everything_about_a_user(rich: Accounts) -> None:
    _holds_what_is_printed(rich, "deployer")


@pytest.mark.demo
def test_a_reader_with_these_policies_reads_everything_about_a_session(chained: Accounts) -> None:
    _holds_what_is_printed(chained, "pipeline")


def _holds_what_is_printed(accounts: Accounts, profile: str) -> None:
    """Whoever reads has the printed policies alone, and nothing of IAM stays unread."""
    identity = accounts.sts(profile).get_caller_identity()["Arn"]
    found = read_policies(call_of(identity, {"RoleArn": ROLE}, region=None, now=NOW))
    for account in (A, B):
        accounts.user(f"reader-{account}", account, *found[account]["Statement"])
    calls = Calls()
    world, call = accounts.read(profile, f"reader-{B}", calls=calls, caller_profile=f"reader-{A}")
    unread = [u.settle for u in unknowns(world) if u.settle.startswith("iam:")]
    own = [settle for settle in unread if "ListRolePolicies on " + ROLE not in settle]
    assert own == []
    assert diagnose(world, call).verdict != "denied"


def test_a_root_user_needs_what_is_known_of_its_organization() -> None:
    found = printed("--for", DEPLOYER, f"arn:aws:iam::{B}:root", "--format", "json")
    assert list(found) == [A, ORGANIZATION]
    root = {"organizations:ListDelegatedAdministrators", "iam:ListOrganizationsFeatures"}
    assert root <= actions(found[ORGANIZATION])
    assert not root & actions(printed("--for", DEPLOYER, ROLE, "--format", "json")[ORGANIZATION])


def test_an_endpoint_needs_one_more() -> None:
    url = "https://vpce-0123456789abcdef0-x1y2.sts.eu-central-1.vpce.amazonaws.com"
    found = printed("--for", DEPLOYER, ROLE, "--endpoint-url", url, "--format", "json")
    assert "ec2:DescribeVpcEndpoints" in actions(found[A]) & actions(found[B])


def test_what_names_no_role_is_refused() -> None:
    result = CliRunner().invoke(command, ["--for", DEPLOYER, DEPLOYER], standalone_mode=False)
    assert "is not the ARN of a role" in str(result.exception)
