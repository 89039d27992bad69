"""The parts that a scenario declares unknown (DESIGN section 6)."""

from collections.abc import Callable
from typing import Any

import msgspec

from assumable import arn
from assumable.formats.reading import Cursor
from assumable.model.call import Call
from assumable.model.world import Account, Organization, Principal, Role, Unknown, User, World

UNREAD_ORGANIZATION = Unknown("the organization", "organizations:DescribeOrganization")


def blank(cursor: Cursor, world: World, call: Call) -> tuple[World, Call]:
    """World and call without one part; InputError when it is none."""
    kind, _, name = cursor.text().partition(":")
    if kind == "context" and name:
        unknown = Unknown(f"{name}, declared unknown", f"context: {{{name}: …}}")
        overrides = {**call.overrides, name.lower(): unknown}
        return world, msgspec.structs.replace(call, overrides=overrides)
    if kind == "endpoint" and not name:
        unknown = Unknown("whether the request goes through a VPC endpoint", "network")
        network = msgspec.structs.replace(call.network, vpc_endpoint=unknown)
        return world, msgspec.structs.replace(call, network=network)
    if kind == "account" and arn.ACCOUNT_ID.fullmatch(name):
        unread = Unknown(f"account {name}", f"read access to account {name}")
        return msgspec.structs.replace(world, accounts={**world.accounts, name: unread}), call
    if kind in _WORLD_PARTS and not name:
        return msgspec.structs.replace(world, organizations=_WORLD_PARTS[kind](world)), call
    if kind not in _PRINCIPAL_PARTS or not name:
        cursor.fail(
            "is no part that can be unknown",
            "organization, scp, rcp, account:ID, trust:ARN, identity:ARN, boundary:ARN, "
            "context:KEY, endpoint",
        )
    return _without(cursor, world, kind, name), call


def _without_policies(world: World, field: str) -> tuple[Organization, ...] | Unknown:
    if isinstance(world.organizations, Unknown):
        return world.organizations
    unread = Unknown(f"the {field}", "organizations:ListPoliciesForTarget")
    return tuple(msgspec.structs.replace(org, **{field: unread}) for org in world.organizations)


_WORLD_PARTS: dict[str, Callable[[World], tuple[Organization, ...] | Unknown]] = {
    "organization": lambda _: UNREAD_ORGANIZATION,
    "scp": lambda world: _without_policies(world, "scps"),
    "rcp": lambda world: _without_policies(world, "rcps"),
}
_PRINCIPAL_PARTS = frozenset(("trust", "identity", "boundary"))


def _without(cursor: Cursor, world: World, part: str, principal_arn: str) -> World:
    account_id = arn.account_of(principal_arn)
    account = world.accounts.get(account_id)
    if isinstance(account, Unknown):
        return world
    found: User | Role | None = None
    if account is not None:
        found = account.users.get(principal_arn) or account.roles.get(principal_arn)
    if account is None or found is None:
        cursor.fail(f"`{principal_arn}` is not in this scenario")
    what = f"the {part} policy of {arn.display_name(principal_arn)}"
    unread = Unknown(what, f"iam:Get… on {principal_arn}")
    edits: dict[str, dict[str, Any]] = {
        "trust": {"trust": unread},
        "identity": {"policies": (unread,)},
        "boundary": {"boundary": unread},
    }
    if part == "trust" and not isinstance(found, Role):
        cursor.fail("only roles have a trust policy")
    return _world_with(world, msgspec.structs.replace(found, **edits[part]))


def _world_with(world: World, principal: Principal) -> World:
    account = world.accounts[principal.account]
    assert isinstance(account, Account)  # noqa: S101  # the principal was found in it
    field = "roles" if isinstance(principal, Role) else "users"
    members = {**getattr(account, field), principal.arn: principal}
    changed = msgspec.structs.replace(account, **{field: members})
    return msgspec.structs.replace(world, accounts={**world.accounts, principal.account: changed})
