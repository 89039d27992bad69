"""Guards that hold without what they ask for: `IfExists`, `ForAllValues`, a Deny by `Bool`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from collections.abc import Iterator

from assumable import arn
from assumable.audit.conditions import holds_without, renamed
from assumable.audit.finding import Finding, Mend, Rule, Severity
from assumable.audit.ground import ASSUME_ROLE, Ground, Subject, account_named
from assumable.audit.proof import mended
from assumable.audit.witness import NO_MFA, Witness, by_principal, passes, principal
from assumable.engine.rules import action_matches
from assumable.findings.finding import Edit
from assumable.model.call import Mfa
from assumable.model.policy import Condition, Effect, PrincipalEntry, Statement

RULE = Rule("AS1002", "open-guard", "a guard lets in whoever lacks what it asks for")
_MFA, _ID = "MFA", "an external ID"
_GUARDS = {
    "aws:multifactorauthpresent": _MFA,
    "aws:multifactorauthage": _MFA,
    "sts:externalid": _ID,
}
_WITH_MFA = Mfa(present=True, age=1)


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """Every such condition of the trust policy that somebody gets through without."""
    for statement in subject.allowing(ASSUME_ROLE):
        for condition in statement.conditions:
            what = _GUARDS.get(condition.key.lower(), "")
            lenient = condition.if_exists or condition.qualifier == "forallvalues"
            if what and lenient and holds_without(condition):
                yield from _of_allow(ground, subject, statement, condition, what)
    for statement in subject.trust.statements:
        denies = statement.effect is Effect.DENY and action_matches(statement, ASSUME_ROLE)
        for condition in statement.conditions:
            if denies and _misses_long_term_keys(condition):
                yield from _of_deny(ground, subject, statement, condition)


def _misses_long_term_keys(condition: Condition) -> bool:
    """Whether a Deny of calls without MFA fails where the key is not there at all (R5.1)."""
    false = tuple(value.lower() for value in condition.values) == ("false",)
    plain = condition.base == "bool" and not condition.if_exists and not condition.qualifier
    return plain and false and condition.key.lower() == "aws:multifactorauthpresent"


def _of_allow(
    ground: Ground, subject: Subject, statement: Statement, condition: Condition, what: str
) -> Iterator[Finding]:
    for entry in statement.principals or ():
        without = _witness(ground, subject, entry, what)
        if without is None or passes(ground, subject.alone(statement), without) is False:
            continue
        plain = condition.operator.removeprefix("ForAllValues:").removesuffix("IfExists")
        title = f"the trust policy seems to require {what}, and does not"
        explains = f"{condition.operator} on {condition.key} holds when the key is absent"
        given = _witness(ground, subject, entry, what, value=condition.values[0])
        yield _finding(
            ground, subject, statement, condition, title, explains,
            without=without, given=given, operator=plain,
        )  # fmt: skip
        return


def _of_deny(
    ground: Ground, subject: Subject, statement: Statement, condition: Condition
) -> Iterator[Finding]:
    for allowing in subject.allowing(ASSUME_ROLE):
        for entry in allowing.principals or ():
            without = _witness(ground, subject, entry, _MFA)
            if without is None or passes(ground, subject, without) is False:
                continue
            yield _finding(
                ground, subject, statement, condition,
                "a Deny of calls without MFA does not stop long-term keys",
                f"{condition.operator} on {condition.key} does not hold where the key is absent, "
                "as it is for long-term keys",
                without=without, given=_witness(ground, subject, entry, _MFA, value="true"),
                operator="BoolIfExists",
            )  # fmt: skip
            return


def _finding(
    ground: Ground,
    subject: Subject,
    statement: Statement,
    condition: Condition,
    title: str,
    explains: str,
    *,
    without: Witness,
    given: Witness | None,
    operator: str,
) -> Finding:
    mend = _mend(ground, subject, statement, condition, without, given, operator)
    return subject.finding(
        RULE,
        variant=condition.key,
        severity=Severity.MEDIUM,
        title=title,
        explanation=f"{explains}: {without.what} was let through when the call was decided",
        evidence=(subject.evidence(condition.pointer, statement),),
        mend=mend,
        decide=""
        if mend is not None
        else f"whether {operator} is meant: callers that can assume the role today, such as role "
        "sessions, would be shut out",
        facts=("R5.1", "R6.5", "R6.7"),
    )


def _mend(
    ground: Ground,
    subject: Subject,
    statement: Statement,
    condition: Condition,
    without: Witness,
    given: Witness | None,
    operator: str,
) -> Mend | None:
    changed = renamed(subject.trust.document, statement, condition, operator)
    if changed is None or given is None:
        return None
    edit: Edit = ({"op": "replace", "path": f"{statement.pointer}/Condition", "value": changed},)
    return mended(
        ground,
        subject,
        f"open-guard/{operator}",
        f"{operator} instead of {condition.operator} on {condition.key}",
        edit,
        opens="nobody: it closes the role for callers without what it asks for",
        dangerous=(without,),
        meant=(given,),
    )


def _witness(
    ground: Ground, subject: Subject, entry: PrincipalEntry, what: str, value: str = ""
) -> Witness | None:
    """A caller whom a principal names, with or without what is asked; None where it has no MFA."""
    own = subject.somebody(entry, "user")
    if not own or (what == _MFA and ":user/" not in own):
        return None
    who = f"{arn.display_name(own)} of {account_named(entry)} with{'' if value else 'out'} {what}"
    if what == _MFA:
        proof = _WITH_MFA if value else NO_MFA
        return by_principal(who, subject, principal(own), ground.now, mfa=proof)
    sent = {"ExternalId": value} if value else {}
    return by_principal(who, subject, principal(own), ground.now, parameters=sent)
