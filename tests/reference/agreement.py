"""What the engine may say about a scenario, by the reference evaluator."""

import itertools
import json

from tests.reference.chains import single_calls
from tests.reference.completions import complete, completions
from tests.reference.evaluator import decide_all
from tests.reference.generator.unknowns import documents

CONDITIONAL = "conditional"
OPEN_OF_SERVICES = ("aws:sourceip", "aws:sourcevpc", "aws:principaltype")
# Keys that a required action may have or not: the subject of U-6.
PERHAPS_ABSENT = ("sts:externalid", "sts:rolesessionname", "sts:sourceidentity")


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
        return {verdict(outcomes), CONDITIONAL}
    right = verdict(decide_all(scenario))
    doubtful = (correlated, hops_exclude_each_other, asks_what_a_service_is)
    if right != CONDITIONAL and any(may_be_open(scenario) for may_be_open in doubtful):
        return {right, CONDITIONAL}
    return {right}


def verdict(outcomes: set[bool]) -> str:
    if len(outcomes) > 1:
        return CONDITIONAL
    return "allowed" if True in outcomes else "denied"


def correlated(scenario: dict) -> bool:
    """Whether one document mentions a key of U-6 twice, or in a variable.

    Only there may the engine call conditional what every reading decides alike.
    """
    for document, key in itertools.product(documents(scenario), PERHAPS_ABSENT):
        written = json.dumps(document).lower()
        if f"${{{key}" in written or written.count(key) > 1:
            return True
    return False


def hops_exclude_each_other(scenario: dict) -> bool:
    """Whether a chain has hops that pass under some readings only, up to one that never does."""
    if "chain" not in scenario["call"]:
        return False
    for hop in single_calls(scenario):
        outcomes = decide_all(hop)
        if len(outcomes) > 1:
            return True
        if outcomes == {False}:
            return False
    return False


def asks_what_a_service_is(scenario: dict) -> bool:
    """Whether a service is asked for its network (R5.11), or for a type that 5.1 does not give."""
    if "service" not in scenario["call"]["caller"]:
        return False
    written = json.dumps(list(documents(scenario))).lower()
    return any(key in written for key in OPEN_OF_SERVICES)
