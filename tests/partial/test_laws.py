"""The loop that reads, held to what is true: generated worlds, of which it is told a part.

`ASSUMABLE_CASES`, `ASSUMABLE_FIRST` and `ASSUMABLE_FAMILY` are as in the test of the reference
evaluator; there is one world here for every 60 of its cases.
"""

import itertools
import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.aws.environment import isolate
from tests.partial.desk import Refusals
from tests.partial.laws import Case, faults, refuted
from tests.partial.runs import FAMILIES
from tests.partial.truths import truths

WORLDS = -(-int(os.environ.get("ASSUMABLE_CASES", "20000")) // 60)
FIRST = int(os.environ.get("ASSUMABLE_FIRST", "0"))
ONLY = os.environ.get("ASSUMABLE_FAMILY")
BATCH = 8


@pytest.fixture(autouse=True)
def _keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(tmp_path, monkeypatch, AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret")


def batches() -> list[tuple[str, range]]:
    """Family and seeds; none for a family that is not tried here."""
    families = [family for family in FAMILIES if ONLY in (None, family)]
    last = FIRST + -(-WORLDS // len(families)) if families else FIRST
    starts = range(FIRST, last, BATCH)
    return [(family, range(n, min(n + BATCH, last))) for family in families for n in starts]


@pytest.mark.parametrize(("family", "seeds"), batches(), ids=str)
def test_what_is_said_holds_whatever_was_not_read(family: str, seeds: range) -> None:
    """Every law of `laws`, and no traceback."""
    found = []
    for seed in seeds:
        again = f"ASSUMABLE_FAMILY={family} ASSUMABLE_FIRST={seed} ASSUMABLE_CASES=1 pytest …"
        try:
            found += [f"{fault}: {again}" for fault in faults(seed, family)]
        except Exception as error:
            error.add_note(again)
            raise
    assert not found, "\n".join(found)


def test_the_worlds_have_something_to_tell() -> None:
    """Parts are missing, in every way, and what else may be true decides otherwise."""
    missing: Counter[str] = Counter()
    ways: set[str] = set()
    others: Counter[tuple[str, str]] = Counter()
    for family, seed in itertools.product(FAMILIES, range(8)):
        case = Case(seed, family)
        run = case.run(Refusals(seed, 0.2))
        missing[run.verdict] += bool(run.desk.refused)
        ways.update(run.desk.refused.values())
        for _, other in truths(case.made, run.desk, Random(seed)):
            others[run.verdict, case.verdict_in(other)] += 1
    assert missing["conditional"] > 10
    assert missing["denied"] > 5
    assert ways >= {"AccessDenied", "Throttling", "ExpiredToken", "cut"}
    assert others["conditional", "allowed"] > 30
    assert others["conditional", "denied"] > 30
    assert others["allowed", "allowed"] > 10


def test_a_wrong_verdict_is_found() -> None:
    """What was conditional, said to be allowed or denied, is refuted by what may be true."""
    case = Case(14, "classic")
    run = case.run(Refusals(14, 0.1))
    assert run.verdict == "conditional"
    for wrong in ("allowed", "denied"):
        run.verdict = wrong
        assert [fault for fault in refuted(case, run) if fault.startswith(f"{wrong}, but")]
