"""Section 1: which policies are asked, and how their answers make a verdict."""

from typing import Any

import pytest

from assumable.errors import InputError
from tests.rules.worlds import (
    CI,
    COMPOSITE,
    EVERY_ACTION,
    NO_STS,
    ROOT,
    SESSION,
    UNIT,
    call_by,
    call_by_assertion,
    call_by_token,
    deny,
    deny_anyone,
    gates_that_block,
    organization,
    passes,
    role,
    through_endpoint,
    verdict,
)
from tests.worlds import DEPLOYER, A, B, allow, diagnosed, trust

ANYONE = {"AWS": "*"}


def layered(**layers: Any) -> dict[str, Any]:
    """A call of a role session that every layer allows, with some layers replaced."""
    session_policy = {"Version": "2012-10-17", "Statement": layers.get("session", [allow("*")])}
    statements = layers.get("trust", [trust({"AWS": CI})])
    scenario = call_by(
        SESSION,
        *statements,
        account=layers.get("account", B),
        identity=layers.get("identity"),
        boundary=layers.get("boundary", [allow("*")]),
        session={"policy": session_policy},
    )
    through_endpoint(scenario, *layers.get("endpoint", [trust("*", "*", Resource="*")]))
    scenario["organization"] = organization(
        A, B, scps=layers.get("scps"), rcps={ROOT: layers["rcp"]} if "rcp" in layers else None
    )
    return scenario


DENIES: list[tuple[str, Any]] = [
    ("identity", [allow("*"), deny()]),
    ("boundary", [allow("*"), deny()]),
    ("session", [allow("*"), deny()]),
    ("scps", {ROOT: [allow("*"), deny()]}),
    ("scps", {UNIT: [allow("*"), deny()]}),
    ("scps", {A: [allow("*"), deny()]}),
    ("rcp", [deny_anyone(Resource="*")]),
    ("endpoint", [trust("*", "*", Resource="*"), deny_anyone(Resource="*")]),
    ("trust", [trust({"AWS": [CI, SESSION, A]}), deny_anyone()]),
]


@pytest.mark.rule("R1.1", "R1.13")
@pytest.mark.parametrize("account", [A, B], ids=["same account", "cross account"])
@pytest.mark.parametrize(("layer", "policy"), DENIES)
def test_an_explicit_deny_beats_every_allow(layer: str, policy: Any, account: str) -> None:
    strongest = [trust({"AWS": [CI, SESSION, A]})]
    assert passes(layered(account=account, trust=strongest))
    layers = {"trust": strongest, layer: policy}
    assert not passes(layered(account=account, **layers))


WITHOUT_ALLOW: list[tuple[str, Any, str]] = [
    ("identity", NO_STS, "identity"),
    ("boundary", NO_STS, "boundary"),
    ("session", NO_STS, "session-policy"),
    ("scps", {ROOT: NO_STS}, "scp"),
    ("scps", {UNIT: NO_STS}, "scp"),
    ("scps", {A: NO_STS}, "scp"),
    ("endpoint", [trust("*", "s3:*", Resource="*")], "vpc-endpoint"),
    ("trust", [trust({"AWS": "333333333333"})], "trust"),
]


@pytest.mark.rule("R1.2", "R1.7", "R1.15", "T21")
@pytest.mark.parametrize(("layer", "policy", "gate"), WITHOUT_ALLOW)
def test_across_accounts_every_layer_must_allow(layer: str, policy: Any, gate: str) -> None:
    assert passes(layered())
    assert gates_that_block(layered(**{layer: policy})) == {gate}


@pytest.mark.rule("R1.2")
def test_no_layer_hides_the_fault_of_a_later_one() -> None:
    scenario = layered(**{layer: policy for layer, policy, _ in WITHOUT_ALLOW})
    assert gates_that_block(scenario) == {gate for *_, gate in WITHOUT_ALLOW}


@pytest.mark.rule("R1.3")
@pytest.mark.parametrize("account", [A, B], ids=["same account", "cross account"])
@pytest.mark.parametrize("caller", [DEPLOYER, SESSION])
def test_an_identity_policy_alone_never_suffices(caller: str, account: str) -> None:
    somebody_else = trust({"AWS": "333333333333"})
    assert not passes(call_by(caller, somebody_else, account=account, identity=[allow("*")]))


@pytest.mark.rule("R1.4")
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (trust({"AWS": DEPLOYER}), True),
        (trust({"AWS": DEPLOYER}, "sts:*"), True),
        (trust({"AWS": DEPLOYER}, "sts:AssumeRoleWithSAML"), False),
        (trust({"AWS": SESSION}), False),
        (
            trust(
                {"AWS": DEPLOYER},
                Condition={"StringEquals": {"aws:ResourceAccount": B}},
            ),
            True,
        ),
        (
            trust(
                {"AWS": DEPLOYER},
                Condition={"StringEquals": {"sts:RoleSessionName": "another"}},
            ),
            False,
        ),
        # IAM refuses to save a Resource element; one that is there all the same plays no part.
        (trust({"AWS": DEPLOYER}, Resource="arn:aws:iam::111111111111:role/Other"), True),
    ],
)
def test_a_trust_policy_judges_caller_action_and_request(statement: Any, expected: bool) -> None:
    assert passes(call_by(DEPLOYER, statement)) is expected


@pytest.mark.rule("R1.5")
@pytest.mark.parametrize("missing", EVERY_ACTION)
@pytest.mark.parametrize("side", ["trust", "identity"])
def test_each_action_of_a_call_must_pass(missing: str, side: str) -> None:
    fewer = [action for action in EVERY_ACTION if action != missing]
    trusted = fewer if side == "trust" else EVERY_ACTION
    own = fewer if side == "identity" else EVERY_ACTION
    statement = trust({"AWS": DEPLOYER}, trusted)
    assert not passes(call_by(DEPLOYER, statement, identity=[allow(own)], **COMPOSITE))


@pytest.mark.rule("R1.5")
def test_a_call_passes_when_each_of_its_actions_does() -> None:
    statements = [trust({"AWS": DEPLOYER}, action) for action in EVERY_ACTION]
    identity = [allow(action) for action in EVERY_ACTION]
    assert passes(call_by(DEPLOYER, *statements, identity=identity, **COMPOSITE))


@pytest.mark.rule("R1.6", "T23")
def test_scps_of_the_roles_account_do_not_stop_a_caller_from_elsewhere() -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["organization"] = organization(B, scps={ROOT: [deny("*")], B: [deny("*")]})
    assert passes(scenario)


@pytest.mark.rule("R1.8")
def test_scps_bind_the_root_user_of_a_member_account() -> None:
    scenario = call_by(f"arn:aws:iam::{A}:root", trust({"AWS": A}))
    scenario["organization"] = organization(A, scps={UNIT: [allow("*"), deny()]})
    assert "scp" in gates_that_block(scenario)


@pytest.mark.rule("T22")
def test_scps_do_not_bind_the_management_account() -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["organization"] = organization(scps={ROOT: [deny("*")]})
    scenario["organization"]["MasterAccountId"] = A
    assert passes(scenario)


@pytest.mark.rule("R1.9")
@pytest.mark.parametrize(
    ("rcps", "expected"),
    [
        (None, True),
        ({ROOT: [deny_anyone("s3:*", Resource="*")]}, True),
        ({ROOT: [deny_anyone("sts:*", Resource="*")]}, False),
    ],
)
def test_an_rcp_refuses_by_an_explicit_deny_alone(rcps: Any, expected: bool) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["organization"] = organization(B, rcps=rcps)
    assert passes(scenario) is expected


@pytest.mark.rule("R1.10")
@pytest.mark.parametrize("action", EVERY_ACTION)
def test_rcps_reach_every_action_of_assume_role(action: str) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}, EVERY_ACTION), **COMPOSITE)
    assert passes(scenario)
    scenario["organization"] = organization(B, rcps={B: [deny_anyone(action, Resource="*")]})
    assert not passes(scenario)


@pytest.mark.rule("R1.10", "R1.21")
@pytest.mark.parametrize(
    "scenario", [call_by_token({}), call_by_assertion({})], ids=["oidc", "saml"]
)
def test_rcps_reach_federated_calls(scenario: dict[str, Any]) -> None:
    assert passes(scenario)
    api = f"sts:{scenario['call']['api']}"
    denied = organization(B, rcps={UNIT: [deny_anyone(api, Resource="*")]})
    assert not passes({**scenario, "organization": denied})


@pytest.mark.rule("R1.11", "T24")
@pytest.mark.parametrize("members", [(B,), (A, B)], ids=["outside caller", "member"])
@pytest.mark.parametrize("level", [ROOT, UNIT, B])
def test_rcps_on_the_roles_path_bind_callers_from_anywhere(level: str, members: Any) -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["organization"] = organization(*members, rcps={level: [deny_anyone(Resource="*")]})
    assert not passes(scenario)


@pytest.mark.rule("R1.11")
def test_rcps_of_the_callers_account_play_no_part() -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["organization"] = organization(A, rcps={ROOT: [deny_anyone(Resource="*")]})
    assert passes(scenario)


@pytest.mark.rule("R1.11")
def test_rcps_do_not_reach_the_roles_of_the_management_account() -> None:
    scenario = call_by(DEPLOYER, trust({"AWS": A}))
    scenario["organization"] = organization(A, rcps={ROOT: [deny_anyone(Resource="*")]})
    assert passes(scenario)
    scenario["organization"]["MasterAccountId"] = B
    assert passes(scenario)


BY_PRINCIPAL_ARN = {"Condition": {"ArnEquals": {"aws:PrincipalArn": CI}}}
EXEMPT, CAPPED, DELEGATED = set[str](), {"boundary", "session"}, {"identity", "boundary", "session"}


@pytest.mark.rule("R1.12", "R1.14", "T2", "T3", "T4", "T5", "U-4", "C-10")
@pytest.mark.parametrize("layer", ["identity", "boundary", "session"])
@pytest.mark.parametrize(
    ("statement", "needed"),
    [
        (trust({"AWS": A}), DELEGATED),
        (trust({"AWS": f"arn:aws:iam::{A}:root"}), DELEGATED),
        (trust({"AWS": CI}), CAPPED),
        (trust({"AWS": SESSION}), EXEMPT),
        (trust("*"), EXEMPT),
        (trust(ANYONE), EXEMPT),
        (trust(ANYONE, **BY_PRINCIPAL_ARN), EXEMPT),
        (trust({"AWS": [A, CI]}), CAPPED),
        (trust({"AWS": [A, CI, SESSION]}), EXEMPT),
    ],
    ids=["id", "root", "role", "session", "star", "AWS star", "star+arn", "two forms", "three"],
)
def test_the_match_form_says_which_implicit_denies_count(
    statement: Any, needed: set[str], layer: str
) -> None:
    scenario = layered(account=A, trust=[statement], **{layer: NO_STS})
    assert passes(scenario) is (layer not in needed)


@pytest.mark.rule("R1.12", "R1.14", "T1")
@pytest.mark.parametrize("boundary", [None, NO_STS], ids=["no boundary", "boundary without sts"])
def test_a_user_named_in_the_same_account_needs_nothing_more(boundary: Any) -> None:
    statement = trust({"AWS": DEPLOYER})
    assert passes(call_by(DEPLOYER, statement, account=A, identity=[], boundary=boundary))


@pytest.mark.rule("R1.16", "T6")
@pytest.mark.parametrize(
    "principal", [{"AWS": CI}, {"AWS": SESSION}, {"AWS": A}, ANYONE, "*"], ids=str
)
def test_across_accounts_no_match_form_replaces_the_identity_policy(principal: Any) -> None:
    assert passes(call_by(SESSION, trust(principal)))
    assert not passes(call_by(SESSION, trust(principal), identity=[]))


@pytest.mark.rule("T6", "T7")
def test_the_text_does_not_tell_one_side_from_the_other() -> None:
    own = diagnosed(call_by(DEPLOYER, trust({"AWS": DEPLOYER}), identity=[])).aws_error
    theirs = diagnosed(call_by(DEPLOYER, trust({"AWS": "333333333333"}))).aws_error
    assert own is not None
    assert own == theirs


@pytest.mark.rule("R1.17")
@pytest.mark.parametrize("principal", [A, f"arn:aws:iam::{A}:root"])
@pytest.mark.parametrize(("caller", "identity", "expected"), [
    (DEPLOYER, [allow()], True), (SESSION, [allow()], True), (DEPLOYER, [], False),
])  # fmt: skip
def test_an_account_as_principal_delegates_to_its_administrators(
    caller: str, identity: Any, expected: bool, principal: str
) -> None:
    assert passes(call_by(caller, trust({"AWS": principal}), identity=identity)) is expected


@pytest.mark.rule("R1.18")
@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "aws-eusc"])
def test_assume_role_never_crosses_partitions(partition: str) -> None:
    scenario = call_by(DEPLOYER, trust("*"))
    scenario["call"]["parameters"]["RoleArn"] = f"arn:{partition}:iam::{B}:role/DeployRole"
    assert "partition" in {finding.cause for finding in diagnosed(scenario).findings}
    assert not passes(scenario)
    scenario["call"]["caller"]["arn"] = DEPLOYER.replace(":aws:", f":{partition}:")
    assert passes(scenario)


@pytest.mark.rule("R1.18")
def test_a_token_is_bound_to_no_partition() -> None:
    issuer = "0a1b2c3d.tokens.sts.global.api.aws"
    scenario = call_by_token({}, issuer=issuer)
    text = "arn:aws-cn:iam::222222222222"
    account = scenario["accounts"][B]
    account["OpenIDConnectProviders"][0]["Arn"] = f"{text}:oidc-provider/{issuer}"
    named = trust({"Federated": f"{text}:oidc-provider/{issuer}"}, "sts:AssumeRoleWithWebIdentity")
    account["RoleDetailList"] = [role("DeployRole", named)]
    scenario["call"]["parameters"]["RoleArn"] = f"{text}:role/DeployRole"
    assert passes(scenario)


@pytest.mark.rule("R1.28")
@pytest.mark.parametrize("layer", ["trust", "identity", "scps", "rcp"])
def test_not_principal_is_refused_where_iam_refuses_it(layer: str) -> None:
    statement = {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": "333333333333"},
        "Action": "sts:AssumeRole",
        **({} if layer == "trust" else {"Resource": "*"}),
    }
    policies = {ROOT: [statement]} if layer == "scps" else [statement]
    with pytest.raises(InputError):
        verdict(layered(**{layer: policies}))
