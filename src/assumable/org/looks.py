"""By what rules tell callers apart: the conditions and keys in them that are about who calls."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple

from assumable.engine.conditions import Context, Held, variables_in
from assumable.engine.resources import Matched
from assumable.engine.rules import Rule
from assumable.engine.truth import Truth, all_of
from assumable.model.policy import Condition

_OF_THE_ROLE = ("aws:resource", "iam:resourcetag/")
"""How keys begin that say something of the role, whoever calls."""
OF_THE_REQUEST = frozenset((
    "aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport",
    "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:useragent", "aws:viaawsservice",
    "aws:vpcsourceip", "sts:externalid", "sts:rolesessionname",
))  # fmt: skip
"""Keys that are the same in the calls of all principals."""
Named = tuple[str, str, tuple[str, ...], bool]
"""What a condition says, wherever it stands: operator, key, values, whether it has variables."""


class Look(NamedTuple):
    """By what rules tell callers apart."""

    tests: Mapping[Named, Held]
    """Conditions that ask of nothing but the caller and what it sends."""
    keys: tuple[str, ...]
    """Keys of the caller that are compared with what is the role's, or stand in resources."""


def look_of(rules: Iterable[Rule]) -> Look:
    """Everything in the rules that may turn out differently for different callers."""
    tests: dict[Named, Held] = {}
    keys: set[str] = set()
    for rule in rules:
        keys.update(_variables_in_resources(rule))
        for condition, held in zip(rule.statement.conditions, rule.conditions, strict=True):
            asked = _keys_in(condition, rule)
            if _is_test(asked):
                tests[_named(condition, rule)] = held
            else:
                keys |= asked
    return Look(tests, tuple(sorted(filter(_is_of_the_caller, keys))))


def keys_of(rule: Rule) -> set[str]:
    """Every condition key that a rule asks for, in lower case."""
    asked = (_keys_in(condition, rule) for condition in rule.statement.conditions)
    return set().union(*asked, _variables_in_resources(rule))


def seen_by(look: Look, context: Context) -> Iterator[Hashable]:
    """What a look sees of a caller."""
    yield from (held(context) for held in look.tests.values())
    yield from (context.value(key) for key in look.keys)


def tests_of(rule: Rule, look: Look) -> tuple[int, ...]:
    """The places in the look of the tests that a rule asks."""
    asked = look_of((rule,)).tests
    return tuple(place for place, name in enumerate(look.tests) if name in asked)


class Saying(NamedTuple):
    """When callers' rules apply whose tests pass."""

    resource: Matched | None
    """Whether it is about a role; None where it is about all."""
    conditions: tuple[Held, ...]
    """Those that ask for something of the role."""
    of_the_role: bool
    """Whether there are any, or variables in the resource that do."""
    request: bool | None
    """What comes of the conditions that ask of the request alone; None where that is not known."""


def rest_of(rule: Rule) -> Hashable:
    """When a caller's rule applies whose tests pass; equal for rules that apply alike."""
    statement = rule.statement
    conditions = tuple(
        _named(condition, rule)
        for condition in statement.conditions
        if not _is_test(_keys_in(condition, rule))
    )
    return statement.resources, statement.not_resource, rule.policy.has_variables, conditions


def saying_of(rule: Rule, context: Context) -> Saying:
    """The same made ready; the context may be that of anybody's call."""
    of_request, conditions = list[Truth](), list[Held]()
    for condition, held in zip(rule.statement.conditions, rule.conditions, strict=True):
        keys = _keys_in(condition, rule)
        if any(map(_is_of_the_role, keys)):
            conditions.append(held)
        elif not _is_test(keys):
            of_request.append(held(context))
    request = all_of(of_request)
    return Saying(
        rule.resource,
        tuple(conditions),
        bool(conditions) or any(map(_is_of_the_role, _variables_in_resources(rule))),
        request if isinstance(request, bool) else None,
    )


def _keys_in(condition: Condition, rule: Rule) -> set[str]:
    variables = variables_in(condition.values) if rule.policy.has_variables else ()
    return {condition.key.lower(), *variables}


def _variables_in_resources(rule: Rule) -> Iterable[str]:
    return variables_in(rule.statement.resources or ()) if rule.policy.has_variables else ()


def _is_test(keys: set[str]) -> bool:
    """Whether a condition on these keys is decided by who calls, whatever role is asked for."""
    return not any(map(_is_of_the_role, keys)) and any(map(_is_of_the_caller, keys))


def _is_of_the_role(key: str) -> bool:
    return key.startswith(_OF_THE_ROLE)


def _is_of_the_caller(key: str) -> bool:
    return not (_is_of_the_role(key) or key in OF_THE_REQUEST)


def _named(condition: Condition, rule: Rule) -> Named:
    return condition.operator, condition.key, condition.values, rule.policy.has_variables
