"""What the caller would see: AWS's code and text for the vectors whose text is known."""

from typing import Any

import pytest

from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, diagnosed, policy, trust

SESSION = f"arn:aws:sts::{A}:assumed-role/CI/build"


def seen(scenario: dict[str, Any]) -> tuple[str, int | None, str]:
    """Code, status and message."""
    error = diagnosed(scenario).aws_error
    assert error is not None
    return error.code, error.status, error.message


def chained(duration: int, maximum: int, **session: Any) -> dict[str, Any]:
    """A role session of account A that may assume the role of account B."""
    scenario = classic(trust_statements=[trust({"AWS": A})], DurationSeconds=duration)
    scenario["accounts"][A] = {
        "RoleDetailList": [
            {
                "RoleName": "CI",
                "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:*"))}],
            }
        ]
    }
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = maximum
    scenario["call"]["caller"] = {"arn": SESSION, "session": session}
    return scenario


@pytest.mark.parametrize(
    ("duration", "maximum", "words"),
    [
        (3601, 43200, "exceeds the 1 hour session limit for roles assumed by role chaining."),
        (3601, 3600, "exceeds the MaxSessionDuration set for this role."),
        (43201, 43200, "Member must have value less than or equal to 43200"),
    ],
)
@pytest.mark.rule("T12", "T13", "T14")
def test_durations(duration: int, maximum: int, words: str) -> None:
    """T12 to T14, with AWS's own words and their order."""
    code, status, message = seen(chained(duration, maximum))
    assert (code, status) == ("ValidationError", 400)
    assert words in message


@pytest.mark.parametrize(
    ("session", "action"),
    [
        ({"source_identity": "alice"}, "sts:SetSourceIdentity"),
        ({"tags": {"team": "web"}, "transitive_tag_keys": ["team"]}, "sts:TagSession"),
    ],
)
@pytest.mark.rule("R3.2", "T10", "T11")
def test_the_companion_action_is_named(session: dict[str, Any], action: str) -> None:
    """T10, T11: the text names what failed."""
    text = f"User: {SESSION} is not authorized to perform: {action} on resource: {ROLE}"
    assert seen(chained(3600, 3600, **session)) == ("AccessDenied", 403, text)


@pytest.mark.rule("T6", "T7", "T8", "R7.1")
def test_both_sides_fail_with_the_same_text() -> None:
    """T6, T7, T8: identity, trust and a missing role read the same."""
    text = f"User: {DEPLOYER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    assert seen(classic(identity=[])) == ("AccessDenied", 403, text)
    assert seen(classic(trust_statements=[trust({"AWS": "333333333333"})]))[2] == text
    missing = classic()
    missing["accounts"][B] = {}
    assert seen(missing)[2] == text


@pytest.mark.rule("T25")
def test_root() -> None:
    """T25: whatever the trust policy says."""
    scenario = classic(trust_statements=[trust({"AWS": "333333333333"})])
    scenario["call"]["caller"] = {"arn": f"arn:aws:iam::{A}:root"}
    assert seen(scenario) == ("AccessDenied", 403, "Roles may not be assumed by root accounts.")


@pytest.mark.rule("T33")
def test_a_role_arn_that_is_none() -> None:
    """T33: refused by its shape."""
    text = "not an arn but long enough"
    assert seen(classic(RoleArn=text)) == ("ValidationError", 400, f"{text} is invalid")


def test_an_allowed_call_has_no_error() -> None:
    """Nothing is refused."""
    assert diagnosed(classic()).aws_error is None
