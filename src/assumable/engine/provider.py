"""The identity provider behind a token or assertion, in the account of the role (R7.9, R7.10)."""

from collections.abc import Iterator

from assumable import arn
from assumable.engine.facts import Facts
from assumable.engine.gates import Gate, GateName
from assumable.engine.limits import Fault
from assumable.engine.truth import Atom
from assumable.model.world import Account, Provider, Unknown


def credentials_gate(facts: Facts, fault: Fault) -> Gate:
    """A gate that a fault of the token closes for certain."""
    return Gate(
        gate=GateName.CREDENTIALS,
        account=facts.call.role_account,
        deny=True,
        fault=fault,
        summary=fault.message or f"the token is refused: {fault.variant}",
    )


def registered(facts: Facts, provider_arn: str) -> Provider | Unknown | None:
    """The provider in the role's account; None when it is not registered there.

    An account is of one partition, so that a provider of another one never is.
    """
    asked = arn.parse(provider_arn)
    if asked is not None and asked.partition != facts.role_side.partition:
        return None
    account = facts.world.account(facts.call.role_account)
    if isinstance(account, Unknown):
        return account
    found = account.providers.get(provider_arn)
    if found is None and account.may_hold(provider_arn):
        return Unknown(f"whether {provider_arn} is registered", "")
    return found


def unread_provider(facts: Facts, settle: str) -> Iterator[Gate]:
    """The question whether a provider that was not read accepts the token."""
    name = facts.call.identity_provider
    unknown = registered(facts, name)
    if isinstance(unknown, Unknown):
        why = "whether the provider is registered is not known"
        yield _question_gate(facts, accepts(name, unknown, settle), why)


def accepts(name: str, unknown: Unknown, settle: str) -> Atom:
    """The question whether a provider that was not read accepts what the caller brings."""
    return Atom(
        subject=name,
        text=f"{name} is registered and accepts the token",
        opposite=f"{name} is not registered or does not accept the token",
        part=unknown.what,
        settle=unknown.settle or f"{settle} on {name}",
        kind="fact",
    )


def unread_clients(facts: Facts, settle: str) -> Iterator[Gate]:
    """The question whether a provider whose client IDs were not read has that of the token."""
    name = facts.call.identity_provider
    known = registered(facts, name)
    if not isinstance(known, Provider) or known.client_ids is not None:
        return
    has = Atom(
        subject=f"the client IDs of {name}",
        text=f"the audience of the token is a client ID of {name}",
        opposite=f"the audience of the token is no client ID of {name}",
        part=f"the client IDs of {name}",
        settle=f"{settle} on {name}",
        kind="fact",
    )
    what = "whether the audience is one of the provider's client IDs is not known"
    yield _question_gate(facts, has, what)


def _question_gate(facts: Facts, question: Atom, summary: str) -> Gate:
    account = facts.call.role_account
    return Gate(gate=GateName.CREDENTIALS, account=account, allow=question, summary=summary)


def missing_variant(facts: Facts, provider_arn: str) -> str:
    """What a provider that is registered instead differs in; `not-registered` when none is near."""
    wanted = arn.parse(provider_arn)
    if wanted is None:
        return "not-registered"
    name, near = wanted.resource.partition("/")[2], "not-registered"
    for account in facts.world.accounts.values():
        for other in account.providers if isinstance(account, Account) else ():
            parts = arn.parse(other)
            if parts is None or parts.kind != wanted.kind:
                continue
            theirs = parts.resource.partition("/")[2]
            if parts.account != wanted.account:
                near = "account" if theirs == name and near == "not-registered" else near
            elif theirs.lower() == name.lower():
                return "case" if theirs != name else "partition"
            elif theirs.rstrip("/") == name.rstrip("/"):
                return "trailing-slash"
            elif theirs.split("/")[0] == name.split("/")[0]:
                near = "path"
    return near
