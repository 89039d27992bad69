"""Witnesses: calls that somebody could make, decided by the engine in as small a world as it takes.

A rule says "anybody can" only where the engine lets such a call through.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from assumable import arn
from assumable.audit.ground import Ground, Subject
from assumable.engine.evaluate import decide
from assumable.engine.truth import Truth, atoms
from assumable.model.call import (
    Api,
    Call,
    Caller,
    Mfa,
    Network,
    RoleCaller,
    SamlCaller,
    ServiceCaller,
    UserCaller,
    Value,
    WebIdentityCaller,
)
from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.model.world import Account, Principal, Provider, Role, User, World
from assumable.source import Document, Location

STRANGER = "999999999990"
"""An account of nobody in particular, in no organization that is known."""
_GRANT = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
)
NO_MFA = Mfa(False)


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """One call that somebody could make, and what there is of him."""

    what: str
    """Who calls and how, in words."""
    call: Call
    caller: Principal | None = None
    """The user or role that calls; its own account permits it everything."""


def passes(ground: Ground, subject: Subject, witness: Witness) -> Truth:
    """Whether the call gets through, in a world of the role and the one who calls."""
    return decide(_world(ground.world, subject.role, witness), witness.call).passes


def is_certain(truth: Truth) -> bool:
    """Whether a call passes, but for policies that were not read."""
    return truth is True or (truth is not False and all(a.kind == "policy" for a in atoms(truth)))


def _world(world: World, role: Role, witness: Witness) -> World:
    known = world.accounts.get(role.account)
    home = known if isinstance(known, Account) else Account(id=role.account)
    home = msgspec.structs.replace(home, users={}, roles={role.arn: role})
    if witness.call.identity_provider:
        home = _with_provider(home, witness.call.identity_provider)
    accounts = {home.id: home}
    caller = witness.caller
    if caller is not None:
        his = accounts.get(caller.account, Account(id=caller.account))
        field = "roles" if isinstance(caller, Role) else "users"
        members = {**getattr(his, field), caller.arn: caller}
        accounts[his.id] = msgspec.structs.replace(his, **{field: members})
    return World(
        accounts=accounts,
        organizations=world.organizations,
        standalone=world.standalone | {STRANGER},
        complete=world.complete,
    )


def _with_provider(home: Account, provider: str) -> Account:
    """The account with a provider that it has, or may have."""
    if provider in home.providers or not home.may_hold(provider):
        return home
    return msgspec.structs.replace(home, providers={**home.providers, provider: Provider(provider)})


def user(own_arn: str, tags: Mapping[str, str] | None = None) -> User:
    """A user who may do everything in its own account."""
    return User(arn=own_arn, policies=(_everything(own_arn),), tags=tags or {})


def role(own_arn: str, tags: Mapping[str, str] | None = None) -> Role:
    """A role that may do everything in its own account."""
    own = _everything(own_arn)
    return Role(arn=own_arn, policies=(own,), tags=tags or {}, trust=own)


def principal(own_arn: str, tags: Mapping[str, str] | None = None) -> Principal:
    """The user or role of an ARN."""
    return (role if ":role/" in own_arn else user)(own_arn, tags)


def written(pattern: str) -> str:
    """A text that a pattern matches."""
    return pattern.replace("*", "x").replace("?", "x")


def by_principal(
    what: str,
    subject: Subject,
    caller: Principal,
    now: datetime,
    *,
    parameters: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Value] | None = None,
    network: Network | None = None,
    mfa: Mfa = NO_MFA,
    session: str = "session",
) -> Witness:
    """A call of a user, or of a session of a role."""
    signs = caller_of(caller, mfa, session)
    call = _call("AssumeRole", subject, signs, now, parameters, overrides, network=network)
    return Witness(what=what, call=call, caller=caller)


def caller_of(principal: Principal, mfa: Mfa, session: str = "session") -> Caller:
    """The credentials of a principal: of a user with MFA those of GetSessionToken."""
    if isinstance(principal, Role):
        return RoleCaller(arn=arn.session_of(principal.arn, session))
    if mfa.present is False:
        return UserCaller(arn=principal.arn)
    return UserCaller(arn=principal.arn, credentials="session-token", mfa=mfa)


def by_service(
    what: str, subject: Subject, service: str, now: datetime, overrides: Mapping[str, Value]
) -> Witness:
    """A call of an AWS service, with what it says of whom it acts for."""
    caller = ServiceCaller(principal=service)
    return Witness(what=what, call=_call("AssumeRole", subject, caller, now, overrides=overrides))


def by_token(
    what: str, subject: Subject, provider: str, claims: Mapping[str, Any], now: datetime
) -> Witness:
    """A call of the bearer of a web identity token."""
    caller = WebIdentityCaller(claims=claims, provider=provider)
    return Witness(what=what, call=_call("AssumeRoleWithWebIdentity", subject, caller, now))


def by_assertion(
    what: str, subject: Subject, provider: str, keys: Mapping[str, Any], now: datetime
) -> Witness:
    """A call of the bearer of a SAML assertion."""
    caller = SamlCaller(assertion=keys, provider=provider)
    parameters = {"PrincipalArn": provider}
    return Witness(
        what=what, call=_call("AssumeRoleWithSAML", subject, caller, now, parameters=parameters)
    )


def _call(
    api: Api,
    subject: Subject,
    caller: Caller,
    now: datetime,
    parameters: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Value] | None = None,
    *,
    network: Network | None = None,
) -> Call:
    return Call(
        api=api,
        caller=caller,
        parameters={
            "RoleArn": subject.role.arn, "RoleSessionName": "session", **(parameters or {}),
        },
        network=network or Network(assumed=True),
        time=now,
        overrides=overrides or {},
    )  # fmt: skip


def _everything(owner: str) -> Policy:
    document = Document("what the caller's own account permits", _GRANT)
    name = PolicyName(Layer.IDENTITY, "everything", owner, "", arn.account_of(owner))
    return parse_policy(document.value, name, Location(document))
