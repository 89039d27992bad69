"""A naive two-valued evaluator of AssumeRole* calls, written straight from the rules.

`decide(scenario)` is True when STS would issue credentials and False when it would not, for a
scenario in which everything is known. It knows no "maybe", keeps no trace and is not fast: its
only purpose is to be comparable with the text, rule by rule (R1.7 and so on), and it shares no
code with the engine.
"""

import itertools

from tests.reference import parameters, tokens
from tests.reference.chains import single_calls
from tests.reference.keys import finished, proof_keys, request_keys, supplied_by_service
from tests.reference.operators import Readings, moment
from tests.reference.statements import Request, matching
from tests.reference.world import (
    RCP,
    SCP,
    SERVICE_LINKED,
    boundary_policies,
    endpoint_policies,
    find_caller,
    find_role,
    identity_policies,
    org_levels,
    region_serves,
    session_policies,
    suspended,
)

NEVER = ("root", "federated")  # R1.19, R1.25
MAIN_ACTIONS = {"web": "sts:AssumeRoleWithWebIdentity", "saml": "sts:AssumeRoleWithSAML"}


def decide_all(scenario: dict) -> set[bool]:
    """Outcomes over every reading of U-6, U-10, U-11 and C-8."""
    return explore(scenario, {})


def explore(scenario: dict, chosen: dict[str, bool]) -> set[bool]:
    """The outcome under these readings, and under all others of the items that it asked for."""
    readings = Readings(chosen)
    outcomes = {passes(scenario, readings)}
    open_items = sorted(readings.asked - chosen.keys())
    for values in itertools.product((False, True), repeat=len(open_items)):
        if any(values):
            outcomes |= explore(scenario, chosen | dict(zip(open_items, values, strict=True)))
    return outcomes


def decide(
    scenario: dict, *, u6: bool = False, u10: bool = False, u11: bool = False, c8: bool = False
) -> bool:
    """The outcome under one reading of the open items."""
    return passes(scenario, Readings({"u6": u6, "u10": u10, "u11": u11, "c8": c8}))


def passes(scenario: dict, readings: Readings) -> bool:
    """All hops of a chain together; a single call is decided as it stands."""
    if "chain" in scenario["call"]:
        return all(passes_hop(hop, readings) for hop in single_calls(scenario))
    return passes_hop(scenario, readings)


def passes_hop(scenario: dict, readings: Readings) -> bool:
    """Section 1.8: True = allowed, False = denied."""
    call = scenario["call"]
    session = call["caller"].get("session", {})
    role = find_role(scenario)
    caller = find_caller(scenario, role) if role else None
    if role is None or caller is None or caller["kind"] in NEVER:  # R7.2
        return False
    if "expires_at" in session and moment(session["expires_at"]) <= moment(scenario["time"]):
        return False  # section 0, step 3
    if caller.get("partition", role["partition"]) != role["partition"]:  # R1.18
        return False
    if suspended(scenario, role["account"]) or not region_serves(scenario, caller, role):
        return False
    if not tokens.accepted(scenario, caller, role):
        return False
    params = call["parameters"] | tokens.asserted(call)
    params |= supplied_by_service(caller, params)
    params = {name: value for name, value in params.items() if value is not None}
    if not parameters.valid(params, caller, role, session):
        return False
    return parameters.valid_mfa(call, caller) and all(
        passes_action(action, scenario, caller, role, params, readings)
        for action in required_actions(caller, params, session)  # each on its own (R1.5)
    )


def required_actions(caller: dict, params: dict, session: dict) -> list[str]:
    """Section 3.1."""
    actions = [MAIN_ACTIONS.get(caller["kind"], "sts:AssumeRole")]
    inherited = session.get("transitive_tag_keys")
    if params.get("Tags") or params.get("TransitiveTagKeys") or inherited:  # R9.2, C-9
        actions.append("sts:TagSession")
    if params.get("SourceIdentity") or session.get("source_identity"):  # R9.4
        actions.append("sts:SetSourceIdentity")
    if params.get("ProvidedContexts"):
        actions.append("sts:SetContext")
    return actions


def passes_action(
    action: str, scenario: dict, caller: dict, role: dict, params: dict, readings: Readings
) -> bool:
    """One required action, with the keys that it has."""
    keys = request_keys(scenario, caller, role, params, action, readings)
    overrides, proof = scenario["call"].get("context", {}), proof_keys(params)
    seen = proof if proof and readings["u10"] else {}
    role_side = Request(caller, action, role["arn"], finished(keys | proof, overrides), readings)
    caller_side = role_side._replace(keys=finished(keys | seen, overrides))
    if caller["kind"] in ("service", "web", "saml"):
        return authorized_by_role(scenario, role, role_side)
    return authorized(scenario, role, role_side, caller_side)


def authorized_by_role(scenario: dict, role: dict, request: Request) -> bool:
    """Callers without an identity side: services (R1.20), tokens and assertions (R1.21)."""
    trust = role["record"]["AssumeRolePolicyDocument"]
    service = request.caller["kind"] == "service"
    endpoint = None if service else endpoint_policies(scenario)  # R5.11
    layers = [[trust], *([] if endpoint is None else [endpoint])]
    if any(matching(layer, "Deny", request) for layer in [*layers, *rcps(scenario, role, request)]):
        return False
    return all(matching(layer, "Allow", request) for layer in layers)


def rcps(scenario: dict, role: dict, request: Request) -> list[list[dict]]:
    """Only their Denies count (R1.9, R1.11); none for service-linked roles (R1.2 table, R1.23)."""
    exempt = role["path"].startswith(SERVICE_LINKED) or request.caller["linked"]
    return [] if exempt else org_levels(scenario, role["account"], RCP)


def authorized(scenario: dict, role: dict, role_side: Request, caller_side: Request) -> bool:
    """One action of section 1.8: the deny sweep, then every layer that needs an Allow."""
    caller = role_side.caller
    trust = [role["record"]["AssumeRolePolicyDocument"]]
    forms = matching(trust, "Allow", role_side)
    denying = [trust, *rcps(scenario, role, role_side)]
    if any(matching(layer, "Deny", role_side) for layer in denying):  # R1.1
        return False

    account = scenario["accounts"][caller["account"]]
    scps = [] if caller["linked"] else org_levels(scenario, caller["account"], SCP)  # R1.6, R1.8
    identity = identity_policies(account, caller)
    boundary = boundary_policies(account, caller)
    session = session_policies(account, scenario["call"]["caller"].get("session", {}))
    endpoint = endpoint_policies(scenario)
    caps = [layer for layer in (boundary, session) if layer is not None]
    always = [*scps, *([] if endpoint is None else [endpoint])]  # R1.7, R1.30
    if any(matching(layer, "Deny", caller_side) for layer in [*always, identity, *caps]):  # R1.13
        return False
    if not forms or not all(matching(layer, "Allow", caller_side) for layer in always):  # R1.3
        return False
    within_caps = all(matching(layer, "Allow", caller_side) for layer in caps)
    if caller["account"] == role["account"]:  # table of section 1.3, R1.12
        if "strong" in forms:  # user ARN, session ARN, *
            return True
        if "role" in forms:
            return within_caps
    return within_caps and bool(matching(identity, "Allow", caller_side))  # R1.15, R1.16
