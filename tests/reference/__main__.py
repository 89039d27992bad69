"""`python -m tests.reference SEED [--family F]`: one case; `--coverage N`: what N cases contain."""

import argparse
import json
from collections import Counter

import yaml

from tests.reference.agreement import acceptable
from tests.reference.coverage import features
from tests.reference.generator import FAMILIES, scenario
from tests.worlds import verdict_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reference", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--family", choices=FAMILIES, default="classic")
    parser.add_argument("--coverage", type=int, metavar="N", help="count features of N cases")
    options = parser.parse_args()
    if options.coverage:
        count(options.family, options.seed, options.coverage)
        return
    world = scenario(options.seed, options.family)
    print(yaml.safe_dump(json.loads(json.dumps(world)), sort_keys=False, allow_unicode=True))
    print(f"# reference: {' or '.join(sorted(acceptable(world)))}")
    print(f"# engine: {verdict_of(world)}")


def count(family: str, first: int, cases: int) -> None:
    """Verdicts and features, most frequent first."""
    verdicts: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for seed in range(first, first + cases):
        world = scenario(seed, family)
        verdicts[" or ".join(sorted(acceptable(world)))] += 1
        seen.update(features(world))
    for counter in (verdicts, seen):
        for name, number in counter.most_common():
            print(f"{number:7}  {name}")
        print()


main()
