"""Tokens that strangers can have: no subject is asked for, or one that others can have as well.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

import re
from collections.abc import Iterator, Sequence

from assumable.audit.finding import Confidence, Finding, Rule, Severity
from assumable.audit.ground import WEB_IDENTITY, Ground, Subject, issuer_named
from assumable.audit.tenants import Tenants, strangers, tenants_of
from assumable.audit.witness import by_token, is_certain, passes, written
from assumable.engine.conditions import words
from assumable.engine.keys.providers import SHARED_ISSUERS
from assumable.engine.truth import Truth
from assumable.model.policy import Condition, PrincipalEntry, Statement

RULE = Rule("AS1005", "open-subject", "tokens that strangers can have open the role")
_ASKED = 3
_WHOLE_NAME = re.compile(r"repo:[^*?/]+/[^*?:]+\*")
"""A repository whose name goes on: `repo:acme/app*`."""
_OF_STRANGERS = {
    "repository": "stranger/x", "repository_id": "0", "repository_owner_id": "0",
    "actor": "stranger", "actor_id": "0",
}  # fmt: skip
"""Claims that every workflow of GitHub has, and that nobody chooses."""
_CHOSEN = ("environment", "ref", "workflow")
"""Claims that whoever writes the workflow chooses."""
_CALLED = "job_workflow_ref"
"""The workflow that another one calls, which any repository may where it stands in a public one.

https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows
"""
_TESTED = {"accounts.google.com": ("aud", "sub", "oaud"), "www.amazon.com": ("app_id", "user_id"),
           "graph.facebook.com": ("app_id", "id")}  # fmt: skip
"""Built-in providers, whose tokens any application can get: which claims tell one apart
(FACTS 5.6)."""


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """One finding for each provider of a statement."""
    for statement in subject.allowing(WEB_IDENTITY):
        for entry in statement.principals or ():
            if entry.kind == "Federated":
                issuer = issuer_named(entry) or entry.value
                yield from _of_provider(ground, subject, statement, entry, issuer)


def _of_provider(
    ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry, issuer: str
) -> Iterator[Finding]:
    tenants = tenants_of(issuer)
    asked = [c for c in statement.conditions if c.key.lower() == f"{issuer}:sub".lower()]
    if tenants is None:
        yield from _of_untested(ground, subject, statement, entry, issuer)
        return
    found = _stranger(ground, subject, statement, entry, issuer, tenants)
    if found is not None:
        called = bool(_values(statement, f"{issuer}:{_CALLED}"))
        yield _of_strangers(subject, statement, entry, asked, tenants, found, called=called)
        return
    for condition in asked:
        if condition.base == "stringlike" and any(map(_WHOLE_NAME.fullmatch, condition.values)):
            yield _of_names(subject, statement, condition)


def _stranger(
    ground: Ground,
    subject: Subject,
    statement: Statement,
    entry: PrincipalEntry,
    issuer: str,
    tenants: Tenants,
) -> tuple[str, Truth] | None:
    """The subject of the first stranger who gets in, and whether that is sure."""
    asked = _values(statement, f"{issuer}:sub")
    alone = subject.alone(statement)
    for text in strangers(tenants, asked):
        for audience in _audiences(ground, subject, statement, entry, issuer):
            claims = {"iss": f"https://{issuer}", "aud": audience, "sub": text, **_OF_STRANGERS}
            for name in (*_CHOSEN, _CALLED):
                for value in _values(statement, f"{issuer}:{name}")[:1]:
                    claims[name] = written(value)
            truth = passes(ground, alone, by_token("", subject, entry.value, claims, ground.now))
            if is_certain(truth):
                return text, truth
    return None


def _values(statement: Statement, key: str) -> list[str]:
    return [v for c in statement.conditions if c.key.lower() == key.lower() for v in c.values]


def _audiences(
    ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry, issuer: str
) -> list[str]:
    """What a stranger asks his token for: what the provider or the statement takes."""
    known = ground.audiences(subject.role, entry.value)
    if known is not None:
        return list(known)[:_ASKED]
    asked = [value.replace("*", "x") for value in _values(statement, f"{issuer}:aud")]
    return [*asked[:_ASKED], "sts.amazonaws.com"]


def _of_strangers(
    subject: Subject,
    statement: Statement,
    entry: PrincipalEntry,
    asked: Sequence[Condition],
    tenants: Tenants,
    found: tuple[str, Truth],
    *,
    called: bool,
) -> Finding:
    text, truth = found
    confidence: Confidence = "certain" if truth is True else "likely"
    if called:
        confidence = "possible"
    told = " and ".join(map(words, asked))
    whose, severity = tenants.whose, Severity.HIGH if tenants.strangers else Severity.MEDIUM
    if asked:
        whose = "strangers whose subjects the pattern takes"
        if not tenants.strangers:
            whose, severity = "service accounts of other namespaces", Severity.LOW
    return subject.finding(
        RULE,
        variant="open-pattern" if asked else "no-subject",
        severity=severity,
        confidence=confidence,
        title=f"{whose} can assume the role",
        explanation=(
            f"{f'what is asked is {told}' if asked else 'no subject is asked for'}: a token with "
            f"the subject `{text}` was let through when the call was decided"
            + ("" if asked or not tenants.strangers else "; IAM saves no such policy today (R2.14)")
            + ("; any repository can call a workflow that stands in a public one" if called else "")
        ),
        evidence=tuple(subject.evidence(c.pointer, statement) for c in asked)
        or (subject.evidence(entry.pointer, statement),),
        decide=f"whose tokens are meant: write out `{tenants.start}OWNER{tenants.ends[0]}…` in a "
        "condition on sub, with the whole name of the owner",
        facts=("R2.14", "R5.14"),
    )


def _of_names(subject: Subject, statement: Statement, condition: Condition) -> Finding:
    wide = [value for value in condition.values if _WHOLE_NAME.fullmatch(value)]
    return subject.finding(
        RULE,
        variant="crosses-names",
        severity=Severity.LOW,
        title="repositories whose names begin alike can assume the role",
        explanation=f"`{wide[0]}` takes every repository of that owner whose name begins so, since "
        "`*` does not stop at the end of a name",
        evidence=(subject.evidence(condition.pointer, statement),),
        decide=f"whether one repository is meant: then end its name, as in `{wide[0][:-1]}:*`",
        facts=("R6.3",),
    )


def _of_untested(
    ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry, issuer: str
) -> Iterator[Finding]:
    """A provider of many tenants whose subjects are not known: no claim is asked for at all."""
    shared = SHARED_ISSUERS.get(issuer.lower())
    claims = _TESTED.get(issuer.lower()) or ((shared, "sub", "aud") if shared else ())
    keys = {f"{issuer}:{claim}".lower() for claim in claims}
    if not keys or any(c.key.lower() in keys and _says(c) for c in statement.conditions):
        return
    claim = claims[0]
    yield subject.finding(
        RULE,
        variant="no-claim",
        severity=Severity.HIGH,
        confidence="likely",
        title=f"any tenant of {issuer} can assume the role",
        explanation=f"tokens of {issuer} are for many tenants, and no claim that tells them apart "
        f"is asked for: not {issuer}:{claim}",
        evidence=(subject.evidence(entry.pointer, statement),),
        decide=f"whose tokens are meant: ask for {issuer}:{claim} with StringEquals",
        facts=("R2.14",),
    )


def _says(condition: Condition) -> bool:
    return any(value.strip("*?") for value in condition.values)
