"""Companion actions that stand under a condition on a key which their checks may not have (U-6)."""

from typing import Any

from assumable.render import markdown, terminal
from tests.chains import CI, EVERYTHING, chained
from tests.worlds import DEPLOYER, ROLE, A, after_first_plan, classic, diagnosed, parsed, trust

BOTH = ["sts:AssumeRole", "sts:TagSession"]
ASKED = {
    "StringEquals": {"sts:ExternalId": "unique-42", "aws:PrincipalAccount": "111111111111"},
}


def tagged(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A call that passes a tag, to a role that trusts it under these statements."""
    return classic(
        trust_statements=list(statements),
        identity=[{"Effect": "Allow", "Action": BOTH, "Resource": "*"}],
        Tags=[{"Key": "team", "Value": "web"}],
        **more,
    )


def test_the_tags_get_a_statement_without_the_external_id() -> None:
    """R3.4: sent, and sts:TagSession apart, prove the call; the other conditions stay."""
    scenario = tagged(trust({"AWS": DEPLOYER}, BOTH, Condition=ASKED))
    diagnosis = diagnosed(scenario)
    [finding] = diagnosis.findings
    assert "sts:TagSession" in finding.explanation
    assert "U-6" in finding.explanation
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    assert ("external-id/send", "apart/TagSession-in-trust") in [p.fixes for p in diagnosis.plans]
    assert fixes["apart/TagSession-in-trust"].edit[0]["value"] == {
        "Effect": "Allow",
        "Principal": {"AWS": DEPLOYER},
        "Action": "sts:TagSession",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": "111111111111"}},
    }
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_statement_for_everyone_is_opened_to_the_caller_alone() -> None:
    """What is new names no more than this call needs."""
    scenario = tagged(trust("*", BOTH, Condition=ASKED))
    fixes = {fix.id: fix for fix in diagnosed(scenario).fixes}
    statement = fixes["apart/TagSession-in-trust"].edit[0]["value"]
    assert statement["Principal"] == {"AWS": DEPLOYER}


def test_nothing_is_said_of_tags_that_are_allowed_apart() -> None:
    """The recommended form has no open question."""
    apart = trust({"AWS": DEPLOYER}, "sts:TagSession")
    scenario = tagged(trust({"AWS": DEPLOYER}, BOTH, Condition=ASKED), apart)
    diagnosis = diagnosed(scenario)
    assert [plan.fixes for plan in diagnosis.plans] == [("external-id/send",)]
    assert "U-6" not in diagnosis.findings[0].explanation


def test_the_second_hop_gets_its_statement_as_well() -> None:
    """R9.2: tags of the first hop are inherited there, and its edit says whose hop it is."""
    hop = {"RoleArn": CI, "Tags": [{"Key": "team", "Value": "web"}], "TransitiveTagKeys": ["team"]}
    asked = {"StringEquals": {"sts:ExternalId": "unique-42"}}
    scenario = chained(hop=hop, trusts=[trust({"AWS": CI}, EVERYTHING, Condition=asked)])
    diagnosis = diagnosed(scenario)
    assert [plan.fixes for plan in diagnosis.plans] == [
        ("external-id/send/hop-2", "apart/TagSession-in-trust/hop-2")
    ]
    assert "the transitive tags of the caller's session" in diagnosis.findings[0].explanation
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_the_callers_own_policy_may_need_it_too() -> None:
    """A condition on the external ID in the permission stands in the way of the tags there."""
    scenario = tagged(trust({"AWS": DEPLOYER}, BOTH))
    own = scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]
    own["Statement"][0] |= {"Resource": ROLE, "Sid": "Own", "Condition": ASKED}
    diagnosis = diagnosed(scenario)
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    assert diagnosis.plans[0].fixes == ("external-id/send", "apart/TagSession-in-identity")
    assert fixes["apart/TagSession-in-identity"].edit[0]["value"] == {
        "Effect": "Allow",
        "Action": "sts:TagSession",
        "Resource": ROLE,
        "Condition": {"StringEquals": {"aws:PrincipalAccount": "111111111111"}},
    }
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_call_that_turns_on_the_open_item_alone_gets_a_plan() -> None:
    """The external ID was sent: sts:AssumeRole sees it, and of sts:TagSession AWS does not say."""
    asked = {"StringEquals": {"sts:ExternalId": "unique-42"}}
    scenario = tagged(trust({"AWS": DEPLOYER}, BOTH, Condition=asked), ExternalId="unique-42")
    own = scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]
    own["Statement"][0] |= {"Resource": ROLE, "Condition": asked}
    diagnosis = diagnosed(scenario)
    assert (diagnosis.verdict, diagnosis.uncertain) == ("conditional", ("U-6",))
    [plan] = diagnosis.plans
    assert set(plan.fixes) == {"apart/TagSession-in-trust", "apart/TagSession-in-identity"}
    assert (plan.proved, plan.verdict_after) == (True, "allowed")
    assert {fix.id for fix in diagnosis.fixes} == {*plan.fixes}
    assert after_first_plan(scenario, diagnosis) == "allowed"
    assert "proof A + B → ALLOWED" in terminal.render(diagnosis)
    assert "aws iam update-assume-role-policy" in markdown.render(diagnosis, parsed(scenario).world)


def test_where_more_is_open_there_is_no_plan() -> None:
    """It would prove nothing."""
    asked = {"StringEquals": {"sts:ExternalId": "unique-42"}}
    scenario = tagged(trust({"AWS": DEPLOYER}, BOTH, Condition=asked), ExternalId="unique-42")
    diagnosis = diagnosed({**scenario, "unknown": [f"boundary:{DEPLOYER}"]})
    assert diagnosis.verdict == "conditional"
    assert not diagnosis.plans
