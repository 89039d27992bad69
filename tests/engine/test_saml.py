"""SAML calls: what STS reads of an assertion, before and in the trust policy."""

import json
from typing import Any

import pytest

from assumable.diagnose import Diagnosis
from tests.worlds import ROLE, A, B, blocking, decided, diagnosed, policy, trust

CORP = f"arn:aws:iam::{B}:saml-provider/Corp"
AUDIENCE = "https://signin.aws.amazon.com/saml"
PREFIX = "https://aws.amazon.com/SAML/Attributes/"
WITH = "sts:AssumeRoleWithSAML"
NOW = 1_795_435_200  # 2026-11-23T12:00:00Z


def call(
    assertion: dict[str, Any] | None = None,
    condition: dict[str, Any] | None = None,
    *,
    actions: Any = WITH,
    registered: str = CORP,
    principal: Any = None,
    **parameters: Any,
) -> dict[str, Any]:
    """An assertion of the provider Corp for DeployRole; it passes by default."""
    named = {"Federated": CORP} if principal is None else principal
    statement = trust(named, actions, **({"Condition": condition} if condition else {}))
    return {
        "scenario": 1,
        "accounts": {
            B: {
                "SAMLProviders": [{"Arn": registered}],
                "RoleDetailList": [
                    {"RoleName": "DeployRole", "AssumeRolePolicyDocument": policy(statement)}
                ],
            }
        },
        "call": {
            "api": "AssumeRoleWithSAML",
            "caller": {
                "assertion": {
                    "saml:aud": AUDIENCE,
                    "saml:iss": "https://idp.example.com",
                    **(assertion or {}),
                }
            },
            "parameters": {"RoleArn": ROLE, "PrincipalArn": CORP, **parameters},
        },
    }


def attributes(**said: Any) -> dict[str, Any]:
    """A spelled-out assertion."""
    given = {"Role": f"{ROLE},{CORP}", "RoleSessionName": "alice@example.com", **said}
    return {f"{PREFIX}{name}": value for name, value in given.items()}


def equals(key: str, *values: str) -> dict[str, Any]:
    return {"StringEquals": {key: list(values)}}


def error(diagnosis: Diagnosis) -> tuple[str, str]:
    assert diagnosis.aws_error is not None
    return diagnosis.aws_error.code, diagnosis.aws_error.message


def variants(diagnosis: Diagnosis) -> set[str]:
    return {finding.variant for finding in diagnosis.findings if finding.blocking}


@pytest.mark.parametrize("assertion", [{}, attributes()], ids=["keys", "spelled out"])
def test_an_assertion_of_a_registered_provider_passes(assertion: dict[str, Any]) -> None:
    assert decided(call(assertion, equals("SAML:aud", AUDIENCE))).verdict == "allowed"


def test_the_caller_is_shown_by_its_provider() -> None:
    assert diagnosed(call()).call.caller == CORP


@pytest.mark.parametrize(
    ("registered", "variant"),
    [
        (CORP.replace("Corp", "Other"), "not-registered"),
        (CORP.replace("Corp", "corp"), "case"),
        (CORP.replace("saml-provider", "oidc-provider"), "not-registered"),
    ],
)
def test_the_provider_exists_in_the_roles_account(registered: str, variant: str) -> None:
    """FACTS 7.6, with AWS's text; nobody but the identity provider has its metadata: no plan."""
    diagnosis = diagnosed(call(registered=registered))
    assert error(diagnosis) == ("InvalidIdentityToken", "Specified provider doesn't exist")
    assert variants(diagnosis) == {variant}
    assert not diagnosis.plans


def test_a_provider_of_another_account() -> None:
    """The provider is looked up in the account of the role."""
    other = CORP.replace(B, A)
    scenario = call(PrincipalArn=other, principal={"Federated": other})
    scenario["accounts"][A] = {"SAMLProviders": [{"Arn": other}]}
    assert error(diagnosed(scenario))[1] == "Specified provider doesn't exist"


@pytest.mark.parametrize(
    ("provider", "text"),
    [
        (f"arn:aws:iam::{B}:role/x", "Principal ARN is invalid"),
        (f"arn:aws:iam::{B}:saml-provider/", "Principal ARN is invalid"),
        ("a text of sufficient length", "Principal ARN is invalid"),
    ],
)
def test_principal_arn_is_a_saml_provider(provider: str, text: str) -> None:
    """FACTS 4.2."""
    diagnosis = diagnosed(call(PrincipalArn=provider))
    assert error(diagnosis) == ("ValidationError", text)
    assert "parameter" in blocking(diagnosis)


def test_principal_arn_is_required() -> None:
    """FACTS section 4, unless the caller or the assertion names the provider."""
    scenario = call()
    del scenario["call"]["parameters"]["PrincipalArn"]
    assert blocking(diagnosed(scenario))[0] == "parameter"
    scenario["call"]["caller"]["identity_provider"] = CORP
    assert decided(scenario).verdict == "allowed"
    del scenario["call"]["caller"]["identity_provider"]
    scenario["call"]["caller"]["assertion"] |= attributes()
    assert decided(scenario).verdict == "allowed"


def test_swapped_arns() -> None:
    """FACTS 4.2: AWS complains of the role's ARN; the plan swaps them back."""
    diagnosis = diagnosed(call(RoleArn=CORP, PrincipalArn=ROLE))
    assert error(diagnosis) == ("ValidationError", "Request ARN is invalid")
    assert diagnosis.plans[0].fixes == ("parameter/swap-arns",)


def test_roles_of_identity_center_are_out_of_reach() -> None:
    """R2.13."""
    path = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"
    scenario = call(RoleArn=f"arn:aws:iam::{B}:role/{path}")
    role = scenario["accounts"][B]["RoleDetailList"][0]
    role |= {"RoleName": path.rpartition("/")[2], "Path": f"/{path.rpartition('/')[0]}/"}
    diagnosis = diagnosed(scenario)
    assert error(diagnosis) == ("AccessDenied", f"Not authorized to perform {WITH}")
    assert variants(diagnosis) == {"identity-center-role"}
    assert not diagnosis.plans


# Attributes: R5.19, FACTS 7.6


@pytest.mark.parametrize(
    ("pair", "verdict"),
    [
        (f"{ROLE},{CORP}", "allowed"),
        (f"{CORP}, {ROLE}", "allowed"),
        ([f"{ROLE}2,{CORP}", f"{ROLE},{CORP}"], "allowed"),
        (f"{ROLE}2,{CORP}", "denied"),
        (f"{ROLE},{CORP}2", "denied"),
        (ROLE, "denied"),
        (f"{ROLE},{CORP},x", "denied"),
        ([], "denied"),
        ({"a": 1}, "denied"),
    ],
    ids=repr,
)
def test_the_role_and_its_provider_are_asserted(pair: Any, verdict: str) -> None:
    diagnosis = diagnosed(call(attributes(Role=pair)))
    assert diagnosis.verdict == verdict
    if verdict == "denied":
        text = "SAML Assertion doesn't contain the requested Role and Metadata in the attributes"
        assert error(diagnosis) == ("InvalidIdentityToken", text)
        assert variants(diagnosis) == {"Role"}


def test_the_asserted_provider_is_a_plan() -> None:
    """The request alone can change where the role is offered through another provider."""
    scenario = call(attributes(), PrincipalArn=f"{CORP}2", registered=CORP)
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes == ("saml-attribute/asserted-provider",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (None, "RoleSessionName is required in AuthnResponse"),
        ("a b", "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ("x", "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ("x" * 65, "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
    ],
)
def test_the_session_name_is_asserted(name: str | None, text: str) -> None:
    diagnosis = diagnosed(call(attributes(RoleSessionName=name)))
    assert error(diagnosis) == ("InvalidIdentityToken", text)
    assert variants(diagnosis) == {"RoleSessionName"}
    assert not diagnosis.plans


def test_the_session_name_is_a_key() -> None:
    """sts:RoleSessionName is the attribute, not a parameter, and open where it is not said."""
    condition = equals("sts:RoleSessionName", "alice@example.com")
    assert decided(call(attributes(), condition)).verdict == "allowed"
    assert decided(call(attributes(RoleSessionName="bob"), condition)).verdict == "denied"
    assert decided(call({}, condition, RoleSessionName="alice@example.com")).verdict == (
        "conditional"
    )


@pytest.mark.parametrize("value", ["a b", "x" * 65, "aws:x"])
def test_a_source_identity_is_well_formed(value: str) -> None:
    actions = [WITH, "sts:SetSourceIdentity"]
    diagnosis = diagnosed(call(attributes(SourceIdentity=value), actions=actions))
    assert error(diagnosis)[1].startswith("Source Identity must match")
    assert variants(diagnosis) == {"SourceIdentity"}


def test_a_source_identity_needs_an_action() -> None:
    assertion = attributes(SourceIdentity="alice")
    diagnosis = diagnosed(call(assertion))
    assert error(diagnosis) == ("AccessDenied", "Not authorized to perform sts:SetSourceIdentity")
    assert blocking(diagnosis) == ["source-identity"]
    actions, condition = [WITH, "sts:SetSourceIdentity"], equals("sts:SourceIdentity", "alice")
    assert decided(call(assertion, condition, actions=actions)).verdict == "allowed"


def test_tags_need_an_action() -> None:
    assertion = attributes(**{"PrincipalTag:Team": "web", "TransitiveTagKeys": ["Team"]})
    diagnosis = diagnosed(call(assertion))
    assert error(diagnosis) == ("AccessDenied", "Not authorized to perform sts:TagSession")
    assert blocking(diagnosis) == ["session-tags"]
    condition = {
        **equals("aws:RequestTag/team", "web"),
        "ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["Team"]},
    }
    actions = [WITH, "sts:TagSession"]
    assert decided(call(assertion, condition, actions=actions)).verdict == "allowed"


@pytest.mark.parametrize(
    ("key", "value", "verdict"),
    [
        ("NotOnOrAfter", "2026-11-23T11:59:59Z", "denied"),
        ("NotOnOrAfter", NOW, "denied"),
        ("NotOnOrAfter", str(NOW + 1), "allowed"),
        ("NotOnOrAfter", "2026-11-23T12:00:01.500Z", "allowed"),
        ("NotOnOrAfter", "soon", "allowed"),
        ("SessionNotOnOrAfter", NOW - 1, "denied"),
        ("SessionNotOnOrAfter", NOW + 900, "allowed"),
    ],
)
def test_an_assertion_is_used_in_time(key: str, value: Any, verdict: str) -> None:
    """FACTS 7.6, R4.4."""
    diagnosis = diagnosed({**call({key: value}), "time": "2026-11-23T12:00:00Z"})
    assert diagnosis.verdict == verdict
    if verdict == "denied":
        text = "Token must be redeemed within 5 minutes of issuance"
        assert error(diagnosis) == ("ExpiredTokenException", text)
        assert variants(diagnosis) == {"late-assertion"}


def test_durations() -> None:
    """R4.4: the assertion shortens the session; SessionDuration is for the console (R5.19)."""
    assertion = {**attributes(SessionDuration="7200"), "SessionNotOnOrAfter": NOW + 1200}
    scenario = {**call(assertion, DurationSeconds=3600), "time": "2026-11-23T12:00:00Z"}
    diagnosis = diagnosed(scenario)
    assert diagnosis.verdict == "allowed"
    assert any("in 1200 s" in note for note in diagnosis.notes)
    assert any("exceeds the role's maximum of 3600 s" in note for note in diagnosis.notes)
    scenario["call"]["parameters"]["DurationSeconds"] = 7200
    assert blocking(diagnosed(scenario)) == ["duration"]


# Keys: FACTS 5.7


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        (equals("saml:doc", f"{B}/Corp"), "allowed"),
        (equals("SAML:iss", "https://idp.example.com"), "allowed"),
        (equals("saml:sub", "alice"), "denied"),
        ({"StringLike": {"saml:namequalifier": "a*"}}, "conditional"),
        ({"StringLike": {"saml:namequalifier": "*"}}, "allowed"),  # it is always there
        ({"ForAnyValue:StringEquals": {"saml:cn": "ops"}}, "allowed"),
        ({"ForAllValues:StringEquals": {"saml:cn": "ops"}}, "denied"),
        (equals("saml:role", "admin"), "denied"),
        (equals(f"{PREFIX}Role", "x"), "denied"),
        ({"Null": {"aws:PrincipalArn": "true"}}, "allowed"),
        ({"Null": {"aws:FederatedProvider": "true"}}, "allowed"),
        ({"Null": {"sts:RoleAuthorizedByIdp": "true"}}, "allowed"),
    ],
    ids=repr,
)
def test_keys(condition: dict[str, Any], verdict: str) -> None:
    """R5.17, C-6: names ignore case, lists are lists, no other attribute is a key."""
    assertion = {"SAML:cn": ["dev", "ops"], "saml:role": "admin"}
    assert decided(call(assertion, condition)).verdict == verdict


@pytest.mark.parametrize("value", [{"a": "b"}, [["x"]], 7, None, [], True], ids=repr)
@pytest.mark.parametrize(
    "name",
    ["saml:sub", "saml:aud", "saml:doc", "NotOnOrAfter", f"{PREFIX}PrincipalTag:a",
     f"{PREFIX}TransitiveTagKeys", f"{PREFIX}SessionDuration", f"{PREFIX}SourceIdentity",
     f"{PREFIX}RoleSessionName", f"{PREFIX}Role"],
)  # fmt: skip
def test_values_of_any_type_are_read(name: str, value: Any) -> None:
    """Never a crash, whatever an assertion says."""
    condition = {"StringLike": {"saml:sub": "a*"}}
    assert diagnosed(call({name: value}, condition)).verdict in ("allowed", "denied")


@pytest.mark.parametrize(
    ("got", "mended"),
    [("https://eu-west-1.signin.aws.amazon.com/saml", True), ("https://idp.example.com", False)],
)
def test_only_sign_in_addresses_are_accepted_as_recipient(got: str, mended: bool) -> None:
    """FACTS 5.7: saml:aud is the Recipient."""
    diagnosis = diagnosed(call({"saml:aud": got}, equals("SAML:aud", AUDIENCE)))
    assert blocking(diagnosis) == ["saml-attribute"]
    assert bool(diagnosis.plans) is mended


@pytest.mark.parametrize(("principal", "verdict"), [("*", "allowed"), ({"AWS": "*"}, "denied")])
def test_everyone(principal: Any, verdict: str) -> None:
    """U-20, C-2."""
    assert decided(call(principal=principal)).verdict == verdict


def test_the_roles_account_has_scps_and_rcps() -> None:
    """U-19, R1.21: SCPs do not apply to an assertion, RCPs of the role's account do."""
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sts:*",
            "Resource": "*", "Principal": "*"}]}  # fmt: skip
    organization: dict[str, Any] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": B, "ParentId": "r-ab12"}],
    }
    scp = {"Id": "p-1", "Type": "SERVICE_CONTROL_POLICY", "Targets": [B], "Content": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}]}}  # fmt: skip
    rcp = {"Id": "p-2", "Type": "RESOURCE_CONTROL_POLICY", "Targets": [B], "Content": deny}
    scenario = call()
    scenario["organization"] = {**organization, "Policies": [scp]}
    assert decided(scenario).verdict == "allowed"
    scenario["organization"] = {**organization, "Policies": [rcp]}
    assert blocking(diagnosed(scenario)) == ["rcp"]


def test_a_provider_is_of_the_partition_of_its_account() -> None:
    """An account is of one partition: a provider with another in its ARN is not registered."""
    scenario = call()
    text = json.dumps(scenario["accounts"]).replace(ROLE, ROLE.replace("arn:aws:", "arn:aws-cn:"))
    scenario["accounts"] = json.loads(text)
    scenario["call"]["parameters"]["RoleArn"] = ROLE.replace("arn:aws:", "arn:aws-cn:")
    assert error(diagnosed(scenario))[1] == "Specified provider doesn't exist"
