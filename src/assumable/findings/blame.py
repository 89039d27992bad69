"""From gates that deny to causes: the rules of DESIGN section 7, "Which cause"."""

from collections.abc import Iterable, Iterator

import msgspec

from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.gates import Gate, GateName, Outcome
from assumable.engine.limits import Fault, combined
from assumable.engine.match import ElementTrace, StatementTrace
from assumable.model.call import (
    Caller,
    FederatedUserCaller,
    RootCaller,
    SamlCaller,
    ServiceCaller,
    WebIdentityCaller,
)
from assumable.model.policy import Effect

_LAYER_CAUSES = {
    GateName.SCP: "scp",
    GateName.RCP: "rcp",
    GateName.BOUNDARY: "permissions-boundary",
    GateName.SESSION_POLICY: "session-policy",
    GateName.VPC_ENDPOINT: "vpc-endpoint-policy",
}
_COMPANIONS = {
    "sts:TagSession": "session-tags",
    "sts:SetSourceIdentity": "source-identity",
}

OF_EVERYBODY = ("aws:principalisawsservice", "aws:viaawsservice")
"""Keys by which a Deny sets services apart (R1.31): they tell little about one call."""
_SHOWN = 3
"""How many violations of one parameter are told; the others are of the same kinds."""


class Blame(msgspec.Struct, frozen=True, kw_only=True):
    """One cause that was established, with the trace that shows it."""

    cause: str
    variant: str = ""
    gate: Gate
    trace: StatementTrace | None = None
    element: ElementTrace | None = None
    fault: Fault | None = None

    @property
    def action(self) -> str:
        """The action that was refused."""
        return self.gate.action

    @property
    def may_name_another(self) -> bool:
        """Whether it is not known if the statement names the caller: another may be closer then."""
        elements = self.trace.elements if self.trace is not None else ()
        return any(e.element == "Principal" and not isinstance(e.truth, bool) for e in elements)


def blames(decision: Decision) -> tuple[Blame, ...]:
    """Every cause that denies the call for certain, each once."""
    found: dict[tuple[object, ...], Blame] = {}
    for gate in _by_parameter(decision.blocking()):
        for blame in _of_gate(decision, gate):
            policy = blame.trace.policy.name if blame.trace else None
            pointer = blame.element.pointer if blame.element else ""
            statement = blame.trace.statement.pointer if blame.trace else ""
            key = (blame.cause, gate.gate, gate.level, policy, statement, pointer, blame.fault)
            found.setdefault(key, blame)
    if decision.verdict is Verdict.DENIED and not found:
        return tuple(_contradiction(decision))
    proofs = [blame for blame in found.values() if blame.cause == "mfa" and blame.fault]
    return tuple(
        blame
        for blame in found.values()
        if not (proofs and blame.cause == "mfa" and blame.fault is None)
    )


def _by_parameter(gates: Iterable[Gate]) -> Iterator[Gate]:
    """The gates, with all that is wrong with one parameter as one fault: it takes one mend."""
    faults: dict[tuple[str, ...], list[Fault]] = {}
    first: dict[tuple[str, ...], Gate] = {}
    for gate in gates:
        fault = gate.fault
        if fault is None or not fault.clause:
            yield gate
            continue
        key = (fault.cause, fault.variant, fault.parameter)
        first.setdefault(key, gate)
        faults.setdefault(key, []).append(fault)
    for parameter, gate in first.items():
        fault, left = combined(faults[parameter][:_SHOWN]), len(faults[parameter]) - _SHOWN
        if left > 0:
            fault = msgspec.structs.replace(fault, left_out=left)
        yield msgspec.structs.replace(gate, fault=fault, summary=fault.text)


def _contradiction(decision: Decision) -> Iterator[Blame]:
    """No gate denies alone, but what one of them needs another one refuses."""
    defaults = {GateName.TRUST: "trust-condition", GateName.IDENTITY: "identity-permission"}
    for gate in decision.gates:
        if gate.outcome is not Outcome.UNKNOWN or not gate.required:
            continue
        cause = defaults.get(gate.gate) or _LAYER_CAUSES.get(gate.gate)
        for trace in gate.traces():
            open_elements = [e for e in trace.elements if not isinstance(e.truth, bool)]
            if cause is not None and open_elements:
                element = open_elements[0]
                key = element.condition.key if element.condition else gate.level
                yield Blame(cause=cause, variant=key, gate=gate, trace=trace, element=element)


def _of_gate(decision: Decision, gate: Gate) -> Iterator[Blame]:
    if gate.fault is not None:
        yield Blame(cause=gate.fault.cause, variant=gate.fault.variant, gate=gate, fault=gate.fault)
    elif gate.outcome is Outcome.EXPLICIT_DENY:
        yield from _denied(gate)
    elif gate.gate is GateName.TRUST:
        yield from _not_trusted(decision, gate)
    elif gate.gate is GateName.IDENTITY:
        yield from _not_permitted(gate)
    else:
        closest = closest_statement(gate)
        variant = gate.level or gate.action
        yield Blame(cause=_LAYER_CAUSES[gate.gate], variant=variant, gate=gate, trace=closest)


def _denied(gate: Gate) -> Iterator[Blame]:
    explicit = {
        GateName.TRUST: "trust-explicit-deny",
        GateName.IDENTITY: "identity-explicit-deny",
        **_LAYER_CAUSES,
    }
    for trace in gate.traces():
        if trace.statement.effect is Effect.DENY and trace.truth is True:
            decisive = _decisive(trace)
            variant = decisive.condition.key if decisive and decisive.condition else gate.level
            yield Blame(
                cause=explicit[gate.gate], variant=variant, gate=gate, trace=trace, element=decisive
            )


def _decisive(trace: StatementTrace) -> ElementTrace | None:
    """The condition that tells why a Deny applies: one that sets services apart tells little."""
    conditions = [(e, e.condition.key.lower()) for e in trace.elements if e.condition is not None]
    telling = (element for element, key in conditions if key not in OF_EVERYBODY)
    return next(telling, conditions[0][0] if conditions else None)


def closest_statement(gate: Gate) -> StatementTrace | None:
    """The Allow that was meant for the call, else the one with the fewest failing elements.

    One that names the caller comes first, then one for callers of its kind, then one for the
    action: a statement whose conditions fail was meant, however many they are.
    """
    allows = [trace for trace in gate.traces() if trace.statement.effect is Effect.ALLOW]

    def distance(trace: StatementTrace) -> tuple[bool, bool, bool, int]:
        return (
            not trace.has_matching("Principal"),
            not _same_kind(trace),
            not trace.has_matching("Action"),
            len(trace.failing),
        )

    return min(allows, key=distance, default=None)


def _not_trusted(decision: Decision, gate: Gate) -> Iterator[Blame]:
    if isinstance(decision.call.caller, RootCaller | FederatedUserCaller):
        return  # no trust policy would let these credentials in
    closest = closest_statement(gate)
    service = isinstance(decision.call.caller, ServiceCaller)
    unnamed = "service-principal" if service else "trust-principal"
    if closest is None:
        yield Blame(cause=unnamed, gate=gate)
        return
    named = closest.has_matching("Principal")
    # A service gets a statement of its own, with every action that it needs.
    apart = named or (gate.action in _COMPANIONS and not service)
    for element in closest.failing:
        if element.element == "Principal":
            yield Blame(cause=unnamed, gate=gate, trace=closest, element=element)
        elif element.element == "Action" and apart:
            cause = _COMPANIONS.get(gate.action, "trust-action")
            yield Blame(cause=cause, variant=gate.action, gate=gate, trace=closest, element=element)
        elif element.condition is not None and (named or _same_kind(closest)):
            yield _condition(decision, gate, closest, element)


def _same_kind(trace: StatementTrace) -> bool:
    """Whether the statement speaks to callers of this kind, so that its conditions matter here."""
    if trace.statement.principals is None:
        return True
    caller = trace.caller
    wanted = {"AWS", "*"}
    if isinstance(caller, ServiceCaller):
        wanted = {"Service", "*"}
    elif isinstance(caller, WebIdentityCaller | SamlCaller):
        wanted = {"Federated", "*"}
    by_token = isinstance(caller, WebIdentityCaller)
    return any(
        entry.kind in wanted and not (by_token and ":saml-provider/" in entry.value)
        for entry in trace.statement.principals
    )


def condition_cause(key: str, caller: Caller | None, *, default: str) -> str:
    """The most specific cause for a condition key that does not hold.

    The caller is that of a trust policy; None in a policy of the caller's own.
    """
    name = key.lower()
    exact = {
        "sts:externalid": "external-id",
        "sts:sourceidentity": "source-identity",
        "aws:tagkeys": "session-tags",
        "sts:transitivetagkeys": "session-tags",
        "aws:multifactorauthpresent": "mfa",
        "aws:multifactorauthage": "mfa",
    }
    if name in exact:
        return exact[name]
    if name.startswith("saml:"):
        return "saml-attribute"
    if name.startswith("aws:requesttag/"):
        return "session-tags"
    if isinstance(caller, WebIdentityCaller) and not name.startswith(("aws:", "sts:")):
        return "web-identity-claim"
    return default


def _condition(
    decision: Decision, gate: Gate, trace: StatementTrace, element: ElementTrace
) -> Blame:
    assert element.condition is not None  # noqa: S101  # the caller has looked
    key = element.condition.key
    default = "identity-permission" if gate.gate is GateName.IDENTITY else "trust-condition"
    cause = condition_cause(key, decision.call.caller, default=default)
    return Blame(cause=cause, variant=key, gate=gate, trace=trace, element=element)


def _not_permitted(gate: Gate) -> Iterator[Blame]:
    closest = closest_statement(gate)
    conditions = [e for e in closest.failing if e.condition is not None] if closest else []
    if closest is not None and conditions and len(conditions) == len(closest.failing):
        for element in conditions:
            key = element.condition.key if element.condition else ""
            cause = condition_cause(key, None, default="identity-permission")
            yield Blame(cause=cause, variant=key, gate=gate, trace=closest, element=element)
        return
    first = closest.failing[0] if closest and closest.failing else None
    cause = _COMPANIONS.get(gate.action, "identity-permission")
    yield Blame(cause=cause, variant=gate.action, gate=gate, trace=closest, element=first)


def causes_of(decision: Decision, gate: Gate) -> tuple[str, ...]:
    """The causes of a gate that refuses, whether or not it counts, each once."""
    return tuple(dict.fromkeys(blame.cause for blame in _of_gate(decision, gate)))
