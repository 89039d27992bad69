"""Two files and what is refused: other calls, changed files, calls that have no two sides."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from assumable.diagnose import diagnose
from assumable.errors import InputError
from assumable.formats.side import parse_side, schema, written
from assumable.sides.answer import diagnosed
from assumable.sides.contents import Wish
from assumable.sides.export import caller_side, role_side
from assumable.sides.join import joined, pair
from assumable.source import Document
from tests.rules.worlds import organization
from tests.sides.passing import passed_on, text_of
from tests.worlds import ROLE, A, B, allow, classic, parsed, trust

COMMITTED = Path(__file__).parents[2] / "docs" / "schema" / "side-1.json"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def changed(**parameters: Any) -> dict[str, Any]:
    world = classic()
    world["call"]["parameters"] |= parameters
    return world


def refusal(caller: dict[str, Any], role: dict[str, Any]) -> str:
    sides = caller_side(parsed(caller), Wish()), role_side(parsed(role), Wish())
    with pytest.raises(InputError) as error:
        pair(sides)
    return str(error.value)


def test_the_committed_schema_is_that_of_the_code() -> None:
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(schema())), "run make gen"


@pytest.mark.parametrize("full", [False, True])
def test_side_files_are_valid_under_the_schema(full: bool) -> None:
    for make in (caller_side, role_side):
        text = text_of(make(parsed(classic()), Wish(full=full)))
        jsonschema.validate(json.loads(text), schema())


def test_sides_of_different_calls_are_refused_with_what_differs() -> None:
    line = refusal(changed(RoleSessionName="one"), changed(RoleSessionName="two", ExternalId="x"))
    assert "different calls: ExternalId, RoleSessionName differ" in line


def test_other_external_ids_are_told_apart_without_their_values() -> None:
    line = refusal(changed(ExternalId="mine-1"), changed(ExternalId="theirs-2"))
    assert "ExternalId differ" in line
    assert "theirs" not in line


def test_the_same_external_id_is_the_same() -> None:
    world = parsed(changed(ExternalId="shared-1"))
    assert pair([role_side(world, Wish()), caller_side(world, Wish())])


def test_two_sides_of_one_party_are_refused() -> None:
    side = caller_side(parsed(classic()), Wish())
    with pytest.raises(InputError, match="one side of the caller and one of the role"):
        pair([side, side])


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda text: text.replace('"exists": true', '"exists": false'), "changed or cut"),
        (lambda text: text[: len(text) // 2], "not well-formed JSON|is not|JSON"),
        (lambda text: text.replace("assumable/side/1", "assumable/side/9"), "no side file"),
        (lambda text: text.replace('"exists": true', '"exists": 7'), "side.json:.*expected"),
        (lambda text: text.replace('"exists"', '"exits"'), "side.json"),
        (lambda _: "[]", "no side file"),
    ],
    ids=["changed", "cut", "another version", "a wrong type", "an unknown key", "no object"],
)
def test_a_changed_file_is_refused(edit: Any, words: str) -> None:
    text = edit(written(role_side(parsed(classic()), Wish())))
    with pytest.raises(InputError) as error:
        parse_side(Document("side.json", text))
    assert re.search(words, str(error.value))


def test_one_account_needs_no_second_side() -> None:
    world = classic()
    mine = ROLE.replace(B, A)
    world["call"]["parameters"]["RoleArn"] = mine
    for make in (caller_side, role_side):
        with pytest.raises(InputError, match="in one account, whose administrator can answer"):
            make(parsed(world), Wish())


def test_a_service_has_no_second_side() -> None:
    world = classic()
    world["call"]["caller"] = {"service": "lambda.amazonaws.com"}
    with pytest.raises(InputError, match="by a principal of an account"):
        role_side(parsed(world), Wish())


def test_causes_that_neither_side_sees_alone_are_found() -> None:
    """The role's side asks for MFA, the caller's side says that there is none."""
    world = parsed(
        classic(trust_statements=[trust({"AWS": f"arn:aws:iam::{A}:root"}, Condition=MFA)])
    )
    caller, role = caller_side(world, Wish()), role_side(world, Wish())
    assert not caller.blocking
    assert not role.blocking
    answer = diagnosed(joined(caller, role), (caller, role))
    assert answer.verdict == "denied"
    assert [finding.cause for finding in answer.findings] == ["mfa"]
    assert "the other lacks" in answer.findings[0].explanation


def test_an_answer_from_outcomes_has_no_fixes_and_no_evidence() -> None:
    world = parsed(classic(identity=[]))
    caller, role = caller_side(world, Wish()), role_side(world, Wish())
    answer = diagnosed(joined(caller, role), (caller, role))
    assert answer.verdict == "denied"
    assert not answer.plans
    assert not answer.fixes
    assert all(not finding.evidence and not finding.fixes for finding in answer.findings)
    assert all(not gate.statements and not gate.evidence for gate in answer.gates)
    assert f"the administrator of {A}" in answer.findings[0].explanation


def test_a_fault_of_the_shared_call_is_explained_and_one_of_a_stand_in_is_not() -> None:
    world = parsed(changed(RoleSessionName="s", SerialNumber="GAHT12345678", TokenCode="12"))
    caller, role = caller_side(world, Wish()), role_side(world, Wish())
    answer = diagnosed(joined(caller, role), (caller, role))
    shown = {finding.variant: finding.explanation for finding in answer.findings}
    assert "side files" not in shown["RoleSessionName"]
    assert "side files" in shown["TokenCode"]


@pytest.mark.parametrize("entry", ["not-an-entry", 1, [1]], ids=repr)
def test_a_context_that_is_no_object_is_told_without_its_text(entry: Any) -> None:
    world = parsed(changed(ProvidedContexts=[entry]))
    assert "not-an-entry" not in text_of(caller_side(world, Wish()))
    assert diagnose(*passed_on(world, "full")).verdict == diagnose(*world).verdict


def test_full_sides_give_the_whole_answer() -> None:
    world = parsed(classic(identity=[]))
    whole, both = diagnose(*world), diagnose(*passed_on(world, "full"))
    assert [plan.fixes for plan in both.plans] == [plan.fixes for plan in whole.plans]
    assert both.plans


@pytest.mark.parametrize("way", ["apart", "full"])
def test_who_mends_a_policy_of_an_organization_is_its_administrator(way: str) -> None:
    """Whose account that is, no side says; the caller it is not."""
    world = classic(identity=[allow()])
    closed = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    limits = {"scps": {A: [allow("*"), closed]}, "rcps": {B: [{**closed, "Principal": "*"}]}}
    world["organization"] = organization(A, B, **limits)
    wish = Wish(full=way == "full")
    sides = pair([caller_side(parsed(world), wish), role_side(parsed(world), wish)])
    found = {f.cause: f.owner for f in diagnosed(joined(*sides), sides).findings if f.blocking}
    assert found == {"scp": f"{A}'s organization", "rcp": f"{B}'s organization"}


@pytest.mark.parametrize("account", [A, B])
def test_who_reopens_an_account_is_its_organization(account: str) -> None:
    world = classic(identity=[allow()])
    world["organization"] = organization(A, B)
    for node in world["organization"]["Accounts"]:
        node["State"] = "CLOSED" if node["Id"] == account else "ACTIVE"
    wish = Wish(full=True)
    sides = pair([caller_side(parsed(world), wish), role_side(parsed(world), wish)])
    (found,) = (f for f in diagnosed(joined(*sides), sides).findings if f.blocking)
    assert (found.variant, found.owner) == ("account-suspended", f"{account}'s organization")
