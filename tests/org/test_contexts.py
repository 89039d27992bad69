"""What rules can ask of whoever calls: what many share is what the engine says of each of them."""

import itertools
from typing import Any

import msgspec
import pytest

from assumable.engine.context import KEYS, RequestContext
from assumable.engine.layers import Prepared
from assumable.model.policy import Layer
from assumable.model.world import Role, World
from assumable.org.calls import CallOf, plain_call, tagged_call
from assumable.org.contexts import CallerContext, Contexts
from assumable.org.universe import Universe
from tests.org.test_classes import identified, tagged
from tests.org.worlds import BASE, edited, in_organization
from tests.worlds import NOW, ROLE, A, B, parsed, policy, trust

TRUSTED: tuple[Any, ...] = (
    {"AWS": B}, {"Service": "ec2.amazonaws.com"}, {"Service": "lambda.amazonaws.com"},
    {"Service": "codebuild.amazonaws.com"}, {"Service": "ssm.amazonaws.com"}, "*",
)  # fmt: skip
"""Who makes the sessions of roles: a closed world knows by it what else these have."""
ASKED = (*sorted(KEYS), "aws:principaltag/team", "aws:requesttag/team", "saml:sub", "no:such")


def world(*, closed: bool) -> World:
    """Users and roles of two accounts that differ in all that can be said of somebody."""
    people = {
        "UserDetailList": [
            {"UserName": f"u{n}", "Path": "/" if n else "/p/", **tagged(n), **identified(n)}
            for n in range(3)
        ],
        "RoleDetailList": [
            {
                "RoleName": f"r{n}",
                "Path": "/" if n else "/p/",
                "AssumeRolePolicyDocument": policy(trust(principal, "*")),
                **tagged(n),
            }
            for n, principal in enumerate(TRUSTED)
        ],
    }
    organized = edited(BASE, in_organization(unit="ou-ab12-11111111"))
    (target,) = organized["accounts"][B]["RoleDetailList"]
    home = {**people, "RoleDetailList": [*people["RoleDetailList"], target]}
    call = {**organized["call"], "caller": {"arn": f"arn:aws:iam::{A}:user/p/u0"}}
    made = parsed({**organized, "accounts": {A: people, B: home}, "call": call}).world
    return msgspec.structs.replace(made, complete=closed)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("call_of", [plain_call, tagged_call])
def test_what_many_share_is_what_the_engine_says_of_each(call_of: CallOf, closed: bool) -> None:
    universe = Universe(world(closed=closed))
    prepared = Prepared(universe.world)
    contexts = Contexts(universe, prepared, NOW, call_of)
    said: dict[tuple[type, str], set[Any]] = {}
    for number, principal in enumerate(universe.principals):
        if call_of is tagged_call and not isinstance(principal, Role):
            continue
        found = contexts.of(number)
        assert isinstance(found, CallerContext)
        facts = contexts.facts(number, ROLE)
        for key, layer in itertools.product(ASKED, (Layer.TRUST, Layer.IDENTITY)):
            if not key.startswith(("aws:resource", "iam:resource")):
                expected = RequestContext(facts, "sts:AssumeRole", layer).value(key)
                assert found.value(key) == found.get(key.upper()) == expected
                said.setdefault((type(principal), key), set()).add(expected)
    apart = {key for (kind, key), values in said.items() if kind is Role and len(values) > 1}
    assert apart >= {"aws:principalarn", "aws:principalaccount", "aws:principalorgpaths"}
    assert closed == ("lambda:sourcefunctionarn" in apart)
