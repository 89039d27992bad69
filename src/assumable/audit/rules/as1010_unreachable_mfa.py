"""MFA that nobody who is named can prove: role sessions never carry it, nor do services and tokens.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from collections.abc import Iterator

from assumable import arn
from assumable.audit.conditions import requires_mfa
from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import Ground, Subject
from assumable.model.policy import Effect, PrincipalEntry

RULE = Rule("AS1010", "unreachable-mfa", "MFA is required of callers that never have it")


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each Allow whose callers are all of a kind without MFA."""
    for statement in subject.trust.statements:
        entries = statement.principals or ()
        if statement.effect is not Effect.ALLOW or not entries:
            continue
        asked = next(filter(requires_mfa, statement.conditions), None)
        kinds = {_kind(entry) for entry in entries}
        if asked is None or "" in kinds:
            continue
        yield subject.finding(
            RULE,
            severity=Severity.MEDIUM,
            title="MFA is required of callers that never have it",
            explanation=f"{statement.label} names {' and '.join(sorted(kinds))} alone, which never "
            "carry MFA, even where the person behind them has signed in with it: nobody gets in "
            "by it",
            evidence=(subject.evidence(asked.pointer, statement),),
            decide="whether people are meant, who are users: name them; or whether roles are: ask "
            "for MFA where the role that calls is assumed, and for aws:PrincipalTag or "
            "sts:SourceIdentity here",
            facts=("R5.4", "R5.5"),
        )


def _kind(entry: PrincipalEntry) -> str:
    """What never has MFA, in words; empty for whatever may have it."""
    if entry.kind == "Service":
        return "AWS services"
    if entry.kind == "Federated":
        return "bearers of tokens"
    parts = arn.parse(entry.value)
    is_role = parts is not None and parts.kind in ("role", "assumed-role")
    return "roles" if is_role and entry.kind == "AWS" else ""
