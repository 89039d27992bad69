"""Resource patterns against a plain reading of the rule (R6.12)."""

import functools

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assumable.engine import resources
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts, Lookups
from assumable.engine.truth import Atom, Not, Truth
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
    return reads(pattern, target)


def reads(pattern: str, target: str) -> bool:
    """The rule without what it says of the service."""

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


@given(PATTERNS, TARGETS)
@example("arn:a:i::*", "arn:a:i::2:role/x")
@example("a:*:b", "a:c:d:b")
@example("a:*b", "a:cbdb")
@example("::::?:?", "::::a::")
@example("::::::?*", ":::::::a")
@example("::::?:x", "::::::x")
@example("::::a?", "::::ab")
@example("a**:b", "a:b")
@example("a**:b", "axx:b")
@example("a:b*:b", "a:b")
@example("*:b", ":b")
@settings(max_examples=100)
def test_a_star_that_ends_a_segment_crosses_colons(pattern: str, target: str) -> None:
    """The pass over the target's characters as bits does what the rule says."""
    assert resources._crosses_colons(pattern, target) is reads(pattern, target)


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


ROLE = "arn:aws:iam::222222222222:role/DeployRole"


def covered(patterns: list[str], target: str = ROLE, element: str = "Resource") -> Truth:
    """Whether a statement over the patterns speaks of the target."""
    matched = resources.compiled(statement(patterns, element), has_variables=True)
    return True if matched is None else matched(target, CONTEXT)


@pytest.mark.rule("R6.12")
@pytest.mark.parametrize(
    ("pattern", "target", "expected"),
    [
        ("arn:aws:iam::222222222222:role/*", ROLE, True),
        ("arn:aws:iam::222222222222:role/*Role", ROLE, True),
        ("arn:aws:iam::222222222222:role/*Role", f"{ROLE}s", False),
        ("arn:aws:iam::222222222222:role/a?b", "arn:aws:iam::222222222222:role/a:b", True),
        ("arn:aws:iam::222222222222:role/a*b", "arn:aws:iam::222222222222:role/a:x:b", True),
        ("arn:aws:iam::22*22:role/DeployRole", ROLE, True),
        ("arn:aws:iam::22?2*2:role/DeployRole", ROLE, True),
        ("arn:aws:iam:?:222222222222:role/DeployRole", ROLE, False),
        ("arn:aws:iam:*:role/DeployRole", ROLE, True),
        ("arn:aws:iam*:role/DeployRole", ROLE, False),
        ("arn:*:iam::222222222222:role/DeployRole", ROLE, True),
        ("arn:*:iam:*", ROLE, True),
        ("arn:?ws:iam:*", ROLE, True),
        ("arn:aws?iam::*", ROLE, False),
        ("*:role/DeployRole", ROLE, True),
        ("*/DeployRole", ROLE, False),
        ("a*", ROLE, True),
        ("b*", ROLE, False),
        ("?*", ROLE, True),
        ("arn:aws:?am::*", ROLE, False),
        ("arn:aws:*", ROLE, False),
        ("arn:aws*", ROLE, True),
        ("arn:aws:iam::222222222222:role/DeployRole?", ROLE, False),
        ("arn:aws:iam::222222222222:role/DeployRole*", ROLE, True),
        ("arn:aws:iam::*", "arn:aws:iam::222222222222:role/line\nbreak", True),
        ("arn:aws:iam::2*2:role/x", "arn:aws:iam::2:2:role/x", False),
        ("arn:aws:iam::2?2:role/x", "arn:aws:iam::2:2:role/x", False),
        ("arn:aws:iam::*2:role/x", "arn:aws:iam::X2:role/x", True),
        ("arn:aws:iam:*Y", "arn:aws:iam:XY", True),
        ("arn:aws:iam::2:role/*:b", "arn:aws:iam::2:role/a:c:b", True),
        ("arn:aws:iam::*:b", "arn:aws:iam::2:role/a:b", True),
        ("a*:b:c:d:e:f:g", "a:x:b:c:d:e:f:g", True),
        ("arn:aws:iam::222222222222:role/*", "arn:aws:iam::222222222222:role/line\nbreak", True),
    ],
)
def test_single_patterns(pattern: str, target: str, expected: bool) -> None:
    """R6.12, read literally; alone, beside others, and negated."""
    assert covers(pattern, target) is expected
    assert covered([pattern], target) is expected
    assert covered(["arn:aws:iam::1:role/x", pattern, "arn:aws:s3:::*"], target) is expected
    assert covered([pattern], target, "NotResource") is not expected


def test_everything_is_never_ruled_out() -> None:
    """`*` among the patterns; as NotResource it rules everything out."""
    assert resources.compiled(statement(["a", "*"]), has_variables=True) is None
    assert covered(["*"], element="NotResource") is False
    trust_policy = msgspec.structs.replace(statement(["a"]), resources=None)
    assert resources.compiled(trust_policy, has_variables=True) is None


@pytest.mark.rule("R6.10", "R6.12")
@pytest.mark.parametrize(
    ("pattern", "target", "expected"),
    [
        ("arn:aws:iam::2:role/${aws:username}", "arn:aws:iam::2:role/deployer", True),
        ("arn:aws:iam::?:role/${aws:username}", "arn:aws:iam::2:role/deployer", True),
        ("arn:*:iam::*:role/${aws:username}", "arn:aws:iam::2:role/deployer", True),
        ("arn:aws:iam::3:role/${aws:username}", "arn:aws:iam::2:role/deployer", False),
        ("arn:aws:i*::2:role/${aws:username}", "arn:aws:iam::2:role/deployer", False),
        ("arn:aws:ia?::2:role/${aws:username}", "arn:aws:iam::2:role/deployer", False),
        ("arn:aws:iam::2:role/${aws:username}", "arn:aws:iam::2", False),
        ("arn:aws:iam::2:role:${aws:username}", "arn:aws:iam::2:role:deployer", True),
        ("arn:aws:iam::2:a:${aws:username}:*", "arn:aws:iam::2:a:deployer:b:c", True),
        ("arn:aws:iam::2:role/${aws:username}*", "arn:aws:iam::2:role/deployer/x:y", True),
        ("arn:aws:iam::2:role/${aws:none}", "arn:aws:iam::2:role/deployer", False),
        ("arn:aws:iam::2:role/${aws:none, 'x'}", "arn:aws:iam::2:role/x", True),
        ("${aws:username}", "deployer", False),
    ],
)
def test_patterns_with_variables(pattern: str, target: str, expected: bool) -> None:
    """R6.10, R6.12: the variable's value is literal, the wildcards around it are not."""
    assert covered([pattern], target) is expected
    assert covered(["arn:aws:iam::9:role/x", pattern], target) is expected
    assert covered([pattern], target, "NotResource") is not expected
    assert covered([pattern, target], target) is True


def test_a_variable_that_is_not_known_leaves_the_resource_open() -> None:
    """The question says what would have to be the role."""
    scenario = classic()
    scenario["unknown"] = ["context:aws:username"]
    world, call = parsed(scenario)
    context = RequestContext(Facts(Lookups(world), call), "sts:AssumeRole", Layer.IDENTITY)
    pattern = "arn:aws:iam::2:role/${aws:username}"
    target = "arn:aws:iam::2:role/deployer"
    matched = resources.compiled(statement([pattern]), has_variables=True)
    assert matched is not None
    found = matched(target, context)
    assert isinstance(found, Atom)
    assert found.text == f"{pattern} is {target}"
    assert found.part == "aws:username, declared unknown"
    negated = resources.compiled(statement([pattern], "NotResource"), has_variables=True)
    assert negated is not None
    assert negated(target, context) == Not(found)
