"""Whom an edit counts for: no more edits than were needed, and nobody left out."""

import json
from typing import Any

import msgspec
import pytest

from assumable.org.drift import drift
from tests.org.any_world import managed
from tests.org.worlds import (
    BASE,
    CLOSED_TO_IT,
    ORG,
    ROOT,
    Scenario,
    boundary,
    compared,
    denying,
    edited,
    holding,
    in_organization,
    policies_of_account,
    told,
    trusting,
)
from tests.worlds import DEPLOYER, NOW, A, B, allow, parsed, policy, trust

UNIT = "ou-ab12-11111111"
BLUE = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
FULL = {"Id": "p-RCPFullAWSAccess", "Type": "RESOURCE_CONTROL_POLICY"}


def causes(old: Scenario, new: Scenario) -> dict[str, tuple[set[str], bool]]:
    """By principal: the edits that changed its access to the role, and whether it took all."""
    found = compared(old, new)
    return {
        found.names[number]: ({edit.what for edit in change.cause.edits}, change.cause.together)
        for change in found.changes
        for access in change.access
        for number in access.members
    }


def two_users(scenario: Scenario) -> None:
    """Both hold one managed policy, and one of them a tag."""
    attached = {"PolicyName": "P", "PolicyArn": f"arn:aws:iam::{A}:policy/P"}
    scenario["accounts"][A]["UserDetailList"] = [
        {"UserName": "plain", "AttachedManagedPolicies": [attached]},
        {
            "UserName": "blue",
            "AttachedManagedPolicies": [attached],
            "Tags": [{"Key": "team", "Value": "blue"}],
        },
    ]
    scenario["call"]["caller"]["arn"] = f"arn:aws:iam::{A}:user/blue"


def test_each_is_told_with_the_edits_that_it_needed() -> None:
    """One needs a third edit that the other, of whom the same were made, does not need."""
    refusing = denying("r-ab12", condition=BLUE)
    old = edited(
        BASE,
        two_users,
        policies_of_account(managed("P", policy(allow("s3:*")))),
        trusting(trust({"AWS": f"arn:aws:iam::{A}:user/other"})),
        in_organization(refusing, unit=UNIT),
    )
    new = edited(
        old,
        policies_of_account(managed("P", policy(allow()))),
        trusting(trust(ROOT)),
        in_organization(unit=UNIT),
    )
    found = causes(old, new)
    assert set(found) == {f"arn:aws:iam::{A}:user/{name}" for name in ("plain", "blue")}
    plain, blue = (found[f"arn:aws:iam::{A}:user/{name}"] for name in ("plain", "blue"))
    assert (len(plain[0]), plain[1]) == (2, True)
    assert (len(blue[0]), blue[1]) == (3, True)
    (more,) = blue[0] - plain[0]
    assert more == "SCP DenySts was detached from r-ab12"


def test_what_is_attached_elsewhere_stays_while_one_edit_is_tried() -> None:
    """The SCP alone did it; the tag that came at the same time did not."""
    old = edited(BASE, in_organization(denying("r-ab12"), unit=UNIT))
    new = edited(
        BASE,
        in_organization(unit=UNIT),
        holding(allow(), allow(resource=f"arn:aws:iam::{A}:role/*")),
    )
    assert told(compared(old, new)) == [
        ("gained", 1, ("SCP DenySts was detached from r-ab12",), False)
    ]


def test_an_edit_that_only_another_one_made_needful_did_nothing() -> None:
    """One policy came for another one that went: it would have been let in with either."""
    old = edited(CLOSED_TO_IT, boundary("Closed"), holding(allow(), name="z"))
    new = edited(BASE, holding(allow(), name="a"))
    ((direction, pairs, did, together),) = told(compared(old, new))
    assert (direction, pairs, together) == ("gained", 1, True)
    assert {what.split(" of ")[0] for what in did} == {
        "the permissions boundary", "the trust policy"
    }  # fmt: skip


def perimeter(*policies: Any) -> Any:
    """Only the account of the role is in the organization."""

    def edit(scenario: Scenario) -> None:
        in_organization(*policies)(scenario)
        tree = scenario["organization"]
        tree["Accounts"] = [each for each in tree["Accounts"] if each["Id"] == B]
        tree["Policies"][0]["Targets"].remove(A)

    return edit


def test_an_rcp_counts_for_callers_from_outside_of_the_organization() -> None:
    refusing = denying("r-ab12", kind="RESOURCE")
    old, new = (edited(BASE, perimeter(*each)) for each in ((), (refusing,)))
    (change,) = told(compared(old, new))
    assert change[:2] == ("lost", 1)


@pytest.mark.parametrize(("is_on", "done"), [(True, "on"), (False, "off")])
def test_scps_that_are_switched_on_or_off(is_on: bool, done: str) -> None:
    before, after = (parsed(edited(BASE, in_organization(denying("r-ab12")))).world for _ in "xy")
    (org,) = before.organizations  # type: ignore[misc]  # they are known
    off = msgspec.structs.replace(before, organizations=(msgspec.structs.replace(org, scps=None),))
    found = drift(off, after, NOW) if is_on else drift(after, off, NOW)
    assert told(found) == [
        ("lost" if is_on else "gained", 1, (f"SCPs were switched {done}",), False)
    ]


def test_the_change_that_concerns_most_comes_first() -> None:
    """Of one direction."""

    def crowd(scenario: Scenario) -> None:
        listed = scenario["accounts"][A]["UserDetailList"]
        granted = {"PolicyName": "p", "PolicyDocument": policy(allow())}
        listed += [{"UserName": f"u{n}", "UserPolicyList": [granted]} for n in range(3)]
        home = scenario["accounts"][B]["RoleDetailList"]
        home += [{**home[0], "RoleName": name} for name in ("Few", "Zoo")]

    old = edited(CLOSED_TO_IT, crowd)
    new = json.loads(json.dumps(old))
    few, many = new["accounts"][B]["RoleDetailList"][1:]
    few["AssumeRolePolicyDocument"] = policy(trust({"AWS": f"arn:aws:iam::{A}:user/u0"}))
    many["AssumeRolePolicyDocument"] = policy(trust(ROOT))
    assert [change[:2] for change in told(compared(old, new))] == [("gained", 3), ("gained", 1)]


def test_an_account_that_joined_an_organization_was_in_none() -> None:
    """Before, it was known to be in none; and something else was edited that does not count."""
    asks = trust({"AWS": DEPLOYER}, Condition={"StringEquals": {"aws:PrincipalOrgID": ORG}})
    harmless = holding(allow(), allow(resource=f"arn:aws:iam::{A}:role/*"))
    old, new = (parsed(each).world for each in (
        edited(BASE, perimeter(), trusting(asks)),
        edited(BASE, in_organization(), trusting(asks), harmless),
    ))  # fmt: skip
    alone = msgspec.structs.replace(old, standalone=frozenset({A}))
    (change,) = told(drift(alone, new, NOW))
    assert change == ("gained", 1, (f"account {A} joined the organization",), False)
