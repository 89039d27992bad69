"""How a whole organization is read: a made-up one of some size, its files, time and memory.

`--size` is one of the sizes of tests/organizations/mix.py, `--folder` keeps the files or takes
those that are there, `--json` prints one object. Making the organization, and preparing it, each in
a process of its own, count for no figure but `generate_s` and those of `prepare`.

`read_mb_per_s` is megabytes of JSON, of 10^6 bytes, by seconds of the processor: the best of three
readings by a process that has read the same files before, so that the disk and the start of Python
count for nothing. Others on the machine still do: they share its caches.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the generator is shared with the tests

from tests.organizations.generator import write  # noqa: E402
from tests.organizations.mix import SIZES  # noqa: E402

from assumable.formats.prepared import read_prepared, write_prepared  # noqa: E402
from assumable.formats.slice import read_slice, uncollected  # noqa: E402
from assumable.model.policy import Policy  # noqa: E402
from assumable.model.world import Role, Unknown, World  # noqa: E402
from assumable.org import stored  # noqa: E402
from assumable.org.edges import all_edges  # noqa: E402
from assumable.org.loading import Source, everyone_at  # noqa: E402
from assumable.org.paths import Decided, Paths  # noqa: E402
from assumable.org.processes import processes  # noqa: E402
from assumable.org.whocan import Everyone  # noqa: E402

SEED = 1
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Figures = dict[str, float]


class Subject(NamedTuple):
    """What is measured."""

    folder: Path
    file: Path
    """What was prepared of it."""
    world: World
    seconds: float
    """How long it took to load."""


def loading(subject: Subject) -> Figures:
    """How fast the prepared file was loaded, and the most memory there was until now."""
    return {
        "prepared_bytes": subject.file.stat().st_size,
        "load_s": round(subject.seconds, 3),
        "peak_mb": round(peak_mb()),
    }


def contents(subject: Subject) -> Figures:
    """What was read: a pair is a principal and a role."""
    principals = list(subject.world.principals())
    roles = sum(isinstance(found, Role) for found in principals)
    return {
        "accounts": len(subject.world.accounts),
        "roles": roles,
        "principals": len(principals),
        "pairs": roles * len(principals),
        "distinct_rules": len(set(rules(subject.world))),
    }


def queries(subject: Subject) -> Figures:
    """Who can assume each role, what a role reaches, and the role that most can assume."""
    started = time.perf_counter()
    everyone = Everyone(subject.world, NOW)
    index_s = time.perf_counter() - started
    roles = list(everyone.universe.roles())
    slowest, widest, edges = (0.0, 0), (0, ""), 0
    started = time.perf_counter()
    for role in roles:
        before = time.perf_counter()
        found = sum(len(passing.members) for passing in everyone.passing(role))
        edges += found
        slowest = max(slowest, (time.perf_counter() - before, found))
        widest = max(widest, (found, role.arn))
    edges_s = time.perf_counter() - started
    started = time.perf_counter()
    paths = Paths(Decided(everyone))
    graph_s = time.perf_counter() - started
    started = time.perf_counter()
    reached = len(paths.reach(everyone.universe.number[roles[0].arn]))
    return {
        "index_s": round(index_s, 2),
        "who_all_s": round(edges_s, 2),
        "edges": edges,
        "who_slowest_s": round(slowest[0], 3),
        "who_slowest_found": slowest[1],
        "graph_s": round(graph_s, 2),
        "reach_s": round(time.perf_counter() - started, 3),
        "reached": reached,
        "peak_after_queries_mb": round(peak_mb()),
        "who_cold_found": widest[0],
        **json.loads(elsewhere(subject.folder, "--cold", widest[1])),
    }


def cold(file: Path, role: str) -> Figures:
    """How long `assumable who` takes, the best of three, and its memory.

    Of a process that uses little itself: on Linux what starts another counts for its peak.
    """
    assumable = Path(sys.executable).with_name("assumable")
    command = [str(assumable), "who", role, "--snapshot", str(file)]
    seconds, memory = [], 0.0
    for _ in range(3):
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds.append(time.perf_counter() - started)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        memory = max(memory, megabytes(used))
    return {"who_cold_s": round(min(seconds), 2), "who_cold_mb": round(memory)}


def edges(subject: Subject) -> Figures:
    """All edges on one process and on two, each of which starts with nothing decided.

    Written to a file, and what can be reached by it for whoever can assume most.
    """
    source, figures = Source("snapshot", subject.folder, NOW), Figures()
    for count in (1, 2):
        everyone_at.cache_clear()
        names = everyone_at(source).universe.names
        started, worked = time.perf_counter(), cpu_s()
        found = list(all_edges(source, processes(count)))
        figures[f"edges_{count}_s"] = round(time.perf_counter() - started, 2)
        figures[f"edges_{count}_cpu_s"] = round(cpu_s() - worked, 2)
    everyone_at.cache_clear()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "all.edges"
        stored.write(found, names, file)
        sets = (members for each in found for _, members in each.passing)
        start = Counter(chain.from_iterable(sets)).most_common(1)[0][0]
        with uncollected():  # as the command does
            started = time.perf_counter()
            paths = Paths(stored.Stored(file))
            loaded = time.perf_counter()
            reached = len(paths.reach(start))
            figures |= {
                "edges_bytes": file.stat().st_size,
                "edges_load_s": round(loaded - started, 3),
                "edges_reach_s": round(time.perf_counter() - loaded, 3),
                "edges_reached": reached,
            }
    return figures


MEASUREMENTS: tuple[Callable[[Subject], Figures], ...] = (loading, contents, edges, queries)
"""In this order, since the peak of memory only grows."""


def cpu_s() -> float:
    """The processor time of this process and of those that it waited for, in seconds."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def rules(world: World) -> Iterator[tuple[str, int]]:
    """Version and statements of every policy of every principal."""
    for principal in world.principals():
        held: list[Policy | Unknown | None] = [*principal.policies, principal.boundary]
        if isinstance(principal, Role):
            held.append(principal.trust)
        for found in held:
            if isinstance(found, Policy):
                yield found.version, id(found.statements)


def peak_mb() -> float:
    """The most memory of this process until now, in megabytes."""
    return megabytes(resource.getrusage(resource.RUSAGE_SELF))


def megabytes(used: resource.struct_rusage) -> float:
    """The most memory that was in use."""
    return used.ru_maxrss / 1e6 if sys.platform == "darwin" else used.ru_maxrss / 1e3


def elsewhere(folder: Path, *words: str) -> str:
    """What another process prints, whose memory is not ours."""
    command = [sys.executable, __file__, "--folder", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def made(folder: Path, size: str) -> float:
    """Make the organization; the seconds it took."""
    started = time.perf_counter()
    elsewhere(folder, "--size", size, "--make")
    return time.perf_counter() - started


def prepared(folder: Path) -> Figures:
    """Read the files into one, then again for the time of reading alone."""
    size = sum(path.stat().st_size for path in folder.iterdir())
    started = time.perf_counter()
    write_prepared(folder, file_of(folder))
    figures = {
        "prepare_s": round(time.perf_counter() - started, 3),
        "prepare_peak_mb": round(peak_mb()),
    }
    seconds = min(reading_s(folder) for _ in range(3))
    return {
        "bytes": size,
        "read_cpu_s": round(seconds, 3),
        "read_mb_per_s": round(size / seconds / 1e6, 1),
        **figures,
    }


def reading_s(folder: Path) -> float:
    """The processor time in which the files become a world, in seconds, of one core."""
    started = time.process_time()
    world = read_slice(folder)
    seconds = time.process_time() - started
    del world  # takes time as well, which is not counted
    return seconds


def file_of(folder: Path) -> Path:
    """Where its prepared file is."""
    return folder.with_name(f"{folder.name}.prepared")


def measured(folder: Path) -> Figures:
    """Load the organization and take every figure."""
    started = time.perf_counter()
    world = read_prepared(file_of(folder))
    seconds = time.perf_counter() - started
    subject = Subject(folder, file_of(folder), world, seconds)
    found: Figures = {}
    for measure in MEASUREMENTS:
        found |= measure(subject)
    return found


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="small")
    parser.add_argument("--folder", type=Path, help="where the files are, or will be and stay")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--make", action="store_true", help="only make the files")
    parser.add_argument("--prepare", action="store_true", help="only prepare them")
    parser.add_argument("--cold", metavar="ROLE", help="only ask who can assume this role")
    return parser.parse_args()


def main() -> None:
    """Make an organization, measure it and print the figures."""
    given = options()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary) / given.size
        if given.make:
            write(folder, SEED, given.size)
            return
        if given.prepare:
            sys.stdout.write(json.dumps(prepared(folder)))
            return
        if given.cold:
            sys.stdout.write(json.dumps(cold(file_of(folder), given.cold)))
            return
        figures: dict[str, Any] = {"size": given.size, "seed": SEED}
        if not (folder / "organization.json").exists():
            figures["generate_s"] = round(made(folder, given.size), 2)
        figures |= json.loads(elsewhere(folder, "--prepare"))
        figures |= measured(folder)
    machine = f"Python {platform.python_version()}, {platform.machine()}"
    if given.json:
        sys.stdout.write(json.dumps({"machine": machine, **figures}) + "\n")
        return
    sys.stdout.write(machine + "\n")
    for name, value in figures.items():
        shown = f"{value:>18,}" if isinstance(value, int | float) else f"{value:>18}"
        sys.stdout.write(f"{name:20} {shown}\n")


if __name__ == "__main__":
    main()
