"""Whom a trust policy can mean: principals that are known, and others that it lets in by kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from assumable import arn
from assumable.engine.conditions import words
from assumable.engine.rules import action_matches
from assumable.model.policy import Condition, Effect, Policy, Statement
from assumable.org.calls import ACTION
from assumable.org.grants import account_in
from assumable.org.universe import Members, Universe

OtherKind = Literal["service", "federated", "account", "everyone"]
_OF_BEARERS = ("sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
_ACTIONS = (ACTION, *_OF_BEARERS)
"""A caller becomes a role by one of them (FACTS 3.1)."""
_ACTIONS_OF: Mapping[OtherKind, tuple[str, ...]] = {
    "service": (ACTION,),
    "account": (ACTION,),
    "federated": _OF_BEARERS,
    "everyone": (ACTION,),
}
EVERY = "*"
"""Everyone, or every provider."""


class Named(NamedTuple):
    """The known principals that a trust policy can let in, by how it means them."""

    themselves: Members
    """By their own ARN, or as everyone: in one account that is enough (FACTS 1.3)."""
    by_account: Members
    """As principals of an account, which has to permit them itself."""


class Who(NamedTuple):
    """Somebody who cannot be listed one by one: a service, a token's bearer, an account."""

    kind: OtherKind
    name: str
    """As a trust policy has it; `*` for everyone, and for the bearers of whatever token."""

    @property
    def account(self) -> str:
        """Of an account, or somebody of one, its number; else empty."""
        return (arn.account_of(self.name) or self.name) if self.kind == "account" else ""


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """What one statement of a trust policy says of somebody who cannot be listed."""

    kind: OtherKind
    name: str
    statement: int
    condition: str = ""
    """What the statement asks of them, in words; empty where it asks nothing."""

    @property
    def who(self) -> Who:
        """Of whom it says something."""
        return Who(self.kind, self.name)


def named_by(trust: Policy, universe: Universe) -> Named:
    """INVARIANT: whoever the trust policy can let in, whatever its conditions, is among them."""
    themselves, by_account = Members(), Members()
    for statement in _allowing(trust):
        if statement.not_principal or statement.principals is None:
            return Named(universe.everyone, universe.everyone)
        within = _within(statement.conditions, universe)
        for entry in statement.principals:
            if entry.kind == "*" or (entry.kind == "AWS" and entry.value == "*"):
                themselves |= within
            elif entry.kind == "AWS" and is_account(entry.value):
                by_account |= universe.named(entry.value) & within
            elif entry.kind == "AWS":
                themselves |= universe.named(entry.value)
    return Named(themselves, by_account)


def _within(conditions: Iterable[Condition], universe: Universe) -> Members:
    """Whom conditions leave that write out the accounts of callers; everyone without any.

    Both keys are there whoever calls, but the ARN of some is not known.
    """
    found = universe.everyone
    for condition in conditions:
        written = _ACCOUNT_IN.get(condition.key.lower())
        if written is None or condition.base not in _EQUAL or not condition.values:
            continue
        accounts = ["" if "${" in value else written(value) for value in condition.values]
        if all(map(arn.ACCOUNT_ID.fullmatch, accounts)):
            found = found & universe.unsure.union(*map(universe.of_account, accounts))
    return found


_ACCOUNT_IN: Mapping[str, Callable[[str], str]] = {
    "aws:principalaccount": str,
    "aws:principalarn": account_in,
}
_EQUAL = frozenset(("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"))
"""The operators, without qualifier and `IfExists`, that hold only where a value is like one."""


def others_in(trust: Policy) -> Iterator[Other]:
    """Services, federated callers, everyone, and accounts, whether they were read or not."""
    for statement in _allowing(trust):
        condition = " and ".join(words(each) for each in statement.conditions)
        for entry in statement.principals or ():
            account = arn.account_of(entry.value) or entry.value
            kind: OtherKind
            match entry.kind:
                case "Service":
                    kind = "service"
                case "Federated":
                    kind = "federated"
                case "*" | "AWS" if entry.value == EVERY:
                    kind = "everyone" if action_matches(statement, ACTION) else "federated"
                case "AWS" if arn.ACCOUNT_ID.fullmatch(account):
                    kind = "account"
                case _:
                    continue
            if not any(action_matches(statement, action) for action in _ACTIONS_OF[kind]):
                continue
            yield Other(
                kind=kind, name=entry.value, statement=statement.index + 1, condition=condition
            )


def _allowing(trust: Policy) -> Iterator[Statement]:
    for statement in trust.statements:
        lets_in = any(action_matches(statement, action) for action in _ACTIONS)
        if statement.effect is Effect.ALLOW and lets_in:
            yield statement


def is_account(text: str) -> bool:
    """Whether an `AWS` entry stands for a whole account (FACTS 2.1)."""
    return bool(arn.ACCOUNT_ID.fullmatch(text)) or text.endswith(":root")
