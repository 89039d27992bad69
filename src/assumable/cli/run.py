"""`assumable run`: a command as it is; where it cannot assume a role, the diagnosis follows."""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from assumable.ask import read_live
from assumable.cli import child, failed, why
from assumable.cli.choice import choice_of, scenario_of
from assumable.cli.explain import readable
from assumable.cli.options import forms
from assumable.cli.readers import reader_options
from assumable.diagnose import diagnose
from assumable.doctor import NoRoleError, read_through
from assumable.errors import AssumableError, place_of
from assumable.findings.observed import OTHER_CALLER, OTHER_ROLE, observe
from assumable.formats.failed_command import (
    FailedCommand,
    WrappedError,
    parted,
    read_command,
)
from assumable.formats.message import Message, parse_message
from assumable.formats.message_patterns import GENERAL
from assumable.formats.profiles import read_client
from assumable.formats.scenario import Scenario
from assumable.model.route import route_of
from assumable.model.routed import has_other_keys
from assumable.model.world import Unknown
from assumable.question import as_assumed, assumptions

_FRAME = str.maketrans("│╷╵", "   ")
"""Terraform draws a line beside its errors."""
_UNSAID = (
    "sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
)  # fmt: skip
_SESSION = "session"
"""Stands for the name that the command gives its session."""
_OWN_SETTINGS = (
    "the error is of a call that neither the words of the command nor its profile tell of: what is "
    "sent with it is not known, and taken to have no tags and no session policy"
)


@click.command(
    name="run",
    cls=why.WithCommand,
    options_metavar="[OPTIONS] -- COMMAND...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@reader_options
@click.option("--endpoint-url", help="Another endpoint for every AWS call of the diagnosis.")
@click.option(
    "--assume", multiple=True, metavar="ITEM=VALUE", help="Decide an open item, as for why."
)
@forms("terminal", "json", "markdown", text="How to print the diagnosis.")
@click.option("--plain", is_flag=True, help="Words in place of signs.")
@click.option("--show-commands", is_flag=True, help="Show how to verify each line by hand.")
@click.option("--watch-stdout", is_flag=True, help="Look for the error on standard output as well.")
def command(words: tuple[str, ...] | None, *, watch_stdout: bool, **options: Any) -> None:
    """Run a command; if it fails because a role cannot be assumed, say why.

    The command is run as it is, by its words and without a shell. What it writes on standard error
    is copied through and watched; the diagnosis follows there. The exit status is the command's.
    """
    environment, made = parted(words or ())
    defaults = why.command.make_context("why", []).params
    ended = child.run(made, environment, watch_stdout=watch_stdout)
    if ended.status and not ended.is_interrupted:
        for text in ended.texts:
            if _diagnose({**defaults, **options}, words or (), readable(text.translate(_FRAME))):
                break
    sys.exit(ended.status)


def _diagnose(options: Mapping[str, Any], words: Sequence[str], text: str) -> bool:
    """Say why, if the text is about a role that was not assumed; whatever happens, in one line."""
    message = parse_message(text)
    if message is None or not (message.action or message.call or message.causes != GENERAL):
        return False
    try:
        said = _answer(options, words, message, text)
    except AssumableError as error:
        said = f"assumable: no diagnosis: {error}\n"
    except Exception as error:  # noqa: BLE001  # the command's own status must get through
        said = f"assumable: no diagnosis: a bug ({type(error).__name__}{place_of(error)})\n"
    click.echo(said, nl=False, err=True)
    return True


def _answer(options: Mapping[str, Any], words: Sequence[str], message: Message, text: str) -> str:
    behind = _behind(words, message)
    with failed.environment(behind):
        asked = failed.with_command(options, behind)
        given, notes = _question(asked, message, text, is_wrapped=behind.is_wrapped)
        world, call = as_assumed(given, assumptions(options["assume"]))
        diagnosis = diagnose(world, call, error=observe(text, call))
        notes = (*diagnosis.notes, *notes, *behind.notes)
        diagnosis = msgspec.structs.replace(diagnosis, notes=notes)
        answer = why.rendered(diagnosis, world, options, sys.stderr)
    return answer if options["format_"] == "json" else f"\n{answer}"


def _behind(words: Sequence[str], message: Message) -> FailedCommand:
    """The command; one within another is known by an error that says who asked for which role."""
    try:
        return read_command(words)
    except WrappedError as error:
        if not (message.caller and message.role):
            raise
        environment, within = parted(words)
        return FailedCommand(
            program=error.program, words=within, environment=environment, is_wrapped=True,
            notes=(f"the command within `{error.program}` was not looked for",),
        )  # fmt: skip


def _question(
    asked: Mapping[str, Any], message: Message, text: str, *, is_wrapped: bool
) -> tuple[Scenario, tuple[str, ...]]:
    """What the command or its profile asks, or else what the error says that was asked."""
    if is_wrapped:
        return _told(asked, message, is_wrapped=True), (_OWN_SETTINGS,)
    try:
        scenario, notes, _ = scenario_of(asked)
    except NoRoleError:
        if not message.role:
            raise
        return _told(asked, message), (_OWN_SETTINGS,)
    elsewhere = observe(text, scenario.call).unused in (OTHER_CALLER, OTHER_ROLE)
    if elsewhere and message.role and not asked["role_arn"]:
        return _told(asked, message), (_OWN_SETTINGS,)
    return scenario, notes


def _told(asked: Mapping[str, Any], message: Message, *, is_wrapped: bool = False) -> Scenario:
    """The call that the error names, with what it does not tell left open."""
    now, choice = datetime.now(UTC), choice_of(asked)
    client = read_client(choice.profile, os.environ)
    parameters = {"RoleArn": message.role, "RoleSessionName": _SESSION}
    if message.caller:
        route = route_of(client, now)
        scenario = read_live(
            parameters, choice.readers(), now=now, caller=message.caller, start=route.start
        )
        if has_other_keys(client, route) and not is_wrapped:  # a note, whoever was to call
            asking = msgspec.structs.replace(client, asked=parameters)
            call = msgspec.structs.replace(scenario.call, client=asking)
            scenario = scenario._replace(call=call)
    else:
        scenario = read_through(client, parameters, choice.readers(), now=now)
    unsaid = {
        key.lower(): Unknown(f"{key} of the command's request", "the command's own settings")
        for key in _UNSAID
    }
    call = msgspec.structs.replace(scenario.call, overrides={**scenario.call.overrides, **unsaid})
    return Scenario(scenario.world, call)
