"""AS003: the principal behind the credentials does not exist."""

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.near import similar
from assumable.findings.report import caller_name, finding
from assumable.model.call import RoleCaller
from assumable.model.world import Unknown

CAUSE = Cause("AS003", "caller-not-found", Row.PERMISSION, "the caller does not exist")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{caller_name(decision)} does not exist in account {decision.call.caller_account}; "
        "credentials of a deleted user or role are refused before any policy is looked at"
        f"{_alike(decision)}"
    )
    return finding(CAUSE, blame, explanation, facts=("R10.2",))


def _alike(decision: Decision) -> str:
    """Who was meant, when the name was only mistyped."""
    account, caller = (
        decision.facts.world.account(decision.call.caller_account),
        decision.call.caller,
    )
    if isinstance(account, Unknown):
        return ""
    if isinstance(caller, RoleCaller):
        wanted, kind, names = caller.role_name, "role", [r.name for r in account.roles.values()]
    else:
        wanted, kind = arn.display_name(caller.arn).rpartition("/")[2], "user"
        names = [user.name for user in account.users.values()]
    found = similar(wanted, names)
    exact = found[:1] == [wanted]
    what = f"{kind}/{found[0]}" + (" under another path" if exact else "") if found else ""
    return f"; there is {what} in that account: is that who was meant?" if found else ""
