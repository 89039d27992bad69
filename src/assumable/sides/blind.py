"""Policies without their text: what one side decides is an outcome, the rest is sealed.

The result is a policy document that gives the same truth, statement by statement, to somebody who
knows the other side: a condition that is decided becomes a test against no value at all, and one
that is not keeps its operator and key.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from assumable.engine.conditions import compiled
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts
from assumable.engine.match import ElementTrace, StatementTrace, trace
from assumable.engine.operators import POSITIVE
from assumable.engine.principals import match
from assumable.engine.rules import Rule, RuleSet, action_matches
from assumable.engine.truth import Truth
from assumable.formats.side import UNDISCLOSED, Seal, Told
from assumable.globs import has_wildcard
from assumable.model.policy import VERSION_WITH_VARIABLES, Condition, Effect, Layer, Policy
from assumable.model.world import PolicyOrUnknown, Unknown

ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")
"""All that an AssumeRole call may need (FACTS 3.1)."""
ELSEWHERE = "sts:Undisclosed"
"""Stands for actions that the call does not need."""
Test = tuple[str, str, tuple[str, ...]]
"""Operator, key, values."""

_EXACT = ("stringequals", "stringlike", "arnequals", "arnlike")
_IGNORING_CASE = "stringequalsignorecase"
_HARMLESS = ("numeric", "date")
"""Operators whose values are numbers and moments: they name nobody."""


class Blinds(msgspec.Struct, frozen=True):
    """How one side sees the call, and the seal for what it does not decide."""

    facts: Facts
    seal: Seal

    def told(self, layer: Layer, policies: Sequence[PolicyOrUnknown]) -> tuple[Told, ...]:
        """The policies that one gate holds together, as one document; those not read beside it."""
        unread = [Told(document="unknown") for p in policies if isinstance(p, Unknown)][:1]
        known = [policy for policy in policies if isinstance(policy, Policy)]
        if not known:
            return tuple(unread)
        contexts = {action: RequestContext(self.facts, action, layer) for action in ACTIONS}
        rules = RuleSet(known).rules
        statements: list[dict[str, Any]] = []
        for statement in (
            made for rule in rules for made in self._statements(rule, layer, contexts)
        ):
            if statement not in statements:
                statements.append(statement)
        return (Told(document=_document(statements)), *unread)

    def _statements(
        self, rule: Rule, layer: Layer, contexts: dict[str, RequestContext]
    ) -> Iterator[dict[str, Any]]:
        """One statement for all actions to which it says the same."""
        bodies: list[tuple[dict[str, Any], list[str]]] = []
        matched = any(action_matches(rule.statement, action) for action in ACTIONS)
        for action, context in contexts.items():
            held = trace(rule, context)
            named = action if held.has_matching("Action") else ELSEWHERE
            if rule.statement.effect is Effect.DENY and (held.truth is False):
                continue  # a Deny that does not apply says nothing
            if named == ELSEWHERE and (matched or layer is not Layer.TRUST):
                continue  # only of a trust policy a wrong action is a cause of its own
            body = self._body(rule, held, context)
            same = next((actions for other, actions in bodies if other == body), None)
            if same is None:
                bodies.append((body, [named]))
            elif named not in same:
                same.append(named)
        for body, actions in bodies:
            yield {"Effect": str(rule.statement.effect), "Action": actions, **body}

    def _body(self, rule: Rule, held: StatementTrace, context: RequestContext) -> dict[str, Any]:
        """All elements but effect and action."""
        body: dict[str, Any] = {}
        tests: list[Test] = []
        of_others = not held.has_matching("Principal")
        for element in held.elements:
            if element.element == "Principal":
                body["Principal"] = {"AWS": self._principal(rule, element.truth, tests)}
            elif element.element == "Resource":
                body["Resource"] = self._resource(element.truth, tests)
            elif element.condition is not None and not (of_others and element.truth is True):
                tests.append(self._test(element, element.condition, context, rule.policy))
        conditions = _block(tests)
        return {**body, "Condition": conditions} if conditions else body

    def _principal(self, rule: Rule, truth: Truth, tests: list[Test]) -> str | list[str]:
        if isinstance(truth, bool):
            return self.facts.call.caller.arn if truth else UNDISCLOSED
        statement = rule.statement
        if statement.not_principal:
            tests.append(("StringEquals", "NotPrincipal", (UNDISCLOSED,)))
            return self.facts.call.caller.arn
        return [
            self.seal.of(entry.value)
            for entry in statement.principals or ()
            if match(entry, self.facts)[1] is not False
        ]

    def _resource(self, truth: Truth, tests: list[Test]) -> str:
        if not isinstance(truth, bool):
            tests.append(("StringEquals", "Resource", (UNDISCLOSED,)))
        return UNDISCLOSED if truth is False else self.facts.role_arn

    def _test(
        self, element: ElementTrace, condition: Condition, context: RequestContext, policy: Policy
    ) -> Test:
        """A test with the same outcome that says no value which the other side need not know.

        One that is decided asks for none of no values, which always holds, or for one of them.
        """
        key, truth = condition.key, element.truth
        if isinstance(truth, bool):
            return ("StringNotEquals" if truth else "StringEquals"), key, ()
        for answer in ("false", "true"):
            if null_test(key, answer)(context) == truth:
                return "Null", key, (answer,)
        values = condition.values
        variables = policy.has_variables and any("${" in value for value in values)
        sealed = self._sealed(condition.base, values, variables=variables)
        return condition.operator, key, sealed

    def _sealed(self, base: str, values: tuple[str, ...], *, variables: bool) -> tuple[str, ...]:
        positive = POSITIVE.get(base, base)
        if positive in ("bool", "null") and {v.lower() for v in values} <= {"true", "false"}:
            return values
        if variables:
            return (UNDISCLOSED,)
        if positive.startswith(_HARMLESS):
            return values
        if positive == _IGNORING_CASE:
            return tuple(self.seal.of(value.lower()) for value in values)
        patterns = positive != "stringequals" and any(map(has_wildcard, values))
        if positive not in _EXACT or patterns:
            return (UNDISCLOSED,)
        return tuple(map(self.seal.of, values))


def null_test(key: str, answer: str) -> Callable[[RequestContext], Truth]:
    """Whether a key is absent (`true`) or present (`false`), as a `Null` condition asks it."""
    condition = Condition(
        operator="Null",
        base="null",
        qualifier="",
        if_exists=False,
        key=key,
        values=(answer,),
        pointer="",
    )
    return compiled(condition, has_variables=False)


def _block(tests: list[Test]) -> dict[str, dict[str, list[str]]]:
    """The `Condition` element; names of keys ignore case, which makes room for another test."""
    block: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in tests:
        known = block.setdefault(operator, {})
        for spelling in (key, key.upper(), key.lower(), key.swapcase()):
            if known.setdefault(spelling, list(values)) == list(values):
                break
    return block


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": VERSION_WITH_VARIABLES, "Statement": statements}
