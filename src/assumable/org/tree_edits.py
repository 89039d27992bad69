"""What was edited of organizations between two worlds, and organizations with some of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from assumable.model.policy import Policy
from assumable.model.world import Levels, Node, Organization, PolicyOrUnknown, Unknown, World
from assumable.org.edits import (
    Edit,
    EditKind,
    Lone,
    Made,
    Patch,
    Unread,
    documents_in,
    lists,
    replaced,
    unread_in,
)

Side = Literal["caller", "role"]
_LEVELS: tuple[tuple[Literal["scps", "rcps"], EditKind, Side], ...] = (
    ("scps", "scp", "caller"),
    ("rcps", "rcp", "role"),
)
_BOTH: tuple[Side, ...] = ("caller", "role")


class _Placed(msgspec.Struct, frozen=True):
    """An edit, and which accounts it can concern."""

    made: Made
    node: str
    """The account, or the node above it; empty for all members of the organization."""
    organization: str
    """Its id; empty for every account there is, also those that are known to be outside."""
    sides: tuple[Side, ...]


class TreeEdits:
    """What was edited of organizations, and which accounts each edit can concern."""

    def __init__(self, old: World, new: World) -> None:
        """Both worlds are closed, or neither is."""
        self._old, self._new = old, new
        placed = tuple(_found(old, new))
        self._by_place: dict[tuple[str, str], list[_Placed]] = {}
        for each in placed:
            self._by_place.setdefault((each.organization, each.node), []).append(each)
        self._made = tuple(each.made for each in placed)
        self._own = frozenset(made.edit for made in self._made)
        self._known: dict[tuple[str, Side], tuple[Edit, ...]] = {}
        self._mixed: dict[frozenset[Edit], tuple[Any, frozenset[str]]] = {}
        self.documents = documents_in(self._made)
        """The document of each policy that was edited, as it was and as it is."""

    def of(self, account: str, side: Side) -> tuple[Edit, ...]:
        """Edits that can count when principals of the account call, or its roles are asked for."""
        found = self._known.get((account, side))
        if found is None:
            places = dict.fromkeys([("", ""), ("", account)])
            for world in (self._old, self._new):
                places |= dict.fromkeys(_places_of(world, account))
            found = self._known[account, side] = tuple(
                dict.fromkeys(
                    each.made.edit
                    for place in places
                    for each in self._by_place.get(place, ())
                    if side in each.sides
                )
            )
        return found

    def with_edits(
        self, taken: frozenset[Edit]
    ) -> tuple[tuple[Organization, ...] | Unknown, frozenset[str]]:
        """The older organizations with those edits, and the accounts that are in none."""
        own = taken & self._own
        found = self._mixed.get(own)
        if found is None:
            made = [each for each in self._made if each.edit in own]
            found = self._mixed[own] = _mixed(self._old, made)
        return found


def _places_of(world: World, account: str) -> Iterator[tuple[str, str]]:
    org = world.organization_of(account)
    if isinstance(org, Organization):
        yield org.id, ""
        yield from ((org.id, node.id) for node in org.path_to(account))
        yield org.id, account  # that of a management account which is not in the tree


def _found(old: World, new: World) -> Iterator[_Placed]:
    before, after = old.organizations, new.organizations
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        if before != after:
            unread = _unread(before, after)
            edit = Edit("organization", "", "the organization", unread)
            yield _Placed(Made(edit, Patch("organizations", "", before, after)), "", "", _BOTH)
    else:
        mine, theirs = ({org.id: org for org in each} for each in (before, after))
        for name in sorted(mine.keys() | theirs.keys()):
            yield from _of_organization(name, mine.get(name), theirs.get(name))
    for account in sorted(old.standalone ^ new.standalone):
        was = account in old.standalone
        what = f"whether account {account} is in an organization"
        edit = Edit("account", account, what, "NEW" if was else "OLD")
        patch = Patch("standalone", account, was, not was)
        yield _Placed(Made(edit, patch), account, "", _BOTH)


def _unread(before: object, after: object) -> Unread:
    return unread_in(old=isinstance(before, Unknown), new=isinstance(after, Unknown))


def _of_organization(
    name: str, old: Organization | None, new: Organization | None
) -> Iterator[_Placed]:
    if old is None or new is None:
        done = "is new" if old is None else "is gone"
        edit = Edit("organization", name, f"organization {name} {done}")
        yield _Placed(Made(edit, Patch("organization", name, old, new)), "", "", _BOTH)
        return
    if old.is_whole != new.is_whole:
        unread = unread_in(old=not old.is_whole, new=not new.is_whole)
        edit = Edit("organization", name, f"the members of {name}", unread)
        patch = Patch("is_whole", name, old.is_whole, new.is_whole)
        yield _Placed(Made(edit, patch), "", "", _BOTH)
    if old.management_account != new.management_account:
        done = f"is {new.management_account} instead of {old.management_account}"
        edit = Edit("organization", name, f"the management account of {name} {done}")
        patch = Patch("management_account", name, old.management_account, new.management_account)
        yield _Placed(Made(edit, patch), "", name, _BOTH)
    came_or_went: dict[str, Edit] = {}
    for key in sorted(old.nodes.keys() | new.nodes.keys()):
        before, after = old.nodes.get(key), new.nodes.get(key)
        what = _moved(key, before, after)
        if what:
            kind: EditKind = "account" if (before or after or _NO_NODE).kind == "account" else "ou"
            edit = Edit(kind, key, what)
            yield _Placed(Made(edit, Patch("nodes", name, before, after)), key, name, _BOTH)
            if before is None or after is None:
                came_or_went[key] = edit
    for field, layer, side in _LEVELS:
        for node, made in _of_levels(layer, field, old, new):
            edit = came_or_went.get(node, made.edit)  # what is attached comes and goes with it
            yield _Placed(Made(edit, made.patch), node, name, (side,))


_NO_NODE = Node("", "ou")


def _moved(key: str, old: Node | None, new: Node | None) -> str:
    """What became of an account or OU in the tree, in words; empty where nothing did."""
    who = f"{'account' if (old or new or _NO_NODE).kind == 'account' else 'OU'} {key}"
    if old is None:
        return f"{who} joined the organization"
    if new is None:
        return f"{who} left the organization"
    if old.parent != new.parent:
        return f"{who} was moved from {old.parent} to {new.parent}"
    return f"{who} is {new.status} and was {old.status}" if old.status != new.status else ""


def _of_levels(
    kind: EditKind, field: Literal["scps", "rcps"], old: Organization, new: Organization
) -> Iterator[tuple[str, Made]]:
    """Edits of SCPs or RCPs, each with the node whose accounts it concerns; none for all."""
    before: Levels = getattr(old, field)
    after: Levels = getattr(new, field)
    layer = f"{kind.upper()}s"
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for node in sorted(before.keys() | after.keys()):
            for made in _at_node(kind, field, old.id, node, before, after):
                yield node, made
    elif before != after:
        patch = Patch(field, old.id, before, after)
        if isinstance(before, Unknown) or isinstance(after, Unknown):
            what = f"the {layer} of the organization"
            yield "", Made(Edit(kind, old.id, what, _unread(before, after)), patch)
        else:
            done = "on" if before is None else "off"
            yield "", Made(Edit(kind, old.id, f"{layer} were switched {done}"), patch)


def _at_node(
    kind: EditKind,
    field: str,
    organization: str,
    node: str,
    before: Mapping[str, tuple[PolicyOrUnknown, ...]],
    after: Mapping[str, tuple[PolicyOrUnknown, ...]],
) -> Iterator[Made]:
    found = lists(before.get(node, ()), after.get(node, ()))
    place = f"{organization} {node}"
    for mine, theirs in found.edited:
        name = theirs.name
        edit = Edit(kind, name.arn or name.name, f"{kind.upper()} {name.name} was edited")
        yield Made(edit, Patch(field, place, mine, theirs))
    for each in found.lone:
        edit = Edit(kind, node, found.not_read, found.unread) if found.unread else (
            _attached(kind, node, each)
        )  # fmt: skip
        yield Made(edit, Patch(field, place, each.before, each.after))


def _attached(kind: EditKind, node: str, lone: Lone) -> Edit:
    policy = lone.policy
    assert isinstance(policy, Policy)  # noqa: S101  # others are of lists that were not read
    verb = "attached to" if lone.before is None else "detached from"
    name = policy.name
    return Edit(kind, name.arn or name.name, f"{kind.upper()} {name.name} was {verb} {node}")


def _mixed(
    world: World, made: Iterable[Made]
) -> tuple[tuple[Organization, ...] | Unknown, frozenset[str]]:
    found = world.organizations
    standalone = set(world.standalone)
    for _, patch in made:
        if patch.field == "organizations":
            found = patch.after
        elif patch.field == "standalone":
            standalone ^= {patch.key}
        elif not isinstance(found, Unknown):
            found = tuple(_patched(found, patch))
    return found, frozenset(standalone)


def _patched(organizations: Iterable[Organization], patch: Patch) -> Iterator[Organization]:
    """The organizations with one edit of one of them."""
    field, (name, _, node) = patch.field, patch.key.partition(" ")
    for org in organizations:
        if org.id != name:
            yield org
        elif field == "nodes":
            yield msgspec.structs.replace(org, nodes=_with_node(org.nodes, patch))
        elif node:
            levels = getattr(org, field)
            listed = replaced(levels.get(node, ()), patch.before, patch.after)
            yield msgspec.structs.replace(org, **{field: {**levels, node: listed}})
        elif field != "organization":
            yield msgspec.structs.replace(org, **{field: patch.after})
    if field == "organization" and patch.after is not None:
        yield patch.after


def _with_node(nodes: Mapping[str, Node], patch: Patch) -> dict[str, Node]:
    key = (patch.after or patch.before).id
    kept = {name: node for name, node in nodes.items() if name != key}
    return kept if patch.after is None else {**kept, key: patch.after}
