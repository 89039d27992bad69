"""The prepared file: the same world as the slice, or one line that refuses it."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from assumable.cli.prepare import command as prepare
from assumable.cli.reach import command as reach
from assumable.cli.who import command as who
from assumable.errors import InputError
from assumable.formats import prepared
from assumable.formats.dump import read_snapshot
from assumable.formats.prepared import read_prepared, write_prepared
from assumable.formats.sealed import PREPARED, sealed
from assumable.formats.slice import read_slice
from assumable.formats.snapshot import Asked, Entry, Manifest, Missed, digest, packed
from assumable.model.policy import Policy
from assumable.model.world import Account, Role, Unknown
from tests.formats.likeness import plain, shared_tuples, sliced
from tests.formats.test_slice import broken, calls, decide_the_same, holding, policies, written
from tests.fuzz.test_snapshots import broken_snapshots
from tests.organizations.generator import write
from tests.worlds import ROLE, A, B


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """A generated organization."""
    folder = tmp_path / "dumps"
    write(folder, 5, "tiny")
    return folder


@pytest.fixture
def file(snapshot: Path) -> Path:
    """The prepared file of it."""
    made = snapshot.with_name("dumps.prepared")
    write_prepared(snapshot, made)
    return made


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_world_is_that_of_the_slice(seed: int, tmp_path: Path) -> None:
    write(tmp_path / "dumps", seed, "tiny")
    file = tmp_path / "file"
    world = write_prepared(tmp_path / "dumps", file)
    loaded = read_prepared(file)
    assert plain(loaded) == plain(world) == plain(read_slice(tmp_path / "dumps"))
    assert decide_the_same(world, loaded, calls(world)) > 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples."""
    return tmp_path_factory.mktemp("prepared")


@given(st.one_of(broken(), broken_snapshots()))
def test_worlds_with_mistakes_are_kept_too(folder: Path, files: dict[str, object]) -> None:
    file = folder / "file"
    try:
        world = write_prepared(
            written(folder, **{f"_{name}": value for name, value in files.items()}), file
        )
    except InputError:
        return
    assert plain(read_prepared(file)) == plain(world)


@pytest.mark.parametrize("place", ["identity", "boundary", "endpoint", "trust", "scp"])
def test_what_is_not_known_stays_so(place: str, tmp_path: Path) -> None:
    """A malformed policy in each layer, and no organization."""
    folder = written(tmp_path, **holding('{"Statement": 7}', place, usual=True))
    world = write_prepared(folder, tmp_path / "file")
    loaded = read_prepared(tmp_path / "file")
    unknown = "managed policy arn" if place == "boundary" else "which is malformed"
    assert unknown in repr(plain(loaded))
    assert plain(loaded) == plain(world)
    (folder / "organization.json").unlink()
    write_prepared(folder, tmp_path / "file")
    assert isinstance(read_prepared(tmp_path / "file").organizations, Unknown)


def test_what_a_manifest_says_is_kept(tmp_path: Path) -> None:
    """What could not be read, what is in no organization, and that lists are whole."""
    regions = [{"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED"}]
    dump = {"UserDetailList": [], "RoleDetailList": [], "Regions": regions}
    path = written(tmp_path, **{f"_{B}": dump}) / f"{B}.json"
    missed = (Missed(what="everything", permission="sts:AssumeRole"),)
    entries = {
        A: Entry(status="unreadable", missed=missed),
        B: Entry(status="done", file=path.name, sha256=digest(path.read_bytes()), standalone=True),
    }
    manifest = Manifest(assumable="0", started="", finished="", asked=Asked(by=A), accounts=entries)
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    write_prepared(tmp_path, tmp_path / "file")
    loaded = read_prepared(tmp_path / "file")
    assert plain(loaded) == sliced(plain(read_snapshot(tmp_path)))
    assert isinstance(loaded.accounts[A], Unknown)
    assert loaded.standalone == {B}
    account = loaded.accounts[B]
    assert isinstance(account, Account)
    assert account.regions


def test_what_is_equal_stays_one(file: Path) -> None:
    held = policies(read_prepared(file))
    assert len(held) > len(shared_tuples(held))
    assert all(len(several) == 1 for several in shared_tuples(held).values())


def test_a_policy_is_shown_where_it_stands_while_the_file_is_the_same(tmp_path: Path) -> None:
    folder = written(tmp_path, **holding("[]", "endpoint", usual=True))
    write_prepared(folder, tmp_path / "file")

    def line() -> int | None:
        role = read_prepared(tmp_path / "file").role(ROLE)
        assert isinstance(role, Role)
        assert isinstance(role.trust, Policy)
        span = role.trust.location.span()
        assert str(role.trust.location).startswith(str(folder / f"{B}.json"))
        return span.line if span is not None else None

    assert line() == 5
    (folder / f"{B}.json").write_text(f"\n{(folder / f'{B}.json').read_text()}")
    assert line() is None
    (folder / f"{B}.json").unlink()
    assert line() is None


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda content: content[:-9], "is cut off or was changed"),
    "cut in the head": (lambda content: content[:60], "is cut off or was changed"),
    "one bit": (
        lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
        "is cut off or was changed",
    ),
    "longer": (lambda content: content + b"\0", "is cut off or was changed"),
    "newer": (
        lambda content: content.replace(PREPARED.head, b"assumable/prepared/2", 1),
        "is not of the format `assumable/prepared/1`",
    ),
    "headless": (
        lambda content: content.partition(b"\n")[2],
        "is not what `assumable prepare` wrote",
    ),
    "empty": (lambda _: b"", "is not what `assumable prepare` wrote"),
    "a dump": (lambda _: b"{}", "is not what `assumable prepare` wrote"),
    "nothing packed": (lambda _: sealed(PREPARED, b""), "is cut off or was changed"),
    "junk": (lambda _: sealed(PREPARED, b"junk"), "is cut off or was changed"),
    "packed junk": (lambda _: sealed(PREPARED, packed(b"\x80")), "is cut off or was changed"),
    "a list": (lambda _: sealed(PREPARED, packed(b"\x90")), "is cut off or was changed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_is_not_as_it_was_written_is_refused(name: str, file: Path) -> None:
    change, message = CHANGES[name]
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(InputError) as caught:
        read_prepared(file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert caught.value.help_text == PREPARED.written


def test_numbers_that_lead_nowhere_are_refused(file: Path) -> None:
    """By whoever makes the digest fit."""
    import zstandard

    content = zstandard.ZstdDecompressor().decompress(file.read_bytes().partition(b"\n")[2])
    contents = msgspec.msgpack.decode(content)
    for key in ("texts", "policies", "rules", "tags", "files"):
        broken_one = msgspec.msgpack.encode({**contents, key: contents[key][:1]})
        file.write_bytes(sealed(PREPARED, packed(broken_one)))
        with pytest.raises(InputError, match="is cut off or was changed"):
            read_prepared(file)


def test_a_file_that_would_fill_the_memory_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "_MAX_BYTES", 1_000)
    with pytest.raises(InputError, match="is cut off or was changed"):
        read_prepared(file)


def test_the_file_is_whole_or_not_there(snapshot: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_prepared(snapshot, snapshot / "none" / "file")
    (snapshot / f"{next(snapshot.glob('[0-9]*')).stem}.json").write_text("{")
    with pytest.raises(InputError, match="not valid JSON"):
        write_prepared(snapshot, snapshot.with_name("file"))
    assert not snapshot.with_name("file").exists()


def test_the_commands_take_the_file_as_they_take_the_folder(snapshot: Path) -> None:
    made = CliRunner().invoke(prepare, [str(snapshot)])
    file = snapshot.with_name("dumps.prepared")
    assert made.output == f"{file}: 3 accounts, 27 users and roles\n"
    world = read_slice(snapshot)
    role = next(found.arn for found in world.principals() if isinstance(found, Role))
    for command in (who, reach):
        shown = [
            CliRunner().invoke(command, [role, "--snapshot", str(path)]).output
            for path in (snapshot, file)
        ]
        assert shown[0] == shown[1]
        assert role.rpartition("/")[2] in shown[0]


def test_the_file_of_a_collected_snapshot_stands_beside_it(tmp_path: Path) -> None:
    """And is written somewhere else when that is asked for."""
    write(tmp_path / "20261123T120000Z", 5, "tiny")
    (tmp_path / "latest").write_text("20261123T120000Z\n")
    beside, other = tmp_path / "20261123T120000Z.prepared", tmp_path / "other"
    assert CliRunner().invoke(prepare, [str(tmp_path)]).exit_code == 0
    assert CliRunner().invoke(prepare, [str(tmp_path), "--output", str(other)]).exit_code == 0
    assert plain(read_prepared(beside)) == plain(read_prepared(other))
    assert A not in read_prepared(beside).accounts


@pytest.mark.parametrize("name", [".", "", "/", "dumps", "none/file", "a" * 5_000])
def test_a_file_that_cannot_be_written_is_one_line(name: str, snapshot: Path) -> None:
    """And nothing is left behind."""
    before = sorted(snapshot.parent.iterdir())
    output = name if name in (".", "", "/") else f"{snapshot.parent}/{name}"
    result = CliRunner().invoke(prepare, [str(snapshot), "--output", output])
    assert isinstance(result.exception, InputError)
    assert "cannot be written" in str(result.exception)
    assert sorted(snapshot.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["a" * 5_000, "none"])
def test_a_snapshot_that_is_not_there_is_one_line(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(who, ["r", "--snapshot", str(tmp_path / name)])
    assert isinstance(result.exception, InputError)
    assert "no such folder" in str(result.exception)
