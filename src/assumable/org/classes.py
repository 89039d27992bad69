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
from assumable.engine.facts import CALLERS_KEPT, Facts
from assumable.engine.layers import Live, Prepared
from assumable.engine.own_role import EXPLICIT_SELF_TRUST_SINCE
from assumable.engine.remembered import Remembered
from assumable.engine.resources import Matched
from assumable.engine.rules import Rule
from assumable.model.policy import Condition, Layer
from assumable.model.world import Role, Unknown
from assumable.org.calls import ACTION, plain_call
from assumable.org.trusts import is_account
from assumable.org.universe import Members, Universe

_OF_THE_ROLE = ("aws:resource", "iam:resourcetag/")
"""How keys begin that say something of the role, whoever calls."""
_OF_THE_REQUEST = frozenset((
    "aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport",
    "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:useragent", "aws:viaawsservice",
    "aws:vpcsourceip", "sts:externalid", "sts:rolesessionname",
))  # fmt: skip
"""Keys that are the same in the plain calls of all principals."""
_LOOKS_KEPT = 1_000
"""How many looks are remembered together with whom they told apart."""
_MANY = 10
"""With so many members it is not remembered of each that it is in a class: nearly everybody is."""
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
            if _is_test(asked):
                tests[_named(condition, has_variables=has_variables)] = held
            else:
                keys |= asked
    return Look(tests, frozenset(filter(_is_of_the_caller, keys)))


class _View(NamedTuple):
    """By what a role tells callers apart."""

    role: str
    look: Look
    """That of its trust policy and its RCPs."""
    singled: Members
    """Whom a statement names one by one."""
    accounts: frozenset[str]
    """Accounts that a statement names, and its own."""


class _Side(NamedTuple):
    """What a caller's own policies, boundary and SCPs say of plain calls."""

    whose: Hashable
    """What counts besides the rules; the caller itself where nobody is like it."""
    rules: tuple[tuple[tuple[Hashable, ...], ...], ...] = ()
    """The Deny rules, then those of each layer that has to allow.

    Of each the number of what it says, and what it sees of the caller.
    """


class _Class(NamedTuple):
    """Principals that no role tells apart which looks at callers in one way."""

    side: _Side
    seen: tuple[Hashable, ...]
    """What such a role sees of them."""
    members: Members
    """Those that were asked about: the set grows, so it is not handed out."""


class _Known(NamedTuple):
    """The classes that one look has told apart so far."""

    classes: dict[Hashable, _Class]
    large: list[_Class]
    """Those with many members: few, with nearly everybody."""
    of: dict[int, _Class]
    """The class of each principal that is in another one.

    Whoever may assume one role that it names has a class of its own.
    """
    small: Members
    """They, as a set."""
    seen: Members

    def add(self, number: int, key: Hashable, side: _Side, seen: tuple[Hashable, ...]) -> None:
        """Put a principal into its class."""
        found = self.classes.get(key)
        if found is None:
            found = self.classes[key] = _Class(side, seen, Members())
        found.members.add(number)
        if len(found.members) < _MANY:
            self.of[number] = found
            self.small.add(number)
        elif len(found.members) == _MANY:
            self.large.append(found)
            self.small.difference_update(found.members)
            for each in found.members:
                self.of.pop(each, None)

    def among(self, members: Members) -> Iterator[tuple[_Class, Members]]:
        """Each class that has any of the members, and which; all of them were put into one."""
        small = members & self.small
        left = len(members) - len(small)
        for each in self.large:
            if not left:
                break
            if each.members.intersect(members):
                some = each.members & members
                left -= len(some)
                yield each, some
        found: dict[int, tuple[_Class, Members]] = {}
        for number in small:
            each = self.of[number]
            found.setdefault(id(each), (each, Members()))[1].add(number)
        yield from found.values()


class Classes:
    """The class of each principal, found out when it is first asked for."""

    def __init__(self, universe: Universe, prepared: Prepared, now: datetime) -> None:
        """Of plain calls at a time."""
        self._universe, self._prepared, self._now = universe, prepared, now
        self._own: dict[int, int] = {}
        """By the principal, the number of its own side: its policies, its account's."""
        self._sides: dict[int, _Side] = {}
        self._by_look = Remembered[Hashable, _Known](_LOOKS_KEPT)
        self._looks = Remembered[Rule, tuple[Look, int]](CALLERS_KEPT)
        """Of the rules of callers: how each tells them apart, and the number of what it says."""
        self._resources: dict[Hashable, Matched] = {}
        """By what a rule says, the roles it is about, where that is the same for all callers."""
        self._numbers: dict[Hashable, int] = {}
        self._contexts = Remembered[int, tuple[RequestContext, RequestContext]](CALLERS_KEPT)

    def groups(self, candidates: Members, role: Role) -> Iterator[Members]:
        """The candidates, those together that the role cannot tell apart."""
        view = self._view_of(role, candidates)
        yield from (Members((number,)) for number in candidates & view.singled)
        others = candidates - view.singled
        for account in sorted(view.accounts):
            inside = others & self._universe.of_account(account)
            yield from self._alike(inside, view)
            others = others - inside
        yield from self._alike(others, view)

    def _alike(self, members: Members, view: _View) -> Iterable[Members]:
        """Those together who look alike to the role, and whose rules about it say the same."""
        found: dict[Hashable, Members] = {}
        about: dict[Hashable, bool] = {}
        for each, some in self._classes(members, view.look):
            rules = tuple(
                tuple(rule for rule in listed if self._is_about(rule[0], view.role, some, about))
                for listed in each.side.rules
            )
            key = each.side.whose, rules, each.seen
            if key in found:
                found[key].update(some)
            else:
                found[key] = some
        return found.values()

    def _is_about(
        self, rule: Hashable, role_arn: str, some: Members, known: dict[Hashable, bool]
    ) -> bool:
        """Whether a rule's resources can be the role."""
        found = known.get(rule)
        if found is None:
            resource = self._resources.get(rule)
            found = (
                resource is None or resource(role_arn, self._context(some.min())[1]) is not False
            )
            known[rule] = found
        return found

    def _classes(self, members: Members, look: Look) -> Iterator[tuple[_Class, Members]]:
        """Each class that has any of the members, and which."""
        known = self._by_look.get(name := (*look.tests, look.keys))
        if known is None:
            known = self._by_look[name] = _Known({}, [], {}, Members(), Members())
        for number in members - known.seen:
            own, seen = self._own_number(number), tuple(_seen(look, self._context(number)[0]))
            known.add(number, (own, seen), self._sides[own], seen)
        known.seen.update(members)
        return known.among(members)

    def _view_of(self, role: Role, candidates: Members) -> _View:
        """What the role's trust policy and RCPs look at when one of the candidates calls."""
        rules: list[Rule] = []
        for number in candidates:
            facts = self._facts(number, role.arn)
            if facts.caller_side.is_service_linked is False:  # which RCPs bind (R1.23)
                rules.extend(_rules(self._prepared.role_parts(facts).live(ACTION)))
                trust = self._prepared.trust(facts)
                if trust is not None:
                    about = trust.about(ACTION)
                    rules.extend((*about.allows, *about.denies))
                break
        singled, accounts = Members(), {role.account}
        for entry in (e for rule in rules for e in rule.statement.principals or ()):
            if is_account(entry.value):
                accounts.add(arn.account_of(entry.value) or entry.value)
            elif entry.kind == "AWS" and entry.value != "*":
                singled |= self._universe.named(entry.value)
        if self._now < EXPLICIT_SELF_TRUST_SINCE:
            singled |= self._universe.named(role.arn)
        return _View(role.arn, look_of(rules), singled, frozenset(accounts))

    def _own_number(self, number: int) -> int:
        own = self._own.get(number)
        if own is None:
            side = self._side(number, self._context(number)[1])
            own = self._own[number] = self._number(side)
            self._sides.setdefault(own, side)
        return own

    def _side(self, number: int, context: RequestContext) -> _Side:
        facts, side = context.facts, context.facts.caller_side
        if (
            not (side.may_call and side.has_every_region)
            or isinstance(side.principal_arn, Unknown)
            or side.is_service_linked is not False
        ):
            return _Side(number)  # the credentials or the name count: decided by itself
        live = self._prepared.caller_parts(facts).live(ACTION)
        layers = tuple((gate, listed.always, *listed.may_deny) for gate, listed in live.needed)
        return _Side(
            (type(side.principal), side.partition, live.may_deny, layers),
            (
                self._left(live.denies, context),
                *(self._left(listed.allows, context) for _, listed in live.needed),
            ),
        )

    def _left(
        self, rules: Iterable[Rule], context: RequestContext
    ) -> tuple[tuple[Hashable, ...], ...]:
        """What they still ask when the caller is known; those that it never meets drop out."""
        found: list[tuple[Hashable, ...]] = []
        for rule in rules:
            if rule not in self._looks:
                look, rest = look_of((rule,)), self._number(_rest(rule))
                self._looks[rule] = look, rest
                if rule.resource is not None and not look.keys:
                    self._resources[rest] = rule.resource
            look, rest = self._looks[rule]
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
        yield from listed.allows


def _seen(look: Look, context: RequestContext) -> Iterator[Hashable]:
    """What a look sees of a caller."""
    yield from (held(context) for held in look.tests.values())
    yield from (context.value(key) for key in sorted(look.keys))


def _rest(rule: Rule) -> Hashable:
    statement, has_variables = rule.statement, rule.policy.has_variables
    conditions = tuple(
        _named(condition, has_variables=has_variables)
        for condition in statement.conditions
        if not _is_test(_keys_in(condition, has_variables=has_variables))
    )
    who = tuple((entry.kind, entry.value) for entry in statement.principals or ())
    resources = statement.resources, statement.not_resource, has_variables
    return statement.effect, who, statement.not_principal, resources, conditions


def _keys_in(condition: Condition, *, has_variables: bool) -> set[str]:
    variables = variables_in(condition.values) if has_variables else ()
    return {condition.key.lower(), *variables}


def _is_test(keys: set[str]) -> bool:
    """Whether a condition on these keys is decided by who calls, whatever role is asked for."""
    of_the_role = any(key.startswith(_OF_THE_ROLE) for key in keys)
    return not of_the_role and any(map(_is_of_the_caller, keys))


def _is_of_the_caller(key: str) -> bool:
    return not (key.startswith(_OF_THE_ROLE) or key in _OF_THE_REQUEST)


def _named(condition: Condition, *, has_variables: bool) -> Named:
    return condition.operator, condition.key, condition.values, has_variables
