"""The decision: all gates for all actions, and how they make a verdict (FACTS 1.8)."""

import enum
from collections.abc import Iterator, Mapping

import msgspec

from assumable.engine import limits
from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts
from assumable.engine.federation import token_gates
from assumable.engine.forms import Form
from assumable.engine.gates import Gate, GateName
from assumable.engine.layers import Part, Prepared
from assumable.engine.own_role import implicit_self_trust, service_linked_fault
from assumable.engine.preconditions import affirmations, fault_gate, problems
from assumable.engine.rules import unread_allows, unread_denies
from assumable.engine.truth import Atom, Truth, all_of, any_of, negate
from assumable.model.call import Call
from assumable.model.policy import Layer
from assumable.model.world import Unknown, World

_GATE_ORDER = tuple(GateName)
_OWN = (GateName.BOUNDARY, GateName.SESSION_POLICY, GateName.IDENTITY)
"""The caller's own side, which the match form of the trust policy may make needless."""


class Verdict(enum.StrEnum):
    """Allowed or denied whatever the unknowns are, or conditional on them."""

    ALLOWED = "allowed"
    DENIED = "denied"
    CONDITIONAL = "conditional"


class Case:
    """One call held against a prepared world, action by action."""

    __slots__ = ("_caller", "_request", "_role", "facts", "trust_fault", "trust_rules")

    def __init__(self, prepared: Prepared, facts: Facts) -> None:
        """Look up which policies play a part."""
        self.facts = facts
        self._caller = prepared.caller_parts(facts)
        self._request = prepared.request_parts(facts)
        self._role = prepared.role_parts(facts)
        self.trust_fault = service_linked_fault(facts)
        self.trust_rules = prepared.trust(facts)

    def contexts(self, action: str) -> tuple[RequestContext, RequestContext]:
        """What the role's side and the caller's side see."""
        return (
            RequestContext(self.facts, action, Layer.TRUST),
            RequestContext(self.facts, action, Layer.IDENTITY),
        )

    def passes(self, action: str) -> Truth:
        """Whether everything lets one action through; stops at the first that refuses."""
        role_side, caller_side = self.contexts(action)
        found: list[Truth] = []
        own: dict[GateName, Truth] = {}
        for parts, context in (
            (self._caller, caller_side),
            (self._request, caller_side),
            (self._role, role_side),
        ):
            live = parts.live(action)
            for rule in live.denies:
                deny = rule.applies(context)
                if deny is True:
                    return False
                if deny is not False:
                    found.append(negate(deny))
            if live.may_deny:
                found.extend(map(negate, live.may_deny))
            for gate, listed in live.needed:
                allow = listed.allow(context)
                if allow is True:
                    continue
                if gate in _OWN:
                    own[gate] = allow
                elif allow is False:
                    return False
                else:
                    found.append(allow)
        deny = self.trust_denies(role_side)
        if deny is not False:
            found.append(negate(deny))
        passes = _sides_pass(self.facts, self.grant(role_side), own)
        return all_of([*found, passes]) if found else passes

    def grant(self, context: RequestContext) -> Mapping[Form, Truth]:
        """What the trust policy allows, by the form in which it names the caller."""
        facts, trust = self.facts, self.facts.trust
        if self.trust_fault is not None:
            return {}
        if self.trust_rules is not None:
            found = self.trust_rules.by_form(context)
            own = facts.same_account and implicit_self_trust(facts)
            if own is not False:
                found[Form.ACCOUNT] = any_of((own, found.get(Form.ACCOUNT, False)))
            return found
        if isinstance(trust, Unknown):
            return {
                form: unread_allows(trust, context.action, f"as {form.name.lower()}")
                for form in Form
            }
        if self.facts.call.api == ASSUME_ROOT:  # no trust policy is asked
            return {Form.ACCOUNT: True}
        return {}

    def trust_denies(self, context: RequestContext) -> Truth:
        """Whether the trust policy denies."""
        trust = self.facts.trust
        if self.trust_fault is not None:
            return True
        if self.trust_rules is not None:
            return self.trust_rules.about(context.action).deny(context)
        return unread_denies(trust, context.action) if isinstance(trust, Unknown) else False

    def gates(self, action: str, needed: Truth) -> list[Gate]:
        """Every gate for one action, whatever the others say."""
        role_side, caller_side = self.contexts(action)
        grant = self.grant(role_side)
        counting = self._counting(role_side, grant)
        found = [
            _gate(part, caller_side, counts=part.gate not in _OWN or part.gate in counting)
            for part in (*self._caller.all, *self._request.all)
        ]
        found.extend(_gate(part, role_side) for part in self._role.all)
        found.append(self._trust_gate(role_side, grant))
        if needed is not True:
            found = [msgspec.structs.replace(gate, required=False) for gate in found]
        return sorted(found, key=lambda gate: _GATE_ORDER.index(gate.gate))

    def _counting(self, context: RequestContext, grant: Mapping[Form, Truth]) -> set[GateName]:
        """The gates of the caller's own side whose implicit deny alone would deny (FACTS 1.3).

        When no trust statement allows, those of the match forms that name the caller count.
        """
        refused = any_of(grant.values()) is False
        if refused and self.trust_rules is not None and self.trust_fault is None:
            grant = self.trust_rules.named(context)
        nobody_named = refused and any_of(grant.values()) is False
        if nobody_named and self.facts.same_account:
            return set()
        return {gate for gate in _OWN if _sides_pass(self.facts, grant, {gate: False}) is False}

    def _trust_gate(self, context: RequestContext, grant: Mapping[Form, Truth]) -> Gate:
        account, trust = self.facts.role_account, self.facts.trust
        if self.trust_fault is not None and trust is not None:
            refused = fault_gate(GateName.TRUST, account, self.trust_fault)
            return msgspec.structs.replace(refused, action=context.action)
        if trust is None:
            root = self.facts.call.api == ASSUME_ROOT
            why = f"{ASSUME_ROOT} asks no role's trust policy" if root else "there is no such role"
            return Gate(
                gate=GateName.TRUST, account=account, action=context.action, not_applicable=why
            )
        return Gate(
            gate=GateName.TRUST,
            account=account,
            action=context.action,
            allow=any_of(grant.values()),
            deny=self.trust_denies(context),
            policies=(trust,),
            rules=self.trust_rules,
            context=None if self.trust_rules is None else context,
        )


def _gate(part: Part, context: RequestContext, *, counts: bool = True) -> Gate:
    rules = part.rules
    listed = None if rules is None else rules.about(context.action)
    return Gate(
        gate=part.gate,
        account=part.account,
        action=context.action,
        level=part.level,
        allow=True if listed is None or part.only_denies else listed.allow(context),
        deny=False if listed is None else listed.deny(context),
        counts=counts,
        policies=part.policies,
        rules=rules,
        context=None if rules is None else context,
        not_applicable=part.not_applicable,
        summary=part.summary,
    )


class Decision:
    """The verdict of a call, and on demand the outcome of every gate."""

    __slots__ = ("_case", "_gates", "_problems", "facts", "passes")

    def __init__(self, facts: Facts, case: Case | None, problems: tuple[Gate, ...]) -> None:
        """Decide; gates are put into words only when they are asked for."""
        self.facts, self._case, self._problems = facts, case, problems
        self._gates: tuple[Gate, ...] | None = None
        self.passes: Truth = self._passes()
        """When the call passes: always, never, or under a condition."""

    def _passes(self) -> Truth:
        found = [gate.passes for gate in self._problems]
        if self._case is not None:
            for action, needed in self.facts.required.items():
                passes = self._case.passes(action)
                found.append(passes if needed is True else any_of((negate(needed), passes)))
            if not limits.is_short(self.facts):
                found.append(_limits_gate(self.facts).passes)
        return all_of(found)

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Every gate for every action: all faults in one pass."""
        if self._gates is None:
            found = [*affirmations(self.facts, self._problems), *self._problems]
            found.sort(key=lambda gate: _GATE_ORDER.index(gate.gate))
            if self._case is not None:
                for action, needed in self.facts.required.items():
                    found.extend(self._case.gates(action, needed))
                found.append(_limits_gate(self.facts))
            self._gates = tuple(found)
        return self._gates

    @property
    def is_judged(self) -> bool:
        """Whether any policy was looked at: the call asks for something that can be a role."""
        return self._case is not None

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


def decide(world: World | Prepared, call: Call) -> Decision:
    """Decide a call in a world; one that serves many calls is prepared once."""
    prepared = world if isinstance(world, Prepared) else Prepared(world)
    facts = Facts(prepared.lookups, call)
    found = problems(facts)
    if not facts.caller_side.is_signed:
        found = (*found, *token_gates(facts))
    asks_for_role = facts.role_side.arn is not None
    is_judged = call.asks_for_root if call.api == ASSUME_ROOT else asks_for_role
    return Decision(facts, Case(prepared, facts) if is_judged else None, found)


def _sides_pass(
    facts: Facts, by_form: Mapping[Form, Truth], own: Mapping[GateName, Truth]
) -> Truth:
    """Trust and the caller's side together, by account and match form (FACTS 1.3, 1.4).

    A gate of the caller's side that is not in `own` lets everything through.
    """
    if not (by_form and own and facts.has_identity_side):
        return any_of(by_form.values())
    identity = own.get(GateName.IDENTITY, True)
    caps = [own.get(GateName.BOUNDARY, True), own.get(GateName.SESSION_POLICY, True)]
    if not facts.same_account:
        return all_of((any_of(by_form.values()), identity, *caps))
    strong, role = by_form.get(Form.STRONG, False), by_form.get(Form.ROLE, False)
    if not facts.takes("U-4"):
        strong = all_of((strong, *caps))
    if not facts.takes("C-10"):
        strong, role = all_of((strong, identity)), all_of((role, identity))
    return any_of(
        (
            strong,
            all_of((role, *caps)),
            all_of((by_form.get(Form.ACCOUNT, False), identity, *caps)),
        )
    )


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
