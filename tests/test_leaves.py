"""The leaves: wildcards, ARNs, documents and their positions."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable import arn, globs
from assumable.errors import InputError
from assumable.source import Document, escape, value_at

SMALL = st.text(alphabet="ab*?", max_size=8)
KEYS = st.text(alphabet=string.ascii_letters + "/~:é ", min_size=1, max_size=6)
# YAML refuses control characters, which is tested apart.
TEXTS = st.text(alphabet=string.ascii_letters + string.punctuation + "é漢😀 ", max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def naive_match(pattern: str, text: str) -> bool:
    """Wildcards by definition, one character at a time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(naive_match(pattern[1:], text[n:]) for n in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and naive_match(pattern[1:], text[1:])


@given(SMALL, st.text(alphabet="ab", max_size=10))
def test_wildcards_match_as_they_are_defined(pattern: str, text: str) -> None:
    """The compiled matcher agrees with the definition."""
    assert globs.matches(pattern, text) == naive_match(pattern, text)


def test_no_pattern_is_pathological() -> None:
    """A pattern that backtracking matchers choke on is matched all the same."""
    assert not globs.matches("*a" * 30 + "*b", "a" * 50_000)


@given(SMALL)
def test_a_literal_survives_taking_apart(pattern: str) -> None:
    """Tokens put together again are the pattern."""
    assert globs.literal(globs.tokens(pattern)) == pattern


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::111111111111:role/team/Deploy",
        "arn:aws-cn:sts::111111111111:assumed-role/Deploy/session",
        "arn:aws:iam::111111111111:root",
    ],
)
def test_an_arn_is_written_as_it_was_read(text: str) -> None:
    """Parsing and printing are inverse."""
    assert str(arn.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "arn", "arn:aws:iam", "role/x", "urn:aws:iam::1:x", "arn::iam::1:role/x"]
)
def test_what_is_not_shaped_like_an_arn_is_none(text: str) -> None:
    """No guess is made."""
    assert arn.parse(text) is None


def pointers(value: Any, pointer: str = "") -> list[str]:
    """Every JSON pointer in a value."""
    found = [pointer]
    if isinstance(value, dict):
        for key, below in value.items():
            found += pointers(below, f"{pointer}/{escape(key)}")
    elif isinstance(value, list):
        for n, below in enumerate(value):
            found += pointers(below, f"{pointer}/{n}")
    return found


@given(VALUES, st.sampled_from(["json", "yaml"]))
def test_every_value_is_found_where_it_stands(value: Any, syntax: str) -> None:
    """The text at the span of a pointer is that value again."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    document = Document("x", text, syntax)
    assert document.value == value
    for pointer in pointers(value):
        span = document.locate(pointer)
        assert span is not None
        lines = text.split("\n")[span.line - 1 : span.end_line]
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        assert json.loads("\n".join(lines)) == value_at(value, pointer)


def test_a_pointer_to_nothing_has_no_place() -> None:
    """A position is never made up."""
    assert Document("x", '{"a": [1]}').locate("/a/1") is None
    assert Document("x", "a: [1]", "yaml").locate("/b") is None


@pytest.mark.parametrize(
    "text", ["012345678901", "111111111111", "0.5", "true", "~", "''", "2026-11-23"]
)
def test_yaml_scalars_keep_what_account_ids_need(text: str) -> None:
    """A number with a leading zero stays text, dates too."""
    expected = {"111111111111": 111111111111, "0.5": 0.5, "true": True, "~": None, "''": ""}
    assert Document("x", f"a: {text}", "yaml").value == {"a": expected.get(text, text)}


def test_bad_text_says_where() -> None:
    """Line and column are part of the complaint."""
    with pytest.raises(InputError, match=r"x:2:3"):
        Document("x", "{\n  nope}")
