"""Policies made ready: each is read once, and only the statements about an action are asked.

Verdicts and explanations use the same tests: a trace asks every element where a verdict stops at
the first that fails.
"""

from collections.abc import Iterable, Mapping, Sequence

from assumable.engine import conditions, resources
from assumable.engine.conditions import Held
from assumable.engine.context import RequestContext
from assumable.engine.forms import Form
from assumable.engine.principals import Named
from assumable.engine.truth import Atom, Truth, all_of, any_of
from assumable.globs import matches
from assumable.model.policy import Effect, Policy, Statement
from assumable.model.world import PolicyOrUnknown, Unknown

_STRONG: dict[Form, Truth] = {Form.STRONG: True}


def action_matches(statement: Statement, action: str) -> bool:
    """Action names ignore case and take wildcards (R6.12)."""
    listed = any(matches(pattern, action, ignore_case=True) for pattern in statement.actions)
    return listed != statement.not_action


class Rule:
    """One statement made ready."""

    __slots__ = ("conditions", "named", "policy", "resource", "statement")

    def __init__(self, policy: Policy, statement: Statement) -> None:
        """Compile every element; what can never rule the statement out is left away."""
        self.policy, self.statement = policy, statement
        variables = policy.has_variables
        self.named = Named(statement) if statement.principals is not None else None
        self.resource = resources.compiled(statement, has_variables=variables)
        self.conditions: tuple[Held, ...] = tuple(
            conditions.compiled(condition, has_variables=variables)
            for condition in statement.conditions
        )

    @property
    def is_unconditional(self) -> bool:
        """Whether it applies to every request for its actions."""
        return self.named is None and self.resource is None and not self.conditions

    def names(self, context: RequestContext) -> Mapping[Form, Truth]:
        """The forms in which it names the caller."""
        return _STRONG if self.named is None else self.named.by(context.facts)

    def rest(self, context: RequestContext) -> Truth:
        """Whether resource and conditions let it apply."""
        open_parts: list[Truth] | None = None
        if self.resource is not None:
            truth = self.resource(context.facts.role_arn, context)
            if truth is False:
                return False
            if truth is not True:
                open_parts = [truth]
        for held in self.conditions:
            truth = held(context)
            if truth is False:
                return False
            if truth is not True:
                open_parts = [truth] if open_parts is None else [*open_parts, truth]
        return True if open_parts is None else all_of(open_parts)

    def applies(self, context: RequestContext) -> Truth:
        """Whether it applies to the request, in whatever form it names the caller."""
        named = True if self.named is None else self.named.matches(context.facts)
        if named is True:
            return self.rest(context)
        return False if named is False else all_of((named, self.rest(context)))


class Listed:
    """The rules about one action."""

    __slots__ = ("_may_allow", "allows", "always", "denies", "may_deny")

    def __init__(self, action: str, rules: Iterable[Rule], unread: Iterable[Unknown]) -> None:
        """Sort them by effect; an unread policy may do either."""
        listed = [rule for rule in rules if action_matches(rule.statement, action)]
        self.allows = tuple(r for r in listed if r.statement.effect is Effect.ALLOW)
        self.denies = tuple(r for r in listed if r.statement.effect is Effect.DENY)
        self.always = any(rule.is_unconditional for rule in self.allows)
        """Whether one of the Allow statements applies to every request."""
        self._may_allow: list[Truth] = [unread_allows(policy, action) for policy in unread]
        self.may_deny: list[Truth] = [unread_denies(policy, action) for policy in unread]
        """Whether unread policies deny."""

    def allow(self, context: RequestContext) -> Truth:
        """Whether they allow."""
        if self.always:
            return True
        return _one_of(self.allows, context, self._may_allow)

    def deny(self, context: RequestContext) -> Truth:
        """Whether they deny."""
        return _one_of(self.denies, context, self.may_deny)


def _one_of(rules: Iterable[Rule], context: RequestContext, unread: Sequence[Truth]) -> Truth:
    """Whether one of the rules applies, or an unread policy has one that does."""
    found = [*unread] if unread else []
    for rule in rules:
        truth = rule.applies(context)
        if truth is True:
            return True
        if truth is not False:
            found.append(truth)
    return any_of(found) if found else False


class RuleSet:
    """The policies that one gate holds together: one Allow among them is enough."""

    __slots__ = ("_by_action", "_unread", "rules")

    def __init__(self, policies: Sequence[PolicyOrUnknown]) -> None:
        """Statements are compiled now, sorted by action when one is first asked for."""
        self._unread = tuple(policy for policy in policies if isinstance(policy, Unknown))
        self.rules = tuple(
            Rule(policy, statement)
            for policy in policies
            if isinstance(policy, Policy)
            for statement in policy.statements
        )
        self._by_action: dict[str, Listed] = {}

    def about(self, action: str) -> Listed:
        """The rules that list the action."""
        found = self._by_action.get(action)
        if found is None:
            found = self._by_action[action] = Listed(action, self.rules, self._unread)
        return found

    def by_form(self, context: RequestContext) -> dict[Form, Truth]:
        """Whether they allow, form by form in which they name the caller."""
        found: dict[Form, list[Truth]] = {}
        for rule in self.about(context.action).allows:
            named = rule.names(context)
            rest = rule.rest(context) if named else False
            if rest is not False:
                for form, truth in named.items():
                    both = rest if truth is True else all_of((truth, rest))
                    found.setdefault(form, []).append(both)
        return {form: any_of(truths) for form, truths in found.items()}

    def named(self, context: RequestContext) -> dict[Form, Truth]:
        """The forms in which any Allow statement names the caller, for whatever action."""
        found: dict[Form, list[Truth]] = {}
        for rule in self.rules:
            if rule.statement.effect is Effect.ALLOW:
                for form, truth in rule.names(context).items():
                    found.setdefault(form, []).append(truth)
        return {form: any_of(truths) for form, truths in found.items()}


def unread_allows(part: Unknown, action: str, form: str = "") -> Atom:
    """The question whether a policy that was not read allows an action."""
    return Atom(
        subject=f"{part.what} allows {action} {form}".rstrip(),
        text=f"{action} is allowed by {part.what}",
        settle=part.settle,
        kind="policy",
        part=part.what,
    )


def unread_denies(part: Unknown, action: str) -> Atom:
    """The question whether a policy that was not read denies an action."""
    return Atom(
        subject=f"{part.what} denies {action}",
        text=f"{action} is denied by {part.what}",
        opposite=f"{action} is not denied by {part.what}",
        settle=part.settle,
        kind="policy",
        part=part.what,
    )
