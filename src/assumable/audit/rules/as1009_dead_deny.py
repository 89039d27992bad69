"""Deny statements that stop nobody, although somebody thought that they do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterator

from assumable.audit.conditions import actions_of
from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import Ground, Subject
from assumable.audit.rules.as1008_dead_statement import dead_condition
from assumable.model.policy import Effect, Statement, principal_complaint

RULE = Rule("AS1009", "dead-deny", "a Deny of the trust policy stops nobody")


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each Deny that no call can meet."""
    for statement in subject.trust.statements:
        if statement.effect is not Effect.DENY or not actions_of(statement):
            continue
        pointer, why = _why(ground, subject, statement)
        if why:
            yield Finding(
                code=RULE.code,
                rule=RULE.slug,
                severity=Severity.MEDIUM,
                role=subject.role.arn,
                account=subject.role.account,
                title="a Deny of the trust policy stops nobody",
                explanation=f"{statement.label}: {why}; whom it was written against can assume the "
                "role, if another statement allows it",
                evidence=(subject.evidence(pointer, statement),),
                decide="whom the Deny is meant to stop: correct its condition, and see with "
                "`assumable who` that it does",
                facts=("R6.3", "R6.5", "R6.14"),
            )


def _why(ground: Ground, subject: Subject, statement: Statement) -> tuple[str, str]:
    found = dead_condition(ground, subject, statement)
    if found is not None:
        condition, why = found
        return condition.pointer, f"{condition.operator} on {condition.key} never holds: {why}"
    entries = statement.principals or ()
    complaints = [principal_complaint(entry.kind, entry.value) for entry in entries]
    if entries and all(complaints):
        return entries[0].pointer, complaints[0]
    return "", ""
