"""What a worker of a Dask cluster is sent, and what it is asked: `distributed` must be there."""

from distributed import WorkerPlugin, get_worker

from assumable.org.edges import Edges, edges_of
from assumable.org.loading import Source


class Files(WorkerPlugin):
    """The world's files: the scheduler sends them to every worker, and to each that comes later.

    As data of the cluster they would soon be at one worker alone, and lost with it: of what no task
    waits for, a scheduler leaves one copy (`distributed.scheduler.active-memory-manager`).
    """

    def __init__(self, source: Source) -> None:
        """Of a source that carries them."""
        self.source = source


def edges_by(name: str, account: str, _: Source) -> tuple[Edges, ...]:
    """Who can assume the roles of an account, by the files that were sent under a name."""
    files = get_worker().plugins[name]
    assert isinstance(files, Files)  # noqa: S101  # INVARIANT: nothing else is sent under the name
    return edges_of(account, files.source)
