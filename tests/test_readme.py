"""The README shows what the command prints."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assumable.diagnose import diagnose
from assumable.formats.scenario import read_scenario

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n\$ assumable (.*)\n((?:.*\n)*?)```", README)
MAIN = "from assumable.cli.main import main; main()"


def test_the_two_commands_are_shown() -> None:
    """They are the way in."""
    assert "make demo" in README
    assert "make test" in README
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize(("arguments", "shown"), BLOCKS, ids=[block[0][-50:] for block in BLOCKS])
def test_a_worked_example_prints_what_the_readme_shows(arguments: str, shown: str) -> None:
    """Line by line; `…` on a line of its own stands for what is left out."""
    result = subprocess.run(
        [sys.executable, "-c", MAIN, *arguments.split()],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    printed = result.stdout
    for piece in shown.split("…\n"):
        assert piece.strip("\n") in printed
        printed = printed[printed.index(piece.strip("\n")) :]


def test_the_scenario_of_the_format_page_is_denied_for_its_duration(tmp_path: Path) -> None:
    """docs/scenarios.md shows a file that can be pasted."""
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    shown = page.partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "scenario.yaml"
    file.write_text(shown, encoding="utf-8")
    diagnosis = diagnose(*read_scenario(file, now=datetime.now(UTC)))
    assert [f.cause for f in diagnosis.findings if f.blocking] == ["duration"]
    assert diagnosis.plans[0].proved
