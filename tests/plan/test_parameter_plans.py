"""Plans for calls whose only fault is a parameter: what is sent instead makes them pass."""

from typing import Any

import pytest

from tests.worlds import ROLE, A, after_first_plan, allow, classic, diagnosed, policy, trust

EVERYTHING = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
TEAM = {"Key": "team", "Value": "web"}
ONLY_TEAM = {"TransitiveTagKeys": ["team"]}


def scenario(session: dict[str, Any] | None, **parameters: Any) -> dict[str, Any]:
    """A call that everything allows but its parameters; by a role session when one is given."""
    found = classic(
        trust_statements=[trust({"AWS": A}, EVERYTHING)],
        identity=[allow(EVERYTHING)],
        **parameters,
    )
    if session is not None:
        found["accounts"][A]["RoleDetailList"] = [
            {
                "RoleName": "CI",
                "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
                "RolePolicyList": [
                    {"PolicyName": "p", "PolicyDocument": policy(allow(EVERYTHING))}
                ],
            }
        ]
        caller = {"arn": f"arn:aws:sts::{A}:assumed-role/CI/build", "session": session}
        found["call"]["caller"] = caller
    return found


@pytest.mark.parametrize(
    ("session", "parameters", "sent"),
    [
        (None, {"RoleSessionName": "deploy session/1"}, {"RoleSessionName": "deploy-session-1"}),
        (None, {"RoleSessionName": "x" * 70}, {"RoleSessionName": "x" * 64}),
        (None, {"RoleSessionName": "/"}, {"RoleSessionName": "session"}),
        (None, {"RoleArn": "DeployRole"}, {"RoleArn": ROLE}),
        (None, {"RoleArn": f" {ROLE}\n"}, {"RoleArn": ROLE}),
        (None, {"ExternalId": 12345}, {"ExternalId": "12345"}),
        (None, {"ExternalId": "abc "}, {"ExternalId": "abc"}),
        (None, {"ExternalId": "x"}, {"ExternalId": None}),
        (None, {"DurationSeconds": "60"}, {"DurationSeconds": 900}),
        (None, {"SourceIdentity": "alice smith"}, {"SourceIdentity": "alice-smith"}),
        (None, {"DurationSeconds": "one hour"}, {"DurationSeconds": 3600}),
        (None, {"MinimumSessionTokenSize": 9999}, {"MinimumSessionTokenSize": None}),
        (None, {"Tags": [TEAM], "TransitiveTagKeys": ["team", "x"]}, ONLY_TEAM),
        ({"source_identity": "alice"}, {"SourceIdentity": "bob"}, {"SourceIdentity": None}),
        (
            {"tags": {"team": "web"}, "transitive_tag_keys": ["team"]},
            {"Tags": [TEAM, {"Key": "stage", "Value": "test"}]},
            {"Tags": [{"Key": "stage", "Value": "test"}]},
        ),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_sent_instead(
    session: dict[str, Any] | None, parameters: dict[str, Any], sent: dict[str, Any]
) -> None:
    """The plan changes the request alone, and is proved."""
    asked = scenario(session, **parameters)
    diagnosis = diagnosed(asked)
    (name, value), *_ = sent.items()
    (edit,) = diagnosis.fixes[0].edit
    assert edit == (
        {"op": "remove", "path": f"/{name}"}
        if value is None
        else {"op": "add", "path": f"/{name}", "value": value}
    )
    assert after_first_plan(asked, diagnosis) == "allowed"


@pytest.mark.parametrize(
    "parameters",
    [
        {"Policy": "{"},
        {"PolicyArns": [{"arn": f"arn:aws:iam::{A}:policy/p"}]},
        {"Tags": [TEAM, {"Key": "Team", "Value": "ops"}]},
        {"RoleArn": "OtherRole"},
    ],
    ids=["session policy", "managed session policy", "which of two tags", "no such role"],
)
def test_what_nobody_can_guess_is_left_alone(parameters: dict[str, Any]) -> None:
    """Leaving a session policy out would give the session more than was asked for."""
    assert diagnosed(scenario(None, **parameters)).plans == ()
