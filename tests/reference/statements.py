"""Sections 1.3, 1.6 and 2 of the rules: which statements apply, and how they name the caller."""

import json
from typing import Any, NamedTuple
from urllib.parse import unquote

from tests.reference.operators import (
    Keys,
    Readings,
    as_list,
    conditions_hold,
    glob,
    literal,
    resource,
)


class Request(NamedTuple):
    """What a statement is held against."""

    caller: dict
    action: str
    resource: str
    keys: Keys
    readings: Readings


def matching(documents: list[Any], effect: str, request: Request) -> set[str]:
    """Match forms of the statements that apply: strong, role, account (section 1.3), or any."""
    forms = set()
    for document in documents:
        parsed = json.loads(unquote(document)) if isinstance(document, str) else document
        variables = parsed.get("Version") == "2012-10-17"  # R6.10
        for statement in as_list(parsed["Statement"]):
            if statement["Effect"] == effect and applies(statement, request, variables):
                forms.add(principal_form(statement, request.caller))
    return forms - {""}


def applies(statement: dict, request: Request, variables: bool) -> bool:
    """Action, Resource and Condition; a trust policy has no Resource (R1.4)."""
    action, keys = request.action.lower(), request.keys

    def acts(patterns: Any) -> bool:  # R6.12: action names are case-insensitive
        return any(glob(literal(p.lower()), action) for p in as_list(patterns))

    def covers(patterns: Any) -> bool:
        return any(resource(p, request.resource, keys, variables) for p in as_list(patterns))

    if "Action" in statement and not acts(statement["Action"]):
        return False
    if "NotAction" in statement and acts(statement["NotAction"]):
        return False
    if "Resource" in statement and not covers(statement["Resource"]):
        return False
    if "NotResource" in statement and covers(statement["NotResource"]):
        return False
    return conditions_hold(statement.get("Condition", {}), keys, variables, request.readings)


def principal_form(statement: dict, caller: dict) -> str:
    """Section 2.1: how the statement names the caller; '' when it does not."""
    if "NotPrincipal" in statement:
        return not_principal_form(statement["NotPrincipal"], caller)
    principal = statement.get("Principal", "*")
    if principal == "*":  # everyone, unsigned callers too (C-2, U-20)
        return "strong"
    if "service" in caller and "*" in as_list(principal.get("AWS", [])):
        return "strong"  # everyone as well; only unsigned callers are not (C-2)
    for kind in ("Service", "Federated"):
        if kind.lower() in caller:
            return "strong" if caller[kind.lower()] in as_list(principal.get(kind, [])) else ""
    named = set(as_list(principal.get("AWS", [])))  # R2.1; ids of deleted ones never match (R2.5)
    if named & {"*", caller["arn"]}:
        return "strong"
    if caller["principal_arn"] in named:
        return "role"
    return "account" if named & caller["account_names"] else ""


def not_principal_form(exempt: dict, caller: dict) -> str:
    """R1.29: role ARN, session ARN and account have to be listed; a boundary voids it all."""
    named = set(as_list(exempt.get("AWS", [])))
    listed = {caller["arn"], caller["principal_arn"]} <= named
    listed = listed and bool(caller["account_names"] & named)
    return "" if listed and "PermissionsBoundary" not in caller["record"] else "any"
