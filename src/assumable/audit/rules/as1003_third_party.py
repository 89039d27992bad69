"""Accounts of others that are trusted without an external ID, and may be tricked into using it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from collections.abc import Iterator

from assumable.audit.conditions import requires_mfa
from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import ASSUME_ROLE, Ground, Subject
from assumable.audit.outsiders import SOMEBODY, Outsider, outsiders, who_gets_in
from assumable.model.call import Absent, Present
from assumable.model.policy import Statement

RULE = Rule("AS1003", "third-party", "an account of others is trusted without an external ID")
_SENT = (Absent("none was sent"), Present(("any",), "of whomever"))
_Found = tuple[Statement, Outsider, str]
"""The last is who of theirs got in."""


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for a role, whatever number of outsiders it names."""
    found = [
        (statement, outsider, own)
        for statement in subject.allowing(ASSUME_ROLE)
        if not any(map(requires_mfa, statement.conditions))  # else it is a person, not a service
        for outsider in outsiders(ground, subject, statement)
        if (own := _gets_in(ground, subject, statement, outsider))
    ]
    if found:
        yield _finding(ground, subject, found)


def _gets_in(ground: Ground, subject: Subject, statement: Statement, outsider: Outsider) -> str:
    """Who of theirs passes without an external ID, or with any; empty where nobody does."""
    ways = (who_gets_in(ground, subject, statement, outsider, sent) for sent in _SENT)
    return next(filter(None, ways), "")


def _finding(ground: Ground, subject: Subject, found: list[_Found]) -> Finding:
    outside = any(outsider.side == "outside" for _, outsider, _ in found)
    anybody = any(own.endswith(SOMEBODY) for _, _, own in found)
    severity = Severity.MEDIUM if anybody else Severity.LOW
    is_administrator = subject.role.arn in ground.administrators
    names = sorted({outsider.who for _, outsider, _ in found})
    named, is_ = " and ".join(names), "is" if len(names) == 1 else "are"
    return subject.finding(
        RULE,
        variant="administrator" if is_administrator else "",
        severity=severity.worse if is_administrator else severity,
        confidence="likely" if outside else "possible",
        title=f"the outside {named} {is_} trusted without an external ID"
        + (", for a role that may do everything" if is_administrator else ""),
        explanation=(
            f"{named} "
            + (
                f"{is_} not of the role's organization"
                if outside
                else "was not read, and whose it is is not known"
            )
            + "; if it serves several customers, any of them can give it the ARN of this role and "
            "have it act here, since nothing in the call says for whom it acts"
        ),
        evidence=tuple(
            subject.evidence(pointer, statement)
            for statement, pointer in dict.fromkeys((s, o.pointer) for s, o, _ in found)
        ),
        decide=f"whether {named} {is_} yours; if it is a third party's, agree on an external "
        "ID that it makes for you alone, and ask for it with StringEquals on sts:ExternalId",
        facts=("R1.17",),
    )
