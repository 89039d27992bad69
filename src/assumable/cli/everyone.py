"""The world that `who`, `reach` and `audit` are asked about, and how wide their answers are."""

import gc
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assumable.cli.options import PATH, together
from assumable.errors import InputError

if TYPE_CHECKING:
    from assumable.model.world import World
    from assumable.org.whocan import Everyone

_WIDTH = 100
WIDTH_HELP = "In a pipe lines are 100 characters wide, or as wide as COLUMNS says."

world_options = together(
    click.option(
        "--snapshot",
        type=PATH,
        help="What `assumable collect` or `assumable prepare` wrote, or a folder of account dumps.",
    ),
    click.option("--scenario", type=PATH, help="A scenario file: the world in it."),
)
"""The options that choose the world."""


def everyone_of(snapshot: Path | None, scenario: Path | None) -> "Everyone":
    """The world that the options choose, made ready; InputError unless it is one.

    Of a snapshot only that is read which can decide who assumes what.
    """
    from assumable.org.whocan import Everyone

    if snapshot is None or scenario is not None:
        return Everyone(*world_of(snapshot, scenario))
    from assumable.formats.prepared import read_prepared
    from assumable.formats.slice import read_slice

    world = read_prepared(snapshot) if os.path.isfile(snapshot) else read_slice(snapshot)  # noqa: PTH113  # a name may be too long for pathlib
    gc.freeze()  # the world stays: a search for garbage in it would find none
    return Everyone(world, datetime.now(UTC))


def world_of(snapshot: Path | None, scenario: Path | None) -> "tuple[World, datetime]":
    """The whole world that the options choose, and the time of the question; else InputError."""
    now = datetime.now(UTC)
    if (snapshot is None) == (scenario is None):
        raise InputError("choose a world", "", "--snapshot PATH or --scenario FILE")
    if snapshot is not None:
        from assumable.formats.dump import read_snapshot

        return read_snapshot(snapshot), now
    from assumable.formats.scenario import read_scenario

    world, call = read_scenario(scenario or Path(), now=now)
    return world, call.time


def columns() -> int:
    """How wide the answer may be: the terminal's width, COLUMNS in a pipe, else 100."""
    return shutil.get_terminal_size((_WIDTH, 1)).columns
