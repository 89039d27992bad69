"""Stand-ins keep what an answer depends on: how long a secret is, and of what characters."""

from typing import Any

import pytest

from assumable.formats.stand_ins import without_secrets
from tests.worlds import blocking, classic, diagnosed


@pytest.mark.parametrize(
    ("value", "expected"),
    [("918273", "000000"), ("9182-7a", "0000-0x"), (918273, 111111), (918273.5, 111111.1),
     (None, None), (True, True), (["918273"], ["000000"]), ({"918273": "a"}, {"0": "x"})],
    ids=repr,
)  # fmt: skip
def test_a_secret_is_replaced_wherever_it_stands(value: Any, expected: Any) -> None:
    document = {"call": {"chain": [{"TokenCode": value, "RoleArn": "918273"}]}}
    assert without_secrets(document) == {
        "call": {"chain": [{"TokenCode": expected, "RoleArn": "918273"}]}
    }


def test_a_set_up_keeps_what_is_no_secret() -> None:
    text = "# mine\n[a]\naws_secret_access_key = marked\nrole_arn = arn:aws:iam::1:role/R\n"
    client = {"config": text, "environment": {"AWS_PROFILE": "a", "AWS_SESSION_TOKEN": "marked"}}
    found = without_secrets({"client": client})["client"]
    assert found["environment"] == {"AWS_PROFILE": "a", "AWS_SESSION_TOKEN": "set"}
    assert found["config"] == (
        "[a]\naws_secret_access_key = hidden\nrole_arn = arn:aws:iam::1:role/R\n"
    )


@pytest.mark.parametrize("code", ["918273", "91827", "91827x", 918273, ["918273"], 1.5], ids=repr)
def test_the_answer_stays_the_same(code: Any) -> None:
    scenario = classic(SerialNumber="arn:aws:iam::111111111111:mfa/deployer", TokenCode=code)
    before, after = diagnosed(scenario), diagnosed(without_secrets(scenario))
    assert (before.verdict, blocking(before)) == (after.verdict, blocking(after))
