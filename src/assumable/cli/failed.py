"""The command that stands behind `--`: what it says, as options of `assumable why`."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from assumable.cli import token_options
from assumable.cli.options import flag
from assumable.doctor import NoRoleError
from assumable.errors import InputError
from assumable.formats.command import PARAMETERS
from assumable.formats.endpoint import endpoint_of
from assumable.formats.failed_command import FailedCommand

_CALL = (*PARAMETERS.values(), "via", *token_options.BEARERS)
_WORLDS = ("snapshot", "trust_policy", "caller_policy")
_WHOLE = ("scenario", "side")
_LIVE = ("profile", "endpoint_url")


def with_command(options: Mapping[str, Any], command: FailedCommand) -> dict[str, Any]:
    """The options with what the command says; InputError where they contradict each other."""
    said = command.options
    for name in _WHOLE:
        if options.get(name):
            raise InputError("holds its own call", flag(name), "leave the command out")
    for name in _CALL:
        if options.get(name):
            raise InputError("the command behind `--` holds the call", flag(name), "leave it out")
    for name, value in said.items():
        if options.get(name) and options[name] != value:
            raise InputError("stands behind `--` as well, with another value", flag(name))
    world = next((name for name in _WORLDS if options.get(name)), "")
    if world and not command.asks:
        raise InputError(
            "this command names no role, and only a running AWS is asked about profiles",
            flag(world),
        )
    if world:  # it says who calls, not the profile
        said = {
            name: value for name, value in said.items() if name not in _LIVE or endpoint_of(value)
        }
    return {**options, **said}


def notes_on(options: Mapping[str, Any], command: FailedCommand) -> tuple[str, ...]:
    """What was not looked at of the command."""
    profile = command.options.get("profile")
    if profile and options["caller"]:
        aside = "the profile of the command was not looked at: --caller says who calls"
        return (*command.notes, aside)
    return command.notes


@contextlib.contextmanager
def environment(command: FailedCommand) -> Iterator[None]:
    """The environment that the command would run in, for as long as the question takes.

    What the command sets for itself never leaves the process.
    """
    before = dict(os.environ)
    os.environ.update(command.environment)
    try:
        yield
    except NoRoleError as error:
        raise InputError(
            "nothing in this command or its profile assumes a role", "", error.help_text
        ) from None
    finally:
        os.environ.clear()
        os.environ.update(before)
