"""AS904: no statement of the trust policy names the calling service."""

from collections.abc import Iterator
from typing import Any

from assumable.engine.evaluate import Decision
from assumable.engine.match import Reason
from assumable.engine.services import service_of
from assumable.findings.blame import Blame
from assumable.findings.evidence import at, default_evidence
from assumable.findings.finding import Cause, Edit, Evidence, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.report import actions_needed, finding, new_statement, role_name
from assumable.findings.services import (
    NearestService,
    called,
    is_written_for_web_identity,
    nearest_service,
)
from assumable.model.call import Present
from assumable.model.policy import Policy
from assumable.source import value_at

CAUSE = Cause(
    "AS904", "service-principal", Row.TRUST, "the trust policy does not name this service"
)
_EXPLANATIONS = {
    "missing": "it names no service at all",
    "web-identity": "it is written for IAM roles for service accounts, where a token calls "
    "sts:AssumeRoleWithWebIdentity; EKS Pod Identity calls as a service, and needs sts:AssumeRole "
    "and sts:TagSession",
    "kind": "`{got}` stands under `AWS`, where a service is never found; it belongs under "
    "`Service`",
    "regional": "it names `{got}`, the same service in another Region; the name without a Region "
    "stands for all of them",
    "partition": "it names `{got}`, the same service in another partition",
    "near-name": "it names `{got}`, which is close but not the service's name",
    "other-service": "it names {other}, which is another service",
}


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the nearest service as evidence."""
    trust, calling = decision.facts.trust, decision.call.caller.arn
    nearest = nearest_service(trust, calling) if isinstance(trust, Policy) else None
    variant = nearest.variant if nearest else "missing"
    if not nearest and isinstance(trust, Policy) and is_written_for_web_identity(decision, trust):
        variant = "web-identity"
    got = nearest.entry.value if nearest else ""
    why = _EXPLANATIONS[variant].format(got=got, other=called(got))
    return finding(
        CAUSE,
        blame,
        f"no statement of the trust policy of {role_name(decision)} names the service "
        f"{called(calling)}: {why}",
        variant=variant,
        fixes=tuple(_fixes(decision, trust, nearest)) if isinstance(trust, Policy) else (),
        evidence=_evidence(decision, blame, nearest),
        facts=("R1.20", "R2.9", "R9.8"),
    )


def _evidence(
    decision: Decision, blame: Blame, nearest: NearestService | None
) -> tuple[Evidence, ...]:
    if nearest is None or blame.trace is None:
        return default_evidence(blame)
    place = at(
        blame.trace.policy,
        nearest.entry.pointer,
        statement=nearest.statement.index,
        wanted=nearest.entry.value,
        got=decision.call.caller.arn,
        reason=Reason.PRINCIPAL,
        meant=decision.call.caller.arn,
    )
    return (place,)


def _fixes(decision: Decision, trust: Policy, nearest: NearestService | None) -> Iterator[Fix]:
    """Correct a name that is no service's, else a statement of its own for this service."""
    service = decision.call.caller.arn
    account = decision.call.role_account
    title = f"name {service} in the trust policy"
    if nearest is not None and nearest.variant == "near-name":
        corrected: Edit = ({"op": "replace", "path": nearest.entry.pointer, "value": service},)
        yield change_policy(
            trust,
            "service-principal/correct-the-name",
            f"correct {nearest.entry.value} to {service}",
            corrected,
            opens=f"{service}, under the conditions of {nearest.statement.label}",
        )
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": actions_needed(decision),
    }
    if nearest is not None and nearest.variant != "other-service" and nearest.statement.conditions:
        # it was meant for this service, and so was what guards it
        meant = value_at(trust.document, nearest.statement.pointer)
        statement["Condition"] = meant["Condition"]
    guard = {} if "Condition" in statement else _sent(decision)
    if guard:
        statement["Condition"] = guard
    found = service_of(decision.call)
    narrow = ""
    if "Condition" in statement:
        narrow = ", under the conditions of the new statement"
    elif found and found.sends:
        narrow = "; narrow it down with aws:SourceAccount and aws:SourceArn"
    yield change_policy(
        trust,
        "service-principal/name-the-service",
        title,
        new_statement(trust, statement),
        opens=f"{service}, for whatever it does in account {account}{narrow}",
    )


def _sent(decision: Decision) -> dict[str, Any]:
    """The guard against confused deputies that the call itself passes (R2.10)."""
    found: dict[str, Any] = {}
    for operator, key in (("StringEquals", "aws:SourceAccount"), ("ArnLike", "aws:SourceArn")):
        value = decision.call.overrides.get(key.lower())
        if isinstance(value, Present) and len(value.values) == 1:
            found[operator] = {key: value.values[0]}
    return found
