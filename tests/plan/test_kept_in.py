"""What the plans and statements about guards, endpoints and managed roles hold to."""

from typing import Any

import pytest

from assumable.diagnose import Diagnosis
from tests.findings.test_plain_words import asked
from tests.plan.deny_worlds import world
from tests.worlds import (
    DEPLOYER,
    ROLE,
    A,
    allow,
    blocking,
    classic,
    diagnosed,
    policy,
    trust,
)

SET_PATH = "/aws-reserved/sso.amazonaws.com/us-west-2/"
SET_NAME = "AWSReservedSSO_Admin_1a2b3c4d5e6f7a8b"


def said(diagnosis: Diagnosis) -> str:
    """Every explanation."""
    return "\n".join(finding.explanation for finding in diagnosis.findings)


def row(diagnosis: Diagnosis, number: int) -> tuple[str, str]:
    """Status and words of a line of the checklist."""
    found = diagnosis.checklist[number - 1]
    return found.status, found.summary


# What a condition wants


def test_a_variable_that_is_known_is_sent_as_its_value() -> None:
    diagnosis = asked("AS103/fires-user-name-as-session-name")
    assert diagnosis.fixes[0].edit == ({"op": "add", "path": "/RoleSessionName", "value": "nick"},)
    assert diagnosis.caller_alone_can


@pytest.mark.parametrize(
    ("wanted", "value"), [("${aws:username}-ci", "deployer-ci"), ("${aws:PrincipalTag/x}", None)]
)
def test_an_external_id_is_written_out_where_its_variables_are_known(
    wanted: str, value: str | None
) -> None:
    condition = {"StringEquals": {"sts:ExternalId": wanted}}
    diagnosis = diagnosed(classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition=condition)]))
    sent = [op["value"] for fix in diagnosis.fixes for op in fix.edit]
    assert sent == ([value] if value else [])


def test_a_variable_with_a_wildcard_in_its_value_is_not_written_out() -> None:
    scenario = classic(
        trust_statements=[
            trust({"AWS": DEPLOYER}, Condition={"StringLike": {"sts:ExternalId": "${aws:x}-1"}})
        ]
    )
    scenario["call"]["context"] = {"aws:x": "a*b"}
    assert not diagnosed(scenario).fixes


def test_a_deny_that_excepts_the_users_name_is_met_by_it() -> None:
    deny = {
        "Effect": "Deny",
        "Action": "sts:AssumeRole",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"sts:RoleSessionName": "${aws:username}"}},
    }
    first = diagnosed(classic(identity=[allow(), deny])).plans[0]
    assert "--role-session-name deployer" in first.commands[-1]


def test_where_any_external_id_will_do_the_one_of_the_other_side_is_sent() -> None:
    diagnosis = asked("AS301/fires-on-both-sides")
    assert [fix.id for fix in diagnosis.fixes] == ["external-id/send"]
    assert {finding.owner for finding in diagnosis.findings} == {"you"}
    assert row(diagnosis, 1) == ("pass", "111111111111: inline-1, statement 1, but for a condition")


def test_the_reader_puts_in_an_external_id_where_any_will_do() -> None:
    diagnosis = asked("AS301/fires-for-the-permission-alone")
    assert diagnosis.plans[0].commands[-1].endswith("--external-id EXTERNAL_ID")
    assert "takes any" in diagnosis.fixes[0].title


def test_the_regional_endpoint_goes_before_a_wider_policy() -> None:
    diagnosis = asked("AS201/fires-global-endpoint")
    assert diagnosis.plans[0].fixes == ("identity-permission/other-region",)
    assert "us-east-1, since the global endpoint counts as us-east-1" in said(diagnosis)


@pytest.mark.parametrize("layer", ["boundary", "scp"])
def test_a_cap_that_allows_one_region_is_met_by_its_endpoint(layer: str) -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    document = {"Version": "2012-10-17", "Statement": [allow("*", Condition=condition)]}
    scenario = classic()
    scenario["call"]["network"] = {"region": "us-east-1"}
    if layer == "boundary":
        user = scenario["accounts"][A]["UserDetailList"][0]
        arn = f"arn:aws:iam::{A}:policy/Boundary"
        user["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
        version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document}
        scenario["accounts"][A]["Policies"] = [
            {"Arn": arn, "PolicyName": "Boundary", "PolicyVersionList": [version]}
        ]
    else:
        scenario["organization"] = {
            "Id": "o-exampleorgid",
            "MasterAccountId": "999999999999",
            "Roots": [{"Id": "r-ab12"}],
            "Accounts": [{"Id": A, "ParentId": "r-ab12"}],
            "Policies": [
                {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": [A]},
                {"Id": "p-region001", "Name": "Region", "Type": "SERVICE_CONTROL_POLICY",
                 "Content": document, "Targets": ["r-ab12"]},
            ],
        }  # fmt: skip
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes[0].endswith("/other-region")
    assert "only where aws:RequestedRegion is `eu-west-1`" in said(diagnosis) or layer == "scp"
    assert "and in this call it is us-east-1" in said(diagnosis)


def test_a_statement_for_the_role_itself_spares_the_permission() -> None:
    diagnosis = asked("AS201/fires-external-id-instead")
    assert diagnosis.plans[0].fixes == ("external-id/send",)
    status, words = row(diagnosis, 3)
    assert (status, words[:11]) == ("not-required", "statement 1")


# What is kept


def test_every_key_that_fails_is_named_and_a_grant_keeps_its_guards() -> None:
    condition = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
    }
    scenario = classic(identity=[allow(resource=ROLE, Condition=condition)])
    scenario["call"]["network"] = {"source_ip": "198.51.100.7"}
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["identity-permission", "mfa"]
    (text,) = [f.explanation for f in diagnosis.findings if f.cause == "identity-permission"]
    assert "aws:MultiFactorAuthPresent is `true` and aws:SourceIp is in" in text
    assert "aws:SourceIp is 198.51.100.7" in text
    grants = [fix for fix in diagnosis.fixes if fix.target.kind == "principal"]
    kept: list[Any] = [fix.edit[0]["value"]["Statement"][0]["Condition"] for fix in grants]
    assert kept == [{"Bool": {"aws:MultiFactorAuthPresent": "true"}}]


@pytest.mark.parametrize("kept_to", ["organization", "account"])
def test_nobody_is_let_out_of_what_the_permission_keeps_it_to(kept_to: str) -> None:
    diagnosis = asked(f"AS201/fires-roles-of-the-{kept_to}-only")
    assert not diagnosis.fixes
    assert "no grant around that is offered" in said(diagnosis)


def test_a_cap_is_widened_for_one_role_in_the_open() -> None:
    diagnosis = asked("AS703/fires-roles-of-the-organization-only")
    (fix,) = diagnosis.fixes
    assert "goes round the condition that aws:ResourceOrgID is `o-exampleorgid`" in fix.opens
    assert "only where aws:ResourceOrgID is `o-exampleorgid`, and in this call it is absent" in (
        said(diagnosis)
    )


def test_so_is_a_boundary_that_has_no_other_way() -> None:
    """It grants nothing, so that the guard of its only Allow may be left out for one role."""
    scenario = world("boundary", "user", "called", "all", "none")
    condition = {"StringEquals": {"aws:ResourceOrgID": "o-anotherorg0"}}
    version = scenario["accounts"][A]["Policies"][0]["PolicyVersionList"][0]
    version["Document"] = policy(allow("*", Condition=condition))
    diagnosis = diagnosed(scenario)
    (fix,) = diagnosis.fixes
    assert "goes round the condition that aws:ResourceOrgID" in fix.opens
    assert [plan.fixes for plan in diagnosis.plans] == [(fix.id,)]


# Who manages and names what


def test_no_edit_of_a_trust_policy_that_identity_center_manages() -> None:
    diagnosis = asked("AS101/fires-self-of-permission-set")
    assert not diagnosis.fixes
    assert "already is a session of this role" in said(diagnosis)
    assert "IAM Identity Center alone edits the trust policy" in said(diagnosis)


def test_no_condition_of_such_a_trust_policy_is_edited_either() -> None:
    condition = {"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:user/other"}}
    scenario = classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition=condition)],
                       identity=[allow()])  # fmt: skip
    role = scenario["accounts"]["222222222222"]["RoleDetailList"][0]
    role.update(RoleName=SET_NAME, Path=SET_PATH)
    role_arn = f"arn:aws:iam::222222222222:role{SET_PATH}{SET_NAME}"
    scenario["call"]["parameters"]["RoleArn"] = role_arn
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["trust-condition"]
    assert not diagnosis.fixes


def test_a_generated_session_name_is_no_principal() -> None:
    diagnosis = asked("AS101/fires-generated-session-name")
    assert all("assumed-role" not in fix.title for fix in diagnosis.fixes)
    assert diagnosis.plans[0].fixes == ("trust-principal/name-the-caller",)
    assert "made up anew for every session" in said(diagnosis)


@pytest.mark.parametrize(
    "name",
    ["botocore-session-1679900000", "1670520670204031110", "i-0123456789abcdef0",
     "6f1c2a34-9b77-4f0a-8b0f-2f6f3c1a7d10", "ci-6f1c2a349b774f0a8b0f"],
)  # fmt: skip
def test_names_that_tools_make_up(name: str) -> None:
    assert not session_fixes(name)


@pytest.mark.parametrize("name", ["build-42", "deploy", "alice@example.com", "2026-11-23"])
def test_names_that_people_choose(name: str) -> None:
    assert session_fixes(name)


def session_fixes(name: str) -> list[str]:
    """Whether the name of the session may be what the trust policy names."""
    scenario = classic(trust_statements=[trust({"AWS": f"arn:aws:sts::{A}:assumed-role/CI/x"})])
    scenario["accounts"][A]["RoleDetailList"] = [
        {"RoleName": "CI", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
            trust({"Service": "ec2.amazonaws.com"})]}}
    ]  # fmt: skip
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/CI/{name}"}
    fixes = [fix.id for fix in diagnosed(scenario).fixes]
    return [each for each in fixes if each.endswith("name-the-session")]


def test_the_role_of_a_session_is_asked_for_whatever_else_could_be() -> None:
    diagnosis = asked("AS002/fires-arn-of-session")
    assert diagnosis.plans[0].fixes == ("role-not-found/not-a-role",)
    assert "the ARN of a session" in said(diagnosis)


# Wanted and got


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
         "`203.0.113.0/24`, and in this call it is absent, for which NotIpAddress holds: the"),
        ({"Null": {"aws:PrincipalOrgID": "true"}},
         "whenever aws:PrincipalOrgID is absent, and in this call it is absent: the caller's"),
        ({"StringNotEquals": {"aws:PrincipalAccount": ["1", "2", "3", "4", "5"]}},
         "is not `1` or `2` or `3` or 2 others, and in this call it is 111111111111"),
        ({"StringNotEquals": {"sts:ExternalId": "not-told"}}, "sts:ExternalId is none of those"),
    ],
)  # fmt: skip
def test_a_deny_says_what_it_asks_for_and_what_the_call_has(
    condition: dict[str, Any], words: str
) -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    scenario = classic(identity=[allow(), deny])
    scenario["accounts"][A]["VpcEndpoints"] = [
        {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.sts"}
    ]
    scenario["call"]["network"] = {"vpc_endpoint": "vpce-1", "region": "us-east-1"}
    text = said(diagnosed(scenario))
    assert words in text
    assert "not-told" not in text


def test_a_perimeter_is_known_by_the_organization_and_gets_one_condition_more() -> None:
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": ["sts:AssumeRole", "sts:SetContext"],
        "Resource": "*",
        "Condition": {
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"},
        },
    }  # fmt: skip
    scenario = classic()
    scenario["organization"] = {
        "Id": "o-exampleorgid", "MasterAccountId": "999999999999", "Roots": [{"Id": "r-ab12"}],
        "OrganizationalUnits": [{"Id": "ou-ab12-11111111", "Name": "Work", "ParentId": "r-ab12"}],
        "Accounts": [{"Id": "222222222222", "ParentId": "ou-ab12-11111111"}],
        "Policies": [{"Id": "p-perimeter", "Name": "Perimeter", "Type": "RESOURCE_CONTROL_POLICY",
                      "Targets": ["ou-ab12-11111111"],
                      "Content": {"Version": "2012-10-17", "Statement": [deny]}}],
    }  # fmt: skip
    diagnosis = diagnosed(scenario)
    assert [f.variant for f in diagnosis.findings] == ["aws:PrincipalOrgID"]
    assert "attached to ou-ab12-11111111 (Work)" in said(diagnosis)
    ids = [plan.fixes[0].split("/")[1] for plan in diagnosis.plans]
    assert ids == ["except-the-caller", "except-this-call", "except-the-account"]
    account = next(fix for fix in diagnosis.fixes if "except-the-account" in fix.id)
    block = account.edit[0]["value"]["Condition"]
    assert block["StringNotEqualsIfExists"]["aws:PrincipalAccount"] == A
    assert "every principal of account 111111111111" in account.opens


def test_a_session_of_managed_policies_gets_an_inline_one_for_all_that_is_refused() -> None:
    diagnosis = asked("AS702/fires-session-of-managed-policies")
    assert diagnosis.plans[0].fixes == ("session-policy/add-inline",)
    assert "sts:AssumeRole and sts:SetSourceIdentity" in said(diagnosis)
    assert diagnosis.findings[0].owner == "you"


# Order and lines


def test_the_account_of_a_root_user_is_no_grant_to_it() -> None:
    scenario = classic(trust_statements=[trust({"AWS": f"arn:aws:iam::{A}:root"})])
    scenario["call"]["caller"] = {"arn": f"arn:aws:iam::{A}:root"}
    status, words = row(diagnosed(scenario), 2)
    assert (status, words[-7:]) == ("not-required", "(R1.19)")


# Notes on what else there is


def by_way_of(hub_trusts: str) -> dict[str, Any]:
    """A role that nobody but role/Hub may assume, and whom that one trusts."""
    hub = f"arn:aws:iam::{A}:role/Hub"
    scenario = classic(trust_statements=[trust({"AWS": hub})])
    scenario["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "Hub",
            "AssumeRolePolicyDocument": policy(trust({"AWS": hub_trusts})),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
        }
    ]
    return scenario


def test_a_role_on_the_way_is_named() -> None:
    (note,) = [n for n in diagnosed(by_way_of(DEPLOYER)).notes if "--via" in n]
    assert f"role/Hub of account {A} trusts this caller and may assume DeployRole" in note


def test_no_role_on_the_way_that_does_not_trust_the_caller() -> None:
    assert not diagnosed(by_way_of(f"arn:aws:iam::{A}:user/other")).notes


def test_no_way_round_where_the_trust_policy_is_not_what_denies() -> None:
    scenario = by_way_of(DEPLOYER)
    scenario["accounts"]["222222222222"]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(
        trust({"AWS": [DEPLOYER, f"arn:aws:iam::{A}:role/Hub"]})
    )
    scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"] = [
        {"PolicyName": "p", "PolicyDocument": policy(allow(resource=f"arn:aws:iam::{A}:role/Hub"))}
    ]
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["identity-permission"]
    assert not diagnosis.notes


@pytest.mark.parametrize(("name", "is_made"), [
    ("cdk-hnb659fds-deploy-role-222222222222-us-east-2", True), ("cdk-deploy", False),
])  # fmt: skip
def test_who_makes_a_bootstrap_role_is_told(name: str, is_made: bool) -> None:
    scenario = classic(trust_statements=[trust({"AWS": "arn:aws:iam::222222222222:root"})])
    scenario["accounts"]["222222222222"]["RoleDetailList"][0]["RoleName"] = name
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::222222222222:role/{name}"
    notes = [note for note in diagnosed(scenario).notes if "cdk bootstrap --trust 1111" in note]
    assert bool(notes) is is_made


def test_why_fixes_make_no_plan_is_told() -> None:
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"},
                 "StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}}  # fmt: skip
    diagnosis = diagnosed(classic(identity=[allow(Condition=condition)]))
    assert not diagnosis.plans
    (note,) = [note for note in diagnosis.notes if "not proved to be enough" in note]
    assert note.endswith("AS201 identity-permission would still deny the call")


@pytest.mark.parametrize(
    ("trusts", "is_told"), [(DEPLOYER, True), (f"arn:aws:iam::{A}:user/x", False)]
)
def test_credentials_with_mfa_go_round_what_is_not_known_of_the_code(
    trusts: str, is_told: bool
) -> None:
    deny = {
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    }  # fmt: skip
    device = f"arn:aws:iam::{A}:mfa/deployer"
    scenario = classic(
        identity=[allow(), deny],
        trust_statements=[trust({"AWS": trusts})],
        SerialNumber=device,
        TokenCode="123456",
    )
    notes = [n for n in diagnosed(scenario).notes if "leave U-10 out" in n]
    assert bool(notes) is is_told
    assert all(f"get-session-token --serial-number {device}" in note for note in notes)


def test_an_external_id_is_told_by_neither_side() -> None:
    condition = {"StringNotEquals": {"sts:ExternalId": "not-told"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    text = said(diagnosed(classic(identity=[allow(), deny], ExternalId="nor-this")))
    assert "sts:ExternalId is none of those that it lists, and in this call it is not" in text
    assert "not-told" not in text
    assert "nor-this" not in text


def test_no_other_endpoint_from_within_a_vpc() -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    scenario = classic(identity=[allow(Condition=condition)])
    scenario["accounts"][A]["VpcEndpoints"] = [
        {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.sts"}
    ]
    scenario["call"]["network"] = {"vpc_endpoint": "vpce-1", "region": "us-east-1"}
    assert all("endpoint of eu-west-1" not in fix.title for fix in diagnosed(scenario).fixes)
