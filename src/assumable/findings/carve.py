"""Exceptions from a Deny: for one caller, one role and the actions of one call, nothing else.

A Deny is never removed. Conditions of one statement are joined by And, so "everything but this
caller for this role with these actions" takes up to three statements: everybody else; every other
role; every other action. Where an element cannot be complemented it stays, and the exception is as
wide as that element; `opens` says so.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.conditions import words
from assumable.engine.evaluate import Decision
from assumable.engine.match import StatementTrace
from assumable.engine.operators import OPERATORS
from assumable.engine.rules import action_matches
from assumable.findings.avoid import request_fixes
from assumable.findings.blame import Blame
from assumable.findings.finding import Edit, Fix
from assumable.findings.fix import change_policy, is_editable
from assumable.findings.guards import is_perimeter, personal_guards_of
from assumable.findings.lists import list_fixes
from assumable.findings.who import NEGATED, key_of_caller, spot_of, who_is, with_condition
from assumable.globs import matches
from assumable.model.call import SamlCaller
from assumable.model.policy import Effect, Layer
from assumable.model.world import Principal
from assumable.source import value_at

_OF_ROLES = {
    f"sts:{name}"
    for name in ("assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "setcontext",
                 "setsourceidentity")
}  # fmt: skip
"""The actions that have nothing but roles as resources (R3.1)."""
_ALL_ROLES = ":role/*"


class _Part(msgspec.Struct, frozen=True):
    """What a statement covers besides this call, along one of its elements."""

    rest: dict[str, Any] | None = None
    """The statement about all that is not of this call; None where there is no such statement."""
    is_all: bool = False
    """Whether the element is about nothing but this call."""
    of_call: bool = False
    """Whether the statement about the rest is about the actions of this call alone."""


def carve_fixes(decision: Decision, blame: Blame, slug: str) -> Iterator[Fix]:
    """What lets the call past a Deny that matches it, the narrowest first."""
    trace = blame.trace
    if trace is None or trace.truth is not True or trace.statement.effect is not Effect.DENY:
        return
    yield from request_fixes(decision, blame, slug)
    if not is_editable(trace.policy):
        return
    if personal_guards_of(trace.statement):
        return  # an exception would let the caller in without what everybody has to prove
    narrow, wide = list_fixes(decision, blame, slug)
    yield from narrow
    if not _is_of_many(decision, trace) and not _is_aimed(decision, trace):
        yield from _exceptions(decision, trace, slug)
    yield from wide


def _is_of_many(decision: Decision, trace: StatementTrace) -> bool:
    """Whether an exception lets in more subjects than this one: by SAML it is of a provider."""
    tested = (c for c in trace.statement.conditions if c.key.lower() == "saml:sub")
    return isinstance(decision.call.caller, SamlCaller) and any(c.base != "null" for c in tested)


def _is_aimed(decision: Decision, trace: StatementTrace) -> bool:
    """Whether the Deny is about exactly this subject: excepted, it would stop nobody at all."""
    found = key_of_caller(decision)
    if decision.call.is_signed or found is None:
        return False
    _, key, value = found
    return any(
        condition.key.lower() == key.lower() and condition.values == (value,)
        for condition in trace.statement.conditions
        if condition.base != "null" and not OPERATORS[condition.base].negated
    )


def _exceptions(decision: Decision, trace: StatementTrace, slug: str) -> Iterator[Fix]:
    policy, pointer = trace.policy, trace.statement.pointer
    statement = value_at(policy.document, pointer)
    caller = _by_caller(decision, trace, statement)
    alone = _condition(decision, statement)
    parts = (
        caller,
        _by_role(decision, trace, statement),
        _by_action(decision, trace, statement, caller),
    )
    rests = [part.rest for part in parts if part.rest is not None]
    where, spot = f"{trace.statement.label} of {policy.name.name}", spot_of(trace)
    found: list[Fix] = []
    if rests:
        found.append(
            change_policy(
                policy,
                f"{slug}/except-this-call/{spot}",
                f"except {_who(decision, caller)} from {where}, for this call",
                _edit(pointer, rests),
                opens=_opens(decision, trace, parts),
            )
        )
    if alone is not None and rests != [alone] and not (rests and caller.is_all):
        found.append(
            change_policy(
                policy,
                f"{slug}/except-the-caller/{spot}",
                f"except {who_is(decision)} from {where}",
                _edit(pointer, [alone]),
                opens=_opens_all(decision, trace, stays=not caller.is_all),
            )
        )
    # who keeps a perimeter adds to its exceptions, one condition each, and splits no statement
    if is_perimeter(trace):
        yield from reversed(found)
        yield from _except_account(decision, trace, slug, statement)
    else:
        yield from found


def _except_account(
    decision: Decision, trace: StatementTrace, slug: str, statement: dict[str, Any]
) -> Iterator[Fix]:
    """What AWS's perimeter policies do for a third party: its whole account is excepted.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
    """
    account, key, policy = decision.call.caller_account, "aws:PrincipalAccount", trace.policy
    operator, asked = "StringNotEqualsIfExists", statement.get("Condition")
    block = with_condition(asked, operator, key, account) if account else None
    if block is not None:
        yield change_policy(
            policy,
            f"{slug}/except-the-account/{spot_of(trace)}",
            f"except account {account} from {trace.statement.label} of {policy.name.name}",
            _edit(trace.statement.pointer, [{**statement, "Condition": block}]),
            opens=f"every principal of account {account}, for everything that this Deny stops"
            f"{_meant(trace)}",
        )


def _edit(pointer: str, statements: list[dict[str, Any]]) -> Edit:
    """The edit that puts several statements where one was; copies lose the Sid."""
    first, *more = copy.deepcopy(statements)
    more = [{key: value for key, value in one.items() if key != "Sid"} for one in more]
    if pointer == "/Statement":
        return ({"op": "replace", "path": pointer, "value": [first, *more] if more else first},)
    added = tuple({"op": "add", "path": "/Statement/-", "value": one} for one in more)
    return ({"op": "replace", "path": pointer, "value": first}, *added)


def _condition(decision: Decision, statement: dict[str, Any]) -> dict[str, Any] | None:
    """The statement under a condition that is false for this caller alone."""
    found = key_of_caller(decision)
    if found is None:
        return None
    operator, key, value = found
    block = with_condition(statement.get("Condition"), NEGATED[operator], key, value)
    return None if block is None else {**statement, "Condition": block}


def _by_caller(decision: Decision, trace: StatementTrace, statement: dict[str, Any]) -> _Part:
    name, principal = trace.policy.name, decision.facts.principal
    if name.layer is Layer.SESSION and not name.arn:
        return _Part(is_all=True)
    if not name.arn and isinstance(principal, Principal) and name.owner == principal.arn:
        return _Part(is_all=True)
    exact = decision.facts.principal_arn
    named = trace.statement.principals
    if named is not None and isinstance(exact, str) and not trace.statement.not_principal:
        mine = {exact, decision.call.caller.arn}
        if all(entry.value in mine for entry in named):
            return _Part(is_all=True)
    return _Part(rest=_condition(decision, statement))


def _by_role(decision: Decision, trace: StatementTrace, statement: dict[str, Any]) -> _Part:
    listed, role = trace.statement.resources, decision.call.role_arn
    if listed is None:
        return _Part(is_all=True)  # a trust policy is about its own role
    if trace.statement.not_resource:
        return _Part(rest={**statement, "NotResource": [*listed, role]})
    others = [pattern for pattern in listed if pattern != role]
    if not others:
        return _Part(is_all=True)
    if not any("${" in one or matches(one, role) for one in others):
        return _Part(rest={**statement, "Resource": others})
    without = {key: value for key, value in statement.items() if key != "Resource"}
    if "*" in listed:
        return _Part(rest={**without, "NotResource": [role]})
    whole = _other_roles(trace, without, role, trace.statement.actions)
    if whole is not None and not trace.statement.not_action:
        return _Part(rest=whole)
    needed = _denied_actions(decision, trace)
    called = {key: value for key, value in without.items() if not key.endswith("Action")}
    rest = _other_roles(trace, {**called, "Action": needed}, role, needed)
    return _Part(rest=rest, of_call=rest is not None)


def _other_roles(
    trace: StatementTrace, without: dict[str, Any], role: str, actions: Sequence[str]
) -> dict[str, Any] | None:
    """The same of `arn:aws:iam::111111111111:role/*`: the account becomes a condition (R3.1)."""
    (pattern, *more) = trace.statement.resources or ("",)
    parts, mine = arn.parse(pattern), arn.parse(role)
    only_roles = {action.lower() for action in actions} <= _OF_ROLES
    if more or not only_roles or parts is None or mine is None:
        return None
    if not pattern.endswith(_ALL_ROLES) or parts.partition != mine.partition:
        return None
    rest = {**without, "NotResource": [role]}
    if parts.account == "*":
        return rest
    condition = without.get("Condition")
    block = with_condition(condition, "StringEquals", "aws:ResourceAccount", parts.account)
    return None if block is None else {**rest, "Condition": block}


def _by_action(
    decision: Decision, trace: StatementTrace, statement: dict[str, Any], caller: _Part
) -> _Part:
    if isinstance(decision.call.caller, SamlCaller) and caller.rest is not None:
        return _Part(is_all=True)  # no other call has the key of an assertion's provider
    needed, listed = _denied_actions(decision, trace), trace.statement.actions
    if trace.statement.not_action:
        return _Part(rest={**statement, "NotAction": [*listed, *needed]})
    mine = {action.lower() for action in needed}
    others = [action for action in listed if action.lower() not in mine]
    if not others:
        return _Part(is_all=True)
    if not any(matches(one, action, ignore_case=True) for one in others for action in needed):
        return _Part(rest={**statement, "Action": others})
    if "*" in others and trace.policy.name.layer is not Layer.RCP:  # which take no NotAction
        without = {key: value for key, value in statement.items() if key != "Action"}
        return _Part(rest={**without, "NotAction": needed})
    return _Part()


def _denied_actions(decision: Decision, trace: StatementTrace) -> list[str]:
    """The actions of the call that the statement is about."""
    required = decision.facts.required_actions
    return [action for action in required if action_matches(trace.statement, action)]


def _who(decision: Decision, caller: _Part) -> str:
    if caller.rest is None and not caller.is_all:
        return "every caller"
    return who_is(decision)


def _opens(decision: Decision, trace: StatementTrace, parts: tuple[_Part, ...]) -> str:
    left_out = [part.rest is None and not part.is_all for part in parts]
    actions = " and ".join(_denied_actions(decision, trace))
    on = "every role that it is about" if left_out[1] else decision.call.role_arn
    what = f"{actions} on {on}"
    if left_out[2] and parts[1].of_call:
        what += ", and for its other actions on every role that it is about"
    elif left_out[2]:
        what = f"every action that it names, {actions} among them, on {on}"
    stays = any(part.rest is not None for part in parts)
    rest = "all else stays denied" if stays else "the Deny stops nobody else"
    return f"{_who(decision, parts[0])}, for {what}; {rest}{_meant(trace)}"


def _meant(trace: StatementTrace) -> str:
    """What the Deny protects, so that nobody carves it away unseen (DESIGN section 5)."""
    asked = " and ".join(words(condition) for condition in trace.statement.conditions)
    return f" where {asked}" if asked else ""


def _opens_all(decision: Decision, trace: StatementTrace, *, stays: bool) -> str:
    who = who_is(decision)
    if stays:
        everything = "for everything that this Deny stops; all others stay denied"
        return f"{who}, {everything}{_meant(trace)}"
    return (
        f"{who}; the Deny is about nobody and nothing else, so it stops nothing any more: find out "
        "first why it was written"
    )
