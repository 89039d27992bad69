"""`assumable who`: who can assume this role."""

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from assumable.errors import InputError

_PATH = click.Path(path_type=Path)


@click.command(name="who", context_settings={"help_option_names": ["-h", "--help"]})
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
    from assumable.org.whocan import Everyone

    now = datetime.now(UTC)
    if (snapshot is None) == (scenario is None):
        raise InputError("choose a world", "", "--snapshot DIR or --scenario FILE")
    if snapshot is not None:
        from assumable.formats.dump import read_snapshot

        world = read_snapshot(snapshot)
    else:
        from assumable.formats.scenario import read_scenario

        world, call = read_scenario(scenario or Path(), now=now)
        now = call.time
    everyone = Everyone(world, now)
    answer = everyone.who(everyone.role(role))
    if format_ == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
        return
    from assumable.render.who import render

    on_screen = sys.stdout.isatty() or "COLUMNS" in os.environ
    width = min(shutil.get_terminal_size().columns, 120) if on_screen else 100
    click.echo(render(answer, width=width, most=limit), nl=False)
