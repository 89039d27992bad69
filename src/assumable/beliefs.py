"""What may be behind a refusal that could not be established: hypotheses, an error text, probes."""

from typing import Literal

import msgspec

from assumable.engine.chain import Chain
from assumable.engine.evaluate import Verdict
from assumable.findings.chain import number_of
from assumable.findings.finding import Finding
from assumable.findings.hypotheses import Hypothesis, hypotheses_despite, hypotheses_of
from assumable.findings.observed import (
    REFUSED_ANYWAY,
    ErrorView,
    Observed,
    statement_of,
    view_of,
)
from assumable.findings.probing import ProbeRecord, run, telling
from assumable.findings.weighing import Bearing, Odds, bearing_of
from assumable.formats.message import Message
from assumable.model.probe import Send

NONE_TELLS = "no probe was made: none would tell the causes that are left apart"
NOT_NEEDED = "no probe was made: the answer does not depend on what is not known"
PASSED = "AWS allowed the call when it was tried"
PASSED_SHORT = "AWS allowed the call when it was tried, for 900 s"
CHANGED = (
    "AWS refused the call before and allows it now: something changed, or it was not this call"
)


class Beliefs(msgspec.Struct, frozen=True, kw_only=True):
    """What may be behind a refusal, and how that is known."""

    hypotheses: tuple[Hypothesis, ...] = ()
    error: ErrorView | None = None
    probes: tuple[ProbeRecord, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_refused_anyway(self) -> bool:
        """Whether AWS refused what everything that is known allows."""
        return self.error is not None and self.error.statement.startswith(REFUSED_ANYWAY)


def beliefs_about(
    chain: Chain,
    findings: tuple[Finding, ...],
    observed: Observed | None,
    probe: Send | Literal["plan"] | None,
) -> Beliefs:
    """The hypotheses about the hop that decides, after the error text and the probes.

    Probes are of a plain call; `plan` makes none.
    """
    decision, hop = chain.decisions[chain.shown], number_of(chain, chain.shown)
    message = _evidence(observed, hop)
    hypotheses, is_complete = hypotheses_of(decision, hop=hop), True
    if observed is not None and message is not None and decision.verdict is Verdict.ALLOWED:
        named, is_complete = observed.is_caller_named, False
        hypotheses = hypotheses_despite(decision, message, is_caller_named=named, hop=hop)
    odds = Odds(hypotheses, is_complete=is_complete)
    bearing = Bearing() if message is None else bearing_of(message, tuple(odds.weights))
    odds.take(bearing, is_told=True)
    was_refused = odds.refused
    probes: tuple[ProbeRecord, ...] = ()
    if probe is not None and hypotheses:
        probes = run(decision.call, odds, None if probe == "plan" else probe)
    unmade = NONE_TELLS if hypotheses else NOT_NEEDED
    error = None
    if observed is not None:
        blocking = [f.cause for f in findings if f.blocking and f.hop == hop]
        left = [each.cause for each in hypotheses]
        says = "" if message is None else statement_of(message, decision.verdict, blocking, left)
        error = view_of(observed, bearing, says)
    if probe == "plan":  # a plan is no evidence
        odds = Odds(hypotheses, is_complete=is_complete)
        odds.take(bearing, is_told=True)
    return Beliefs(
        hypotheses=telling(decision.call, odds),
        error=error,
        probes=probes,
        notes=_notes(probes, was_refused) if probes or probe is None else (unmade,),
    )


def _evidence(observed: Observed | None, hop: int) -> Message | None:
    """The text, where it is about this hop."""
    if observed is None or observed.unused or observed.hop not in (0, hop):
        return None
    return observed.message


def _notes(probes: tuple[ProbeRecord, ...], was_refused: bool) -> tuple[str, ...]:
    made = [probe for probe in probes if probe.answer != "planned"]
    if not made:
        return ()
    calls = f"{len(made)} calls" if len(made) > 1 else "one call"
    were, them = ("were", "them") if len(made) > 1 else ("was", "it")
    note = (
        f"{calls} of sts:{made[0].api} {were} made: CloudTrail of the caller's account shows "
        f"{them}, that of the role's account if AWS allowed {them}"
    )
    passed = [probe for probe in made if probe.answer == "passed" and probe.id in _WHOLE]
    if not passed:
        return (note,)
    words = PASSED if any(probe.id == "duration" for probe in passed) else PASSED_SHORT
    return (note, CHANGED if was_refused else words)


_WHOLE = ("call", "duration", "mfa")
"""The probes that are the call itself."""
