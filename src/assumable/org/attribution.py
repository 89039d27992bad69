"""Which edits changed a decision: found by deciding again in worlds between two.

Edits did it when the older world with them alone decides as the newer one does, and with none of
them left out any more.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from assumable import arn
from assumable.engine.truth import Truth
from assumable.model.world import Account, Role, User, World
from assumable.org.edits import Edit, PrincipalEdits
from assumable.org.tree_edits import TreeEdits
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


class Between:
    """Two worlds, and any world between them: the older one with some of the edits."""

    def __init__(self, old: World, new: World) -> None:
        """Both worlds are closed, or neither is."""
        self._old = old
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
        if len(edits) == 1:  # without it, both worlds decide alike
            yield Cause(edits), changed.members
            return
        alone: dict[tuple[Edit, ...], Members] = {(): changed.members}
        for edit in edits:
            enough = self._enough(changed, changed.members, (edit,))
            split = {(*did, edit): members & enough for did, members in alone.items()}
            alone = split | {did: members - enough for did, members in alone.items()}
            alone = {did: members for did, members in alone.items() if members}
        left = alone.pop((), Members())
        yield from ((Cause(did), members) for did, members in alone.items())
        if left:
            yield from self._together(changed, left, edits, 0)

    def _together(
        self, changed: Changed, members: Members, edits: tuple[Edit, ...], tried: int
    ) -> Iterator[tuple[Cause, Members]]:
        """Leave out whatever edit is not needed, one after the other."""
        if tried == len(edits) or len(edits) == 2:  # noqa: PLR2004  # neither of two is enough
            yield Cause(edits, together=True), members
            return
        fewer = (*edits[:tried], *edits[tried + 1 :])
        enough = self._enough(changed, members, fewer)
        if enough:
            yield from self._together(changed, enough, fewer, tried)
        if members - enough:
            yield from self._together(changed, members - enough, edits, tried + 1)

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
