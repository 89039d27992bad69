"""Which of two conditions asks for more, against every answer to the open questions."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.engine.truth import Atom, Truth, all_of, any_of, negate, settle
from assumable.org import weaker
from assumable.org.weaker import course, implies

QUESTIONS = tuple(Atom(subject=name, text=name) for name in "abcd")
A, B, C, _ = QUESTIONS
_TRUTHS = st.recursive(
    st.sampled_from([True, False, *QUESTIONS]),
    lambda parts: st.one_of(
        parts.map(negate),
        st.lists(parts, max_size=3).map(all_of),
        st.lists(parts, max_size=3).map(any_of),
    ),
    max_leaves=8,
)


def is_true(truth: Truth, answers: dict[Atom, bool]) -> bool:
    return settle(truth, answers.get) is True


@given(_TRUTHS, _TRUTHS)
def test_it_follows_when_no_answers_speak_against_it(given_: Truth, then: Truth) -> None:
    all_answers = (
        dict(zip(QUESTIONS, answers, strict=True))
        for answers in itertools.product((True, False), repeat=len(QUESTIONS))
    )
    held = [not is_true(given_, answers) or is_true(then, answers) for answers in all_answers]
    assert implies(given_, then) == all(held)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (all_of([A, B]), all_of([B, A]), "same"),
        (all_of([A, B]), A, "eased"),
        (A, any_of([B, A]), "eased"),
        (A, True, "eased"),
        (True, A, "tightened"),
        (A, all_of([A, any_of([B, C])]), "tightened"),
        (A, B, "other"),
        (all_of([A, B]), any_of([C, all_of([A, negate(B)])]), "other"),
    ],
    ids=str,
)
def test_what_became_of_a_condition(before: Truth, after: Truth, expected: str) -> None:
    assert course(before, after) == expected


def test_a_long_list_in_another_order_is_the_same() -> None:
    many = [Atom(subject="aws:SourceIp", text=f"network {number}") for number in range(200)]
    assert course(any_of(many), any_of(reversed(many))) == "same"


def test_what_is_too_much_to_try_is_said_to_be_another_one() -> None:
    pairs = [(Atom("l", f"l{n}"), Atom("r", f"r{n}")) for n in range(30)]
    before = all_of([any_of(pair) for pair in pairs])
    after = any_of([all_of(pair) for pair in pairs])
    assert course(before, after) == "other"


def test_what_takes_too_many_answers_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then neither condition is said to ask for more, though one does."""
    both = all_of((A, B))
    assert course(both, A) == "eased"
    monkeypatch.setattr(weaker, "_STEPS", 1)
    assert course(both, A) == "other"
