"""What findings say about AWS services: near names, code inside a service, confused deputies."""

import difflib
from collections.abc import Iterator
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.services import (
    POD_IDENTITY,
    SERVICES,
    SOURCE_KEYS,
    Service,
    could_be_for,
    parts_of,
    service_of,
)
from assumable.findings.blame import Blame
from assumable.findings.finding import CALLER, Fix, Target
from assumable.findings.fix import change_policy
from assumable.findings.report import actions_needed, exact_principal, new_statement
from assumable.model.call import Absent, RoleCaller
from assumable.model.policy import Condition, Effect, Policy, PrincipalEntry, Statement
from assumable.model.world import Role
from assumable.source import value_at

_SIMILAR = 0.8
WEB_IDENTITY = "sts:assumerolewithwebidentity"
# The nearest principal is the one with the most telling difference: first in this order.
VARIANTS = ("kind", "regional", "partition", "near-name", "other-service")


class NearestService(msgspec.Struct, frozen=True):
    """The principal that comes closest to naming the calling service."""

    variant: str
    entry: PrincipalEntry
    statement: Statement


def called(principal: str) -> str:
    """A service in words with its principal, where it is a known one."""
    service = SERVICES.get(principal)
    return f"{principal} ({service.what})" if service else principal


def nearest_service(trust: Policy, calling: str) -> NearestService | None:
    """The nearest of all services that the trust policy allows anything."""
    found = [
        NearestService(variant, entry, statement)
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for entry in statement.principals or ()
        if (variant := variant_of(entry, calling))
    ]

    def rank(nearest: NearestService) -> tuple[int, float]:
        similar = difflib.SequenceMatcher(None, nearest.entry.value, calling).ratio()
        return VARIANTS.index(nearest.variant), -similar

    return min(found, key=rank, default=None)


def variant_of(entry: PrincipalEntry, calling: str) -> str:
    """What makes a principal differ from the calling service; empty when it is no service."""
    if entry.kind == "AWS" and entry.value == calling:
        return "kind"
    if entry.kind != "Service":
        return ""
    theirs, mine = parts_of(entry.value), parts_of(calling)
    if theirs is not None and mine is not None and theirs.name == mine.name:
        return "partition" if theirs.suffix != mine.suffix else "regional"
    plain, dot = entry.value.strip().rstrip(".").lower(), "."
    near = difflib.SequenceMatcher(None, plain, calling).ratio() >= _SIMILAR
    prefix = calling.startswith(plain + dot)
    is_typo = entry.value not in SERVICES and (near or prefix)
    return "near-name" if is_typo else "other-service"


def is_written_for_web_identity(decision: Decision, trust: Policy) -> bool:
    """Whether the trust policy is the one of IRSA, while EKS Pod Identity calls (R9.8)."""
    actions = {
        action.lower()
        for statement in trust.statements
        if any(entry.kind == "Federated" for entry in statement.principals or ())
        for action in statement.actions
    }
    return decision.call.caller.arn == POD_IDENTITY and WEB_IDENTITY in actions


def inside_service(decision: Decision, trust: Policy) -> str:
    """Why a session of a role is not the service that the trust policy names (R2.10)."""
    if not isinstance(decision.call.caller, RoleCaller):
        return ""
    principals = {
        entry.value
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for entry in statement.principals or ()
        if entry.kind == "Service"
    }
    own = decision.facts.principal.trust if isinstance(decision.facts.principal, Role) else None
    mine = [p for p in sorted(principals) if isinstance(own, Policy) and could_be_for(own, (p,))]
    named = mine or sorted(principals)
    if not named:
        return ""
    how = f", which {called(mine[0])} delivered to it" if mine else ""
    return (
        f"; it names the service {named[0]}, but code that runs inside a service calls with the "
        f"credentials of its role{how}, not as the service: name the role instead"
    )


def about_source(decision: Decision, condition: Condition) -> str:
    """Why a confused-deputy key is absent, for those who expect it to be there (R2.10)."""
    if condition.key.lower() not in SOURCE_KEYS:
        return ""
    if is_only_likely(decision, condition):
        return "; if the service does send it, say so with `context`"
    if isinstance(decision.call.caller, RoleCaller):
        return (
            "; code that runs inside a service calls with the credentials of its role, so the "
            "role must be named instead"
        )
    return ""


def is_only_likely(decision: Decision, condition: Condition) -> bool:
    """Whether a key counts as not sent merely because nobody says that it is."""
    key, service = condition.key.lower(), service_of(decision.call)
    return key in SOURCE_KEYS and service is not None and key not in decision.call.overrides


def source_fixes(decision: Decision, blame: Blame, condition: Condition | None) -> Iterator[Fix]:
    """A statement of its own for a caller that cannot send the confused-deputy keys."""
    if condition is None or blame.trace is None or condition.key.lower() not in SOURCE_KEYS:
        return
    caller, service = decision.call.caller, service_of(decision.call)
    exact, context = exact_principal(decision), blame.gate.context
    absent = context is not None and isinstance(context.get(condition.key), Absent)
    if not absent or (service is None and exact is None):
        return
    unsaid = is_only_likely(decision, condition)
    if unsaid and service is not None and condition.key.lower() in service.sends:
        yield _to_be_said(caller.arn, condition.key, service)
        return  # the service passes the guard once `context` says what it sends
    principal = {"Service": caller.arn} if service is not None else {"AWS": exact}
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": actions_needed(decision),
    }
    kept = _other_conditions(blame)
    if kept:
        statement["Condition"] = kept
    keys = dict.fromkeys(c.key for c in blame.trace.statement.conditions if _is_of_source(c))
    why = f"without {' and '.join(keys)}, which it does not send"
    if unsaid:
        them = "it" if len(keys) == 1 else "them"
        why = f"without {' and '.join(keys)}; first tell with `context` whether it sends {them}"
    yield change_policy(
        blame.trace.policy,
        "trust-condition/without-source",
        f"allow {caller.arn if service is not None else exact} apart, {why}",
        new_statement(blame.trace.policy, statement),
        opens=_opens(decision, service, exact or ""),
    )


def _is_of_source(condition: Condition) -> bool:
    return condition.key.lower() in SOURCE_KEYS


def _to_be_said(principal: str, key: str, service: Service) -> Fix:
    """What the reader has to say before anything is edited: the guard is one that can be met."""
    documented = f"https://docs.aws.amazon.com/{service.page}" if service.page else "AWS"
    return Fix(
        id=f"trust-condition/say-{key}",
        title=f"first tell with `context` what {principal} sends as {key}: that it sends it is "
        f"documented ({documented})",
        owner=CALLER,
        safety="display",
        target=Target(kind="call"),
        commands=(f"# ask again with context: {{{key}: …}}",),
        opens="nothing: only what is known changes",
        remark="only you can tell what the service sends",
    )


def _opens(decision: Decision, service: Service | None, exact: str) -> str:
    if service is not None:
        return (
            f"{decision.call.caller.arn}, for every account that it acts for: the guard against "
            "confused deputies is gone for this service"
        )
    whose = f"{arn.display_name(exact)} of account {decision.call.caller_account}"
    return f"every session of {whose}, whatever it runs in"


def _other_conditions(blame: Blame) -> dict[str, Any]:
    """The conditions of the statement without the confused-deputy keys."""
    assert blame.trace is not None  # noqa: S101  # the caller has looked
    found = value_at(blame.trace.policy.document, blame.trace.statement.pointer).get("Condition")
    kept = {
        operator: {key: value for key, value in block.items() if key.lower() not in SOURCE_KEYS}
        for operator, block in (found or {}).items()
    }
    return {operator: block for operator, block in kept.items() if block}
