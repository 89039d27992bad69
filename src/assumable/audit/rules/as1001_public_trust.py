"""Trust that lets in strangers: everyone is named, and what is asked of them anybody can give.

That `"*"` in a trust policy is everyone, whom conditions alone hold back:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assumable.audit.finding import Finding, Mend, Rule, Severity
from assumable.audit.ground import ASSUME_ROLE, Ground, Subject, is_everyone
from assumable.audit.proof import mended, with_conditions
from assumable.audit.stranger import Knows, stranger_in
from assumable.audit.witness import Witness
from assumable.engine.conditions import words
from assumable.model.policy import Statement

RULE = Rule("AS1001", "public-trust", "anybody with an AWS account can assume the role")
_KEY, _OPERATOR = "aws:PrincipalOrgID", "StringEquals"


class _Degree(NamedTuple):
    """How much a stranger has to know, from nothing on."""

    variant: str
    knows: Knows
    severity: Severity
    title: str


_DEGREES = (
    _Degree("", Knows(), Severity.HIGH, RULE.title),
    _Degree(
        "external-id-only",
        Knows(external_id=True),
        Severity.MEDIUM,
        "anybody who learns the external ID can assume the role, from any AWS account",
    ),
    _Degree(
        "network-only",
        Knows(external_id=True, network=True),
        Severity.LOW,
        "anybody within the networks that it lists can assume the role, from any AWS account",
    ),
)


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for a role, at its worst statements."""
    named = [s for s in subject.allowing(ASSUME_ROLE) if any(map(is_everyone, s.principals or ()))]
    for degree in _DEGREES:
        found = [(s, stranger_in(ground, subject.alone(s), degree.knows)) for s in named]
        open_ = [(statement, way) for statement, way in found if way is not None]
        if open_:
            statements = [statement for statement, _ in open_]
            sure = any(way[1] is True for _, way in open_)
            yield _finding(ground, subject, degree, statements, open_[0][1][0], sure=sure)
            return


def _finding(
    ground: Ground,
    subject: Subject,
    degree: _Degree,
    statements: Sequence[Statement],
    stranger: Witness,
    *,
    sure: bool,
) -> Finding:
    guards = [words(c) for s in statements for c in s.conditions]
    variant = degree.variant or ("guard-does-not-guard" if guards else "no-guard")
    asked = f"; what it asks for ({' and '.join(guards)}) keeps nobody out" if guards else ""
    if degree.variant:
        asked = "; an external ID is no secret, and an address tells no account from another"
    # who knows an external ID, or comes from a network, may well be meant from outside
    mend = None if degree.variant else _mend(ground, subject, statements, stranger)
    return subject.finding(
        RULE,
        variant=variant,
        severity=degree.severity,
        confidence="certain" if sure else "likely",
        title=degree.title,
        explanation=(
            f"the trust policy names everyone{asked}: a user of an account of no organization of "
            "yours, permitted by its own account, was let through when the call was decided"
            + ("" if sure else ", unless a policy that was not read denies it")
        ),
        evidence=tuple(
            subject.evidence(entry.pointer, statement)
            for statement in statements
            for entry in statement.principals or ()
            if is_everyone(entry)
        ),
        mend=mend,
        decide=""
        if mend is not None
        else "who is meant: name the accounts or principals instead of `*`, or ask for "
        "aws:PrincipalOrgID with StringEquals",
        facts=("R6.5", "R6.7"),
    )


def _mend(
    ground: Ground, subject: Subject, statements: Sequence[Statement], stranger: Witness
) -> Mend | None:
    """Only the organization of the role's own account, where it has one."""
    organization = ground.organization_of(subject.role.account)
    if organization is None:
        return None
    asked = {s.pointer: (_OPERATOR, _KEY, organization.id) for s in statements}
    return mended(
        ground,
        subject,
        "public-trust/organization",
        f"let in principals of the organization {organization.id} alone",
        with_conditions(subject.trust, asked),
        opens="nobody: it closes the role for everybody outside the organization",
        dangerous=(stranger,),
        may_lose=lambda name: ground.side_of(name.split(":")[4], subject.role.account) == "outside",
    )
