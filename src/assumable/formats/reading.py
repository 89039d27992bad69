"""Reading files and untyped values, with errors that say what, where and how to mend it."""

import codecs
import os
import stat
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Never

import msgspec

from assumable import arn
from assumable.errors import InputError
from assumable.formats.sealed import refuse_sealed
from assumable.model.policy import Policy, PolicyName, Problem, parse_policy
from assumable.source import MAX_BYTES, Document, Location

MAX_POLICY = 131_072
"""Characters of a policy document without its white space: what IAM's own calls accept.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
"""


def read_document(path: Path, *, limit: int = MAX_BYTES) -> Document:
    """A JSON or YAML file; InputError when it is missing, too large or not well-formed."""
    text = read_text(path, limit=limit)
    if not text.strip():
        raise InputError("is empty", str(path))
    is_json = path.suffix == ".json" or (
        path.suffix not in (".yaml", ".yml") and text.lstrip()[:1] in ("{", "[")
    )
    return Document(str(path), text, "json" if is_json else "yaml")


def read_text(path: Path, *, limit: int = MAX_BYTES) -> str:
    """A text file; InputError when it is missing, unreadable, too large or no text."""
    content = _start_of(path, limit + 1)
    refuse_sealed(content, path)
    return text_of(_within(content, limit, path), path)


def read_bytes(path: Path, *, limit: int = MAX_BYTES) -> bytes:
    """What a file holds; InputError when it is missing, unreadable or too large."""
    return _within(_start_of(path, limit + 1), limit, path)


def _start_of(path: Path, size: int) -> bytes:
    try:
        status = path.stat()
        mode = status.st_mode
        if stat.S_ISDIR(mode):
            raise InputError("is a directory, a file is needed", str(path))
        piped = path.parts[:2] in (("/", "dev"), ("/", "proc")) and stat.S_ISFIFO(mode)
        if not stat.S_ISREG(mode) and not piped:
            raise InputError("is not a regular file", str(path))
        with path.open("rb") as file:
            found = file.read(min(size, status.st_size + 1))  # room for more takes long to get
            if len(found) > status.st_size:  # a pipe, of which nobody says how long it is
                found += file.read(size - len(found))
            return found
    except FileNotFoundError:
        raise InputError("no such file", str(path)) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {os.strerror(error.errno or 0).lower()}", str(path)
        ) from None
    except ValueError:  # a NUL in the path
        raise InputError("is not a path", str(path)) from None


def _within(content: bytes, limit: int, path: Path) -> bytes:
    if len(content) > limit:
        raise InputError(f"is larger than {limit // 1_000_000} MB", str(path))
    return content


def text_of(content: bytes, path: Path) -> str:
    """The text that a file holds; InputError when it is none."""
    try:
        # PowerShell 5 redirects the output of `aws` into UTF-16
        is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", str(path)) from None


_YEARS = range(1970, 9999)
"""Far enough from the ends of the calendar for minutes and offsets to be added."""


class Cursor:
    """A value and the place it stands at."""

    def __init__(self, value: Any, location: Location) -> None:
        """Nothing is checked yet."""
        self.value, self.location = value, location

    def fail(self, message: str, help_text: str = "") -> Never:
        """Refuse the value at this place."""
        raise InputError(message, str(self.location), help_text)

    def fields(self, allowed: frozenset[str] | None = None) -> dict[str, "Cursor"]:
        """The members of an object; unknown ones are refused when `allowed` is given."""
        if not isinstance(self.value, dict):
            self.fail(f"must be an object, not {kind_of(self.value)}")
        found = {key: Cursor(value, self.location.child(key)) for key, value in self.value.items()}
        for key in found.keys() - allowed if allowed is not None else ():
            known = ", ".join(sorted(allowed or ()))
            found[key].fail(f"unknown key `{key}`", f"known here: {known}")
        return found

    def items(self) -> Iterator["Cursor"]:
        """The members of a list."""
        if not isinstance(self.value, list):
            self.fail(f"must be a list, not {kind_of(self.value)}")
        document, pointer = self.location.document, self.location.pointer
        for n, value in enumerate(self.value):
            yield Cursor(value, Location(document, f"{pointer}/{n}"))

    def text(self) -> str:
        """A text."""
        if not isinstance(self.value, str):
            self.fail(f"must be text, not {kind_of(self.value)}", "put it in quotes")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(item.text() for item in self.items())

    def truth(self) -> bool:
        """A boolean."""
        if not isinstance(self.value, bool):
            self.fail(f"must be true or false, not {kind_of(self.value)}")
        return self.value

    def number(self, least: int, most: int) -> int:
        """A whole number within these bounds."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            is_float = isinstance(self.value, float)
            self.fail(
                f"must be a whole number, not {self.value if is_float else kind_of(self.value)}"
            )
        if not least <= self.value <= most:
            self.fail(f"must be a number from {least} to {most}")
        return self.value

    def one_of(self, *choices: str) -> str:
        """One of a few words."""
        if self.value not in choices:
            self.fail(f"must be one of {', '.join(choices)}")
        return str(self.value)

    def account_id(self) -> str:
        """An account ID of 12 digits; a number is accepted when it has them all."""
        text = str(self.value) if isinstance(self.value, int | str) else ""
        if not arn.ACCOUNT_ID.fullmatch(text):
            self.fail(
                f"`{self.value}` is not an account ID of 12 digits",
                "quote it, zeros in front included",
            )
        return text

    def moment(self) -> datetime:
        """A point in time in ISO 8601; UTC where no zone is given."""
        try:
            found = moment_of(self.text())
        except ValueError:
            self.fail("is not a time in ISO 8601", "such as 2026-11-23T12:00:00Z")
        if found is None:
            self.fail(f"is not a time between {_YEARS[0]} and {_YEARS[-1]}")
        return found

    def tags(self) -> dict[str, str]:
        """A list of Key and Value, as IAM returns tags."""
        found: dict[str, str] = {}
        for item in self.items():
            fields = item.fields(frozenset(("Key", "Value")))
            if "Key" not in fields:
                item.fail("a tag needs `Key`")
            value = fields["Value"].text() if "Value" in fields else ""
            found[fields["Key"].text()] = value
        return found


def moment_of(text: str) -> datetime | None:
    """A point in time in ISO 8601, None when it is too far away; ValueError when it is none."""
    found = datetime.fromisoformat(text)
    if found.year not in _YEARS:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def kind_of(value: Any) -> str:
    """A JSON value's kind in plain words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return kinds.get(type(value), type(value).__name__)


def read_policy(cursor: Cursor, name: PolicyName, *, patchable: bool = True) -> Policy:
    """A policy document given as an object, as text, or URL-encoded as IAM returns it."""
    pointer = cursor.location.pointer if patchable else None
    value, location = cursor.value, cursor.location
    if isinstance(value, str):
        if len(value) > 3 * MAX_POLICY:
            return _too_large(name, cursor, pointer)
        text = plain_text(value)
        # no line in the name: finding it for every policy of a large file takes long
        own_name = f"{name.name} in {location.document.name} at {location.pointer}"
        try:
            document = Document(own_name, text)
        except InputError as error:
            place = f"{location}, in the text of {name.name}"
            if not location.pointer:  # the whole file is the text
                place = location.document.name
            where = place + error.where.removeprefix(own_name)
            raise InputError(error.message, where, error.help_text) from None
        value, location = document.value, Location(document)
    if len(msgspec.json.encode(value).decode()) > MAX_POLICY:
        return _too_large(name, cursor, pointer)
    return parse_policy(value, name, location, pointer)


def plain_text(value: str) -> str:
    """A policy's text as it is, or URL-encoded as IAM returns it."""
    text = value.strip()
    return urllib.parse.unquote(text) if text[:1] == "%" else text


def _too_large(name: PolicyName, cursor: Cursor, pointer: str | None) -> Policy:
    problem = Problem(f"a policy has at most {MAX_POLICY:,} characters", "", fatal=True)
    return Policy(name, "", (), (problem,), cursor.value, cursor.location, pointer)


def refuse_malformed(policy: Policy) -> Policy:
    """The policy, or InputError at the first mistake that makes it unusable."""
    if policy.fatal is not None:
        where = Location(policy.location.document, policy.location.pointer + policy.fatal.pointer)
        place = where if where.span() is not None else policy.location
        raise InputError(policy.fatal.message, str(place))
    return policy
