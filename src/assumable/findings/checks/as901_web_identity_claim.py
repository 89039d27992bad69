"""AS901: a condition on a token's claim does not hold."""

import re
from collections.abc import Iterator

from assumable.engine.conditions import OPERATORS
from assumable.engine.evaluate import Decision
from assumable.engine.keys.federation import is_mapped
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_policy
from assumable.findings.report import appended, finding, where
from assumable.globs import has_wildcard, matches
from assumable.model.call import Present
from assumable.model.policy import Condition

CAUSE = Cause(
    "AS901",
    "web-identity-claim",
    Row.TRUST,
    "the token does not carry what the trust policy asks for",
)
_IMMUTABLE = re.compile(r"repo:(?P<owner>[^/@]+)@\d+/(?P<name>[^:@]+)@\d+:(?P<rest>.*)")
_EXPLANATIONS = {
    "not-a-key": "which STS does not take from this provider's tokens, so it is never there",
    "wildcard-in-equals": "with a wildcard under an operator that takes it literally: `{got}` "
    "would match "
    "under StringLike",
    "case": "which differs from `{got}` only in letter case",
    "immutable-sub": "written without the numeric ids that GitHub puts into the subject of "
    "repositories "
    "created, renamed or transferred since 2026-07-15: `{got}`",
    "environment-sub": "but a job that uses an environment has the environment in its subject "
    "instead of "
    "the ref: `{got}`",
}


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with what the token carries instead."""
    condition = blame.element.condition if blame.element else None
    got = _got(blame, condition)
    variant = _variant(decision, condition, got) if condition else blame.variant
    wanted = " or ".join(f"`{value}`" for value in condition.values) if condition else ""
    tail = _EXPLANATIONS.get(
        variant, "and the token has `{got}`" if got else "and the token has none"
    )
    explanation = (
        f"{where(blame)} asks that {blame.variant} is {wanted}, {tail.format(got=', '.join(got))}"
    )
    return finding(
        CAUSE,
        blame,
        explanation,
        variant=variant,
        fixes=tuple(_fixes(blame, condition, got, variant)),
        facts=("R5.12", "R5.14"),
    )


def _got(blame: Blame, condition: Condition | None) -> tuple[str, ...]:
    if condition is None or blame.gate.context is None:
        return ()
    value = blame.gate.context.get(condition.key)
    return value.values if isinstance(value, Present) else ()


def _variant(decision: Decision, condition: Condition, got: tuple[str, ...]) -> str:
    claim = condition.key.rpartition(":")[2]
    if not is_mapped(decision.call, condition.key):
        return "not-a-key"
    text = got[0] if got else ""
    wanted = condition.values
    exact = "like" not in condition.base
    if exact and any(has_wildcard(value) and matches(value, text) for value in wanted):
        return "wildcard-in-equals"
    if any(matches(value, text, ignore_case=True) for value in wanted):
        return "case"
    found = _IMMUTABLE.fullmatch(text)
    if found is not None:
        plain = f"repo:{found['owner']}/{found['name']}:{found['rest']}"
        if any(matches(value, plain) for value in wanted):
            return "immutable-sub"
    if ":environment:" in text and any(":ref:" in value for value in wanted):
        return "environment-sub"
    return claim


def _fixes(
    blame: Blame, condition: Condition | None, got: tuple[str, ...], variant: str
) -> Iterator[Fix]:
    if condition is None or blame.trace is None or not got or variant == "not-a-key":
        return
    if OPERATORS[condition.base].negated or condition.base == "null":
        return
    yield change_policy(
        blame.trace.policy,
        f"web-identity-claim/accept-{condition.key.rpartition(':')[2]}",
        f"accept {condition.key} = {got[0]} as well",
        appended(blame.trace.policy, condition.pointer, got[0]),
        opens=f"tokens of this provider whose {condition.key.rpartition(':')[2]} is exactly "
        f"{got[0]}",
    )
