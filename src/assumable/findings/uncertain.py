"""Which open items mattered for an answer."""

from collections.abc import Iterator

import msgspec

from assumable.engine.evaluate import Decision, decide
from assumable.engine.layers import Prepared
from assumable.engine.open_items import OPEN_ITEMS
from assumable.engine.truth import atoms


def uncertain(decision: Decision) -> tuple[str, ...]:
    """The items that the answer depends on, or that would change it if decided otherwise."""
    mattered = {atom.subject for atom in atoms(decision.passes) if atom.kind == "item"}
    call, prepared = decision.call, Prepared(decision.facts.world)
    for item in OPEN_ITEMS.values():
        if item.default is None:
            continue
        otherwise = {**call.assumptions, item.id: not decision.facts.takes(item.id)}
        again = decide(prepared, msgspec.structs.replace(call, assumptions=otherwise))
        if again.verdict is not decision.verdict:
            mattered.add(item.id)
    return tuple(item for item in OPEN_ITEMS if item in mattered)


def as_notes(decision: Decision, items: tuple[str, ...]) -> Iterator[str]:
    """The items that were decided by a default, with the word that decides them otherwise."""
    for item in map(OPEN_ITEMS.__getitem__, items):
        if item.default is None or item.is_settled:
            continue
        taken = decision.facts.takes(item.id)
        word, other = item.values if taken else reversed(item.values)
        yield (
            f"the answer rests on a point that AWS leaves open ({item.id}): {item.question} Taken "
            f"as `{word}`, since {item.evidence}; --assume {item.id}={other} decides it otherwise"
        )
