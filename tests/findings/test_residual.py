"""Allowed if: what the caller can see to, and what others must change or tell."""

from typing import Any

from assumable.diagnose import Diagnosis
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import DEPLOYER, A, B, classic, diagnosed, trust


def open_call(*, unknown: tuple[str, ...] = (), mfa: Any = None, **conditions: Any) -> Diagnosis:
    """A call that depends on these conditions."""
    world = classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition=conditions)])
    if unknown:
        world["unknown"] = list(unknown)
    if mfa:
        world["call"]["caller"]["mfa"] = mfa
    return diagnosed(world)


def test_the_network_is_the_callers_and_policies_are_others() -> None:
    """Each part with what settles it."""
    found = open_call(unknown=("organization",), IpAddress={"aws:SourceIp": "203.0.113.0/24"})
    (mine,) = found.residual_caller
    assert mine.what == "aws:SourceIp is in `203.0.113.0/24`"
    assert mine.settle == ("network.source_ip",)
    assert [each.what for each in found.residual_admin] == [
        "sts:AssumeRole is allowed by the caller's SCPs",
        "sts:AssumeRole is not denied by the RCPs of the role's account",
    ]
    assert all(
        each.settle == ("organizations:DescribeOrganization",) for each in found.residual_admin
    )


def test_tags_of_the_principal_are_for_others_to_tell() -> None:
    """Who calls cannot change them."""
    found = open_call(
        unknown=("context:aws:PrincipalTag/team",),
        StringEquals={"aws:PrincipalTag/team": "web"},
    )
    assert found.residual_caller == ()
    assert len(found.residual_admin) == 1


def test_the_working_command_proves_mfa() -> None:
    """A proof sent with the call settles what is not known of the credentials."""
    found = open_call(mfa="unknown", Bool={"aws:MultiFactorAuthPresent": "true"})
    assert [each.owner for each in found.residual_caller] == ["you"]
    (command,) = found.working_commands
    assert f"--serial-number arn:aws:iam::{A}:mfa/deployer --token-code CODE" in command


def test_a_denied_call_says_whose_part_of_the_plan_is_whose() -> None:
    """The caller sends, two administrators change, and the last command works."""
    found = diagnosed(broken(CLASSICS))
    assert {each.owner for each in found.residual_caller} == {"you"}
    assert {each.owner for each in found.residual_admin} == {A, B}
    assert set(found.plans[0].owners) == {"you", A, B}
    assert found.working_commands == found.plans[0].commands[-1:]


def test_an_allowed_call_works_as_it_is() -> None:
    """Nothing is left, and the command is the call."""
    found = diagnosed(classic())
    assert (found.residual_caller, found.residual_admin) == ((), ())
    assert found.working_commands[0].startswith("aws sts assume-role --role-arn")


def test_nothing_is_promised_without_a_plan() -> None:
    """A role that does not exist has no command that works."""
    found = diagnosed(classic(RoleArn=f"arn:aws:iam::{B}:role/Missing"))
    assert found.working_commands == ()
