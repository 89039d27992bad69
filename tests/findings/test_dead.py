"""Statements that can never match, with the proof."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.engine.conditions import compiled
from assumable.findings.dead import contradiction_of, dead_statements
from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.source import Document, Location
from tests.engine.test_conditions import Request, one
from tests.worlds import DEPLOYER, A, B, classic, diagnosed, policy, trust

OIDC = f"arn:aws:iam::{B}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{B}:saml-provider/Corp"
TOKEN, ASSERTION = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"


def read(*statements: dict[str, Any]) -> Policy:
    """A trust policy."""
    name = PolicyName(Layer.TRUST, "the trust policy")
    return parse_policy(policy(*statements), name, Location(Document("t.json", "{}")))


def proofs(*statements: dict[str, Any]) -> list[str]:
    """The proofs that statements of a trust policy never match."""
    return [proof for _, proof in dead_statements(read(*statements))]


def under(**condition: dict[str, Any]) -> dict[str, Any]:
    """A statement for the account under these conditions."""
    return trust({"AWS": A}, Condition=condition)


DENY = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
NAME = "aws:PrincipalTag/team"


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([under(StringEquals={NAME: "web"}, StringLike={NAME: "db-*"})], "no value is both"),
        ([under(StringLike={NAME: "web-*"}, ArnLike={NAME: "db-*"})], "no value is both"),
        ([under(StringEquals={NAME: "web"}, Null={NAME: "true"})], "cannot be absent"),
        ([under(NumericLessThan={NAME: "5"}, NumericGreaterThan={NAME: "5"})], "no value is both"),
        ([trust({"AWS": A}, TOKEN)], f"calls sts:AssumeRole, but it allows {TOKEN}"),
        ([trust({"Federated": OIDC}, "sts:AssumeRole")], f"calls {TOKEN}, but"),
        ([trust({"Federated": SAML}, TOKEN)], f"calls {ASSERTION}, but"),
        ([under(StringEquals={"aws:PrincipalAccount": B})], f"names principals of {A}"),
        ([trust({"AWS": DEPLOYER}), DENY], "statement 2 denies all that it allows"),
        ([trust({"AWS": A}), {**DENY, "Principal": {"AWS": [A, B]}}], "statement 2 denies"),
    ],
)
def test_the_two_elements_that_exclude_each_other(
    statements: list[dict[str, Any]], words: str
) -> None:
    (proof,) = proofs(*statements)
    assert words in proof


@pytest.mark.parametrize(
    "statements",
    [
        [under(StringEquals={NAME: ["web", "db-1"]}, StringLike={NAME: "db-*"})],
        [under(StringEquals={NAME: "web"}, StringLikeIfExists={NAME: "db-*"})],
        [under(StringEquals={"aws:TagKeys": "a"}, StringLike={"aws:TagKeys": "b"})],
        [under(StringEquals={NAME: "web"}, StringNotLike={NAME: "db-*"})],
        [under(StringEquals={NAME: "${aws:username}"}, StringLike={NAME: "db-*"})],
        [under(StringLike={NAME: "web-*"}, ArnLike={NAME: "*-1"})],
        [under(NumericLessThanEquals={NAME: "5"}, NumericGreaterThanEquals={NAME: "5"})],
        [under(StringEquals={"aws:PrincipalAccount": [A, B]})],
        [trust({"AWS": A}, ["sts:TagSession"])],
        [trust("*", TOKEN)],
        [trust({"AWS": A, "Federated": OIDC}, TOKEN)],
        [trust({"Federated": OIDC}, "sts:*")],
        [trust({"AWS": A}), {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
        [trust({"AWS": A}), {**DENY, "Principal": {"AWS": B}}],
        [trust({"AWS": A}), {**DENY, "Action": "sts:TagSession"}],
        [DENY],
    ],
)
def test_what_some_call_meets_is_not_called_dead(statements: list[dict[str, Any]]) -> None:
    assert proofs(*statements) == []


_TEXTS = st.sampled_from(["a", "b", "ab", "a*", "*b", "?", "1", "2", "true", "false"])
_OPERATORS = st.sampled_from(
    ["StringEquals", "StringLike", "ArnLike", "Bool", "NumericLessThan", "NumericGreaterThan",
     "NumericLessThanEquals", "NumericGreaterThanEquals", "Null", "StringNotEquals",
     "StringEqualsIfExists", "StringNotLike"]
)  # fmt: skip


@given(
    st.dictionaries(_OPERATORS, st.lists(_TEXTS, min_size=1, max_size=2), min_size=2, max_size=3)
)
def test_no_value_meets_what_is_proved_impossible(blocks: dict[str, list[str]]) -> None:
    """The proof is held against the tests that make the verdict, for every value and none."""
    statement = read(under(**{op: {NAME: values} for op, values in blocks.items()})).statements[0]
    if not any(contradiction_of(statement, condition) for condition in statement.conditions):
        return
    tests = [compiled(condition, has_variables=True) for condition in statement.conditions]
    for value in ("a", "b", "ab", "aab", "0", "1", "1.5", "2", "3", "true", "false", "*", "?"):
        assert not all(held(Request({NAME: one(value)})) is True for held in tests)
    assert not all(held(Request({})) is True for held in tests)


def test_an_external_id_is_not_repeated_in_a_proof() -> None:
    """Notes go into tickets."""
    statement = under(
        StringEquals={"sts:ExternalId": "secret-1"}, StringLike={"sts:ExternalId": "x-*"}
    )
    (proof,) = proofs(statement)
    assert "secret-1" not in proof


def test_a_dead_statement_beside_the_one_that_is_meant_is_noted() -> None:
    """The finding speaks of the closest statement, a note of every other."""
    dead = under(StringEquals={NAME: "web"}, StringLike={NAME: "db-*"})
    diagnosis = diagnosed(classic(trust_statements=[trust({"AWS": f"{DEPLOYER}s"}), dead]))
    assert not any("never match" in note for note in diagnosis.notes)  # it names the account
    other = trust({"AWS": "333333333333"}, Condition=dead["Condition"])
    diagnosis = diagnosed(classic(trust_statements=[trust({"AWS": f"{DEPLOYER}s"}), other]))
    assert any(note.startswith("statement 2") and "never match" in note for note in diagnosis.notes)
