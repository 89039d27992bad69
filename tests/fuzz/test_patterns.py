"""No pattern takes longer than its length and that of the text explain.

Growth is measured, not time: twice the length may take four times as long, never eight.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from assumable import globs
from assumable.engine.evaluate import decide
from assumable.formats.scenario import Scenario
from tests.worlds import ROLE, A, B, allow, classic, parsed, trust

LONGEST = 16_000
MEASURABLE = 0.01
"""Seconds of processor time below which growth is noise."""


def seconds(action: Callable[[], object]) -> float:
    """Processor time, the best of three."""
    found = []
    for _ in range(3):
        started = time.process_time()
        action()
        found.append(time.process_time() - started)
    return min(found)


def assert_at_most_quadratic(prepare: Callable[[int], Callable[[], object]], most: int) -> None:
    """The action for twice the length takes at most four times as long, measured generously."""
    length = 250
    while length < most and seconds(prepare(length)) < MEASURABLE:
        length *= 2
    if length >= most:
        return  # too fast to measure at any length that matters
    ratios = []
    for _ in range(5):
        ratios.append(seconds(prepare(2 * length)) / seconds(prepare(length)))
        if ratios[-1] <= 4.5:
            return
    pytest.fail(f"twice {length} characters took {min(ratios):.1f} times as long")


GLOBS: dict[str, Callable[[int], tuple[str, str]]] = {
    "many runs": lambda n: ("*a" * 30 + "*b", "a" * n),
    "as many runs as characters": lambda n: ("*a" * n + "b", "a" * n),
    "runs of two": lambda n: ("*ab" * 30, "a" * n),
    "long runs": lambda n: ("*" + "a" * (n // 2) + "b*", "a" * n),
    "single characters": lambda n: ("?" * n, "a" * (n + 1)),
    "a run and single characters": lambda n: ("*" + "?" * 50 + "b", "a" * n),
    "alternating wildcards": lambda n: ("*?" * n, "a" * (n - 1)),
    "only stars": lambda n: ("*" * n + "b", "a" * n),
    "a tail": lambda n: ("*" + "a?" * 25, "a" * n + "b"),
    "case": lambda n: ("*ä" * 30 + "*b", "Ä" * n),
    "brackets": lambda n: ("*(a+)+[" * 30 + "b", "(a+)+[" * n),
}


@pytest.mark.parametrize("ignore_case", [False, True])
@pytest.mark.parametrize("name", GLOBS)
def test_wildcards(name: str, ignore_case: bool) -> None:
    def prepare(length: int) -> Callable[[], object]:
        pattern, text = GLOBS[name](length)
        tokens = globs.tokens(pattern)
        return lambda: globs.matches_tokens(tokens, text, ignore_case=ignore_case)

    assert_at_most_quadratic(prepare, LONGEST)


def condition(operator: str, key: str, pattern: str, value: str) -> dict[str, Any]:
    """A world whose trust policy compares one key, which has this value."""
    scenario = classic(trust_statements=[trust({"AWS": A}, Condition={operator: {key: pattern}})])
    scenario["call"]["context"] = {key: value}
    return scenario


def resource(pattern: str, tail: str) -> dict[str, Any]:
    """A world whose identity policy names the role by a pattern."""
    return classic(identity=[allow(resource=pattern)], RoleArn=ROLE + tail)


HOSTILE = "*a" * 20 + "*b"
PREFIX = f"arn:aws:iam::{B}:role/"
WORLDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "StringLike": lambda n: condition("StringLike", "aws:UserAgent", HOSTILE, "a" * n),
    "ArnLike": lambda n: condition("ArnLike", "aws:SourceArn", PREFIX + HOSTILE, PREFIX + "a" * n),
    "ArnLike of wildcards": lambda n: condition(
        "ArnLike", "aws:SourceArn", "arn:*:*:*:*:*" + HOSTILE, PREFIX + "a:" * n
    ),
    "ArnLike of colons": lambda n: condition("ArnLike", "aws:SourceArn", "*:" * 40 + "b", ":" * n),
    "a long ArnLike": lambda n: condition("ArnLike", "aws:SourceArn", "*:" * n, "a:" * 100),
    "Resource": lambda n: resource(PREFIX + HOSTILE, "a" * n),
    "Resource of wildcards": lambda n: resource("arn:*:*:*:*:*" + HOSTILE, "a" * n),
    "Resource across sections": lambda n: resource("*:*:*:*:*:*" + HOSTILE, "a:" * n),
    "Resource of colons": lambda n: resource("*:" * 40 + "b", ":" * n),
    "a long Resource": lambda n: resource("*:*a" * n, "a"),
    "Action": lambda n: classic(identity=[allow("sts:" + "*s" * n + "b", ROLE)]),
    "variables": lambda n: condition(
        "StringLike", "aws:UserAgent", "${aws:username}*" * (n // 8), "deployer" * 50
    ),
    "open variables": lambda n: condition("StringLike", "aws:UserAgent", "${" * n, "a" * 50),
    "open defaults": lambda n: condition("StringLike", "aws:UserAgent", "${a, '" * n, "a" * 50),
    "nested variables": lambda n: condition(
        "StringLike", "aws:UserAgent", "${" * n + "}" * n, "a" * 50
    ),
    "escaped variables": lambda n: condition(
        "StringLike", "aws:UserAgent", "${*}${$}" * n, "*$" * n
    ),
    "numbers": lambda n: condition("NumericLessThan", "aws:EpochTime", "1" * n, "2" * n),
    "exponents": lambda n: condition("NumericEquals", "aws:EpochTime", "1e" + "9" * n, "1"),
    "dates": lambda n: condition("DateEquals", "aws:CurrentTime", "2" * n, "2" * n),
    "addresses": lambda n: condition("IpAddress", "aws:SourceIp", "1." * n, "::" * n),
    "base64": lambda n: condition("BinaryEquals", "aws:UserAgent", "QQ==" * n, "QQ==" * n),
    "null": lambda n: condition("Null", "aws:UserAgent", "t" * n, "x"),
}


@pytest.mark.parametrize("name", WORLDS)
def test_policies(name: str) -> None:
    def prepare(length: int) -> Callable[[], object]:
        found: Scenario = parsed(json.loads(json.dumps(WORLDS[name](length))))
        return lambda: decide(*found)

    assert_at_most_quadratic(prepare, LONGEST)
