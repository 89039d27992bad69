"""What holds of answers that were given although not everything could be read."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.chain import decide_chain
from assumable.engine.gates import Outcome
from assumable.engine.truth import atoms
from assumable.findings.blame import causes_of
from assumable.model.call import Call
from assumable.model.world import World
from tests.partial.desk import Question, Refusals
from tests.partial.runs import CERTAIN, Run, parsed, world
from tests.partial.truths import truths

SHARES = (0.4, 0.25, 0.15)
"""What is refused of everything that is asked."""
_OPERATION = re.compile(r"\b[a-z0-9]+:([A-Z][A-Za-z]+)")
_TOGETHER = {"DescribeOrganization": "ListParents"}
"""One that is named stands for the other: by both, an organization tells who is a member."""
_NOT_NAMED = frozenset(("DescribeAccount",))
"""An account that nobody says is suspended is taken to be alive: no credentials of one work."""


class Case:
    """A generated world, the call in it, and what is true."""

    def __init__(self, seed: int, family: str) -> None:
        """Everything is drawn by the seed."""
        self.seed, self.made = seed, world(seed, family)
        known = parsed(self.made)
        self.call: Call = known.call
        self.verdict = str(decide_chain(*known).verdict)
        self.causes = _causes(*known)
        self.whole = self.run(Refusals())

    def verdict_in(self, other: dict[str, Any]) -> str:
        """The verdict on the same call in another world."""
        return str(decide_chain(parsed(other).world, self.call).verdict)

    def run(self, refusals: Refusals) -> Run:
        """The loop, against what is refused."""
        return Run(self.made, self.call, refusals, self.seed)


def faults(seed: int, family: str) -> Iterator[str]:
    """Every law that the answers to one call break."""
    case = Case(seed, family)
    several = Refusals(seed, SHARES[seed % len(SHARES)])
    runs = [case.run(several), *(case.run(Refusals(alone=one)) for one in _two_of(case))]
    if seed % 3 == 0:
        runs.append(case.run(Refusals(expires_after=seed % 17)))
    fewer = case.run(several._replace(share=several.share / 4))
    for before, after in ((runs[0], fewer), (fewer, case.whole), *((r, case.whole) for r in runs)):
        yield from _turned(before, after)
    for run in (case.whole, *runs):
        yield from (f"{asked} was sent twice" for asked in run.sent_twice())
        yield from refuted(case, run)
    yield from _unnamed(case, several)


def _two_of(case: Case) -> list[Question]:
    """Two of the questions that are asked in all, of different operations."""
    rng, asked = Random(case.seed), list(case.whole.desk.answered)
    rng.shuffle(asked)
    operations = {question.operation: question for question in asked}
    return rng.sample(list(operations.values()), min(2, len(operations)))


def _turned(before: Run, after: Run) -> Iterator[str]:
    """Reading more turns no certain answer, and makes none uncertain."""
    if before.verdict in CERTAIN and after.verdict != before.verdict:
        yield f"{before.verdict} became {after.verdict} when more was read"


def refuted(case: Case, run: Run) -> Iterator[str]:
    """A certain verdict, and each cause named as certain, holds in all that may be true."""
    certain = _certain_causes(diagnose(*run.known))
    if {run.verdict, case.verdict} == set(CERTAIN):
        yield f"{run.verdict}, but it is {case.verdict}"
    if not certain <= case.causes:
        yield f"{sorted(certain - case.causes)} are no causes of {sorted(case.causes)}"
    for edits, other in truths(case.made, run.desk, Random(case.seed)):
        told = ", ".join(f"{edit.operation} on {edit.on}" for edit in edits)
        verdict = case.verdict_in(other)
        if {run.verdict, verdict} == set(CERTAIN):
            yield f"{run.verdict}, but {verdict} were it not for {told}"
        if certain and len(edits) > 1:
            causes = _causes(parsed(other).world, case.call)
            if not certain <= causes:
                yield f"{sorted(certain - causes)} are no causes were it not for {told}"


def _unnamed(case: Case, refusals: Refusals) -> Iterator[str]:
    """Granting what the answers name, again and again, leads to the answer to everything."""
    granted = _NOT_NAMED
    while True:
        run = case.run(refusals._replace(granted=granted))
        named = granted | _operations(run)
        if named == granted:
            break
        granted = named
    if run.verdict != case.whole.verdict:
        refused = sorted({asked.operation for asked in run.desk.refused})
        yield f"{run.verdict} instead of {case.whole.verdict}, and {refused} are not named"


def _operations(run: Run) -> frozenset[str]:
    """What the answer says would settle it."""
    found = {atom.settle for decision in run.chain.decisions for atom in atoms(decision.passes)}
    named = {name for settle in found for name in _OPERATION.findall(settle)}
    if any("who the caller is could not be read" in settle for settle in found):
        named.add("GetCallerIdentity")
    return frozenset(named | {_TOGETHER[name] for name in named & _TOGETHER.keys()})


def _causes(around: World, call: Call) -> set[str]:
    """What blocks, and what refuses where it does not count since the role trusts somebody else."""
    found = {finding.cause for finding in diagnose(around, call).findings if finding.blocking}
    for decision in decide_chain(around, call).decisions:
        for gate in decision.gates:
            if gate.outcome is Outcome.IMPLICIT_DENY and not gate.counts:
                found |= set(causes_of(decision, gate))
    return found


def _certain_causes(diagnosis: Diagnosis) -> set[str]:
    found = (f for f in diagnosis.findings if f.blocking and f.certainty == "certain")
    return {finding.cause for finding in found}
