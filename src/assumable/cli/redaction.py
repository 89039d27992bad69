"""`--redact`: the same question under pseudonyms, once it is sure that the answer is the same."""

from typing import NamedTuple

from assumable.errors import InputError
from assumable.findings.outcome import Outcome, outcome_of
from assumable.formats.pseudonyms import Pseudonyms
from assumable.formats.redact import redact
from assumable.formats.scenario import Scenario

_LOST = "under these names it reads {new} instead of {old}: the names no longer differ as they did"


class Question(NamedTuple):
    """What to decide, and what to say beside the answer."""

    scenario: Scenario
    notes: tuple[str, ...]
    like: str
    """The ARN with which the call works, where one is compared."""


def redacted(scenario: Scenario, notes: tuple[str, ...], like: str = "") -> Question:
    """All of it under pseudonyms; InputError when the answer would be another one."""
    found = redact(*scenario)
    before, after = outcome_of(*scenario), outcome_of(*found.scenario)
    if _coarse(before) != _coarse(after):
        raise InputError("the answer would be another one under pseudonyms", "--redact")
    lost = _lost(before, after, found.pseudonyms)
    shown = (*map(found.pseudonyms.prose, notes), *lost)
    return Question(found.scenario, shown, found.pseudonyms.of(like) if like else "")


def _coarse(outcome: Outcome) -> object:
    return outcome.verdict, {(finding.cause, finding.hop) for finding in outcome.blocking}


def _lost(before: Outcome, after: Outcome, pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """The variants that are other ones now; some, such as a level, are names themselves."""
    old = {f"{f.cause} {f.variant}": f"{f.cause} {pseudonyms.prose(f.variant)}" for f in before[1]}
    new = {f"{f.cause} {f.variant}" for f in after.blocking}
    gone = [name for name, shown in old.items() if not {name, shown} & new]
    come = new - set(old) - set(old.values())
    if not gone:
        return ()
    return (_LOST.format(new=", ".join(sorted(come)), old=", ".join(sorted(gone))),)
