"""Whatever stands behind `--`: a command that is understood, or one clear line."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from assumable.errors import InputError
from assumable.formats.command import parameters_from_flags
from assumable.formats.failed_command import _GLOBAL, _OPERATIONS, parted, read_command
from tests.fuzz.junk import texts

FLAGS = {*_GLOBAL, "cli-input-json", *(f for flags in _OPERATIONS.values() for f in flags)}
NAMES = ("aws", "terraform", "/bin/aws.exe", *sorted({w for key in _OPERATIONS for w in key}))
JSON = st.sampled_from(
    ('{"RoleArn": "r"}', '{"Tags": [1]}', '{"PolicyArns": {}}', "[[", "file://x")
)
WORDS = st.lists(
    st.sampled_from(NAMES)
    | st.sampled_from(sorted(FLAGS)).map("--{}".format)
    | st.sampled_from(sorted(FLAGS)).flatmap(lambda f: st.integers(0, len(f)).map(lambda n: f[:n]))
    | st.builds("--{}={}".format, st.sampled_from(sorted(FLAGS)), JSON | texts)
    | st.builds("{}={}".format, st.sampled_from(("AWS_PROFILE", "A", "")), texts)
    | JSON
    | texts,
    max_size=12,
)


@given(WORDS)
def test_words_are_understood_or_refused_in_one_line(words: list[str]) -> None:
    with contextlib.suppress(InputError):
        _, rest = parted(words)
        assert rest == tuple(words[len(words) - len(rest) :])
    said = ""
    try:
        command = read_command(words)
        parameters_from_flags(command.options)
    except InputError as error:
        said = str(error)
    assert len(said.splitlines()) <= 1


@given(WORDS.map(lambda words: ["aws", "--profile", "prod", *words]))
def test_a_command_is_what_it_is_wherever_its_profile_stands(words: list[str]) -> None:
    """`--profile` before or behind the rest is the same, unless the rest says another one."""
    behind = [words[0], *words[3:], *words[1:3]]
    if any(word.startswith("--p") for word in words[3:]):
        return
    with contextlib.suppress(InputError):
        before, after = read_command(words), read_command(behind)
        assert before.options["profile"] == "prod"
        if not words[-1:][0].startswith("--"):
            assert (before.asks, before.environment) == (after.asks, after.environment)
