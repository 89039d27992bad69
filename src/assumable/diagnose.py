"""From a decision to the diagnosis that every surface renders."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from assumable.beliefs import Beliefs, beliefs_about
from assumable.compare import Comparison, compare
from assumable.cuts import Cut, cuts_for
from assumable.engine.answer import AwsError, aws_error
from assumable.engine.chain import Chain, decide_chain
from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.federation_notes import token_notes
from assumable.engine.notes import call_notes
from assumable.findings.chain import (
    chain_headline,
    chain_residual,
    findings_of_chain,
    joined,
    number_of,
)
from assumable.findings.checklist import ChecklistRow, checklist
from assumable.findings.checks.as009_propagation import late_changes
from assumable.findings.detours import detour_notes
from assumable.findings.finding import CALLER, Finding, Fix
from assumable.findings.grants import GrantPath, paths_of
from assumable.findings.hypotheses import Hypothesis
from assumable.findings.loose import loose_notes
from assumable.findings.naming import Names
from assumable.findings.observed import ErrorView, Observed, place_shown
from assumable.findings.probing import ProbeRecord
from assumable.findings.region_notes import region_notes
from assumable.findings.residual import Requirement, Residual, residual_of, residual_of_fixes
from assumable.findings.uncertain import as_notes, uncertain
from assumable.findings.views import (
    CallView,
    GateView,
    HopView,
    UnknownView,
    gate_view,
    hop_views,
    unknowns,
    whole_view,
)
from assumable.model.call import Call
from assumable.model.policy import Policy
from assumable.model.probe import Send
from assumable.model.world import World
from assumable.plan import Plan, plans_for, plans_for_open, why_unproved

Expected = Literal["", "allowed", "denied"]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: verdict, checklist, gates, findings and proved plans (DESIGN section 7)."""

    schema: str = "assumable/diagnosis/1"
    verdict: Verdict
    headline: str
    """The verdict in words."""
    call: CallView
    """Of a chain: the first caller, the last role, and the actions of all hops."""
    hop: int = 0
    """The hop that checklist, gates and `aws_error` are of, from 1; 0 without a chain."""
    hops: tuple[HopView, ...] = ()
    """The hops of a chain that could be looked at, in order; empty without one."""
    hops_asked: int = 0
    """How many hops were asked for; 0 without a chain."""
    aws_error: AwsError | None
    checklist: tuple[ChecklistRow, ...]
    gates: tuple[GateView, ...]
    findings: tuple[Finding, ...]
    fixes: tuple[Fix, ...]
    """Every fix of every finding and plan, and every edit of every cut, by id."""
    plans: tuple[Plan, ...]
    expected: Expected = ""
    """The verdict that the reader expects; empty where nobody said it."""
    grants: tuple[GrantPath, ...] = ()
    """Where `denied` is expected and the call is not: every independent way in."""
    cuts: tuple[Cut, ...] = ()
    """And the smallest sets of edits that close it, best first."""
    comparison: Comparison | None = None
    residual: str
    residual_caller: tuple[Requirement, ...] = ()
    """Allowed if: what the caller can see to, in a denied call by the first plan."""
    residual_admin: tuple[Requirement, ...] = ()
    """And what administrators must change, or somebody must tell."""
    working_commands: tuple[str, ...] = ()
    """The calls that work once all of that holds, hop by hop; empty where no plan was proved."""
    unknowns: tuple[UnknownView, ...]
    hypotheses: tuple[Hypothesis, ...] = ()
    """If AWS refused the call: what remains, the likeliest first. Priors order it, never evidence;
    of a chain they are about `hop`."""
    error: ErrorView | None = None
    """What an error text that was given says, and how it fits."""
    probes: tuple[ProbeRecord, ...] = ()
    """The real calls that were made, or are planned, to tell the hypotheses apart."""
    advice: tuple[str, ...] = ()
    """How more could be read of a running AWS."""
    uncertain: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def caller_alone_can(self) -> bool:
        """Whether a plan changes the request and nothing in AWS."""
        return any(set(plan.owners) == {CALLER} for plan in self.plans)

    @property
    def shall_stay_denied(self) -> bool:
        """Whether the call is denied as it should be, whatever its caller sends."""
        is_denied = self.verdict is Verdict.DENIED and self.expected == "denied"
        return is_denied and not self.caller_alone_can


def diagnose(
    world: World,
    call: Call,
    *,
    expected: Expected = "",
    like: str = "",
    error: Observed | None = None,
    probe: Send | Literal["plan"] | None = None,
) -> Diagnosis:
    """Why the call passes or fails, and what would fix it; of a chain, every hop of it.

    With `denied` expected, an allow is what needs explaining. `like` is the ARN of a caller or of a
    role with which the call works; InputError when it is neither. `error` is what AWS answered;
    `probe` makes the real calls that tell hypotheses apart, `plan` only plans them.
    """
    chain = decide_chain(world, call)
    names = Names()
    findings = names.of(findings_of_chain(chain))
    plans, fixes = _plans(chain, findings, names)
    mattered = [uncertain(decision) for decision in chain.decisions]
    place = place_shown(chain, error)
    shown, number = chain.decisions[place], number_of(chain, place)
    residual = _residual(chain, plans, fixes)
    beliefs = beliefs_about(chain, findings, error, probe)
    unproved = tuple(_unproved(chain, findings, plans))
    findings = joined(findings)
    diagnosis = Diagnosis(
        verdict=chain.verdict,
        headline=_headline(chain, beliefs),
        call=whole_view(chain),
        hop=number,
        aws_error=aws_error(shown),
        hops=() if chain.is_plain else tuple(hop_views(chain, findings)),
        hops_asked=0 if chain.is_plain else chain.length,
        checklist=tuple(checklist(shown, tuple(f for f in findings if f.hop == number))),
        gates=tuple(map(gate_view, shown.gates)),
        findings=findings,
        fixes=fixes,
        plans=plans,
        comparison=compare(chain, like) if like else None,
        residual=chain_residual(chain),
        residual_caller=residual.caller,
        residual_admin=residual.others,
        working_commands=residual.commands,
        unknowns=tuple(unknowns(chain)),
        hypotheses=beliefs.hypotheses,
        error=beliefs.error,
        probes=beliefs.probes,
        uncertain=tuple(dict.fromkeys(item for items in mattered for item in items)),
        notes=(*unproved, *_notes(chain, mattered), *beliefs.notes),
    )
    return _held_against(chain, diagnosis, expected) if expected else diagnosis


def _plans(
    chain: Chain, findings: tuple[Finding, ...], names: Names
) -> tuple[tuple[Plan, ...], tuple[Fix, ...]]:
    """The proved plans, and every fix of a finding or a plan, each once."""
    plans: tuple[Plan, ...] = ()
    extra: tuple[Fix, ...] = ()
    if chain.verdict is Verdict.DENIED:
        plans, extra = plans_for(chain, findings, names)
    elif chain.verdict is Verdict.CONDITIONAL:
        plans, extra = plans_for_open(chain, names)
    found = {fix.id: fix for finding in findings for fix in finding.fixes}
    return plans, (*found.values(), *extra)


def _headline(chain: Chain, beliefs: Beliefs) -> str:
    """The verdict in words, and what AWS was seen to answer."""
    words = "; ".join(filter(None, (chain_headline(chain), beliefs.tried)))
    return f"{words}, but AWS refused it" if beliefs.is_refused_anyway else words


def _unproved(
    chain: Chain, findings: tuple[Finding, ...], plans: tuple[Plan, ...]
) -> Iterator[str]:
    """Why fixes that were found make no plan."""
    why = "" if plans or chain.verdict is not Verdict.DENIED else why_unproved(chain, findings)
    if why:
        yield f"the fixes are not proved to be enough: {why}"


def _residual(chain: Chain, plans: tuple[Plan, ...], fixes: tuple[Fix, ...]) -> Residual:
    """What is left to do or to say; nothing where no plan mends a denied call."""
    if chain.verdict is not Verdict.DENIED:
        return residual_of(chain)
    if not plans:
        return Residual()
    best = plans[0]
    by_id = {fix.id: fix for fix in fixes}
    working = best.commands[-best.calls :]
    return residual_of_fixes([by_id[name] for name in best.fixes], best.residual_after, working)


def _held_against(chain: Chain, diagnosis: Diagnosis, expected: Expected) -> Diagnosis:
    """The diagnosis with what it says about an expectation."""
    headline = f"{diagnosis.headline}, as expected"
    if chain.verdict is Verdict.DENIED and diagnosis.caller_alone_can:
        headline += ", but only until the caller sends another request: see the fix"
    if chain.verdict != expected:
        headline = f"{diagnosis.headline}; {expected} was expected"
    diagnosis = msgspec.structs.replace(diagnosis, expected=expected, headline=headline)
    if expected != "denied" or chain.verdict is Verdict.DENIED:
        return diagnosis
    paths = paths_of(chain)
    cuts, edits = cuts_for(chain, paths)
    partial = "there are more ways in than were tried: the grants shown are some of them"
    notes = () if all(of_hop.complete for of_hop in paths) else (partial,)
    return msgspec.structs.replace(
        diagnosis,
        grants=tuple(path.view for of_hop in paths for path in of_hop.found),
        cuts=cuts,
        fixes=(*diagnosis.fixes, *edits),
        notes=(*diagnosis.notes, *notes),
    )


def _notes(chain: Chain, mattered: list[tuple[str, ...]]) -> Iterator[str]:
    """What is odd about the input, or taken for granted, though it decides nothing by itself."""
    several: dict[str, list[str]] = {}
    for number, (decision, items) in enumerate(zip(chain.decisions, mattered, strict=True), 1):
        late = late_changes(decision) if chain.verdict is Verdict.DENIED else ()
        for note in (*_notes_on(decision), *as_notes(decision, items), *late):
            several.setdefault(note, []).append(str(number))
    for note, numbers in several.items():
        alike = chain.is_plain or len(numbers) == len(chain.decisions)
        yield note if alike else f"hop {' and '.join(numbers)}: {note}"
    if chain.is_plain:
        yield from detour_notes(chain.decisions[0])
    if chain.is_cut_short:
        last = len(chain.decisions)
        yield f"what follows hop {last} was not looked at: its RoleArn names no role"


def _notes_on(decision: Decision) -> Iterator[str]:
    yield from call_notes(decision.facts)
    yield from region_notes(decision.facts)
    yield from token_notes(decision.facts)
    yield from loose_notes(decision)
    for policy in (decision.facts.trust, *decision.facts.identity_policies):
        if isinstance(policy, Policy):
            for problem in policy.problems:
                yield f"{policy.name.name}: {problem.message}"
