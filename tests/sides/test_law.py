"""The law of two sides: together they say what the whole world says, or that it depends."""

from collections import Counter
from pathlib import Path

import pytest

from assumable.findings.outcome import Outcome, outcome_of
from assumable.formats.scenario import Scenario, read_scenario
from tests.reference.generator import scenario as random_scenario
from tests.sides.passing import WAYS, has_two_sides, passed_on
from tests.worlds import NOW, parsed

HERE = Path(__file__).parents[1] / "scenarios"
FILES = sorted(HERE.glob("AS*/*.yaml"))
SEEDS = range(120)
FAMILIES = ("classic", "parameters", "unknown")


def causes(outcome: Outcome) -> set[str]:
    return {blocking.cause for blocking in outcome.blocking}


def from_files() -> list[tuple[str, Scenario]]:
    read = ((path.stem, read_scenario(path, now=NOW)) for path in FILES)
    return [(name, scenario) for name, scenario in read if has_two_sides(scenario)]


def at_random() -> list[tuple[str, Scenario]]:
    made = (
        (f"{family} {seed}", parsed(random_scenario(seed, family)))
        for family in FAMILIES
        for seed in SEEDS
    )
    return [(name, scenario) for name, scenario in made if has_two_sides(scenario)]


def compared(cases: list[tuple[str, Scenario]], way: str) -> tuple[Counter[str], list[str]]:
    """How often the answers are the same, and the cases in which the law is broken."""
    count: Counter[str] = Counter()
    broken = []
    for name, scenario in cases:
        whole, both = outcome_of(*scenario), outcome_of(*passed_on(scenario, way))
        is_same = whole.verdict == both.verdict
        count["same" if is_same else "weaker"] += 1
        if not is_same and both.verdict != "conditional":
            broken.append(f"{name}: {whole.verdict} as a whole, {both.verdict} from its sides")
        if is_same and not causes(both) <= causes(whole):
            broken.append(f"{name}: {causes(whole)} as a whole, {causes(both)} from its sides")
        if is_same and way == "full" and causes(both) != causes(whole):
            broken.append(f"{name}: {causes(whole)} as a whole, {causes(both)} from full sides")
    return count, broken


@pytest.mark.parametrize("way", WAYS)
def test_the_sides_of_scenarios_say_what_the_whole_says(way: str) -> None:
    """Never the opposite; apart at least 95 of 100 verdicts are the same, in any order all are."""
    cases = from_files()
    assert len(cases) > 100
    count, broken = compared(cases, way)
    assert not broken, "\n".join(broken)
    assert count["same"] >= (0.95 if way == "apart" else 1) * len(cases)


@pytest.mark.parametrize("way", WAYS)
def test_causes_of_scenarios_are_the_same_where_the_verdict_is(way: str) -> None:
    for name, scenario in from_files():
        whole, both = outcome_of(*scenario), outcome_of(*passed_on(scenario, way))
        if whole.verdict == both.verdict:
            assert causes(both) == causes(whole), name


@pytest.mark.parametrize("way", WAYS)
def test_random_sides_never_say_the_opposite(way: str) -> None:
    count, broken = compared(at_random(), way)
    assert not broken, "\n".join(broken)
    assert count["same"] > 150
    if way == "full":
        assert not count["weaker"]
