"""What changed between two organizations, against every pair of both decided one by one."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.engine.truth import Truth, any_of, describe
from assumable.formats.dump import read_snapshot
from assumable.model.policy import Policy
from assumable.model.world import Role, Unknown, World
from assumable.org.attribution import Between, Cause
from assumable.org.drift import Drift, drift
from assumable.org.edits import Edit
from assumable.org.trusts import others_in
from assumable.org.weaker import course
from assumable.org.whocan import Everyone
from tests.org.any_world import C, managed
from tests.org.test_classes import named, one_organization, user
from tests.organizations.edits import edited
from tests.organizations.generator import write
from tests.worlds import NOW, ROLE, A, B, allow, classic, parsed, policy, trust

Pair = tuple[str, str]
SEEDS = range(1, 10)


def worlds(folder: Path, seed: int) -> tuple[World, World]:
    """An organization, and the same after a few edits or after many."""
    write(folder / "old", seed, "tiny")
    edited(folder / "old", folder / "new", seed, 2 if seed % 3 == 0 else 12)
    return read_snapshot(folder / "old"), read_snapshot(folder / "new")


class Decided:
    """Every pair of a world, decided by itself; whoever does not exist is denied."""

    def __init__(self, world: World) -> None:
        self.everyone = Everyone(world, NOW)
        self.found = {found.arn: found for found in self.everyone.universe.principals}

    def __call__(self, pair: Pair) -> Truth:
        principal, role = (self.found.get(name) for name in pair)
        if principal is None or not isinstance(role, Role):
            return False
        return self.everyone.passes(principal, role)


def text(truth: Truth) -> str | None:
    return None if truth is False else "" if truth is True else describe(truth)


def reported(found: Drift) -> dict[Pair, tuple[str, str | None, str | None]]:
    return {
        (found.names[number], access.role): (change.direction, access.before, access.after)
        for change in found.changes
        for access in change.access
        for number in access.members
    }


def expected(old: Decided, new: Decided) -> dict[Pair, tuple[str, str | None, str | None]]:
    found = {}
    for principal in old.found | new.found:
        for role, known in (old.found | new.found).items():
            if isinstance(known, Role):
                before, after = old((principal, role)), new((principal, role))
                direction = _direction(before, after)
                if direction != "same":
                    found[principal, role] = direction, text(before), text(after)
    return found


OtherPair = tuple[str, str, str]


def other_pairs(found: Drift) -> dict[OtherPair, str]:
    """The direction for whom nobody can list."""
    return {
        (other.role, other.kind, other.name): change.direction
        for change in found.changes
        for other in change.others
    }


def expected_others(old: Decided, new: Decided) -> dict[OtherPair, str]:
    found: dict[OtherPair, str] = {}
    for name in old.found | new.found:
        roles = [side.found.get(name) for side in (old, new)]
        trusts = [role.trust for role in roles if isinstance(role, Role)]
        whom = {o.who for each in trusts if isinstance(each, Policy) for o in others_in(each)}
        for who in whom:
            if any(side.everyone.universe.is_listed(who.account) for side in (old, new)):
                continue
            before, after = (
                any_of(side.everyone.admission(who, role)) if isinstance(role, Role) else False
                for side, role in zip((old, new), roles, strict=True)
            )
            if _direction(before, after) != "same":
                found[name, who.kind, who.name] = _direction(before, after)
    return found


def _direction(before: Truth, after: Truth) -> str:
    if before is False or after is False:
        return "same" if before == after else "gained" if before is False else "lost"
    return course(before, after)


@pytest.mark.parametrize("seed", SEEDS)
def test_exactly_the_pairs_whose_decision_differs(seed: int, tmp_path: Path) -> None:
    worlds_ = worlds(tmp_path, seed)
    found = drift(*worlds_, NOW)
    wanted = expected(*map(Decided, worlds_))
    assert wanted or seed % 3 == 0
    assert reported(found) == wanted
    assert other_pairs(found) == expected_others(*map(Decided, worlds_))
    assert found.uncompared == ()
    assert sum(change.pairs for change in found.changes) == len(wanted)  # none has two causes


_CONDITIONS = st.sampled_from([
    None,
    named("StringEquals", "aws:PrincipalTag/team", "blue"),
    named("StringNotEquals", "aws:PrincipalTag/team", "blue"),
    named("StringEqualsIfExists", "aws:PrincipalTag/unit", "x"),
    named("StringEquals", "aws:PrincipalTag/team", "${aws:ResourceTag/team}"),
    named("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}"),
    named("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}"),
    named("StringLike", "aws:username", "u*"),
    named("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"),
    named("ArnNotLike", "aws:PrincipalArn", user(1)),
    named("StringEquals", "aws:PrincipalType", "User"),
    named("StringLike", "aws:userid", "AIDA*"),
    named("StringEquals", "aws:PrincipalAccount", A),
    named("StringNotEquals", "aws:PrincipalAccount", A),
    named("ForAnyValue:StringLike", "aws:PrincipalAccount", "2*"),
    named("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{B}:*"),
    named("StringLikeIfExists", "aws:PrincipalArn", f"arn:aws:iam::{A}:role/*"),
    named("StringEquals", "aws:PrincipalOrgID", "o-exampleorgid"),
    named("Bool", "aws:MultiFactorAuthPresent", "true"),
    named("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
    named("StringEquals", "sts:ExternalId", "abc"),
    named("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    named("StringEquals", "aws:ResourceTag/team", "blue"),
    named("StringNotLike", "iam:ResourceTag/team", "b*"),
    named("Bool", "aws:SecureTransport", "false"),
    named("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
])  # fmt: skip


def _with(statement: dict[str, Any], condition: Any) -> dict[str, Any]:
    return statement if condition is None else {**statement, "Condition": condition}


_OWN = st.builds(
    lambda effect, resource, condition: _with(
        {**allow(resource=resource), "Effect": effect}, condition
    ),
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(
        ["*", ROLE, f"arn:aws:iam::{B}:role/${{aws:PrincipalTag/team}}", f"arn:aws:iam::{A}:*"]
    ),
    _CONDITIONS,
)
_WHOM = st.sampled_from([
    "*", A, f"arn:aws:iam::{A}:root", f"arn:aws:iam::{B}:root", C, user(0), user(1),
    f"arn:aws:iam::{A}:role/r0", f"arn:aws:sts::{A}:assumed-role/r0/s",
])  # fmt: skip
_TRUSTS = st.builds(
    lambda effect, whom, condition: _with({**trust({"AWS": whom}), "Effect": effect}, condition),
    st.sampled_from(["Allow", "Allow", "Deny"]),
    _WHOM,
    _CONDITIONS,
)


@st.composite
def _scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Three accounts of users and roles that share a few policies, tags and boundaries."""
    policies = [policy(*draw(st.lists(_OWN, min_size=1, max_size=2))) for _ in range(3)]
    trusts = [policy(*draw(st.lists(_TRUSTS, min_size=1, max_size=3))) for _ in range(3)]

    def held(name: str, kind: str, account: str) -> dict[str, Any]:
        inline = draw(st.lists(st.sampled_from(policies), max_size=2))
        found: dict[str, Any] = {
            f"{kind}Name": name,
            f"{kind}PolicyList": [
                {"PolicyName": f"p{n}", "PolicyDocument": text} for n, text in enumerate(inline)
            ],
            "Tags": draw(st.sampled_from([[], [{"Key": "team", "Value": "blue"}],
                                          [{"Key": "team", "Value": "red"}]])),
        }  # fmt: skip
        if draw(st.integers(0, 3)) == 0:
            name = f"arn:aws:iam::{account}:policy/Boundary"
            found["PermissionsBoundary"] = {"PermissionsBoundaryArn": name}
        if kind == "Role":
            found["AssumeRolePolicyDocument"] = draw(st.sampled_from(trusts))
        return found

    scenario = classic()
    scenario["accounts"] = {
        account: {
            "UserDetailList": [held(f"u{n}", "User", account) for n in range(4)],
            "RoleDetailList": [held(f"r{n}", "Role", account) for n in range(2)],
            "Policies": [managed("Boundary", policies[2], account)],
        }
        for account in (A, B, C)
    }
    scenario["accounts"][B]["RoleDetailList"].append(
        {"RoleName": "DeployRole", "AssumeRolePolicyDocument": draw(st.sampled_from(trusts))}
    )
    scenario["call"]["caller"]["arn"] = user(0)
    if draw(st.booleans()):
        scenario["organization"] = draw(st.sampled_from([one_organization(policies[0]), "unknown"]))
    return scenario


@given(_scenarios(), _scenarios())
def test_exactly_the_pairs_whose_decision_differs_in_two_worlds_of_their_own(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    """Which may lack an organization, or what is known of it."""
    one, other = parsed(old).world, parsed(new).world
    found, wanted = drift(one, other, NOW), expected(Decided(one), Decided(other))
    others = expected_others(Decided(one), Decided(other))
    unread = {isinstance(world.organizations, Unknown) for world in (one, other)}
    if len(unread) == 1:
        assert (reported(found), other_pairs(found)) == (wanted, others)
        assert found.uncompared == ()
    else:
        assert reported(found).items() <= wanted.items()
        assert other_pairs(found).items() <= others.items()
        assert {each.what for each in found.uncompared} <= {"the organization"}
        missing = sum(each.pairs for each in found.uncompared)
        told = len(reported(found)) + len(other_pairs(found))
        assert missing == len(wanted) + len(others) - told


@pytest.mark.parametrize("seed", SEEDS)
def test_each_cause_changes_the_older_world_and_nothing_of_it_can_be_left_out(
    seed: int, tmp_path: Path
) -> None:
    old, new = worlds(tmp_path, seed)
    between, before, after = Between(old, new), Decided(old), Decided(new)
    found = drift(old, new, NOW)
    for change in found.changes:
        for access in change.access:
            for number in list(access.members)[:3]:
                pair = found.names[number], access.role
                _holds(between, change.cause, pair, before(pair), after(pair))


def _holds(between: Between, cause: Cause, pair: Pair, before: Truth, after: Truth) -> None:
    def does_it(*edits: Edit) -> bool:
        now = Decided(between.world(frozenset(edits), pair))(pair)
        if before is False or after is False:
            return (now is False) == (after is False)
        return course(now, after) == "same"

    if not cause.together:
        assert all(does_it(edit) for edit in cause.edits)
        return
    assert does_it(*cause.edits)
    for edit in cause.edits:
        assert not does_it(*(other for other in cause.edits if other != edit))


@pytest.mark.parametrize("seed", SEEDS)
def test_with_every_edit_that_can_count_the_older_world_decides_as_the_newer_one(
    seed: int, tmp_path: Path
) -> None:
    old, new = worlds(tmp_path, seed)
    between, before, after = Between(old, new), Decided(old), Decided(new)
    known = before.found | after.found
    for role in (name for name, found in known.items() if isinstance(found, Role)):
        for name in known:
            edits = frozenset((*between.as_caller(name), *between.as_role(role)))
            pair = name, role
            assert _direction(Decided(between.world(edits, pair))(pair), after(pair)) == "same"
            assert _direction(Decided(between.world(frozenset(), pair))(pair), before(pair)) == (
                "same"
            )
            if not edits:
                assert before(pair) == after(pair)
