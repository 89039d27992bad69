"""What the engine may say about a scenario, by the reference evaluator."""

from tests.reference.chains import single_calls
from tests.reference.completions import complete, completions
from tests.reference.evaluator import decide_all


def acceptable(scenario: dict) -> set[str]:
    """Verdicts that are right.

    With everything known there is one: certain exactly when every reading of the open items
    agrees. Where something is not known, a certain verdict has to hold in every completion, and
    `conditional` is never wrong: completeness is not asked for.
    """
    if not complete(scenario):
        outcomes: set[bool] = set()
        for world in completions(scenario):
            outcomes |= decide_all(world)
            if len(outcomes) > 1:
                break
        return {verdict(outcomes), "conditional"}
    outcomes = decide_all(scenario)
    chained = "chain" in scenario["call"]
    if chained and any(len(decide_all(hop)) > 1 for hop in reached(scenario)):
        return {verdict(outcomes), "conditional"}  # hops may exclude each other's readings
    return {verdict(outcomes)}


def reached(scenario: dict) -> list[dict]:
    """The hops of a chain up to the first one that nothing can make."""
    found = []
    for hop in single_calls(scenario):
        found.append(hop)
        if decide_all(hop) == {False}:
            break
    return found


def verdict(outcomes: set[bool]) -> str:
    if len(outcomes) > 1:
        return "conditional"
    return "allowed" if True in outcomes else "denied"
