"""What changed between two organizations, against every pair of both decided one by one."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.engine.truth import Truth, any_of
from assumable.formats.dump import read_snapshot
from assumable.model.policy import Policy
from assumable.model.world import Role, Unknown, World
from assumable.org.attribution import Between, Cause
from assumable.org.drift import Drift, drift
from assumable.org.edits import Edit
from assumable.org.trusts import others_in
from assumable.org.weaker import course
from assumable.org.whocan import Everyone
from tests.org.any_world import C
from tests.org.any_world import worlds as scenarios
from tests.org.one_by_one import OneByOne, told
from tests.organizations.edits import edited
from tests.organizations.generator import write
from tests.worlds import NOW, A, B, parsed

Pair = tuple[str, str]
SEEDS = range(1, 10)


def worlds(folder: Path, seed: int) -> tuple[World, World]:
    """An organization, and the same after a few edits or after many."""
    write(folder / "old", seed, "tiny")
    edited(folder / "old", folder / "new", seed, 2 if seed % 3 == 0 else 12)
    return read_snapshot(folder / "old"), read_snapshot(folder / "new")


def decided(world: World) -> OneByOne:
    return OneByOne(world, NOW)


def reported(found: Drift) -> dict[Pair, tuple[str, str | None, str | None]]:
    return {
        (found.names[number], access.role): (change.direction, access.before, access.after)
        for change in found.changes
        for access in change.access
        for number in access.members
    }


def expected(old: OneByOne, new: OneByOne) -> dict[Pair, tuple[str, str | None, str | None]]:
    found = {}
    for principal in old.found | new.found:
        for role, known in (old.found | new.found).items():
            if isinstance(known, Role):
                before, after = old((principal, role)), new((principal, role))
                direction = _direction(before, after)
                if direction != "same":
                    found[principal, role] = direction, told(before), told(after)
    return found


OtherPair = tuple[str, str, str]


def other_pairs(found: Drift) -> dict[OtherPair, str]:
    """The direction for whom nobody can list."""
    return {
        (other.role, other.kind, other.name): change.direction
        for change in found.changes
        for other in change.others
    }


def expected_others(*worlds: World) -> dict[OtherPair, str]:
    found: dict[OtherPair, str] = {}
    sides = [Everyone(world, NOW) for world in worlds]
    for name in {role.arn for side in sides for role in side.universe.roles()}:
        roles = [world.role(name) for world in worlds]
        trusts = [role.trust for role in roles if isinstance(role, Role)]
        whom = {o.who for each in trusts if isinstance(each, Policy) for o in others_in(each)}
        for who in whom:
            if any(side.universe.is_listed(who.account) for side in sides):
                continue
            before, after = (
                any_of(side.admission(who, role)) if isinstance(role, Role) else False
                for side, role in zip(sides, roles, strict=True)
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
    wanted = expected(*map(decided, worlds_))
    assert wanted or seed % 3 == 0
    assert reported(found) == wanted
    assert other_pairs(found) == expected_others(*worlds_)
    assert found.uncompared == ()
    assert sum(change.pairs for change in found.changes) == len(wanted)  # none has two causes


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two scenarios of which all was read but the organization, and unique ids in both or neither.

    What was read in one of them alone is not compared (tests/org/test_drift_unread.py).
    """
    have_ids = draw(st.booleans())
    return _read(draw(scenarios()), have_ids), _read(draw(scenarios()), have_ids)


def _read(scenario: dict[str, Any], have_ids: bool) -> dict[str, Any]:  # passed on
    for account, content in scenario["accounts"].items():
        for user in content["UserDetailList"]:
            user.pop("UserId", None)
            if have_ids:
                user["UserId"] = f"AIDA{account[:1] * 16}{user['UserName'][-1]}"
    return {**scenario, "unknown": []}


@given(pairs(), st.booleans())
def test_exactly_the_pairs_whose_decision_differs_in_two_worlds_of_their_own(
    both: tuple[dict[str, Any], dict[str, Any]], closed: bool
) -> None:
    """Which may lack an organization, or what is known of it."""
    alone = frozenset((A, B, C))  # where they are in none
    one, other = (
        msgspec.structs.replace(parsed(each).world, complete=closed, standalone=alone)
        for each in both
    )
    found, wanted = drift(one, other, NOW), expected(decided(one), decided(other))
    others = expected_others(one, other)
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
    between, before, after = Between(old, new), decided(old), decided(new)
    found = drift(old, new, NOW)
    for change in found.changes:
        for access in change.access:
            for number in list(access.members)[:3]:
                pair = found.names[number], access.role
                _holds(between, change.cause, pair, before(pair), after(pair))


def _holds(between: Between, cause: Cause, pair: Pair, before: Truth, after: Truth) -> None:
    def does_it(*edits: Edit) -> bool:
        now = decided(between.world(frozenset(edits), pair))(pair)
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
    between, before, after = Between(old, new), decided(old), decided(new)
    known = before.found | after.found
    for role in (name for name, found in known.items() if isinstance(found, Role)):
        for name in known:
            edits = frozenset((*between.as_caller(name), *between.as_role(role)))
            pair = name, role
            assert _direction(decided(between.world(edits, pair))(pair), after(pair)) == "same"
            assert _direction(decided(between.world(frozenset(), pair))(pair), before(pair)) == (
                "same"
            )
            if not edits:
                assert before(pair) == after(pair)
