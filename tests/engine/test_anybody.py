"""Where nobody knows who will call: what is certain of the trust policy holds for every caller."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from assumable import arn
from assumable.engine.evaluate import decide
from assumable.engine.gates import GateName
from assumable.formats.dump import read_trust_policy
from assumable.model.call import (
    Call,
    Caller,
    Mfa,
    Network,
    RoleCaller,
    RootCaller,
    Session,
    UserCaller,
)
from assumable.source import Document
from tests.worlds import ROLE, A, B, policy, trust

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
USER, BASE = f"arn:aws:iam::{A}:user/deployer", f"arn:aws:sts::{A}:assumed-role/Base/work"
CALLERS: list[Caller] = [
    UserCaller(arn=USER),
    UserCaller(arn=f"arn:aws:iam::{B}:user/team/other"),
    UserCaller(arn=USER, credentials="session-token", mfa=Mfa(present=True, age=60)),
    RoleCaller(arn=BASE, session=Session(tags={"team": "web"}, source_identity="alice")),
    RootCaller(arn=f"arn:aws:iam::{A}:root"),
]
PRINCIPALS: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": A}, {"AWS": USER}, {"AWS": [BASE, USER]},
    {"Service": "ec2.amazonaws.com"},
]  # fmt: skip
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"StringEquals": {"sts:ExternalId": "acme"}},
    {"StringNotEquals": {"sts:ExternalId": "acme"}},
    {"StringEquals": {"sts:RoleSessionName": "deploy"}},
    {"Null": {"sts:SourceIdentity": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"StringNotLike": {"aws:userid": "AIDA*"}},
    {"StringEquals": {"aws:username": "deployer"}},
    {"StringEquals": {"aws:PrincipalAccount": A}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringEquals": {"aws:PrincipalTag/team": "web"}},
    {"StringEquals": {"aws:SourceIdentity": "alice"}},
    {"Null": {"aws:TokenIssueTime": "true"}},
    {"StringEquals": {"aws:ResourceAccount": B}},
    {"StringEquals": {"saml:aud": "x"}},
]


HELD = {
    "allow": {"allow"},
    "explicit-deny": {"explicit-deny"},
    "implicit-deny": {"implicit-deny", "explicit-deny"},
}


def outcome(caller: Caller, parameters: dict[str, Any], *statements: Any) -> str:
    """What the trust policy says to a caller."""
    text = json.dumps(policy(*statements))
    world = read_trust_policy(Document("trust.json", text), ROLE)
    given = {"RoleArn": ROLE, "RoleSessionName": "deploy", **parameters}
    call = Call(
        api="AssumeRole", caller=caller, parameters=given, network=Network(assumed=True), time=NOW
    )
    gates = decide(world, call).gates
    return str(next(gate.outcome for gate in gates if gate.gate is GateName.TRUST))


@pytest.mark.parametrize("parameters", [{}, {"ExternalId": "acme"}], ids=str)
def test_what_is_certain_holds_for_every_caller(parameters: dict[str, Any]) -> None:
    nobody, certain = UserCaller(arn=arn.NOBODY), dict.fromkeys(("allow", "deny", "open"), 0)
    for principal, condition, effect in itertools.product(
        PRINCIPALS, CONDITIONS, ("Allow", "Deny")
    ):
        one = {**trust(principal), "Effect": effect, "Condition": condition}
        for statements in ((one,), (one, trust({"AWS": USER})), (one, trust("*"))):
            said = outcome(nobody, parameters, *statements)
            if said == "unknown":
                certain["open"] += 1
                continue
            certain["allow" if said == "allow" else "deny"] += 1
            theirs = {outcome(caller, parameters, *statements) for caller in CALLERS}
            assert theirs <= HELD[said], statements
    assert min(certain.values()) > 10
