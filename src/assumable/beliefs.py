"""What may be behind a refusal that could not be established: hypotheses, an error text, probes."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from assumable.engine.chain import Chain
from assumable.engine.evaluate import Decision, Verdict
from assumable.findings.chain import number_of
from assumable.findings.finding import Finding
from assumable.findings.hypotheses import Hypothesis, hypotheses_despite, hypotheses_of
from assumable.findings.observed import (
    OTHER_HOP,
    REFUSED_ANYWAY,
    ErrorView,
    Observed,
    place_shown,
    statement_of,
    view_of,
)
from assumable.findings.probing import ProbeRecord, run, telling
from assumable.findings.weighing import Bearing, Odds, bearing_of
from assumable.model.call import Call
from assumable.model.probe import Send

NONE_TELLS = "no probe was made: none would tell the causes that are left apart"
NOT_NEEDED = "no probe was made: the answer does not depend on what is not known"
PASSED = "AWS allowed the call when it was tried"
PASSED_SHORT = "AWS allowed the call when it was tried, for 900 s"
TRIED_PASSED = "AWS allowed it when it was tried"
TRIED_REFUSED = "AWS refused it when it was tried"
CHANGED = (
    "AWS refused the call before and allows it now: something changed, or it was not this call"
)


class Beliefs(msgspec.Struct, frozen=True, kw_only=True):
    """What may be behind a refusal, and how that is known."""

    hypotheses: tuple[Hypothesis, ...] = ()
    error: ErrorView | None = None
    probes: tuple[ProbeRecord, ...] = ()
    notes: tuple[str, ...] = ()
    tried: str = ""
    """What AWS did with the call itself, in words; empty where that was not tried."""

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

    Probes are of a plain call; `plan` makes none, and is no evidence.
    """
    place = place_shown(chain, observed)
    decision, hop = chain.decisions[place], number_of(chain, place)
    if observed is not None and observed.hop not in (0, hop):
        observed = msgspec.structs.replace(observed, unused=OTHER_HOP)
    found = _hypotheses(decision, observed, hop)
    odds, bearing = _after_text(decision, observed, found)
    was_refused = odds.refused
    probes: tuple[ProbeRecord, ...] = ()
    if probe == "plan":
        probes = run(decision.call, _after_text(decision, observed, found)[0], None)
    elif probe is not None and found:
        probes = run(decision.call, odds, probe)
    notes = tuple(_notes(decision.call, probes, was_refused=was_refused))
    if probe is not None and not probes:
        notes = (NONE_TELLS if found else NOT_NEEDED,)
    error = None
    if observed is not None:
        blocking = [f.cause for f in findings if f.blocking and f.hop == hop]
        left = [each.cause for each in found]
        statement = statement_of(observed, decision.verdict, blocking, left)
        error = view_of(observed, bearing, statement)
    return Beliefs(
        hypotheses=odds.hypotheses if chain.call.chain else telling(decision.call, odds),
        error=error, probes=probes, notes=notes,
        tried=_tried(decision.call, probes),
    )  # fmt: skip


def _hypotheses(
    decision: Decision, observed: Observed | None, hop: int
) -> tuple[Hypothesis, ...]:  # fmt: skip
    if decision.verdict is not Verdict.ALLOWED:
        return hypotheses_of(decision, hop=hop)
    if observed is None or observed.evidence is None:
        return ()
    named = observed.is_caller_named
    return hypotheses_despite(decision, observed.evidence, is_caller_named=named, hop=hop)


def _after_text(
    decision: Decision, observed: Observed | None, found: tuple[Hypothesis, ...]
) -> tuple[Odds, Bearing]:
    """The odds once the error text is taken into account, and what it says.

    Of a call that is decided to be allowed the hypotheses are never all there are.
    """
    odds = Odds(found, is_complete=decision.verdict is not Verdict.ALLOWED)
    bearing = Bearing()
    if observed is not None and observed.evidence is not None:
        bearing = bearing_of(observed.evidence, tuple(odds.weights))
    odds.take(bearing, is_told=True)
    return odds, bearing


def _notes(call: Call, probes: tuple[ProbeRecord, ...], *, was_refused: bool) -> Iterator[str]:
    made = [probe for probe in probes if probe.answer in ("passed", "refused")]
    if not made:
        return
    many = f"{len(made)} calls of sts:{call.api} were" if len(made) > 1 else ""
    yield f"{many or f'one call of sts:{call.api} was'} made: {_trail(call)}"
    passed = {probe.id for probe in made if probe.answer == "passed"} & {*_WHOLE}
    if passed and was_refused:
        yield CHANGED
    elif passed:
        yield PASSED if "duration" in passed else PASSED_SHORT


_WHOLE = ("call", "duration", "mfa")
"""The probes that are the call itself."""


def _tried(call: Call, probes: tuple[ProbeRecord, ...]) -> str:
    """What became of the call itself: one without its MFA code, refused, is another call."""
    answers = {
        probe.answer
        for probe in probes
        if probe.id in _WHOLE and (probe.id == "mfa" or not call.presents_mfa)
    }
    if "refused" in answers:
        return TRIED_REFUSED
    return TRIED_PASSED if "passed" in answers else ""


def _trail(call: Call) -> str:
    """Where the calls are to be seen (FACTS 8.1): a refusal is not shown to the role's account."""
    if not call.is_signed:
        return "CloudTrail of the role's account shows what AWS allowed"
    if call.same_account:
        return "CloudTrail of the account shows it"
    return (
        "CloudTrail of the caller's account shows it, and that of the role's account what AWS "
        "allowed"
    )
