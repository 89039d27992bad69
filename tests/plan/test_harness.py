"""Every fix is held to what it says: it converges, breaks nothing, and opens no more than that."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonpatch
import msgspec
import pytest

from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Verdict, decide
from assumable.engine.layers import Prepared
from assumable.findings.apply import apply, policies_of
from assumable.findings.finding import Fix
from assumable.findings.quotas import limit_of, size_of
from assumable.formats.scenario import parse_scenario, read_scenario
from assumable.model.call import Call, RoleCaller, UserCaller, WebIdentityCaller
from assumable.model.policy import Policy
from assumable.model.world import Role, World
from assumable.plan import Plan
from assumable.source import Document
from tests.plan.deny_worlds import worlds
from tests.worlds import NOW

TESTS = Path(__file__).parent.parent
PAGES = TESTS.parent / "src" / "assumable" / "causes"
FILES = sorted((TESTS / "scenarios").glob("AS*/*.yaml"))
GENERATED = dict(worlds())
ROUNDS = 3
READ_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLAIMED = re.compile(
    r"except-the-caller|except-the-account|except-value|signed-only|correct|trust-action/add|allow-in-trust"
    r"|add-client-id|register|accept"
)
"""The fixes that say they open more than one call by one caller."""
Case = tuple[World, Call, Diagnosis]


def case(world: World, call: Call) -> Case:
    """A world, a call and its diagnosis."""
    return world, call, diagnose(world, call)


@pytest.fixture(scope="module", params=[*map(str, FILES), *GENERATED])
def asked(request: pytest.FixtureRequest) -> Case:
    """Every scenario file and every generated world."""
    name = request.param
    if name in GENERATED:
        document = Document("scenario.json", json.dumps(GENERATED[name]))
        return case(*parse_scenario(document, now=NOW))
    return case(*read_scenario(Path(name), now=READ_AT))


def used(plan: Plan, diagnosis: Diagnosis) -> list[Fix]:
    """The fixes of a plan."""
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    return [fixes[name] for name in plan.fixes]


def test_a_plan_converges_on_the_file_itself(asked: Case) -> None:
    """Applied to the scenario and asked again: allowed, at once or after two rounds more."""
    world, _, diagnosis = asked
    for plan in diagnosis.plans:
        document, patch, after = world.document, plan.scenario_patch, diagnosis
        for _ in range(ROUNDS):
            document = jsonpatch.apply_patch(document, list(patch))
            again = Document("patched", json.dumps(document), "json")
            after = diagnose(*parse_scenario(again, now=READ_AT))
            if after.verdict is not Verdict.DENIED:
                break
            patch = after.plans[0].scenario_patch
        assert after.verdict is plan.verdict_after


def test_a_fix_breaks_no_document(asked: Case) -> None:
    """Each parses as before, and none grows beyond what AWS takes."""
    world, call, diagnosis = asked
    before = {policy.name: policy for policy in held(world, call)}
    for fix in diagnosis.fixes:
        if fix.safety == "display":
            continue
        edited = apply([fix], world, call)
        for policy in held(*edited):
            was = before.get(policy.name)
            limit, size = limit_of(policy), size_of(policy.document)
            assert policy.fatal is None or (was is not None and was.fatal is not None)
            assert limit is None or size <= max(limit, size_of(was.document) if was else 0)


def held(world: World, call: Call) -> Iterator[Policy]:
    """Every policy that was read."""
    return (policy for policy in policies_of(world, call) if isinstance(policy, Policy))


def test_a_plan_opens_no_more_than_it_says(asked: Case) -> None:
    """Every other principal, every other role and another bearer are decided before and after."""
    world, call, diagnosis = asked
    for plan in () if call.chain else diagnosis.plans:
        fixes = used(plan, diagnosis)
        if all(fix.is_request_only for fix in fixes):
            continue
        changed, _ = apply(fixes, world, call)
        gained = dict(newly_allowed(world, changed, call))
        others = {who for who, role in gained if role == call.role_arn and who != mine(call)}
        assert others <= set(plan.blast_radius.principals) | {""}
        wide = any(CLAIMED.search(fix.id) or "every role that" in fix.opens for fix in fixes)
        assert wide or not [pair for pair in gained if pair[1] != call.role_arn]
        assert all(fix.opens for fix in fixes)
        if "" in others:
            assert not plan.blast_radius.complete


def mine(call: Call) -> str:
    """The principal behind the caller."""
    if isinstance(call.caller, RoleCaller):
        return call.caller.role_name
    return call.caller.arn


def newly_allowed(
    world: World, changed: World, call: Call
) -> Iterator[tuple[tuple[str, str], bool]]:
    """Who could not assume a role before, and can after; an empty name is a bearer of a token."""
    then, now = Prepared(world), Prepared(changed)
    for role in [found for found in world.principals() if isinstance(found, Role)]:
        for who, theirs in calls_by_others(world, call, role.arn):
            before, after = decide(then, theirs).verdict, decide(now, theirs).verdict
            if before is Verdict.DENIED and after is Verdict.ALLOWED:
                yield (who, role.arn), True


def calls_by_others(world: World, call: Call, role_arn: str) -> Iterator[tuple[str, Call]]:
    """The same call for a role by every principal, and by the bearer of another token."""
    asked = msgspec.structs.replace(
        call, parameters={**call.parameters, "RoleArn": role_arn}, chain=()
    )
    if isinstance(call.caller, WebIdentityCaller):
        for subject in (call.caller.claims.get("sub"), "somebody-else"):
            if (subject, role_arn) != (call.caller.claims.get("sub"), call.role_arn):
                claims = {**call.caller.claims, "sub": subject}
                yield "", msgspec.structs.replace(asked, caller=WebIdentityCaller(claims=claims))
        return
    for principal in world.principals():
        caller: Any = UserCaller(arn=principal.arn)
        who = principal.arn
        if isinstance(principal, Role):
            session = f"arn:aws:sts::{principal.account}:assumed-role/{principal.name}/session"
            caller = RoleCaller(arn=session)
            who = principal.name if principal.name == mine(call) else principal.arn
        same = who == mine(call)
        yield who, msgspec.structs.replace(asked, caller=call.caller if same else caller)


def test_a_fix_declares_what_its_page_says(asked: Case) -> None:
    """No cause has a fix whose page says that there is none."""
    for finding in asked[2].findings:
        page = (PAGES / f"{finding.code}.md").read_text(encoding="utf-8")
        assert not finding.fixes or "| fixed by assumable | never yet |" not in page


def test_a_fix_is_made_for_whom_it_names(asked: Case) -> None:
    """Its commands can be run, and somebody owns it."""
    for fix in asked[2].fixes:
        assert fix.owner
        assert fix.commands


@pytest.mark.parametrize("name", GENERATED)
def test_every_deny_can_be_narrowed(name: str) -> None:
    """Each generated call is stopped by its Deny alone, and a plan lets it past."""
    world, call = parse_scenario(Document("scenario.json", json.dumps(GENERATED[name])), now=NOW)
    assert decide_chain(world, call).verdict is Verdict.DENIED
    assert diagnose(world, call).plans
