"""Stand-ins keep what an answer depends on: how long a secret is, and of what characters."""

from typing import Any

import pytest

from assumable.formats.stand_ins import without_secrets
from assumable.model.call import SECRET_PARAMETERS
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


CENTER = "arn:aws:iam::aws:contextProvider/IdentityCenter"


@pytest.mark.parametrize(
    ("contexts", "expected"),
    [
        ([{"ProviderArn": CENTER, "ContextAssertion": "eyJh.1"}],
         [{"ProviderArn": CENTER, "ContextAssertion": "xxxx.0"}]),
        ([{"ProviderArn": "eyJh.1"}, "eyJh.1"], [{"ProviderArn": "xxxx.0"}, "xxxx.0"]),
        ("eyJh.1", "xxxx.0"),
        ({"ContextAssertion": "eyJh.1"}, {"0": "xxxx.0"}),
    ],
    ids=repr,
)  # fmt: skip
def test_of_a_context_only_the_provider_is_no_secret(contexts: Any, expected: Any) -> None:
    document = {"call": {"parameters": {"ProvidedContexts": contexts}}}
    assert without_secrets(document)["call"]["parameters"] == {"ProvidedContexts": expected}


def test_there_is_a_stand_in_for_every_secret_parameter() -> None:
    document = dict.fromkeys(SECRET_PARAMETERS, "918273")
    assert set(without_secrets(document).values()) == {"000000"}


def test_a_set_up_keeps_what_is_no_secret() -> None:
    text = "# mine\n[a]\naws_secret_access_key = marked\nrole_arn = arn:aws:iam::1:role/R\n"
    variables = {"AWS_PROFILE": "a", "AWS_SESSION_TOKEN": "marked", "DATABASE_PASSWORD": "marked"}
    client = {"config": text, "environment": variables}
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
