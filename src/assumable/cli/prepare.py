"""`assumable prepare`: one file of a snapshot, for `who`, `reach` and `edges`."""

from pathlib import Path

import click

from assumable.cli.options import PATH


@click.command(name="prepare", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("snapshot", type=PATH)
@click.option("--output", type=PATH, metavar="FILE", help="Instead of SNAPSHOT.prepared.")
def command(snapshot: Path, output: Path | None) -> None:
    """Read SNAPSHOT once, and write what decides who can assume what to one file.

    `who`, `reach` and `edges` take the file where they take the snapshot, and need not read that
    again. It says what the snapshot said then: after another `assumable collect`, prepare again.
    """
    from assumable.formats.prepared import write_prepared
    from assumable.formats.snapshot import files_of

    folder = files_of(snapshot).folder  # once: another snapshot may be the newest in a moment
    whole = folder.absolute()
    file = output or whole.with_name(f"{whole.name}.prepared")
    world = write_prepared(folder, file)
    known = sum(1 for _ in world.principals())
    click.echo(f"{file}: {len(world.accounts)} accounts, {known} users and roles")
