"""One statement held against the request, element by element, for explanations."""

import enum

import msgspec

from assumable.engine.context import RequestContext
from assumable.engine.rules import Rule, action_matches
from assumable.engine.truth import Truth, all_of, any_of
from assumable.model.call import Caller
from assumable.model.policy import Condition, Policy, Statement


class Reason(enum.StrEnum):
    """Why an element does not match, or that it does where that is what refuses the call."""

    PRINCIPAL = "principal-differs"
    PRINCIPAL_EXCLUDED = "principal-excluded"
    """`NotPrincipal` lists the caller."""
    ACTION = "action-not-listed"
    ACTION_EXCLUDED = "action-excluded"
    RESOURCE = "resource-differs"
    RESOURCE_EXCLUDED = "resource-excluded"
    KEY_ABSENT = "key-absent"
    KEY_PRESENT = "key-present"
    """`Null` asks that the key is absent."""
    VALUE_DIFFERS = "value-differs"
    VALUE_EXCLUDED = "value-excluded"
    """A negated operator rules out the value that the request has."""
    UNKNOWN = "not-known"
    MATCHED = "matched"
    """The element of a Deny that applies."""


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


def trace(rule: Rule, context: RequestContext) -> StatementTrace:
    """Every element of a statement asked, with the tests that also make the verdict."""
    statement, elements = rule.statement, list[ElementTrace]()
    if statement.principals is not None:
        key = "NotPrincipal" if statement.not_principal else "Principal"
        named = any_of(rule.names(context).values())
        elements.append(ElementTrace("Principal", named, f"{statement.pointer}/{key}"))
    key = "NotAction" if statement.not_action else "Action"
    listed = action_matches(statement, context.action)
    elements.append(ElementTrace("Action", listed, f"{statement.pointer}/{key}"))
    if statement.resources is not None:
        key = "NotResource" if statement.not_resource else "Resource"
        found = rule.resource(context.facts.role_arn, context) if rule.resource else True
        elements.append(ElementTrace("Resource", found, f"{statement.pointer}/{key}"))
    for condition, held in zip(statement.conditions, rule.conditions, strict=True):
        elements.append(ElementTrace("Condition", held(context), condition.pointer, condition))
    return StatementTrace(rule.policy, statement, tuple(elements), context.call.caller)
