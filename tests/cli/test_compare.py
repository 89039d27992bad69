"""`assumable compare` as it is run: files and folders, forms, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assumable.cli.compare import command
from tests.org.worlds import (
    ASKS,
    ASKS_ELSE,
    BASE,
    CLOSED_TO_IT,
    denying,
    edited,
    in_organization,
)
from tests.organizations.edits import edited as edited_files
from tests.organizations.generator import write
from tests.render.test_drift import MANY
from tests.worlds import ROLE, A

UNREAD = edited(BASE, lambda scenario: scenario.update(unknown=[f"trust:{ROLE}"]))


def compared(folder: Path, old: Any, new: Any, *words: str) -> Result:
    files = folder / "old.json", folder / "new.json"
    for file, scenario in zip(files, (old, new), strict=True):
        file.write_text(json.dumps(scenario))
    return CliRunner().invoke(command, [*map(str, files), *words])


@pytest.mark.parametrize(
    ("old", "new", "statuses"),
    [
        pytest.param(BASE, BASE, (0, 0, 0), id="nothing"),
        pytest.param(CLOSED_TO_IT, BASE, (1, 0, 1), id="gained"),
        pytest.param(BASE, CLOSED_TO_IT, (0, 1, 1), id="lost"),
        pytest.param(ASKS, BASE, (1, 0, 1), id="eased"),
        pytest.param(BASE, ASKS, (0, 1, 1), id="tightened"),
        pytest.param(ASKS, ASKS_ELSE, (1, 1, 1), id="other"),
        pytest.param(UNREAD, BASE, (3, 3, 3), id="unread"),
    ],
)
def test_the_status_says_whether_there_is_such_a_change(
    old: Any, new: Any, statuses: tuple[int, ...], tmp_path: Path
) -> None:
    assert compared(tmp_path, old, new).exit_code == 0
    found = [compared(tmp_path, old, new, "--fail-on", on) for on in ("gained", "lost", "any")]
    assert tuple(result.exit_code for result in found) == statuses
    assert all(result.output for result in found)


def test_every_form_tells_the_same(tmp_path: Path) -> None:
    text = compared(tmp_path, CLOSED_TO_IT, BASE).output
    assert text.startswith("access: 1 gained, 0 lost")
    found = json.loads(compared(tmp_path, CLOSED_TO_IT, BASE, "--format", "json").output)
    assert (found["counts"]["gained"], found["old"]) == (1, str(tmp_path / "old.json"))
    page = compared(tmp_path, CLOSED_TO_IT, BASE, "--format", "markdown").output
    assert "### Access gained" in page


@pytest.mark.parametrize("form", ["terminal", "markdown"])
def test_as_much_is_shown_as_is_asked_for(form: str, tmp_path: Path) -> None:
    new = edited(MANY, in_organization(denying(A)))  # 13 lose the role
    for words, left in (((), 8), (("--limit", "12"), 1)):
        output = compared(tmp_path, MANY, new, "--format", form, *words).output
        assert f"and {left} more (--limit shows them)" in output.replace("\\", "")


def test_lines_are_as_wide_as_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widths = []
    for columns in (70, 100):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = compared(tmp_path, BASE, ASKS_ELSE).output.split("\n")
        widths.append(max(len(line) for line in lines if "│" not in line))
    assert widths[0] <= 70 < widths[1] <= 100


def test_two_snapshots_tell_the_same_in_every_process(tmp_path: Path) -> None:
    """Whatever the order in which sets are gone through."""
    write(tmp_path / "old", 1, "tiny")
    edited_files(tmp_path / "old", tmp_path / "new", 1, 12)
    words = [str(tmp_path / "old"), str(tmp_path / "new"), "--format", "json"]
    main = "from assumable.cli.main import main; main()"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", main, "compare", *words],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    assert json.loads(outputs.pop())["changes"]


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("nowhere", "no such folder"),
        ("empty", "holds no `<account>.json` file"),
        pytest.param("n" * 5_000, "no such folder", id="too-long"),
    ],
)
def test_what_cannot_be_read_is_one_line(missing: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "old", 1, "tiny")
    main = "from assumable.cli.main import main; main()"
    words = [str(tmp_path / "old"), str(tmp_path / missing)]
    found = subprocess.run(
        [sys.executable, "-c", main, "compare", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("assumable: ")
    assert told in found.stderr
    assert found.stderr.count("\n") == 1
