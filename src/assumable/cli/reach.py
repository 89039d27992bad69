"""`assumable reach`: which roles a principal can reach, by any chain."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assumable.cli.everyone import WIDTH_HELP, columns, everyone_of, world_options
from assumable.cli.options import PATH, forms
from assumable.errors import InputError

if TYPE_CHECKING:
    from assumable.org.paths import Graph


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
@click.option(
    "--edges", type=PATH, metavar="FILE", help="What `assumable edges --output FILE.edges` wrote."
)
@forms("terminal", "json")
def command(
    principal: str, to: str | None, hops: int, snapshot: Path | None, scenario: Path | None,
    edges: Path | None, format_: str,
) -> None:  # fmt: skip
    """Which roles can PRINCIPAL, the ARN of a user or role, reach by any chain of roles?

    Each with the shortest path and what must hold on the way. --edges FILE answers at once, as the
    world was when the file was written.
    """
    from assumable.formats.slice import uncollected
    from assumable.org.naming import principal_named, role_named
    from assumable.org.paths import Paths
    from assumable.render.reach import render

    with uncollected():
        graph = _graph(edges, snapshot, scenario)
        start, paths = principal_named(principal, graph.names), Paths(graph)
        if to is None:
            found = paths.reach(start)
        else:
            found = paths.all_to(start, role_named(to, graph.names), hops)
    if format_ == "json":
        from assumable.formats.writing import indented

        click.echo(indented(found))
        return
    click.echo(render(graph.names[start], found, to=to or "", width=columns()), nl=False)


def _graph(edges: Path | None, snapshot: Path | None, scenario: Path | None) -> "Graph":
    if edges is None:
        from assumable.org.paths import Decided

        return Decided(everyone_of(snapshot, scenario))
    if snapshot is not None or scenario is not None:
        raise InputError("--edges is a world already", "", "without --snapshot and --scenario")
    from assumable.org.stored import Stored

    return Stored(edges)
