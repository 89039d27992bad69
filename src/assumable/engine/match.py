"""Matching one statement, element by element; verdicts and explanations use the same tests."""

import enum
import functools
from collections.abc import Iterator, Mapping

import msgspec

from assumable.engine import conditions
from assumable.engine.context import RequestContext
from assumable.engine.principals import Form, names
from assumable.engine.truth import Truth, all_of, any_of, negate
from assumable.globs import has_wildcard, matches, matches_tokens
from assumable.model.call import Caller
from assumable.model.policy import Condition, Effect, Policy, Statement
from assumable.model.world import Unknown

_SEGMENTS, _SERVICE = 6, 2
"""An ARN has six segments, the third is the service."""


class Reason(enum.StrEnum):
    """Why an element does not match."""

    PRINCIPAL = "principal-differs"
    ACTION = "action-not-listed"
    RESOURCE = "resource-differs"
    KEY_ABSENT = "key-absent"
    VALUE_DIFFERS = "value-differs"
    UNKNOWN = "not-known"


class ElementTrace(msgspec.Struct, frozen=True):
    """One element of a statement held against the request."""

    element: str
    """`Principal`, `Action`, `Resource` or `Condition`."""
    truth: Truth
    pointer: str
    condition: Condition | None = None

    @property
    def failed(self) -> bool:
        """Whether the element rules the statement out, whatever the unknowns turn out to be."""
        return self.truth is False


class StatementTrace(msgspec.Struct, frozen=True):
    """Every element of one statement, tested without stopping at the first that fails."""

    policy: Policy
    statement: Statement
    elements: tuple[ElementTrace, ...]
    caller: Caller

    @property
    def truth(self) -> Truth:
        """Whether the statement applies to the request."""
        return all_of(element.truth for element in self.elements)

    @property
    def failing(self) -> tuple[ElementTrace, ...]:
        """The elements that rule it out."""
        return tuple(element for element in self.elements if element.failed)

    def has_matching(self, element: str) -> bool:
        """Whether the element of that name does not rule the statement out."""
        return not any(part.failed for part in self.elements if part.element == element)


def action_matches(statement: Statement, action: str) -> bool:
    """Action names ignore case and take wildcards (R6.12)."""
    listed = any(matches(pattern, action, ignore_case=True) for pattern in statement.actions)
    return listed != statement.not_action


def resource_matches(
    statement: Statement, context: RequestContext, *, has_variables: bool
) -> Truth:
    """The role's ARN against `Resource` or `NotResource`; a trust policy has neither."""
    if statement.resources is None:
        return True
    target = context.call.role_arn
    found = any_of(
        _one_resource(pattern, target, context, has_variables=has_variables)
        for pattern in statement.resources
    )
    return negate(found) if statement.not_resource else found


def _one_resource(
    pattern: str, target: str, context: RequestContext, *, has_variables: bool
) -> Truth:
    """The six segments of an ARN; variables count only after the fifth colon (R6.10, R6.12).

    A `*` that ends a segment also expands across colons, so `arn:aws:iam::*` covers every role;
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if pattern == "*":
        return True
    wanted, got = pattern.split(":", 5), target.split(":", 5)
    if len(wanted) > _SERVICE and has_wildcard(wanted[_SERVICE]):
        return False
    if len(wanted) == _SEGMENTS and has_variables and "${" in wanted[-1]:
        if not all(matches(want, part) for want, part in zip(wanted[:5], got[:5], strict=True)):
            return False
        resource = conditions.resolve(wanted[-1], context, has_variables=True)
        if isinstance(resource, Unknown):
            return conditions.open_question(f"{pattern} is {target}", resource)
        return resource is not None and matches_tokens(resource.tokens, got[-1])
    if len(wanted) == len(got) and all(map(matches, wanted, got)):
        return True
    return any(part.endswith("*") for part in wanted[:5]) and _crosses_colons(pattern, target)


@functools.lru_cache(maxsize=16_384)
def _crosses_colons(pattern: str, target: str) -> bool:
    """Whether a pattern matches when a `*` that ends a segment may run over colons.

    Which characters of the target can have been reached is kept for each step of the pattern: the
    time is that of one pass over the target for each character of the pattern, whatever it is.
    """
    reached = [True, *(False for _ in target)]
    for n, wanted in enumerate(pattern):
        last = pattern.count(":", 0, n) >= _SEGMENTS - 1
        crosses = last or pattern[n + 1 : n + 2] in ("", ":")
        following = [False] * len(reached)
        following[0] = wanted == "*" and reached[0]
        for i, char in enumerate(target):
            if wanted == "*":
                carried = following[i] and (crosses or char != ":")
                following[i + 1] = reached[i + 1] or carried
            elif wanted == "?":
                following[i + 1] = reached[i] and (last or char != ":")
            else:
                following[i + 1] = reached[i] and char == wanted
        reached = following
    return reached[-1]


def forms(policy: Policy, statement: Statement, context: RequestContext) -> Mapping[Form, Truth]:
    """Whether the statement applies, split by the form in which it names the caller."""
    named = names(statement, context.facts)
    if not any(truth is not False for truth in named.values()):
        return {}
    if not action_matches(statement, context.action):
        return {}
    rest = all_of(_unprincipled(policy, statement, context))
    if rest is False:
        return {}
    return {form: all_of([truth, rest]) for form, truth in named.items()}


def _unprincipled(policy: Policy, statement: Statement, context: RequestContext) -> Iterator[Truth]:
    yield resource_matches(statement, context, has_variables=policy.has_variables)
    for condition in statement.conditions:
        yield conditions.test(condition, context, has_variables=policy.has_variables)


def applies(policy: Policy, effect: Effect, context: RequestContext) -> Truth:
    """Whether any statement of that effect applies to the request."""
    return any_of(
        truth
        for statement in policy.statements
        if statement.effect is effect
        for truth in forms(policy, statement, context).values()
    )


def trace(policy: Policy, statement: Statement, context: RequestContext) -> StatementTrace:
    """The same tests, every one of them kept."""
    elements: list[ElementTrace] = []
    if statement.principals is not None:
        key = "NotPrincipal" if statement.not_principal else "Principal"
        named = any_of(names(statement, context.facts).values())
        elements.append(ElementTrace("Principal", named, f"{statement.pointer}/{key}"))
    key = "NotAction" if statement.not_action else "Action"
    listed = action_matches(statement, context.action)
    elements.append(ElementTrace("Action", listed, f"{statement.pointer}/{key}"))
    if statement.resources is not None:
        key = "NotResource" if statement.not_resource else "Resource"
        found = resource_matches(statement, context, has_variables=policy.has_variables)
        elements.append(ElementTrace("Resource", found, f"{statement.pointer}/{key}"))
    for condition in statement.conditions:
        held = conditions.test(condition, context, has_variables=policy.has_variables)
        elements.append(ElementTrace("Condition", held, condition.pointer, condition))
    return StatementTrace(policy, statement, tuple(elements), context.call.caller)
