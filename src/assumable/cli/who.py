"""`assumable who`: who can assume this role."""

from pathlib import Path

import click

from assumable.cli.everyone import WIDTH_HELP, columns, everyone_of, everyone_options
from assumable.cli.options import forms


@click.command(
    name="who", epilog=WIDTH_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("role")
@everyone_options
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many principals are named under each condition.",
)
@forms("terminal", "json", "markdown", text="json: one object, every principal.")
def command(
    role: str, snapshot: Path | None, scenario: Path | None, limit: int, format_: str
) -> None:
    """Who can assume ROLE, an ARN, or a name that only one role has?

    Users and roles by the condition under which a plain call passes: one that sends nothing but a
    session name and perhaps an external ID. Then roles of which no session passes but a tagged one,
    where somebody may be able to tag it. And whom the role lets in besides: services, bearers of
    tokens, accounts that were not read, everyone.
    """
    from assumable.formats.slice import uncollected

    with uncollected():
        everyone = everyone_of(snapshot, scenario)
        answer = everyone.who(everyone.role(role))
    from assumable.formats.writing import indented
    from assumable.render.who import markdown, render

    match format_:
        case "json":
            click.echo(indented(answer))
        case "markdown":
            click.echo(markdown(answer, most=limit), nl=False)
        case _:
            click.echo(render(answer, width=columns(), most=limit), nl=False)
