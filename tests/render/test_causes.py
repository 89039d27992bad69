"""What people see of each cause at 80 columns, without colour."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from assumable.diagnose import diagnose
from assumable.findings.registry import CAUSES
from assumable.formats.scenario import read_scenario
from assumable.render import terminal

SCENARIOS = Path(__file__).parent.parent / "scenarios"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WIDTH = 80
WHOLE = ("aws ", "AWS_", "$ ", "@@", "+", "-", "│", "─", '"', "{", "}", "]")
"""How lines begin that are shown as they stand: commands, diffs, the user's own policy."""


def shown(code: str) -> str:
    """The answer to the first scenario in which the cause must be reported."""
    file = min((SCENARIOS / code).glob("fires-*.yaml"))
    return terminal.render(diagnose(*read_scenario(file, now=NOW)), width=WIDTH).replace(
        str(SCENARIOS), "scenarios"
    )


@pytest.mark.parametrize("code", sorted(cause.code for cause in CAUSES.values()))
def test_each_cause_reads_as_before(code: str, snapshot: SnapshotAssertion) -> None:
    text = shown(code)
    assert "\x1b" not in text
    long = [line for line in text.splitlines() if len(line) > WIDTH]
    words = [line.strip().lstrip("0123456789 ") for line in long]
    assert [line for line in words if " " in line and not line.startswith(WHOLE)] == []
    assert text == snapshot
