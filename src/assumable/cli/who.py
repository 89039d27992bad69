"""`assumable who`: who can assume this role."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from assumable.errors import InputError

if TYPE_CHECKING:
    from assumable.org.whocan import Everyone

_PATH = click.Path(path_type=Path)
_WIDTH = 100
WIDTH_HELP = "In a pipe lines are 100 characters wide, or as wide as COLUMNS says."


@click.command(
    name="who", epilog=WIDTH_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("role")
@click.option("--snapshot", type=_PATH, help="A folder of account dumps, as `why` takes it.")
@click.option("--scenario", type=_PATH, help="A scenario file: the world in it.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many principals are named under each condition.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="json: one object, every principal.",
)  # fmt: skip
def command(
    role: str, snapshot: Path | None, scenario: Path | None, limit: int, format_: str
) -> None:
    """Who can assume ROLE, an ARN, or a name that only one role has?

    Users and roles by the condition under which a plain call passes, and whom the trust policy lets
    in besides: services, bearers of tokens, accounts that were not read.
    """
    everyone = everyone_of(snapshot, scenario, datetime.now(UTC))
    answer = everyone.who(everyone.role(role))
    if format_ == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
        return
    from assumable.render.who import render

    click.echo(render(answer, width=columns(), most=limit), nl=False)


def everyone_of(snapshot: Path | None, scenario: Path | None, now: datetime) -> "Everyone":
    """The world that the options choose, made ready; InputError unless it is one."""
    from assumable.org.whocan import Everyone

    if (snapshot is None) == (scenario is None):
        raise InputError("choose a world", "", "--snapshot DIR or --scenario FILE")
    if snapshot is not None:
        from assumable.formats.dump import read_snapshot

        return Everyone(read_snapshot(snapshot), now)
    from assumable.formats.scenario import read_scenario

    world, call = read_scenario(scenario or Path(), now=now)
    return Everyone(world, call.time)


def columns() -> int:
    """How wide the answer may be: the terminal's width, COLUMNS in a pipe, else 100."""
    return shutil.get_terminal_size((_WIDTH, 1)).columns
