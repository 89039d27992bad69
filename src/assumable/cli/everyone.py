"""The world that questions about everybody are asked of, and how wide their answers are."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assumable.cli.options import PATH, F, together
from assumable.errors import InputError

if TYPE_CHECKING:
    from assumable.model.world import World
    from assumable.org.loading import Source
    from assumable.org.whocan import Everyone

_WIDTH = 100
WIDTH_HELP = "In a pipe lines are 100 characters wide, or as wide as COLUMNS says."


def _options(writers: str) -> Callable[[F], F]:
    return together(
        click.option(
            "--snapshot",
            type=PATH,
            help=f"What {writers} or iam-collect wrote, or a folder of account dumps.",
        ),
        click.option("--scenario", type=PATH, help="A scenario file: the world in it."),
    )


everyone_options = _options("`assumable collect`, `assumable prepare`")
"""The options that choose the world of `everyone_of`."""
world_options = _options("`assumable collect`")
"""Those that choose the world of `world_of`: every policy in its own words."""


def source_of(snapshot: Path | None, scenario: Path | None) -> "Source":
    """Where the world is that the options choose; InputError unless it is one."""
    from assumable.org.loading import Source

    now = datetime.now(UTC)
    if snapshot is not None and scenario is None:
        return Source("snapshot", snapshot, now)
    if scenario is not None and snapshot is None:
        return Source("scenario", scenario, now)
    raise InputError("choose a world", "", "--snapshot PATH or --scenario FILE")


def everyone_of(snapshot: Path | None, scenario: Path | None) -> "Everyone":
    """The world that the options choose, made ready; InputError unless it is one.

    Of a snapshot only that is read which can decide who assumes what.
    """
    from assumable.org.loading import everyone_at

    return everyone_at(source_of(snapshot, scenario))


def world_of(snapshot: Path | None, scenario: Path | None) -> "tuple[World, datetime]":
    """The whole world that the options choose, and the time of the question; else InputError."""
    source = source_of(snapshot, scenario)
    if source.kind == "snapshot":
        from assumable.formats.dump import read_snapshot

        return read_snapshot(source.path), source.now
    from assumable.formats.scenario import read_scenario

    world, call = read_scenario(source.path, now=source.now)
    return world, call.time


def columns() -> int:
    """How wide the answer may be: the terminal's width, COLUMNS in a pipe, else 100."""
    return shutil.get_terminal_size((_WIDTH, 1)).columns
