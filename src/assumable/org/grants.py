"""Who may be permitted a role by policies of its own: an index that only over-approximates.

INVARIANT: a principal whose policies could allow the call, whatever is not known, is among those
that the index finds; the engine decides about each of them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from assumable import arn
from assumable.engine.rules import action_matches
from assumable.globs import has_wildcard, matches
from assumable.model.policy import Effect, Policy, Statement
from assumable.org.calls import ACTION
from assumable.org.universe import Members, Universe


class Reach(NamedTuple):
    """The roles that one policy document can permit: exact ARNs, and patterns of them."""

    exact: frozenset[str]
    patterns: frozenset[str]


_EVERYTHING = Reach(frozenset(), frozenset(("*",)))


class Grants:
    """For a role's ARN, the principals whose own policies may permit it."""

    def __init__(self, universe: Universe) -> None:
        """Each different document is looked through once, however many principals have it."""
        self._exact: dict[str, list[int]] = {}
        self._patterns: dict[str, dict[str, Members]] = {}
        """By the account in the pattern, `*` where that is not written out; then by pattern."""
        holders: dict[Reach, list[int]] = {}
        known: dict[int, Reach] = {}
        for number, principal in enumerate(universe.principals):
            for policy in principal.policies:
                reach = _reach(policy, known) if isinstance(policy, Policy) else _EVERYTHING
                holders.setdefault(reach, []).append(number)
        for reach, numbers in holders.items():
            self._add(reach, numbers)

    def _add(self, reach: Reach, numbers: list[int]) -> None:
        for text in reach.exact:
            self._exact.setdefault(text, []).extend(numbers)
        for text in reach.patterns:
            self._patterns.setdefault(account_in(text), {}).setdefault(text, Members()).update(
                numbers
            )

    def for_role(self, role_arn: str) -> Members:
        """Everybody whose own policies may permit this role."""
        found = Members(self._exact.get(role_arn, ()))
        for account in (arn.account_of(role_arn), "*"):
            for pattern, members in self._patterns.get(account, {}).items():
                if matches(pattern, role_arn):
                    found |= members
        return found


def _reach(policy: Policy, known: dict[int, Reach]) -> Reach:
    found = known.get(id(policy.statements))
    if found is None:
        texts = frozenset(text for s in policy.statements for text in _permitted(s))
        patterns = frozenset(filter(has_wildcard, texts))
        found = known[id(policy.statements)] = Reach(texts - patterns, patterns)
    return found


def _permitted(statement: Statement) -> Iterator[str]:
    """Texts that match at least the roles which a statement can permit."""
    if statement.effect is Effect.DENY or not action_matches(statement, ACTION):
        return
    if statement.not_resource or statement.resources is None:
        yield "*"
        return
    for text in statement.resources:
        yield _without_variables(text)


def _without_variables(text: str) -> str:
    """A pattern in which a policy variable may stand for anything (R6.10)."""
    start, dollar, rest = text.partition("${")
    return f"{start}*" if dollar and rest else text


def account_in(pattern: str) -> str:
    """The account that is written out in a pattern; `*` where a wildcard may stand in its place."""
    fields = pattern.split(":", 5)
    written = len(fields) > 5 and not has_wildcard(":".join(fields[:5]))  # noqa: PLR2004  # of an ARN
    return fields[4] if written else "*"
