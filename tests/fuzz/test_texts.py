"""Pasted texts and flags: error messages, tags, assumptions, profiles of the command line."""

from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from assumable.cli.explain import command as explain
from assumable.cli.explain import plain, readable
from assumable.errors import InputError
from assumable.formats.command import parameters_from_flags
from assumable.formats.message import by_prior, parse_message
from assumable.question import assumptions
from tests.fuzz.guard import Refusals, is_one_line, soon
from tests.fuzz.junk import texts

WORDS = (
    "User: ",
    " is not authorized to perform: ",
    "sts:AssumeRole",
    "sts:TagSession",
    " on resource: ",
    " because no identity-based policy allows the ",
    " with an explicit deny in a ",
    "service control policy",
    "An error occurred (AccessDenied) when calling the AssumeRole operation: ",
    "Not authorized to perform ",
    "AccessDenied",
    "InvalidIdentityToken",
    "ExpiredToken",
    "could not assume role",
    "arn:aws:iam::222222222222:role/",
    "arn:aws:sts::",
    "{",
    "}",
    "{0}",
    "{x}",
    "%s",
    "\n",
    "\x1b[31m",
    "1 validation error detected: Value '",
    "' at 'durationSeconds' failed",
    " ",
    "assum",
    "role ",
    "operation error STS: AssumeRole, ",
    "role" * 50,
)
messages = st.lists(st.one_of(st.sampled_from(WORDS), texts), max_size=12).map("".join)


@given(messages)
@example("User: " * 20_000)
@example("assume " * 15_000)
@example("because the " * 9_000)
@example("role" * 25_000)
@example("the sts:" * 12_000)
@example("error " * 17_000)
def test_any_error_text(text: str) -> None:
    with soon():
        message = parse_message(text)
        assert message is None or by_prior(message) is not None
        assert readable(text).isprintable() or "…" in text
        plain(text)


@given(st.lists(messages, min_size=1, max_size=3))
def test_any_words_to_explain(words: list[str]) -> None:
    with soon():
        result = CliRunner().invoke(explain, ["--", *words])
    if isinstance(result.exception, InputError):
        assert str(result.exception).isprintable()
    else:
        assert result.exception is None
        assert result.exit_code == 0


flags = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            (
                "role_arn",
                "role_session_name",
                "external_id",
                "serial_number",
                "token_code",
                "source_identity",
                "policy",
                "duration_seconds",
            ),
            texts,
        ),
        **dict.fromkeys(
            ("tags", "transitive_tag_keys", "policy_arns"), st.lists(texts, max_size=3)
        ),
    },
)


@given(flags)
@example({"policy": "file://"})
@example({"policy": "file:///"})
@example({"policy": "file://\x00"})
@example({"policy": "file:///dev/zero"})
@example({"policy": "file:///dev/null"})
@example({"external_id": "file:///nonexistent"})
@example({"tags": ["[" * 100_000]})
@example({"tags": ["[NaN]"]})
@example({"tags": ["9" * 5000]})
@example({"tags": ["file:///dev/zero"]})
@example({"duration_seconds": "٣٦٠٠"})
@example({"duration_seconds": "9" * 5000})
@example({"external_id": "\udcff"})
@example({"tags": ["Key=\udcff,Value="]})
def test_any_flags(given_flags: dict[str, Any]) -> None:
    with soon(), Refusals():
        parameters_from_flags(given_flags)


@given(st.one_of(texts, st.sampled_from(["U-6=", "=", "U-6=x=y", "U-10=visible "])))
def test_any_assumption(text: str) -> None:
    with pytest.raises(InputError) as caught:
        assumptions([text])
    assert is_one_line(caught.value)
