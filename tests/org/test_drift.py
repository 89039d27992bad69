"""What changed between two worlds: hand-made ones, each kind of edit with its exact answer."""

from typing import Any

import pytest

from assumable.errors import InputError
from assumable.formats.dump import read_snapshot
from assumable.org.drift import Drift, drift
from tests.org.any_world import managed
from tests.org.worlds import (
    BASE,
    CLOSED_TO_IT,
    ORG,
    ORGANIZED,
    ROOT,
    TARGET,
    USER,
    Edit,
    Scenario,
    boundary,
    compared,
    denying,
    edited,
    holding,
    in_organization,
    policies_of_account,
    role_of,
    told,
    trusting,
    user_of,
    with_provider,
    with_role,
    with_user,
)
from tests.organizations.generator import write
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, parsed, policy, trust

GITHUB = "token.actions.githubusercontent.com"
ATTACHED = [{"PolicyArn": f"arn:aws:iam::{A}:policy/Open", "PolicyName": "Open"}]
BY_ATTACHED = edited(BASE, holding(), with_user(AttachedManagedPolicies=ATTACHED))
GROUPS = {"GroupName": "ops", "GroupPolicyList": [
    {"PolicyName": "g", "PolicyDocument": policy(allow())}]}  # fmt: skip


def with_groups(scenario: Scenario) -> None:
    scenario["accounts"][A]["GroupDetailList"] = [GROUPS]
    scenario["accounts"][A]["UserDetailList"].append({"UserName": "member", "GroupList": ["ops"]})


BY_GROUP = edited(BASE, holding(), with_groups)
TAGS_ASKED = edited(BASE, trusting(trust({"AWS": DEPLOYER}, Condition={
    "StringEquals": {"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}})))  # fmt: skip
SAME_TAGS = edited(
    TAGS_ASKED,
    with_user(Tags=[{"Key": "team", "Value": "web"}]),
    with_role(Tags=[{"Key": "team", "Value": "web"}]),
)
WITH_IDS = edited(BASE, with_user(UserId="AIDA11111111111111111"), trusting(trust(
    {"AWS": DEPLOYER}, Condition={"StringEquals": {"aws:userid": "AIDA11111111111111111"}},
)))  # fmt: skip


def leaving(scenario: Scenario) -> None:
    """What is attached to an account is detached when it leaves."""
    organization = scenario["organization"]
    organization["Accounts"].pop(0)
    organization["Policies"][0]["Targets"].remove(A)


OF_ORGANIZATION = edited(ORGANIZED, trusting(trust({"AWS": DEPLOYER}, Condition={
    "StringEquals": {"aws:PrincipalOrgID": ORG}})))  # fmt: skip

LOSING: list[tuple[str, Scenario, Edit, str]] = [
    ("trust", BASE, trusting(trust({"AWS": f"arn:aws:iam::{B}:root"})),
     f"the trust policy of {TARGET} was edited"),
    ("inline-edited", BASE, holding(allow("s3:*")),
     f"policy AssumeRolePolicy of {USER} was edited"),
    ("inline-gone", BASE, holding(), f"policy AssumeRolePolicy was taken from {USER}"),
    ("inline-renamed-and-emptied", BASE, holding(allow("s3:*"), name="other"),
     f"policy AssumeRolePolicy was taken from {USER}"),
    ("detached", BY_ATTACHED, with_user(AttachedManagedPolicies=[]),
     f"managed policy Open was taken from {USER}"),
    ("managed-edited", BY_ATTACHED, policies_of_account(managed("Open", policy(allow("s3:*")))),
     f"managed policy Open ({A}) was edited"),
    ("left-the-group", edited(BY_GROUP, with_user(GroupList=["ops"])), with_user(GroupList=[]),
     f"{USER} left group/ops ({A})"),
    ("boundary-set", BASE, boundary("Closed"), f"the permissions boundary of {USER} was set"),
    ("boundary-changed", edited(BASE, boundary("Open")), boundary("Closed"),
     f"the permissions boundary of {USER} is Closed instead of Open"),
    ("boundary-edited", edited(BASE, boundary("Open")),
     policies_of_account(managed("Open", policy(allow("s3:*")))),
     f"managed policy Open ({A}) was edited"),
    ("tags-of-the-user", SAME_TAGS, with_user(Tags=[{"Key": "team", "Value": "data"}]),
     f"the tags of {USER} were edited: team `web` → `data`"),
    ("tags-of-the-role", SAME_TAGS, with_role(Tags=[]),
     f"the tags of {TARGET} were edited: team `web` → (none)"),
    ("recreated", WITH_IDS, with_user(UserId="AIDA22222222222222222"),
     f"{USER} was deleted and created again"),
    ("user-deleted", BASE, lambda s: s["accounts"][A].update(UserDetailList=[]),
     f"{USER} was deleted"),
    ("role-deleted", BASE, lambda s: s["accounts"][B].update(RoleDetailList=[]),
     f"{TARGET} was deleted"),
    ("scp-attached", ORGANIZED, in_organization(denying(A)), f"SCP DenySts was attached to {A}"),
    ("rcp-attached", ORGANIZED, in_organization(denying("r-ab12", kind="RESOURCE")),
     "RCP DenySts was attached to r-ab12"),
    ("scp-edited", edited(BASE, in_organization(denying("r-ab12", condition={
        "StringEquals": {"aws:PrincipalTag/team": "web"}}))),
     in_organization(denying("r-ab12")), "SCP DenySts was edited"),
    ("moved", edited(BASE, in_organization(denying("ou-ab12-11111111"))),
     in_organization(denying("ou-ab12-11111111"), unit="ou-ab12-11111111"),
     f"account {A} was moved from r-ab12 to ou-ab12-11111111"),
    ("suspended", ORGANIZED,
     lambda s: s["organization"]["Accounts"][0].update(Status="SUSPENDED"),
     f"account {A} is SUSPENDED and was ACTIVE"),
    ("left", OF_ORGANIZATION,
     leaving,
     f"account {A} left the organization"),
    ("organization-gone", OF_ORGANIZATION,
     lambda s: s.pop("organization"), f"organization {ORG} is gone"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "edit", "what"), [pytest.param(*each, id=name) for name, *each in LOSING]
)
def test_each_edit_is_named_whichever_way_it_goes(old: Scenario, edit: Edit, what: str) -> None:
    new = edited(old, edit)
    found = compared(old, new)
    assert told(found) == [("lost", 1, (what,), False)]
    (access,) = found.changes[0].access
    assert (access.role, access.before, access.after) == (ROLE, "", None)
    assert [found.names[number] for number in access.members] == [DEPLOYER]
    back = compared(new, old)
    assert [(change.direction, change.pairs) for change in back.changes] == [("gained", 1)]
    assert found.uncompared == back.uncompared == ()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (BY_GROUP, edited(BY_GROUP, with_user(GroupList=["ops"])),
         f"{USER} joined group/ops ({A})"),
        (CLOSED_TO_IT, BASE, f"the trust policy of {TARGET} was edited"),
        (edited(BASE, holding()), BASE, f"policy AssumeRolePolicy was given to {USER}"),
        (edited(BASE, lambda s: s["accounts"][A].update(UserDetailList=[])), BASE,
         f"{USER} was created"),
        (edited(BASE, boundary("Closed")), BASE, f"the permissions boundary of {USER} was removed"),
    ],
)  # fmt: skip
def test_what_is_gained_is_told_as_well(old: Scenario, new: Scenario, what: str) -> None:
    assert told(compared(old, new)) == [("gained", 1, (what,), False)]


HARMLESS: dict[str, Edit] = {
    "more-of-the-policy": holding(allow(resource=ROLE), allow("s3:GetObject")),
    "another-place": holding(allow("s3:GetObject"), allow(resource=ROLE, Sid="Named")),
    "tags": with_user(Tags=[{"Key": "unit", "Value": "x"}]),
    "duration": with_role(MaxSessionDuration=7200, Tags=[{"Key": "unit", "Value": "x"}]),
    "boundary": boundary("Open"),
    "trust": trusting(trust({"AWS": DEPLOYER}), trust({"AWS": f"arn:aws:iam::{B}:user/nobody"})),
    "groups": with_groups,
    "organization": in_organization(),
}


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in HARMLESS.items()])
def test_edits_that_change_no_decision_are_not_told(edit: Edit) -> None:
    found = compared(BASE, edited(BASE, edit))
    assert [change for change in found.changes if DEPLOYER in pairs(found, change)] == []
    assert found.uncompared == ()


def pairs(found: Drift, change: Any) -> set[str]:
    return {found.names[n] for access in change.access for n in access.members}


def test_two_edits_that_take_each_other_are_told_together() -> None:
    old = edited(CLOSED_TO_IT, holding())
    assert told(compared(old, BASE)) == [
        ("gained", 1, (f"policy AssumeRolePolicy was given to {USER}",
                       f"the trust policy of {TARGET} was edited"), True),
    ]  # fmt: skip


def test_of_two_edits_each_of_which_is_enough_both_are_named() -> None:
    new = edited(CLOSED_TO_IT, holding())
    assert told(compared(BASE, new)) == [
        ("lost", 1, (f"policy AssumeRolePolicy was taken from {USER}",
                     f"the trust policy of {TARGET} was edited"), False),
    ]  # fmt: skip


def test_an_edit_that_has_nothing_to_do_with_it_is_not_named() -> None:
    """Though it is about the same call: it allows what was allowed before."""
    new = edited(CLOSED_TO_IT, with_user(AttachedManagedPolicies=ATTACHED), boundary("Open"))
    assert told(compared(BASE, new)) == [
        ("lost", 1, (f"the trust policy of {TARGET} was edited",), False)
    ]


def test_all_of_three_edits_are_told_where_it_takes_all_of_them() -> None:
    old = edited(CLOSED_TO_IT, holding(), boundary("Closed"))
    new = edited(BY_ATTACHED, with_user(Tags=[{"Key": "a", "Value": "b"}]))
    assert told(compared(old, new)) == [
        ("gained", 1, (
            f"the permissions boundary of {USER} was removed",
            f"managed policy Open was given to {USER}",
            f"the trust policy of {TARGET} was edited"), True),
    ]  # fmt: skip


def test_many_edits_that_do_nothing_are_left_aside() -> None:
    """As many combinations of them as there are could not be tried."""
    held = [{"PolicyName": f"p{n}", "PolicyDocument": policy(allow())} for n in range(40)]
    new = edited(CLOSED_TO_IT, lambda s: user_of(s)["UserPolicyList"].extend(held))
    assert told(compared(BASE, new)) == [
        ("lost", 1, (f"the trust policy of {TARGET} was edited",), False)
    ]


def test_one_edit_is_told_once_however_many_it_concerns() -> None:
    def crowd(scenario: Scenario) -> None:
        held = user_of(scenario)
        scenario["accounts"][A]["UserDetailList"] = [
            {**held, "UserName": f"u{number}"} for number in range(20)
        ]
        scenario["call"]["caller"]["arn"] = f"arn:aws:iam::{A}:user/u0"

    old = edited(BASE, crowd, trusting(trust(ROOT)), in_organization())
    found = compared(old, edited(old, in_organization(denying("r-ab12"))))
    assert told(found) == [("lost", 20, ("SCP DenySts was attached to r-ab12",), False)]
    assert len(found.changes[0].access) == 1


def of_github(*subjects: str) -> Edit:
    """A statement for each subject; the empty one asks for none."""
    named = {"Federated": f"arn:aws:iam::{B}:oidc-provider/{GITHUB}"}
    return trusting(*(
        trust(named, "sts:AssumeRoleWithWebIdentity", **(
            {"Condition": {"StringEquals": {f"{GITHUB}:sub": subject}}} if subject else {}
        ))
        for subject in subjects
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (["a"], ["a", "b"], "eased"),
        (["a", "b"], ["a"], "tightened"),
        (["a"], ["b"], "other"),
        (["a", "b"], ["a", "c"], "other"),
        (["a"], [""], "eased"),
        (["", "a"], ["a"], "tightened"),
        (["a"], ["", "b"], "eased"),
        ([""], ["", "a"], None),
        (["", "b"], ["a", ""], None),
    ],
)
def test_statements_for_whom_nobody_can_list_count_together(
    before: list[str], after: list[str], direction: str | None
) -> None:
    """One that asks nothing makes the others needless."""
    base = edited(BASE, with_provider(GITHUB))
    changes = compared(*(edited(base, of_github(*each)) for each in (before, after))).changes
    assert [change.direction for change in changes if change.others] == (
        [direction] if direction else []
    )


def test_of_several_whom_nobody_can_list_those_are_told_who_changed() -> None:
    both = ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]
    old, new = (
        edited(BASE, trusting(trust({"AWS": DEPLOYER}), trust({"Service": each})))
        for each in (both[:1], both)
    )
    found = compared(old, new)
    (change,) = found.changes
    assert [(other.name, other.before, other.after) for other in change.others] == [
        (both[1], (), ("",))
    ]
    (edit,) = change.cause.edits
    documents = (role_of(each)["AssumeRolePolicyDocument"] for each in (old, new))
    assert found.documents[edit] == tuple(documents)


def test_what_was_edited_is_shown_as_it_was_and_as_it_is() -> None:
    new = edited(BASE, holding(allow("s3:*")))
    found = compared(BASE, new)
    (edit,) = found.changes[0].cause.edits
    documents = (user_of(each)["UserPolicyList"][0]["PolicyDocument"] for each in (BASE, new))
    assert found.documents == {edit: tuple(documents)}


def test_what_is_no_policy_has_no_documents_to_show() -> None:
    tagged = edited(BASE, with_user(Tags=[{"Key": "unit", "Value": "x"}]))
    assert compared(BASE, BASE).documents == compared(BASE, tagged).documents == {}


def test_a_scenario_and_a_snapshot_are_not_compared(tmp_path: Any) -> None:
    write(tmp_path, 1, "tiny")
    with pytest.raises(InputError, match="cannot be compared"):
        drift(parsed(BASE).world, read_snapshot(tmp_path), NOW)


BEARERS = trust(
    {"Federated": f"arn:aws:iam::{B}:oidc-provider/{GITHUB}"}, "sts:AssumeRoleWithWebIdentity"
)


def with_middle(*statements: Any) -> Scenario:
    """A role whose sessions DeployRole trusts, if a token of some repository made them."""
    middle = f"arn:aws:iam::{A}:role/Middle"
    asked = {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}

    def listed(scenario: Scenario) -> None:
        scenario["accounts"][A]["RoleDetailList"] = [
            {
                "RoleName": "Middle",
                "AssumeRolePolicyDocument": policy(*statements),
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
            }
        ]

    return edited(BASE, listed, trusting(trust({"AWS": middle}, Condition=asked)))


def test_a_trust_policy_also_tells_how_the_sessions_of_its_role_were_made() -> None:
    """In a closed world, by statements that are not about the plain call."""
    by_user = trust({"AWS": DEPLOYER})
    found = compared(with_middle(by_user), with_middle(by_user, BEARERS))
    assert told(found) == [
        ("gained", 1, (f"the trust policy of role/Middle ({A}) was edited",), False)
    ]
    (access,) = found.changes[0].access
    assert (access.role, access.before) == (ROLE, None)
    assert f"{GITHUB}:sub is like" in str(access.after)


def denied_to(key: str, *values: str) -> Scenario:
    deny = {"Effect": "Deny", "Action": "sts:*", key: list(values)}
    return edited(BASE, holding(allow(resource=ROLE), deny))


def managed_by(account: str) -> Scenario:
    """An organization that forbids its members all of STS."""

    def edit(scenario: Scenario) -> None:
        scenario["organization"]["MasterAccountId"] = account

    return edited(BASE, in_organization(denying("r-ab12")), edit)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        pytest.param(
            denied_to("NotResource", ROLE), denied_to("Resource", ROLE),
            f"policy AssumeRolePolicy of {USER} was edited", id="not-resource",
        ),
        pytest.param(
            managed_by(A), managed_by("999999999999"),
            f"the management account of {ORG} is 999999999999 instead of {A}", id="management",
        ),
    ],
)  # fmt: skip
def test_what_turns_a_decision_round_is_an_edit(old: Scenario, new: Scenario, what: str) -> None:
    assert told(compared(old, new)) == [("lost", 1, (what,), False)]


def test_a_policy_that_a_group_is_given_is_told_of_the_group() -> None:
    """Nobody joined it."""
    new = edited(BASE, holding(), with_groups, with_user(GroupList=["ops"]))
    old = edited(new, lambda s: s["accounts"][A].update(
        GroupDetailList=[{"GroupName": "ops", "GroupPolicyList": []}]))  # fmt: skip
    assert told(compared(old, new)) == [
        ("gained", 1, (f"policy g was given to group/ops ({A})",), False)
    ]
