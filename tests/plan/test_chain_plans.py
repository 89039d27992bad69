"""Plans of a chain mend every hop that fails, and are proved over the whole of it."""

from typing import Any

import msgspec
import pytest

from tests.chains import CI, chained
from tests.worlds import (
    DEPLOYER,
    ROLE,
    A,
    B,
    after_first_plan,
    allow,
    blocking,
    diagnosed,
    policy,
    trust,
)

EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "acme-42"}}
TAGGED = {"RoleArn": CI, "Tags": [{"Key": "team", "Value": "web"}], "TransitiveTagKeys": ["team"]}
FAULTS: dict[str, dict[str, Any]] = {
    "both roles name somebody else": {
        "ci_trusts": [trust({"AWS": f"{DEPLOYER}s"})],
        "trusts": [trust({"AWS": f"{CI}s"})],
    },
    "both ask for an external ID": {
        "ci_trusts": [trust({"AWS": DEPLOYER}, Condition=EXTERNAL_ID)],
        "trusts": [trust({"AWS": CI}, Condition=EXTERNAL_ID)],
    },
    "one hour, and a permission": {"DurationSeconds": 7200, "ci_may": []},
    "the tag of the first hop": {"hop": TAGGED, "trusts": [trust({"AWS": CI})]},
    "an external ID, and the policies of both": {
        "hop": {"RoleArn": CI, "DurationSeconds": 7200},
        "ci_trusts": [trust({"AWS": f"{DEPLOYER}s"}, Condition=EXTERNAL_ID)],
        "ci_may": [allow(resource=f"{ROLE}s")],
    },
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_plan_mends_the_whole_chain(name: str) -> None:
    """Its patch on the scenario lets every hop through, and its commands end with all hops."""
    scenario = chained(**FAULTS[name])
    diagnosis = diagnosed(scenario)
    assert diagnosis.verdict == "denied"
    plan = diagnosis.plans[0]
    assert plan.proved
    assert plan.verdict_after == "allowed"
    assert [command.split()[:3] for command in plan.commands[-2:]] == [
        ["aws", "sts", "assume-role"]
    ] * 2
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_fixes_say_which_hop_they_belong_to() -> None:
    """The same fix of two hops is two fixes, each for the parameters of its own hop."""
    scenario = chained(**FAULTS["both ask for an external ID"])
    diagnosis = diagnosed(scenario)
    plan = diagnosis.plans[0]
    assert plan.fixes == ("external-id/send/hop-1", "external-id/send/hop-2")
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    assert [(fixes[name].hop, fixes[name].target.hop) for name in plan.fixes] == [(1, 1), (2, 2)]
    assert [fixes[name].title.partition(": ")[0] for name in plan.fixes] == ["hop 1", "hop 2"]
    assert [op["path"] for op in plan.scenario_patch] == [
        "/call/chain/0",
        "/call/chain/0/ExternalId",
        "/call/parameters/ExternalId",
    ]
    assert [f.explanation.partition(": ")[0] for f in diagnosis.findings] == [
        "hop 1 of 2, made as user/deployer",
        "hop 2 of 2, made as assumed-role/CI/assumable",
    ]


def test_edits_of_two_hops_to_one_policy_are_one_command() -> None:
    """A role that is assumed twice has one trust policy."""
    scenario = chained(trusts=[trust({"AWS": f"{CI}s"}), trust({"AWS": f"{ROLE}s"})])
    scenario["call"]["chain"].append(ROLE)
    diagnosis = diagnosed(scenario)
    assert {f.hop for f in diagnosis.findings} == {2, 3}
    plan = diagnosis.plans[0]
    assert len([c for c in plan.commands if "update-assume-role-policy" in c]) == 1
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_no_plan_mends_a_part_of_a_chain() -> None:
    """MFA cannot reach the second hop: what would mend the first one alone is not offered."""
    scenario = chained(
        ci_trusts=[trust({"AWS": f"{DEPLOYER}s"})],
        trusts=[trust({"AWS": CI}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
    )
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["mfa", "trust-principal"]
    assert diagnosis.plans == ()


def test_a_plan_may_leave_open_what_was_open() -> None:
    """An address that nobody said stays a question after the fix."""
    address = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    scenario = chained(
        ci_trusts=[trust({"AWS": DEPLOYER}, Condition=address)],
        trusts=[trust({"AWS": CI}, Condition=EXTERNAL_ID)],
    )
    diagnosis = diagnosed(scenario)
    assert (diagnosis.verdict, diagnosis.hop) == ("denied", 2)
    plan = diagnosis.plans[0]
    assert plan.verdict_after == "conditional"
    assert plan.residual_after == "hop 1: aws:SourceIp is in `203.0.113.0/24`"


@pytest.mark.parametrize("calls", [1, 2])
def test_a_hop_that_was_not_looked_at_was_open_all_along(calls: int) -> None:
    """Nobody could tell its role, so nobody asked for the SCPs that were not read."""
    scenario = {**chained(hop="CI"), "organization": "unknown"}
    if calls == 1:
        scenario["call"] |= {"chain": [], "parameters": scenario["call"]["parameters"] | {
            "RoleArn": "CI"
        }}  # fmt: skip
    (plan,) = diagnosed(scenario).plans
    assert (plan.verdict_after, plan.calls) == ("conditional", calls)
    assert "allowed by the caller's SCPs" in plan.residual_after


def test_who_else_gains_is_counted_at_every_hop() -> None:
    """The role in between is the caller itself at the second hop, another user is not."""
    scenario = chained(ci_trusts=[trust({"AWS": f"{DEPLOYER}s"})], ci_may=[])
    other = {
        "UserName": "other",
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
    }
    scenario["accounts"][A]["UserDetailList"].append(other)
    diagnosis = diagnosed(scenario)
    best, *others = diagnosis.plans
    assert best.blast_radius.count == 0
    opened = [plan for plan in others if plan.blast_radius.count]
    assert opened[0].blast_radius.principals == (f"arn:aws:iam::{A}:user/other",)


def test_the_answer_aws_gives_is_that_of_the_first_hop_that_fails() -> None:
    """Checklist, gates and error belong to it."""
    scenario = chained(trusts=[trust({"AWS": f"{CI}s"})], DurationSeconds=7200)
    diagnosis = diagnosed(scenario)
    session = f"arn:aws:sts::{A}:assumed-role/CI/assumable"
    assert diagnosis.hop == 2
    assert diagnosis.aws_error is not None
    assert diagnosis.aws_error.message == (
        f"User: {session} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    )
    assert diagnosis.hops[1].causes == ("trust-principal", "duration")
    assert diagnosis.hops[0].causes == ()
    assert (diagnosis.call.caller, diagnosis.call.role_account) == (DEPLOYER, B)


@pytest.mark.parametrize(
    ("scenario", "fix"),
    [
        (
            chained(hop=TAGGED, trusts=[trust({"AWS": CI})]),
            "session-tags/not-transitive/hop-1",
        ),
        (
            chained(hop={"RoleArn": CI, "SourceIdentity": "alice"}, trusts=[trust({"AWS": CI})]),
            "source-identity/leave-out/hop-1",
        ),
        (
            chained(hop={"RoleArn": CI, "SourceIdentity": "alice"}, SourceIdentity="bob"),
            "parameter/SourceIdentity/hop-2",
        ),
        (
            chained(hop=TAGGED, Tags=[{"Key": "TEAM", "Value": "x"}, {"Key": "a", "Value": "b"}]),
            "parameter/Tags/hop-2",
        ),
        (
            chained(trusts=[trust({"AWS": f"arn:aws:sts::{A}:assumed-role/CI/nightly"})]),
            "trust-principal/name-the-session/hop-1",
        ),
        (
            chained(hop={"RoleArn": CI, "Policy": policy(allow("s3:*"))}),
            "session-policy/allow-this-role/hop-1",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_inherited_can_be_mended_where_it_is_set(
    scenario: dict[str, Any], fix: str
) -> None:
    """R9.1, R9.4, R9.5: a request of an earlier hop changes, and nothing in AWS."""
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes == (fix,)
    assert diagnosis.plans[0].blast_radius.complete
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_what_two_hops_hand_on_is_not_left_out_of_one() -> None:
    """The policy is mended instead."""
    scenario = chained(hop=TAGGED, trusts=[trust({"AWS": CI})])
    again = {**TAGGED, "Tags": [{"Key": "cost", "Value": "1"}], "TransitiveTagKeys": ["cost"]}
    scenario["accounts"][A]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(
        trust({"AWS": [DEPLOYER, CI]}, ["sts:AssumeRole", "sts:TagSession"])
    )
    scenario["call"]["chain"].append(again)
    diagnosis = diagnosed(scenario)
    assert [f.hop for f in diagnosis.findings] == [3]
    assert diagnosis.plans[0].fixes == ("session-tags/allow-in-trust/hop-3",)


def test_a_trust_policy_that_names_an_earlier_caller_is_explained() -> None:
    """The most frequent mistake about chains: the last role trusts the person."""
    (found,) = diagnosed(chained(trusts=[trust({"AWS": DEPLOYER})])).findings
    assert found.explanation.endswith(
        "; it names user/deployer, who makes hop 1, but this hop is made with the credentials of "
        "assumed-role/CI/assumable"
    )
    (other,) = diagnosed(chained(trusts=[trust({"AWS": f"{CI}s"})])).findings
    assert "who makes hop" not in other.explanation


def test_a_wrong_path_of_a_hop_is_mended_in_its_own_parameters() -> None:
    """The next hop is made by the role that was meant."""
    scenario = chained(hop=f"arn:aws:iam::{A}:role/team/CI")
    diagnosis = diagnosed(scenario)
    assert [(f.cause, f.variant, f.hop) for f in diagnosis.findings] == [
        ("role-not-found", "path", 1)
    ]
    assert diagnosis.plans[0].fixes == ("role-not-found/path/hop-1",)
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_the_token_code_of_a_hop_is_never_shown() -> None:
    """A code that was sent stands in no answer."""
    proof = {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "987654"}
    diagnosis = diagnosed(chained(hop={"RoleArn": CI, **proof}, ci_may=[]))
    assert b"987654" not in msgspec.json.encode(diagnosis)
    assert any("--token-code CODE" in command for command in diagnosis.plans[0].commands)
