"""The seven checklist lines, always there and always in the same order (DESIGN section 1)."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from assumable.engine import limits
from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.evaluate import Decision
from assumable.engine.gates import Gate, GateName, Outcome
from assumable.engine.match import StatementTrace
from assumable.engine.truth import atoms, describe
from assumable.findings import commands
from assumable.findings.finding import ROW_NAMES, Finding, Row
from assumable.model.call import RootCaller
from assumable.model.policy import Effect
from assumable.model.world import Unknown

Status = Literal["pass", "fail", "not-required", "unknown"]
_NO_ROLE = "no role to judge it on"


class ChecklistRow(msgspec.Struct, frozen=True):
    """One of the seven lines."""

    check: str
    status: Status
    summary: str
    verify: str = ""
    """The command that checks the line by hand."""


def checklist(decision: Decision, findings: tuple[Finding, ...]) -> Iterator[ChecklistRow]:
    """The seven lines, in order; a line fails when a blocking finding says so."""
    for row in Row:
        verify = commands.verify(row, decision.call)
        failed = [f for f in findings if f.blocking and (f.row is row or row in f.also_fails)]
        if failed:
            first = min(failed, key=lambda found: found.row is not row)
            more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
            yield ChecklistRow(ROW_NAMES[row], "fail", first.title + more, verify)
        elif not decision.is_judged:
            asked = (
                "TargetPrincipal names no root user"
                if decision.call.api == ASSUME_ROOT
                else "the role's ARN names no role"
            )
            yield ChecklistRow(ROW_NAMES[row], "unknown", f"not looked at: {asked}", verify)
        else:
            status, summary = _ROWS[row](decision)
            yield ChecklistRow(ROW_NAMES[row], status, summary, verify)


def gates_named(decision: Decision, *names: GateName) -> list[Gate]:
    """The gates of those names, for all actions."""
    return [gate for gate in decision.gates if gate.gate in names]


def _worst(gates: list[Gate]) -> Outcome | None:
    """The outcome that stands for several gates; None when none of them applies."""
    outcomes = {
        gate.outcome for gate in gates if gate.counts or gate.outcome is not Outcome.IMPLICIT_DENY
    }
    outcomes -= {Outcome.NOT_APPLICABLE}
    for outcome in (Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY, Outcome.UNKNOWN, Outcome.ALLOW):
        if outcome in outcomes:
            return outcome
    return None


def _permission_row(decision: Decision) -> tuple[Status, str]:
    question = _question_of(decision, GateName.CREDENTIALS, "item")
    if question:
        return "unknown", question
    gates = gates_named(decision, GateName.IDENTITY)
    outcome = _worst(gates)
    if outcome is Outcome.UNKNOWN:
        return "unknown", _first_question(gates)
    allowing = _allowing(gates)
    if allowing is not None:
        account = decision.call.caller_account
        return "pass", f"{account}: {allowing.policy.name.name}, {allowing.statement.label}"
    meant = _meant(gates) if outcome is Outcome.IMPLICIT_DENY else None
    if meant is not None:  # the line of the condition's key fails
        where = f"{meant.policy.name.name}, {meant.statement.label}"
        return "pass", f"{decision.call.caller_account}: {where}, but for a condition"
    if decision.call.has_identity_side and _is_missing(decision):
        return "not-required", _NO_ROLE
    if decision.call.has_identity_side:
        named = any(gate.allow is not False for gate in gates_named(decision, GateName.TRUST))
        why = (
            "the trust policy names the caller itself" if named else "the trust policy comes first"
        )
        return "not-required", f"{why}, in the same account"
    return "not-required", "this kind of caller has no policies of its own"


def _is_missing(decision: Decision) -> bool:
    """Whether there is no role, so that no trust policy says what the call needs."""
    return decision.call.api != ASSUME_ROOT and decision.facts.role is None


def _trust_row(decision: Decision) -> tuple[Status, str]:
    gates = gates_named(decision, GateName.TRUST)
    outcome = _worst(gates)
    if outcome is Outcome.UNKNOWN:
        return "unknown", _first_question(gates)
    if isinstance(decision.call.caller, RootCaller) and decision.call.api != ASSUME_ROOT:
        return "not-required", "a root user assumes no role, whatever it names (R1.19)"
    traces = [trace for gate in gates for trace in gate.traces()]
    for trace in traces:
        allows = trace.statement.effect is Effect.ALLOW
        if allows and trace.has_matching("Principal") and trace.has_matching("Action"):
            return _named(trace)
    question = _question_of(decision, GateName.REQUEST, "fact")
    if question:
        return "unknown", question
    reasons = [gate.not_applicable for gate in gates if gate.not_applicable]
    return "not-required", reasons[0] if reasons else "not looked at"


def _named(trace: StatementTrace) -> tuple[Status, str]:
    """A statement that names the caller, or may do so."""
    principal = next((e.truth for e in trace.elements if e.element == "Principal"), True)
    if isinstance(principal, bool):
        return "pass", f"{trace.statement.label} names this caller"
    return "unknown", f"depends on: {describe(principal)}"


def _allowing(gates: list[Gate]) -> StatementTrace | None:
    traces = (trace for gate in gates for trace in gate.traces())
    return next((t for t in traces if t.statement.effect is Effect.ALLOW and t.truth is True), None)


def _meant(gates: list[Gate]) -> StatementTrace | None:
    """The Allow that its conditions alone rule out."""
    traces = (trace for gate in gates for trace in gate.traces() if gate.allow is False)
    allows = (trace for trace in traces if trace.statement.effect is Effect.ALLOW)
    return next((t for t in allows if all(map(t.has_matching, ("Action", "Resource")))), None)


def _first_question(gates: list[Gate]) -> str:
    asked = list(dict.fromkeys(atom.text for gate in gates for atom in atoms(gate.passes)))
    if not asked:
        return "not known"
    more = f", and on {len(asked) - 1} more" if len(asked) > 1 else ""
    return f"depends on: {asked[0]}{more}"


def _key_row(decision: Decision, prefix: str, proven: str) -> tuple[Status, str]:
    """A row about one condition key: asked for by a statement that could apply, or by none."""
    asking = ""
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
                    if trace.statement.effect is Effect.ALLOW:
                        asking = f"{trace.statement.label} of {trace.policy.name.name}"
    if isinstance(decision.facts.trust, Unknown):
        return "unknown", "the trust policy was not read"
    if asking:
        return "not-required", f"{asking} asks for it, another way does not"
    return "not-required", _NO_ROLE if _is_missing(decision) else "not required"


def _external_id_row(decision: Decision) -> tuple[Status, str]:
    return _key_row(decision, "sts:externalid", "required, and sent")


def _mfa_row(decision: Decision) -> tuple[Status, str]:
    return _key_row(decision, "aws:multifactorauth", "required, and presented")


def _duration_row(decision: Decision) -> tuple[Status, str]:
    gate = next(iter(gates_named(decision, GateName.SESSION_LIMITS)), None)
    if gate is None or limits.duration_of(decision.call) is None:
        return "unknown", "not looked at"
    return ("unknown" if gate.outcome is Outcome.UNKNOWN else "pass"), gate.summary


def _question_of(decision: Decision, name: GateName, kind: str) -> str:
    """The first question of a kind, an open item or a fact, that leaves a gate open."""
    for gate in gates_named(decision, name):
        for atom in atoms(gate.passes):
            if atom.kind == kind:
                return f"depends on: {atom.text}"
    return ""


def _organization_row(decision: Decision) -> tuple[Status, str]:
    signed = decision.call.is_signed  # what is asked of tokens is for the trust policy's line
    question = _question_of(decision, GateName.CREDENTIALS, "fact") if signed else ""
    if question:
        return "unknown", question
    gates = gates_named(decision, GateName.SCP, GateName.RCP)
    outcome = _worst(gates)
    if outcome is None:
        reasons = tuple(dict.fromkeys(gate.not_applicable for gate in gates))
        alone = all(reason.endswith("is in no organization") for reason in reasons)
        return "not-required", "no organization" if alone else "; ".join(reasons)
    if outcome is Outcome.UNKNOWN:
        what = [p.what for gate in gates for p in gate.policies if isinstance(p, Unknown)]
        return "unknown", f"not read: {what[0].removesuffix(',')}" if what else _first_question(
            gates
        )
    scps = {gate.level for gate in gates if gate.gate is GateName.SCP and gate.level}
    rcps = {gate.level for gate in gates if gate.gate is GateName.RCP and gate.level}
    counted = ((len(scps), "SCP"), (len(rcps), "RCP"))
    levels = [f"{n} {kind} level{'' if n == 1 else 's'}" for n, kind in counted if n]
    left_out = dict.fromkeys(gate.not_applicable for gate in gates if gate.not_applicable)
    return "pass", "; ".join((", ".join(levels) or "no objection", *left_out))


def _caps_row(decision: Decision) -> tuple[Status, str]:
    gates = gates_named(decision, GateName.BOUNDARY, GateName.SESSION_POLICY, GateName.VPC_ENDPOINT)
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
