"""Principals that no policy tells apart, so that one decision serves all of them.

INVARIANT: of two principals in one class, a role either decides the plain calls of both alike,
residual and all, or names one of them in its trust policy.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from assumable import arn
from assumable.engine.conditions import Held, variables_in
from assumable.engine.context import RequestContext
from assumable.engine.facts import CALLERS_KEPT, Facts
from assumable.engine.layers import Live, Prepared
from assumable.engine.own_role import EXPLICIT_SELF_TRUST_SINCE
from assumable.engine.remembered import Remembered
from assumable.engine.resources import Matched
from assumable.engine.rules import Rule
from assumable.engine.truth import Truth, all_of
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
        keys.update(_variables_in_resources(rule))
        for condition, held in zip(rule.statement.conditions, rule.conditions, strict=True):
            asked = _keys_in(condition, rule)
            if _is_test(asked):
                tests[_named(condition, rule)] = held
            else:
                keys |= asked
    return Look(tests, frozenset(filter(_is_of_the_caller, keys)))


class _Ruling(NamedTuple):
    """What a rule says of one caller."""

    number: int
    """Of what stands in `_Saying`."""
    tests: tuple[Hashable, ...] = ()
    """What tests come to that are not simply true."""
    values: tuple[Hashable, ...] = ()
    """Of the keys that the look has besides."""


_UNREAD = _Ruling(-1)
"""That of a policy that was not read: it may say anything."""


class _Saying(NamedTuple):
    """What rules say whose tests pass."""

    resource: Matched | None
    conditions: tuple[Held, ...]
    """Those that ask for something of the role."""
    of_the_role: bool
    """Whether there are any, or variables in the resource that do."""
    request: bool | None
    """What comes of the conditions that ask of the request alone; None where that is not known."""


class _View(NamedTuple):
    """By what a role tells callers apart."""

    role: str
    look: Look
    """That of its trust policy and its RCPs."""
    entrances: tuple[tuple[int, ...], ...]
    """Which tests of the look each Allow statement of the trust policy asks.

    One that asks nothing where only service-linked roles are candidates, whom no look tells apart.
    """
    singled: Members
    """Whom a statement names one by one."""
    accounts: frozenset[str]
    """Accounts that a statement names, and its own."""
    only_accounts: bool
    """Whether it trusts accounts only, which have to permit their principals (FACTS 1.3)."""

    def lets_in(self, seen: tuple[Hashable, ...]) -> bool:
        """Whether a statement may let in of whom the look sees that."""
        return any(all(seen[n] is not False for n in asked) for asked in self.entrances)


class _Side(NamedTuple):
    """What a caller's own policies, boundary and SCPs say of plain calls."""

    whose: Hashable
    """What counts besides the rules; the caller itself where nobody is like it."""
    denies: tuple[_Ruling, ...] = ()
    allows: tuple[tuple[_Ruling, ...], ...] = ()
    """Of each layer that has to allow; an unread policy among them may always."""


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
        self._sayings: dict[int, _Saying] = {}
        self._numbers: dict[Hashable, int] = {}
        self._contexts = Remembered[int, tuple[RequestContext, RequestContext]](CALLERS_KEPT)

    def groups(self, candidates: Members, role: Role) -> Iterator[Members]:
        """The candidates, those together that the role cannot tell apart.

        Whoever is certainly refused may be left out.
        """
        view = self._view_of(role, candidates)
        yield from (Members((number,)) for number in candidates & view.singled)
        others = candidates - view.singled
        for account in sorted(view.accounts):
            inside = others & self._universe.of_account(account)
            own = account == role.account and not view.only_accounts
            yield from self._alike(inside, view, permitted=own)
            others = others - inside
        yield from self._alike(others, view, permitted=False)

    def _alike(self, members: Members, view: _View, *, permitted: bool) -> Iterable[Members]:
        """Those together who look alike to the role, and whose rules say the same of it.

        `permitted` says whether the trust policy may be enough.
        """
        found: dict[Hashable, Members] = {}
        known: dict[_Ruling, bool | None] = {}
        for each, some in self._classes(members, view.look):
            if not view.lets_in(each.seen):
                continue
            denies, *allows = (
                self._left_of(rulings, view.role, some, known)
                for rulings in (each.side.denies, *each.side.allows)
            )
            if denies is True or not (permitted or all(allows)):
                continue
            key = each.side.whose, denies, *allows, each.seen
            if key in found:
                found[key].update(some)
            else:
                found[key] = some
        return found.values()

    def _left_of(
        self,
        rulings: Iterable[_Ruling],
        role_arn: str,
        some: Members,
        known: dict[_Ruling, bool | None],
    ) -> Literal[True] | tuple[_Ruling, ...]:
        """What rules come to for a role: True where one applies, else those that may."""
        left: list[_Ruling] = []
        for ruling in rulings:
            if ruling not in known:
                known[ruling] = self._applies(ruling, role_arn, some.min())
            applies = known[ruling]
            if applies:
                return True
            if applies is None:
                left.append(ruling)
        return tuple(left)

    def _applies(self, ruling: _Ruling, role_arn: str, number: int) -> bool | None:
        """Whether a rule applies to a role, for whoever it sees as it sees this principal."""
        if ruling is _UNREAD:
            return None
        resource, conditions, of_the_role, request = self._sayings[ruling.number]
        context = (
            RequestContext(self._facts(number, role_arn), ACTION, Layer.IDENTITY)
            if of_the_role
            else self._context(number)[1]
        )
        parts = [held(context) for held in conditions]
        if resource is not None:
            parts.append(resource(role_arn, context))
        if False in parts:
            return False
        certain = request is True and not ruling.tests and all(part is True for part in parts)
        return True if certain else None

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
        entrances: tuple[Rule, ...] | None = None
        for number in candidates:
            facts = self._facts(number, role.arn)
            if facts.caller_side.is_service_linked is False:  # which RCPs bind (R1.23)
                rules.extend(_rules(self._prepared.role_parts(facts).live(ACTION)))
                trust = self._prepared.trust(facts)
                if trust is not None:
                    about = trust.about(ACTION)
                    rules.extend((*about.allows, *about.denies))
                    entrances = about.allows
                break
        singled, accounts = Members(), {role.account}
        for entry in (e for rule in rules for e in rule.statement.principals or ()):
            if is_account(entry.value):
                accounts.add(arn.account_of(entry.value) or entry.value)
            elif entry.kind == "AWS" and entry.value != "*":
                singled |= self._universe.named(entry.value)
        if self._now < EXPLICIT_SELF_TRUST_SINCE:
            singled |= self._universe.named(role.arn)
        look = look_of(rules)
        return _View(
            role.arn,
            look,
            ((),) if entrances is None else tuple(_tests_of(rule, look) for rule in entrances),
            singled,
            frozenset(accounts),
            entrances is not None and all(map(_trusts_accounts, entrances)),
        )

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
            self._rulings(live.denies, context),
            tuple(
                (*(_UNREAD for _ in listed.may_deny), *self._rulings(listed.allows, context))
                for _, listed in live.needed
            ),
        )

    def _rulings(self, rules: Iterable[Rule], context: RequestContext) -> tuple[_Ruling, ...]:
        """What they still ask when the caller is known; those that it never meets drop out."""
        found: list[_Ruling] = []
        for rule in rules:
            if rule not in self._looks:
                self._looks[rule] = look_of((rule,)), self._number_of(rule, context)
            look, number = self._looks[rule]
            seen = tuple(_seen(look, context))
            tests, values = seen[: len(look.tests)], seen[len(look.tests) :]
            if False not in tests and self._sayings[number].request is not False:
                unsure = tuple(test for test in tests if test is not True)
                found.append(_Ruling(number, unsure, values))
        return tuple(found)

    def _number_of(self, rule: Rule, context: RequestContext) -> int:
        """The number of what a rule says whose tests pass; anybody's context serves."""
        number = self._number(_rest(rule))
        if number not in self._sayings:
            of_request, conditions = list[Truth](), list[Held]()
            for condition, held in zip(rule.statement.conditions, rule.conditions, strict=True):
                keys = _keys_in(condition, rule)
                if any(map(_is_of_the_role, keys)):
                    conditions.append(held)
                elif not _is_test(keys):
                    of_request.append(held(context))
            request = all_of(of_request)
            self._sayings[number] = _Saying(
                rule.resource,
                tuple(conditions),
                bool(conditions) or any(map(_is_of_the_role, _variables_in_resources(rule))),
                request if isinstance(request, bool) else None,
            )
        return number

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
    statement = rule.statement
    conditions = tuple(
        _named(condition, rule)
        for condition in statement.conditions
        if not _is_test(_keys_in(condition, rule))
    )
    who = tuple((entry.kind, entry.value) for entry in statement.principals or ())
    resources = statement.resources, statement.not_resource, rule.policy.has_variables
    return statement.effect, who, statement.not_principal, resources, conditions


def _tests_of(rule: Rule, look: Look) -> tuple[int, ...]:
    """The places in the look of the tests that a rule asks."""
    asked = look_of((rule,)).tests
    return tuple(place for place, name in enumerate(look.tests) if name in asked)


def _trusts_accounts(rule: Rule) -> bool:
    """Whether a statement of a trust policy means nobody but as a principal of an account."""
    statement = rule.statement
    return (
        statement.principals is not None
        and not statement.not_principal
        and all(
            entry.kind != "*" and (entry.kind != "AWS" or is_account(entry.value))
            for entry in statement.principals
        )
    )


def _keys_in(condition: Condition, rule: Rule) -> set[str]:
    variables = variables_in(condition.values) if rule.policy.has_variables else ()
    return {condition.key.lower(), *variables}


def _variables_in_resources(rule: Rule) -> Iterable[str]:
    return variables_in(rule.statement.resources or ()) if rule.policy.has_variables else ()


def _is_test(keys: set[str]) -> bool:
    """Whether a condition on these keys is decided by who calls, whatever role is asked for."""
    return not any(map(_is_of_the_role, keys)) and any(map(_is_of_the_caller, keys))


def _is_of_the_role(key: str) -> bool:
    return key.startswith(_OF_THE_ROLE)


def _is_of_the_caller(key: str) -> bool:
    return not (_is_of_the_role(key) or key in _OF_THE_REQUEST)


def _named(condition: Condition, rule: Rule) -> Named:
    return condition.operator, condition.key, condition.values, rule.policy.has_variables
