"""Test vectors of section 12 (AssumeRole only): reference and engine must both give them."""

from typing import Any

import msgspec
import pytest

from assumable.engine import evaluate
from tests.worlds import decided, parsed

from . import evaluator

A, B, MASTER = "111111111111", "222222222222", "999999999999"
USER = f"arn:aws:iam::{A}:user/alice"
CALLER_ROLE = f"arn:aws:iam::{A}:role/ops/Caller"
SESSION = f"arn:aws:sts::{A}:assumed-role/Caller/run-1"
TIME = "2026-09-30T12:00:00Z"
NETWORK = {
    "source_ip": "203.0.113.7",
    "region": "us-east-1",
    "secure_transport": True,
    "user_agent": "aws-cli/2",
}
MFA: Any = {"SerialNumber": f"arn:aws:iam::{A}:mfa/alice", "TokenCode": "123456"}
ALL = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NO_STS = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(principal: Any, condition: dict | None = None, action: Any = "sts:AssumeRole") -> dict:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return document(statement | ({"Condition": condition} if condition else {}))


def world(
    trust_policy: dict,
    *,
    caller: str = USER,
    identity: dict | None = None,
    boundary: dict | None = None,
    target: str = B,
    **parameters: Any,
) -> dict:
    """A user `alice` and a role `Caller` in account A, a role `Target` in account `target`."""
    user: dict = {"UserName": "alice", "UserId": "AIDAALICE", "Path": "/"}
    role: dict = {"RoleName": "Caller", "RoleId": "AROACALLER", "Path": "/ops/"}
    role["AssumeRolePolicyDocument"] = trust({"Service": "ec2.amazonaws.com"})
    if identity is not None:
        inline = [{"PolicyName": "p", "PolicyDocument": document(identity)}]
        user["UserPolicyList"], role["RolePolicyList"] = inline, inline
    home: dict = {"UserDetailList": [user], "RoleDetailList": [role]}
    if boundary is not None:
        arn = f"arn:aws:iam::{A}:policy/cap"
        version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(boundary)}
        home["Policies"] = [{"PolicyName": "cap", "Arn": arn, "PolicyVersionList": [version]}]
        user["PermissionsBoundary"] = role["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
    accounts = {A: home}
    accounts.setdefault(target, {}).setdefault("RoleDetailList", []).append(
        {"RoleName": "Target", "RoleId": "AROATARGET", "AssumeRolePolicyDocument": trust_policy}
    )
    given = {"RoleArn": f"arn:aws:iam::{target}:role/Target", "RoleSessionName": "run-2"}
    call = {"api": "AssumeRole", "caller": {"arn": caller}, "parameters": given | parameters}
    call["network"] = dict(NETWORK)
    return {"scenario": 1, "title": "vector", "time": TIME, "accounts": accounts, "call": call}


def organization(scps: dict[str, dict], *members: str, rcps: dict[str, dict] | None = None) -> dict:
    """Root r-1, unit ou-1 with the members; policies by level."""
    policies = [
        {"Id": f"p-{n}", "Type": kind, "Content": document(statement), "Targets": [level]}
        for kind, given in (("SERVICE_CONTROL_POLICY", scps), ("RESOURCE_CONTROL_POLICY", rcps))
        for n, (level, statement) in enumerate((given or {}).items())
    ]
    return {
        "Id": "o-1",
        "MasterAccountId": MASTER,
        "Roots": [{"Id": "r-1"}],
        "OrganizationalUnits": [{"Id": "ou-1", "ParentId": "r-1"}],
        "Accounts": [{"Id": account, "ParentId": "ou-1"} for account in members],
        "Policies": policies,
    }


def always(scenario: dict) -> bool:
    """The outcome, which has to be the same under every reading of the open items."""
    (outcome,) = evaluator.decide_all(scenario)
    assert decided(scenario).verdict == ("allowed" if outcome else "denied")
    return outcome


def decide(scenario: dict, **reading: bool) -> bool:
    """The outcome under one reading of an open item."""
    outcome = evaluator.decide(scenario, **reading)
    assumptions = {f"{item[0].upper()}-{item[1:]}": value for item, value in reading.items()}
    world, call = parsed(scenario)
    decision = evaluate.decide(world, msgspec.structs.replace(call, assumptions=assumptions))
    assert decision.verdict == ("allowed" if outcome else "denied")
    assert decided(scenario).verdict == "conditional"
    return outcome


@pytest.mark.rule("T1")
def test_t1_user_arn_in_the_same_account() -> None:
    """T1: a user named by ARN needs no identity policy in the same account."""
    assert always(world(trust({"AWS": USER}), target=A))


@pytest.mark.rule("T2")
def test_t2_role_arn_in_the_same_account() -> None:
    """T2: a session of a role named by ARN needs no identity policy in the same account."""
    assert always(world(trust({"AWS": CALLER_ROLE}), caller=SESSION, target=A))


@pytest.mark.parametrize("principal", [A, f"arn:aws:iam::{A}:root"])
@pytest.mark.rule("T3")
def test_t3_account_principal_needs_an_identity_policy(principal: str) -> None:
    """T3: an account principal only delegates, so the identity policy must allow."""
    assert not always(world(trust({"AWS": principal}), target=A))
    assert always(world(trust({"AWS": principal}), target=A, identity=FULL))


@pytest.mark.rule("T4")
def test_t4_boundary_without_sts_caps_a_role_named_by_arn() -> None:
    """T4: an implicit deny in the boundary counts for the role ARN form."""
    scenario = world(trust({"AWS": CALLER_ROLE}), caller=SESSION, target=A, boundary=NO_STS)
    assert not always(scenario)


@pytest.mark.rule("T5")
def test_t5_boundary_without_sts_does_not_cap_a_session_named_by_arn() -> None:
    """T5: an implicit deny in the boundary does not count for the session ARN form."""
    assert always(world(trust({"AWS": SESSION}), caller=SESSION, target=A, boundary=NO_STS))


@pytest.mark.rule("T6")
def test_t6_cross_account_needs_an_identity_policy() -> None:
    """T6: across accounts even an exact user ARN needs an Allow on the caller's side."""
    assert not always(world(trust({"AWS": USER})))
    assert always(world(trust({"AWS": USER}), identity=FULL))


@pytest.mark.rule("T7")
def test_t7_cross_account_needs_the_trust_policy() -> None:
    """T7: an identity Allow does not help when the trust policy omits the caller."""
    assert not always(world(trust({"AWS": f"arn:aws:iam::{A}:user/bob"}), identity=FULL))


@pytest.mark.rule("T8")
def test_t8_role_does_not_exist() -> None:
    """T8: a role that does not exist is denied."""
    missing = f"arn:aws:iam::{B}:role/Absent"
    assert not always(world(trust({"AWS": A}), identity=FULL, RoleArn=missing))


@pytest.mark.parametrize(("given", "expected"), [(None, False), ("wrong", False), ("ok-1", True)])
@pytest.mark.rule("T9")
def test_t9_external_id(given: str | None, expected: bool) -> None:
    """T9: a required external ID that is omitted or wrong is denied."""
    policy = trust({"AWS": A}, {"StringEquals": {"sts:ExternalId": "ok-1"}})
    parameters: Any = {"ExternalId": given} if given else {}
    assert always(world(policy, identity=FULL, **parameters)) is expected


@pytest.mark.parametrize(("action", "expected"), [("sts:AssumeRole", False), (ALL, True)])
@pytest.mark.rule("T10")
def test_t10_inherited_source_identity(action: Any, expected: bool) -> None:
    """T10: an inherited source identity needs sts:SetSourceIdentity in the trust policy."""
    scenario = world(trust({"AWS": CALLER_ROLE}, action=action), caller=SESSION, identity=FULL)
    scenario["call"]["caller"]["session"] = {"source_identity": "alice"}
    assert always(scenario) is expected


@pytest.mark.parametrize(("action", "expected"), [("sts:AssumeRole", False), (ALL, True)])
@pytest.mark.rule("T11")
def test_t11_inherited_transitive_tag(action: Any, expected: bool) -> None:
    """T11: an inherited transitive tag needs sts:TagSession though no tags are passed."""
    scenario = world(trust({"AWS": CALLER_ROLE}, action=action), caller=SESSION, identity=FULL)
    scenario["call"]["caller"]["session"] = {"tags": {"t": "x"}, "transitive_tag_keys": ["t"]}
    assert always(scenario) is expected


@pytest.mark.parametrize(
    ("duration", "maximum", "expected"),
    [(3600, 43200, True), (3601, 43200, False), (3601, 3600, False), (43201, 43200, False)],
)
@pytest.mark.rule("T12", "T13", "T14")
def test_t12_t13_t14_durations(duration: int, maximum: int, expected: bool) -> None:
    """T12 to T14: the chaining limit, the role's maximum and the range."""
    scenario = world(
        trust({"AWS": CALLER_ROLE}), caller=SESSION, identity=FULL, DurationSeconds=duration
    )
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = maximum
    assert always(scenario) is expected


def test_long_duration_with_long_term_keys() -> None:
    """Near T12: without chaining the role's maximum is what counts."""
    scenario = world(trust({"AWS": USER}), identity=FULL, DurationSeconds=43200)
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = 43200
    assert always(scenario)


NEEDS_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.rule("T15")
def test_t15_mfa_required_but_not_presented() -> None:
    """T15: long-term keys without a token do not meet an MFA condition."""
    assert not always(world(trust({"AWS": USER}, NEEDS_MFA), identity=FULL))


@pytest.mark.rule("T16")
def test_t16_mfa_presented_in_the_same_request() -> None:
    """T16: SerialNumber and TokenCode meet the trust condition of this same request."""
    assert always(world(trust({"AWS": USER}, NEEDS_MFA), identity=FULL, **MFA))


@pytest.mark.rule("T17")
def test_t17_mfa_is_lost_in_a_chain() -> None:
    """T17: credentials from AssumeRole carry no MFA information."""
    assert not always(world(trust({"AWS": CALLER_ROLE}, NEEDS_MFA), caller=SESSION, identity=FULL))


@pytest.mark.rule("T18")
def test_t18_for_all_values_without_tags() -> None:
    """T18: ForAllValues on aws:TagKeys is true when no tags are passed."""
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}
    assert always(world(trust({"AWS": USER}, condition), identity=FULL))


@pytest.mark.rule("T19")
def test_t19_negated_operator_on_a_missing_key() -> None:
    """T19: StringNotEquals aws:PrincipalOrgID is true for a caller outside any organization."""
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
    assert always(world(trust({"AWS": USER}, condition), identity=FULL))


@pytest.mark.rule("T20")
def test_t20_principal_was_recreated() -> None:
    """T20: a unique id in the trust policy never matches again."""
    assert not always(world(trust({"AWS": "AIDAALICE"}), identity=FULL))


@pytest.mark.parametrize(("unit", "expected"), [(FULL, True), (NO_STS, False)])
@pytest.mark.rule("T21")
def test_t21_one_scp_level_lacks_an_allow(unit: dict, expected: bool) -> None:
    """T21: every SCP level has to allow."""
    scenario = world(trust({"AWS": USER}), identity=FULL)
    scenario["organization"] = organization({"r-1": FULL, "ou-1": unit, A: FULL}, A)
    assert always(scenario) is expected


@pytest.mark.rule("T22")
def test_t22_management_account_is_exempt() -> None:
    """T22: SCPs do not bind callers of the management account."""
    scenario = world(trust({"AWS": USER}), identity=FULL)
    scenario["organization"] = organization({"r-1": FULL | {"Effect": "Deny"}}, A)
    scenario["organization"]["MasterAccountId"] = A
    assert always(scenario)


@pytest.mark.rule("T23")
def test_t23_scps_of_the_target_account_do_not_apply() -> None:
    """T23: an outside caller is not bound by the target account's SCPs."""
    scenario = world(trust({"AWS": USER}), identity=FULL)
    scenario["organization"] = organization({B: FULL | {"Effect": "Deny"}}, B)
    assert always(scenario)


@pytest.mark.rule("T24")
def test_t24_rcps_of_the_target_account_apply() -> None:
    """T24: an outside caller is bound by the target account's RCPs."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*"}
    scenario = world(trust({"AWS": USER}), identity=FULL)
    scenario["organization"] = organization({}, B, rcps={"ou-1": deny})
    assert not always(scenario)


@pytest.mark.rule("T25")
def test_t25_root_user() -> None:
    """T25: root credentials cannot assume a role whatever the trust policy says."""
    assert not always(world(trust({"AWS": A}), caller=f"arn:aws:iam::{A}:root", identity=FULL))


@pytest.mark.parametrize(("principal", "expected"), [(A, False), (CALLER_ROLE, True)])
@pytest.mark.rule("T26")
def test_t26_role_assumes_itself(principal: str, expected: bool) -> None:
    """T26: a role needs its own trust policy to assume itself."""
    scenario = world(trust({"AWS": A}), caller=SESSION, target=A, RoleArn=CALLER_ROLE)
    scenario["accounts"][A]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = trust(
        {"AWS": principal}
    )
    assert always(scenario) is expected


@pytest.mark.rule("T29")
def test_t29_source_ip_through_a_vpc_endpoint() -> None:
    """T29: aws:SourceIp is missing through a VPC endpoint, so a positive condition fails."""
    policy = trust({"AWS": USER}, {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})
    scenario = world(policy, identity=FULL)
    assert always(scenario)
    scenario["accounts"][A]["VpcEndpoints"] = [{"VpcEndpointId": "vpce-1", "VpcId": "vpc-1"}]
    network = {"vpc_endpoint": "vpce-1", "vpc": "vpc-1"}
    del scenario["call"]["network"]["source_ip"]
    scenario["call"]["network"] |= network
    assert not always(scenario)


@pytest.mark.rule("T31")
def test_t31_role_arn_matches_every_session() -> None:
    """T31: a role ARN in the trust policy matches whatever the session is called."""
    caller = SESSION.replace("run-1", "botocore-session-1700000000")
    assert always(world(trust({"AWS": CALLER_ROLE}), caller=caller, identity=FULL))


@pytest.mark.parametrize("arn", [USER, "this is not an ARN at all", "arn:aws:iam::222222222222"])
@pytest.mark.rule("T32", "T33")
def test_t32_t33_role_arn_is_no_role(arn: str) -> None:
    """T32 and T33: a user ARN or malformed text as RoleArn is denied."""
    assert not always(world(trust({"AWS": A}), identity=FULL, RoleArn=arn))


@pytest.mark.rule("T34", "C-4")
def test_t34_long_source_identity() -> None:
    """T34: a source identity of up to 256 characters is accepted, as measured (C-4)."""
    policy = trust({"AWS": USER}, action=ALL)
    assert always(world(policy, identity=FULL, SourceIdentity="s" * 256))
    assert not always(world(policy, identity=FULL, SourceIdentity="s" * 257))


@pytest.mark.rule("U-6", "R3.4")
def test_u6_external_id_for_sub_actions() -> None:
    """U-6: one statement with an external ID for all actions depends on the reading."""
    policy = trust({"AWS": USER}, {"StringEquals": {"sts:ExternalId": "ok-1"}}, ALL)
    scenario = world(policy, identity=FULL, ExternalId="ok-1", Tags=[{"Key": "a", "Value": "b"}])
    assert decide(scenario, u6=True)
    assert not decide(scenario, u6=False)


@pytest.mark.rule("U-10", "R5.2")
def test_u10_proof_in_identity_policies() -> None:
    """U-10: a deny without MFA on the caller's side depends on the reading."""
    deny = FULL | {
        "Effect": "Deny",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    }
    scenario = world(trust({"AWS": USER}), identity=FULL, **MFA)
    policies = scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"]
    policies.append({"PolicyName": "deny", "PolicyDocument": document(deny)})
    assert decide(scenario, u10=True)
    assert not decide(scenario, u10=False)


@pytest.mark.rule("U-11", "R5.4")
def test_u11_mfa_key_of_role_sessions() -> None:
    """U-11: BoolIfExists on the MFA key depends on the reading for role sessions."""
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    scenario = world(trust({"AWS": CALLER_ROLE}, condition), caller=SESSION, identity=FULL)
    assert decide(scenario, u11=False)
    assert not decide(scenario, u11=True)


@pytest.mark.rule("C-8", "R6.10")
def test_c8_variables_under_bool() -> None:
    """C-8: a variable under Bool depends on the reading."""
    condition = {"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/tls}"}}
    scenario = world(trust({"AWS": USER}, condition), identity=FULL)
    scenario["accounts"][A]["UserDetailList"][0]["Tags"] = [{"Key": "tls", "Value": "true"}]
    assert decide(scenario, c8=True)
    assert not decide(scenario, c8=False)


@pytest.mark.parametrize(
    ("operator", "wanted", "expected"),
    [
        ("StringLike", "${aws:PrincipalTag/none, 'ali*'}", False),
        ("StringLike", "ali*", True),
        ("StringLike", "ali${*}", False),
        ("StringEquals", "${aws:PrincipalTag/none, 'alice'}", True),
        ("StringEquals", "${aws:PrincipalTag/none}", False),
        ("StringNotEquals", "${aws:PrincipalTag/none}", True),
        ("StringEquals", "ALICE", False),
        ("StringEqualsIgnoreCase", "ALICE", True),
        ("StringNotLike", ["bob", "al?ce"], False),
        ("ForAnyValue:StringEquals", ["alice"], True),
        ("Null", "false", True),
        ("Null", True, False),
    ],
)
def test_string_operators(operator: str, wanted: Any, expected: bool) -> None:
    """Section 6: string operators, variables with defaults and Null on aws:username."""
    scenario = world(trust({"AWS": USER}, {operator: {"AWS:UserName": wanted}}), identity=FULL)
    assert always(scenario) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (f"arn:aws:iam::{A}:user/*", True),
        ("arn:aws:iam::*:user/alice", True),
        ("arn:aws:*:user/alice", False),
        (f"arn:aws:iam::{A}:user/Alice", False),
        ("arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}", True),
    ],
)
@pytest.mark.rule("R6.4")
def test_arn_operators(pattern: str, expected: bool) -> None:
    """R6.4: ARN operators compare part by part."""
    policy = trust({"AWS": "*"}, {"ArnEquals": {"aws:PrincipalArn": pattern}})
    assert always(world(policy, identity=FULL)) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"DateLessThan": {"aws:CurrentTime": "2026-10-01"}}, True),
        ({"DateGreaterThan": {"aws:EpochTime": "1790000000"}}, True),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": 600}}, True),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": 300}}, False),
        ({"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.7"]}}, False),
        ({"DateLessThan": {"aws:TokenIssueTime": "2026-09-30T11:56:00Z"}}, True),
    ],
)
def test_other_operators(condition: dict, expected: bool) -> None:
    """Section 6: dates, numbers and addresses, for GetSessionToken credentials with MFA."""
    scenario = world(trust({"AWS": USER}, condition), identity=FULL)
    scenario["call"]["caller"] |= {"credentials": "session-token", "mfa": {"age": 500}}
    assert always(scenario) is expected
