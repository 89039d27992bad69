"""AS904: no statement of the trust policy names the calling service."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.fix import change_policy
from assumable.findings.report import actions_needed, finding, new_statement, role_name
from assumable.model.policy import Policy

CAUSE = Cause(
    "AS904", "service-principal", Row.TRUST, "the trust policy does not name this service"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the statement that would name the service."""
    service, trust = decision.call.caller.arn, decision.facts.trust
    explanation = (
        f"no statement of the trust policy of {role_name(decision)} names the service {service}; "
        "a service "
        'needs `Principal: {"Service": …}` with its own name'
    )
    fixes = []
    if isinstance(trust, Policy):
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": actions_needed(decision),
        }
        fixes.append(
            change_policy(
                trust,
                "service-principal/name-the-service",
                f"name {service} in the trust policy",
                new_statement(trust, statement),
                opens=f"{service}, for whatever it does in account {decision.call.role_account}",
            )
        )
    return finding(CAUSE, blame, explanation, fixes=fixes, facts=("R1.20", "R2.9"))
