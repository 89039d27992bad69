"""The files of a snapshot: packed or not, found by `latest`, and refused when changed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from assumable.cli.group import cli
from assumable.errors import InputError
from assumable.formats import snapshot
from assumable.formats.dump import read_snapshot
from assumable.formats.slice import read_slice
from assumable.formats.snapshot import Asked, Entry, Manifest, digest, packed, read_packed
from assumable.model.world import Account, World
from tests.worlds import A, B

DUMP: dict[str, Any] = {"UserDetailList": [], "RoleDetailList": []}
NAME = "20261123T120000Z"


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished snapshot of two accounts."""
    own = tmp_path / NAME
    own.mkdir()
    entries = {}
    for account in (A, B):
        path = own / f"{account}.json.zst"
        path.write_bytes(packed(text(DUMP)))
        entries[account] = Entry(
            status="done", file=path.name, sha256=digest(path.read_bytes()), calls=6
        )
    manifest = Manifest(assumable="0", started="", finished="", asked=Asked(by=A), accounts=entries)
    (own / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    (tmp_path / "latest").write_text(f"{NAME}\n")
    return tmp_path


def test_the_newest_is_the_one_that_latest_names(folder: Path) -> None:
    assert set(read_snapshot(folder).accounts) == {A, B}
    shutil.copytree(folder / NAME, folder / "20261124T120000Z")
    (folder / "20261124T120000Z" / f"{B}.json.zst").write_bytes(b"")
    assert set(read_snapshot(folder).accounts) == {A, B}


@pytest.mark.parametrize("name", ["", "..", "20261123T120001Z", f"../{NAME}", f"{NAME}\nx"])
def test_latest_names_a_snapshot_beside_it_or_nothing(folder: Path, name: str) -> None:
    (folder / "latest").write_text(name)
    with pytest.raises(InputError, match="does not name a snapshot"):
        read_snapshot(folder)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def change(path: Path) -> None:
    path.write_bytes(packed(text({**DUMP, "UserDetailList": [{"UserName": "x"}]})))


def unpack(path: Path) -> None:
    path.with_suffix("").write_bytes(text(DUMP))
    path.unlink()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (cut, "is not the file that manifest.json names: cut off or changed"),
        (change, "is not the file that manifest.json names: cut off or changed"),
        (Path.unlink, "is missing, although manifest.json names it"),
        (unpack, "is not in manifest.json"),
    ],
    ids=["cut", "changed", "removed", "unpacked"],
)
@pytest.mark.parametrize("read", [read_snapshot, read_slice])
def test_a_file_that_differs_from_the_manifest_is_refused_by_name(
    folder: Path, read: Callable[[Path], World], how: Callable[[Path], None], message: str
) -> None:
    how(folder / NAME / f"{B}.json.zst")
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.message == message
    assert f"{B}.json" in caught.value.where


CALL = ["--caller", f"arn:aws:iam::{A}:user/u", "--role-arn", f"arn:aws:iam::{B}:role/r"]


@pytest.mark.parametrize(
    "words",
    [
        ["why", "--snapshot", "SNAPSHOT", *CALL],
        ["why", "--snapshot", "SOUND", "--older-snapshot", "SNAPSHOT", *CALL],
        ["export-side", "--snapshot", "SNAPSHOT", *CALL],
        ["who", "r", "--snapshot", "SNAPSHOT"],
        ["reach", "u", "--snapshot", "SNAPSHOT"],
        ["edges", "--snapshot", "SNAPSHOT"],
        ["audit", "--snapshot", "SNAPSHOT"],
        ["compare", "SNAPSHOT", "SOUND"],
        ["compare", "SOUND", "SNAPSHOT"],
        ["prepare", "SNAPSHOT"],
    ],
    ids=lambda words: " ".join(words[:4]),
)
def test_no_command_takes_a_snapshot_that_was_changed(words: list[str], folder: Path) -> None:
    shutil.copytree(folder / NAME, folder / "sound")
    change(folder / NAME / f"{B}.json.zst")
    places = {"SNAPSHOT": str(folder / NAME), "SOUND": str(folder / "sound")}
    error = CliRunner().invoke(cli, [places.get(word, word) for word in words]).exception
    assert isinstance(error, InputError)
    assert error.message == "is not the file that manifest.json names: cut off or changed"
    assert error.where == str(folder / NAME / f"{B}.json.zst")


@pytest.mark.parametrize("name", ["333333333333.json", "organization.json"])
def test_a_file_that_was_added_is_refused(folder: Path, name: str) -> None:
    (folder / NAME / name).write_bytes(text({"Id": "o-1", "MasterAccountId": A}))
    with pytest.raises(InputError, match=r"is not in manifest.json"):
        read_snapshot(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is cut off or was changed"),
        (b"[]", "is cut off or was changed"),
        (b'{"format": "assumable/snapshot/1", "acc', "is cut off or was changed"),
        (b'{"format": "assumable/snapshot/1"}', "is cut off or was changed"),
        (b'{"format": "assumable/snapshot/2"}', "is not of the format `assumable/snapshot/1`"),
        (b"{}", "is not of the format `assumable/snapshot/1`"),
        (b'{"format": "\xff"}', "is cut off or was changed"),
    ],
)
def test_a_manifest_that_is_none(folder: Path, content: bytes, message: str) -> None:
    (folder / NAME / "manifest.json").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_snapshot(folder)
    assert message in caught.value.message
    assert caught.value.where.endswith("manifest.json")


def test_an_empty_list_is_whole_where_a_manifest_says_what_was_read(folder: Path) -> None:
    """`get-account-authorization-details --filter` leaves empty lists as well."""
    collected = read_snapshot(folder).accounts[A]
    assert isinstance(collected, Account)
    assert collected.unlisted == {"oidc-provider", "saml-provider"}
    (folder / NAME / "manifest.json").unlink()
    dumped = read_snapshot(folder).accounts[A]
    assert isinstance(dumped, Account)
    assert dumped.unlisted == {"user", "role", "oidc-provider", "saml-provider"}


def test_a_file_is_read_packed_or_not_but_not_twice(tmp_path: Path) -> None:
    (tmp_path / f"{A}.json").write_bytes(text(DUMP))
    (tmp_path / f"{B}.json.zst").write_bytes(packed(text(DUMP)))
    assert set(read_snapshot(tmp_path).accounts) == {A, B}
    (tmp_path / f"{A}.json.zst").write_bytes(packed(text(DUMP)))
    with pytest.raises(InputError, match="is there twice"):
        read_snapshot(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (packed(text(DUMP))[:-3], "is cut off"),
        (b"", "is cut off"),
        (text(DUMP), "is not packed with zstd"),
        (packed(b"\xff\xfe\xff"), "is not UTF-8 text"),
    ],
)
def test_what_cannot_be_unpacked(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / f"{A}.json.zst"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_packed(path)
    assert caught.value.where == str(path)


def test_what_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MAX_DUMP_BYTES", 1_000_000)
    path = tmp_path / f"{A}.json.zst"
    path.write_bytes(packed(b" " * 2_000_000))
    with pytest.raises(InputError, match="is larger than 1 MB"):
        read_packed(path)
