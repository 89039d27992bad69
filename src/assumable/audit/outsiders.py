"""Outsiders whom a statement lets in by name: an account of others, or another organization.

They are named as principals, or as everyone with a condition on who calls:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from assumable import arn
from assumable.audit.ground import (
    Ground,
    Side,
    Subject,
    account_named,
    is_everyone,
    is_whole_account,
)
from assumable.audit.witness import STRANGER, by_principal, passes, principal, written
from assumable.globs import has_wildcard
from assumable.model.call import Absent, Present, Value
from assumable.model.policy import Condition, Statement
from assumable.model.world import Organization, Unknown
from assumable.org.grants import account_in

EXTERNAL_ID = "sts:externalid"
_ORG_ID, _ORG_PATHS = "aws:principalorgid", "aws:principalorgpaths"
_ARN = "aws:principalarn"
_OF_WHO_CALLS = (_ARN, "aws:principalaccount", "aws:principaltype")
"""Keys that follow from who calls."""
_KINDS = ("user", "role", "assumed-role")
SOMEBODY = ":role/somebody"
"""How the ARN ends of whom nobody named."""


class Outsider(NamedTuple):
    """Somebody of others, and how a statement names them."""

    who: str
    """`account 444444444444`, or `organization o-…`."""
    side: Side
    pointer: str
    """Where they are named."""
    principals: tuple[str, ...]
    """Whom of theirs to try: anybody first, where they are not named one by one."""


def outsiders(ground: Ground, subject: Subject, statement: Statement) -> Iterator[Outsider]:
    """Whom the statement names, whether it lets them in or not."""
    for entry in statement.principals or ():
        account, parts = account_named(entry), arn.parse(entry.value)
        side = ground.side_of(account, subject.role.account)
        if is_everyone(entry):
            yield from _by_condition(ground, subject, statement)
        elif is_whole_account(entry) and side != "own":
            found = _of_account(subject, statement, account)
            yield Outsider(f"account {account}", side, entry.pointer, found)
        elif account and side != "own" and parts is not None and parts.kind in _KINDS:
            yield Outsider(f"account {account}", side, entry.pointer, (entry.value,))


def _by_condition(ground: Ground, subject: Subject, statement: Statement) -> Iterator[Outsider]:
    own = ground.world.organization_of(subject.role.account)
    for condition in statement.conditions:
        for who in dict.fromkeys(_named_in(condition)):
            if arn.ACCOUNT_ID.fullmatch(who):
                kind, side, account = "account", ground.side_of(who, subject.role.account), who
            elif isinstance(own, Unknown) or (own is not None and own.id == who):
                continue
            else:
                kind, side, account = "organization", "outside", STRANGER
            if side != "own":
                found = _of_account(subject, statement, account)
                yield Outsider(f"{kind} {who}", side, condition.pointer, found)


def _named_in(condition: Condition) -> Iterator[str]:
    """Accounts and organizations that a condition writes out."""
    key = condition.key.lower()
    for value in condition.values:
        if key == _ARN:
            found = account_in(value)
        elif key == _ORG_PATHS:
            found = value.partition("/")[0]
        else:
            found = value if key in (_ORG_ID, "aws:principalaccount") else ""
        if found and not has_wildcard(found) and "${" not in found:
            yield found


def _of_account(subject: Subject, statement: Statement, account: str) -> tuple[str, ...]:
    """Anybody, and those whom conditions name."""
    start = f"arn:{subject.partition}:iam::{account}:"
    patterns = (v for c in statement.conditions for v in c.values if c.key.lower() == _ARN)
    named = (written(pattern) for pattern in patterns if account_in(pattern) == account)
    return (
        f"{start[:-1]}{SOMEBODY}",
        *(n for n in named if n.startswith((f"{start}role/", f"{start}user/"))),
    )


def who_gets_in(
    ground: Ground, subject: Subject, statement: Statement, outsider: Outsider, external_id: Value
) -> str:
    """The first of theirs whose call passes, whatever else it has; empty where none does."""
    asked: dict[str, Value] = {
        condition.key.lower(): Unknown(condition.key, present=True)
        for condition in statement.conditions
        if condition.key.lower() not in _OF_WHO_CALLS
    }
    alone = subject.alone(statement)
    for own in outsider.principals:
        for organization in _organizations(ground, subject, statement, outsider):
            keys = {**asked, **organization, EXTERNAL_ID: external_id}
            role, session = _role_and_session(own)
            witness = by_principal(
                own, subject, principal(role), ground.now, overrides=keys, session=session
            )
            if passes(ground, alone, witness) is not False:
                return own
    return ""


def _role_and_session(own: str) -> tuple[str, str]:
    """The principal behind an ARN, which may be that of a session, and the session's name."""
    parts = arn.parse(own)
    if parts is None or parts.kind != "assumed-role":
        return own, "session"
    name, _, session = parts.resource.removeprefix("assumed-role/").partition("/")
    return f"arn:{parts.partition}:iam::{parts.account}:role/{name}", session


def _organizations(
    ground: Ground, subject: Subject, statement: Statement, outsider: Outsider
) -> Iterator[Mapping[str, Value]]:
    """In which organization they may be: none, or one that the statement writes out, never ours."""
    own = ground.world.organization_of(subject.role.account)
    if isinstance(own, Unknown):
        yield {}
        return
    ours = own.id if isinstance(own, Organization) else ""
    none = Absent("an account of others is not in it")
    if not outsider.who.startswith("organization "):
        yield {_ORG_ID: none, _ORG_PATHS: none}
    for condition in statement.conditions:
        key = condition.key.lower()
        for value in condition.values if key in (_ORG_ID, _ORG_PATHS) else ():
            path = written(value if key == _ORG_PATHS else f"{value}/r-0000/")
            theirs = path.partition("/")[0]
            if theirs != ours:
                yield {
                    _ORG_ID: Present((theirs,), "theirs"),
                    _ORG_PATHS: Present((path,), "theirs", multivalued=True),
                }
