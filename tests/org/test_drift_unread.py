"""What of two worlds was not read, so that nobody knows whether it changed."""

from typing import Any

import msgspec
import pytest
from msgspec import structs

from assumable.formats.dump import read_snapshot
from assumable.model.world import Account, Unknown, World
from assumable.org.drift import drift
from tests.org.worlds import (
    BASE,
    CLOSED_TO_IT,
    ORG,
    ORGANIZED,
    TARGET,
    USER,
    Scenario,
    compared,
    edited,
    told,
    trusting,
    with_user,
)
from tests.organizations.generator import write
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, parsed, policy, trust

C = "333333333333"


@pytest.mark.parametrize(
    ("unread", "what"),
    [
        (f"account:{A}", f"account {A}"),
        (f"trust:{ROLE}", f"the trust policy of {TARGET}"),
        (f"identity:{DEPLOYER}", "the identity policy of user/deployer"),
        (f"boundary:{DEPLOYER}", f"the permissions boundary of {USER}"),
        ("organization", "the organization"),
    ],
)
@pytest.mark.parametrize("where", ["OLD", "NEW"])
def test_what_was_not_read_in_one_of_the_two_is_no_change(
    unread: str, what: str, where: str
) -> None:
    base = edited(ORGANIZED, lambda s: s.update(unknown=[unread]))
    found = compared(*((base, ORGANIZED) if where == "OLD" else (ORGANIZED, base)))
    assert found.changes == ()
    assert [(each.what, each.unread) for each in found.uncompared] == [(what, where)]


@pytest.mark.parametrize(
    ("unread", "what"),
    [(f"account:{A}", f"account {A}"), (f"trust:{ROLE}", f"the trust policy of {TARGET}")],
)
def test_what_was_not_read_in_both_is_told_once(unread: str, what: str) -> None:
    base = edited(ORGANIZED, lambda s: s.update(unknown=[unread]))
    found = compared(base, base)
    assert [(each.what, each.unread) for each in found.uncompared] == [(what, "both")]


@pytest.mark.parametrize("where", ["OLD", "NEW"])
def test_whom_nobody_can_list_is_not_told_of_a_trust_policy_that_was_not_read(where: str) -> None:
    known = edited(BASE, trusting(trust({"Service": "ec2.amazonaws.com"})))
    unread = edited(known, lambda s: s.update(unknown=[f"trust:{ROLE}"]))
    found = compared(*((unread, known) if where == "OLD" else (known, unread)))
    assert found.changes == ()
    assert [(each.what, each.pairs) for each in found.uncompared] == [
        (f"the trust policy of {TARGET}", 0)
    ]


def test_what_was_not_read_does_not_hide_what_changed_whatever_it_says() -> None:
    unread = edited(BASE, lambda s: s.update(unknown=[f"identity:{DEPLOYER}"]))
    new = edited(CLOSED_TO_IT, lambda s: s.update(unknown=[]))
    closed = edited(CLOSED_TO_IT, lambda s: s.update(unknown=[f"identity:{DEPLOYER}"]))
    found = compared(closed, BASE)
    assert told(found) == [("gained", 1, (f"the trust policy of {TARGET} was edited",), False)]
    assert found.uncompared == ()
    lost = compared(unread, new)
    assert lost.changes == ()
    assert [(each.what, each.pairs) for each in lost.uncompared] == [
        ("the identity policy of user/deployer", 1)
    ]


def test_what_was_read_in_neither_is_no_change_but_may_be_what_it_depends_on() -> None:
    unread = {"unknown": ["organization"]}
    found = compared({**CLOSED_TO_IT, **unread}, {**BASE, **unread})
    assert [change.direction for change in found.changes] == ["gained"]
    assert "the caller's SCPs" in str(found.changes[0].access[0].after)
    assert found.uncompared == ()


def test_users_that_may_have_been_left_out_of_a_list_are_not_new(tmp_path: Any) -> None:
    """A dump that AWS wrote may be filtered: an empty list says nothing (docs/scenarios.md)."""
    write(tmp_path, 1, "tiny")
    world = read_snapshot(tmp_path)
    account = next(iter(world.accounts))
    without = without_users(tmp_path, account)
    found = drift(without, world, NOW)
    assert found.changes == ()
    (missing,) = found.uncompared
    assert (missing.what, missing.unread) == (f"some users of account {account}", "OLD")


def without_users(folder: Any, account: str) -> World:
    file = folder / f"{account}.json"
    details = msgspec.json.decode(file.read_bytes())
    file.write_bytes(msgspec.json.encode({**details, "UserDetailList": []}))
    return read_snapshot(folder)


OF_ORG = {"StringEquals": {"aws:PrincipalOrgID": ORG}}
OF_ID = {"StringEquals": {"aws:userid": "AIDA11111111111111111"}}
IDENTIFIED = edited(BASE, with_user(UserId="AIDA11111111111111111"))


@pytest.mark.parametrize(
    ("read", "unread", "condition", "what"),
    [
        pytest.param(
            ORGANIZED, edited(ORGANIZED, lambda s: s.update(unknown=["organization"])), OF_ORG,
            "the organization", id="organization",
        ),
        pytest.param(IDENTIFIED, BASE, OF_ID, f"the unique id of {USER}", id="id"),
    ],
)  # fmt: skip
def test_a_value_that_was_not_read_is_no_condition_that_changed(
    read: Scenario, unread: Scenario, condition: Any, what: str
) -> None:
    asked = trusting(trust({"AWS": DEPLOYER}, Condition=condition))
    old, new = edited(read, asked), edited(unread, asked)
    for found, where in ((compared(old, new), "NEW"), (compared(new, old), "OLD")):
        assert found.changes == ()
        (missing,) = found.uncompared
        assert (missing.what, missing.unread, missing.pairs) == (what, where, 1)


def test_a_malformed_policy_is_none_that_was_edited() -> None:
    """No permission would tell what it says."""
    unread = Unknown("the policy p, which is malformed,", "a well-formed document")
    world = parsed(BASE).world
    account = world.account(A)
    assert isinstance(account, Account)
    users = {
        name: structs.replace(user, policies=(unread,)) for name, user in account.users.items()
    }
    without = {**world.accounts, A: structs.replace(account, users=users)}
    found = drift(structs.replace(world, accounts=without), world, NOW)
    assert found.changes == ()
    assert [(each.unread, each.pairs) for each in found.uncompared] == [("OLD", 1)]


OF_ELSEWHERE = f"arn:aws:iam::{C}:user/vendor"


def whole(scenario: Scenario, *, is_whole: bool = True) -> World:
    """A world of which not all accounts are known, but all members of the organization."""
    world = structs.replace(parsed(scenario).world, complete=False)
    assert not isinstance(world.organizations, Unknown)
    orgs = tuple(structs.replace(each, is_whole=is_whole) for each in world.organizations)
    return structs.replace(world, organizations=orgs)


def outside(scenario: Scenario) -> None:
    """A third account, which is no member."""
    held = {"PolicyName": "p", "PolicyDocument": policy(allow())}
    scenario["accounts"][C] = {"UserDetailList": [{"UserName": "vendor", "UserPolicyList": [held]}]}


def test_who_the_members_are_that_was_not_read_is_no_change() -> None:
    """Whether an account outside is one then depends on it."""
    asked = edited(ORGANIZED, outside, trusting(trust({"AWS": OF_ELSEWHERE}, Condition=OF_ORG)))
    read, unread = whole(asked), whole(asked, is_whole=False)
    for worlds, where in (((read, unread), "NEW"), ((unread, read), "OLD")):
        found = drift(*worlds, NOW)
        assert found.changes == ()
        assert [(each.what, each.unread, each.pairs) for each in found.uncompared] == [
            (f"the members of {ORG}", where, 1)
        ]
    assert drift(read, read, NOW).uncompared == drift(unread, unread, NOW).uncompared == ()


def test_an_organization_that_is_gone_tells_of_accounts_outside_as_well() -> None:
    """Of one that is known they are surely no members, of one that is not nobody knows."""
    not_of_org = {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}
    own = {"RoleName": "Own", "AssumeRolePolicyDocument": policy(
        trust({"AWS": OF_ELSEWHERE}, Condition=not_of_org))}  # fmt: skip
    asked = edited(ORGANIZED, outside, lambda s: s["accounts"][C].update(RoleDetailList=[own]))
    old = structs.replace(whole(asked), standalone=frozenset((A, B)))
    found = drift(old, structs.replace(old, organizations=()), NOW)
    (change,) = found.changes
    assert [edit.what for edit in change.cause.edits] == [f"organization {ORG} is gone"]
    assert [found.names[n] for access in change.access for n in access.members] == [OF_ELSEWHERE]


def test_an_account_that_may_be_in_an_organization_is_not_compared() -> None:
    """What an SCP would deny there nobody knows."""
    world = structs.replace(parsed(BASE).world, complete=False)
    alone, unknown = (structs.replace(world, standalone=frozenset(each)) for each in ((A, B), (B,)))
    found = drift(alone, unknown, NOW)
    assert found.changes == ()
    assert [(each.what, each.unread) for each in found.uncompared] == [
        (f"whether account {A} is in an organization", "NEW")
    ]
