"""Ways from outside to an administrator, against every chain of generated organizations.

Each pair of roles is decided by itself here, and each chain followed hop by hop.
"""

import re
from pathlib import Path

import pytest

from assumable.audit.ground import Ground
from assumable.audit.registry import audit
from assumable.formats.dump import read_snapshot
from assumable.model.world import World
from assumable.org.whocan import Everyone
from tests.organizations.generator import write
from tests.organizations.mix import Size
from tests.organizations.names import named
from tests.worlds import NOW

SIZE = Size(2, 60, 2)
SEEDS = (1, 4, 10, 12)
LONG = 4


def worlds(folder: Path) -> dict[int, World]:
    for seed in SEEDS:
        write(folder / str(seed), seed, SIZE)
    return {seed: read_snapshot(folder / str(seed)) for seed in SEEDS}


def doors(seed: int) -> set[str]:
    """The roles that the generator opens to vendors and to workflows of GitHub."""
    names = named(seed, SIZE)
    roles = (names.role(place, n) for place in range(SIZE.accounts) for n in range(SIZE.roles))
    return {role.arn for role in roles if role.kind in ("external-id", "github")}


def onward(world: World) -> dict[str, set[str]]:
    """Which roles each role can assume without a condition: every pair by itself."""
    everyone = Everyone(world, NOW)
    roles = list(everyone.universe.roles())
    return {
        one.arn: {other.arn for other in roles if everyone.passes(one, other) is True}
        for one in roles
    }


def chains(edges: dict[str, set[str]], start: str) -> dict[str, int]:
    """How many roles the shortest chain to each role has, itself and the first among them."""
    hops, at = {start: 1}, [start]
    while at:
        one = at.pop(0)
        for other in edges[one] - hops.keys():
            hops[other] = hops[one] + 1
            at.append(other)
    return hops


def expected(world: World, seed: int) -> dict[str, tuple[int, int]]:
    """Of each door with a way to an administrator: how many hops, and to how many of them."""
    edges, administrators = onward(world), Ground(world, NOW).administrators.keys()
    found = {}
    for door in doors(seed) - administrators:
        hops = [count for role, count in chains(edges, door).items() if role in administrators]
        if hops:
            found[door] = min(hops), len(hops)
    return found


def told(world: World) -> dict[str, tuple[int, int]]:
    found = {}
    for finding in audit(world, NOW).findings:
        if finding.code == "AS1012":
            hops = re.search(r"in (\d+) hops", finding.title)
            more = re.search(r"and (\d+) more behind it", finding.explanation)
            assert hops is not None
            found[finding.role] = int(hops[1]), int(more[1]) + 1 if more else 1
    return found


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[int, World]:
    return worlds(tmp_path_factory.mktemp("organizations"))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_chain_is_found_and_no_other(given: dict[int, World], seed: int) -> None:
    assert told(given[seed]) == expected(given[seed], seed)


def test_chains_of_every_kind_are_there(given: dict[int, World]) -> None:
    """Long ones, and doors without any."""
    found = {(seed, door): way for seed in SEEDS for door, way in told(given[seed]).items()}
    assert any(hops >= LONG for hops, _ in found.values())
    assert any(count > 1 for _, count in found.values())
    assert len(found) < sum(len(doors(seed)) for seed in SEEDS)
