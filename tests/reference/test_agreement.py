"""The engine against the reference evaluator, which shares no code with it."""

import os

import pytest

from tests.reference.evaluator import decide_all
from tests.reference.generator import scenario
from tests.worlds import decided

CASES = int(os.environ.get("ASSUMABLE_CASES", "4000"))
BATCH = 200


@pytest.mark.parametrize("first", range(0, CASES, BATCH))
def test_engine_and_reference_agree(first: int) -> None:
    """For each seed the engine is certain exactly when every reading of the open items agrees."""
    wrong = []
    for seed in range(first, first + BATCH):
        world = scenario(seed)
        outcomes = decide_all(world)
        expected = (
            "conditional" if len(outcomes) > 1 else "allowed" if True in outcomes else "denied"
        )
        verdict = decided(world).verdict
        if verdict != expected:
            wrong.append(f"seed {seed}: engine {verdict}, reference {expected}")
    assert not wrong, "\n".join(wrong)
