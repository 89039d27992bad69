"""From a decision to the diagnosis that every surface renders."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from assumable import arn
from assumable.engine import limits
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.gates import Gate, GateName, Outcome
from assumable.engine.match import StatementTrace
from assumable.engine.truth import Atom, atoms, describe
from assumable.findings import commands
from assumable.findings.finding import ROW_NAMES, Finding, Fix, Row
from assumable.findings.registry import findings_of
from assumable.model.call import Call, SamlCaller, WebIdentityCaller
from assumable.model.policy import Effect, Policy
from assumable.model.world import Unknown, World
from assumable.plan import Plan, plans_for

Status = Literal["pass", "fail", "not-required", "unknown"]


class ChecklistRow(msgspec.Struct, frozen=True):
    """One of the seven lines."""

    check: str
    status: Status
    summary: str
    verify: str = ""
    """The command that checks the line by hand."""


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


class AwsError(msgspec.Struct, frozen=True):
    """What the caller would see."""

    code: str
    status: int
    message: str


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
    open_atoms = atoms(decision.passes)
    return Diagnosis(
        verdict=decision.verdict,
        headline=_headline(decision),
        call=_call_view(decision),
        aws_error=_aws_error(decision),
        checklist=tuple(_checklist(decision, findings)),
        gates=tuple(map(_gate_view, decision.gates)),
        findings=findings,
        fixes=(*fixes.values(), *extra),
        plans=plans,
        residual=describe(decision.passes) if decision.verdict is Verdict.CONDITIONAL else "",
        unknowns=tuple(_unknowns(open_atoms)),
        uncertain=tuple(sorted({a.subject for a in open_atoms if a.kind == "item"})),
        notes=tuple(_notes(decision)),
    )


_UNREAD = {
    (GateName.SCP, GateName.RCP): "an SCP or RCP",
    (GateName.BOUNDARY,): "a permissions boundary",
}


def _headline(decision: Decision) -> str:
    if decision.verdict is not Verdict.CONDITIONAL:
        return decision.verdict
    asked = set(atoms(decision.passes))
    unread = [
        words
        for names, words in _UNREAD.items()
        if asked & {atom for gate in _gates(decision, *names) for atom in atoms(gate.passes)}
    ]
    theirs = [gate for names in _UNREAD for gate in _gates(decision, *names)]
    if asked <= {atom for gate in theirs for atom in atoms(gate.passes) if atom.kind == "policy"}:
        return f"allowed, unless {' or '.join(unread)} that I could not read denies it"
    return "depends on what is not known"


def _call_view(decision: Decision) -> CallView:
    call = decision.call
    secret = {"TokenCode", "WebIdentityToken", "SAMLAssertion"}
    return CallView(
        api=call.api,
        caller=call.caller.arn,
        caller_account=call.caller_account,
        role_arn=call.role_arn,
        role_account=call.role_account,
        actions=decision.facts.required_actions,
        parameters={key: value for key, value in call.parameters.items() if key not in secret},
    )


def _aws_error(decision: Decision) -> AwsError | None:
    """The first refusal in AWS's own order (FACTS section 0)."""
    if decision.verdict is not Verdict.DENIED:
        return None
    blocking = list(decision.blocking())
    order = (GateName.CREDENTIALS, GateName.REQUEST)
    faults = sorted(
        (gate for gate in blocking if gate.fault is not None),
        key=lambda gate: order.index(gate.gate) if gate.gate in order else len(order),
    )
    token = [g for g in faults if g.fault and g.fault.code in ("InvalidClientTokenId", "ExpiredToken")]
    schema = [g for g in faults if g.gate is GateName.REQUEST and g.fault and g.fault.status == 400]  # noqa: PLR2004  # HTTP
    for gate in (*token, *schema):
        if gate.fault is not None:
            return AwsError(gate.fault.code, gate.fault.status, gate.fault.message)
    root = [gate for gate in faults if gate.gate is GateName.CREDENTIALS]
    refused = next((gate for gate in blocking if gate.fault is None), None)
    for gate in root:
        if gate.fault is not None and refused is None:
            return AwsError(gate.fault.code, gate.fault.status, gate.fault.message)
    limits_gate = next((gate for gate in faults if gate.gate is GateName.SESSION_LIMITS), None)
    missing = any(gate.gate is GateName.REQUEST for gate in faults)
    if limits_gate is not None and limits_gate.fault is not None and refused is None and not missing:
        return AwsError(limits_gate.fault.code, 400, limits_gate.fault.message)
    return _access_denied(decision, refused)


def _access_denied(decision: Decision, refused: Gate | None) -> AwsError:
    call = decision.call
    action = refused.action if refused is not None else f"sts:{call.api}"
    if isinstance(call.caller, WebIdentityCaller | SamlCaller):
        return AwsError("AccessDenied", 403, f"Not authorized to perform {action}")
    text = f"User: {call.caller.arn} is not authorized to perform: {action} on resource: {call.role_arn}"
    return AwsError("AccessDenied", 403, text)


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
    seen: set[str] = set()
    for atom in open_atoms:
        if atom.subject not in seen:
            seen.add(atom.subject)
            yield UnknownView(atom.text, atom.settle)


def _notes(decision: Decision) -> Iterator[str]:
    """What is odd about the input, though it decides nothing by itself."""
    trust = decision.facts.trust
    policies = [trust, *decision.facts.identity_policies]
    for policy in policies:
        if isinstance(policy, Policy):
            for problem in policy.problems:
                yield f"{policy.name.name}: {problem.message}"


# The seven lines


def _checklist(decision: Decision, findings: tuple[Finding, ...]) -> Iterator[ChecklistRow]:
    for row in Row:
        verify = commands.verify(row, decision.call)
        failed = [f for f in findings if f.blocking and (f.row is row or row in f.also_fails)]
        if failed:
            yield ChecklistRow(ROW_NAMES[row], "fail", failed[0].title, verify)
        elif arn.parse_role(decision.call.role_arn) is None:
            yield ChecklistRow(ROW_NAMES[row], "unknown", "not looked at: the role's ARN names no role", verify)
        else:
            status, summary = _ROWS[row](decision)
            yield ChecklistRow(ROW_NAMES[row], status, summary, verify)


def _gates(decision: Decision, *names: GateName) -> list[Gate]:
    return [gate for gate in decision.gates if gate.gate in names]


def _worst(gates: list[Gate]) -> Outcome | None:
    """The outcome that stands for several gates; None when none of them applies."""
    outcomes = {gate.outcome for gate in gates if gate.counts or gate.outcome is not Outcome.IMPLICIT_DENY}
    outcomes -= {Outcome.NOT_APPLICABLE}
    for outcome in (Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY, Outcome.UNKNOWN, Outcome.ALLOW):
        if outcome in outcomes:
            return outcome
    return None


def _permission_row(decision: Decision) -> tuple[Status, str]:
    gates = _gates(decision, GateName.IDENTITY)
    outcome = _worst(gates)
    if outcome is Outcome.UNKNOWN:
        return "unknown", _first_question(gates)
    allowing = _allowing(gates)
    if allowing is not None:
        account = decision.call.caller_account
        return "pass", f"{account}: {allowing.policy.name.name}, {allowing.statement.label}"
    if decision.call.has_identity_side:
        named = any(gate.allow is not False for gate in _gates(decision, GateName.TRUST))
        why = "the trust policy names the caller itself" if named else "the trust policy comes first"
        return "not-required", f"{why}, in the same account"
    return "not-required", "this kind of caller has no policies of its own"


def _trust_row(decision: Decision) -> tuple[Status, str]:
    gates = _gates(decision, GateName.TRUST)
    outcome = _worst(gates)
    if outcome is Outcome.UNKNOWN:
        return "unknown", _first_question(gates)
    allowing = _allowing(gates)
    if allowing is None:
        return "pass", "no complaint"
    return "pass", f"{allowing.statement.label} names this caller"


def _allowing(gates: list[Gate]) -> StatementTrace | None:
    traces = (trace for gate in gates for trace in gate.traces())
    return next((t for t in traces if t.statement.effect is Effect.ALLOW and t.truth is True), None)


def _first_question(gates: list[Gate]) -> str:
    for gate in gates:
        for atom in atoms(gate.passes):
            return f"depends on: {atom.text}"
    return "not known"


def _key_row(decision: Decision, prefix: str, proven: str) -> tuple[Status, str]:
    """A row about one condition key: asked for by a statement that could apply, or by none."""
    gates = [gate for gate in decision.gates if gate.context is not None]
    for gate in gates:
        for trace in gate.traces():
            if not trace.has_matching("Principal") or not trace.has_matching("Action"):
                continue
            for element in trace.elements:
                if element.condition and element.condition.key.lower().startswith(prefix):
                    if not isinstance(element.truth, bool):
                        return "unknown", f"depends on: {describe(element.truth)}"
                    if element.truth and trace.statement.effect is Effect.ALLOW:
                        return "pass", proven
    if any(isinstance(p, Unknown) for gate in _gates(decision, GateName.TRUST) for p in gate.policies):
        return "unknown", "the trust policy was not read"
    return "not-required", "not required"


def _external_id_row(decision: Decision) -> tuple[Status, str]:
    return _key_row(decision, "sts:externalid", "required, and sent")


def _mfa_row(decision: Decision) -> tuple[Status, str]:
    return _key_row(decision, "aws:multifactorauth", "required, and presented")


def _duration_row(decision: Decision) -> tuple[Status, str]:
    gate = next(iter(_gates(decision, GateName.SESSION_LIMITS)), None)
    if gate is None or limits.duration_of(decision.call) is None:
        return "unknown", "not looked at"
    return ("unknown" if gate.outcome is Outcome.UNKNOWN else "pass"), gate.summary


def _organization_row(decision: Decision) -> tuple[Status, str]:
    gates = _gates(decision, GateName.SCP, GateName.RCP)
    outcome = _worst(gates)
    if outcome is None:
        return "not-required", "; ".join(dict.fromkeys(gate.not_applicable for gate in gates))
    if outcome is Outcome.UNKNOWN:
        what = [p.what for gate in gates for p in gate.policies if isinstance(p, Unknown)]
        return "unknown", what[0] if what else _first_question(gates)
    scps = {gate.level for gate in gates if gate.gate is GateName.SCP and gate.level}
    rcps = {gate.level for gate in gates if gate.gate is GateName.RCP and gate.level}
    return "pass", f"{len(scps)} SCP levels, {len(rcps)} RCP levels"


def _caps_row(decision: Decision) -> tuple[Status, str]:
    gates = _gates(decision, GateName.BOUNDARY, GateName.SESSION_POLICY, GateName.VPC_ENDPOINT)
    outcome = _worst(gates)
    if outcome is None:
        return "not-required", "no boundary, no session policy"
    if outcome is Outcome.UNKNOWN:
        return "unknown", _first_question(gates)
    applying = dict.fromkeys(g.gate for g in gates if g.outcome is Outcome.ALLOW)
    return "pass", ", ".join(f"{gate} allows" for gate in applying) or "no objection"


_ROWS = {
    Row.PERMISSION: _permission_row,
    Row.TRUST: _trust_row,
    Row.EXTERNAL_ID: _external_id_row,
    Row.MFA: _mfa_row,
    Row.DURATION: _duration_row,
    Row.ORGANIZATION: _organization_row,
    Row.CAPS: _caps_row,
}
