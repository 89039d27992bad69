"""AS201: the caller's own policies do not allow the call."""

from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.evaluate import Decision
from assumable.findings.asked import conditions_alone, conditions_told, keys_named
from assumable.findings.blame import Blame
from assumable.findings.checks.as301_external_id import instead_of_permission
from assumable.findings.evidence import of_element
from assumable.findings.finding import Cause, Evidence, Finding, Row
from assumable.findings.guards import guards_to_keep
from assumable.findings.near import about_condition, about_resource
from assumable.findings.near_action import misspelt_permission, permission_slips
from assumable.findings.permission import permission_fixes, who_edits
from assumable.findings.report import (
    caller_name,
    finding,
    role_name,
    where,
)

CAUSE = Cause(
    "AS201", "identity-permission", Row.PERMISSION, "the caller is not permitted to assume it"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the closest statement where there is one."""
    explanation = (
        f"no policy of {caller_name(decision)} allows {blame.action} on {decision.call.role_arn}"
        f"{_closest(decision, blame)}; {_why_needed(decision)}"
        f"{who_edits(decision, blame)}"
    )
    return finding(
        CAUSE,
        blame,
        explanation,
        fixes=(
            *instead_of_permission(decision, blame),
            *permission_slips(decision, blame),
            *permission_fixes(decision, blame),
        ),
        evidence=_evidence(blame),
        facts=("R1.27",) if decision.call.api == ASSUME_ROOT else ("R1.15", "R1.16"),
        title=_title(decision, blame),
    )


def _title(decision: Decision, blame: Blame) -> str:
    """What is missing, or on what the permission that is there depends."""
    who = caller_name(decision)
    asked = conditions_alone(blame.trace) if misspelt_permission(blame.gate) is None else []
    if asked:
        keys = keys_named(asked)
        under = keys if keys.startswith("conditions") else f"a {keys}"
        return f"the permission of {who} holds only under {under}"
    return (
        f"{who} of account {decision.call.caller_account} may not call {blame.action} on "
        f"{role_name(decision)}"
    )


def _why_needed(decision: Decision) -> str:
    if decision.call.api == ASSUME_ROOT:
        return "the caller's own policies alone permit it: no policy of the member account is asked"
    if not decision.call.same_account:
        return "across accounts the caller's own account must allow it as well as the trust policy"
    return (
        "the trust policy names the account, which leaves the choice to the caller's own policies"
    )


def _evidence(blame: Blame) -> tuple[Evidence, ...]:
    misspelt = misspelt_permission(blame.gate)
    trace = misspelt[0] if misspelt else blame.trace
    if trace is None or not (misspelt or _is_relevant(blame)):
        return ()
    return tuple(of_element(trace, element, blame.gate.context) for element in trace.failing)


def _is_relevant(blame: Blame) -> bool:
    """Whether the closest statement is about this action at all."""
    return blame.trace is not None and blame.trace.has_matching("Action")


def _closest(decision: Decision, blame: Blame) -> str:
    misspelt = misspelt_permission(blame.gate)
    if misspelt is not None:
        trace, slip = misspelt
        return f" ({trace.statement.label} of {trace.policy.name.name}: {slip.words})"
    if blame.trace is None or not _is_relevant(blame):
        return _passes_it(blame)
    failing = next(iter(blame.trace.failing), None)
    if failing is None:
        return ""
    if failing.element == "Resource":
        listed = ", ".join(blame.trace.statement.resources or ())
        kind = "excludes" if blame.trace.statement.not_resource else "is for"
        differs = about_resource(blame.trace, decision.call.role_arn)
        return f" ({where(blame)} allows the action, but {kind} {listed}{differs})"
    only = conditions_told(blame.trace, blame.gate.context)
    if not only:
        return ""
    within = (blame.trace.policy, blame.trace.statement)
    conditions = [element.condition for element in blame.trace.failing if element.condition]
    near = (about_condition(decision, blame.gate.context, each, within) for each in conditions)
    only += "".join(dict.fromkeys(near))
    if guards_to_keep(blame.trace) is None:
        only += "; no grant around that is offered: it is for whoever wrote it to decide"
    return f" ({where(blame)} allows it only where {only})"


def _passes_it(blame: Blame) -> str:
    """That the permission to hand the role to a service was taken for the one to assume it."""
    for trace in blame.gate.traces():
        listed = {action.lower() for action in trace.statement.actions}
        if "iam:passrole" in listed and trace.has_matching("Resource"):
            return (
                f" ({trace.statement.label} of {trace.policy.name.name} allows iam:PassRole, which "
                "hands the role to a service; it does not let anybody assume it)"
            )
    return ""
