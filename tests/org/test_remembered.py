"""What is remembered of a world is bounded, and forgetting it changes no answer."""

from pathlib import Path

import pytest

from assumable.engine import facts, layers
from assumable.formats.dump import read_snapshot
from assumable.org import callers, classes
from assumable.org.whocan import Everyone
from tests.organizations.generator import write
from tests.worlds import NOW


@pytest.mark.parametrize("seed", range(1, 4))
def test_forgetting_changes_no_answer(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, seed, "tiny")
    world = read_snapshot(tmp_path)
    everyone = Everyone(world, NOW)
    expected = [everyone.passing(role) for role in everyone.universe.roles()]
    for module, name in [
        (facts, "CALLERS_KEPT"),
        (facts, "ROLES_KEPT"),
        (layers, "CALLERS_KEPT"),
        (layers, "ROLES_KEPT"),
        (callers, "CALLERS_KEPT"),
        (classes, "_LOOKS_KEPT"),
    ]:
        monkeypatch.setattr(module, name, 3)
    forgetful = Everyone(world, NOW)
    assert [forgetful.passing(role) for role in forgetful.universe.roles()] == expected
    assert sum(map(len, expected)) > 10
