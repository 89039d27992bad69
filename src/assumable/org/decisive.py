"""What of a policy can decide a call of `org.calls`: no edit of anything else does."""

from collections.abc import Hashable

from assumable.engine.rules import action_matches
from assumable.model.policy import Policy, Statement
from assumable.model.world import PolicyOrUnknown
from assumable.org.calls import ACTION


def alike(before: PolicyOrUnknown | None, after: PolicyOrUnknown | None) -> bool:
    """Whether both policies decide alike, whatever such call is asked of them."""
    if same(before, after) or not isinstance(before, Policy) or not isinstance(after, Policy):
        return same(before, after)
    return _decisive(before) == _decisive(after)


def same(before: PolicyOrUnknown | None, after: PolicyOrUnknown | None) -> bool:
    """Whether both policies have the same statements, those about other calls included."""
    if isinstance(before, Policy) and isinstance(after, Policy):
        return before.statements == after.statements and before.version == after.version
    return before == after


def says_nothing(policy: PolicyOrUnknown) -> bool:
    """Whether none of its statements is about the call, so that it might as well not be there."""
    return isinstance(policy, Policy) and not _decisive(policy)


def _decisive(policy: Policy) -> tuple[Hashable, ...]:
    """The statements about the call, whatever they are called and wherever they stand."""
    about = (s for s in policy.statements if action_matches(s, ACTION))
    return tuple((*_said(s), policy.has_variables) for s in about)


def _said(statement: Statement) -> tuple[Hashable, ...]:
    named = statement.principals
    return (
        statement.effect,
        None if named is None else tuple((entry.kind, entry.value) for entry in named),
        statement.not_principal,
        statement.resources,
        statement.not_resource,
        tuple((each.operator, each.key, each.values) for each in statement.conditions),
    )
