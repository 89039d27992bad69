"""Titles name the cause, not its category; what reads the same is told once."""

from typing import Any

import pytest

from assumable.findings.asked import keys_named
from assumable.findings.chain import joined
from assumable.findings.finding import Finding, Row
from assumable.model.policy import Condition
from tests.findings.test_plain_words import asked, first
from tests.plan.deny_worlds import world
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, diagnosed, policy, trust

NOT_HERE = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
REGION = ", because of its condition on aws:RequestedRegion"


def titled(scenario: dict[str, Any]) -> str:
    """The title of the first finding."""
    return diagnosed(scenario).findings[0].title


@pytest.mark.parametrize("layer", ["trust", "inline", "boundary", "scp", "rcp", "vpc-endpoint"])
def test_a_deny_names_the_keys_that_decided(layer: str) -> None:
    """One without conditions has none to name."""
    assert titled(world(layer, "user", "called", "all", "region")).endswith(REGION)
    assert "because" not in titled(world(layer, "user", "called", "all", "none"))


def test_so_does_the_session_policy() -> None:
    """Only sessions of a role have one."""
    assert titled(world("session", "role", "called", "all", "region")).endswith(REGION)


def conditions(*keys: str) -> list[Condition]:
    """Conditions on these keys."""
    return [Condition("Bool", "bool", "", False, key, ("true",), "") for key in keys]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ((), ""),
        (("a", "a"), "condition on a"),
        (("a", "b"), "conditions on a and b"),
        (("a", "b", "c", "d"), "conditions on a, b and 2 more"),
        (("aws:PrincipalIsAWSService", "a"), "condition on a"),
        (("aws:ViaAWSService",), "condition on aws:ViaAWSService"),
    ],
)
def test_two_keys_at_most_are_named(keys: tuple[str, ...], words: str) -> None:
    """One that sets services apart only where there is no other."""
    assert keys_named(conditions(*keys)) == words


def test_a_permission_under_conditions_names_them() -> None:
    """The action is allowed on this role: that it is not would lead astray."""
    named = {**MFA, "StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    scenario = classic(identity=[allow(resource=ROLE, Condition=named)], RoleSessionName="other")
    told = {finding.cause: finding.title for finding in diagnosed(scenario).findings}
    assert told["identity-permission"] == (
        "the permission of user/deployer holds only under conditions on "
        "aws:MultiFactorAuthPresent and sts:RoleSessionName"
    )


def test_a_permission_for_another_role_has_no_conditions_to_name() -> None:
    """What fails is its Resource."""
    scenario = classic(identity=[allow(resource=f"{ROLE}s", Condition=MFA)])
    assert (
        titled(scenario)
        == f"user/deployer of account {A} may not call sts:AssumeRole on DeployRole"
    )


@pytest.mark.parametrize(
    ("tags", "what"),
    [
        ([], "to assume exactly"),
        ([{"Key": "a", "Value": "b"}], "sts:AssumeRole and sts:TagSession on exactly"),
    ],
)
def test_a_permission_names_the_actions_that_it_gives(tags: list[Any], what: str) -> None:
    """Where they are more than to assume the role."""
    fix = diagnosed(classic(identity=[], Tags=tags)).fixes[0]
    assert fix.title == f"allow user/deployer {what} {ROLE}"


def by_session(asked: str) -> Finding:
    """The finding for a session of role/CI that asks for the ARN of a session."""
    scenario = classic(RoleArn=f"arn:aws:sts::{A}:assumed-role/{asked}")
    ci = {"RoleName": "CI", "AssumeRolePolicyDocument": policy(trust({"AWS": A}))}
    scenario["accounts"][A]["RoleDetailList"] = [ci]
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/CI/build"}
    return diagnosed(scenario).findings[0]


@pytest.mark.parametrize("asked", ["CI/build", "CI/other"])
def test_who_asks_for_a_session_of_its_own_role_is_it_already(asked: str) -> None:
    """The session's own ARN is what GetCallerIdentity shows."""
    found = by_session(asked)
    assert found.title == (
        "this is the ARN of a session, not of a role; the caller already is this role"
    )
    assert "so that the call may not be needed at all" in found.explanation


def test_a_session_of_another_role_is_only_no_role() -> None:
    """The caller needs the call."""
    found = by_session("CIs/build")
    assert found.title == "this is the ARN of a session, not of a role"
    assert "needed" not in found.explanation


def test_a_provider_of_another_name_is_named() -> None:
    """Both names, and what AWS says in quotes."""
    found = first("AS902/fires-provider-of-the-assertion")
    assert found.title.startswith("the assertion names provider ")
    assert "“Specified provider doesn't exist”" in found.explanation


def test_a_line_that_several_findings_fail_counts_them() -> None:
    """It has room for one."""
    trust_line = asked("AS902/fires-provider-of-the-assertion").checklist[Row.TRUST - 1]
    assert trust_line.summary == (
        "the assertion names provider okta, the account has OktaSSO, and 1 more"
    )


def test_a_line_tells_its_own_finding_before_one_of_another_line() -> None:
    """A Deny of the trust policy without MFA fails two lines; the second has a finding besides."""
    without = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    deny = trust("*", Condition=without) | {"Effect": "Deny"}
    scenario = classic(
        identity=[allow(resource=ROLE, Condition=MFA)],
        trust_statements=[trust({"AWS": DEPLOYER}), deny],
    )
    rows = diagnosed(scenario).checklist
    assert rows[Row.TRUST - 1].summary.startswith("the trust policy denies this caller, because")
    assert rows[Row.MFA - 1].summary == "MFA is required and was not presented, and 1 more"


def finding(**changes: Any) -> Finding:
    """A finding that reads like others."""
    usual: dict[str, Any] = {
        "code": "AS401", "cause": "mfa", "owner": "you", "title": "t", "explanation": "one",
        "row": Row.MFA,
    }  # fmt: skip
    return Finding(**usual | changes)


def test_what_reads_the_same_is_told_once() -> None:
    """Neither explanation is lost, and the hop is said once."""
    again = finding(explanation="two")
    assert [f.explanation for f in joined([finding(), again])] == ["one; and two"]
    hops = [finding(hop=2, explanation=f"hop 2 of 2, made as x: {n}") for n in ("one", "two")]
    assert [f.explanation for f in joined(hops)] == ["hop 2 of 2, made as x: one; and two"]


@pytest.mark.parametrize(
    "changes",
    [{"title": "u"}, {"owner": A}, {"hop": 1}, {"blocking": False}, {"variant": "v"}],
    ids=str,
)
def test_what_differs_is_told_apart(changes: dict[str, Any]) -> None:
    """A title, an owner, a hop, or how certain it is."""
    assert len(joined([finding(), finding(**changes)])) == 2


def test_faults_that_no_fix_mends_together_are_told_apart() -> None:
    """The fixes of a finding are each enough for it."""
    denies = [allow("sts:AssumeRole", "*") | {"Effect": "Deny", "Sid": name} for name in "ab"]
    scenario = classic(identity=[allow(resource=ROLE), *denies])
    found = [f for f in diagnosed(scenario).findings if f.cause == "identity-explicit-deny"]
    assert len(found) == 2
    assert B not in found[0].owner


@pytest.mark.parametrize(
    ("role_arn", "title"),
    [
        ("arn:aws:iam::22222222222:role/DeployRole", "the account ID has 11 digits, 12 are needed"),
        ("arn:aws:iam::prod:role/DeployRole", "the account ID is not made of 12 digits"),
        (f"arn:aws:iam::{B}:user/bob", "RoleArn names a user, not a role"),
        (f"arn:aws:s3:{B}:x:user/bob", "there is no such role"),
    ],
)
def test_an_arn_that_is_no_roles_is_told_what_is_wrong(role_arn: str, title: str) -> None:
    assert titled(classic(RoleArn=role_arn)) == title


def in_region(region: str, **more: Any) -> list[str]:
    """The notes on a call at the endpoint of a Region."""
    scenario = classic()
    scenario["call"]["network"] = {"region": region}
    for account, regions in more.get("regions", {}).items():
        scenario["accounts"][account]["Regions"] = regions
    return [note for note in diagnosed(scenario).notes if region in note]


def test_a_region_that_is_not_known_is_told_the_closest() -> None:
    (note,) = in_region("us-esat-1")
    assert note.endswith("known when this version was made: did you mean us-east-1?")
    assert in_region("moon")[0].endswith("when this version was made")
    assert in_region("us-east-1") == in_region("mx-central-1") == []
    listed = [{"RegionName": "us-esat-1", "OptInStatus": "opt-in-not-required"}]
    assert in_region("us-esat-1", regions={A: listed}) == []
