"""`assumable compare`: what changed between two snapshots, as access gained and lost."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assumable.cli.everyone import WIDTH_HELP, columns
from assumable.cli.options import PATH, forms

if TYPE_CHECKING:
    from assumable.model.world import World
    from assumable.org.drift import Direction, Drift

_GAINED: "tuple[Direction, ...]" = ("gained", "eased", "other")
_LOST: "tuple[Direction, ...]" = ("lost", "tightened", "other")
_FAILS: "dict[str, tuple[Direction, ...]]" = {
    "gained": _GAINED,
    "lost": _LOST,
    "any": (*_GAINED, *_LOST),
}
"""A condition that asks for something else may let in more, and may let in less."""
_CHANGED, _NOT_KNOWN = 1, 3


@click.command(
    name="compare", epilog=WIDTH_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
@click.option(
    "--fail-on",
    type=click.Choice(tuple(_FAILS)),
    help="Exit with 1 on such a change; with 3 when there is none, but not all could be compared.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    metavar="N",
    help="How many edits of a kind are shown, and how many pairs of each.",
)
@forms("terminal", "json", "markdown", text="json: one object, every pair.")
def command(old: Path, new: Path, fail_on: str | None, limit: int, format_: str) -> None:
    """What changed between OLD and NEW, two snapshots or two scenario files?

    Who can assume which role now and could not before, and the other way round; where the condition
    is another one; each with the edits that did it. Who can only with session tags counts, where
    somebody may be able to tag the session.
    """
    from assumable.formats.slice import uncollected
    from assumable.org.drift import drift
    from assumable.render import drift as render

    now = datetime.now(UTC)
    with uncollected():
        found = drift(_world(old, now), _world(new, now), now)
    match format_:
        case "json":
            click.echo(render.as_json(found, str(old), str(new)))
        case "markdown":
            click.echo(render.markdown(found, most=limit), nl=False)
        case _:
            click.echo(render.terminal(found, width=columns(), most=limit), nl=False)
    if fail_on is not None:
        sys.exit(_status(found, fail_on))


def _world(path: Path, now: datetime) -> "World":
    """A snapshot's world where it is a folder, else that of a scenario; with every document."""
    if not os.path.isfile(path):  # noqa: PTH113  # a name may be too long for pathlib
        from assumable.formats.dump import read_snapshot

        return read_snapshot(path)
    from assumable.formats.scenario import read_scenario

    return read_scenario(path, now=now).world


def _status(found: "Drift", fail_on: str) -> int:
    if found.count(*_FAILS[fail_on]):
        return _CHANGED
    return _NOT_KNOWN if found.uncompared else 0
