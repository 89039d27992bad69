"""The command: what it prints, and with what status it ends."""

import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assumable.cli import collect
from assumable.cli.collect import command
from assumable.cli.readers import CLEAR
from assumable.cli.why import command as why
from assumable.collect import Collection, Wish
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
    first, second, *lines = result.stderr.splitlines()
    assert (first, second) == ("reading the organization", "reading 4 accounts")
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


def words(url: str, target: Path, *more: str) -> list[str]:
    """The whole organization, one account after another."""
    start = ("--org-profile", "org", "--role-name", READER, "--jobs", "1", "--endpoint-url", url)
    return [*start, *more, str(target)]


def test_a_terminal_shows_every_call_from_the_first(
    world: World, between: tuple[Proxy, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that is written over, and taken away in the end."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    command.main(words(between[1], tmp_path / "s"), standalone_mode=False)
    first, *lines, last = screen.getvalue().split(CLEAR)
    assert (first, last) == ("", "")
    calls = [int(line.rpartition(", call ")[2]) for line in lines]
    assert calls == list(range(1, len(lines) + 1))
    shown = dict.fromkeys(line.rpartition(", call ")[0] for line in lines)
    of = len(world.members)
    bars = [f"[{'#' * 6 * n}{'-' * 6 * (of - n)}] {n} of {of} accounts" for n in range(1, of)]
    assert list(shown) == ["reading who calls", "reading the organization", "reading 4 accounts",
                           *bars]  # fmt: skip
    assert max(map(len, lines)) < 80


def test_a_pipe_is_told_that_it_goes_on(
    between: tuple[Proxy, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where many calls belong to what is read at the moment."""
    monkeypatch.setattr(collect, "_UNSAID", 5)
    result = CliRunner().invoke(command, words(between[1], tmp_path / "s"), standalone_mode=False)
    assert result.exception is None
    lines = result.stderr.splitlines()
    assert lines[:2] == ["reading the organization", "still reading the organization, call 6"]
    assert [line for line in lines if line.startswith("still reading 4 accounts, call ")]
    assert CLEAR not in result.stderr


def test_who_goes_on_is_not_told_of_the_organization(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    """It was read before."""
    target = tmp_path / "s"
    wanted = Wish(profile="org", organization=True, role_name=READER, endpoint_url=between[1])
    next(Collection(target, wanted).run())
    result = CliRunner().invoke(command, words(between[1], target), standalone_mode=False)
    first, second, *lines = result.stderr.splitlines()
    assert first.startswith("continues ")
    assert second == "reading 4 accounts"
    assert len(lines) == len(world.members)
