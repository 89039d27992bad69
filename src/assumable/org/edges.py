"""Every edge of a world as sets: for each role, who can assume it under which condition.

The work is divided by the account of the roles and goes through one seam, an executor of
`concurrent.futures`: processes of this machine, a cluster, or none.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager
from itertools import islice
from typing import NamedTuple

from assumable.errors import UnreadableError
from assumable.formats.slice import uncollected
from assumable.model.world import Role
from assumable.org.loading import Source, everyone_at
from assumable.org.whocan import Passing

AHEAD = 3
"""How many accounts are asked for per worker, so that none waits for the first answer."""
_TRIES = 4
"""How many executors are started until the work is given up: each may lose a worker."""
_ONE_AT_A_TIME = threading.Lock()
"""A world that is asked changes what it remembers, and a cluster's worker may have many threads."""


class Edges(NamedTuple):
    """Who can assume one role."""

    role: int
    """Its number, as everybody's in the sets (`org.universe`)."""
    passing: tuple[Passing, ...]
    """At least one; no principal is in two of them."""


def edges_of(account: str, source: Source) -> tuple[Edges, ...]:
    """Who can assume the roles of an account; roles that nobody can are left out."""
    with _ONE_AT_A_TIME, uncollected():  # what is remembered of callers stays as the world does
        everyone, found = everyone_at(source), []
        for number in everyone.universe.of_account(account):
            role = everyone.universe.principals[number]
            passing = everyone.passing(role) if isinstance(role, Role) else ()
            if passing:
                found.append(Edges(number, passing))
        return tuple(found)


class Workers(NamedTuple):
    """Who does the work."""

    executor: Callable[[], AbstractContextManager[Executor]]
    """Called again when one has lost a worker, and with it what it was asked for.

    On the way out what it did not begin is given up.
    """
    pending: int
    """How many accounts are asked for at a time: what bounds the memory of the answers."""
    task: Callable[[str, Source], tuple[Edges, ...]] = edges_of
    """What they are asked: something else where the world's source is another than here."""


def all_edges(source: Source, workers: Workers | None = None) -> Iterator[Edges]:
    """The edges of every role, in the order of their numbers, whoever does the work.

    UnreadableError when workers are lost again and again.
    """
    accounts = deque(dict.fromkeys(everyone_at(source).universe.accounts))
    if workers is None:
        for account in accounts:
            yield from edges_of(account, source)
    else:
        yield from _by_workers(accounts, workers, source)


def _by_workers(accounts: deque[str], workers: Workers, source: Source) -> Iterator[Edges]:
    for _ in range(_TRIES):
        try:
            with workers.executor() as executor:
                yield from _asked(executor, accounts, workers, source)
        except BrokenExecutor:
            continue
        return
    raise UnreadableError(f"processes were lost {_TRIES} times; is there memory for so many?")


def _asked(
    executor: Executor, accounts: deque[str], workers: Workers, source: Source
) -> Iterator[Edges]:
    """What the executor answers; `accounts` keeps those that were not answered."""
    pending: deque[Future[tuple[Edges, ...]]] = deque()
    while accounts:
        for account in islice(accounts, len(pending), workers.pending):
            pending.append(executor.submit(workers.task, account, source))
        found = pending[0].result()
        pending.popleft()
        accounts.popleft()
        yield from found
