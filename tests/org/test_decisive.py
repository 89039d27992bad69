"""When two versions of a policy decide alike: nothing that could decide a call may be missed."""

import itertools
import json
from typing import Any

import pytest

from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.model.world import Unknown
from assumable.org.decisive import alike, same, says_nothing
from assumable.source import Document, Location
from tests.org.test_classes import CROWD, ROOT, crowd, user
from tests.org.test_whocan import asked, holds_for_every_pair, ways, world_of
from tests.worlds import NOW, ROLE, A, B, allow, policy, trust


def parsed(document: dict[str, Any], layer: Layer = Layer.TRUST) -> Policy:
    text = Document("policy.json", json.dumps(document))
    name = PolicyName(layer, "p", ROLE, "", B)
    return parse_policy(text.value, name, Location(text))


ID = {"StringEquals": {"sts:ExternalId": "a"}}
BASE = policy(trust({"AWS": A}, Condition=ID))
UNREAD = Unknown("the policy", "iam:GetPolicy")


def changed(**members: Any) -> dict[str, Any]:
    """The policy with another statement."""
    return policy({**trust({"AWS": A}, Condition=ID), **members})


@pytest.mark.parametrize(
    "other",
    [
        changed(Effect="Deny"),
        changed(Principal={"AWS": B}),
        changed(Principal={"Federated": A}),
        changed(Action="sts:TagSession"),
        changed(Condition={"StringLike": ID["StringEquals"]}),
        changed(Condition={"StringEquals": {"aws:SourceAccount": "a"}}),
        changed(Condition={"StringEquals": {"sts:ExternalId": "b"}}),
        changed(Condition={}),
        policy(trust({"AWS": A}, Condition=ID), trust({"AWS": B})),
    ],
)
def test_what_may_decide_a_call_is_not_alike(other: dict[str, Any]) -> None:
    assert not alike(parsed(BASE), parsed(other))
    assert not alike(parsed(other), parsed(BASE))


def test_roles_that_are_named_count() -> None:
    but = {key: value for key, value in allow().items() if key != "Resource"}
    statements = (allow(resource=ROLE), allow(resource=f"{ROLE}x"), {**but, "NotResource": ROLE})
    found = [parsed(policy(each), Layer.IDENTITY) for each in statements]
    for one, other in itertools.combinations(found, 2):
        assert not alike(one, other)


def test_whom_a_statement_spares_counts() -> None:
    refused = {"Effect": "Deny", "Action": "sts:AssumeRole"}
    one, other, everyone = (
        parsed(policy({**refused, **whom}))
        for whom in (
            {"NotPrincipal": {"AWS": A}},
            {"Principal": {"AWS": A}},
            {"Principal": "*"},
        )
    )
    assert not alike(one, other)
    assert not alike(one, everyone)


@pytest.mark.parametrize(
    "other",
    [
        changed(Sid="Named"),
        changed(Action=["sts:AssumeRole", "sts:TagSession"]),
        policy(allow("s3:GetObject"), trust({"AWS": A}, Condition=ID)),
    ],
)
def test_what_decides_no_plain_call_is_alike_but_not_the_same(other: dict[str, Any]) -> None:
    """A name, another action, another statement."""
    assert alike(parsed(BASE), parsed(other))
    assert not same(parsed(BASE), parsed(other))


def test_a_version_counts_where_there_are_variables() -> None:
    wanted = {"StringEquals": {"sts:ExternalId": "${aws:PrincipalAccount}"}}
    document = policy(trust({"AWS": A}, Condition=wanted))
    assert not alike(parsed(document), parsed({**document, "Version": "2008-10-17"}))
    assert same(parsed(document), parsed(document))


def test_what_was_not_read_is_like_itself_alone() -> None:
    assert alike(UNREAD, UNREAD)
    assert not alike(UNREAD, parsed(BASE))
    assert not alike(None, parsed(policy(allow("s3:GetObject"))))
    assert alike(None, None)


def test_a_policy_may_say_nothing_of_the_call() -> None:
    assert says_nothing(parsed(policy(allow("s3:*"))))
    assert not says_nothing(parsed(BASE))
    assert not says_nothing(UNREAD)


def test_the_same_statements_of_another_version_are_other_statements() -> None:
    """Of the older one a variable is a text: nobody is called that."""

    def change(number: int) -> dict[str, Any]:
        own = policy(allow(Condition={"StringEquals": {"aws:username": "${aws:username}"}}))
        version = "2008-10-17" if number % 2 else "2012-10-17"
        held = {"PolicyName": "p", "PolicyDocument": {**own, "Version": version}}
        return {"UserPolicyList": [held]}

    scenario = crowd(change, trust(ROOT))
    assert ways(asked(scenario)) == {"": {user(n) for n in range(0, CROWD, 2)}}
    holds_for_every_pair(world_of(scenario), NOW)
