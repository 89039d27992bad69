"""The command: what it prints, and with what status it ends."""

import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assumable.cli import collect, readers
from assumable.cli.collect import command
from assumable.cli.why import command as why
from assumable.collect import Step
from assumable.formats.snapshot import Entry
from tests.aws.proxy import Proxy
from tests.collect.world import MANAGER, READER, REGION, World


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words, standalone_mode=False)


def test_a_snapshot_is_written_and_asked(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    proxy.refused = {f"{world.silent}:role/"}
    target = str(tmp_path / "s")
    words = ("--org-profile", "org", "--role-name", f"/{READER}", "--endpoint-url", url)
    result = run(target, *words)
    assert result.exception is None
    assert result.stdout.endswith(
        ": 4 accounts, 3 read, 1 not read; manifest.json says what is missing\n"
    )
    lines = result.stderr.splitlines()
    assert len(lines) == len(world.members)
    assert [line for line in lines if line.startswith(f"{world.silent} not read: ")]
    assert [line for line in lines if line.startswith(f"{MANAGER} read, ")]
    role_arn = f"arn:aws:iam::{world.roles}:role/Trusts"
    caller = f"arn:aws:iam::{world.callers}:user/deployer"
    flags = ["--snapshot", target, "--caller", caller, "--role-arn", role_arn]
    answer = CliRunner().invoke(why, [*flags, "--region", REGION], standalone_mode=False)
    assert answer.stdout.startswith("✓ ALLOWED")


def test_accounts_without_an_organization(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    target = str(tmp_path / "s")
    words = ("--profile", "deployer", "--role-name", READER, "--endpoint-url", between[1])
    result = run(target, *words, "--accounts", f"{world.roles},{world.callers}")
    assert result.exception is None
    assert "2 accounts, 2 read" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--org-profile", "org"), "--role-name is missing"),
        (("--accounts", MANAGER), "--role-name is missing"),
        (("--accounts", "1", "--role-name", READER), "is not an account ID"),
        (("--org-profile", "org", "--profile", "org"), "--profile reads one account"),
        (("--org-profile", "nobody", "--role-name", READER), "no profile `nobody`"),
        (
            ("--org-profile", "org", "--role-name", "arn:aws:iam::1:role/x"),
            "not the name of a role",
        ),
        (("--profile", "org", "--jobs", "0"), "0 is not in the range"),
    ],
)
def test_bad_options(
    between: tuple[Proxy, str], tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    result = run(str(tmp_path / "s"), "--endpoint-url", between[1], *words)
    assert message in str(result.exception)
    assert not (tmp_path / "s").exists()


def test_a_file_in_the_place_of_the_folder(between: tuple[Proxy, str], tmp_path: Path) -> None:
    (tmp_path / "s").write_text("")
    result = run(str(tmp_path / "s"), "--profile", "org", "--endpoint-url", between[1])
    assert "is not a folder" in str(result.exception)


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that is written over, and taken away in the end."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    for number in (1, 2):
        collect._show(Step(MANAGER, Entry(status="done"), number, 2))
    readers.clear_line()
    half, full = "#" * 12 + "-" * 12, "#" * 24
    assert screen.getvalue().split("\r\x1b[K") == [
        "",
        f"[{half}] 1 of 2 accounts: {MANAGER}",
        f"[{full}] 2 of 2 accounts: {MANAGER}",
        "",
    ]
