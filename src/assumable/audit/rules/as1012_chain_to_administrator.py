"""Ways from outside to everything: a role that is open to outsiders leads on to an administrator.

Who is let in from outside is one role's affair, what that role may assume another's: nobody sees
both. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

from collections.abc import Iterator, Sequence

from assumable import arn
from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import (
    ASSUME_ROLE,
    WEB_IDENTITY,
    Ground,
    Subject,
    is_everyone,
    issuer_named,
)
from assumable.audit.outsiders import outsiders, who_gets_in
from assumable.audit.stranger import stranger_in
from assumable.engine.keys.providers import SHARED_ISSUERS
from assumable.model.policy import Statement
from assumable.model.world import Unknown

RULE = Rule("AS1012", "chain-to-administrator", "a way from outside leads to an administrator")
_ANY_ID = Unknown("the external ID", present=True)


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for a role that outsiders can have, at the nearest administrator behind it."""
    if subject.role.arn in ground.administrators or not ground.administrators:
        return
    door = next(_doors(ground, subject), None)
    if door is None:
        return
    universe = ground.everyone.universe
    way = ground.towards_administrators.way(universe.number[subject.role.arn])
    if way is not None:
        yield _finding(subject, *door, [universe.names[n] for n in way.roles], len(way.targets))


def _doors(ground: Ground, subject: Subject) -> Iterator[tuple[Statement, str, str]]:
    """Where outsiders are let in, and who these are."""
    for statement in subject.allowing(ASSUME_ROLE):
        everyone = next(filter(is_everyone, statement.principals or ()), None)
        if everyone is not None and stranger_in(ground, subject.alone(statement)) is not None:
            yield statement, everyone.pointer, "anybody with an AWS account"
        for outsider in outsiders(ground, subject, statement):
            if outsider.side == "outside" and who_gets_in(
                ground, subject, statement, outsider, _ANY_ID
            ):
                yield statement, outsider.pointer, f"{outsider.who} of others"
    for statement in subject.allowing(WEB_IDENTITY):
        for entry in statement.principals or ():
            issuer = issuer_named(entry)
            if issuer.lower() in SHARED_ISSUERS:
                yield statement, entry.pointer, f"whoever has a token of {issuer} that it takes"


def _finding(
    subject: Subject,
    statement: Statement,
    pointer: str,
    who: str,
    hops: Sequence[str],
    count: int,
) -> Finding:
    way = " → ".join(
        f"{arn.display_name(name)} ({arn.account_of(name)})" for name in (subject.role.arn, *hops)
    )
    others = f", and {count - 1} more behind it" if count > 1 else ""
    return subject.finding(
        RULE,
        severity=Severity.MEDIUM,
        confidence="likely",
        title=f"a way from outside leads to a role that may do everything, in {len(hops) + 1} hops",
        explanation=f"{who} can have the role, and then {way}{others}: each further hop passes "
        "without a condition, and the last role may do everything",
        evidence=(subject.evidence(pointer, statement),),
        decide="whether the role needs to assume the next one (`assumable reach` shows the way): "
        "take that out of its policies, or of the trust policy of the other",
        facts=("R4.1",),
    )
