"""Two ways to write the same policy decide alike, on generated worlds."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.engine.test_laws import documents, statements, world_of
from tests.worlds import decided

Rewriting = Callable[[dict[str, Any]], Iterator[dict[str, Any]]]


def listed(value: Any) -> list[Any]:
    """One value or several as a list."""
    return value if isinstance(value, list) else [value]


def split_actions(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A statement of its own for each action."""
    if "Action" not in statement:
        yield statement
        return
    for action in listed(statement["Action"]):
        yield {**statement, "Action": action}


def split_resources(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A statement of its own for each resource."""
    if "Resource" not in statement:
        yield statement
        return
    for resource in listed(statement["Resource"]):
        yield {**statement, "Resource": resource}


def split_principals(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A statement of its own for each principal."""
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        yield statement
        return
    for kind, names in principal.items():
        for name in listed(names):
            yield {**statement, "Principal": {kind: name}}


def join_actions(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every action named twice in one list."""
    for key in ("Action", "NotAction"):
        if key in statement:
            yield {**statement, key: [*listed(statement[key]), *listed(statement[key])]}


def rename(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Another Sid."""
    yield {**statement, "Sid": f"Renamed{len(str(statement))}"}


def forget_sid(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """No Sid at all."""
    yield {key: value for key, value in statement.items() if key != "Sid"}


def swap_case_of_actions(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Actions are not case-sensitive (R6.12)."""
    for key in ("Action", "NotAction"):
        if key in statement:
            yield {**statement, key: [action.swapcase() for action in listed(statement[key])]}


def swap_case_of_keys(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Condition keys are not case-sensitive, nor are the tag keys in them (R6.9)."""
    block = statement.get("Condition", {})
    swapped = {
        operator: {key.swapcase(): value for key, value in keys.items()}
        for operator, keys in block.items()
    }
    yield {**statement, **({"Condition": swapped} if block else {})}


def reverse_keys(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Operators and keys in another order: all must hold (R6.1)."""
    block = statement.get("Condition", {})
    backwards = {
        operator: dict(reversed(list(keys.items())))
        for operator, keys in reversed(list(block.items()))
    }
    reordered = {**statement, **({"Condition": backwards} if block else {})}
    yield dict(reversed(list(reordered.items())))


def wrap(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every single value as a list of one, every list in reverse."""
    wrapped = dict(statement)
    for key in ("Action", "NotAction", "Resource", "NotResource"):
        if key in statement:
            wrapped[key] = listed(statement[key])[::-1]
    for key in ("Principal", "NotPrincipal"):
        if isinstance(statement.get(key), dict):
            wrapped[key] = {kind: listed(names)[::-1] for kind, names in statement[key].items()}
    if "Condition" in statement:
        wrapped["Condition"] = {
            operator: {key: listed(values)[::-1] for key, values in keys.items()}
            for operator, keys in statement["Condition"].items()
        }
    yield wrapped


REWRITINGS: tuple[Rewriting, ...] = (
    split_actions, split_resources, split_principals, join_actions, rename, forget_sid,
    swap_case_of_actions, swap_case_of_keys, reverse_keys, wrap,
)  # fmt: skip


@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda rewriting: rewriting.__name__)
@pytest.mark.parametrize("first", range(0, 150, 50))
def test_another_way_to_write_the_policies_decides_alike(rewriting: Rewriting, first: int) -> None:
    """In every document of the world; the verdict stays."""
    wrong = []
    for seed in range(first, first + 50):
        world = world_of(seed)
        before = decided(world).verdict
        for document in documents(world):
            document["Statement"] = [
                *itertools.chain.from_iterable(map(rewriting, statements(document)))
            ]
        if decided(world).verdict != before:
            wrong.append(seed)
    assert not wrong


@pytest.mark.parametrize("first", range(0, 150, 50))
def test_a_single_statement_needs_no_list(first: int) -> None:
    """As IAM's grammar has it."""
    for seed in range(first, first + 50):
        world = world_of(seed)
        before = decided(world).verdict
        for document in documents(world):
            if len(statements(document)) == 1:
                document["Statement"] = statements(document)[0]
        assert decided(world).verdict == before
