"""`assumable who`: who can assume this role."""

from pathlib import Path

import click

from assumable.cli.everyone import WIDTH_HELP, columns, everyone_of, world_options
from assumable.cli.options import forms


@click.command(
    name="who", epilog=WIDTH_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("role")
@world_options
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many principals are named under each condition.",
)
@forms("terminal", "json", text="json: one object, every principal.")
def command(
    role: str, snapshot: Path | None, scenario: Path | None, limit: int, format_: str
) -> None:
    """Who can assume ROLE, an ARN, or a name that only one role has?

    Users and roles by the condition under which a plain call passes, and whom the trust policy lets
    in besides: services, bearers of tokens, accounts that were not read.
    """
    from assumable.formats.slice import uncollected

    with uncollected():
        everyone = everyone_of(snapshot, scenario)
        answer = everyone.who(everyone.role(role))
    if format_ == "json":
        from assumable.formats.writing import indented

        click.echo(indented(answer))
        return
    from assumable.render.who import render

    click.echo(render(answer, width=columns(), most=limit), nl=False)
