"""Files of formats of our own: the first line names the format, and the digest of what follows.

So each is known where it is given for something else, and where it was cut off or changed.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

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
    4,
    "is what `assumable edges` wrote",
    "`reach` takes it as --edges",
    "`assumable edges --output FILE.edges` writes it",
)
_ALL = (PREPARED, EDGES)
_LONGEST = max(len(each.start) for each in _ALL)


def sealed(form: Format, content: bytes) -> bytes:
    """What the file holds."""
    return _line(form, _digest(content)) + content


class Sealing:
    """A file that is written piece by piece."""

    def __init__(self, form: Format, file: BinaryIO) -> None:
        """The file is empty; the digest's place is left open."""
        self._form, self._file, self._known = form, file, hashlib.sha256()
        file.write(_line(form, _digest(b"")))

    def write(self, piece: bytes) -> None:
        """Add to the content."""
        self._known.update(piece)
        self._file.write(piece)

    def finish(self) -> None:
        """Nothing more is written: fill in the digest."""
        self._file.seek(0)
        self._file.write(_line(self._form, self._known.hexdigest().encode()))


@contextlib.contextmanager
def sealing(form: Format, path: Path) -> Iterator[Sealing]:
    """A file of the format whose content is not in memory all at once.

    OSError where it cannot be written.
    """
    with path.open("wb") as file:
        content = Sealing(form, file)
        yield content
        content.finish()


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


def _line(form: Format, digest: bytes) -> bytes:
    return b"%s %s\n" % (form.head, digest)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
