"""The guards of a policy that no plan may get around (DESIGN section 5)."""

import functools
from collections.abc import Sequence
from typing import Any

from assumable.engine.conditions import words
from assumable.engine.evaluate import Decision
from assumable.engine.federation_notes import is_open_to_tenants
from assumable.engine.gates import Gate, GateName
from assumable.engine.match import StatementTrace
from assumable.model.policy import Effect, Layer, Policy, PolicyName, Statement
from assumable.source import value_at

_PERIMETER = ("aws:resourceorg", "aws:resourceaccount")
"""What keeps callers to the roles of an organization or of an account."""
_OUTSIDERS = "aws:principalorg"
_ORGANIZATION = (_OUTSIDERS, *_PERIMETER)
_GUARDS = ("sts:externalid", "aws:multifactorauth", "sts:taskpolicyarn", *_ORGANIZATION)
_SUBJECT = ":sub"
_ALLOWING = (
    GateName.SCP, GateName.VPC_ENDPOINT, GateName.BOUNDARY, GateName.SESSION_POLICY,
    GateName.IDENTITY, GateName.TRUST,
)  # fmt: skip


def guards_of(statement: Statement) -> frozenset[str]:
    """The condition keys of a statement that protect the role from others who are named.

    Subjects count as one key: a condition on another issuer's subject guards nothing.
    """
    keys = [condition.key.lower() for condition in statement.conditions]
    subjects = {_SUBJECT for key in keys if key.endswith(_SUBJECT)}
    return frozenset(key for key in keys if key.startswith(_GUARDS)) | subjects


def personal_guards_of(statement: Statement) -> frozenset[str]:
    """The guards without those from which one caller may be excepted: organization and subject.

    What the others ask for everybody has to prove: an exception would let in whoever holds the
    caller's credentials. Of an organization's boundary single callers from outside are excepted in
    the open, and to a list of subjects one subject is added.
    """
    kept = (key for key in guards_of(statement) if not key.startswith(_ORGANIZATION))
    return frozenset(kept) - {_SUBJECT}


def tests_subjects(statement: Statement) -> bool:
    """Whether a statement asks who the bearer of a token or an assertion is."""
    return _SUBJECT in guards_of(statement)


def is_perimeter(trace: StatementTrace) -> bool:
    """Whether a Deny keeps callers from outside an organization away from its resources."""
    keys = guards_of(trace.statement)
    return trace.policy.name.layer is Layer.RCP and any(k.startswith(_OUTSIDERS) for k in keys)


def guards_to_keep(trace: StatementTrace | None) -> dict[str, Any] | None:
    """The guards of an Allow that was meant for the call, as a condition for one like it.

    None where the call is kept out by one of them that is of an organization or an account: who
    makes such an exception decides on more than this call.
    """
    if trace is None or trace.statement.effect is Effect.DENY or not _is_meant(trace):
        return {}
    for element in trace.failing:
        if element.condition and element.condition.key.lower().startswith(_ORGANIZATION):
            return None
    keys = guards_of(trace.statement)
    written = value_at(trace.policy.document, trace.statement.pointer).get("Condition") or {}
    kept = {
        operator: {key: asked for key, asked in block.items() if key.lower() in keys}
        for operator, block in written.items()
    }
    return {operator: block for operator, block in kept.items() if block}


def gone_round(trace: StatementTrace | None) -> str:
    """What an Allow beside the one that was meant takes no notice of, to go after whom it opens."""
    failing = [element.condition for element in trace.failing] if trace is not None else []
    asked = [words(each) for each in failing if each and each.key.lower().startswith(_ORGANIZATION)]
    return f"; it goes round the condition that {' and '.join(asked)}" if asked else ""


def keeps_guards(before: Decision, after: Decision) -> bool:
    """Whether what lets the call through is guarded as what was meant to let it through.

    Statements that were meant for the call: those that name the caller and the action, whatever
    their conditions. What every one of them asks for, a statement that is new must ask for as well.
    """
    action = f"sts:{before.call.api}"
    if not _keeps_denies(before, after) or _opens_to_tenants(before, after):
        return False
    for name in _ALLOWING:
        meant = [trace for trace in _allows(before, name, action) if _is_meant(trace)]
        if not meant:
            continue
        required = functools.reduce(
            frozenset.intersection, (_guards_at(name, trace.statement) for trace in meant)
        )
        known = {content_of(trace.statement) for trace in _allows(before, name, action)}
        for trace in _allows(after, name, action):
            new = trace.truth is not False and content_of(trace.statement) not in known
            if new and not required <= guards_of(trace.statement):
                return False
    return True


def _guards_at(name: GateName, statement: Statement) -> frozenset[str]:
    """The guards that count at a gate: a cap grants nothing, so one role is excepted openly."""
    found = guards_of(statement)
    if name in (GateName.IDENTITY, GateName.TRUST):
        return found
    return frozenset(key for key in found if not key.startswith(_PERIMETER))


def _opens_to_tenants(before: Decision, after: Decision) -> bool:
    """Whether only the edited trust policy lets every tenant of a shared provider in (R2.14)."""

    def is_open(decision: Decision) -> bool:
        trust = decision.facts.trust
        statements = trust.statements if isinstance(trust, Policy) else ()
        return any(is_open_to_tenants(each, decision.facts) for each in statements)

    return is_open(after) and not is_open(before)


def _keeps_denies(before: Decision, after: Decision) -> bool:
    """Whether every Deny that stopped the call is still there, and asks for all that it asked for.

    One with a personal guard stays as it was: the call has to meet it. Any other may have an
    exception more, so its keys are still tested in a Deny of the same policy.
    """
    if before.facts.world is after.facts.world:
        return True
    kept: dict[PolicyName, list[Statement]] = {}
    for gate in after.gates:
        for trace in gate.traces():
            if trace.statement.effect is Effect.DENY:
                kept.setdefault(trace.policy.name, []).append(trace.statement)
    stopping = [
        trace
        for gate in before.gates
        for trace in gate.traces()
        if trace.statement.effect is Effect.DENY and trace.truth is not False
    ]
    return all(_is_kept(trace.statement, kept.get(trace.policy.name, [])) for trace in stopping)


def _is_kept(deny: Statement, now: Sequence[Statement]) -> bool:
    if personal_guards_of(deny):
        return content_of(deny) in map(content_of, now)
    keys = _keys(deny)
    return any(keys <= _keys(statement) for statement in now)


def _keys(statement: Statement) -> frozenset[str]:
    return frozenset(condition.key.lower() for condition in statement.conditions)


def _allows(decision: Decision, name: GateName, action: str) -> list[StatementTrace]:
    gates: list[Gate] = [g for g in decision.gates if g.gate is name and g.action == action]
    traces = [trace for gate in gates for trace in gate.traces()]
    return [trace for trace in traces if trace.statement.effect is Effect.ALLOW]


def _is_meant(trace: StatementTrace) -> bool:
    return all(trace.has_matching(element) for element in ("Principal", "Action", "Resource"))


def content_of(statement: Statement) -> str:
    """What a statement says, wherever it stands."""
    principals = [(entry.kind, entry.value) for entry in statement.principals or ()]
    conditions = [(c.operator, c.key, c.values) for c in statement.conditions]
    negations = (statement.not_principal, statement.not_action, statement.not_resource)
    named = (statement.effect, statement.actions, principals, statement.resources)
    return repr((named, negations, conditions))
