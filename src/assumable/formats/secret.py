"""Secrets on the command line: given as they are, in a file, or on standard input.

INVARIANT: no message shows what was read, nor a value that may be the secret itself.
"""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from assumable.errors import InputError

STANDARD_INPUT = "-"
_SPACE = 4_096
"""Bytes of white space that a file may hold around or between what it is read for."""


def read_secret(value: str, flag: str, *, limit: int, is_one: Callable[[bytes], bool]) -> bytes:
    """What the value of a flag stands for: itself where it is one, else a file, `-` for a pipe.

    `limit` is in bytes. InputError when it is neither, or when there is more to read than that.
    """
    if value == STANDARD_INPUT:
        found = sys.stdin.buffer.read(limit + _SPACE + 1)
    else:
        # An argument that is no UTF-8 reaches Python with surrogates in it.
        found = value.encode(errors="replace")
        found = found if is_one(found) else _file(value, flag, limit)
    found = found.removeprefix(b"\xef\xbb\xbf").strip()
    if len(found) > limit + _SPACE:
        raise InputError(f"is larger than {limit} characters, which AWS does not take", flag)
    return found


def _file(value: str, flag: str, limit: int) -> bytes:
    name = value.removeprefix("file://")
    what = "there is no file of that name, and as a text it is not well-formed"
    try:
        with Path(name).open("rb") as file:
            return file.read(limit + _SPACE + 1)
    except IsADirectoryError:
        what = "is a directory, a file is needed"
    except FileNotFoundError:
        if name != value:
            what = "no such file"
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            what = f"is a file that cannot be read: {os.strerror(error.errno or 0).lower()}"
    except ValueError:  # a zero byte in it
        pass
    raise InputError(what, flag, "give the text itself, a file, or - for a pipe")
