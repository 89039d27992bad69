"""Which roles a principal can reach, by any chain: shortest paths, and all simple ones to a role.

Every hop is a call of whoever the hop before made (FACTS section 9): a session of a role, for an
hour at most, without a source identity and without MFA. Where the call passes with session tags
alone, they are its condition, and whoever made the hop before must have passed them. That somebody
may tag the role's sessions is certain or told; whether that is who made the hop is not looked into.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

import msgspec

from assumable.org.universe import Members
from assumable.org.whocan import Everyone, Passing

MAX_HOPS = 4
MAX_PATHS = 100
"""How many paths to a role are shown."""


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


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The paths from a principal: to every role that it can reach, or all those to one."""

    principal: str
    to: str | None = None
    paths: tuple[Path, ...]
    complete: bool = True
    """Whether there are no more of them."""


class Graph(Protocol):
    """Who can assume what: principals have numbers, and roles are principals."""

    @property
    def names(self) -> Sequence[str]:
        """The ARN of everybody, by number."""
        ...

    @property
    def roles(self) -> Iterable[int]:
        """The roles that somebody may be able to assume, in order."""
        ...

    def passing(self, role: int, among: Members) -> Sequence[Passing]:
        """Who of some principals can assume a role; nobody is in two of the sets."""
        ...


class Decided:
    """The graph of a world that was not decided before: only what is asked for is decided now."""

    def __init__(self, everyone: Everyone) -> None:
        """Only candidates of the index are asked about."""
        self.names, self._everyone = everyone.universe.names, everyone
        self._candidates = {
            everyone.universe.number[role.arn]: (role, candidates)
            for role in everyone.universe.roles()
            if (candidates := everyone.candidates(role))
        }
        self.roles = tuple(self._candidates)

    def passing(self, role: int, among: Members) -> Sequence[Passing]:
        """Decided for each class of the candidates among them."""
        asked, candidates = self._candidates[role]
        return self._everyone.passing(asked, among) if candidates.intersect(among) else ()


class Paths:
    """The ways through a graph."""

    def __init__(self, graph: Graph) -> None:
        """Nothing is looked for before it is asked for."""
        self._graph = graph

    def reach(self, start: int, most: int | None = None) -> tuple[Path, ...]:
        """Every role that can be reached, each by a shortest path, nearest first.

        `most` is how many hops that may take.

        Where several such paths meet, the one on which less must hold is taken.
        """
        found: list[Path] = []
        left = [role for role in self._graph.roles if role != start]
        level, hops = {start: Path(())}, 0
        while level and hops != most:
            hops += 1
            level = dict(self._onward(level, left))
            found.extend(level.values())
            left = [role for role in left if role not in level]
        return tuple(found)

    def _onward(
        self, level: Mapping[int, Path], roles: Iterable[int]
    ) -> Iterator[tuple[int, Path]]:
        """One hop on: the best way to each of the roles that can be reached by it."""
        among, alike = Members(level), dict[tuple[str, ...], Members]()
        for number, path in level.items():
            alike.setdefault(path.conditions, Members()).add(number)
        for role in roles:
            passing = self._graph.passing(role, among)
            if passing:  # most roles are out of reach, and are passed over at once
                _, number, condition = min(
                    (len({*held, condition} - {""}), (members & those).min(), condition)
                    for condition, members in passing
                    for held, those in alike.items()
                    if members.intersect(those)
                )
                yield role, self._longer(level[number], role, condition)

    def all_to(self, start: int, target: int, most: int = MAX_HOPS) -> Iterator[Path]:
        """Simple paths to a role of at most so many hops, shortest first."""
        edges = self._edges_near(start, most)
        left = _hops_left(edges, target)
        onward: dict[int, list[tuple[int, str]]] = {}
        queue: deque[tuple[tuple[int, ...], Path]] = deque([((start,), Path(()))])
        while queue:
            passed, path = queue.popleft()
            if passed[-1] not in onward:
                onward[passed[-1]] = _from(passed[-1], edges, left)
            for role, condition in onward[passed[-1]]:
                if role in passed or len(passed) + left[role] > most:
                    continue
                longer = self._longer(path, role, condition)
                if role == target:
                    yield longer
                else:
                    queue.append(((*passed, role), longer))

    def find(self, start: int, target: int | None, most: int | None) -> Found:
        """What is asked: to every role, or the first `MAX_PATHS` to one of at most so many hops."""
        name = self._graph.names[start]
        if target is None:
            return Found(principal=name, paths=self.reach(start, most))
        found = tuple(islice(self.all_to(start, target, most or MAX_HOPS), MAX_PATHS + 1))
        return Found(
            principal=name,
            to=self._graph.names[target],
            paths=found[:MAX_PATHS],
            complete=len(found) <= MAX_PATHS,
        )

    def _edges_near(self, start: int, most: int) -> dict[int, list[Passing]]:
        """Who can assume each role, of those that can be reached with one hop less."""
        edges: dict[int, list[Passing]] = {}
        seen = level = Members((start,))
        for _ in range(most):
            following = Members()
            for role in self._graph.roles:
                for passing in self._graph.passing(role, level):
                    edges.setdefault(role, []).append(passing)
                    following.add(role)
            level = following - seen
            seen = seen | level
            if not level:
                break
        return edges

    def _longer(self, path: Path, role: int, condition: str) -> Path:
        return Path((*path.steps, Step(self._graph.names[role], condition)))


def _hops_left(edges: Mapping[int, Iterable[Passing]], target: int) -> dict[int, int]:
    """How far it is at least to the target, from everybody on a way to it, in order."""
    left, queue = {target: 0}, deque([target])
    while queue:
        role = queue.popleft()
        for _, members in edges.get(role, ()):
            for source in members:
                if source not in left:
                    left[source] = left[role] + 1
                    queue.append(source)
    return dict(sorted(left.items()))


def _from(
    principal: int, edges: Mapping[int, Iterable[Passing]], roles: Iterable[int]
) -> list[tuple[int, str]]:
    """Which of the roles a principal can assume, and under which condition."""
    return [
        (role, condition)
        for role in roles
        for condition, members in edges.get(role, ())
        if principal in members
    ]
