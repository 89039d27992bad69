"""Edges as a graph that people look at: DOT and Mermaid, each account a box of its own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from assumable import arn
from assumable.errors import InputError
from assumable.org.edges import Edges

MOST: dict[str, int] = {"mermaid": 500, "dot": 2_000, "html": 20_000}
"""With how many edges a format can still be read; Mermaid itself draws no more than 500."""


class Edge(NamedTuple):
    """One arrow."""

    principal: int
    role: int
    condition: str


def few(edges: Iterable[Edges], form: str) -> list[Edge]:
    """The edges one by one; InputError when there are more than a format can show."""
    found: list[Edge] = []
    for role, passing in edges:
        for condition, members in passing:
            if len(found) + len(members) > MOST[form]:
                raise InputError(
                    f"there are more than {MOST[form]:,} edges, too many to look at",
                    f"--format {form}",
                    "csv, jsonl and parquet take any number",
                )
            found.extend(Edge(number, role, condition) for number in members)
    return found


def dot(edges: Iterable[Edges], names: Sequence[str]) -> Iterator[str]:
    """For Graphviz; an edge that passes under a condition is dashed."""
    found = few(edges, "dot")
    yield "digraph edges {\n  rankdir=LR;\n  node [shape=box];\n"
    for account, numbers in _accounts(found, names):
        yield f"  subgraph {_quoted(f'cluster_{account}')} {{\n    label={_quoted(account)};\n"
        for number in numbers:
            yield f"    n{number} [label={_quoted(arn.display_name(names[number]))}];\n"
        yield "  }\n"
    for principal, role, condition in found:
        under = f" [style=dashed, label={_quoted(condition)}]" if condition else ""
        yield f"  n{principal} -> n{role}{under};\n"
    yield "}\n"


def mermaid(edges: Iterable[Edges], names: Sequence[str]) -> Iterator[str]:
    """For Markdown on GitHub and GitLab; an edge that passes under a condition is dotted."""
    found = few(edges, "mermaid")
    yield "flowchart LR\n"
    for account, numbers in _accounts(found, names):
        yield f"  subgraph a{account}[{_entities(account)}]\n"
        for number in numbers:
            yield f"    n{number}[{_entities(arn.display_name(names[number]))}]\n"
        yield "  end\n"
    for principal, role, condition in found:
        arrow = f"-.->|{_entities(condition)}|" if condition else "-->"
        yield f"  n{principal} {arrow} n{role}\n"


def _accounts(edges: Iterable[Edge], names: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Whoever has an edge, by account."""
    numbers = sorted({number for edge in edges for number in (edge.principal, edge.role)})
    for account, members in groupby(numbers, lambda number: arn.account_of(names[number])):
        yield account, list(members)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _entities(text: str) -> str:
    """A text in quotes, with entities for what Mermaid would read as markup."""
    return '"' + "".join(f"#{ord(c)};" if c in '"#<>&`;\\' else c for c in text) + '"'
