"""What changed between two worlds: decisions about every pair, each with the edits that did it.

Not to be mixed up with `assumable.compare`, which holds one call against another.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple, get_args

import msgspec

from assumable import arn
from assumable.engine.truth import Truth, any_of, atoms, describe
from assumable.errors import InputError
from assumable.model.policy import Policy
from assumable.model.world import Principal, Role, Unknown, World
from assumable.org.attribution import Attribution, Between, Cause, Changed, OtherChanged
from assumable.org.edits import Edit, Unread, shown, unread_in
from assumable.org.trusts import EVERY, OtherKind, Who, others_in
from assumable.org.universe import Members
from assumable.org.weaker import course
from assumable.org.whocan import Everyone, Passing

Direction = Literal["gained", "eased", "other", "tightened", "lost"]
"""Access that is new, asks for less, asks for something else, asks for more, is gone."""
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_READ_BY = ("iam:", "organizations:")
"""How permissions begin that would settle what is read; the rest depends on how somebody calls."""


class Access(NamedTuple):
    """Principals whose access to one role changed in the same way."""

    role: str
    before: str | None
    """The condition in words, empty where there is none; None where the call was denied."""
    after: str | None
    members: Members
    """By the numbers of `Drift.names`."""


class OtherAccess(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Somebody whom nobody can list, and under which conditions a role lets them in."""

    role: str
    kind: OtherKind
    name: str
    before: tuple[str, ...] = ()
    """That of each statement, an empty text where there was none; without any nobody came in."""
    after: tuple[str, ...] = ()


class Change(NamedTuple):
    """Everything that the same edits changed in the same direction."""

    direction: Direction
    cause: Cause
    access: tuple[Access, ...]
    others: tuple[OtherAccess, ...]

    @property
    def pairs(self) -> int:
        """How many pairs of a principal and a role."""
        return sum(len(each.members) for each in self.access)

    @property
    def size(self) -> int:
        """How many pairs, and others than principals."""
        return self.pairs + len(self.others)

    @property
    def opens_to_all(self) -> bool:
        """Whether it is about everyone there is, or every bearer of a token."""
        return any(other.name == EVERY for other in self.others)


class Uncompared(msgspec.Struct, frozen=True, order=True):
    """What was not read, so that nobody knows whether it changed."""

    what: str
    unread: Unread
    pairs: int = 0
    """Decisions that are not the same, and may differ for nothing else."""


class Drift(NamedTuple):
    """What changed between two worlds."""

    names: tuple[str, ...]
    """The ARNs of all principals of both worlds."""
    roles: int
    """How many roles there are in either world."""
    changes: tuple[Change, ...]
    """The most dangerous direction first, in each of them what concerns most."""
    uncompared: tuple[Uncompared, ...]
    documents: dict[Edit, tuple[object, object]]
    """Of edited policies the document as it was and as it is."""

    def count(self, *directions: Direction) -> int:
        """How many pairs changed in one of these directions, and others than principals."""
        return sum(change.size for change in self.changes if change.direction in directions)


def drift(old: World, new: World, now: datetime) -> Drift:
    """Compare two worlds; InputError when one is closed and the other is not."""
    if old.complete != new.complete:
        raise InputError(
            "a scenario and a snapshot cannot be compared",
            "",
            "what is not listed does not exist in the one, and is unknown in the other",
        )
    return _Comparison(old, new, now).drift()


class _Side:
    """One of the two worlds, with the numbers of its principals in both."""

    def __init__(self, world: World, now: datetime, joint: dict[str, int]) -> None:
        self.everyone = Everyone(world, now)
        self._joint = [joint[found.arn] for found in self.everyone.universe.principals]
        self._is_same = self._joint == list(range(len(joint)))

    def numbers(self, members: Members) -> Members:
        """Own numbers of those among joint ones who are in this world."""
        return Members([own for own, number in enumerate(self._joint) if number in members])

    def passing(self, role: Role | None, among: Members | None) -> list[Passing]:
        """Who can assume the role, by joint numbers; `among` are own ones."""
        if role is None:
            return []
        found = self.everyone.passing(role, among)
        if self._is_same:
            return list(found)
        return [
            Passing(each.condition, Members([self._joint[n] for n in each.members]))
            for each in found
        ]

    def passes(self, name: str, role: Role | None) -> Truth:
        """Whether a principal can assume a role; whoever does not exist cannot."""
        number = self.everyone.universe.number.get(name)
        if role is None or number is None:
            return False
        return self.everyone.passes(self.everyone.universe.principals[number], role)


class _Comparison:
    def __init__(self, old: World, new: World, now: datetime) -> None:
        self._worlds = old, new
        self._between = Between(old, new)
        principals = self._between.principals
        known = principals.old.keys() | principals.new.keys()
        self._names = tuple(sorted(known, key=lambda name: (arn.account_of(name), name)))
        self._number = {name: number for number, name in enumerate(self._names)}
        self._old, self._new = (_Side(world, now, self._number) for world in (old, new))
        self._attribution = Attribution(self._between, self._names, now)
        self._found: dict[tuple[Direction, Cause], list[Access]] = {}
        self._others: dict[tuple[Direction, Cause], list[OtherAccess]] = {}
        self._documents = {**principals.documents, **self._between.tree.documents}
        self._uncompared: dict[tuple[str, Unread], int] = {}
        self._edits_of: list[tuple[Edit, ...]] = [
            self._between.as_caller(name) for name in self._names
        ]
        edited = Members([n for n, edits in enumerate(self._edits_of) if edits])
        self._edited = self._old.numbers(edited), self._new.numbers(edited)
        self._unread = Members(self._may_be_elsewhere())

    def drift(self) -> Drift:
        """Role by role, in order."""
        roles = [name for name in self._names if ":role/" in name]
        self._accounts()
        for name in roles:
            if self._number[name] not in self._unread:
                self._role(name)
        changes = [
            Change(*key, tuple(self._found.get(key, ())), tuple(self._others.get(key, ())))
            for key in dict.fromkeys((*self._found, *self._others))
        ]
        changes.sort(key=_rank)
        return Drift(
            names=self._names,
            roles=len(roles),
            changes=tuple(changes),
            uncompared=tuple(sorted(Uncompared(*k, n) for k, n in self._uncompared.items())),
            documents=self._documents,
        )

    def _accounts(self) -> None:
        """Accounts that were not read, in one of the worlds or in both."""
        for account in sorted(set().union(*(world.accounts for world in self._worlds))):
            old, new = (isinstance(world.account(account), Unknown) for world in self._worlds)
            if old or new:
                self._not_read(f"account {account}", unread_in(old=old, new=new))

    def _not_read(self, what: str, unread: Unread, pairs: int = 0) -> None:
        self._uncompared[what, unread] = self._uncompared.get((what, unread), 0) + pairs

    def _may_be_elsewhere(self) -> Iterator[int]:
        """Those who are known in one world, and may be there in the other one."""
        for edits, name in zip(self._edits_of, self._names, strict=True):
            if not any(edit.is_whole and edit.subject == name for edit in edits):
                continue
            is_old = name in self._between.principals.old
            world = self._worlds[is_old]
            account = world.account(arn.account_of(name))
            if isinstance(account, Unknown):
                yield self._number[name]
            elif account.may_hold(name):
                kind = "roles" if ":role/" in name else "users"
                self._not_read(f"some {kind} of account {account.id}", "NEW" if is_old else "OLD")
                yield self._number[name]

    def _role(self, name: str) -> None:
        principals = self._between.principals
        old, new = _role(principals.old.get(name)), _role(principals.new.get(name))
        unread = [role is not None and isinstance(role.trust, Unknown) for role in (old, new)]
        if any(unread):
            where = unread_in(old=unread[0], new=unread[1])
            self._not_read(f"the trust policy of {shown(name)}", where)
            return
        self._others_of(name, old, new)
        edits = self._between.as_role(name)
        among: tuple[Members | None, Members | None] = (None, None) if edits else self._edited
        if among == (Members(), Members()):
            return
        before = self._old.passing(old, among[0])
        after = self._new.passing(new, among[1])
        for was, now, members in _differing(before, after):
            for own, alike in self._by_edits(members - self._unread):
                first = self._names[alike.min()]
                then, passes = self._old.passes(first, old), self._new.passes(first, new)
                relevant = tuple(sorted({*edits, *own}))
                self._explain(Changed(name, was, now, alike, passes), then, relevant)

    def _by_edits(self, members: Members) -> Iterator[tuple[tuple[Edit, ...], Members]]:
        """The members, those together whom the same edits concern."""
        found: dict[tuple[Edit, ...], list[int]] = {}
        for number in members:
            found.setdefault(self._edits_of[number], []).append(number)
        return ((edits, Members(numbers)) for edits, numbers in found.items())

    def _explain(self, changed: Changed, then: Truth, edits: tuple[Edit, ...]) -> None:
        direction = _direction(then, changed.passes)
        is_read = self._is_read(edits, then, changed.passes, len(changed.members))
        if direction is None or not is_read:
            return
        for cause, members in self._attribution.causes(changed, edits):
            access = Access(changed.role, changed.before, changed.after, members)
            self._found.setdefault((direction, cause), []).append(access)

    def _is_read(self, edits: tuple[Edit, ...], then: Truth, now: Truth, pairs: int) -> bool:
        """Whether decisions do not differ for what was not read; else that is told."""
        unread = [edit for edit in edits if edit.unread] if _read(then) != _read(now) else []
        for edit in unread:
            self._not_read(edit.what, edit.unread, pairs)
        return not unread

    def _others_of(self, name: str, old: Role | None, new: Role | None) -> None:
        """Whom nobody can list, let in by one of the two roles alone, or under other conditions."""
        for who in sorted({*_whom(old), *_whom(new)}):
            edits = tuple(sorted({*self._between.as_other(who, name)}))
            sides = (self._old.everyone, old), (self._new.everyone, new)
            if not edits or any(side.universe.is_listed(who.account) for side, _ in sides):
                continue
            before, after = (side.admission(who, role) for side, role in sides)
            was, now = any_of(before), any_of(after)
            direction, is_read = _direction(was, now), self._is_read(edits, was, now, 1)
            if direction is not None and is_read:
                cause = self._attribution.cause(OtherChanged(name, who, was, now), edits)
                found = OtherAccess(
                    role=name, kind=who.kind, name=who.name,
                    before=_asked(before), after=_asked(after),
                )  # fmt: skip
                self._others.setdefault((direction, cause), []).append(found)


def _rank(change: Change) -> tuple[int, bool, int, Cause]:
    return DIRECTIONS.index(change.direction), not change.opens_to_all, -change.size, change.cause


def _role(found: Principal | None) -> Role | None:
    return found if isinstance(found, Role) else None


def _differing(
    before: list[Passing], after: list[Passing]
) -> Iterator[tuple[str | None, str | None, Members]]:
    """Who passes under another condition than before, or in one of the worlds alone."""
    old, new = (Members().union(*(each.members for each in side)) for side in (before, after))
    parts = [
        *((None, each.condition, each.members - old) for each in after),
        *((was.condition, now.condition, was.members & now.members)
          for was in before for now in after if was.condition != now.condition),
        *((each.condition, None, each.members - new) for each in before),
    ]  # fmt: skip
    return ((was, now, members) for was, now, members in parts if members)


def _read(truth: Truth) -> frozenset[str]:
    """The parts of the world that were not read and that the truth depends on."""
    return frozenset(
        atom.part or atom.text
        for atom in atoms(truth)
        if atom.kind in ("policy", "fact") or atom.settle.startswith(_READ_BY)
    )


def _direction(then: Truth, now: Truth) -> Direction | None:
    """None where the condition is the same in other words."""
    if then is False or now is False:
        return None if then == now else "gained" if then is False else "lost"
    found = course(then, now)
    return None if found == "same" else found


def _whom(role: Role | None) -> Iterator[Who]:
    """Whom a role's trust policy means that cannot be listed."""
    if role is not None and isinstance(role.trust, Policy):
        yield from (other.who for other in others_in(role.trust))


def _asked(admission: tuple[Truth, ...]) -> tuple[str, ...]:
    """Under which conditions; a statement that asks nothing makes the others needless."""
    if any_of(admission) is True:
        return ("",)
    return tuple(sorted({describe(truth) for truth in admission}))
