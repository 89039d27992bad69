"""Edits that take a grant away from one caller: the narrowest that each statement allows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assumable import arn
from assumable.engine.context import RequestContext
from assumable.engine.evaluate import Decision
from assumable.engine.facts import Facts
from assumable.engine.forms import Form
from assumable.engine.gates import GateName
from assumable.findings.finding import Edit, Fix
from assumable.findings.fix import add_inline_policy, change_policy
from assumable.findings.grants import Key, Paths, Source, entries_naming
from assumable.findings.permission import unused_name
from assumable.findings.report import exact_principal, new_statement, role_name
from assumable.model.call import Present, SamlCaller, ServiceCaller, WebIdentityCaller
from assumable.model.policy import Layer, Policy, PrincipalEntry, Statement
from assumable.model.world import Principal, Role
from assumable.source import value_at

_SUBJECTS = {"www.amazon.com": "user_id", "graph.facebook.com": "id"}
"""The claims that name the bearer where it is not `sub` (R5.13)."""
_EXCEPTED, _TURNED = 1, 2
_OPENS = "nothing: it only takes access away"


class Closing(NamedTuple):
    """An edit that takes a statement from the caller."""

    fix: Fix
    keys: frozenset[Key]
    """The statements that allow the caller nothing any more; empty for a Deny, which needs none."""
    is_exact: bool
    """Whether it is about the caller alone, whoever else there may be."""
    cost: int = 0
    """The less, the narrower and plainer the edit."""


class _Who(NamedTuple):
    """A condition that holds for everybody but the caller, and a principal that is the caller."""

    key: str
    value: str
    operator: str
    principal: Mapping[str, str]


def closings(paths: Paths, hop: int) -> Iterator[Closing]:
    """One edit for each statement that can be edited without closing it for others."""
    used = {key for path in paths.found for key in path.keys}
    for key, source in paths.sources.items():
        if key not in used or not _is_editable(paths.decision, source):
            continue
        if source.gate is GateName.TRUST:
            yield from _of_trust(paths, source, hop)
        else:
            yield from _of_permission(paths.decision, source, hop)


def denials(decision: Decision, hop: int) -> Iterator[Closing]:
    """The last resort: a Deny for exactly this caller, on the role's side and on the caller's."""
    trust, who = decision.facts.trust, _who(decision)
    if isinstance(trust, Policy) and _trust_is_editable(decision) and who is not None:
        statement: dict[str, Any] = {
            "Effect": "Deny",
            "Principal": dict(who.principal),
            "Action": f"sts:{decision.call.api}",
        }
        if "Federated" in who.principal:
            statement["Condition"] = {who.operator.replace("Not", ""): {who.key: who.value}}
        title = f"deny {_called(who)} in {trust.name.name}"
        edit = new_statement(trust, statement)
        fix = change_policy(trust, _id(hop, "deny-in-trust"), title, edit, opens=_OPENS)
        yield Closing(fix, frozenset(), is_exact=_is_one(decision.facts))
    mine = decision.facts.principal
    if isinstance(mine, Principal) and not _is_managed_by_aws(mine) and _is_read(mine):
        role_arn = decision.call.role_arn
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Deny", "Action": f"sts:{decision.call.api}", "Resource": role_arn}
            ],
        }
        name = unused_name(mine, f"Deny-{role_name(decision)}"[:120].replace(" ", "-"))
        title = f"deny {arn.display_name(mine.arn)} to assume exactly {role_arn}"
        fix = add_inline_policy(
            mine.arn, name, document, _id(hop, "deny-in-identity"), title, opens=_OPENS
        )
        yield Closing(fix, frozenset(), is_exact=True)


def _id(hop: int, what: str) -> str:
    return f"cut/{what}" + (f"/hop-{hop}" if hop else "")


def _is_editable(decision: Decision, source: Source) -> bool:
    name = source.policy.name
    if source.gate is GateName.TRUST:
        return _trust_is_editable(decision)
    if name.arn:
        return arn.account_of(name.arn) == name.account
    mine = decision.facts.principal
    return isinstance(mine, Principal) and not _is_managed_by_aws(mine)


def _trust_is_editable(decision: Decision) -> bool:
    role = decision.facts.role
    return isinstance(role, Role) and not _is_managed_by_aws(role)


def _is_managed_by_aws(principal: Principal) -> bool:
    """Whether only a service, or IAM Identity Center, edits its policies (R1.23, R2.11)."""
    return isinstance(principal, Role) and (
        principal.is_service_linked or principal.is_identity_center
    )


def _is_read(principal: Principal) -> bool:
    """Whether all its policies are known, so that a new one overwrites none of them."""
    return all(isinstance(policy, Policy) for policy in principal.policies)


# The role's side


def _of_trust(paths: Paths, source: Source, hop: int) -> Iterator[Closing]:
    decision, policy, statement = paths.decision, source.policy, source.statement
    facts, who = decision.facts, _who(decision)
    named = entries_naming(facts, statement)
    fix_id = _id(hop, f"trust/{statement.index + 1}")
    label = f"{statement.label} of {policy.name.name}"
    if named and all(_is_own(entry, form) for entry, form in named):
        edit, title = _without(facts, policy, statement, [entry for entry, _ in named], label)
        is_exact, cost = _is_one(facts), _cost(edit)
    elif who is not None:
        edit = _with_condition(policy, statement, who)
        title = f"except {_called(who)} from {label}, by {who.key}"
        is_exact, cost = _is_one(facts), _EXCEPTED
    elif named and all(entry.kind == "Federated" for entry, _ in named):
        edit, title = _without(facts, policy, statement, [entry for entry, _ in named], label)
        title = f"{title}: for everybody who comes through it"
        is_exact, cost = False, _cost(edit)
    else:
        return
    fix = change_policy(policy, fix_id, title, edit, opens=_OPENS)
    yield Closing(fix, frozenset((source.key,)), is_exact=is_exact, cost=cost)


def _cost(edit: Edit) -> int:
    return _TURNED if edit[0]["path"].endswith("/Effect") else 0


def _is_own(entry: PrincipalEntry, form: Form) -> bool:
    """Whether the entry is about the caller and nobody else in the accounts."""
    if entry.kind == "Service":
        return True
    return entry.kind == "AWS" and entry.value != "*" and form is not Form.ACCOUNT


def _without(
    facts: Facts,
    policy: Policy,
    statement: Statement,
    matched: Sequence[PrincipalEntry],
    label: str,
) -> tuple[Edit, str]:
    """The edit that takes the entries out, and its title.

    A policy without statements cannot be saved (`Statement is empty!`): one that would be left with
    none keeps its statement, turned into a Deny.
    """
    gone: set[tuple[str, str]] = {(entry.kind, entry.value) for entry in matched}
    present = value_at(policy.document, f"{statement.pointer}/Principal")
    left = {kind: _kept(values, kind, gone) for kind, values in present.items()}
    left = {kind: values for kind, values in left.items() if values}
    name = arn.display_name(matched[0].value)
    if left:
        path = f"{statement.pointer}/Principal"
        return ({"op": "replace", "path": path, "value": left},), f"take {name} out of {label}"
    if all(other is statement or _may_go(facts, other) for other in policy.statements):
        path = f"{statement.pointer}/Effect"
        title = f"turn {label}, which names nobody else, into a Deny"
        return ({"op": "replace", "path": path, "value": "Deny"},), title
    return (
        {"op": "remove", "path": statement.pointer},
    ), f"remove {label}, which names nobody else"


def _kept(values: Any, kind: str, gone: set[tuple[str, str]]) -> Any:
    if isinstance(values, list):
        return [value for value in values if (kind, value) not in gone]
    return "" if (kind, values) in gone else values


def _may_go(facts: Facts, statement: Statement) -> bool:
    """Whether the same cut may remove this statement, since it names nobody but the caller."""
    named = entries_naming(facts, statement)
    removable = all(_is_own(entry, form) or entry.kind == "Federated" for entry, form in named)
    return removable and len(named) == len(statement.principals or ())


def _who(decision: Decision) -> _Who | None:
    """How a policy tells the caller from everybody else; None where nothing does."""
    call = decision.call
    if isinstance(call.caller, ServiceCaller):
        named = {"Service": call.caller.principal}
        return _Who("aws:PrincipalServiceName", call.caller.principal, "StringNotEquals", named)
    if isinstance(call.caller, WebIdentityCaller | SamlCaller):
        subject = _SUBJECTS.get(call.issuer, "sub")
        key = "saml:sub" if isinstance(call.caller, SamlCaller) else f"{call.issuer}:{subject}"
        context = RequestContext(decision.facts, f"sts:{call.api}", Layer.TRUST)
        value = context.get(key)
        if not isinstance(value, Present) or len(value.values) != 1:
            return None
        return _Who(key, value.values[0], "StringNotEquals", {"Federated": call.identity_provider})
    exact = exact_principal(decision)
    return _Who("aws:PrincipalArn", exact, "ArnNotEquals", {"AWS": exact}) if exact else None


def _called(who: _Who) -> str:
    """The caller in words; the bearer of a token or assertion by its subject."""
    return f"`{who.value}`" if "Federated" in who.principal else arn.display_name(who.value)


def _with_condition(policy: Policy, statement: Statement, who: _Who) -> Edit:
    """The statement for everybody but the caller: values under a negated operator are all left out.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
    """
    path = f"{statement.pointer}/Condition"
    block: dict[str, Any] = dict(
        value_at(policy.document, statement.pointer).get("Condition") or {}
    )
    operator = _written(block, who.operator)
    keys = dict(block.get(operator, {}))
    key = _written(keys, who.key)
    before = keys.get(key, [])
    values = [*(before if isinstance(before, list) else [before]), who.value]
    keys[key] = values if len(values) > 1 else values[0]
    return ({"op": "add", "path": path, "value": {**block, operator: keys}},)


def _written(block: Mapping[str, Any], name: str) -> str:
    """The name as the document writes it: operators and keys ignore case."""
    return next((found for found in block if found.lower() == name.lower()), name)


# The caller's side


def _of_permission(decision: Decision, source: Source, hop: int) -> Iterator[Closing]:
    """Take the role out of a list of resources; what is wider is left to a Deny."""
    policy, statement = source.policy, source.statement
    role_arn = decision.call.role_arn
    only_sts = all(action.lower().startswith("sts:") for action in statement.actions)
    resources = statement.resources or ()
    if statement.not_resource or statement.not_action or not only_sts or role_arn not in resources:
        return
    name = policy.name
    held = f"{arn.display_name(name.owner)}/{name.name}"
    place = arn.display_name(name.arn) if name.arn else held
    fix_id = _id(hop, f"permission/{place}/{statement.index + 1}")
    label = f"{statement.label} of {policy.name.name}"
    left = [value for value in resources if value != role_arn]
    edit: Edit
    if left:
        path = f"{statement.pointer}/Resource"
        edit = ({"op": "replace", "path": path, "value": left},)
        title = f"take {role_arn} out of the Resource of {label}"
    elif policy.name.owner != _own_arn(decision):
        return  # others may hold the policy, and other grants beside it
    elif any(set(other.resources or ()) != {role_arn} for other in policy.statements):
        edit = ({"op": "remove", "path": statement.pointer},)
        title = f"remove {label}, which is for nothing but {role_arn}"
    else:
        edit = ({"op": "replace", "path": f"{statement.pointer}/Effect", "value": "Deny"},)
        title = f"turn {label}, which is for nothing but {role_arn}, into a Deny"
    fix = change_policy(policy, fix_id, title, edit, opens=_OPENS)
    is_exact = not policy.name.arn and policy.name.owner == _own_arn(decision)
    yield Closing(fix, frozenset((source.key,)), is_exact=is_exact, cost=_cost(edit))


def _is_one(facts: Facts) -> bool:
    """Whether the caller is one principal: behind a service or a provider there are many."""
    return facts.has_identity_side


def _own_arn(decision: Decision) -> str:
    mine = decision.facts.principal
    return mine.arn if isinstance(mine, Principal) else ""
