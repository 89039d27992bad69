"""Section 5: the condition keys of a request, and where their values come from."""

from typing import Any

import pytest

from tests.rules.worlds import (
    CI,
    ENDPOINT,
    ROOT,
    SESSION,
    call_by,
    call_by_assertion,
    call_by_service,
    call_by_token,
    deny,
    deny_anyone,
    organization,
    passes,
    through_endpoint,
    verdict,
)
from tests.worlds import DEPLOYER, A, B, allow, diagnosed, trust

PRESENT, AGE = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"
PROOF: dict[str, Any] = {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "123456"}
NEEDED = {"Bool": {PRESENT: "true"}}
UNLESS_ABSENT = {"BoolIfExists": {PRESENT: "true"}}
FRESH = {"NumericLessThan": {AGE: "3600"}}
DENY_FALSE = {"Bool": {PRESENT: "false"}}
DENY_FALSE_OR_ABSENT = {"BoolIfExists": {PRESENT: "false"}}
WITH_MFA: dict[str, Any] = {"credentials": "session-token", "mfa": {"age": 60}}
WITHOUT_MFA: dict[str, Any] = {"credentials": "session-token", "mfa": False}


def under(condition: Any, caller: str = DEPLOYER, effect: str = "Allow") -> dict[str, Any]:
    """A call to a role whose trust policy allows, or denies, under a condition."""
    if effect == "Allow":
        return call_by(caller, trust({"AWS": A}, Condition=condition))
    return call_by(caller, trust({"AWS": A}), deny_anyone(Condition=condition))


@pytest.mark.rule("R5.1", "T15")
@pytest.mark.parametrize(
    ("effect", "condition", "expected"),
    [
        ("Allow", NEEDED, False),
        ("Allow", UNLESS_ABSENT, True),
        ("Allow", FRESH, False),
        ("Allow", {"Null": {PRESENT: "true", AGE: "true"}}, True),
        ("Deny", DENY_FALSE, True),
        ("Deny", DENY_FALSE_OR_ABSENT, False),
    ],
    ids=str,
)
def test_long_term_keys_have_no_mfa_keys(effect: str, condition: Any, expected: bool) -> None:
    assert passes(under(condition, effect=effect)) is expected


@pytest.mark.rule("R5.2", "T16")
@pytest.mark.parametrize("condition", [NEEDED, FRESH], ids=str)
@pytest.mark.parametrize("sent", [("SerialNumber", "TokenCode"), ("SerialNumber",), ("TokenCode",)])
def test_serial_number_and_code_prove_mfa_in_the_same_request(
    condition: Any, sent: tuple[str, ...]
) -> None:
    scenario = under(condition)
    scenario["call"]["parameters"] |= {name: PROOF[name] for name in sent}
    assert passes(scenario) is (len(sent) == 2)
    scenario["call"]["mfa_code"] = "wrong"
    assert not passes(scenario)


@pytest.mark.rule("R5.2", "U-10")
def test_which_other_policies_see_the_proof_is_open() -> None:
    own = [allow("*"), deny(Condition=DENY_FALSE_OR_ABSENT)]
    scenario = call_by(DEPLOYER, trust({"AWS": A}), identity=own, **PROOF)
    assert verdict(scenario) == "conditional"
    assert diagnosed(scenario).uncertain == ("U-10",)


@pytest.mark.rule("R5.3", "R5.6")
@pytest.mark.parametrize(
    ("credentials", "effect", "condition", "expected"),
    [
        (WITH_MFA, "Allow", NEEDED, True),
        (WITH_MFA, "Allow", FRESH, True),
        (WITH_MFA, "Allow", {"NumericLessThan": {AGE: "30"}}, False),
        (WITH_MFA, "Deny", DENY_FALSE_OR_ABSENT, True),
        (WITHOUT_MFA, "Allow", NEEDED, False),
        (WITHOUT_MFA, "Allow", UNLESS_ABSENT, False),
        (WITHOUT_MFA, "Allow", {"Null": {PRESENT: "false"}}, True),
        (WITHOUT_MFA, "Allow", {"Null": {AGE: "true"}}, True),
        (WITHOUT_MFA, "Deny", DENY_FALSE, False),
    ],
    ids=str,
)
def test_temporary_credentials_of_a_user_say_whether_mfa_was_used(
    credentials: Any, effect: str, condition: Any, expected: bool
) -> None:
    scenario = under(condition, effect=effect)
    scenario["call"]["caller"] |= credentials
    assert passes(scenario) is expected


@pytest.mark.rule("R5.4", "T17", "U-11")
@pytest.mark.parametrize(
    ("effect", "condition", "expected"),
    [
        ("Allow", NEEDED, "denied"),
        ("Allow", FRESH, "denied"),
        ("Allow", UNLESS_ABSENT, "conditional"),
        ("Deny", DENY_FALSE, "conditional"),
        ("Deny", DENY_FALSE_OR_ABSENT, "denied"),
    ],
    ids=str,
)
def test_a_role_session_has_lost_its_mfa(effect: str, condition: Any, expected: str) -> None:
    """Whether the key is false or absent is U-11, so it shows where that differs."""
    assert verdict(under(condition, SESSION, effect)) == expected


@pytest.mark.rule("R5.5")
@pytest.mark.parametrize("call", [call_by_token, call_by_assertion])
def test_federated_callers_have_no_mfa_keys(call: Any) -> None:
    assert passes(call({}, {"Null": {PRESENT: "true", AGE: "true"}}))
    assert passes(call({}, UNLESS_ABSENT))
    assert not passes(call({}, NEEDED))


@pytest.mark.rule("R5.7")
@pytest.mark.parametrize(
    ("caller", "serial"),
    [
        (DEPLOYER, f"arn:aws:iam::{A}:u2f/user/deployer/key"),
        (SESSION, PROOF["SerialNumber"]),
        (f"arn:aws:iam::{A}:root", f"arn:aws:iam::{A}:mfa/root-account-mfa-device"),
    ],
)
def test_neither_a_security_key_nor_root_nor_a_session_can_send_a_code(
    caller: str, serial: str
) -> None:
    proof: dict[str, Any] = {**PROOF, "SerialNumber": serial}
    assert not passes(call_by(caller, trust({"AWS": A}), **proof))


@pytest.mark.rule("R5.9", "R6.14")
@pytest.mark.parametrize(
    "key",
    ["sts:Policy", "sts:PolicyArns", "sts:TokenCode", "sts:DurationSeconds", "aws:SourceIpp"],
)
def test_what_is_no_condition_key_is_absent(key: str) -> None:
    parameters: dict[str, Any] = {
        **PROOF,
        "DurationSeconds": 900,
        "Policy": '{"Version": "2012-10-17", "Statement": []}',
        "PolicyArns": [{"arn": f"arn:aws:iam::{B}:policy/x"}],
    }
    for condition, expected in (
        ({"Null": {key: "true"}}, True),
        ({"StringLike": {key: "*"}}, False),
        ({"StringNotLike": {key: "*"}}, True),
    ):
        statement = trust({"AWS": A}, Condition=condition)
        assert passes(call_by(DEPLOYER, statement, **parameters)) is expected


ONLY_IRELAND = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}


@pytest.mark.rule("R5.10", "R10.3")
@pytest.mark.parametrize("layer", ["scp", "identity"])
@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ({"region": "eu-west-1"}, True),
        ({"region": "us-east-1"}, False),
        ({"region": "eu-west-1", "endpoint": "global"}, False),
        ({"endpoint": "global"}, False),
    ],
    ids=str,
)
def test_a_deny_outside_a_region_blocks_the_global_endpoint(
    network: Any, expected: bool, layer: str
) -> None:
    block = deny(Condition=ONLY_IRELAND)
    own = [allow("*"), block] if layer == "identity" else None
    scenario = call_by(DEPLOYER, trust({"AWS": A}), identity=own)
    if layer == "scp":
        scenario["organization"] = organization(A, scps={ROOT: [allow("*"), block]})
    scenario["call"]["network"] = network
    assert passes(scenario) is expected


@pytest.mark.rule("R5.11")
def test_a_services_network_is_not_taken_for_granted() -> None:
    """A service may send its own address or none, so neither Allow nor Deny is certain."""
    service = "ec2.amazonaws.com"
    inside = {"aws:SourceIp": "203.0.113.0/24"}
    sent = {"Null": {"aws:SourceIp": "false"}}
    for condition in ({"IpAddress": inside}, {"NotIpAddress": inside}, sent):
        scenario = call_by_service(service, trust({"Service": service}, Condition=condition))
        assert verdict(scenario) == "conditional"


@pytest.mark.rule("R5.11", "R1.30")
def test_a_service_calls_neither_from_the_stated_network_nor_through_its_endpoint() -> None:
    service = "ec2.amazonaws.com"
    closed = call_by_service(service, trust({"Service": service}))
    assert passes(through_endpoint(closed, deny_anyone(Resource="*")))
    for key, network in (
        ("aws:SourceIp", {"source_ip": "203.0.113.7"}),
        ("aws:SourceVpce", ENDPOINT),
        ("aws:SourceVpc", ENDPOINT),
    ):
        condition = {"Null": {key: "false"}}
        scenario = call_by_service(service, trust({"Service": service}, Condition=condition))
        scenario["call"]["network"] = network
        assert verdict(scenario) == "conditional"


@pytest.mark.rule("T29")
@pytest.mark.parametrize(
    ("condition", "public", "private"),
    [
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, True, False),
        ({"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, True, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False, True),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, False, True),
        ({"Null": {"aws:VpceAccount": "true"}}, True, True),
    ],
    ids=str,
)
def test_address_and_endpoint_exclude_each_other(
    condition: Any, public: bool, private: bool
) -> None:
    scenario = under(condition)
    scenario["call"]["network"] = {"source_ip": "203.0.113.7"}
    assert passes(scenario) is public
    assert passes(through_endpoint(under(condition))) is private


@pytest.mark.rule("T9")
@pytest.mark.parametrize(("sent", "expected"), [(None, False), ("wrong", False), ("ok-1", True)])
def test_an_external_id_is_compared(sent: str | None, expected: bool) -> None:
    parameters: dict[str, Any] = {} if sent is None else {"ExternalId": sent}
    condition = {"StringEquals": {"sts:ExternalId": "ok-1"}}
    assert (
        passes(call_by(DEPLOYER, trust({"AWS": A}, Condition=condition), **parameters)) is expected
    )


@pytest.mark.rule("T19")
def test_a_caller_outside_every_organization_has_no_organization_key() -> None:
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    scenario = call_by(SESSION, trust({"AWS": CI}, Condition=condition))
    assert passes(scenario)
    scenario["organization"] = organization(A)
    assert not passes(scenario)
