"""Sections 1.5 to 1.7: special callers, NotPrincipal, and the way through a VPC endpoint."""

import importlib.resources
from typing import Any

import pytest

from tests.rules.worlds import (
    CI,
    COMPANIONS,
    COMPOSITE,
    EVERY_ACTION,
    ROOT,
    SESSION,
    call_by,
    call_by_assertion,
    call_by_service,
    call_by_token,
    deny,
    deny_anyone,
    gates_that_block,
    organization,
    passes,
    role,
    through_endpoint,
    verdict,
)
from tests.worlds import DEPLOYER, A, B, allow, decided, diagnosed, trust

ANYONE = {"AWS": "*"}


@pytest.mark.rule("R1.19", "T25")
@pytest.mark.parametrize("principal", ["*", {"AWS": A}, {"AWS": f"arn:aws:iam::{A}:root"}], ids=str)
@pytest.mark.parametrize("account", [A, B])
def test_root_credentials_cannot_assume_a_role(principal: Any, account: str) -> None:
    scenario = call_by(f"arn:aws:iam::{A}:root", trust(principal), account=account)
    error = diagnosed(scenario).aws_error
    assert error is not None
    assert error.message == "Roles may not be assumed by root accounts."


@pytest.mark.rule("R1.20")
def test_for_a_service_only_trust_policy_and_rcps_count() -> None:
    service = "ec2.amazonaws.com"
    scenario = call_by_service(service, trust({"Service": service}))
    scenario["organization"] = organization(A, B, scps={ROOT: [deny("*")]})
    assert passes(scenario)
    asked = {g.gate.value for g in decided(scenario).gates if not g.not_applicable and g.action}
    assert asked == {"rcp", "trust"}
    scenario["organization"] = organization(B, rcps={B: [deny_anyone(Resource="*")]})
    assert not passes(scenario)
    assert not passes(call_by_service(service, trust({"Service": "lambda.amazonaws.com"})))


FEDERATED = [call_by_token, call_by_assertion]


@pytest.mark.rule("R1.21", "U-19")
@pytest.mark.parametrize("call", FEDERATED)
def test_a_federated_caller_has_no_policies_and_no_scps(call: Any) -> None:
    scenario = call({})
    scenario["organization"] = organization(A, B, scps={ROOT: [deny("*")]})
    assert passes(scenario)
    other = call({}, action="sts:AssumeRole")
    assert gates_that_block(other) == {"trust"}


@pytest.mark.rule("R1.21", "R1.31")
@pytest.mark.parametrize("call", FEDERATED)
@pytest.mark.parametrize(
    "key",
    [
        "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
        "aws:PrincipalTag/team", "aws:PrincipalType", "aws:userid", "aws:username",
        "aws:PrincipalIsAWSService",
    ],
)  # fmt: skip
def test_a_federated_caller_has_no_principal_keys(call: Any, key: str) -> None:
    assert passes(call({}, {"Null": {key: "true"}}))
    assert not passes(call({}, {"Null": {key: "false"}}))


@pytest.mark.rule("R1.22", "T26", "U-21")
@pytest.mark.parametrize(("principal", "expected"), [
    ({"AWS": CI}, True), ({"AWS": SESSION}, True), ({"Service": "ec2.amazonaws.com"}, False),
])  # fmt: skip
def test_a_role_needs_its_own_trust_policy_to_assume_itself(principal: Any, expected: bool) -> None:
    scenario = call_by(SESSION, RoleArn=CI)
    scenario["accounts"][A]["RoleDetailList"][0] |= role("CI", trust(principal))
    assert passes(scenario) is expected


@pytest.mark.rule("R1.23")
def test_scps_and_rcps_leave_service_linked_roles_alone() -> None:
    service, path = "elasticloadbalancing.amazonaws.com", "/aws-service-role/x.amazonaws.com/"
    scenario = call_by_service(service)
    linked = role("ServiceRole", trust({"Service": service}), Path=path)
    scenario["accounts"][B]["RoleDetailList"] = [linked]
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:role{path}ServiceRole"
    limits = organization(A, B, scps={ROOT: [deny("*")]}, rcps={ROOT: [deny_anyone(Resource="*")]})
    scenario["organization"] = limits
    assert passes(scenario)
    by_one = call_by(SESSION, trust({"AWS": A}))
    by_one["accounts"][A]["RoleDetailList"][0]["Path"] = path
    by_one["organization"] = limits
    assert passes(by_one)


@pytest.mark.rule("R1.24", "C-1")
@pytest.mark.parametrize("mfa", [False, True])
def test_session_token_credentials_act_as_their_user(mfa: bool) -> None:
    for identity, expected in (([allow()], True), ([], False)):
        scenario = call_by(DEPLOYER, trust({"AWS": DEPLOYER}), identity=identity)
        scenario["call"]["caller"] |= {"credentials": "session-token", "mfa": mfa}
        assert passes(scenario) is expected


@pytest.mark.rule("R1.25")
def test_federation_token_credentials_may_not_assume_roles() -> None:
    federated = f"arn:aws:sts::{A}:federated-user/bob"
    for account in (A, B):
        scenario = call_by(federated, trust("*"), trust({"AWS": [federated, A]}), account=account)
        assert gates_that_block(scenario) == {"credentials"}


@pytest.mark.rule("R1.25")
def test_credentials_of_a_role_may_assume_roles() -> None:
    assert passes(call_by(SESSION, trust({"AWS": CI})))


@pytest.mark.rule("R1.26")
def test_what_the_role_itself_may_do_plays_no_part_in_assuming_it() -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": DEPLOYER}))
    cap = f"arn:aws:iam::{B}:policy/cap"
    account = scenario["accounts"][B]
    account["Policies"] = [
        {"PolicyName": "cap", "Arn": cap,
         "PolicyDocument": {"Version": "2012-10-17", "Statement": [deny("*")]}}
    ]  # fmt: skip
    account["RoleDetailList"][0] |= {
        "PermissionsBoundary": {"PermissionsBoundaryArn": cap},
        "AttachedManagedPolicies": [{"PolicyArn": cap, "PolicyName": "cap"}],
    }
    assert passes(scenario)


TASK = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"


@pytest.mark.rule("R1.27", "R10.7")
@pytest.mark.parametrize(
    ("caller", "changes", "denied"),
    [
        (DEPLOYER, {}, False),
        (DEPLOYER, {"DurationSeconds": 900}, False),
        (DEPLOYER, {"DurationSeconds": 901}, True),
        (DEPLOYER, {"TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}, True),
        (f"arn:aws:iam::{A}:root", {}, True),
    ],
)
def test_assume_root(caller: str, changes: dict[str, Any], denied: bool) -> None:
    scenario = call_by(caller)
    scenario["organization"] = organization(B)
    scenario["organization"]["MasterAccountId"] = A
    parameters = {"TargetPrincipal": B, "TaskPolicyArn": {"arn": TASK}, **changes}
    scenario["call"] |= {"api": "AssumeRoot", "parameters": parameters}
    assert (verdict(scenario) == "denied") is denied
    scenario["call"]["network"] = {"endpoint": "global"}
    assert not passes(scenario)


EVERYONE = trust("*", "*", Resource="*")
LISTED = [f"arn:aws:iam::{A}:root", CI, SESSION]


@pytest.mark.rule("R1.29")
@pytest.mark.parametrize(
    ("listed", "boundary", "expected"),
    [
        (LISTED, None, True),
        (LISTED[:2], None, False),
        (LISTED[1:], None, False),
        ([LISTED[0], LISTED[2]], None, False),
        (LISTED, [allow("*")], False),
    ],
)
def test_not_principal_exempts_a_session_that_is_listed_in_full(
    listed: list[str], boundary: Any, expected: bool
) -> None:
    scenario = call_by(SESSION, trust({"AWS": CI}), boundary=boundary)
    block = {"Effect": "Deny", "NotPrincipal": {"AWS": listed}, "Action": "*", "Resource": "*"}
    assert passes(through_endpoint(scenario, EVERYONE, block)) is expected


@pytest.mark.rule("R1.30")
@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], True),
        ([EVERYONE], True),
        ([trust("*", EVERY_ACTION, Resource="*")], True),
        ([trust("*", "sts:AssumeRole", Resource="*")], False),
        *[
            ([trust("*", [a for a in EVERY_ACTION if a != missing], Resource="*")], False)
            for missing in COMPANIONS
        ],
        ([trust({"AWS": DEPLOYER}, "sts:*", Resource=f"arn:aws:iam::{B}:role/*")], True),
        ([trust({"AWS": DEPLOYER}, "sts:*", Resource=f"arn:aws:iam::{A}:role/*")], False),
    ],
)
def test_an_endpoint_policy_caps_every_action(statements: Any, expected: bool) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}, EVERY_ACTION), **COMPOSITE)
    assert passes(through_endpoint(scenario, *statements)) is expected


@pytest.mark.rule("R1.30")
def test_an_endpoint_policy_grants_nothing() -> None:
    nobody = trust({"AWS": "333333333333"})
    assert not passes(through_endpoint(call_by(DEPLOYER, nobody), EVERYONE))
    assert not passes(through_endpoint(call_by(DEPLOYER, trust("*"), identity=[]), EVERYONE))


@pytest.mark.rule("R1.33")
def test_a_refusal_by_an_endpoint_policy_is_looked_for_beyond_cloudtrail() -> None:
    nothing = trust("*", "s3:*", Resource="*")
    diagnosis = diagnosed(through_endpoint(call_by(DEPLOYER, trust({"AWS": A})), nothing))
    assert [finding.code for finding in diagnosis.findings] == ["AS703"]
    text = (importlib.resources.files("assumable") / "causes" / "AS703.md").read_text("utf-8")
    page = " ".join(text.split())
    assert "may be missing from CloudTrail when the endpoint belongs to a third account" in page


@pytest.mark.rule("R1.34")
@pytest.mark.parametrize("name", ["regional", "global"])
def test_the_way_through_an_endpoint_is_not_read_off_the_host_name(name: str) -> None:
    """Whichever name reached the endpoint, its policy is asked."""
    nothing = trust("*", "s3:*", Resource="*")
    for statements, expected in (([nothing], False), ([EVERYONE], True)):
        scenario = through_endpoint(call_by(DEPLOYER, trust({"AWS": A})), *statements)
        scenario["call"]["network"] |= {"region": "eu-west-1", "endpoint": name}
        assert passes(scenario) is expected


OF_MY_ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}


@pytest.mark.rule("R1.31", "T30")
@pytest.mark.parametrize("call", FEDERATED)
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (OF_MY_ORG, False),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, False),
        ({"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, True),
        ({"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}}, True),
        ({"StringEquals": {"aws:ResourceAccount": B}}, True),
        ({"StringEquals": {"aws:ResourceAccount": A}}, False),
    ],
    ids=str,
)
def test_an_endpoint_sees_the_role_of_a_federated_call_and_no_principal(
    call: Any, condition: Any, expected: bool
) -> None:
    scenario = call({})
    scenario["organization"] = organization(A, B)
    statement = trust("*", "*", Resource="*", Condition=condition)
    assert passes(through_endpoint(scenario, statement)) is expected


@pytest.mark.rule("R1.32", "U-20", "C-2")
@pytest.mark.parametrize("call", FEDERATED)
@pytest.mark.parametrize(("principal", "expected"), [("*", True), (ANYONE, False)], ids=str)
def test_a_star_under_aws_leaves_federated_callers_out(
    call: Any, principal: Any, expected: bool
) -> None:
    statement = trust(principal, "*", Resource="*")
    assert passes(through_endpoint(call({}), statement)) is expected
    signed = call_by(DEPLOYER, trust({"AWS": A}))
    assert passes(through_endpoint(signed, statement))
    action = f"sts:{call({})['call']['api']}"
    scenario = call({})
    scenario["accounts"][B]["RoleDetailList"] = [role("DeployRole", trust(principal, action))]
    assert passes(scenario) is expected
