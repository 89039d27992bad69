"""Matching the Principal element, with the form in which it names the caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import enum

from assumable import arn
from assumable.engine.facts import Facts
from assumable.engine.truth import Atom, Truth, all_of, any_of, negate
from assumable.model.assertion import BUILT_IN_PROVIDERS
from assumable.model.call import (
    Call,
    RoleCaller,
    SamlCaller,
    ServiceCaller,
    UserCaller,
    WebIdentityCaller,
)
from assumable.model.policy import Effect, PrincipalEntry, Statement, principal_complaint
from assumable.model.world import Unknown


class Form(enum.IntEnum):
    """How strongly a statement names the caller (FACTS 1.3); the strongest one counts."""

    ACCOUNT = 1
    """The caller's account: delegates to its administrators."""
    ROLE = 2
    """The role behind the session."""
    STRONG = 3
    """The user, the session, the service, the provider, or everyone."""


def match(entry: PrincipalEntry, facts: Facts) -> tuple[Form, Truth]:
    """Whether one principal is the caller, and in which form."""
    call = facts.call
    if entry.kind == "*":
        return Form.STRONG, True
    if principal_complaint(entry.kind, entry.value):
        return Form.STRONG, False
    if entry.kind == "AWS":
        return _match_aws(entry.value, facts)
    caller = call.caller
    if entry.kind == "Service":
        return Form.STRONG, isinstance(caller, ServiceCaller) and caller.principal == entry.value
    if entry.kind == "Federated":
        return Form.STRONG, _match_federated(entry.value, call)
    return Form.STRONG, False


def _match_aws(value: str, facts: Facts) -> tuple[Form, Truth]:
    caller = facts.call.caller
    mine = arn.parse(caller.arn)
    if mine is None or not facts.call.is_principal:
        return Form.STRONG, False  # `{"AWS": "*"}` leaves unsigned callers out (C-2)
    if value == "*":
        return Form.STRONG, True
    theirs = arn.parse(value)
    if theirs is None:
        return Form.ACCOUNT, value == mine.account
    if theirs.service == "iam" and theirs.resource == "root":
        same = (theirs.account, theirs.partition) == (mine.account, mine.partition)
        return Form.ACCOUNT, same
    if isinstance(caller, RoleCaller) and theirs.kind == "role":
        return Form.ROLE, _is_role_of(caller, mine, theirs, facts.principal_arn)
    return Form.STRONG, value == caller.arn


def _is_role_of(
    caller: RoleCaller, mine: arn.Arn, named: arn.Arn, known: str | Unknown | None
) -> Truth:
    """Whether a role ARN is the caller's role; a session ARN does not show the role's path."""
    if isinstance(known, str):
        return str(named) == known
    could_be = (named.partition, named.account, named.name) == (
        mine.partition,
        mine.account,
        caller.role_name,
    )
    if not could_be or known is None:
        return False
    return Atom(
        subject=str(named),
        text=f"the caller's role is {named}",
        opposite=f"the caller's role is not {named}",
        part=known.what,
        settle=known.settle,
        kind="fact",
    )


def _match_federated(value: str, call: Call) -> bool:
    if isinstance(call.caller, SamlCaller):
        return value == call.identity_provider
    if isinstance(call.caller, WebIdentityCaller):
        if value in BUILT_IN_PROVIDERS:
            return call.issuer == value
        parts, role = arn.parse(value), arn.parse(call.role_arn)
        return (
            parts is not None
            and role is not None
            and (parts.partition, parts.account) == (role.partition, role.account)
            and parts.resource == f"oidc-provider/{call.issuer}"
        )
    return False


def names(statement: Statement, facts: Facts) -> dict[Form, Truth]:
    """For each form, whether the statement's principal element names the caller in it."""
    if statement.principals is None:
        return {Form.STRONG: True}
    found: dict[Form, list[Truth]] = {form: [] for form in Form}
    for entry in statement.principals:
        form, truth = match(entry, facts)
        found[form].append(truth)
    if not statement.not_principal:
        return {form: any_of(truths) for form, truths in found.items()}
    return {Form.STRONG: negate(_exempted(statement, facts, found))}


def _exempted(statement: Statement, facts: Facts, found: dict[Form, list[Truth]]) -> Truth:
    """Whether NotPrincipal leaves the caller out (R1.29).

    A session is left out only when role, session and account are all listed, a user when user and
    account are; a Deny never leaves out a principal that has a permissions boundary.
    """
    listed = {form: any_of(truths) for form, truths in found.items()}
    everyone = any(entry.value == "*" for entry in statement.principals or ())
    if everyone or not isinstance(facts.call.caller, RoleCaller | UserCaller):
        exempt = any_of(listed.values())
    elif isinstance(facts.call.caller, RoleCaller):
        exempt = all_of(listed.values())
    else:
        exempt = all_of([listed[Form.STRONG], listed[Form.ACCOUNT]])
    if statement.effect is not Effect.DENY or facts.boundary is None:
        return exempt
    if isinstance(facts.boundary, Unknown):
        unbounded = Atom(
            subject="boundary",
            text="the caller has no permissions boundary",
            opposite="the caller has a permissions boundary",
            part=facts.boundary.what,
            settle=facts.boundary.settle,
            kind="fact",
        )
        return all_of([exempt, unbounded])
    return False
