"""Exceptions from a Deny, Allows for caps, and conditions that accept what this call has."""

from typing import Any

import pytest

from assumable.diagnose import Diagnosis
from assumable.findings.finding import Fix
from assumable.findings.guards import keeps_guards
from tests.plan.deny_worlds import ISSUER, OIDC, OU, VPCE, world
from tests.worlds import (
    DEPLOYER,
    ROLE,
    A,
    B,
    after_first_plan,
    allow,
    blocking,
    classic,
    decided,
    diagnosed,
    policy,
    trust,
)


def fix(diagnosis: Diagnosis, start: str) -> Fix:
    """The first fix whose id starts so."""
    return next(found for found in diagnosis.fixes if found.id.startswith(start))


def trusted(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The classic call under a trust policy of these statements."""
    return classic(trust_statements=[trust({"AWS": DEPLOYER}), *statements], **more)


def deny(**more: Any) -> dict[str, Any]:
    """A Deny of a trust policy for everyone."""
    return {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", **more}


MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
EXTERNAL = {"StringNotEquals": {"sts:ExternalId": "unique-42"}}


def test_nobody_is_excepted_from_a_deny_without_mfa() -> None:
    """The caller can send a code; it is never let in without one."""
    diagnosis = diagnosed(trusted(deny(Condition=MFA)))
    assert [(found.id, found.safety) for found in diagnosis.fixes] == [
        ("mfa/send-code", "safe"),
    ]
    assert after_first_plan(trusted(deny(Condition=MFA)), diagnosis) == "allowed"


def test_the_external_id_that_a_deny_asks_for_is_sent() -> None:
    """Nothing else: an exception would go around it."""
    scenario = trusted(deny(Condition=EXTERNAL))
    diagnosis = diagnosed(scenario)
    assert [found.id for found in diagnosis.fixes] == ["trust-explicit-deny/send-ExternalId"]
    assert after_first_plan(scenario, diagnosis) == "allowed"


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"Null": {"sts:ExternalId": "true"}}, "EXTERNAL_ID"),
        ({"StringNotLike": {"sts:ExternalId": "?*"}}, "EXTERNAL_ID"),
        ({"StringNotLike": {"sts:ExternalId": ["acme-*"]}}, "acme-EXTERNAL_ID"),
    ],
)
def test_where_a_deny_takes_any_external_id_a_word_stands_for_it(
    asked: dict[str, Any], sent: str
) -> None:
    """The caller puts its own in: the proof holds for every one that the Deny takes."""
    scenario = trusted(deny(Condition=asked))
    diagnosis = diagnosed(scenario)
    assert [found.id for found in diagnosis.fixes] == ["trust-explicit-deny/send-ExternalId"]
    assert diagnosis.fixes[0].safety == "review"
    assert diagnosis.plans[0].commands[-1].endswith(f" --external-id {sent}")
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_an_external_id_that_another_statement_asks_for_is_sent_instead() -> None:
    """One value has to do for both."""
    scenario = trusted(deny(Condition={"Null": {"sts:ExternalId": "true"}}))
    first = scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"]["Statement"][0]
    first["Condition"] = {"StringEquals": {"sts:ExternalId": "acme-1"}}
    assert [plan.fixes for plan in diagnosed(scenario).plans] == [("external-id/send",)]


@pytest.mark.parametrize(
    "asked", [{"Null": {"sts:ExternalId": "false"}}, {"StringEquals": {"sts:ExternalId": "old"}}]
)
def test_an_external_id_that_a_deny_is_about_is_left_out(asked: dict[str, Any]) -> None:
    """Nothing in the policy changes."""
    scenario = trusted(deny(Condition=asked))
    scenario["call"]["parameters"]["ExternalId"] = "old"
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes == ("trust-explicit-deny/leave-out-ExternalId",)
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_value_that_a_variable_stands_for_is_not_guessed() -> None:
    """The Deny is met by the variable's value alone, and none was sent that could be left out."""
    asked = {"StringNotEquals": {"sts:ExternalId": "${aws:PrincipalTag/customer}"}}
    assert not diagnosed(trusted(deny(Condition=asked))).fixes


def test_a_service_sends_no_external_id() -> None:
    """Nobody writes its request."""
    scenario = world("rcp", "service", "called", "all", "none")
    content = scenario["organization"]["Policies"][-1]["Content"]
    content["Statement"][0]["Condition"] = {"Null": {"sts:ExternalId": "true"}}
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis)[0] == "rcp"
    assert not diagnosis.fixes


def test_a_source_identity_that_a_deny_asks_for_is_sent_and_allowed() -> None:
    """Leaving it out again is not how to get the permission for it."""
    scenario = trusted(deny(Condition={"Null": {"sts:SourceIdentity": "true"}}))
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes[0] == "trust-explicit-deny/send-SourceIdentity"
    assert "source-identity/allow-in-trust" in diagnosis.plans[0].fixes
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_session_of_a_role_cannot_be_excepted_from_mfa() -> None:
    """It has no device, and the guard stays: there is no plan."""
    scenario = world("trust", "role", "called", "all", "none")
    statements = scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"]
    statements["Statement"][-1]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    scenario["call"]["context"] = {"aws:MultiFactorAuthPresent": False}
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["trust-explicit-deny"]
    assert not diagnosis.plans


def test_a_list_of_exceptions_that_is_kept_already_gets_one_entry_more() -> None:
    """It comes first; its form stays that of its author."""
    scenario = trusted(
        deny(Condition={"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{A}:user/a"]}})
    )
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes == (
        "trust-explicit-deny/except-value/trust-2-aws:principalarn",
    )
    (op,) = fix(diagnosis, "trust-explicit-deny").edit
    assert op == {
        "op": "add",
        "path": "/Statement/1/Condition/ArnNotLike/aws:PrincipalArn/-",
        "value": DEPLOYER,
    }


def test_a_list_that_would_open_to_many_comes_last() -> None:
    """A Region is another's as well: first the request, then this caller, then the Region."""
    ids = [f.id for f in diagnosed(world("scp", "user", "all", "all", "region")).fixes]
    assert [name.split("/")[1] for name in ids] == [
        "other-region",
        "except-this-call",
        "except-the-caller",
        "except-value",
    ]


def test_another_endpoint_is_the_first_plan_and_its_command_goes_there() -> None:
    """Nothing in the organization has to change."""
    plan = diagnosed(world("scp", "user", "all", "all", "region")).plans[0]
    assert plan.fixes == ("scp/other-region",)
    assert plan.commands[-1].endswith(" --region eu-west-1")
    assert plan.blast_radius.complete


def test_the_exception_of_an_scp_is_for_this_role_and_action_as_well() -> None:
    """Three statements: everybody else, every other role, every other action."""
    found = fix(diagnosed(world("scp", "user", "all", "all", "none")), "scp/except-this-call")
    values = [op["value"] for op in found.edit]
    assert [
        sorted(value.keys() & {"Condition", "NotResource", "NotAction"}) for value in values
    ] == [
        ["Condition"],
        ["NotResource"],
        ["NotAction"],
    ]
    assert found.commands[0].startswith("aws organizations update-policy --policy-id p-deny1234 ")
    assert found.owner == "999999999999"


def test_an_rcp_takes_no_not_action() -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"""
    for caller in ("user", "token", "assertion", "service"):
        for found in diagnosed(world("rcp", caller, "sts", "all", "none")).fixes:
            assert "NotAction" not in str(found.edit)


def test_a_token_is_excepted_by_its_subject() -> None:
    """The key of its issuer, which calls of others do not have: they stay denied (R6.5)."""
    diagnosis = diagnosed(world("rcp", "token", "called", "exact", "none"))
    found = fix(diagnosis, "rcp/except-this-call")
    assert found.edit[0]["value"]["Condition"] == {
        "StringNotEquals": {f"{ISSUER}:sub": "team/alice"}
    }
    assert not diagnosis.plans[0].blast_radius.complete


def test_a_subject_is_added_to_the_subjects_of_a_deny() -> None:
    """The list is there already, and the condition stays."""
    scenario = world("rcp", "token", "called", "all", "subjects")
    diagnosis = diagnosed(scenario)
    (op,) = diagnosis.fixes[0].edit
    assert op["path"].endswith(f"/{ISSUER}:sub/-")
    assert op["value"] == "team/alice"
    assert {found.safety for found in diagnosis.fixes} == {"review"}
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_subject_that_reads_as_a_pattern_is_not_added_to_patterns() -> None:
    """It would let others past."""
    scenario = world("rcp", "token", "called", "all", "subjects")
    scenario["call"]["caller"]["claims"]["sub"] = "team/*"
    assert not any("except-value" in found.id for found in diagnosed(scenario).fixes)


def test_an_issuer_is_added_to_those_whose_tokens_a_deny_leaves_alone() -> None:
    """After the exceptions for one subject, since it opens more."""
    scenario = world("rcp", "token", "called", "all", "issuers")
    diagnosis = diagnosed(scenario)
    found = diagnosis.fixes[-1]
    assert found.id.startswith("rcp/leave-the-issuer-alone")
    assert found.edit == (
        {
            "op": "add",
            "path": f"/Statement/0/Condition/Null/{ISSUER}:sub",
            "value": "true",
        },
    )
    assert (found.id,) in [plan.fixes for plan in diagnosis.plans]
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_subject_of_a_provider_is_not_excepted_with_all_who_sign_in_there() -> None:
    """`saml:doc` is everybody's: the subject itself is added, nothing else."""
    scenario = world("rcp", "assertion", "called", "all", "none")
    content = scenario["organization"]["Policies"][-1]["Content"]
    content["Statement"][0]["Condition"] = {"StringNotEquals": {"saml:sub": "bob"}}
    scenario["call"]["caller"]["assertion"]["SAML:sub"] = "alice"
    diagnosis = diagnosed(scenario)
    (found,) = diagnosis.fixes
    assert found.edit[0]["value"] == ["bob", "alice"]
    assert after_first_plan(scenario, diagnosis) == "allowed"


@pytest.mark.parametrize(
    ("address", "is_added"),
    [
        ("https://us-west-2.signin.aws.amazon.com/saml", True),
        ("https://signin.aws.amazon.com.example.com/saml", False),
    ],
)
def test_only_an_address_of_aws_is_added_to_those_of_a_deny(
    address: str, *, is_added: bool
) -> None:
    """Whoever signs in elsewhere is not let past."""
    scenario = world("rcp", "assertion", "called", "all", "none")
    content = scenario["organization"]["Policies"][-1]["Content"]
    asked = {"StringNotEquals": {"saml:aud": "https://signin.aws.amazon.com/saml"}}
    content["Statement"][0]["Condition"] = asked
    scenario["call"]["caller"]["assertion"]["SAML:aud"] = address
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis)[0] == "rcp"
    assert any("except-value" in found.id for found in diagnosis.fixes) is is_added


def test_a_deny_of_exactly_this_subject_is_left_alone() -> None:
    """Excepted from it, the subject would be all that it stopped."""
    scenario = world("rcp", "token", "called", "all", "none")
    content = scenario["organization"]["Policies"][-1]["Content"]
    content["Statement"][0]["Condition"] = {"StringEquals": {f"{ISSUER}:sub": "team/alice"}}
    assert not diagnosed(scenario).fixes
    content["Statement"][0]["Condition"] = {"StringLike": {f"{ISSUER}:sub": "team/*"}}
    assert diagnosed(scenario).plans


def test_tokens_are_not_let_past_a_deny_about_subjects_unseen() -> None:
    """Bool instead of BoolIfExists would spare every subject."""
    scenario = world("rcp", "token", "called", "all", "unsigned")
    content = scenario["organization"]["Policies"][-1]["Content"]
    content["Statement"][0]["Condition"]["StringNotEquals"] = {f"{ISSUER}:sub": "team/bob"}
    assert not any("signed-only" in found.id for found in diagnosed(scenario).fixes)


def test_a_deny_that_names_only_the_caller_is_kept_and_said_to_stop_nobody() -> None:
    """What an exception amounts to there is not hidden."""
    scenario = trusted({**deny(), "Principal": {"AWS": DEPLOYER}})
    diagnosis = diagnosed(scenario)
    (found,) = diagnosis.fixes
    assert found.safety == "review"
    assert "stops nothing any more" in found.opens
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_policy_of_the_caller_alone_stays_in_force_for_all_other_roles() -> None:
    """The resources of the Deny become all but this role, in the same account."""
    diagnosis = diagnosed(world("inline", "role", "called", "account", "none"))
    (found,) = diagnosis.fixes
    statement = found.edit[0]["value"]
    assert statement["NotResource"] == [ROLE]
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": B}}
    assert "Resource" not in statement


def test_a_deny_may_not_go_missing() -> None:
    """A plan that removes one has lost a guard, whoever it was meant for."""
    before = trusted(deny(Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}))
    before["call"]["network"] = {"region": "us-east-1"}
    excepted = {"ArnNotEquals": {"aws:PrincipalArn": DEPLOYER}}
    assert not keeps_guards(decided(before), decided(trusted()))
    assert not keeps_guards(decided(before), decided(trusted(deny(Condition=excepted))))
    both = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}, **excepted}
    after = trusted(deny(Condition=both))
    after["call"]["network"] = {"region": "us-east-1"}
    assert keeps_guards(decided(before), decided(after))


def test_a_deny_with_a_personal_guard_may_not_change() -> None:
    """Not even by an exception for the caller."""
    before = trusted(deny(Condition=MFA))
    excepted = {**MFA, "ArnNotEquals": {"aws:PrincipalArn": DEPLOYER}}
    assert not keeps_guards(decided(before), decided(trusted(deny(Condition=excepted))))


def scp_level(*more: dict[str, Any]) -> dict[str, Any]:
    """The organizational unit lost FullAWSAccess; other policies may hang there."""
    scenario = world("scp", "user", "called", "all", "none")
    policies = scenario["organization"]["Policies"]
    policies[0]["Targets"].remove(OU)
    del policies[1]
    policies.extend(more)
    return scenario


def test_a_level_without_an_allow_gets_a_policy_of_its_own() -> None:
    """On exactly this action and role."""
    scenario = scp_level()
    diagnosis = diagnosed(scenario)
    (found,) = diagnosis.fixes
    assert found.target.kind == "organization"
    assert found.edit[0]["value"]["Statement"] == [allow("sts:AssumeRole", ROLE)]
    assert "aws organizations attach-policy --target-id ou-ab12-11111111" in found.commands[0]
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_list_of_what_is_allowed_at_a_level_gets_one_statement_more() -> None:
    """No second policy where one can be edited."""
    listed = {
        "Id": "p-allowed00",
        "Name": "Allowed",
        "Type": "SERVICE_CONTROL_POLICY",
        "Content": policy(allow("s3:*")),
        "Targets": [OU],
    }
    scenario = scp_level(listed)
    diagnosis = diagnosed(scenario)
    assert [found.target.policy_arn for found in diagnosis.fixes] == ["p-allowed00"]
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_an_endpoint_lets_exactly_this_caller_through() -> None:
    """Also the bearer of a token, whom `{"AWS": "*"}` would leave out (R1.32)."""
    scenario = world("vpc-endpoint", "token", "called", "all", "none")
    (endpoint,) = scenario["accounts"][A]["VpcEndpoints"]
    inside = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    endpoint["PolicyDocument"] = policy(allow("*", Principal="*", Condition=inside))
    diagnosis = diagnosed(scenario)
    (found,) = diagnosis.fixes
    assert found.edit[0]["value"]["Condition"] == {"StringEquals": {f"{ISSUER}:sub": "team/alice"}}
    assert found.commands[0].startswith(f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {VPCE} ")


def test_who_makes_the_session_has_to_change_its_policy() -> None:
    """No command of AWS edits it: the line is a comment."""
    scenario = world("session", "role", "called", "all", "none")
    diagnosis = diagnosed(scenario)
    assert all(found.commands[0].startswith("# start") for found in diagnosis.fixes)
    assert all(found.owner == "you" for found in diagnosis.fixes)
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_a_policy_that_would_grow_too_large_is_no_plan() -> None:
    """AWS would refuse it; the shorter exception still fits."""
    scenario = world("scp", "user", "all", "all", "none")
    content = scenario["organization"]["Policies"][1]["Content"]
    content["Statement"].append(
        {"Effect": "Deny", "Action": ["s3:GetObject" + "x" * 90] * 46, "Resource": "*"}
    )
    assert [plan.fixes for plan in diagnosed(scenario).plans] == [
        ("scp/except-the-caller/Guardrail-1",)
    ]


@pytest.mark.parametrize(
    ("context", "wanted", "kind"),
    [
        ({"aws:SourceAccount": B}, "222222222223", "correct"),
        ({"aws:SourceAccount": B}, "444444444444", "accept"),
    ],
)
def test_the_value_of_a_guard_against_confused_deputies(
    context: dict[str, str], wanted: str, kind: str
) -> None:
    """Corrected where it has a slip, else one more; only ever to the role's own account."""
    guard = {"StringEquals": {"aws:SourceAccount": wanted}}
    named = trust({"Service": "codebuild.amazonaws.com"}, Condition=guard)
    scenario = classic(trust_statements=[named])
    scenario["call"]["caller"] = {"service": "codebuild.amazonaws.com"}
    scenario["call"]["context"] = context
    diagnosis = diagnosed(scenario)
    assert diagnosis.fixes[0].id == f"trust-condition/{kind}/trust-1-aws:sourceaccount"
    assert after_first_plan(scenario, diagnosis) == "allowed"


def test_the_statement_for_a_service_has_the_guard_that_the_call_passes() -> None:
    """Named with the account and the resource that it acts for."""
    scenario = classic(trust_statements=[trust({"AWS": DEPLOYER})])
    source = f"arn:aws:codebuild:eu-west-1:{B}:project/app"
    scenario["call"]["caller"] = {"service": "codebuild.amazonaws.com"}
    scenario["call"]["context"] = {"aws:SourceAccount": B, "aws:SourceArn": source}
    (found,) = diagnosed(scenario).fixes
    assert found.edit[0]["value"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": B},
        "ArnLike": {"aws:SourceArn": source},
    }


def test_an_address_is_accepted_and_a_guard_is_not() -> None:
    """The caller's own policy asks for a network and for an account's organization."""
    block = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    scenario = classic(identity=[allow(resource=ROLE, Condition=block)])
    scenario["call"]["network"] = {"source_ip": "203.0.113.7"}
    plan = diagnosed(scenario).plans[0]
    assert plan.fixes == ("identity-permission/accept/AssumeRolePolicy-1-aws:sourceip",)
    inside = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    assert not diagnosed(classic(identity=[allow(resource=ROLE, Condition=inside)])).plans


GITHUB = "token.actions.githubusercontent.com"
DEAD = {"StringEquals": {f"{GITHUB}:iss": "x"}}


@pytest.mark.parametrize(
    ("tested", "changed"),
    [
        ({"StringEquals": {f"{GITHUB}:iss": "x", f"{GITHUB}:sub": "repo:acme/app:ref"}}, "drop"),
        ({**DEAD, "StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}, "drop"),
        ({**DEAD, "StringLike": {f"{GITHUB}:sub": "repo:*"}}, "test"),
        ({"StringLike": {f"{GITHUB}:iss": "x"}}, "test"),
    ],
)  # fmt: skip
def test_a_claim_that_is_no_key_gives_way_to_the_subject(
    tested: dict[str, Any], changed: str
) -> None:
    """It is only dropped where the subject is guarded without it."""
    provider = OIDC.replace(ISSUER, GITHUB)
    named = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=tested)
    scenario = classic(trust_statements=[named])
    claims = {"iss": f"https://{GITHUB}", "aud": "client", "sub": "repo:acme/app:ref"}
    scenario["call"] |= {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": claims}}
    scenario["accounts"][B]["OpenIDConnectProviders"] = [
        {"Arn": provider, "ClientIDList": ["client"]}
    ]
    diagnosis = diagnosed(scenario)
    found = fix(diagnosis, "web-identity-claim/drop-dead-keys")
    assert found.title.startswith(changed)
    assert after_first_plan(scenario, diagnosis) == "allowed"


@pytest.mark.parametrize(("others", "fixes"), [(0, 1), (1, 0)])
def test_the_role_that_was_meant_is_the_only_one_that_is_open(others: int, fixes: int) -> None:
    """The ARN of a user was sent; of two roles nobody knows which was meant."""
    scenario = classic(identity=[allow()], RoleArn=DEPLOYER)
    roles = scenario["accounts"][B]["RoleDetailList"]
    roles.extend({**roles[0], "RoleName": f"Other{n}"} for n in range(others))
    found = [f for f in diagnosed(scenario).fixes if f.id == "role-not-found/only-role"]
    assert len(found) == fixes
