"""Every element of a statement held against the request, as explanations show it."""

from typing import Any

import pytest

from assumable.engine.gates import Gate
from assumable.engine.match import ElementTrace, StatementTrace
from tests.rules.worlds import call_by, deny, through_endpoint
from tests.worlds import DEPLOYER, ROLE, A, allow, classic, decided, trust

OTHER = "arn:aws:iam::222222222222:role/Other"
WEB = {"StringEquals": {"aws:PrincipalTag/team": "web", "aws:username": "deployer"}}


def gate(scenario: dict[str, Any], name: str) -> Gate:
    """One gate of a decision."""
    return next(found for found in decided(scenario).gates if found.gate == name)


def traces(name: str, scenario: dict[str, Any]) -> tuple[StatementTrace, ...]:
    """The traces of one gate."""
    return gate(scenario, name).traces()


def elements(found: StatementTrace) -> list[tuple[str, bool, str]]:
    """Name, outcome and place of each element."""
    shown = []
    for element in found.elements:
        assert isinstance(element.truth, bool)
        shown.append((element.element, element.truth, element.pointer))
    return shown


def test_every_element_is_tested_whatever_the_others_say() -> None:
    """In the order in which people read a statement, with the place in the document."""
    statement = trust({"AWS": "333333333333"}, "sts:TagSession", Condition=WEB)
    (found,) = traces("trust", classic(trust_statements=[statement]))
    assert elements(found) == [
        ("Principal", False, "/Statement/0/Principal"),
        ("Action", False, "/Statement/0/Action"),
        ("Condition", False, "/Statement/0/Condition/StringEquals/aws:PrincipalTag~1team"),
        ("Condition", True, "/Statement/0/Condition/StringEquals/aws:username"),
    ]
    assert [element.element for element in found.failing] == ["Principal", "Action", "Condition"]
    assert found.truth is False
    assert not found.has_matching("Principal")
    assert not found.has_matching("Action")
    assert not found.has_matching("Condition")
    assert found.has_matching("Resource")
    assert found.caller.arn == DEPLOYER
    assert found.statement.label == "statement 1"
    assert found.policy.statements == (found.statement,)


def test_each_condition_is_shown_with_its_own_outcome() -> None:
    """The trace of a condition names the condition."""
    (found,) = traces("trust", classic(trust_statements=[trust({"AWS": A}, Condition=WEB)]))
    conditions = [element.condition for element in found.elements]
    assert conditions[:2] == [None, None]
    assert [c.key for c in conditions[2:] if c is not None] == [
        "aws:PrincipalTag/team", "aws:username",
    ]  # fmt: skip
    assert found.has_matching("Principal")
    assert found.has_matching("Action")


@pytest.mark.parametrize(
    ("element", "listed", "expected"),
    [
        ("Resource", ROLE, True),
        ("Resource", "*", True),
        ("Resource", OTHER, False),
        ("NotResource", OTHER, True),
        ("NotResource", ROLE, False),
        ("NotResource", "*", False),
    ],
)
def test_resources_are_held_against_the_role(element: str, listed: str, expected: bool) -> None:
    """The element is named as the policy writes it."""
    statement = {"Effect": "Allow", "Action": "sts:*", element: listed}
    (found,) = traces("identity", classic(identity=[statement]))
    assert elements(found) == [
        ("Action", True, "/Statement/0/Action"),
        ("Resource", expected, f"/Statement/0/{element}"),
    ]
    assert found.truth is expected


@pytest.mark.rule("R6.10")
def test_variables_in_a_resource_are_replaced() -> None:
    """A trace sees what the verdict sees."""
    name = "arn:aws:iam::222222222222:role/${aws:username, 'x'}"
    (found,) = traces("identity", classic(identity=[allow(resource=name)]))
    assert elements(found)[1] == ("Resource", False, "/Statement/0/Resource")


@pytest.mark.rule("R6.12")
@pytest.mark.parametrize(
    ("listed", "expected"),
    [("sts:TagSession", True), ("sts:assumerole", False), ("sts:*", False), ("s3:*", True)],
)
def test_actions_that_are_excepted(listed: str, expected: bool) -> None:
    """R6.12: names ignore case; NotAction lists what is left out."""
    statement = {"Effect": "Allow", "NotAction": listed, "Resource": "*"}
    (found,) = traces("identity", classic(identity=[statement]))
    assert elements(found)[0] == ("Action", expected, "/Statement/0/NotAction")


def test_a_principal_that_is_excepted() -> None:
    """Its place in the document is that of NotPrincipal."""
    block = {**deny(), "NotPrincipal": {"AWS": "333333333333"}}
    scenario = through_endpoint(call_by(DEPLOYER, trust({"AWS": A})), block)
    (found,) = traces("vpc-endpoint", scenario)
    assert elements(found)[0] == ("Principal", True, "/Statement/0/NotPrincipal")


def test_every_statement_has_its_trace() -> None:
    """Denies and statements about other actions as well."""
    found = traces("identity", classic(identity=[allow("s3:*"), deny("sts:TagSession"), allow()]))
    assert [trace.statement.index for trace in found] == [0, 1, 2]
    assert [trace.truth for trace in found] == [False, False, True]


def test_what_is_not_known_does_not_fail() -> None:
    """An element that may match rules nothing out."""
    scenario = classic(trust_statements=[trust({"AWS": A}, Condition=WEB)])
    scenario["unknown"] = ["context:aws:PrincipalTag/team"]
    (found,) = traces("trust", scenario)
    assert found.failing == ()
    assert found.has_matching("Condition")
    assert not isinstance(found.truth, bool)


def test_an_element_fails_only_when_it_surely_does_not_match() -> None:
    """Neither True nor an open question is a failure."""
    assert ElementTrace("Action", False, "").failed
    assert not ElementTrace("Action", True, "").failed
