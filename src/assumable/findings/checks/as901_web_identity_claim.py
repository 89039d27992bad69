"""AS901: a condition on a token's claim does not hold, or its roles claim rules the role out."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from assumable.engine.evaluate import Decision
from assumable.engine.match import StatementTrace
from assumable.engine.operators import OPERATORS
from assumable.findings.blame import Blame
from assumable.findings.claims import Miss, is_key_today, miss
from assumable.findings.federated import provider_fixes
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.meant import about_pod
from assumable.findings.near import about_subject
from assumable.findings.report import accepted, finding, where
from assumable.findings.who import key_of_caller
from assumable.globs import has_wildcard
from assumable.model.policy import Condition, Policy
from assumable.source import escape, value_at

CAUSE = Cause(
    "AS901",
    "web-identity-claim",
    Row.TRUST,
    "the token does not carry what the trust policy asks for",
)
_PARTS = 2
"""The colons of a subject after which a wildcard leaves open less than whose it is."""
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
    claim = blame.variant.rpartition(":")[2]
    wanted = " or ".join(f"`{value}`" for value in condition.values)
    return finding(
        CAUSE,
        blame,
        f"{where(blame)} asks that {blame.variant} is {wanted}, {found.explanation}"
        f"{about_subject(condition.values, found.got)}{about_pod(condition.values, found.got)}",
        variant=found.variant,
        title=f"the condition on {claim} is on a key of another issuer"
        if found.variant == "other-issuer"
        else f"the token's {claim} is not what the trust policy asks for",
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
    elif found.variant == "not-a-key":
        yield from _drop_dead_keys(decision, blame, blame.trace)
    elif found.got and found.variant != "not-a-key":
        edit, how = accepted(policy, condition, found.accept)
        yield change_policy(
            policy,
            f"web-identity-claim/accept-{claim}",
            f"accept {condition.key} = {found.accept} {how}",
            edit,
            opens=f"tokens of this provider whose {claim} is {_exactly(found)}",
        )


def _drop_dead_keys(decision: Decision, blame: Blame, trace: StatementTrace) -> Iterator[Fix]:
    """Test the subject instead of claims that never are condition keys, unless it is tested.

    Conditions of a statement are joined by And: while one of them can never hold, none lets anybody
    in, and what remains has to guard the role alone.
    """
    dead = [
        element.condition
        for element in trace.failing
        if element.condition is not None
        and element.condition.base != "null"
        and not OPERATORS[element.condition.base].negated
        and blame.gate.context is not None
        and miss(decision, blame.gate.context, element.condition).variant == "not-a-key"
    ]
    document, pointer = trace.policy.document, f"{trace.statement.pointer}/Condition"
    block = {name: dict(asked) for name, asked in value_at(document, pointer).items()}
    edit: list[dict[str, Any]] = []
    for condition in dead:
        block[condition.operator].pop(condition.key)
        edit.append({"op": "remove", "path": condition.pointer})
    empty = {name for name, asked in block.items() if not asked}
    edit = [op for op in edit if op["path"].rpartition("/")[0] not in _under(pointer, empty)]
    edit += [{"op": "remove", "path": path} for path in _under(pointer, empty)]
    names = " and ".join(condition.key for condition in dead)
    opens = f"tokens that meet the other conditions of the statement, whatever {names} would say"
    never = "which could not hold then" if _holds_today(decision, dead) else "which can never hold"
    title = f"drop the condition on {names}, {never}"
    if not any(_guards_subject(condition) for condition in trace.statement.conditions):
        found = key_of_caller(decision)
        if found is None:
            return
        operator, key, value = found
        title = f"test {key} = {value} instead of {names}, {never}"
        opens = f"tokens of this provider whose subject is exactly {value}"
        place = f"{pointer}/{operator}"
        into = operator in block and operator not in empty
        edit.append(
            {"op": "add", "path": f"{place}/{escape(key)}", "value": value}
            if into
            else {"op": "add", "path": place, "value": {key: value}}
        )
    yield change_policy(
        trace.policy, "web-identity-claim/drop-dead-keys", title, tuple(edit), opens=opens
    )


def _holds_today(decision: Decision, dead: Iterable[Condition]) -> bool:
    """Whether the claims are keys by now, though they were not when the call was made (R5.14a)."""
    claims = (condition.key.lower().rpartition(":")[2] for condition in dead)
    return any(is_key_today(decision.call, claim) for claim in claims)


def _under(pointer: str, names: Iterable[str]) -> list[str]:
    return [f"{pointer}/{escape(name)}" for name in sorted(names)]


def _guards_subject(condition: Condition) -> bool:
    """Whether a condition tells subjects apart: it holds for some that are there, not for all."""
    strict = not condition.if_exists and condition.qualifier != "forallvalues"
    if not condition.key.lower().endswith(":sub") or condition.base == "null" or not strict:
        return False
    telling = all(_is_telling(value, condition.base) for value in condition.values)
    return telling and not OPERATORS[condition.base].negated


def _is_telling(value: str, base: str) -> bool:
    """Whether a subject comes as far as whose it is: `repo:acme/`, `system:serviceaccount:web:`."""
    if "like" not in base or not has_wildcard(value):
        return True
    prefix = re.split(r"[*?]", value)[0]
    return "/" in prefix or prefix.count(":") >= _PARTS


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
