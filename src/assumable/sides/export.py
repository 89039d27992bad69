"""One side of a call, written for the administrator of the other."""

import re
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.facts import Facts
from assumable.engine.layers import Prepared
from assumable.errors import InputError
from assumable.formats.dump import unsaid_session
from assumable.formats.scenario import Scenario
from assumable.formats.side import (
    CallerSide,
    RoleSide,
)
from assumable.model.call import Call, Mfa, Network, RoleCaller, UserCaller, Value
from assumable.model.policy import Policy
from assumable.model.routed import faults_of
from assumable.model.world import Unknown, World
from assumable.sides import keys
from assumable.sides.accounts import called, caller_half, keys_of_role, role_half
from assumable.sides.contents import Wish, of_caller, of_role, without_own
from assumable.sides.halves import blank_half, own_half, world_of
from assumable.sides.join import check_same_call

_VARIABLE = re.compile(r"\$\{([^},]*)")


def caller_side(scenario: Scenario, wish: Wish, given: RoleSide | None = None) -> CallerSide:
    """The side of the caller's administrator; with the role's side given, nothing stays sealed.

    InputError for a call that one administrator can answer alone.
    """
    world, call = _checked(scenario)
    mine = own_half(world, call.caller_account, calls=True)
    theirs = blank_half(world, call.role_account, calls=False)
    if given is not None:
        theirs = role_half(given, call.network.serving_region)
    overrides = {**mine.keys, **theirs.keys, **call.overrides}
    if given is not None:
        overrides |= keys_of_role(given)
    seen = Scenario(
        world_of(mine, theirs, complete=world.complete),
        msgspec.structs.replace(call, overrides=overrides),
    )
    side = of_caller(seen, wish, given)
    if given is not None:
        check_same_call(side, given)
    return side


def role_side(scenario: Scenario, wish: Wish, given: CallerSide | None = None) -> RoleSide:
    """The side of the role's administrator; with the caller's side given, nothing stays sealed.

    InputError for a call that one administrator can answer alone.
    """
    world, call = _checked(scenario)
    mine = own_half(world, call.role_account, calls=False)
    own = {key: value for key, value in call.overrides.items() if keys.is_of_role(key)}
    if given is None:
        theirs = blank_half(world, call.caller_account, calls=True)
        around = world_of(theirs, mine, complete=world.complete)
        seen = _as_role_sees(call, _asked(around, call), theirs.keys)
    else:
        theirs, seen = caller_half(given), called(given)
        around = world_of(theirs, mine, complete=world.complete)
    overrides = {**seen.overrides, **mine.keys, **own}
    seen = msgspec.structs.replace(seen, overrides=overrides)
    side = of_role(Scenario(around, seen), call, wish, given)
    if given is not None:
        check_same_call(given, side)
    return side


def _checked(scenario: Scenario) -> Scenario:
    """The scenario, or InputError where two sides make no sense."""
    call = scenario.call
    alone = "run `assumable why` there"
    if call.chain:
        raise InputError("a chain of roles has no two sides", "", "write the sides hop by hop")
    if call.api != "AssumeRole" or not call.is_principal:
        message = "only a call of AssumeRole by a principal of an account has two sides"
        raise InputError(message, "", alone)
    if call.client is not None and faults_of(call.client, call.time):
        message = "the client's own configuration keeps it from asking anybody"
        raise InputError(message, "", "`assumable why` says how to mend it")
    if arn.parse_role(call.role_arn) is None:
        raise InputError(f"`{call.role_arn}` is no role", "RoleArn")
    if call.same_account:
        message = "caller and role are in one account, whose administrator can answer alone"
        raise InputError(message, "", alone)
    return scenario


def _as_role_sees(call: Call, asked: set[str], places: dict[str, Value]) -> Call:
    """The call without what only its caller knows."""
    caller: Any = call.caller
    if isinstance(caller, UserCaller):
        unread = Unknown("the MFA of the caller's credentials", "assumable export-side --caller")
        caller = UserCaller(arn=caller.arn, mfa=Mfa(unread))
    elif isinstance(caller, RoleCaller):
        caller = RoleCaller(arn=caller.arn, session=unsaid_session())
    shared = {
        key: value
        for key, value in call.overrides.items()
        if keys.is_shared(key) or isinstance(value, Unknown)
    }
    return msgspec.structs.replace(
        call,
        caller=caller,
        parameters=without_own(call.parameters),
        network=Network(assumed=True),
        overrides={**keys.unknown_to_role(asked), **places, **shared},
        mfa_code_is_wrong=False,
    )


def _asked(world: World, call: Call) -> set[str]:
    """The condition keys that the role's side asks for, in values as well."""
    prepared = Prepared(world)
    facts = Facts(prepared.lookups, call)
    parts = prepared.role_parts(facts).all
    policies = [*(policy for part in parts for policy in part.policies), facts.trust]
    conditions = [
        condition
        for policy in policies
        if isinstance(policy, Policy)
        for statement in policy.statements
        for condition in statement.conditions
    ]
    named = {found for c in conditions for value in c.values for found in _VARIABLE.findall(value)}
    return {key.strip().lower() for key in (*named, *(c.key for c in conditions))}
