"""Cuts: the smallest sets of edits that close an unexpected allow, each proved by deciding again.

The mirror image of `plan`: there the caller gains, here it loses, and so may others.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from assumable.engine.chain import Chain, decide_chain
from assumable.engine.evaluate import Verdict
from assumable.findings.apply import apply
from assumable.findings.blast import BlastRadius, who_loses
from assumable.findings.chain import number_of
from assumable.findings.closing import Closing, closings, denials
from assumable.findings.finding import Fix
from assumable.findings.grants import Paths
from assumable.findings.quotas import ConflictError
from assumable.findings.scenario_patch import scenario_patch
from assumable.model.policy import Layer
from assumable.plan import edit_commands, needed_for

MAX_CUTS = 3
MAX_TRIES = 200
_MAX_SETS = 20_000


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A proved set of edits after which the call is denied; none of them can be left out."""

    fixes: tuple[str, ...]
    """The ids of its edits."""
    proved: bool
    verdict_after: Verdict
    last_resort: bool
    """Whether it is an explicit Deny, which outlives the grants that it overrules."""
    loses: BlastRadius
    """Who else could make the call before and may not after it."""
    commands: tuple[str, ...]
    """Everything to run: the edits merged per document."""
    first: tuple[str, ...] = ()
    """What must be seen to before: quotas that all edits of a document go beyond."""
    hop: int = 0
    """The hop of the chain that it closes, from 1; 0 without a chain."""
    scenario_patch: tuple[dict[str, Any], ...] = ()


class _Closed(NamedTuple):
    edits: tuple[Closing, ...]
    after: Chain


def cuts_for(chain: Chain, paths: Sequence[Paths]) -> tuple[tuple[Cut, ...], tuple[Fix, ...]]:
    """The best cuts, best first, and the edits that they use."""
    found: list[tuple[Cut, tuple[Closing, ...]]] = []
    last: list[tuple[Cut, tuple[Closing, ...]]] = []
    for place, of_hop in enumerate(paths):
        hop = number_of(chain, place)
        found += [_cut(chain, closed, hop) for closed in _smallest(chain, of_hop, hop)]
        for denial in denials(of_hop.decision, hop):
            after = _decided_with(chain, (denial,))
            if after is not None:
                last.append(_cut(chain, _Closed((denial,), after), hop, last_resort=True))
    found.sort(key=_rank)
    chosen = [*found[:MAX_CUTS], *last]
    fixes = {edit.fix.id: edit.fix for _, edits in chosen for edit in edits}
    return tuple(cut for cut, _ in chosen), tuple(fixes.values())


def _rank(pair: tuple[Cut, tuple[Closing, ...]]) -> tuple[int, int, int, bool]:
    """Few edits, then few others who lose access, then the narrowest; the role's side first."""
    cut, edits = pair
    on_roles_side = all(edit.fix.target.layer is Layer.TRUST for edit in edits)
    cost = sum(edit.cost for edit in edits)
    return len(edits), cut.loses.count, cost, not on_roles_side


def _smallest(chain: Chain, paths: Paths, hop: int) -> Iterator[_Closed]:
    """Sets of edits that close the call, smaller ones first, none with a part that does so too."""
    edits = tuple(closings(paths, hop))
    found: list[frozenset[str]] = []
    tries = 0
    for chosen in itertools.islice(_sets(edits), _MAX_SETS):
        names = frozenset(edit.fix.id for edit in chosen)
        if any(other <= names for other in found) or not _breaks_all(chosen, paths):
            continue
        if (tries := tries + 1) > MAX_TRIES or len(found) == MAX_CUTS:
            return
        after = _decided_with(chain, chosen)
        if after is not None:
            found.append(names)
            yield _Closed(chosen, after)
    if not found and _breaks_all(edits, paths):
        yield from _shrunk(chain, edits)


def _sets(edits: tuple[Closing, ...]) -> Iterator[tuple[Closing, ...]]:
    for size in range(1, len(edits) + 1):
        yield from itertools.combinations(edits, size)


def _breaks_all(edits: Sequence[Closing], paths: Paths) -> bool:
    """Whether every known way in needs a statement that is edited; deciding again proves it."""
    gone = frozenset[object]().union(*(edit.keys for edit in edits))
    return all(path.keys & gone for path in paths.found)


def _shrunk(chain: Chain, edits: tuple[Closing, ...]) -> Iterator[_Closed]:
    """Where there are too many statements to try every set: all edits, less what is not needed."""
    after = _decided_with(chain, edits)
    if after is None:
        return
    kept = _Closed(edits, after)
    for edit in edits:
        without = tuple(other for other in kept.edits if other is not edit)
        after = _decided_with(chain, without) if without else None
        if after is not None:
            kept = _Closed(without, after)
    yield kept


def _decided_with(chain: Chain, edits: Sequence[Closing]) -> Chain | None:
    """Every hop decided again; None unless that denies the call."""
    try:
        after = decide_chain(*apply(_fixes(edits), chain.world, chain.call))
    except ConflictError:
        return None
    return after if after.verdict is Verdict.DENIED else None


def _fixes(edits: Sequence[Closing]) -> tuple[Fix, ...]:
    """The edits, the last statement of a document first: removing one moves those behind it."""
    ordered = sorted(
        edits, key=lambda edit: -max((_number(k.pointer) for k in edit.keys), default=0)
    )
    return tuple(edit.fix for edit in ordered)


def _number(pointer: str) -> int:
    last = pointer.rpartition("/")[2]
    return int(last) if last.isdigit() else 0


def _cut(
    chain: Chain, closed: _Closed, hop: int, *, last_resort: bool = False
) -> tuple[Cut, tuple[Closing, ...]]:
    fixes = _fixes(closed.edits)
    is_exact = all(edit.is_exact for edit in closed.edits)
    cut = Cut(
        fixes=tuple(fix.id for fix in fixes),
        proved=True,
        verdict_after=closed.after.verdict,
        last_resort=last_resort,
        loses=who_loses(chain, fixes, closed.after, is_exact=is_exact),
        commands=edit_commands(fixes, closed.after.world, closed.after.call),
        first=needed_for(fixes, chain.world, closed.after.world),
        hop=hop,
        scenario_patch=scenario_patch(fixes, chain.world, chain.call),
    )
    return cut, closed.edits
