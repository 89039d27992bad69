"""What changed between two worlds, as people and pipelines see it."""

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from assumable.org.drift import Drift
from assumable.render.drift import as_json, markdown, terminal
from tests.org.worlds import (
    ASKS,
    ASKS_ELSE,
    BASE,
    CLOSED_TO_IT,
    MFA,
    ROOT,
    compared,
    denying,
    edited,
    holding,
    in_organization,
    trusting,
    user_of,
)
from tests.worlds import DEPLOYER, ROLE, A, trust


def crowd(scenario: dict[str, Any]) -> None:
    held = user_of(scenario)
    for number in range(12):
        scenario["accounts"][A]["UserDetailList"].append({**held, "UserName": f"u{number:02}"})


MANY = edited(BASE, crowd, trusting(trust(ROOT)), in_organization())
OPEN = edited(BASE, trusting(trust({"AWS": DEPLOYER}), trust("*"), trust(
    {"Service": "ec2.amazonaws.com"})))  # fmt: skip
UNREAD = edited(MANY, lambda scenario: scenario.update(unknown=["scp", "account:222222222222"]))
SHOWN: dict[str, Drift] = {
    "nothing": compared(BASE, BASE),
    "gained": compared(CLOSED_TO_IT, BASE),
    "together": compared(edited(CLOSED_TO_IT, holding()), BASE),
    "each-by-itself": compared(BASE, edited(CLOSED_TO_IT, holding())),
    "asks-less": compared(ASKS, BASE),
    "asks-more": compared(BASE, ASKS),
    "asks-else": compared(ASKS, ASKS_ELSE),
    "others": compared(BASE, OPEN),
    "many-lost": compared(MANY, edited(MANY, in_organization(denying(A)))),
    "not-compared": compared(MANY, UNREAD),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_answer_reads_as_before(name: str, snapshot: SnapshotAssertion) -> None:
    assert terminal(SHOWN[name]) == snapshot


@pytest.mark.parametrize("name", ["gained", "others", "each-by-itself", "not-compared"])
def test_the_comment_on_a_pull_request_reads_as_before(
    name: str, snapshot: SnapshotAssertion
) -> None:
    assert markdown(SHOWN[name]) == snapshot


def test_the_dangerous_direction_comes_first() -> None:
    """Whatever is more: one who gains it stands above twelve who lose it."""
    new = edited(MANY, in_organization(denying(A)), trusting(trust(ROOT), trust("*")))
    lines = terminal(compared(MANY, new)).split("\n")
    assert [line[:10].strip() for line in lines if line[:2] in ("+ ", "- ")] == [
        "+ gained",
        "- lost",
    ]


def test_no_line_is_wider_than_the_terminal_but_for_a_name_or_a_policy() -> None:
    for found in SHOWN.values():
        for line in terminal(found, width=60).split("\n"):
            assert len(line) <= 60 or "│" in line or len(line.split()) == 1, line


def test_more_are_shown_where_more_are_asked_for() -> None:
    assert "and 8 more (--limit shows them)" in terminal(SHOWN["many-lost"])
    assert " more " not in terminal(SHOWN["many-lost"], most=13)


def test_an_edit_that_did_several_things_is_shown_once() -> None:
    asked = trusting(trust({"AWS": DEPLOYER}, Condition=MFA))
    found = compared(edited(MANY, asked), MANY)
    assert [change.direction for change in found.changes] == ["gained", "eased"]
    new_lines = [line for line in terminal(found).split("\n") if "│ +" in line]
    assert len(new_lines) == len(set(new_lines)) > 0
    assert markdown(found).count("<details>") == 1


def test_whom_nobody_can_list_counts_among_the_first() -> None:
    found = compared(edited(MANY, trusting(trust({"AWS": DEPLOYER}))), edited(MANY, trusting(
        trust("*"), trust({"Service": "ec2.amazonaws.com"}))))  # fmt: skip
    shown = terminal(found, most=3)
    assert shown.count("→ role/DeployRole") == 3
    (change,) = found.changes
    assert f"and {change.size - 3} more (--limit shows them)" in shown


def test_the_object_has_every_pair() -> None:
    found = json.loads(as_json(SHOWN["many-lost"], "a", "b"))
    assert (found["schema"], found["old"], found["new"]) == ("assumable/compare/1", "a", "b")
    assert found["counts"] == {"gained": 0, "eased": 0, "other": 0, "tightened": 0, "lost": 13}
    (change,) = found["changes"]
    (edit,) = change["edits"]
    assert (edit["kind"], edit["subject"], edit["before"]) == ("scp", "p-deny1234", None)
    assert edit["after"]["Statement"][0]["Effect"] == "Deny"
    (access,) = change["access"]
    assert (access["role"], access["before"], access["after"]) == (ROLE, "", None)
    assert len(access["principals"]) == change["pairs"] == 13
    assert DEPLOYER in access["principals"]


def test_the_object_names_others_and_what_was_not_compared() -> None:
    found = json.loads(as_json(SHOWN["others"], "a", "b"))
    others = [other for change in found["changes"] for other in change["others"]]
    assert {"kind": "everyone", "name": "*", "role": ROLE, "before": [], "after": [""]} in others
    found = json.loads(as_json(SHOWN["not-compared"], "a", "b"))
    assert {"what": "account 222222222222", "unread": "NEW", "pairs": 0} in found["not_compared"]
