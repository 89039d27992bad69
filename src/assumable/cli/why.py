"""`assumable why`: the main job."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from assumable.cli import readers, token_options
from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.evaluate import Verdict
from assumable.errors import InputError
from assumable.formats.command import parameters_from_flags
from assumable.formats.scenario import Scenario, read_scenario
from assumable.model.world import World
from assumable.question import Choice, as_assumed, assumptions, borne, signed

EXIT_CODES = {Verdict.ALLOWED: 0, Verdict.DENIED: 1, Verdict.CONDITIONAL: 3}
_SEVERAL = (
    "--tags", "--transitive-tag-keys", "--policy-arns", "--caller-policy", *token_options.SEVERAL,
)  # fmt: skip
_CALL = ("caller", "profile", "principal_arn", "time", *token_options.BEARERS)
_PATH = click.Path(path_type=Path)


class AwsStyle(click.Command):
    """Takes several values after one flag, as the `aws` command does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`--tags A B` becomes `--tags A --tags B` before the options are read."""
        spread: list[str] = []
        flag, values = "", 0
        for word in args:
            if word.startswith("--"):
                flag, values = (word if word in _SEVERAL else ""), 0
            elif flag:
                if values:
                    spread.append(flag)
                values += 1
            spread.append(word)
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, spread)
        if rest:  # not shown: half of an unquoted token may be among them
            ctx.fail("some words belong to no flag: put quotes around a value with spaces")
        return rest


@click.command(name="why", cls=AwsStyle, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--scenario", type=_PATH, help="A scenario file: a closed world and a call.")
@click.option(
    "--snapshot", type=_PATH, help="A folder of get-account-authorization-details outputs."
)
@click.option(
    "--older-snapshot",
    type=_PATH,
    multiple=True,
    help="An older snapshot: who the deleted principals of a trust policy were; repeatable.",
)
@click.option(
    "--trust-policy", type=_PATH, help="The role's trust policy, or `aws iam get-role` output."
)
@click.option(
    "--caller-policy", type=_PATH, multiple=True, help="A policy of the caller; repeatable."
)
@click.option("--caller", help="ARN of the caller, as `aws sts get-caller-identity` prints it.")
@token_options.token_options
@click.option("--profile", help="The caller's profile; the world is then read from AWS.")
@click.option("--caller-profile", help="A profile, or role ARN, that reads the caller's account.")
@click.option("--role-profile", "--target-profile", help="One that reads the role's account.")
@click.option("--org-profile", help="One that reads the organization.")
@click.option("--endpoint-url", help="Another endpoint for every AWS call.")
@click.option("--region", help="The Region of the STS endpoint.")
@click.option("--role-arn", help="The role to assume.")
@click.option(
    "--via", multiple=True, metavar="ARN", help="A role to assume on the way; repeatable, in order."
)
@click.option("--role-session-name", help="As for aws sts assume-role.")
@click.option("--external-id", help="As for aws sts assume-role.")
@click.option("--serial-number", help="As for aws sts assume-role.")
@click.option("--token-code", help="As for aws sts assume-role.")
@click.option("--duration-seconds", help="As for aws sts assume-role.")
@click.option("--source-identity", help="As for aws sts assume-role.")
@click.option("--tags", multiple=True, help="Key=…,Value=…; repeatable.")
@click.option("--transitive-tag-keys", multiple=True, help="Repeatable.")
@click.option("--policy", help="As for aws sts assume-role.")
@click.option("--policy-arns", multiple=True, help="arn=…; repeatable.")
@click.option("--target-principal", help="As for aws sts assume-root; needs --snapshot.")
@click.option("--task-policy-arn", help="As for aws sts assume-root: arn=….")
@click.option(
    "--assume",
    multiple=True,
    metavar="ITEM=VALUE",
    help="Decide an open item, such as U-10=visible; organization=open, session=plain.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["terminal", "json", "markdown"]),
    default="terminal",
    show_default=True,
    help="How to print the answer.",
)
@click.option("--full", is_flag=True, help="In markdown: also what the other side need not see.")
@click.option("--redact", is_flag=True, help="Pseudonyms for names, accounts and addresses.")
@click.option("--show-commands", is_flag=True, help="Show how to verify each line by hand.")
@click.option(
    "--expect",
    type=click.Choice(["allowed", "denied"]),
    help="What the verdict should be; an unexpected allow is explained, with what closes it.",
)
@click.option("--like", metavar="ARN", help="A caller, or a role, with which the call works.")
@click.option("--output", hidden=True)
@click.option("--query", hidden=True)
@click.option("--no-cli-pager", is_flag=True, hidden=True)
@click.option("--debug", is_flag=True, hidden=True)
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever the verdict is.")
def command(**options: Any) -> None:
    """Why does this AssumeRole call fail, and what fixes it?

    Takes the flags of `aws sts assume-role` and its siblings, assume-root among them; with --via
    they are those of the last call of a chain of roles. Exit status: 0 allowed, 1 denied, 2 bad
    input, 3 depends on what is not known, 4 AWS could not be read, 70 a bug.
    """
    calls = options["calls"] = readers.counted()
    try:
        (world, call), notes, file = _scenario(options)
    finally:
        readers.clear_progress(calls)
    notes = (*notes, *readers.notes_on(calls))
    if options["older_snapshot"]:
        world = _with_former(world, options)
    world, call = as_assumed(Scenario(world, call), assumptions(options["assume"]))
    like = options["like"] or ""
    if options["redact"]:
        from assumable.cli.redaction import redacted

        (world, call), notes, like = redacted(Scenario(world, call), notes, like)
        file = ""
    diagnosis = diagnose(world, call, expected=options["expect"] or "", like=like)
    diagnosis = token_options.with_file(diagnosis, file)
    diagnosis = msgspec.structs.replace(diagnosis, notes=(*diagnosis.notes, *notes))
    click.echo(_rendered(diagnosis, world, options), nl=False, color=None)
    sys.exit(0 if options["exit_zero"] else EXIT_CODES[diagnosis.verdict])


def _rendered(diagnosis: Diagnosis, world: World, options: Mapping[str, Any]) -> str:
    if options["format_"] == "json":
        from assumable.render import json as renderer

        return renderer.render(diagnosis) + "\n"
    if options["format_"] == "markdown":
        from assumable.render import markdown

        return markdown.render(diagnosis, world, full=options["full"])
    from assumable.render import terminal

    on_screen = sys.stdout.isatty()
    columns = shutil.get_terminal_size().columns if on_screen else terminal.WIDTH
    color, width = on_screen and "NO_COLOR" not in os.environ, min(columns, terminal.WIDTH)
    return terminal.render(
        diagnosis, show_commands=options["show_commands"], color=color, width=width
    )


def _scenario(options: Mapping[str, Any]) -> tuple[Scenario, tuple[str, ...], str]:
    """The world that the options choose, the call in it, and notes on where it comes from.

    Last comes the file with the token or assertion, if there is one.
    """
    now, flags = token_options.moment_of(options), parameters_from_flags(options)
    choice = Choice(**{name: options[name] for name in Choice.__struct_fields__})
    choice.refuse_mixture()
    if options["scenario"]:
        if flags or any(options[name] for name in (*_CALL, "via")):
            raise InputError("a scenario holds its own call", "--scenario", "edit the file instead")
        return read_scenario(options["scenario"], now=now), (), ""
    bearer = token_options.bearer_of(options, flags, now)
    if bearer is not None:
        scenario = borne(choice, flags, bearer, now=now, calls=options["calls"])
        return scenario, bearer.notes, bearer.file
    return signed(choice, flags, now=now, calls=options["calls"]), (), ""


def _with_former(world: World, options: Mapping[str, Any]) -> World:
    """The world with what older snapshots tell of principals that were deleted since."""
    if options["scenario"]:
        raise InputError("a scenario tells that itself", "--older-snapshot", "under `former`")
    from assumable.formats import dump

    return dump.with_former(world, options["older_snapshot"])
