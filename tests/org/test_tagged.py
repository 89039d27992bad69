"""Roles of which no session passes but one that has session tags."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assumable.cli.who import command
from assumable.org.whocan import WhoCan
from tests.org.test_classes import ROOT, alike, crowd, named
from tests.org.test_whocan import asked
from tests.worlds import ROLE, A, B, allow, policy, trust

TEAM = named("StringEquals", "aws:PrincipalTag/team", "blue")
SAML = {"Federated": f"arn:aws:iam::{A}:saml-provider/Corp"}
TAGGABLE = trust(SAML, ["sts:AssumeRoleWithSAML", "sts:TagSession"])
PLAIN = trust(SAML, "sts:AssumeRoleWithSAML")


def role(name: str, its_trust: dict[str, Any], *grants: Any, **tags: str) -> dict[str, Any]:
    return {
        "RoleName": name,
        "AssumeRolePolicyDocument": policy(its_trust),
        "RolePolicyList": [
            {"PolicyName": "p", "PolicyDocument": policy(*(grants or [allow()]))}
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }  # fmt: skip


def answer(target: dict[str, Any], *roles: dict[str, Any], **changes: Any) -> WhoCan:
    scenario = crowd(alike, target)
    scenario["accounts"][A]["UserDetailList"] = []
    scenario["accounts"][A]["RoleDetailList"] = list(roles)
    return asked({**scenario, **changes})


def told(ways: Any) -> dict[str, set[str]]:
    return {way.condition: {arn.rpartition("/")[2] for arn in way.principals} for way in ways}


BLUE = "aws:PrincipalTag/team is `blue`"


def test_a_session_with_the_tag_that_the_trust_policy_wants() -> None:
    """A tag of the session wins over the role's own; whose role has it passes as it is."""
    found = answer(
        trust(ROOT, Condition=TEAM),
        role("Tagged", TAGGABLE),
        role("Other", TAGGABLE, team="red"),
        role("Own", TAGGABLE, team="blue"),
        role("Never", PLAIN),
        role("Fixed", PLAIN, team="red"),
    )
    assert told(found.ways) == {"": {"Own"}}
    assert told(found.tagged) == {BLUE: {"Tagged", "Other"}}
    assert found.tagged[0].statements == (1,)


@pytest.mark.parametrize(
    "its_trust",
    [
        trust({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"]),
        trust({"AWS": B}, "sts:*"),
        trust({"AWS": B}, "sts:Tag*"),
    ],
)
def test_whoever_may_tag_the_session(its_trust: dict[str, Any]) -> None:
    found = answer(trust(ROOT, Condition=TEAM), role("R", its_trust))
    assert told(found.tagged) == {BLUE: {"R"}}


def test_a_denial_of_tagging_is_no_permission() -> None:
    found = answer(trust(ROOT, Condition=TEAM), role("R", {**TAGGABLE, "Effect": "Deny"}))
    assert found.tagged == ()


def test_a_denial_of_tagging_to_everyone() -> None:
    """One to principals alone is none to the bearers of assertions; others may be avoided."""

    def denied(name: str, principal: Any, **more: Any) -> dict[str, Any]:
        denial = {**trust(principal, "sts:TagSession", **more), "Effect": "Deny"}
        return {**role(name, PLAIN), "AssumeRolePolicyDocument": policy(TAGGABLE, denial)}

    other = named("StringNotLike", "aws:RequestTag/team", "blue")
    found = answer(
        trust(ROOT, Condition=TEAM),
        denied("Everyone", "*"),
        denied("Principals", {"AWS": "*"}),
        denied("Others", "*", Condition=other),
    )
    assert told(found.tagged) == {BLUE: {"Principals", "Others"}}


def test_a_tag_that_its_own_policy_wants() -> None:
    """In a condition, and in a resource."""
    mine = f"arn:aws:iam::{B}:role/${{aws:PrincipalTag/role}}"
    found = answer(
        trust(ROOT),
        role("Condition", TAGGABLE, allow(Condition=TEAM)),
        role("Resource", TAGGABLE, allow(resource=mine)),
        role("Fixed", PLAIN, allow(Condition=TEAM)),
        role("Nothing", TAGGABLE, allow(resource=f"arn:aws:iam::{B}:role/Other")),
    )
    assert found.ways == ()
    by_condition = told(found.tagged)
    assert by_condition.pop(BLUE) == {"Condition"}
    assert list(by_condition.values()) == [{"Resource"}]


def test_a_tag_that_an_rcp_or_an_scp_wants() -> None:
    wanted = named("StringNotEquals", "aws:PrincipalTag/team", "blue")
    refused = {**trust("*", "sts:*"), "Effect": "Deny", "Resource": "*", "Condition": wanted}
    closed = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": wanted}
    for kind, content, target in (
        ("RESOURCE_CONTROL_POLICY", refused, B),
        ("SERVICE_CONTROL_POLICY", closed, A),
    ):
        full = {
            "Id": "p-FullAWSAccess",
            "Type": "SERVICE_CONTROL_POLICY",
            "Targets": ["r-ab12", A, B],
        }
        limit = {"Id": "p-limit", "Name": "limit", "Type": kind, "Targets": [target]}
        organization = {
            "Id": "o-exampleorgid",
            "MasterAccountId": "999999999999",
            "Roots": [{"Id": "r-ab12"}],
            "Accounts": [{"Id": A, "ParentId": "r-ab12"}, {"Id": B, "ParentId": "r-ab12"}],
            "Policies": [full, {**limit, "Content": policy(content)}],
        }
        never = role("AWSServiceRoleForX", TAGGABLE, allow(), {**allow(), "Effect": "Deny"})
        first = {**never, "Path": "/aws-service-role/x.amazonaws.com/"}  # which an RCP never binds
        roles = first, {**role("R", TAGGABLE), "Path": "/team/"}, role("Fixed", PLAIN)
        found = answer(trust(ROOT), *roles, organization=organization)
        assert found.ways == ()
        assert told(found.tagged) == {BLUE: {"R"}}


def test_a_tag_without_which_the_trust_policy_denies() -> None:
    wanted = named("StringNotEquals", "aws:PrincipalTag/team", "blue")
    denied = {**trust({"AWS": "*"}, Condition=wanted), "Effect": "Deny"}
    scenario = crowd(alike, trust(ROOT), denied)
    scenario["accounts"][A] = {"RoleDetailList": [role("R", TAGGABLE), role("Fixed", PLAIN)]}
    found = asked(scenario)
    assert found.ways == ()
    assert told(found.tagged) == {BLUE: {"R"}}


SENT = named("StringEquals", "sts:ExternalId", "x-1")


def of_statements(*conditions: dict[str, Any]) -> WhoCan:
    """Who can assume a role that lets in everybody of an account under each of the conditions."""
    scenario = crowd(alike, *(trust(ROOT, Condition=each) for each in conditions))
    roles = [role("R", TAGGABLE, team="red"), role("Fixed", PLAIN), role("Own", PLAIN, team="blue")]
    scenario["accounts"][A] = {"RoleDetailList": roles}
    return asked(scenario)


def test_a_tag_in_place_of_what_a_plain_call_sends() -> None:
    """The condition is whole: whoever reads that an external ID is needed can count on it."""
    found = of_statements(SENT, TEAM)
    sent = "sts:ExternalId is `x-1`"
    assert told(found.ways) == {sent: {"Fixed"}, f"{sent} or {BLUE}": {"R"}, "": {"Own"}}
    assert found.tagged == ()
    statements = {way.principals[0].rpartition("/")[2]: way.statements for way in found.ways}
    assert statements == {"Fixed": (1,), "R": (1, 2), "Own": (1, 2)}


def test_a_tag_that_spares_nobody_anything_is_not_told() -> None:
    both = {"StringEquals": {**SENT["StringEquals"], **TEAM["StringEquals"]}}
    for conditions in ((SENT, both), (both, SENT)):
        found = of_statements(*conditions)
        assert told(found.ways) == {"sts:ExternalId is `x-1`": {"R", "Fixed", "Own"}}
        assert found.tagged == ()


def test_a_session_has_at_least_the_tags_of_its_role() -> None:
    without = {"Null": {"aws:PrincipalTag/team": "true"}}
    found = answer(trust(ROOT, Condition=without), role("R", TAGGABLE, team="red"))
    assert (found.ways, found.tagged) == ((), ())


def test_whom_no_tag_helps() -> None:
    """Nobody asks for one; or something else is in the way."""
    away = named("StringEquals", "aws:PrincipalAccount", B)
    for condition in (away, {"StringEquals": {**away["StringEquals"], **TEAM["StringEquals"]}}):
        found = answer(trust(ROOT, Condition=condition), role("R", TAGGABLE))
        assert (found.ways, found.tagged) == ((), ())


def test_a_role_whose_trust_policy_was_not_read() -> None:
    found = answer(
        trust(ROOT, Condition=TEAM), role("R", PLAIN), unknown=[f"trust:arn:aws:iam::{A}:role/R"]
    )
    may = "sts:TagSession is allowed by the trust policy of role/R"
    assert told(found.tagged) == {f"{BLUE} and {may}": {"R"}}
    assert found.role == ROLE


def shown(tmp_path: Path, *words: str) -> str:
    scenario = crowd(alike, trust(ROOT, Condition=TEAM))
    scenario["accounts"][A]["UserDetailList"] = []
    scenario["accounts"][A]["RoleDetailList"] = [role("Other", TAGGABLE), role("R", TAGGABLE)]
    file = tmp_path / "s.json"
    file.write_text(json.dumps(scenario))
    return CliRunner().invoke(command, [ROLE, "--scenario", str(file), *words]).output


def test_the_terminal_tells_them_apart(tmp_path: Path) -> None:
    assert shown(tmp_path, "--limit", "1") == (
        f"role/DeployRole ({B}): 0 of the 3 principals known can assume it, 2 more with session "
        "tags\n\n"
        "tagged    roles of which only a tagged session passes, where somebody may tag it\n"
        f"if        {BLUE} (statement 1)\n"
        f"          arn:aws:iam::{A}:role/Other\n"
        "          and 1 more (--limit shows them)\n"
    )


def test_markdown_tells_them_apart(tmp_path: Path) -> None:
    assert shown(tmp_path, "--format", "markdown") == (
        f"**role/DeployRole ({B}): 0 of the 3 principals known can assume it, 2 more with session "
        "tags**\n\n"
        "### Roles of which only a tagged session passes, where somebody may tag it\n\n"
        f"If {BLUE} (statement 1)\n\n"
        f"- `arn:aws:iam::{A}:role/Other`\n"
        f"- `arn:aws:iam::{A}:role/R`\n"
    )


def test_json_keeps_them_apart(tmp_path: Path) -> None:
    found = json.loads(shown(tmp_path, "--format", "json"))
    assert found["ways"] == []
    (way,) = found["tagged"]
    assert way == {
        "condition": BLUE,
        "principals": [f"arn:aws:iam::{A}:role/Other", f"arn:aws:iam::{A}:role/R"],
        "statements": [1],
    }
