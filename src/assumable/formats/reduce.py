"""The smallest scenario of which something still holds: delta debugging on the document.

Members of every object and list are left out, halves first, then one by one, from the top down:
accounts, principals, policies, statements, values of lists, condition keys, parameters, parts of
the session, nodes of the organization. It ends when nothing more can go.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_NO_EVIDENCE = ("source", "error_text", "established")
_STAY = frozenset(("scenario", "time", "title", "expect"))
"""The version, the moment, on which the answer may come to depend, and what is no evidence."""
_DOCUMENTS = ("AssumeRolePolicyDocument", "PolicyDocument", "Document", "Content")
_POLICIES = frozenset((*_DOCUMENTS, "Policy", "policy"))
_OF_A_STATEMENT = frozenset(("Effect", "Principal"))
"""What AWS wants in a statement, whether or not it makes a difference; it takes no empty list."""
Path = tuple[str | int, ...]


class Reduction(NamedTuple):
    """What is left, and how it came about."""

    document: Any
    tries: int
    is_complete: bool
    """Whether nothing more can go; else the time was up."""


def reduce(document: Any, holds: Callable[[Any], bool], is_over: Callable[[], bool]) -> Reduction:
    """The document with as little in it as `holds` allows; `is_over` says when to stop.

    What holds must hold of the document itself. The order is fixed, so that the same document gives
    the same result unless the time is up.
    """
    reducer = _Reducer(document, holds, is_over)
    reducer.run()
    return Reduction(reducer.document, reducer.tries, not reducer.stopped)


def values_in(document: Any) -> int:
    """How many values a document holds, empty objects and lists among them."""
    if isinstance(document, dict | list) and document:
        members = document.values() if isinstance(document, dict) else document
        return sum(map(values_in, members))
    return 1


class _Reducer:
    def __init__(
        self, document: Any, holds: Callable[[Any], bool], is_over: Callable[[], bool]
    ) -> None:
        self.document, self.holds, self.is_over = document, holds, is_over
        self.tries, self.stopped = 0, False

    def run(self) -> None:
        top = {key: value for key, value in self.document.items() if key not in _NO_EVIDENCE}
        self._try(top)
        self._try(_unfolded(self.document))
        changed = True
        while changed and not self.stopped:
            changed = False
            queue: list[Path] = [()]
            for path in queue:  # grows: level by level
                changed |= self._shrink(path)
                queue.extend((*path, key) for key in _containers(_at(self.document, path), path))

    def _try(self, candidate: Any) -> bool:
        if self.stopped or self.is_over():
            self.stopped = True
            return False
        self.tries += 1
        if not self.holds(candidate):
            return False
        self.document = candidate
        return True

    def _shrink(self, path: Path) -> bool:
        """Leave out members of one object or list, ever smaller parts of them."""
        container = _at(self.document, path)
        members = list(_members(container))
        in_policy = not _POLICIES.isdisjoint(path)
        stay = _STAY if not path else _OF_A_STATEMENT if in_policy else frozenset[str]()
        kept = [member for member in members if member[0] in stay]
        free = [member for member in members if member[0] not in stay]
        size, shrunk = len(free), False
        while size and not self.stopped:
            place = 0
            while place < len(free):
                left = [*free[:place], *free[place + size :]]
                is_empty_list = in_policy and not left and isinstance(container, list)
                if not is_empty_list and self._try(
                    _with(self.document, path, _rebuilt(container, [*kept, *left]))
                ):
                    free, shrunk = left, True
                else:
                    place += size
            size //= 2
        return shrunk


def _members(container: Any) -> Iterator[tuple[str | int, Any]]:
    yield from container.items() if isinstance(container, dict) else enumerate(container)


def _containers(container: Any, path: Path) -> Iterator[str | int]:
    for key, value in _members(container):
        if isinstance(value, dict | list) and value and not (not path and key in _STAY):
            yield key


def _rebuilt(container: Any, members: list[tuple[str | int, Any]]) -> Any:
    """The container with these members alone, in their own order."""
    keys = {key for key, _ in members}
    if isinstance(container, dict):
        return {key: value for key, value in container.items() if key in keys}
    return [value for key, value in enumerate(container) if key in keys]


def _at(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


def _with(document: Any, path: Path, value: Any) -> Any:
    """The document with another value at a place; what lies beside the way is shared."""
    if not path:
        return value
    changed: Any = dict(document) if isinstance(document, dict) else list(document)
    changed[path[0]] = _with(document[path[0]], path[1:], value)
    return changed


def _unfolded(value: Any, key: str | int = "") -> Any:
    """The document with policies that are texts of JSON as objects, so that parts can go."""
    if isinstance(value, dict):
        return {name: _unfolded(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_unfolded(item) for item in value]
    if isinstance(value, str) and key in _DOCUMENTS:
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return found if isinstance(found, dict) else value
    return value
