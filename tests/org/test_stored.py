"""The file of all edges: what is read again, and what is refused."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from assumable.errors import InputError
from assumable.formats.sealed import EDGES, sealed
from assumable.org import stored
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


def saved(path: Path, edges: list[Edges] = ALL) -> Path:
    file = path / "all.edges"
    write(edges, NAMES, file)
    return file


def piece(content: Any) -> bytes:
    packed = content if isinstance(content, bytes) else msgspec.msgpack.encode(content)
    return len(packed).to_bytes(4) + packed


def made(path: Path, *contents: Any) -> Path:
    """A file of such pieces whose digest fits."""
    packed = zstandard.ZstdCompressor().compress(b"".join(map(piece, contents)))
    path.write_bytes(sealed(EDGES, packed))
    return path


def asked(graph: Stored, role: int, *among: int) -> dict[str, set[int]]:
    return {each.condition: set(each.members) for each in graph.passing(role, Members(among))}


def test_it_answers_of_those_who_are_asked_about(tmp_path: Path) -> None:
    graph = Stored(saved(tmp_path))
    assert (tuple(graph.names), tuple(graph.roles)) == (NAMES, (1, 3))
    assert asked(graph, 1, 0, 1, 2, 3) == {"": {0, 1}, "x": {2}}
    assert asked(graph, 1, 1, 3) == {"": {1}}  # a condition that is nobody's is not told
    assert asked(graph, 3, 0) == {"x": {0}}


def contents(file: Path) -> list[Any]:
    """The pieces of a file."""
    packed, found = file.read_bytes().partition(b"\n")[2], list[Any]()
    with zstandard.ZstdDecompressor().stream_reader(packed) as content:
        while length := int.from_bytes(content.read(4)):
            found.append(msgspec.msgpack.decode(content.read(length)))
    return found


def test_what_is_the_same_is_kept_once(tmp_path: Path) -> None:
    names, part = contents(saved(tmp_path))
    assert tuple(names) == NAMES
    assert part["conditions"] == ["", "x"]
    assert len(part["sets"]) == 2


@pytest.mark.parametrize("limit", ["_PART_BYTES", "_PART_ROLES"])
def test_it_is_written_and_read_part_by_part(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in a part before is not written again."""
    monkeypatch.setattr(stored, limit, 1)
    file = saved(tmp_path)
    _, first, second, *rest = contents(file)
    assert (first["conditions"], second["conditions"], second["sets"]) == (["", "x"], [], [])
    assert second["roles"] == [[3, [[1, 0]]]]
    assert rest == []
    assert asked(Stored(file), 3, 0, 1, 2) == {"x": {0, 1}}


SET = FIRST.serialize()
PART = {"conditions": [""], "sets": [SET], "roles": [[1, [[0, 0]]]]}
BROKEN: dict[str, tuple[Any, ...]] = {
    "a set that is not there": (NAMES, {**PART, "roles": [[1, [[0, 7]]]]}),
    "a condition that is not there": (NAMES, {**PART, "roles": [[1, [[9, 0]]]]}),
    "a set that is none": (NAMES, {**PART, "sets": [b"no set"]}),
    "no sets": (NAMES, {**PART, "sets": None}),
    "no object": (NAMES, [1]),
    "no MessagePack": (NAMES, b"\xc1"),
    "no names": (PART,),
    "nothing": (),
}


def test_a_file_that_was_made_by_hand(tmp_path: Path) -> None:
    assert asked(Stored(made(tmp_path / "f", NAMES, PART)), 1, 0, 3) == {"": {0}}


@pytest.mark.parametrize("how", BROKEN)
def test_a_file_that_holds_something_else(how: str, tmp_path: Path) -> None:
    """Its digest fits, so somebody made it so."""
    with pytest.raises(InputError, match="is cut off or was changed"):
        Stored(made(tmp_path / "f", *BROKEN[how]))


def test_a_piece_that_is_shorter_than_it_says(tmp_path: Path) -> None:
    file, whole = tmp_path / "f", piece(list(NAMES)) + piece(PART)
    for length in range(len(whole)):
        file.write_bytes(sealed(EDGES, zstandard.ZstdCompressor().compress(whole[:length])))
        if length == len(piece(list(NAMES))):
            assert Stored(file).roles == ()
            continue
        with pytest.raises(InputError, match="is cut off or was changed"):
            Stored(file)


def test_a_file_that_is_not_packed(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(sealed(EDGES, piece(list(NAMES)) + piece(PART)))
    with pytest.raises(InputError, match="is cut off or was changed"):
        Stored(file)


def test_a_file_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused by the length that a piece states, before that is unpacked."""
    monkeypatch.setattr(stored, "_MAX_BYTES", 1_000_000)
    with pytest.raises(InputError, match="is larger than 1 MB"):
        Stored(made(tmp_path / "f", NAMES, b"x" * 1_000_000))
