"""Where a world is read from, and the world itself: read once in each process that asks."""

import os
import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from assumable.formats.prepared import read_prepared
from assumable.formats.scenario import read_scenario
from assumable.formats.slice import read_slice, uncollected
from assumable.formats.snapshot import MANIFEST, files_of
from assumable.org.whocan import Everyone


class Source(NamedTuple):
    """What a process has to be told to read a world."""

    kind: Literal["snapshot", "scenario"]
    path: Path
    now: datetime
    """The time of the calls; a scenario may name its own."""
    files: tuple[tuple[str, bytes], ...] = ()
    """What stands there, by path, for a machine that cannot read the path."""

    def carried(self) -> "Source":
        """The same with its files, so that it can be read anywhere."""
        if _is_file(self.path):  # a scenario, or what `assumable prepare` wrote
            return self._replace(files=((self.path.name, self.path.read_bytes()),))
        found = files_of(self.path)
        manifest = (found.folder / MANIFEST,) if found.manifest is not None else ()
        paths = (*found.paths(), *manifest)
        names = (path.relative_to(found.folder).as_posix() for path in paths)
        contents = (path.read_bytes() for path in paths)
        return self._replace(files=tuple(zip(names, contents, strict=True)))


@lru_cache(maxsize=1)
def everyone_at(source: Source) -> Everyone:
    """The world made ready; InputError where it cannot be read."""
    with uncollected():
        return _everyone(source)


def _everyone(source: Source) -> Everyone:
    if not source.files:
        return _read(source, source.path)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in source.files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        is_file = len(source.files) == 1 and source.files[0][0] == source.path.name
        return _read(source, folder / source.path.name if is_file else folder)


def _read(source: Source, path: Path) -> Everyone:
    if source.kind == "snapshot":
        world = read_prepared(path) if _is_file(path) else read_slice(path)
        return Everyone(world, source.now)
    world, call = read_scenario(path, now=source.now)
    return Everyone(world, call.time)


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  # a name may be too long for pathlib
