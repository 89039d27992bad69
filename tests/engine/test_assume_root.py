"""AssumeRoot: who may ask for the root user of a member account, and what stands in the way."""

from typing import Any

import msgspec
import pytest

from assumable.diagnose import diagnose
from assumable.engine.assume_root import TASKS
from assumable.engine.chain import decide_chain
from assumable.engine.context import RequestContext
from assumable.engine.evaluate import decide
from assumable.errors import InputError
from assumable.model.call import Absent, Present, Value
from assumable.model.policy import Layer
from assumable.model.world import Unknown
from tests.rules.worlds import (
    CI,
    MASTER,
    ROOT,
    SESSION,
    call_by,
    call_by_service,
    call_by_token,
    deny,
    deny_anyone,
    gates_that_block,
    organization,
    passes,
    role,
    through_endpoint,
    verdict,
)
from tests.worlds import (
    DEPLOYER,
    A,
    B,
    after_first_plan,
    allow,
    blocking,
    decided,
    diagnosed,
    parsed,
    policy,
    trust,
)

AUDIT, DELETE = (f"arn:aws:iam::aws:policy/root-task/{TASKS[n]}" for n in (0, 2))
TARGET = f"arn:aws:iam::{B}:root"
IAM = "iam.amazonaws.com"


def call_for_root(caller: str = DEPLOYER, **more: Any) -> dict[str, Any]:
    """The management account asks for the root user of a member; it passes by default."""
    given = {key: more.pop(key) for key in ("identity", "boundary", "session") if key in more}
    scenario = call_by(caller, **given)
    scenario["organization"] = {**organization(B), "MasterAccountId": A}
    parameters = {"TargetPrincipal": B, "TaskPolicyArn": {"arn": AUDIT}, **more}
    scenario["call"] |= {"api": "AssumeRoot", "parameters": parameters}
    return scenario


def from_member(*administrators: str, **limits: Any) -> dict[str, Any]:
    """The caller's account is a member like the target; its delegations are said."""
    scenario = call_for_root()
    scenario["organization"] = organization(A, B, **limits)
    scenario["organization"]["DelegatedAdministrators"] = [
        {"Id": account, "ServicePrincipal": IAM} for account in administrators
    ]
    return scenario


# The caller


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize("caller", [DEPLOYER, SESSION])
def test_users_and_role_sessions_of_the_management_account_may_call(caller: str) -> None:
    assert passes(call_for_root(caller))


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize(("administrators", "expected"), [
    ((A,), "allowed"), ((B,), "denied"), ((), "denied"),
])  # fmt: skip
def test_a_member_account_must_be_delegated(administrators: Any, expected: str) -> None:
    scenario = from_member(*administrators)
    assert verdict(scenario) == expected
    del scenario["organization"]["DelegatedAdministrators"]
    assert verdict(scenario) == "denied"  # what a closed world does not list does not exist
    world, call = parsed(scenario)
    found = diagnose(msgspec.structs.replace(world, complete=False), call)
    assert found.verdict == "conditional"
    assert found.checklist[5].status == "unknown"
    assert "organizations:ListDelegatedAdministrators" in {u.settle for u in found.unknowns}


@pytest.mark.rule("R1.27")
def test_another_service_of_the_delegation_does_not_count() -> None:
    scenario = from_member(A)
    delegation = scenario["organization"]["DelegatedAdministrators"][0]
    delegation["ServicePrincipal"] = "guardduty.amazonaws.com"
    assert not passes(scenario)
    del delegation["ServicePrincipal"]
    with pytest.raises(InputError, match="ServicePrincipal"):
        parsed(scenario)
    delegation |= {"Id": "333333333333", "ServicePrincipal": IAM}
    with pytest.raises(InputError, match="not in the organization's tree"):
        parsed(scenario)


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize("root_access", [None, True, False])
def test_root_access_must_be_centralized(root_access: bool | None) -> None:
    scenario = call_for_root()
    if root_access is not None:
        scenario["organization"]["RootAccess"] = root_access
    found = diagnosed(scenario)
    assert found.verdict == ("denied" if root_access is False else "allowed")
    assumed = [note for note in found.notes if "centralized root access" in note]
    assert bool(assumed) is (root_access is None)
    if root_access is False:
        assert (found.findings[0].cause, found.findings[0].variant) == (
            "credentials", "root-access-off",
        )  # fmt: skip
        assert found.findings[0].owner == A
        assert found.checklist[5].status == "fail"


@pytest.mark.rule("R1.27")
def test_without_all_features_there_is_no_centralized_root_access() -> None:
    scenario = call_for_root()
    scenario["organization"]["FeatureSet"] = "CONSOLIDATED_BILLING"
    assert gates_that_block(scenario) == {"credentials"}


@pytest.mark.rule("R1.27")
def test_what_is_not_known_of_the_organization_is_asked() -> None:
    world, call = parsed(call_for_root())
    opened = msgspec.structs.replace(world, complete=False)
    assert decide(opened, call).verdict == "conditional"
    unread = msgspec.structs.replace(world, organizations=Unknown("the organization"))
    assert decide(unread, call).verdict == "conditional"
    alone = msgspec.structs.replace(world, organizations=())
    assert decide(alone, call).verdict == "denied"


@pytest.mark.rule("R1.27", "R1.19", "R1.25")
@pytest.mark.parametrize(
    ("caller", "credentials", "cause"),
    [
        (f"arn:aws:iam::{A}:root", None, "root-caller"),
        (f"arn:aws:iam::{A}:root", "assume-root", "root-caller"),
        (f"arn:aws:sts::{A}:federated-user/bob", None, "credentials"),
        (DEPLOYER, "federation-token", "credentials"),
    ],
)
def test_other_credentials_may_not_call(caller: str, credentials: Any, cause: str) -> None:
    scenario = call_for_root(caller)
    if credentials:
        scenario["call"]["caller"]["credentials"] = credentials
    found = diagnosed(scenario)
    assert blocking(found) == [cause]
    assert found.aws_error is not None
    denied = f"User: {caller} is not authorized to perform: sts:AssumeRoot on resource: {TARGET}"
    assert found.aws_error.message == denied


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize("call", [
    call_by_service("ec2.amazonaws.com"), call_by_token({}),
], ids=["service", "token"])  # fmt: skip
def test_services_and_bearers_of_tokens_may_not_call(call: dict[str, Any]) -> None:
    wanted = call_for_root()
    call["organization"] = wanted["organization"]
    call["call"] |= {"api": "AssumeRoot", "parameters": wanted["call"]["parameters"]}
    assert "credentials" in blocking(diagnosed(call))


@pytest.mark.rule("R1.24", "U-7")
@pytest.mark.parametrize(("decision", "expected"), [
    (None, "conditional"), (True, "allowed"), (False, "denied"),
])  # fmt: skip
def test_session_token_credentials_are_an_open_question(decision: Any, expected: str) -> None:
    scenario = call_for_root()
    scenario["call"]["caller"]["credentials"] = "session-token"
    world, call = parsed(scenario)
    assumed = {} if decision is None else {"U-7": decision}
    found = decide(world, msgspec.structs.replace(call, assumptions=assumed))
    assert found.verdict == expected
    shown = diagnosed(scenario)
    assert shown.uncertain == ("U-7",)
    assert shown.checklist[0].status == "unknown"


@pytest.mark.rule("R1.19", "R1.27")
def test_credentials_of_assume_root_assume_no_role() -> None:
    scenario = call_by(f"arn:aws:iam::{A}:root", trust("*"))
    scenario["call"]["caller"]["credentials"] = "assume-root"
    found = diagnosed(scenario)
    assert [(f.cause, f.variant) for f in found.findings] == [("root-caller", "assume-root")]
    assert "AssumeRoot gave" in found.findings[0].explanation
    scenario["call"]["caller"]["arn"] = DEPLOYER
    with pytest.raises(InputError, match="credentials of a root user"):
        parsed(scenario)


# The target and the parameters


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize(
    ("target", "variant"),
    [
        (TARGET, ""),
        (A, "management-account"),
        ("333333333333", "not-a-member"),
        (f"arn:aws:iam::{B}:role/DeployRole", "TargetPrincipal"),
        (f"arn:aws:iam::{B}:user/x", "TargetPrincipal"),
        (f"arn:aws:sts::{B}:root", "TargetPrincipal"),
        ("2222-2222-2222", "TargetPrincipal"),
        ("22222222222", "TargetPrincipal"),
        (222222222222, "TargetPrincipal"),
        (None, "TargetPrincipal"),
    ],
)
def test_the_target_is_the_root_user_of_a_member_account(target: Any, variant: str) -> None:
    found = diagnosed(call_for_root(TargetPrincipal=target))
    assert {f.variant for f in found.findings if f.blocking} == ({variant} - {""})
    assert (found.verdict == "allowed") is not bool(variant)


@pytest.mark.rule("R1.27")
def test_a_suspended_account_has_no_root_user_to_ask_for() -> None:
    scenario = call_for_root()
    scenario["organization"]["Accounts"][0]["Status"] = "SUSPENDED"
    assert diagnosed(scenario).findings[0].variant == "account-suspended"


@pytest.mark.rule("R1.27")
def test_where_membership_is_not_known_it_is_asked() -> None:
    world, call = parsed(call_for_root(TargetPrincipal="333333333333"))
    found = decide(msgspec.structs.replace(world, complete=False), call)
    assert found.verdict == "conditional"


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize(
    ("task", "expected"),
    [
        *[(f"arn:aws:iam::aws:policy/root-task/{task}", True) for task in TASKS],
        ("arn:aws:iam::aws:policy/root-task/IAMDeleteEverything", False),
        ("arn:aws:iam::aws:policy/IAMAuditRootUserCredentials", False),
        ("arn:aws-cn:iam::aws:policy/root-task/IAMAuditRootUserCredentials", False),
        (None, False),
    ],
)
def test_one_of_five_task_policies_is_named(task: Any, expected: bool) -> None:
    assert passes(call_for_root(TaskPolicyArn={"arn": task})) is expected
    assert passes(call_for_root(TaskPolicyArn=task)) is expected


@pytest.mark.parametrize("task", [{"arn": 1}, {}, 1, [AUDIT]], ids=str)
def test_values_that_no_client_can_send_are_findings(task: Any) -> None:
    found = diagnosed(call_for_root(TargetPrincipal=[B], TaskPolicyArn=task, DurationSeconds=[]))
    assert [f.variant for f in found.findings if f.cause == "parameter"] == [
        "TargetPrincipal", "TaskPolicyArn", "DurationSeconds",
    ]  # fmt: skip
    assert found.aws_error is not None
    assert found.aws_error.code == "ParamValidationError"


@pytest.mark.rule("R9.6")
@pytest.mark.parametrize(("seconds", "expected"), [
    (-1, False), (0, True), (899, True), (900, True), (901, False), (3600, False),
])  # fmt: skip
def test_a_root_session_lasts_at_most_900_seconds(seconds: int, expected: bool) -> None:
    scenario = call_for_root(DurationSeconds=seconds)
    assert passes(scenario) is expected
    if not expected:
        found = diagnosed(scenario)
        assert blocking(found) == ["duration"]
        assert after_first_plan(scenario, found) == "allowed"


@pytest.mark.rule("R10.7")
def test_the_global_endpoint_does_not_know_the_operation() -> None:
    scenario = call_for_root(identity=[])
    scenario["call"]["network"] = {"endpoint": "global"}
    found = diagnosed(scenario)
    assert {"region", "identity-permission"} == set(blocking(found))
    assert found.aws_error is not None
    assert (found.aws_error.code, found.aws_error.message) == ("InvalidAction", "Unknown Operation")


def test_parameters_of_assume_role_are_ignored() -> None:
    tags = [{"Key": "team", "Value": "web"}]
    scenario = call_for_root(RoleArn="x", Tags=tags, ExternalId="e", SourceIdentity="alice")
    assert decided(scenario).facts.required_actions == ("sts:AssumeRoot",)
    assert passes(scenario)
    assert any("`Tags` is no parameter of AssumeRoot" in n for n in diagnosed(scenario).notes)


# The policies


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow("sts:AssumeRoot", TARGET), True),
        (allow("sts:*", f"arn:aws:iam::{B}:*"), True),
        (allow("sts:AssumeRoot", "arn:aws:iam::*:root"), True),
        (allow("sts:AssumeRole", TARGET), False),
        (allow("sts:AssumeRoot", f"arn:aws:iam::{A}:root"), False),
        (allow("sts:AssumeRoot", f"arn:aws:iam::{B}:role/*"), False),
    ],
    ids=str,
)
def test_the_callers_own_policies_must_allow_it_on_the_root_user(
    statement: dict[str, Any], expected: bool
) -> None:
    scenario = call_for_root(identity=[statement])
    assert passes(scenario) is expected
    if not expected:
        found = diagnosed(scenario)
        assert blocking(found) == ["identity-permission"]
        assert after_first_plan(scenario, found) == "allowed"


@pytest.mark.rule("R1.27")
def test_an_administrator_that_asks_for_its_own_root_user_needs_the_permission_too() -> None:
    scenario = from_member(A)
    scenario["call"]["parameters"]["TargetPrincipal"] = A
    assert passes(scenario)
    scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"] = []
    assert gates_that_block(scenario) == {"identity"}


@pytest.mark.rule("R1.27")
def test_boundary_session_and_endpoint_policies_cap_it() -> None:
    assert gates_that_block(call_for_root(boundary=[allow("s3:*")])) == {"boundary"}
    limited = call_for_root(SESSION, session={"policy": policy(allow("s3:*"))})
    assert gates_that_block(limited) == {"session-policy"}
    others = trust("*", "sts:AssumeRole", Resource="*")
    assert gates_that_block(through_endpoint(call_for_root(), others)) == {"vpc-endpoint"}


@pytest.mark.rule("R1.7", "R1.8")
def test_scps_bind_a_delegated_administrator_and_not_the_management_account() -> None:
    refused = {ROOT: [allow("*"), deny("sts:AssumeRoot")]}
    assert gates_that_block(from_member(A, scps=refused)) == {"scp"}
    scenario = call_for_root()
    scenario["organization"] = {**organization(B, scps=refused), "MasterAccountId": A}
    assert passes(scenario)


@pytest.mark.rule("R1.10", "U-3")
def test_rcps_are_not_known_to_reach_it() -> None:
    scenario = from_member(A, rcps={B: [deny_anyone(Resource="*")]})
    assert passes(scenario)
    assert diagnosed(scenario).uncertain == ("U-3",)
    world, call = parsed(scenario)
    otherwise = decide(world, msgspec.structs.replace(call, assumptions={"U-3": True}))
    assert {gate.gate for gate in otherwise.blocking()} == {"rcp"}


@pytest.mark.rule("R1.27")
def test_no_trust_policy_is_asked() -> None:
    scenario = call_for_root(TargetPrincipal=f"arn:aws:iam::{B}:role/DeployRole")
    scenario["accounts"][B]["RoleDetailList"] = [role("DeployRole", trust("*", "sts:*"))]
    assert not passes(scenario)
    row = diagnosed(call_for_root()).checklist[1]
    assert (row.status, row.summary) == ("not-required", "AssumeRoot asks no role's trust policy")


# The condition keys


def value(scenario: dict[str, Any], key: str) -> Value:
    """What the caller's own policies see of a key."""
    facts = decided(scenario).facts
    return RequestContext(facts, f"sts:{facts.call.api}", Layer.IDENTITY).get(key)


@pytest.mark.rule("R1.27")
@pytest.mark.parametrize(("asked", "expected"), [(AUDIT, True), (DELETE, False)])
def test_a_condition_on_the_task_holds_for_that_task(asked: str, expected: bool) -> None:
    only = {"ArnEquals": {"sts:TaskPolicyArn": AUDIT}}
    scenario = call_for_root(identity=[allow("sts:AssumeRoot", TARGET, Condition=only)])
    scenario["call"]["parameters"]["TaskPolicyArn"] = asked
    assert passes(scenario) is expected


@pytest.mark.rule("R1.27")
def test_a_plan_keeps_to_the_task_that_is_asked_for() -> None:
    scenario = call_for_root(identity=[allow("s3:*")])
    (fix,) = diagnosed(scenario).fixes
    statement = fix.edit[0]["value"]["Statement"][0]
    assert statement == allow(
        "sts:AssumeRoot", TARGET, Condition={"ArnEquals": {"sts:TaskPolicyArn": AUDIT}}
    )
    assert fix.target.name == f"AssumeRoot-{B}"


def test_keys_of_assume_role_are_absent() -> None:
    tags = [{"Key": "team", "Value": "web"}]
    scenario = call_for_root(Tags=tags, TransitiveTagKeys=["team"], RoleSessionName="s")
    scenario["call"]["parameters"] |= {"ExternalId": "e", "SourceIdentity": "alice"}
    for key in (
        "sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys",
        "aws:TagKeys", "aws:RequestTag/team", "aws:MultiFactorAuthPresent",
    ):  # fmt: skip
        assert isinstance(value(scenario, key), Absent), key
    assert value(call_for_root(), "aws:ResourceAccount") == Present((B,), "the role's account")


@pytest.mark.rule("R5.1")
def test_a_code_that_assume_root_does_not_take_proves_no_mfa() -> None:
    device = f"arn:aws:iam::{A}:mfa/phone"
    scenario = call_for_root(SerialNumber=device, TokenCode="123456")
    assert isinstance(value(scenario, "aws:MultiFactorAuthPresent"), Absent)


@pytest.mark.parametrize(("caller", "credentials", "expected"), [
    (f"arn:aws:iam::{A}:root", "assume-root", True), (f"arn:aws:iam::{A}:root", None, False),
    (SESSION, None, False), (DEPLOYER, None, False),
])  # fmt: skip
def test_assumed_root_is_of_credentials_that_assume_root_gave(
    caller: str, credentials: Any, expected: bool
) -> None:
    scenario = call_by(caller, trust({"AWS": [A, CI]}))
    if credentials:
        scenario["call"]["caller"]["credentials"] = credentials
    found = value(scenario, "aws:AssumedRoot")
    assert isinstance(found, Present) is expected
    assert isinstance(value(scenario, "sts:TaskPolicyArn"), Absent)


def test_credentials_of_a_session_have_an_issue_time() -> None:
    scenario = call_by(f"arn:aws:iam::{A}:root", trust("*"))
    assert isinstance(value(scenario, "aws:TokenIssueTime"), Absent)
    scenario["call"]["caller"]["credentials"] = "assume-root"
    found = value(scenario, "aws:TokenIssueTime")
    assert isinstance(found, Unknown)
    assert found.present


# The format


def test_a_chain_does_not_end_in_assume_root() -> None:
    scenario = call_for_root()
    scenario["call"]["chain"] = [CI]
    with pytest.raises(InputError, match="AssumeRole"):
        parsed(scenario)


def test_a_plain_call_of_it_is_a_chain_of_one() -> None:
    chain = decide_chain(*parsed(call_for_root()))
    assert (chain.length, chain.verdict) == (1, "allowed")


def test_the_organization_of_another_account_does_not_help() -> None:
    scenario = call_for_root()
    other = {"Id": "o-other", "MasterAccountId": MASTER, "Roots": [{"Id": "r-zz12"}]}
    scenario["organization"] = [other, scenario["organization"]]
    assert passes(scenario)
    scenario["call"]["parameters"]["TargetPrincipal"] = MASTER
    assert diagnosed(scenario).findings[0].variant == "not-a-member"
