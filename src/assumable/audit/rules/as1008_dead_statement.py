"""Statements of a trust policy that let nobody in, whatever is called, with the reason.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from assumable.audit.conditions import (
    MFA_KEYS,
    holds_without,
    is_only_usual,
    why_absent,
    why_always,
    why_no_value,
)
from assumable.audit.finding import Confidence, Finding, Mend, Rule, Severity
from assumable.audit.ground import Ground, Subject
from assumable.audit.proof import mended, without
from assumable.engine.rules import action_matches
from assumable.findings.dead import dead_statements
from assumable.model.policy import Effect, Policy, Statement

RULE = Rule("AS1008", "dead-statement", "a statement that allows can never match")


class Dead(NamedTuple):
    """Where and why a statement never matches."""

    pointer: str
    why: str
    confidence: Confidence


_COMPANIONS = ("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each Allow that no call can meet."""
    proved = _proved(subject.trust)
    for statement in subject.trust.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        found = dead_condition(ground, subject, statement)
        if found is not None:
            yield _finding(ground, subject, statement, found)
        elif statement.index in proved:
            dead = Dead(statement.pointer, proved[statement.index], "certain")
            yield _finding(ground, subject, statement, dead)


def _proved(trust: Policy) -> dict[int, str]:
    """Why statements are dead, by number, for all that they allow.

    Who cannot call what a statement allows may still need it for tags and a source identity, which
    another statement's call passes.
    """
    trust, whys = _denying_always(trust)
    companions = [msgspec.structs.replace(s, actions=_companions(s)) for s in trust.statements]
    rest = msgspec.structs.replace(trust, statements=tuple(companions))
    still = {statement.index for statement, _ in dead_statements(rest)}
    return {
        statement.index: proof + whys.get(proof.removesuffix(" denies all that it allows"), "")
        for statement, proof in dead_statements(trust)
        if statement.index in still or not _companions(statement)
    }


def _denying_always(trust: Policy) -> tuple[Policy, dict[str, str]]:
    """The policy with no conditions in a Deny whose own always hold, and why, by its label."""
    statements, whys = [], {}
    for statement in trust.statements:
        always = [why_always(c, variables=trust.has_variables) for c in statement.conditions]
        if statement.effect is Effect.DENY and always and all(always):
            whys[statement.label] = "".join(f"; {why}" for why in always)
            statements.append(msgspec.structs.replace(statement, conditions=()))
        else:
            statements.append(statement)
    return msgspec.structs.replace(trust, statements=tuple(statements)), whys


def _companions(statement: Statement) -> tuple[str, ...]:
    if statement.effect is Effect.DENY or statement.not_action:
        return statement.actions
    return tuple(action for action in _COMPANIONS if action_matches(statement, action))


def dead_condition(ground: Ground, subject: Subject, statement: Statement) -> Dead | None:
    """The first condition that no call which the statement is about can meet."""
    for condition in statement.conditions:
        if condition.key.lower().startswith(MFA_KEYS):
            continue  # AS1010
        if holds_without(condition):
            continue
        never = f"{condition.operator} on {condition.key} never holds: "
        if why := why_absent(statement, condition, ground.now):  # AWS may add a key
            return Dead(condition.pointer, never + why, "likely")
        if why := why_no_value(condition, variables=subject.trust.has_variables):
            sure: Confidence = "likely" if is_only_usual(condition) else "certain"
            return Dead(condition.pointer, never + why, sure)
    return None


def _finding(ground: Ground, subject: Subject, statement: Statement, dead: Dead) -> Finding:
    mend = _mend(ground, subject, statement)
    return subject.finding(
        RULE,
        severity=Severity.LOW,
        confidence=dead.confidence,
        title="a statement of the trust policy can never match",
        explanation=f"{statement.label}: {dead.why}",
        evidence=(subject.evidence(dead.pointer, statement),),
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
