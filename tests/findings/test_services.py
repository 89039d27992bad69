"""What is said of services, and what is proposed: words, statements and their guards."""

from typing import Any

import pytest

from assumable.diagnose import Diagnosis
from assumable.findings.finding import Fix
from tests.worlds import A, B, allow, classic, diagnosed, policy, trust

SOURCE_ARN = "arn:aws:codebuild:eu-west-1:111111111111:project/deploy"


def by_service(service: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """A service that asks for the role DeployRole."""
    scenario = classic(trust_statements=list(statements))
    scenario["call"]["caller"] = {"service": service}
    return scenario


def by_role(
    trusted: dict[str, Any], own_trust: dict[str, Any], name: str = "Build", path: str = "/"
) -> Any:
    """A session of a role that asks for DeployRole."""
    scenario = classic(trust_statements=[trusted])
    role = {
        "RoleName": name,
        "Path": path,
        "AssumeRolePolicyDocument": policy(own_trust),
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:*"))}],
    }
    scenario["accounts"][A] = {"RoleDetailList": [role]}
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/{name}/session"}
    return scenario


def fix_of(diagnosis: Diagnosis, fix_id: str) -> Fix:
    """The fix of that id."""
    return next(fix for fix in diagnosis.fixes if fix.id == fix_id)


def planned(diagnosis: Diagnosis) -> list[tuple[str, ...]]:
    """The fixes of every plan."""
    return [plan.fixes for plan in diagnosis.plans]


def test_code_in_a_service_is_told_that_it_is_not_the_service() -> None:
    """R2.10: the caller's own trust policy says where its code runs."""
    service = {"Service": ["codebuild.amazonaws.com", "states.amazonaws.com"]}
    scenario = by_role(trust(service), trust({"Service": "codebuild.amazonaws.com"}))
    diagnosis = diagnosed(scenario)
    [finding] = diagnosis.findings
    assert "which codebuild.amazonaws.com (CodeBuild) delivered to it" in finding.explanation
    assert "name the role instead" in finding.explanation
    assert planned(diagnosis)[0] == ("trust-principal/name-the-caller",)


def test_statement_apart_keeps_the_other_conditions() -> None:
    """R2.10: only the keys that a session never has are left out, whatever their case is."""
    condition = {
        "ArnLike": {"AWS:SourceArn": SOURCE_ARN},
        "StringEquals": {"aws:SourceAccount": A, "sts:RoleSessionName": "deploy-session"},
    }
    trusted = trust({"AWS": A}, Condition=condition)
    diagnosis = diagnosed(by_role(trusted, trust({"Service": "codebuild.amazonaws.com"})))
    assert {finding.cause for finding in diagnosis.findings} == {"trust-condition"}
    assert all("the role must be named" in finding.explanation for finding in diagnosis.findings)
    fix = fix_of(diagnosis, "trust-condition/without-source")
    assert fix.edit[0]["value"] == {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{A}:role/Build"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:RoleSessionName": "deploy-session"}},
    }
    assert planned(diagnosis) == [("trust-condition/without-source",)]


@pytest.mark.parametrize(
    ("context", "certainty"), [({}, "likely"), ({"aws:SourceAccount": None}, "certain")]
)
def test_silence_of_the_documentation_is_no_proof(context: dict[str, Any], certainty: str) -> None:
    """A key of which no page speaks counts as absent; the input may say so for certain."""
    guarded = trust(
        {"Service": "glue.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": B}}
    )
    scenario = by_service("glue.amazonaws.com", guarded)
    scenario["call"]["context"] = context
    [finding] = diagnosed(scenario).findings
    assert finding.certainty == certainty
    assert ("say so with `context`" in finding.explanation) == (certainty == "likely")
    title = finding.fixes[0].title
    assert ("first tell with `context`" in title) == (certainty == "likely")
    assert ("which it does not send" in title) == (certainty == "certain")


def test_another_value_of_a_source_key_is_not_removed() -> None:
    """The guard does its work: nothing is proposed that would take it away."""
    guarded = trust(
        {"Service": "states.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": B}}
    )
    scenario = by_service("states.amazonaws.com", guarded)
    scenario["call"]["context"] = {"aws:SourceAccount": A}
    diagnosis = diagnosed(scenario)
    assert [finding.cause for finding in diagnosis.findings] == ["trust-condition"]
    assert not diagnosis.fixes


def test_a_guard_that_the_service_can_pass_is_not_removed() -> None:
    """AWS documents that CodeBuild sends the key: only its value was not said (R2.10)."""
    name, condition = "codebuild.amazonaws.com", {"StringEquals": {"aws:SourceAccount": B}}
    scenario = by_service(name, trust({"Service": name}, Condition=condition))
    diagnosis = diagnosed(scenario)
    [finding] = diagnosis.findings
    assert (finding.cause, finding.certainty) == ("trust-condition", "likely")
    assert "say so with `context`" in finding.explanation
    [fix] = diagnosis.fixes
    assert (fix.safety, finding.owner) == ("display", B)
    assert f"first tell with `context` what {name} sends as aws:SourceAccount" in fix.title
    assert not diagnosis.plans
    scenario["call"]["context"] = {"aws:SourceAccount": None}
    assert diagnosed(scenario).fixes


@pytest.mark.parametrize("name", ["lambda.amazonaws.com.", "lambda.us-east-1.amazonaws.com"])
def test_guard_of_a_misspelt_service_stays(name: str) -> None:
    """Whatever is proposed, the condition of the statement that was meant is part of it."""
    guarded = trust({"Service": name}, Condition={"StringEquals": {"sts:ExternalId": "x-1"}})
    scenario = by_service("lambda.amazonaws.com", guarded)
    scenario["call"]["network"] = {"region": "eu-west-1"}
    diagnosis = diagnosed(scenario)
    assert "service-principal" in {finding.cause for finding in diagnosis.findings}
    assert not diagnosis.plans
    added = fix_of(diagnosis, "service-principal/name-the-service").edit[0]["value"]
    assert added["Condition"] == guarded["Condition"]


def test_nobody_is_let_into_a_service_linked_role() -> None:
    """R1.23: no fix, and the account of the role as the one that would have to act."""
    path = "/aws-service-role/autoscaling.amazonaws.com/"
    scenario = classic(identity=[allow()])
    role = scenario["accounts"][B]["RoleDetailList"][0]
    role |= {"RoleName": "AWSServiceRoleForAutoScaling", "Path": path}
    arn = f"arn:aws:iam::{B}:role{path}AWSServiceRoleForAutoScaling"
    scenario["call"]["parameters"]["RoleArn"] = arn
    diagnosis = diagnosed(scenario)
    [finding] = diagnosis.findings
    assert (finding.variant, finding.owner, finding.facts) == ("service-linked", B, ("R1.23",))
    assert diagnosis.aws_error is not None
    assert diagnosis.aws_error.message.endswith(f"sts:AssumeRole on resource: {arn}")
    assert not diagnosis.plans


SSO = "/aws-reserved/sso.amazonaws.com/eu-west-1/"


def test_permission_set_is_named_whatever_its_suffix_is() -> None:
    """R2.12; what guarded the old statement guards the new one."""
    old = f"arn:aws:iam::{A}:role{SSO}AWSReservedSSO_Dev_0123456789abcdef"
    guard = {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}
    saml = trust({"Federated": f"arn:aws:iam::{A}:saml-provider/AWSSSO_1_DO_NOT_DELETE"})
    name = "AWSReservedSSO_Dev_fedcba9876543210"
    diagnosis = diagnosed(by_role(trust({"AWS": old}), saml, name, SSO))
    assert planned(diagnosis)[:2] == [
        ("trust-principal/name-the-caller",),
        ("trust-principal/name-the-permission-set",),
    ]
    guarded = diagnosed(by_role(trust({"AWS": old}, Condition=guard), saml, name, SSO))
    fix = fix_of(guarded, "trust-principal/name-the-permission-set")
    assert fix.edit[0]["value"] == {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{A}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            **guard,
            "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role{SSO}AWSReservedSSO_Dev_*"},
        },
    }


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (f"role{SSO}AWSReservedSSO_Dev_0123456789abcdef", "the suffix changes"),
        ("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_fedcba9876543210", "the path"),
        ("role/AWSReservedSSO_Dev_fedcba9876543210", "the path"),
        ("assumed-role/AWSReservedSSO_Dev_0123456789abcdef/session", "the suffix changes"),
    ],
)
def test_what_differs_between_two_roles_of_a_permission_set(named: str, said: str) -> None:
    """R2.11, R2.12."""
    service = "sts" if named.startswith("assumed") else "iam"
    saml = trust({"Federated": f"arn:aws:iam::{A}:saml-provider/AWSSSO_1_DO_NOT_DELETE"})
    name = "AWSReservedSSO_Dev_fedcba9876543210"
    scenario = by_role(trust({"AWS": f"arn:aws:{service}::{A}:{named}"}), saml, name, SSO)
    [finding] = diagnosed(scenario).findings
    assert finding.variant == "identity-center"
    assert said in finding.explanation
