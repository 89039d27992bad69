"""Section 3: the actions a call needs, and what each of them sees."""

from typing import Any

import pytest

from tests.rules.worlds import (
    CI,
    COMPANIONS,
    EVERY_ACTION,
    SESSION,
    call_by,
    passes,
    verdict,
)
from tests.worlds import DEPLOYER, ROLE, A, B, allow, decided, diagnosed, trust

TAGS = {"Tags": [{"Key": "team", "Value": "web"}]}
SENT: dict[str, dict[str, Any]] = {
    "sts:TagSession": TAGS,
    "sts:SetSourceIdentity": {"SourceIdentity": "alice"},
    "sts:SetContext": {
        "ProvidedContexts": [
            {"ProviderArn": f"arn:aws:iam::{A}:contextProvider/x", "ContextAssertion": "abcd"}
        ]
    },
}


@pytest.mark.rule("R1.5")
@pytest.mark.parametrize(
    ("parameters", "session", "actions"),
    [
        ({}, {}, set()),
        (TAGS, {}, {"sts:TagSession"}),
        ({"Tags": []}, {}, set()),
        ({"SourceIdentity": "alice"}, {}, {"sts:SetSourceIdentity"}),
        (SENT["sts:SetContext"], {}, {"sts:SetContext"}),
        ({}, {"tags": {"team": "web"}}, set()),
        ({}, {"tags": {"t": "x"}, "transitive_tag_keys": ["t"]}, {"sts:TagSession"}),
        ({}, {"source_identity": "alice"}, {"sts:SetSourceIdentity"}),
    ],
)
def test_what_is_sent_or_inherited_says_which_actions_are_needed(
    parameters: Any, session: Any, actions: set[str]
) -> None:
    scenario = call_by(SESSION, trust({"AWS": CI}, "sts:*"), session=session, **parameters)
    assert {*decided(scenario).facts.required_actions} == {"sts:AssumeRole", *actions}


@pytest.mark.rule("R3.5")
def test_what_the_console_sends_needs_no_companion() -> None:
    """Switch Role sends neither tags nor a source identity: the same role refuses those who do."""
    plain = trust({"AWS": A}, "sts:AssumeRole")
    assert passes(call_by(DEPLOYER, plain))
    for action in COMPANIONS:
        assert not passes(call_by(DEPLOYER, plain, **SENT[action]))


@pytest.mark.rule("R3.1")
@pytest.mark.parametrize("action", COMPANIONS)
def test_every_action_is_judged_on_the_role(action: str) -> None:
    statement = trust({"AWS": DEPLOYER}, EVERY_ACTION)
    for resource, expected in ((ROLE, True), (f"arn:aws:iam::{B}:role/Other", False), ("*", True)):
        identity = [allow("sts:AssumeRole", ROLE), allow(action, resource)]
        scenario = call_by(DEPLOYER, statement, identity=identity, **SENT[action])
        assert passes(scenario) is expected


@pytest.mark.rule("R3.1", "R6.13")
@pytest.mark.parametrize("action", EVERY_ACTION)
def test_the_roles_arn_is_judged_with_its_path(action: str) -> None:
    teams = f"arn:aws:iam::{B}:role/teams/DeployRole"
    for resource, expected in ((teams, True), (ROLE, False)):
        others = [allow(other, teams) for other in EVERY_ACTION if other != action]
        identity = [*others, allow(action, resource)]
        parameters = {"RoleArn": teams, **SENT.get(action, {})}
        statement = trust({"AWS": DEPLOYER}, EVERY_ACTION)
        scenario = call_by(DEPLOYER, statement, identity=identity, **parameters)
        scenario["accounts"][B]["RoleDetailList"][0]["Path"] = "/teams/"
        assert passes(scenario) is expected


def refused_action(scenario: dict[str, Any]) -> str:
    """The action that AWS's refusal names."""
    error = diagnosed(scenario).aws_error
    assert error is not None
    assert error.code == "AccessDenied"
    return error.message.split("perform: ")[1].split(" on resource")[0]


@pytest.mark.rule("R3.2", "T10", "T11")
@pytest.mark.parametrize("missing", EVERY_ACTION)
def test_the_refusal_names_the_action_that_failed(missing: str) -> None:
    trusted = [action for action in EVERY_ACTION if action != missing]
    scenario = call_by(DEPLOYER, trust({"AWS": DEPLOYER}, trusted), **SENT.get(missing, {}))
    assert refused_action(scenario) == missing


@pytest.mark.rule("R3.3")
@pytest.mark.parametrize(
    ("parameters", "named"),
    [({}, "sts:AssumeRole"), ({"SourceIdentity": "mallory"}, "sts:SetSourceIdentity")],
)
def test_a_wrong_source_identity_is_reported_against_its_own_action(
    parameters: Any, named: str
) -> None:
    condition = {"StringEquals": {"sts:SourceIdentity": "alice"}}
    statement = trust({"AWS": DEPLOYER}, EVERY_ACTION, Condition=condition)
    assert refused_action(call_by(DEPLOYER, statement, **parameters)) == named


LISTED = [
    ("sts:ExternalId", {"ExternalId": "ok-1"}, "sts:TagSession", "conditional"),
    ("sts:ExternalId", {"ExternalId": "ok-1"}, "sts:SetSourceIdentity", "conditional"),
    ("sts:RoleSessionName", {}, "sts:TagSession", "conditional"),
    ("sts:RoleSessionName", {}, "sts:SetSourceIdentity", "conditional"),
    ("aws:RequestTag/team", TAGS, "sts:TagSession", "allowed"),
    ("aws:TagKeys", TAGS, "sts:TagSession", "allowed"),
    ("sts:TransitiveTagKeys", {**TAGS, "TransitiveTagKeys": ["team"]}, "sts:TagSession", "allowed"),
    ("aws:RequestTag/team", TAGS, "sts:SetSourceIdentity", "denied"),
    ("aws:TagKeys", TAGS, "sts:SetSourceIdentity", "denied"),
    ("sts:SourceIdentity", {}, "sts:SetSourceIdentity", "allowed"),
    ("sts:SourceIdentity", {"SourceIdentity": "alice"}, "sts:TagSession", "conditional"),
]


@pytest.mark.rule("R3.4", "U-6")
@pytest.mark.parametrize(("key", "parameters", "action", "expected"), LISTED)
def test_a_key_is_there_for_the_actions_that_list_it(
    key: str, parameters: dict[str, Any], action: str, expected: str
) -> None:
    """A key that is not listed for an action is U-6, or absent where AWS has said so."""
    others = [other for other in EVERY_ACTION if other != action]
    statements = [
        trust({"AWS": DEPLOYER}, others),
        trust({"AWS": DEPLOYER}, action, Condition={"Null": {key: "false"}}),
    ]
    sent = {**SENT[action], **parameters}
    assert verdict(call_by(DEPLOYER, *statements, **sent)) == expected


@pytest.mark.rule("R3.4")
@pytest.mark.parametrize(
    ("key", "parameters"),
    [
        ("sts:ExternalId", {"ExternalId": "ok-1"}),
        ("sts:RoleSessionName", {}),
        ("aws:RequestTag/team", TAGS),
        ("aws:TagKeys", TAGS),
        ("sts:SourceIdentity", {"SourceIdentity": "alice"}),
        ("sts:TransitiveTagKeys", {**TAGS, "TransitiveTagKeys": ["team"]}),
    ],
)
def test_the_main_action_sees_every_key_of_the_request(
    key: str, parameters: dict[str, Any]
) -> None:
    statements = [
        trust({"AWS": DEPLOYER}, COMPANIONS),
        trust({"AWS": DEPLOYER}, Condition={"Null": {key: "false"}}),
    ]
    assert passes(call_by(DEPLOYER, *statements, **parameters))
    if parameters:
        assert not passes(call_by(DEPLOYER, *statements))
