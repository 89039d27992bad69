"""The note on an exception: never more than eight lines, and what matters stays in them."""

import itertools

import pytest

from assumable.render import note
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import diagnosed

MORE = "assumable why --role-arn …"


@pytest.mark.parametrize(
    "faults",
    [faults for count in (1, 2, 3, 4, 5) for faults in itertools.combinations(CLASSICS, count)],
    ids="+".join,
)
def test_however_much_is_wrong_the_note_says_where_there_is_more(faults: tuple[str, ...]) -> None:
    lines = note.render(diagnosed(broken(faults)), MORE).split("\n")
    assert len(lines) <= 8
    assert lines[0].startswith("assumable: DENIED")
    assert lines[-1] == f"  more: {MORE}"


def test_the_call_that_mends_everything_is_shown_rather_than_every_fix() -> None:
    lines = note.render(diagnosed(broken(("external-id", "mfa", "duration"))), MORE).split("\n")
    assert lines[4].startswith("  fix A (you): send the external ID")
    assert lines[5] == "  and 2 more fixes, all of them needed"
    assert lines[6].startswith("  run:  aws sts assume-role ")
