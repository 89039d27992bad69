"""What the world and the call are once fixes are applied, and the same edits on a scenario file.

Pure: an edit makes new documents, nothing is changed in place.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import jsonpatch
import msgspec

from assumable.errors import AssumableError
from assumable.findings.finding import Fix, Target
from assumable.findings.fix import Edit, patched, pretty
from assumable.model.call import Call, Hop
from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.model.world import Account, Principal, Provider, Role, World
from assumable.source import Document, Location, value_at


class ConflictError(AssumableError):
    """Fixes that cannot be applied together."""


def apply(fixes: Sequence[Fix], world: World, call: Call) -> tuple[World, Call]:
    """A copy of world and call with the fixes in place; ConflictError when they do not fit."""
    try:
        for target, edit in edits_by_target(fixes).items():
            if target.kind == "call":
                call = _edit_call(call, target.hop, edit)
            elif target.kind == "policy":
                world = _edit_policy(world, target, edit)
            elif target.kind == "provider":
                world = _edit_provider(world, target, edit)
            else:
                world = _edit_principal(world, target, edit)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        raise ConflictError(str(error)) from None
    return world, call


def _edit_call(call: Call, hop: int, edit: Edit) -> Call:
    """The call with other parameters, of the last hop or of one before it."""
    if hop == 0 or hop > len(call.chain):
        return msgspec.structs.replace(call, parameters=patched(dict(call.parameters), edit))
    changed = list(call.chain)
    before = changed[hop - 1]
    parameters, policies = patched(dict(before.parameters), edit), before.policies
    if any(op["path"] == "/Policy" for op in edit) and isinstance(policies[0], Policy):
        policies = (rewritten(policies[0], parameters["Policy"]), *policies[1:])
    changed[hop - 1] = Hop(parameters=parameters, policies=policies)
    return msgspec.structs.replace(call, chain=tuple(changed))


def edits_by_target(fixes: Sequence[Fix]) -> dict[Target, Edit]:
    """All edits of each target as one.

    Two fixes may each turn the same text into a list of two, and a later one may add to that list:
    such edits become one list with every value.
    """
    found: dict[Target, dict[str, dict[str, Any]]] = {}
    for fix in fixes:
        edits = found.setdefault(fix.target, {})
        for op in fix.edit:
            path = str(op["path"])
            parent = edits.get(path.removesuffix("/-"))
            listed = op["value"] if isinstance(op.get("value"), list) else None
            if path.endswith("/-") and parent is not None and isinstance(parent.get("value"), list):
                parent["value"] = _union(parent["value"], [op["value"]])
            elif path.endswith("/-"):
                edits[f"{path}{len(edits)}"] = dict(op)
            elif (
                path in edits and listed is not None and isinstance(edits[path].get("value"), list)
            ):
                edits[path]["value"] = _union(edits[path]["value"], listed)
            else:
                edits[path] = dict(op)
    return {target: tuple(edits.values()) for target, edits in found.items()}


def _union(left: list[Any], right: list[Any]) -> list[Any]:
    return [*left, *(value for value in right if value not in left)]


def _edit_policy(world: World, target: Target, edit: Edit) -> World:
    account = world.account(target.account)
    if not isinstance(account, Account):
        return world

    def edited(policy: object) -> object:
        if not isinstance(policy, Policy) or not _is_target(policy.name, target):
            return policy
        return rewritten(policy, patched(policy.document, edit))

    def each(principal: Any) -> Any:
        changed: dict[str, Any] = {
            "policies": tuple(map(edited, principal.policies)),
            "boundary": edited(principal.boundary),
        }
        if isinstance(principal, Role):
            changed["trust"] = edited(principal.trust)
        return msgspec.structs.replace(principal, **changed)

    changed_account = msgspec.structs.replace(
        account,
        users={key: each(user) for key, user in account.users.items()},
        roles={key: each(role) for key, role in account.roles.items()},
    )
    accounts = {**world.accounts, target.account: changed_account}
    return msgspec.structs.replace(world, accounts=accounts)


def _is_target(name: PolicyName, target: Target) -> bool:
    if target.policy_arn:
        return name.arn == target.policy_arn  # whatever it is attached as
    inline = (name.layer, name.owner, name.name, name.arn)
    return inline == (target.layer, target.arn, target.name, "")


def rewritten(policy: Policy, document: Any) -> Policy:
    """The same policy with another document."""
    source = Document(f"{policy.name.name} (edited)", pretty(document))
    return parse_policy(source.value, policy.name, Location(source), policy.input_pointer)


def _edit_provider(world: World, target: Target, edit: Edit) -> World:
    """A provider that is registered now, or accepts one more audience."""
    account = world.account(target.account)
    if not isinstance(account, Account):
        return world
    known = account.providers.get(target.arn) or Provider(target.arn)
    before = {"ClientIDList": list(known.client_ids or ())}
    after = patched(before, edit)
    provider = msgspec.structs.replace(known, client_ids=tuple(after["ClientIDList"]))
    changed = {**account.providers, target.arn: provider}
    replaced = msgspec.structs.replace(account, providers=changed)
    return msgspec.structs.replace(world, accounts={**world.accounts, account.id: replaced})


def _edit_principal(world: World, target: Target, edit: Edit) -> World:
    account = world.account(target.account)
    if not isinstance(account, Account):
        return world
    field = "roles" if target.arn in account.roles else "users"
    members = getattr(account, field)
    principal: Principal | None = members.get(target.arn)
    if principal is None:
        return world
    changed = {**members, principal.arn: _with_edit(principal, target, edit[0]["value"])}
    replaced = msgspec.structs.replace(account, **{field: changed})
    return msgspec.structs.replace(world, accounts={**world.accounts, account.id: replaced})


def _with_edit(principal: Principal, target: Target, value: Any) -> Principal:
    if target.kind == "role":
        return msgspec.structs.replace(principal, max_session_duration=value)
    name = PolicyName(Layer.IDENTITY, target.name, principal.arn, "", principal.account)
    source = Document(f"{target.name} (new)", pretty(value))
    added = parse_policy(source.value, name, Location(source))
    return msgspec.structs.replace(principal, policies=(*principal.policies, added))


# The same edits on the scenario document


def scenario_patch(fixes: Sequence[Fix], world: World) -> Edit:
    """RFC 6902 on the scenario file that does what the fixes do; empty for other worlds."""
    if world.document is None:
        return ()
    patch: list[dict[str, Any]] = []
    for target, edit in edits_by_target(fixes).items():
        if target.kind == "call":
            patch.extend(_call_patch(target.hop, edit, world.document["call"]))
        elif target.kind == "policy":
            patch.extend(_policy_patch(target, edit, world))
        elif target.kind == "provider":
            patch.extend(_provider_patch(target, edit, world))
        else:
            patch.extend(_principal_patch(target, edit[0]["value"], world))
    return tuple(patch)


def _call_patch(hop: int, edit: Edit, call: Any) -> Iterator[dict[str, Any]]:
    """The edit where the parameters of the hop stand, written out where they were implied."""
    chain = call.get("chain", ())
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


def _policy_patch(target: Target, edit: Edit, world: World) -> Edit:
    policy = find_policy(world, target)
    if policy is None or policy.input_pointer is None:
        raise ConflictError(f"{target.name} is not in the scenario")
    if isinstance(value_at(world.document, policy.input_pointer), str):
        changed = patched(policy.document, edit)
        return ({"op": "replace", "path": policy.input_pointer, "value": changed},)
    return tuple({**op, "path": policy.input_pointer + op["path"]} for op in edit)


def find_policy(world: World, target: Target) -> Policy | None:
    """The policy that a target names."""
    for principal in world.principals():
        held = [*principal.policies, principal.boundary]
        held += [principal.trust] if isinstance(principal, Role) else []
        for policy in held:
            if isinstance(policy, Policy) and _is_target(policy.name, target):
                return policy
    return None
