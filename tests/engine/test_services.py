"""AWS services as callers: what they send, under which names, and what limits them."""

from typing import Any

import msgspec
import pytest

from assumable.engine.evaluate import decide
from assumable.engine.services import SERVICES, parts_of
from tests.worlds import ROLE, A, B, classic, decided, parsed, policy, trust

ALL = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
PODS, ANYWHERE = "pods.eks.amazonaws.com", "rolesanywhere.amazonaws.com"


def by_service(service: str, *statements: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A service that asks for the role DeployRole; it chooses its own session name."""
    scenario = classic(trust_statements=list(statements), **parameters)
    scenario["call"]["caller"] = {"service": service}
    del scenario["call"]["parameters"]["RoleSessionName"]
    del scenario["accounts"][A]
    return scenario


def named(service: str, action: Any = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    """A statement that names a service, under a condition when there is one."""
    more = {"Condition": condition} if condition else {}
    return trust({"Service": service}, action, **more)


def verdict(service: str, *statements: dict[str, Any], **parameters: Any) -> str:
    """What becomes of the call."""
    return decided(by_service(service, *statements, **parameters)).verdict


# What services pass of their own accord (FACTS 5.8, R9.8)


@pytest.mark.parametrize(
    ("service", "actions", "parameters", "expected"),
    [
        (PODS, ALL[:2], {}, "allowed"),
        (PODS, ALL[:1], {}, "denied"),
        (PODS, ALL[:1], {"Tags": []}, "allowed"),
        (PODS, ALL[:1], {"Tags": [{"Key": "kubernetes-namespace", "Value": "web"}]}, "denied"),
        (ANYWHERE, ALL, {}, "allowed"),
        (ANYWHERE, ALL[:2], {}, "denied"),
        (ANYWHERE, [ALL[0], ALL[2]], {}, "denied"),
        (ANYWHERE, ALL[:2], {"SourceIdentity": None}, "allowed"),
        (ANYWHERE, ALL[:1], {"Tags": [], "SourceIdentity": None}, "allowed"),
        (ANYWHERE, ALL[:1], {"Tags": [], "SourceIdentity": "CN=web"}, "denied"),
        ("lambda.amazonaws.com", ALL[:1], {}, "allowed"),
        ("anything.amazonaws.com", ALL[:1], {}, "allowed"),
    ],
)
def test_actions_a_service_needs(
    service: str, actions: list[str], parameters: dict[str, Any], expected: str
) -> None:
    assert verdict(service, named(service, actions), **parameters) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:RequestTag/kubernetes-namespace": "web"}}, "conditional"),
        ({"Null": {"aws:RequestTag/kubernetes-namespace": "false"}}, "allowed"),
        ({"StringEquals": {"aws:RequestTag/team": "web"}}, "denied"),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "eks-cluster-arn"}}, "allowed"),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["eks-cluster-arn"]}}, "denied"),
        ({"ForAllValues:StringLike": {"sts:TransitiveTagKeys": ["eks-*", "kube*"]}}, "allowed"),
        ({"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "web"}}, "denied"),
    ],
)
def test_tags_of_pod_identity(condition: dict[str, Any], expected: str) -> None:
    """Their keys are known and all six are sent, their values are not known."""
    assert verdict(PODS, named(PODS, ALL[:2], **condition)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "web"}}, "conditional"),
        # a profile may leave a field out, so it may be absent as well
        ({"Null": {"aws:PrincipalTag/x509Subject/CN": "false"}}, "conditional"),
        ({"StringEquals": {"aws:RequestTag/x509Subject/CN": "web"}}, "denied"),
        ({"StringEquals": {"aws:PrincipalTag/team": "web"}}, "denied"),
    ],
)
def test_what_roles_anywhere_sends(condition: dict[str, Any], expected: str) -> None:
    assert verdict(ANYWHERE, named(ANYWHERE, ALL, **condition)) == expected


def test_source_identity_of_roles_anywhere_is_there_and_not_known() -> None:
    """FACTS 5.8: `CN=…`, or the serial number; for sts:TagSession the key is not listed (R3.4)."""
    statements = [
        named(ANYWHERE, [ALL[0], ALL[2]], StringLike={"sts:SourceIdentity": "CN=*"}),
        named(ANYWHERE, ALL[1]),
    ]
    assert verdict(ANYWHERE, *statements) == "conditional"
    statements[0] = named(ANYWHERE, [ALL[0], ALL[2]], Null={"sts:SourceIdentity": "false"})
    assert verdict(ANYWHERE, *statements) == "allowed"


# Confused deputies (R2.10)

SOURCE = {"StringEquals": {"aws:SourceAccount": B}}


def verdict_in_open_world(service: str, **condition: Any) -> str:
    """What becomes of the call where what is not listed may be there."""
    world, call = parsed(by_service(service, named(service, ALL, **condition)))
    return decide(msgspec.structs.replace(world, complete=False), call).verdict


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("codebuild.amazonaws.com", "conditional"),
        ("states.amazonaws.com", "conditional"),
        ("ecs-tasks.amazonaws.com", "conditional"),
        (ANYWHERE, "conditional"),
        ("ec2.amazonaws.com", "denied"),
        ("elastictranscoder.amazonaws.com", "denied"),
        ("anything.amazonaws.com", "denied"),
    ],
)
def test_source_keys_are_there_where_a_page_says_so(service: str, expected: str) -> None:
    """R2.10; in a closed world they are there only where `context` says so."""
    assert verdict_in_open_world(service, **SOURCE) == expected
    assert verdict(service, named(service, ALL, **SOURCE)) == "denied"
    closed = named(service, ALL, Null={"aws:SourceArn": "true", "aws:SourceOrgID": "true"})
    assert verdict(service, closed) == "allowed"


@pytest.mark.parametrize(("value", "expected"), [(B, "allowed"), (A, "denied"), (None, "denied")])
def test_context_says_what_a_service_sends(value: str | None, expected: str) -> None:
    scenario = by_service("codebuild.amazonaws.com", named("codebuild.amazonaws.com", **SOURCE))
    scenario["call"]["context"] = {"aws:SourceAccount": value}
    assert decided(scenario).verdict == expected


def test_organization_of_the_source_is_there_only_in_an_organization() -> None:
    for operator, expected in (("StringEquals", "conditional"), ("Null", "conditional")):
        wanted = "true" if operator == "Null" else "o-exampleorgid"
        condition = {operator: {"aws:SourceOrgID": wanted}}
        assert verdict_in_open_world("states.amazonaws.com", **condition) == expected


@pytest.mark.parametrize(
    ("service", "parameters", "expected"),
    [
        ("elasticbeanstalk.amazonaws.com", {}, "allowed"),
        ("firehose.amazonaws.com", {}, "denied"),
        ("firehose.amazonaws.com", {"ExternalId": "elasticbeanstalk"}, "allowed"),
        ("lambda.amazonaws.com", {}, "denied"),
    ],
)
def test_external_ids_of_services(service: str, parameters: dict[str, Any], expected: str) -> None:
    """The trust policy that Elastic Beanstalk itself makes asks for one."""
    condition = {"StringEquals": {"sts:ExternalId": "elasticbeanstalk"}}
    assert verdict(service, named(service, **condition), **parameters) == expected


def test_an_external_id_that_a_service_may_send_is_open_in_an_open_world() -> None:
    condition = {"StringEquals": {"sts:ExternalId": "x-1"}}
    assert verdict_in_open_world("firehose.amazonaws.com", **condition) == "conditional"
    assert verdict_in_open_world("lambda.amazonaws.com", **condition) == "denied"


def test_every_entry_that_sends_something_names_its_page() -> None:
    for service in SERVICES.values():
        sends = service.sends or service.may_send or service.tags or service.external_id
        assert bool(sends or service.source_identity) == bool(service.page)


# Keys that tell a service from a principal (FACTS 5.1, R5.11)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, "allowed"),
        ({"StringEquals": {"aws:PrincipalServiceName": "glue.amazonaws.com"}}, "allowed"),
        ({"StringEquals": {"aws:PrincipalServiceName": "lambda.amazonaws.com"}}, "denied"),
        # the list has a service's other names too, so it is never known as a whole
        (
            {"ForAllValues:StringEquals": {"aws:PrincipalServiceNamesList": "glue.amazonaws.com"}},
            "conditional",
        ),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, "conditional"),
        ({"Null": {"aws:PrincipalArn": "true", "aws:PrincipalAccount": "true"}}, "allowed"),
        ({"Null": {"aws:PrincipalOrgID": "true", "aws:userid": "true"}}, "allowed"),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "conditional"),
        ({"Bool": {"aws:ViaAWSService": "false"}}, "allowed"),
    ],
)
def test_keys_of_a_service(condition: dict[str, Any], expected: str) -> None:
    service = "glue.amazonaws.com"
    assert verdict(service, named(service, **condition)) == expected


def test_a_service_does_not_call_from_the_network_of_the_customer() -> None:
    """R5.11: neither its address nor a VPC endpoint, whose policy does not limit it."""
    service = "lambda.amazonaws.com"
    scenario = by_service(service, named(service))
    scenario["call"]["network"] = {"vpc_endpoint": "vpce-1", "vpc": "vpc-1"}
    endpoint = {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "PolicyDocument": policy()}
    scenario["accounts"][B]["VpcEndpoints"] = [endpoint]
    assert decided(scenario).verdict == "allowed"
    keys = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    asking = by_service(service, named(service, **keys))
    asking["call"]["network"] = scenario["call"]["network"]
    asking["accounts"][B]["VpcEndpoints"] = [endpoint]
    assert decided(asking).verdict == "conditional"
    asking = by_service(service, named(service, IpAddress={"aws:SourceIp": "203.0.113.0/24"}))
    asking["call"]["network"] = {"source_ip": "203.0.113.7"}
    assert decided(asking).verdict == "conditional"


# Names (R2.9)


@pytest.mark.parametrize(
    ("trusted", "calling", "region", "expected"),
    [
        ("states.us-east-1.amazonaws.com", "states.amazonaws.com", None, "conditional"),
        ("states.us-east-1.amazonaws.com", "states.amazonaws.com", "us-east-1", "conditional"),
        ("states.us-east-1.amazonaws.com", "states.amazonaws.com", "eu-west-1", "denied"),
        ("config.amazonaws.com", "config.me-south-1.amazonaws.com", None, "conditional"),
        ("ec2.amazonaws.com.cn", "ec2.amazonaws.com", None, "denied"),
        ("lambda.amazonaws.com.", "lambda.amazonaws.com", None, "denied"),
        ("lambda", "lambda.amazonaws.com", None, "denied"),
        ("ecs.amazonaws.com", "ecs-tasks.amazonaws.com", None, "denied"),
        ("eks.amazonaws.com", PODS, None, "denied"),
    ],
)
def test_names_of_services(trusted: str, calling: str, region: str | None, expected: str) -> None:
    scenario = by_service(calling, named(trusted, ALL[:2]))
    if region:
        scenario["call"]["network"] = {"region": region}
    assert decided(scenario).verdict == expected


def test_suffix_is_open_in_china() -> None:
    scenario = by_service("ec2.amazonaws.com", named("ec2.amazonaws.com.cn"))
    scenario["call"]["parameters"]["RoleArn"] = ROLE.replace("arn:aws:", "arn:aws-cn:")
    assert decided(scenario).verdict == "conditional"


def test_parts_of_a_name() -> None:
    parts = parts_of("delivery.logs.eu-west-1.amazonaws.com.cn")
    assert parts is not None
    assert (parts.name, parts.region, parts.suffix) == (
        "delivery.logs",
        "eu-west-1",
        "amazonaws.com.cn",
    )
    assert parts_of("arn:aws:iam::111111111111:root") is None


# What limits services (R1.20, R4.5)


def test_maximum_of_the_role_does_not_limit_a_service() -> None:
    """R4.5: neither a known maximum nor one that was not read."""
    scenario = by_service("ec2.amazonaws.com", named("ec2.amazonaws.com"), DurationSeconds=43200)
    assert decided(scenario).verdict == "allowed"
    scenario["call"]["caller"] = {"service": "ec2.amazonaws.com"}
    scenario["unknown"] = [f"account:{B}"]
    limits = [gate for gate in decided(scenario).gates if gate.gate == "session-limits"]
    assert [gate.passes for gate in limits] == [True]


SOME_ORG = {
    "Id": "o-exampleorgid",
    "MasterAccountId": "999999999999",
    "Roots": [{"Id": "r-ab12"}],
    "Accounts": [{"Id": A, "ParentId": "r-ab12"}, {"Id": B, "ParentId": "r-ab12"}],
}


def denied_by(kind: str, scenario: dict[str, Any]) -> str:
    """The verdict under an organization that denies sts:* to everyone."""
    deny: dict[str, Any] = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    if kind == "RESOURCE_CONTROL_POLICY":
        deny["Principal"] = "*"
    full = {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": ["r-ab12", A, B]}
    policies = [
        full,
        {"Id": "p-deny", "Type": kind, "Targets": ["r-ab12"], "Content": policy(deny)},
    ]
    return decided({**scenario, "organization": {**SOME_ORG, "Policies": policies}}).verdict


def test_scps_leave_services_alone_and_rcps_do_not() -> None:
    """R1.20."""
    scenario = by_service("ec2.amazonaws.com", named("ec2.amazonaws.com"))
    assert denied_by("SERVICE_CONTROL_POLICY", scenario) == "allowed"
    assert denied_by("RESOURCE_CONTROL_POLICY", scenario) == "denied"
