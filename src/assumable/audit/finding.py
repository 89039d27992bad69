"""What a rule of the audit yields: findings, each with its proof, as the JSON contract has them."""

import enum
from typing import Literal

import msgspec

from assumable.findings.finding import Evidence, Fix


class Severity(enum.StrEnum):
    """How bad it is if it is so; how sure that is stands apart."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    @property
    def worse(self) -> "Severity":
        """One step worse, as where the role is an administrator."""
        return list(Severity)[max(0, self.rank - 1)]


Confidence = Literal["certain", "likely", "possible"]
CONFIDENCES: tuple[Confidence, ...] = ("certain", "likely", "possible")


class Rule(msgspec.Struct, frozen=True):
    """A rule's stable identity."""

    code: str
    slug: str
    title: str


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding again with the edit applied has shown."""

    refused: tuple[str, ...] = ()
    """The dangerous calls that are denied now, in words; none for what never matched anybody."""
    meant: tuple[str, ...] = ()
    """The calls of those who cannot be listed that still pass, in words."""
    still_pass: int = 0
    """How many principals could assume the role before and still can: all of them that were
    tried."""
    tried: int = 0
    known: int = 0
    """How many could before; more than were tried only where there are very many."""
    lose: tuple[str, ...] = ()
    """Who can no more: only those against whom the edit is made."""


class Mend(msgspec.Struct, frozen=True, kw_only=True):
    """A fix that was decided again."""

    fix: Fix
    proof: Proof


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One dangerous or dead trust."""

    code: str
    rule: str
    variant: str = ""
    severity: Severity
    confidence: Confidence = "certain"
    role: str
    account: str
    title: str
    """Without the name of the role, so that equal findings of many roles can be told together."""
    explanation: str
    evidence: tuple[Evidence, ...] = ()
    mend: Mend | None = None
    decide: str = ""
    """What somebody has to decide, where no fix is certain."""
    facts: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[int, int, str, str, str, str]:
        """The most dangerous first, then the surest; equal ones together."""
        sure = CONFIDENCES.index(self.confidence)
        place = self.evidence[0].pointer if self.evidence else ""
        return self.severity.rank, sure, self.code, self.title, self.role, place


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a world, and how much of it was looked at."""

    schema: str = "assumable/audit/1"
    findings: tuple[Finding, ...]
    roles: int
    """How many trust policies were judged."""
    managed: int = 0
    """Roles that an AWS service alone edits, which were left out."""
    not_read: tuple[str, ...] = ()
    """What could not be judged, in words."""

    def at_least(self, severity: Severity) -> int:
        """How many findings are that bad or worse."""
        return sum(finding.severity.rank <= severity.rank for finding in self.findings)
