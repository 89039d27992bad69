"""What was edited between two worlds and can decide who assumes a role; and worlds with some of it.

INVARIANT: a world with every edit that concerns a principal and a role decides that pair as the
newer world does, and one without any as the older world does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from assumable import arn
from assumable.model.policy import Policy
from assumable.model.world import PolicyOrUnknown, Principal, Role, Unknown
from assumable.org.decisive import alike, same, says_nothing
from assumable.org.tagged import can_be_tagged

EditKind = Literal[
    "created", "deleted", "recreated", "trust", "tags", "policy", "group", "boundary",
    "scp", "rcp", "account", "ou", "organization", "provider",
]  # fmt: skip
Unread = Literal["", "OLD", "NEW", "both"]
"""In which of the two worlds something was not read."""


class Edit(msgspec.Struct, frozen=True, order=True):
    """One thing that is not the same in both worlds."""

    kind: EditKind
    subject: str
    """Whose it is: the ARN of a principal, group or policy, the id of an SCP, OU or account."""
    what: str
    """What was done, in words; of something that was not read what it is, as a noun phrase."""
    unread: Unread = ""
    """Where it was not read, so that nobody knows whether anything was edited."""

    @property
    def is_whole(self) -> bool:
        """Whether a user or role came or went."""
        return self.kind in ("created", "deleted")


class Patch(NamedTuple):
    """How one field is edited; one entry of it where it is a list or a mapping."""

    field: str
    key: str
    before: Any
    after: Any

    @property
    def documents(self) -> tuple[Any, Any]:
        """Of a policy the document as it was and as it is; None where there was none."""
        before, after = (
            each.document if isinstance(each, Policy) else None
            for each in (self.before, self.after)
        )
        return before, after


class Made(NamedTuple):
    """An edit, and what it does to one principal or to the organizations."""

    edit: Edit
    patch: Patch


def documents_in(several: Iterable[Made]) -> dict[Edit, tuple[Any, Any]]:
    """The document of each policy that was edited, as it was and as it is."""
    found: dict[Edit, tuple[Any, Any]] = {}
    for edit, patch in several:
        if patch.documents != (None, None):
            found.setdefault(edit, patch.documents)
    return found


Slots = dict[tuple[str, str, int], PolicyOrUnknown]
"""Policies by whose they are, their ARN or name, and which of several that is."""


def slots_of(policies: Iterable[PolicyOrUnknown]) -> Slots:
    """Policies under what makes them the same one in another world."""
    found: Slots = {}
    for policy in policies:
        owner, name = ("", policy.what) if isinstance(policy, Unknown) else _known_as(policy)
        count = 0
        while (owner, name, count) in found:
            count += 1
        found[owner, name, count] = policy
    return found


def _known_as(policy: Policy) -> tuple[str, str]:
    return policy.name.owner, policy.name.arn or policy.name.name


class Lone(NamedTuple):
    """A policy that stands in one of the two lists alone; the other side is None."""

    before: PolicyOrUnknown | None
    after: PolicyOrUnknown | None

    @property
    def policy(self) -> PolicyOrUnknown:
        """The one that there is."""
        found = self.before or self.after
        assert found is not None  # noqa: S101  # INVARIANT: one of them is there
        return found


class Lists(NamedTuple):
    """How two lists of policies differ."""

    edited: tuple[tuple[Policy, Policy], ...]
    lone: tuple[Lone, ...]
    unread: Unread
    """Where a policy was not read that may be one which stands in the other list alone."""

    @property
    def not_read(self) -> str:
        """What was not read, as a noun phrase."""
        return next(each.policy.what for each in self.lone if isinstance(each.policy, Unknown))


def lists(before: Iterable[PolicyOrUnknown], after: Iterable[PolicyOrUnknown]) -> Lists:
    """What is not the same in two lists of policies and can decide who assumes a role."""
    old, new = slots_of(before), slots_of(after)
    edited = tuple(
        (mine, theirs)
        for key, mine in old.items()
        if isinstance(mine, Policy)
        and isinstance(theirs := new.get(key), Policy)
        and not alike(mine, theirs)
    )
    lone = [Lone(policy, None) for key, policy in old.items() if key not in new]
    lone += [Lone(None, policy) for key, policy in new.items() if key not in old]
    kept = tuple(each for each in lone if not says_nothing(each.policy))
    return Lists(edited, kept, unread_in(
        old=any(isinstance(each.before, Unknown) for each in kept),
        new=any(isinstance(each.after, Unknown) for each in kept),
    ))  # fmt: skip


def unread_in(*, old: bool, new: bool) -> Unread:
    """Where something was not read; empty where it was read in both worlds."""
    if old and new:
        return "both"
    return "OLD" if old else "NEW" if new else ""


def shown(own_arn: str) -> str:
    """A principal, group or policy as people call it: `role/Deploy (222222222222)`."""
    return f"{arn.display_name(own_arn)} ({arn.account_of(own_arn) or 'AWS'})"


class PrincipalEdits:
    """What was edited of users and roles."""

    def __init__(self, old: Iterable[Principal], new: Iterable[Principal], *, closed: bool) -> None:
        """In a closed world all of a caller's own trust policy tells of its sessions."""
        self.old: Mapping[str, Principal] = {found.arn: found for found in old}
        self.new: Mapping[str, Principal] = {found.arn: found for found in new}
        self._of_groups = _of_groups(self.old), _of_groups(self.new)
        self._made: dict[str, tuple[Made, ...]] = {
            name: made
            for name in sorted(self.old.keys() | self.new.keys())
            if (made := tuple(self._found(name)))
        }
        self._closed = closed
        self.documents = documents_in(made for each in self._made.values() for made in each)
        """The document of each policy that was edited, as it was and as it is."""

    def as_caller(self, name: str) -> tuple[Edit, ...]:
        """Edits that can count when it calls."""
        return self._edits(name, self._counts_of_caller)

    def as_role(self, name: str) -> tuple[Edit, ...]:
        """Edits that can count when it is asked for."""
        return self._edits(name, _counts_of_role)

    def _edits(self, name: str, counts: Callable[[Patch], bool]) -> tuple[Edit, ...]:
        made = self._made.get(name, ())
        return tuple(dict.fromkeys(m.edit for m in made if counts(m.patch)))

    def _counts_of_caller(self, patch: Patch) -> bool:
        """A trust policy says by whom sessions are made, and whether anybody may tag them."""
        if self._closed or patch.field != "trust":
            return True
        return can_be_tagged(patch.before) != can_be_tagged(patch.after)

    def with_edits(self, name: str, taken: frozenset[Edit]) -> Principal | None:
        """The older principal with those edits; None where it does not exist."""
        found = self.old.get(name)
        for edit, patch in self._made.get(name, ()):
            if edit in taken:
                found = _patched(found, patch)
        return found

    def _found(self, name: str) -> Iterator[Made]:
        old, new = self.old.get(name), self.new.get(name)
        if old is None or new is None:
            kind: EditKind = "created" if old is None else "deleted"
            yield Made(Edit(kind, name, f"{shown(name)} was {kind}"), Patch("", "", old, new))
            return
        yield from self._of_itself(old, new)
        yield from self._of_policies(old, new)
        yield from _of_boundary(old, new)
        if (
            isinstance(old, Role)
            and isinstance(new, Role)
            and not same(old.trust, new.trust)  # others than users and roles call otherwise
        ):
            yield _of_trust(old, new)

    def _of_itself(self, old: Principal, new: Principal) -> Iterator[Made]:
        who = shown(old.arn)
        if old.unique_id != new.unique_id:
            what = f"{who} was deleted and created again"
            unread = unread_in(old=old.unique_id is None, new=new.unique_id is None)
            if unread:
                what = f"the unique id of {who}"
            patch = Patch("unique_id", "", old.unique_id, new.unique_id)
            yield Made(Edit("recreated", old.arn, what, unread), patch)
        if old.tags != new.tags:
            unread = unread_in(old=isinstance(old.tags, Unknown), new=isinstance(new.tags, Unknown))
            what = f"the tags of {who}"
            if isinstance(old.tags, Mapping) and isinstance(new.tags, Mapping):
                what = f"{what} were edited: {_tags_told(old.tags, new.tags)}"
            patch = Patch("tags", "", old.tags, new.tags)
            yield Made(Edit("tags", old.arn, what, unread), patch)

    def _of_policies(self, old: Principal, new: Principal) -> Iterator[Made]:
        found = lists(old.policies, new.policies)
        for mine, theirs in found.edited:
            yield Made(_edited(theirs), Patch("policies", "", mine, theirs))
        for lone in found.lone:
            if found.unread:
                edit = Edit("policy", old.arn, _in(found.not_read, old.arn), found.unread)
            else:
                edit = self._came_or_went(old.arn, lone)
            yield Made(edit, Patch("policies", "", *lone))

    def _came_or_went(self, holder: str, lone: Lone) -> Edit:
        policy, is_new = lone.policy, lone.before is None
        assert isinstance(policy, Policy)  # noqa: S101  # others are of lists that were not read
        owner = policy.name.owner
        if owner != holder and _known_as(policy) in self._of_groups[0 if is_new else 1]:
            done = "joined" if is_new else "left"
            return Edit("group", holder, f"{shown(holder)} {done} {shown(owner)}")
        verb = "given to" if is_new else "taken from"
        kind = "managed policy" if policy.name.arn else "policy"
        return Edit("policy", owner, f"{kind} {policy.name.name} was {verb} {shown(owner)}")


def _counts_of_role(patch: Patch) -> bool:
    return patch.field not in ("policies", "boundary", "unique_id")


def _in(what: str, holder: str) -> str:
    """What was not read, with whose it is, unless it says so itself."""
    return what if arn.display_name(holder) in what else f"{what} of {shown(holder)}"


def _of_groups(principals: Mapping[str, Principal]) -> frozenset[tuple[str, str]]:
    """Policies that principals have from groups, by the group and by what they are called."""
    return frozenset(
        _known_as(policy)
        for name, principal in principals.items()
        for policy in principal.policies
        if isinstance(policy, Policy) and policy.name.owner != name
    )


def _edited(policy: Policy) -> Edit:
    """An edit of one document, whoever has it."""
    name = policy.name
    if name.arn:
        account = arn.account_of(name.arn)
        return Edit("policy", name.arn, f"managed policy {name.name} ({account}) was edited")
    return Edit("policy", name.owner, f"policy {name.name} of {shown(name.owner)} was edited")


def _of_boundary(old: Principal, new: Principal) -> Iterator[Made]:
    before, after = old.boundary, new.boundary
    if alike(before, after):
        return
    unread = unread_in(old=isinstance(before, Unknown), new=isinstance(after, Unknown))
    patch, of = (
        Patch("boundary", "", before, after),
        f"the permissions boundary of {shown(old.arn)}",
    )
    if unread:
        yield Made(Edit("boundary", old.arn, of, unread), patch)
    elif isinstance(before, Policy) and isinstance(after, Policy):
        if before.name.arn == after.name.arn:
            yield Made(_edited(after), patch)
        else:
            names = f"{after.name.name} instead of {before.name.name}"
            yield Made(Edit("boundary", old.arn, f"{of} is {names}"), patch)
    else:
        done = "set" if before is None else "removed"
        yield Made(Edit("boundary", old.arn, f"{of} was {done}"), patch)


def _of_trust(old: Role, new: Role) -> Made:
    unread = unread_in(old=isinstance(old.trust, Unknown), new=isinstance(new.trust, Unknown))
    patch = Patch("trust", "", old.trust, new.trust)
    if unread:
        return Made(Edit("trust", old.arn, f"the trust policy of {shown(old.arn)}", unread), patch)
    what = f"the trust policy of {shown(old.arn)} was edited"
    return Made(Edit("trust", old.arn, what), patch)


def _tags_told(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return ", ".join(f"{key} {_value(old, key)} → {_value(new, key)}" for key in keys)


def _value(tags: Mapping[str, str], key: str) -> str:
    return f"`{tags[key]}`" if key in tags else "(none)"


def _patched(principal: Principal | None, patch: Patch) -> Principal | None:
    if principal is None or not patch.field:  # the whole of it
        found: Principal | None = patch.after
        return found
    value = patch.after
    if patch.field == "policies":
        value = replaced(principal.policies, patch.before, patch.after)
    return msgspec.structs.replace(principal, **{patch.field: value})


def replaced(
    policies: tuple[PolicyOrUnknown, ...],
    before: PolicyOrUnknown | None,
    after: PolicyOrUnknown | None,
) -> tuple[PolicyOrUnknown, ...]:
    """A list of policies with one of them edited; None where there was none, or is none."""
    if before is None:
        return policies if after is None else (*policies, after)
    found = (after if each is before else each for each in policies)
    return tuple(each for each in found if each is not None)
