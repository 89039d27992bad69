"""Ways from role to role to some of them, found backwards: few roles lead to an administrator.

Only hops count that pass without a condition, so that a way may be longer than one on which
something must hold.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pyroaring import FrozenBitMap

from assumable.org.universe import Members


class Way(NamedTuple):
    """What can be reached from a role."""

    roles: tuple[int, ...]
    """The hops of a shortest way to a target that is nearest; those with the lowest numbers."""
    targets: Members
    """All targets that can be reached."""


class Towards:
    """All ways to the targets."""

    def __init__(self, targets: Iterable[int], sources: Callable[[int], Members]) -> None:
        """`sources` says which roles can assume a role without a condition; asked once of each."""
        self._targets = Members(targets)
        self._sources: dict[int, FrozenBitMap] = {}
        level = self._targets
        while level:
            self._sources.update((role, FrozenBitMap(sources(role))) for role in level)
            level = Members().union(*map(self._sources.__getitem__, level)) - self.roles
        self._alike: dict[FrozenBitMap, Members] = {}
        """Roles by who can assume them: most are like many others."""
        for role, members in self._sources.items():
            self._alike.setdefault(members, Members()).add(role)

    @property
    def roles(self) -> Members:
        """The targets, and all that lead to one."""
        return Members(self._sources)

    def way(self, start: int) -> Way | None:
        """From a role that is no target; None where no way leads to one."""
        if start not in self._sources:
            return None
        rings, left = [seen := Members((start,))], list(self._alike.items())
        while rings[-1]:
            is_met = [those.intersect(rings[-1]) for those, _ in left]
            onward = (roles for _, roles in itertools.compress(left, is_met))
            left = [alike for alike, met in zip(left, is_met, strict=True) if not met]
            rings.append(Members().union(*onward) - seen)
            seen = seen | rings[-1]
        nearest = next(n for n, ring in enumerate(rings) if ring.intersect(self._targets))
        hops = [(rings[nearest] & self._targets).min()]
        for ring in reversed(rings[1:nearest]):
            hops.insert(0, (self._sources[hops[0]] & ring).min())
        return Way(tuple(hops), seen & self._targets)
