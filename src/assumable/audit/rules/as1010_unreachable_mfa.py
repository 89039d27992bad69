"""MFA that nobody who is named can prove: role sessions never carry it, nor do services and tokens.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.audit.conditions import actions_of, requires_mfa, stops_without_mfa
from assumable.audit.finding import Finding, Rule, Severity
from assumable.audit.ground import Ground, Subject
from assumable.findings.dead import covers
from assumable.model.policy import Effect, PrincipalEntry, Statement

RULE = Rule("AS1010", "unreachable-mfa", "MFA is required of callers that never have it")


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each Allow whose callers are all of a kind without MFA."""
    for statement in subject.trust.statements:
        entries = statement.principals or ()
        if statement.effect is not Effect.ALLOW or not entries or not actions_of(statement):
            continue
        kinds = {_kind(entry) for entry in entries}
        if "" not in kinds:
            yield from _of_kinds(subject, statement, " and ".join(sorted(kinds)))


def _of_kinds(subject: Subject, statement: Statement, kinds: str) -> Iterator[Finding]:
    """Of an Allow for callers without MFA: it asks for it, or a Deny stops whoever has none."""
    asked = next(filter(requires_mfa, statement.conditions), None)
    denies = next((s for s in subject.trust.statements if _denies(s, statement)), None)
    if asked is not None:
        place, why = subject.evidence(asked.pointer, statement), ""
    elif denies is not None:
        place = subject.evidence(denies.conditions[0].pointer, denies)
        why = f", and {denies.label} denies all calls without"
    else:
        return
    yield subject.finding(
        RULE,
        severity=Severity.MEDIUM,
        title="MFA is required of callers that never have it",
        explanation=f"{statement.label} names {kinds} alone, which never carry MFA, even where the "
        f"person behind them has signed in with it{why}: nobody gets in by it",
        evidence=(place,),
        decide="whether people are meant, who are users: name them; or whether roles are: ask "
        "for MFA where the role that calls is assumed, and for aws:PrincipalTag or "
        "sts:SourceIdentity here",
        facts=("R5.4", "R5.5"),
    )


def _denies(deny: Statement, allow: Statement) -> bool:
    """Whether a Deny stops all that an Allow lets in, where they have no MFA."""
    if deny.effect is not Effect.DENY or not stops_without_mfa(deny):
        return False
    mains = msgspec.structs.replace(allow, actions=actions_of(allow), not_action=False)
    return covers(msgspec.structs.replace(deny, conditions=()), mains)


def _kind(entry: PrincipalEntry) -> str:
    """What never has MFA, in words; empty for whatever may have it."""
    if entry.kind == "Service":
        return "AWS services"
    if entry.kind == "Federated":
        return "bearers of tokens"
    parts = arn.parse(entry.value)
    is_role = parts is not None and parts.kind in ("role", "assumed-role")
    return "roles" if is_role and entry.kind == "AWS" else ""
