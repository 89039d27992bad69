"""From a decision to the diagnosis that every surface renders."""

from collections.abc import Iterator
from typing import Any

import msgspec

from assumable.engine.answer import AwsError, aws_error
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.federation_notes import token_notes
from assumable.engine.gates import Gate, Outcome
from assumable.engine.match import StatementTrace
from assumable.engine.notes import call_notes
from assumable.engine.truth import Atom, atoms, describe
from assumable.findings.checklist import ChecklistRow, checklist
from assumable.findings.finding import Finding, Fix
from assumable.findings.headline import headline
from assumable.findings.registry import findings_of
from assumable.findings.uncertain import as_notes, uncertain
from assumable.model.call import Call, SamlCaller
from assumable.model.policy import Policy
from assumable.model.world import World
from assumable.plan import Plan, plans_for


class StatementView(msgspec.Struct, frozen=True):
    """A statement of a gate, as the trace has it."""

    policy: str
    statement: int
    effect: str
    matched: bool | None
    """None when it depends on what is not known."""
    failing: tuple[str, ...]


class GateView(msgspec.Struct, frozen=True, kw_only=True):
    """One gate for one action."""

    gate: str
    account: str
    action: str
    level: str
    outcome: Outcome
    counts: bool
    summary: str
    statements: tuple[StatementView, ...]


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """The call without anything secret."""

    api: str
    caller: str
    caller_account: str
    role_arn: str
    role_account: str
    actions: tuple[str, ...]
    parameters: dict[str, Any]


class UnknownView(msgspec.Struct, frozen=True):
    """Something that was not known and matters."""

    what: str
    settle: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: verdict, checklist, gates, findings and proved plans (DESIGN section 7)."""

    schema: str = "assumable/diagnosis/1"
    verdict: Verdict
    headline: str
    """The verdict in words."""
    call: CallView
    aws_error: AwsError | None
    hops: tuple[CallView, ...] = ()
    checklist: tuple[ChecklistRow, ...]
    gates: tuple[GateView, ...]
    findings: tuple[Finding, ...]
    fixes: tuple[Fix, ...]
    """Every fix of every finding and plan, by id."""
    plans: tuple[Plan, ...]
    residual: str
    unknowns: tuple[UnknownView, ...]
    hypotheses: tuple[str, ...] = ()
    uncertain: tuple[str, ...]
    notes: tuple[str, ...] = ()


def diagnose(world: World, call: Call) -> Diagnosis:
    """Why the call passes or fails, and what would fix it."""
    decision = decide(world, call)
    findings = findings_of(decision)
    plans: tuple[Plan, ...] = ()
    extra: tuple[Fix, ...] = ()
    if decision.verdict is Verdict.DENIED:
        plans, extra = plans_for(decision, findings)
    fixes = {fix.id: fix for finding in findings for fix in finding.fixes}
    open_atoms, mattered = atoms(decision.passes), uncertain(decision)
    return Diagnosis(
        verdict=decision.verdict,
        headline=headline(decision),
        call=_call_view(decision),
        aws_error=aws_error(decision),
        checklist=tuple(checklist(decision, findings)),
        gates=tuple(map(_gate_view, decision.gates)),
        findings=findings,
        fixes=(*fixes.values(), *extra),
        plans=plans,
        residual=describe(decision.passes) if decision.verdict is Verdict.CONDITIONAL else "",
        unknowns=tuple(_unknowns(open_atoms)),
        uncertain=mattered,
        notes=(*_notes(decision), *as_notes(decision, mattered)),
    )


def _call_view(decision: Decision) -> CallView:
    call = decision.call
    shown = call.identity_provider if isinstance(call.caller, SamlCaller) else ""
    secret = {"TokenCode", "WebIdentityToken", "SAMLAssertion", "ProvidedContexts"}
    return CallView(
        api=call.api,
        caller=shown or call.caller.arn,
        caller_account=call.caller_account,
        role_arn=call.role_arn,
        role_account=call.role_account,
        actions=decision.facts.required_actions,
        parameters={key: value for key, value in call.parameters.items() if key not in secret},
    )


def _gate_view(gate: Gate) -> GateView:
    return GateView(
        gate=gate.gate,
        account=gate.account,
        action=gate.action,
        level=gate.level,
        outcome=gate.outcome,
        counts=gate.counts,
        summary=gate.not_applicable or gate.summary or _outcome_words(gate),
        statements=tuple(map(_statement_view, gate.traces())),
    )


def _statement_view(trace: StatementTrace) -> StatementView:
    truth = trace.truth
    failing = tuple(
        element.condition.key if element.condition else element.element for element in trace.failing
    )
    return StatementView(
        policy=trace.policy.name.name,
        statement=trace.statement.index,
        effect=trace.statement.effect,
        matched=truth if isinstance(truth, bool) else None,
        failing=failing,
    )


def _outcome_words(gate: Gate) -> str:
    if gate.outcome is Outcome.UNKNOWN:
        return f"depends on: {describe(gate.passes)}"
    words = {Outcome.ALLOW: "allows", Outcome.IMPLICIT_DENY: "does not allow"}
    return f"{words.get(gate.outcome, 'denies')} {gate.action}"


def _unknowns(open_atoms: tuple[Atom, ...]) -> Iterator[UnknownView]:
    """What is not known, each part once, however many questions it leaves open."""
    parts = {atom.part or atom.text: atom.settle for atom in open_atoms}
    for part, settle in parts.items():
        yield UnknownView(part, settle)


def _notes(decision: Decision) -> Iterator[str]:
    """What is odd about the input, or taken for granted, though it decides nothing by itself."""
    yield from call_notes(decision.facts)
    yield from token_notes(decision.facts)
    trust = decision.facts.trust
    policies = [trust, *decision.facts.identity_policies]
    for policy in policies:
        if isinstance(policy, Policy):
            for problem in policy.problems:
                yield f"{policy.name.name}: {problem.message}"
