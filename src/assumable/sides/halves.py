"""A world made of two halves: what is known of the caller's and of the role's account."""

import msgspec

from assumable.engine.keys.caller import org
from assumable.model.call import Absent, Value
from assumable.model.world import Account, Node, Organization, Unknown, VpcEndpoint, World
from assumable.sides.keys import PRINCIPAL_ORG, RESOURCE_ORG


class Half(msgspec.Struct, frozen=True, kw_only=True):
    """One account with its place in an organization."""

    id: str
    account: Account | Unknown
    organization: Organization | Unknown
    """With this account alone; what its id and paths mean is said by `keys`."""
    keys: dict[str, Value]
    """Condition keys about this half."""
    endpoints: dict[str, VpcEndpoint] = msgspec.field(default_factory=dict)


def world_of(caller: Half, role: Half, *, complete: bool) -> World:
    """Both halves together."""
    both = [half.organization for half in (caller, role)]
    unread = [found for found in both if isinstance(found, Unknown)]
    known = (_placed(caller.organization, caller.id), _placed(role.organization, role.id))
    return World(
        accounts={caller.id: caller.account, role.id: role.account},
        organizations=unread[0] if len(unread) == len(both) else known,
        endpoints={**caller.endpoints, **role.endpoints},
        complete=complete,
    )


def own_half(world: World, account: str, *, calls: bool) -> Half:
    """What a world knows of one account."""
    found = world.organization_of(account)
    return Half(
        id=account,
        account=world.account(account),
        organization=_alone(found, account),
        keys=_places(found, account, calls=calls),
        endpoints=dict(world.endpoints) if calls else {},
    )


def blank_half(world: World, account: str, *, calls: bool) -> Half:
    """An account that the other side must tell about; an organization may list it all the same."""
    whose = "caller" if calls else "role"
    unread = Unknown(f"what the {whose}'s side knows", f"assumable export-side --{whose}")
    found: Organization | Unknown = unread
    if not isinstance(world.organizations, Unknown):
        listing = (org for org in world.organizations if org.has_member(account))
        found = next(listing, unread)
    return Half(
        id=account,
        account=Unknown(f"account {account}", unread.settle),
        organization=unread,
        keys=_places(found, account, calls=calls),
    )


def bare(account: str) -> Organization:
    """An organization of one account without policies: as good as none."""
    return Organization(
        id=account,
        management_account=_manager(account),
        nodes={account: Node(account, "ACCOUNT")},
        scps=None,
        rcps=None,
    )


def _manager(account: str) -> str:
    """Stands for the management account, which no side tells, where somebody has to act."""
    return f"{account}'s organization"


def _placed(found: Organization | Unknown, account: str) -> Organization:
    """An organization that was not read, beside one that was."""
    if isinstance(found, Organization):
        return found
    return msgspec.structs.replace(bare(account), scps=found, rcps=found)


def _alone(found: Organization | Unknown | None, account: str) -> Organization | Unknown:
    if found is None:
        return bare(account)
    if isinstance(found, Unknown):
        return found
    nodes = {node.id: node for node in found.path_to(account)}
    management = account if account == found.management_account else _manager(account)
    return msgspec.structs.replace(found, nodes=nodes, management_account=management)


def _places(found: Organization | Unknown | None, account: str, *, calls: bool) -> dict[str, Value]:
    """The organization keys that the two stand-ins for an organization cannot say."""
    names = PRINCIPAL_ORG if calls else RESOURCE_ORG
    if isinstance(found, Organization):
        return {
            name: org(found, account, whose="its", path=name.endswith("paths")) for name in names
        }
    value: Value = found if isinstance(found, Unknown) else Absent("it is in no organization")
    return dict.fromkeys(names, value)
