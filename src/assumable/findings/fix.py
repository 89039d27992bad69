"""Fixes: how they are made, and what the world and the call are once they are applied.

Pure: an edit makes new documents, nothing is changed in place.
"""

import copy
import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import jsonpatch
import msgspec

from assumable import arn
from assumable.errors import AssumableError
from assumable.findings import commands
from assumable.findings.finding import Fix, Target
from assumable.model.call import Call
from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.model.world import Account, Principal, Role, World
from assumable.source import Document, Location, escape, value_at


class ConflictError(AssumableError):
    """Fixes that cannot be applied together."""


CALLER = "you"
Safety = Literal["safe", "review", "display"]
Edit = tuple[dict[str, Any], ...]


def change_call(
    call: Call, fix_id: str, title: str, values: Mapping[str, Any], *, safety: Safety = "safe"
) -> Fix:
    """A fix that sends other parameters; None as a value leaves the parameter out."""
    edit = tuple(
        {"op": "remove", "path": f"/{name}"}
        if value is None
        else {"op": "add", "path": f"/{name}", "value": value}
        for name, value in values.items()
        if value is not None or name in call.parameters
    )
    changed = msgspec.structs.replace(call, parameters=_patched(dict(call.parameters), edit))
    return Fix(
        id=fix_id,
        title=title,
        owner=CALLER,
        safety=safety,
        target=Target(kind="call"),
        edit=edit,
        commands=(commands.assume_role(changed),),
        opens="nothing: only your request changes",
    )


def change_policy(
    policy: Policy, fix_id: str, title: str, edit: Edit, *, opens: str, safety: Safety = "review"
) -> Fix:
    """A fix that edits one policy document."""
    target = Target(
        kind="policy",
        arn=policy.name.owner,
        name=policy.name.name,
        layer=policy.name.layer,
        policy_arn=policy.name.arn,
        account=policy.name.account,
    )
    changed = _patched(policy.document, edit)
    return Fix(
        id=fix_id,
        title=title,
        owner=policy.name.account,
        safety=safety,
        target=target,
        edit=edit,
        diff=diff_of(policy.document, changed, policy.name.name),
        commands=(commands.put_policy(target, changed),),
        opens=opens,
    )


def add_inline_policy(
    principal_arn: str, name: str, document: Any, fix_id: str, title: str, *, opens: str
) -> Fix:
    """A fix that gives a user or role one more inline policy."""
    account = arn.account_of(principal_arn)
    target = Target(
        kind="principal", arn=principal_arn, name=name, layer=Layer.IDENTITY, account=account
    )
    return Fix(
        id=fix_id,
        title=title,
        owner=account,
        safety="review",
        target=target,
        edit=({"op": "add", "path": f"/{escape(name)}", "value": document},),
        diff=diff_of(None, document, name),
        commands=(commands.put_policy(target, document),),
        opens=opens,
    )


def raise_max_duration(role: Role, seconds: int, fix_id: str, title: str) -> Fix:
    """A fix that raises a role's MaxSessionDuration."""
    target = Target(kind="role", arn=role.arn, name="MaxSessionDuration", account=role.account)
    return Fix(
        id=fix_id,
        title=title,
        owner=role.account,
        safety="review",
        target=target,
        edit=({"op": "add", "path": "/MaxSessionDuration", "value": seconds},),
        commands=(commands.set_max_duration(role.arn, seconds),),
        opens="longer sessions for everyone who may assume the role",
    )


def pretty(document: Any) -> str:
    """A policy document as people lay it out."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def diff_of(before: Any, after: Any, name: str) -> str:
    """A unified diff of two documents."""
    old = pretty(before).splitlines() if before is not None else []
    lines = difflib.unified_diff(old, pretty(after).splitlines(), name, name, lineterm="", n=2)
    return "\n".join(lines)


def _patched(document: Any, edit: Sequence[Mapping[str, Any]]) -> Any:
    return jsonpatch.apply_patch(copy.deepcopy(document), copy.deepcopy(list(edit)))


def apply(fixes: Sequence[Fix], world: World, call: Call) -> tuple[World, Call]:
    """A copy of world and call with the fixes in place; ConflictError when they do not fit."""
    try:
        for target, edit in edits_by_target(fixes).items():
            if target.kind == "call":
                changed = _patched(dict(call.parameters), edit)
                call = msgspec.structs.replace(call, parameters=changed)
            elif target.kind == "policy":
                world = _edit_policy(world, target, edit)
            else:
                world = _edit_principal(world, target, edit)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        raise ConflictError(str(error)) from None
    return world, call


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
        return rewritten(policy, _patched(policy.document, edit))

    def each(principal: Any) -> Any:
        changed: dict[str, Any] = {"policies": tuple(map(edited, principal.policies))}
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
    if name.layer is not target.layer:
        return False
    if target.policy_arn:
        return name.arn == target.policy_arn
    return (name.owner, name.name, name.arn) == (target.arn, target.name, "")


def rewritten(policy: Policy, document: Any) -> Policy:
    """The same policy with another document."""
    source = Document(f"{policy.name.name} (edited)", pretty(document))
    return parse_policy(source.value, policy.name, Location(source), policy.input_pointer)


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
            if "parameters" not in world.document["call"]:
                patch.append({"op": "add", "path": "/call/parameters", "value": {}})
            patch.extend({**op, "path": f"/call/parameters{op['path']}"} for op in edit)
        elif target.kind == "policy":
            patch.extend(_policy_patch(target, edit, world))
        else:
            patch.extend(_principal_patch(target, edit[0]["value"], world))
    return tuple(patch)


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


def _policy_patch(target: Target, edit: Edit, world: World) -> Edit:
    policy = find_policy(world, target)
    if policy is None or policy.input_pointer is None:
        return ()
    if isinstance(value_at(world.document, policy.input_pointer), str):
        changed = _patched(policy.document, edit)
        return ({"op": "replace", "path": policy.input_pointer, "value": changed},)
    return tuple({**op, "path": policy.input_pointer + op["path"]} for op in edit)


def find_policy(world: World, target: Target) -> Policy | None:
    """The policy that a target names."""
    for principal in world.principals():
        held = [*principal.policies, *([principal.trust] if isinstance(principal, Role) else [])]
        for policy in held:
            if isinstance(policy, Policy) and _is_target(policy.name, target):
                return policy
    return None
