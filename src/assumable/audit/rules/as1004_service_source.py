"""Services that say for whom they act, and are not asked: a confused deputy of AWS's own.

Only services of which an AWS page puts the keys into a trust policy (engine.services has them).
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html#cross-service-confused-deputy-prevention
"""

from collections.abc import Iterator

from assumable.audit.finding import Finding, Mend, Rule, Severity
from assumable.audit.ground import ASSUME_ROLE, Ground, Subject
from assumable.audit.proof import mended, with_conditions
from assumable.audit.witness import STRANGER, Witness, by_service, is_certain, passes, written
from assumable.engine.services import SERVICES, SOURCE_ACCOUNT, SOURCE_ARN, plain_name
from assumable.globs import has_wildcard
from assumable.model.call import Absent, Present, Value
from assumable.model.policy import PrincipalEntry, Statement

RULE = Rule("AS1004", "service-source", "a service may assume the role for any account")
_NOT_SENT = Absent("the account is in no organization that is known")


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each statement that a service passes on behalf of somebody else."""
    for statement in subject.allowing(ASSUME_ROLE):
        found = [
            (entry, deputy)
            for entry in statement.principals or ()
            if _says_for_whom(entry)
            and (deputy := _deputy(ground, subject, statement, entry)) is not None
        ]
        if found:
            yield _finding(ground, subject, statement, found)


def _says_for_whom(entry: PrincipalEntry) -> bool:
    service = SERVICES.get(plain_name(entry.value)) if entry.kind == "Service" else None
    return service is not None and SOURCE_ACCOUNT in service.sends


def _deputy(
    ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry
) -> Witness | None:
    """The service on behalf of a stranger, if that call passes."""
    for source in _sources(statement, STRANGER):
        witness = _acting(ground, subject, entry, STRANGER, source)
        if is_certain(passes(ground, subject.alone(statement), witness)):
            return witness
    return None


def _sources(statement: Statement, account: str) -> Iterator[str]:
    """Resources of an account, any and those of the patterns that the statement takes."""
    yield f"arn:aws:service:us-east-1:{account}:resource/x"
    for condition in statement.conditions:
        if condition.key.lower() == SOURCE_ARN:
            for value in filter(has_wildcard, condition.values):
                fields = value.split(":", 5)
                if len(fields) > 5:  # noqa: PLR2004  # of an ARN
                    fields[4] = account
                    yield written(":".join(fields))


def _acting(
    ground: Ground, subject: Subject, entry: PrincipalEntry, account: str, source: str
) -> Witness:
    said: dict[str, Value] = {
        SOURCE_ACCOUNT: Present((account,), "for whom the service acts"),
        SOURCE_ARN: Present((source,), "for what the service acts"),
        "aws:sourceorgid": _NOT_SENT,
        "aws:sourceorgpaths": _NOT_SENT,
    }
    whose = "another account" if account == STRANGER else f"account {account}"
    return by_service(f"{entry.value} on behalf of {whose}", subject, entry.value, ground.now, said)


def _finding(
    ground: Ground,
    subject: Subject,
    statement: Statement,
    found: list[tuple[PrincipalEntry, Witness]],
) -> Finding:
    names = " and ".join(entry.value for entry, _ in found)
    page = SERVICES[plain_name(found[0][0].value)].page
    severity = Severity.LOW
    mend = _mend(ground, subject, statement, found)
    return subject.finding(
        RULE,
        variant=found[0][0].value,
        severity=severity.worse if subject.role.arn in ground.administrators else severity,
        confidence="likely",
        title=f"{names} may assume it on behalf of any account",
        explanation=(
            f"{names} sends the account and the resource for which it acts "
            f"(https://docs.aws.amazon.com/{page}), and the trust policy does not ask for them: "
            "whoever can make the service use this role's ARN may act through it"
        ),
        evidence=tuple(subject.evidence(entry.pointer, statement) for entry, _ in found),
        mend=mend,
        decide=""
        if mend is not None
        else "for which accounts and resources the service acts: ask for aws:SourceAccount and "
        "aws:SourceArn, in a statement of its own where others are named beside it",
        facts=("R2.10",),
    )


def _mend(
    ground: Ground,
    subject: Subject,
    statement: Statement,
    found: list[tuple[PrincipalEntry, Witness]],
) -> Mend | None:
    """Its own account alone, where nobody else is named who does not send the key."""
    if len(found) < len(statement.principals or ()):
        return None
    own = subject.role.account
    if any(c.key.lower() == SOURCE_ACCOUNT for c in statement.conditions):
        return None
    acting = (
        _acting(ground, subject, found[0][0], own, source) for source in _sources(statement, own)
    )
    meant = next((each for each in acting if is_certain(passes(ground, subject, each))), None)
    if meant is None:
        return None
    return mended(
        ground,
        subject,
        "service-source/account",
        f"let the service act for account {own} alone",
        with_conditions(
            subject.trust, {statement.pointer: ("StringEquals", "aws:SourceAccount", own)}
        ),
        opens="nobody: it closes the role for what the service does for other accounts",
        dangerous=tuple(witness for _, witness in found),
        meant=(meant,),
    )
