"""What changed between two worlds: how access did, and whose where nobody can list them."""

from typing import Any

import pytest

from assumable.org.drift import OtherAccess
from tests.org.worlds import (
    ASKS,
    ASKS_ELSE,
    BASE,
    MFA,
    ROOT,
    TARGET,
    Scenario,
    compared,
    denying,
    edited,
    in_organization,
    told,
    trusting,
    user_of,
    with_provider,
)
from tests.worlds import DEPLOYER, ROLE, A, B, trust

WITH_MFA = "aws:MultiFactorAuthPresent is `true`"


def test_the_same_conditions_in_another_order_are_the_same() -> None:
    asked = [{"StringEquals": {"sts:ExternalId": "a"}}, MFA]
    statements = [trust({"AWS": DEPLOYER}, Condition=condition) for condition in asked]
    old, new = (edited(BASE, trusting(*each)) for each in (statements, statements[::-1]))
    assert compared(old, new).changes == ()


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        (ASKS, BASE, "eased"),
        (BASE, ASKS, "tightened"),
        (ASKS, ASKS_ELSE, "other"),
        (ASKS, edited(BASE, trusting(*(trust({"AWS": DEPLOYER}, Condition=c) for c in (
            MFA, {"StringEquals": {"sts:ExternalId": "a"}})))), "eased"),
        (ASKS, edited(BASE, trusting(trust({"AWS": DEPLOYER}, Condition={
            **MFA, "StringEquals": {"sts:ExternalId": "a"}}))), "tightened"),
    ],
)  # fmt: skip
def test_a_condition_that_changed_is_told_with_its_direction(
    old: Scenario, new: Scenario, direction: str
) -> None:
    found = compared(old, new)
    what = f"the trust policy of {TARGET} was edited"
    assert told(found) == [(direction, 1, (what,), False)]
    (access,) = found.changes[0].access
    assert WITH_MFA in f"{access.before} {access.after}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((), ({"Service": "ec2.amazonaws.com"},), ("gained", "service", "ec2.amazonaws.com")),
        (({"Service": "ec2.amazonaws.com"},), (), ("lost", "service", "ec2.amazonaws.com")),
        ((), ({"AWS": "arn:aws:iam::999999999999:root"},),
         ("gained", "account", "arn:aws:iam::999999999999:root")),
        ((), ("*",), ("gained", "everyone", "*")),
    ],
)  # fmt: skip
def test_whom_nobody_can_list_is_told_by_kind(
    before: tuple[Any, ...], after: tuple[Any, ...], expected: tuple[str, str, str]
) -> None:
    old, new = (
        edited(BASE, trusting(trust({"AWS": DEPLOYER}), *map(trust, each)))
        for each in (before, after)
    )
    found = [
        (change.direction, other.kind, other.name, change.cause.edits[0].what)
        for change in compared(old, new).changes
        for other in change.others
    ]
    assert found == [(*expected, f"the trust policy of {TARGET} was edited")]


def test_whom_nobody_can_list_has_conditions_too() -> None:
    provider = {"Federated": f"arn:aws:iam::{B}:oidc-provider/token.actions.githubusercontent.com"}
    asked = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}

    def federated(**more: Any) -> Scenario:
        statement = trust(provider, "sts:AssumeRoleWithWebIdentity", **more)
        known = with_provider("token.actions.githubusercontent.com")
        return edited(BASE, known, trusting(trust({"AWS": DEPLOYER}), statement))

    (change,) = compared(federated(Condition=asked), federated()).changes
    assert (change.direction, change.pairs) == ("eased", 0)
    assert change.others == (OtherAccess(
        role=ROLE, kind="federated", name=provider["Federated"], after=("",),
        before=("token.actions.githubusercontent.com:sub is like `repo:acme/*`",),
    ),)  # fmt: skip
    (change,) = compared(federated(), federated(Condition=asked)).changes
    assert change.direction == "tightened"


def test_an_account_that_is_read_at_last_is_no_other_any_more() -> None:
    """Who could come from there could so before."""
    old = edited(BASE, trusting(trust({"AWS": DEPLOYER}), trust(
        {"AWS": "arn:aws:iam::999999999999:root"})))  # fmt: skip
    new = edited(old, lambda s: s["accounts"].update({"999999999999": {}}))
    assert compared(old, new).changes == ()


def test_whom_nobody_can_list_loses_a_role_that_was_deleted() -> None:
    old = edited(BASE, trusting(trust({"Service": "ec2.amazonaws.com"})))
    (change,) = compared(old, edited(old, lambda s: s["accounts"].update({B: {}}))).changes
    assert [other.kind for other in change.others] == ["service"]
    assert [edit.what for edit in change.cause.edits] == [f"{TARGET} was deleted"]


def test_what_opens_a_role_to_everyone_stands_above_what_concerns_more() -> None:
    held = user_of(BASE)
    users = [held, *({**held, "UserName": f"u{number}"} for number in range(5))]
    crowd = edited(BASE, lambda s: s["accounts"][A].update(UserDetailList=users), trusting(
        trust(ROOT)))  # fmt: skip
    old = edited(crowd, in_organization(denying(A)))
    new = edited(crowd, in_organization(), trusting(trust(ROOT), trust("*")))
    (first, second) = compared(old, new).changes
    assert (first.direction, first.opens_to_all) == (second.direction, not second.opens_to_all)
    assert first.opens_to_all
    assert first.size < second.size
