"""The gates: each thing that must let a call through, evaluated whatever the others say."""

import enum
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts
from assumable.engine.limits import Fault
from assumable.engine.match import StatementTrace, applies, trace
from assumable.engine.truth import Atom, Truth, all_of, any_of, negate
from assumable.model.policy import Effect, Layer, Policy
from assumable.model.world import Organization, PolicyOrUnknown, Unknown

ORGANIZATION = "organization"
"""The assumption that SCPs and RCPs which could not be read allow the call."""


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
        if self.context is None:
            return ()
        return tuple(
            trace(policy, statement, self.context)
            for policy in self.policies
            if isinstance(policy, Policy)
            for statement in policy.statements
        )


def granted(policies: Sequence[PolicyOrUnknown], context: RequestContext) -> tuple[Truth, Truth]:
    """Whether policies of one layer allow, and whether they deny; an unread one may do either."""
    allow: list[Truth] = []
    deny: list[Truth] = []
    for policy in policies:
        if isinstance(policy, Unknown):
            allow.append(unread_allows(policy, context.action))
            deny.append(unread_denies(policy, context.action))
        else:
            allow.append(applies(policy, Effect.ALLOW, context))
            deny.append(applies(policy, Effect.DENY, context))
    return any_of(allow), any_of(deny)


def unread_allows(part: Unknown, action: str, form: str = "") -> Atom:
    """The question whether a policy that was not read allows an action."""
    return Atom(
        subject=f"{part.what} allows {action} {form}".rstrip(),
        text=f"{action} is allowed by {part.what}",
        settle=part.settle,
        kind="policy",
        part=part.what,
    )


def unread_denies(part: Unknown, action: str) -> Atom:
    """The question whether a policy that was not read denies an action."""
    return Atom(
        subject=f"{part.what} denies {action}",
        text=f"{action} is denied by {part.what}",
        opposite=f"{action} is not denied by {part.what}",
        settle=part.settle,
        kind="policy",
        part=part.what,
    )


def _judged(
    facts: Facts,
    gate: GateName,
    layer: Layer,
    account: str,
    action: str,
    policies: tuple[PolicyOrUnknown, ...],
) -> Gate:
    """A gate whose policies must allow and not deny."""
    context = RequestContext(facts, action, layer)
    allow, deny = granted(policies, context)
    return Gate(
        gate=gate,
        account=account,
        action=action,
        allow=allow,
        deny=deny,
        policies=policies,
        context=context,
    )


def identity_gate(facts: Facts, action: str) -> Gate:
    """The caller's own policies; services and bearers of tokens have none (R1.20, R1.21)."""
    gate, account = GateName.IDENTITY, facts.call.caller_account
    if not facts.call.has_identity_side:
        why = "this kind of caller has no policies of its own"
        return Gate(gate=gate, action=action, not_applicable=why)
    if facts.principal is None:
        return Gate(gate=gate, action=action, not_applicable="the caller does not exist")
    return _judged(facts, gate, Layer.IDENTITY, account, action, facts.identity_policies)


def boundary_gate(facts: Facts, action: str) -> Gate:
    """The caller's permissions boundary; that of the target role plays no part (FACTS 1.2)."""
    gate, account = GateName.BOUNDARY, facts.call.caller_account
    if facts.boundary is None:
        why = "the caller has no permissions boundary"
        return Gate(gate=gate, action=action, not_applicable=why)
    return _judged(facts, gate, Layer.BOUNDARY, account, action, (facts.boundary,))


def session_policy_gate(facts: Facts, action: str) -> Gate:
    """The policies that the caller's own session was limited to when it was made."""
    gate, account = GateName.SESSION_POLICY, facts.call.caller_account
    policies = facts.call.session.policies
    if not policies:
        why = "the caller's session has no session policy"
        return Gate(gate=gate, action=action, not_applicable=why)
    return _judged(facts, gate, Layer.SESSION, account, action, policies)


def endpoint_gate(facts: Facts, action: str) -> Gate:
    """The policy of the VPC endpoint: a cap, never a grant (R1.30)."""
    gate, endpoint = GateName.VPC_ENDPOINT, facts.endpoint
    if endpoint is None:
        why = "the request goes through no VPC endpoint"
        return Gate(gate=gate, action=action, not_applicable=why)
    if isinstance(endpoint, Unknown):
        return _judged(facts, gate, Layer.VPC_ENDPOINT, "", action, (endpoint,))
    if endpoint.policy is None:
        why = "the endpoint has the default policy"
        return Gate(gate=gate, account=endpoint.account, action=action, summary=why)
    account, policies = endpoint.account, (endpoint.policy,)
    return _judged(facts, gate, Layer.VPC_ENDPOINT, account, action, policies)


def scp_gates(facts: Facts, action: str) -> Iterator[Gate]:
    """Every level from the root to the caller's account must allow (R1.7)."""
    call, org = facts.call, facts.caller_organization
    account = call.caller_account

    def skipped(why: str) -> Gate:
        return Gate(gate=GateName.SCP, account=account, action=action, not_applicable=why)

    if not call.has_identity_side and facts.principal_arn is None:
        yield skipped("SCPs do not apply to this kind of caller")
    elif org is None:
        yield skipped("the caller's account is in no organization")
    elif isinstance(org, Unknown):
        yield _unread_gate(facts, GateName.SCP, account, action, org)
    elif account == org.management_account:
        yield skipped("SCPs do not apply to the management account")
    elif getattr(facts.principal, "is_service_linked", False):
        yield skipped("SCPs do not apply to service-linked roles")
    elif org.scps is None:
        yield skipped("the organization has no SCPs switched on")
    elif isinstance(org.scps, Unknown):
        yield _unread_gate(facts, GateName.SCP, account, action, org.scps)
    else:
        context = RequestContext(facts, action, Layer.SCP)
        for node in org.path_to(account):
            policies = org.scps.get(node.id, ())
            allow, deny = granted(policies, context)
            yield Gate(
                gate=GateName.SCP,
                account=org.management_account,
                action=action,
                level=node.id,
                allow=allow,
                deny=deny,
                policies=policies,
                context=context,
            )


def rcp_gates(facts: Facts, action: str) -> Iterator[Gate]:
    """Only an explicit deny can stop a call here: RCPFullAWSAccess is always attached (R1.9)."""
    call, org = facts.call, facts.role_organization
    account = call.role_account

    def skipped(why: str) -> Gate:
        return Gate(gate=GateName.RCP, account=account, action=action, not_applicable=why)

    if org is None:
        yield skipped("the role's account is in no organization")
    elif isinstance(org, Unknown):
        yield _unread_gate(facts, GateName.RCP, account, action, org)
    elif account == org.management_account:
        yield skipped("RCPs do not apply to the management account")
    elif ":role/aws-service-role/" in call.role_arn:
        yield skipped("RCPs do not apply to service-linked roles")
    elif getattr(facts.principal, "is_service_linked", False):
        yield skipped("RCPs do not apply to calls by service-linked roles")
    elif org.rcps is None:
        yield skipped("the organization has no RCPs switched on")
    elif isinstance(org.rcps, Unknown):
        yield _unread_gate(facts, GateName.RCP, account, action, org.rcps)
    else:
        yield from _rcp_levels(facts, org, org.rcps, action)


def _rcp_levels(
    facts: Facts, org: Organization, rcps: Mapping[str, tuple[PolicyOrUnknown, ...]], action: str
) -> Iterator[Gate]:
    context = RequestContext(facts, action, Layer.RCP)
    for node in org.path_to(facts.call.role_account):
        policies = rcps.get(node.id, ())
        _, deny = granted(policies, context)
        yield Gate(
            gate=GateName.RCP,
            account=org.management_account,
            action=action,
            level=node.id,
            deny=deny,
            policies=policies,
            context=context,
        )


def _unread_gate(facts: Facts, gate: GateName, account: str, action: str, part: Unknown) -> Gate:
    """Policies of an organization that could not be read; RCPs can only deny (R1.9)."""
    if facts.call.assumptions.get(ORGANIZATION):
        return Gate(
            gate=gate,
            account=account,
            action=action,
            not_applicable="not read, and assumed to allow",
        )
    what = "the caller's SCPs" if gate is GateName.SCP else "the RCPs of the role's account"
    named = Unknown(what, part.settle)
    allow: Truth = unread_allows(named, action) if gate is GateName.SCP else True
    return Gate(
        gate=gate,
        account=account,
        action=action,
        allow=allow,
        deny=unread_denies(named, action),
        policies=(named,),
    )
