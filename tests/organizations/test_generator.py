"""Made-up organizations: read without a fault, the same for one seed, and with access to find."""

import collections
import itertools
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assumable.arn import UNIQUE_ID
from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Verdict, decide
from assumable.engine.layers import Prepared
from assumable.formats.dump import read_snapshot
from assumable.formats.scenario import parse_scenario
from assumable.globs import matches
from assumable.model.call import Call, Hop, Network, RoleCaller, UserCaller
from assumable.model.policy import Effect, Policy
from assumable.model.world import Account, Organization, Principal, Role, Unknown, World
from assumable.source import Document
from tests.organizations import mix
from tests.organizations.generator import accounts, organization, write
from tests.organizations.mix import SIZES, Size
from tests.organizations.names import TOOLING, named
from tests.worlds import NOW

SEED = 7


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("small")
    write(folder, SEED, "small")
    return read_snapshot(folder)


@pytest.fixture(scope="module")
def roles(small: World) -> list[Role]:
    return [found for found in small.principals() if isinstance(found, Role)]


def policies_of(principal: Principal) -> list[Policy | Unknown | None]:
    trust = [principal.trust] if isinstance(principal, Role) else []
    return [*principal.policies, principal.boundary, *trust]


def call(caller: Principal, role_arn: str) -> Call:
    signer: UserCaller | RoleCaller = UserCaller(arn=caller.arn)
    if isinstance(caller, Role):
        name = caller.arn.rpartition("/")[2]
        signer = RoleCaller(arn=f"arn:aws:sts::{caller.account}:assumed-role/{name}/session")
    parameters = {"RoleArn": role_arn, "RoleSessionName": "session"}
    network = Network(region=mix.REGIONS[0], assumed=True)
    return Call(api="AssumeRole", caller=signer, parameters=parameters, network=network, time=NOW)


def test_every_policy_is_read_without_a_problem_but_for_the_ids_of_who_was_deleted(
    small: World,
) -> None:
    found = [row for principal in small.principals() for row in policies_of(principal) if row]
    assert not [row for row in found if isinstance(row, Unknown)]
    problems = [problem for row in found if isinstance(row, Policy) for problem in row.problems]
    assert {problem.fatal for problem in problems} == {False}
    assert all("is the id of a deleted principal" in problem.message for problem in problems)


def test_the_organization_is_read_whole(small: World) -> None:
    assert isinstance(small.organizations, tuple)
    (found,) = small.organizations
    assert isinstance(found, Organization)
    assert isinstance(found.scps, dict)
    assert isinstance(found.rcps, dict)
    for row in itertools.chain(*found.scps.values(), *found.rcps.values()):
        assert isinstance(row, Policy)
        assert row.problems == ()
    for account in small.accounts.values():
        assert isinstance(account, Account)
        assert account.complete
        assert account.unlisted == frozenset()
        assert found.path_to(account.id)[0].kind == "root"


def test_a_tiny_organization_is_a_scenario_too() -> None:
    """Scenarios refuse unknown keys and every mistake: the shapes are exact."""
    details = dict(accounts(SEED, "tiny"))
    role = details[named(SEED, SIZES["tiny"]).tooling]["RoleDetailList"][0]
    scenario = {
        "scenario": 1,
        "organization": organization(SEED, "tiny"),
        "accounts": details,
        "call": {
            "api": "AssumeRole",
            "caller": {"service": "codebuild.amazonaws.com"},
            "parameters": {"RoleArn": role["Arn"], "RoleSessionName": "build"},
        },
    }
    world, asked = parse_scenario(Document("tiny.json", json.dumps(scenario)), now=NOW)
    assert decide(world, asked).verdict is Verdict.ALLOWED


def test_one_seed_makes_one_organization() -> None:
    def made(seed: int) -> list[Any]:
        return [organization(seed, "tiny"), *accounts(seed, "tiny")]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_an_account_does_not_depend_on_those_before_it() -> None:
    """What it is made of is drawn for it alone, whatever was made meanwhile."""
    size = Size(30, 40, 2)
    alone = dict(accounts(SEED, size))
    for (account, details), _ in zip(accounts(SEED, size), accounts(SEED + 1, size), strict=True):
        assert details == alone[account]


def test_accounts_are_made_one_by_one() -> None:
    first, details = next(accounts(SEED, "huge"))
    assert first == named(SEED, SIZES["huge"]).accounts[0]
    assert len(details["RoleDetailList"]) == 500


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_sizes_hold(tmp_path: Path, size: str) -> None:
    written = write(tmp_path, SEED, size)
    files = list(tmp_path.iterdir())
    assert written == sum(path.stat().st_size for path in files)
    assert len(files) == SIZES[size].accounts + 1
    for path in files:
        details = json.loads(path.read_bytes())
        if path.stem != "organization":
            assert len(details["RoleDetailList"]) == SIZES[size].roles
            assert len(details["UserDetailList"]) == SIZES[size].users


def test_medium_has_56_000_principals() -> None:
    size = SIZES["medium"]
    assert size.accounts * (size.roles + size.users) == 56_000


def share(roles: list[Role], kind: str) -> float:
    """How many roles have a trust policy whose first principal is of that kind, of 1."""
    found = 0
    for role in roles:
        assert isinstance(role.trust, Policy)
        first = (role.trust.statements[0].principals or ())[0]
        found += first.kind == kind
    return found / len(roles)


def test_the_mix_of_trust(roles: list[Role]) -> None:
    assert 0.44 < share(roles, "Service") < 0.53
    assert 0.06 < share(roles, "Federated") < 0.12
    counted = collections.Counter[str]()
    for role in roles:
        assert isinstance(role.trust, Policy)
        statements = role.trust.statements
        keys = {part.key for row in statements for part in row.conditions}
        names = [entry.value for row in statements for entry in row.principals or ()]
        counted.update(keys)
        counted["deny"] += any(row.effect is Effect.DENY for row in statements)
        counted["deleted"] += any(UNIQUE_ID.fullmatch(name) is not None for name in names)
        counted["own root"] += f"arn:aws:iam::{role.account}:root" in names
    assert 0.04 < counted["deleted"] / len(roles) < 0.06
    assert 1 / 400 < counted["aws:PrincipalOrgID"] / len(roles) < 1 / 100
    assert 1 / 900 < counted["aws:PrincipalOrgPaths"] / len(roles) < 1 / 150
    for key in (
        "aws:PrincipalArn",
        "sts:ExternalId",
        "aws:MultiFactorAuthPresent",
        "aws:PrincipalTag/team",
        "aws:SourceIp",
        "deny",
        "own root",
    ):
        assert counted[key] / len(roles) > 0.005, key


def test_the_mix_of_grants(roles: list[Role]) -> None:
    silent, counted = 0, collections.Counter[str]()
    for role in roles:
        held = [found for found in role.policies if isinstance(found, Policy)]
        statements = [row for found in held for row in found.statements]
        silent += not any(
            row.not_action or any(matches(name.lower(), "sts:assumerole") for name in row.actions)
            for row in statements
        )
        counted["NotResource"] += any(row.not_resource for row in statements)
        counted["tags"] += any(
            part.key == "aws:ResourceTag/team" for row in statements for part in row.conditions
        )
        counted["wildcard"] += any(
            "arn:aws:iam::*:role/deploy-*" in (row.resources or ()) for row in statements
        )
        counted["star"] += any(
            row.resources == ("*",) and row.actions == ("*",) for row in statements
        )
        counted["boundary"] += role.boundary is not None
    assert 0.25 < silent / len(roles) < 0.42  # nothing, read-only, service-linked
    assert 0.07 < counted["boundary"] / len(roles) < 0.12
    for key in ("NotResource", "tags", "wildcard", "star"):
        assert counted[key] / len(roles) > 0.02, key


def test_all_three_verdicts_are_found(small: World, roles: list[Role]) -> None:
    """A third of the pairs at random, a third in one account, a third from the tooling account."""
    rng, prepared = random.Random(SEED), Prepared(small)
    everybody = list(small.principals())
    central = named(SEED, SIZES["small"]).tooling
    tooling = [found for found in everybody if found.account == central]
    verdicts = collections.Counter[Verdict]()
    for n in range(300):
        role = rng.choice(roles)
        near = [found for found in everybody if found.account == role.account]
        caller = rng.choice((everybody, near, tooling)[n % 3])
        verdicts[decide(prepared, call(caller, role.arn)).verdict] += 1
    assert verdicts.keys() == set(Verdict)
    assert verdicts[Verdict.DENIED] > 150


def test_a_pipeline_leads_from_a_hub_through_four_hops(small: World) -> None:
    names = named(SEED, SIZES["small"])
    first, number = 15, mix.STAGE_AT
    assert first % (mix.HOPS + 1) == 0
    stages = [names.role(first + hop, number).arn for hop in range(mix.HOPS + 1)]
    assert len({stage.split(":")[4] for stage in stages}) == mix.HOPS + 1
    hub = small.role(names.hubs[0])
    assert isinstance(hub, Role)
    hops = tuple(
        Hop(parameters={"RoleArn": stage, "RoleSessionName": "stage"}) for stage in stages[:-1]
    )
    asked = call(hub, stages[-1])
    assert (
        decide_chain(small, msgspec.structs.replace(asked, chain=hops)).verdict is Verdict.ALLOWED
    )


def test_many_accounts_trust_a_hub(small: World, roles: list[Role]) -> None:
    names = named(SEED, SIZES["small"])
    tooling, prepared = names.accounts[TOOLING], Prepared(small)
    runner = small.role(f"arn:aws:iam::{tooling}:role/terraform-runner")
    assert isinstance(runner, Role)
    reached = {
        role.account
        for role in roles
        if decide(prepared, call(runner, role.arn)).verdict is Verdict.ALLOWED
    }
    assert len(reached) > 0.9 * len(names.accounts)
