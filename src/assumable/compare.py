"""Compare with a call that works: the facts that differ and matter, gate by gate."""

import itertools
from collections.abc import Iterator
from typing import Literal, NoReturn

import msgspec

from assumable import arn
from assumable.engine.chain import Chain, decide_chain
from assumable.engine.evaluate import Verdict
from assumable.errors import InputError
from assumable.findings.chain import number_of
from assumable.findings.differences import Difference, differences
from assumable.model.call import Call, RoleCaller, Session, UserCaller, Value
from assumable.model.world import Account, Unknown, World

_OF_THE_CALLER = ("aws:principal", "aws:userid", "aws:username", "aws:tokenissuetime")
_SHOWN = 5
"""Names that an error lists."""
Kind = Literal["caller", "role"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The same call with one thing exchanged, and why it ends otherwise."""

    like: str
    kind: Kind
    """What was exchanged."""
    verdict: Verdict
    works: bool
    """Whether that call is allowed, so that it shows what is missing here."""
    headline: str
    differences: tuple[Difference, ...]


def compare(chain: Chain, like: str) -> Comparison:
    """The call held against one by another caller, or for another role.

    InputError when the ARN is neither, is the one of the call itself, or of nothing that exists.
    """
    kind, call = exchanged(chain.call, like)
    refuse_unread(chain.world, like)
    other = decide_chain(chain.world, call)
    found = tuple(_differences(chain, other)) if chain.verdict is not Verdict.ALLOWED else ()
    return Comparison(
        like=like,
        kind=kind,
        verdict=other.verdict,
        works=other.verdict is Verdict.ALLOWED,
        headline=_headline(chain, other, kind, like, found),
        differences=found,
    )


def exchanged(call: Call, like: str) -> tuple[Kind, Call]:
    """The call with another caller, or another role; which of them, the ARN says.

    A role of the caller's account that is not the target is taken as a caller, by a plain session.
    """
    parts = arn.parse(like)
    known = parts is not None and parts.kind in ("user", "role", "assumed-role")
    if parts is None or not known or "/" not in parts.resource or not parts.name:
        raise InputError(
            f"`{like}` is no user, role or role session", "--like", "the ARN of one that works"
        )
    role_like = parts.kind == "role"
    if like in (call.caller.arn, call.role_arn) or (role_like and like == _role_of(call)):
        raise InputError(f"`{like}` is part of this call itself", "--like", "name another one")
    if role_like and (not call.is_principal or parts.account != call.caller_account):
        parameters = {**call.parameters, "RoleArn": like}
        return "role", msgspec.structs.replace(call, parameters=parameters)
    if not call.is_principal:
        raise InputError(
            "the caller is no user or role, so that none can stand in its place",
            "--like",
            "the ARN of another role",
        )
    caller, overrides = _caller(call, parts), _overrides(call, parts)
    return "caller", msgspec.structs.replace(call, caller=caller, overrides=overrides, client=None)


def _overrides(call: Call, like: arn.Arn) -> dict[str, Value]:
    """What is said by hand of the call; where an account stands may be unknown for both callers."""
    kept = {k: v for k, v in call.overrides.items() if not k.startswith(_OF_THE_CALLER)}
    for side, account in (("principal", call.caller_account), ("resource", call.role_account)):
        place = call.overrides.get(f"aws:{side}orgpaths")
        if account == like.account and isinstance(place, Unknown):
            kept["aws:principalorgpaths"] = place
    return kept


def refuse_unread(world: World, like: str) -> None:
    """InputError for a user or role that does not exist or was not read: it teaches nothing."""
    parts = arn.parse(like)
    if parts is None:
        return
    name = parts.resource.split("/")[1] if parts.kind == "assumed-role" else ""
    found = (
        world.role_named(parts.account, name, parts.partition)
        if name
        else (world.user if parts.kind == "user" else world.role)(like)
    )
    if isinstance(found, Unknown):
        what = f"{arn.display_name(like)} was not read, so that nothing can be compared with it"
        raise InputError(what, "--like", f"{found.settle} would settle it")
    if found is None:
        _refuse_missing(world, parts)


def _refuse_missing(world: World, like: arn.Arn) -> NoReturn:
    account = world.account(like.account)
    assert isinstance(account, Account)  # noqa: S101  # of one that was not read nothing is sure
    listed = account.users if like.kind == "user" else account.roles
    whole = listed if account.complete else ()  # else they are but those that somebody asked for
    known = [arn.display_name(each) for each in itertools.islice(whole, _SHOWN)]
    more = ", …" if len(whole) > len(known) else ""
    raise InputError(
        f"there is no {arn.display_name(str(like))} in account {like.account}",
        "--like",
        f"known there: {', '.join(known)}{more}" if known else "name one that exists",
    )


def _role_of(call: Call) -> str:
    """The caller's own role, as far as its session shows it."""
    if not isinstance(call.caller, RoleCaller):
        return ""
    parts = arn.parse(call.caller.arn)
    partition = parts.partition if parts else "aws"
    return f"arn:{partition}:iam::{call.caller_account}:role/{call.caller.role_name}"


def _caller(call: Call, like: arn.Arn) -> UserCaller | RoleCaller:
    """The other caller, with the same kind of credentials where it has that kind."""
    before = call.caller
    if like.kind == "user":
        if isinstance(before, UserCaller):
            return msgspec.structs.replace(before, arn=str(like))
        return UserCaller(arn=str(like))
    session = str(like)
    if like.kind == "role":
        name = before.session_name if isinstance(before, RoleCaller) else "session"
        session = arn.session_of(session, name)
    if not isinstance(before, RoleCaller):
        return RoleCaller(arn=session)
    # what is not known of one session is not known of the other either; what is known is its own
    carries = Session() if before.session.complete else before.session
    return RoleCaller(arn=session, mfa=before.mfa, session=carries)


def _differences(here: Chain, there: Chain) -> Iterator[Difference]:
    for place, (mine, other) in enumerate(zip(here.decisions, there.decisions, strict=False)):
        for difference in differences(mine, other):
            yield msgspec.structs.replace(difference, hop=number_of(here, place))


def _headline(
    here: Chain, there: Chain, kind: Kind, like: str, found: tuple[Difference, ...]
) -> str:
    name = arn.display_name(like)
    what = f"{name} as caller" if kind == "caller" else f"{name} as the role"
    if here.verdict is Verdict.ALLOWED:
        return f"this call is allowed itself; with {what} it is {there.verdict}"
    said = {
        Verdict.ALLOWED: f"with {what} the call is allowed",
        Verdict.CONDITIONAL: f"with {what} the call depends on what is not known",
        Verdict.DENIED: f"with {what} the call does not work either: it is denied",
    }[there.verdict]
    if not found:
        return f"{said}; no fact that is known tells the two apart"
    return f"{said}; {len(found)} {'fact differs' if len(found) == 1 else 'facts differ'}"
