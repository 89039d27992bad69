"""The two lines under the header of a denied call: because of what, and what mends it."""

from typing import Any

import pytest

from assumable.diagnose import diagnose
from assumable.render import terminal
from tests.chains import CI, chained
from tests.findings.test_plain_words import asked
from tests.plan.deny_worlds import world
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, diagnosed, parsed, trust


def digest(scenario: dict[str, Any], **how: Any) -> list[str]:
    """What stands between the header and the checklist, the indent left out."""
    text = terminal.render(diagnosed(scenario), width=300, **how)
    return [line.strip() for line in text.split("\n\n", maxsplit=1)[0].splitlines()[1:]]


@pytest.mark.parametrize("plain", [False, True], ids=["signs", "words"])
def test_the_cause_and_the_fix_come_first(*, plain: bool) -> None:
    """Whose part it is stands before what it is, and ARNs are short."""
    scenario = classic(trust_statements=[trust({"AWS": f"{DEPLOYER}2"})])
    assert digest(scenario, plain=plain) == [
        "because  the trust policy of DeployRole does not name this caller",
        f"fix      admin of {B}: name user/deployer in the trust policy",
    ]


def test_what_else_there_is_is_counted() -> None:
    """The first of five causes, and the first of five fixes."""
    because, fix = digest(broken(CLASSICS))
    assert because.endswith(" may not call sts:AssumeRole on DeployRole, and 4 more")
    assert fix == "fix      you: send the external ID `unique-id-42`, and 4 more"


def test_the_hop_is_named() -> None:
    """Titles of findings do not say it, those of fixes do."""
    because, fix = digest(chained(trusts=[trust({"AWS": f"{CI}s"})]))
    assert because.startswith("because  hop 2: the trust policy")
    assert fix.startswith(f"fix      admin of {B}: hop 2: name ")


def test_an_account_that_tells_something_is_not_cut_off() -> None:
    """The role that was meant has the name of the one that was asked for, but another account."""
    text = terminal.render(asked("AS002/fires-account"))
    assert f"  fix      you: ask for {ROLE}\n" in text


def test_without_a_plan_somebody_is_to_be_asked() -> None:
    """The owner of what is wrong."""
    scenario = classic(RoleArn=f"arn:aws:iam::{B}:role/Missing", identity=[allow()])
    assert digest(scenario)[1] == (f"fix      none that could be proved; talk to the admin of {B}")


def test_a_fix_that_no_plan_proves_is_offered_as_that() -> None:
    """It is better than none."""
    scenario = classic(RoleArn=f"arn:aws:iam::{B}:role/Missing")
    assert digest(scenario)[1] == (
        f"fix      none that could be proved; what the admin of {A} could try: "
        "add role/Missing to the Resource of statement 1"
    )


def test_an_answer_that_rests_on_an_open_point_says_so() -> None:
    """Its note says which one."""
    *_, last = digest(world("rcp", "token", "called", "exact", "none"))
    assert last == "rests on a point that AWS leaves open (U-20): see the note"


def test_other_answers_have_their_headline() -> None:
    """An allowed call, one that depends on something, and one that shall stay denied."""
    assert digest(classic()) == []
    assert all("because" not in line for line in digest({**classic(), "organization": "unknown"}))
    denied = classic(trust_statements=[trust({"AWS": f"{DEPLOYER}2"})])
    text = terminal.render(diagnose(*parsed(denied), expected="denied"))
    assert "because  " not in text


def test_rules_are_for_those_who_read_the_json() -> None:
    """A code says nothing to people."""
    no_such_key = {"StringEquals": {"aws:ExternalId": "unique-id-42"}}
    scenario = classic(trust_statements=[trust({"AWS": DEPLOYER}, Condition=no_such_key)])
    diagnosis = diagnosed(scenario)
    assert " (R6.14)" in diagnosis.findings[0].explanation
    assert "(R" not in terminal.render(diagnosis)
