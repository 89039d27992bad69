"""Principals that are gone: ids of the deleted, names that are not there, providers that are not.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Iterator

from assumable import arn
from assumable.audit.finding import Finding, Mend, Rule, Severity
from assumable.audit.ground import Ground, Subject
from assumable.audit.proof import mended, without
from assumable.findings.finding import Edit
from assumable.model.assertion import BUILT_IN_PROVIDERS
from assumable.model.policy import Effect, PrincipalEntry, Statement, principal_complaint
from assumable.model.world import Account
from assumable.source import value_at

RULE = Rule("AS1007", "deleted-principal", "the trust policy names somebody who does not exist")
_Gone = tuple[Statement, PrincipalEntry]


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for a role and each way of being gone."""
    found: dict[str, list[_Gone]] = {}
    for statement in subject.trust.statements:
        for entry in statement.principals or ():
            why = _why_gone(ground, subject, entry)
            if why and statement.effect is Effect.ALLOW:
                found.setdefault(why, []).append((statement, entry))
    for variant, gone in found.items():
        yield _finding(ground, subject, variant, gone)


def _why_gone(ground: Ground, subject: Subject, entry: PrincipalEntry) -> str:
    if entry.kind == "AWS" and arn.UNIQUE_ID.fullmatch(entry.value):
        return "" if entry.value in ground.by_unique_id else "id"
    if entry.kind == "Federated" and entry.value not in BUILT_IN_PROVIDERS:
        return "provider" if _is_no_provider(ground, subject, entry.value) else ""
    if principal_complaint(entry.kind, entry.value):
        return "invalid"
    parts = arn.parse(entry.value)
    if entry.kind != "AWS" or parts is None or not _is_read(ground, parts.account):
        return ""
    world = ground.world
    if parts.service == "iam" and parts.kind == "user":
        return "name" if world.user(entry.value) is None else ""
    if parts.service == "iam" and parts.kind == "role":
        return "name" if world.role(entry.value) is None else ""
    if parts.kind == "assumed-role" and "/" in parts.resource:
        role = world.role_named(parts.account, parts.resource.split("/")[1], parts.partition)
        return "session" if role is None else ""
    return ""


def _is_read(ground: Ground, account: str) -> bool:
    return isinstance(ground.world.accounts.get(account), Account)


def _is_no_provider(ground: Ground, subject: Subject, provider: str) -> bool:
    home = ground.world.accounts.get(subject.role.account)
    parts = arn.parse(provider)
    if not isinstance(home, Account) or parts is None or parts.account != home.id:
        return False
    return provider not in home.providers and not home.may_hold(provider)


_TITLES = {
    "id": "the trust policy names a deleted principal",
    "invalid": "the trust policy names a principal that can never match",
    "name": "the trust policy names a principal that does not exist",
    "session": "the trust policy names a session of a role that does not exist",
    "provider": "the trust policy names an identity provider that is not registered",
}
_MEANS = {
    "id": "an id stands where the ARN of a user or role was, which IAM shows once that was "
    "deleted: nobody can match it, also not one of the same name made again",
    "name": "its account was read and has no such user or role, and one that is made under the "
    "name is not let in until the trust policy is saved again",
    "session": "its account was read and has no such role, and whoever makes one of that name is "
    "let in: IAM keeps the names of sessions as they are written",
    "invalid": "no caller has such a name, and IAM saves no policy with it today",
    "provider": "the account was read and has no such provider: no token or assertion passes",
}


def _finding(ground: Ground, subject: Subject, variant: str, gone: list[_Gone]) -> Finding:
    names = ", ".join(dict.fromkeys(entry.value for _, entry in gone))
    former = [ground.world.former[e.value].arn for _, e in gone if e.value in ground.world.former]
    was = f" (it was {', '.join(former)})" if former else ""
    mend = _mend(ground, subject, gone)
    return subject.finding(
        RULE,
        variant=variant,
        severity=Severity.LOW,
        confidence="certain" if variant in ("id", "invalid") else "likely",
        title=_TITLES[variant],
        explanation=f"`{names}`{was}: {_MEANS[variant]}",
        evidence=tuple(subject.evidence(entry.pointer, statement) for statement, entry in gone),
        mend=mend,
        decide=""
        if mend is not None
        else "whether the role is still needed: nobody else is named, so name who takes the place "
        "of what is gone, or delete the role",
        facts=("R2.4", "R2.5") if variant == "id" else ("R2.8",),
    )


def _mend(ground: Ground, subject: Subject, gone: list[_Gone]) -> Mend | None:
    edit = _edit(subject, gone)
    if not edit:
        return None
    return mended(
        ground,
        subject,
        "deleted-principal/remove",
        "take out what names nobody",
        edit,
        opens="nobody: nothing changes for those who exist",
    )


def _edit(subject: Subject, gone: list[_Gone]) -> Edit:
    """Values of lists go, and statements that name nobody else; empty where no statement stays."""
    values = {(statement.index, entry.value) for statement, entry in gone}
    emptied = [
        statement
        for statement in dict.fromkeys(statement for statement, _ in gone)
        if all((statement.index, e.value) in values for e in statement.principals or ())
    ]
    edits: list[dict[str, object]] = []
    for statement in dict.fromkeys(statement for statement, _ in gone):
        if statement not in emptied:
            place = f"{statement.pointer}/Principal"
            kept = _kept(value_at(subject.trust.document, place), statement.index, values)
            edits.append({"op": "replace", "path": place, "value": kept})
    if not emptied:
        return tuple(edits)
    removed = without(subject.trust, (statement.pointer for statement in emptied))
    return (*edits, *removed) if removed else ()


def _kept(written: dict[str, object], index: int, gone: set[tuple[int, str]]) -> dict[str, object]:
    """The `Principal` element without those who are gone."""
    found: dict[str, object] = {}
    for kind, names in written.items():
        listed = names if isinstance(names, list) else [names]
        left = [name for name in listed if (index, name) not in gone]
        if left:
            found[kind] = left[0] if len(left) == 1 else left
    return found
