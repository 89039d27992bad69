"""Of two conditions, which one asks for more."""

from typing import Literal

from assumable.engine.truth import Atom, Truth, all_of, atoms, negate, settle

_STEPS = 5_000
"""After so many answers that were tried, neither condition is said to ask for more."""
Course = Literal["same", "eased", "tightened", "other"]


def course(before: Truth, after: Truth) -> Course:
    """What became of a condition: it asks for less now, for more, or for something else."""
    eased, tightened = implies(before, after), implies(after, before)
    if eased and tightened:
        return "same"
    if eased:
        return "eased"
    return "tightened" if tightened else "other"


def implies(given: Truth, then: Truth) -> bool:
    """Whether no answers to the open questions make the first true and the second false.

    Questions count as independent of each other, so that what is said to be so is so.
    """
    left = [all_of((given, negate(then)))]
    for _ in range(_STEPS):
        if not left:
            return True
        value = left.pop()
        if value is True:
            return False
        if value is not False:
            asked = atoms(value)[0]
            left += (_answered(value, asked, yes=yes) for yes in (False, True))
    return False


def _answered(value: Truth, asked: Atom, *, yes: bool) -> Truth:
    return settle(value, lambda atom: yes if atom == asked else None)
