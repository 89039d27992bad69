"""A role where nobody knows who calls: only what it holds against everybody is kept.

That is its absence, and a maximum that is asked too much of; its trust policy is left open.
"""

from collections.abc import Iterable

import msgspec

from assumable import arn
from assumable.engine.limits import duration_of
from assumable.model.call import Call
from assumable.model.world import Account, Role, Unknown, World

_SETTLE = "a profile that gives credentials"


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


def _role(role: Role, hop: Call) -> Role:
    """A maximum that is high enough is no promise: chained roles have a shorter one."""
    name, most, asked = arn.display_name(role.arn), role.max_session_duration, duration_of(hop)
    is_over = isinstance(most, int) and asked is not None and asked > most
    return msgspec.structs.replace(
        role,
        trust=Unknown(f"the trust policy of {name}", _SETTLE),
        max_session_duration=most if is_over else Unknown(f"MaxSessionDuration of {name}", _SETTLE),
    )
