"""Documents: text with a name, parsed on reading, positions found on demand by JSON pointer.

JSON positions come from the scanner that reads the values; YAML is read from parser events, which
carry the positions (docs/adr/0001-yaml-from-events.md).
"""

import bisect
import functools
import json
import math
import re
from collections.abc import Iterator
from typing import Any, Never

import msgspec

from assumable.errors import InputError

MAX_BYTES = 10_000_000
MAX_DEPTH = 64
MAX_YAML_VALUES = 200_000
"""About a second of reading; JSON is read ten times as fast."""
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},:]|[^][{},:"\s]+', re.DOTALL)
_SCAN = json.JSONDecoder().raw_decode
_GAP = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(r"\s*:")
_LINE_BREAKS = {"json": re.compile("\r?\n"), "yaml": re.compile("\r\n|[\n\r\x85\u2028\u2029]")}
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What stands in no YAML text (https://yaml.org/spec/1.2.2/#51-character-set).

A pattern that lists a few characters compiles twenty times as fast as one that lists all others.
"""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half of a surrogate pair, perhaps beside its other half."""


class Span(msgspec.Struct, frozen=True):
    """A stretch of text: lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Document:
    """A named text and the value it holds.

    INVARIANT: `value` is what `text` says; documents are never edited in place.
    """

    def __init__(self, name: str, text: str, syntax: str = "json") -> None:
        """Read the text at once; InputError when it is not well-formed."""
        self.name, self.text, self.syntax = name, text, syntax
        self._spans: dict[str, Span] = {}
        self.members: dict[str, dict[str, tuple[int, int]]] = {}
        """Where the values below a place stand that was looked for, so that the next is near."""
        if syntax == "yaml":
            self.value, self._spans = _read_yaml(name, text)
        else:
            self.value = _read_json(name, text)

    def locate(self, pointer: str) -> Span | None:
        """Where the value at a JSON pointer stands; None when there is no such value."""
        if self.syntax == "json" and pointer not in self._spans:
            span = _locate_json(self, pointer)
            if span is None:
                return None
            self._spans[pointer] = span
        return self._spans.get(pointer)

    @functools.cached_property
    def lines(self) -> list[str]:
        """The text line by line, as `locate` counts them."""
        return _LINE_BREAKS[self.syntax].split(self.text)

    @functools.cached_property
    def extent(self) -> tuple[int, int]:
        """Where the value begins and ends in a JSON text."""
        return _after_gap(self.text, 0), len(self.text.rstrip())

    @functools.cached_property
    def line_starts(self) -> list[int]:
        """The offset of each line of a JSON text."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]


class Location(msgspec.Struct, frozen=True):
    """A place in a document, by JSON pointer."""

    document: Document
    pointer: str = ""

    def child(self, *keys: str | int) -> "Location":
        """The place of a value below this one."""
        return Location(self.document, self.pointer + "".join(f"/{escape(key)}" for key in keys))

    def span(self) -> Span | None:
        """Line and column, resolved now."""
        return self.document.locate(self.pointer)

    def __str__(self) -> str:
        """`file:line:column at /json/pointer`, for messages."""
        span = self.span()
        position = f":{span.line}:{span.column}" if span else ""
        return f"{self.document.name}{position}" + (f" at {self.pointer}" if self.pointer else "")


def escape(key: str | int) -> str:
    """A key as a reference token of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """The key that a reference token of a JSON pointer stands for."""
    return token.replace("~1", "/").replace("~0", "~")


def value_at(value: Any, pointer: str) -> Any:
    """The value at a JSON pointer; KeyError or IndexError when there is none."""
    for token in pointer.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[unescape(token)]
    return value


def _read_json(name: str, text: str) -> Any:
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_number, parse_float=_number
        )
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        raise InputError(f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}", where) from None
    except (ValueError, RecursionError):
        raise _refusal(name, text) from None
    if _depth(value) > MAX_DEPTH:
        raise _refusal(name, text)
    escaped = _HALF.search(text) and not is_text(json.dumps(value, ensure_ascii=False))
    if escaped or not is_text(text):
        raise _refusal(name, text)
    return value


def _unique(items: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(items)
    if len(found) != len(items):
        raise ValueError("a key stands twice")
    return found


def _number(text: str) -> float:
    """A number with a fraction or an exponent; ValueError for NaN and for what overflows."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _refusal(name: str, text: str) -> InputError:
    """The error for a text that JSON's grammar admits and we do not, at the first such place.

    INVARIANT: up to that place the text is well-formed.
    """
    message, offset = next(_faults(text), ("not valid JSON", 0))
    return _at(name, text, offset, message)


def _at(name: str, text: str, offset: int, message: str) -> InputError:
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    return InputError(message, f"{name}:{line}:{column}")


def _faults(text: str) -> Iterator[tuple[str, int]]:
    """What is wrong with the tokens of a JSON text, each with its offset."""
    keys: list[set[str]] = []  # of every open object and list, which has none
    for match in _TOKEN.finditer(text):
        token, offset = match[0], match.start()
        if token in ("{", "["):
            keys.append(set())
            if len(keys) > MAX_DEPTH:
                yield f"nested deeper than {MAX_DEPTH} levels", offset
        elif token in ("}", "]"):
            keys.pop()
        elif token[0] == '"':
            decoded = json.loads(token)
            if not is_text(decoded):
                yield "holds half of a surrogate pair, which is no character", offset
            if _COLON.match(text, match.end()):  # a key
                if decoded in keys[-1]:
                    yield f"key `{decoded}` stands twice in one object", offset
                keys[-1].add(decoded)
        elif token not in (",", ":"):
            yield from _number_faults(token, offset)


def _number_faults(token: str, offset: int) -> Iterator[tuple[str, int]]:
    if token in ("NaN", "Infinity", "-Infinity"):
        yield f"not valid JSON: `{token}` is no number", offset
    elif token not in ("true", "false", "null"):
        try:
            _number(token) if any(mark in token for mark in ".eE") else int(token)
        except ValueError:
            yield "not valid JSON: a number is too long", offset


def is_text(text: str) -> bool:
    """Whether every character can be written out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level, depth = below, depth + 1
    return depth


def _locate_json(document: Document, pointer: str) -> Span | None:
    text, parent = document.text, ""
    start, end = document.extent
    for token in pointer.split("/")[1:]:
        if parent not in document.members:
            document.members[parent] = dict(_members(text, start))
        extent = document.members[parent].get(unescape(token))
        if extent is None:
            return None
        start, end = extent
        parent = f"{parent}/{token}"
    return Span(*_place(document, start), *_place(document, end))


def _place(document: Document, offset: int) -> tuple[int, int]:
    """Line and column of an offset."""
    line = bisect.bisect_right(document.line_starts, offset)
    return line, offset - document.line_starts[line - 1] + 1


def _after_gap(text: str, offset: int) -> int:
    gap = _GAP.match(text, offset)
    return gap.end() if gap else offset


def _members(text: str, start: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Where the members of the object or list at `start` stand, by key or position.

    The text was read before, so it is well-formed; values are skipped by the same scanner.
    """
    if text[start] not in "{[":
        return
    is_object, position = text[start] == "{", 0
    offset = _after_gap(text, start + 1)
    while text[offset] not in "}]":
        key = str(position)
        if is_object:
            key, offset = _SCAN(text, offset)
            offset = _after_gap(text, _after_gap(text, offset) + 1)
        end = _SCAN(text, offset)[1]
        yield key, (offset, end)
        position += 1
        offset = _after_gap(text, end)
        offset = _after_gap(text, offset + 1) if text[offset] == "," else offset


_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip


def _scalar(text: str, *, plain: bool) -> Any:
    """YAML 1.2 core values; numbers with a leading zero stay text, as account IDs have them.

    ValueError when the number is too long.
    """
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return _number(text) if _FLOAT.fullmatch(text) else text


def _read_yaml(name: str, text: str) -> tuple[Any, dict[str, Span]]:
    import yaml

    control = _CONTROL.search(text)
    if control is not None:
        character = control[0].encode("unicode_escape").decode()
        raise _at(name, text, control.start(), f"not valid YAML: the character {character}")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    spans: dict[str, Span] = {}
    try:
        events = iter(yaml.parse(text, Loader=loader))
        return _YamlReader(name, events, spans).read(), spans
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise InputError(f"not valid YAML: {error.problem or error.context}", where) from None
    except yaml.YAMLError as error:
        first = str(error).splitlines()[0]
        raise InputError(f"not valid YAML: {first}", name) from None


class _YamlReader:
    """Builds plain values from parser events: no tags, no aliases, bounded depth."""

    def __init__(self, name: str, events: Iterator[Any], spans: dict[str, Span]) -> None:
        self.name, self.events, self.spans = name, events, spans

    def read(self) -> Any:
        value = None
        documents = 0
        self.spans[""] = Span(1, 1, 1, 1)  # where a text without any value stands
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self.fail(event, "more than one YAML document")
                value = self.node(next(self.events), "", 1)
        return value

    def fail(self, event: Any, message: str) -> Never:
        mark = event.start_mark
        raise InputError(message, f"{self.name}:{mark.line + 1}:{mark.column + 1}")

    def node(self, event: Any, pointer: str, depth: int) -> Any:
        kind = type(event).__name__
        if kind == "AliasEvent":
            self.fail(event, "YAML aliases are not accepted; write the value out")
        if event.anchor:
            self.fail(event, "YAML anchors are not accepted; write the value out")
        if event.tag and not (kind == "ScalarEvent" and event.tag == "!"):
            self.fail(event, f"the YAML tag `{event.tag}` is not accepted")
        if len(self.spans) > MAX_YAML_VALUES:
            self.fail(event, f"more than {MAX_YAML_VALUES:,} values; write it as JSON")
        if depth > MAX_DEPTH:
            self.fail(event, f"nested deeper than {MAX_DEPTH} levels")
        start, value, end = event.start_mark, None, event.end_mark
        if kind == "ScalarEvent" and not is_text(event.value):
            self.fail(event, "holds half of a surrogate pair, which is no character")
        if kind == "ScalarEvent":
            value = self.scalar(event)
        elif kind == "SequenceStartEvent":
            value, end = self.sequence(pointer, depth)
        else:
            value, end = self.mapping(pointer, depth)
        self.spans[pointer] = Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        return value

    def scalar(self, event: Any) -> Any:
        try:
            return _scalar(event.value, plain=event.style in (None, ""))
        except ValueError:
            self.fail(event, "not valid YAML: a number is too long")

    def sequence(self, pointer: str, depth: int) -> tuple[list[Any], Any]:
        items: list[Any] = []
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                return items, event.end_mark
            items.append(self.node(event, f"{pointer}/{len(items)}", depth + 1))
        raise AssertionError("the parser ends every sequence")

    def mapping(self, pointer: str, depth: int) -> tuple[dict[str, Any], Any]:
        found: dict[str, Any] = {}
        for event in self.events:
            kind = type(event).__name__
            if kind == "MappingEndEvent":
                return found, event.end_mark
            if kind != "ScalarEvent" or event.tag or event.anchor:
                self.fail(event, "a key must be plain text")
            key = event.value
            if key in found:
                self.fail(event, f"key `{key}` stands twice in one mapping")
            found[key] = self.node(next(self.events), f"{pointer}/{escape(key)}", depth + 1)
        raise AssertionError("the parser ends every mapping")
