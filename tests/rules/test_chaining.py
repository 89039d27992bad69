"""Section 9: what a session hands on, and where sessions come from."""

import json
from typing import Any

import pytest

from assumable.formats.message import parse_message
from tests.rules.worlds import (
    CI,
    EVERY_ACTION,
    NO_STS,
    SESSION,
    call_by,
    call_by_service,
    call_by_token,
    passes,
    role,
    verdict,
)
from tests.worlds import DEPLOYER, A, B, allow, diagnosed, policy, trust

ONE_TAG = {"Tags": [{"Key": "team", "Value": "web"}]}
TEAM: dict[str, Any] = {"tags": {"team": "web"}, "transitive_tag_keys": ["team"]}
CONFLICT = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."  # noqa: E501  # as AWS prints it


def message_of(scenario: dict[str, Any]) -> str:
    """AWS's text, empty when the call passes."""
    error = diagnosed(scenario).aws_error
    return error.message if error else ""


@pytest.mark.rule("R9.1")
@pytest.mark.parametrize("value", ["web", "app"])
@pytest.mark.parametrize(("own", "key"), [("team", "team"), ("team", "TEAM"), ("Team", "team")])
def test_an_inherited_tag_cannot_be_set_again(own: str, key: str, value: str) -> None:
    tags = [{"Key": key, "Value": value}]
    session = {"tags": {own: "web"}, "transitive_tag_keys": [own]}
    scenario = call_by(SESSION, trust({"AWS": CI}, EVERY_ACTION), session=session, Tags=tags)
    assert message_of(scenario) == CONFLICT


@pytest.mark.rule("R9.1", "R9.5")
@pytest.mark.parametrize(
    ("tags", "expected"), [({}, "role"), ({"team": "session"}, "session")], ids=str
)
def test_a_session_tag_wins_over_the_tag_of_the_role(tags: Any, expected: str) -> None:
    for value in ("role", "session"):
        condition = {"StringEquals": {"aws:PrincipalTag/team": value}}
        scenario = call_by(SESSION, trust({"AWS": CI}, Condition=condition), session={"tags": tags})
        roles = scenario["accounts"][A]["RoleDetailList"]
        roles[0]["Tags"] = [{"Key": "team", "Value": "role"}]
        assert passes(scenario) is (value == expected)


@pytest.mark.rule("R9.2", "T11", "C-9")
@pytest.mark.parametrize("side", ["trust", "identity"])
def test_an_inherited_tag_needs_tag_session_though_none_is_passed(side: str) -> None:
    short, full = "sts:AssumeRole", EVERY_ACTION
    trusted, own = (short, full) if side == "trust" else (full, short)
    scenario = call_by(SESSION, trust({"AWS": CI}, trusted), identity=[allow(own)], session=TEAM)
    assert not passes(scenario)
    assert passes(call_by(SESSION, trust({"AWS": CI}, full), session=TEAM))


@pytest.mark.rule("R9.3")
@pytest.mark.parametrize(
    ("allowed", "expected"), [(["stage"], True), (["team"], False), (["team", "stage"], True)]
)
def test_tags_may_be_added_at_a_hop_and_are_limited_by_tag_keys(
    allowed: list[str], expected: bool
) -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": allowed}}
    statement = trust({"AWS": CI}, ["sts:AssumeRole", "sts:TagSession"], Condition=condition)
    tags = [{"Key": "stage", "Value": "prod"}]
    assert passes(call_by(SESSION, statement, session=TEAM, Tags=tags)) is expected


NAMED = {"source_identity": "alice"}


@pytest.mark.rule("R9.4", "T10")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, ""),
        ({"SourceIdentity": "alice"}, ""),
        (
            {"SourceIdentity": "bob"},
            "The source identity is already set for this assume role session",
        ),
    ],
    ids=str,
)
def test_a_source_identity_is_kept_along_the_chain(parameters: Any, message: str) -> None:
    statement = trust({"AWS": CI}, EVERY_ACTION)
    assert message_of(call_by(SESSION, statement, session=NAMED, **parameters)) == message


@pytest.mark.rule("R9.4", "T10")
@pytest.mark.parametrize("key", ["sts:SourceIdentity", "aws:SourceIdentity"])
def test_an_inherited_source_identity_is_a_key_and_needs_its_action(key: str) -> None:
    condition = {"StringEquals": {key: "alice"}}
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    statement = trust({"AWS": CI}, actions, Condition=condition)
    assert passes(call_by(SESSION, statement, session=NAMED))
    assert not passes(call_by(SESSION, trust({"AWS": CI}), session=NAMED))
    assert not passes(call_by(SESSION, statement))


@pytest.mark.rule("R9.5")
def test_other_tags_act_as_attributes_of_the_caller_and_are_not_passed_on() -> None:
    session = {"tags": {"team": "web"}}
    for key, expected in (("aws:PrincipalTag/team", True), ("aws:RequestTag/team", False)):
        condition = {"StringEquals": {key: "web"}}
        scenario = call_by(SESSION, trust({"AWS": CI}, Condition=condition), session=session)
        assert passes(scenario) is expected


@pytest.mark.rule("R9.5")
@pytest.mark.parametrize(("statements", "expected"), [([allow()], True), (NO_STS, False)], ids=str)
def test_the_callers_session_policy_limits_the_next_call(statements: Any, expected: bool) -> None:
    session = {"policy": policy(*statements)}
    assert passes(call_by(SESSION, trust({"AWS": CI}), session=session)) is expected


DELIVERED = [
    {"Service": "ec2.amazonaws.com"},
    {"Service": "lambda.amazonaws.com"},
    {"Service": "ecs-tasks.amazonaws.com"},
    {"Service": "pods.eks.amazonaws.com"},
    {"Federated": f"arn:aws:iam::{A}:oidc-provider/gitlab.com"},
    {"Federated": f"arn:aws:iam::{A}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"},
]


@pytest.mark.rule("R9.6", "R9.7")
@pytest.mark.parametrize("origin", DELIVERED, ids=str)
@pytest.mark.parametrize(("duration", "expected"), [(3600, True), (3601, False)])
def test_the_credentials_of_any_role_make_the_next_call_chaining(
    origin: Any, duration: int, expected: bool
) -> None:
    scenario = call_by(SESSION, trust({"AWS": CI}), DurationSeconds=duration)
    scenario["accounts"][A]["RoleDetailList"][0] |= role("CI", trust(origin))
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = 43_200
    assert passes(scenario) is expected


@pytest.mark.rule("R9.8")
@pytest.mark.parametrize(
    "service",
    ["ec2", "lambda", "ecs-tasks", "ecs", "codebuild", "cloudformation"],
)
def test_a_service_is_trusted_by_its_own_principal(service: str) -> None:
    caller = f"{service}.amazonaws.com"
    assert passes(call_by_service(caller, trust({"Service": caller})))
    for other in ("ec2", "ecs", "ecs-tasks"):
        named = trust({"Service": f"{other}.amazonaws.com"})
        assert passes(call_by_service(caller, named)) is (other == service)


POD_TAGS = [
    "eks-cluster-arn", "eks-cluster-name", "kubernetes-namespace", "kubernetes-service-account",
    "kubernetes-pod-name", "kubernetes-pod-uid",
]  # fmt: skip


@pytest.mark.rule("R9.8")
@pytest.mark.parametrize(
    ("service", "companions", "off"),
    [
        ("pods.eks.amazonaws.com", ["sts:TagSession"], {"Tags": []}),
        (
            "rolesanywhere.amazonaws.com",
            ["sts:TagSession", "sts:SetSourceIdentity"],
            {"Tags": [], "SourceIdentity": None},
        ),
    ],
)
def test_services_that_tag_their_sessions_need_the_companion_actions(
    service: str, companions: list[str], off: dict[str, Any]
) -> None:
    alone = trust({"Service": service})
    assert not passes(call_by_service(service, alone))
    assert passes(call_by_service(service, trust({"Service": service}, EVERY_ACTION)))
    assert passes(call_by_service(service, alone, **off))


@pytest.mark.rule("R9.8")
@pytest.mark.parametrize("tag", POD_TAGS)
def test_pod_identity_sends_six_tags(tag: str) -> None:
    service = "pods.eks.amazonaws.com"
    for key, expected in ((f"aws:RequestTag/{tag}", "allowed"), ("aws:RequestTag/x", "denied")):
        condition = {"Null": {key: "false"}}
        statement = trust({"Service": service}, EVERY_ACTION, Condition=condition)
        assert verdict(call_by_service(service, statement)) == expected


@pytest.mark.rule("R9.9")
def test_roles_anywhere_is_trusted_like_a_service_and_names_its_trust_anchor() -> None:
    service, anchor = (
        "rolesanywhere.amazonaws.com",
        "arn:aws:rolesanywhere:eu-west-1:1:trust-anchor/x",
    )
    condition = {"ArnEquals": {"aws:SourceArn": anchor}}
    statement = trust({"Service": service}, EVERY_ACTION, Condition=condition)
    for sent, expected in ((anchor, True), (f"{anchor}y", False)):
        scenario = call_by_service(service, statement, Tags=[], SourceIdentity=None)
        scenario["call"]["context"] = {"aws:SourceArn": sent}
        assert passes(scenario) is expected


MIDDLE = f"arn:aws:iam::{B}:role/Middle"
LAST = "arn:aws:iam::333333333333:role/Last"


def chain(first: Any, *, middle: Any = None, last: Any = None, **parameters: Any) -> dict[str, Any]:
    """deployer, then Middle, then Last; the statements are those of the two trust policies."""
    scenario = call_by(DEPLOYER, RoleArn=LAST, **parameters)
    own = [{"PolicyName": "p", "PolicyDocument": policy(allow("*"))}]
    through = middle or trust({"AWS": A}, EVERY_ACTION)
    to = last or trust({"AWS": B}, EVERY_ACTION)
    scenario["accounts"] |= {
        B: {
            "RoleDetailList": [
                role("Middle", through, RolePolicyList=own, MaxSessionDuration=43200)
            ]
        },
        "333333333333": {"RoleDetailList": [role("Last", to, MaxSessionDuration=43200)]},
    }
    scenario["call"]["chain"] = [first]
    return scenario


WITH_TAG = {"RoleArn": MIDDLE, **ONE_TAG, "TransitiveTagKeys": ["team"]}
ONLY_FIRST = trust({"AWS": B})
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
PROOF = {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "123456"}
NARROW = json.dumps(policy(*NO_STS))
OWN_TAG = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "web"}}}


@pytest.mark.rule("R1.26", "R4.1", "R5.4", "R9.1", "R9.2", "R9.4", "R9.5", "R9.7", "T17")
@pytest.mark.parametrize(
    ("first", "change", "expected"),
    [
        (MIDDLE, {}, True),
        ({"RoleArn": MIDDLE}, {}, True),
        (MIDDLE, {"DurationSeconds": 3600}, True),
        (MIDDLE, {"DurationSeconds": 3601}, False),
        ({"RoleArn": MIDDLE, "DurationSeconds": 43200}, {}, True),
        (MIDDLE, {"last": trust({"AWS": A})}, False),
        (MIDDLE, {"middle": trust({"AWS": "333333333333"})}, False),
        (WITH_TAG, {}, True),
        (WITH_TAG, {"last": ONLY_FIRST}, False),
        (WITH_TAG, ONE_TAG, False),
        ({"RoleArn": MIDDLE, **ONE_TAG}, {"last": ONLY_FIRST}, True),
        ({"RoleArn": MIDDLE, **ONE_TAG}, {"last": {**ONLY_FIRST, **OWN_TAG}}, True),
        (MIDDLE, {"last": {**ONLY_FIRST, **OWN_TAG}}, False),
        ({"RoleArn": MIDDLE, "SourceIdentity": "alice"}, {}, True),
        ({"RoleArn": MIDDLE, "SourceIdentity": "alice"}, {"last": ONLY_FIRST}, False),
        ({"RoleArn": MIDDLE, "SourceIdentity": "alice"}, {"SourceIdentity": "bob"}, False),
        ({"RoleArn": MIDDLE, "Policy": NARROW}, {}, False),
        (
            {"RoleArn": MIDDLE, **PROOF},
            {"middle": trust({"AWS": A}, Condition=MFA), "last": ONLY_FIRST},
            True,
        ),
        ({"RoleArn": MIDDLE, **PROOF}, {"last": {**ONLY_FIRST, "Condition": MFA}}, False),
    ],
    ids=str,
)
def test_a_chain_passes_when_each_hop_does(first: Any, change: Any, expected: bool) -> None:
    assert passes(chain(first, **change)) is expected


@pytest.mark.rule("R9.7", "R4.1")
@pytest.mark.parametrize(("duration", "expected"), [(3600, True), (3601, False)])
def test_after_a_token_the_next_hop_is_chaining(duration: int, expected: bool) -> None:
    scenario = call_by_token({}, RoleArn=LAST, DurationSeconds=duration)
    found = scenario["accounts"][B]["RoleDetailList"][0]
    found["RolePolicyList"] = [{"PolicyName": "p", "PolicyDocument": policy(allow("*"))}]
    to = role("Last", trust({"AWS": B}), MaxSessionDuration=43_200)
    scenario["accounts"]["333333333333"] = {"RoleDetailList": [to]}
    scenario["call"]["chain"] = [f"arn:aws:iam::{B}:role/DeployRole"]
    assert passes(scenario) is expected


@pytest.mark.rule("R9.10")
@pytest.mark.parametrize(
    "text",
    [
        "(ForbiddenException) when calling the GetRoleCredentials operation: No access",
        "ForbiddenException: No access",
    ],
)
def test_no_access_at_sign_in_is_no_refusal_of_assume_role(text: str) -> None:
    message = parse_message(text)
    assert message is not None
    assert message.code == "ForbiddenException"
    assert "trust-principal" not in message.causes


@pytest.mark.rule("R9.11")
@pytest.mark.parametrize(
    "text",
    [
        'The credential source "Ec2" referenced in profile "dev" is not valid.',
        'The profile "dev" contains both source_profile and credential_source.',
    ],
)
def test_a_bad_credential_source_is_the_clients_own_error(text: str) -> None:
    message = parse_message(text)
    assert message is not None
    assert (message.causes[0], message.status) == ("client-config", 0)
