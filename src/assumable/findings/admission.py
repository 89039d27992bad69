"""Edits of a trust policy that name the caller: its session, itself, or its whole account."""

from collections.abc import Iterator
from typing import Any

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.rules import action_matches
from assumable.findings import deleted, identity_center
from assumable.findings.blame import Blame
from assumable.findings.finding import Edit, Fix
from assumable.findings.fix import change_policy
from assumable.findings.near_principal import Nearest, is_generated
from assumable.findings.report import actions_needed, appended, exact_principal, new_statement
from assumable.model.call import RoleCaller, RootCaller
from assumable.model.policy import Policy, Statement


def admissions(
    decision: Decision, blame: Blame, trust: Policy, nearest: Nearest | None
) -> Iterator[Fix]:
    """From the narrowest to the widest; nothing for callers that no trust policy lets in."""
    exact = exact_principal(decision)
    if exact is None or isinstance(decision.call.caller, RootCaller):
        return
    whose = f"{arn.display_name(exact)} of account {decision.call.caller_account}"
    is_session = isinstance(decision.call.caller, RoleCaller)
    opens = f"every session of {whose}" if is_session else f"{whose}, nobody else"
    session = decision.call.caller.arn
    named_so = nearest is not None and nearest.variant == "session-name"
    if named_so and not is_generated(session.rpartition("/")[2]):
        yield change_policy(
            trust,
            "trust-principal/name-the-session",
            f"name {session} in the trust policy",
            _edit(decision, blame, trust, nearest, session),
            opens="sessions of that role with exactly this name",
        )
    yield change_policy(
        trust,
        "trust-principal/name-the-caller",
        f"name {exact} in the trust policy",
        _edit(decision, blame, trust, nearest, exact),
        opens=opens,
    )
    named = deleted.name_of(decision, nearest.entry.value) if nearest else ""
    if nearest is not None and identity_center.are_of_one_set(
        exact.rpartition("/")[2], identity_center.role_of(named)
    ):
        yield from identity_center.fixes(decision, trust, nearest.statement, exact)
    parts, account = arn.parse(exact), decision.call.caller_account
    root = f"arn:{parts.partition if parts else 'aws'}:iam::{account}:root"
    yield change_policy(
        trust,
        "trust-principal/name-the-account",
        f"trust the whole account: {root}",
        _edit(decision, blame, trust, nearest, root),
        opens=f"everyone in account {account} whom an administrator there permits sts:AssumeRole "
        "on this role",
    )


def _edit(
    decision: Decision, blame: Blame, trust: Policy, nearest: Nearest | None, principal: str
) -> Edit:
    """Correct the principal that was meant, else add to the closest statement, else a new one."""
    if (
        nearest is not None
        and nearest.is_dead(decision)
        and _allows_call(decision, nearest.statement)
    ):
        place = f"{nearest.statement.pointer}/Principal/AWS"
        without = deleted.without_ids(trust, place, principal, instead_of=nearest.entry.value)
        return without or ({"op": "replace", "path": nearest.entry.pointer, "value": principal},)
    statement = blame.trace.statement if blame.trace else None
    if statement is not None and not statement.not_principal and _allows_call(decision, statement):
        pointer = f"{statement.pointer}/Principal/AWS"
        if any(entry.kind == "AWS" for entry in statement.principals or ()):
            without = deleted.without_ids(trust, pointer, principal)
            return without or appended(trust, pointer, principal)
    new: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": actions_needed(decision),
    }
    return new_statement(trust, new)


def _allows_call(decision: Decision, statement: Statement) -> bool:
    return action_matches(statement, decision.facts.required_actions[0])
