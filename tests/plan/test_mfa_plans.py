"""Plans for policies that ask for MFA: a code where it is seen, else credentials that carry one."""

from typing import Any

import msgspec
import pytest

from assumable.diagnose import diagnose
from assumable.findings.apply import apply
from assumable.model.call import Mfa, Session, UserCaller
from tests.plan.deny_worlds import world
from tests.worlds import (
    DEPLOYER,
    ROLE,
    A,
    B,
    after_first_plan,
    allow,
    blocking,
    classic,
    diagnosed,
    parsed,
    policy,
    trust,
)

WITHOUT = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
WITH = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
FRESH = {"NumericLessThan": {"aws:MultiFactorAuthAge": "900"}}
DEVICE = f"arn:aws:iam::{A}:mfa/deployer"
GET_TOKEN = f"aws sts get-session-token --serial-number {DEVICE} --token-code CODE"


def denying(layer: str, caller: str = "user") -> dict[str, Any]:
    """The call is stopped by a Deny without MFA at one layer."""
    return with_condition(world(layer, caller, "called", "all", "none"), WITHOUT)


def with_condition(document: Any, condition: dict[str, Any]) -> Any:
    """The same document, every Deny in it under a condition."""
    if isinstance(document, list):
        return [with_condition(item, condition) for item in document]
    if not isinstance(document, dict):
        return document
    found = {key: with_condition(value, condition) for key, value in document.items()}
    return {**found, "Condition": condition} if found.get("Effect") == "Deny" else found


def both_sides(**call: Any) -> dict[str, Any]:
    """Either side allows the role only with MFA."""
    identity = [allow("sts:AssumeRole", ROLE, Condition=WITH)]
    scenario = classic(
        identity=identity, trust_statements=[trust({"AWS": DEPLOYER}, Condition=WITH)]
    )
    scenario["call"]["parameters"] |= call
    return scenario


@pytest.mark.parametrize("layer", ["inline", "group", "managed", "boundary", "scp", "vpc-endpoint"])
def test_a_deny_that_may_not_see_a_code_takes_credentials_with_mfa(layer: str) -> None:
    """U-10 leaves open whether it sees SerialNumber and TokenCode; R5.3 leaves no doubt."""
    scenario = denying(layer)
    diagnosis = diagnosed(scenario)
    plan = diagnosis.plans[0]
    assert plan.fixes == ("mfa/session-token",)
    assert plan.owners == {"you": ("mfa/session-token",)}
    assert plan.commands[0] == GET_TOKEN
    assert plan.commands[1].startswith("aws sts assume-role ")
    assert "--serial-number" not in plan.commands[1]
    assert plan.calls == len(plan.commands) == 2
    assert diagnosis.working_commands == plan.commands
    assert after_first_plan(scenario, diagnosis) == "allowed"


@pytest.mark.parametrize("layer", ["trust", "rcp"])
def test_where_the_code_is_seen_it_is_sent(layer: str) -> None:
    """One call instead of two (R5.2)."""
    assert [plan.fixes for plan in diagnosed(denying(layer)).plans] == [("mfa/send-code",)]


@pytest.mark.parametrize(
    ("says", "first"), [("visible", "mfa/send-code"), ("hidden", "mfa/session-token")]
)
def test_who_knows_whether_the_code_is_seen_gets_that_plan(says: str, first: str) -> None:
    """`--assume U-10=visible` makes the code enough."""
    world_, call = parsed(denying("inline"))
    call = msgspec.structs.replace(call, assumptions={"U-10": says == "visible"})
    assert diagnose(world_, call).plans[0].fixes == (first,)


def test_what_both_sides_ask_for_is_proved_once() -> None:
    """Credentials with MFA do for the trust policy as well: no code besides."""
    diagnosis = diagnosed(both_sides())
    assert blocking(diagnosis) == ["mfa"]
    of_caller, of_trust = diagnosis.findings[0].explanation.split("; and statement")
    assert [evidence.policy for evidence in diagnosis.findings[0].evidence] == [
        "AssumeRolePolicy",
        "the trust policy of DeployRole",
    ]
    assert "GetSessionToken" in of_caller
    assert "(U-10)" in of_caller
    assert "SerialNumber and TokenCode prove it in the same request" in of_trust
    assert [plan.fixes for plan in diagnosis.plans] == [("mfa/session-token",)]


def test_an_allow_of_a_boundary_that_asks_for_mfa() -> None:
    """Its statement stays as it is."""
    scenario = world("boundary", "user", "called", "all", "none")
    document = policy(allow("*", Condition=WITH))
    scenario["accounts"][A]["Policies"][0]["PolicyVersionList"][0]["Document"] = document
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["permissions-boundary"]
    assert [plan.fixes for plan in diagnosis.plans] == [("mfa/session-token",)]


def test_a_boundary_that_allows_other_things_is_not_about_mfa() -> None:
    """What is missing is the action."""
    scenario = world("boundary", "user", "called", "all", "none")
    document = policy(allow("s3:*", Condition=WITH))
    scenario["accounts"][A]["Policies"][0]["PolicyVersionList"][0]["Document"] = document
    assert [fix.id for fix in diagnosed(scenario).fixes] == ["permissions-boundary/allow-this-role"]


def test_more_than_an_hour_is_too_long_with_such_credentials() -> None:
    """They count as chaining (U-9): the plan asks for an hour."""
    scenario = denying("scp")
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = 7200
    scenario["call"]["parameters"]["DurationSeconds"] = 7200
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes == ("mfa/session-token", "duration/change")
    assert diagnosis.plans[0].commands[-1].endswith(" --duration-seconds 3600")
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_mfa_that_is_too_old_is_proved_again() -> None:
    """By a code where the trust policy asks, by new credentials where the caller's does."""
    scenario = classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition=FRESH)])
    scenario["call"]["caller"]["mfa"] = {"age": 5400}
    plans = [plan.fixes for plan in diagnosed(scenario).plans]
    assert plans == [("mfa/send-code",), ("mfa/session-token",)]
    scenario = classic(identity=[allow("sts:AssumeRole", ROLE, Condition=FRESH)])
    scenario["call"]["caller"]["mfa"] = {"age": 5400}
    assert [plan.fixes for plan in diagnosed(scenario).plans] == [("mfa/session-token",)]


def test_new_credentials_have_nothing_of_the_old_ones() -> None:
    """Neither when they were issued nor what else their session carried."""
    scenario = classic(identity=[allow("sts:AssumeRole", ROLE, Condition=FRESH)])
    scenario["call"]["caller"] |= {
        "mfa": {"age": 5400},
        "session": {"issued_at": "2026-11-23T10:30:00Z"},
    }
    diagnosis = diagnosed(scenario)
    (fix,) = [fix for fix in diagnosis.fixes if fix.id == "mfa/session-token"]
    caller = apply([fix], *parsed(scenario))[1].caller
    assert isinstance(caller, UserCaller)
    assert (caller.credentials, caller.mfa, caller.session) == (
        "session-token",
        Mfa(present=True, age=0),
        Session(),
    )
    assert after_first_plan(scenario, diagnosis) == "allowed"


@pytest.mark.parametrize("layer", ["inline", "scp"])
def test_a_role_session_has_no_such_plan(layer: str) -> None:
    """It cannot call GetSessionToken, and AssumeRole gives no MFA on (R1.25, R5.4)."""
    scenario = denying(layer, "role")
    scenario["call"]["context"] = {"aws:MultiFactorAuthPresent": False}
    diagnosis = diagnosed(scenario)
    assert diagnosis.verdict == "denied"
    assert not diagnosis.plans
    assert not any(fix.target.kind == "credentials" for fix in diagnosis.fixes)


def test_a_device_that_the_call_names_is_used() -> None:
    """The usual name of one is only a guess."""
    serial = f"arn:aws:iam::{A}:mfa/phone"
    scenario = denying("inline")
    scenario["call"]["parameters"]["SerialNumber"] = serial
    (plan, *_) = diagnosed(scenario).plans
    assert any(serial in command for command in plan.commands)


def test_the_first_hop_of_a_chain_is_made_with_them() -> None:
    """Later hops are made by role sessions."""
    scenario = denying("inline")
    scenario["call"]["chain"] = [f"arn:aws:iam::{B}:role/Other"]
    scenario["accounts"][B]["RoleDetailList"][1]["RolePolicyList"] = [
        {"PolicyName": "Own", "PolicyDocument": policy(allow("sts:AssumeRole"))}
    ]
    scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(
        trust({"AWS": f"arn:aws:iam::{B}:role/Other"})
    )
    diagnosis = diagnosed(scenario)
    plan = diagnosis.plans[0]
    assert plan.fixes == ("mfa/session-token/hop-1",)
    assert plan.commands[0] == GET_TOKEN
    assert plan.calls == len(plan.commands) == 3
    assert after_first_plan(scenario, diagnosis) == "allowed"


@pytest.mark.parametrize("says", [None, True, False])
def test_assume_root_takes_no_code_and_perhaps_no_such_credentials(says: bool | None) -> None:
    """Whether it takes credentials from GetSessionToken is not documented (U-7): no proof."""
    scenario = {
        "scenario": 1,
        "organization": {
            "Id": "o-exampleorgid",
            "MasterAccountId": A,
            "RootAccess": True,
            "Roots": [{"Id": "r-ab12"}],
            "Accounts": [{"Id": A, "ParentId": "r-ab12"}, {"Id": B, "ParentId": "r-ab12"}],
            "Policies": [],
        },
        "accounts": classic(identity=[allow("sts:AssumeRoot", Condition=WITH)])["accounts"],
        "call": {
            "api": "AssumeRoot",
            "caller": {"arn": DEPLOYER},
            "parameters": {
                "TargetPrincipal": B,
                "TaskPolicyArn": {
                    "arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
                },
            },
        },
    }
    world_, call = parsed(scenario)
    assumptions = {} if says is None else {"U-7": says}
    diagnosis = diagnose(world_, msgspec.structs.replace(call, assumptions=assumptions))
    assert "mfa/send-code" not in [fix.id for fix in diagnosis.fixes]
    plans = [plan.fixes for plan in diagnosis.plans]
    assert plans == ([("mfa/session-token",)] if says else [])
