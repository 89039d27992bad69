"""What callers' own policies, boundaries and SCPs say of their calls, and what of a role.

Callers of whom they say the same share one side, and it is small: what a rule says is a number.
"""

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from assumable.engine.conditions import Context
from assumable.engine.context import RequestContext
from assumable.engine.facts import CALLERS_KEPT, Facts
from assumable.engine.layers import Live, Prepared
from assumable.engine.remembered import Remembered
from assumable.engine.rules import Rule
from assumable.model.policy import Layer
from assumable.model.world import Principal
from assumable.org.calls import ACTION, CallOf
from assumable.org.contexts import Contexts
from assumable.org.looks import Look, Saying, look_of, rest_of, saying_of, seen_by
from assumable.org.universe import Universe


class Ruling(NamedTuple):
    """What a rule says of one caller."""

    number: int
    """Of what the rule says whose tests pass (`looks.Saying`)."""
    tests: tuple[Hashable, ...] = ()
    """What tests come to that are not simply true."""
    values: tuple[Hashable, ...] = ()
    """Of the keys that the look has besides."""


UNREAD = Ruling(-1)
"""That of a policy that was not read: it may say anything."""


class Side(NamedTuple):
    """What a caller's own policies, boundary and SCPs say of its calls."""

    whose: Hashable
    """What counts besides the rules; the caller itself where nobody is like it."""
    denies: tuple[Ruling, ...] = ()
    allows: tuple[tuple[Ruling, ...], ...] = ()
    """Of each layer that has to allow; an unread policy among them may always."""


class _Rules(NamedTuple):
    """Rules that many callers share."""

    always: tuple[Ruling, ...] = ()
    """What those say of which it does not matter who calls."""
    asked: tuple[tuple[Look, int], ...] = ()
    """The others: how each tells callers apart, and the number of what it says."""

    def rulings(self, context: Context) -> tuple[Ruling, ...]:
        """What they still ask when the caller is known; those that it never meets drop out."""
        if not self.asked:
            return self.always
        found = list(self.always)
        for look, number in self.asked:
            seen = tuple(seen_by(look, context))
            tests, values = seen[: len(look.tests)], seen[len(look.tests) :]
            if False not in tests:
                unsure = tuple(test for test in tests if test is not True)
                found.append(Ruling(number, unsure, values))
        return tuple(found)


class _Share(NamedTuple):
    """The part of a side that comes from policies which many callers share."""

    whose: Hashable
    denies: _Rules
    allows: tuple[_Rules, ...]


class Callers:
    """The side of each principal, found out when it is first asked for."""

    def __init__(
        self, universe: Universe, prepared: Prepared, now: datetime, call_of: CallOf
    ) -> None:
        """Of the calls at a time that `call_of` makes."""
        self._universe, self._prepared = universe, prepared
        self._contexts = Contexts(universe, prepared, now, call_of)
        self._own: dict[int, int] = {}
        """By the principal, the number of its side."""
        self._sides: dict[int, Side] = {}
        self._looks = Remembered[Rule, tuple[Look, int]](CALLERS_KEPT)
        """Of rules: how each tells callers apart, and the number of what it says."""
        self._of_kind: dict[RequestContext, _Share] = {}
        self._of_policies: dict[tuple[int, int], _Share] = {}
        """By the ids of policies and boundary, which the world keeps."""
        self._sayings: dict[int, Saying] = {}
        self._numbers: dict[Hashable, int] = {}

    def side(self, number: int) -> tuple[int, Side]:
        """That of a principal, and its number, which nobody has whose side is not the same."""
        own = self._own.get(number)
        if own is None:
            side = self._side(number)
            own = self._own[number] = self._number(side)
            self._sides.setdefault(own, side)
        return own, self._sides[own]

    def seen(self, number: int, look: Look) -> tuple[Hashable, ...]:
        """What a look of a role sees of a principal."""
        return tuple(seen_by(look, self._contexts.of(number)))

    def facts(self, number: int, role_arn: str) -> Facts:
        """The call of a principal."""
        return self._contexts.facts(number, role_arn)

    def _side(self, number: int) -> Side:
        context = self._contexts.of(number)
        if isinstance(context, RequestContext):
            return Side(number)
        scps = self._of_its_kind(context.like)
        own = self._of_its_policies(self._universe.principals[number], context)
        return Side(
            (scps.whose, own.whose),
            scps.denies.rulings(context) + own.denies.rulings(context),
            tuple(rules.rulings(context) for rules in scps.allows + own.allows),
        )

    def _of_its_kind(self, like: RequestContext) -> _Share:
        """The share that comes from SCPs."""
        found = self._of_kind.get(like)
        if found is None:
            live = self._prepared.scps(like.facts).live(ACTION)
            sort = type(like.facts.principal), like.facts.caller_side.partition
            found = self._of_kind[like] = self._share(live, like, sort)
        return found

    def _of_its_policies(self, principal: Principal, context: Context) -> _Share:
        """The share that comes from its own policies and its boundary."""
        key = id(principal.policies), id(principal.boundary)
        found = self._of_policies.get(key)
        if found is None:
            live = self._prepared.own_parts(principal).live(ACTION)
            found = self._of_policies[key] = self._share(live, context)
        return found

    def _share(self, live: Live, context: Context, sort: Hashable = ()) -> _Share:
        layers = tuple((gate, *listed.may_deny) for gate, listed in live.needed)
        return _Share(
            (sort, live.may_deny, layers),
            self._rules(live.denies, 0, context),
            tuple(
                self._rules(listed.allows, len(listed.may_deny), context)
                for _, listed in live.needed
            ),
        )

    def _rules(self, rules: Iterable[Rule], unread: int, context: Context) -> _Rules:
        """Made ready, with so many policies that were not read; anybody's context serves."""
        always, asked = [UNREAD] * unread, list[tuple[Look, int]]()
        for rule in rules:
            if rule not in self._looks:
                self._looks[rule] = look_of((rule,)), self._number_of(rule, context)
            look, number = self._looks[rule]
            if self._sayings[number].request is False:
                continue
            if look.tests or look.keys:
                asked.append((look, number))
            else:
                always.append(Ruling(number))
        return _Rules(tuple(always), tuple(asked))

    def _number_of(self, rule: Rule, context: Context) -> int:
        """The number of what a rule says whose tests pass."""
        number = self._number(rest_of(rule))
        if number not in self._sayings:
            self._sayings[number] = saying_of(rule, context)
        return number

    def left_of(
        self,
        rulings: Iterable[Ruling],
        role_arn: str,
        number: int,
        known: dict[Ruling, bool | None],
    ) -> Literal[True] | tuple[Ruling, ...]:
        """What rules come to for a role: True where one applies, else those that may.

        They are rulings on this principal; `known` is what came of others for the role before.
        """
        left: list[Ruling] = []
        for ruling in rulings:
            if ruling not in known:
                known[ruling] = self._applies(ruling, role_arn, number)
            applies = known[ruling]
            if applies:
                return True
            if applies is None:
                left.append(ruling)
        return tuple(left)

    def _applies(self, ruling: Ruling, role_arn: str, number: int) -> bool | None:
        """Whether a rule applies to a role, for whoever it sees as it sees this principal."""
        if ruling is UNREAD:
            return None
        resource, conditions, of_the_role, request = self._sayings[ruling.number]
        context: Context = (
            RequestContext(self.facts(number, role_arn), ACTION, Layer.IDENTITY)
            if of_the_role
            else self._contexts.of(number)
        )
        parts = [held(context) for held in conditions]
        if resource is not None:
            parts.append(resource(role_arn, context))
        if False in parts:
            return False
        certain = request is True and not ruling.tests and all(part is True for part in parts)
        return True if certain else None

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))
