"""Every other rule: what it must find, and what looks like it and must not be found."""

import json
from typing import Any

import pytest

from assumable.audit.finding import Severity
from tests.audit.worlds import (
    EKS,
    GITHUB,
    ORG,
    OUTSIDE,
    ROOT,
    THEIR_ROOT,
    administrator,
    audited,
    codes,
    deny,
    everyone,
    github,
    one,
    saml,
    scenario,
    token,
)
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

MFA = "aws:MultiFactorAuthPresent"
THEIRS = THEIR_ROOT
SERVICE = {"Service": "codebuild.amazonaws.com"}


# AS1002 open-guard


@pytest.mark.parametrize(
    "condition",
    [
        {"BoolIfExists": {MFA: "true"}},
        {"NumericLessThanIfExists": {"aws:MultiFactorAuthAge": "3600"}},
        {"ForAllValues:Bool": {MFA: "true"}},
        {"StringEqualsIfExists": {"sts:ExternalId": "acme-42"}},
        {"ForAllValues:StringEquals": {"sts:ExternalId": "acme-42"}},
    ],
)
def test_a_guard_that_may_be_missing_is_open(condition: dict) -> None:
    finding = one(trust({"AWS": ROOT}, Condition=condition))
    assert (finding.code, finding.severity, finding.confidence) == (
        "AS1002", Severity.MEDIUM, "certain",
    )  # fmt: skip


@pytest.mark.parametrize(
    "statements",
    [
        [trust({"AWS": ROOT}, Condition={"Bool": {MFA: "true"}})],
        [trust({"AWS": ROOT}, Condition={"StringEquals": {"sts:ExternalId": "acme-42"}})],
        [trust({"AWS": ROOT}, Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}})],
        [
            trust(
                {"AWS": ROOT},
                Condition={"Bool": {MFA: "true"}, "NumericLessThanIfExists": {
                    "aws:MultiFactorAuthAge": "3600"}},
            )
        ],
        [trust({"AWS": ROOT}), deny(BoolIfExists={MFA: "false"})],
        [trust({"AWS": ROOT}, Condition={"Bool": {MFA: "true"}}), deny(Bool={MFA: "false"})],
        [trust(SERVICE | {"Service": "ec2.amazonaws.com"}), deny(Bool={MFA: "false"})],
    ],
)  # fmt: skip
def test_a_guard_that_is_asked_for_is_not(statements: list) -> None:
    assert codes(*statements) == []


def test_the_fix_asks_and_is_proved() -> None:
    mend = one(trust({"AWS": ROOT}, Condition={"BoolIfExists": {MFA: "true"}})).mend
    assert mend is not None
    assert mend.fix.edit[0]["value"] == {"Bool": {MFA: "true"}}
    assert mend.proof.refused == ("user/somebody of 111111111111 without MFA",)
    assert mend.proof.meant == ("user/somebody of 111111111111 with MFA",)
    assert (mend.proof.still_pass, mend.proof.tried) == (1, 1)


def test_a_fix_that_shuts_out_roles_is_not_shown() -> None:
    """A role session never has MFA: it may be here that `IfExists` is meant for it."""
    given = scenario(trust({"AWS": ROOT}, Condition={"BoolIfExists": {MFA: "true"}}))
    given["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "CI",
            "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:*"))}],
        }
    ]
    (finding,) = audited(given).findings
    assert finding.mend is None
    assert "shut out" in finding.decide


def test_a_deny_that_long_term_keys_pass_is_found() -> None:
    finding = one(trust({"AWS": ROOT}), deny(Bool={MFA: "false"}))
    assert finding.code == "AS1002"
    assert finding.mend is not None
    assert finding.mend.fix.edit[0]["value"] == {"BoolIfExists": {MFA: "false"}}


# AS1003 third-party


@pytest.mark.parametrize(
    ("principal", "severity"),
    [
        (THEIRS, Severity.MEDIUM),
        (OUTSIDE, Severity.MEDIUM),
        (f"arn:aws:iam::{OUTSIDE}:role/scanner", Severity.LOW),
        (f"arn:aws:iam::{OUTSIDE}:user/scanner", Severity.LOW),
    ],
)
def test_another_organization_without_an_external_id(principal: str, severity: Severity) -> None:
    finding = one(trust({"AWS": principal}))
    assert (finding.code, finding.severity, finding.confidence) == ("AS1003", severity, "likely")
    assert finding.mend is None
    assert OUTSIDE in finding.decide


@pytest.mark.parametrize("named", [OUTSIDE, THEIR_ROOT])
def test_an_account_is_an_outsider_in_every_partition(named: str) -> None:
    text = json.dumps(scenario(trust({"AWS": named}))).replace("arn:aws:", "arn:aws-cn:")
    assert [finding.code for finding in audited(json.loads(text)).findings] == ["AS1003"]


def test_it_is_worse_for_an_administrator() -> None:
    (finding,) = audited(administrator(scenario(trust({"AWS": THEIRS})))).findings
    assert finding.severity is Severity.HIGH


def test_whose_an_unread_account_is_may_not_be_known() -> None:
    finding = one(trust({"AWS": THEIRS}), organization="unknown")
    assert finding.confidence == "possible"
    assert "was not read, and whose it is is not known" in finding.explanation
    assert "of the role's organization" in one(trust({"AWS": THEIRS})).explanation


def test_one_of_theirs_beside_all_of_theirs_makes_it_no_better() -> None:
    both = trust({"AWS": [f"arn:aws:iam::{OUTSIDE}:role/ci", THEIRS]})
    assert one(both).severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "statement",
    [
        trust({"AWS": ROOT}),  # of the same organization
        trust({"AWS": THEIRS}, Condition={"StringEquals": {"sts:ExternalId": "acme-42"}}),
        trust({"AWS": THEIRS}, Condition={"StringLike": {"sts:ExternalId": "acme-*"}}),
        trust({"AWS": THEIRS}, Condition={"Bool": {MFA: "true"}}),
        trust({"AWS": THEIRS}, Condition={"StringEquals": {"aws:PrincipalOrgID": ORG}}),
    ],
)
def test_what_is_guarded_or_ones_own_is_not_a_third_party(statement: dict) -> None:
    given = scenario(statement)
    if "PrincipalOrgID" in str(statement):
        given["organization"]["Accounts"].append({"Id": OUTSIDE, "ParentId": "r-ab12"})
    assert [f.code for f in audited(given).findings] == []


OTHERS = "o-others00000"
BY_CONDITION = [
    ({"StringEquals": {"aws:PrincipalAccount": OUTSIDE}}, f"account {OUTSIDE}", Severity.MEDIUM),
    ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OUTSIDE}:*"}}, OUTSIDE, Severity.MEDIUM),
    ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OUTSIDE}:role/ci"}}, OUTSIDE, Severity.LOW),
    ({"StringEquals": {"aws:PrincipalOrgID": OTHERS}}, f"organization {OTHERS}", Severity.MEDIUM),
    ({"StringEquals": {"aws:PrincipalOrgID": [ORG, OTHERS]}}, OTHERS, Severity.MEDIUM),
    (
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{OTHERS}/r-1/*"}},
        f"organization {OTHERS}",
        Severity.MEDIUM,
    ),
]


@pytest.mark.parametrize(("condition", "who", "severity"), BY_CONDITION)
def test_outsiders_may_be_named_by_a_condition(
    condition: dict, who: str, severity: Severity
) -> None:
    finding = one(everyone(**condition))
    assert (finding.code, finding.severity, finding.confidence) == ("AS1003", severity, "likely")
    assert f"{who} is trusted" in finding.title
    assert finding.evidence[0].pointer.startswith("/Statement/0/Condition/")
    with_id = json.loads(json.dumps(condition))
    with_id.setdefault("StringEquals", {})["sts:ExternalId"] = "acme-42"
    assert "AS1003" not in codes(everyone(**with_id))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalAccount": A}},
        {"StringEquals": {"aws:PrincipalOrgID": ORG}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}},
        {"StringEquals": {"aws:PrincipalOrgID": ORG, "aws:PrincipalAccount": OUTSIDE}},
        {
            "StringEquals": {"aws:PrincipalOrgID": ORG},
            "StringNotEquals": {"aws:PrincipalAccount": OUTSIDE},
        },
    ],
)
def test_a_condition_that_keeps_outsiders_out_names_none(condition: dict) -> None:
    assert codes(everyone(**condition)) == []


def test_another_organization_is_not_known_where_ones_own_was_not_read() -> None:
    statement = everyone(StringEquals={"aws:PrincipalOrgID": OTHERS})
    assert codes(statement, organization="unknown") == []


def test_an_account_of_others_is_not_in_ones_own_organization() -> None:
    assert (
        codes(trust({"AWS": THEIRS}, Condition={"StringEquals": {"aws:PrincipalOrgID": ORG}})) == []
    )
    perimeter = deny(StringNotEquals={"aws:PrincipalOrgID": ORG})
    assert codes(trust({"AWS": THEIRS}), perimeter) == []
    theirs = {"StringEquals": {"aws:PrincipalOrgID": OTHERS}}
    assert codes(trust({"AWS": THEIRS}, Condition=theirs)) == ["AS1003"]


def test_a_session_and_a_role_by_a_condition_are_one_of_theirs() -> None:
    session = trust({"AWS": f"arn:aws:sts::{OUTSIDE}:assumed-role/ci/nightly"})
    asked = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OUTSIDE}:role/ci"}}
    for statement in (session, trust({"AWS": THEIRS}, Condition=asked)):
        finding = one(statement)
        assert (finding.code, finding.severity) == ("AS1003", Severity.LOW)


@pytest.mark.parametrize(
    "named", ["sts::{}:assumed-role/ci", "sts::{}:federated-user/x", "iam::{}:group/x"]
)
def test_what_is_no_user_role_or_session_is_none_of_theirs(named: str) -> None:
    assert "AS1003" not in codes(trust({"AWS": f"arn:aws:{named.format(OUTSIDE)}"}))


def test_several_outsiders_are_told_in_one_finding() -> None:
    finding = one(trust({"AWS": [THEIRS, "555555555555"]}))
    assert f"account {OUTSIDE} and account 555555555555 are trusted" in finding.title
    assert len(finding.evidence) == 2


def test_any_external_id_is_none() -> None:
    wild = trust({"AWS": THEIRS}, Condition={"StringLike": {"sts:ExternalId": "*"}})
    assert codes(wild) == ["AS1003"]


def test_who_must_have_no_mfa_may_be_a_service_of_the_other_account() -> None:
    without = trust({"AWS": THEIRS}, Condition={"Bool": {MFA: "false"}})
    assert codes(without) == ["AS1003"]


def test_a_trust_that_a_perimeter_stops_is_no_danger() -> None:
    stops = deny(StringNotEquals={"aws:PrincipalOrgID": ORG})
    own = f"arn:aws:iam::{OUTSIDE}:role/x"
    given = scenario(trust({"AWS": own}), stops, trust({"AWS": ROOT}))
    given["accounts"][OUTSIDE] = {}
    assert "AS1003" not in [f.code for f in audited(given).findings]


# AS1004 service-source


def test_a_service_that_says_for_whom_and_is_not_asked() -> None:
    finding = one(trust(SERVICE))
    assert (finding.code, finding.severity, finding.confidence) == (
        "AS1004", Severity.LOW, "likely",
    )  # fmt: skip
    assert finding.mend is not None
    assert finding.mend.fix.edit[0]["value"] == {"StringEquals": {"aws:SourceAccount": B}}
    assert finding.mend.proof.refused == ("codebuild.amazonaws.com on behalf of another account",)
    assert finding.mend.proof.meant == (f"codebuild.amazonaws.com on behalf of account {B}",)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceAccount": B}},
        {"StringEquals": {"aws:SourceOrgID": ORG}},
        {"ArnLike": {"aws:SourceArn": f"arn:aws:codebuild:*:{B}:project/*"}},
        {"ArnEquals": {"aws:SourceArn": f"arn:aws:codebuild:eu-west-1:{B}:project/app"}},
    ],
)
def test_a_service_that_is_asked(condition: dict) -> None:
    assert codes(trust(SERVICE, Condition=condition)) == []


@pytest.mark.parametrize("service", ["ec2", "lambda", "glue", "pods.eks", "unheard-of"])
def test_a_service_of_which_no_page_says_that_it_sends_the_keys(service: str) -> None:
    assert codes(trust({"Service": f"{service}.amazonaws.com"})) == []


def test_a_resource_of_any_account_is_no_guard() -> None:
    wide = {"ArnLike": {"aws:SourceArn": "arn:aws:codebuild:*:*:project/*"}}
    assert codes(trust(SERVICE, Condition=wide)) == ["AS1004"]


def test_a_pattern_of_resources_of_any_account_is_fixed_by_the_account() -> None:
    wide = {"ArnLike": {"aws:SourceArn": "arn:aws:codebuild:*:*:project/*"}}
    finding = one(trust(SERVICE, Condition=wide))
    assert finding.mend is not None
    assert finding.decide == ""
    assert finding.mend.fix.edit[0]["value"] == {
        **wide, "StringEquals": {"aws:SourceAccount": B}
    }  # fmt: skip


@pytest.mark.parametrize(
    "statements",
    [
        [trust(SERVICE, Condition={"StringLike": {"aws:SourceAccount": "*"}})],
        [trust(SERVICE), {**deny(StringEquals={"aws:SourceAccount": B}), "Principal": SERVICE}],
    ],
    ids=["it asks already", "not for its own account"],
)
def test_who_is_meant_is_a_decision_where_the_account_does_not_say_it(statements: list) -> None:
    finding = one(*statements)
    assert (finding.code, finding.mend) == ("AS1004", None)
    assert "for which accounts" in finding.decide


def test_any_resource_is_none() -> None:
    assert codes(trust(SERVICE, Condition={"StringLike": {"aws:SourceArn": "*"}})) == ["AS1004"]


def test_beside_others_the_condition_is_a_decision() -> None:
    both = ["codebuild.amazonaws.com", "ec2.amazonaws.com"]
    finding = one(trust({"Service": both}))
    assert finding.mend is None
    assert "statement of its own" in finding.decide


# AS1005 open-subject

STRANGERS = [
    "*", "repo:*", "repo:*/app:*", "repo:acme*", "repo:acme*/app:*", "*acme/app*",
    "repo:ac?e/app:ref:refs/heads/main", ["repo:acme/app:*", "repo:*:ref:refs/heads/main"],
]  # fmt: skip


@pytest.mark.parametrize("sub", STRANGERS, ids=str)
def test_a_subject_that_strangers_can_have(sub: Any) -> None:
    finding = one(github(sub))
    assert (finding.code, finding.variant, finding.severity, finding.confidence) == (
        "AS1005", "open-pattern", Severity.HIGH, "certain",
    )  # fmt: skip


@pytest.mark.parametrize(
    "sub",
    ["repo:acme/app:ref:refs/heads/main", "repo:acme/app:*", "repo:acme/*", "repo:acme@12/app@34:*",
     "repo:acme@*/app@*:*", "repo:acme/team-*:ref:refs/heads/main"],
)  # fmt: skip
def test_a_subject_that_names_its_owner(sub: str) -> None:
    assert codes(github(sub)) == []


def test_without_a_subject_every_repository_can() -> None:
    finding = one(token(GITHUB, StringEquals={"aud": "sts.amazonaws.com"}))
    assert (finding.variant, finding.severity) == ("no-subject", Severity.HIGH)
    assert finding.title == "workflows of any GitHub repository can assume the role"


@pytest.mark.parametrize(
    "claim", [{"repository_owner_id": "1234"}, {"repository": "acme/app"}, {"enterprise_id": "7"}]
)
def test_another_claim_may_say_whose_repository_it_is(claim: dict) -> None:
    assert codes(token(GITHUB, StringEquals={"aud": "sts.amazonaws.com", **claim})) == []


@pytest.mark.parametrize("claim", ["repository", "repository_id", "repository_owner_id"])
def test_a_claim_that_is_always_there_is_asked_for_by_if_exists_too(claim: str) -> None:
    asked = {"StringEqualsIfExists": {claim: "acme/app"}}
    assert codes(token(GITHUB, StringEquals={"aud": "sts.amazonaws.com"}, **asked)) == []


def test_a_claim_that_strangers_choose_does_not() -> None:
    chosen = {"aud": "sts.amazonaws.com", "environment": "prod", "ref": "refs/heads/main"}
    assert one(token(GITHUB, StringEquals=chosen)).variant == "no-subject"


def test_a_name_that_goes_on() -> None:
    finding = one(github("repo:acme/app*"))
    assert (finding.variant, finding.severity) == ("crosses-names", Severity.LOW)
    assert "repo:acme/app:*" in finding.decide


@pytest.mark.parametrize(
    ("issuer", "condition", "severity"),
    [
        ("gitlab.com", {}, Severity.HIGH),
        ("gitlab.com", {"StringLike": {"sub": "project_path:acme*:ref_type:branch:ref:main"}},
         Severity.HIGH),
        ("app.terraform.io", {"StringLike": {"sub": "organization:*:project:p:*"}}, Severity.HIGH),
        ("oidc.vercel.com", {}, Severity.HIGH),
        ("accounts.google.com", {}, Severity.HIGH),
        (EKS, {"StringEquals": {"aud": "sts.amazonaws.com"}}, Severity.MEDIUM),
        (EKS, {"StringLike": {"sub": "system:serviceaccount:*:default"}}, Severity.LOW),
    ],
)  # fmt: skip
def test_other_providers_have_strangers_too(
    issuer: str, condition: dict, severity: Severity
) -> None:
    finding = one(token(issuer, **condition))
    assert (finding.code, finding.severity) == ("AS1005", severity)


@pytest.mark.parametrize(
    ("issuer", "condition"),
    [
        ("gitlab.com", {"StringLike": {"sub": "project_path:acme/*:ref_type:branch:ref:main"}}),
        ("app.terraform.io", {"StringLike": {"sub": "organization:acme:project:*"}}),
        ("oidc.vercel.com", {"StringEquals": {"aud": "https://vercel.com/acme"}}),
        ("accounts.google.com", {"StringEquals": {"aud": "1234.apps.googleusercontent.com"}}),
        (EKS, {"StringEquals": {"sub": "system:serviceaccount:web:app"}}),
        (EKS, {"StringLike": {"sub": "system:serviceaccount:web:*"}}),
    ],
)
def test_their_owners_are_told_apart(issuer: str, condition: dict) -> None:
    assert codes(token(issuer, **condition)) == []


@pytest.mark.parametrize("sub", [None, "repo:*"])
def test_a_workflow_that_is_called_says_nothing_of_who_calls_it(sub: str | None) -> None:
    """Where it stands in a public repository, which is not known."""
    asked = {"job_workflow_ref": "acme/flows/.github/workflows/deploy.yml@*"}
    finding = one(token(GITHUB, StringLike={**asked, **({"sub": sub} if sub else {})}))
    assert (finding.code, finding.severity, finding.confidence) == (
        "AS1005", Severity.HIGH, "possible",
    )  # fmt: skip
    assert "a public one" in finding.explanation
    assert codes(token(GITHUB, StringLike={**asked, "sub": "repo:acme/*"})) == []


# AS1006 audience


def test_an_assertion_for_somebody_else() -> None:
    finding = one(trust({"Federated": saml()}, "sts:AssumeRoleWithSAML"))
    assert (finding.code, finding.variant, finding.severity) == ("AS1006", "saml", Severity.LOW)
    assert finding.mend is not None
    assert finding.mend.proof.refused == ("an assertion made for somebody else",)


@pytest.mark.parametrize("key", ["SAML:aud", "saml:aud"])
def test_an_assertion_whose_recipient_is_asked_for(key: str) -> None:
    asked = {"StringEquals": {key: "https://signin.aws.amazon.com/saml"}}
    assert codes(trust({"Federated": saml()}, "sts:AssumeRoleWithSAML", Condition=asked)) == []


@pytest.mark.parametrize(("audiences", "expected"), [(["a"], []), (["a", "b"], ["AS1006"])])
def test_one_of_several_audiences(audiences: list, expected: list) -> None:
    given = scenario(token(GITHUB, StringLike={"sub": "repo:acme/app:*"}))
    given["accounts"][B]["OpenIDConnectProviders"][0]["ClientIDList"] = audiences
    assert [f.code for f in audited(given).findings] == expected


# AS1007 deleted-principal


@pytest.mark.parametrize("gone", ["AIDAEXAMPLEDELETED01", "AROAEXAMPLEDELETED01"])
def test_an_id_is_somebody_who_was_deleted(gone: str) -> None:
    finding = one(trust({"AWS": [gone, DEPLOYER]}))
    assert (finding.code, finding.variant, finding.confidence) == ("AS1007", "id", "certain")
    assert finding.mend is not None
    assert finding.mend.fix.edit[0]["value"] == {"AWS": DEPLOYER}
    assert (finding.mend.proof.still_pass, finding.mend.proof.lose) == (1, ())


def test_a_statement_for_the_deleted_alone_goes() -> None:
    finding = one(trust({"AWS": "AIDAEXAMPLEDELETED01"}), trust({"AWS": DEPLOYER}))
    assert finding.mend is not None
    assert finding.mend.fix.edit == ({"op": "remove", "path": "/Statement/0"},)


def test_where_nobody_else_is_named_somebody_decides() -> None:
    finding = one(trust({"AWS": "AIDAEXAMPLEDELETED01"}))
    assert finding.mend is None
    assert "still needed" in finding.decide


def test_an_id_of_the_living_is_none_of_the_deleted() -> None:
    given = scenario(trust({"AWS": "AIDAEXAMPLEDEPLOYER1"}))
    given["accounts"][A]["UserDetailList"][0]["UserId"] = "AIDAEXAMPLEDEPLOYER1"
    assert audited(given).findings == ()


@pytest.mark.parametrize(
    ("principal", "variant"),
    [
        ({"AWS": f"arn:aws:iam::{A}:user/nobody"}, "name"),
        ({"AWS": f"arn:aws:iam::{A}:role/nothing"}, "name"),
        ({"AWS": f"arn:aws:sts::{A}:assumed-role/nothing/x"}, "session"),
        ({"AWS": f"arn:aws:iam::{A}:user/deploy*"}, "invalid"),
    ],
)
def test_a_name_that_is_not_there(principal: dict, variant: str) -> None:
    finding = one(trust(principal))
    assert (finding.code, finding.variant) == ("AS1007", variant)


def test_a_provider_that_is_not_there() -> None:
    gone = {"Federated": f"arn:aws:iam::{B}:saml-provider/gone"}
    asked = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    assert one(trust(gone, "sts:AssumeRoleWithSAML", Condition=asked)).variant == "provider"


def test_what_was_not_read_may_be_there() -> None:
    nobody = trust({"AWS": f"arn:aws:iam::{A}:user/nobody"})
    assert codes(nobody, unknown=[f"account:{A}"]) == []


# AS1008 dead-statement, AS1009 dead-deny

DEAD = {
    "a pattern under an exact operator": {
        "StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}
    },
    "a pattern whatever the case": {
        "StringEqualsIgnoreCase": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}
    },
    "an external ID with a star": {"StringEquals": {"sts:ExternalId": "acme-*"}},
    "a place without its end": {
        "ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": f"{ORG}/r-ab12"}
    },
    "a pattern of places without its end": {
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/*/ou-ab12-1"}
    },
    "a session": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{A}:assumed-role/x/*"}},
    "an organization that is none": {"StringEquals": {"aws:PrincipalOrgID": "r-ab12"}},
    "an account that is none": {"StringEquals": {"aws:PrincipalAccount": ROOT}},
    "a key with a slip": {"StringEquals": {"aws:PrincipleOrgID": ORG}},
    "a key under another prefix": {"StringEquals": {"aws:ExternalId": "acme-42"}},
    "a key of another service": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
    "a key of other calls": {"NumericLessThan": {"sts:DurationSeconds": "3600"}},
    "two values for one key": {
        "StringEquals": {"aws:PrincipalOrgID": ORG}, "StringLike": {"aws:PrincipalOrgID": "o-z*"}
    },
}  # fmt: skip
ALIVE = {
    "a pattern": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:user/*"}},
    "one of two values": {
        "StringEquals": {"aws:PrincipalArn": [DEPLOYER, f"arn:aws:iam::{A}:role/*"]}
    },
    "an organization that is none, where there is one": {
        "StringEqualsIfExists": {"aws:PrincipalOrgID": "r-ab12"}
    },
    "a place": {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": f"{ORG}/r-ab12/"}},
    "places": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ab12/*"}},
    "a key in other letters": {"StringEquals": {"AWS:principalorgid": ORG}},
    "a key that AWS may have added": {"StringEquals": {"aws:SomethingEntirelyNew": "x"}},
    "a key much like another": {"StringEquals": {"aws:ViaAWSMCPService": "true"}},
    "a key with another number": {"StringEquals": {"aws:Ec2InstanceSourcePrivateIPv6": "::1"}},
    "a key of forwarded calls": {
        "ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}
    },
    "a key that lasts from the token": {
        "StringEquals": {f"{GITHUB}:sub": "repo:acme/app:ref:refs/heads/main"}
    },
    "a key of the sessions of builds": {
        "ArnLike": {"codebuild:ProjectArn": f"arn:aws:codebuild:*:{A}:project/*"}
    },
    "a variable": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}},
    "a star in a user agent": {"StringEquals": {"aws:UserAgent": "x*"}},
}  # fmt: skip


@pytest.mark.parametrize("condition", DEAD.values(), ids=DEAD)
def test_a_condition_that_never_holds(condition: dict) -> None:
    finding = one(trust({"AWS": ROOT}, Condition=condition))
    assert (finding.code, finding.severity) == ("AS1008", Severity.LOW)


@pytest.mark.parametrize("condition", ALIVE.values(), ids=ALIVE)
def test_a_condition_that_may_hold(condition: dict) -> None:
    assert codes(trust({"AWS": ROOT}, Condition=condition)) == []


def test_a_dead_statement_beside_others_goes_and_nobody_loses() -> None:
    dead = trust({"AWS": ROOT}, Condition={"StringEquals": {"aws:PrincipalOrgID": "r-1"}})
    finding = one(trust({"AWS": DEPLOYER}), dead)
    assert finding.mend is not None
    assert finding.mend.fix.edit == ({"op": "remove", "path": "/Statement/1"},)
    assert (finding.mend.proof.still_pass, finding.mend.proof.tried) == (1, 1)


@pytest.mark.parametrize("condition", DEAD.values(), ids=DEAD)
def test_a_deny_that_never_holds_stops_nobody(condition: dict) -> None:
    finding = one(trust({"AWS": DEPLOYER}), deny(**condition))
    assert (finding.code, finding.severity) == ("AS1009", Severity.MEDIUM)


@pytest.mark.parametrize("condition", ALIVE.values(), ids=ALIVE)
def test_a_deny_that_may_hold_is_let_be(condition: dict) -> None:
    assert codes(trust({"AWS": DEPLOYER}), deny(**condition)) == []


def test_a_deny_of_the_call_and_of_tags_leaves_nothing() -> None:
    both = trust({"AWS": ROOT}, ["sts:AssumeRole", "sts:TagSession"])
    stops = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    finding = one(both, stops)
    assert (finding.code, finding.explanation) == (
        "AS1008", "statement 1: statement 2 denies all that it allows",
    )  # fmt: skip
    assert codes(both, {**stops, "Action": "sts:AssumeRole"}) == []


def test_mfa_of_tokens_is_told_once() -> None:
    asked = {"Bool": {MFA: "true"}, "StringEquals": {f"{GITHUB}:sub": "repo:acme/app:x"}}
    named = {"Federated": f"arn:aws:iam::{B}:oidc-provider/{GITHUB}"}
    assert codes(trust(named, "sts:AssumeRoleWithWebIdentity", Condition=asked)) == ["AS1010"]


def test_the_only_statement_of_a_role_is_not_taken_out() -> None:
    dead = trust({"AWS": ROOT}, Condition=DEAD["an organization that is none"])
    finding = one(dead)
    assert finding.mend is None
    assert "with the role" in finding.decide
    other = one(dead, trust({"AWS": DEPLOYER}))
    assert other.mend is not None
    assert "with the role" not in other.decide


def test_a_statement_that_only_tags_need_is_alive() -> None:
    """Nobody of `AWS` calls AssumeRoleWithWebIdentity, but tags are passed by the other call."""
    tags = trust({"AWS": DEPLOYER}, ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"])
    assert codes(trust({"AWS": DEPLOYER}), tags) == []


OF_SERVICE = f"arn:aws:codebuild:*:{B}:project/*"
WILD = {"StringNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}}


@pytest.mark.parametrize(
    ("statement", "confidence"),
    [
        (trust(SERVICE, Condition={"StringEquals": {"aws:SourceArn": OF_SERVICE}}), "likely"),
        (trust(SERVICE, Condition={"StringEquals": {"aws:SourceAccount": "2222*"}}), "certain"),
        (token(GITHUB, StringEquals={"sub": "repo:acme/app:environment:*"}), "likely"),
        (token(GITHUB, StringEquals={"sub": "repo:acme/app:ref:*"}), "certain"),
    ],
)
def test_how_sure_it_is_that_no_value_has_a_wildcard(statement: dict, confidence: str) -> None:
    """Names of others' resources and of environments may have any characters, for all AWS says."""
    finding = one(statement)
    assert (finding.code, finding.confidence) == ("AS1008", confidence)


@pytest.mark.parametrize("everybody", ["*", {"AWS": "*"}])
def test_a_deny_by_a_pattern_that_is_taken_literally_stops_everybody(everybody: Any) -> None:
    stops = {**deny(**WILD), "Principal": everybody}
    finding = one(trust({"AWS": ROOT}), stops)
    assert (finding.code, finding.confidence) == ("AS1008", "certain")
    assert (
        "statement 2 denies all that it allows; StringNotEquals on aws:PrincipalArn always holds"
        in finding.explanation
    )
    assert codes(trust({"AWS": ROOT}), deny(**WILD, Bool={"aws:SecureTransport": "false"})) == []
    like = {"ArnNotLike": WILD["StringNotEquals"]}
    assert codes(trust({"AWS": ROOT}), deny(**like)) == []


@pytest.mark.parametrize(
    "key", ["aws:PrincipalArn", "aws:PrincipalTag/team", f"{GITHUB}:sub", "aws:SourceArn"]
)
def test_an_exception_by_a_pattern_that_is_taken_literally_leaves_nobody_out(key: str) -> None:
    def found_of(operator: str, value: Any) -> list[Any]:
        asked = trust({"AWS": ROOT}, Condition={operator: {key: value}})
        return [f for f in audited(scenario(asked)).findings if f.code == "AS1009"]

    (finding,) = found_of("StringNotEquals", "a:*")
    assert (finding.variant, finding.severity) == ("exception", Severity.MEDIUM)
    assert finding.confidence == ("likely" if key == "aws:SourceArn" else "certain")
    assert found_of("StringNotEqualsIgnoreCase", "a:*")
    assert not found_of("StringNotEquals", ["a:*", "a:b"])
    assert not found_of("StringNotLike", "a:*")
    assert not found_of("StringNotEquals", "${aws:username}*")
    assert not found_of("ForAnyValue:StringNotEquals", "a:*")


@pytest.mark.parametrize("network", ["10.0.0.0/8", "192.168.7.0/24", "172.16.1.2", ["10.1.0.0/16"]])
def test_a_private_network_is_no_source(network: Any) -> None:
    asked = {"IpAddress": {"aws:SourceIp": network}}
    finding = one(trust({"AWS": DEPLOYER}, Condition=asked))
    assert (finding.code, finding.confidence) == ("AS1008", "likely")
    assert codes(everyone(**asked)) == ["AS1008"]
    assert codes(trust({"AWS": DEPLOYER}), deny(**asked)) == ["AS1009"]


@pytest.mark.parametrize("network", ["203.0.113.0/24", "8.0.0.0/6", ["10.0.0.0/8", "203.0.113.7"],
                                     "not-a-network", "fd00::/8"])  # fmt: skip
def test_another_network_may_be_a_source(network: Any) -> None:
    asked = {"IpAddress": {"aws:SourceIp": network}}
    assert "AS1008" not in codes(trust({"AWS": DEPLOYER}, Condition=asked))


def test_a_deny_of_the_deleted_stops_nobody() -> None:
    gone = {"AWS": "AIDAEXAMPLEDELETED01"}
    refused = {"Effect": "Deny", "Principal": gone, "Action": "sts:AssumeRole"}
    assert codes(trust({"AWS": DEPLOYER}), refused) == ["AS1009"]


SUB = "repo:acme/app:ref:refs/heads/main"


@pytest.mark.parametrize(
    "statement",
    [
        token(GITHUB, StringEquals={"sub": SUB, "runner_environment": "x"}),
        token(GITHUB, StringEquals={"sub": "repo:acme/app:*"}),
        trust({"Federated": saml()}, "sts:AssumeRoleWithSAML",
              Condition={"StringEquals": {"SAML:aud": "x", "SAML:audience": "x"}}),
        trust({"Federated": saml()}, "sts:AssumeRoleWithSAML",
              Condition={"StringEquals": {"SAML:aud": "x", "aws:PrincipalOrgID": ORG}}),
        trust({"AWS": ROOT}, "sts:AssumeRoleWithWebIdentity"),
    ],
)  # fmt: skip
def test_tokens_and_assertions_have_keys_of_their_own(statement: dict) -> None:
    assert codes(statement) == ["AS1008"]


# AS1010 unreachable-mfa


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": ROLE},
        {"AWS": f"arn:aws:sts::{B}:assumed-role/DeployRole/x"},
        {"Service": "ec2.amazonaws.com"},
    ],
)
@pytest.mark.parametrize(
    "condition",
    [{"Bool": {MFA: "true"}}, {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
     {"Null": {"aws:MultiFactorAuthAge": "false"}}],
)  # fmt: skip
def test_mfa_that_nobody_can_prove(principal: dict, condition: dict) -> None:
    finding = one(trust(principal, Condition=condition))
    assert (finding.code, finding.severity) == ("AS1010", Severity.MEDIUM)


@pytest.mark.parametrize(
    "statement",
    [
        trust({"AWS": [ROLE, DEPLOYER]}, Condition={"Bool": {MFA: "true"}}),
        trust({"AWS": ROOT}, Condition={"Bool": {MFA: "true"}}),
        trust({"AWS": ROLE}, Condition={"BoolIfExists": {MFA: "true"}}),
        trust({"AWS": ROLE}, Condition={"Bool": {MFA: "false"}}),
        # a role session may have the key, as false (U-11)
        trust({"AWS": ROLE}, Condition={"Bool": {MFA: ["true", "false"]}}),
        trust({"AWS": ROLE}, Condition={"StringEquals": {MFA: "false"}}),
        trust({"AWS": ROLE}, Condition={"Null": {MFA: "false"}}),
    ],
)
def test_mfa_that_somebody_can(statement: dict) -> None:
    assert codes(statement) == []


WITHOUT_MFA = [
    {"BoolIfExists": {MFA: "false"}},
    {"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "3600"}},
    {"Null": {"aws:MultiFactorAuthAge": "true"}},
    {"BoolIfExists": {MFA: "false"}, "Null": {"aws:MultiFactorAuthAge": "true"}},
]


@pytest.mark.parametrize("condition", WITHOUT_MFA)
@pytest.mark.parametrize(
    "allowing",
    [
        trust({"AWS": ROLE}),
        trust({"AWS": ROLE}, ["sts:AssumeRole", "sts:TagSession"]),
        trust({"Service": "ec2.amazonaws.com"}),
    ],
)
def test_a_deny_of_calls_without_mfa_stops_who_never_has_it(
    condition: dict, allowing: dict
) -> None:
    finding = one(allowing, deny(**condition))
    assert (finding.code, finding.severity) == ("AS1010", Severity.MEDIUM)
    assert "statement 2 denies all calls without" in finding.explanation
    assert finding.evidence[0].statement == 1


@pytest.mark.parametrize(
    "statements",
    [
        [trust({"AWS": [ROLE, DEPLOYER]}), deny(BoolIfExists={MFA: "false"})],
        [trust({"AWS": ROLE}), deny(BoolIfExists={MFA: "true"})],
        [trust({"AWS": ROLE}), deny(Bool={MFA: "false"})],  # the key may not be there (U-11)
        [trust({"AWS": ROLE}), deny(Null={MFA: "true"})],  # or be there as false
        [
            trust({"AWS": ROLE}),
            deny(BoolIfExists={MFA: "false"}, StringNotEquals={"aws:PrincipalOrgID": ORG}),
        ],
        [
            trust({"AWS": ROLE}),
            {**deny(BoolIfExists={MFA: "false"}), "Principal": {"AWS": DEPLOYER}},
        ],
        [trust({"AWS": ROLE}), {**deny(BoolIfExists={MFA: "false"}), "Action": "sts:TagSession"}],
        [trust({"AWS": ROLE}, "sts:TagSession"), deny(BoolIfExists={MFA: "false"})],
        [trust({"AWS": ROLE}, Condition={"BoolIfExists": {MFA: "false"}})],
        [
            trust({"AWS": DEPLOYER}),
            {**deny(Bool={MFA: "true"}), "Principal": {"AWS": ROLE}},
        ],
    ],
)
def test_a_deny_of_calls_without_mfa_that_stops_not_all(statements: list) -> None:
    assert "AS1010" not in codes(*statements)


# AS1011 account-trust


def crowd(number: int, *statements: Any) -> dict[str, Any]:
    """So many users of the other account who may assume everything."""
    given = scenario(*statements)
    grant = [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:AssumeRole"))}]
    given["accounts"][A]["UserDetailList"] = [
        {"UserName": f"u{n}", "UserPolicyList": grant} for n in range(number)
    ] + [{"UserName": "idle"}]
    return given


@pytest.mark.parametrize(
    ("number", "severities"),
    [(24, []), (25, ["note"]), (99, ["note"]), (100, ["low"]), (500, ["medium"])],
)
def test_an_account_is_as_many_as_may_use_it(number: int, severities: list) -> None:
    findings = audited(crowd(number, trust({"AWS": ROOT}))).findings
    assert [finding.severity for finding in findings] == severities
    assert all(f"{number} of its users and roles" in f.explanation for f in findings)


USERS = f"arn:aws:iam::{A}:user/u"


@pytest.mark.parametrize(
    "statement",
    [
        trust({"AWS": ROOT}, Condition={"Bool": {MFA: "true"}}),
        trust({"AWS": ROOT}, Condition={"ArnLike": {"aws:PrincipalArn": f"{USERS}*"}}),
        trust({"AWS": f"{USERS}1"}),
        trust({"AWS": f"arn:aws:iam::{B}:root"}),
    ],
)  # fmt: skip
def test_a_condition_or_a_name_is_what_it_takes(statement: dict) -> None:
    assert audited(crowd(30, statement)).findings == ()


def test_a_crowd_and_a_service_are_worse_for_an_administrator() -> None:
    (many,) = audited(administrator(crowd(120, trust({"AWS": ROOT})))).findings
    assert (many.code, many.severity) == ("AS1011", Severity.MEDIUM)
    (service,) = audited(administrator(scenario(trust(SERVICE)))).findings
    assert (service.code, service.severity) == ("AS1004", Severity.MEDIUM)


def test_who_may_do_everything_under_a_condition_is_no_administrator() -> None:
    given = scenario(trust({"AWS": THEIRS}))
    everything = {**allow("*"), "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}
    given["accounts"][B]["RoleDetailList"][0]["RolePolicyList"] = [
        {"PolicyName": "p", "PolicyDocument": policy(everything)}
    ]
    (finding,) = audited(given).findings
    assert (finding.code, finding.severity) == ("AS1003", Severity.MEDIUM)


def test_each_account_is_counted_apart() -> None:
    both = trust({"AWS": [ROOT, f"arn:aws:iam::{B}:root"]})
    (finding,) = audited(crowd(30, both)).findings
    assert "account 111111111111" in finding.title


# AS1012 chain-to-administrator


def chained(first: dict[str, Any], hops: int, **of_last: Any) -> dict[str, Any]:
    """DeployRole with this trust, which may go on to the next role, and so on."""
    given = scenario(first)
    roles = given["accounts"][B]["RoleDetailList"]
    for n in range(hops):
        before = roles[-1]["RoleName"]
        own = f"arn:aws:iam::{B}:role/Next{n}"
        roles[-1]["RolePolicyList"] = [
            {"PolicyName": "on", "PolicyDocument": policy(allow(resource=own))}
        ]
        named = trust({"AWS": f"arn:aws:iam::{B}:role/{before}"})
        roles.append({"RoleName": f"Next{n}", "AssumeRolePolicyDocument": policy(named)})
    roles[-1].update(of_last)
    return given


EVERYTHING = {"RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow("*"))}]}
FROM_GITHUB = github("repo:acme/app:*")
VENDOR = trust({"AWS": THEIRS}, Condition={"StringEquals": {"sts:ExternalId": "acme-42"}})


OF_OTHERS = everyone(StringEquals={"aws:PrincipalOrgID": OTHERS, "sts:ExternalId": "acme-42"})


@pytest.mark.parametrize("hops", [1, 2, 3])
@pytest.mark.parametrize(
    "door", [FROM_GITHUB, VENDOR, OF_OTHERS], ids=["github", "vendor", "organization"]
)
def test_a_way_from_outside_to_an_administrator(door: dict, hops: int) -> None:
    (finding,) = audited(chained(door, hops, **EVERYTHING)).findings
    assert (finding.code, finding.severity) == ("AS1012", Severity.MEDIUM)
    assert f"in {hops + 1} hops" in finding.title
    assert f"role/DeployRole ({B}) → role/Next0 ({B})" in finding.explanation


@pytest.mark.parametrize(
    "given",
    [
        chained(FROM_GITHUB, 2),  # the last role may do nothing
        chained(trust({"AWS": ROOT}), 2, **EVERYTHING),  # nobody from outside
        chained(token(EKS, StringEquals={"sub": "system:serviceaccount:a:b"}), 2, **EVERYTHING),
        chained(
            FROM_GITHUB,
            2,
            RolePolicyList=[{"PolicyName": "p", "PolicyDocument": policy(allow("s3:*"))}],
        ),
        administrator(scenario(FROM_GITHUB)),  # no chain
        chained(
            FROM_GITHUB,
            1,
            **EVERYTHING,
            PermissionsBoundary={
                "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"
            },
        ),
    ],
    ids=["no-power", "inside", "own-cluster", "some-power", "no-chain", "boundary"],
)
def test_no_way_from_outside_to_an_administrator(given: dict) -> None:
    assert audited(given).findings == ()


def test_a_hop_under_a_condition_is_no_sure_way() -> None:
    given = chained(FROM_GITHUB, 1, **EVERYTHING)
    last = given["accounts"][B]["RoleDetailList"][-1]["AssumeRolePolicyDocument"]["Statement"][0]
    last["Condition"] = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    assert audited(given).findings == ()


def test_a_shorter_way_under_a_condition_hides_no_longer_one() -> None:
    """Straight on to the last role only from the office, by the one between from anywhere."""
    given = chained(FROM_GITHUB, 2, **EVERYTHING)
    first, _, last = given["accounts"][B]["RoleDetailList"]
    straight = trust({"AWS": ROLE}, Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    last["AssumeRolePolicyDocument"]["Statement"].append(straight)
    first["RolePolicyList"][0]["PolicyDocument"]["Statement"].append(
        allow(resource=f"arn:aws:iam::{B}:role/Next1")
    )
    (finding,) = audited(given).findings
    assert (finding.code, "in 3 hops" in finding.title) == ("AS1012", True)


def test_the_organization_is_no_danger() -> None:
    assert codes(everyone(StringEquals={"aws:PrincipalOrgID": ORG})) == []
