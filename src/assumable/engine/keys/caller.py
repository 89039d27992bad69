"""Keys that describe the signed caller and the target role (FACTS 5.1, 5.4)."""

from collections.abc import Callable

import msgspec

from assumable.engine import services
from assumable.engine.keys.question import Question
from assumable.engine.keys.request import lookup
from assumable.model.call import (
    Absent,
    Call,
    FederatedUserCaller,
    Present,
    RoleCaller,
    RootCaller,
    ServiceCaller,
    UserCaller,
    Value,
)
from assumable.model.policy import Policy
from assumable.model.roles_anywhere import ROLES_ANYWHERE
from assumable.model.world import Organization, Principal, Role, Unknown


def principal_arn(question: Question) -> Value:
    """`aws:PrincipalArn`."""
    found = question.facts.principal_arn
    if isinstance(found, Unknown):
        return found
    if found is None:
        return Absent("the caller is no principal of an account")
    return of_known_principal(found)


def of_known_principal(own_arn: str) -> Present:
    """The same key of a user or role whose ARN is known."""
    return Present((own_arn,), "the caller's principal; for a session, the role with its path")


def principal_account(question: Question) -> Value:
    """`aws:PrincipalAccount`."""
    account = question.call.caller_account if question.facts.principal_arn is not None else ""
    if not account:
        return Absent("the caller belongs to no account")
    return Present((account,), "the caller's account")


def org(found: Organization | Unknown | None, account: str, *, whose: str, path: bool) -> Value:
    """An organization key: the id, or the place in the tree."""
    if isinstance(found, Unknown):
        ids = found.never
        return msgspec.structs.replace(found, never=tuple(f"{i}/" for i in ids)) if path else found
    if found is None or not account:
        return Absent(f"{whose} account is in no organization")
    if path:
        return Present((found.org_path(account),), f"{whose} account's place", multivalued=True)
    return Present((found.id,), f"{whose} account's organization")


def principal_org(question: Question, *, path: bool) -> Value:
    """`aws:PrincipalOrgID` and `aws:PrincipalOrgPaths`."""
    account = question.facts.caller_account if question.facts.principal_arn is not None else ""
    if not account:
        return Absent("the caller belongs to no account")
    return org(question.facts.caller_organization, account, whose="the caller's", path=path)


def resource_org(question: Question, *, path: bool) -> Value:
    """`aws:ResourceOrgID` and `aws:ResourceOrgPaths`."""
    account = question.call.role_account
    return org(question.facts.role_organization, account, whose="the role's", path=path)


def principal_type(question: Question) -> Value:
    """`aws:PrincipalType`."""
    match question.call.caller:
        case UserCaller():
            kind = "User"
        case RoleCaller():
            kind = "AssumedRole"
        case RootCaller():
            kind = "Account"
        case FederatedUserCaller():
            kind = "FederatedUser"
        case ServiceCaller():
            return Unknown("aws:PrincipalType of a service")
        case _:
            return Absent("the request is not signed")
    return Present((kind,), "the kind of caller")


def user_id(question: Question) -> Value:
    """`aws:userid`."""
    caller, principal = question.call.caller, question.facts.principal
    if isinstance(caller, RootCaller):
        return Present((question.call.caller_account,), "the root user's account")
    if isinstance(caller, FederatedUserCaller):
        name = caller.arn.rpartition("/")[2]
        return Present((f"{question.call.caller_account}:{name}",), "account and name")
    if not isinstance(caller, UserCaller | RoleCaller):
        return Absent("the caller is no principal of an account")
    unique_id = principal.unique_id if isinstance(principal, Principal) else None
    is_named = isinstance(caller, RoleCaller) and caller.is_named
    if unique_id is None:
        what, settle = "the unique id of the caller", "iam:GetUser or iam:GetRole"
        end = f":{caller.session_name}" if isinstance(caller, RoleCaller) and is_named else ""
        return Unknown(what, settle, present=True, end=end)
    if isinstance(caller, RoleCaller) and not is_named:
        return Unknown("the name of the caller's session", "RoleSessionName", present=True)
    if isinstance(caller, RoleCaller):
        return Present((f"{unique_id}:{caller.session_name}",), "role id and session name")
    return Present((unique_id,), "the user's id")


def user_name(question: Question) -> Value:
    """`aws:username`."""
    caller = question.call.caller
    if isinstance(caller, UserCaller):
        return Present((caller.arn.rpartition("/")[2],), "the user's name")
    return Absent("only IAM users have it")


def is_service(question: Question) -> Value:
    """`aws:PrincipalIsAWSService`."""
    if not question.call.is_signed:
        return Absent("the request is not signed: the key is absent, not false (R1.31)")
    return Present(("true" if question.facts.caller_is_service else "false",), "who calls")


def service_name(question: Question, *, many: bool) -> Value:
    """`aws:PrincipalServiceName` and its list form, which has a service's other names as well."""
    caller = question.call.caller
    if not isinstance(caller, ServiceCaller):
        return Absent("only a service that calls as itself has it")
    if many:
        what = f"all the names under which {caller.principal} is known"
        return Unknown(what, "context: {aws:PrincipalServiceNamesList: […]}", present=True)
    return Present((caller.principal,), "the calling service")


def only_services(key: str) -> Callable[[Question], Value]:
    """A confused-deputy key, which only some services send (R2.10).

    In a closed world the call's `context` says all that a service sends; in any other, what AWS's
    pages say about the service counts.
    """

    def value(question: Question) -> Value:
        service, principal = services.service_of(question.call), question.call.caller.arn
        if service is None:
            return Absent("only a service that calls on behalf of a resource sends it (R2.10)")
        if question.facts.world.complete:
            return Absent(f"no `context` says which {key} {principal} sends")
        settle = f"context: {{{key}: …}}"
        if key.lower() in service.sends:
            return Unknown(f"the {key} that {principal} sends", settle, present=True)
        if service.sends and key in ("aws:SourceOrgID", "aws:SourceOrgPaths"):
            return Unknown(f"the organization of the account that {principal} acts for", settle)
        return Absent(f"no AWS page says that {principal} sends it")

    return value


def delivered(*by: str) -> Callable[[Question], Value]:
    """A key that comes with credentials which a service delivered; `by` are those services.

    In a closed world a role whose trust policy names none of them never had such credentials; in
    any other the policy may have been edited since they were issued (R10.2).
    """

    def value(question: Question) -> Value:
        if not isinstance(question.call.caller, RoleCaller):
            return Absent("the caller's credentials come from no service")
        made = question.call.session.made_by
        if made is not None and not (
            isinstance(made.caller, ServiceCaller)
            and (not by or services.plain_name(made.caller.principal) in by)
        ):
            return Absent(f"the caller's session was made by a call of {made.caller.arn}")
        trust = settled_trust(question)
        if by and trust is not None and not services.could_be_for(trust, by):
            return Absent(f"the trust policy of the caller's role does not name {' or '.join(by)}")
        return Unknown(
            "which service delivered the caller's credentials",
            "the `context` of the call",
        )

    return value


def settled_trust(question: Question) -> Policy | None:
    """The trust policy of the caller's role, where it was the same when the session was made.

    That is so in a closed world; in any other it may have been edited since (R10.2).
    """
    principal = question.facts.principal
    trust = principal.trust if isinstance(principal, Role) else None
    closed = question.facts.world.complete and isinstance(trust, Policy) and trust.fatal is None
    return trust if closed and isinstance(trust, Policy) else None


def assumed_root(question: Question) -> Value:
    """`aws:AssumedRoot`: only credentials of AssumeRoot have it."""
    caller = question.call.caller
    if isinstance(caller, RootCaller) and caller.credentials == "assume-root":
        return Present(("true",), "AssumeRoot gave these credentials")
    return Absent("AssumeRoot did not give these credentials")


def own_source_identity(question: Question) -> Value:
    """`aws:SourceIdentity`."""
    found = question.call.session.source_identity
    if found is None and question.call.hides_attributes:
        return Unknown("the source identity of the caller's session", "the event that created it")
    if isinstance(found, Unknown):
        return found
    if found is None:
        return Absent("the caller's session has no source identity")
    return Present((found,), "the caller's session has it")


def token_issue_time(question: Question) -> Value:
    """`aws:TokenIssueTime`."""
    issued = question.call.credentials_issued_at
    caller, session = question.call.caller, question.call.session
    sessions_root = isinstance(caller, RootCaller) and caller.credentials == "assume-root"
    if sessions_root or isinstance(caller, FederatedUserCaller):
        return Unknown("when the caller's credentials were issued", "CloudTrail", present=True)
    if issued is not None and session.issued_at is None and not session.complete:
        return Unknown("when the caller's credentials were issued", "CloudTrail", present=True)
    if issued is None:
        return Absent("long-term credentials have no issue time")
    return Present((issued.isoformat(),), "when the caller's credentials were issued")


def principal_tag(question: Question, key: str) -> Value:
    """`aws:PrincipalTag/…`; a session tag wins over a tag of the role."""
    call = question.call
    session = lookup(call.session.tags, key, "the caller's session")
    if not isinstance(session, Absent):
        return session
    made = call.session.made_by
    if made is not None and services.sends_certificate(made) and key.startswith(_CERTIFICATE):
        return _service_tag(made, key)
    if isinstance(call.caller, ServiceCaller):
        return _service_tag(call, key)
    own = _own_tag(question.facts.principal, key)
    if not call.hides_tags:
        return own
    what, settle = "the tags of the caller's session", "the event that created it"
    return Unknown(what, settle, present=isinstance(own, Present))


def _own_tag(principal: Principal | Unknown | None, key: str) -> Value:
    """A tag of the user or role itself."""
    if isinstance(principal, Unknown):
        return Unknown("the tags of the caller", principal.settle)
    if principal is None:
        return Absent("the caller carries no tags")
    if isinstance(principal.tags, Unknown):
        return principal.tags
    return lookup(principal.tags, key, "the caller's tags")


_CERTIFICATE = "x509"
"""How the keys of the certificate fields begin."""


def _service_tag(call: Call, key: str) -> Value:
    """What Roles Anywhere passes of a certificate: each field may be left out by its mapping."""
    if services.sends_certificate(call) and key.startswith(_CERTIFICATE):
        return Unknown(f"the certificate field {key}, if it is mapped", "parameters.Tags")
    if call.caller.arn == ROLES_ANYWHERE:
        return lookup(call.tags, key, "the fields of the certificate")
    return Absent("services carry no tags")


def resource_tag(question: Question, key: str) -> Value:
    """`aws:ResourceTag/…`: tags of the target role."""
    role = question.facts.role
    if isinstance(role, Unknown):
        return Unknown("the tags of the role", role.settle)
    if role is None:
        return Absent("there is no such role")
    return role.tags if isinstance(role.tags, Unknown) else lookup(role.tags, key, "the role")


def resource_account(question: Question) -> Value:
    """`aws:ResourceAccount`."""
    return Present((question.call.role_account,), "the role's account")
