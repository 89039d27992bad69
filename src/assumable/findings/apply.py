"""What the world and the call are once fixes are applied.

Pure: an edit makes new documents, nothing is changed in place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jsonpatch
import msgspec

from assumable.findings.client_fix import edited
from assumable.findings.finding import Edit, Fix, Target
from assumable.findings.fix import patched
from assumable.findings.quotas import (
    ConflictError,
    check_audiences,
    check_document,
    check_inline,
)
from assumable.formats.writing import pretty
from assumable.model.call import Call, Hop, Mfa, Network, RoleCaller, Session, UserCaller
from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.model.route import route_of
from assumable.model.routed import misfit, routed
from assumable.model.world import (
    Account,
    Organization,
    Principal,
    Provider,
    Role,
    Unknown,
    World,
)
from assumable.source import Document, Location


def apply(fixes: Sequence[Fix], world: World, call: Call) -> tuple[World, Call]:
    """A copy of world and call with the fixes in place; ConflictError when they do not fit."""
    try:
        edits = edits_by_target(fixes)
        for target in sorted(edits, key=lambda target: target.kind != "client"):
            edit = edits[target]
            if target.kind == "client":  # first, since it makes the parameters anew
                call = _edit_client(call, edit)
            elif target.kind == "call":
                call = _edit_call(call, target.hop, edit)
            elif target.kind == "network":
                call = _edit_network(call, edit)
            elif target.kind == "credentials":
                call = _edit_credentials(call, edit)
            elif target.kind == "policy":
                world, call = _edit_policy(world, call, target, edit)
            elif target.kind == "organization":
                world = _attach(world, target, edit[0]["value"])
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


def _edit_client(call: Call, edit: Edit) -> Call:
    """The call that another set-up makes."""
    if call.client is None:
        raise ConflictError("nothing is known of the client's set-up")
    client = edited(call.client, edit)
    why_not = misfit(route_of(client, call.time), call.caller)
    if why_not:
        raise ConflictError(why_not)
    return routed(call, client)


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


def _edit_network(call: Call, edit: Edit) -> Call:
    """The call through another endpoint of STS."""

    def moved(network: Network) -> Network:
        now = {"region": network.region, "endpoint": network.endpoint}
        return msgspec.structs.replace(network, **patched(now, edit))

    before = None if call.before is None else moved(call.before)
    return msgspec.structs.replace(call, network=moved(call.network), before=before)


def _edit_credentials(call: Call, edit: Edit) -> Call:
    """The call with other credentials of the same user."""
    caller = call.caller
    assert isinstance(caller, UserCaller)  # noqa: S101  # nobody else is offered such a fix
    after = patched({"credentials": caller.credentials, "session": None}, edit)
    changed = msgspec.structs.replace(
        caller,
        credentials=after["credentials"],
        mfa=Mfa(present=True, age=after["mfa"]["age"]),
        session=caller.session if "session" in after else Session(),
    )
    return msgspec.structs.replace(call, caller=changed)


def _edit_policy(world: World, call: Call, target: Target, edit: Edit) -> tuple[World, Call]:
    """World and call with one document edited, wherever it is attached."""

    def edited(policy: Any) -> Any:
        if not isinstance(policy, Policy) or not _is_target(policy.name, target):
            return policy
        return checked(policy, rewritten(policy, patched(policy.document, edit)))

    if target.layer in (Layer.SCP, Layer.RCP):
        return _edit_organizations(world, edited), call
    if target.layer is Layer.VPC_ENDPOINT:
        endpoints = {
            key: msgspec.structs.replace(endpoint, policy=edited(endpoint.policy))
            for key, endpoint in world.endpoints.items()
        }
        return msgspec.structs.replace(world, endpoints=endpoints), call
    if target.layer is Layer.SESSION and isinstance(call.caller, UserCaller | RoleCaller):
        policies = tuple(map(edited, call.caller.session.policies))
        if find_policy(world, target, call) is None:
            policies = (_new_session_policy(target, patched(None, edit)), *policies)
        session = msgspec.structs.replace(call.caller.session, policies=policies)
        caller = msgspec.structs.replace(call.caller, session=session)
        call = msgspec.structs.replace(call, caller=caller)
    return _edit_account(world, target, edited), call


def _new_session_policy(target: Target, document: Any) -> Policy:
    """The inline policy of a session that was made without one."""
    source = Document(f"{target.name} (new)", pretty(document))
    return parse_policy(source.value, PolicyName(Layer.SESSION, target.name), Location(source))


def _edit_account(world: World, target: Target, edited: Callable[[Any], Any]) -> World:
    account = world.account(target.account)
    if not isinstance(account, Account):
        return world

    def each(principal: Any) -> Any:
        policies = tuple(map(edited, principal.policies))
        if target.layer is Layer.IDENTITY and not target.policy_arn:
            check_inline(target.arn, policies)
        changed: dict[str, Any] = {"policies": policies, "boundary": edited(principal.boundary)}
        if isinstance(principal, Role):
            changed["trust"] = edited(principal.trust)
        return msgspec.structs.replace(principal, **changed)

    changed_account = msgspec.structs.replace(
        account,
        users={key: each(user) for key, user in account.users.items()},
        roles={key: each(role) for key, role in account.roles.items()},
    )
    accounts = {**world.accounts, account.id: changed_account}
    return msgspec.structs.replace(world, accounts=accounts)


def _edit_organizations(world: World, edited: Callable[[Any], Any]) -> World:
    """Every level to which the policy is attached."""
    if isinstance(world.organizations, Unknown):
        return world

    def levels(attached: Any) -> Any:
        if not isinstance(attached, Mapping):
            return attached
        return {level: tuple(map(edited, policies)) for level, policies in attached.items()}

    changed = tuple(
        msgspec.structs.replace(org, scps=levels(org.scps), rcps=levels(org.rcps))
        for org in world.organizations
    )
    return msgspec.structs.replace(world, organizations=changed)


def _attach(world: World, target: Target, document: Any) -> World:
    """One more service control policy at one level of the caller's organization."""
    if isinstance(world.organizations, Unknown):
        return world
    name = PolicyName(Layer.SCP, target.name, target.arn, "", target.account)
    source = Document(f"{target.name} (new)", pretty(document))
    added = parse_policy(source.value, name, Location(source))

    def attached(org: Organization) -> Organization:
        if target.arn not in org.nodes or not isinstance(org.scps, Mapping):
            return org
        scps = {**org.scps, target.arn: (*org.scps.get(target.arn, ()), added)}
        return msgspec.structs.replace(org, scps=scps)

    changed = tuple(map(attached, world.organizations))
    return msgspec.structs.replace(world, organizations=changed)


def checked(before: Policy, after: Policy) -> Policy:
    """The edited policy; ConflictError when AWS would not take it."""
    if after.fatal is not None and before.fatal is None:
        raise ConflictError(after.fatal.message)
    check_document(after)
    return after


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
    check_audiences(after["ClientIDList"])
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
    policies = (*principal.policies, added)
    check_inline(principal.arn, policies)
    return msgspec.structs.replace(principal, policies=policies)


def find_policy(world: World, target: Target, call: Call | None = None) -> Policy | None:
    """The policy that a target names; one of the caller's session is looked for in the call."""
    held = (policy for policy in policies_of(world, call) if isinstance(policy, Policy))
    return next((policy for policy in held if _is_target(policy.name, target)), None)


def policies_of(world: World, call: Call | None) -> Iterator[object]:
    """Every policy of the world and of the caller's session, read or not."""
    for principal in world.principals():
        yield from (*principal.policies, principal.boundary)
        if isinstance(principal, Role):
            yield principal.trust
    if not isinstance(world.organizations, Unknown):
        for org in world.organizations:
            for attached in (org.scps, org.rcps):
                levels = attached.values() if isinstance(attached, Mapping) else ()
                yield from (policy for policies in levels for policy in policies)
    yield from (endpoint.policy for endpoint in world.endpoints.values())
    if call is not None:
        yield from call.session.policies
