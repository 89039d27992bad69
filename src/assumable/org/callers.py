"""What callers' own policies, boundaries and SCPs say of their calls, and what of a role.

Callers of whom they say the same share one side, and it is small: what a rule says is a number.
"""

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from assumable.engine.context import RequestContext
from assumable.engine.facts import CALLERS_KEPT, Facts
from assumable.engine.layers import Prepared
from assumable.engine.remembered import Remembered
from assumable.engine.rules import Rule
from assumable.model.policy import Layer
from assumable.model.world import Unknown
from assumable.org.calls import ACTION, CallOf
from assumable.org.looks import Look, Saying, look_of, rest_of, saying_of, seen_by
from assumable.org.universe import Universe

_ANY_ROLE = "arn:aws:iam::000000000000:role/any"


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


class Callers:
    """The side of each principal, found out when it is first asked for."""

    def __init__(
        self, universe: Universe, prepared: Prepared, now: datetime, call_of: CallOf
    ) -> None:
        """Of the calls at a time that `call_of` makes."""
        self._universe, self._prepared, self._now = universe, prepared, now
        self._call_of = call_of
        self._own: dict[int, int] = {}
        """By the principal, the number of its side."""
        self._sides: dict[int, Side] = {}
        self._looks = Remembered[Rule, tuple[Look, int]](CALLERS_KEPT)
        """Of rules: how each tells callers apart, and the number of what it says."""
        self._sayings: dict[int, Saying] = {}
        self._numbers: dict[Hashable, int] = {}
        self._contexts = Remembered[int, tuple[RequestContext, RequestContext]](CALLERS_KEPT)

    def side(self, number: int) -> tuple[int, Side]:
        """That of a principal, and its number, which nobody has whose side is not the same."""
        own = self._own.get(number)
        if own is None:
            side = self._side(number, self._contexts_of(number)[1])
            own = self._own[number] = self._number(side)
            self._sides.setdefault(own, side)
        return own, self._sides[own]

    def seen(self, number: int, look: Look) -> tuple[Hashable, ...]:
        """What a look of a role sees of a principal."""
        return tuple(seen_by(look, self._contexts_of(number)[0]))

    def facts(self, number: int, role_arn: str) -> Facts:
        """The call of a principal."""
        call = self._call_of(self._universe.principals[number], role_arn, self._now)
        return Facts(self._prepared.lookups, call)

    def _side(self, number: int, context: RequestContext) -> Side:
        facts, side = context.facts, context.facts.caller_side
        if (
            not side.may_call
            or isinstance(side.principal_arn, Unknown)
            or side.is_service_linked is not False
        ):
            return Side(number)  # the credentials or the name count: decided by itself
        live = self._prepared.caller_parts(facts).live(ACTION)
        layers = tuple((gate, *listed.may_deny) for gate, listed in live.needed)
        return Side(
            (type(side.principal), side.partition, live.may_deny, layers),
            self._rulings(live.denies, context),
            tuple(
                (*(UNREAD for _ in listed.may_deny), *self._rulings(listed.allows, context))
                for _, listed in live.needed
            ),
        )

    def _rulings(self, rules: Iterable[Rule], context: RequestContext) -> tuple[Ruling, ...]:
        """What they still ask when the caller is known; those that it never meets drop out."""
        found: list[Ruling] = []
        for rule in rules:
            if rule not in self._looks:
                self._looks[rule] = look_of((rule,)), self._number_of(rule, context)
            look, number = self._looks[rule]
            if self._sayings[number].request is False:
                continue
            if not (look.tests or look.keys):
                found.append(Ruling(number))
                continue
            seen = tuple(seen_by(look, context))
            tests, values = seen[: len(look.tests)], seen[len(look.tests) :]
            if False not in tests:
                unsure = tuple(test for test in tests if test is not True)
                found.append(Ruling(number, unsure, values))
        return tuple(found)

    def _number_of(self, rule: Rule, context: RequestContext) -> int:
        """The number of what a rule says whose tests pass; anybody's context serves."""
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
        context = (
            RequestContext(self.facts(number, role_arn), ACTION, Layer.IDENTITY)
            if of_the_role
            else self._contexts_of(number)[1]
        )
        parts = [held(context) for held in conditions]
        if resource is not None:
            parts.append(resource(role_arn, context))
        if False in parts:
            return False
        certain = request is True and not ruling.tests and all(part is True for part in parts)
        return True if certain else None

    def _contexts_of(self, number: int) -> tuple[RequestContext, RequestContext]:
        """What the role's side and its own see of a principal, whatever role it asks for."""
        found = self._contexts.get(number)
        if found is None:
            facts = self.facts(number, _ANY_ROLE)
            found = self._contexts[number] = (
                RequestContext(facts, ACTION, Layer.TRUST),
                RequestContext(facts, ACTION, Layer.IDENTITY),
            )
        return found

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))
