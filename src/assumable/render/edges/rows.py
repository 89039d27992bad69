"""Edges as rows of text, one after the other: no more than one row is in memory."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from assumable.org.edges import Edges


def csv(edges: Iterable[Edges], names: Sequence[str]) -> Iterator[str]:
    """Comma-separated, with a line of headings; no condition is an empty field."""
    yield "principal,role,condition\n"
    written = [_field(name) for name in names]
    for role, passing in edges:
        for condition, members in passing:
            rest = f",{written[role]},{_field(condition)}\n"
            yield from (written[number] + rest for number in members)


def jsonl(edges: Iterable[Edges], names: Sequence[str]) -> Iterator[str]:
    """One JSON object on each line; no condition is an empty text."""
    written = [_text(name) for name in names]
    for role, passing in edges:
        for condition, members in passing:
            rest = f',"role":{written[role]},"condition":{_text(condition)}}}\n'
            yield from (f'{{"principal":{written[number]}{rest}' for number in members)


def json(edges: Iterable[Edges], names: Sequence[str]) -> Iterator[str]:
    """One JSON array of the same objects, each on a line of its own."""
    before = "[\n"
    for line in jsonl(edges, names):
        yield before + line.rstrip("\n")
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _field(text: str) -> str:
    """A field of a CSV file (RFC 4180)."""
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _text(text: str) -> str:
    return msgspec.json.encode(text).decode()
