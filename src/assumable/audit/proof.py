"""Fixes that are shown: each was applied to a copy, and whomever it concerns decided again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from assumable.audit.finding import Mend, Proof
from assumable.audit.ground import Ground, Subject
from assumable.audit.witness import Witness, passes
from assumable.errors import AssumableError
from assumable.findings.apply import checked, rewritten
from assumable.findings.dead import dead_statements
from assumable.findings.finding import Edit
from assumable.findings.fix import change_policy, is_editable, patched
from assumable.model.policy import Policy
from assumable.model.world import Account, Principal, Role, User, World
from assumable.org.whocan import Everyone, Passing
from assumable.source import value_at

MOST = 20_000
"""How many principals are decided again for one fix."""


def mended(
    ground: Ground,
    subject: Subject,
    fix_id: str,
    title: str,
    edit: Edit,
    *,
    opens: str,
    dangerous: Sequence[Witness] = (),
    meant: Sequence[Witness] = (),
    may_lose: Callable[[str], bool] = lambda _: False,
) -> Mend | None:
    """The edit of a trust policy as a fix, with its proof; None where deciding again disproves it.

    Every dangerous call must be denied, every call that is meant must still pass, and whoever could
    assume the role must still be able to, those apart who `may_lose` it, by ARN.
    """
    after = edited(subject, edit)
    if after is None or _kills(subject.trust, after.trust):
        return None
    refused = all(passes(ground, after, witness) is False for witness in dangerous)
    kept = all(passes(ground, after, witness) is not False for witness in meant)
    if not refused or not kept:
        return None
    before = tuple(_names(ground.everyone, ground.passing(subject.role)))
    tried = before[:MOST]
    now = frozenset(_still(ground, after.role, tried) if tried else ())
    lose = tuple(name for name in tried if name not in now)
    if not all(map(may_lose, lose)) or (dangerous and not meant and len(lose) == len(tried)):
        return None  # what would be left for nobody is no fix
    proof = Proof(
        refused=tuple(witness.what for witness in dangerous),
        meant=tuple(witness.what for witness in meant),
        still_pass=len(tried) - len(lose),
        tried=len(tried),
        known=len(before),
        lose=lose,
    )
    return Mend(fix=change_policy(subject.trust, fix_id, title, edit, opens=opens), proof=proof)


def edited(subject: Subject, edit: Edit) -> Subject | None:
    """The role with an edited trust policy; None where AWS would not take that."""
    if not is_editable(subject.trust):
        return None
    try:
        document = patched(subject.trust.document, edit)
        trust = checked(subject.trust, rewritten(subject.trust, document))
    except AssumableError:
        return None
    return subject.with_trust(trust)


def _kills(before: Policy, after: Policy) -> bool:
    """Whether an edit leaves a statement that nobody can meet any more."""
    return len(tuple(dead_statements(after))) > len(tuple(dead_statements(before)))


def _names(everyone: Everyone, passing: Iterable[Passing]) -> Iterator[str]:
    for _, members in passing:
        yield from (everyone.universe.names[number] for number in members)


def _still(ground: Ground, role: Role, names: Iterable[str]) -> Iterator[str]:
    """Who can assume an edited role, of some alone."""
    everyone = Everyone(_world_of(ground.world, role, names), ground.now)
    return _names(everyone, everyone.passing(everyone.role(role.arn)))


def _world_of(world: World, role: Role, names: Iterable[str]) -> World:
    """The world with these principals alone, and the role in place of the one of its name."""
    users: dict[str, dict[str, User]] = {}
    roles: dict[str, dict[str, Role]] = {role.account: {role.arn: role}}
    for principal in _found(world, names):
        if isinstance(principal, Role) and principal.arn != role.arn:
            roles.setdefault(principal.account, {})[principal.arn] = principal
        elif isinstance(principal, User):
            users.setdefault(principal.account, {})[principal.arn] = principal
    accounts = {
        key: msgspec.structs.replace(account, users=users.get(key, {}), roles=roles.get(key, {}))
        for key, account in world.accounts.items()
        if isinstance(account, Account)
    }
    return msgspec.structs.replace(world, accounts={**world.accounts, **accounts})


def _found(world: World, names: Iterable[str]) -> Iterator[Principal]:
    for name in names:
        found = world.user(name) if ":user/" in name else world.role(name)
        if isinstance(found, Principal):
            yield found


def without(trust: Policy, pointers: Iterable[str]) -> Edit:
    """The edit that removes statements, the last first, so that those before stay where they are.

    Empty where no statement would be left, which IAM does not save.
    """
    gone = sorted(set(pointers), key=lambda pointer: -_number(pointer))
    if len(gone) >= len(trust.statements):
        return ()
    return tuple({"op": "remove", "path": pointer} for pointer in gone)


def _number(pointer: str) -> int:
    last = pointer.rpartition("/")[2]
    return int(last) if last.isdigit() else 0


def with_conditions(trust: Policy, asked: Mapping[str, tuple[str, str, object]]) -> Edit:
    """The edit that has statements, by pointer, ask for one thing more each."""
    edits = []
    for pointer, (operator, key, value) in asked.items():
        block = _conditions(trust, pointer)
        known = next((name for name in block if name.lower() == operator.lower()), operator)
        asks = {**block.get(known, {}), key: value}
        changed = {**block, known: asks}
        edits.append({"op": "add", "path": f"{pointer}/Condition", "value": changed})
    return tuple(edits)


def _conditions(trust: Policy, pointer: str) -> dict[str, dict[str, object]]:
    return dict(value_at(trust.document, pointer).get("Condition") or {})
