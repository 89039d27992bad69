"""`assumable edges`: every format says what the engine says of each pair."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assumable.cli.edges import command
from assumable.cli.reach import command as reach
from assumable.errors import InputError
from assumable.org.edges import all_edges
from assumable.org.loading import Source, everyone_at
from assumable.org.paths import MAX_HOPS, Decided, Paths
from assumable.org.stored import Stored
from assumable.org.stored import write as stored
from assumable.render.edges import parquet
from assumable.render.edges.graph import MOST
from tests.organizations.generator import write
from tests.organizations.mix import Size
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, classic, policy, trust

MAIN = "from assumable.cli.main import main; main()"
SAID = 'needs, a "comma"'
CI = f"arn:aws:iam::{A}:role/a,b/CI"
Row = tuple[str, str, str]
EXPECTED: set[Row] = {
    (DEPLOYER, ROLE, ""),
    (CI, ROLE, ""),
    (CI, CI, f"sts:ExternalId is `{SAID}`"),
}


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Three edges, one of them under a condition, with all that has to be escaped."""
    found = classic(trust_statements=[trust({"AWS": f"arn:aws:iam::{A}:root"})])
    wanted = {"StringEquals": {"sts:ExternalId": SAID}}
    found["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "CI",
            "Path": "/a,b/",
            "AssumeRolePolicyDocument": policy(trust({"AWS": CI}, Condition=wanted)),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
        }
    ]
    file = tmp_path / "s.json"
    file.write_text(json.dumps(found))
    return file


def needed(suffix: str) -> None:
    """Without DuckDB there is no Parquet; CI has it."""
    if suffix == "parquet":
        pytest.importorskip("duckdb")


def run(scenario: Path, *words: str) -> Result:
    return CliRunner().invoke(command, ["--scenario", str(scenario), *words])


def refused(scenario: Path, *words: str) -> str:
    error = run(scenario, *words).exception
    assert isinstance(error, InputError)
    return str(error)


def rows(path: Path) -> list[Row]:
    """The rows of a file that is read as others read it."""
    text = path.read_text() if path.suffix != ".parquet" else ""
    match path.suffix:
        case ".csv":
            return [tuple(row.values()) for row in csv.DictReader(text.splitlines())]  # type: ignore[misc]  # three columns
        case ".jsonl":
            return [tuple(json.loads(line).values()) for line in text.splitlines()]
        case ".json":
            return [tuple(row.values()) for row in json.loads(text)]
        case _:
            duckdb = pytest.importorskip("duckdb")
            with duckdb.connect() as connection:
                wanted = "SELECT principal, role, condition FROM read_parquet(?)"
                return list(connection.execute(wanted, [str(path)]).fetchall())


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "parquet"])
def test_every_format_has_every_edge(suffix: str, scenario: Path, tmp_path: Path) -> None:
    needed(suffix)
    output = tmp_path / f"it's.{suffix}"
    result = run(scenario, "--output", str(output))
    assert result.exception is None, result.exception
    found = rows(output)
    assert len(found) == len(EXPECTED)
    assert set(found) == EXPECTED
    assert re.fullmatch(r"3 edges to 2 of the 2 roles, in \d+\.\d s\n", result.stderr)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "parquet"])
def test_a_world_without_edges(suffix: str, tmp_path: Path) -> None:
    needed(suffix)
    file, output = tmp_path / "s.json", tmp_path / f"e.{suffix}"
    file.write_text(json.dumps(classic(trust_statements=[trust({"Service": "ec2.amazonaws.com"})])))
    assert run(file, "--output", str(output)).exit_code == 0
    assert rows(output) == []


def test_a_whole_organization_in_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rows as pairs, with more members in a set than stand on one line."""
    needed("parquet")
    write(tmp_path / "o", 1, Size(4, 10, 5))
    source, output = Source("snapshot", tmp_path / "o", NOW), tmp_path / "e.parquet"
    names = everyone_at(source).universe.names
    expected = {
        (names[number], names[role], condition)
        for role, passing in all_edges(source)
        for condition, members in passing
        for number in members
    }
    monkeypatch.setattr(parquet, "_PIECE", 3)
    words = ["--snapshot", str(source.path), "--output", str(output), "--processes", "2"]
    assert CliRunner().invoke(command, words).exit_code == 0
    found = rows(output)
    assert (len(found), set(found)) == (len(expected), expected)


def test_standard_output_is_csv_unless_a_format_is_named(scenario: Path) -> None:
    result = run(scenario)
    assert result.stdout.startswith("principal,role,condition\n")
    assert result.stdout.count("\n") == 4
    assert run(scenario, "--format", "jsonl").stdout.count('{"principal":') == 3


def test_dot_has_a_cluster_for_each_account(scenario: Path) -> None:
    text = run(scenario, "--format", "dot").stdout
    assert text.startswith("digraph edges {\n")
    assert [line.split()[1] for line in text.splitlines() if "subgraph" in line] == [
        f'"cluster_{A}"', f'"cluster_{B}"',
    ]  # fmt: skip
    assert text.count(" -> ") == 3
    assert '[style=dashed, label="sts:ExternalId is `needs, a \\"comma\\"`"];' in text


def test_mermaid_has_a_subgraph_for_each_account(scenario: Path) -> None:
    text = run(scenario, "--format", "mermaid").stdout
    assert text.startswith("flowchart LR\n")
    assert re.findall(r"subgraph (\S+)\[", text) == [f"a{A}", f"a{B}"]
    assert text.count(" --> ") == 2
    assert '-.->|"sts:ExternalId is #96;needs, a #34;comma#34;#96;"|' in text


class Page(HTMLParser):
    """What a browser would build, as far as it matters here."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.loaded: list[str] = []
        self.controls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "input"):
            self.open.append(tag)
        if tag in ("input", "button"):
            self.controls.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.rows[-1][-1] += data


def test_html_is_one_page_that_loads_nothing(scenario: Path, tmp_path: Path) -> None:
    output = tmp_path / "e.html"
    assert run(scenario, "--output", str(output)).exit_code == 0
    page, text = Page(), output.read_text()
    page.feed(text)
    page.close()
    assert page.open == []
    assert page.loaded == []
    assert "://" not in text
    assert "default-src 'none'" in text
    assert page.controls == ["input", *["button"] * 5]
    assert page.rows[1:] == [
        [A, "role/a,b/CI", A, "role/a,b/CI", f"sts:ExternalId is `{SAID}`"],
        [A, "role/a,b/CI", B, "role/DeployRole", ""],
        [A, "user/deployer", B, "role/DeployRole", ""],
    ]


@pytest.mark.parametrize("form", ["dot", "mermaid", "html"])
def test_what_nobody_could_look_at_is_not_drawn(
    form: str, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what stood in the file stays there."""
    monkeypatch.setitem(MOST, form, 2)
    output = tmp_path / "graph"
    output.write_text("what was there")
    line = refused(scenario, "--format", form, "--output", str(output))
    assert line == (
        f"--format {form}: there are more than 2 edges, too many to look at "
        "(csv, jsonl and parquet take any number)"
    )
    assert output.read_text() == "what was there"
    assert not list(tmp_path.glob(".*"))


def test_parquet_needs_duckdb(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    line = refused(scenario, "--output", str(tmp_path / "e.parquet"))
    assert line == "--format parquet: DuckDB is not installed (pip install 'assumable[org]')"


def test_a_cluster_needs_dask(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    line = refused(scenario, "--scheduler", "tcp://127.0.0.1:8786")
    assert line == "--scheduler: Dask is not installed (pip install 'assumable[cluster]')"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "is no address of a scheduler"),
        ("head", "`head` is no address of a scheduler"),
        ("127.0.0.1:8786", "(such as tcp://10.0.0.1:8786)"),
        ("tcp://head", "is no address of a scheduler"),
        ("tcp://head:port", "is no address of a scheduler"),
        ("http://head:8786", "is no address of a scheduler"),
        ("tls://127.0.0.1:1", "Dask knows no certificate (distributed.comm.tls in its settings)"),
    ],
)
def test_an_address_that_is_none(scenario: Path, address: str, said: str) -> None:
    """One line, and nothing that the library says of itself."""
    pytest.importorskip("distributed")
    words = ["edges", "--scenario", str(scenario), "--scheduler", address]
    result = subprocess.run(
        [sys.executable, "-c", MAIN, *words], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("assumable: --scheduler: ")
    assert said in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "edges.xlsx"], "edges.xlsx: the suffix names no format"),
        (["--output", "no/such/folder/edges.csv"], "edges.csv: no such file or directory"),
        (["--output", "no/such/folder/all.edges"], "all.edges: no such file or directory"),
        (["--format", "parquet"], "--output FILE.parquet"),
        (["--format", "edges"], "--output FILE.edges"),
        (["--processes", "2", "--scheduler", "tcp://127.0.0.1:1"], "exclude each other"),
        (["--snapshot", "."], "choose a world"),
    ],
)
def test_bad_usage(words: list[str], said: str, scenario: Path) -> None:
    assert said in refused(scenario, *words)


@pytest.mark.parametrize("seed", range(1, 4))
def test_prepared_edges_answer_as_the_world_does(seed: int, tmp_path: Path) -> None:
    """From everybody, to every role that can be reached, by every way."""
    write(tmp_path / "o", seed, "tiny")
    source, file = Source("snapshot", tmp_path / "o", NOW), tmp_path / "all.edges"
    everyone = everyone_at(source)
    stored(all_edges(source), everyone.universe.names, file)
    decided, prepared = Paths(Decided(everyone)), Paths(Stored(file))
    lengths = set()
    for start in range(len(everyone.universe.names)):
        found = decided.reach(start)
        lengths |= {len(path.steps) for path in found}
        assert prepared.reach(start) == found
        for path in [path for path in found if len(path.steps) <= MAX_HOPS][-2:]:
            target = everyone.universe.number[path.role]
            every = list(decided.all_to(start, target))
            assert list(prepared.all_to(start, target)) == every != []
    assert lengths >= {1, 2}


def test_reach_takes_a_file_of_edges(scenario: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.edges"
    assert run(scenario, "--output", str(file)).exit_code == 0
    for words in ([CI], [DEPLOYER, "--to", "DeployRole"], [DEPLOYER, "--format", "json"]):
        live = CliRunner().invoke(reach, [*words, "--scenario", str(scenario)])
        assert live.exit_code == 0
        assert CliRunner().invoke(reach, [*words, "--edges", str(file)]).output == live.output
    both = CliRunner().invoke(reach, [CI, "--edges", str(file), "--scenario", str(scenario)])
    assert "--edges is a world already" in str(both.exception)


def test_a_file_that_is_no_file_of_edges(scenario: Path, tmp_path: Path) -> None:
    """Cut off anywhere, with any byte changed, of another kind, or not there."""
    whole, file = tmp_path / "all.edges", tmp_path / "bad.edges"
    run(scenario, "--output", str(whole))
    content = whole.read_bytes()
    damaged = [content[:length] for length in range(len(content))]
    damaged += [
        content[:n] + bytes((content[n] ^ 0x55,)) + content[n + 1 :] for n in range(len(content))
    ]
    for each in (*damaged, b"{}", b"\x28\xb5\x2f\xfd", whole.read_bytes() * 2):
        file.write_bytes(each)
        error = CliRunner().invoke(reach, [CI, "--edges", str(file)]).exception
        assert isinstance(error, InputError), each
    for missing in (tmp_path, tmp_path / "none.edges"):
        error = CliRunner().invoke(reach, [CI, "--edges", str(missing)]).exception
        assert isinstance(error, InputError)


def test_an_interrupt_ends_all_processes_without_a_word(tmp_path: Path) -> None:
    """Ctrl-C: the terminal sends it to the command and to its processes."""
    write(tmp_path / "o", 1, Size(40, 60, 5))
    words = ["edges", "--snapshot", str(tmp_path / "o"), "--processes", "2", "--output", "e.csv"]
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, *words], cwd=tmp_path, start_new_session=True,
        stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        part = tmp_path / ".e.csv.part"
        while not (part.exists() and part.stat().st_size):
            assert running.poll() is None
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(timeout=30) == 130
        assert running.stderr is not None
        assert running.stderr.read().strip() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o"]
