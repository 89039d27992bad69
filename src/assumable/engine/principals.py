"""Matching the Principal element, with the form in which it names the caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from assumable import arn
from assumable.engine import services
from assumable.engine.facts import Facts
from assumable.engine.forms import SOMEBODY, Form
from assumable.engine.truth import Atom, Truth, all_of, any_of, negate
from assumable.model.assertion import BUILT_IN_PROVIDERS
from assumable.model.call import (
    Call,
    RoleCaller,
    SamlCaller,
    UserCaller,
    WebIdentityCaller,
)
from assumable.model.policy import Effect, PrincipalEntry, Statement, principal_complaint
from assumable.model.world import Unknown


class Named:
    """A `Principal` element made ready; entries that can never match are left out."""

    __slots__ = (
        "_entries",
        "_federated",
        "_keys",
        "_negated",
        "_services",
        "_statement",
    )

    def __init__(self, statement: Statement) -> None:
        """Keep what can match."""
        valid = [
            entry
            for entry in statement.principals or ()
            if not principal_complaint(entry.kind, entry.value)
        ]
        self._statement, self._negated = statement, statement.not_principal
        self._keys = frozenset((entry.kind, entry.value) for entry in valid)
        self._entries = tuple(valid)
        self._federated = tuple(entry for entry in valid if entry.kind == "Federated")
        self._services = tuple(entry for entry in valid if entry.kind == "Service")

    def matches(self, facts: Facts) -> Truth:
        """Whether the element names the caller in whatever form."""
        if not self._negated and not self._keys.isdisjoint(facts.name_keys):
            return True
        return any_of(self.by(facts).values())

    def by(self, facts: Facts) -> dict[Form, Truth]:
        """For each form, whether the element names the caller in it."""
        found: dict[Form, Truth] = {}
        if not self._keys.isdisjoint(facts.name_keys):
            found = {form: True for key, form in facts.names if key in self._keys}
        if facts.caller_side.is_fully_named and not self._negated:
            return found
        caller = facts.call.caller
        if caller.arn == arn.NOBODY:
            return self._by_somebody(found)
        if self._federated and not facts.call.is_signed:
            matched = any(_is_provider(entry.value, facts.call) for entry in self._federated)
            found[Form.STRONG] = found.get(Form.STRONG, False) or matched
        if self._services and facts.caller_is_service:
            named = [services.is_service(entry.value, facts.call) for entry in self._services]
            found[Form.STRONG] = any_of([found.get(Form.STRONG, False), *named])
        if isinstance(caller, RoleCaller) and not caller.is_named:
            could_be = (_could_be_session(caller, entry.value) for entry in self._entries)
            found[Form.STRONG] = any_of([found.get(Form.STRONG, False), *could_be])
        if isinstance(facts.principal_arn, Unknown) and Form.ROLE not in found:
            found[Form.ROLE] = any_of(_may_be_role(entry, facts) for entry in self._entries)
        if self._negated:
            return {Form.STRONG: negate(_exempted(self._statement, facts, found))}
        return found

    def _by_somebody(self, everyone: dict[Form, Truth]) -> dict[Form, Truth]:
        """The same where nobody knows which user or role will call."""
        if everyone and not self._negated:
            return everyone
        could_be = (_could_be_caller(entry) for entry in self._entries if entry.kind == "AWS")
        return {Form.STRONG: any_of(could_be)}


def match(entry: PrincipalEntry, facts: Facts) -> tuple[Form, Truth]:
    """Whether one principal is the caller, and in which form."""
    alone = Statement(
        index=0,
        sid="",
        effect=Effect.ALLOW,
        actions=(),
        not_action=False,
        principals=(entry,),
        not_principal=False,
        resources=None,
        not_resource=False,
        conditions=(),
        pointer="",
    )
    found = Named(alone).by(facts)
    return next(((form, truth) for form, truth in found.items() if truth is not False), _NOBODY)


_NOBODY: tuple[Form, Truth] = (Form.STRONG, False)


def _could_be_caller(entry: PrincipalEntry) -> Atom:
    """Whether whoever will call is the one that is named."""
    return Atom(
        subject=entry.value,
        text=f"the caller is {entry.value}",
        opposite=f"the caller is not {entry.value}",
        part=SOMEBODY.what,
        settle=SOMEBODY.settle,
        kind="fact",
    )


def _could_be_session(caller: RoleCaller, value: str) -> Truth:
    """Whether a session ARN is the caller's, whose own name nobody has said."""
    if value.rpartition("/")[0] != caller.arn.rpartition("/")[0]:
        return False
    return Atom(
        subject=value,
        text=f"the session of {caller.role_name} is named {value.rpartition('/')[2]}",
        opposite=f"the session of {caller.role_name} is not named {value.rpartition('/')[2]}",
        part=f"the name of the session of {caller.role_name}",
        settle="RoleSessionName of the hop that creates it",
        kind="fact",
    )


def _may_be_role(entry: PrincipalEntry, facts: Facts) -> Truth:
    caller, known = facts.call.caller, facts.principal_arn
    named, mine = arn.parse(entry.value), arn.parse(caller.arn)
    if named is None or mine is None or entry.kind != "AWS" or named.kind != "role":
        return False
    if not isinstance(caller, RoleCaller) or not isinstance(known, Unknown):
        return False
    return _is_role_of(caller, mine, named, known)


def _is_role_of(caller: RoleCaller, mine: arn.Arn, named: arn.Arn, known: Unknown) -> Truth:
    """Whether a role ARN is the caller's role; a session ARN does not show the role's path."""
    could_be = (named.partition, named.account, named.name) == (
        mine.partition,
        mine.account,
        caller.role_name,
    )
    if not could_be:
        return False
    return Atom(
        subject=str(named),
        text=f"the caller's role is {named}",
        opposite=f"the caller's role is not {named}",
        part=known.what,
        settle=known.settle,
        kind="fact",
    )


def _is_provider(value: str, call: Call) -> bool:
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
    return {Form.STRONG: True} if statement.principals is None else Named(statement).by(facts)


def _exempted(statement: Statement, facts: Facts, listed: dict[Form, Truth]) -> Truth:
    """Whether NotPrincipal leaves the caller out (R1.29).

    A session is left out only when role, session and account are all listed, a user when user and
    account are; a Deny never leaves out a principal that has a permissions boundary.
    """
    everyone = any(entry.value == "*" for entry in statement.principals or ())
    if everyone or not isinstance(facts.call.caller, RoleCaller | UserCaller):
        exempt = any_of(listed.values())
    elif isinstance(facts.call.caller, RoleCaller):
        exempt = all_of(listed.get(form, False) for form in Form)
    else:
        exempt = all_of(listed.get(form, False) for form in (Form.STRONG, Form.ACCOUNT))
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
