"""Which world and which call the options of `why` and `export-side` choose."""

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import click

from assumable import arn
from assumable.cli import readers, token_options
from assumable.cli.options import FILES, PATH, together
from assumable.errors import InputError
from assumable.formats.command import parameters_from_flags
from assumable.formats.scenario import Scenario, read_scenario
from assumable.model.world import World
from assumable.question import LIVE, Choice, borne, signed

if TYPE_CHECKING:
    from assumable.formats.side import CallerSide, RoleSide

_SEVERAL = (
    "--tags", "--transitive-tag-keys", "--policy-arns", "--provided-contexts", "--caller-policy",
    *token_options.SEVERAL,
)  # fmt: skip
_CALL = ("caller", "profile", "principal_arn", "time", *token_options.BEARERS)
_WORLDS = (*FILES, *LIVE)
_NOT_OF_SIDES = ("older_snapshot", "region", "via", "redact", "like", "error", "probe")
call_options = together(
    click.option("--scenario", type=PATH, help="A scenario file: a closed world and a call."),
    click.option(
        "--snapshot",
        type=PATH,
        help="What collect or iam-collect wrote, or get-account-authorization-details outputs in a "
        "folder.",
    ),
    click.option(
        "--older-snapshot",
        type=PATH,
        multiple=True,
        help="An older snapshot: who the deleted principals of a trust policy were; repeatable.",
    ),
    click.option(
        "--trust-policy", type=PATH, help="The role's trust policy, or `aws iam get-role` output."
    ),
    click.option(
        "--caller-policy", type=PATH, multiple=True, help="A policy of the caller; repeatable."
    ),
    token_options.token_options,
    click.option("--profile", help="The caller's profile; the world is then read from AWS."),
    readers.reader_options,
    click.option("--endpoint-url", help="Another endpoint for every AWS call."),
    click.option("--region", help="The Region of the STS endpoint."),
    click.option("--role-arn", help="The role to assume."),
    click.option(
        "--via",
        multiple=True,
        metavar="ARN",
        help="A role to assume on the way; repeatable, in order.",
    ),
    click.option("--role-session-name", help="As for aws sts assume-role."),
    click.option("--external-id", help="As for aws sts assume-role."),
    click.option("--serial-number", help="As for aws sts assume-role."),
    click.option("--token-code", help="As for aws sts assume-role."),
    click.option("--duration-seconds", help="As for aws sts assume-role."),
    click.option("--source-identity", help="As for aws sts assume-role."),
    click.option("--tags", multiple=True, help="Key=…,Value=…; repeatable."),
    click.option("--transitive-tag-keys", multiple=True, help="Repeatable."),
    click.option("--policy", help="As for aws sts assume-role."),
    click.option("--policy-arns", multiple=True, help="arn=…; repeatable."),
    click.option(
        "--provided-contexts",
        multiple=True,
        help="ProviderArn=…,ContextAssertion=…; repeatable.",
    ),
    click.option("--provider-id", help="As for aws sts assume-role-with-web-identity."),
    click.option("--target-principal", help="As for aws sts assume-root."),
    click.option("--task-policy-arn", help="As for aws sts assume-root: arn=…."),
    click.option(
        "--assume",
        multiple=True,
        metavar="ITEM=VALUE",
        help="Decide an open item, such as U-10=visible; organization=open, session=plain.",
    ),
)
"""The options of a command that asks about one call in one world."""


class AwsStyle(click.Command):
    """Takes several values after one flag, as the `aws` command does."""

    takes_command = False
    """Whether a command may stand behind `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`--tags A B` becomes `--tags A --tags B` before the options are read."""
        if args and not args[0].startswith("-") and not {"-h", "--help"} & set(args):
            self._refuse(ctx, args[0])  # before the flags of a command are taken for ours
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
        if rest:
            self._refuse(ctx, rest[0])
        return rest

    def _refuse(self, ctx: click.Context, word: str) -> NoReturn:
        """Say what was meant by a word without a flag, which may be half of a token: not shown."""
        flags = {option for each in self.params for option in each.opts}
        advice = "put quotes around a value with spaces"
        if word.endswith((".yaml", ".yml", ".json")) and "--scenario" in flags:
            advice = "--scenario FILE?"
        elif arn.parse_role(word) is not None and "--role-arn" in flags:
            advice = "--role-arn ARN?"
        elif self.takes_command and (word == "aws" or shutil.which(word)):
            shown = "aws …" if word == "aws" else "COMMAND…"
            advice = f"put `--` before the command: assumable {self.name} -- {shown}"
        ctx.fail(f"some words belong to no flag: {advice}")


def sides_of(options: Mapping[str, Any]) -> "tuple[CallerSide, RoleSide]":
    """The two side files; InputError beside other options that choose a world or a call."""
    from assumable.formats.side import read_side
    from assumable.sides.join import pair

    chosen = [name for name in (*_WORLDS, *_CALL, *_NOT_OF_SIDES) if options.get(name)]
    if chosen or parameters_from_flags(options):
        raise InputError("side files hold the whole question", "--side", "leave the others out")
    if len(options["side"]) != len(("caller", "role")):
        raise InputError("two files are needed: the caller's side and the role's", "--side")
    return pair([read_side(path) for path in options["side"]])


Chosen = tuple[Scenario, tuple[str, ...], str]
"""A world and the call in it, notes on where they come from, and the file with the token or the
assertion, if there is one."""


def scenario_of(options: Mapping[str, Any]) -> Chosen:
    """The world that the options choose, and the call in it."""
    calls = readers.counted()
    try:
        (world, call), notes, file = _scenario({**options, "calls": calls})
    finally:
        readers.clear_progress(calls)
    if options["older_snapshot"]:
        world = _with_former(world, options)
    return Scenario(world, call), (*notes, *readers.notes_on(calls)), file


def _with_former(world: World, options: Mapping[str, Any]) -> World:
    """The world with what older snapshots tell of principals that were deleted since."""
    if options["scenario"]:
        raise InputError("a scenario tells that itself", "--older-snapshot", "under `former`")
    from assumable.formats import dump

    return dump.with_former(world, options["older_snapshot"])


def _scenario(options: Mapping[str, Any]) -> Chosen:
    now, flags = token_options.moment_of(options), parameters_from_flags(options)
    choice = choice_of(options)
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


def choice_of(options: Mapping[str, Any]) -> Choice:
    """What the options say of the world and of who asks."""
    return Choice(**{name: options[name] for name in Choice.__struct_fields__ if name in options})
