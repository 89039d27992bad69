"""The edits of fixes on the scenario document, so that anybody can apply them and ask again."""

from collections.abc import Iterator, Sequence
from typing import Any

from assumable.findings.apply import edits_by_target, find_policy
from assumable.findings.client_patch import client_patch
from assumable.findings.finding import Edit, Fix, Target
from assumable.findings.fix import patched
from assumable.findings.quotas import ConflictError
from assumable.model.call import Call
from assumable.model.policy import Layer
from assumable.model.world import Account, Role, World
from assumable.source import value_at


def scenario_patch(fixes: Sequence[Fix], world: World, call: Call) -> Edit:
    """RFC 6902 on the scenario file that does what the fixes do; empty for other worlds."""
    if world.document is None:
        return ()
    patch: list[dict[str, Any]] = []
    for target, edit in edits_by_target(fixes).items():
        if target.kind == "client" and call.client is not None:
            patch.extend(client_patch(edit, call.client, world.document["call"]["client"]))
        elif target.kind == "call":
            patch.extend(_call_patch(target.hop, edit, world.document["call"], len(call.chain) + 1))
        elif target.kind == "network":
            patch.extend(_network_patch(edit, world.document["call"]))
        elif target.kind == "credentials":
            patch.extend({**op, "path": f"/call/caller{op['path']}"} for op in edit)
        elif target.kind == "policy":
            patch.extend(_policy_patch(target, edit, world, call))
        elif target.kind == "organization":
            patch.extend(_attachment_patch(target, edit[0]["value"], world))
        elif target.kind == "provider":
            patch.extend(_provider_patch(target, edit, world))
        else:
            patch.extend(_principal_patch(target, edit[0]["value"], world))
    return tuple(patch)


def _call_patch(hop: int, edit: Edit, call: Any, last: int) -> Iterator[dict[str, Any]]:
    """The edit where the parameters of the hop stand, written out where they were implied."""
    chain = call.get("chain", ())
    if "client" in call and (hop not in (0, last) or "parameters" not in call):
        raise ConflictError("no setting of a profile sends that")
    if 0 < hop <= len(chain):
        place, given = f"/call/chain/{hop - 1}", chain[hop - 1]
        if isinstance(given, str):
            yield {"op": "replace", "path": place, "value": {"RoleArn": given}}
    else:
        place = "/call/parameters"
        if "parameters" not in call:
            yield {"op": "add", "path": place, "value": {}}
    for op in edit:
        yield {**op, "path": f"{place}{op['path']}"}


def _network_patch(edit: Edit, call: Any) -> Iterator[dict[str, Any]]:
    if "network" not in call:
        yield {"op": "add", "path": "/call/network", "value": {}}
    for op in edit:
        yield {**op, "op": "add", "path": f"/call/network{op['path']}"}


def _attachment_patch(target: Target, value: Any, world: World) -> Iterator[dict[str, Any]]:
    """A policy of the organization that the level belongs to; a file may hold several."""
    listed = world.document["organization"]
    several = isinstance(listed, list)
    for n, one in enumerate(listed if several else [listed]):
        nodes = [n["Id"] for key in _LEVELS for n in one.get(key, ())]
        if target.arn not in (*nodes, one["MasterAccountId"]):
            continue
        pointer = f"/organization/{n}" if several else "/organization"
        if "Policies" not in one:
            yield {"op": "add", "path": f"{pointer}/Policies", "value": []}
        entry = {
            "Name": target.name,
            "Type": "SERVICE_CONTROL_POLICY",
            "Targets": [target.arn],
            "Content": value,
        }
        yield {"op": "add", "path": f"{pointer}/Policies/-", "value": entry}


_LEVELS = ("Roots", "OrganizationalUnits", "Accounts")


def _principal_patch(target: Target, value: Any, world: World) -> Edit:
    principal = next(found for found in world.principals() if found.arn == target.arn)
    pointer = principal.input_pointer
    if target.kind == "role":
        return ({"op": "add", "path": f"{pointer}/MaxSessionDuration", "value": value},)
    key = "RolePolicyList" if isinstance(principal, Role) else "UserPolicyList"
    entry = {"PolicyName": target.name, "PolicyDocument": value}
    if key in value_at(world.document, pointer or ""):
        return ({"op": "add", "path": f"{pointer}/{key}/-", "value": entry},)
    return ({"op": "add", "path": f"{pointer}/{key}", "value": [entry]},)


def _provider_patch(target: Target, edit: Edit, world: World) -> Edit:
    account = world.account(target.account)
    if not isinstance(account, Account):
        return ()
    known = account.providers.get(target.arn)
    if known is not None:
        return tuple({**op, "path": f"{known.input_pointer}{op['path']}"} for op in edit)
    listed = f"{account.input_pointer}/OpenIDConnectProviders"
    if "OpenIDConnectProviders" in (value_at(world.document, account.input_pointer or "") or {}):
        return ({"op": "add", "path": f"{listed}/-", "value": edit[0]["value"]},)
    return ({"op": "add", "path": listed, "value": [edit[0]["value"]]},)


def _policy_patch(target: Target, edit: Edit, world: World, call: Call) -> Edit:
    policy = find_policy(world, target, call)
    if policy is None and target.layer is Layer.SESSION and not target.policy_arn:
        return tuple(_session_policy_patch(patched(None, edit), world.document["call"]))
    if policy is None or policy.input_pointer is None:
        raise ConflictError(f"{target.name} is not in the scenario")
    if isinstance(value_at(world.document, policy.input_pointer), str):
        changed = patched(policy.document, edit)
        return ({"op": "replace", "path": policy.input_pointer, "value": changed},)
    return tuple({**op, "path": policy.input_pointer + op["path"]} for op in edit)


def _session_policy_patch(document: Any, call: Any) -> Iterator[dict[str, Any]]:
    """An inline policy of a session that was made without one."""
    if "session" not in call["caller"]:
        yield {"op": "add", "path": "/call/caller/session", "value": {}}
    yield {"op": "add", "path": "/call/caller/session/policy", "value": document}
