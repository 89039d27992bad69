"""What tells a call that fails from one that works: the element that matches there and not here."""

from collections.abc import Iterator, Sequence

import msgspec

from assumable import arn
from assumable.engine import limits
from assumable.engine.conditions import words
from assumable.engine.evaluate import Decision
from assumable.engine.gates import Gate, GateName, Outcome
from assumable.engine.match import ElementTrace, StatementTrace
from assumable.findings.blame import closest_statement
from assumable.findings.evidence import at, got_value
from assumable.findings.finding import Evidence
from assumable.findings.grants import entries_naming
from assumable.findings.report import caller_name, exact_principal, role_name
from assumable.model.policy import Effect
from assumable.model.world import Unknown

_NAMED = 3
"""Principal entries that are told."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that differs and matters."""

    gate: GateName
    action: str = ""
    element: str
    """`Principal`, `Action`, `Resource`, a condition key, `statement`, `form` or a parameter."""
    here: str
    """What it is in this call, or in the policies that this call meets."""
    there: str
    """What it is in the call that works."""
    text: str
    """Both in one line."""
    evidence: tuple[Evidence, ...] = ()
    hop: int = 0


def differences(here: Decision, there: Decision) -> Iterator[Difference]:
    """Every gate that stands in the way here and not there, in the order of the gates.

    What only may stand in the way is told where nothing does for certain.
    """
    told: set[str] = set()
    hindering = [gate for gate in here.gates if gate.blocks]
    hindering = hindering or [gate for gate in here.gates if _may_hinder(gate)]
    for gate in hindering:
        other = _counterpart(gate, there)
        if other is not None and (other.blocks or (not gate.blocks and _may_hinder(other))):
            continue
        for difference in _of_gate(here, there, gate, other):
            if difference.text not in told:
                told.add(difference.text)
                yield difference


def _may_hinder(gate: Gate) -> bool:
    return gate.outcome is Outcome.UNKNOWN and gate.counts and gate.required


def _counterpart(gate: Gate, there: Decision) -> Gate | None:
    """The same gate for the same action; of an organization, at the same level."""
    alike = [
        other
        for other in there.gates
        if (other.gate, other.action) == (gate.gate, gate.action)
        or (other.gate is gate.gate and gate.fault is not None)
    ]
    if gate.gate in (GateName.SCP, GateName.RCP):
        alike = [other for other in alike if other.level == gate.level]
    return min(alike, key=_ease, default=None)


def _ease(gate: Gate) -> int:
    """The least easy first: of several gates alike, the one that refuses counts."""
    return 0 if gate.blocks else 1 if _may_hinder(gate) else 2


def _of_gate(
    here: Decision, there: Decision, gate: Gate, other: Gate | None
) -> Iterator[Difference]:
    if gate.gate is GateName.SESSION_LIMITS:
        yield _of_duration(here, there, gate)
    elif gate.fault is not None or other is None:
        yield _plain(gate, other)
    elif gate.outcome is Outcome.EXPLICIT_DENY or (gate.deny is not False and gate.allow is True):
        yield from _of_deny(gate, other, there)
    elif other.allow is False:
        yield _of_form(here, there, gate)
    else:
        yield from _of_allow(here, there, gate, other)


def _plain(gate: Gate, other: Gate | None) -> Difference:
    """A gate without statements to compare: what it says here, and there."""
    mine = (gate.fault.text if gate.fault else "") or gate.summary or _refuses(gate)
    theirs = "it plays no part" if other is None else other.not_applicable or other.summary
    theirs = theirs or "passes"
    name = f"{gate.gate} {gate.level}".rstrip()
    element = gate.fault.parameter if gate.fault and gate.fault.parameter else "statement"
    text = f"{name}: {mine.strip()} here; there {theirs}"
    return Difference(
        gate=gate.gate, action=gate.action, element=element, here=mine.strip(), there=theirs,
        text=text,
    )  # fmt: skip


def _refuses(gate: Gate) -> str:
    return "refuses" if gate.blocks else "is not known to allow"


def _of_duration(here: Decision, there: Decision, gate: Gate) -> Difference:
    def most(decision: Decision) -> str:
        limit = limits.duration_limit(decision.facts)
        return limit.what if isinstance(limit, Unknown) else f"{limit} s"

    asked = limits.duration_of(here.call)
    mine, theirs = most(here), most(there)
    text = f"{asked} s are asked for: here at most {mine} are allowed, there {theirs}"
    return Difference(gate=gate.gate, element="DurationSeconds", here=mine, there=theirs, text=text)


def _of_form(here: Decision, there: Decision, gate: Gate) -> Difference:
    """Neither is permitted by its own side, but there the trust policy makes that needless."""
    mine, theirs = _named_as(here), _named_as(there)
    text = (
        f"the trust policy of {role_name(there)} names {theirs} itself, which needs no permission "
        f"of its own; {role_name(here)} names {mine}, so that {gate.gate} counts here"
    )
    return Difference(
        gate=gate.gate, action=gate.action, element="form", here=mine, there=theirs, text=text
    )


def _named_as(decision: Decision) -> str:
    for gate in decision.gates:
        if gate.gate is GateName.TRUST:
            for trace in gate.traces():
                if trace.statement.effect is Effect.ALLOW and trace.truth is not False:
                    return _listed(decision, trace)
    return "nobody"


def _of_deny(gate: Gate, other: Gate, there: Decision) -> Iterator[Difference]:
    """The Deny that applies here, and what keeps it from applying there."""
    theirs = {_place(trace): trace for trace in other.traces()}
    for trace in gate.traces():
        if trace.statement.effect is not Effect.DENY or trace.truth is False:
            continue
        same = theirs.get(_place(trace))
        label = _label(trace)
        if same is None:
            text = f"{label} denies it here; it is no part of {_whose(there, other)}"
            yield _difference(gate, "statement", "denies", "not there", trace, text)
            continue
        for element in same.failing:
            name = element.condition.key if element.condition else element.element
            mine, others = _value(gate, trace, element), _value(other, same, element)
            yield _difference(
                gate, name, mine, others, trace,
                f"{label} denies where {_wanted(element)}: {mine} here, {others} there",
            )  # fmt: skip


def _of_allow(here: Decision, there: Decision, gate: Gate, other: Gate) -> Iterator[Difference]:
    """The statement that lets the other call through, and what keeps one like it from doing so."""
    granting = [
        trace
        for trace in other.traces()
        if trace.statement.effect is Effect.ALLOW and trace.truth is not False
    ]
    matched = min(granting, key=lambda trace: trace.truth is not True, default=None)
    mine = {_place(trace): trace for trace in gate.traces()}
    if matched is None:
        yield _plain(gate, other)
        return
    same = mine.get(_place(matched))
    trace = same or closest_statement(gate)
    if trace is None:
        yield _without_any(here, gate, matched)
        return
    open_or_failing = [element for element in trace.elements if element.truth is not True]
    for element in open_or_failing:
        yield _of_element(here, there, gate, other, (trace, matched, element))


def _without_any(here: Decision, gate: Gate, matched: StatementTrace) -> Difference:
    text = f"{_label(matched)} allows it there; nothing is allowed by {_whose(here, gate)}"
    return Difference(
        gate=gate.gate, action=gate.action, element="statement", here="none",
        there=_label(matched), text=text,
    )  # fmt: skip


def _of_element(
    here: Decision,
    there: Decision,
    gate: Gate,
    other: Gate,
    found: tuple[StatementTrace, StatementTrace, ElementTrace],
) -> Difference:
    trace, matched, element = found
    is_same = _place(trace) == _place(matched)
    label = _label(trace)
    if element.condition is not None:
        mine = _value(gate, trace, element)
        if is_same:
            theirs = _value(other, matched, element)
            text = f"{label} wants {words(element.condition)}: {mine} here, {theirs} there"
        else:
            theirs = _asked(matched, element.condition.key)
            text = (
                f"{label} wants {words(element.condition)}, and here it is {mine}; "
                f"{_label(matched)} {theirs}"
            )
        key = element.condition.key
        return _difference(gate, key, mine, theirs, trace, text, pointer=element.pointer)
    if element.element == "Principal":
        theirs, me = _listed(there, matched), _me(here)
        mine = me if is_same else _written(trace)
        text = f"{label} names {theirs}, not {me}"
        if not is_same:
            text = f"{_label(matched)} names {theirs}; {label} names {mine}"
    else:
        theirs, mine = _matching(matched, element.element), _matching(trace, element.element)
        wanted = gate.action if element.element == "Action" else _name(here.call.role_arn)
        text = f"{label} is for {mine}, not for {wanted}"
        if not is_same:
            text = f"{_label(matched)} is for {theirs}; {text}"
    return _difference(gate, element.element, mine, theirs, trace, text, pointer=element.pointer)


def _me(decision: Decision) -> str:
    """The caller as a policy would name it: a session by its role."""
    exact = exact_principal(decision)
    return arn.display_name(exact) if exact else caller_name(decision)


def _asked(trace: StatementTrace, key: str) -> str:
    """What a statement asks of a condition key."""
    asked = [words(c) for c in trace.statement.conditions if c.key.lower() == key.lower()]
    return f"wants {' and '.join(asked)}" if asked else "does not ask for it"


def _difference(
    gate: Gate,
    element: str,
    here: str,
    there: str,
    trace: StatementTrace,
    text: str,
    *,
    pointer: str = "",
) -> Difference:
    place = pointer or f"{trace.statement.pointer}/Effect"
    shown = at(trace.policy, place, statement=trace.statement.index, got=here, wanted=there)
    return Difference(
        gate=gate.gate, action=gate.action, element=element, here=here, there=there, text=text,
        evidence=(shown,),
    )  # fmt: skip


def _place(trace: StatementTrace) -> tuple[object, str]:
    return trace.policy.name, trace.statement.pointer


def _label(trace: StatementTrace) -> str:
    return f"{trace.statement.label} of {trace.policy.name.name}"


def _whose(decision: Decision, gate: Gate) -> str:
    """The policies that a gate holds, in words."""
    if gate.gate is GateName.TRUST:
        return f"the trust policy of {role_name(decision)}"
    own = {
        GateName.IDENTITY: "policies",
        GateName.BOUNDARY: "permissions boundary",
        GateName.SESSION_POLICY: "session policy",
    }.get(gate.gate)
    return f"the {own} of {caller_name(decision)}" if own else f"{gate.gate} {gate.level}".rstrip()


def _value(gate: Gate, trace: StatementTrace, element: ElementTrace) -> str:
    """The value that an element was held against."""
    if element.condition is None:
        return "matches" if trace.has_matching(element.element) else "does not match"
    if gate.context is None:
        return "not known"
    value = got_value(gate.context, element.condition.key)[1]
    word, colon, why = value.partition(": ")
    return f"{word} ({why})" if colon and word in ("absent", "not known") else value


def _wanted(element: ElementTrace) -> str:
    return words(element.condition) if element.condition else f"its {element.element} matches"


def _listed(decision: Decision, trace: StatementTrace) -> str:
    """The principal entries that are the caller."""
    named = [entry.value for entry, _ in entries_naming(decision.facts, trace.statement)]
    return _short(named) or "everyone"


def _written(trace: StatementTrace) -> str:
    return _short([entry.value for entry in trace.statement.principals or ()])


def _matching(trace: StatementTrace, element: str) -> str:
    statement = trace.statement
    values = statement.resources if element == "Resource" else statement.actions
    negated = statement.not_resource if element == "Resource" else statement.not_action
    return ("all but " if negated else "") + _short(list(values or ()))


def _short(values: Sequence[str]) -> str:
    shown = [_name(value) for value in values[:_NAMED]]
    more = [f"{len(values) - _NAMED} more"] if len(values) > _NAMED else []
    return ", ".join([*shown, *more])


def _name(value: str) -> str:
    """An ARN as people write it, where it is one of a user, role or account."""
    parts = arn.parse(value)
    if parts is None:
        return value
    return f"account {parts.account}" if parts.resource == "root" else arn.display_name(value)
