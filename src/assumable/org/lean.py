"""A world as far as the calls of `org.calls` can look into the policies of who calls.

Equal policies become one, and equal lists of them, so that each is compiled once. What
`formats.cut` left does not do: there a policy still has the name and place that a reader gave it,
and says what other actions of STS are allowed.
"""

from typing import TypeVar

import msgspec

from assumable.engine.rules import action_matches
from assumable.model.policy import Policy, Statement
from assumable.model.world import Account, PolicyOrUnknown, Principal, World
from assumable.org.calls import ACTION

P = TypeVar("P", bound=Principal)


def lean(world: World) -> World:
    """The same world, with of policies and boundaries only the statements about the action.

    INVARIANT: every call of `org.calls` is decided as before.
    """
    shared = _Shared()
    return msgspec.structs.replace(
        world,
        accounts={
            number: _lean(account, shared) if isinstance(account, Account) else account
            for number, account in world.accounts.items()
        },
    )


def _lean(account: Account, shared: "_Shared") -> Account:
    return msgspec.structs.replace(
        account,
        users={name: shared.of(user) for name, user in account.users.items()},
        roles={name: shared.of(role) for name, role in account.roles.items()},
    )


class _Shared:
    """The policies that were seen before."""

    def __init__(self) -> None:
        """By what they say; lists of them by the policies' ids, which the lists keep alive."""
        self._cut_before: dict[int, tuple[PolicyOrUnknown, PolicyOrUnknown]] = {}
        self._policies: dict[tuple[str, tuple[Statement, ...]], Policy] = {}
        self._lists: dict[tuple[int, ...], tuple[PolicyOrUnknown, ...]] = {}

    def of(self, principal: P) -> P:
        """The principal with policies that others may have as well."""
        policies = tuple(
            cut
            for cut in map(self._cut, principal.policies)
            if not isinstance(cut, Policy) or cut.statements
        )
        boundary = principal.boundary
        return msgspec.structs.replace(
            principal,
            policies=self._lists.setdefault(tuple(map(id, policies)), policies),
            boundary=None if boundary is None else self._cut(boundary),
        )

    def _cut(self, policy: PolicyOrUnknown) -> PolicyOrUnknown:
        """Many principals hold the very same policy, which need not be looked through again."""
        known = self._cut_before.get(id(policy))
        if known is None:
            known = self._cut_before[id(policy)] = policy, self._shared(policy)
        return known[1]

    def _shared(self, policy: PolicyOrUnknown) -> PolicyOrUnknown:
        if not isinstance(policy, Policy):
            return policy
        key = policy.version, policy.statements
        found = self._policies.get(key)
        if found is None:
            about = tuple(s for s in policy.statements if action_matches(s, ACTION))
            found = msgspec.structs.replace(policy, statements=about)
            self._policies[key] = found
        return found
