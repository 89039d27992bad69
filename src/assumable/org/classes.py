"""Principals that no policy tells apart, so that one decision serves all of them.

INVARIANT: of two principals in one class, a role either decides the plain calls of both alike,
residual and all, or names one of them in its trust policy.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from assumable import arn
from assumable.engine.conditions import Held, variables_in
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts
from assumable.engine.layers import Live, Prepared
from assumable.engine.own_role import EXPLICIT_SELF_TRUST_SINCE
from assumable.engine.rules import Listed, Rule
from assumable.model.policy import Condition, Layer
from assumable.model.world import Role, Unknown
from assumable.org.calls import ACTION, plain_call
from assumable.org.trusts import is_account
from assumable.org.universe import Members, Universe

_OF_THE_ROLE = ("aws:resource", "iam:resourcetag/")
"""How keys begin that say something of the role, whoever calls."""
_LOOKS_KEPT = 1_000
"""How many looks are remembered together with whom they told apart."""
_ANY_ROLE = "arn:aws:iam::000000000000:role/any"
Named = tuple[str, str, tuple[str, ...], bool]
"""What a condition says, wherever it stands: operator, key, values, whether it has variables."""


class Look(NamedTuple):
    """By what rules tell callers apart."""

    tests: Mapping[Named, Held]
    """Conditions that ask of nothing but the caller and what it sends."""
    keys: frozenset[str]
    """Keys of the caller that are compared with what is the role's, or stand in resources."""


def look_of(rules: Iterable[Rule]) -> Look:
    """Everything in the rules that may turn out differently for different callers."""
    tests: dict[Named, Held] = {}
    keys: set[str] = set()
    for rule in rules:
        statement, has_variables = rule.statement, rule.policy.has_variables
        keys.update(variables_in(statement.resources or ()) if has_variables else ())
        for condition, held in zip(statement.conditions, rule.conditions, strict=True):
            asked = _keys_in(condition, has_variables=has_variables)
            if any(key.startswith(_OF_THE_ROLE) for key in asked):
                keys |= asked
            else:
                tests[_named(condition, has_variables=has_variables)] = held
    return Look(tests, frozenset(key for key in keys if not key.startswith(_OF_THE_ROLE)))


def rules_of(listed: Listed) -> Iterator[Rule]:
    """All rules about an action."""
    yield from listed.allows
    yield from listed.denies


class View(NamedTuple):
    """By what a role tells callers apart."""

    look: Look
    """That of its trust policy and its RCPs."""
    singled: Members
    """Whom a statement names one by one."""
    accounts: frozenset[str]
    """Accounts that a statement names, and its own."""


class _Known(NamedTuple):
    """The principals whose class a look has told so far."""

    seen: Members
    of: dict[int, int]
    """The class of each."""
    members: dict[int, Members]
    """Everybody in a class; these sets grow, so none is handed out."""


class Classes:
    """The class of each principal, found out when it is first asked for."""

    def __init__(self, universe: Universe, prepared: Prepared, now: datetime) -> None:
        """Of plain calls at a time."""
        self._universe, self._prepared, self._now = universe, prepared, now
        self._own: dict[int, int] = {}
        """By the principal's own side: its policies, its account's."""
        self._by_look: dict[Hashable, _Known] = {}
        self._looks: dict[Rule, tuple[Look, Hashable]] = {}
        """Of rules of the callers' policies: how each tells callers apart, and what it says."""
        self._numbers: dict[Hashable, int] = {}
        self._contexts: dict[int, tuple[RequestContext, RequestContext]] = {}

    def groups(self, candidates: Members, view: View) -> Iterator[Members]:
        """The candidates, those together that the role cannot tell apart."""
        yield from (Members((number,)) for number in candidates & view.singled)
        others = candidates - view.singled
        for account in sorted(view.accounts):
            inside = others & self._universe.of_account(account)
            yield from self._alike(inside, view.look)
            others = others - inside
        yield from self._alike(others, view.look)

    def _alike(self, members: Members, look: Look) -> Iterable[Members]:
        """The members of each class that has any of them."""
        if len(self._by_look) > _LOOKS_KEPT:
            self._by_look.clear()
        known = self._by_look.setdefault((*look.tests, look.keys), _Known(Members(), {}, {}))
        for number in members - known.seen:
            alike = known.of[number] = self._class(number, look)
            known.members.setdefault(alike, Members()).add(number)
        known.seen.update(members)
        if len(members) > len(known.members):
            shared = (members & alike for alike in known.members.values())
            return [each for each in shared if each]
        found: dict[int, Members] = {}
        for number in members:
            found.setdefault(known.of[number], Members()).add(number)
        return found.values()

    def view_of(self, role: Role, candidates: Members) -> View:
        """What the role's trust policy and RCPs look at when one of the candidates calls."""
        rules: list[Rule] = []
        for number in candidates:
            facts = self._facts(number, role.arn)
            if facts.caller_side.is_service_linked is False:  # which RCPs bind (R1.23)
                rules.extend(_rules(self._prepared.role_parts(facts).live(ACTION)))
                trust = self._prepared.trust(facts)
                rules.extend(rules_of(trust.about(ACTION)) if trust is not None else ())
                break
        singled, accounts = Members(), {role.account}
        for entry in (e for rule in rules for e in rule.statement.principals or ()):
            if is_account(entry.value):
                accounts.add(arn.account_of(entry.value) or entry.value)
            elif entry.kind == "AWS" and entry.value != "*":
                singled |= self._universe.named(entry.value)
        if self._now < EXPLICIT_SELF_TRUST_SINCE:
            singled |= self._universe.named(role.arn)
        return View(look_of(rules), singled, frozenset(accounts))

    def _class(self, number: int, look: Look) -> int:
        role_side, caller_side = self._context(number)
        own = self._own.get(number)
        if own is None:
            own = self._own[number] = self._number(self._own_side(number, caller_side))
        return self._number((own, *_seen(look, role_side)))

    def _own_side(self, number: int, context: RequestContext) -> Hashable:
        facts, side = context.facts, context.facts.caller_side
        if (
            not (side.may_call and side.has_every_region)
            or isinstance(side.principal_arn, Unknown)
            or side.is_service_linked is not False
        ):
            return number  # the credentials or the name count: decided by itself
        live = self._prepared.caller_parts(facts).live(ACTION)
        return (
            type(side.principal),
            side.partition,
            self._left(live.denies, context),
            live.may_deny,
            tuple(
                (gate, listed.always, self._left(listed.allows, context), tuple(listed.may_deny))
                for gate, listed in live.needed
            ),
        )

    def _left(self, rules: Iterable[Rule], context: RequestContext) -> tuple[Hashable, ...]:
        """What they still ask when the caller is known; those that it never meets drop out."""
        found: list[Hashable] = []
        for rule in rules:
            known = self._looks.get(rule)
            if known is None:
                known = self._looks[rule] = look_of((rule,)), self._number(_rest(rule))
            look, rest = known
            seen = tuple(_seen(look, context))
            if False not in seen[: len(look.tests)]:
                found.append((rest, *(each for each in seen if each is not True)))
        return tuple(found)

    def _context(self, number: int) -> tuple[RequestContext, RequestContext]:
        """What the role's side and the caller's side see of a caller, whatever role it asks for."""
        found = self._contexts.get(number)
        if found is None:
            facts = self._facts(number, _ANY_ROLE)
            found = self._contexts[number] = (
                RequestContext(facts, ACTION, Layer.TRUST),
                RequestContext(facts, ACTION, Layer.IDENTITY),
            )
        return found

    def _facts(self, number: int, role_arn: str) -> Facts:
        call = plain_call(self._universe.principals[number], role_arn, self._now)
        return Facts(self._prepared.lookups, call)

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def _rules(live: Live) -> Iterator[Rule]:
    yield from live.denies
    for _, listed in live.needed:
        yield from rules_of(listed)


def _seen(look: Look, context: RequestContext) -> Iterator[Hashable]:
    """What a look sees of a caller."""
    yield from (held(context) for held in look.tests.values())
    yield from (context.value(key) for key in sorted(look.keys))


def _rest(rule: Rule) -> Hashable:
    statement, has_variables = rule.statement, rule.policy.has_variables
    conditions = tuple(
        _named(condition, has_variables=has_variables)
        for condition in statement.conditions
        if any(k.startswith(_OF_THE_ROLE) for k in _keys_in(condition, has_variables=has_variables))
    )
    who = tuple((entry.kind, entry.value) for entry in statement.principals or ())
    resources = statement.resources, statement.not_resource, has_variables
    return statement.effect, who, statement.not_principal, resources, conditions


def _keys_in(condition: Condition, *, has_variables: bool) -> set[str]:
    variables = variables_in(condition.values) if has_variables else ()
    return {condition.key.lower(), *variables}


def _named(condition: Condition, *, has_variables: bool) -> Named:
    return condition.operator, condition.key, condition.values, has_variables
