"""All edges as sets: the same whoever does the work, also when a worker is lost on the way."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assumable.cli.cluster import cluster
from assumable.errors import InputError, UnreadableError
from assumable.formats.prepared import write_prepared
from assumable.org.edges import Edges, Workers, all_edges
from assumable.org.loading import Source, everyone_at
from assumable.org.processes import processes
from tests.organizations.generator import write
from tests.organizations.mix import Size
from tests.worlds import NOW

ACCOUNTS = 12


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """An organization in which every account has roles that somebody can assume."""
    folder = tmp_path_factory.mktemp("organization")
    write(folder, 3, Size(ACCOUNTS, 20, 4))
    return Source("snapshot", folder, NOW)


@pytest.fixture(scope="module")
def expected(source: Source) -> list[Edges]:
    everyone = everyone_at(source)
    asked = [
        (everyone.universe.number[r.arn], everyone.passing(r)) for r in everyone.universe.roles()
    ]
    found = [Edges(number, passing) for number, passing in asked if passing]
    accounts = {everyone.universe.accounts[edges.role] for edges in found}
    assert len(accounts) == ACCOUNTS
    return found


def half(found: Iterator[Edges], expected: list[Edges]) -> list[Edges]:
    """The edges until half of them are there."""
    return [next(found) for _ in range(len(expected) // 2)]


def test_one_process(source: Source, expected: list[Edges]) -> None:
    assert list(all_edges(source, processes(1))) == expected


def test_a_prepared_file_answers_as_its_snapshot_also_where_it_was_carried_to(
    source: Source, expected: list[Edges], tmp_path: Path
) -> None:
    file = tmp_path / "made.prepared"
    write_prepared(source.path, file)
    prepared = Source("snapshot", file, NOW)
    assert list(all_edges(prepared)) == expected
    carried = prepared.carried()
    file.unlink()
    assert list(all_edges(carried)) == expected


def test_four_processes(source: Source, expected: list[Edges]) -> None:
    assert list(all_edges(source, processes(4))) == expected


def test_processes_that_share_nothing_with_this_one(
    source: Source, expected: list[Edges], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert list(all_edges(source, processes(2))) == expected


def test_a_process_that_is_killed(source: Source, expected: list[Edges]) -> None:
    """What it was asked for is asked again, and nothing twice."""
    started: list[Executor] = []
    workers = processes(2)
    assert workers is not None

    @contextmanager
    def counted() -> Iterator[Executor]:
        with workers.executor() as executor:
            started.append(executor)
            yield executor

    found = all_edges(source, Workers(counted, pending=2))
    first = half(found, expected)
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)
    assert first + list(found) == expected
    assert len(started) == 2


def test_processes_that_die_again_and_again(source: Source) -> None:
    """No endless loop, but one line."""
    workers = Workers(lambda: ProcessPoolExecutor(1, None, os._exit, (1,)), pending=2)
    with pytest.raises(UnreadableError, match="processes were lost 4 times"):
        list(all_edges(source, workers))


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask cluster of two workers, each a process with a folder of its own.

    What both have is at once left to one of them, as a scheduler does every other second.
    """
    pytest.importorskip("distributed")
    file, address = tmp_path / "scheduler.json", "tcp://127.0.0.1"
    dask = [sys.executable, "-m", "dask"]
    quiet = {
        **os.environ,
        "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical",
        "DASK_DISTRIBUTED__SCHEDULER__ACTIVE_MEMORY_MANAGER__INTERVAL": "10ms",
    }
    hub = [*dask, "scheduler", "--host", address, "--port", "0", "--no-dashboard"]
    worker = [*dask, "worker", "--host", address, "--no-dashboard", "--no-nanny", "--nthreads", "1"]
    where = ["--scheduler-file", str(file)]
    running = [subprocess.Popen([*hub, *where], env=quiet, stderr=subprocess.DEVNULL)]
    try:
        for number in range(2):
            own = ["--local-directory", str(tmp_path / str(number)), "--name", str(number)]
            running.append(
                subprocess.Popen([*worker, *where, *own], env=quiet, stderr=subprocess.DEVNULL)
            )
        yield address_in(file), running[1:]
    finally:
        for process in running:
            process.kill()
            process.wait()


def address_in(file: Path) -> str:
    """Where the scheduler listens, once it has written that down."""
    for _ in range(300):
        try:
            return str(msgspec.json.decode(file.read_bytes())["address"])
        except (FileNotFoundError, msgspec.DecodeError):
            time.sleep(0.1)
    raise AssertionError("the scheduler did not start")


@pytest.mark.parametrize("number", [0, 1])
def test_a_cluster_one_worker_of_which_is_killed(
    number: int,
    source: Source,
    expected: list[Edges],
    scheduler: tuple[str, list[subprocess.Popen[bytes]]],
    tmp_path: Path,
) -> None:
    """Half-way, with accounts asked of it; they were sent the files, which are gone by then."""
    address, running = scheduler
    from distributed import Client

    copied = source._replace(path=shutil.copytree(source.path, tmp_path / "copied"))
    everyone_at(copied)
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        with cluster(address, copied) as workers:
            assert workers.pending == 6
            assert not client.who_has()  # files that are data may soon be at one worker alone
            shutil.rmtree(copied.path)
            running[number].send_signal(signal.SIGSTOP)  # what it is asked for it answers no more
            found: list[Edges] = []
            edges = all_edges(copied, workers)
            asking = threading.Thread(target=lambda: found.extend(edges), daemon=True)
            asking.start()
            while not asked_of(client, number) or asked_of(client, 1 - number):
                assert asking.is_alive()
                time.sleep(0.1)
            time.sleep(0.5)  # what the other one needs no more, the scheduler takes from it
            assert asking.is_alive()
            assert len(found) < len(expected)
            running[number].kill()
            running[number].wait()
            asking.join(120)
            assert found == expected


def asked_of(client: Any, number: int) -> int:
    """How many accounts a worker was asked for and has not answered."""
    known = client.scheduler_info(n_workers=-1)["workers"]
    (address,) = (where for where, worker in known.items() if str(worker["name"]) == str(number))
    return len(client.processing()[address])


def test_a_scheduler_that_is_not_there(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("assumable.cli.cluster._PATIENCE", 1)
    refused = pytest.raises(InputError, match=r"no scheduler answers at `tcp://127\.0\.0\.1:9`")
    with refused, cluster("tcp://127.0.0.1:9", source):
        pass
