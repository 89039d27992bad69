"""Vectors for tokens, assertions, services and chains, by the reference."""

import copy
from typing import Any

import pytest

from tests.reference import evaluator
from tests.reference.test_vectors import (
    CALLER_ROLE,
    FULL,
    MFA,
    NETWORK,
    TIME,
    USER,
    A,
    B,
    document,
    organization,
    trust,
    world,
)

ROLE = f"arn:aws:iam::{B}:role/Target"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{B}:oidc-provider/{ISSUER}"
SAML = f"arn:aws:iam::{B}:saml-provider/Corp"
WEB, ASSERTED = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"
SUB = "repo:acme/app:ref:refs/heads/main"
AWS = "https://aws.amazon.com/"
ATTRIBUTE = f"{AWS}SAML/Attributes/"


def always(scenario: dict) -> bool:
    """The reference's outcome, the same under every reading."""
    (outcome,) = evaluator.decide_all(scenario)
    return outcome


def federated(caller: dict, policy: dict, account: dict, **parameters: Any) -> dict:
    """A role `Target` in account B, and an unsigned call for it."""
    role = {"RoleName": "Target", "RoleId": "AROATARGET", "AssumeRolePolicyDocument": policy}
    call = {"caller": caller, "parameters": {"RoleArn": ROLE} | parameters}
    call["network"] = dict(NETWORK)
    accounts = {B: {"RoleDetailList": [role]} | account}
    return {"scenario": 1, "time": TIME, "accounts": accounts, "call": call}


def web(
    condition: dict | None = None, action: Any = WEB, principal: Any = None, **more: Any
) -> dict:
    """A GitHub token for the role; `more` are further claims."""
    claims = {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": SUB} | more
    policy = trust(principal or {"Federated": PROVIDER}, condition, action)
    providers = [{"Arn": PROVIDER, "ClientIDList": ["sts.amazonaws.com"]}]
    account = {"OpenIDConnectProviders": providers}
    return federated({"claims": claims}, policy, account, RoleSessionName="run-1")


def saml(condition: dict | None = None, action: Any = ASSERTED, **assertion: Any) -> dict:
    policy = trust({"Federated": SAML}, condition, action)
    given = {"assertion": {"saml:aud": "https://signin.aws.amazon.com/saml"} | assertion}
    return federated(given, policy, {"SAMLProviders": [{"Arn": SAML}]}, PrincipalArn=SAML)


def service(name: str, condition: dict | None, action: Any, **parameters: Any) -> dict:
    return federated(
        {"service": name}, trust({"Service": name}, condition, action), {}, **parameters
    )


def test_t27_issuer_not_registered() -> None:
    """T27: the provider has to be registered in the role's account."""
    scenario = web()
    assert always(scenario)
    scenario["accounts"][A] = {
        "OpenIDConnectProviders": scenario["accounts"][B].pop("OpenIDConnectProviders")
    }
    assert not always(scenario)


def test_t28_immutable_subject() -> None:
    """T28: a pattern in the old form does not match the immutable subject."""
    condition = {"StringLike": {f"{ISSUER}:sub": "repo:acme/app:*"}}
    assert always(web(condition))
    assert not always(web(condition, sub="repo:acme@1/app@2:ref:refs/heads/main"))


def test_t30_endpoint_policy_with_principal_org_id() -> None:
    """T30: tokens carry no aws:PrincipalOrgID, so such an endpoint policy denies them."""
    scenario = web()
    scenario["call"]["network"] |= {"vpc_endpoint": "vpce-1"}
    endpoint: dict[str, Any] = {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1"}
    scenario["accounts"][A] = {"VpcEndpoints": [endpoint]}
    assert always(scenario)
    own = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    endpoint["PolicyDocument"] = document(FULL | {"Principal": "*", "Condition": own})
    assert not always(scenario)
    target = {"StringEquals": {"aws:ResourceAccount": B}}
    endpoint["PolicyDocument"] = document(FULL | {"Principal": "*", "Condition": target})
    assert always(scenario)


@pytest.mark.parametrize(("principal", "expected"), [("*", True), ({"AWS": "*"}, False)])
def test_u20_star_and_tokens(principal: Any, expected: bool) -> None:
    """C-2, U-20: the bare star names unsigned callers, the AWS form does not."""
    assert always(web(principal=principal)) is expected


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "sts.amazon.com"}, False),
        ({"azp": "other"}, False),
        ({"aud": "other", "azp": "sts.amazonaws.com"}, True),
        ({"exp": 1790769601}, True),
        ({"exp": 1790769600}, False),
        ({"iat": 1790773200}, False),
        ({f"{AWS}roles": [ROLE]}, True),
        ({f"{AWS}roles": f"{ROLE}2"}, False),
    ],
)
def test_token_validity(claims: dict, expected: bool) -> None:
    """7.5, R5.8, R5.13: audience, validity and roles of a token, whatever the trust policy says."""
    assert always(web(**claims)) is expected


@pytest.mark.parametrize(
    ("time", "expected"), [("2026-01-10T00:00:00Z", False), ("2026-03-01T00:00:00Z", True)]
)
def test_claims_become_keys(time: str, expected: bool) -> None:
    """R5.14a: provider-specific claims are keys since February 2026 only."""
    scenario = web({"StringEquals": {f"{ISSUER}:repository": "acme/app"}}, repository="acme/app")
    scenario["time"] = time
    assert always(scenario) is expected


@pytest.mark.parametrize(
    "claims",
    [
        {f"{AWS}tags": {"principal_tags": {"team": ["web"]}, "transitive_tag_keys": ["team"]}},
        {f"{AWS}tags/principal_tags/team": "web", f"{AWS}tags/transitive_tag_keys": ["team"]},
    ],
)
def test_tags_in_a_token(claims: dict) -> None:
    """R5.16: they are request tags and require sts:TagSession."""
    condition = {"StringEquals": {"aws:RequestTag/team": "web"}}
    condition |= {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}
    assert not always(web(condition, **claims))
    assert always(web(condition, [WEB, "sts:TagSession"], **claims))


def test_source_identity_in_a_token() -> None:
    """R5.16: it requires sts:SetSourceIdentity."""
    claims: dict[str, Any] = {f"{AWS}source_identity": "alice"}
    assert not always(web(**claims))
    assert always(web(None, [WEB, "sts:SetSourceIdentity"], **claims))


def test_scps_do_not_bind_tokens_but_rcps_do() -> None:
    """R1.21, U-19: only resource control policies of the role's account count."""
    scenario = web()
    scenario["organization"] = organization({"r-1": FULL | {"Effect": "Deny"}}, B)
    assert always(scenario)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*"}
    scenario["organization"] = organization({}, B, rcps={"ou-1": deny})
    assert not always(scenario)


@pytest.mark.parametrize(
    ("assertion", "expected"),
    [
        ({f"{ATTRIBUTE}Role": f"{SAML},{ROLE}"}, True),
        ({f"{ATTRIBUTE}Role": ["x,y", f"{ROLE},{SAML}"]}, True),
        ({f"{ATTRIBUTE}Role": f"{ROLE}2,{SAML}"}, False),
        ({f"{ATTRIBUTE}RoleSessionName": "a b"}, False),
        ({"NotOnOrAfter": TIME}, False),
        ({"NotOnOrAfter": 1790769601}, True),
        ({f"{ATTRIBUTE}PrincipalTag:team": "web"}, False),
        ({f"{ATTRIBUTE}SourceIdentity": "alice"}, False),
    ],
)
def test_assertions(assertion: dict, expected: bool) -> None:
    """7.6, R5.19: pair, session name, validity, and attributes that need further actions."""
    assert always(saml(**assertion)) is expected
    everything = [ASSERTED, "sts:TagSession", "sts:SetSourceIdentity"]
    more = "PrincipalTag" in str(assertion) or "SourceIdentity" in str(assertion)
    assert always(saml(None, everything, **assertion)) is (expected or more)


def test_saml_provider_of_another_account() -> None:
    """7.6: the provider has to exist in the role's account."""
    scenario = saml()
    scenario["accounts"][A] = {"SAMLProviders": scenario["accounts"][B].pop("SAMLProviders")}
    assert not always(scenario)


POD, ANYWHERE = "pods.eks.amazonaws.com", "rolesanywhere.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "actions", "parameters", "expected"),
    [
        (POD, ["sts:AssumeRole"], {}, False),
        (POD, ["sts:AssumeRole", "sts:TagSession"], {}, True),
        (POD, ["sts:AssumeRole"], {"Tags": []}, True),
        (ANYWHERE, ["sts:AssumeRole", "sts:TagSession"], {}, False),
        (ANYWHERE, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], {}, True),
        (ANYWHERE, ["sts:AssumeRole"], {"Tags": [], "SourceIdentity": None}, True),
        ("lambda.amazonaws.com", ["sts:AssumeRole"], {}, True),
    ],
)
def test_what_services_send(name: str, actions: list, parameters: dict, expected: bool) -> None:
    """5.8: tags and source identity that a credential service sends of itself."""
    assert always(service(name, None, actions, **parameters)) is expected


def chained(first: dict, second_trust: dict, **parameters: Any) -> dict:
    """USER assumes Caller (in A) and from there Target (in B)."""
    scenario = world(second_trust, identity=FULL, **parameters)
    role = scenario["accounts"][A]["RoleDetailList"][0]
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    role["AssumeRolePolicyDocument"] = trust({"AWS": USER}, action=actions)
    scenario["call"]["chain"] = [{"RoleArn": CALLER_ROLE} | first]
    return scenario


def test_chain_by_role_arn_alone() -> None:
    """A hop may be an ARN; its session is called `assumable`."""
    session = f"arn:aws:sts::{A}:assumed-role/Caller/assumable"
    scenario = chained({}, trust({"AWS": session}))
    scenario["call"]["chain"] = [CALLER_ROLE]
    assert always(scenario)


def test_chain_hands_on_transitive_tags_and_source_identity() -> None:
    """R9.2, R9.4: each next role has to allow sts:TagSession and sts:SetSourceIdentity."""
    tags: dict = {"Tags": [{"Key": "t", "Value": "x"}]}
    caller = {"AWS": CALLER_ROLE}
    assert always(chained(tags, trust(caller)))  # R9.5: not transitive
    tags["TransitiveTagKeys"] = ["t"]
    assert not always(chained(tags, trust(caller)))
    assert always(chained(tags, trust(caller, action=["sts:AssumeRole", "sts:TagSession"])))
    source = {"SourceIdentity": "alice"}
    assert not always(chained(source, trust(caller)))
    both = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    assert always(chained(source, trust(caller, action=both)))
    assert not always(chained(source, trust(caller, action=both), SourceIdentity="bob"))


def test_chain_loses_mfa_and_is_limited_to_an_hour() -> None:
    """R5.4, R4.1."""
    needs = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    caller = {"AWS": CALLER_ROLE}
    assert not always(chained(MFA, trust(caller, needs)))
    scenario = chained({}, trust(caller), DurationSeconds=3601)
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = 43200
    assert not always(scenario)
    scenario["call"]["parameters"]["DurationSeconds"] = 3600
    assert always(scenario)


def test_chain_limits_itself_by_session_policy() -> None:
    """R9.5: a hop's session policy caps what the session may do next."""
    nothing = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    assert not always(chained({"Policy": nothing}, trust({"AWS": CALLER_ROLE})))


def test_chain_that_begins_with_a_token() -> None:
    """The first hop's API follows from the caller."""
    scenario = chained({}, trust({"AWS": CALLER_ROLE}))
    begun = copy.deepcopy(web())
    provider = PROVIDER.replace(B, A)
    scenario["call"]["caller"] = begun["call"]["caller"]
    providers = [{"Arn": provider, "ClientIDList": ["sts.amazonaws.com"]}]
    scenario["accounts"][A]["OpenIDConnectProviders"] = providers
    assert not always(scenario)
    role = scenario["accounts"][A]["RoleDetailList"][0]
    role["AssumeRolePolicyDocument"] = trust({"Federated": provider}, action=WEB)
    assert always(scenario)


@pytest.mark.parametrize(
    ("account", "region", "expected"),
    [
        (A, "me-south-1", False),
        (B, "me-south-1", False),
        (A, "eu-central-1", True),
        (B, "eu-central-1", False),
    ],
)
def test_regions(account: str, region: str, expected: bool) -> None:
    """R10.5: both accounts for an opt-in Region, the role's alone for the others."""
    scenario = world(trust({"AWS": USER}), identity=FULL)
    off = {"RegionName": region, "OptInStatus": "not-opted-in"}
    scenario["accounts"][account]["Regions"] = [off]
    scenario["call"]["network"]["region"] = region
    assert always(scenario) is expected
    scenario["call"]["network"]["endpoint"] = "global"
    assert always(scenario)
