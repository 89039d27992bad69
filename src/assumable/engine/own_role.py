"""Roles with a rule of their own beside the trust policy: one's own, and service-linked ones."""

from datetime import UTC, datetime

from assumable.engine.facts import Facts
from assumable.engine.limits import Fault
from assumable.engine.preconditions import access_denied
from assumable.engine.principals import match
from assumable.engine.truth import Truth
from assumable.model.call import RoleCaller, ServiceCaller
from assumable.model.policy import PrincipalEntry

EXPLICIT_SELF_TRUST_SINCE = datetime(2022, 9, 21, tzinfo=UTC)
"""https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/"""
SERVICE_LINKED = "service-linked"


def implicit_self_trust(facts: Facts) -> Truth:
    """Whether the role trusts the caller because the caller is a session of it (R1.22).

    Before 2022-09-21 a role trusted itself, and its own policies decided. AWS left a few roles
    under that rule without saying which: they count like the others unless U-21 is decided.
    """
    call = facts.call
    exempt = call.time < EXPLICIT_SELF_TRUST_SINCE or call.assumptions.get("U-21", False)
    if not exempt or not isinstance(call.caller, RoleCaller):
        return False
    return match(PrincipalEntry("AWS", call.role_arn, ""), facts)[1]


def service_linked_fault(facts: Facts) -> Fault | None:
    """Nobody but its service assumes a service-linked role (R1.23).

    Which service that is the role's trust policy says, and nobody can edit it.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    """
    if not facts.role_side.is_service_linked or isinstance(facts.call.caller, ServiceCaller):
        return None
    return access_denied(facts, "trust-principal", SERVICE_LINKED)
