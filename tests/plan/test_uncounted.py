"""Who cannot be listed and gains the call all the same: bearers of tokens, other sessions."""

from typing import Any

import pytest

from assumable.plan import Plan
from tests.plan.deny_worlds import world
from tests.worlds import A, B, allow, classic, diagnosed, policy, trust

GITHUB = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{B}:oidc-provider/{GITHUB}"


def by_job(condition: dict[str, Any], **claims: str) -> Plan:
    """The first plan for a job of GitHub that a trust policy under a condition keeps out."""
    asked = trust({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    scenario = classic(trust_statements=[asked])
    carried = {"aud": "sts.amazonaws.com", "sub": "repo:acme/app:ref:refs/heads/main", **claims}
    scenario["call"] |= {
        "api": "AssumeRoleWithWebIdentity",
        "caller": {"claims": {"iss": f"https://{GITHUB}", **carried}},
    }
    scenario["accounts"][B]["OpenIDConnectProviders"] = [
        {"Arn": PROVIDER, "ClientIDList": ["sts.amazonaws.com"]}
    ]
    return diagnosed(scenario).plans[0]


def test_a_dropped_guard_opens_to_every_token_that_meets_the_rest() -> None:
    """Whose class is named: no list of principals has them."""
    plan = by_job({"StringLike": {f"{GITHUB}:sub": "repo:acme/*", f"{GITHUB}:iss": "x"}})
    assert plan.blast_radius.uncounted == (
        f"every token of oidc-provider/{GITHUB} whose sub is like `repo:acme/*`"
    )


def test_one_subject_more_opens_to_nobody_else() -> None:
    """It is the caller's own."""
    plan = by_job({"StringLike": {f"{GITHUB}:sub": "repo:acme/other:*"}})
    assert plan.fixes == ("web-identity-claim/accept-sub",)
    assert plan.blast_radius.uncounted == ""


def test_a_statement_that_tests_no_subject_is_for_every_token() -> None:
    """Another audience is accepted, from whomever."""
    plan = by_job({"StringEquals": {f"{GITHUB}:aud": "other"}})
    assert plan.blast_radius.uncounted.endswith("that meets the statement's conditions")


def test_sessions_are_not_told_apart() -> None:
    """A role that is named is every pod, every instance, every build that runs with it."""
    scenario = classic(trust_statements=[trust({"Service": "ec2.amazonaws.com"})])
    own = {"PolicyName": "Own", "PolicyDocument": policy(allow("sts:AssumeRole"))}
    node = {
        "RoleName": "Node",
        "RolePolicyList": [own],
        "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
    }
    scenario["accounts"][A]["RoleDetailList"] = [node]
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/Node/i-1"}
    assert diagnosed(scenario).plans[0].blast_radius.uncounted == (
        "every other session of role/Node"
    )


def test_sessions_are_told_apart_by_their_session_policy() -> None:
    """Only those that are made with the one that was mended."""
    plan = diagnosed(world("session", "role", "called", "all", "none")).plans[0]
    assert plan.blast_radius.uncounted.startswith("every other session of role/")
    assert plan.blast_radius.uncounted.endswith(" that is made with that session policy")


@pytest.mark.parametrize(("caller", "what"), [("token", "tokens"), ("assertion", "sign-ins")])
def test_a_deny_of_everyone_may_bind_other_tokens(caller: str, what: str) -> None:
    """An exception in an RCP is not only about this role's trust policy."""
    plan = diagnosed(world("rcp", caller, "called", "exact", "none")).plans[0]
    assert plan.blast_radius.uncounted == f"perhaps other {what}, which nobody can list"


def test_an_edit_of_the_request_opens_to_nobody() -> None:
    """Nothing in AWS changes."""
    plan = diagnosed(world("scp", "role", "all", "all", "region")).plans[0]
    assert plan.blast_radius.uncounted == ""
