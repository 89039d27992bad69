"""`assumable audit`: which trust policies of a world are dangerous or dead."""

import sys
from pathlib import Path

import click

from assumable.cli.everyone import WIDTH_HELP, columns, world_of, world_options
from assumable.cli.options import forms

_NEVER = "never"


@click.command(
    name="audit", epilog=WIDTH_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@world_options
@click.option(
    "--fail-on",
    type=click.Choice(["high", "medium", "low", "note", _NEVER]),
    default="high",
    show_default=True,
    help="Exit with 1 where something is as bad as that or worse.",
)
@forms("terminal", "json", "sarif", "markdown", text="How to print what was found.")
def command(snapshot: Path | None, scenario: Path | None, fail_on: str, format_: str) -> None:
    """Which trust policies are dangerous or dead?

    Every finding has its evidence, and a fix that was decided again with the edit applied, or what
    somebody has to decide. How bad and how sure stand apart.
    """
    from assumable.audit.finding import Severity
    from assumable.audit.registry import audit
    from assumable.formats.slice import uncollected

    with uncollected():
        found = audit(*world_of(snapshot, scenario))
    if format_ == "json":
        from assumable.formats.writing import indented

        text = indented(found) + "\n"
    elif format_ == "sarif":
        from assumable.render import sarif

        text = sarif.render(found)
    elif format_ == "markdown":
        from assumable.render import audit_markdown

        text = audit_markdown.render(found)
    else:
        from assumable.render.audit import render

        text = render(found, width=columns())
    click.echo(text, nl=False)
    if fail_on != _NEVER and found.at_least(Severity(fail_on)):
        sys.exit(1)
