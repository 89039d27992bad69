"""Tokens and assertions that were made for somebody else: the audience is not asked for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from collections.abc import Iterator

from assumable.audit.finding import Finding, Mend, Rule, Severity
from assumable.audit.ground import SAML, WEB_IDENTITY, Ground, Subject, issuer_named
from assumable.audit.proof import mended, with_conditions
from assumable.audit.witness import Witness, by_assertion, is_certain, passes
from assumable.model.policy import PrincipalEntry, Statement

RULE = Rule("AS1006", "audience", "for whom a token or an assertion was made is not asked")
_SIGN_IN = {
    "aws": "https://signin.aws.amazon.com/saml",
    "aws-cn": "https://signin.amazonaws.cn/saml",
    "aws-us-gov": "https://signin.amazonaws-us-gov.com/saml",
}
"""Where each partition takes assertions: the Recipient that saml:aud is (FACTS 5.7).

https://docs.amazonaws.cn/en_us/IAM/latest/UserGuide/id_roles_providers_create_saml_relying-party.html
https://aws.amazon.com/blogs/publicsector/enabling-saml-2-0-federation-aws-sso-aws-govcloud-us/
"""
_ELSEWHERE = "https://elsewhere.example/saml"
_SEVERAL = 2


def check(ground: Ground, subject: Subject) -> Iterator[Finding]:
    """A SAML provider without saml:aud, or a provider of tokens with several audiences."""
    for statement in subject.allowing(SAML):
        for entry in statement.principals or ():
            if ":saml-provider/" in entry.value and not _asks(statement, "saml:aud"):
                yield from _of_assertions(ground, subject, statement, entry)
    for statement in subject.allowing(WEB_IDENTITY):
        for entry in statement.principals or ():
            issuer = issuer_named(entry)
            if issuer and not any(_asks(statement, f"{issuer}:{c}") for c in ("aud", "oaud")):
                yield from _of_tokens(ground, subject, statement, entry)


def _asks(statement: Statement, key: str) -> bool:
    return any(condition.key.lower() == key.lower() for condition in statement.conditions)


def _of_assertions(
    ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry
) -> Iterator[Finding]:
    def witness(what: str, recipient: str) -> Witness:
        return by_assertion(what, subject, entry.value, {"saml:aud": recipient}, ground.now)

    elsewhere = witness("an assertion made for somebody else", _ELSEWHERE)
    if not is_certain(passes(ground, subject.alone(statement), elsewhere)):
        return
    usual = _SIGN_IN.get(subject.partition)
    mend: Mend | None = None
    if usual is not None:
        mend = mended(
            ground,
            subject,
            "audience/saml",
            f"ask for saml:aud {usual}; add regional sign-in addresses where they are used",
            with_conditions(
                subject.trust, {statement.pointer: ("StringEquals", "SAML:aud", usual)}
            ),
            opens="nobody: it closes the role for assertions that were made for other services",
            dangerous=(elsewhere,),
            meant=(witness(f"an assertion made for {usual}", usual),),
        )
    yield subject.finding(
        RULE,
        variant="saml",
        severity=Severity.LOW,
        title="a SAML assertion that was made for somebody else is accepted",
        explanation="saml:aud, the recipient of an assertion, is not asked for: a service for "
        "which the same identity provider signs assertions could use one here",
        evidence=(subject.evidence(entry.pointer, statement),),
        mend=mend,
        decide="" if mend is not None else "which sign-in address is meant: ask for it as SAML:aud",
    )


def _of_tokens(
    ground: Ground, subject: Subject, statement: Statement, entry: PrincipalEntry
) -> Iterator[Finding]:
    audiences = ground.audiences(subject.role, entry.value) or ()
    if len(audiences) < _SEVERAL:
        return
    issuer = issuer_named(entry)
    yield subject.finding(
        RULE,
        variant="oidc",
        severity=Severity.LOW,
        title=f"tokens for each of the {len(audiences)} audiences of the provider are accepted",
        explanation=f"the provider takes tokens for {', '.join(audiences)}, and the trust policy "
        f"does not ask which: a token that was made for one of them serves for this role too",
        evidence=(subject.evidence(entry.pointer, statement),),
        decide=f"which audience is meant: ask for it with StringEquals on {issuer}:aud",
        facts=("R5.13",),
    )
