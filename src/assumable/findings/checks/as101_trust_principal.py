"""AS101: no statement of the trust policy names the caller."""

import difflib
from collections.abc import Iterator
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.match import Reason
from assumable.engine.own_role import SERVICE_LINKED
from assumable.findings import deleted, identity_center
from assumable.findings.blame import Blame
from assumable.findings.evidence import at, default_evidence
from assumable.findings.federated import nearest_provider, provider_fixes, under_other_kind
from assumable.findings.finding import Cause, Edit, Evidence, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.meant import expects_role, expects_token
from assumable.findings.near_principal import (
    NEVER_MATCH,
    VARIANTS,
    is_generated,
    provider_differs,
    variant_of,
    what_differs,
)
from assumable.findings.report import (
    actions_needed,
    appended,
    caller_name,
    exact_principal,
    finding,
    new_statement,
    role_name,
)
from assumable.findings.services import inside_service
from assumable.globs import matches
from assumable.model.call import RoleCaller, RootCaller
from assumable.model.policy import (
    Effect,
    Policy,
    PrincipalEntry,
    Statement,
    principal_complaint,
)
from assumable.model.world import Role, User

CAUSE = Cause("AS101", "trust-principal", Row.TRUST, "the trust policy does not name this caller")
_EXPLANATIONS = {
    "self": "a role may assume itself only if its own trust policy names it, like any other caller "
    "(since September 2022, save for a few older roles: U-21); the caller already is a session of "
    "this role, whose credentials serve as well",
    "missing": "it names no AWS principal at all",
    "wildcard": "`{got}` has a wildcard inside a principal ARN, which never matches; only a bare "
    "`*` with a condition on aws:PrincipalArn can stand for several principals",
    "case": "it names `{got}`, which differs only in letter case; ARNs are case-sensitive",
    "partition": "it names the same principal in another partition: `{got}`",
    "path": "it names `{got}`, which differs only in the path; a role's ARN has its path, the ARN "
    "of a session has none",
    "type": "it names `{got}`: the same name, but another kind of principal",
    "session-name": "it names one session, `{got}`; this session has another name",
    "generated-name": "it names one session, `{got}`; names like that of this one are made up anew "
    "for every session, so the role has to be named, or the name of the session fixed",
    "identity-center": "it names `{got}`",
    "account": "it names `{got}`, the same principal of another account",
    "near-name": "it names `{got}`, which is close but not the caller",
    "deleted-principal": "`{got}` is the unique id of a principal that was deleted; one that was "
    "created again under the same name gets another id, so the ARN must take the place of the id",
    "other-principal": "the closest principal it names is `{got}`",
}


_FACTS = {
    "self": ("R1.3", "R1.22"),
    "identity-center": ("R2.11", "R2.12"),
    "deleted-principal": ("R2.4", "R2.5"),
}


class Nearest(msgspec.Struct, frozen=True):
    """The principal that comes closest to naming the caller."""

    variant: str
    entry: PrincipalEntry
    statement: Statement


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the nearest principal as evidence."""
    trust = decision.facts.trust
    if blame.variant == SERVICE_LINKED:
        return _service_linked(decision, blame)
    if not decision.call.is_signed and isinstance(trust, Policy):
        return _federated(decision, blame, trust)
    nearest = _nearest(decision, trust) if isinstance(trust, Policy) else None
    variant = nearest.variant if nearest else "missing"
    if _is_self(decision):
        variant = "self"
    got = nearest.entry.value if nearest else ""
    explanation = (
        f"no statement of the trust policy of {role_name(decision)} names {caller_name(decision)}: "
    )
    owner, whose = deleted.owner_of(decision, got), deleted.explained(decision, got)
    if owner:
        explanation += (
            f"`{got}` is the unique id of {owner}; a principal is named by its ARN, and IAM shows "
            "an id only of one that was deleted"
        )
    elif whose:
        explanation += whose
    else:
        differs = what_differs(decision, nearest.variant, got) if nearest else ""
        generated = variant == "session-name" and is_generated(caller_name(decision).split("/")[-1])
        said = "generated-name" if generated else variant
        explanation += _EXPLANATIONS[said].format(got=got) + differs
    if isinstance(trust, Policy) and variant in ("missing", "other-principal"):
        explanation += inside_service(decision, trust) or expects_token(decision, trust)
    fixes = tuple(_fixes(decision, blame, trust, nearest)) if isinstance(trust, Policy) else ()
    return finding(
        CAUSE,
        blame,
        explanation,
        variant=variant,
        fixes=fixes,
        evidence=_evidence(decision, blame, nearest),
        facts=_FACTS.get(variant, ("R1.3", "R2.1")),
        title=f"the trust policy of {role_name(decision)} does not name this caller",
    )


def _service_linked(decision: Decision, blame: Blame) -> Finding:
    """Nobody can let another principal in: the policy cannot be edited."""
    return finding(
        CAUSE,
        blame,
        f"{role_name(decision)} is a service-linked role: only the AWS service that it is linked "
        "to assumes it, and nobody can edit its trust policy; ask for a role of your own",
        facts=("R1.23",),
        title=f"{role_name(decision)} is a service-linked role",
    )


def _federated(decision: Decision, blame: Blame, trust: Policy) -> Finding:
    """The same for tokens and assertions, which are known by their provider."""
    nearest = nearest_provider(decision, trust)
    used, name = decision.call.identity_provider, role_name(decision)
    got = "it names none"
    misplaced = under_other_kind(trust, used)
    if misplaced:
        got = (
            f"it stands under `{misplaced}`, where a provider is never found; it belongs under "
            "`Federated`"
        )
    elif nearest is not None:
        got = f"the closest that it names is `{nearest.entry.value}`"
        got += provider_differs(nearest.entry.value, used)
    else:
        got += expects_role(trust)
    evidence = default_evidence(blame)
    if nearest is not None:
        place = at(
            trust,
            nearest.entry.pointer,
            statement=nearest.statement.index,
            wanted=nearest.entry.value,
            got=used,
            reason=Reason.PRINCIPAL,
            meant=used,
        )
        evidence = (place,)
    return finding(
        CAUSE,
        blame,
        f"no statement of the trust policy of {name} names the identity provider `{used}`: {got}",
        variant=nearest.variant if nearest else "missing",
        fixes=tuple(provider_fixes(decision, trust, nearest)),
        evidence=evidence,
        facts=("R1.21", "R2.1"),
        title=f"the trust policy of {name} does not name this identity provider",
    )


def _evidence(decision: Decision, blame: Blame, nearest: Nearest | None) -> tuple[Evidence, ...]:
    if nearest is None or blame.trace is None:
        return default_evidence(blame)
    mine = str(exact_principal(decision))
    as_session = ":assumed-role/" in nearest.entry.value
    return (
        at(
            blame.trace.policy,
            nearest.entry.pointer,
            statement=nearest.statement.index,
            wanted=nearest.entry.value,
            got=mine,
            reason=Reason.PRINCIPAL,
            meant=decision.call.caller.arn if as_session else mine,
        ),
    )


def _is_self(decision: Decision) -> bool:
    caller = decision.call.caller
    mine, target = decision.facts.principal_arn, arn.parse(decision.call.role_arn)
    if not isinstance(caller, RoleCaller) or target is None:
        return False
    same_name = caller.role_name == target.name and decision.call.same_account
    return same_name and (not isinstance(mine, str) or mine == decision.call.role_arn)


def _nearest(decision: Decision, trust: Policy) -> Nearest | None:
    wanted = exact_principal(decision)
    if wanted is None:
        return None
    found = [
        Nearest(variant_of(entry.value, wanted, decision.call.caller.arn), entry, statement)
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for entry in statement.principals or ()
        if entry.kind == "AWS"
    ]

    def rank(nearest: Nearest) -> tuple[bool, int, float]:
        value = nearest.entry.value
        similar = difflib.SequenceMatcher(None, deleted.name_of(decision, value), wanted).ratio()
        is_own = deleted.was_caller(decision, value)
        return not is_own, VARIANTS.index(nearest.variant), -similar

    return min(found, key=rank, default=None)


def _fixes(
    decision: Decision, blame: Blame, trust: Policy, nearest: Nearest | None
) -> Iterator[Fix]:
    exact = exact_principal(decision)
    if exact is None or isinstance(decision.call.caller, RootCaller):
        return
    whose = f"{arn.display_name(exact)} of account {decision.call.caller_account}"
    is_session = isinstance(decision.call.caller, RoleCaller)
    opens = f"every session of {whose}" if is_session else f"{whose}, nobody else"
    session = decision.call.caller.arn
    named_so = nearest is not None and nearest.variant == "session-name"
    if named_so and not is_generated(session.rpartition("/")[2]):
        yield change_policy(
            trust,
            "trust-principal/name-the-session",
            f"name {session} in the trust policy",
            _edit(decision, blame, trust, nearest, session),
            opens="sessions of that role with exactly this name",
        )
    edit = _edit(decision, blame, trust, nearest, exact)
    yield change_policy(
        trust,
        "trust-principal/name-the-caller",
        f"name {exact} in the trust policy",
        edit,
        opens=opens,
    )
    named = deleted.name_of(decision, nearest.entry.value) if nearest else ""
    if nearest is not None and identity_center.are_of_one_set(
        exact.rpartition("/")[2], identity_center.role_of(named)
    ):
        yield from identity_center.fixes(decision, trust, nearest.statement, exact)
    parts = arn.parse(exact)
    root = f"arn:{parts.partition if parts else 'aws'}:iam::{decision.call.caller_account}:root"
    yield change_policy(
        trust,
        "trust-principal/name-the-account",
        f"trust the whole account: {root}",
        _edit(decision, blame, trust, nearest, root),
        opens=f"everyone in account {decision.call.caller_account} whom an administrator there "
        "permits "
        "sts:AssumeRole on this role",
    )


def _edit(
    decision: Decision, blame: Blame, trust: Policy, nearest: Nearest | None, principal: str
) -> Edit:
    """Correct the principal that was meant, else add to the closest statement, else a new one."""
    if (
        nearest is not None
        and _is_dead(decision, nearest)
        and _allows_call(decision, nearest.statement)
    ):
        place = f"{nearest.statement.pointer}/Principal/AWS"
        without = deleted.without_ids(trust, place, principal, instead_of=nearest.entry.value)
        return without or ({"op": "replace", "path": nearest.entry.pointer, "value": principal},)
    statement = blame.trace.statement if blame.trace else None
    if statement is not None and not statement.not_principal and _allows_call(decision, statement):
        pointer = f"{statement.pointer}/Principal/AWS"
        if any(entry.kind == "AWS" for entry in statement.principals or ()):
            without = deleted.without_ids(trust, pointer, principal)
            return without or appended(trust, pointer, principal)
    new: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": actions_needed(decision),
    }
    return new_statement(trust, new)


def _allows_call(decision: Decision, statement: Statement) -> bool:
    action = decision.facts.required_actions[0]
    listed = any(matches(pattern, action, ignore_case=True) for pattern in statement.actions)
    return listed != statement.not_action


def _is_dead(decision: Decision, nearest: Nearest) -> bool:
    """Whether replacing the named principal takes nothing from anyone."""
    if nearest.variant in NEVER_MATCH:
        return True
    if nearest.variant == "other-principal":
        return False
    world, value = decision.facts.world, nearest.entry.value
    if principal_complaint("AWS", value):
        return True
    known: User | Role | object | None = (
        world.user(value) if ":user/" in value else world.role(value)
    )
    return known is None and (":user/" in value or ":role/" in value)
