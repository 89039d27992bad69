"""Documents without a fault, read twice: straight from their text, and as any other is."""

import json
import urllib.parse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.formats.faultless import faultless
from assumable.formats.reading import Cursor, read_policy
from assumable.formats.touching import touches_sts
from assumable.model.policy import Layer, PolicyName
from assumable.source import Document, Location
from tests.fuzz.junk import mutate

CONDITION = {
    "ForAnyValue:StringLikeIfExists": {"aws:x/y~z": ["é", 1, True], "aws:PrincipalArn": "*"},
    "bool": {"aws:SecureTransport": False},
    "NumericLessThan": {"aws:MultiFactorAuthAge": 123456789012345678901234567890, "a": -5},
    "Null": {},
}
CALL = {"Effect": "Allow", "Action": "sts:AssumeRole"}
OF_IDENTITY: list[dict[str, Any]] = [
    {"Statement": []},
    {"Version": "2008-10-17", "Id": "own", "Statement": [{**CALL, "Resource": "*"}]},
    {"Statement": {"Sid": "One", **CALL, "NotResource": ["a", "b"], "Condition": CONDITION}},
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:*", "ec2:*"], "Resource": "*"},
            {"Effect": "Deny", "NotAction": ["iam:*"], "Resource": ["*"], "Sid": "Denied"},
            {"Effect": "Deny", "NotAction": "sts:*", "Resource": "*"},
            {"Effect": "Allow", "Action": ["s3:*", "?ts:*"], "Resource": []},
        ],
    },
]
NAMED = {
    "AWS": ["111111111111", "arn:aws:iam::222222222222:role/*", "x", "*", "AIDAAAAAAAAAAAAAAAAAA"],
    "Service": "ec2.*",
    "Federated": ["accounts.google.com"],
    "CanonicalUser": "q",
}
OF_TRUST: list[dict[str, Any]] = [
    {"Version": "2012-10-17", "Statement": [{**CALL, "Principal": NAMED}]},
    {"Statement": {**CALL, "Principal": "*", "Condition": CONDITION, "Sid": "One"}},
    {"Statement": [{**CALL, "Principal": {}}, {**CALL, "Principal": {"AWS": []}}]},
    {"Statement": [{"Effect": "Deny", "NotAction": "s3:*", "Principal": {"AWS": "*"}}]},
]
FAULTLESS = [(Layer.IDENTITY, document) for document in OF_IDENTITY] + [
    (Layer.TRUST, document) for document in OF_TRUST
]


@st.composite
def broken(draw: st.DrawFn, document: dict[str, Any]) -> Any:
    """The document with a few changes."""
    return mutate(document, draw, draw(st.integers(1, 3)))


def compact(document: Any) -> str:
    """As AWS writes JSON."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def agree(text: str, layer: Layer) -> bool:
    """Both say the same, if the first says anything; whether it does."""
    found = faultless(text.encode(errors="surrogatepass"), layer)
    if found is None:
        return False
    document = Document("policy.json", text)
    policy = read_policy(Cursor(document.value, Location(document)), PolicyName(layer, "own"))
    kept = [
        statement
        for statement in policy.statements
        if layer is Layer.TRUST or touches_sts(statement.actions, not_action=statement.not_action)
    ]
    assert policy.fatal is None
    assert found == (policy.version, tuple(kept), policy.problems)
    return True


@pytest.mark.parametrize(("layer", "document"), FAULTLESS)
def test_what_has_no_fault_is_read_alike(layer: Layer, document: dict[str, Any]) -> None:
    """As an object, as text, and URL-encoded with gaps as IAM returns it."""
    text = compact(document)
    assert agree(text, layer)
    assert agree(json.dumps(text), layer)
    wide = json.dumps(document, indent=2, ensure_ascii=False)
    assert agree(json.dumps(urllib.parse.quote(wide)), layer)


@pytest.mark.parametrize(("layer", "document"), FAULTLESS)
@given(data=st.data())
def test_what_may_have_a_fault_is_left(
    layer: Layer, document: dict[str, Any], data: st.DataObject
) -> None:
    """Whatever is changed, nothing is said that was not said before."""
    agree(compact(data.draw(broken(document))), layer)


@pytest.mark.parametrize(
    "text",
    [
        '{"Statement":[],"Statement":[]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:*","Action":"s3:*","Resource":"*"}]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:*","NotAction":"a:*","Resource":"*"}]}',
        '{"Statement":[{"Effect":"Allow","Resource":"*"}]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":"*"}]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Why":1}]}',
        '{"Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Like":{}}}]}',
        '{"Statement":[{"Effect":"Allow","Action":"s3:\\ud800","Resource":"*"}]}',
        '{"Version":"2012-10-18","Statement":[]}',
        '{"Version":null,"Statement":[]}',
    ],
)
def test_a_fault_is_never_overlooked(text: str) -> None:
    assert faultless(text.encode(), Layer.IDENTITY) is None


@pytest.mark.parametrize(
    "more",
    ['"Resource":"*"', '"NotPrincipal":{"AWS":"*"}', '"Principal":{"Aws":"*"}', '"Principal":"a"'],
)
def test_a_fault_of_a_trust_policy_is_never_overlooked(more: str) -> None:
    text = f'{{"Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole",{more}}}]}}'
    assert faultless(text.encode(), Layer.TRUST) is None
