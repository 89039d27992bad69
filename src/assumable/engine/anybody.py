"""A role where nobody knows who calls: what it holds against everybody is all that is certain.

Whom its trust policy names is then open, and so is every key of the caller (`forms.SOMEBODY`). For
the bearer of a token that nobody has, all of it is: its claims are what decides.
"""

from collections.abc import Iterable

import msgspec

from assumable import arn
from assumable.engine.forms import SOMEBODY
from assumable.engine.limits import duration_of
from assumable.model.call import Call
from assumable.model.world import Account, Role, Unknown, World


def held_against_anybody(world: World, hops: Iterable[Call]) -> World:
    """The world with as much of the roles as holds whoever calls."""
    accounts = dict(world.accounts)
    for hop in hops:
        account = accounts.get(hop.role_account)
        role = account.roles.get(hop.role_arn) if isinstance(account, Account) else None
        if isinstance(account, Account) and role is not None:
            known = _role(role, hop) if hop.api == "AssumeRole" else _of_bearer(_role(role, hop))
            roles = {**account.roles, role.arn: known}
            accounts[account.id] = msgspec.structs.replace(account, roles=roles)
    return msgspec.structs.replace(world, accounts=accounts)


def _role(role: Role, hop: Call) -> Role:
    """A maximum that is high enough is no promise: chained roles have a shorter one."""
    name, most, asked = arn.display_name(role.arn), role.max_session_duration, duration_of(hop)
    if isinstance(most, int) and asked is not None and asked > most:
        return role
    unsaid = Unknown(f"MaxSessionDuration of {name}", SOMEBODY.settle)
    return msgspec.structs.replace(role, max_session_duration=unsaid)


def _of_bearer(role: Role) -> Role:
    unsaid = Unknown(f"the trust policy of {arn.display_name(role.arn)}", SOMEBODY.settle)
    return msgspec.structs.replace(role, trust=unsaid)
