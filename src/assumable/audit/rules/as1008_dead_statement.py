"""Statements of a trust policy that let nobody in, whatever is called, with the reason.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterator

from assumable.audit.conditions import holds_without, why_absent, why_no_value
from assumable.audit.finding import Finding, Mend, Rule, Severity
from assumable.audit.ground import Ground, Subject
from assumable.audit.proof import mended, without
from assumable.findings.dead import dead_statements
from assumable.model.policy import Condition, Effect, Statement

RULE = Rule("AS1008", "dead-statement", "a statement that allows can never match")

_MFA = "aws:multifactorauth"


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each Allow that no call can meet."""
    proved = {statement.index: proof for statement, proof in dead_statements(subject.trust)}
    for statement in subject.trust.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        found = dead_condition(ground, subject, statement)
        if found is not None:
            condition, why = found
            text = f"{condition.operator} on {condition.key} never holds: {why}"
            yield _finding(ground, subject, statement, condition.pointer, text)
        elif statement.index in proved:
            yield _finding(ground, subject, statement, statement.pointer, proved[statement.index])


def dead_condition(
    ground: Ground, subject: Subject, statement: Statement
) -> tuple[Condition, str] | None:
    """The first condition that no call which the statement is about can meet, and why."""
    for condition in statement.conditions:
        if condition.key.lower().startswith(_MFA):
            continue  # AS1010
        absent = why_absent(statement, condition, ground.now)
        why = absent if absent and not holds_without(condition) else ""
        if not why and not holds_without(condition):
            why = why_no_value(condition, variables=subject.trust.has_variables)
        if why:
            return condition, why
    return None


def _finding(
    ground: Ground, subject: Subject, statement: Statement, pointer: str, why: str
) -> Finding:
    mend = _mend(ground, subject, statement)
    return Finding(
        code=RULE.code,
        rule=RULE.slug,
        severity=Severity.LOW,
        role=subject.role.arn,
        account=subject.role.account,
        title="a statement of the trust policy can never match",
        explanation=f"{statement.label}: {why}",
        evidence=(subject.evidence(pointer, statement),),
        mend=mend,
        decide="what was meant: correct the statement, or take it out"
        + ("" if mend is not None else " with the role, of which nothing else allows anything"),
        facts=("R6.3", "R6.5", "R6.14"),
    )


def _mend(ground: Ground, subject: Subject, statement: Statement) -> Mend | None:
    edit = without(subject.trust, (statement.pointer,))
    if not edit:
        return None
    return mended(
        ground,
        subject,
        "dead-statement/remove",
        "take the statement out: nobody uses it",
        edit,
        opens="nobody: nothing changes for anybody",
    )
