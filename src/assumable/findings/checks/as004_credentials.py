"""AS004: the credentials are expired or of a kind that cannot call."""

import msgspec

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import REOPENED, administrator_of, caller_name, finding
from assumable.model.world import Organization

CAUSE = Cause("AS004", "credentials", Row.PERMISSION, "these credentials cannot make the call")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    if blame.variant in _ADMINISTRATION:
        return _not_administering(decision, blame)
    message = blame.fault.told if blame.fault else ""
    explanations = {
        "federation-token": "credentials from GetFederationToken may call nothing in STS but "
        "GetCallerIdentity; use the user's own keys or a role session",
        "session-token": "credentials from GetSessionToken are taken not to be allowed to call "
        f"{decision.call.api}, as --assume says; use the user's own keys or a role session",
        "not-a-principal": f"{decision.call.api} is for IAM users and role sessions, and "
        f"{caller_name(decision)} is neither",
        "expired": f"the credentials of {caller_name(decision)} have expired",
        "expired-token": f"the token has expired: {message}",
        "token-too-old": f"the token was issued too long ago, though it may not have expired: "
        f"{message}",
        "not-yet-valid": "the token becomes valid later, by its iat or nbf; the clock of its "
        "issuer, or the time of the call, is wrong",
        "late-assertion": "the assertion was used too late, by its NotOnOrAfter or "
        f"SessionNotOnOrAfter: {message}",
        "account-suspended": f"account {decision.call.caller_account} is closed, suspended or "
        f"not activated, and with it all its credentials; {REOPENED}",
    }
    found = finding(CAUSE, blame, explanations[blame.variant], facts=("R1.25", "R7.10"))
    if blame.variant != "account-suspended":
        return found
    org, account = decision.facts.caller_organization, decision.call.caller_account
    return msgspec.structs.replace(found, owner=administrator_of(org, account))


_ADMINISTRATION = {
    "no-organization": "the caller's account is in no organization",
    "not-administrator": "the caller's account does not administer IAM for the organization",
    "root-access-off": "centralized root access is not enabled",
}
"""Why an account may not ask for the root users of others (R1.27), as titles."""


def _not_administering(decision: Decision, blame: Blame) -> Finding:
    """Only the management account and delegated administrators for IAM may call AssumeRoot."""
    org, account = decision.facts.caller_organization, decision.call.caller_account
    manager = org.management_account if isinstance(org, Organization) else ""
    explanations = {
        "no-organization": f"account {account} is in no organization, and root access is "
        "centralized in organizations only",
        "not-administrator": f"account {account} is neither the management account ({manager}) "
        f"nor a delegated administrator for IAM; call {decision.call.api} from one of those, or "
        f"let the management account register {account} for iam.amazonaws.com",
        "root-access-off": f"{decision.call.api} needs centralized root access, which the "
        f"organization has not enabled; its management account ({manager}) enables it with "
        "aws iam enable-organizations-root-sessions",
    }
    row = Row.ORGANIZATION if blame.variant == "root-access-off" else Row.PERMISSION
    found = finding(
        CAUSE,
        blame,
        explanations[blame.variant],
        title=_ADMINISTRATION[blame.variant],
        row=row,
        facts=("R1.27",),
    )
    return msgspec.structs.replace(found, owner=manager) if manager else found
