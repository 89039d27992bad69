"""AS009: something that the call depends on was changed a moment before it. A note, no blocker.

It is a finding where it may be why AWS refuses the call, else one line at the end.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import caller_name, finding, role_name
from assumable.model.world import Principal, Role

CAUSE = Cause("AS009", "propagation", Row.TRUST, "a change may not have arrived everywhere yet")
WINDOW = timedelta(minutes=2)
"""How long a change is suspected: AWS names no bound (R10.1), and most arrive within seconds."""


class _Change(NamedTuple):
    """Something dated that the decision of one gate rests on."""

    variant: str
    gate: GateName
    what: str
    """A sentence without its end."""
    at: datetime | None


def _changes(decision: Decision) -> Iterator[_Change]:
    role, caller = decision.facts.role, decision.facts.principal
    if isinstance(role, Role):
        what = f"{role_name(decision)} was created"
        yield _Change("role", GateName.TRUST, what, role.created)
    if isinstance(caller, Principal):
        who = caller_name(decision)
        yield _Change("caller", GateName.IDENTITY, f"{who} was created", caller.created)
        what = f"a managed policy of {who} was changed"
        yield _Change("caller-policy", GateName.IDENTITY, what, caller.policies_changed)


def suspects(decision: Decision) -> Iterator[Blame]:
    """What is dated, matters, and is younger than the window at the time of the call."""
    gates = {gate.gate: gate for gate in reversed(decision.gates)}
    for change in _young(decision):
        yield Blame(cause=CAUSE.slug, variant=change.variant, gate=gates[change.gate])


def late_changes(decision: Decision) -> Iterator[str]:
    """The same in one line, for a call that is denied for another reason."""
    told = [
        f"{each.what} {_seconds(decision, each)} s before the call" for each in _young(decision)
    ]
    if told:
        more = "AWS may still decide as if it were not so, which would be one more reason"
        yield f"{', '.join(told)}: {more}"


def _young(decision: Decision) -> Iterator[_Change]:
    gates = {gate.gate for gate in decision.gates}
    for change in _changes(decision):
        if change.gate in gates and _age(decision, change.at) is not None:
            yield change


def _seconds(decision: Decision, change: _Change) -> int:
    return int((_age(decision, change.at) or timedelta(0)).total_seconds())


def _age(decision: Decision, changed: datetime | None) -> timedelta | None:
    """How old a change was at the call; None when it is too old, later, or not dated."""
    age = decision.call.time - changed if changed is not None else WINDOW
    return age if timedelta(0) <= age < WINDOW else None


def check(decision: Decision, blame: Blame) -> Finding:
    """The note, with what was changed and how long ago."""
    change = next(each for each in _changes(decision) if each.variant == blame.variant)
    what, seconds = change.what, _seconds(decision, change)
    explanation = (
        f"{what} {seconds} s before the call, and IAM is eventually consistent: until the change "
        "has arrived everywhere, AWS may decide without it, and one success does not prove that it "
        "has arrived: wait half a minute and try again, with growing pauses"
    )
    found = finding(
        CAUSE,
        blame,
        explanation,
        title=f"{what} only {seconds} s before the call",
        facts=("R10.1", "R10.2"),
        row=Row.TRUST if blame.variant == "role" else Row.PERMISSION,
    )
    return msgspec.structs.replace(found, blocking=False, certainty="possible")
