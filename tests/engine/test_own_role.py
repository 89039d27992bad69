"""Service-linked roles, roles that assume themselves, and sessions that a service delivered."""

from typing import Any

import msgspec
import pytest

from assumable.engine.evaluate import decide
from tests.engine.test_services import by_service, denied_by, named
from tests.worlds import A, B, allow, classic, decided, parsed, policy, trust

# Service-linked roles (R1.23)

LINKED_PATH = "/aws-service-role/autoscaling.amazonaws.com/"
LINKED = f"role{LINKED_PATH}AWSServiceRoleForAutoScaling"


def linked_target(scenario: dict[str, Any]) -> dict[str, Any]:
    """The same call for a service-linked role."""
    role = scenario["accounts"][B]["RoleDetailList"][0]
    role |= {"RoleName": "AWSServiceRoleForAutoScaling", "Path": LINKED_PATH}
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:{LINKED}"
    return scenario


def test_only_its_service_assumes_a_service_linked_role() -> None:
    service = "autoscaling.amazonaws.com"
    assert decided(linked_target(by_service(service, named(service)))).verdict == "allowed"
    other = linked_target(by_service("ec2.amazonaws.com", named(service)))
    assert decided(other).verdict == "denied"
    # whatever the file says its trust policy is, and even when nobody has read it
    person = linked_target(classic(identity=[allow()]))
    assert decided(person).verdict == "denied"
    person["unknown"] = [f"account:{B}"]
    assert decided(person).verdict == "denied"


def test_rcps_do_not_apply_to_service_linked_roles() -> None:
    service = "autoscaling.amazonaws.com"
    scenario = linked_target(by_service(service, named(service)))
    assert denied_by("RESOURCE_CONTROL_POLICY", scenario) == "allowed"


def by_linked_role() -> dict[str, Any]:
    """A session of a service-linked role that asks for DeployRole."""
    scenario = classic(trust_statements=[trust({"AWS": A})])
    scenario["accounts"][A] = {
        "RoleDetailList": [
            {
                "RoleName": "AWSServiceRoleForAutoScaling",
                "Path": LINKED_PATH,
                "AssumeRolePolicyDocument": policy(named("autoscaling.amazonaws.com")),
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
            }
        ]
    }
    session = f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"
    scenario["call"]["caller"] = {"arn": session}
    return scenario


@pytest.mark.parametrize("kind", ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"])
def test_nothing_of_an_organization_stops_a_service_linked_role(kind: str) -> None:
    assert denied_by(kind, by_linked_role()) == "allowed"
    ordinary = by_linked_role()
    ordinary["accounts"][A]["RoleDetailList"][0]["Path"] = "/"
    assert denied_by(kind, ordinary) == "denied"


@pytest.mark.parametrize("kind", ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"])
def test_a_role_that_may_be_service_linked_is_not_denied_for_certain(kind: str) -> None:
    """The path that makes it one is not in the session's ARN."""
    unread = {**by_linked_role(), "unknown": [f"account:{A}"]}
    assert denied_by(kind, unread) == "conditional"
    session = unread["call"]["caller"]["arn"].replace("AWSServiceRoleFor", "")
    unread["call"]["caller"] = {"arn": session}
    assert denied_by(kind, unread) == "denied"


# A role that assumes itself (R1.22, T26, U-21)

SELF = f"arn:aws:iam::{B}:role/team/Loop"


def itself(time: str, identity: dict[str, Any] | None = None, **role: Any) -> dict[str, Any]:
    """A session of a role that asks for the same role, whose trust policy is silent."""
    record = {
        "RoleName": "Loop",
        "Path": "/team/",
        "AssumeRolePolicyDocument": policy(named("ec2.amazonaws.com")),
        "RolePolicyList": [
            {"PolicyName": "p", "PolicyDocument": policy(identity or allow(resource=SELF))}
        ],
    }
    scenario = classic()
    scenario["time"] = time
    scenario["accounts"] = {B: {"RoleDetailList": [record | role]}}
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{B}:assumed-role/Loop/i-0abc"}
    scenario["call"]["parameters"]["RoleArn"] = SELF
    return scenario


BEFORE, SINCE = "2022-09-20T23:59:59Z", "2022-09-21T00:00:00Z"


def test_self_assumption_needs_the_trust_policy_since_2022() -> None:
    assert decided(itself(BEFORE)).verdict == "allowed"
    assert decided(itself(SINCE)).verdict == "denied"


@pytest.mark.parametrize(("value", "expected"), [(True, "allowed"), (False, "denied")])
def test_whoever_knows_that_a_role_is_exempt_may_say_so(value: bool, expected: str) -> None:
    """U-21: CloudTrail shows explicitTrustGrant: false for such a role."""
    world, call = parsed(itself(SINCE))
    call = msgspec.structs.replace(call, assumptions={"U-21": value})
    assert decide(world, call).verdict == expected


def test_before_that_the_own_policy_decided() -> None:
    assert decided(itself(BEFORE, allow("s3:*"))).verdict == "denied"
    denies = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    silent = itself(BEFORE, AssumeRolePolicyDocument=policy(denies))
    assert decided(silent).verdict == "denied"


def test_that_a_role_trusts_itself_lets_no_other_role_in() -> None:
    scenario = by_linked_role()
    scenario["time"] = BEFORE
    scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(
        named("ec2.amazonaws.com")
    )
    assert decided(scenario).verdict == "denied"


# Keys that come with delivered credentials (FACTS 5.1, R9.7)


@pytest.mark.parametrize(
    ("trusted", "key", "expected"),
    [
        (named("ec2.amazonaws.com"), "ec2:SourceInstanceArn", "conditional"),
        (named("ec2.amazonaws.com.cn"), "ec2:RoleDelivery", "conditional"),
        (named("lambda.amazonaws.com"), "ec2:SourceInstanceArn", "denied"),
        (named("lambda.amazonaws.com"), "lambda:SourceFunctionArn", "conditional"),
        (named("codebuild.amazonaws.com"), "codebuild:ProjectArn", "conditional"),
        (named("codebuild.amazonaws.com"), "codebuild:BuildArn", "conditional"),
        (named("lambda.amazonaws.com"), "codebuild:BuildArn", "denied"),
        (trust("*"), "ec2:SourceInstanceArn", "conditional"),
        (trust({"AWS": B}), "aws:Ec2InstanceSourceVpc", "denied"),
        (trust({"AWS": B}), "identitystore:UserId", "conditional"),
    ],
)
def test_delivered_keys(trusted: dict[str, Any], key: str, expected: str) -> None:
    scenario = by_linked_role()
    caller = scenario["accounts"][A]["RoleDetailList"][0]
    caller["AssumeRolePolicyDocument"] = policy(trusted)
    condition = {"Null": {key: "false"}}
    scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(
        trust({"AWS": A}, Condition=condition)
    )
    assert decided(scenario).verdict == expected


def test_keys_of_services_are_not_there_for_a_role() -> None:
    """Code that runs in Glue is a session of a role: no service, and no name of one."""
    for condition, expected in (
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, "allowed"),
        ({"Null": {"aws:PrincipalServiceName": "true"}}, "allowed"),
        ({"StringEquals": {"aws:SourceAccount": A}}, "denied"),
    ):
        scenario = by_linked_role()
        scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(
            trust({"AWS": A}, Condition=condition)
        )
        assert decided(scenario).verdict == expected
