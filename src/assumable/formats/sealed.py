"""Files of formats of our own: the first line names the format, and the digest of what follows.

So each is known where it is given for something else, and where it was cut off or changed.
"""

import contextlib
import hashlib
from pathlib import Path
from typing import NamedTuple

from assumable.errors import InputError


class Format(NamedTuple):
    """One of them."""

    name: str
    version: int
    told: str
    """What such a file is."""
    taken: str
    """What takes it, and as what."""
    written: str
    """What writes it."""

    @property
    def start(self) -> bytes:
        """How a file of any version begins."""
        return f"assumable/{self.name}/".encode()

    @property
    def head(self) -> bytes:
        """What stands before the digest."""
        return self.start + str(self.version).encode()


PREPARED = Format(
    "prepared",
    1,
    "is what `assumable prepare` wrote",
    "`who`, `reach` and `edges` take it as --snapshot; elsewhere give the snapshot itself",
    "`assumable prepare SNAPSHOT` writes it; a scenario is given as --scenario",
)
EDGES = Format(
    "edges",
    2,
    "is what `assumable edges` wrote",
    "`reach` takes it as --edges",
    "`assumable edges --output FILE.edges` writes it",
)
_ALL = (PREPARED, EDGES)
_LONGEST = max(len(each.start) for each in _ALL)


def sealed(form: Format, content: bytes) -> bytes:
    """What the file holds."""
    return b"%s %s\n" % (form.head, _digest(content)) + content


def unsealed(form: Format, content: bytes, file: Path) -> bytes:
    """What was sealed in a file; InputError where it is none of the format, or cut off or changed.

    Whoever makes the digest fit has changed it unseen: what follows is not to be trusted.
    """
    line, _, rest = content.partition(b"\n")
    head, _, told = line.partition(b" ")
    if head != form.head:
        if head.startswith(form.start):
            message = f"is not of the format `{form.head.decode()}`"
            raise InputError(message, str(file), form.written)
        refuse_sealed(content, file)
        raise InputError(f"is not {form.told.removeprefix('is ')}", str(file), form.written)
    if _digest(rest) != told:
        raise InputError("is cut off or was changed", str(file), form.written)
    return rest


def refuse_sealed(content: bytes, file: Path) -> None:
    """InputError where it is one of these files, with what takes it."""
    for form in _ALL:
        if content.startswith(form.start):
            raise InputError(form.told, str(file), form.taken)


def refuse_sealed_file(file: Path) -> None:
    """The same of a file that nobody has read yet."""
    with contextlib.suppress(OSError), file.open("rb") as content:
        refuse_sealed(content.read(_LONGEST), file)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
