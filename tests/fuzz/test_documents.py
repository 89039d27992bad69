"""Files and texts of any kind: a value with positions, or one line that says where."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from assumable.errors import InputError
from assumable.formats.reading import read_document
from assumable.source import Document, escape
from tests.fuzz.guard import Refusals, is_one_line, soon, survives
from tests.fuzz.junk import broken_scenarios, objects, seeds, texts
from tests.worlds import classic

YAML = (
    "&a ", "*a", "!!python/name:os.system ", "!x ", "<<: ", "? ", "- ", "| \n", "> \n", "---\n",
    "...\n", "%YAML 1.2\n", "{", "}", "[", "]", ",", ": ", "#", "'", '"', "\\x00", "\n", "\t",
    "\r", "\x85", "\u2028", "\ufeff", "0o7", "1_000", "1e999", ".inf", "2026-11-23", "012", "y",
)  # fmt: skip
JSON = (
    "{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\ud800", "\\udc00", "NaN", "-", "1e999",
    "9" * 5000, "null", "//", "\x00", "\ufeff", " ", '{"a":1,"a":2}', "[" * 100,
)  # fmt: skip


def pieces(words: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Texts that look as if they were of the syntax."""
    return st.lists(st.one_of(st.sampled_from(words), texts), max_size=12).map("".join)


def reads(text: str, syntax: str) -> Document | None:
    """The document; None when it was refused in one line."""
    with soon(), Refusals():
        return Document("f", text, syntax)
    return None


def pointers(value: Any, at: str = "") -> list[str]:
    """The pointer of every value below a value."""
    if not isinstance(value, dict | list):
        return [at]
    below = value.items() if isinstance(value, dict) else enumerate(value)
    return [at, *(p for key, item in below for p in pointers(item, f"{at}/{escape(key)}"))]


def assert_located(document: Document) -> None:
    """Every value has a place in the text, and no other has."""
    for pointer in pointers(document.value):
        span = document.locate(pointer)
        assert span is not None
        assert 1 <= span.line <= len(document.lines)
        assert 1 <= span.column <= len(document.lines[span.line - 1]) + 1
    for pointer in ("/no-such-key", "/-1", "/01", "/" * 80):
        assert document.locate(pointer) is None or pointer in pointers(document.value)


@given(st.one_of(st.text(), pieces(JSON)))
@example('"\\ud83d\\ude00"')
@example('{"a": 1, "\\u0061": 2}')
def test_any_text_as_json(text: str) -> None:
    document = reads(text, "json")
    if document is not None:
        assert json.dumps(document.value, allow_nan=False).encode()
        assert_located(document)


@given(st.one_of(st.text(), pieces(YAML)))
def test_any_text_as_yaml(text: str) -> None:
    document = reads(text, "yaml")
    if document is not None:
        assert json.dumps(document.value, allow_nan=False).encode()
        assert_located(document)


LONG = {
    "open lists": "[",
    "open objects": '{"a":',
    "closed lists": "[]",
    "digits": "9",
    "quotes": '"',
    "backslashes": '"\\',
    "list items": "- ",
    "keys": "? ",
    "flow keys": "{a: ",
    "block keys": "a: ",
    "lines": "\n",
    "spaces": " ",
    "tabs": "\t",
    "anchors": "&a ",
    "bars": "|",
    "surrogates": "\ud800",
    "line separators": "\u2028",
}


@pytest.mark.parametrize("syntax", ["json", "yaml"])
@pytest.mark.parametrize("name", LONG)
def test_a_long_text_of_one_kind(name: str, syntax: str) -> None:
    reads(LONG[name] * 300_000, syntax)
    reads("a: " + LONG[name] * 300_000, syntax)


@given(objects)
def test_the_lines_of_a_json_text_are_those_of_its_places(value: dict[str, Any]) -> None:
    """Line separators inside a text, raw as JSON has them, do not shift what follows."""
    try:
        document = Document("f", json.dumps(value, ensure_ascii=False, indent=1))
    except InputError:
        return
    assert_located(document)
    for key in value:
        span = document.locate(f"/{escape(key)}")
        assert span is not None
        line = document.lines[span.line - 1]
        assert json.dumps(key, ensure_ascii=False) in line[: span.column]


@given(broken_scenarios(), st.integers(0, 10_000), texts)
def test_a_scenario_text_with_a_splice(scenario: dict[str, Any], at: int, splice: str) -> None:
    text = json.dumps(scenario)
    survives(text[: at % len(text)] + splice + text[at % len(text) :])


@given(st.integers(0, 60), st.integers(0, 10_000), st.one_of(texts, st.sampled_from(YAML)))
def test_a_scenario_in_yaml_with_a_splice(seed: int, at: int, splice: str) -> None:
    text = yaml.safe_dump(seeds()[seed])
    survives(text[: at % len(text)] + splice + text[at % len(text) :], "yaml")


FILES = {
    "empty": b"",
    "blank": b" \n\n",
    "binary": bytes(range(256)) * 10,
    "an image": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "NUL bytes": b"\x00" * 1000,
    "half a character": b'{"a": "\xc3',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "half of UTF-16": b"\xff\xfe\x00",
    "a lone surrogate in UTF-16": b"\xff\xfe\x00\xd8\x00\x00",
    "UTF-32": '{"scenario": 1}'.encode("utf-32"),
    "UTF-16 without a mark": '{"scenario": 1}'.encode("utf-16-le"),
}


@pytest.mark.parametrize("suffix", [".json", ".yaml", ""])
@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_scenario(kind: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"scenario{suffix}"
    path.write_bytes(FILES[kind])
    with soon(), pytest.raises(InputError) as caught:
        read_document(path)
    assert is_one_line(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_that_shells_write(encoding: str, tmp_path: Path) -> None:
    """PowerShell 5 redirects into UTF-16, many editors write a byte order mark."""
    path = tmp_path / "scenario.json"
    path.write_bytes(json.dumps({**classic(), "title": "é"}, ensure_ascii=False).encode(encoding))
    assert read_document(path).value["title"] == "é"


@pytest.mark.parametrize("name", ["a\x00b", "x" * 300, "x" * 5000, "", "."])
def test_a_path_that_is_no_file(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_document(Path(name))
    assert is_one_line(caught.value)


@given(st.binary(max_size=64))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    with Refusals():
        read_document(path)


POSITIONS = {
    "duplicate key": ('{"a": 1,\n "b": {"c": 1, "c": 2}}', "f:2:16: key `c` stands twice"),
    "escaped duplicate key": ('{"a": 1, "\\u0061": 2}', "f:1:10: key `a` stands twice"),
    "NaN": ('{"a": NaN}', "f:1:7: not valid JSON: `NaN` is no number"),
    "Infinity": ("[\n-Infinity]", "f:2:1: not valid JSON: `-Infinity` is no number"),
    "overflow": ("[1, 1e999]", "f:1:5: not valid JSON: a number is too long"),
    "many digits": (f"[1, {'9' * 5000}]", "f:1:5: not valid JSON: a number is too long"),
    "half a pair": ('{"a": "\\ud800"}', "f:1:7: holds half of a surrogate pair"),
    "deep": ("[" * 70 + "]" * 70, "f:1:65: nested deeper than 64 levels"),
    "very deep": ("[" * 5_000_000, "f:1:65: nested deeper than 64 levels"),
}


@pytest.mark.parametrize("name", POSITIONS)
def test_what_json_admits_and_we_do_not_is_refused_with_its_place(name: str) -> None:
    text, line = POSITIONS[name]
    with pytest.raises(InputError) as caught:
        Document("f", text)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 1e999", "f:2:4: not valid YAML: a number is too long"),
        ("a: 1\nb: x\x00", "f:2:5: not valid YAML: the character \\x00"),
        ('a: "\\ud800"', "f:1:7: not valid YAML"),
    ],
)
def test_what_yaml_refuses_has_its_place(text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        Document("f", text, "yaml")
    assert str(caught.value).startswith(line)
