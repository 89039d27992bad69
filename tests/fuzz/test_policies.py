"""Policy documents of any shape, in every layer that a policy can be attached to."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.guard import survives
from tests.fuzz.junk import anything, keys, mutate, scalars, texts
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, policy

ENDPOINT = "vpce-0123456789abcdef0"
ROOT = "r-ab12"
SESSION = f"arn:aws:sts::{A}:assumed-role/Build/run-7"
OPERATORS = (
    "StringEquals", "StringLike", "StringNotEquals", "StringEqualsIgnoreCase", "NumericEquals",
    "NumericLessThanEquals", "DateGreaterThan", "DateEquals", "Bool", "BinaryEquals", "IpAddress",
    "NotIpAddress", "ArnLike", "ArnNotEquals", "Null", "ForAllValues:StringLike",
    "ForAnyValue:ArnLike", "StringLikeIfExists", "forallvalues:DateEqualsIfExists",
)  # fmt: skip
CONTEXT_KEYS = (
    "aws:SourceIp", "aws:CurrentTime", "aws:EpochTime", "aws:TagKeys", "aws:PrincipalArn",
    "aws:username", "aws:userid", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent",
    "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:RequestTag/team", "aws:PrincipalTag/team",
    "sts:ExternalId", "sts:RoleSessionName", "aws:SourceVpce", "aws:SecureTransport",
    "aws:TokenIssueTime", "aws:ResourceOrgPaths", "aws:ResourceTag/team", "saml:aud",
    "token.actions.githubusercontent.com:sub", "sts:SourceIdentity", "sts:TransitiveTagKeys",
)  # fmt: skip


def one_or_many(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value or a list of them, as policies have them."""
    return st.one_of(item, st.lists(item, max_size=3))


condition_values = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts
)
conditions = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(
        st.one_of(st.sampled_from(CONTEXT_KEYS), texts), one_or_many(condition_values), max_size=3
    ),
    max_size=2,
)
principals = st.one_of(
    st.just("*"),
    st.dictionaries(
        st.sampled_from(("AWS", "Federated", "Service", "CanonicalUser")),
        one_or_many(st.one_of(texts, st.sampled_from((DEPLOYER, A, "*")))),
        max_size=2,
    ),
)
actions = one_or_many(st.one_of(st.sampled_from(("sts:AssumeRole", "sts:*", "*")), texts))


@st.composite
def statements(draw: st.DrawFn, *, trust: bool) -> dict[str, Any]:
    """A statement that IAM's grammar admits, with odd texts in every place."""
    statement: dict[str, Any] = {
        "Effect": draw(st.sampled_from(("Allow", "Deny"))),
        draw(st.sampled_from(("Action", "NotAction"))): draw(actions),
    }
    if trust:
        statement[draw(st.sampled_from(("Principal", "NotPrincipal")))] = draw(principals)
    else:
        resources = one_or_many(st.one_of(st.sampled_from(("*", ROLE)), texts))
        statement[draw(st.sampled_from(("Resource", "NotResource")))] = draw(resources)
    if draw(st.booleans()):
        statement["Condition"] = draw(conditions)
    if draw(st.booleans()):
        statement["Sid"] = draw(texts)
    return statement


def documents(*, trust: bool) -> st.SearchStrategy[Any]:
    """Policy documents: mostly well-formed, some of them anything."""
    return st.one_of(
        st.fixed_dictionaries(
            {"Statement": one_or_many(statements(trust=trust))},
            optional={"Version": st.sampled_from(("2012-10-17", "2008-10-17")), "Id": texts},
        ),
        st.dictionaries(keys, anything, max_size=3),
        anything,
        texts,
    )


def world() -> dict[str, Any]:
    """A session that calls through an endpoint in an organization: every layer applies."""
    scenario = classic()
    build = {
        "RoleName": "Build",
        "AssumeRolePolicyDocument": policy(),
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
        "PermissionsBoundary": {"PermissionsBoundaryArn": f"arn:aws:iam::{A}:policy/cap"},
    }
    scenario["accounts"][A] |= {
        "RoleDetailList": [build],
        "Policies": [{"PolicyName": "cap", "PolicyDocument": policy(allow())}],
        "VpcEndpoints": [{"VpcEndpointId": ENDPOINT, "VpcId": "vpc-1"}],
    }
    scenario["organization"] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": ROOT}],
        "Accounts": [{"Id": A, "ParentId": ROOT}, {"Id": B, "ParentId": ROOT}],
        "Policies": [
            {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": [ROOT, A, B]}
        ],
    }
    scenario["call"]["caller"] = {"arn": SESSION}
    scenario["call"]["network"] = {"vpc_endpoint": ENDPOINT}
    return scenario


def _in_organization(scenario: dict[str, Any], document: Any, kind: str) -> None:
    entry = {"Id": "p-x", "Type": kind, "Content": document, "Targets": [ROOT]}
    scenario["organization"]["Policies"].append(entry)


def _in_trust(scenario: dict[str, Any], document: Any) -> None:
    scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = document


def _in_identity(scenario: dict[str, Any], document: Any) -> None:
    build = scenario["accounts"][A]["RoleDetailList"][0]
    build["RolePolicyList"][0]["PolicyDocument"] = document


def _in_boundary(scenario: dict[str, Any], document: Any) -> None:
    scenario["accounts"][A]["Policies"][0]["PolicyDocument"] = document


def _in_session(scenario: dict[str, Any], document: Any) -> None:
    scenario["call"]["caller"]["session"] = {"policy": document}


def _in_endpoint(scenario: dict[str, Any], document: Any) -> None:
    scenario["accounts"][A]["VpcEndpoints"][0]["PolicyDocument"] = document


def _in_scp(scenario: dict[str, Any], document: Any) -> None:
    _in_organization(scenario, document, "SERVICE_CONTROL_POLICY")


def _in_rcp(scenario: dict[str, Any], document: Any) -> None:
    _in_organization(scenario, document, "RESOURCE_CONTROL_POLICY")


CAPS: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "identity": _in_identity,
    "boundary": _in_boundary,
    "session": _in_session,
    "endpoint": _in_endpoint,
    "scp": _in_scp,
    "rcp": _in_rcp,
}


@given(documents(trust=True))
def test_any_trust_policy(document: Any) -> None:
    scenario = world()
    _in_trust(scenario, document)
    survives(json.dumps(scenario))


@given(st.sampled_from(sorted(CAPS)), documents(trust=False))
def test_any_policy_of_the_callers_side(layer: str, document: Any) -> None:
    scenario = world()
    CAPS[layer](scenario, document)
    survives(json.dumps(scenario))


@given(st.sampled_from(sorted(CAPS)), statements(trust=True))
def test_any_statement_with_a_principal_in_every_layer(
    layer: str, statement: dict[str, Any]
) -> None:
    scenario = world()
    CAPS[layer](scenario, policy({"Resource": "*", **statement}))
    survives(json.dumps(scenario))


@st.composite
def broken_policies(draw: st.DrawFn) -> dict[str, Any]:
    """A trust policy that IAM's grammar admits, with one mistake."""
    statement = draw(statements(trust=True))
    broken: dict[str, Any] = mutate(policy(statement), draw, 1)
    return broken


@given(broken_policies())
def test_any_trust_policy_with_a_mistake(document: dict[str, Any]) -> None:
    scenario = world()
    _in_trust(scenario, document)
    survives(json.dumps(scenario))


context_values = st.one_of(scalars, st.lists(texts, max_size=3))


@given(st.dictionaries(st.sampled_from(CONTEXT_KEYS), context_values), documents(trust=True))
def test_any_context(context: dict[str, Any], document: Any) -> None:
    scenario = world()
    scenario["call"]["context"] = context
    _in_trust(scenario, document)
    survives(json.dumps(scenario))
