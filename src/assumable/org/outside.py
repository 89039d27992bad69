"""Those whom nobody can list, held by the engine against all that the role itself says.

That is its trust policy as a whole and the RCPs of its account. What their own accounts permit
them is left aside.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from assumable import arn
from assumable.engine.conditions import variables_in
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts
from assumable.engine.keys.federation import is_mapped
from assumable.engine.layers import Prepared
from assumable.engine.provider import accepts, registered
from assumable.engine.rules import Rule, action_matches
from assumable.engine.truth import Atom, Truth, all_of, any_of, describe, negate
from assumable.model.assertion import BUILT_IN_PROVIDERS
from assumable.model.call import (
    Api,
    Call,
    Caller,
    FederatedUserCaller,
    Network,
    RoleCaller,
    SamlCaller,
    ServiceCaller,
    Session,
    UserCaller,
    WebIdentityCaller,
)
from assumable.model.policy import Layer, Policy, Statement
from assumable.model.world import Account, Role, Unknown, User, World
from assumable.org.calls import MFA, SENT
from assumable.org.trusts import EVERY, Other, Who, is_account, others_in

_APIS: tuple[Api, ...] = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
_OF_CALLER = ("aws:principalarn", "aws:principaltype", "aws:userid", "aws:username")
"""Keys that differ among the principals of an account."""
_OF_SERVICE = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
"""Keys by which a service says for whom it calls (FACTS 5.1)."""
_ASSERTED = (
    "aws:requesttag/", "aws:tagkeys", "saml:", "sts:roleauthorizedbyidp", "sts:rolesessionname",
    "sts:sourceidentity", "sts:transitivetagkeys",
)  # fmt: skip
"""How keys begin that bearers of tokens bring along, besides the claims of their provider."""


class _Attempt(NamedTuple):
    """How somebody comes, and which keys stay open because it could be anybody of a kind."""

    api: Api
    caller: Caller
    open_keys: tuple[str, ...] = ()
    account: Account | Unknown | None = None
    """What is known of the caller's account, where it has one."""


def let_in(others: Iterable[Other], role: Role, world: Prepared, now: datetime) -> Iterator[Other]:
    """Those whom the role lets in, each under its whole condition; none who certainly fails."""
    for other in others:
        passes = admitted(other, role, world, now)
        if passes is not False:
            condition = "" if passes is True else describe(passes)
            yield msgspec.structs.replace(other, condition=condition)


def admitted(other: Other, role: Role, world: Prepared, now: datetime) -> Truth:
    """Whether the statement lets them in and no other one, nor an RCP, keeps them out.

    Where it is not known how they come, what the statement asks is all that there is to say.
    """
    attempts = tuple(_attempts(other, role))
    if not attempts and other.condition:
        return Atom(subject=other.condition, text=other.condition)
    return not attempts or any_of(_passes(each, other, role, world, now) for each in attempts)


def admission(
    who: Who, role: Role | Unknown | None, world: Prepared, now: datetime
) -> tuple[Truth, ...]:
    """Under which condition each statement lets them in that may."""
    if not isinstance(role, Role) or not isinstance(role.trust, Policy):
        return ()
    saying = (other for other in others_in(role.trust) if other.who == who)
    found = (admitted(other, role, world, now) for other in saying)
    return tuple(truth for truth in found if truth is not False)


def _attempts(other: Other, role: Role) -> Iterator[_Attempt]:
    """How they can come; none where it is not known."""
    match other.kind:
        case "service":
            open_keys = (*SENT, *_OF_SERVICE)
            yield _Attempt("AssumeRole", ServiceCaller(principal=other.name), open_keys)
        case "account":
            yield from _of_account(other.name, role)
        case "federated" if ":saml-provider/" in other.name:
            caller = SamlCaller(assertion={}, provider=other.name)
            yield _Attempt("AssumeRoleWithSAML", caller)
        case "federated" if other.name != EVERY:
            bearer = WebIdentityCaller(claims={}, provider=other.name)
            yield _Attempt("AssumeRoleWithWebIdentity", bearer)
        case _:  # whoever it is, nothing is known
            anybody = UserCaller(arn=arn.NOBODY, mfa=MFA)
            for api in _APIS:
                if action_matches(_statement(other, role), f"sts:{api}"):
                    yield _Attempt(api, anybody, tuple(SENT))


def _statement(other: Other, role: Role) -> Statement:
    assert isinstance(role.trust, Policy)  # noqa: S101  # INVARIANT: its statements were looked at
    return role.trust.statements[other.statement - 1]


def _of_account(name: str, role: Role) -> Iterator[_Attempt]:
    """Any principal of an account, or the one that is named, with tags that nobody has said."""
    parts, own = arn.parse(name), arn.parse(role.arn)
    account = parts.account if parts else name
    unread = Unknown(f"account {account}", f"read access to {account}")
    tags = Unknown(f"the tags of {name}", f"read access to {account}")
    session = Session(complete=False)
    caller: Caller
    if is_account(name):
        partition = parts.partition if parts else own.partition if own else "aws"
        caller = UserCaller(arn=f"arn:{partition}:iam::{account}:user/*", mfa=MFA)
        yield _Attempt("AssumeRole", caller, (*SENT, *_OF_CALLER), unread)
    elif parts is not None and parts.kind == "user":
        users = {name: User(arn=name, tags=tags)}
        caller = UserCaller(arn=name, mfa=MFA)
        yield _Attempt("AssumeRole", caller, tuple(SENT), Account(id=account, users=users))
    elif parts is not None and parts.kind == "role":
        roles = {name: Role(arn=name, tags=tags, trust=unread)}
        caller_arn = arn.session_of(name, "session")
        caller = RoleCaller(arn=caller_arn, session=session, is_named=False)
        yield _Attempt("AssumeRole", caller, tuple(SENT), Account(id=account, roles=roles))
    elif parts is not None and parts.kind == "assumed-role":
        caller = RoleCaller(arn=name, session=session)
        yield _Attempt("AssumeRole", caller, tuple(SENT), unread)
    elif parts is not None and parts.kind == "federated-user":
        yield _Attempt("AssumeRole", FederatedUserCaller(arn=name), tuple(SENT), unread)


def _passes(attempt: _Attempt, other: Other, role: Role, world: Prepared, now: datetime) -> Truth:
    prepared, action = Prepared(_around(attempt, role, world.world), world), f"sts:{attempt.api}"
    facts = Facts(prepared.lookups, _call(attempt, role, now))
    trust = prepared.trust(facts)
    assert trust is not None  # noqa: S101  # INVARIANT: its statements were looked at
    listed, rcps = trust.about(action), prepared.role_parts(facts).live(action)
    denies = (*rcps.denies, *listed.denies)
    allows = [rule for rule in listed.allows if rule.statement.index == other.statement - 1]
    accepted = facts.call.is_signed or _accepted(facts)
    if not facts.call.is_signed:
        call = _with_open(facts.call, _asserted(facts.call, (*allows, *denies)))
        facts = Facts(prepared.lookups, call)
    context = RequestContext(facts, action, Layer.TRUST)
    applies = any_of(rule.applies(context) for rule in allows)
    denied = (*(rule.applies(context) for rule in denies), *rcps.may_deny)
    return all_of((applies, *map(negate, denied), accepted))


def _accepted(facts: Facts) -> Truth:
    """Whether the role's account has the provider."""
    name = facts.call.identity_provider
    if name in BUILT_IN_PROVIDERS:
        return True
    found = registered(facts, name)
    if isinstance(found, Unknown):
        is_saml = isinstance(facts.call.caller, SamlCaller)
        return accepts(name, found, f"iam:Get{'SAML' if is_saml else 'OpenIDConnect'}Provider")
    return found is not None


def _around(attempt: _Attempt, role: Role, world: World) -> World:
    """As small a world as it takes."""
    known = world.accounts[role.account]
    assert isinstance(known, Account)  # noqa: S101  # INVARIANT: a role of it is known
    home = msgspec.structs.replace(known, users={}, roles={role.arn: role})
    accounts: dict[str, Account | Unknown] = {role.account: home}
    if attempt.account is not None:
        accounts[arn.account_of(attempt.caller.arn)] = attempt.account
    return msgspec.structs.replace(world, accounts=accounts)


def _call(attempt: _Attempt, role: Role, now: datetime) -> Call:
    parameters = {"RoleArn": role.arn, "RoleSessionName": "session"}
    if isinstance(attempt.caller, SamlCaller):
        parameters["PrincipalArn"] = attempt.caller.arn
    call = Call(
        api=attempt.api,
        caller=attempt.caller,
        parameters=parameters,
        network=Network(assumed=True),
        time=now,
    )
    return _with_open(call, attempt.open_keys)


def _with_open(call: Call, keys: Iterable[str]) -> Call:
    """The call with keys of which nobody has said what they are."""
    unsaid = {key: SENT.get(key, Unknown(key, "the request itself")) for key in keys}
    return msgspec.structs.replace(call, overrides=unsaid)


def _asserted(call: Call, rules: Iterable[Rule]) -> Iterator[str]:
    """Of the keys that rules ask for, those which a token or an assertion may bring along."""
    for condition in (each for rule in rules for each in rule.statement.conditions):
        for key in (condition.key.lower(), *variables_in(condition.values)):
            if key.startswith(_ASSERTED) or is_mapped(call, key):
                yield key
