"""Plans for what the caller's own policies lack: who can edit them, and how little is opened."""

from typing import Any

from assumable.diagnose import Diagnosis
from assumable.findings.finding import Fix
from tests.worlds import (
    DEPLOYER,
    ROLE,
    A,
    B,
    after_first_plan,
    allow,
    blocking,
    classic,
    diagnosed,
    policy,
    trust,
)

COMPANIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
SSO = "AWSReservedSSO_Deploy_0123456789abcdef"
SSO_PATH = "/aws-reserved/sso.amazonaws.com/eu-central-1/"
LINKED = "AWSServiceRoleForSupport"
LINKED_PATH = "/aws-service-role/support.amazonaws.com/"


def tagging(*identity: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A call with tags that the trust policy allows."""
    scenario = classic(
        identity=list(identity), trust_statements=[trust({"AWS": DEPLOYER}, COMPANIONS)]
    )
    scenario["call"]["parameters"] |= {"Tags": [{"Key": "team", "Value": "web"}], **parameters}
    return scenario


def by_role(name: str, path: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """A call by a session of a role that a service made, with one inline policy."""
    scenario = classic(trust_statements=[trust({"AWS": f"arn:aws:iam::{A}:root"})])
    role: dict[str, Any] = {
        "RoleName": name,
        "Path": path,
        "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
    }
    if statements:
        entry = {"PolicyName": "AwsSSOInlinePolicy", "PolicyDocument": policy(*statements)}
        role["RolePolicyList"] = [entry]
    scenario["accounts"][A]["RoleDetailList"] = [role]
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/{name}/alice"}
    return scenario


def ids(diagnosis: Diagnosis) -> list[str]:
    """The fixes that are offered, in order."""
    return [fix.id for fix in diagnosis.fixes]


def explanation(diagnosis: Diagnosis) -> str:
    """That of the first finding."""
    return diagnosis.findings[0].explanation


def test_the_statement_for_exactly_this_role_gets_the_other_action() -> None:
    """Sending no tags comes first; what it opens is one role to one caller."""
    diagnosis = diagnosed(tagging(allow("sts:AssumeRole", ROLE)))
    assert ids(diagnosis) == [
        "session-tags/leave-out",
        "session-tags/allow-in-identity",
        "identity-permission/allow-this-role",
    ]
    added = diagnosis.fixes[1]
    assert added.edit[0]["value"] == ["sts:AssumeRole", "sts:TagSession"]
    assert (added.owner, added.opens) == (A, "user/deployer, for this role only")
    assert [plan.fixes for plan in diagnosis.plans] == [(name,) for name in ids(diagnosis)]


def test_its_conditions_hold_for_the_other_action_too() -> None:
    """So that MFA stays asked for, where a new policy would go without."""
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    scenario = tagging(allow("sts:AssumeRole", ROLE, Condition=with_mfa))
    scenario["call"]["caller"]["mfa"] = {"age": 60}
    plans = [plan.fixes for plan in diagnosed(scenario).plans]
    assert plans == [("session-tags/leave-out",), ("session-tags/allow-in-identity",)]


def test_two_actions_go_into_one_statement() -> None:
    """As one list, in one command."""
    scenario = tagging(allow("sts:AssumeRole", ROLE), SourceIdentity="alice")
    diagnosis = diagnosed(scenario)
    both = {"session-tags/allow-in-identity", "source-identity/allow-in-identity"}
    plan = next(plan for plan in diagnosis.plans if set(plan.fixes) == both)
    assert len(plan.commands) == 2
    assert all(f'"{action}"' in plan.commands[0] for action in COMPANIONS)


def test_a_statement_for_other_roles_as_well_stays_as_it_is() -> None:
    """The action would be allowed on those too."""
    assert "session-tags/allow-in-identity" not in ids(diagnosed(tagging(allow("sts:AssumeRole"))))


def test_a_condition_that_the_other_check_may_not_see_is_no_place_for_it() -> None:
    """Of sts:RoleSessionName it is open (U-6)."""
    named = {"StringEquals": {"sts:RoleSessionName": "deploy-session"}}
    diagnosis = diagnosed(tagging(allow("sts:AssumeRole", ROLE, Condition=named)))
    assert "session-tags/allow-in-identity" not in ids(diagnosis)


def test_a_permission_set_is_edited_where_identity_center_is_administered() -> None:
    """The whole inline policy is saved again, and a plan that touches other accounts is none."""
    scenario = by_role(SSO, SSO_PATH, allow("s3:ListAllMyBuckets"))
    scenario["organization"] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": A, "ParentId": "r-ab12"}, {"Id": B, "ParentId": "r-ab12"}],
        "Policies": [
            {
                "Id": "p-FullAWSAccess",
                "Type": "SERVICE_CONTROL_POLICY",
                "Targets": ["r-ab12", A, B],
            }
        ],
    }
    diagnosis = diagnosed(scenario)
    (fix,) = diagnosis.fixes
    assert (fix.safety, fix.owner) == ("display", "999999999999")
    put, provision = fix.commands
    assert put.startswith("aws sso-admin put-inline-policy-to-permission-set --instance-arn ")
    assert "s3:ListAllMyBuckets" in put
    assert ROLE in put
    assert provision.startswith("aws sso-admin provision-permission-set ")
    assert "permission set Deploy" in fix.opens
    assert "permission set in IAM Identity Center is edited" in explanation(diagnosis)
    assert not diagnosis.plans


def test_a_permission_set_without_an_inline_policy_gets_one() -> None:
    """It holds nothing but this role; without an organization the account itself is asked."""
    (fix,) = diagnosed(by_role(SSO, SSO_PATH)).fixes
    assert fix.owner == A
    assert fix.commands[0].count('"Effect"') == 1


def test_nobody_but_its_service_edits_a_service_linked_role() -> None:
    """There is a word on it, and no command that IAM would refuse."""
    diagnosis = diagnosed(by_role(LINKED, LINKED_PATH))
    assert blocking(diagnosis) == ["identity-permission"]
    assert not diagnosis.fixes
    assert "only its service edits a service-linked role" in explanation(diagnosis)


def test_a_deny_in_a_permission_set_is_not_edited_in_iam() -> None:
    """IAM refuses to change the role."""
    deny = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}
    diagnosis = diagnosed(by_role(SSO, SSO_PATH, allow("sts:*"), deny))
    assert blocking(diagnosis) == ["identity-explicit-deny"]
    assert not [fix for fix in diagnosis.fixes if is_of_iam(fix)]
    assert "permission set in IAM Identity Center is edited" in explanation(diagnosis)


def is_of_iam(fix: Fix) -> bool:
    """Whether its commands change something in IAM."""
    return any(command.startswith("aws iam ") for command in fix.commands)


def test_tags_of_a_user_are_still_left_out_first() -> None:
    """The plan that changes nothing in AWS passes."""
    scenario = tagging(allow("sts:AssumeRole", ROLE))
    assert after_first_plan(scenario, diagnosed(scenario)) == "allowed"
