"""One organization for all tests: they change nothing in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in worlds.configure(tmp_path / "aws", world).items():
        monkeypatch.setenv(name, value)
    with worlds.before(world) as found:
        yield found
