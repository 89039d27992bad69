"""Why a call is allowed: every independent set of statements that alone lets it through.

Each path is decided again in a world where no other Allow of the role's trust policy and of the
caller's own policies is left: what caps the caller, and every Deny, stays in force.
"""

import itertools
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.chain import Chain
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.facts import Facts
from assumable.engine.forms import Form
from assumable.engine.gates import GateName
from assumable.engine.layers import Prepared
from assumable.engine.match import Reason
from assumable.engine.principals import match
from assumable.engine.truth import Truth, describe
from assumable.findings.chain import number_of
from assumable.findings.evidence import at
from assumable.findings.finding import Evidence
from assumable.model.call import RoleCaller
from assumable.model.policy import Effect, Policy, PolicyName, PrincipalEntry, Statement
from assumable.model.world import (
    Account,
    PolicyOrUnknown,
    Principal,
    Role,
    Unknown,
    User,
    World,
)

MAX_PATHS = 25
MAX_TRIES = 400
_MAX_CHOICES = 20_000
_GRANTING = (GateName.TRUST, GateName.IDENTITY)
Named = Literal["", "user", "session", "role", "account", "everyone", "service", "provider"]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that a path rests on."""

    gate: GateName
    account: str
    """Whose administrator can edit it."""
    actions: tuple[str, ...]
    """Which of the actions of the call it allows here."""
    form: Named = ""
    """For the trust policy: as what it names the caller."""
    principal: str = ""
    """The principal entry that does."""
    text: str
    evidence: Evidence


class GrantPath(msgspec.Struct, frozen=True, kw_only=True):
    """Statements that together let the call through, none of which can be left out."""

    grants: tuple[Grant, ...]
    verdict: Verdict
    residual: str
    """Under which condition, where the verdict is conditional."""
    implicit: str = ""
    """What lets the caller in where no statement of a trust policy does."""
    hop: int = 0
    """The hop of the chain that it lets through, from 1; 0 without a chain."""


class Key(NamedTuple):
    """A statement, wherever its policy is attached."""

    policy: PolicyName
    pointer: str


class Source(NamedTuple):
    """A statement that allows something of the call."""

    gate: GateName
    policy: Policy
    statement: Statement

    @property
    def key(self) -> Key:
        """What tells it apart."""
        return Key(self.policy.name, self.statement.pointer)


class Path(NamedTuple):
    """A path as it was found, with what it takes to break it."""

    keys: frozenset[Key]
    passes: Truth
    view: GrantPath


class Paths(NamedTuple):
    """The paths of one hop, and the statements they are made of."""

    decision: Decision
    found: tuple[Path, ...]
    sources: dict[Key, Source]
    complete: bool
    """False when there are so many that not all were tried."""


def paths_of(chain: Chain) -> tuple[Paths, ...]:
    """Every independent way in, hop by hop."""
    return tuple(
        _paths(decision, number_of(chain, place)) for place, decision in enumerate(chain.decisions)
    )


def _paths(decision: Decision, hop: int) -> Paths:
    needed = {a: list(_allowing(decision, a)) for a in decision.facts.required}
    sources = {source.key: source for found in needed.values() for source in found}
    choices = {
        frozenset(key for key in itertools.chain.from_iterable(chosen) if key is not None)
        for chosen in itertools.islice(
            itertools.product(*(_options(found) for found in needed.values())), _MAX_CHOICES
        )
    }
    found: list[Path] = []
    prepared = Prepared(decision.facts.world)
    order = list(sources)
    ranked = sorted(choices, key=lambda keys: (len(keys), sorted(map(order.index, keys))))
    for keys in ranked[:MAX_TRIES]:
        if any(path.keys <= keys and path.passes is True for path in found):
            continue
        again = decide(Prepared(only(decision, keys), like=prepared), decision.call)
        if again.passes is False or any(
            path.keys <= keys and path.passes == again.passes for path in found
        ):
            continue
        found.append(Path(keys, again.passes, _view(again, keys, needed, hop)))
        if len(found) == MAX_PATHS:
            break
    complete = len(ranked) <= MAX_TRIES and len(choices) < _MAX_CHOICES and len(found) < MAX_PATHS
    return Paths(decision, tuple(found), sources, complete)


def _allowing(decision: Decision, action: str) -> Iterator[Source]:
    """The Allow statements that let the action through, or may."""
    for gate in decision.gates:
        if gate.gate not in _GRANTING or gate.action != action:
            continue
        if gate.rules is None or gate.context is None:
            continue
        for rule in gate.rules.about(action).allows:
            if rule.applies(gate.context) is not False:
                yield Source(gate.gate, rule.policy, rule.statement)


def _options(found: list[Source]) -> list[tuple[Key | None, Key | None]]:
    """One statement of the trust policy and one of the caller's, or none where none is needed."""
    sides: list[list[Key | None]] = [
        [None, *dict.fromkeys(source.key for source in found if source.gate is gate)]
        for gate in _GRANTING
    ]
    return list(itertools.product(*sides))  # type: ignore[arg-type]  # two sides make pairs


def only(decision: Decision, keys: frozenset[Key]) -> World:
    """The world in which no other statement lets this caller assume this role."""
    facts = decision.facts
    world = facts.world
    if isinstance(facts.role, Role):
        trust = _narrowed(facts.role.trust, keys)
        world = with_principal(world, msgspec.structs.replace(facts.role, trust=trust))
    if isinstance(facts.principal, User | Role):
        mine = _current(world, facts.principal)
        policies = tuple(_narrowed(policy, keys) for policy in mine.policies)
        world = with_principal(world, msgspec.structs.replace(mine, policies=policies))
    return world


def _current(world: World, principal: User | Role) -> Principal:
    """The principal as the world has it now: a role that assumes itself was narrowed before."""
    found = world.role(principal.arn) if isinstance(principal, Role) else None
    return found if isinstance(found, Role) else principal


def _narrowed(policy: PolicyOrUnknown, keys: frozenset[Key]) -> PolicyOrUnknown:
    """The policy with every Deny, and of what it allows only those statements."""
    if not isinstance(policy, Policy):
        return policy
    kept = tuple(
        statement
        for statement in policy.statements
        if statement.effect is Effect.DENY or Key(policy.name, statement.pointer) in keys
    )
    return msgspec.structs.replace(policy, statements=kept)


def with_principal(world: World, principal: Principal) -> World:
    """The world with another version of a user or role."""
    account = world.accounts.get(principal.account)
    if not isinstance(account, Account):
        return world
    field = "roles" if isinstance(principal, Role) else "users"
    members = {**getattr(account, field), principal.arn: principal}
    changed = msgspec.structs.replace(account, **{field: members})
    return msgspec.structs.replace(world, accounts={**world.accounts, account.id: changed})


# In words


def _view(
    decision: Decision, keys: frozenset[Key], needed: dict[str, list[Source]], hop: int
) -> GrantPath:
    sources = {source.key: source for found in needed.values() for source in found}
    chosen = [sources[key] for key in sources if key in keys]
    chosen.sort(key=lambda source: source.gate is not GateName.TRUST)
    actions = {
        source.key: tuple(a for a, found in needed.items() if source in found) for source in chosen
    }
    has_trust = any(source.gate is GateName.TRUST for source in chosen)
    return GrantPath(
        grants=tuple(_grant(decision.facts, source, actions[source.key]) for source in chosen),
        verdict=decision.verdict,
        residual=describe(decision.passes) if decision.verdict is Verdict.CONDITIONAL else "",
        implicit="" if has_trust else _implicit(decision.facts),
        hop=hop,
    )


def _grant(facts: Facts, source: Source, actions: tuple[str, ...]) -> Grant:
    policy, statement = source.policy, source.statement
    label = f"{statement.label} of {policy.name.name}"
    if source.gate is GateName.TRUST:
        entry, form = _entry(facts, statement)
        pointer = entry.pointer if entry else statement.pointer
        value = entry.value if entry else ""
        text = f"{label} names {_named_words(form, value)}"
    else:
        form, value = "", ""
        element = "NotResource" if statement.not_resource else "Resource"
        pointer = f"{statement.pointer}/{element}" if statement.resources else statement.pointer
        text = f"{label} permits it"
    return Grant(
        gate=source.gate,
        account=policy.name.account,
        actions=actions,
        form=form,
        principal=value,
        text=text,
        evidence=at(
            policy, pointer, statement=statement.index, wanted=value, reason=Reason.MATCHED
        ),
    )


def entries_naming(facts: Facts, statement: Statement) -> tuple[tuple[PrincipalEntry, Form], ...]:
    """The principal entries that are the caller, or may be, the strongest form first."""
    found = [(entry, match(entry, facts)) for entry in statement.principals or ()]
    named = [(entry, form) for entry, (form, truth) in found if truth is not False]
    return tuple(sorted(named, key=lambda pair: -pair[1]))


def _entry(facts: Facts, statement: Statement) -> tuple[PrincipalEntry | None, Named]:
    """The entry that names the caller most strongly, and as what."""
    for entry, form in entries_naming(facts, statement):
        return entry, _as_what(facts, entry, form)
    return None, ""


def _as_what(facts: Facts, entry: PrincipalEntry, form: Form) -> Named:
    if entry.value == "*":
        return "everyone"
    if entry.kind in ("Service", "Federated"):
        return "service" if entry.kind == "Service" else "provider"
    if form is Form.STRONG:
        return "session" if isinstance(facts.call.caller, RoleCaller) else "user"
    return "role" if form is Form.ROLE else "account"


def _named_words(form: Named, value: str) -> str:
    words = {
        "user": "this user",
        "session": "this session",
        "role": "this role",
        "account": "the whole account",
        "service": "this service",
        "provider": "this identity provider",
    }
    if form == "everyone":
        return "everyone (*)"
    return f"{words[form]} ({value})" if form else "the caller"


def _implicit(facts: Facts) -> str:
    """What stands in for a statement of a trust policy."""
    if facts.call.api == ASSUME_ROOT:
        return ""
    if isinstance(facts.trust, Unknown):
        return f"{facts.trust.what}, which was not read"
    return "the role's own trust in itself, as roles had it before 2022-09-21"
