"""The Allow that a cap lacks: of an SCP level, a boundary, a session or an endpoint.

On exactly the actions and the role of the call; a cap grants nothing by itself.
"""

from collections.abc import Iterator
from typing import Any

from assumable.engine.evaluate import Decision
from assumable.engine.gates import Outcome
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import attach_scp, change_policy, is_editable
from assumable.findings.guards import gone_round
from assumable.findings.report import actions_needed, new_statement, role_name
from assumable.findings.wanted import request_fixes_of_allow
from assumable.findings.who import key_of_caller, who_is
from assumable.model.policy import Policy

_SCP_NAME = "Allow-{role}"


def cap_fixes(decision: Decision, blame: Blame, slug: str, *, opens: str) -> Iterator[Fix]:
    """Send what its Allow asks for, or let the first policy of it that can be edited allow it."""
    if blame.gate.outcome is not Outcome.IMPLICIT_DENY:
        return
    yield from _of_request(decision, blame, slug)
    yield from _edits(decision, blame, slug, opens=opens)


def _of_request(decision: Decision, blame: Blame, slug: str) -> Iterator[Fix]:
    failing = [element.condition for element in blame.trace.failing] if blame.trace else []
    asked = [condition for condition in failing if condition is not None]
    for condition in asked if len(asked) == len(failing) else ():
        yield from request_fixes_of_allow(decision, blame, condition, slug)


def _edits(decision: Decision, blame: Blame, slug: str, *, opens: str) -> Iterator[Fix]:
    for policy in _editable(blame):
        yield change_policy(
            policy,
            f"{slug}/allow-this-role",
            f"let {policy.name.name} allow the call on exactly {decision.call.role_arn}",
            new_statement(policy, _statement(decision)),
            opens=opens + gone_round(blame.trace),
        )
        return


def scp_fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """The same of a level of the organization, with a policy of its own where it has none."""
    level = blame.gate.level
    if blame.gate.outcome is not Outcome.IMPLICIT_DENY or not level:
        return
    opens = (
        f"principals of every account to which the policy applies, {decision.call.caller_account} "
        "among them, that are permitted to assume this role besides"
    )
    yield from _of_request(decision, blame, f"scp/{level}")
    found = list(_edits(decision, blame, f"scp/{level}", opens=opens))
    if found:
        yield from found
        return
    yield attach_scp(
        level,
        _SCP_NAME.format(role=role_name(decision))[:120],
        allowance(decision),
        blame.gate.account,
        f"scp/{level}/attach",
        f"attach a policy to {level} that allows the call on exactly {decision.call.role_arn}",
        opens=opens + gone_round(blame.trace),
    )


def endpoint_fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """The same of a VPC endpoint, for exactly this caller.

    Every principal, limited by a condition: `{"AWS": "*"}` would leave bearers of tokens out
    (R1.32).
    """
    found = key_of_caller(decision)
    if blame.gate.outcome is not Outcome.IMPLICIT_DENY or found is None:
        return
    operator, key, value = found
    yield from _of_request(decision, blame, "vpc-endpoint-policy")
    statement = {
        **_statement(decision),
        "Principal": "*",
        "Condition": {operator: {key: value}},
    }
    for policy in _editable(blame):
        yield change_policy(
            policy,
            "vpc-endpoint-policy/allow-this-call",
            f"let the endpoint pass {who_is(decision)} on to exactly {decision.call.role_arn}",
            new_statement(policy, statement),
            opens=f"{who_is(decision)}, for this role only, where the other policies allow it"
            f"{gone_round(blame.trace)}",
        )
        return


def allowance(decision: Decision) -> dict[str, Any]:
    """A policy of its own that allows the call on exactly its role."""
    return {"Version": "2012-10-17", "Statement": [_statement(decision)]}


def _statement(decision: Decision) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": actions_needed(decision),
        "Resource": decision.call.role_arn,
    }


def _editable(blame: Blame) -> list[Policy]:
    """The policies of the gate that somebody can edit, that of the closest statement first."""
    closest = blame.trace.policy if blame.trace is not None else None
    mine = [
        policy
        for policy in blame.gate.policies
        if isinstance(policy, Policy) and is_editable(policy)
    ]
    return sorted(mine, key=lambda policy: policy is not closest)
