"""What the options of several commands have in common."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

PATH = click.Path(path_type=Path)
FILES = ("scenario", "snapshot", "trust_policy", "caller_policy")
"""The options that choose a world on disk, by the names of their parameters."""
F = TypeVar("F", bound=Callable[..., Any])


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in the order in which `--help` shows them."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def forms(*names: str, text: str | None = None) -> Callable[[F], F]:
    """`--format`: one of the names, the first by default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        help=text,
    )


def flag(name: str) -> str:
    """How an option is written, by the name of its parameter."""
    return "--" + name.replace("_", "-")
