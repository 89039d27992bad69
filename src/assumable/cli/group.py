"""The `assumable` command; each sub-command is imported only when it runs."""

import importlib
import io
import sys

import click

from assumable import __version__
from assumable.cli.main import INTERRUPTED

_BUG = 70
_LIKE = 0.6
_COMMANDS = {
    "why": ("assumable.cli.why", "Why does this call fail, and what fixes it?"),
    "run": ("assumable.cli.run", "Run a command; if it cannot assume a role, say why."),
    "export-side": ("assumable.cli.export_side", "What one administrator tells the other."),
    "collect": ("assumable.cli.collect", "Write a snapshot of an account or an organization."),
    "prepare": ("assumable.cli.prepare", "Make a snapshot ready for questions about everybody."),
    "who": ("assumable.cli.who", "Who can assume this role?"),
    "reach": ("assumable.cli.reach", "Which roles can this principal reach, by any chain?"),
    "audit": ("assumable.cli.audit", "Which trust policies are dangerous or dead?"),
    "compare": ("assumable.cli.compare", "What changed between two snapshots, and by which edit?"),
    "edges": ("assumable.cli.edges", "Who can assume what, all of it, as a file."),
    "explain": ("assumable.cli.explain", "What does this error text or cause mean?"),
    "permissions": ("assumable.cli.permissions", "The least policy that may read the answer."),
    "minimize": ("assumable.cli.minimize", "The smallest scenario with the same answer."),
    "demo": ("assumable.cli.demo", "The classic failures against an embedded AWS."),
}


class LazyGroup(click.Group):
    """Loads a sub-command when it is asked for, so that `--version` and `--help` stay fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, without importing anything."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named first; a slip of the pen is told what was meant."""
        import difflib

        known = args[0] in _COMMANDS or args[0].startswith("-")
        meant = () if known else difflib.get_close_matches(args[0], _COMMANDS, 1, _LIKE)
        if meant:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{meant[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table, not from their modules."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="assumable")
def cli() -> None:
    """Why can't this caller assume that AWS role, and what exactly would fix it?"""


def run() -> None:
    """Run the command line; every way out has its exit code (DESIGN section 7)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # cp1252 has no ✗, and the verdict must come through.
            stream.reconfigure(errors="backslashreplace")
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        sys.exit(_refused(error))
    except OSError as error:
        click.echo(f"assumable: the answer could not be written: {error.strerror}", err=True)
        sys.exit(2)
    except Exception as error:  # noqa: BLE001  # the last resort: one line, never a traceback
        sys.exit(_last_words(error))


def _refused(error: click.ClickException) -> int:
    from assumable.errors import unsecret

    takers = _takers(error.option_name) if isinstance(error, click.NoSuchOption) else ""
    message = f"{error.message} {takers}" if takers else error.format_message()
    click.echo(f"assumable: {unsecret(message)}", err=True)
    return 2


def _takers(option: str) -> str:
    """The commands that take an option which another one does not."""
    context = click.Context(cli)
    found = [
        f"`{name}`"
        for name in cli.list_commands(context)
        if (command := cli.get_command(context, name)) is not None
        and any(option in parameter.opts for parameter in command.params)
    ]
    return f"{', '.join(found)} take{'s' * (len(found) == 1)} it" if found else ""


def _last_words(error: Exception) -> int:
    from assumable.errors import AssumableError, place_of

    if isinstance(error, AssumableError):
        click.echo(f"assumable: {error}", err=True)
        return error.exit_code
    click.echo(
        f"assumable: this is a bug, not an answer ({type(error).__name__}{place_of(error)}); "
        "please report it with `assumable --version` and the command that you ran",
        err=True,
    )
    return _BUG
