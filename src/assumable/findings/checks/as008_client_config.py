"""AS008: the client's own set-up gives it no credentials, or others than meant."""

from collections.abc import Iterator, Sequence

import msgspec

from assumable.engine.evaluate import Decision
from assumable.engine.gates import GateName
from assumable.engine.limits import Fault
from assumable.findings.blame import Blame
from assumable.findings.client_faults import told_of
from assumable.findings.client_notes import Remark, remarks_on
from assumable.findings.finding import Cause, Evidence, Finding, Row
from assumable.findings.report import finding
from assumable.model.client import Place, Setting
from assumable.model.routed import faults_of

CAUSE = Cause("AS008", "client-config", Row.PERMISSION, "the client's configuration is at fault")


_FACTS = {
    "two-sources": ("R7.11",),
    "no-source": ("R7.11",),
    "credential-source": ("R9.11",),
    "empty-source": ("R9.11",),
}


def suspects(decision: Decision) -> Iterator[Blame]:
    """What deserves a note, though the client does get credentials."""
    gate = next(g for g in decision.gates if g.gate is GateName.CREDENTIALS)  # always there
    for remark in remarks_on(decision):
        key = Fault(remark.key, "", None, "", CAUSE.slug, remark.variant)
        yield Blame(cause=CAUSE.slug, variant=remark.variant, gate=gate, fault=key)


def check(decision: Decision, blame: Blame) -> Finding:
    """The fault that keeps the client from asking STS, or a note."""
    client = decision.call.client
    assert client is not None  # noqa: S101  # nothing else is suspected
    key = blame.fault.parameter if blame.fault is not None else ""
    faults = () if key else faults_of(client, decision.call.time)
    fault = next((fault for fault in faults if fault.variant == blame.variant), None)
    if fault is None:
        remark = next(r for r in remarks_on(decision) if (r.variant, r.key) == (blame.variant, key))
        return _note(blame, remark)
    said = told_of(client, fault, decision.call)
    found = finding(
        CAUSE,
        blame,
        said.explanation,
        title=said.title,
        evidence=(*_evidence(fault.settings), *map(_at, said.places)),
        fixes=said.fixes,
        facts=("R9.9",) if said.owner else _FACTS.get(fault.variant, ()),
    )
    return msgspec.structs.replace(found, owner=said.owner) if said.owner else found


def _note(blame: Blame, remark: Remark) -> Finding:
    found = finding(
        CAUSE,
        blame,
        remark.explanation,
        title=remark.title,
        evidence=_evidence(remark.settings),
        fixes=remark.fixes,
        facts=remark.facts,
    )
    return msgspec.structs.replace(found, blocking=False, certainty=remark.certainty)


def _evidence(settings: Sequence[Setting]) -> tuple[Evidence, ...]:
    return tuple(_at(setting.place, setting.value or "") for setting in settings)


def _at(place: Place, got: str = "") -> Evidence:
    return Evidence(
        file=place.file,
        line=place.line,
        column=place.column,
        end=place.end,
        excerpt=place.excerpt,
        got=got,
    )
