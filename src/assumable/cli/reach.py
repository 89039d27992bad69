"""`assumable reach`: which roles a principal can reach, by any chain."""

from pathlib import Path

import click
import msgspec

from assumable.cli.everyone import WIDTH_HELP, columns, everyone_of, world_options
from assumable.cli.options import forms


@click.command(
    name="reach", epilog=WIDTH_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("principal")
@click.option("--to", help="All simple paths to this role, by its ARN or name.")
@click.option(
    "--hops",
    type=click.IntRange(1, 8),
    default=4,
    show_default=True,
    help="With --to: how many hops a path may have.",
)
@world_options
@forms("terminal", "json")
def command(
    principal: str, to: str | None, hops: int, snapshot: Path | None, scenario: Path | None,
    format_: str,
) -> None:  # fmt: skip
    """Which roles can PRINCIPAL, the ARN of a user or role, reach by any chain of roles?

    Each with the shortest path and what must hold on the way.
    """
    from assumable.org.paths import Paths
    from assumable.render.reach import render

    everyone = everyone_of(snapshot, scenario)
    start = everyone.principal(principal)
    paths = Paths(everyone)
    found = paths.reach(start) if to is None else paths.all_to(start, everyone.role(to), hops)
    if format_ == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    click.echo(render(start.arn, found, to=to or "", width=columns()), nl=False)
