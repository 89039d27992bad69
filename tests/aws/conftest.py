"""One MiniStack per test process; skipping is no option, without it these tests fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assumable.cli import ministack
from tests.aws.accounts import Accounts


@pytest.fixture(scope="session")
def stack() -> Iterator[ministack.MiniStack]:
    with ministack.running(ministack.find()) as running:
        yield running


@pytest.fixture
def accounts(
    stack: ministack.MiniStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Accounts:
    return Accounts(stack.url, tmp_path, monkeypatch)
