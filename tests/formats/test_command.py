"""The values of flags, as the `aws` command takes them."""

import pytest

from assumable.errors import InputError
from assumable.formats.command import parameters_from_flags

PLAIN, COMMA = "arn:aws:iam::222222222222:policy/p", "arn:aws:iam::222222222222:policy/a,b"


@pytest.mark.parametrize(
    ("words", "arns"),
    [
        ([f"arn={PLAIN}", f"arn={COMMA}"], [PLAIN, COMMA]),
        ([f'[{{"arn": "{COMMA}"}}, {{"arn": "{PLAIN}"}}]'], [COMMA, PLAIN]),
        ([f'{{"arn": "{COMMA}"}}'], [COMMA]),
    ],
)
def test_session_policies_in_shorthand_and_json(words: list[str], arns: list[str]) -> None:
    flags = {"policy_arns": tuple(words)}
    assert parameters_from_flags(flags) == {"PolicyArns": [{"arn": each} for each in arns]}


def test_a_session_policy_that_is_neither_is_refused() -> None:
    with pytest.raises(InputError, match=r"^--policy-arns: `\[1` is no JSON \(write arn=…\)$"):
        parameters_from_flags({"policy_arns": ("[1",)})
