"""Plans keep the guards of a policy and say truly what they open."""

from typing import Any

import pytest

from assumable.plan import Plan
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

GUARDED = {
    "StringEquals": {"sts:ExternalId": "unique-id-42"},
    "Bool": {"aws:MultiFactorAuthPresent": "true"},
}


def first(scenario: dict[str, Any]) -> Plan:
    """The first plan."""
    return diagnosed(scenario).plans[0]


def test_a_second_statement_is_no_way_around_the_guards_of_the_first() -> None:
    """The split that AWS recommends for sts:TagSession does not attract sts:AssumeRole."""
    scenario = classic(
        trust_statements=[
            trust({"AWS": DEPLOYER}, Condition=GUARDED),
            trust({"AWS": DEPLOYER}, "sts:TagSession"),
        ]
    )
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["external-id", "mfa"]
    assert sorted(diagnosis.plans[0].fixes) == ["external-id/send", "mfa/send-code"]


def test_an_mfa_condition_of_the_caller_is_not_granted_around() -> None:
    """However many conditions fail, the statement that was meant stays the closest one."""
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"},
           "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}  # fmt: skip
    scenario = classic(identity=[allow("s3:*"), allow(resource=ROLE, Condition=mfa)])
    diagnosis = diagnosed(scenario)
    assert blocking(diagnosis) == ["mfa"]
    assert len(diagnosis.findings[0].evidence) == 2  # one line for both of them
    assert all("put-user-policy" not in c for plan in diagnosis.plans for c in plan.commands)


def test_an_action_is_allowed_to_the_caller_alone_when_the_statement_names_everyone() -> None:
    """Adding sts:AssumeRole to a statement for `*` would open the role to the world."""
    scenario = classic(trust_statements=[trust("*", "sts:TagSession")])
    assert first(scenario).fixes == ("trust-action/allow-the-caller",)
    assert after_first_plan(scenario, diagnosed(scenario)) == "allowed"


def test_nobody_else_is_not_claimed_for_accounts_that_are_not_known() -> None:
    """A statement that names an unknown account as well makes the claim incomplete."""
    named = {"AWS": ["arn:aws:iam::444444444444:root", f"arn:aws:iam::{A}:user/deploy"]}
    assert not first(classic(trust_statements=[trust(named)])).blast_radius.complete


def test_a_resource_is_not_added_where_other_actions_would_come_along() -> None:
    """`Action: *` on this role is more than assuming it."""
    scenario = classic(identity=[allow("*", f"arn:aws:iam::{B}:role/Other")])
    assert first(scenario).fixes == ("identity-permission/allow-this-role",)


def test_an_existing_inline_policy_is_not_overwritten() -> None:
    """The new policy gets a name of its own."""
    scenario = classic(identity=[])
    scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"].append(
        {"PolicyName": "Assume-DeployRole", "PolicyDocument": policy(allow("s3:GetObject"))}
    )
    assert any("--policy-name Assume-DeployRole-2" in c for c in first(scenario).commands)


def test_the_right_role_is_asked_for_before_anything_is_granted() -> None:
    """With a wrong path and no permission, the grant is for the role that exists."""
    scenario = classic(identity=[allow(resource=f"arn:aws:iam::{B}:role/Other")])
    scenario["accounts"][B]["RoleDetailList"][0]["Path"] = "/team/"
    plan = first(scenario)
    assert plan.fixes[0] == "role-not-found/path"
    assert not any("role/DeployRole" in command for command in plan.commands)
    assert after_first_plan(scenario, diagnosed(scenario)) == "allowed"


def test_a_statement_for_others_with_a_guard_is_the_one_to_join() -> None:
    """A statement for a service is not closer than one for callers of the same kind."""
    other = trust(
        {"AWS": "arn:aws:iam::333333333333:root"},
        Condition={"StringEquals": {"sts:ExternalId": "x-1"}},
    )
    scenario = classic(trust_statements=[other, trust({"Service": "ec2.amazonaws.com"})])
    assert blocking(diagnosed(scenario)) == ["external-id", "trust-principal"]


@pytest.mark.parametrize("operator", ["IpAddress", "NotIpAddress"])
def test_a_contradiction_between_two_gates_is_a_finding(operator: str) -> None:
    """Denied whatever the address is, so something must say why."""
    opposite = {"IpAddress": "NotIpAddress", "NotIpAddress": "IpAddress"}[operator]
    block = {"aws:SourceIp": "203.0.113.0/24"}
    scenario = classic(
        identity=[allow(resource=ROLE, Condition={operator: block})],
        trust_statements=[trust({"AWS": DEPLOYER}, Condition={opposite: block})],
    )
    diagnosis = diagnosed(scenario)
    assert diagnosis.verdict == "denied"
    assert blocking(diagnosis) == ["identity-permission", "trust-condition"]


def test_a_condition_and_its_opposite_on_one_side_do_not_break_the_answer() -> None:
    """No element fails by itself, and still no statement can match."""
    block = {"aws:SourceIp": "203.0.113.0/24"}
    statement = allow(resource=ROLE, Condition={"IpAddress": block, "NotIpAddress": block})
    assert diagnosed(classic(identity=[statement])).verdict == "denied"


ISSUER = "idp.example.com"
PROVIDER = f"arn:aws:iam::{B}:oidc-provider/{ISSUER}"


def by_token(named: str, *, registered: bool) -> dict[str, Any]:
    """A token's call to a role that trusts this provider for every subject."""
    scenario = classic(
        trust_statements=[trust({"Federated": named}, "sts:AssumeRoleWithWebIdentity")]
    )
    claims = {"iss": f"https://{ISSUER}", "aud": "client", "sub": "alice"}
    scenario["call"] |= {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": claims}}
    if registered:
        scenario["accounts"][B]["OpenIDConnectProviders"] = [
            {"Arn": PROVIDER, "ClientIDList": ["client"]}
        ]
    return scenario


@pytest.mark.parametrize(
    "scenario",
    [
        by_token(PROVIDER, registered=False),
        by_token(f"arn:aws:iam::{A}:oidc-provider/{ISSUER}", registered=True),
    ],
    ids=["register", "correct"],
)
def test_bearers_of_other_tokens_are_never_counted_as_nobody(scenario: dict[str, Any]) -> None:
    """Who holds a token of a provider is not listed in any account."""
    plan = first(scenario)
    assert plan.verdict_after == "allowed"
    assert not plan.blast_radius.complete


def test_a_saml_statement_says_that_it_opens_to_everyone_of_the_provider() -> None:
    """An audience alone tells nobody apart."""
    provider = f"arn:aws:iam::{B}:saml-provider/Corp"
    scenario = classic(trust_statements=[trust({"AWS": DEPLOYER})])
    assertion = {"SAML:aud": "https://signin.aws.amazon.com/saml"}
    caller = {"identity_provider": provider, "assertion": assertion}
    scenario["call"] |= {"api": "AssumeRoleWithSAML", "caller": caller}
    scenario["call"]["parameters"] = {"RoleArn": ROLE, "PrincipalArn": provider}
    scenario["accounts"][B]["SAMLProviders"] = [{"Arn": provider}]
    (fix,) = diagnosed(scenario).findings[0].fixes
    assert fix.opens == "everyone to whom that provider asserts this role"


def test_a_plan_may_rest_on_a_key_that_nobody_said() -> None:
    """The condition on the address is reached only once the external ID is sent."""
    wanted = {
        "StringEquals": {"sts:ExternalId": "id-42"},
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
    }
    scenario = classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition=wanted)])
    plan = first(scenario)
    assert (plan.fixes, plan.verdict_after) == (("external-id/send",), "conditional")
    assert plan.residual_after == "aws:SourceIp is in `10.0.0.0/8`"
    scenario["call"]["network"] = {"source_ip": "203.0.113.7"}
    accepted = "trust-condition/accept/trust-1-aws:sourceip"
    assert [plan.fixes for plan in diagnosed(scenario).plans] == [("external-id/send", accepted)]


def test_a_key_that_is_known_to_be_absent_is_nothing_to_rest_on() -> None:
    """In a closed world the service sends no account; where that is not said, it may."""
    wanted = {"StringEquals": {"aws:SourceAccount": A}}
    named = trust({"Service": "ec2.amazonaws.com"}, "sts:TagSession", Condition=wanted)
    scenario = classic(trust_statements=[named])
    scenario["call"]["caller"] = {"service": "ec2.amazonaws.com"}
    assert "trust-action/add" not in first(scenario).fixes
    scenario["unknown"] = ["context:aws:SourceAccount"]
    plan = first(scenario)
    assert (plan.fixes, plan.verdict_after) == (("trust-action/add",), "conditional")


ISSUER = "token.actions.githubusercontent.com"
PROVIDER_OF_ALL = f"arn:aws:iam::{B}:oidc-provider/{ISSUER}"


@pytest.mark.rule("R2.14")
@pytest.mark.parametrize("principal", [PROVIDER_OF_ALL, PROVIDER_OF_ALL.replace("github", "githb")])
def test_no_plan_trusts_every_tenant_of_a_provider(principal: str) -> None:
    """A statement that names it without a subject is not brought to life as it stands."""
    for condition in ({}, {"Condition": {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}}):
        action = (
            "sts:AssumeRole" if principal == PROVIDER_OF_ALL else "sts:AssumeRoleWithWebIdentity"
        )
        named = trust({"Federated": principal}, action, **condition)
        scenario = classic(trust_statements=[named])
        entry = {"Arn": PROVIDER_OF_ALL, "ClientIDList": ["sts.amazonaws.com"]}
        scenario["accounts"][B]["OpenIDConnectProviders"] = [entry]
        claims = {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": "repo:acme/app:x"}
        scenario["call"] |= {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": claims}}
        diagnosis = diagnosed(scenario)
        assert len(diagnosis.plans) == 1
        assert f'"{ISSUER}:sub": "repo:acme/app:x"' in diagnosis.plans[0].commands[0]
        assert after_first_plan(scenario, diagnosis) == "allowed"
