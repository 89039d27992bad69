"""`assumable why`: the main job."""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any, NoReturn, TextIO

import click
import msgspec

from assumable.cli import probe_options, token_options
from assumable.cli.choice import AwsStyle, call_options, scenario_of, sides_of
from assumable.cli.options import FILES, PATH, forms
from assumable.compare import exchanged, refuse_unread
from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.evaluate import Verdict
from assumable.formats.scenario import Scenario
from assumable.model.world import World
from assumable.question import as_assumed, assumptions

_BEHIND = "--"
EXIT_CODES = {Verdict.ALLOWED: 0, Verdict.DENIED: 1, Verdict.CONDITIONAL: 3}


class WithCommand(AwsStyle):
    """Leaves what stands behind `--` as it is: a command."""

    takes_command = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words behind `--` become `words`; None where there is no `--`."""
        place = args.index(_BEHIND) if _BEHIND in args else len(args)
        rest = super().parse_args(ctx, args[:place])
        ctx.params["words"] = tuple(args[place + 1 :]) if _BEHIND in args else None
        return rest


@click.command(
    name="why",
    cls=WithCommand,
    options_metavar="[OPTIONS] [-- COMMAND...]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--caller", help="ARN of the caller, as `aws sts get-caller-identity` prints it.")
@call_options
@click.option(
    "--side",
    type=PATH,
    multiple=True,
    help="A file of `assumable export-side`; twice, for the caller's and the role's side.",
)
@forms("terminal", "json", "markdown", text="How to print the answer.")
@click.option(
    "--plain", is_flag=True, help="Words in place of signs, for screen readers; also by TERM=dumb."
)
@click.option("--full", is_flag=True, help="In markdown: also what the other side need not see.")
@click.option("--redact", is_flag=True, help="Pseudonyms for names, accounts and addresses.")
@click.option("--show-commands", is_flag=True, help="Show how to verify each line by hand.")
@click.option(
    "--expect",
    type=click.Choice(["allowed", "denied"]),
    help="What the verdict should be; an unexpected allow is explained, with what closes it.",
)
@probe_options.probe_options
@click.option("--like", metavar="ARN", help="A caller, or a role, with which the call works.")
@click.option("--output", hidden=True)
@click.option("--query", hidden=True)
@click.option("--no-cli-pager", is_flag=True, hidden=True)
@click.option("--debug", is_flag=True, hidden=True)
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever the verdict is.")
def command(words: tuple[str, ...] | None, **options: Any) -> None:
    """Why does this AssumeRole call fail, and what fixes it?

    Takes the flags of `aws sts assume-role` and its siblings, assume-root among them; with --via
    they are those of the last call of a chain of roles. Or the whole command that failed stands
    behind `--`, whatever assumes a role in it or in its profile. Exit status: 0 allowed, 1 denied,
    2 bad input, 3 depends on what is not known, 4 AWS could not be read, 70 a bug.
    """
    if words is None:
        _ask(options)
    from assumable.cli import failed
    from assumable.formats.failed_command import read_command

    behind = read_command(words)
    with failed.environment(behind):
        _ask(failed.with_command(options, behind), failed.notes_on(options, behind))


def _ask(options: Mapping[str, Any], on_command: tuple[str, ...] = ()) -> NoReturn:
    """The answer to the question that the options ask."""
    if options["side"]:
        _answer_sides(options)
    given, notes, file = scenario_of(options)
    world, call = as_assumed(given, assumptions(options["assume"]))
    like = options["like"] or ""
    if like:
        exchanged(call, like)  # an error names what was given, not its pseudonym
        refuse_unread(world, like)
    error, probe = probe_options.observed(options, call), probe_options.prober(options, call)
    if options["redact"]:
        from assumable.cli.redaction import redacted

        (world, call), notes, like = redacted(Scenario(world, call), notes, like)
        file = ""
    diagnosis = diagnose(
        world, call, expected=options["expect"] or "", like=like, error=error, probe=probe
    )
    diagnosis = token_options.with_file(_advised(diagnosis, options), file)
    diagnosis = msgspec.structs.replace(diagnosis, notes=(*diagnosis.notes, *notes, *on_command))
    _answer(diagnosis, world, options)


def _advised(diagnosis: Diagnosis, options: Mapping[str, Any]) -> Diagnosis:
    """The answer with how the role's account can be read, where nobody could: in a running AWS."""
    call = diagnosis.call
    unread = any(
        unknown.settle.startswith(f"iam:GetRole on {call.role_arn}")
        for unknown in diagnosis.unknowns
    )
    is_theirs = call.api == "AssumeRole" and call.role_account != call.caller_account
    if not (unread and is_theirs) or options["role_profile"] or any(map(options.get, FILES)):
        return diagnosis
    advice = (
        f"--role-profile PROFILE reads account {call.role_account}; `assumable permissions --for "
        "CALLER ROLE` says what that needs; or its administrator runs `assumable export-side "
        "--role`"
    )
    return msgspec.structs.replace(diagnosis, advice=(advice,))


def _answer_sides(options: Mapping[str, Any]) -> NoReturn:
    """The answer of two side files."""
    from assumable.sides.answer import diagnosed
    from assumable.sides.join import joined

    sides = sides_of(options)
    scenario = as_assumed(joined(*sides), assumptions(options["assume"]))
    diagnosis = diagnosed(scenario, sides, expected=options["expect"] or "")
    _answer(diagnosis, scenario.world, options)


def _answer(diagnosis: Diagnosis, world: World, options: Mapping[str, Any]) -> NoReturn:
    click.echo(rendered(diagnosis, world, options, sys.stdout), nl=False)
    sys.exit(0 if options["exit_zero"] else EXIT_CODES[diagnosis.verdict])


def rendered(diagnosis: Diagnosis, world: World, options: Mapping[str, Any], stream: TextIO) -> str:
    """The answer in the form that the options choose, as the stream can show it."""
    if options["format_"] == "json":
        from assumable.render import json as renderer

        return renderer.render(diagnosis) + "\n"
    if options["format_"] == "markdown":
        from assumable.render import markdown

        return markdown.render(diagnosis, world, full=options["full"])
    from assumable.render import terminal

    on_screen = stream.isatty()
    columns = shutil.get_terminal_size((terminal.WIDTH, 1)).columns  # COLUMNS, where that is set
    return terminal.render(
        diagnosis,
        show_commands=options["show_commands"],
        color=on_screen and "NO_COLOR" not in os.environ,
        width=min(columns, terminal.WIDTH) if on_screen else columns,
        plain=options["plain"] or os.environ.get("TERM") == "dumb" or not _has_signs(stream),
    )


def _has_signs(stream: TextIO) -> bool:
    """Whether the output can show the signs at all: cp1252 and ASCII cannot."""
    try:
        "✓→┴".encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
