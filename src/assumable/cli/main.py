"""The entry point of the `assumable` command: it imports nothing that takes time."""

import atexit
import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; an interrupt shows no traceback, not even while modules load."""
    try:
        from assumable.cli.group import run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def script() -> None:
    """The installed command: `main`, and then the process ends at once.

    To free a large world object by object takes as long as the answer did.
    """
    main()
    atexit._run_exitfuncs()  # noqa: SLF001  # what is registered stops servers, and may write
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError):
        return  # whoever read it has gone; Python ends as ever
    os._exit(0)
