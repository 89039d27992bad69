"""The decision: all gates for all actions, and how they make a verdict (FACTS 1.8)."""

import enum
import functools
from collections.abc import Callable, Iterator, Mapping

import msgspec

from assumable import arn
from assumable.engine import limits
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts
from assumable.engine.federation import token_gates
from assumable.engine.gates import (
    Gate,
    GateName,
    boundary_gate,
    endpoint_gate,
    identity_gate,
    rcp_gates,
    scp_gates,
    session_policy_gate,
    unread_allows,
    unread_denies,
)
from assumable.engine.match import applies, forms
from assumable.engine.own_role import implicit_self_trust, service_linked_fault
from assumable.engine.preconditions import credential_gates, fault_gate, request_gates
from assumable.engine.principals import Form, names
from assumable.engine.truth import Atom, Truth, all_of, any_of, negate
from assumable.model.call import Call
from assumable.model.policy import Effect, Layer, Policy, Statement
from assumable.model.world import Unknown, World


class Verdict(enum.StrEnum):
    """Allowed or denied whatever the unknowns are, or conditional on them."""

    ALLOWED = "allowed"
    DENIED = "denied"
    CONDITIONAL = "conditional"


class Grant(msgspec.Struct, frozen=True):
    """What the trust policy says of the caller for one action, by match form."""

    by_form: Mapping[Form, Truth]
    named: Mapping[Form, Truth]
    """The forms in which any Allow statement names the caller, conditions and action aside."""

    @property
    def allow(self) -> Truth:
        """Whether some statement allows, in whatever form."""
        return any_of(self.by_form.values())

    @property
    def decisive(self) -> Mapping[Form, Truth]:
        """The forms that say which implicit denies count (DESIGN section 4)."""
        return self.named if self.allow is False else self.by_form


class Decision(msgspec.Struct, frozen=True):
    """The outcome of every gate and the verdict they make together."""

    facts: Facts
    gates: tuple[Gate, ...]
    passes: Truth

    @property
    def call(self) -> Call:
        """The call that was decided."""
        return self.facts.call

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        if self.passes is True:
            return Verdict.ALLOWED
        return Verdict.DENIED if self.passes is False else Verdict.CONDITIONAL

    def blocking(self) -> Iterator[Gate]:
        """The gates that deny for certain."""
        return (gate for gate in self.gates if gate.blocks)


def decide(world: World, call: Call) -> Decision:
    """Decide a call in a world.

    Every gate is evaluated, so one decision shows all faults at once.
    """
    facts = Facts(world, call)
    head = [*request_gates(facts), *credential_gates(facts), *token_gates(facts)]
    if arn.parse_role(call.role_arn) is None:
        return Decision(facts, tuple(head), all_of(gate.passes for gate in head))
    gates, truths = list(head), [gate.passes for gate in head]
    for action, needed in facts.required.items():
        judged, passes = _decide_action(facts, action)
        if needed is not True:
            judged = [msgspec.structs.replace(gate, required=False) for gate in judged]
        gates.extend(judged)
        truths.append(any_of([negate(needed), passes]))
    last = _limits_gate(facts)
    return Decision(facts, (*gates, last), all_of([*truths, last.passes]))


def _decide_action(facts: Facts, action: str) -> tuple[list[Gate], Truth]:
    scps, rcps = list(scp_gates(facts, action)), list(rcp_gates(facts, action))
    endpoint = endpoint_gate(facts, action)
    identity = identity_gate(facts, action)
    caps = [boundary_gate(facts, action), session_policy_gate(facts, action)]
    trust, grant = trust_gate(facts, action)
    own = [*caps, identity]
    combine = functools.partial(_sides_pass, facts.call)

    def counts(index: int) -> bool:
        """Whether an implicit deny of this gate alone would deny: try it with all else allowed."""
        assumed: list[Truth] = [True] * len(own)
        assumed[index] = False
        return combine(grant.decisive, *assumed) is False

    nobody_named = grant.allow is False and any_of(grant.named.values()) is False
    counted = [
        msgspec.structs.replace(
            gate, counts=(not nobody_named or not facts.call.same_account) and counts(index)
        )
        for index, gate in enumerate(own)
    ]
    gates = [*scps, endpoint, *counted, *rcps, trust]
    no_deny = all_of(negate(gate.deny) for gate in gates)
    outer = all_of(gate.allow for gate in (*scps, endpoint, *rcps))
    return gates, all_of([no_deny, outer, combine(grant.by_form, *(gate.allow for gate in own))])


def _sides_pass(
    call: Call, by_form: Mapping[Form, Truth], boundary: Truth, session: Truth, identity: Truth
) -> Truth:
    """Trust and the caller's side together, by account and match form (FACTS 1.3, 1.4)."""
    allow = any_of(by_form.values())
    if not call.has_identity_side:
        return allow
    if not call.same_account:
        return all_of([allow, identity, boundary, session])
    return any_of(
        [
            by_form.get(Form.STRONG, False),
            all_of([by_form.get(Form.ROLE, False), boundary, session]),
            all_of([by_form.get(Form.ACCOUNT, False), identity, boundary, session]),
        ]
    )


def trust_gate(facts: Facts, action: str) -> tuple[Gate, Grant]:
    """The role's trust policy, which must itself allow (R1.3)."""
    account, trust = facts.call.role_account, facts.trust
    if trust is None:
        # Across accounts the caller's own side counts whatever the trust policy would have said.
        assumed: dict[Form, Truth] = {} if facts.call.same_account else {Form.STRONG: True}
        why = "there is no such role"
        gate = Gate(gate=GateName.TRUST, account=account, action=action, not_applicable=why)
        return gate, Grant(assumed, assumed)
    fault = service_linked_fault(facts)
    if fault is not None:
        refused = fault_gate(GateName.TRUST, account, fault)
        return msgspec.structs.replace(refused, action=action), Grant({}, {})
    if isinstance(trust, Unknown):
        return _unread_trust(account, action, trust)
    context = RequestContext(facts, action, Layer.TRUST)
    own = {Form.ACCOUNT: implicit_self_trust(facts)}
    grant = Grant(
        by_form=_by_form(trust, lambda statement: forms(trust, statement, context), own),
        named=_by_form(trust, lambda statement: names(statement, facts), own),
    )
    deny = applies(trust, Effect.DENY, context)
    gate = Gate(
        gate=GateName.TRUST,
        account=account,
        action=action,
        allow=grant.allow,
        deny=deny,
        policies=(trust,),
        context=context,
    )
    return gate, grant


def _unread_trust(account: str, action: str, trust: Unknown) -> tuple[Gate, Grant]:
    """An unread trust policy may allow in any form, or deny."""
    by_form: dict[Form, Truth] = {
        form: unread_allows(trust, action, f"as {form.name.lower()}") for form in Form
    }
    gate = Gate(
        gate=GateName.TRUST,
        account=account,
        action=action,
        allow=any_of(by_form.values()),
        deny=unread_denies(trust, action),
        policies=(trust,),
    )
    return gate, Grant(by_form, by_form)


def _by_form(
    trust: Policy, of: Callable[[Statement], Mapping[Form, Truth]], own: Mapping[Form, Truth]
) -> dict[Form, Truth]:
    """What the Allow statements say together, form by form, with what holds without them."""
    found: dict[Form, list[Truth]] = {
        form: [truth] for form, truth in own.items() if truth is not False
    }
    for statement in trust.statements:
        if statement.effect is Effect.ALLOW:
            for form, truth in of(statement).items():
                found.setdefault(form, []).append(truth)
    return {form: any_of(truths) for form, truths in found.items()}


def _limits_gate(facts: Facts) -> Gate:
    account = facts.call.role_account
    fault = limits.duration_fault(facts)
    if fault is not None:
        return fault_gate(GateName.SESSION_LIMITS, account, fault)
    if facts.caller_is_service:  # R4.5
        own = "the service decides how long its sessions last"
        return Gate(gate=GateName.SESSION_LIMITS, account=account, summary=own)
    limit, wanted = limits.duration_limit(facts), limits.duration_of(facts.call)
    if isinstance(limit, Unknown) and wanted is not None and wanted > limits.CHAINING_LIMIT:
        fits = Atom(
            subject="MaxSessionDuration",
            text=f"the role's MaxSessionDuration is at least {wanted} s",
            opposite=f"the role's MaxSessionDuration is under {wanted} s",
            part=limit.what,
            settle=limit.settle,
            kind="fact",
        )
        return Gate(
            gate=GateName.SESSION_LIMITS,
            account=account,
            allow=fits,
            summary=f"depends on {limit.what}",
        )
    most = ", which every role allows" if isinstance(limit, Unknown) else f" of at most {limit} s"
    return Gate(gate=GateName.SESSION_LIMITS, account=account, summary=f"{wanted} s{most}")
