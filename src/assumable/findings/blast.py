"""Blast radius: who else gains or loses a call when policies are edited, by deciding for each."""

import itertools
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from assumable import arn
from assumable.engine.chain import Chain
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.facts import Facts
from assumable.engine.gates import GateName
from assumable.engine.layers import Prepared
from assumable.engine.principals import Named
from assumable.findings.finding import Fix
from assumable.findings.guards import content_of
from assumable.findings.uncounted import uncounted
from assumable.model.call import Call, RoleCaller, UserCaller
from assumable.model.policy import Effect, Layer, Policy, Statement
from assumable.model.world import Principal, Role, Unknown, World

MAX_PRINCIPALS = 20_000
_SHOWN = 10
_FOR_ALL = (Layer.SCP, Layer.RCP, Layer.VPC_ENDPOINT)
"""The layers that apply to principals whatever is attached to them."""


class BlastRadius(msgspec.Struct, frozen=True):
    """Every other known principal for whom edits change the answer, in one direction."""

    complete: bool
    """Whether the world is known completely enough to say "nobody else"."""
    count: int
    principals: tuple[str, ...]
    """The first of them."""
    known: int = 0
    """How many principals were tried."""
    uncounted: str = ""
    """Who cannot be listed and gains it as well, in words: tokens, other sessions."""


class _Around(NamedTuple):
    """The principals of a world other than the caller."""

    everyone: tuple[Principal, ...]
    complete: bool


def who_gains(before: Chain, fixes: Sequence[Fix], after: Chain) -> BlastRadius:
    """Who else may make a repaired call now and could not before."""
    if all(fix.is_request_only for fix in fixes):
        return BlastRadius(complete=True, count=0, principals=())
    changed = [_difference(hop.facts.trust, after.world, hop.call) for hop in before.decisions]
    strangers = any(fix.target.kind == "provider" for fix in fixes) or any(
        _is_of_strangers(statement, after.world)
        for _, new in changed
        for statement in new
        if statement.effect is Effect.ALLOW
    )
    strangers = strangers or "others" in _all_excepted(before, after)
    found = _tried(before, fixes, after, lambda then, now: _passes(now) and not _passes(then))
    return msgspec.structs.replace(
        found,
        complete=found.complete and not strangers,
        uncounted=uncounted(before, fixes, after),
    )


def who_loses(
    before: Chain, fixes: Sequence[Fix], after: Chain, *, is_exact: bool = False
) -> BlastRadius:
    """Who else could make the call before and may not now.

    `is_exact` says that the edits are about the caller alone, whoever else there may be.
    """
    changed = [_difference(hop.facts.trust, after.world, hop.call) for hop in before.decisions]
    strangers = any(
        _is_of_strangers(statement, after.world)
        for old, new in changed
        for statement in (*old, *new)
    )
    found = _tried(before, fixes, after, lambda then, now: _passes(then) and not _passes(now))
    complete = is_exact or (found.complete and not strangers)
    return msgspec.structs.replace(found, complete=complete)


def _tried(
    before: Chain,
    fixes: Sequence[Fix],
    after: Chain,
    is_hit: Callable[[Verdict, Verdict], bool],
) -> BlastRadius:
    """Every hop asked by every other principal that the edits could concern, before and after."""
    around = _around(before.world)
    edited = {fix.target.policy_arn or fix.target.arn for fix in fixes} - {""}
    concerns_all = any(fix.target.layer in _FOR_ALL for fix in fixes)
    concerns_all = concerns_all or any(_all_excepted(before, after))
    tried: set[str] = set()
    hit: dict[str, None] = {}
    then = Prepared(before.world)
    now = Prepared(after.world, like=then)
    for hop, repaired in zip(before.decisions, after.decisions, strict=False):
        mine = hop.facts.principal
        me = mine.arn if isinstance(mine, Principal) else hop.facts.principal_arn
        others = [principal for principal in around.everyone if principal.arn != me]
        tried.update(principal.arn for principal in others)
        old, new = _difference(hop.facts.trust, after.world, hop.call)
        named = [Named(statement) for statement in (*old, *new)]
        for principal in others:
            theirs = made_by(principal, repaired.call)
            touched = concerns_all or _is_touched(principal, edited)
            if touched or _is_named(named, Facts(now.lookups, theirs)):
                verdicts = decide(then, theirs).verdict, decide(now, theirs).verdict
                if is_hit(*verdicts):
                    hit[principal.arn] = None
    return BlastRadius(around.complete, len(hit), tuple(hit)[:_SHOWN], len(tried))


def _around(world: World) -> _Around:
    everyone = tuple(itertools.islice(world.principals(), MAX_PRINCIPALS + 1))
    unread = any(isinstance(account, Unknown) for account in world.accounts.values())
    complete = world.complete and not unread and len(everyone) <= MAX_PRINCIPALS
    return _Around(everyone[:MAX_PRINCIPALS], complete)


def _all_excepted(before: Chain, after: Chain) -> list[str]:
    return [_excepted(*hops) for hops in zip(before.decisions, after.decisions, strict=False)]


def _excepted(before: Decision, after: Decision) -> Literal["", "caller", "others"]:
    """Whom a changed Deny on the role's or the request's side excepts: the caller, or others too.

    Those who are bound by one there are not all known: anybody may come with a token, or from an
    account that nobody read.
    """
    old, new = _denies(before), _denies(after)
    if new == old or not old:
        return ""
    mine = before.facts.principal_arn
    exact = any(
        condition.key.lower() == "aws:principalarn" and mine in condition.values
        for content, statement in new.items()
        for condition in statement.conditions
        if content not in old
    )
    return "caller" if exact else "others"


def _denies(decision: Decision) -> dict[str, Statement]:
    """The Deny statements of the trust policy, the RCPs and the endpoint, by what they say."""
    return {
        content_of(statement): statement
        for gate in decision.gates
        if gate.gate in (GateName.TRUST, GateName.RCP, GateName.VPC_ENDPOINT)
        for policy in gate.policies
        if isinstance(policy, Policy)
        for statement in policy.statements
        if statement.effect is Effect.DENY
    }


def _is_of_strangers(statement: Statement, world: World) -> bool:
    """Whether a statement of the trust policy names more than the known principals.

    Bearers of tokens, services and accounts that are not in the world are never listed there.
    """
    for entry in statement.principals or ():
        account = arn.account_of(entry.value) or entry.value
        if statement.not_principal or entry.kind != "AWS" or account not in world.accounts:
            return True
    return False


def _difference(
    old: object, after: World, call: Call
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """The statements of the trust policy that are there no more, and those that are new."""
    role = after.role(call.role_arn)
    new = role.trust if isinstance(role, Role) else None
    if not isinstance(old, Policy) or not isinstance(new, Policy):
        return (), ()
    return _without(old, new), _without(new, old)


def _without(left: Policy, right: Policy) -> tuple[Statement, ...]:
    known = {content_of(statement) for statement in right.statements}
    return tuple(found for found in left.statements if content_of(found) not in known)


def _is_touched(principal: Principal, edited: set[str]) -> bool:
    """Whether a policy that applies to the principal was edited."""
    applied = [*principal.policies, principal.boundary]
    held = [policy.name for policy in applied if isinstance(policy, Policy)]
    return any({name.owner, name.arn} & edited for name in held)


def _is_named(changed: Sequence[Named], facts: Facts) -> bool:
    """Whether a statement could be about the principal at all."""
    return any(truth is not False for named in changed for truth in named.by(facts).values())


def made_by(principal: Principal, call: Call) -> Call:
    """The same call made by another principal."""
    if not isinstance(principal, Role):
        return msgspec.structs.replace(call, caller=UserCaller(arn=principal.arn), client=None)
    session = arn.session_of(principal.arn, "session")
    return msgspec.structs.replace(call, caller=RoleCaller(arn=session), client=None)


def _passes(verdict: Verdict) -> bool:
    return verdict is not Verdict.DENIED
