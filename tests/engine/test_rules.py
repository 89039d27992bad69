"""Rules of matching and context that AWS documents, one by one."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.worlds import DEPLOYER, ROLE, B, allow, classic, decided, trust

SESSION = "arn:aws:sts::111111111111:assumed-role/CI/build"


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        (ROLE, "allowed"),
        ("arn:aws:iam::*", "allowed"),
        ("arn:aws:iam:*", "allowed"),
        ("arn:aws:iam::2222*", "allowed"),
        ("arn:aws:iam::*:role/DeployRole", "allowed"),
        ("arn:aws*:iam::222222222222:role/Dep*", "allowed"),
        ("arn:aws:iam::222222222222:role/DeployRol?", "allowed"),
        ("arn:aws:iam::222222222222:role/deployrole", "denied"),
        ("arn:aws:*::222222222222:role/DeployRole", "denied"),
        ("arn:aws:iam::2*1:role/DeployRole", "denied"),
        ("arn:aws:iam::222222222222:role", "denied"),
    ],
)
@pytest.mark.rule("R6.12")
def test_resource_patterns(pattern: str, verdict: str) -> None:
    """R6.12; a `*` that ends a segment crosses colons, as AWS's page on Resource says."""
    assert decided(classic(identity=[allow(resource=pattern)])).verdict == verdict


def with_parameters(**parameters: Any) -> str:
    """The verdict of the working call with more parameters."""
    everything = ["sts:AssumeRole", "sts:TagSession", "sts:SetContext", "sts:SetSourceIdentity"]
    scenario = classic(
        identity=[allow(everything, ROLE)],
        trust_statements=[trust({"AWS": DEPLOYER}, everything)],
        **parameters,
    )
    return decided(scenario).verdict


@pytest.mark.parametrize(
    ("parameters", "verdict"),
    [
        ({"Policy": '{"Version":"2012-10-17","Statement":[]}'}, "allowed"),
        ({"Policy": "not json"}, "denied"),
        ({"Policy": "[]"}, "denied"),
        ({"PolicyArns": [{"arn": f"arn:aws:iam::{B}:policy/x"}]}, "allowed"),
        ({"PolicyArns": [{"arn": f"arn:aws:iam::{B}:policy/x"}] * 11}, "denied"),
        ({"PolicyArns": "x"}, "denied"),
        ({"ProvidedContexts": []}, "denied"),
        ({"TransitiveTagKeys": "x"}, "denied"),
        ({"Tags": [{"Key": "a", "Value": "tab\there"}]}, "denied"),
        ({"Tags": [{"Key": "a", "Value": "no-break\u00a0space"}]}, "allowed"),
        ({"SerialNumber": "arn:aws:iam::111111111111:u2f/key", "TokenCode": "123456"}, "denied"),
        ({"externalId": "sts-ignores-this"}, "allowed"),
    ],
    ids=repr,
)
def test_parameters_are_judged(parameters: dict[str, Any], verdict: str) -> None:
    """FACTS section 4: what AWS refuses is denied, what it ignores is not."""
    assert with_parameters(**parameters) == verdict


def by_session(trusted: dict[str, Any], *, of: Sequence[Any] = (), **call: Any) -> str:
    """The verdict for a role session under a trust policy; `of` is what its own role trusts."""
    scenario = classic(trust_statements=[trusted])
    scenario["accounts"]["111111111111"] = {
        "RoleDetailList": [
            {
                "RoleName": "CI",
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [*of]},
                "RolePolicyList": [
                    {
                        "PolicyName": "p",
                        "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow("sts:*")]},
                    }
                ],
            }
        ]
    }
    scenario["call"]["caller"] = {"arn": SESSION}
    scenario["call"] |= call
    return decided(scenario).verdict


ACCOUNT = {"AWS": "111111111111"}


@pytest.mark.rule("R5.18")
def test_keys_that_survive_a_federated_sign_in_are_not_taken_as_absent() -> None:
    """R5.18: saml:sub may be there in the requests of a session."""
    named = trust(ACCOUNT, Condition={"StringEquals": {"saml:sub": "alice"}})
    provider = {"Federated": "arn:aws:iam::111111111111:saml-provider/Corp"}
    assert by_session(named, of=[trust(provider, "sts:AssumeRoleWithSAML")]) == "conditional"
    assert by_session(named, of=[trust("*", "sts:AssumeRoleWithSAML")]) == "conditional"
    assert by_session(named, of=[trust(ACCOUNT)]) == "denied"


def test_a_variable_that_is_not_known_does_not_hide_a_value_that_matches() -> None:
    """One of several values is enough."""
    values = ["deploy-session", "${aws:PrincipalTag/team}"]
    named = trust(ACCOUNT, Condition={"StringEquals": {"sts:RoleSessionName": values}})
    assert by_session(named, context={}) == "allowed"


@pytest.mark.rule("R9.9")
def test_certificate_fields_of_roles_anywhere_are_principal_tags() -> None:
    """FACTS 5.8: not request tags."""
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    service = {"Service": "rolesanywhere.amazonaws.com"}
    for prefix, verdict in (("aws:PrincipalTag", "allowed"), ("aws:RequestTag", "denied")):
        condition = {"StringEquals": {f"{prefix}/x509Subject/CN": "web"}}
        scenario = classic(trust_statements=[trust(service, actions, Condition=condition)])
        scenario["call"]["caller"] = {"service": "rolesanywhere.amazonaws.com"}
        scenario["call"]["parameters"]["Tags"] = [{"Key": "x509Subject/CN", "Value": "web"}]
        assert decided(scenario).verdict == verdict


def test_scps_that_are_switched_off_stop_nothing() -> None:
    """SCPs need all features (FACTS 1.2)."""
    organization = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": "111111111111", "ParentId": "r-ab12"}],
    }
    scenario = {**classic(), "organization": organization}
    assert decided(scenario).verdict == "denied"
    organization["FeatureSet"] = "CONSOLIDATED_BILLING"
    assert decided(scenario).verdict == "allowed"


@pytest.mark.parametrize("prefix", ["arn:aws:iam::222222222222:role/", "arn:aws:iam::2*:"])
@pytest.mark.rule("R6.12")
def test_no_resource_pattern_is_pathological(prefix: str) -> None:
    """Many wildcards against a long name end at once, across colons or not."""
    name = "a" * 60
    pattern = prefix + "*a" * 14 + "*b"
    scenario = classic(identity=[allow(resource=pattern)], RoleArn=f"arn:aws:iam::{B}:role/{name}")
    scenario["accounts"][B]["RoleDetailList"][0]["RoleName"] = name
    assert decided(scenario).verdict == "denied"
