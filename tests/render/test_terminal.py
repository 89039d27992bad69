"""What people see, as snapshots."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from assumable.render import terminal
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import classic, diagnosed

SHOWN: dict[str, dict[str, Any]] = {
    **{fault: broken((fault,)) for fault in CLASSICS},
    "all-five": broken(CLASSICS),
    "allowed": classic(),
    "one-side-unknown": {**classic(), "unknown": ["account:222222222222"]},
    "organization-unknown": {**classic(), "organization": "unknown"},
    "no-plan": classic(RoleArn="arn:aws:iam::222222222222:role/Missing"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_answer_reads_as_before(name: str, snapshot: SnapshotAssertion) -> None:
    """A change of wording is seen and accepted, never slipped in."""
    assert terminal.render(diagnosed(SHOWN[name])) == snapshot


@pytest.mark.parametrize("name", SHOWN)
def test_prose_fits_80_columns(name: str) -> None:
    """Only commands, file names and titles may be longer: they must stay whole to be pasted."""
    for line in terminal.render(diagnosed(SHOWN[name]), width=80).splitlines():
        whole = line.lstrip().startswith(("aws ", "─┬", "AS", "-", "+"))
        assert len(line) <= 80 or whole, line


def test_commands_to_verify_by_hand_are_shown_on_request() -> None:
    """`--show-commands` adds one command to each line of the checklist."""
    text = terminal.render(diagnosed(classic()), show_commands=True)
    assert text.count("     $ aws ") == 7


def test_colour_only_repeats_what_words_say() -> None:
    """Without escape codes the text is the same."""
    import re

    diagnosis = diagnosed(broken(CLASSICS))
    coloured = terminal.render(diagnosis, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == terminal.render(diagnosis)
