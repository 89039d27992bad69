"""What an answer shows of a decision: the call, its hops, the gates, what is not known."""

from collections.abc import Iterator
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.chain import Chain
from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.gates import Gate, Outcome
from assumable.engine.match import StatementTrace
from assumable.engine.truth import atoms, describe
from assumable.findings.chain import number_of
from assumable.findings.evidence import gate_evidence
from assumable.findings.finding import Evidence, Finding
from assumable.model.call import SECRET_PARAMETERS, Call, SamlCaller


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
    evidence: tuple[Evidence, ...] = ()
    """What refuses, where the gate does: the elements of the closest statement that fail, or the
    Deny that applies."""


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """The call without anything secret."""

    api: str
    caller: str
    caller_account: str
    role_arn: str
    role_account: str
    actions: tuple[str, ...]
    parameters: dict[str, Any]


class HopView(msgspec.Struct, frozen=True, kw_only=True):
    """One hop of a chain, decided as if the hops before it had succeeded."""

    call: CallView
    verdict: Verdict
    causes: tuple[str, ...]
    """Its blocking causes."""


class UnknownView(msgspec.Struct, frozen=True):
    """Something that was not known and matters."""

    what: str
    settle: str


def hop_views(chain: Chain, findings: tuple[Finding, ...]) -> Iterator[HopView]:
    """The hops that could be looked at, in order."""
    for number, decision in enumerate(chain.decisions, 1):
        causes = [f.cause for f in findings if f.hop == number and f.blocking]
        yield HopView(
            call=_call_view(decision),
            verdict=decision.verdict,
            causes=tuple(dict.fromkeys(causes)),
        )


def whole_view(chain: Chain) -> CallView:
    """The call as it was asked: by the first caller, for the last role."""
    views = [_call_view(decision) for decision in chain.decisions]
    call = chain.call
    return msgspec.structs.replace(
        views[0],
        role_arn=call.role_arn,
        role_account=call.role_account,
        actions=tuple(dict.fromkeys(action for view in views for action in view.actions)),
        parameters=_shown_parameters(call),
    )


def _call_view(decision: Decision) -> CallView:
    call = decision.call
    shown, account = call.caller.arn, call.caller_account
    if isinstance(call.caller, SamlCaller):
        shown = call.identity_provider or shown
    elif shown == arn.NOBODY:
        shown, account = "nobody", ""
    return CallView(
        api=call.api,
        caller=shown,
        caller_account=account,
        role_arn=call.role_arn,
        role_account=call.role_account,
        actions=decision.facts.required_actions,
        parameters=_shown_parameters(call),
    )


def _shown_parameters(call: Call) -> dict[str, Any]:
    return {key: value for key, value in call.parameters.items() if key not in SECRET_PARAMETERS}


def gate_view(gate: Gate) -> GateView:
    """A gate with its statements."""
    return GateView(
        gate=gate.gate,
        account=gate.account,
        action=gate.action,
        level=gate.level,
        outcome=gate.outcome,
        counts=gate.counts,
        summary=gate.not_applicable or gate.summary or _outcome_words(gate),
        statements=tuple(map(_statement_view, gate.traces())),
        evidence=gate_evidence(gate),
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


def unknowns(chain: Chain) -> Iterator[UnknownView]:
    """What is not known, each part once, however many questions of however many hops it leaves."""
    parts: dict[str, dict[str, None]] = {}
    settling: dict[str, str] = {}
    for place, decision in enumerate(chain.decisions):
        for atom in atoms(decision.passes):
            part = atom.part or atom.text
            parts.setdefault(part, {})[str(number_of(chain, place))] = None
            settling[part] = atom.settle
    for part, numbers in parts.items():
        which = "" if chain.is_plain else f"hop {' and '.join(numbers)}: "
        # a remark in the middle of a sentence ends with a comma, which here ends the line
        yield UnknownView(which + part.removesuffix(","), settling[part])
