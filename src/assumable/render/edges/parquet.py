"""Edges as a Parquet file, which DuckDB writes and opens: any number of them."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from assumable.errors import InputError
from assumable.org.edges import Edges

_PIECE = 10_000
"""How many numbers stand on one line, so that no line grows with the organization."""
_LISTED = {"number": "UINTEGER", "text": "VARCHAR"}
_TABLES = {
    "names": _LISTED,
    "conditions": _LISTED,
    "sets": {"role": "UINTEGER", "condition": "UINTEGER", "members": "VARCHAR"},
}
_ROWS = """
SELECT principal.text AS principal, role.text AS role, coalesce(condition.text, '') AS condition
FROM (
  SELECT role, condition, CAST(unnest(string_split(members, ' ')) AS UINTEGER) AS member
  FROM sets
) AS sets
JOIN names AS principal ON principal.number = sets.member
JOIN names AS role ON role.number = sets.role
JOIN conditions AS condition ON condition.number = sets.condition
"""


def duckdb() -> ModuleType:
    """DuckDB; InputError where it is not installed."""
    try:
        import duckdb as found
    except ImportError:
        extra = "pip install 'assumable[org]'"
        raise InputError("DuckDB is not installed", "--format parquet", extra) from None
    return found


def write(edges: Iterable[Edges], names: Sequence[str], path: Path) -> None:
    """Write the file; on the way the sets stand in a temporary folder, as numbers."""
    engine = duckdb()  # before the work, not after it
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        conditions = _sets(folder / "sets.csv", edges)
        _list(folder / "names.csv", names)
        _list(folder / "conditions.csv", conditions)
        with engine.connect() as connection:
            for table, columns in _TABLES.items():
                file = str(folder / f"{table}.csv")
                connection.read_csv(file, columns=columns, auto_detect=False).create_view(table)
            connection.sql(_ROWS).write_parquet(str(path), compression="zstd")


def _sets(path: Path, edges: Iterable[Edges]) -> list[str]:
    """Write the sets; the conditions by the numbers that they have there."""
    known: dict[str, int] = {}
    with path.open("w", encoding="utf-8") as file:
        for role, passing in edges:
            for condition, members in passing:
                number = known.setdefault(condition, len(known))
                numbers = members.to_array()
                for start in range(0, len(numbers), _PIECE):
                    piece = " ".join(map(str, numbers[start : start + _PIECE]))
                    file.write(f"{role},{number},{piece}\n")
    return list(known)


def _list(path: Path, texts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            quoted = text.replace('"', '""')
            file.write(f'{number},"{quoted}"\n')
