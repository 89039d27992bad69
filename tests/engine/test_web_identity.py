"""Web identity calls: what STS reads of a token, before and in the trust policy."""

from typing import Any

import msgspec
import pytest

from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import decide
from tests.worlds import ROLE, A, B, blocking, decided, diagnosed, parsed, policy, trust

GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
CIRCLE = "oidc.circleci.com/org/11111111-2222-3333-4444-555555555555"
TAGS = "https://aws.amazon.com/tags"
NOW = 1_795_435_200  # 2026-11-23T12:00:00Z
MAIN = "repo:acme/app:ref:refs/heads/main"
WITH = "sts:AssumeRoleWithWebIdentity"


def provider(issuer: str, account: str = B, partition: str = "aws") -> str:
    return f"arn:{partition}:iam::{account}:oidc-provider/{issuer}"


def call(
    claims: dict[str, Any],
    condition: dict[str, Any] | None = None,
    *,
    issuer: str = GITHUB,
    actions: Any = WITH,
    registered: list[str] | None = None,
    clients: list[str] | None = None,
    principal: Any = None,
    role: str = ROLE,
    **parameters: Any,
) -> dict[str, Any]:
    """A token of GitHub for DeployRole; it passes by default."""
    named = {"Federated": provider(issuer)} if principal is None else principal
    statement = trust(named, actions, **({"Condition": condition} if condition else {}))
    arns = [provider(issuer)] if registered is None else registered
    audiences = ["sts.amazonaws.com"] if clients is None else clients
    return {
        "scenario": 1,
        "accounts": {
            B: {
                "OpenIDConnectProviders": [{"Arn": a, "ClientIDList": audiences} for a in arns],
                "RoleDetailList": [
                    {"RoleName": "DeployRole", "AssumeRolePolicyDocument": policy(statement)}
                ],
            }
        },
        "call": {
            "api": "AssumeRoleWithWebIdentity",
            "caller": {
                "claims": {
                    "iss": f"https://{issuer}",
                    "aud": "sts.amazonaws.com",
                    "sub": MAIN,
                    **claims,
                }
            },
            "parameters": {"RoleArn": role, "RoleSessionName": "deploy", **parameters},
        },
    }


def equals(key: str, *values: str) -> dict[str, Any]:
    return {"StringEquals": {key: list(values)}}


def error(diagnosis: Diagnosis) -> tuple[str, str]:
    assert diagnosis.aws_error is not None
    return diagnosis.aws_error.code, diagnosis.aws_error.message


def variants(diagnosis: Diagnosis) -> set[str]:
    return {finding.variant for finding in diagnosis.findings if finding.blocking}


# The provider and the token itself: FACTS 0 step 6, 7.5


def test_a_token_of_a_registered_provider_passes() -> None:
    assert decided(call({}, equals(f"{GITHUB}:sub", MAIN))).verdict == "allowed"


@pytest.mark.parametrize(
    ("issuer", "registered", "variant"),
    [
        (GITHUB, [], "not-registered"),
        (GITHUB, [provider(GITHUB.title())], "case"),
        ("tenant.eu.auth0.com/", [provider("tenant.eu.auth0.com")], "trailing-slash"),
        (EKS, [provider(EKS.replace("0123", "4567"))], "path"),
        (GITHUB, [provider(GITHUB, partition="aws-cn")], "partition"),
    ],
)
def test_the_provider_is_registered_under_exactly_the_issuer(
    issuer: str, registered: list[str], variant: str
) -> None:
    """R7.9, R7.10: AWS's text says nothing about the trust policy."""
    diagnosis = diagnosed(call({}, issuer=issuer, registered=registered))
    text = f"No OpenIDConnect provider found in your account for https://{issuer}"
    assert error(diagnosis) == ("InvalidIdentityToken", text)
    assert variants(diagnosis) == {variant}
    assert diagnosis.plans


def test_a_provider_of_another_account_does_not_count() -> None:
    """R7.10: the role's account."""
    scenario = call({}, registered=[])
    scenario["accounts"][A] = {
        "OpenIDConnectProviders": [
            {"Arn": provider(GITHUB, A), "ClientIDList": ["sts.amazonaws.com"]}
        ]
    }
    assert variants(diagnosed(scenario)) == {"account"}


def test_the_issuer_keeps_its_trailing_slash_in_keys() -> None:
    """R5.12: the prefix is the issuer exactly as registered."""
    issuer = "tenant.eu.auth0.com/"
    assert decided(call({}, equals(f"{issuer}:sub", MAIN), issuer=issuer)).verdict == "allowed"
    named = equals("tenant.eu.auth0.com:sub", MAIN)
    assert variants(diagnosed(call({}, named, issuer=issuer))) == {"other-issuer"}


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({}, "allowed"),
        ({"aud": "sts.amazon.com"}, "denied"),
        ({"aud": ["other", "sts.amazonaws.com"]}, "allowed"),
        ({"aud": "sts.amazonaws.com", "azp": "client"}, "denied"),
        ({"aud": "other", "azp": "sts.amazonaws.com"}, "allowed"),
        ({"aud": None}, "denied"),
        ({"aud": {"a": 1}}, "denied"),
    ],
    ids=repr,
)
def test_the_audience_is_a_client_id(claims: dict[str, Any], verdict: str) -> None:
    """R5.13, R7.10: azp where the token has one, else aud."""
    diagnosis = diagnosed(call(claims))
    assert diagnosis.verdict == verdict
    if verdict == "denied":
        assert error(diagnosis) == ("InvalidIdentityToken", "Incorrect token audience")


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({"exp": NOW - 60}, "ExpiredTokenException", f"date/time{NOW - 60}"),
        ({"exp": str(NOW - 60)}, "ExpiredTokenException", f"date/time{NOW - 60}"),
        ({"iat": NOW - 441_398}, "ExpiredTokenException", "Token too old: 441398"),
        ({"nbf": NOW + 600}, "InvalidIdentityToken", ""),
        ({"iat": NOW + 600}, "InvalidIdentityToken", ""),
    ],
    ids=repr,
)
def test_a_token_is_current(claims: dict[str, Any], code: str, words: str) -> None:
    """FACTS 7.5: exp, iat and nbf, where the token has them."""
    diagnosis = diagnosed(call(claims))
    assert error(diagnosis)[0] == code
    assert words in error(diagnosis)[1]
    assert blocking(diagnosis) == ["credentials"]


@pytest.mark.parametrize(
    "claims",
    [{"exp": NOW + 60, "iat": NOW - 60}, {"iat": NOW + 30}, {"exp": float("1e300")}, {"exp": True}],
    ids=repr,
)
def test_what_is_not_said_is_current(claims: dict[str, Any]) -> None:
    """Clocks differ a little; a malformed time says nothing."""
    assert decided(call(claims)).verdict == "allowed"


def test_how_old_a_token_may_be_is_open() -> None:
    """A day is usual, five days were refused (FACTS 7.5); between them nobody says."""
    assert (
        decided(
            call({"iat": NOW - 200_000, "exp": NOW + 9}),
        ).verdict
        == "conditional"
    )


@pytest.mark.parametrize("claims", [{"iss": None}, {"iss": 7}, {"iss": ["a"]}, {"iss": ""}])
def test_a_token_without_issuer_is_refused(claims: dict[str, Any]) -> None:
    diagnosis = diagnosed(call(claims))
    assert error(diagnosis)[0] == "InvalidIdentityToken"
    assert variants(diagnosis) >= {"no-issuer"}


def test_the_named_provider_stands_for_an_issuer_that_is_not_said() -> None:
    scenario = call({})
    del scenario["call"]["caller"]["claims"]["iss"]
    scenario["call"]["caller"]["identity_provider"] = provider(GITHUB)
    assert decided(scenario).verdict == "allowed"


@pytest.mark.parametrize(
    ("roles", "verdict"),
    [
        (ROLE, "allowed"),
        ([f"{ROLE}2", ROLE], "allowed"),
        (f"{ROLE}2", "denied"),
        (ROLE.replace("role/", "role/*"), "denied"),
        ([], "denied"),
        (None, "allowed"),
    ],
    ids=repr,
)
def test_the_roles_claim_is_exact(roles: Any, verdict: str) -> None:
    """R5.8: before the trust policy, with a text of its own."""
    diagnosis = diagnosed(call({"https://aws.amazon.com/roles": roles}))
    assert diagnosis.verdict == verdict
    if verdict == "denied":
        text = "The target role ARN is not present in the roles claim of the identity token"
        assert error(diagnosis) == ("InvalidIdentityToken", text)
        assert blocking(diagnosis) == ["web-identity-claim"]
        assert not diagnosis.plans


@pytest.mark.parametrize(("roles", "verdict"), [(ROLE, "allowed"), (None, "denied")])
def test_the_trust_policy_can_require_the_roles_claim(roles: Any, verdict: str) -> None:
    """sts:RoleAuthorizedByIdp (FACTS 5.3)."""
    condition = {"Bool": {"sts:RoleAuthorizedByIdp": "true"}}
    assert decided(call({"https://aws.amazon.com/roles": roles}, condition)).verdict == verdict


def test_the_roles_claim_is_listed_for_the_main_action_alone() -> None:
    """R3.4, U-6: whether sts:TagSession sees it is open."""
    condition = {"Bool": {"sts:RoleAuthorizedByIdp": "true"}}
    claims = {"https://aws.amazon.com/roles": ROLE, **FLAT}
    assert decided(call(claims, condition, actions=BOTH)).verdict == "conditional"


@pytest.mark.parametrize(
    ("principal", "role", "aud", "verdict"),
    [
        ("arn:aws-us-gov:iam::333333333333:role/x", ROLE, "sts.amazonaws.com", "allowed"),
        ("arn:aws:iam::333333333333:role/x", ROLE, "sts.amazonaws.com", "denied"),
        ("arn:aws-us-gov:iam::333333333333:role/x", ROLE, ["sts.amazonaws.com", "b"], "denied"),
    ],
)
def test_tokens_of_sts_cross_partitions_only(
    principal: str, role: str, aud: Any, verdict: str
) -> None:
    """R1.18, R2.16: never in the partition that issued them, and for one audience."""
    issuer = "abc12345-0000-4000-8000-def012345678.tokens.sts.global.api.aws"
    diagnosis = diagnosed(call({"sub": principal, "aud": aud}, issuer=issuer, role=role))
    assert diagnosis.verdict == verdict
    if verdict == "denied":
        assert blocking(diagnosis) == ["identity-provider"]
        assert not diagnosis.plans


def test_several_audiences_are_fine_elsewhere() -> None:
    assert decided(call({"aud": ["sts.amazonaws.com", "b"]})).verdict == "allowed"


@pytest.mark.parametrize("text", ["arn:aws:iam::222222222222:policy/p", "$AWS_ROLE_ARN_OF_THE_JOB"])
def test_a_role_arn_that_is_none(text: str) -> None:
    """FACTS 4.2: with its own text for unsigned calls; the provider is not looked at."""
    diagnosis = diagnosed(call({}, registered=[], role=text))
    assert error(diagnosis)[0] == "ValidationError"
    assert "identity-provider" not in blocking(diagnosis)


def test_a_role_that_is_missing() -> None:
    """FACTS 7.5: the text of unsigned calls names neither caller nor role."""
    diagnosis = diagnosed(call({}, role=f"{ROLE}2"))
    assert error(diagnosis) == ("AccessDenied", f"Not authorized to perform {WITH}")


# Built-in providers


@pytest.mark.parametrize(
    ("issuer", "claims", "condition", "verdict"),
    [
        ("accounts.google.com", {"aud": "c", "azp": "a"}, ("aud", "a"), "allowed"),
        ("accounts.google.com", {"aud": "c", "azp": "a"}, ("oaud", "c"), "allowed"),
        ("accounts.google.com", {"aud": "c", "azp": "a"}, ("aud", "c"), "denied"),
        ("cognito-identity.amazonaws.com", {"aud": "eu-west-1:p"}, ("aud", "eu-west-1:p"),
         "allowed"),
        ("cognito-identity.amazonaws.com", {"aud": "eu-west-1:p"}, ("aud", "eu-west-1:q"),
         "denied"),
        ("www.amazon.com", {"app_id": "amzn1"}, ("app_id", "amzn1"), "allowed"),
        ("graph.facebook.com", {"app_id": "1"}, ("app_id", "1"), "allowed"),
        ("graph.facebook.com", {"app_id": "1", "sub": "2"}, ("sub", "2"), "denied"),
    ],
)  # fmt: skip
def test_built_in_providers_need_no_registration(
    issuer: str, claims: dict[str, Any], condition: tuple[str, str], verdict: str
) -> None:
    """FACTS 2.1, 5.6."""
    key, value = condition
    scenario = call(
        claims,
        equals(f"{issuer}:{key}", value),
        issuer=issuer,
        principal={"Federated": issuer},
        registered=[],
    )
    assert decided(scenario).verdict == verdict


@pytest.mark.parametrize("name", ["www.amazon.com", "graph.facebook.com"])
def test_access_tokens_have_a_provider_id(name: str) -> None:
    """FACTS section 4: tokens that are no JWT name their provider in a parameter."""
    scenario = call({}, equals(f"{name}:app_id", "7"), principal={"Federated": name}, registered=[])
    scenario["call"]["caller"]["claims"] = {"app_id": "7"}
    assert decided(scenario).verdict == "denied"
    scenario["call"]["parameters"]["ProviderId"] = name
    assert decided(scenario).verdict == "allowed"


def test_a_provider_id_is_for_access_tokens_only() -> None:
    """FACTS section 4: left out for a token that names its issuer."""
    diagnosis = diagnosed(call({}, ProviderId="www.amazon.com"))
    assert variants(diagnosis) == {"provider-id"}
    assert diagnosis.plans[0].fixes == ("identity-provider/no-provider-id",)


@pytest.mark.parametrize("amr", ["authenticated", ["authenticated", "login.provider"]], ids=repr)
@pytest.mark.parametrize("operator", ["StringLike", "ForAnyValue:StringLike"])
def test_amr_of_cognito_is_read_both_ways(amr: Any, operator: str) -> None:
    """C-5."""
    issuer = "cognito-identity.amazonaws.com"
    condition = {operator: {f"{issuer}:amr": "authenticated"}}
    scenario = call({"amr": amr}, condition, issuer=issuer, principal={"Federated": issuer})
    assert decided(scenario).verdict == "allowed"


# Claims and keys: FACTS 5.6


@pytest.mark.parametrize(
    ("issuer", "claim", "value"),
    [
        (GITHUB, "actor", "octocat"),
        (GITHUB, "job_workflow_ref", "acme/app/.github/workflows/w.yml@refs/heads/main"),
        (f"{GITHUB}/acme-inc", "repository", "acme/app"),
        ("token.actions.acme.ghe.com", "environment", "production"),
        ("github.com/enterprises/acme", "enterprise_id", "7"),
        ("gitlab.com", "project_id", "12"),
        ("agent.buildkite.com", "pipeline_slug", "deploy"),
        (CIRCLE, "oidc.circleci.com/project-id", "p"),
        ("idcs-0a1b.identity.oraclecloud.com", "rpst_id", "r"),
        (EKS, "sub", "system:serviceaccount:web:app"),
        ("app.terraform.io", "sub", "organization:acme:project:p:workspace:w:run_phase:apply"),
        ("api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc", "sub", "{a}:{b}"),
        ("idp.example.com/realms/x", "email", "a@example.com"),
    ],
)
def test_claims_that_are_keys(issuer: str, claim: str, value: str) -> None:
    """FACTS 5.6: every row of the table."""
    condition = equals(f"{issuer}:{claim}", value)
    assert decided(call({claim: value}, condition, issuer=issuer)).verdict == "allowed"
    assert decided(call({claim: f"{value}2"}, condition, issuer=issuer)).verdict == "denied"


@pytest.mark.parametrize(
    ("issuer", "claim"),
    [
        (GITHUB, "iss"),
        (GITHUB, "repository_owner"),
        (GITHUB, "base_ref"),
        ("gitlab.example.com", "project_id"),
        ("gitlab.com", "repository"),
        ("app.terraform.io", "terraform_workspace_id"),
        ("api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc", "workspaceUuid"),
        (EKS, "kubernetes.io"),
    ],
)
def test_claims_that_are_no_keys_are_absent(issuer: str, claim: str) -> None:
    """R5.14a, R6.14: positive operators fail, negated ones and IfExists hold."""
    key = f"{issuer}:{claim}"
    claims = {claim: "x"} if claim != "iss" else {}

    def verdict(condition: dict[str, Any]) -> str:
        return decided(call(claims, condition, issuer=issuer)).verdict

    assert verdict(equals(key, "x")) == "denied"
    assert verdict({"ForAnyValue:StringEquals": {key: "x"}}) == "denied"
    assert verdict({"StringEqualsIfExists": {key: "y"}}) == "allowed"
    assert verdict({"StringNotEquals": {key: "x"}}) == "allowed"
    assert verdict({"ForAllValues:StringEquals": {key: "y"}}) == "allowed"
    assert verdict({"Null": {key: "true"}}) == "allowed"


@pytest.mark.parametrize(
    ("time", "verdict"), [("2026-01-15T00:00:00Z", "denied"), ("2026-03-01T00:00:00Z", "allowed")]
)
def test_the_mapping_is_dated(time: str, verdict: str) -> None:
    """R5.14a: provider-specific keys exist since February 2026."""
    scenario = call({"actor": "octocat"}, equals(f"{GITHUB}:actor", "octocat"))
    assert decided({**scenario, "time": time}).verdict == verdict


@pytest.mark.parametrize(
    "claims", [{"google": {"organization_number": 42}}, {"google/organization_number": "42"}]
)
def test_the_organization_of_google_is_numeric(claims: dict[str, Any]) -> None:
    """FACTS 5.6."""
    issuer = "accounts.google.com"
    condition = {"NumericEquals": {f"{issuer}:google/organization_number": "42"}}
    scenario = call(claims, condition, issuer=issuer, principal={"Federated": issuer})
    assert decided(scenario).verdict == "allowed"


@pytest.mark.parametrize(
    "value", [{"a": "b"}, [["x"]], [{"a": 1}], 7, 7.5, True, None, [], "", [None, "x"]], ids=repr
)
@pytest.mark.parametrize(
    "claim",
    ["sub", "aud", "azp", "amr", "actor", "exp", "iat", "nbf", TAGS, f"{TAGS}/principal_tags/a",
     f"{TAGS}/transitive_tag_keys", "https://aws.amazon.com/source_identity",
     "https://aws.amazon.com/roles"],
)  # fmt: skip
def test_values_of_any_type_are_read(claim: str, value: Any) -> None:
    """Never a crash, whatever a token says."""
    condition = {"StringLike": {f"{GITHUB}:sub": "repo:*", f"{GITHUB}:actor": "o*"}}
    assert diagnosed(call({claim: value}, condition)).verdict in ("allowed", "denied")


@pytest.mark.parametrize(("value", "verdict"), [(42, "allowed"), (43, "denied"), ({}, "denied")])
def test_numbers_are_texts_and_objects_are_none(value: Any, verdict: str) -> None:
    assert decided(call({"sub": value}, equals(f"{GITHUB}:sub", "42"))).verdict == verdict


@pytest.mark.parametrize(
    ("issuer", "principal", "value"),
    [
        (GITHUB, {"Federated": provider(GITHUB)}, provider(GITHUB)),
        ("accounts.google.com", {"Federated": "accounts.google.com"}, "accounts.google.com"),
    ],
)
def test_the_provider_is_a_key(issuer: str, principal: Any, value: str) -> None:
    """aws:FederatedProvider (FACTS 5.1)."""
    condition = equals("aws:FederatedProvider", value)
    scenario = call({}, condition, issuer=issuer, principal=principal)
    assert decided(scenario).verdict == "allowed"


def test_keys_of_the_caller_are_absent() -> None:
    """R1.21, R1.31."""
    for key in ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalIsAWSService"):
        assert decided(call({}, {"Null": {key: "true"}})).verdict == "allowed"
    assert decided(call({}, {"Bool": {"aws:PrincipalIsAWSService": "false"}})).verdict == "denied"


@pytest.mark.parametrize(("principal", "verdict"), [("*", "allowed"), ({"AWS": "*"}, "denied")])
def test_everyone(principal: Any, verdict: str) -> None:
    """U-20, C-2."""
    assert decided(call({}, principal=principal)).verdict == verdict


# Session tags and source identity: R5.16

NESTED = {TAGS: {"principal_tags": {"team": ["web"], "cost": "7"}, "transitive_tag_keys": ["team"]}}
FLAT = {f"{TAGS}/principal_tags/team": "web", f"{TAGS}/transitive_tag_keys": ["team"]}
BOTH = [WITH, "sts:TagSession"]


@pytest.mark.parametrize("claims", [NESTED, FLAT], ids=["nested", "flattened"])
def test_tags_of_a_token_need_tag_session(claims: dict[str, Any]) -> None:
    """R5.16, U-16."""
    diagnosis = diagnosed(call(claims))
    assert error(diagnosis) == ("AccessDenied", "Not authorized to perform sts:TagSession")
    assert blocking(diagnosis) == ["session-tags"]
    assert diagnosis.plans[0].verdict_after == "allowed"
    assert decided(call(claims, actions=BOTH)).verdict == "allowed"


@pytest.mark.parametrize("claims", [NESTED, FLAT], ids=["nested", "flattened"])
def test_tags_of_a_token_are_request_tags(claims: dict[str, Any]) -> None:
    """R5.16: the keys that passed tags would have."""
    condition = {
        "StringEquals": {"aws:RequestTag/Team": "web"},
        "ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team", "aws:TagKeys": "team"},
    }
    assert decided(call(claims, condition, actions=BOTH)).verdict == "allowed"
    assert decided(call({}, condition, actions=BOTH)).verdict == "denied"


def test_a_tag_with_several_values_is_open() -> None:
    """Which of them counts is not documented."""
    claims = {f"{TAGS}/principal_tags/team": ["web", "db"]}
    condition = equals("aws:RequestTag/team", "web")
    assert decided(call(claims, condition, actions=BOTH)).verdict == "conditional"


def test_a_transitive_key_is_one_of_the_tags() -> None:
    """FACTS 4.2, as for passed ones."""
    claims = {**FLAT, f"{TAGS}/transitive_tag_keys": ["other"]}
    assert blocking(diagnosed(call(claims, actions=BOTH))) == ["parameter"]


def test_parameters_for_tags_and_source_identity_are_ignored() -> None:
    """The API has no such parameters; STS ignores unknown ones."""
    tags = [{"Key": "a", "Value": "b"}]
    diagnosis = diagnosed(call({}, Tags=tags, SourceIdentity="alice"))
    assert diagnosis.verdict == "allowed"
    assert diagnosis.call.actions == (WITH,)


def test_the_source_identity_of_a_token_needs_an_action() -> None:
    """R5.16."""
    claims = {"https://aws.amazon.com/source_identity": "alice"}
    diagnosis = diagnosed(call(claims))
    assert error(diagnosis) == ("AccessDenied", "Not authorized to perform sts:SetSourceIdentity")
    assert blocking(diagnosis) == ["source-identity"]
    both = [WITH, "sts:SetSourceIdentity"]
    condition = equals("sts:SourceIdentity", "alice")
    assert decided(call(claims, condition, actions=both)).verdict == "allowed"
    assert decided(call({}, condition, actions=both)).verdict == "denied"


@pytest.mark.parametrize(("value", "verdict"), [("a b", "denied"), ("x" * 70, "allowed")])
def test_a_source_identity_is_well_formed(value: str, verdict: str) -> None:
    """FACTS section 4, C-4."""
    claims = {"https://aws.amazon.com/source_identity": value}
    scenario = call(claims, actions=[WITH, "sts:SetSourceIdentity"])
    assert decided(scenario).verdict == verdict
    world, made = parsed(scenario)
    documented = msgspec.structs.replace(made, assumptions={"C-4": False})
    assert decide(world, documented).verdict == "denied"


# What a claim misses


@pytest.mark.parametrize(
    ("sub", "wanted", "variant"),
    [
        ("repo:acme@1/app@2:ref:refs/heads/main", "repo:acme/app:*", "immutable-sub"),
        ("repo:acme@1/app@2:ref:refs/heads/main", "repo:acme/*", "immutable-sub"),
        ("repo:acme@1/app@2:ref:refs/heads/main", MAIN, "immutable-sub"),
        (MAIN, "repo:acme@1/app@2:*", "immutable-sub"),
        ("repo:acme@1/app@3:pull_request", "repo:acme@1/app@2:*", "immutable-sub"),
        ("repo:acme/app:environment:prod", MAIN, "environment-sub"),
        (MAIN, "repo:acme/app:environment:prod", "environment-sub"),
        ("repo:acme/app:pull_request", MAIN, "pull-request-sub"),
        ("repository_owner:acme:repository:app", MAIN, "custom-sub"),
        ("sts.amazonaws.com", MAIN, "custom-sub"),
        ("repo:Acme/app:ref:refs/heads/main", MAIN, "case"),
        ("repo:acme/other:ref:refs/heads/main", MAIN, "sub"),
    ],
)
def test_subjects_of_github(sub: str, wanted: str, variant: str) -> None:
    """R5.14, R5.15, T28: what sets the subject apart, and a plan that mends it."""
    diagnosis = diagnosed(call({"sub": sub}, {"StringLike": {f"{GITHUB}:sub": wanted}}))
    assert blocking(diagnosis) == ["web-identity-claim"]
    assert variants(diagnosis) == {variant}
    assert diagnosis.plans[0].verdict_after == "allowed"


def test_ids_are_put_into_the_pattern_that_was_meant() -> None:
    """R5.15: the fix stays as wide and as narrow as the policy was."""
    condition = {"StringLike": {f"{GITHUB}:sub": "repo:acme/app:*"}}
    sub = "repo:acme@1/app@2:ref:refs/heads/main"
    fix = diagnosed(call({"sub": sub}, condition)).fixes[0]
    assert "repo:acme@1/app@2:*" in str(fix.edit)


@pytest.mark.parametrize(
    ("condition", "claims", "variant"),
    [
        (equals(f"{GITHUB}:aud", MAIN), {}, "aud-sub"),
        (equals(f"{GITHUB}:sub", "sts.amazonaws.com"), {}, "aud-sub"),
        (equals(f"{GITHUB}:aud", "web"), {"aud": "web", "azp": "sts.amazonaws.com"}, "azp"),
        (equals("oidc.example.com:sub", MAIN), {}, "other-issuer"),
        (equals(f"{GITHUB}:sub", "repo:acme/app:*"), {}, "wildcard-in-equals"),
    ],
)
def test_conditions_on_the_wrong_key(
    condition: dict[str, Any], claims: dict[str, Any], variant: str
) -> None:
    """R5.12, R5.13: one plan each."""
    diagnosis = diagnosed(call(claims, condition))
    assert variants(diagnosis) == {variant}
    assert diagnosis.plans[0].verdict_after == "allowed"


def test_the_key_of_another_provider_that_is_named_stays() -> None:
    """R5.12: a statement for two clusters keeps serving the other one."""
    both = {"Federated": [provider(GITHUB), provider("oidc.example.com")]}
    scenario = call({}, equals("oidc.example.com:sub", MAIN), principal=both)
    assert diagnosed(scenario).plans[0].fixes == ("trust-principal/name-the-provider",)


def test_a_null_condition_gives_no_fix() -> None:
    diagnosis = diagnosed(call({}, {"Null": {f"{GITHUB}:sub": "true"}}))
    assert blocking(diagnosis) == ["web-identity-claim"]


def test_the_action_of_another_api() -> None:
    """T27's neighbour: sts:AssumeRole does not cover web identity."""
    assert blocking(diagnosed(call({}, actions="sts:AssumeRole"))) == ["trust-action"]


@pytest.mark.parametrize(
    ("condition", "noted"),
    [
        (None, True),
        (equals(f"{GITHUB}:aud", "sts.amazonaws.com"), True),
        ({"StringLike": {f"{GITHUB}:sub": "*"}}, True),
        ({"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}, False),
    ],
)
def test_shared_issuers_need_a_claim_when_saved(condition: Any, noted: bool) -> None:
    """R2.14, C-3: a note, never a verdict."""
    diagnosis = diagnosed(call({}, condition))
    assert diagnosis.verdict == "allowed"
    assert any("R2.14" in note for note in diagnosis.notes) is noted


def test_client_ids_that_were_not_read_are_a_question() -> None:
    """`aws iam list-open-id-connect-providers` does not list them."""
    scenario = call({})
    del scenario["accounts"][B]["OpenIDConnectProviders"][0]["ClientIDList"]
    diagnosis = diagnosed(scenario)
    assert diagnosis.verdict == "conditional"
    assert [unknown.what for unknown in diagnosis.unknowns] == [
        f"the client IDs of {provider(GITHUB)}"
    ]
    scenario["call"]["caller"]["claims"]["exp"] = 1
    assert diagnosed(scenario).verdict == "denied"


def test_only_assume_role_has_an_external_id() -> None:
    """FACTS 5.3: a condition on it keeps every token out, whatever is sent beside it."""
    guarded = call({}, equals("sts:ExternalId", "x-1"), ExternalId="x-1")
    (finding,) = diagnosed(guarded).findings
    assert (finding.cause, finding.variant, finding.fixes) == ("external-id", "missing", ())
    assert "AssumeRoleWithWebIdentity cannot send" in finding.explanation
