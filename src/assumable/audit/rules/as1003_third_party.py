"""Accounts of others that are trusted without an external ID, and may be tricked into using it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from collections.abc import Iterator

from assumable.audit.conditions import requires_mfa
from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import ASSUME_ROLE, Ground, Subject, account_named, is_whole_account
from assumable.audit.witness import by_principal, passes, principal
from assumable.model.call import Absent, Present, Value
from assumable.model.policy import PrincipalEntry, Statement
from assumable.model.world import Unknown

RULE = Rule("AS1003", "third-party", "an account of others is trusted without an external ID")
_ID = "sts:externalid"


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for a role, whatever number of outsiders it names."""
    found = [
        (statement, entry)
        for statement in subject.allowing(ASSUME_ROLE)
        if not any(map(requires_mfa, statement.conditions))  # else it is a person, not a service
        for entry in statement.principals or ()
        if _is_outsider(ground, subject, entry) and _gets_in(ground, subject, statement, entry)
    ]
    if found:
        yield _finding(ground, subject, found)


def _is_outsider(ground: Ground, subject: Subject, entry: PrincipalEntry) -> bool:
    account = account_named(entry)
    return bool(account) and ground.side_of(account, subject.role.account) != "own"


def _gets_in(ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry) -> bool:
    """Whether the call passes without an external ID, or with any, whatever else it has."""
    own = subject.somebody(entry, "role")
    if not own:
        return False
    asked: dict[str, Value] = {
        condition.key.lower(): Unknown(condition.key, present=True)
        for condition in statement.conditions
    }
    sent: tuple[Value, ...] = (Absent("none was sent"), Present(("any",), "of whomever"))
    witnesses = (
        by_principal(own, subject, principal(own), ground.now, overrides={**asked, _ID: value})
        for value in sent
    )
    return any(passes(ground, subject.alone(statement), each) is not False for each in witnesses)


def _finding(
    ground: Ground, subject: Subject, found: list[tuple[Statement, PrincipalEntry]]
) -> Finding:
    accounts = sorted({account_named(entry) for _, entry in found})
    sides = {ground.side_of(account, subject.role.account) for account in accounts}
    whole = any(is_whole_account(entry) for _, entry in found)
    severity = Severity.MEDIUM if whole else Severity.LOW
    is_administrator = subject.role.arn in ground.administrators
    named = " and ".join(accounts)
    return subject.finding(
        RULE,
        variant="administrator" if is_administrator else "",
        severity=severity.worse if is_administrator else severity,
        confidence="likely" if "outside" in sides else "possible",
        title=f"the outside account {named} is trusted without an external ID"
        + (", for a role that may do everything" if is_administrator else ""),
        explanation=(
            f"account {named} "
            + (
                "is not of the role's organization"
                if "outside" in sides
                else "was not read, and whose it is is not known"
            )
            + "; if it serves several customers, any of them can give it the ARN of this role and "
            "have it act here, since nothing in the call says for whom it acts"
        ),
        evidence=tuple(subject.evidence(entry.pointer, statement) for statement, entry in found),
        decide=f"whether account {named} is yours; if it is a third party's, agree on an external "
        "ID that it makes for you alone, and ask for it with StringEquals on sts:ExternalId",
        facts=("R1.17",),
    )
