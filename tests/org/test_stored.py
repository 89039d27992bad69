"""The file of all edges: what is read again, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from assumable.errors import InputError
from assumable.formats.sealed import EDGES, sealed
from assumable.org.edges import Edges
from assumable.org.stored import Stored, write
from assumable.org.universe import Members
from assumable.org.whocan import Passing

NAMES = ("a", "b", "c", "d")
FIRST, SECOND = Members((0, 1)), Members((2,))
ALL: list[Edges] = [
    Edges(1, (Passing("", FIRST), Passing("x", SECOND))),
    Edges(3, (Passing("x", FIRST),)),
]


def saved(path: Path, content: bytes) -> Path:
    file = path / "all.edges"
    file.write_bytes(content)
    return file


def asked(graph: Stored, role: int, *among: int) -> dict[str, set[int]]:
    return {each.condition: set(each.members) for each in graph.passing(role, Members(among))}


def test_it_answers_of_those_who_are_asked_about(tmp_path: Path) -> None:
    graph = Stored(saved(tmp_path, write(ALL, NAMES)))
    assert (tuple(graph.names), tuple(graph.roles)) == (NAMES, (1, 3))
    assert asked(graph, 1, 0, 1, 2, 3) == {"": {0, 1}, "x": {2}}
    assert asked(graph, 1, 1, 3) == {"": {1}}  # a condition that is nobody's is not told
    assert asked(graph, 3, 0) == {"x": {0}}


def test_what_is_the_same_is_kept_once(tmp_path: Path) -> None:
    content = _content(write(ALL, NAMES))
    assert content["conditions"] == ["", "x"]
    assert len(content["sets"]) == 2


def _content(file: bytes) -> dict[str, Any]:
    packed = file.partition(b"\n")[2]
    found: dict[str, Any] = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(packed))
    return found


def _with(**changes: Any) -> bytes:
    return msgspec.msgpack.encode({**_content(write(ALL, NAMES)), **changes})


BROKEN: dict[str, Callable[[], bytes]] = {
    "a set that is not there": lambda: _with(roles=[[1, [[0, 7]]]]),
    "a condition that is not there": lambda: _with(roles=[[1, [[9, 0]]]]),
    "a set that is none": lambda: _with(sets=[b"no set", b"no set"]),
    "no sets": lambda: _with(sets=None),
    "no object": lambda: msgspec.msgpack.encode([1]),
    "no MessagePack": lambda: b"\xc1",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_file_that_holds_something_else(how: str, tmp_path: Path) -> None:
    """Its digest fits, so somebody made it so."""
    packed = zstandard.ZstdCompressor().compress(BROKEN[how]())
    with pytest.raises(InputError, match="is cut off or was changed"):
        Stored(saved(tmp_path, sealed(EDGES, packed)))


def test_a_file_that_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is cut off or was changed"):
        Stored(saved(tmp_path, sealed(EDGES, _with())))


def test_a_file_that_would_fill_the_memory(tmp_path: Path) -> None:
    """It is refused by the size that it states, before anything is unpacked."""
    packed = zstandard.ZstdCompressor().compress(b"x" * 70_000)
    stated = b"\xe0" + (5_000_000_000).to_bytes(8, "little")  # eight bytes of size, one segment
    larger = packed[:4] + stated + packed[9:]
    with pytest.raises(InputError, match="is larger than 4000 MB"):
        Stored(saved(tmp_path, sealed(EDGES, larger)))
