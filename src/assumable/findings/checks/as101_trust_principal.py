"""AS101: no statement of the trust policy names the caller."""

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.match import Reason
from assumable.engine.own_role import SERVICE_LINKED
from assumable.findings import deleted
from assumable.findings.admission import admissions
from assumable.findings.blame import Blame
from assumable.findings.evidence import at, default_evidence
from assumable.findings.federated import (
    NearestProvider,
    named_instead,
    nearest_provider,
    provider_fixes,
)
from assumable.findings.finding import Cause, Evidence, Finding, Row
from assumable.findings.meant import expects_token
from assumable.findings.near_principal import Nearest, explained, nearest_principal
from assumable.findings.report import caller_name, exact_principal, finding, role_name
from assumable.findings.services import inside_service
from assumable.model.call import RoleCaller
from assumable.model.policy import Policy

CAUSE = Cause("AS101", "trust-principal", Row.TRUST, "the trust policy does not name this caller")
_FACTS = {
    "self": ("R1.3", "R1.22"),
    "identity-center": ("R2.11", "R2.12"),
    "deleted-principal": ("R2.4", "R2.5"),
}


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the nearest principal as evidence."""
    trust = decision.facts.trust
    if blame.variant == SERVICE_LINKED:
        return _service_linked(decision, blame)
    if not decision.call.is_signed and isinstance(trust, Policy):
        return _federated(decision, blame, trust)
    nearest = nearest_principal(decision, trust) if isinstance(trust, Policy) else None
    variant = nearest.variant if nearest else "missing"
    if _is_self(decision):
        variant = "self"
    explanation = (
        f"no statement of the trust policy of {role_name(decision)} names {caller_name(decision)}: "
        f"{_whose(decision, nearest) or explained(decision, variant, nearest)}"
    )
    if isinstance(trust, Policy) and variant in ("missing", "other-principal"):
        explanation += inside_service(decision, trust) or expects_token(decision, trust)
    fixes = tuple(admissions(decision, blame, trust, nearest)) if isinstance(trust, Policy) else ()
    return finding(
        CAUSE,
        blame,
        explanation,
        variant=variant,
        fixes=fixes,
        evidence=_evidence(decision, blame, nearest),
        facts=_FACTS.get(variant, ("R1.3", "R2.1")),
        title=f"the trust policy of {role_name(decision)} does not name this caller",
    )


def _whose(decision: Decision, nearest: Nearest | None) -> str:
    """Whose the id is that stands where an ARN should; empty where there is none, or unknown."""
    got = nearest.entry.value if nearest else ""
    owner = deleted.owner_of(decision, got)
    if owner:
        return (
            f"`{got}` is the unique id of {owner}; a principal is named by its ARN, and IAM shows "
            "an id only of one that was deleted"
        )
    return deleted.explained(decision, got)


def _service_linked(decision: Decision, blame: Blame) -> Finding:
    """Nobody can let another principal in: the policy cannot be edited."""
    return finding(
        CAUSE,
        blame,
        f"{role_name(decision)} is a service-linked role: only the AWS service that it is linked "
        "to assumes it, and nobody can edit its trust policy; ask for a role of your own",
        facts=("R1.23",),
        title=f"{role_name(decision)} is a service-linked role",
    )


def _federated(decision: Decision, blame: Blame, trust: Policy) -> Finding:
    """The same for tokens and assertions, which are known by their provider."""
    nearest = nearest_provider(decision, trust)
    used, name = decision.call.identity_provider, role_name(decision)
    got = named_instead(decision, trust, nearest)
    return finding(
        CAUSE,
        blame,
        f"no statement of the trust policy of {name} names the identity provider `{used}`: {got}",
        variant=nearest.variant if nearest else "missing",
        fixes=tuple(provider_fixes(decision, trust, nearest)),
        evidence=_place(trust, nearest, used) if nearest else default_evidence(blame),
        facts=("R1.21", "R2.1"),
        title=f"the trust policy of {name} does not name this identity provider",
    )


def _evidence(decision: Decision, blame: Blame, nearest: Nearest | None) -> tuple[Evidence, ...]:
    if nearest is None or blame.trace is None:
        return default_evidence(blame)
    mine = str(exact_principal(decision))
    as_session = ":assumed-role/" in nearest.entry.value
    meant = decision.call.caller.arn if as_session else mine
    return _place(blame.trace.policy, nearest, mine, meant)


def _place(
    trust: Policy, nearest: Nearest | NearestProvider, got: str, meant: str = ""
) -> tuple[Evidence, ...]:
    return (
        at(
            trust,
            nearest.entry.pointer,
            statement=nearest.statement.index,
            wanted=nearest.entry.value,
            got=got,
            reason=Reason.PRINCIPAL,
            meant=meant or got,
        ),
    )


def _is_self(decision: Decision) -> bool:
    caller = decision.call.caller
    mine, target = decision.facts.principal_arn, arn.parse(decision.call.role_arn)
    if not isinstance(caller, RoleCaller) or target is None:
        return False
    same_name = caller.role_name == target.name and decision.call.same_account
    return same_name and (not isinstance(mine, str) or mine == decision.call.role_arn)
