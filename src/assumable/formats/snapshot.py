"""The files of a snapshot: where they are, whether they are as they were written, what they hold.

A folder of plain `<account>.json` files needs no manifest. Where there is one, nothing is read that
differs from it. An iam-collect store has a folder for each account.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from assumable import arn
from assumable.errors import InputError
from assumable.formats.reading import read_bytes, read_document, text_of
from assumable.formats.sealed import refuse_sealed_file
from assumable.source import Document, Span

FORMAT = "assumable/snapshot/1"
MANIFEST, UNFINISHED, LATEST = "manifest.json", "unfinished.json", "latest"
ORGANIZATION = "organization"
NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
"""What a snapshot is called: the time in UTC, and a number for more of them in one second."""
MAX_DUMP_BYTES = 1_000_000_000
_PACKED = ".zst"
_SUFFIXES = (".json", f".json{_PACKED}")
_PIECE = 4_096
# In an iam-collect store, from the top, from an account and from an organization.
_STORED_ACCOUNTS, _STORED_ORGANIZATIONS = "aws/*/accounts/*/", "aws/*/organizations/*/"
_OF_ACCOUNT = ("iam/*/*/*.json", "iam/aws/policy/*/*.json", "ec2/*/vpc-endpoint/*/*.json")
_OF_ORGANIZATION = ("*.json", "*/*/*.json")

Status = Literal["waiting", "done", "partial", "unreadable"]


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A part that could not be read."""

    what: str
    """With the reason, where AWS gave another one than a refusal."""
    permission: str
    """What would let it be read: `iam:ListRoles on account 111111111111`."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One account, or the organization."""

    status: Status
    reason: str = ""
    """Why nothing could be read, in one line."""
    missed: tuple[Missed, ...] = ()
    file: str = ""
    sha256: str = ""
    """Of the file as it is stored."""
    calls: int = 0
    """How many requests were sent, each page of a list counted."""
    state: str = ""
    """What Organizations says of an account that is not active: `SUSPENDED`."""
    standalone: bool = False
    """The account is in no organization."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was to be read: what is continued must be the same."""

    by: str
    """The account whose credentials were used first."""
    role_name: str = ""
    accounts: tuple[str, ...] = ()
    """Those that were named; without any, all of the organization or the own one."""
    organization: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot holds, and what it does not."""

    format: str = FORMAT
    assumable: str
    """The version that wrote it."""
    started: str
    finished: str | None = None
    asked: Asked
    organization: Entry | None = None
    accounts: Mapping[str, Entry] = msgspec.field(default_factory=dict)


class Files(NamedTuple):
    """The files of one snapshot."""

    folder: Path
    accounts: dict[str, Path]
    """The files, or the folders of an iam-collect store, as are the next."""
    organizations: tuple[Path, ...]
    manifest: Manifest | None

    def paths(self) -> Iterator[Path]:
        """Every file with something of them in it."""
        for path in self.accounts.values():
            yield from _below(path, _OF_ACCOUNT)
        for path in self.organizations:
            yield from _below(path, _OF_ORGANIZATION)

    @property
    def is_filtered(self) -> bool:
        """Whether a list may be empty because of a filter; a manifest says what was read."""
        return self.manifest is None

    @property
    def standalone(self) -> frozenset[str]:
        """The accounts that are known to be in no organization."""
        entries = self.manifest.accounts if self.manifest else {}
        return frozenset(account for account, entry in entries.items() if entry.standalone)

    @property
    def unreadable(self) -> dict[str, str]:
        """What would let the accounts be read of which nothing could be."""
        entries = self.manifest.accounts if self.manifest else {}
        return {
            account: entry.missed[0].permission
            for account, entry in entries.items()
            if entry.status == "unreadable" and entry.missed
        }


def files_of(folder: Path) -> Files:
    """The files of a snapshot, or of the newest finished one below a folder of them.

    InputError when there are none, and where one is not as the manifest has it.
    """
    folder = _newest(folder)
    if (folder / UNFINISHED).exists():
        raise InputError("was not finished", str(folder), "run the same `assumable collect` again")
    accounts: dict[str, Path] = {}
    for path in sorted(found for suffix in _SUFFIXES for found in folder.glob(f"*{suffix}")):
        name = path.name.partition(".")[0]
        if not arn.ACCOUNT_ID.fullmatch(name):
            continue
        if name in accounts:
            raise InputError(f"is there twice, also as {accounts[name].name}", str(path))
        accounts[name] = path
    organization = [folder / f"{ORGANIZATION}{suffix}" for suffix in _SUFFIXES]
    there = next((path for path in organization if path.exists()), None)
    manifest = None
    if (folder / MANIFEST).exists():
        manifest = read_manifest(folder / MANIFEST)
        _verify(folder, manifest, {**accounts, **({ORGANIZATION: there} if there else {})})
    if not accounts:
        return _store(folder)
    return Files(folder, accounts, (there,) if there else (), manifest)


def _store(folder: Path) -> Files:
    """The folders of an iam-collect store: accounts of which no IAM was read are not there."""
    accounts: dict[str, Path] = {}
    for path in sorted(folder.glob(_STORED_ACCOUNTS)):
        if not arn.ACCOUNT_ID.fullmatch(path.name) or not _is_folder(path / "iam"):
            continue
        if path.name in accounts:
            raise InputError(f"is there twice, also as {accounts[path.name]}", str(path))
        accounts[path.name] = path
    if not accounts:
        raise InputError(
            "holds no `<account>.json` file",
            str(folder),
            "aws iam get-account-authorization-details > 111111111111.json",
        )
    return Files(folder, accounts, tuple(sorted(folder.glob(_STORED_ORGANIZATIONS))), None)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:  # one above it is closed to us
        message = f"cannot be read: {os.strerror(error.errno or 0).lower()}"
        raise InputError(message, str(path)) from None


def _below(path: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for pattern in patterns:
        yield from sorted(path.glob(pattern))


def _newest(folder: Path) -> Path:
    try:
        if folder.is_file():
            refuse_sealed_file(folder)
        if not folder.is_dir():
            message = "is not a folder" if folder.exists() else "no such folder"
            raise InputError(message, str(folder))
    except OSError:  # a name that is too long
        raise InputError("no such folder", str(folder)) from None
    pointer = folder / LATEST
    if not pointer.is_file():
        return folder
    name = text_of(read_bytes(pointer), pointer).strip()
    if not NAME.fullmatch(name) or not (folder / name).is_dir():
        raise InputError("does not name a snapshot", str(pointer))
    return folder / name


def read_manifest(path: Path) -> Manifest:
    """A manifest; InputError when it is cut off, or of another version."""
    content = read_bytes(path, limit=MAX_DUMP_BYTES)
    try:
        told = msgspec.json.decode(content, type=dict)
        if told.get("format") != FORMAT:
            raise InputError(f"is not of the format `{FORMAT}`", str(path))
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"is cut off or was changed: {error}", str(path)) from None


def _verify(folder: Path, manifest: Manifest, found: Mapping[str, Path]) -> None:
    entries = dict(manifest.accounts)
    if manifest.organization is not None:
        entries[ORGANIZATION] = manifest.organization
    for name, entry in entries.items():
        if entry.file and name not in found:
            raise InputError(f"is missing, although {MANIFEST} names it", str(folder / entry.file))
    for name, path in found.items():
        if name not in entries or entries[name].file != path.name:
            raise InputError(f"is not in {MANIFEST}", str(path))
        if digest(read_bytes(path, limit=MAX_DUMP_BYTES)) != entries[name].sha256:
            raise InputError(
                f"is not the file that {MANIFEST} names: cut off or changed", str(path)
            )


def digest(content: bytes) -> str:
    """What a manifest keeps of a file, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """The whole file or none of it, even if the machine stops; OSError when it cannot be."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        part.replace(path)
    except OSError:  # there is a folder of that name
        part.unlink()
        raise


def packed(content: bytes) -> bytes:
    """The same, smaller."""
    import zstandard

    return zstandard.ZstdCompressor(level=9).compress(content)


def read_packed(path: Path) -> Document:
    """A JSON file, packed with zstd or not; InputError when it is cut off or too large."""
    if path.suffix != _PACKED:
        return read_document(path, limit=MAX_DUMP_BYTES)
    return Document(str(path), text_in(path), "json")


def text_in(path: Path) -> str:
    """The text of a file, packed or not; InputError when it is cut off, too large or no text."""
    content = read_bytes(path, limit=MAX_DUMP_BYTES)
    return text_of(_unpacked(content, path) if path.suffix == _PACKED else content, path)


class OnDisk(Document):
    """A file that is read when somebody asks what stands where, and not before."""

    def __init__(self, path: Path, sha256: str = "") -> None:  # the text is not there yet
        """Nothing is read now; later nothing but a file with this digest, where one is given."""
        self.name, self.syntax, self._path, self._sha256 = str(path), "json", path, sha256
        self._spans, self.members = {}, {}

    def __getattr__(self, name: str) -> Any:
        """The text and its value; InputError when they cannot be read any more."""
        if name not in ("text", "value"):
            raise AttributeError(name)
        found = read_packed(self._path)
        if self._sha256 and digest(read_bytes(self._path, limit=MAX_DUMP_BYTES)) != self._sha256:
            raise InputError("was changed since it was prepared", self.name)
        self.text, self.value = found.text, found.value
        return getattr(self, name)

    def locate(self, pointer: str) -> Span | None:
        """As ever; None also when the file is not there any more, or another one."""
        try:
            return super().locate(pointer)
        except InputError:
            return None


def _unpacked(content: bytes, path: Path) -> bytes:
    """Piece by piece, so that a small file cannot fill the memory before its size is known."""
    import zstandard

    reader, found = zstandard.ZstdDecompressor().decompressobj(), bytearray()
    try:
        for start in range(0, len(content), _PIECE):
            found += reader.decompress(content[start : start + _PIECE])
            if len(found) > MAX_DUMP_BYTES:
                raise InputError(f"is larger than {MAX_DUMP_BYTES // 1_000_000} MB", str(path))
    except zstandard.ZstdError:
        raise InputError("is not packed with zstd", str(path)) from None
    if not reader.eof:
        raise InputError("is cut off", str(path))
    return bytes(found)
