"""Section 4: durations, chaining and what a session has room for."""

from typing import Any

import pytest

from assumable.formats.message import parse_message
from tests.rules.worlds import (
    CI,
    SESSION,
    call_by,
    call_by_assertion,
    call_by_service,
    call_by_token,
    passes,
)
from tests.worlds import DEPLOYER, A, B, diagnosed, trust

CHAINING = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."  # noqa: E501  # as AWS prints it
MAXIMUM = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
HALF_DAY = 43_200
ASSUME = "sts:AssumeRole"


def lasting(scenario: dict[str, Any], maximum: int) -> dict[str, Any]:
    """The same call to a role with another maximum session duration."""
    for found in scenario["accounts"][B]["RoleDetailList"]:
        found["MaxSessionDuration"] = maximum
    return scenario


@pytest.mark.rule("R4.1", "T12", "T13")
@pytest.mark.parametrize(
    ("duration", "maximum", "message"),
    [
        (None, HALF_DAY, ""),
        (3600, HALF_DAY, ""),
        (3601, HALF_DAY, CHAINING),
        (HALF_DAY, HALF_DAY, CHAINING),
        (3601, 3600, MAXIMUM),
        (3600, 3600, ""),
    ],
)
def test_a_chained_session_lasts_an_hour_at_most(
    duration: int | None, maximum: int, message: str
) -> None:
    parameters: dict[str, Any] = {} if duration is None else {"DurationSeconds": duration}
    scenario = lasting(call_by(SESSION, trust({"AWS": CI}), **parameters), maximum)
    error = diagnosed(scenario).aws_error
    assert (error.message if error else "") == message


@pytest.mark.rule("R4.1", "R9.6", "T14")
@pytest.mark.parametrize(
    ("duration", "expected"),
    [(899, False), (900, True), (3601, True), (HALF_DAY, True), (HALF_DAY + 1, False)],
)
def test_without_chaining_the_roles_maximum_counts(duration: int, expected: bool) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": DEPLOYER}), DurationSeconds=duration)
    assert passes(lasting(scenario, HALF_DAY)) is expected


@pytest.mark.rule("R4.2", "U-9")
@pytest.mark.parametrize(("duration", "expected"), [(3600, True), (3601, False)])
def test_session_token_credentials_count_as_chaining(duration: int, expected: bool) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": DEPLOYER}), DurationSeconds=duration)
    scenario["call"]["caller"]["credentials"] = "session-token"
    assert passes(lasting(scenario, HALF_DAY)) is expected


@pytest.mark.rule("R4.3")
@pytest.mark.parametrize(
    "text",
    [
        "Packed policy consumes 157% of allotted space, please use smaller policy.",
        "Packed size of session tags consumes 138% of allotted space.",
    ],
)
def test_a_session_that_is_too_full_is_explained_with_what_it_inherits(text: str) -> None:
    message = parse_message(text)
    assert message is not None
    assert message.code == "PackedPolicyTooLarge"
    assert "inherited" in message.meaning


@pytest.mark.rule("R4.4")
@pytest.mark.parametrize("ends", ["2026-11-23T12:20:00Z", "2026-11-24T12:00:00Z"])
def test_the_end_of_a_saml_session_shortens_it_and_refuses_nothing(ends: str) -> None:
    assertion = {"saml:aud": "https://signin.aws.amazon.com/saml", "SessionNotOnOrAfter": ends}
    assert passes(call_by_assertion(assertion, DurationSeconds=3600))


@pytest.mark.rule("R4.5")
def test_a_services_own_session_is_not_held_to_the_roles_maximum() -> None:
    service = "ec2.amazonaws.com"
    scenario = call_by_service(service, trust({"Service": service}), DurationSeconds=21_600)
    assert passes(lasting(scenario, 3600))


@pytest.mark.rule("R4.1")
@pytest.mark.parametrize("call", [call_by_token, call_by_assertion])
def test_a_federated_call_is_no_chaining(call: Any) -> None:
    assert passes(lasting(call({}, DurationSeconds=HALF_DAY), HALF_DAY))
    assert not passes(lasting(call({}, DurationSeconds=HALF_DAY), 3600))


@pytest.mark.rule("R5.16", "R5.19")
@pytest.mark.parametrize("call", [call_by_token, call_by_assertion])
@pytest.mark.parametrize(
    "parameters",
    [
        {"Tags": [{"Key": "team", "Value": "web"}]},
        {"SourceIdentity": "alice"},
        {"ExternalId": "?"},
        {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "123456"},
    ],
    ids=str,
)
def test_a_federated_call_ignores_the_parameters_of_assume_role(
    call: Any, parameters: dict[str, Any]
) -> None:
    assert passes(call({}, **parameters))


@pytest.mark.rule("T8")
def test_a_role_that_does_not_exist_is_refused_like_any_other() -> None:
    missing = f"arn:aws:iam::{B}:role/Missing"
    absent = diagnosed(call_by(DEPLOYER, trust({"AWS": DEPLOYER}), RoleArn=missing)).aws_error
    refused = diagnosed(call_by(DEPLOYER, trust({"AWS": "333333333333"}))).aws_error
    assert absent is not None
    assert refused is not None
    assert absent.message == refused.message.replace("role/DeployRole", "role/Missing")
    assert (absent.code, absent.status) == (refused.code, refused.status)


@pytest.mark.rule("T32", "T33")
@pytest.mark.parametrize(
    ("role_arn", "code", "message"),
    [
        (
            DEPLOYER,
            "AccessDenied",
            f"User: {DEPLOYER} is not authorized to perform: {ASSUME} on resource: {DEPLOYER}",
        ),
        ("DeployRole-in-production", "ValidationError", "DeployRole-in-production is invalid"),
    ],
)
def test_a_role_arn_that_is_no_role(role_arn: str, code: str, message: str) -> None:
    error = diagnosed(call_by(DEPLOYER, trust({"AWS": A}), RoleArn=role_arn)).aws_error
    assert error is not None
    assert (error.code, error.message) == (code, message)
