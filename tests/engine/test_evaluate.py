"""How gates make a verdict: which implicit denies count, and what leaves a call open."""

from typing import Any

import msgspec
import pytest

from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.gates import Gate, Outcome
from assumable.engine.truth import Atom, Not, Truth, atoms, describe, settle
from assumable.model.call import RoleCaller
from assumable.model.world import Role, Unknown
from tests.rules.worlds import (
    CI,
    COMPANIONS,
    COMPOSITE,
    EVERY_ACTION,
    NO_STS,
    SESSION,
    call_by,
    call_by_service,
    deny,
    deny_anyone,
    organization,
    through_endpoint,
)
from tests.worlds import DEPLOYER, ROLE, A, B, decided, parsed, trust

OWN = ("boundary", "session-policy", "identity")
CAPS: dict[str, Any] = {
    "boundary": NO_STS,
    "session": {"policy": {"Version": "2012-10-17", "Statement": NO_STS}},
    "identity": NO_STS,
}
TEAM = {"StringEquals": {"aws:PrincipalTag/team": "web"}}


def gate(found: Decision, name: str, action: str = "sts:AssumeRole") -> Gate:
    """The gate of one layer for one action; those of the request have none."""
    return next(g for g in found.gates if g.gate == name and g.action in (action, ""))


def blocking(found: Decision) -> list[str]:
    """The gates that deny for certain."""
    return [g.gate.value for g in found.blocking()]


# --- the same account (R1.12 to R1.14) ----------------------------------------------------------


@pytest.mark.rule("R1.12", "R1.13", "R1.14")
@pytest.mark.parametrize(
    ("named", "counting"),
    [
        (A, {"boundary", "session-policy", "identity"}),
        (CI, {"boundary", "session-policy"}),
        (SESSION, set()),
        ("*", set()),
    ],
)
def test_which_implicit_denies_count_in_the_same_account(named: str, counting: set[str]) -> None:
    """The table of section 1.3, one cap at a time and all of them at once."""
    for name, statements in CAPS.items():
        scenario = call_by(SESSION, trust({"AWS": named}), account=A, **{name: statements})
        found = decided(scenario)
        shown = "session-policy" if name == "session" else name
        assert gate(found, shown).outcome is Outcome.IMPLICIT_DENY
        assert gate(found, shown).counts is (shown in counting)
        assert blocking(found) == ([shown] if shown in counting else [])
        assert found.verdict == ("denied" if shown in counting else "allowed")
    found = decided(call_by(SESSION, trust({"AWS": named}), account=A, **CAPS))
    assert set(blocking(found)) == counting


@pytest.mark.rule("R1.15", "R1.16")
@pytest.mark.parametrize("named", [A, CI, SESSION, "*"])
def test_every_implicit_deny_counts_across_accounts(named: str) -> None:
    """Whatever the form in which the trust policy names the caller."""
    for name, statements in CAPS.items():
        found = decided(call_by(SESSION, trust({"AWS": named}), **{name: statements}))
        assert blocking(found) == ["session-policy" if name == "session" else name]
        assert found.verdict is Verdict.DENIED


@pytest.mark.parametrize(
    ("named", "counting"),
    [
        (A, set(OWN)),
        (CI, {"boundary", "session-policy"}),
        (SESSION, set()),
        ("333333333333", set()),
    ],
)
def test_when_no_statement_allows_the_ones_that_name_the_caller_say_what_counts(
    named: str, counting: set[str]
) -> None:
    """In the same account; if nobody is named, only explicit denies block beside the trust."""
    statement = trust({"AWS": named}, Condition=TEAM)
    found = decided(call_by(SESSION, statement, account=A, **CAPS))
    assert set(blocking(found)) == {"trust", *counting}
    other_action = trust({"AWS": named}, "sts:TagSession")
    found = decided(call_by(SESSION, other_action, account=A, **CAPS))
    assert set(blocking(found)) == {"trust", *counting}


def test_across_accounts_all_of_them_count_when_nobody_is_named() -> None:
    """The caller's side is needed whatever the trust policy will say."""
    found = decided(call_by(SESSION, trust({"AWS": "333333333333"}), **CAPS))
    assert set(blocking(found)) == {"trust", *OWN}


@pytest.mark.rule("R1.13")
@pytest.mark.parametrize("name", ["boundary", "session", "identity"])
@pytest.mark.parametrize("account", [A, B])
def test_an_explicit_deny_counts_whatever_names_the_caller(name: str, account: str) -> None:
    """R1.13."""
    statements = [{"Effect": "Allow", "Action": "*", "Resource": "*"}, deny()]
    cap: Any = statements
    if name == "session":
        cap = {"policy": {"Version": "2012-10-17", "Statement": statements}}
    found = decided(call_by(SESSION, trust({"AWS": SESSION}), account=account, **{name: cap}))
    assert blocking(found) == ["session-policy" if name == "session" else name]
    assert found.verdict is Verdict.DENIED


@pytest.mark.parametrize(
    ("assumed", "named", "denying"),
    [
        ("U-4", SESSION, {"boundary", "session"}),
        ("U-4", CI, {"boundary", "session"}),
        ("C-10", SESSION, {"identity"}),
        ("C-10", CI, {"identity", "boundary", "session"}),
    ],
)
def test_the_other_readings_of_the_table(assumed: str, named: str, denying: set[str]) -> None:
    """U-4: caps count for whoever is named; C-10: so do the caller's own policies."""
    for name, statements in CAPS.items():
        scenario = call_by(SESSION, trust({"AWS": named}), account=A, **{name: statements})
        world, call = parsed(scenario)
        call = msgspec.structs.replace(call, assumptions={assumed: False})
        expected = "denied" if name in denying else "allowed"
        assert decide(world, call).verdict == expected, name


def test_the_strongest_form_counts() -> None:
    """Statements are alternatives: one that needs no policy of the caller is enough."""
    both = [trust({"AWS": A}), trust({"AWS": SESSION})]
    assert decided(call_by(SESSION, *both, account=A, **CAPS)).verdict is Verdict.ALLOWED
    both = [trust({"AWS": A}), trust({"AWS": CI})]
    found = decided(call_by(SESSION, *both, account=A, identity=NO_STS))
    assert found.verdict is Verdict.ALLOWED
    assert not gate(found, "identity").counts


# --- several actions, several layers ------------------------------------------------------------


@pytest.mark.rule("R1.5", "R3.1")
@pytest.mark.parametrize("missing", EVERY_ACTION)
@pytest.mark.parametrize("side", ["trust", "identity"])
def test_every_action_has_its_own_gates(missing: str, side: str) -> None:
    """One that fails fails the call, and only its own gate says so."""
    fewer = [action for action in EVERY_ACTION if action != missing]
    trusted = trust({"AWS": A}, fewer if side == "trust" else EVERY_ACTION)
    own = [
        {
            "Effect": "Allow",
            "Action": fewer if side == "identity" else EVERY_ACTION,
            "Resource": ROLE,
        }
    ]
    found = decided(call_by(DEPLOYER, trusted, identity=own, **COMPOSITE))
    assert found.verdict is Verdict.DENIED
    assert [(g.gate.value, g.action) for g in found.blocking()] == [(side, missing)]
    assert {g.action for g in found.gates} == {"", *EVERY_ACTION}


@pytest.mark.rule("R1.1")
def test_every_gate_is_evaluated_even_when_an_earlier_one_denies() -> None:
    """All faults in one pass."""
    scenario = call_by(DEPLOYER, trust({"AWS": "333333333333"}), boundary=NO_STS, identity=NO_STS)
    scenario = through_endpoint(scenario, deny_anyone(Resource="*"))
    levels = {"r-ab12": NO_STS}
    denying = {"r-ab12": [deny_anyone(Resource="*")]}
    scenario["organization"] = organization(A, B, scps=levels, rcps=denying)
    scenario["call"]["parameters"]["DurationSeconds"] = 7200
    assert blocking(decided(scenario)) == [
        "scp", "vpc-endpoint", "boundary", "identity", "rcp", "trust", "session-limits",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("named", "more", "said"),
    [
        ("scp", {"unknown": ["scp"]}, "the caller's SCPs"),
        ("rcp", {"unknown": ["rcp"]}, "the RCPs of the role's account"),
        ("identity", {"unknown": [f"identity:{DEPLOYER}"]}, "the identity policy of user/deployer"),
        ("boundary", {"unknown": [f"boundary:{DEPLOYER}"]}, "the boundary policy of user/deployer"),
        ("trust", {"unknown": [f"trust:{ROLE}"]}, "the trust policy of role/DeployRole"),
    ],
)
def test_a_layer_that_was_not_read_leaves_the_call_open(named: str, more: Any, said: str) -> None:
    """The residual asks whether it allows and does not deny; either answer decides."""
    scenario = {**call_by(DEPLOYER, trust({"AWS": A})), **more}
    scenario["organization"] = organization(A, B)
    found = decided(scenario)
    assert found.verdict is Verdict.CONDITIONAL
    assert {atom.part for atom in atoms(found.passes)} == {said}
    assert gate(found, named).outcome is Outcome.UNKNOWN
    assert blocking(found) == []
    allows: Truth = settle(found.passes, lambda atom: " denies " not in atom.subject)
    assert allows is True
    assert settle(found.passes, lambda _: True) is False
    if named != "rcp":
        assert settle(found.passes, lambda _: False) is False


def test_an_unread_trust_policy_is_asked_form_by_form() -> None:
    """In the same account the form decides what the caller's own side must say."""
    scenario = {**call_by(SESSION, trust({"AWS": A}), account=A, identity=NO_STS)}
    scenario["unknown"] = [f"trust:arn:aws:iam::{A}:role/DeployRole"]
    passes = decided(scenario).passes
    subjects = [atom.subject for atom in atoms(passes)]
    of = "the trust policy of role/DeployRole"
    assert subjects == [
        f"{of} denies sts:AssumeRole",
        f"{of} allows sts:AssumeRole as strong",
        f"{of} allows sts:AssumeRole as role",
    ]
    assert describe(passes) == "sts:AssumeRole is allowed by the trust policy of role/DeployRole"


def test_whether_an_action_is_needed_may_be_open() -> None:
    """Its gates then block nothing; if it is not needed the call passes."""
    world, call = parsed(call_by(SESSION, trust({"AWS": A})))
    assert isinstance(call.caller, RoleCaller)
    session = msgspec.structs.replace(call.caller.session, complete=False)
    caller = msgspec.structs.replace(call.caller, session=session)
    found = decide(world, msgspec.structs.replace(call, caller=caller))
    assert found.verdict is Verdict.CONDITIONAL
    companions = [g for g in found.gates if g.action in COMPANIONS]
    assert {g.action for g in companions} == {"sts:TagSession", "sts:SetSourceIdentity"}
    assert all(not g.required and not g.blocks for g in companions)
    assert all(g.required for g in found.gates if g.action == "sts:AssumeRole")
    assert settle(found.passes, lambda _: False) is True
    assert settle(found.passes, lambda _: True) is False


@pytest.mark.parametrize("unsaid", ["complete", "tags_complete"])
def test_a_session_has_at_least_the_tags_of_its_role(unsaid: str) -> None:
    """What else was passed nobody has said: only that a tag is there, not with which value."""

    def passes(key: str, condition: Any, **carried: Any) -> bool | None:
        scenario = call_by(SESSION, trust({"AWS": A}, Condition={condition: {key: "true"}}))
        ci = scenario["accounts"][A]["RoleDetailList"][0]
        ci["Tags"] = [{"Key": "Team", "Value": "true"}]
        world, call = parsed(scenario)
        assert isinstance(call.caller, RoleCaller)
        session = msgspec.structs.replace(
            call.caller.session, issued_at=call.time, **{unsaid: False}, **carried
        )
        caller = msgspec.structs.replace(call.caller, session=session)
        found = decide(world, msgspec.structs.replace(call, caller=caller))
        plain = settle(found.passes, lambda atom: False if "carries" in atom.subject else None)
        return plain if isinstance(plain, bool) else None

    own, other = "aws:PrincipalTag/team", "aws:PrincipalTag/unit"
    assert passes(own, "Null") is False
    assert passes(other, "Null") is None
    assert passes(own, "StringEquals") is None
    assert passes(other, "StringEquals") is None
    assert passes(own, "StringEquals", tags={"team": "false"}) is False
    assert passes(other, "StringEquals", tags={"unit": "true"}) is True


# --- the trust policy ---------------------------------------------------------------------------


@pytest.mark.rule("R1.2", "R1.13")
def test_a_trust_policy_that_denies() -> None:
    """An explicit deny of the trust policy beats its own Allow."""
    found = decided(call_by(DEPLOYER, trust({"AWS": A}), deny_anyone()))
    assert gate(found, "trust").outcome is Outcome.EXPLICIT_DENY
    assert gate(found, "trust").allow is True
    assert found.verdict is Verdict.DENIED
    open_deny = deny_anyone(Condition=TEAM)
    scenario = call_by(DEPLOYER, trust({"AWS": A}), open_deny)
    scenario["unknown"] = ["context:aws:PrincipalTag/team"]
    found = decided(scenario)
    assert found.verdict is Verdict.CONDITIONAL
    assert isinstance(found.passes, Not)
    assert describe(found.passes) == "aws:PrincipalTag/team is not `web`"


def test_a_role_that_does_not_exist_has_no_trust_policy() -> None:
    """The gate says so; the role is what is missing."""
    for account in (A, B):
        scenario = call_by(DEPLOYER, trust({"AWS": A}), account=account)
        scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{account}:role/Gone"
        found = decided(scenario)
        shown = gate(found, "trust")
        assert shown.not_applicable == "there is no such role"
        assert (shown.account, shown.action) == (account, "sts:AssumeRole")
        assert found.verdict is Verdict.DENIED
        assert "trust" not in blocking(found)
    scenario = call_by(DEPLOYER, trust({"AWS": A}), identity=NO_STS)
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:role/Gone"
    assert "identity" in blocking(decided(scenario))
    scenario = call_by(DEPLOYER, trust({"AWS": A}), account=A, identity=NO_STS)
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{A}:role/Gone"
    assert "identity" not in blocking(decided(scenario))


@pytest.mark.rule("R1.23")
def test_a_service_linked_role_refuses_everybody_but_its_service() -> None:
    """The trust gate says so, whatever the trust policy says."""
    scenario = call_by(DEPLOYER, trust("*"))
    scenario["accounts"][B]["RoleDetailList"][0]["Path"] = "/aws-service-role/ec2.amazonaws.com/"
    name = f"arn:aws:iam::{B}:role/aws-service-role/ec2.amazonaws.com/DeployRole"
    scenario["call"]["parameters"]["RoleArn"] = name
    found = decided(scenario)
    shown = gate(found, "trust")
    assert found.verdict is Verdict.DENIED
    assert blocking(found) == ["trust"]
    assert (shown.account, shown.action) == (B, "sts:AssumeRole")
    assert shown.fault is not None
    assert shown.fault.variant == "service-linked"


def test_the_trust_gate_names_the_account_that_can_change_it() -> None:
    """And shows the policy, its rules and what it sees."""
    found = gate(decided(call_by(DEPLOYER, trust({"AWS": A}))), "trust")
    assert (found.account, found.action, len(found.policies)) == (B, "sts:AssumeRole", 1)
    assert found.rules is not None
    assert found.context is not None
    assert len(found.traces()) == 1
    unread = {**call_by(DEPLOYER, trust({"AWS": A})), "unknown": [f"trust:{ROLE}"]}
    shown = gate(decided(unread), "trust")
    assert [isinstance(part, Unknown) for part in shown.policies] == [True]
    assert shown.traces() == ()
    assert shown.context is None


# --- session limits -----------------------------------------------------------------------------


@pytest.mark.rule("R4.1", "R4.5")
@pytest.mark.parametrize(
    ("seconds", "maximum", "said", "verdict"),
    [
        (None, 3600, "3600 s of at most 3600 s", "allowed"),
        (900, 7200, "900 s of at most 7200 s", "allowed"),
        (7200, 7200, "7200 s of at most 7200 s", "allowed"),
        (7201, 7200, "", "denied"),
    ],
)
def test_the_duration_is_held_against_the_role(
    seconds: int | None, maximum: int, said: str, verdict: str
) -> None:
    """The gate says what was asked and what there is at most."""
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = maximum
    if seconds is not None:
        scenario["call"]["parameters"]["DurationSeconds"] = seconds
    found = decided(scenario)
    limits = gate(found, "session-limits")
    assert found.verdict == verdict
    assert limits.account == B
    assert limits.summary == said or limits.fault is not None
    assert (limits.fault is not None) is (verdict == "denied")


def with_unknown_maximum(seconds: int) -> Decision:
    """The decision where the role's MaxSessionDuration was not read."""
    world, call = parsed(call_by(DEPLOYER, trust({"AWS": A}), DurationSeconds=seconds))
    account = world.accounts[B]
    assert not isinstance(account, Unknown)
    roles = {
        name: msgspec.structs.replace(role, max_session_duration=Unknown("the maximum", "GetRole"))
        for name, role in account.roles.items()
        if isinstance(role, Role)
    }
    changed = msgspec.structs.replace(account, roles=roles)
    accounts = {**world.accounts, B: changed}
    return decide(msgspec.structs.replace(world, accounts=accounts), call)


def test_a_maximum_that_was_not_read_matters_above_one_hour() -> None:
    """Every role allows an hour."""
    short = with_unknown_maximum(3600)
    assert short.verdict is Verdict.ALLOWED
    assert gate(short, "session-limits").summary == "3600 s, which every role allows"
    long = with_unknown_maximum(3601)
    assert long.verdict is Verdict.CONDITIONAL
    limits = gate(long, "session-limits")
    assert (limits.account, limits.summary) == (B, "depends on the maximum")
    found = limits.allow
    assert found == long.passes
    assert isinstance(found, Atom)
    assert found.subject == "MaxSessionDuration"
    assert describe(found) == "the role's MaxSessionDuration is at least 3601 s"
    assert describe(Not(found)) == "the role's MaxSessionDuration is under 3601 s"
    assert (found.part, found.settle, found.kind) == ("the maximum", "GetRole", "fact")


@pytest.mark.rule("R4.5")
def test_a_service_decides_how_long_its_sessions_last() -> None:
    """R4.5."""
    trusted = trust({"Service": "ec2.amazonaws.com"})
    found = gate(decided(call_by_service("ec2.amazonaws.com", trusted)), "session-limits")
    assert found.summary == "the service decides how long its sessions last"
    assert found.account == B


def test_a_call_for_what_is_no_role_has_no_gates_of_policies() -> None:
    """There is nothing to hold them against."""
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["call"]["parameters"]["RoleArn"] = f"arn:aws:iam::{B}:user/deployer"
    found = decided(scenario)
    assert found.verdict is Verdict.DENIED
    assert not {g.gate.value for g in found.gates} & {"trust", "identity", "session-limits"}
