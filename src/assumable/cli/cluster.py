"""A Dask cluster as workers: `--scheduler tcp://…`."""

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from assumable.errors import InputError, UnreadableError
from assumable.org.edges import AHEAD, Workers
from assumable.org.loading import Source

if TYPE_CHECKING:
    from distributed import Client

_ADDRESS = re.compile(r"(tcp|tls)://[^\s/]+:\d{1,5}")
_PATIENCE = 20
"""Seconds until a scheduler or its first worker counts as not there."""


@contextmanager
def cluster(address: str, source: Source) -> Iterator[Workers]:
    """The workers of a scheduler, which are sent the files once and need no disk in common.

    What a lost worker was asked for the scheduler asks another, were it one that came later.
    InputError when there is no such scheduler or it has no workers, UnreadableError when it goes
    away.
    """
    client = _client(address)
    from distributed import KilledWorker

    from assumable.cli.cluster_worker import Files, edges_by

    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise InputError(
                f"`{address}` has no workers", "--scheduler", f"dask worker {address} --nthreads 1"
            ) from None
        name = f"assumable-{uuid.uuid4()}"
        client.register_plugin(Files(source.carried()), name)
        threads = sum(client.nthreads().values())

        @contextmanager
        def asked() -> Iterator[Executor]:
            executor = client.get_executor(pure=False)
            try:
                yield executor
            finally:
                executor.shutdown(wait=False)

        try:
            yield Workers(asked, threads * AHEAD, partial(edges_by, name))
        except (KilledWorker, CancelledError):
            raise UnreadableError(f"the cluster at `{address}` was lost") from None
        finally:
            with suppress(OSError):  # with the scheduler the files are gone as well
                client.unregister_worker_plugin(name)


def _client(address: str) -> "Client":
    """Connected to the scheduler; InputError when there is none, or Dask is not installed."""
    try:
        from distributed import Client, Security
    except ImportError:
        extra = "pip install 'assumable[cluster]'"
        raise InputError("Dask is not installed", "--scheduler", extra) from None
    if not _ADDRESS.fullmatch(address):
        message = f"`{address}` is no address of a scheduler"
        raise InputError(message, "--scheduler", "such as tcp://10.0.0.1:8786")
    encrypted = address.startswith("tls:")
    if encrypted and Security().get_connection_args("client").get("ssl_context") is None:
        how = "distributed.comm.tls in its settings"
        raise InputError("Dask knows no certificate", "--scheduler", how)
    try:
        return Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError):
        raise InputError(f"no scheduler answers at `{address}`", "--scheduler") from None
