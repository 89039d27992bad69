"""Two sides of one call put together again, as a world and a call that the engine decides."""

from collections.abc import Iterable

import msgspec

from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts, Lookups
from assumable.errors import InputError
from assumable.formats.scenario import Scenario
from assumable.formats.side import (
    CallerSide,
    RoleSide,
    Seal,
    Side,
    is_sealed,
)
from assumable.model.policy import Layer
from assumable.sides.accounts import called, caller_half, role_half
from assumable.sides.halves import world_of
from assumable.sides.opened import Opened, opened_caller, opened_role


def pair(sides: Iterable[Side]) -> tuple[CallerSide, RoleSide]:
    """The caller's and the role's side of one call, in whatever order; InputError otherwise."""
    found = {type(side): side for side in sides}
    caller, role = found.get(CallerSide), found.get(RoleSide)
    if not isinstance(caller, CallerSide) or not isinstance(role, RoleSide):
        raise InputError("one side of the caller and one of the role are needed", "--side")
    check_same_call(caller, role)
    return caller, role


def check_same_call(caller: CallerSide, role: RoleSide) -> None:
    """InputError with what differs when the sides are about different calls."""
    mine, theirs = caller.call, role.call
    differing = [] if mine.caller == theirs.caller else ["the caller"]
    for name in sorted({*mine.parameters, *theirs.parameters}):
        sent, known = mine.parameters.get(name), theirs.parameters.get(name)
        if is_sealed(known) and isinstance(sent, str):
            sent = Seal(role.salt).of(sent)
        if sent != known:
            differing.append(name)
    if mine.context != theirs.context:
        differing.append("the stated condition keys")
    if differing:
        raise InputError(
            f"the two sides are about different calls: {', '.join(differing)} differ",
            "--side",
            "write one of them again, with --given and the other",
        )


def joined(caller: CallerSide, role: RoleSide) -> Scenario:
    """The world and the call that both sides together tell."""
    call = called(caller, role)
    region = call.network.serving_region
    halves = caller_half(caller), role_half(role, region)
    facts = Facts(Lookups(world_of(*halves, complete=False)), call)
    seen = {
        layer: RequestContext(facts, "sts:AssumeRole", layer)
        for layer in (Layer.TRUST, Layer.IDENTITY)
    }
    theirs = Opened(seen[Layer.IDENTITY], Seal(caller.salt), call.caller.arn)
    ours = Opened(seen[Layer.TRUST], Seal(role.salt), call.caller.arn)
    opened = opened_caller(caller, theirs), opened_role(role, ours)
    world = world_of(caller_half(opened[0]), role_half(opened[1], region), complete=False)
    overrides = {**call.overrides, **theirs.unknown, **ours.unknown}
    return Scenario(world, msgspec.structs.replace(call, overrides=overrides))
