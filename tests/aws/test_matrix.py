"""What MiniStack answers to the real call, and what the live reader makes of the same accounts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from assumable.diagnose import diagnose
from assumable.engine.evaluate import Verdict
from tests.aws.accounts import Accounts
from tests.aws.setups import Setup, setups
from tests.worlds import A, B, allow, parsed

pytestmark = pytest.mark.demo
SETUPS = tuple(setups())


def build(accounts: Accounts, scenario: Mapping[str, Any]) -> None:
    """The accounts of a scenario, and the profiles `caller` and `auditor`, who may read them."""
    for account_id, account in scenario["accounts"].items():
        iam = accounts.iam[account_id]
        for managed in account.get("Policies", ()):
            text = json.dumps(managed["PolicyDocument"])
            iam.create_policy(PolicyName=managed["PolicyName"], PolicyDocument=text)
        for group in account.get("GroupDetailList", ()):
            iam.create_group(GroupName=group["GroupName"])
            _inline(iam, "group", group)
        for user in account.get("UserDetailList", ()):
            accounts.user(user["UserName"], account_id, allow(["iam:Get*", "iam:List*"]))
            _inline(iam, "user", user)
            _details_of_user(iam, user)
        for role in account.get("RoleDetailList", ()):
            text = json.dumps(role["AssumeRolePolicyDocument"])
            more = {key: role[key] for key in ("Path", "MaxSessionDuration") if key in role}
            iam.create_role(RoleName=role["RoleName"], AssumeRolePolicyDocument=text, **more)
            _inline(iam, "role", role)
    home = B if B in scenario["accounts"] else A
    accounts.user("auditor", home, allow(["iam:Get*", "iam:List*"]))


def _inline(iam: Any, kind: str, owner: Mapping[str, Any]) -> None:
    name = {f"{kind.title()}Name": owner[f"{kind.title()}Name"]}
    for inline in owner.get(f"{kind.title()}PolicyList", ()):
        text = json.dumps(inline["PolicyDocument"])
        put = getattr(iam, f"put_{kind}_policy")
        put(PolicyName=inline["PolicyName"], PolicyDocument=text, **name)


def _details_of_user(iam: Any, user: Mapping[str, Any]) -> None:
    name = user["UserName"]
    for attached in user.get("AttachedManagedPolicies", ()):
        iam.attach_user_policy(UserName=name, PolicyArn=attached["PolicyArn"])
    for group in user.get("GroupList", ()):
        iam.add_user_to_group(UserName=name, GroupName=group)
    if "PermissionsBoundary" in user:
        arn = user["PermissionsBoundary"]["PermissionsBoundaryArn"]
        iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)


def caller_of(accounts: Accounts, scenario: Mapping[str, Any]) -> str:
    """The profile that calls: the user's, or one with a session of role Base."""
    caller = scenario["call"]["caller"]
    if "session" not in caller:
        return "deployer"
    accounts.user("starter", A, allow())
    policy = caller["session"].get("policy")
    made = accounts.sts("starter").assume_role(
        RoleArn=f"arn:aws:iam::{A}:role/Base", RoleSessionName="work",
        **({"Policy": json.dumps(policy)} if policy else {}),
    )["Credentials"]  # fmt: skip
    accounts.profile(
        "session", (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    )
    return "session"


def server_allows(accounts: Accounts, profile: str, parameters: Mapping[str, Any]) -> bool:
    """Whether the server issues credentials."""
    try:
        accounts.sts(profile).assume_role(**parameters)
    except (ClientError, ParamValidationError):
        return False
    return True


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.name.replace(" ", "-"))
def test_the_verdict_is_what_the_server_answers(accounts: Accounts, setup: Setup) -> None:
    scenario = setup.scenario
    build(accounts, scenario)
    profile, parameters = caller_of(accounts, scenario), scenario["call"]["parameters"]
    read = accounts.read(profile, "auditor", **parameters)
    call = msgspec.structs.replace(read.call, assumptions={"organization": True})
    verdict = diagnose(read.world, call).verdict
    answered = server_allows(accounts, profile, parameters)
    assert (answered == setup.allowed) == (not setup.server_differs), answered
    known = Verdict.ALLOWED if setup.allowed else Verdict.DENIED
    assert verdict is (Verdict.CONDITIONAL if setup.left_open else known)


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.name.replace(" ", "-"))
def test_the_same_accounts_as_a_scenario_give_the_same_verdict(setup: Setup) -> None:
    context = {"aws:SourceIp": "127.0.0.1"} if setup.left_open.endswith("sees") else {}
    scenario = {**setup.scenario, "call": {**setup.scenario["call"], "context": context}}
    world, call = parsed(scenario)
    assert diagnose(world, call).verdict == ("allowed" if setup.allowed else "denied")


def test_the_matrix_and_its_exceptions_are_those_that_the_page_tells_of() -> None:
    page = (Path(__file__).parents[2] / "docs" / "assurance.md").read_text(encoding="utf-8")
    differs = sum(bool(setup.server_differs) for setup in SETUPS)
    left_open = sum(bool(setup.left_open) for setup in SETUPS)
    assert f"builds {len(SETUPS)} set-ups" in page
    assert f"STS sees the call: {left_open} set-ups). In {differs} the server" in page
    assert differs <= len(SETUPS) // 10
