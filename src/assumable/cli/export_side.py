"""`assumable export-side`: what one of two administrators tells the other of a call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from assumable import arn
from assumable.cli import token_options
from assumable.cli.choice import AwsStyle, call_options, choice_of, scenario_of
from assumable.cli.options import FILES, PATH
from assumable.errors import InputError
from assumable.formats.command import parameters_from_flags
from assumable.formats.scenario import Scenario
from assumable.formats.side import CallerSide, RoleSide, Side, is_sealed, read_side, written
from assumable.question import as_assumed, assumptions
from assumable.sides.contents import Wish
from assumable.sides.export import caller_side, role_side


@click.command(
    name="export-side", cls=AwsStyle, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--caller",
    is_flag=False,
    flag_value="",
    metavar="[ARN]",
    help="Write the caller's side; the ARN is needed unless a scenario or profile says it.",
)
@click.option(
    "--role",
    is_flag=False,
    flag_value="",
    metavar="[ARN]",
    help="Write the role's side; the ARN may be given here or with --role-arn.",
)
@call_options
@click.option("--given", type=PATH, help="The other side's file: then nothing stays undecided.")
@click.option("--tag-keys", multiple=True, help="Tags to disclose, by key; repeatable.")
@click.option("--full", is_flag=True, help="Write policies and tags as they are.")
@click.option("-o", "--out", type=PATH, help="Where to write the file; else it is printed.")
def command(**options: Any) -> None:
    """Write what the administrator of the other account needs to decide one call.

    --caller writes the caller's side, --role the role's (--caller then only says who calls). The
    flags of the call are those of `assumable why`, and the same for both sides; with --given they
    are those of that file. `assumable why --side FILE --side FILE` joins the two.
    """
    if options["caller"] is None and options["role"] is None and options["given"] is None:
        raise InputError("--caller or --role is missing", "", "whose side is it?")
    is_role = options["role"] is not None
    given = read_side(options["given"]) if options["given"] else None
    wish = Wish(full=options["full"], tag_keys=options["tag_keys"])
    side: Side
    if is_role:
        if isinstance(given, RoleSide):
            raise InputError("this is the role's side too", "--given")
        side = role_side(_scenario(options, given), wish, given)
    else:
        if isinstance(given, CallerSide):
            raise InputError("this is the caller's side too", "--given")
        side = caller_side(_scenario(options, given), wish, given)
    _write(side, options["out"])


def _scenario(options: Mapping[str, Any], given: Side | None) -> Scenario:
    """The world and the call that the options choose, completed by the other side's file."""
    refused = [item for item in options["assume"] if not item.startswith("session=")]
    if refused:
        raise InputError("--assume belongs to `assumable why --side`", "", "leave it out")
    known = given.call if given is not None else None
    parameters = {k: v for k, v in known.parameters.items() if not is_sealed(v)} if known else {}
    asked = {**options, "caller": options["caller"] or (known.caller if known else None)}
    asked["role_arn"] = options["role"] or options["role_arn"] or parameters.get("RoleArn")
    if options["scenario"]:
        asked.update(caller=options["caller"] or None, role_arn=options["role_arn"])
        return scenario_of(asked)[0]
    is_live = not any(options[name] for name in FILES)
    if is_live and options["role"] is not None:
        found = _read_role(asked, parameters)
    else:
        if is_live and not options["caller"]:
            asked["caller"] = None  # the profile says who calls
        found = scenario_of(asked)[0]
    world, call = as_assumed(found, assumptions(options["assume"]))
    return Scenario(
        world, msgspec.structs.replace(call, parameters={**parameters, **call.parameters})
    )


def _read_role(options: Mapping[str, Any], parameters: Mapping[str, Any]) -> Scenario:
    """The role's account, read from AWS; the caller is whom the options name."""
    from assumable.ask import read_bearer
    from assumable.formats.dump import call_of

    if not options["caller"]:
        raise InputError("--caller is missing", "", "its ARN, or --given FILE")
    now, flags = token_options.moment_of(options), parameters_from_flags(options)
    flags = {**parameters, **flags}
    if "RoleArn" not in flags:
        raise InputError("--role-arn is missing")
    call = call_of(options["caller"], flags, region=options["region"], now=now)
    return read_bearer(call, choice_of({**options, "caller": None}).readers())


def _write(side: Side, out: Path | None) -> None:
    text = written(side)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
    is_caller = isinstance(side, CallerSide)
    whose = side.call.parameters["RoleArn"] if is_caller else side.call.caller
    what = "policies as they are" if side.full else "outcomes and no policy text"
    kind = "caller" if is_caller else "role"
    reader = f"the administrator of {arn.account_of(whose)}"
    click.echo(f"the {kind}'s side: {what}, for {reader}", err=True)
