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


A, B, C = (ATOMS[name] for name in NAMES)


def test_what_is_decided_is_a_plain_boolean() -> None:
    """One part that decides is enough; nothing to ask is True for all, False for any."""
    assert all_of([]) is True
    assert any_of([]) is False
    assert all_of([True, A, False]) is False
    assert any_of([False, A, True]) is True
    assert all_of([True, A, True]) is A
    assert any_of([False, A, False]) is A
    assert negate(True) is False
    assert negate(False) is True


def test_formulas_are_flat_and_say_nothing_twice() -> None:
    """Order is that of the parts; what is implied by another part is left out."""
    assert all_of([A, all_of([B, C]), A]) == And((A, B, C))
    assert any_of([any_of([A, B]), C, B]) == Or((A, B, C))
    assert all_of([A, any_of([A, B])]) is A
    assert any_of([A, all_of([A, B])]) is A
    assert any_of([A, B, all_of([B, C])]) == Or((A, B))
    assert all_of([any_of([A, B]), C]) == And((Or((A, B)), C))
    assert all_of([A, B]) == And((A, B))
    assert any_of([A, B]) == Or((A, B))


def test_negation_is_pushed_inwards() -> None:
    """So that opposites meet."""
    assert negate(A) == Not(A)
    assert negate(Not(A)) is A
    assert negate(And((A, B))) == Or((Not(A), Not(B)))
    assert negate(Or((A, Not(B)))) == And((Not(A), B))
    assert all_of([any_of([A, B]), negate(A), negate(B)]) == And((Or((A, B)), Not(A), Not(B)))
    assert any_of([A, B, negate(A)]) is True
    assert all_of([A, B, negate(B)]) is False


def test_what_stays_open_stays_as_it_is() -> None:
    """An answer of None, and truths that ask nothing."""
    assert settle(A, lambda _: None) is A
    assert settle(Not(A), lambda _: None) == Not(A)
    assert settle(True, lambda _: None) is True
    assert settle(False, lambda _: None) is False
    assert settle(Or((And((A, B)), C)), lambda atom: None if atom is B else atom is A) is B


def test_every_question_is_listed_once_in_order() -> None:
    """Whether asked plainly or in the negative."""
    assert atoms(True) == ()
    assert atoms(A) == (A,)
    assert atoms(Not(B)) == (B,)
    assert atoms(Or((And((B, Not(A))), C, And((A, C))))) == (B, A, C)


def test_the_words_of_a_formula() -> None:
    """Alternatives are put in brackets inside a conjunction, opposites are said as such."""
    day = Atom(subject="day", text="it is day", opposite="it is night")
    assert describe(True) == "always"
    assert describe(False) == "never"
    assert describe(day) == "it is day"
    assert describe(Not(day)) == "it is night"
    assert describe(Not(A)) == "not (a)"
    assert describe(And((A, B))) == "a and b"
    assert describe(Or((A, B, C))) == "a or b or c"
    assert describe(And((Or((A, B)), C))) == "(a or b) and c"
    assert describe(Or((And((A, B)), C))) == "a and b or c"
    assert describe(Or((And((Or((A, B)), C)), C))) == "((a or b) and c) or c"
    either = Atom(subject="x", text="a or b")
    assert describe(And((either, C))) == "a or b and c"


def test_the_same_words_are_said_once() -> None:
    """Two questions may read alike: about one policy in two roles, say."""
    other = Atom(subject="other", text="a")
    assert describe(And((A, other, B))) == "a and b"
    assert describe(Or((A, other))) == "a"


def test_what_goes_without_saying_is_said_of_one_policy_only() -> None:
    """A policy that allows does not deny; another one may."""
    allows = Atom(subject="1", text="x is allowed by P")
    mine, other = (
        Atom(subject=name, text="", opposite=f"x is not denied by {name}") for name in "PQ"
    )
    assert describe(And((allows, Not(mine), Not(other)))) == (
        "x is allowed by P and x is not denied by Q"
    )
    assert describe(Or((allows, Not(mine)))) == "x is allowed by P or x is not denied by P"
