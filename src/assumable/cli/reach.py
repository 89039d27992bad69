"""`assumable reach`: which roles a principal can reach, by any chain."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assumable.cli.everyone import WIDTH_HELP, columns, everyone_of, everyone_options
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
    help="How many hops a path may have; 4 with --to, else any number.",
)
@everyone_options
@click.option(
    "--edges", type=PATH, metavar="FILE", help="What `assumable edges --output FILE.edges` wrote."
)
@forms("terminal", "json", text="json: one object.")
def command(
    principal: str, to: str | None, hops: int | None, snapshot: Path | None, scenario: Path | None,
    edges: Path | None, format_: str,
) -> None:  # fmt: skip
    """Which roles can PRINCIPAL reach by any chain of roles? An ARN, or a name that only one has.

    Each with the shortest path and what must hold at which hop. Every hop is a plain call: the
    sessions of a chain carry no source identity and no MFA, and last an hour at most. Where a hop
    passes with session tags alone, its condition names them: whoever makes the hop before has to
    pass them. Only where nobody may is there no such hop. --edges FILE answers at once, as the
    world was when the file was written.
    """
    from assumable.formats.slice import uncollected
    from assumable.org.naming import principal_named, role_named
    from assumable.org.paths import Paths
    from assumable.render.reach import render

    with uncollected():
        graph = _graph(edges, snapshot, scenario)
        target = None if to is None else role_named(to, graph.names)
        found = Paths(graph).find(principal_named(principal, graph.names), target, hops)
    if format_ == "json":
        from assumable.formats.writing import indented

        click.echo(indented(found))
        return
    click.echo(render(found, width=columns()), nl=False)


def _graph(edges: Path | None, snapshot: Path | None, scenario: Path | None) -> "Graph":
    if edges is None:
        from assumable.org.paths import Decided

        return Decided(everyone_of(snapshot, scenario))
    if snapshot is not None or scenario is not None:
        raise InputError("--edges is a world already", "", "without --snapshot and --scenario")
    from assumable.org.stored import Stored

    return Stored(edges)
