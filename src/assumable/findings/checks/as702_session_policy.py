"""AS702: the policy that the caller's session was limited to denies or does not allow."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.gates import Outcome
from assumable.findings.allowance import allowance, cap_fixes
from assumable.findings.asked import because
from assumable.findings.blame import Blame
from assumable.findings.carve import carve_fixes
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import add_session_policy
from assumable.findings.mfa import fixes_of_allow
from assumable.findings.report import caller_name, finding, refusal
from assumable.model.policy import Policy
from assumable.model.roles_anywhere import ROLES_ANYWHERE
from assumable.model.routed import certificate_behind

CAUSE = Cause("AS702", "session-policy", Row.CAPS, "the caller's session policy stops the call")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    refused = refusal(decision, blame, decision.call.role_arn)
    limit, mend = "a session policy", "start a session whose policy allows it"
    made, certificate = decision.call.session.made_by, certificate_behind(decision.call)
    if made is not None and made.caller.arn == ROLES_ANYWHERE and certificate is not None:
        limit = f"the session policy of the Roles Anywhere profile {certificate.profile_arn}"
        mend = "what is to be allowed has to stand there as well"
    explanation = (
        f"the session of {caller_name(decision)} was created with {limit}, and {refused}; {mend}"
    )
    fixes = tuple(_fixes(decision, blame))
    title = CAUSE.title + because(blame)
    facts = ("R1.13", "R9.5")
    return finding(CAUSE, blame, explanation, title=title, fixes=fixes, facts=facts)


def _fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """What whoever makes the session changes; of a chain the hop before is edited instead."""
    if decision.call.session.made_by is not None:
        return
    yield from carve_fixes(decision, blame, CAUSE.slug)
    yield from fixes_of_allow(decision, blame)
    opens = (
        f"sessions that are made with it, {caller_name(decision)} among them, as far as their role "
        "is permitted to assume this one"
    )
    yield from cap_fixes(decision, blame, CAUSE.slug, opens=opens)
    policies = decision.call.session.policies
    has_inline = any(isinstance(each, Policy) and not each.name.arn for each in policies)
    if blame.gate.outcome is Outcome.IMPLICIT_DENY and not has_inline:
        yield add_session_policy(
            allowance(decision),
            f"{CAUSE.slug}/add-inline",
            "start the session again with an inline session policy beside its managed ones, which "
            f"allows the call on exactly {decision.call.role_arn}",
            opens=opens,
        )
