"""Ways to some roles, against every chain of roles that there is."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from assumable.org.towards import Towards
from assumable.org.universe import Members

MOST = 6
Edges = frozenset[tuple[int, int]]
numbers = st.integers(0, MOST - 1)


def chains(edges: Edges, start: int, targets: set[int]) -> list[tuple[int, ...]]:
    """The hops of every chain to a target that comes to nobody twice."""
    others = [number for number in range(MOST) if number != start]
    return [
        hops
        for length in range(1, MOST)
        for hops in itertools.permutations(others, length)
        if hops[-1] in targets and set(itertools.pairwise((start, *hops))) <= edges
    ]


@given(
    edges=st.frozensets(st.tuples(numbers, numbers), max_size=14),
    targets=st.sets(numbers, max_size=3),
    start=numbers,
)
def test_a_way_is_one_of_the_shortest_chains(edges: Edges, targets: set[int], start: int) -> None:
    if start in targets:
        return
    towards = Towards(targets, lambda role: Members(a for a, b in edges if b == role))
    found, expected = towards.way(start), chains(edges, start, targets)
    assert (start in towards.roles) == bool(expected)
    if found is None:
        assert not expected
        return
    assert set(found.targets) == {hops[-1] for hops in expected}
    least = min(map(len, expected))
    shortest = [hops for hops in expected if len(hops) == least]
    assert found.roles == min(shortest, key=lambda hops: hops[::-1])  # the lowest numbers, from it
