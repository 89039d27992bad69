"""What an audit found in SARIF 2.1.0, for code hosts that show findings beside the files.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
"""

import hashlib
from typing import Literal
from urllib.parse import quote

import msgspec

from assumable import __version__
from assumable.audit.finding import Audit, Confidence, Finding, Rule, Severity
from assumable.audit.registry import RULES
from assumable.findings.finding import Evidence
from assumable.formats.writing import indented
from assumable.render.audit import action_of, proof_of

Level = Literal["error", "warning", "note"]
_LEVELS: dict[Severity, Level] = {
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.NOTE: "note",
}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An object of SARIF."""


class Message(Part, frozen=True):
    """A text."""

    text: str


class ReportingDescriptor(Part, frozen=True):
    """A rule."""

    id: str
    name: str
    short_description: Message
    help: Message


class Driver(Part, frozen=True):
    """The program and its rules."""

    name: str
    version: str
    rules: tuple[ReportingDescriptor, ...]


class Tool(Part, frozen=True):
    """What ran."""

    driver: Driver


class ArtifactLocation(Part, frozen=True):
    """A file."""

    uri: str


class Region(Part, frozen=True):
    """A stretch of a line; columns count from 1, the end is exclusive."""

    start_line: int
    start_column: int | None = None
    end_column: int | None = None


class PhysicalLocation(Part, frozen=True):
    """A place in a file."""

    artifact_location: ArtifactLocation
    region: Region | None = None


class LogicalLocation(Part, frozen=True):
    """The role."""

    name: str
    fully_qualified_name: str
    kind: str


class Location(Part, frozen=True):
    """Where a finding is."""

    physical_location: PhysicalLocation | None = None
    logical_locations: tuple[LogicalLocation, ...] = ()


class Properties(Part, frozen=True):
    """What SARIF has no place for."""

    severity: Severity
    confidence: Confidence


class Result(Part, frozen=True):
    """A finding."""

    rule_id: str
    rule_index: int
    level: Level
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    properties: Properties


class Run(Part, frozen=True):
    """One audit."""

    tool: Tool
    results: tuple[Result, ...]
    column_kind: str


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    schema_: str = msgspec.field(name="$schema")
    version: str
    runs: tuple[Run, ...]


def render(audit: Audit) -> str:
    """The audit as one SARIF log."""
    rules = tuple(map(_rule, RULES.values()))
    driver = Driver(name="assumable", version=__version__, rules=rules)
    results = tuple(map(_result, audit.findings))
    run = Run(tool=Tool(driver=driver), results=results, column_kind="unicodeCodePoints")
    log = Log(schema_=_SCHEMA, version="2.1.0", runs=(run,))
    return indented(log) + "\n"


def _rule(rule: Rule) -> ReportingDescriptor:
    return ReportingDescriptor(
        id=rule.code,
        name=rule.slug,
        short_description=Message(text=rule.title),
        help=Message(text=f"assumable explain {rule.code}"),
    )


def _result(finding: Finding) -> Result:
    proof = f"; decided again: {proof_of(finding.mend)}" if finding.mend is not None else ""
    told = f"{finding.role}: {finding.title}. {finding.explanation}."
    todo = " ".join(action_of(finding).split())
    return Result(
        rule_id=finding.code,
        rule_index=list(RULES).index(finding.rule),
        level=_LEVELS[finding.severity],
        message=Message(text=f"{told} {todo}{proof}"),
        locations=tuple(_location(finding, place) for place in finding.evidence),
        partial_fingerprints={"assumable/1": _fingerprint(finding)},
        properties=Properties(severity=finding.severity, confidence=finding.confidence),
    )


def _location(finding: Finding, place: Evidence) -> Location:
    region = None
    if place.line is not None:
        region = Region(start_line=place.line, start_column=place.column, end_column=place.end)
    role = LogicalLocation(
        name=finding.role.rpartition("/")[2], fully_qualified_name=finding.role, kind="resource"
    )
    file = ArtifactLocation(uri=quote(place.file))
    return Location(
        physical_location=PhysicalLocation(artifact_location=file, region=region),
        logical_locations=(role,),
    )


def _fingerprint(finding: Finding) -> str:
    """The same for the same finding, wherever in a file it stands."""
    texts = (finding.code, finding.variant, finding.role, *(e.pointer for e in finding.evidence))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
