"""What assumable wrote, given to what takes something else: one line that says what takes it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from assumable.cli.group import cli, run
from assumable.errors import InputError
from assumable.formats.prepared import write_prepared
from tests.organizations.generator import write

WHY = "--caller arn:aws:iam::111111111111:user/u --role-arn arn:aws:iam::111111111111:role/R"
PREPARED = (
    "s.prepared: is what `assumable prepare` wrote "
    "(`who`, `reach` and `edges` take it as --snapshot; elsewhere give the snapshot itself)"
)
EDGES = "all.edges: is what `assumable edges` wrote (`reach` takes it as --edges)"
WRONG = (
    f"why --snapshot FILE {WHY}",
    f"why --snapshot s --older-snapshot FILE {WHY}",
    "why --scenario FILE",
    f"why --trust-policy FILE --caller-policy FILE {WHY}",
    "why --side FILE --side FILE",
    f"export-side --snapshot FILE {WHY}",
    "who R --scenario FILE",
    "reach R --scenario FILE",
    "edges --scenario FILE",
    "audit --snapshot FILE",
    "audit --scenario FILE",
    "compare s FILE",
    "compare FILE s",
    "prepare FILE",
    "minimize FILE",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A snapshot, and what was made of it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "s", 1, "tiny")
    write_prepared(Path("s"), Path("s.prepared"))
    CliRunner().invoke(cli, ["edges", "--snapshot", "s", "--output", "all.edges"])
    return tmp_path


def said(line: str) -> str:
    error = CliRunner().invoke(cli, line.split()).exception
    assert isinstance(error, InputError), error
    return str(error)


def test_a_prepared_snapshot_is_known_everywhere(folder: Path) -> None:
    """Also where it is larger than the file that is needed there may be."""
    for line in (*WRONG, "reach R --edges FILE"):
        assert said(line.replace("FILE", "s.prepared")) == PREPARED, line
    with (folder / "s.prepared").open("ab") as file:
        file.truncate(100_000_000)
    assert said("who R --scenario s.prepared") == PREPARED


def test_a_file_of_edges_is_known_everywhere(folder: Path) -> None:
    for line in (
        *WRONG,
        "who R --snapshot FILE",
        "edges --snapshot FILE",
        "reach R --snapshot FILE",
    ):
        assert said(line.replace("FILE", "all.edges")) == EDGES, line


def test_other_files_are_told_what_is_needed(folder: Path) -> None:
    (folder / "s.yaml").write_text("scenario: 1\n")
    assert said("who R --snapshot s.yaml") == (
        "s.yaml: is not what `assumable prepare` wrote "
        "(`assumable prepare SNAPSHOT` writes it; a scenario is given as --scenario)"
    )
    assert said("reach R --edges s.yaml") == (
        "s.yaml: is not what `assumable edges` wrote "
        "(`assumable edges --output FILE.edges` writes it)"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("who R --edges all.edges", "`reach` takes it"),
        ("why --edges=all.edges", "`reach` takes it"),
        ("compare a b --scheduler x", "`edges` takes it"),
        ("prepare s --fail-on high", "`audit`, `compare` take it"),
        ("who R --snapsot s", "(Did you mean one of: '--scenario', '--snapshot'?)"),
        ("who R --nothing", ""),
    ],
)
def test_an_option_of_another_command_is_told(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["assumable", *line.split()])
    with pytest.raises(SystemExit, match="2"):
        run()
    option = next(word for word in line.split() if word.startswith("--")).partition("=")[0]
    assert (
        capsys.readouterr().err == f"assumable: No such option '{option}'. {told}".rstrip() + "\n"
    )
