"""Whoever needs session tags, in the answers about every pair: edges, chains, and what changed."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from assumable.cli.edges import command as edges
from assumable.formats.prepared import write_prepared
from assumable.formats.scenario import parse_scenario
from assumable.model.world import World
from assumable.org.drift import Drift, drift
from assumable.org.paths import Decided, Paths
from assumable.org.whocan import Everyone
from assumable.source import Document
from tests.org.test_classes import ROOT, alike, crowd, named
from tests.org.test_tagged import BLUE, PLAIN, SAML, SENT, TAGGABLE, TEAM, role
from tests.org.worlds import told
from tests.worlds import NOW, ROLE, A, B, allow, policy, trust

Scenario = dict[str, Any]
CALLER = f"arn:aws:iam::{A}:role/R"
NAMED = f"role/R ({A})"
TARGET = f"role/DeployRole ({B})"
RED = named("StringEquals", "aws:PrincipalTag/team", "red")


def scenario(*roles: Scenario, target: Any = None, **more: Any) -> Scenario:
    """A role that wants a tag of whoever comes from the other account, and the roles there."""
    found = crowd(alike, target or trust(ROOT, Condition=TEAM))
    found["accounts"][A] = {"UserDetailList": [], "RoleDetailList": list(roles)}
    return {**found, **more}


def world(found: Scenario, *, closed: bool = True) -> World:
    made = parse_scenario(Document("s.json", json.dumps(found)), now=NOW).world
    return msgspec.structs.replace(made, complete=closed, standalone=frozenset((A, B)))


def rows(*words: str) -> list[list[str]]:
    result = CliRunner().invoke(edges, ["--format", "csv", "--processes", "1", *words])
    return list(csv.reader(io.StringIO(result.stdout)))[1:]


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    """A folder of dumps in which somebody may tag one of two roles."""
    folder = tmp_path / "snapshot"
    folder.mkdir()
    for account, content in scenario(role("R", TAGGABLE), role("S", PLAIN))["accounts"].items():
        (folder / f"{account}.json").write_text(json.dumps(content))
    return folder


def test_edges_name_the_tag(accounts: Path) -> None:
    ((caller, target, condition),) = rows("--snapshot", str(accounts))
    assert (caller, target) == (CALLER, ROLE)
    assert condition.endswith(f" and {BLUE}")  # of the organization nothing was read


def test_a_prepared_file_keeps_who_may_be_tagged(accounts: Path, tmp_path: Path) -> None:
    write_prepared(accounts, tmp_path / "made.prepared")
    found = rows("--snapshot", str(tmp_path / "made.prepared"))
    assert found == rows("--snapshot", str(accounts)) != []


def test_whoever_passes_already_is_not_asked_for_a_tag() -> None:
    """Of those who were asked about; and a role with the tag of its own is in one set with them."""
    roles = role("R", TAGGABLE), role("Own", TAGGABLE, team="blue")
    everyone = Everyone(world(scenario(*roles)), NOW)
    target, number = everyone.role(ROLE), everyone.universe.number
    own, tagged = number[f"arn:aws:iam::{A}:role/Own"], number[CALLER]
    assert [(text, list(who)) for text, who in everyone.passing(target)] == [
        ("", [own]), (BLUE, [tagged])
    ]  # fmt: skip
    ((text, who),) = everyone.passing(target, everyone.universe.named(CALLER))
    assert (text, list(who)) == (BLUE, [tagged])


@pytest.mark.parametrize("action", ["sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"]])
def test_a_hop_that_needs_a_tag_needs_somebody_who_may_tag(action: Any) -> None:
    through = role("R", trust({"AWS": f"arn:aws:iam::{A}:user/start"}, action))
    found = scenario(through)
    may = {"PolicyName": "p", "PolicyDocument": {"Statement": allow("sts:*", CALLER)}}
    found["accounts"][A]["UserDetailList"] = [{"UserName": "start", "UserPolicyList": [may]}]
    everyone = Everyone(world(found), NOW)
    start = everyone.universe.number[f"arn:aws:iam::{A}:user/start"]
    paths = Paths(Decided(everyone))
    last = (ROLE, (BLUE,))
    expected = [(CALLER, ()), *([last] if isinstance(action, list) else [])]
    assert [(path.role, path.conditions) for path in paths.reach(start)] == expected
    to = paths.all_to(start, everyone.universe.number[ROLE])
    assert [(path.role, path.conditions) for path in to] == expected[1:]


def compared(old: Scenario, new: Scenario, *, closed: bool) -> Drift:
    return drift(world(old, closed=closed), world(new, closed=closed), NOW)


both = pytest.mark.parametrize("closed", [True, False])
EDITED = f"the trust policy of {NAMED} was edited"


@both
def test_tagging_that_somebody_is_allowed_is_access_gained(closed: bool) -> None:
    without, having = scenario(role("R", PLAIN)), scenario(role("R", TAGGABLE))
    assert told(compared(without, having, closed=closed)) == [("gained", 1, (EDITED,), False)]
    assert told(compared(having, without, closed=closed)) == [("lost", 1, (EDITED,), False)]
    (change,) = compared(without, having, closed=closed).changes
    (access,) = change.access
    assert (access.role, access.before, access.after) == (ROLE, None, BLUE)


@both
def test_another_tag_is_another_condition(closed: bool) -> None:
    old = scenario(role("R", TAGGABLE))
    new = scenario(role("R", TAGGABLE), target=trust(ROOT, Condition=RED))
    found = compared(old, new, closed=closed)
    assert told(found) == [("other", 1, (f"the trust policy of {TARGET} was edited",), False)]


@both
def test_a_tag_of_its_own_is_as_good_as_one_of_the_session(closed: bool) -> None:
    old, new = scenario(role("R", TAGGABLE)), scenario(role("R", TAGGABLE, team="blue"))
    what = f"the tags of {NAMED} were edited: team (none) → `blue`"
    assert told(compared(old, new, closed=closed)) == [("eased", 1, (what,), False)]


@both
def test_a_tag_that_spares_what_was_needed_asks_for_less(closed: bool) -> None:
    """Or what may be sent in place of the tag."""
    sent, tag = trust(ROOT, Condition=SENT), trust(ROOT, Condition=TEAM)
    new = scenario(role("R", TAGGABLE))
    (target,) = new["accounts"][B]["RoleDetailList"]
    target["AssumeRolePolicyDocument"] = policy(sent, tag)
    for alone in (sent, tag):
        old = scenario(role("R", TAGGABLE), target=alone)
        found = compared(old, new, closed=closed)
        assert told(found) == [("eased", 1, (f"the trust policy of {TARGET} was edited",), False)]


@both
def test_tagging_and_a_role_that_asks_for_it_together(closed: bool) -> None:
    """Neither of the two edits would have let it in."""
    old = scenario(role("R", PLAIN), target=trust({"AWS": B}))
    new = scenario(role("R", TAGGABLE))
    edits = (EDITED, f"the trust policy of {TARGET} was edited")
    ((direction, pairs, causes, together),) = (
        each for each in told(compared(old, new, closed=closed)) if EDITED in each[2]
    )
    assert (direction, pairs, set(causes), together) == ("gained", 1, set(edits), True)


@both
def test_another_edit_of_its_trust_policy_lets_it_in_nowhere(closed: bool) -> None:
    """What it is asked for by another one does not count when it calls."""
    more = {**TAGGABLE, "Principal": {"Federated": f"arn:aws:iam::{A}:saml-provider/Other"}}
    old, new = scenario(role("R", TAGGABLE)), scenario(role("R", more))
    found = compared(old, new, closed=closed)
    assert not any(change.access for change in found.changes)
    new = scenario(role("R", more), target=trust(ROOT))
    (change,) = (each for each in compared(old, new, closed=closed).changes if each.access)
    assert [edit.what for edit in change.cause.edits] == [
        f"the trust policy of {TARGET} was edited"
    ]


@both
@pytest.mark.parametrize("where", ["OLD", "NEW"])
@pytest.mark.parametrize("read", [PLAIN, TAGGABLE])
def test_a_trust_policy_that_was_not_read_is_no_change(
    read: Scenario, where: str, closed: bool
) -> None:
    """It may have allowed that all the time."""
    known = scenario(role("R", read))
    unread = {**known, "unknown": [f"trust:{CALLER}"]}
    found = compared(*((unread, known) if where == "OLD" else (known, unread)), closed=closed)
    assert found.changes == ()
    assert {(each.what.split(" of ")[0], each.unread) for each in found.uncompared} == {
        ("the trust policy", where)
    }
    assert sum(each.pairs for each in found.uncompared) == 1


def test_who_may_tag_a_session_by_any_name_of_the_action() -> None:
    for action, holds in (("sts:Tag*", True), ("sts:TagSessions", False), ("*", True)):
        everyone = Everyone(world(scenario(role("R", trust(SAML, action)))), NOW)
        assert bool(everyone.passing(everyone.role(ROLE))) is holds
