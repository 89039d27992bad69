"""The edges of a world in one file, so that questions need not decide them again.

Each different set is kept once; the file is packed.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import zstandard

from assumable.errors import InputError
from assumable.formats.reading import read_bytes
from assumable.formats.sealed import EDGES, sealed, unsealed
from assumable.formats.snapshot import MAX_DUMP_BYTES
from assumable.org.edges import Edges
from assumable.org.universe import Members
from assumable.org.whocan import Passing

_MAX_BYTES = 4_000_000_000


class _Content(msgspec.Struct, frozen=True):
    """What is in the file; conditions and sets are named by their place in the lists."""

    names: tuple[str, ...]
    conditions: tuple[str, ...]
    sets: tuple[bytes, ...]
    roles: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]


def write(edges: Iterable[Edges], names: Sequence[str]) -> bytes:
    """The content of a file of all edges."""
    conditions, sets = dict[str, int](), dict[bytes, int]()
    roles = tuple(
        (
            role,
            tuple(
                (
                    conditions.setdefault(condition, len(conditions)),
                    sets.setdefault(_smallest(members), len(sets)),
                )
                for condition, members in passing
            ),
        )
        for role, passing in edges
    )
    content = _Content(tuple(names), tuple(conditions), tuple(sets), roles)
    return sealed(EDGES, zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(content)))


def _smallest(members: Members) -> bytes:
    members.run_optimize()
    return members.serialize()


class Stored:
    """The graph that was written to a file (`org.paths.Graph`)."""

    def __init__(self, path: Path) -> None:
        """InputError when it cannot be read, or is not such a file."""
        packed = unsealed(EDGES, read_bytes(path, limit=MAX_DUMP_BYTES), path)
        try:
            if zstandard.frame_content_size(packed) > _MAX_BYTES:
                raise InputError(f"is larger than {_MAX_BYTES // 1_000_000} MB", str(path))
            content = zstandard.ZstdDecompressor().decompress(packed)
            found = msgspec.msgpack.decode(content, type=_Content)
            sets = [Members.deserialize(each) for each in found.sets]
            self._passing = {
                role: tuple(Passing(found.conditions[c], sets[s]) for c, s in passing)
                for role, passing in found.roles
            }
        except (zstandard.ZstdError, msgspec.MsgspecError, ValueError, IndexError):
            raise InputError("is cut off or was changed", str(path), EDGES.written) from None
        self.names: Sequence[str] = found.names
        self.roles: Sequence[int] = tuple(self._passing)

    def passing(self, role: int, among: Members) -> Iterator[Passing]:
        """What was decided, of the principals that are asked about."""
        for condition, members in self._passing[role]:
            if members.intersect(among):
                yield Passing(condition, members & among)
