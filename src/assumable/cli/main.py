"""The entry point of the `assumable` command: it imports nothing that takes time."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; an interrupt shows no traceback, not even while modules load."""
    try:
        from assumable.cli.group import run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
