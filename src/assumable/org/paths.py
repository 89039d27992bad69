"""Which roles a principal can reach, by any chain: shortest paths, and all simple ones to a role.

Every hop is a plain call of whoever the hop before made (FACTS section 9): a session of a role, for
an hour at most, without attributes and without MFA.
"""

from collections import deque
from collections.abc import Iterator

import msgspec

from assumable.engine.truth import Truth, describe
from assumable.model.world import Principal, Role
from assumable.org.whocan import Everyone

MAX_HOPS = 4
MAX_PATHS = 100


class Step(msgspec.Struct, frozen=True):
    """One hop, and under which condition it passes; no text where there is none."""

    role: str
    condition: str


class Path(msgspec.Struct, frozen=True):
    """The hops from a principal to the last role."""

    steps: tuple[Step, ...]

    @property
    def role(self) -> str:
        """Where it leads."""
        return self.steps[-1].role

    @property
    def conditions(self) -> tuple[str, ...]:
        """What must hold on the way, each once."""
        return tuple(dict.fromkeys(step.condition for step in self.steps if step.condition))


class Paths:
    """The graph of who can assume what: each edge is decided when somebody comes that way."""

    def __init__(self, everyone: Everyone) -> None:
        """Only candidates of the index are edges; the engine decides about each, once."""
        self._everyone = everyone
        self._roles = [
            (role, candidates)
            for role in everyone.universe.roles()
            if (candidates := everyone.candidates(role))
        ]
        self._edges: dict[str, tuple[tuple[Role, Truth], ...]] = {}

    def reach(self, start: Principal) -> tuple[Path, ...]:
        """Every role that can be reached, each by a shortest path, nearest first.

        Where several such paths meet, the one on which less must hold is taken.
        """
        found: dict[str, Path] = {}
        queue: deque[tuple[Principal, Path | None]] = deque([(start, None)])
        while queue:
            level, after = list(queue), dict[str, tuple[Role, Path]]()
            queue.clear()
            for principal, path in level:
                for role, longer in self._onward(principal, path):
                    if role.arn in found or role.arn == start.arn:
                        continue
                    known = after.get(role.arn)
                    if known is None or len(longer.conditions) < len(known[1].conditions):
                        after[role.arn] = role, longer
            for _, (role, path) in sorted(after.items()):
                found[role.arn] = path
                queue.append((role, path))
        return tuple(found.values())

    def all_to(self, start: Principal, target: Role, most: int = MAX_HOPS) -> tuple[Path, ...]:
        """Simple paths to a role of at most so many hops, shortest first; at most `MAX_PATHS`."""
        left = self._hops_left(start, target, most)
        found: list[Path] = []
        queue: deque[tuple[Principal, Path | None]] = deque([(start, None)])
        while queue and len(found) < MAX_PATHS:
            principal, path = queue.popleft()
            passed = {step.role for step in path.steps} if path is not None else set()
            for role, longer in self._onward(principal, path):
                if role.arn in passed or role.arn == start.arn:
                    continue
                if role.arn == target.arn:
                    found.append(longer)
                elif len(longer.steps) + left.get(role.arn, most) <= most:
                    queue.append((role, longer))
        return tuple(found[:MAX_PATHS])

    def _hops_left(self, start: Principal, target: Role, most: int) -> dict[str, int]:
        """How far it is at least to the target, from each role that may stand on such a path."""
        sources: dict[str, list[str]] = {}
        seen, level = {start.arn}, [start]
        for _ in range(most):
            following: dict[str, Principal] = {}
            for principal in level:
                for role, _passes in self._edges_of(principal):
                    sources.setdefault(role.arn, []).append(principal.arn)
                    following[role.arn] = role
            level = [role for name, role in following.items() if name not in seen]
            seen |= following.keys()
        left, queue = {target.arn: 0}, deque([target.arn])
        while queue:
            name = queue.popleft()
            for source in sources.get(name, ()):
                if source not in left:
                    left[source] = left[name] + 1
                    queue.append(source)
        return left

    def _onward(self, principal: Principal, path: Path | None) -> Iterator[tuple[Role, Path]]:
        before = path.steps if path is not None else ()
        for role, passes in self._edges_of(principal):
            condition = "" if passes is True else describe(passes)
            yield role, Path((*before, Step(role.arn, condition)))

    def _edges_of(self, principal: Principal) -> tuple[tuple[Role, Truth], ...]:
        known = self._edges.get(principal.arn)
        if known is None:
            number = self._everyone.universe.number[principal.arn]
            asked = (
                (role, self._everyone.passes(principal, role))
                for role, candidates in self._roles
                if number in candidates and role.arn != principal.arn
            )
            known = tuple((role, passes) for role, passes in asked if passes is not False)
            self._edges[principal.arn] = known
        return known
