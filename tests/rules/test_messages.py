"""Section 7: what the texts of refusals say and what they leave open."""

import pytest

from assumable.formats.message import parse_message
from tests.rules.worlds import call_by, call_by_token, gates_that_block
from tests.worlds import DEPLOYER, ROLE, A, B, diagnosed, trust

DENIED = f"User: {DEPLOYER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
OTHERS = f"arn:aws:iam::{B}:role/Missing"


@pytest.mark.rule("R7.1", "R7.5")
@pytest.mark.parametrize("caller_is_named", [True, False])
def test_a_denial_without_a_reason_blames_no_layer(caller_is_named: bool) -> None:
    principal = DEPLOYER if caller_is_named else "333333333333"
    scenario = call_by(DEPLOYER, trust({"AWS": principal}), identity=[])
    error = diagnosed(scenario).aws_error
    assert error is not None
    assert error.message == DENIED
    message = parse_message(DENIED)
    assert message is not None
    assert message.layer == ""
    assert {"trust-principal", "identity-permission", "scp", "rcp"} <= {*message.causes}


@pytest.mark.rule("R7.2")
def test_a_missing_role_is_among_the_causes_of_the_same_text() -> None:
    message = parse_message(DENIED)
    assert message is not None
    assert "role-not-found" in message.causes
    error = diagnosed(call_by(DEPLOYER, trust({"AWS": A}), RoleArn=OTHERS)).aws_error
    assert error is not None
    assert error.message == DENIED.replace(ROLE, OTHERS)


@pytest.mark.rule("R7.3")
@pytest.mark.parametrize("asked", [ROLE, f"arn:aws:iam::{B}:user/somebody"])
def test_caller_and_role_of_the_text_are_taken_as_they_stand(asked: str) -> None:
    message = parse_message(DENIED.replace(ROLE, asked))
    assert message is not None
    assert (message.caller, message.role) == (DEPLOYER, asked)


@pytest.mark.rule("R7.4", "R7.5")
@pytest.mark.parametrize(
    ("reason", "layer"),
    [
        ("because no identity-based policy allows the sts:AssumeRole action", "identity"),
        ("with an explicit deny in an identity-based policy", "identity"),
        ("because no permissions boundary allows the sts:AssumeRole action", "boundary"),
        ("with an explicit deny in a session policy", "session-policy"),
        ("because no service control policy allows the sts:AssumeRole action", "scp"),
        ("with an explicit deny in a resource control policy", "rcp"),
        ("because no VPC endpoint policy allows the sts:AssumeRole action", "vpc-endpoint"),
        ("with an explicit deny in the role trust policy", "trust"),
        ("because no role trust policy allows the sts:AssumeRole action", "trust"),
    ],
)
def test_a_reason_names_its_layer(reason: str, layer: str) -> None:
    message = parse_message(f"{DENIED} {reason}")
    assert message is not None
    assert message.layer == layer


@pytest.mark.rule("R7.7")
def test_a_resource_based_reason_leaves_the_callers_side_open() -> None:
    reason = "because no resource-based policy allows the sts:AssumeRole action"
    message = parse_message(f"{DENIED} {reason}")
    assert message is not None
    assert {"trust-principal", "identity-permission"} <= {*message.causes}


@pytest.mark.rule("R7.8")
@pytest.mark.parametrize("api", ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"])
def test_the_short_text_names_the_action_alone(api: str) -> None:
    message = parse_message(f"Not authorized to perform sts:{api}")
    assert message is not None
    assert (message.action, message.caller, message.role) == (f"sts:{api}", "", "")


@pytest.mark.rule("R7.9")
def test_a_missing_provider_says_nothing_of_the_trust_policy() -> None:
    scenario = call_by_token({}, action="sts:AssumeRole")
    scenario["accounts"][B]["OpenIDConnectProviders"] = []
    assert gates_that_block(scenario) == {"credentials", "trust"}
    error = diagnosed(scenario).aws_error
    assert error is not None
    message = parse_message(error.message)
    assert message is not None
    assert message.causes[0] == "identity-provider"
    assert message.layer == ""


@pytest.mark.rule("R7.10")
@pytest.mark.parametrize(
    ("account", "clients", "blocked"),
    [
        (B, ["sts.amazonaws.com"], set()),
        (B, ["another"], {"credentials"}),
        (A, ["sts.amazonaws.com"], {"credentials"}),
    ],
)
def test_the_roles_account_has_the_provider_with_the_audience(
    account: str, clients: list[str], blocked: set[str]
) -> None:
    scenario = call_by_token({})
    (provider,) = scenario["accounts"][B].pop("OpenIDConnectProviders")
    arn = provider["Arn"].replace(B, account)
    scenario["accounts"][account]["OpenIDConnectProviders"] = [
        {"Arn": arn, "ClientIDList": clients}
    ]
    assert gates_that_block(scenario) == blocked


@pytest.mark.rule("R7.11")
@pytest.mark.parametrize(
    "text",
    [
        'The profile "dev" contains both source_profile and credential_source.',
        "Partial credentials found in assume-role, missing: source_profile or credential_source",
    ],
)
def test_a_profile_with_both_sources_or_none_is_the_clients_own_error(text: str) -> None:
    message = parse_message(text)
    assert message is not None
    assert message.causes[0] == "client-config"


@pytest.mark.rule("R7.12")
def test_a_session_named_by_the_sdk_fits_no_session_name() -> None:
    named = trust({"AWS": A}, Condition={"StringEquals": {"sts:RoleSessionName": "deploy"}})
    for name, blocked in (("botocore-session-1700000000", {"trust"}), ("deploy", set[str]())):
        assert gates_that_block(call_by(DEPLOYER, named, RoleSessionName=name)) == blocked
