"""Cold start of the command, warm cache, relative to a bare interpreter in the same environment.

Prints the machine, then the median and the spread of ten runs of each command.
"""

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 10
EXAMPLE = Path(__file__).parent.parent / "src" / "assumable" / "cli" / "examples" / "all-five.yaml"
COMMAND = [str(Path(sys.executable).with_name("assumable"))]
# name: command, milliseconds that it may take more than a bare interpreter
CASES: dict[str, tuple[list[str], float]] = {
    "python -c pass": ([sys.executable, "-c", "pass"], 0),
    "assumable --version": ([*COMMAND, "--version"], 80),
    "assumable --help": ([*COMMAND, "--help"], 80),
    "assumable why --scenario": ([*COMMAND, "why", "--scenario", str(EXAMPLE)], 300),
}


def timed(command: list[str]) -> float:
    """Wall-clock milliseconds of one run."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        subprocess.run(command, stdout=output, stderr=output, check=False)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Time the commands in turn, so that a slow moment of the machine hits all of them."""
    for command, _ in CASES.values():
        timed(command)
    runs: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, (command, _) in CASES.items():
            runs[name].append(timed(command))
    base = statistics.median(runs["python -c pass"])
    figures = {
        name: {
            "median_ms": round(statistics.median(taken), 1),
            "min_ms": round(min(taken), 1),
            "max_ms": round(max(taken), 1),
            "more_than_bare_ms": round(statistics.median(taken) - base, 1),
            "budget_ms": CASES[name][1],
        }
        for name, taken in runs.items()
    }
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    machine = f"Python {platform.python_version()}, {platform.machine()}, median of {RUNS}"
    sys.stdout.write(machine + "\n")
    for name, row in figures.items():
        sys.stdout.write(
            f"{name:28} {row['median_ms']:7.1f} ms  ({row['min_ms']:.1f} to {row['max_ms']:.1f})  "
            f"+{row['more_than_bare_ms']:.1f} ms, at most +{row['budget_ms']:.0f}\n"
        )


if __name__ == "__main__":
    main()
