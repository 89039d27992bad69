"""Who can assume a role: candidates from the index, each class of them decided by the engine."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from assumable.engine.evaluate import Decision, decide
from assumable.engine.gates import GateName
from assumable.engine.layers import Prepared
from assumable.engine.own_role import EXPLICIT_SELF_TRUST_SINCE
from assumable.engine.truth import Truth, all_of, any_of, describe
from assumable.model.policy import Policy
from assumable.model.world import Principal, Role, World
from assumable.org.calls import ACTION, CallOf, plain_call, tagged_call
from assumable.org.classes import Classes
from assumable.org.grants import Grants
from assumable.org.lean import lean
from assumable.org.naming import principal_named, role_named
from assumable.org.outside import admission, let_in
from assumable.org.tagged import Tagging, can_be_tagged
from assumable.org.trusts import Other, Who, named_by, others_in
from assumable.org.universe import Members, Universe
from assumable.org.weaker import implies


class Passing(NamedTuple):
    """Principals who can assume a role under one condition, as a set.

    By a plain call, or by one of a session that somebody may tag.
    """

    condition: str
    """In words, those that name the tags; empty where there is none."""
    members: Members


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Principals who can assume a role under one condition."""

    condition: str
    """In words; empty where there is none."""
    principals: tuple[str, ...]
    statements: tuple[int, ...]
    """By which statements of the trust policy, counted from 1."""


class WhoCan(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who can assume a role, as far as the world is known."""

    role: str
    ways: tuple[Way, ...]
    """Without a condition first, then by how many there are."""
    tagged: tuple[Way, ...] = ()
    """Roles of which no session passes but one that somebody has given tags, under which condition.

    Whether their trust policies permit that with these tags, and to whom, is not looked into.
    """
    others: tuple[Other, ...] = ()
    """Whom nobody can list: services, bearers of tokens, accounts that were not read."""
    candidates: int = 0
    """How many principals the index found."""
    decided: int = 0
    """How many decisions about their plain calls the engine made: one for each class."""
    known: int = 0
    """How many principals there are."""
    not_known: str = ""
    """Why nothing certain can be said; empty where the trust policy was read."""


class _Decided(NamedTuple):
    """Principals for whom all decisions are the same."""

    decisions: tuple[Decision, ...]
    """About a plain call, and about one of a tagged session, as far as they may pass."""
    plain: Truth
    passes: Truth
    """The one or the other, which takes that somebody may tag the session."""
    alike: Members


class Everyone:
    """A world made ready to be asked about many roles."""

    def __init__(self, world: World, now: datetime) -> None:
        """Index what the principals' own policies permit; nothing is compiled before it counts."""
        world, self._now = lean(world), now
        self.universe = Universe(world)
        self._grants = Grants(self.universe)
        self._prepared = Prepared(world)
        self._tagging = Tagging(self.universe, self._prepared, now)
        self._classes: dict[CallOf, Classes] = {
            call_of: Classes(self.universe, self._prepared, now, call_of)
            for call_of in (plain_call, tagged_call)
        }
        self._roles_trust_themselves = now < EXPLICIT_SELF_TRUST_SINCE

    def role(self, text: str) -> Role:
        """The role of an ARN, or of a name that only one role has; InputError otherwise."""
        found = self.universe.principals[role_named(text, self.universe.names)]
        assert isinstance(found, Role)  # noqa: S101  # INVARIANT: only a role has the ARN of one
        return found

    def principal(self, text: str) -> Principal:
        """The user or role of an ARN, of a session the role; InputError when there is none."""
        return self.universe.principals[principal_named(text, self.universe.names)]

    def who(self, role: Role) -> WhoCan:
        """Who can assume the role."""
        known = len(self.universe.principals)
        if not isinstance(role.trust, Policy):
            why = f"{role.trust.what} was not read"
            return WhoCan(role=role.arn, ways=(), known=known, not_known=why)
        candidates = self.candidates(role)
        plain = tuple(self._groups(role, candidates, plain_call))
        decided = tuple(self._decided(role, candidates, plain))
        others = (o for o in others_in(role.trust) if not self.universe.is_listed(o.who.account))
        return WhoCan(
            role=role.arn,
            ways=self._ways(each for each in decided if each.plain is not False),
            tagged=self._ways(each for each in decided if each.plain is False),
            others=tuple(let_in(others, role, self._prepared, self._now)),
            candidates=len(candidates),
            decided=len(plain),
            known=known,
        )

    def passing(self, role: Role, among: Members | None = None) -> tuple[Passing, ...]:
        """Who can assume the role, as sets; nobody where its trust policy was not read.

        `among` limits the question to some principals.
        """
        candidates = self.candidates(role) if among is None else self.candidates(role) & among
        found: dict[str, Members] = {}
        plain = tuple(self._groups(role, candidates, plain_call))
        for each in self._decided(role, candidates, plain):
            found.setdefault(_condition(each.passes), Members()).update(each.alike)
        return tuple(Passing(condition, members) for condition, members in sorted(found.items()))

    def candidates(self, role: Role) -> Members:
        """INVARIANT: whoever can assume the role is among them, if its trust policy was read."""
        if not isinstance(role.trust, Policy):
            return Members()
        named = named_by(role.trust, self.universe)
        own = self.universe.named(role.arn) if self._roles_trust_themselves else Members()
        if not named.themselves and not named.by_account:
            return own
        home = self.universe.of_account(role.account)
        granted = self._grants.for_role(role.arn)
        return (named.themselves & (home | granted)) | (named.by_account & granted) | own

    def passes(self, principal: Principal, role: Role) -> Truth:
        """Whether a principal can assume a role, and under which condition."""
        plain = self._decide(principal, role, plain_call).passes
        may = isinstance(principal, Role) and can_be_tagged(principal.trust)
        if plain is True or may is False:
            return plain
        return _either(plain, all_of((self._decide(principal, role, tagged_call).passes, may)))

    def admission(self, who: Who, role: Role | None) -> tuple[Truth, ...]:
        """How a role lets in whom nobody can list: the condition of each statement that may."""
        return admission(who, role, self._prepared, self._now)

    def _decided(
        self, role: Role, candidates: Members, plain: tuple[tuple[Decision, Members], ...]
    ) -> Iterator[_Decided]:
        """Who of the candidates may pass; `plain` are their groups by plain calls."""
        certain = Members().union(*(alike for found, alike in plain if found.passes is True))
        tagged = tuple(self._tagged(role, candidates - certain))
        refused = candidates
        for found, alike in plain:
            if found.passes is not False:
                refused = refused - alike
                yield from _split(found, alike, () if found.passes is True else tagged)
        yield from _split(None, refused, tagged)

    def _tagged(self, role: Role, callers: Members) -> Iterator[_Decided]:
        """Those who may pass with a session that may have any tags."""
        helped = self._tagging.helped(callers, role) if callers else callers
        for decision, alike in self._groups(role, helped, tagged_call):
            for may, members in self._tagging.permitted(alike):
                passes = all_of((decision.passes, may))
                if passes is not False:
                    yield _Decided((decision,), False, passes, members)

    def _groups(
        self, role: Role, callers: Members, call_of: CallOf
    ) -> Iterator[tuple[Decision, Members]]:
        """One decision for each class of the callers, and who belongs to the class."""
        if callers:
            for alike in self._classes[call_of].groups(callers, role):
                yield self._decide(self.universe.principals[alike.min()], role, call_of), alike

    def _decide(self, principal: Principal, role: Role, call_of: CallOf) -> Decision:
        return decide(self._prepared, call_of(principal, role.arn, self._now))

    def _ways(self, decided: Iterable[_Decided]) -> tuple[Way, ...]:
        """By their conditions, those who pass; without one first, then by how many there are."""
        found: dict[str, tuple[Members, set[int]]] = {}
        for each in decided:
            members, statements = found.setdefault(_condition(each.passes), (Members(), set()))
            members.update(each.alike)
            statements.update(*map(_letting_in, each.decisions))
        ways = (self._way(text, *passing) for text, passing in sorted(found.items()))
        return tuple(sorted(ways, key=lambda way: (way.condition != "", -len(way.principals))))

    def _way(self, condition: str, members: Members, statements: set[int]) -> Way:
        return Way(
            condition=condition,
            principals=tuple(self.universe.names[n] for n in members),
            statements=tuple(index + 1 for index in sorted(statements)),
        )


def _split(
    plain: Decision | None, alike: Members, tagged: Iterable[_Decided]
) -> Iterator[_Decided]:
    """Those for whom the decision about a plain call is the same, None where that is refused."""
    for each in tagged:
        if some := alike & each.alike:
            alike = alike - some
            if plain is None:
                yield each._replace(alike=some)
            else:
                passes = _either(plain.passes, each.passes)
                yield _Decided((plain, *each.decisions), plain.passes, passes, some)
    if plain is not None and alike:
        yield _Decided((plain,), plain.passes, plain.passes, alike)


def _either(plain: Truth, tagged: Truth) -> Truth:
    """Whether a plain call passes, or that of a tagged session, without saying anything twice."""
    return plain if implies(tagged, plain) else any_of((plain, tagged))


def _condition(passes: Truth) -> str:
    return "" if passes is True else describe(passes)


def _letting_in(decision: Decision) -> Iterator[int]:
    """The indexes of the trust policy's statements that let the caller in, or may."""
    gate = next(gate for gate in decision.gates if gate.gate is GateName.TRUST)
    if gate.rules is not None and gate.context is not None:
        for rule in gate.rules.about(ACTION).allows:
            if rule.applies(gate.context) is not False:
                yield rule.statement.index
