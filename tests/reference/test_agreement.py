"""The engine against the reference evaluator, which shares no code with it.

`ASSUMABLE_CASES` says how many cases in all, `ASSUMABLE_FIRST` the first seed, and
`ASSUMABLE_FAMILY` the one family to run.
"""

import os

import pytest

from tests.reference.agreement import acceptable
from tests.reference.generator import FAMILIES, scenario
from tests.worlds import verdict_of

CASES = int(os.environ.get("ASSUMABLE_CASES", "20000"))
FIRST = int(os.environ.get("ASSUMABLE_FIRST", "0"))
ONLY = os.environ.get("ASSUMABLE_FAMILY")
SHARES = {  # of the cases, in percent
    "classic": 30,
    "web-identity": 15,
    "saml": 10,
    "service": 8,
    "chain": 15,
    "parameters": 7,
    "unknown": 15,
}
BATCH = 100


def batches() -> list[tuple[str, int, int]]:
    """Family, first seed and how many."""
    found = []
    for family in [ONLY] if ONLY else FAMILIES:
        cases = CASES if ONLY else CASES * SHARES[family] // 100
        found += [
            (family, FIRST + done, min(BATCH, cases - done)) for done in range(0, cases, BATCH)
        ]
    return found


@pytest.mark.parametrize(("family", "first", "cases"), batches())
def test_engine_and_reference_agree(family: str, first: int, cases: int) -> None:
    """The engine's verdict on each seed is one that the reference finds right."""
    wrong = []
    for seed in range(first, first + cases):
        world = scenario(seed, family)
        right, verdict = acceptable(world), verdict_of(world)
        if verdict not in right:
            wrong.append(
                f"engine {verdict}, reference {' or '.join(sorted(right))}:"
                f" python -m tests.reference {seed} --family {family}"
            )
    assert not wrong, "\n".join(wrong)
