"""Laws of the decision, on generated worlds (STYLE section 11)."""

import copy
import json
import random
import urllib.parse
from typing import Any

import pytest

from assumable.engine.conditions import holds
from assumable.engine.context import RequestContext
from assumable.engine.evaluate import Verdict, decide
from assumable.engine.truth import Atom, settle
from assumable.model.policy import Layer
from tests.reference.generator import scenario as generated
from tests.worlds import decided, parsed

SEEDS = range(300)


def world_of(seed: int) -> dict[str, Any]:
    """A generated scenario with every policy document as an object."""
    world: dict[str, Any] = generated(seed)
    for account in world["accounts"].values():
        for role in (account or {}).get("RoleDetailList", []):
            role["AssumeRolePolicyDocument"] = as_object(role["AssumeRolePolicyDocument"])
        for principal in [
            *(account or {}).get("RoleDetailList", []),
            *(account or {}).get("UserDetailList", []),
        ]:
            for entry in principal.get("RolePolicyList", principal.get("UserPolicyList", [])):
                entry["PolicyDocument"] = as_object(entry["PolicyDocument"])
    return world


def as_object(document: Any) -> Any:
    """A document that may be JSON text, plain or URL-encoded, as an object."""
    return json.loads(urllib.parse.unquote(document)) if isinstance(document, str) else document


def documents(world: dict[str, Any], *, trust: bool = True, identity: bool = True) -> list[Any]:
    """The policy documents of a scenario that are given as objects."""
    found: list[Any] = []
    for account in world["accounts"].values():
        for role in (account or {}).get("RoleDetailList", []):
            if trust:
                found.append(role["AssumeRolePolicyDocument"])
            if identity:
                found.extend(entry["PolicyDocument"] for entry in role.get("RolePolicyList", []))
        for user in (account or {}).get("UserDetailList", []):
            if identity:
                found.extend(entry["PolicyDocument"] for entry in user.get("UserPolicyList", []))
    return [document for document in found if isinstance(document, dict)]


def statements(document: dict[str, Any]) -> list[Any]:
    """The statements of a document as a list."""
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("seed", SEEDS)
def test_order_and_duplicates_of_statements_do_not_matter(seed: int) -> None:
    """Shuffling statements and repeating them leaves the verdict as it is."""
    world = world_of(seed)
    before = decided(world).verdict
    chance = random.Random(seed)
    for document in documents(world):
        mixed = statements(document) * 2
        chance.shuffle(mixed)
        document["Statement"] = mixed
    assert decided(world).verdict == before


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deny_that_matches_trumps_every_allow(seed: int) -> None:
    """With a Deny for everyone in the trust policy nothing is ever allowed."""
    world = world_of(seed)
    for document in documents(world, identity=False):
        deny = {"Effect": "Deny", "Principal": "*", "Action": "*"}
        document["Statement"] = [*statements(document), deny]
    assert decided(world).verdict is Verdict.DENIED


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_allowed_by_default(seed: int) -> None:
    """Without any Allow in the trust policy nothing is ever allowed."""
    world = world_of(seed)
    for document in documents(world, identity=False):
        denies = [item for item in statements(document) if item["Effect"] == "Deny"]
        document["Statement"] = denies
    assert decided(world).verdict is Verdict.DENIED


@pytest.mark.parametrize("seed", SEEDS)
def test_adding_an_allow_never_denies(seed: int) -> None:
    """One more Allow in each policy keeps an allowed call allowed."""
    world = world_of(seed)
    if decided(world).verdict is not Verdict.ALLOWED:
        return
    for document in documents(world, trust=False):
        extra = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document["Statement"] = [*statements(document), extra]
    for document in documents(world, identity=False):
        extra = {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}
        document["Statement"] = [*statements(document), extra]
    assert decided(world).verdict is Verdict.ALLOWED


@pytest.mark.parametrize("seed", SEEDS)
def test_adding_a_deny_never_allows(seed: int) -> None:
    """One more Deny, whatever it matches, keeps a denied call denied."""
    world = world_of(seed)
    if decided(world).verdict is not Verdict.DENIED:
        return
    chance = random.Random(seed)
    for document in documents(world, trust=False):
        action = chance.choice(["sts:AssumeRole", "s3:*", "sts:TagSession", "*"])
        extra = {"Effect": "Deny", "Action": action, "Resource": "*"}
        document["Statement"] = [*statements(document), extra]
    assert decided(world).verdict is Verdict.DENIED


def blanks(world: dict[str, Any], chance: random.Random) -> list[str]:
    """Some parts of a scenario, to be declared unknown."""
    call = world["call"]
    parts = [f"account:{account}" for account in world["accounts"]]
    parts += ["organization", "scp", "rcp", "endpoint"]
    parts += [
        f"trust:{call['parameters']['RoleArn']}" if has_role(world) else "organization",
        *(f"context:{key}" for key in KEYS),
    ]
    return chance.sample(parts, chance.randint(1, 4))


def has_role(world: dict[str, Any]) -> bool:
    """Whether the role that is asked for is in the scenario."""
    scenario = parsed(world)
    role_arn = scenario.call.role_arn
    return any(principal.arn == role_arn for principal in scenario.world.principals())


KEYS = (
    "aws:SourceIp", "aws:MultiFactorAuthPresent", "sts:ExternalId", "aws:PrincipalOrgID",
    "aws:PrincipalTag/team", "aws:RequestedRegion", "aws:CurrentTime", "aws:PrincipalArn",
    "sts:RoleSessionName", "aws:TagKeys", "aws:username", "aws:UserAgent",
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_not_knowing_a_part_never_turns_the_verdict(seed: int) -> None:
    """Blanking parts of a world gives the same verdict or `conditional`, never the opposite."""
    world = world_of(seed)
    full = decided(world).verdict
    chance = random.Random(seed)
    for _ in range(3):
        partial = decided({**copy.deepcopy(world), "unknown": blanks(world, chance)}).verdict
        assert partial in (full, Verdict.CONDITIONAL) or full is Verdict.CONDITIONAL


VALUES: dict[str, list[Any]] = {
    "aws:SourceIp": ["203.0.113.7", "198.51.100.9", "10.1.2.3"],
    "aws:MultiFactorAuthPresent": ["true", "false", None],
    "sts:ExternalId": ["unique-id-42", "other", None],
    "aws:PrincipalOrgID": ["o-exampleorgid", "o-1", None],
    "aws:PrincipalTag/team": ["web", "platform", None],
    "aws:RequestedRegion": ["us-east-1", "eu-west-1"],
    "aws:CurrentTime": ["2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"],
    "aws:PrincipalArn": ["arn:aws:iam::111111111111:user/deployer", "arn:aws:iam::1:role/x"],
    "sts:RoleSessionName": ["deploy-session", "x@example.com"],
    "aws:TagKeys": [["team"], ["team", "project"], None],
    "aws:username": ["deployer", "alice", None],
    "aws:UserAgent": ["aws-cli/2", None],
}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_residual_says_what_every_completion_decides(seed: int) -> None:
    """With unknown keys, verdict and residual agree with the decision for each completion."""
    world = world_of(seed)
    chance = random.Random(seed)
    text = json.dumps(world).lower()
    mentioned = [key for key in sorted(VALUES) if key.lower() in text]
    others = [key for key in sorted(VALUES) if key not in mentioned]
    keys = (mentioned + chance.sample(others, 3))[:3]
    stripped = {
        key: value for key, value in world["call"].get("context", {}).items() if key not in keys
    }
    world["call"]["context"] = stripped
    partial = decided({**world, "unknown": [f"context:{key}" for key in keys]})
    for _ in range(6):
        chosen = {key: chance.choice(VALUES[key]) for key in keys}
        completed = parsed(with_context(world, {**stripped, **chosen}))
        decision = decide(*completed)
        if partial.verdict is not Verdict.CONDITIONAL:
            assert decision.verdict in (partial.verdict, Verdict.CONDITIONAL)
            continue
        # One layer and action are as good as another: the completed keys are the same in all.
        context = RequestContext(decision.facts, "sts:AssumeRole", Layer.TRUST)

        def answer(atom: Atom, context: RequestContext = context) -> bool | None:
            if atom.test is None:
                return None
            truth = holds(atom.test, atom.subject, context)
            return truth if isinstance(truth, bool) else None

        settled = settle(partial.passes, answer)
        if isinstance(settled, bool) and decision.verdict is not Verdict.CONDITIONAL:
            assert settled is (decision.verdict is Verdict.ALLOWED)


def with_context(world: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The scenario with these context keys stated."""
    changed = copy.deepcopy(world)
    changed["call"]["context"] = context
    return changed
