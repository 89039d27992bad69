"""Evidence for every gate that refuses: the element, wanted and got, and the exact place."""

import json
from typing import Any

import pytest

from assumable.diagnose import Diagnosis
from assumable.engine.match import Reason
from assumable.findings.finding import Evidence
from assumable.render.json import schema
from tests.worlds import DEPLOYER, ROLE, A, allow, classic, diagnosed, trust

OTHER = "arn:aws:iam::222222222222:role/DeployRoles"


def shown(diagnosis: Diagnosis, gate: str) -> tuple[Evidence, ...]:
    """The evidence of a gate."""
    return next(found.evidence for found in diagnosis.gates if found.gate == gate)


def trusted(**statement: Any) -> Evidence:
    """The only evidence of a trust policy with one statement."""
    (found,) = shown(
        diagnosed(classic(trust_statements=[trust(**{"principal": {"AWS": A}, **statement})])),
        "trust",
    )
    return found


@pytest.mark.parametrize(
    ("statement", "reason", "wanted", "got"),
    [
        ({"principal": {"AWS": f"{DEPLOYER}s"}}, "principal-differs", f"{DEPLOYER}s", DEPLOYER),
        ({"action": "sts:TagSession"}, "action-not-listed", "sts:TagSession", "sts:AssumeRole"),
        (
            {"Condition": {"StringEquals": {"sts:ExternalId": "x-1"}}},
            "key-absent",
            "sts:ExternalId is `x-1`",
            "absent: no ExternalId was sent",
        ),
        (
            {"Condition": {"StringEquals": {"aws:username": "alice"}}},
            "value-differs",
            "aws:username is `alice`",
            "deployer",
        ),
        (
            {"Condition": {"StringNotEquals": {"aws:username": "deployer"}}},
            "value-excluded",
            "aws:username is not `deployer`",
            "deployer",
        ),
        (
            {"Condition": {"Null": {"aws:username": "true"}}},
            "key-present",
            "aws:username is absent",
            "deployer",
        ),
    ],
)
def test_the_element_that_failed(
    statement: dict[str, Any], reason: str, wanted: str, got: str
) -> None:
    """`wanted` is what the policy asks for, `got` what the call has."""
    found = trusted(**statement)
    assert (found.reason, found.wanted, found.got) == (Reason(reason), wanted, got)


def test_reasons_are_an_enumeration_in_the_schema() -> None:
    definitions = json.loads(json.dumps(schema()))["$defs"]
    assert set(definitions["Reason"]["enum"]) == {reason.value for reason in Reason}


def test_of_a_list_the_nearest_value_is_marked_where_it_differs() -> None:
    statement = allow(resource=["arn:aws:s3:::x", OTHER, "arn:aws:iam::333333333333:role/*"])
    (found,) = shown(diagnosed(classic(identity=[statement])), "identity")
    assert found.pointer == "/Statement/0/Resource/1"
    assert (found.reason, found.got) == (Reason.RESOURCE, ROLE)
    assert found.column is not None
    assert found.differs == found.column + len(f'"{ROLE}')
    value = found.excerpt[found.column - found.excerpt_column :]
    assert value.startswith(f'"{OTHER}"')


def test_a_list_without_anything_alike_is_marked_as_a_whole() -> None:
    (found,) = shown(
        diagnosed(classic(identity=[allow(resource=["arn:aws:s3:::x", "arn:aws:s3:::y"])])),
        "identity",
    )
    assert (found.pointer, found.differs) == ("/Statement/0/Resource", None)


def test_a_deny_is_shown_where_it_matches() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    diagnosis = diagnosed(classic(trust_statements=[trust({"AWS": A}), deny]))
    (found,) = shown(diagnosis, "trust")
    assert (found.pointer, found.reason) == ("/Statement/1/Effect", Reason.MATCHED)


def test_every_failing_element_of_the_closest_statement_is_shown() -> None:
    guard = {
        "StringEquals": {"sts:ExternalId": "x-1"},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
    }
    diagnosis = diagnosed(classic(trust_statements=[trust({"AWS": A}, Condition=guard)]))
    assert [found.reason for found in shown(diagnosis, "trust")] == [Reason.KEY_ABSENT] * 2


def test_a_gate_that_lets_through_has_no_evidence() -> None:
    assert all(gate.evidence == () for gate in diagnosed(classic()).gates)
