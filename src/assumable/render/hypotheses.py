"""If AWS refused: what may be behind it, what its error says, and which calls were tried."""

from collections.abc import Iterator, Sequence

from assumable.beliefs import TRIED_REFUSED
from assumable.diagnose import Diagnosis
from assumable.findings.hypotheses import MANAGEMENT, Hypothesis
from assumable.findings.observed import ErrorView
from assumable.findings.probing import ProbeRecord
from assumable.formats.message import priors
from assumable.render.sections import Line, person

_MOST = 4
"""Hypotheses that are shown: with the lines around them the section has six."""
_LABEL, _LABEL_REFUSED = "if refused  ", "refused because "
_INDENT = " " * len(_LABEL)
_PROBES = "--probe=plan lists calls that tell some of them apart"
"""Making them, by `--probe`, takes a running AWS; what is planned says so."""


def lines(diagnosis: Diagnosis) -> Iterator[Line]:
    """The error text, the hypotheses and the probes, each where there is one."""
    if diagnosis.error is not None:
        yield Line()
        yield from _error(diagnosis.error)
    if diagnosis.hypotheses:
        yield Line()
        label = _LABEL_REFUSED if TRIED_REFUSED in diagnosis.headline else _LABEL
        yield from _hypotheses(diagnosis.hypotheses, label, was_probed=bool(diagnosis.probes))
    if diagnosis.probes:
        yield Line()
        for number, probe in enumerate(diagnosis.probes, 1):
            yield Line(f"probe  {number}    ", _probe(probe))


def _error(error: ErrorView) -> Iterator[Line]:
    what = " ".join(filter(None, (error.code, error.action))) or "the error"
    if error.unused:
        yield Line("AWS said    ", f"the error text was not used: {error.unused}")
        return
    yield Line("AWS said    ", f"{what}: {error.meaning}" if error.meaning else what)
    if error.statement:
        yield Line(_INDENT, error.statement, "bold")
    told = _told(error)
    if told:
        yield Line(_INDENT, told)


def _told(said: ErrorView | ProbeRecord) -> str:
    """What an observation says; of what it makes less likely the order of the list tells."""
    parts = []
    if said.points_to:
        parts.append(f"points to {', '.join(said.points_to)}")
    if said.rules_out:
        parts.append(f"rules out {', '.join(said.rules_out)}")
    return "; ".join(parts)


def _hypotheses(
    hypotheses: Sequence[Hypothesis], label: str, *, was_probed: bool
) -> Iterator[Line]:
    counted = sum(sum(counts.values()) for counts in priors().values())
    first = hypotheses[0]
    alike = max(each.prior_of for each in hypotheses)
    kind = f" ({alike} of {first.prior_kind})" if alike else ""
    source = f"priors from {counted} public failures{kind}, not evidence"
    is_sure = first.certainty == "confirmed" and len(hypotheses) == 1
    yield Line(
        label, f"{'one cause is left' if is_sure else 'most likely first'}; {source}", "bold"
    )
    shown = [each for each in hypotheses[:_MOST] if each.share >= _SHOWN] or hypotheses[:1]
    for each in shown:
        head = f"{each.code} {each.cause}"
        yield Line(f"  {head:<27} ", f"{_weight(each):>4}  {_prior(each):<10}  {each.meaning}")
    rest = [each.code for each in hypotheses[len(shown) :]]
    more = f"{len(rest)} more: {' '.join(rest)}" if rest else ""
    hint = _PROBES if any(each.probe for each in shown) and not was_probed else ""
    last = "; ".join(filter(None, (more, _who_can_look(shown), hint)))
    if last:
        yield Line(_INDENT, last, "dim")


def _weight(each: Hypothesis) -> str:
    if each.certainty == "confirmed":
        return "sure"
    return f"{each.share:.0%}" if each.share >= _LEAST else "<1%"


_LEAST, _SHOWN = 0.005, 0.05
"""The share below which a hypothesis counts as under a percent, or is only listed."""


def _prior(each: Hypothesis) -> str:
    return f"{each.prior} of {each.prior_of}" if each.prior_of else "–"


def _who_can_look(hypotheses: Sequence[Hypothesis]) -> str:
    owners = dict.fromkeys(owner for each in hypotheses for owner in each.owners)
    whose = [person(f"the {owner}" if owner == MANAGEMENT else owner) for owner in owners]
    return f"{' and '.join(whose)} can look" if whose else ""


def _probe(probe: ProbeRecord) -> str:
    where = f"{probe.what} ({probe.region})" if probe.region else probe.what
    if probe.answer == "planned":
        return f"{where}: not made, only planned"
    if probe.answer == "passed":
        answer = "AWS allowed it"
    elif probe.answer == "refused":
        answer = f"{probe.code}: {probe.message}"
    else:
        answer = f"no answer: {probe.message}"
    told = _told(probe)
    return f"{where}: {answer}{f'; {told}' if told else ''}"
