"""One organization for all tests: they change nothing in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.environment import isolate
from tests.aws.proxy import Proxy
from tests.collect import world as worlds
from tests.collect.world import World


@pytest.fixture(scope="package")
def world() -> Iterator[World]:
    with worlds.served() as served:
        yield served


@pytest.fixture
def between(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the organization, and the profiles of its people."""
    (tmp_path / "aws").mkdir()
    isolate(tmp_path / "aws", monkeypatch)
    worlds.configure(tmp_path / "aws", world)
    with worlds.before(world) as found:
        yield found
