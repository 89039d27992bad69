"""What the cause pages claim about fixes is what the scenarios show."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assumable.diagnose import diagnose
from assumable.findings.registry import CHECKS
from assumable.formats.scenario import read_scenario

TESTS = Path(__file__).parent.parent
PAGES = TESTS.parent / "src" / "assumable" / "causes"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def has_fix(file: Path, code: str) -> bool:
    """Whether the diagnosis of a scenario offers a fix for the cause."""
    findings = diagnose(*read_scenario(file, now=NOW)).findings
    return any(finding.fixes for finding in findings if finding.code == code)


@pytest.mark.parametrize("code", [check.CAUSE.code for check in CHECKS])
def test_declared_availability_of_fixes_is_true(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    declared = re.search(r"^\| fixed by assumable \| (.+) \|$", page, re.MULTILINE)
    assert declared is not None
    fixed = {has_fix(file, code) for file in (TESTS / "scenarios" / code).glob("fires-*.yaml")}
    match declared[1]:
        case "never yet":
            assert fixed == {False}
        case "always":
            assert fixed == {True}
        case other:
            assert other == "sometimes"
            assert True in fixed
