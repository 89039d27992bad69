"""Which policies play a part in a call, and what is said of those that do not."""

from typing import Any

import msgspec
import pytest

from assumable.engine.evaluate import Decision, decide
from assumable.engine.gates import Gate, GateName, Outcome
from assumable.engine.layers import Prepared
from assumable.engine.truth import atoms
from tests.rules.worlds import (
    CI,
    ENDPOINT,
    MASTER,
    NO_STS,
    ROOT,
    SESSION,
    UNIT,
    call_by,
    call_by_assertion,
    call_by_service,
    call_by_token,
    deny,
    deny_anyone,
    organization,
    through_endpoint,
)
from tests.worlds import DEPLOYER, A, B, allow, decided, parsed, trust

TRUSTED = trust({"AWS": A})
DENIED = deny_anyone(Resource="*")
U_19 = {"U-19": True}
NO_IDENTITY = "this kind of caller has no policies of its own"


def gates(scenario: dict[str, Any], name: str, **assumptions: bool) -> list[Gate]:
    """The gates of one layer for the API's own action."""
    found = assuming(scenario, **assumptions)
    action = f"sts:{found.call.api}"
    return [gate for gate in found.gates if gate.gate == name and gate.action == action]


def assuming(scenario: dict[str, Any], **assumptions: bool) -> Decision:
    """The decision under assumptions, as `--assume` makes them."""
    world, call = parsed(scenario)
    return decide(world, msgspec.structs.replace(call, assumptions=assumptions))


def gate(scenario: dict[str, Any], name: str, **assumptions: bool) -> Gate:
    """The only gate of one layer."""
    (found,) = gates(scenario, name, **assumptions)
    return found


def member(*statements: Any, **policies: Any) -> dict[str, Any]:
    """A call between two members of one organization."""
    scenario = call_by(DEPLOYER, *(statements or (TRUSTED,)))
    scenario["organization"] = organization(A, B, **policies)
    return scenario


# --- why a layer plays no part ------------------------------------------------------------------


@pytest.mark.rule("R1.20", "R1.21")
@pytest.mark.parametrize(
    "scenario",
    [call_by_service("ec2.amazonaws.com"), call_by_token({}), call_by_assertion({})],
    ids=["service", "token", "assertion"],
)
def test_callers_without_an_identity_have_no_policies_and_no_scps(scenario: Any) -> None:
    """R1.20, R1.21: only the role's side, and the endpoint's, is asked."""
    scenario["organization"] = organization(A, B, scps={ROOT: []})
    assert gate(scenario, "identity").not_applicable == NO_IDENTITY
    scp = gate(scenario, "scp")
    assert scp.not_applicable == "SCPs do not apply to this kind of caller"
    assert scp.account == ""
    assert gate(scenario, "boundary").not_applicable == "the caller has no permissions boundary"
    assert gate(scenario, "vpc-endpoint").not_applicable == (
        "the request goes through no VPC endpoint"
    )
    assert gate(scenario, "session-policy").not_applicable == (
        "the caller's session has no session policy"
    )
    assert [found.level for found in gates(scenario, "rcp")] == [ROOT, UNIT, B]


def test_a_caller_that_does_not_exist_has_no_policies() -> None:
    """It is reported as such, not as one without permissions."""
    scenario = call_by(f"arn:aws:iam::{A}:user/nobody", TRUSTED)
    identity = gate(scenario, "identity")
    assert identity.not_applicable == "the caller does not exist"
    assert identity.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.rule("R1.8", "R1.11")
def test_outside_an_organization_nothing_is_attached() -> None:
    """Each side is named on its own."""
    scenario = call_by(DEPLOYER, TRUSTED)
    assert gate(scenario, "scp").not_applicable == "the caller's account is in no organization"
    assert gate(scenario, "rcp").not_applicable == "the role's account is in no organization"
    assert gate(scenario, "scp").account == A
    assert gate(scenario, "rcp").account == B


@pytest.mark.rule("R1.8", "R1.11")
def test_the_management_account_is_exempt() -> None:
    """From SCPs as the caller's, from RCPs as the role's account."""
    scenario = member(scps={ROOT: [deny()]}, rcps={ROOT: [DENIED]})
    scenario["organization"]["MasterAccountId"] = A
    exempt = "SCPs do not apply to the management account"
    assert gate(scenario, "scp").not_applicable == exempt
    assert all(found.outcome is Outcome.EXPLICIT_DENY for found in gates(scenario, "rcp")[:1])
    scenario["organization"]["MasterAccountId"] = B
    exempt = "RCPs do not apply to the management account"
    assert gate(scenario, "rcp").not_applicable == exempt
    assert gates(scenario, "scp")[0].outcome is Outcome.EXPLICIT_DENY


def linked(scenario: dict[str, Any], account: str, name: str) -> dict[str, Any]:
    """The same call with a service-linked role in an account."""
    path = "/aws-service-role/ec2.amazonaws.com/"
    for found in scenario["accounts"][account]["RoleDetailList"]:
        if found["RoleName"] == name:
            found["Path"] = path
    return scenario


@pytest.mark.rule("R1.23")
def test_service_linked_roles_are_exempt() -> None:
    """As callers from SCPs and RCPs, as targets from RCPs."""
    by_linked = call_by(SESSION, TRUSTED)
    by_linked["organization"] = organization(A, B, scps={ROOT: [deny()]}, rcps={ROOT: []})
    linked(by_linked, A, "CI")
    assert gate(by_linked, "scp").not_applicable == "SCPs do not apply to service-linked roles"
    assert gate(by_linked, "rcp").not_applicable == (
        "RCPs do not apply to calls by service-linked roles"
    )
    to_linked = linked(member(rcps={ROOT: [DENIED]}), B, "DeployRole")
    name = f"arn:aws:iam::{B}:role/aws-service-role/ec2.amazonaws.com/DeployRole"
    to_linked["call"]["parameters"]["RoleArn"] = name
    assert gate(to_linked, "rcp").not_applicable == "RCPs do not apply to service-linked roles"
    assert len(gates(to_linked, "scp")) == 3


@pytest.mark.rule("R1.23")
@pytest.mark.parametrize(
    ("name", "account", "whose"),
    [("scp", A, "the caller's SCPs"), ("rcp", B, "the RCPs of the role's account")],
)
def test_a_role_that_may_be_service_linked_leaves_the_organization_open(
    name: str, account: str, whose: str
) -> None:
    """Only its name is known, and the path that exempts it can be read: the gate says how."""
    linked_by_name = f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForEC2Fleet/build"
    scenario = call_by(linked_by_name, TRUSTED)
    scenario["organization"] = organization(A, B, scps={ROOT: [deny()]}, rcps={ROOT: [DENIED]})
    scenario["unknown"] = [f"account:{A}"]
    found = gate(scenario, name)
    assert found.outcome is Outcome.UNKNOWN
    assert found.account == account
    (part,) = found.policies
    assert getattr(part, "what", "") == f"{whose}, which bind no service-linked role,"
    assert getattr(part, "settle", "") == "iam:GetRole on AWSServiceRoleForEC2Fleet"
    asked = {(atom.part, atom.settle) for atom in atoms(found.passes)}
    assert asked == {(getattr(part, "what", ""), getattr(part, "settle", ""))}


def test_policies_that_an_organization_has_not_switched_on() -> None:
    """SCPs and RCPs alike."""
    scenario = member()
    scenario["organization"]["FeatureSet"] = "CONSOLIDATED_BILLING"
    off = "the organization has no {} switched on"
    assert gate(scenario, "scp").not_applicable == off.format("SCPs")
    assert gate(scenario, "rcp").not_applicable == off.format("RCPs")


def test_scps_and_rcps_are_switched_on_one_by_one() -> None:
    """An older organization has SCPs without RCPs."""
    world, call = parsed(member())
    (org,) = world.organizations if isinstance(world.organizations, tuple) else ()
    for field, name, other in (("scps", "scp", "rcp"), ("rcps", "rcp", "scp")):
        without = msgspec.structs.replace(org, **{field: None})
        found = decide(msgspec.structs.replace(world, organizations=(without,)), call).gates
        off = f"the organization has no {name.upper()}s switched on"
        assert [g.not_applicable for g in found if g.gate == name] == [off]
        assert [g.not_applicable for g in found if g.gate == other] == ["", "", ""]


# --- the levels of an organization --------------------------------------------------------------


@pytest.mark.rule("R1.7", "R1.11")
def test_every_level_is_a_gate_of_its_own() -> None:
    """From the root down to the account; the management account can change them."""
    scenario = member(scps={UNIT: NO_STS}, rcps={B: [DENIED]})
    scps, rcps = gates(scenario, "scp"), gates(scenario, "rcp")
    assert [(found.level, found.account) for found in scps] == [
        (ROOT, MASTER), (UNIT, MASTER), (A, MASTER),
    ]  # fmt: skip
    assert [found.outcome.value for found in scps] == ["allow", "implicit-deny", "allow"]
    assert [found.level for found in rcps] == [ROOT, UNIT, B]
    assert [found.outcome.value for found in rcps] == ["allow", "allow", "explicit-deny"]
    assert [len(found.policies) for found in rcps] == [0, 0, 1]
    assert all(found.rules is not None and found.context is not None for found in scps)


def test_whatever_refuses_counts_outside_the_caller_s_own_side() -> None:
    """The form in which the trust policy names the caller frees it of its own side alone."""
    scenario = through_endpoint(call_by(DEPLOYER, trust({"AWS": DEPLOYER}), account=A), DENIED)
    scenario["organization"] = organization(A, B)
    own = {GateName.BOUNDARY, GateName.SESSION_POLICY, GateName.IDENTITY}
    assert {found.gate for found in decided(scenario).gates if not found.counts} == own


@pytest.mark.rule("R1.7")
def test_a_level_without_any_scp_allows_nothing() -> None:
    """A missing Allow at one level is an implicit deny."""
    scenario = member()
    policies = scenario["organization"]["Policies"]
    scenario["organization"]["Policies"] = [p for p in policies if p["Targets"] != [UNIT]]
    assert [found.outcome.value for found in gates(scenario, "scp")] == [
        "allow", "implicit-deny", "allow",
    ]  # fmt: skip
    assert decided(scenario).verdict == "denied"


@pytest.mark.rule("R1.9")
def test_an_rcp_that_allows_nothing_refuses_nothing() -> None:
    """RCPFullAWSAccess is attached everywhere."""
    assert decided(member(rcps={ROOT: [trust("*", "s3:*", Resource="*")]})).verdict == "allowed"


@pytest.mark.parametrize(
    ("field", "name", "said"),
    [
        ("scp", "scp", "the caller's SCPs"),
        ("rcp", "rcp", "the RCPs of the role's account"),
        ("organization", "scp", "the caller's SCPs"),
        ("organization", "rcp", "the RCPs of the role's account"),
    ],
)
def test_policies_that_were_not_read_leave_the_call_open(field: str, name: str, said: str) -> None:
    """The gate says what was not read and how to read it; `--assume organization` lets it pass."""
    scenario = {**member(), "unknown": [field]}
    found = gate(scenario, name)
    assert found.outcome is Outcome.UNKNOWN
    (part,) = found.policies
    assert getattr(part, "what", "") == said
    assert getattr(part, "settle", "").startswith("organizations:")
    assert found.account == (A if name == "scp" else B)
    assert decided(scenario).verdict == "conditional"
    assumed = gate(scenario, name, organization=True)
    assert assumed.not_applicable == "not read, and assumed to allow"
    assert assumed.account == found.account
    assert assuming(scenario, organization=True).verdict == "allowed"


@pytest.mark.rule("U-19")
def test_the_scps_of_the_role_s_account_under_the_other_reading() -> None:
    """U-19: for unsigned callers they are asked when the user says so."""
    scenario = call_by_token({})
    scenario["organization"] = organization(A, B, scps={B: []})
    assert decided(scenario).verdict == "allowed"
    assert [found.level for found in gates(scenario, "scp", **U_19)] == [ROOT, UNIT, B]
    assert assuming(scenario, **U_19).verdict == "denied"
    signed = member(scps={B: []})
    assert [found.level for found in gates(signed, "scp", **U_19)] == [ROOT, UNIT, A]


# --- endpoint, boundary, session policy ---------------------------------------------------------


@pytest.mark.rule("R1.30")
def test_the_endpoint_s_policy_is_a_gate_in_the_account_that_owns_it() -> None:
    """The default policy lets everything through and says so."""
    default = gate(through_endpoint(call_by(DEPLOYER, TRUSTED)), "vpc-endpoint")
    assert default.summary == "the endpoint has the default policy"
    assert (default.account, default.outcome) == (A, Outcome.ALLOW)
    own = gate(through_endpoint(call_by(DEPLOYER, TRUSTED), DENIED), "vpc-endpoint")
    assert (own.account, own.outcome) == (A, Outcome.EXPLICIT_DENY)
    assert len(own.policies) == 1
    assert own.rules is not None


def test_an_endpoint_that_was_not_read_leaves_the_call_open() -> None:
    """Whether one is traversed, or what its policy says."""
    unread = call_by(DEPLOYER, TRUSTED)
    unread["call"]["network"] = ENDPOINT
    found = gate(unread, "vpc-endpoint")
    assert found.outcome is Outcome.UNKNOWN
    assert [part.what for part in found.policies] == ["the policy of VPC endpoint vpce-1"]  # type: ignore[union-attr]  # an unread policy
    assert decided(unread).verdict == "conditional"
    doubtful = {**call_by(DEPLOYER, TRUSTED), "unknown": ["endpoint"]}
    assert gate(doubtful, "vpc-endpoint").outcome is Outcome.UNKNOWN


@pytest.mark.rule("R1.15")
def test_what_caps_the_caller_is_in_the_caller_s_account() -> None:
    """The gates name the account whose administrator can act."""
    session = {"policy": {"Version": "2012-10-17", "Statement": NO_STS}}
    scenario = call_by(SESSION, TRUSTED, boundary=NO_STS, session=session)
    for name in ("boundary", "session-policy", "identity"):
        found = gate(scenario, name)
        assert found.account == A
        assert len(found.policies) == 1
        assert found.level == ""
    assert gate(scenario, "boundary").outcome is Outcome.IMPLICIT_DENY
    assert gate(scenario, "session-policy").outcome is Outcome.IMPLICIT_DENY
    assert gate(scenario, "identity").outcome is Outcome.ALLOW
    assert gate(scenario, "trust").account == B


def test_gates_are_shown_in_the_order_in_which_they_are_listed() -> None:
    """One order, whatever fails."""
    scenario = through_endpoint(member(), DENIED)
    shown = [found.gate for found in decided(scenario).gates]
    order = list(GateName)
    assert shown == sorted(shown, key=order.index)
    assert set(shown) >= {GateName.SCP, GateName.VPC_ENDPOINT, GateName.RCP, GateName.TRUST}


def test_what_is_wrong_before_any_policy_stands_in_its_place() -> None:
    """A fault of the request comes before the credentials, which are in order."""
    scenario = call_by(DEPLOYER, TRUSTED)
    assert [found.summary for found in decided(scenario).gates[:2]] == [
        "the parameters are well-formed", "the credentials may call it",
    ]  # fmt: skip
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:role/Nobody"
    shown = [(found.gate.value, found.blocks) for found in decided(scenario).gates[:3]]
    assert shown == [("request", False), ("request", True), ("credentials", False)]


# --- prepared once, asked often -----------------------------------------------------------------


def test_a_prepared_world_answers_as_a_fresh_one() -> None:
    """Callers, roles, assumptions and requests do not mix, in whatever order they are asked."""
    session = {"policy": {"Version": "2012-10-17", "Statement": NO_STS}}
    plain = call_by(DEPLOYER, TRUSTED, trust({"AWS": CI}))
    plain["organization"] = organization(A, B, scps={ROOT: [allow("sts:*")]})
    by_role = {**plain, "call": {**plain["call"], "caller": {"arn": SESSION}}}
    capped = {**plain, "call": {**plain["call"], "caller": {"arn": SESSION, "session": session}}}
    tagged = {
        **plain,
        "call": {
            **plain["call"],
            "parameters": {
                **plain["call"]["parameters"],
                "Tags": [{"Key": "a", "Value": "b"}],
            },
        },
    }
    own = {
        **plain,
        "call": {
            **plain["call"],
            "parameters": {**plain["call"]["parameters"], "RoleArn": CI},
        },
    }
    prepared = Prepared(parsed(plain).world)
    scenarios = [plain, capped, by_role, tagged, own, capped, plain, own, by_role, tagged]
    expected = ["allowed", "denied", "allowed", "denied", "denied"]
    for scenario, fresh in zip(
        scenarios, [*expected, "denied", "allowed", *["-"] * 3], strict=True
    ):
        found = decide(prepared, parsed(scenario).call)
        assert found.verdict == decided(scenario).verdict
        if fresh != "-":
            assert found.verdict == fresh
