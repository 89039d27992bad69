"""Which open items mattered for an answer."""

from collections.abc import Iterable, Iterator

import msgspec

from assumable.engine.evaluate import Decision, decide
from assumable.engine.layers import Prepared
from assumable.engine.open_items import OPEN_ITEMS, OpenItem
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


def taken(items: Iterable[str]) -> tuple[OpenItem, ...]:
    """Those of the items that a default decided, and of which an answer has to speak."""
    known = map(OPEN_ITEMS.__getitem__, items)
    return tuple(item for item in known if item.default is not None and not item.is_settled)


def as_notes(decision: Decision, items: tuple[str, ...]) -> Iterator[str]:
    """The items that were decided by a default, with the word that decides them otherwise."""
    for item in taken(items):
        is_yes = decision.facts.takes(item.id)
        word, other = item.values if is_yes else reversed(item.values)
        yield (
            f"the answer rests on a point that AWS leaves open ({item.id}): {item.question} Taken "
            f"as `{word}`, since {item.evidence}; --assume {item.id}={other} decides it otherwise"
        )
