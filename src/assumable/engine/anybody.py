"""A role's side where nobody knows who calls: only what it holds against everybody is kept.

Trust policies are made more permissive and their allow is left open, so that one which still
refuses would refuse whoever calls.
"""

from collections.abc import Iterable

import msgspec

from assumable import arn
from assumable.engine.limits import duration_of
from assumable.model.call import Call
from assumable.model.policy import Condition, Effect, PrincipalEntry, Statement
from assumable.model.world import Account, PolicyOrUnknown, Role, Unknown, World

_WHO = "aws:PrincipalArn"
_OPEN = Unknown("whose credentials ask", "a profile that gives credentials")
_SENT = "sts:externalid"
"""The key that the request alone fills, whoever makes it."""
_EVERYBODY = (PrincipalEntry("AWS", "*", ""),)
_SOMEBODY = Condition("ArnLike", "arnlike", "", False, _WHO, ("*",), "")


def held_against_anybody(world: World, hops: Iterable[Call]) -> World:
    """The world with the roles that the hops ask for, as far as they refuse everybody."""
    accounts = dict(world.accounts)
    for hop in hops:
        account = accounts.get(hop.role_account)
        role = account.roles.get(hop.role_arn) if isinstance(account, Account) else None
        if isinstance(account, Account) and role is not None:
            roles = {**account.roles, role.arn: _role(role, hop)}
            accounts[account.id] = msgspec.structs.replace(account, roles=roles)
    return msgspec.structs.replace(world, accounts=accounts)


def by_anybody(call: Call) -> Call:
    """The call with its caller left open to trust policies."""
    overrides = {**call.overrides, _WHO.lower(): _OPEN}
    return msgspec.structs.replace(call, overrides=overrides)


def _role(role: Role, hop: Call) -> Role:
    """A maximum that is kept is no promise: chained roles have a shorter one (R7.3)."""
    most = role.max_session_duration
    asked = duration_of(hop)
    is_over = isinstance(most, int) and asked is not None and asked > most
    unsaid = Unknown(f"MaxSessionDuration of {arn.display_name(role.arn)}", _OPEN.settle)
    return msgspec.structs.replace(
        role,
        trust=_trust(role.trust, role.arn),
        max_session_duration=most if is_over else unsaid,
    )


def _trust(trust: PolicyOrUnknown, role_arn: str) -> PolicyOrUnknown:
    if isinstance(trust, Unknown):
        return trust
    allows = tuple(map(_allow, (s for s in trust.statements if s.effect is Effect.ALLOW)))
    if trust.fatal or not allows:
        return Unknown(f"the trust policy of {arn.display_name(role_arn)}", _OPEN.settle)
    return msgspec.structs.replace(trust, statements=allows)


def _allow(statement: Statement) -> Statement:
    """For everybody and every action, if the external ID fits and somebody calls."""
    sent = tuple(
        condition
        for condition in statement.conditions
        if condition.key.lower() == _SENT
        and not any("${" in value for value in condition.values)  # which may be the caller's
    )
    return msgspec.structs.replace(
        statement,
        actions=("*",),
        not_action=False,
        principals=_EVERYBODY,
        not_principal=False,
        conditions=(*sent, _SOMEBODY),
    )
