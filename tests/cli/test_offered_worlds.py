"""What the help of `--snapshot` offers is read, and what is not offered is refused by name."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from assumable.cli.group import cli
from assumable.errors import InputError
from assumable.formats.prepared import write_prepared
from tests.organizations.generator import write
from tests.organizations.store import write_store


def takers() -> dict[str, click.Option]:
    """The option of every command that takes a snapshot."""
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {
        name: parameter
        for name, command in commands.items()
        if command is not None
        for parameter in command.params
        if isinstance(parameter, click.Option) and "--snapshot" in parameter.opts
    }


OFFERS = {name: option.help or "" for name, option in takers().items()}
PREPARES = {name for name, text in OFFERS.items() if "prepare" in text}
"""The commands that offer what `assumable prepare` wrote."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of dumps, and beside it the same as a prepared file."""
    folder = tmp_path_factory.mktemp("worlds") / "dumps"
    write(folder, 5, "tiny")
    write_prepared(folder, folder.with_name("prepared"))
    return folder


def names(folder: Path) -> tuple[str, str]:
    """A user of one account and a role of another."""
    dumps = [json.loads(file.read_bytes()) for file in folder.glob("[0-9]*.json")]
    mine, user = next((dump, user["Arn"]) for dump in dumps for user in dump["UserDetailList"])
    theirs = [role["Arn"] for dump in dumps if dump is not mine for role in dump["RoleDetailList"]]
    return user, theirs[0]


def asked(command: str, world: Path, folder: Path) -> object:
    """What comes of a question to the world: None where it was answered."""
    user, role = names(folder)
    words = {
        "why": ["--caller", user, "--role-arn", role, "--exit-zero"],
        "export-side": ["--caller", user, "--role-arn", role],
        "who": [role],
        "reach": [user],
        "audit": ["--fail-on", "never"],
        "edges": ["--processes", "1"],
    }[command]
    result = CliRunner().invoke(cli, [command, "--snapshot", str(world), *words])
    return result.exception


def test_the_commands_that_take_a_snapshot() -> None:
    """A new one has to be asked here too."""
    assert set(OFFERS) == {"why", "export-side", "who", "reach", "audit", "edges"}
    assert {"who", "reach", "edges"} <= PREPARES < set(OFFERS)


@pytest.mark.parametrize("command", OFFERS)
def test_dumps_are_read(command: str, folder: Path) -> None:
    assert asked(command, folder, folder) is None


@pytest.mark.parametrize("command", [name for name, text in OFFERS.items() if "collect" in text])
def test_a_store_of_iam_collect_is_read(command: str, folder: Path, tmp_path: Path) -> None:
    write_store(folder, tmp_path)
    assert asked(command, tmp_path, folder) is None


@pytest.mark.parametrize("command", OFFERS)
def test_a_prepared_file_is_read_where_it_is_offered(command: str, folder: Path) -> None:
    found = asked(command, folder.with_name("prepared"), folder)
    if command in PREPARES:
        assert found is None
    else:
        assert isinstance(found, InputError)
        assert "`assumable prepare`" in str(found)
