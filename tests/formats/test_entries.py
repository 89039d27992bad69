"""Dumps as AWS writes them, and almost so: the same as any other reader says, and no garbage."""

import gc
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assumable.formats.slice import read_slice
from tests.formats.test_slice import agree, holding, told, written
from tests.organizations.generator import write
from tests.worlds import ROLE, A, B, allow, policy


def test_of_several_mistakes_the_same_is_told(tmp_path: Path) -> None:
    """What is no JSON of ours comes first, wherever it stands."""
    twice = '{"Version":"2012-10-17","Statement":[],"Statement":[]}'
    files = holding(twice, "trust", usual=True)
    files[f"_{B}"] = files[f"_{B}"].replace(f'"Arn": "{ROLE}"', '"Arn": "arn:aws:iam::1:role/x"')
    assert agree(written(tmp_path, **files)) is None
    assert "key `Statement` stands twice" in str(told(read_slice, tmp_path))


@pytest.mark.parametrize(
    "more",
    [
        {"Document": policy(allow("sts:*"))},
        {"PolicyDocument": policy(allow("sts:*"))},
        {"DefaultVersionId": ["v1"]},
        {"Path": 7},
        {"New": 1},
    ],
)
def test_what_is_unusual_in_a_managed_policy_is_seen(more: dict[str, Any], tmp_path: Path) -> None:
    files = holding(json.dumps(policy(allow("s3:*"))), "managed", usual=True)
    dump = json.loads(files[f"_{A}"])
    dump["Policies"][0] |= more
    agree(written(tmp_path, **{**files, f"_{A}": json.dumps(dump)}))


def held() -> Counter[str]:
    """How many there are of what reading makes."""
    names = (type(found).__name__ for found in gc.get_objects())
    return Counter(name for name in names if name in ("Cuts", "OnDisk", "_FastReader"))


def test_nothing_is_left_of_reading(tmp_path: Path) -> None:
    """Nobody searches for garbage then, so what holds itself would stay as long as the process."""
    write(tmp_path, 3, "tiny")
    gc.collect()
    gc.disable()
    try:
        before, world = held(), read_slice(tmp_path)
        assert held()["OnDisk"] > before["OnDisk"]
        del world
        assert held() == before
    finally:
        gc.enable()
