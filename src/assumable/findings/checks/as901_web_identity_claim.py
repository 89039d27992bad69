"""AS901: a condition on a token's claim does not hold, or its roles claim rules the role out."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings.blame import Blame
from assumable.findings.claims import Miss, miss
from assumable.findings.federated import provider_fixes
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.near import about_subject
from assumable.findings.report import appended, finding, where
from assumable.model.policy import Condition, Policy
from assumable.source import escape, value_at

CAUSE = Cause(
    "AS901",
    "web-identity-claim",
    Row.TRUST,
    "the token does not carry what the trust policy asks for",
)
_ROLES = (
    "the token may be used for the roles in its claim https://aws.amazon.com/roles only, and "
    "{role} is not one of them; names are compared exactly, and no policy can widen the list"
)


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with what the token carries instead."""
    condition = blame.element.condition if blame.element else None
    if condition is None or blame.gate.context is None:
        return finding(
            CAUSE,
            blame,
            _ROLES.format(role=decision.call.role_arn),
            title="the token is not meant for this role",
            facts=("R5.8",),
        )
    found = miss(decision, blame.gate.context, condition)
    wanted = " or ".join(f"`{value}`" for value in condition.values)
    return finding(
        CAUSE,
        blame,
        f"{where(blame)} asks that {blame.variant} is {wanted}, {found.explanation}"
        f"{about_subject(condition.values, found.got)}",
        variant=found.variant,
        fixes=tuple(_fixes(decision, blame, condition, found)),
        facts=("R5.12", "R5.14"),
    )


def _fixes(decision: Decision, blame: Blame, condition: Condition, found: Miss) -> Iterator[Fix]:
    """Test the claim that was meant, or accept the value that the token has."""
    if blame.trace is None or condition.base == "null" or OPERATORS[condition.base].negated:
        return
    policy = blame.trace.policy
    claim = condition.key.rpartition(":")[2]
    if found.variant == "other-issuer" and len(blame.trace.statement.principals or ()) > 1:
        # the key may serve the tokens of another provider that the statement names
        yield from provider_fixes(decision, policy, None)
    elif found.rename:
        yield from _rename(policy, condition, found.rename)
    elif found.got and found.variant != "not-a-key":
        yield change_policy(
            policy,
            f"web-identity-claim/accept-{claim}",
            f"accept {condition.key} = {found.accept} as well",
            appended(policy, condition.pointer, found.accept),
            opens=f"tokens of this provider whose {claim} is {_exactly(found)}",
        )


def _exactly(found: Miss) -> str:
    return f"exactly {found.accept}" if found.accept == found.got else f"like {found.accept}"


def _rename(policy: Policy, condition: Condition, key: str) -> Iterator[Fix]:
    operator = condition.pointer.rpartition("/")[0]
    block = value_at(policy.document, operator)
    if any(name.lower() == key.lower() for name in block):
        return  # the statement tests that key already
    edit = (
        {"op": "remove", "path": condition.pointer},
        {
            "op": "add",
            "path": f"{operator}/{escape(key)}",
            "value": value_at(policy.document, condition.pointer),
        },
    )
    yield change_policy(
        policy,
        f"web-identity-claim/test-{key.rpartition(':')[2]}",
        f"test {key} instead of {condition.key}",
        edit,
        opens=f"tokens whose {key} is what the condition asks for",
    )
