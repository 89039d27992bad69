"""The edges of a world in one file, so that questions need not decide them again.

Each different set is kept once; the file is packed. It is written and read part by part: the sets
of a large organization do not fit into memory twice.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec
import zstandard

from assumable.errors import InputError
from assumable.formats.reading import read_bytes
from assumable.formats.sealed import EDGES, sealing, unsealed
from assumable.formats.snapshot import MAX_DUMP_BYTES
from assumable.org.edges import Edges
from assumable.org.universe import Members
from assumable.org.whocan import Passing

_MAX_BYTES = 16_000_000_000
_PART_BYTES = 4_000_000
"""A part of the file is written when its new sets are as large as that."""
_PART_ROLES = 10_000
"""Or when it has so many roles."""
_LENGTH_BYTES = 4
"""Before each part stands how long it is."""


class _Part(msgspec.Struct):
    """Some of the roles; conditions and sets are named by their place among those of all parts."""

    conditions: list[str] = msgspec.field(default_factory=list)
    """Those that no part before has."""
    sets: list[bytes] = msgspec.field(default_factory=list)
    roles: list[tuple[int, tuple[tuple[int, int], ...]]] = msgspec.field(default_factory=list)


_ALIKE_FAR_APART = zstandard.ZstdCompressionParameters.from_level(3, enable_ldm=True, window_log=26)
"""The next set that is nearly the same may be many megabytes on."""
_PART = msgspec.msgpack.Decoder(_Part)


def write(edges: Iterable[Edges], names: Sequence[str], file: Path) -> None:
    """Write a file of all edges, as they are decided; OSError where that cannot be."""
    packer = zstandard.ZstdCompressor(compression_params=_ALIKE_FAR_APART).compressobj()
    with sealing(EDGES, file) as content:
        for part in chain((tuple(names),), _parts(edges)):
            piece = msgspec.msgpack.encode(part)
            content.write(packer.compress(len(piece).to_bytes(_LENGTH_BYTES) + piece))
        content.write(packer.flush())


def _parts(edges: Iterable[Edges]) -> Iterator[_Part]:
    conditions, sets = dict[str, int](), dict[bytes, int]()
    part, size = _Part(), 0
    for role, passing in edges:
        placed = []
        for condition, members in passing:
            if condition not in conditions:
                conditions[condition] = len(conditions)
                part.conditions.append(condition)
            packed = _smallest(members)
            digest = hashlib.blake2b(packed, digest_size=16).digest()
            if digest not in sets:
                sets[digest] = len(sets)
                part.sets.append(packed)
                size += len(packed)
            placed.append((conditions[condition], sets[digest]))
        part.roles.append((role, tuple(placed)))
        if size >= _PART_BYTES or len(part.roles) >= _PART_ROLES:
            yield part
            part, size = _Part(), 0
    if part.roles:
        yield part


def _smallest(members: Members) -> bytes:
    members.run_optimize()
    return members.serialize()


class Stored:
    """The graph that was written to a file (`org.paths.Graph`)."""

    def __init__(self, path: Path) -> None:
        """InputError when it cannot be read, or is not such a file."""
        packed = unsealed(EDGES, read_bytes(path, limit=MAX_DUMP_BYTES), path)
        self._conditions, self._sets = list[str](), list[Members]()
        self._placed: dict[int, tuple[tuple[int, int], ...]] = {}
        """Of each role, conditions and sets by their places."""
        self._among = Members()
        self._met: dict[int, bool] = {}
        """Of sets, by their places, whether any of `_among` is in them: many roles share one."""
        try:
            pieces = _pieces(packed, path)
            self.names: Sequence[str] = msgspec.msgpack.decode(next(pieces), type=tuple[str, ...])
            for piece in pieces:
                part = _PART.decode(piece)
                self._conditions += part.conditions
                self._sets += map(Members.deserialize, part.sets)
                _check(part, len(self._conditions), len(self._sets))
                self._placed.update(part.roles)
        except (zstandard.ZstdError, msgspec.MsgspecError, ValueError, StopIteration):
            raise InputError("is cut off or was changed", str(path), EDGES.written) from None
        self.roles: Sequence[int] = tuple(self._placed)

    def passing(self, role: int, among: Members) -> Sequence[Passing]:
        """What was decided, of the principals that are asked about."""
        if among is not self._among:
            self._among, self._met = among, {}
        found: list[Passing] = []
        for condition, place in self._placed[role]:
            met = self._met.get(place)
            if met is None:
                met = self._met[place] = self._sets[place].intersect(among)
            if met:
                found.append(Passing(self._conditions[condition], self._sets[place] & among))
        return found


def _check(part: _Part, conditions: int, sets: int) -> None:
    """ValueError where a role has a condition or a set that is not there."""
    for condition, place in chain.from_iterable(placed for _, placed in part.roles):
        if condition >= conditions or place >= sets:
            raise ValueError("cut off")


def _pieces(packed: bytes, path: Path) -> Iterator[bytes]:
    left = _MAX_BYTES
    with zstandard.ZstdDecompressor().stream_reader(packed) as content:
        while head := content.read(_LENGTH_BYTES):
            length = int.from_bytes(head)
            left -= length
            if left < 0:
                raise InputError(f"is larger than {_MAX_BYTES // 1_000_000} MB", str(path))
            piece = content.read(length)
            if len(piece) != length:
                raise ValueError("cut off")
            yield piece
