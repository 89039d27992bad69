"""Which world and which call the options of `why` and `export-side` choose."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from assumable.cli import readers, token_options
from assumable.cli.assume import assumptions
from assumable.errors import InputError
from assumable.formats.chain import via
from assumable.formats.command import parameters_from_flags
from assumable.formats.scenario import Scenario, read_scenario
from assumable.model.call import RoleCaller, Session
from assumable.model.world import World

if TYPE_CHECKING:
    from assumable.formats.side import CallerSide, RoleSide

_SEVERAL = (
    "--tags", "--transitive-tag-keys", "--policy-arns", "--caller-policy", *token_options.SEVERAL,
)  # fmt: skip
_CALL = ("caller", "profile", "principal_arn", "time", *token_options.BEARERS)
_WORLDS = ("scenario", "snapshot", "trust_policy", "caller_policy", *readers.FLAGS)
_PATH = click.Path(path_type=Path)
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--scenario", type=_PATH, help="A scenario file: a closed world and a call."),
    click.option(
        "--snapshot", type=_PATH, help="A folder of get-account-authorization-details outputs."
    ),
    click.option(
        "--older-snapshot",
        type=_PATH,
        multiple=True,
        help="An older snapshot: who the deleted principals of a trust policy were; repeatable.",
    ),
    click.option(
        "--trust-policy", type=_PATH, help="The role's trust policy, or `aws iam get-role` output."
    ),
    click.option(
        "--caller-policy", type=_PATH, multiple=True, help="A policy of the caller; repeatable."
    ),
    token_options.token_options,
    click.option("--profile", help="The caller's profile; the world is then read from AWS."),
    click.option(
        "--caller-profile", help="A profile, or role ARN, that reads the caller's account."
    ),
    click.option("--role-profile", "--target-profile", help="One that reads the role's account."),
    click.option("--org-profile", help="One that reads the organization."),
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
    click.option("--target-principal", help="As for aws sts assume-root; needs --snapshot."),
    click.option("--task-policy-arn", help="As for aws sts assume-root: arn=…."),
    click.option(
        "--assume",
        multiple=True,
        metavar="ITEM=VALUE",
        help="Decide an open item, such as U-10=visible; organization=open, session=plain.",
    ),
)


def call_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that asks about one call in one world."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


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


def as_assumed(scenario: Scenario, options: Mapping[str, Any]) -> Scenario:
    """The scenario with what the user decided with `--assume`."""
    world, call = scenario
    decided = assumptions(options["assume"])
    if decided.get("session") and isinstance(call.caller, RoleCaller):
        plain = msgspec.structs.replace(call.caller, session=Session())
        call = msgspec.structs.replace(call, caller=plain)
    return Scenario(world, msgspec.structs.replace(call, assumptions=decided))


def sides_of(options: Mapping[str, Any]) -> "tuple[CallerSide, RoleSide]":
    """The two side files; InputError beside other options that choose a world or a call."""
    from assumable.formats.side import read_side
    from assumable.sides.join import pair

    chosen = [name for name in (*_WORLDS, *_CALL, "via", "redact", "like") if options.get(name)]
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
    chosen = [name for name in ("scenario", "snapshot", "trust_policy") if options[name]]
    if len(chosen) > 1:
        raise InputError("choose one of --scenario, --snapshot and --trust-policy")
    if options["scenario"]:
        if flags or any(options[name] for name in (*_CALL, "via")):
            raise InputError("a scenario holds its own call", "--scenario", "edit the file instead")
        return read_scenario(options["scenario"], now=now), (), ""
    live_only = [name for name in (*readers.FLAGS, "endpoint_url") if options[name]]
    if chosen and live_only:
        flag, other = (f"--{name.replace('_', '-')}" for name in (live_only[0], chosen[0]))
        raise InputError(f"{flag} is for a running AWS", "", f"leave out {other}")
    bearer = token_options.bearer_of(options, flags, now)
    if bearer is not None:
        return token_options.asked(options, flags, bearer, now), bearer.notes, bearer.file
    return _signed(options, flags, chosen, now), (), ""


def _signed(
    options: Mapping[str, Any], flags: dict[str, Any], chosen: list[str], now: datetime
) -> Scenario:
    """The call of a caller whose credentials sign it."""
    if "TargetPrincipal" in flags:
        return _for_root(options, flags, now)
    from_files = chosen or options["caller_policy"]
    if options["caller"] and not from_files and not options["caller_profile"]:
        raise InputError(
            "--caller needs a world",
            "",
            "--snapshot, --trust-policy, --caller-policy, or --caller-profile to read AWS",
        )
    if "RoleArn" not in flags and (from_files or options["caller"] or flags):
        raise InputError("--role-arn is missing", "", "or choose a world with --scenario FILE")
    if from_files:
        return _from_files(options, flags, now)
    return _live(options, flags, now)


def _live(options: Mapping[str, Any], flags: dict[str, Any], now: datetime) -> Scenario:
    """The call in AWS itself: of another caller, or as the profiles of this machine make it."""
    from assumable.ask import read_live, read_through
    from assumable.formats.profiles import read_client

    whose, calls = readers.readers_of(options), options["calls"]
    if options["caller"]:
        return read_live(
            flags, whose, now=now, caller=options["caller"], via_roles=options["via"], calls=calls
        )
    client = read_client(options["profile"], os.environ)
    return read_through(
        client, flags or None, whose, now=now, via_roles=options["via"], calls=calls
    )


def _for_root(options: Mapping[str, Any], flags: dict[str, Any], now: datetime) -> Scenario:
    """AssumeRoot, which the organization decides: the other worlds know nothing of it."""
    if not options["snapshot"]:
        raise InputError("--target-principal needs a world", "", "--snapshot DIR, or --scenario")
    if "RoleArn" in flags or options["via"]:
        raise InputError("AssumeRoot asks for no role", "", "leave out --role-arn and --via")
    world, call = _from_files(options, flags, now)
    return Scenario(world, msgspec.structs.replace(call, api="AssumeRoot"))


def _from_files(options: Mapping[str, Any], flags: dict[str, Any], now: datetime) -> Scenario:
    if not options["caller"]:
        raise InputError(
            "--caller is missing", "", "its ARN, as `aws sts get-caller-identity` prints it"
        )
    from assumable.formats import dump

    if options["snapshot"]:
        world = dump.read_snapshot(options["snapshot"])
    else:
        world = dump.read_policies(
            options["trust_policy"], options["caller_policy"], options["caller"], flags["RoleArn"]
        )
    call = dump.call_of(options["caller"], flags, region=options["region"], now=now)
    return Scenario(world, via(call, options["via"]))
