"""Statements that can never match, each with the proof: two elements that exclude each other."""

from collections.abc import Iterator

from assumable import arn
from assumable.engine.conditions import words
from assumable.engine.operators import OPERATORS
from assumable.globs import has_wildcard, matches
from assumable.model.policy import Condition, Effect, Policy, Statement

_LISTS = frozenset((
    "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist",
    "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:tagkeys", "sts:requestcontextproviders",
    "sts:transitivetagkeys",
))  # fmt: skip
_EXACT, _LIKE = ("stringequals",), ("stringlike", "arnlike", "arnequals")
_BELOW = ("numericlessthan", "numericlessthanequals")
_ABOVE = ("numericgreaterthan", "numericgreaterthanequals")
_PUBLIC = ("aws:sourceip",)
_PRIVATE = ("aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpcsourceip")
_TOKEN, _ASSERTION = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"


def dead_statements(
    policy: Policy, *, told: Statement | None = None
) -> Iterator[tuple[Statement, str]]:
    """The Allow statements of a trust policy that no call can meet, with the proof.

    Of the one that is `told` of anyway only what stands outside of it.
    """
    for statement in policy.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        within = () if statement == told else _within(statement)
        proof = next(iter((*within, *_covering(policy, statement))), "")
        if proof:
            yield statement, proof


def contradiction_of(statement: Statement, condition: Condition) -> str:
    """What in the same statement excludes a condition, in words; empty when nothing does."""
    for other in statement.conditions:
        if other is not condition:
            proof = _exclude(condition, other) or _exclude(other, condition)
            if proof:
                return proof
    return ""


def _within(statement: Statement) -> Iterator[str]:
    for place, condition in enumerate(statement.conditions):
        for other in statement.conditions[place + 1 :]:
            yield from filter(None, [_exclude(condition, other) or _exclude(other, condition)])
    yield from _kinds(statement)
    yield from _accounts(statement)


def _covering(policy: Policy, statement: Statement) -> Iterator[str]:
    for other in policy.statements:
        if other.effect is Effect.DENY and covers(other, statement):
            yield f"{other.label} denies all that it allows"


def _exclude(left: Condition, right: Condition) -> str:
    """The proof that no request meets both conditions, as far as their values alone show it."""
    both = f"{words(left)}, and {words(right)}"
    one, two = left.key.lower(), right.key.lower()
    if one in _PUBLIC and two in _PRIVATE and _needs(left) and _needs(right):
        return (
            f"{both}; a request through a VPC endpoint has no {left.key}, and no other has the "
            f"{right.key}"
        )
    if one != two or one in _LISTS or left.qualifier or right.qualifier:
        return ""
    if _asks_for_absence(left) and _needs(right):
        return f"{both}: the key cannot be absent and have a value"
    if not _needs(left) or not _needs(right) or _has_variables(left, right):
        return ""
    if one == "sts:externalid":  # told without the values
        both = "there are two conditions on sts:ExternalId"
    return f"{both}: no value is both" if _is_disjoint(left, right) else ""


def _needs(condition: Condition) -> bool:
    """Whether the condition holds only when its key is in the request."""
    if condition.base == "null":
        return all(value.lower() == "false" for value in condition.values)
    return (
        not condition.if_exists
        and condition.qualifier != "forallvalues"
        and not (OPERATORS[condition.base].negated)
    )


def _asks_for_absence(condition: Condition) -> bool:
    return condition.base == "null" and all(v.lower() == "true" for v in condition.values)


def _has_variables(*conditions: Condition) -> bool:
    return any("${" in value for condition in conditions for value in condition.values)


def _is_disjoint(left: Condition, right: Condition) -> bool:
    if left.base in _EXACT and right.base in _EXACT:
        return not set(left.values) & set(right.values)
    if left.base in _EXACT and right.base in _LIKE:
        return not any(matches(wild, text) for wild in right.values for text in left.values)
    if left.base in _LIKE and right.base in _LIKE:
        return _prefixes_differ(left, right)
    if left.base == "bool" and right.base == "bool":
        ours, theirs = ({v.lower() for v in c.values} for c in (left, right))
        return not ours & theirs
    if left.base in _BELOW and right.base in _ABOVE:
        return _is_empty_range(left, right)
    return False


def _prefixes_differ(left: Condition, right: Condition) -> bool:
    """Whether what stands before the first wildcard tells every pair of patterns apart."""

    def apart(one: str, two: str) -> bool:
        start, other = _literal(one), _literal(two)
        shorter = min(len(start), len(other))
        return start[:shorter] != other[:shorter]

    return all(apart(one, two) for one in left.values for two in right.values)


def _literal(pattern: str) -> str:
    ends = [pattern.find(wild) for wild in "*?" if wild in pattern]
    return pattern[: min(ends)] if ends else pattern


def _is_empty_range(below: Condition, above: Condition) -> bool:
    try:
        highest, lowest = max(map(float, below.values)), min(map(float, above.values))
    except ValueError:
        return False
    closed = below.base.endswith("equals") and above.base.endswith("equals")
    return highest < lowest or (highest == lowest and not closed)


def _kinds(statement: Statement) -> Iterator[str]:
    """Who is named never makes the call that is listed (R1.21)."""
    kinds = {_kind(entry.kind, entry.value) for entry in statement.principals or ()}
    if statement.not_principal or statement.not_action or not kinds or "" in kinds:
        return
    calls = {"AWS": ("sts:AssumeRole",), "oidc": (_TOKEN,), "saml": (_ASSERTION,)}
    own = {action for kind in kinds for action in calls[kind]}
    listed = statement.actions
    mains = ("sts:AssumeRole", _TOKEN, _ASSERTION)
    reached = {m for m in mains if any(matches(a, m, ignore_case=True) for a in listed)}
    if reached and not reached & own:
        yield (
            f"who it names calls {' or '.join(sorted(own))}, but it allows "
            f"{', '.join(sorted(reached))}"
        )


def _kind(kind: str, value: str) -> str:
    """What a principal can be, as far as its own text says; empty when it may be several."""
    if kind in ("AWS", "Service") and value != "*":
        return "AWS"
    if kind != "Federated":
        return ""
    return "saml" if ":saml-provider/" in value else "oidc"


def _accounts(statement: Statement) -> Iterator[str]:
    """Every principal is of another account than the one that is asked for."""
    entries = statement.principals or ()
    named = {arn.account_of(e.value) or e.value for e in entries if e.kind == "AWS"}
    if statement.not_principal or not named or "*" in named or len(named) < len(entries):
        return
    for condition in statement.conditions:
        asked = set(condition.values)
        plain = condition.base in _EXACT and not any(map(has_wildcard, asked))
        if (
            condition.key.lower() == "aws:principalaccount"
            and plain
            and _needs(condition)
            and not _has_variables(condition)
            and not named & asked
        ):
            yield f"{words(condition)}, but it names principals of {', '.join(sorted(named))}"


def covers(deny: Statement, allow: Statement) -> bool:
    """Whether an unconditional Deny is about everything that an Allow is about."""
    if deny.conditions or deny.not_principal or deny.not_action or allow.not_action:
        return False
    if deny.not_resource or (deny.resources is not None and deny.resources != allow.resources):
        return False
    theirs = {(entry.kind, entry.value) for entry in deny.principals or ()}
    mine = {(entry.kind, entry.value) for entry in allow.principals or ()}
    everyone = ("*", "*") in theirs
    signed = ("AWS", "*") in theirs and {kind for kind, _ in mine} == {"AWS"}
    actions = all(
        any(matches(wide, action, ignore_case=True) for wide in deny.actions)
        for action in allow.actions
    )
    named = everyone or signed or (bool(mine) and mine <= theirs)
    return actions and not allow.not_principal and named
