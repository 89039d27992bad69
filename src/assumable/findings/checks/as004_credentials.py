"""AS004: the credentials are expired or of a kind that cannot call."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.report import caller_name, finding

CAUSE = Cause("AS004", "credentials", Row.PERMISSION, "these credentials cannot make the call")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    message = blame.fault.message if blame.fault else ""
    explanations = {
        "federation-token": "credentials from GetFederationToken may call nothing in STS but "
        "GetCallerIdentity; use the user's own keys or a role session",
        "expired": f"the credentials of {caller_name(decision)} have expired",
        "expired-token": f"the token has expired: {message}",
        "token-too-old": f"the token was issued too long ago, though it may not have expired: "
        f"{message}",
        "not-yet-valid": "the token becomes valid later, by its iat or nbf; the clock of its "
        "issuer, or the time of the call, is wrong",
        "late-assertion": "the assertion was used too late, by its NotOnOrAfter or "
        f"SessionNotOnOrAfter: {message}",
        "account-suspended": f"account {decision.call.caller_account} is closed or suspended, and "
        "with it all its credentials",
    }
    explanation = explanations[blame.variant]
    return finding(CAUSE, blame, explanation, facts=("R1.25", "R7.10"))
