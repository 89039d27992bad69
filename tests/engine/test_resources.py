"""Resource patterns against a plain reading of the rule (R6.12)."""

import functools

from hypothesis import given
from hypothesis import strategies as st

from assumable.engine import resources
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts, Lookups
from assumable.model.policy import Layer, PolicyName, Statement, parse_policy
from assumable.source import Document, Location
from tests.worlds import classic, parsed

WORLD, CALL = parsed(classic())
CONTEXT = RequestContext(Facts(Lookups(WORLD), CALL), "sts:AssumeRole", Layer.IDENTITY)
PIECES = st.sampled_from(["a", "b", ":", "*", "?", "/"])
SEGMENT = st.text("ab*?", max_size=3)
PATTERNS = st.one_of(
    st.lists(PIECES, max_size=9).map("".join),
    st.lists(SEGMENT, min_size=1, max_size=7).map(":".join),
)
TARGETS = st.lists(st.text("ab/", max_size=3), min_size=5, max_size=7).map(":".join)


def statement(patterns: list[str], element: str = "Resource") -> Statement:
    """An identity statement over the patterns."""
    body = {"Effect": "Allow", "Action": "sts:*", element: patterns}
    document = {"Version": "2012-10-17", "Statement": [body]}
    name = PolicyName(Layer.IDENTITY, "p")
    policy = parse_policy(document, name, Location(Document("p", "null")))
    return policy.statements[0]


def covers(pattern: str, target: str) -> bool:
    """The rule read literally, character by character."""
    if pattern == "*":
        return True
    service = pattern.split(":", 5)[2:3]
    if service and ("*" in service[0] or "?" in service[0]):
        return False

    @functools.cache
    def at(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(target)
        last = pattern.count(":", 0, p) >= 5
        ends_segment = pattern[p + 1 : p + 2] in ("", ":")
        if pattern[p] == "*":
            if at(p + 1, t):
                return True
            return t < len(target) and (target[t] != ":" or last or ends_segment) and at(p, t + 1)
        if t == len(target):
            return False
        if pattern[p] == "?":
            return (target[t] != ":" or last) and at(p + 1, t + 1)
        return pattern[p] == target[t] and at(p + 1, t + 1)

    return at(0, 0)


@given(st.lists(PATTERNS, min_size=1, max_size=3), TARGETS)
def test_a_list_of_patterns_covers_what_one_of_them_covers(
    patterns: list[str], target: str
) -> None:
    """A `*` stays in its segment unless it ends one; the last segment is free."""
    wanted = any(covers(pattern, target) for pattern in patterns)
    matched = resources.compiled(statement(patterns), has_variables=True)
    assert (matched is None or matched(target, CONTEXT)) is wanted
    negated = resources.compiled(statement(patterns, "NotResource"), has_variables=True)
    assert negated is not None
    assert negated(target, CONTEXT) is not wanted


def test_variables_count_in_the_last_segment_only() -> None:
    """R6.10: before the fifth colon `${…}` is plain text."""
    mine = "arn:aws:iam::222222222222:role/deployer"
    inside = statement(["arn:aws:iam::222222222222:role/${aws:username}"])
    matched = resources.compiled(inside, has_variables=True)
    literal = resources.compiled(inside, has_variables=False)
    assert matched is not None
    assert literal is not None
    assert matched(mine, CONTEXT) is True
    assert matched(mine + "s", CONTEXT) is False
    assert literal(mine, CONTEXT) is False
    early = resources.compiled(statement(["arn:${aws:username}:iam::2:role/x"]), has_variables=True)
    assert early is not None
    assert early("arn:deployer:iam::2:role/x", CONTEXT) is False
