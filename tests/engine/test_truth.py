"""Three-valued logic: simplified formulas mean what the plain ones mean."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from assumable.engine.rules import unread_allows, unread_denies
from assumable.engine.truth import (
    And,
    Atom,
    Not,
    Or,
    Truth,
    all_of,
    any_of,
    atoms,
    describe,
    negate,
    settle,
)
from assumable.model.world import Unknown
from tests.fuzz.guard import soon

NAMES = "abc"
ATOMS = {name: Atom(subject=name, text=name) for name in NAMES}
Shape = tuple[str, list["Shape"]] | str | bool
SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.booleans() | st.sampled_from(NAMES),
    lambda inner: st.tuples(
        st.sampled_from(["all", "any", "not"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)
WORLDS = st.fixed_dictionaries({name: st.booleans() for name in NAMES})


def built(shape: Shape) -> Truth:
    """A truth from its shape, simplified on the way."""
    if isinstance(shape, bool):
        return shape
    if isinstance(shape, str):
        return ATOMS[shape]
    kind, parts = shape
    values = [built(part) for part in parts]
    if kind == "not":
        return negate(values[0])
    return all_of(values) if kind == "all" else any_of(values)


def meant(shape: Shape, world: Mapping[str, bool]) -> bool:
    """What the shape means by definition."""
    if isinstance(shape, bool):
        return shape
    if isinstance(shape, str):
        return world[shape]
    kind, parts = shape
    values = [meant(part, world) for part in parts]
    if kind == "not":
        return not values[0]
    return all(values) if kind == "all" else any(values)


@given(SHAPES, WORLDS)
def test_simplifying_changes_no_meaning(shape: Shape, world: dict[str, bool]) -> None:
    """Settled with every atom known, the formula is the definition's value."""
    assert settle(built(shape), lambda atom: world[atom.subject]) is meant(shape, world)


@given(SHAPES)
def test_no_formula_hides_a_constant_in_its_parts(shape: Shape) -> None:
    """A formula has no boolean part, and no conjunction inside a conjunction."""

    def check(value: Truth) -> None:
        if isinstance(value, And | Or):
            assert len(value.parts) > 1
            for part in value.parts:
                assert type(part) is not type(value)
                check(part)
        elif isinstance(value, Not):
            assert isinstance(value.part, Atom)

    check(built(shape))


@given(SHAPES, st.dictionaries(st.sampled_from(NAMES), st.booleans()), WORLDS)
def test_settling_in_two_steps_is_settling_at_once(
    shape: Shape, some: dict[str, bool], rest: dict[str, bool]
) -> None:
    """What is learnt later meets what was learnt before."""
    partly = settle(built(shape), lambda atom: some.get(atom.subject))
    assert not {atom.subject for atom in atoms(partly)} & some.keys()
    whole = {**rest, **some}
    assert settle(partly, lambda atom: whole[atom.subject]) is meant(shape, whole)


def test_opposites_cancel() -> None:
    """A question and its negation decide the formula."""
    a = ATOMS["a"]
    assert all_of([a, negate(a)]) is False
    assert any_of([a, negate(a)]) is True


def test_a_policy_that_is_said_to_allow_is_not_said_not_to_deny() -> None:
    """The words leave out what goes without saying."""
    allows = Atom(subject="1", text="sts:AssumeRole is allowed by P")
    denies = Atom(subject="2", text="x", opposite="sts:AssumeRole is not denied by P")
    assert describe(all_of([negate(denies), allows])) == "sts:AssumeRole is allowed by P"


def test_many_unknown_parts_are_described_soon() -> None:
    """The words grow with the number of parts, and so does the time they take."""
    parts = [Unknown(f"policy {n}") for n in range(3000)]
    either = any_of(unread_allows(part, "sts:AssumeRole") for part in parts)
    none = [negate(unread_denies(part, "sts:AssumeRole")) for part in parts]
    with soon():
        assert len(describe(all_of([either, *none])).split(" and ")) == len(parts) + 1
