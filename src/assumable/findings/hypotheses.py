"""If AWS refused this call: the causes that what is not known can hide, most frequent first.

The counts behind the order are priors, never evidence (`formats/data/priors.json`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.facts import Facts
from assumable.engine.gates import Gate, GateName, Outcome
from assumable.engine.layers import ORGANIZATION
from assumable.engine.regions import ALWAYS_ON, region_questions
from assumable.engine.truth import atoms
from assumable.findings.blame import causes_of, condition_cause
from assumable.findings.checks import as009_propagation
from assumable.findings.finding import CALLER
from assumable.findings.meanings import meaning_of
from assumable.findings.registry import CAUSES
from assumable.formats.message import Message, counts_of
from assumable.model.call import Call, SamlCaller, ServiceCaller, WebIdentityCaller
from assumable.model.policy import Effect, Policy
from assumable.model.world import Unknown

Certainty = Literal["possible", "likely", "confirmed"]
MANAGEMENT = "management account"
"""Who can look at the policies of an organization of which nothing was read."""
_KINDS = ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "service")
_LAYERS = {
    GateName.SCP: "scp",
    GateName.RCP: "rcp",
    GateName.BOUNDARY: "permissions-boundary",
    GateName.SESSION_POLICY: "session-policy",
    GateName.VPC_ENDPOINT: "vpc-endpoint-policy",
}
# What a policy that was not read may hold against a call.
_EITHER = ("external-id", "mfa", "session-tags", "source-identity")
_TRUST = ("trust-action", "trust-condition", "trust-explicit-deny", *_EITHER)
_IDENTITY = ("identity-permission", "identity-explicit-deny", *_EITHER)


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """A cause that what is not known can hide: why AWS refused this call, if it did."""

    code: str
    cause: str
    meaning: str
    """What it would mean for this call."""
    prior: int
    """How many public failures of this kind of call had it; 0 where none was counted."""
    prior_of: int
    """Of how many; 0 where too few were counted to compare, or those of another kind."""
    prior_kind: str
    is_rare: bool = False
    """Whether it would be odd here, so that it weighs less than what was merely never counted."""
    share: float = 0.0
    """Its part of all that remains after the evidence, from 0 to 1."""
    certainty: Certainty = "possible"
    """`likely` when evidence points to it; `confirmed` when it leaves no other explanation."""
    owners: tuple[str, ...] = ()
    """The accounts whose administrators can look, or `caller`."""
    settle: tuple[str, ...] = ()
    """What would settle it: a permission on an ARN, or an input."""
    probe: str = ""
    """The probe whose answer tells it from the others; empty where none does."""
    hop: int = 0


class Hidden(NamedTuple):
    """A cause, and where it would be."""

    cause: str
    owner: str
    settle: str = ""
    is_rare: bool = False
    """Whether it would be odd here: the failures that were counted are of another kind."""


def hypotheses_of(decision: Decision, *, hop: int = 0) -> tuple[Hypothesis, ...]:
    """The causes that the unknown parts of a conditional call can hide, by their priors."""
    if decision.verdict is not Verdict.CONDITIONAL:
        return ()
    found = [*_hidden(decision), *_assumed(decision.call)]
    if any(as009_propagation.suspects(decision)):
        found.append(Hidden("propagation", CALLER, is_rare=True))
    return _ranked(decision.call, found, hop)


def hypotheses_despite(
    decision: Decision, message: Message, *, is_caller_named: bool, hop: int = 0
) -> tuple[Hypothesis, ...]:
    """Of a refused call that is decided to be allowed: what was taken for granted, or has changed.

    Where AWS's text names one cause or one layer, that is among them; where it names the caller,
    no other credentials signed.
    """
    call = decision.call
    found = [Hidden("propagation", CALLER)]
    if not is_caller_named:
        found.append(Hidden("client-config", CALLER, "sts:GetCallerIdentity, where it failed"))
    found += _assumed(call)
    if message.layer or len(message.causes) == 1:
        found += [Hidden(cause, call.role_account) for cause in message.causes]
    return _ranked(call, found, hop)


def _assumed(call: Call) -> Iterator[Hidden]:
    """What was taken for granted, so that it can be behind a refusal as well."""
    if call.network.assumed and call.network.vpc_endpoint is None:
        settle = "how the client reaches STS"
        yield Hidden("vpc-endpoint-policy", call.caller_account, settle, is_rare=True)
    if call.assumptions.get(ORGANIZATION):
        settle = "organizations:ListPoliciesForTarget, instead of --assume organization=open"
        yield Hidden("scp", MANAGEMENT, settle)
        yield Hidden("rcp", MANAGEMENT, settle)
    if call.assumptions.get("session"):
        for cause in ("session-tags", "source-identity"):
            yield Hidden(cause, CALLER, is_rare=True)


def _ranked(call: Call, hidden: Iterable[Hidden], hop: int) -> tuple[Hypothesis, ...]:
    places: dict[str, list[Hidden]] = {}
    for found in hidden:
        places.setdefault(found.cause, []).append(found)
    kind = "service" if isinstance(call.caller, ServiceCaller) else call.api
    counts = counts_of(kind) if kind in _KINDS else {}
    made = [_made(call, cause, of, counts, kind) for cause, of in places.items()]
    made.sort(key=lambda each: (-each.prior, each.code))
    return tuple(msgspec.structs.replace(each, hop=hop) for each in made)


def _made(
    call: Call, cause: str, places: Iterable[Hidden], counts: Mapping[str, int], kind: str
) -> Hypothesis:
    places = list(places)
    is_rare = all(place.is_rare for place in places)
    is_counted = _was_counted(cause, call) and not is_rare
    return Hypothesis(
        code=CAUSES[cause].code,
        cause=cause,
        meaning=meaning_of(cause, call),
        prior=counts.get(cause, 0) if is_counted else 0,
        prior_of=sum(counts.values()) if is_counted else 0,
        prior_kind=kind,
        is_rare=is_rare,
        owners=tuple(dict.fromkeys(place.owner for place in places if place.owner)),
        settle=tuple(dict.fromkeys(place.settle for place in places if place.settle)),
    )


def _was_counted(cause: str, call: Call) -> bool:
    """Whether the failures that were counted are of calls like this: with tags, for one."""
    if cause == "session-tags":
        return bool(call.tags or call.transitive_tag_keys)
    return cause != "source-identity" or call.source_identity is not None


# What the gates leave open


def _hidden(decision: Decision) -> Iterator[Hidden]:
    asked = set(atoms(decision.passes))
    trust_is_open = any(
        gate.gate is GateName.TRUST and gate.outcome is Outcome.UNKNOWN for gate in decision.gates
    )
    for gate in decision.gates:
        if gate.outcome is Outcome.UNKNOWN:
            mine = [atom for atom in atoms(gate.passes) if atom in asked]
            if mine:
                settle = next((atom.settle for atom in mine if atom.settle), "")
                for cause in _of_open_gate(decision, gate):
                    yield Hidden(cause, _owner(gate), settle)
        elif _may_count(gate, trust_is_open=trust_is_open):
            # It refuses for certain; what is open is whether that matters.
            settle = next((atom.settle for atom in atoms(decision.passes) if atom.settle), "")
            for cause in causes_of(decision, gate):
                yield Hidden(cause, gate.account, settle)
    yield from _of_unread_accounts(decision.facts)


def _of_unread_accounts(facts: Facts) -> Iterator[Hidden]:
    """What no gate asks, since it is rare: STS switched off in a Region (R10.6), no such caller,
    a suspended account.

    Of a live world, whoever called exists, and what was read is in no suspended account.
    """
    region = facts.call.network.serving_region
    if isinstance(facts.role, Unknown) and region not in (None, ALWAYS_ON):
        account = facts.role_account
        settle = f"account:GetRegionOptStatus for {region} in account {account}"
        yield Hidden("region", account, settle)
    if not facts.world.complete:
        return
    if isinstance(facts.principal, Unknown):
        settle = facts.principal.settle
        yield Hidden("caller-not-found", facts.caller_account, settle, is_rare=True)
    for organization, account, cause in (
        (facts.role_organization, facts.role_account, "role-not-found"),
        (facts.caller_organization, facts.caller_account, "credentials"),
    ):
        if isinstance(organization, Unknown):
            settle = f"organizations:DescribeAccount on account {account}"
            yield Hidden(cause, MANAGEMENT, settle, is_rare=True)


def _owner(gate: Gate) -> str:
    """In which account one can look; that of an organization of which nothing was read is open."""
    in_organization = gate.gate in (GateName.SCP, GateName.RCP)
    unread = not any(isinstance(policy, Policy) for policy in gate.policies)
    return MANAGEMENT if in_organization and unread else gate.account


def _may_count(gate: Gate, *, trust_is_open: bool) -> bool:
    """Whether a refusal here may block: for an action that may be needed, or once trust is read."""
    refuses = gate.outcome in (Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY)
    return refuses and not gate.blocks and (trust_is_open or not gate.required)


def _of_open_gate(decision: Decision, gate: Gate) -> Iterator[str]:
    if gate.gate in _LAYERS:
        yield _LAYERS[gate.gate]
    elif gate.gate is GateName.SESSION_LIMITS:
        yield "duration"
    elif gate.gate is GateName.REQUEST:
        yield "role-not-found"
    elif gate.gate is GateName.CREDENTIALS:
        yield _credentials_cause(decision, gate)
    else:
        if any(isinstance(policy, Unknown) for policy in gate.policies):
            yield from _of_unread(decision, gate)
        yield from _of_conditions(decision, gate)


def _of_unread(decision: Decision, gate: Gate) -> Iterator[str]:
    """Everything that a policy which was not read may hold against the call."""
    if gate.gate is GateName.IDENTITY:
        yield from _IDENTITY
        return
    caller = decision.call.caller
    yield _unnamed(decision)
    if isinstance(caller, WebIdentityCaller):
        yield "web-identity-claim"
    if isinstance(caller, SamlCaller):
        yield "saml-attribute"
    yield from _TRUST


def _unnamed(decision: Decision) -> str:
    is_service = isinstance(decision.call.caller, ServiceCaller)
    return "service-principal" if is_service else "trust-principal"


def _of_conditions(decision: Decision, gate: Gate) -> Iterator[str]:
    """What the statements that were read leave open."""
    own = gate.gate is GateName.IDENTITY
    for trace in gate.traces():
        if isinstance(trace.truth, bool):
            continue
        if trace.statement.effect is Effect.DENY:
            yield "identity-explicit-deny" if own else "trust-explicit-deny"
            continue
        for element in trace.elements:
            if isinstance(element.truth, bool):
                continue
            default = "identity-permission" if own else "trust-condition"
            if element.condition is not None:
                caller = None if own else decision.call.caller
                yield condition_cause(element.condition.key, caller, default=default)
            else:
                yield _unnamed(decision) if element.element == "Principal" else default


def _credentials_cause(decision: Decision, gate: Gate) -> str:
    if gate.allow in {question for _, question in region_questions(decision.facts)}:
        return "region"
    provider = decision.call.identity_provider
    asked = {atom.subject for atom in atoms(gate.allow)}
    is_provider = bool(provider) and bool(asked & {provider, f"the client IDs of {provider}"})
    return "identity-provider" if is_provider else "credentials"
