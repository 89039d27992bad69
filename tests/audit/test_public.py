"""AS1001: whom `*` lets in, as a stranger finds out who tries what the conditions take."""

import pytest

from assumable.audit.finding import Severity
from tests.audit.worlds import (
    ORG,
    OUTSIDE,
    audited,
    codes,
    deny,
    everyone,
    one,
    organization,
    scenario,
)
from tests.worlds import DEPLOYER, A, B, allow, policy, trust

OPEN = {
    "nothing is asked": {},
    "a pattern of organizations": {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    "another organization than ours": {"StringNotEquals": {"aws:PrincipalOrgID": ORG}},
    "any principal": {"StringLike": {"aws:PrincipalArn": "*"}},
    "a role of a name, in any account": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci"}},
    "the same as text": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy-*"}},
    "the same without its account": {"StringLike": {"aws:PrincipalArn": "*:role/deploy-*"}},
    "an organization, if there is one": {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
    "all places in an organization": {
        "ForAllValues:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}
    },
    "MFA, which strangers have": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    "MFA just now": {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    "a tag, which strangers give": {"StringEquals": {"aws:PrincipalTag/team": "web"}},
    "a session name": {"StringLike": {"sts:RoleSessionName": "deploy-*"}},
    "any external ID": {"StringLike": {"sts:ExternalId": "*"}},
    "an external ID, if there is one": {"StringEqualsIfExists": {"sts:ExternalId": "acme-42"}},
    "any address": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    "a user agent": {"StringLike": {"aws:UserAgent": "aws-cli*"}},
    "another account than one": {"StringNotEquals": {"aws:PrincipalAccount": A}},
}
CLOSED = {
    "the organization": {"StringEquals": {"aws:PrincipalOrgID": ORG}},
    "a place in it": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ab12/*"}},
    "an account": {"StringEquals": {"aws:PrincipalAccount": A}},
    "roles of an account": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/deploy-*"}},
    "one principal": {"ArnEquals": {"aws:PrincipalArn": DEPLOYER}},
    "an endpoint of ours": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
    "a service": {"StringEquals": {"aws:PrincipalServiceName": "ec2.amazonaws.com"}},
    "the organization and a tag": {
        "StringEquals": {"aws:PrincipalOrgID": ORG, "aws:PrincipalTag/team": "web"}
    },
}


@pytest.mark.parametrize("condition", OPEN.values(), ids=OPEN)
def test_what_anybody_can_give_guards_nothing(condition: dict) -> None:
    finding = one(everyone(**condition))
    assert (finding.code, finding.severity, finding.confidence) == (
        "AS1001", Severity.HIGH, "certain",
    )  # fmt: skip
    assert finding.variant == ("guard-does-not-guard" if condition else "no-guard")


@pytest.mark.parametrize("condition", CLOSED.values(), ids=CLOSED)
def test_what_strangers_cannot_give_guards(condition: dict) -> None:
    assert "AS1001" not in codes(everyone(**condition))


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["*", DEPLOYER]}])
def test_everyone_is_written_in_several_ways(principal: object) -> None:
    assert "AS1001" in codes(trust(principal))


def test_a_secret_that_is_none_is_told_apart() -> None:
    finding = one(everyone(StringEquals={"sts:ExternalId": "acme-42"}))
    assert (finding.variant, finding.severity) == ("external-id-only", Severity.MEDIUM)
    assert finding.mend is None
    assert finding.decide


def test_so_is_a_network() -> None:
    finding = one(everyone(IpAddress={"aws:SourceIp": "203.0.113.0/24"}))
    assert (finding.variant, finding.severity) == ("network-only", Severity.LOW)


def test_a_deny_of_outsiders_closes_it() -> None:
    outsiders = deny(StringNotEquals={"aws:PrincipalOrgID": ORG})
    assert codes(trust("*"), outsiders) == []
    if_any = deny(StringNotEqualsIfExists={"aws:PrincipalOrgID": ORG})
    assert codes(trust("*"), if_any) == []


def test_a_perimeter_of_the_organization_closes_it() -> None:
    perimeter = {
        "Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*",
        "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
    }  # fmt: skip
    org = organization()
    content = {"Version": "2012-10-17", "Statement": [perimeter]}
    org["Policies"].append(
        {"Id": "p-rcp", "Type": "RESOURCE_CONTROL_POLICY", "Targets": [B], "Content": content}
    )
    assert codes(trust("*"), organization=org) == []


def test_a_perimeter_that_was_not_read_makes_it_likely() -> None:
    assert one(trust("*"), unknown=["rcp"]).confidence == "likely"
    assert one(trust("*"), organization="unknown").confidence == "likely"


def test_the_fix_is_the_organization_and_its_proof_that_of_deciding_again() -> None:
    mend = one(trust("*")).mend
    assert mend is not None
    assert mend.fix.edit[0]["value"] == {"StringEquals": {"aws:PrincipalOrgID": ORG}}
    assert mend.proof.refused == ("somebody with any AWS account",)
    assert mend.proof.still_pass == mend.proof.tried == 2  # the user, and the role itself
    assert mend.proof.lose == ()


def test_the_fix_says_who_of_others_loses_the_role() -> None:
    """Whoever is outside the organization may lose it, nobody else."""
    grant = [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:AssumeRole"))}]
    given = scenario(trust("*"))
    given["accounts"][OUTSIDE] = {"UserDetailList": [{"UserName": "x", "UserPolicyList": grant}]}
    (finding,) = audited(given).findings
    assert finding.mend is not None
    assert finding.mend.proof.lose == (f"arn:aws:iam::{OUTSIDE}:user/x",)
    assert (finding.mend.proof.still_pass, finding.mend.proof.tried) == (2, 3)


def test_the_fix_counts_whoever_needs_a_session_tag() -> None:
    """Roles that pass with a tag alone, which somebody may pass: one stays, the other one goes."""
    wanted = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    given = scenario(trust("*", Condition=wanted))
    saml = {"Federated": f"arn:aws:iam::{A}:saml-provider/Corp"}
    for account in (A, OUTSIDE):
        given["accounts"].setdefault(account, {})["RoleDetailList"] = [
            {
                "RoleName": name,
                "AssumeRolePolicyDocument": policy(trust(saml, action)),
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
            }
            for name, action in (("tagged", "sts:*"), ("plain", "sts:AssumeRoleWithSAML"))
        ]
    (finding,) = (f for f in audited(given).findings if f.code == "AS1001")
    assert finding.mend is not None
    assert finding.mend.proof.lose == (f"arn:aws:iam::{OUTSIDE}:role/tagged",)
    assert (finding.mend.proof.still_pass, finding.mend.proof.tried) == (1, 2)


def test_what_was_asked_is_told_and_how_sure_it_is() -> None:
    assert "names everyone: a user" in one(trust("*")).explanation
    guarded = one(everyone(StringLike={"aws:PrincipalArn": "*"})).explanation
    assert "(aws:PrincipalArn is like `*`) keeps nobody out" in guarded
    for condition in (
        {"StringEquals": {"sts:ExternalId": "acme-42"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    ):
        assert "an external ID is no secret" in one(everyone(**condition)).explanation
    assert "was not read denies" not in guarded
    assert "was not read denies" in one(trust("*"), unknown=["rcp"]).explanation


def test_it_is_found_where_everyone_is_named() -> None:
    finding = one(trust({"AWS": [DEPLOYER, "*"]}), trust({"AWS": DEPLOYER}))
    assert [evidence.pointer for evidence in finding.evidence] == ["/Statement/0/Principal/AWS/1"]


def test_without_an_organization_somebody_decides() -> None:
    finding = one(trust("*"), organization=[])
    assert finding.mend is None
    assert "who is meant" in finding.decide


def test_a_fix_that_leaves_nobody_is_not_shown() -> None:
    """Whoever asks for another organization than his own cannot mean his own."""
    assert one(everyone(StringNotEquals={"aws:PrincipalOrgID": ORG})).mend is None


def test_nor_is_one_that_kills_the_statement() -> None:
    """Other statements still let somebody in, but nobody is of both organizations."""
    others = everyone(StringLike={"aws:PrincipalOrgID": "o-s*"})
    assert one(trust({"AWS": DEPLOYER}), others).mend is None


def test_all_open_statements_are_closed_together() -> None:
    finding = one(trust("*"), everyone(StringLike={"aws:PrincipalArn": "*"}))
    assert finding.mend is not None
    assert len(finding.evidence) == len(finding.mend.fix.edit) == 2


def test_roles_that_a_service_wrote_are_left_out() -> None:
    linked = {"Path": "/aws-service-role/ecs.amazonaws.com/"}
    hidden = scenario(trust("*"))
    hidden["accounts"][B]["RoleDetailList"][0] |= linked
    answer = audited(hidden)
    assert (answer.findings, answer.roles, answer.managed) == ((), 0, 1)
