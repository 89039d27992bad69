"""Which edits changed a decision: found by deciding again in worlds between two.

Edits did it when the older world with them alone decides as the newer one does, and with none of
them left out any more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec

from assumable import arn
from assumable.engine.layers import Prepared
from assumable.engine.truth import Truth, any_of
from assumable.model.world import Account, Role, Unknown, User, World
from assumable.org.edits import Edit, PrincipalEdits, shown, unread_in
from assumable.org.outside import admission
from assumable.org.tree_edits import TreeEdits
from assumable.org.trusts import Who
from assumable.org.universe import Members
from assumable.org.weaker import course
from assumable.org.whocan import Everyone


class Cause(msgspec.Struct, frozen=True, order=True):
    """The edits that changed decisions."""

    edits: tuple[Edit, ...]
    together: bool = False
    """Whether it took all of them; else each would have done by itself."""


class Changed(NamedTuple):
    """Principals whose decision about a role changed from one condition to another."""

    role: str
    before: str | None
    """The condition in words, empty where there is none; None where the call was denied."""
    after: str | None
    members: Members
    passes: Truth
    """The newer condition."""


class OtherChanged(NamedTuple):
    """Somebody whom nobody can list, and how one role lets them in now."""

    role: str
    who: Who
    was: Truth
    """The older condition."""
    passes: Truth
    """The newer condition."""


class Between:
    """Two worlds, and any world between them: the older one with some of the edits."""

    def __init__(self, old: World, new: World) -> None:
        """Both worlds are closed, or neither is."""
        self._old, self._new = old, new
        self.principals = PrincipalEdits(old.principals(), new.principals(), closed=old.complete)
        self.tree = TreeEdits(old, new)

    def as_caller(self, name: str) -> tuple[Edit, ...]:
        """Edits that can count when a principal calls."""
        own = self.principals.as_caller(name)
        return own + self.tree.of(arn.account_of(name), "caller")

    def as_role(self, name: str) -> tuple[Edit, ...]:
        """Edits that can count when a role is asked for."""
        own = self.principals.as_role(name)
        return own + self.tree.of(arn.account_of(name), "role")

    def as_other(self, who: Who, role: str) -> tuple[Edit, ...]:
        """Edits that can count when somebody whom nobody can list asks for a role."""
        own = self.as_role(role)
        if who.account:
            return own + self.tree.of(who.account, "caller")
        return own + self._of_provider(who.name)

    def _of_provider(self, name: str) -> tuple[Edit, ...]:
        if not arn.account_of(name):
            return ()
        old, new = (_has_provider(world, name) for world in (self._old, self._new))
        if old == new:
            return ()
        unread = unread_in(old=old is None, new=new is None)
        done = "" if unread else " was created" if new else " was deleted"
        return (Edit("provider", name, f"{shown(name)}{done}", unread),)

    def world_of(self, taken: frozenset[Edit], role: str, who: Who) -> World:
        """The older world with some of the edits, with one role, and the provider of its bearers.

        Only for that provider the others in its account are as the edits have them.
        """
        world = self.world(taken, (role,))
        is_edited = not taken.isdisjoint(self._of_provider(who.name))
        source = self._new if is_edited else self._old
        home, found = source.account(arn.account_of(role)), world.role(role)
        if not isinstance(home, Account) or not isinstance(found, Role):
            return world
        home = msgspec.structs.replace(home, users={}, roles={role: found})
        return msgspec.structs.replace(world, accounts={home.id: home})

    def world(self, taken: frozenset[Edit], names: Iterable[str]) -> World:
        """The older world with some of the edits, and with none but the principals named."""
        users: dict[str, dict[str, User]] = {}
        roles: dict[str, dict[str, Role]] = {}
        for name in dict.fromkeys(names):
            found = self.principals.with_edits(name, taken)
            if isinstance(found, Role):
                roles.setdefault(found.account, {})[name] = found
            elif isinstance(found, User):
                users.setdefault(found.account, {})[name] = found
        organizations, standalone = self.tree.with_edits(taken)
        return World(
            accounts={
                account: Account(
                    id=account, users=users.get(account, {}), roles=roles.get(account, {})
                )
                for account in sorted(users.keys() | roles.keys())
            },
            organizations=organizations,
            standalone=standalone,
            complete=self._old.complete,
        )


class Attribution:
    """Finds the cause of each change, for all of whom it is the same at once."""

    def __init__(self, between: Between, names: Sequence[str], now: datetime) -> None:
        """`names` are the ARNs of all principals, by their numbers."""
        self._between, self._names, self._now = between, names, now

    def causes(self, changed: Changed, edits: tuple[Edit, ...]) -> Iterator[tuple[Cause, Members]]:
        """Each cause with those for whom it is one; `edits` are all that can count for them."""
        return _causes(partial(self._enough, changed), changed.members, edits)

    def cause(self, changed: OtherChanged, edits: tuple[Edit, ...]) -> Cause:
        """The same for one whom nobody can list."""
        ((cause, _),) = _causes(partial(self._is_enough, changed), Members((0,)), edits)
        return cause

    def _is_enough(
        self, changed: OtherChanged, members: Members, edits: tuple[Edit, ...]
    ) -> Members:
        world = self._between.world_of(frozenset(edits), changed.role, changed.who)
        role = world.role(changed.role)
        passes = any_of(admission(changed.who, role, Prepared(world), self._now))
        if passes is False or changed.passes is False:
            return members if passes == changed.passes else Members()
        is_so = changed.was is False or course(passes, changed.passes) == "same"
        return members if is_so else Members()

    def _enough(self, changed: Changed, members: Members, edits: tuple[Edit, ...]) -> Members:
        """Those whom the older world with these edits alone decides as the newer one does."""
        names = [self._names[number] for number in members]
        world = self._between.world(frozenset(edits), (*names, changed.role))
        role = world.role(changed.role)
        found = Members()
        if isinstance(role, Role):
            asked = Everyone(world, self._now)
            numbers = dict(zip(names, members, strict=True))
            for passing in asked.passing(role):
                principals = [asked.universe.principals[n] for n in passing.members]
                if (
                    changed.before is None
                    or changed.after is None
                    or passing.condition == changed.after
                    or course(asked.passes(principals[0], role), changed.passes) == "same"
                ):
                    found.update(numbers[p.arn] for p in principals if p.arn in numbers)
        return found if changed.after is not None else members - found


def _has_provider(world: World, name: str) -> bool | None:
    """Whether an account has a provider; None where that was not read."""
    account = world.account(arn.account_of(name))
    if isinstance(account, Account) and name in account.providers:
        return True
    return None if isinstance(account, Unknown) or account.may_hold(name) else False


_Enough = Callable[[Members, tuple[Edit, ...]], Members]
"""Of some those for whom some edits do all of it."""


def _causes(
    enough: _Enough, changed: Members, edits: tuple[Edit, ...]
) -> Iterator[tuple[Cause, Members]]:
    if len(edits) == 1:  # without it, both worlds decide alike
        yield Cause(edits), changed
        return
    alone: dict[tuple[Edit, ...], Members] = {(): changed}
    for edit in edits:
        does = enough(changed, (edit,))
        split = {(*did, edit): members & does for did, members in alone.items()}
        alone = split | {did: members - does for did, members in alone.items()}
        alone = {did: members for did, members in alone.items() if members}
    left = alone.pop((), Members())
    yield from ((Cause(did), members) for did, members in alone.items())
    if left:
        yield from _together(enough, left, edits)


def _together(
    enough: _Enough, members: Members, edits: tuple[Edit, ...], needed: int = 0
) -> Iterator[tuple[Cause, Members]]:
    """Leave out whatever edit is not needed, one after the other, until all of them are.

    So many of the last ones are needed beside the others; without another one they may not be.
    """
    if needed == len(edits) or len(edits) == 2:  # noqa: PLR2004  # neither of two is enough
        yield Cause(tuple(sorted(edits)), together=True), members
        return
    first, others = edits[0], edits[1:]
    does = enough(members, others)
    if does:
        yield from _together(enough, does, others)
    if members - does:
        yield from _together(enough, members - does, (*others, first), needed + 1)
