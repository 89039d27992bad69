"""Matching `Resource` and `NotResource` against the ARN of the role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from collections.abc import Callable, Sequence

from assumable.engine import conditions
from assumable.engine.conditions import Context
from assumable.engine.truth import Truth, any_of, negate
from assumable.globs import expression, has_wildcard, matches, matches_tokens, tokens
from assumable.model.policy import Statement
from assumable.model.world import Unknown

_SEGMENTS, _SERVICE = 6, 2
"""An ARN has six segments, the third is the service."""

Matched = Callable[[str, Context], Truth]
"""Whether a target's ARN is one that the statement speaks of."""


def compiled(statement: Statement, *, has_variables: bool) -> Matched | None:
    """The element made ready; None where it never rules anything out.

    Variables count only after the fifth colon (R6.10, R6.12).
    """
    if statement.resources is None:
        return None
    if "*" in statement.resources:
        return (lambda _, __: False) if statement.not_resource else None
    variable = [text for text in statement.resources if has_variables and _has_variable(text)]
    plain = _any_of([text for text in statement.resources if text not in variable])
    negated = statement.not_resource
    if not variable:
        return lambda target, _: plain(target) != negated

    def matched(target: str, context: Context) -> Truth:
        found = any_of(
            [plain(target), *(_with_variables(text, target, context) for text in variable)]
        )
        return negate(found) if negated else found

    return matched


def _has_variable(pattern: str) -> bool:
    segments = pattern.split(":", _SEGMENTS - 1)
    return len(segments) == _SEGMENTS and "${" in segments[-1]


def _wild_service(pattern: str) -> bool:
    """The service segment takes no wildcard (R6.12)."""
    segments = pattern.split(":", _SEGMENTS - 1)
    return len(segments) > _SERVICE and has_wildcard(segments[_SERVICE])


def _with_variables(pattern: str, target: str, context: Context) -> Truth:
    wanted, got = pattern.split(":", 5), target.split(":", 5)
    if _wild_service(pattern) or len(got) != _SEGMENTS:
        return False
    if not all(matches(want, part) for want, part in zip(wanted[:5], got[:5], strict=True)):
        return False
    resource = conditions.resolve(wanted[-1], context, has_variables=True)
    if isinstance(resource, Unknown):
        return conditions.open_question(f"{pattern} is {target}", resource)
    return resource is not None and matches_tokens(resource.tokens, got[-1])


def _any_of(patterns: Sequence[str]) -> Callable[[str], bool]:
    """All patterns in one test: the exact ones as a set, the others as one expression."""
    usable = [pattern for pattern in patterns if not _wild_service(pattern)]
    exact = frozenset(pattern for pattern in usable if not has_wildcard(pattern))
    wild = [pattern for pattern in usable if has_wildcard(pattern)]
    if not wild:
        return exact.__contains__
    fullmatch = re.compile("|".join(map(_by_segment, wild)), re.DOTALL).fullmatch
    crossing = [
        (pattern, pattern.count(":"))
        for pattern in wild
        if any(part.endswith("*") for part in pattern.split(":", 5)[:5])
    ]

    def matched(target: str) -> bool:
        if target in exact or fullmatch(target) is not None:
            return True
        colons = target.count(":")
        return any(own < colons and _crosses_colons(text, target) for text, own in crossing)

    return matched


def _by_segment(pattern: str) -> str:
    """An expression for a pattern whose wildcards stay in their segment; the last one is free."""
    segments = pattern.split(":", _SEGMENTS - 1)
    if len(segments) < _SEGMENTS:
        parts = [expression(tokens(segment), within=":") for segment in segments]
    else:
        *head, last = segments
        parts = [expression(tokens(segment), within=":") for segment in head]
        parts.append(expression(tokens(last)))
    return "(?:" + ":".join(parts) + ")"


def _crosses_colons(pattern: str, target: str) -> bool:
    """Whether a pattern matches when a `*` that ends a segment may run over colons.

    AWS's page has `arn:aws:iam::*` cover every role. The characters of the target that can have
    been reached are the bits of one number, so the time is that of one pass over the pattern.
    """
    everywhere = (1 << len(target) + 1) - 1
    colon = sum(1 << n for n, char in enumerate(target) if char == ":")
    free = everywhere >> 1 & ~colon
    reached, seen = 1, 0
    for n, wanted in enumerate(pattern):
        last = seen >= _SEGMENTS - 1
        seen += wanted == ":"
        if wanted == "*" and (last or pattern[n + 1 : n + 2] in ("", ":")):
            reached = everywhere & -(reached & -reached)
        elif wanted == "*":
            reached |= ((reached & free) + free) ^ free
        elif wanted == "?":
            reached = (reached & (everywhere >> 1 if last else free)) << 1
        else:
            same = sum(1 << n for n, char in enumerate(target) if char == wanted)
            reached = (reached & same) << 1
        if not reached:
            return False
    return bool(reached >> len(target) & 1)
