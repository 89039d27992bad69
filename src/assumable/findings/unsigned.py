"""A Deny that catches unsigned calls by keys that they do not have (R1.31)."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy
from assumable.findings.guards import personal_guards_of, tests_subjects
from assumable.findings.who import spot_of, with_condition
from assumable.model.policy import Effect
from assumable.source import value_at

_IS_SERVICE = "aws:principalisawsservice"


def unsigned_fixes(decision: Decision, blame: Blame, slug: str) -> Iterator[Fix]:
    """Ask whether a service calls of signed calls only: of all others the key is absent.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sts_vpc_endpoint_policies.html
    """
    trace = blame.trace
    if decision.call.is_signed or trace is None or trace.truth is not True:
        return
    if trace.statement.effect is not Effect.DENY or personal_guards_of(trace.statement):
        return
    if tests_subjects(trace.statement):
        return  # whoever has a token would be let past, whatever its subject
    for condition in trace.statement.conditions:
        loose = condition.base == "bool" and condition.if_exists and not condition.qualifier
        if condition.key.lower() != _IS_SERVICE or not loose:
            continue
        pointer = f"{trace.statement.pointer}/Condition"
        block = dict(value_at(trace.policy.document, pointer))
        asked = block.pop(condition.operator)
        rest = {key: value for key, value in asked.items() if key != condition.key}
        if rest:
            block[condition.operator] = rest
        changed = with_condition(block, "Bool", condition.key, asked[condition.key])
        if changed is None:
            continue
        yield change_policy(
            trace.policy,
            f"{slug}/signed-only/{spot_of(trace)}",
            f"let {trace.statement.label} of {trace.policy.name.name} stop signed calls only: Bool "
            "instead of BoolIfExists",
            ({"op": "replace", "path": pointer, "value": changed},),
            opens="everyone with a token or an assertion whom a trust policy lets in; signed calls "
            "are denied as before",
        )
        return
