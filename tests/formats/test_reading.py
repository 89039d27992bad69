"""How much of a file is read, whatever is said of its size."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assumable.errors import InputError
from assumable.formats.reading import read_bytes

CONTENT = bytes(range(256)) * 80


@pytest.fixture
def pipe() -> Iterator[Path]:
    """A pipe that holds the content and is closed, as the shell gives it for `<(command)`."""
    if sys.platform == "win32":
        pytest.skip("there are no pipes among the files of Windows")
    reader, writer = os.pipe()
    os.write(writer, CONTENT)
    os.close(writer)
    yield Path(f"/dev/fd/{reader}")
    os.close(reader)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of the same content."""
    found = tmp_path / "file"
    found.write_bytes(CONTENT)
    return found


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_everything_is_read(kind: str, request: pytest.FixtureRequest) -> None:
    assert read_bytes(request.getfixturevalue(kind), limit=len(CONTENT)) == CONTENT


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_no_more_is_read_than_is_allowed(kind: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(InputError, match="is larger than"):
        read_bytes(request.getfixturevalue(kind), limit=len(CONTENT) - 1)
