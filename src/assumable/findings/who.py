"""Conditions that tell one caller from all others, and names for what is edited."""

from typing import Any

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.match import StatementTrace
from assumable.model.assertion import scalar
from assumable.model.call import (
    RoleCaller,
    SamlCaller,
    ServiceCaller,
    UserCaller,
    WebIdentityCaller,
)
from assumable.model.policy import Layer


def key_of_caller(decision: Decision) -> tuple[str, str, str] | None:
    """Operator, key and value that hold for this caller alone; None where nothing tells it apart.

    A session is known by its role, a token by issuer and subject, an assertion by its provider.
    Every key is absent from the calls of other kinds of callers, so that the negated operator is
    true of them (R6.5).
    """
    caller, known = decision.call.caller, decision.facts.principal_arn
    if isinstance(caller, UserCaller | RoleCaller) and isinstance(known, str):
        return "ArnEquals", "aws:PrincipalArn", known
    if isinstance(caller, ServiceCaller):
        return "StringEquals", "aws:PrincipalServiceName", caller.principal
    if isinstance(caller, WebIdentityCaller):
        subject = scalar(caller.claims.get("sub"))
        issuer = decision.call.issuer
        return ("StringEquals", f"{issuer}:sub", subject) if subject and issuer else None
    if isinstance(caller, SamlCaller):
        provider = arn.parse(decision.call.identity_provider)
        return (
            ("StringEquals", "saml:doc", f"{provider.account}/{provider.name}")
            if provider is not None
            else None
        )
    return None


NEGATED = {"ArnEquals": "ArnNotEquals", "StringEquals": "StringNotEquals"}


def who_is(decision: Decision) -> str:
    """Whom `key_of_caller` tells apart, in words."""
    caller = decision.call.caller
    found = key_of_caller(decision)
    if isinstance(caller, UserCaller | RoleCaller) and found is not None:
        mine = f"{arn.display_name(found[2])} of account {decision.call.caller_account}"
        return f"every session of {mine}" if isinstance(caller, RoleCaller) else mine
    if isinstance(caller, ServiceCaller):
        return caller.principal
    if isinstance(caller, WebIdentityCaller) and found is not None:
        return f"tokens of {decision.call.issuer} for {found[2]}"
    if isinstance(caller, SamlCaller):
        return f"everyone who signs in through {arn.display_name(decision.call.identity_provider)}"
    return "everyone whom it concerns"


def with_condition(conditions: Any, operator: str, key: str, value: str) -> dict[str, Any] | None:
    """A condition block that asks for one thing more; None where it tests the key so already."""
    changed = dict(conditions or {})
    name = next((name for name in changed if name.lower() == operator.lower()), operator)
    block = changed.get(name, {})
    if any(known.lower() == key.lower() for known in block):
        return None
    return {**changed, name: {**block, key: value}}


def spot_of(trace: StatementTrace) -> str:
    """The statement among all that may deny one call, as part of the id of a fix."""
    name = trace.policy.name
    whose = {Layer.TRUST: "trust", Layer.VPC_ENDPOINT: name.owner, Layer.SESSION: "session"}
    return f"{whose.get(name.layer, name.name)}-{trace.statement.index + 1}"
