"""The answer in short: what must be the same when two worlds are said to give the same answer."""

from typing import NamedTuple

from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Verdict
from assumable.engine.match import Reason
from assumable.findings.chain import chain_residual, findings_of_chain
from assumable.findings.finding import Finding
from assumable.model.call import Call
from assumable.model.world import World


class Blocking(NamedTuple):
    """A blocking finding, by what is stable of it."""

    cause: str
    variant: str
    hop: int
    reasons: frozenset[Reason]
    """In what the parts of the policies that it shows fail."""


class Outcome(NamedTuple):
    """Verdict, blocking causes with their variants, and what a conditional call depends on."""

    verdict: Verdict
    blocking: frozenset[Blocking]
    residual: str


def outcome_of(world: World, call: Call) -> Outcome:
    """The outcome of a call, without looking for plans."""
    chain = decide_chain(world, call)
    blocking = (
        Blocking(finding.cause, finding.variant, finding.hop, _reasons(finding))
        for finding in findings_of_chain(chain)
        if finding.blocking
    )
    return Outcome(chain.verdict, frozenset(blocking), chain_residual(chain))


def _reasons(finding: Finding) -> frozenset[Reason]:
    return frozenset(each.reason for each in finding.evidence if each.reason is not None)
