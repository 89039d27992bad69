"""Deny statements that stop nobody, although somebody thought that they do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterator

from assumable.audit.conditions import actions_of, is_only_usual, why_always
from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import Ground, Subject
from assumable.audit.rules.as1008_dead_statement import Dead, dead_condition
from assumable.findings.dead import contradiction_of
from assumable.model.policy import Effect, Statement, principal_complaint

RULE = Rule("AS1009", "dead-deny", "a Deny of the trust policy stops nobody")


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each Deny that no call can meet, and each exception that is none."""
    for statement in subject.trust.statements:
        if statement.effect is Effect.ALLOW:
            yield from _exceptions(subject, statement)
        if statement.effect is not Effect.DENY or not actions_of(statement):
            continue
        dead = dead_condition(ground, subject, statement) or _within(statement)
        if dead is not None:
            yield subject.finding(
                RULE,
                severity=Severity.MEDIUM,
                confidence=dead.confidence,
                title="a Deny of the trust policy stops nobody",
                explanation=f"{statement.label}: {dead.why}; whomever it was meant to stop it does "
                "not stop",
                evidence=(subject.evidence(dead.pointer, statement),),
                decide="whom the Deny is meant to stop: correct its condition, and see with "
                "`assumable who` that it does",
                facts=("R6.3", "R6.5", "R6.14"),
            )


def _exceptions(subject: Subject, statement: Statement) -> Iterator[Finding]:
    """Conditions of an Allow that are to leave somebody out, and hold for everybody."""
    for condition in statement.conditions:
        if why := why_always(condition, variables=subject.trust.has_variables):
            yield subject.finding(
                RULE,
                variant="exception",
                severity=Severity.MEDIUM,
                confidence="likely" if is_only_usual(condition) else "certain",
                title="an exception of the trust policy leaves nobody out",
                explanation=f"{statement.label}: {why}",
                evidence=(subject.evidence(condition.pointer, statement),),
                decide="whom the exception is meant to leave out: StringNotLike or ArnNotLike "
                "takes patterns; see with `assumable who` that it does",
                facts=("R6.3", "R6.5"),
            )


def _within(statement: Statement) -> Dead | None:
    """Two conditions that exclude each other, or principals none of whom can call."""
    for condition in statement.conditions:
        if proof := contradiction_of(statement, condition):
            return Dead(condition.pointer, proof, "certain")
    entries = statement.principals or ()
    complaints = [principal_complaint(entry.kind, entry.value) for entry in entries]
    if entries and all(complaints):
        return Dead(entries[0].pointer, complaints[0], "certain")
    return None
