"""The gates: each thing that must let a call through, evaluated whatever the others say."""

import enum

import msgspec

from assumable.engine.context import RequestContext
from assumable.engine.limits import Fault
from assumable.engine.match import StatementTrace, trace
from assumable.engine.rules import RuleSet
from assumable.engine.truth import Truth, all_of, negate
from assumable.model.world import PolicyOrUnknown


class GateName(enum.StrEnum):
    """The ten gates of DESIGN section 2, in the order they are shown."""

    REQUEST = "request"
    CREDENTIALS = "credentials"
    SCP = "scp"
    VPC_ENDPOINT = "vpc-endpoint"
    BOUNDARY = "boundary"
    SESSION_POLICY = "session-policy"
    IDENTITY = "identity"
    RCP = "rcp"
    TRUST = "trust"
    SESSION_LIMITS = "session-limits"


class Outcome(enum.StrEnum):
    """What one gate says."""

    ALLOW = "allow"
    IMPLICIT_DENY = "implicit-deny"
    EXPLICIT_DENY = "explicit-deny"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One gate for one action, with all that is needed to explain it."""

    gate: GateName
    account: str = ""
    action: str = ""
    level: str = ""
    """For SCPs and RCPs: the root, organizational unit or account."""
    allow: Truth = True
    deny: Truth = False
    counts: bool = True
    """Whether an implicit deny here blocks the call (FACTS 1.3)."""
    required: bool = True
    """False when it is not known whether the call needs this action at all."""
    policies: tuple[PolicyOrUnknown, ...] = ()
    rules: RuleSet | None = None
    """The same policies made ready."""
    context: RequestContext | None = None
    not_applicable: str = ""
    """Why the gate plays no part; empty when it does."""
    fault: Fault | None = None
    """What a request, credentials or session-limits gate complains of."""
    summary: str = ""

    @property
    def passes(self) -> Truth:
        """Whether the gate lets the call through on its own."""
        return all_of([self.allow, negate(self.deny)])

    @property
    def outcome(self) -> Outcome:
        """The gate in one word."""
        if self.not_applicable:
            return Outcome.NOT_APPLICABLE
        if self.deny is True:
            return Outcome.EXPLICIT_DENY
        if self.allow is False:
            return Outcome.IMPLICIT_DENY
        return Outcome.ALLOW if self.passes is True else Outcome.UNKNOWN

    @property
    def blocks(self) -> bool:
        """Whether this gate alone denies the call for certain."""
        if self.outcome is Outcome.EXPLICIT_DENY or not self.required:
            return self.required
        return self.outcome is Outcome.IMPLICIT_DENY and self.counts

    def traces(self) -> tuple[StatementTrace, ...]:
        """Every statement held against the request, made on demand."""
        if self.context is None or self.rules is None:
            return ()
        return tuple(trace(rule, self.context) for rule in self.rules.rules)
