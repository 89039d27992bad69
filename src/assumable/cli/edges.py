"""`assumable edges`: who can assume what, all of it, written out."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assumable.cli.everyone import everyone_options, source_of
from assumable.cli.options import PATH
from assumable.errors import InputError

if TYPE_CHECKING:
    from assumable.org.edges import Edges, Workers
    from assumable.org.loading import Source

_TEXTS = ("csv", "jsonl", "json", "dot", "mermaid", "html")
_FILES = ("parquet", "edges")
_SUFFIXES = {f".{form}": form for form in (*_TEXTS, *_FILES)} | {".gv": "dot", ".mmd": "mermaid"}


@click.command(name="edges", context_settings={"help_option_names": ["-h", "--help"]})
@everyone_options
@click.option("--output", type=PATH, metavar="FILE", help="Standard output without it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice((*_TEXTS, *_FILES)),
    help="What the suffix of FILE says, else csv. edges: for `assumable reach --edges`.",
)
@click.option(
    "--processes",
    type=click.IntRange(1),
    metavar="N",
    help="How many decide at a time; as many as there are processors without it.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster: tcp://10.0.0.1:8786.")
def command(
    snapshot: Path | None, scenario: Path | None, output: Path | None, format_: str | None,
    processes: int | None, scheduler: str | None,
) -> None:  # fmt: skip
    """Who can assume what: every user and role that can assume a role, role by role.

    Each with the condition under which a plain call passes, or that of a session with tags, where
    somebody may be able to tag it; empty where there is none. csv, jsonl, json, parquet and edges
    take any number of them, dot, mermaid and html what can be looked at.
    """
    from assumable.org.edges import all_edges
    from assumable.org.loading import everyone_at

    started = time.perf_counter()
    form = format_ or (_SUFFIXES.get(output.suffix.lower(), "") if output else "csv")
    if not form:
        known = ", ".join(_SUFFIXES)
        raise InputError("the suffix names no format", str(output), f"--format, or one of {known}")
    if scheduler is not None and processes is not None:
        raise InputError("--processes and --scheduler exclude each other")
    source = source_of(snapshot, scenario)
    everyone = everyone_at(source)
    counted = _Counted()
    with _workers(source, len(set(everyone.universe.accounts)), processes, scheduler) as workers:
        edges = counted.passed_on(all_edges(source, workers))
        _write(form, edges, everyone.universe.names, output)
    seconds = time.perf_counter() - started
    roles = sum(1 for _ in everyone.universe.roles())
    click.echo(
        f"{counted.edges:,} edges to {counted.roles:,} of the {roles:,} roles, in {seconds:.1f} s",
        err=True,
    )


class _Counted:
    """How much was passed on."""

    def __init__(self) -> None:
        self.roles = self.edges = 0

    def passed_on(self, edges: "Iterable[Edges]") -> "Iterator[Edges]":
        for each in edges:
            self.roles += 1
            self.edges += sum(len(members) for _, members in each.passing)
            yield each


def _workers(
    source: "Source", accounts: int, processes: int | None, scheduler: str | None
) -> "AbstractContextManager[Workers | None]":
    if scheduler is not None:
        from assumable.cli.cluster import cluster

        return cluster(scheduler, source)
    from assumable.org import processes as own

    return nullcontext(own.processes(min(processes or os.cpu_count() or 1, max(accounts, 1))))


def _write(form: str, edges: "Iterable[Edges]", names: Sequence[str], output: Path | None) -> None:
    if form in _TEXTS:
        texts = _text_of(form)(edges, names)
        if output is None:
            sys.stdout.writelines(texts)
        else:
            _whole(output, lambda part: _write_texts(part, texts))
    elif output is None:
        raise InputError("is no text", f"--format {form}", f"--output FILE.{form}")
    elif form == "parquet":
        from assumable.render.edges import parquet

        _whole(output, lambda part: parquet.write(edges, names, part))
    else:
        from assumable.org import stored

        _whole(output, lambda part: stored.write(edges, names, part))


def _text_of(form: str) -> "Callable[[Iterable[Edges], Sequence[str]], Iterator[str]]":
    from assumable.render.edges import graph, html, rows

    writers = {
        "csv": rows.csv,
        "jsonl": rows.jsonl,
        "json": rows.json,
        "dot": graph.dot,
        "mermaid": graph.mermaid,
        "html": html.html,
    }
    return writers[form]


def _write_texts(path: Path, texts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(texts)


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    """The whole file or none of it; what stood there stays until then."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.touch()  # before the work, not after it
        write(part)
        part.replace(path)
    except OSError as error:
        raise InputError((error.strerror or "cannot be written").lower(), str(path)) from None
    finally:
        part.unlink(missing_ok=True)
