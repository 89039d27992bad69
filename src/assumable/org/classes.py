"""Principals that no policy tells apart, so that one decision serves all of them.

INVARIANT: a role decides the calls of all principals in one group alike, residual and all;
whoever is left out of the groups is refused.
"""

from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from assumable import arn
from assumable.engine.layers import Prepared
from assumable.engine.own_role import EXPLICIT_SELF_TRUST_SINCE
from assumable.engine.remembered import Remembered
from assumable.engine.rules import Rule
from assumable.model.world import Role
from assumable.org.callers import Callers, Ruling, Side
from assumable.org.calls import ACTION, CallOf
from assumable.org.looks import Look, look_of, tests_of
from assumable.org.trusts import is_account
from assumable.org.universe import Members, Universe

_LOOKS_KEPT = 1_000
"""How many looks are remembered together with whom they told apart."""
_MANY = 10
"""With so many members it is not remembered of each that it is in a class: nearly everybody is."""


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


class _Class(NamedTuple):
    """Principals that no role tells apart which looks at callers in one way."""

    side: Side
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

    def add(self, number: int, key: Hashable, side: Side, seen: tuple[Hashable, ...]) -> None:
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

    def __init__(
        self, universe: Universe, prepared: Prepared, now: datetime, call_of: CallOf
    ) -> None:
        """Of the calls at a time that `call_of` makes."""
        self._universe, self._prepared, self._now = universe, prepared, now
        self._callers = Callers(universe, prepared, now, call_of)
        self._by_look = Remembered[Hashable, _Known](_LOOKS_KEPT)

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
        known: dict[Ruling, bool | None] = {}
        for each, some in self._classes(members, view.look):
            if not view.lets_in(each.seen):
                continue
            denies, *allows = (
                self._callers.left_of(rulings, view.role, some.min(), known)
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

    def _classes(self, members: Members, look: Look) -> Iterator[tuple[_Class, Members]]:
        """Each class that has any of the members, and which."""
        known = self._by_look.get(name := (*look.tests, look.keys))
        if known is None:
            known = self._by_look[name] = _Known({}, [], {}, Members(), Members())
        for number in members - known.seen:
            own, side = self._callers.side(number)
            known.add(number, (own, seen := self._callers.seen(number, look)), side, seen)
        known.seen.update(members)
        return known.among(members)

    def _view_of(self, role: Role, candidates: Members) -> _View:
        """What the role's trust policy and RCPs look at when one of the candidates calls."""
        rules: list[Rule] = []
        entrances: tuple[Rule, ...] | None = None
        for number in candidates:
            facts = self._callers.facts(number, role.arn)
            if facts.caller_side.is_service_linked is False:  # which RCPs bind (R1.23)
                rules.extend(self._prepared.role_parts(facts).live(ACTION).denies)  # RCPs only deny
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
            ((),) if entrances is None else tuple(tests_of(rule, look) for rule in entrances),
            singled,
            frozenset(accounts),
            entrances is not None and all(map(_trusts_accounts, entrances)),
        )


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
