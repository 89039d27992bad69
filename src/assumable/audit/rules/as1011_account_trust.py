"""A whole account is trusted, and many of its principals may use that.

`…:root` leaves it to the account's administrators who may assume the role (R1.17): everybody whose
own policies allow it, as those with `sts:*` or `*` on `*` do.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Iterator

from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import ASSUME_ROLE, Ground, Subject, account_named, is_whole_account
from assumable.model.policy import PrincipalEntry, Statement
from assumable.model.world import Account

RULE = Rule("AS1011", "account-trust", "a whole account is trusted, and many of it can use that")
_DEGREES = ((500, Severity.MEDIUM), (100, Severity.LOW), (25, Severity.NOTE))
"""From which number of principals on it is how bad."""


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each account that is trusted as a whole and without a condition."""
    told: set[str] = set()
    for statement in subject.allowing(ASSUME_ROLE):
        for entry in statement.principals or ():
            account = account_named(entry)
            if not is_whole_account(entry) or statement.conditions or account in told:
                continue
            told.add(account)
            if isinstance(ground.world.accounts.get(account), Account):
                yield from _of_account(ground, subject, statement, entry, account)


def _of_account(
    ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry, account: str
) -> Iterator[Finding]:
    inside = ground.everyone.universe.of_account(account)
    count = ground.surely(subject.role).intersection_cardinality(inside)
    degree = next((degree for degree in _DEGREES if count >= degree[0]), None)
    if degree is None:
        return
    least, severity = degree
    is_administrator = subject.role.arn in ground.administrators
    whose = "its own account" if account == subject.role.account else f"account {account}"
    yield subject.finding(
        RULE,
        variant="administrator" if is_administrator else "",
        severity=severity.worse if is_administrator else severity,
        title=f"{least} or more principals of {whose} can assume the role"
        + (", which may do everything" if is_administrator else ""),
        explanation=f"the trust policy leaves it to {whose} who may assume the role, and the "
        f"policies of {count} of its users and roles allow it, without any condition",
        evidence=(subject.evidence(entry.pointer, statement),),
        decide="who is meant: name those users and roles, or ask for aws:PrincipalArn or "
        "aws:PrincipalTag; `assumable who` lists who can today",
        facts=("R1.17",),
    )
