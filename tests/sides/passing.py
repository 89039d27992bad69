"""Sides written and read again, in the ways in which two administrators can pass them on."""

from assumable.errors import InputError
from assumable.formats.scenario import Scenario
from assumable.formats.side import CallerSide, RoleSide, parse_side, written
from assumable.sides.contents import Wish
from assumable.sides.export import caller_side, role_side
from assumable.sides.join import joined, pair
from assumable.source import Document

WAYS = ("apart", "role last", "caller twice", "full")


def text_of(side: CallerSide | RoleSide) -> str:
    return written(side)


def caller_again(side: CallerSide) -> CallerSide:
    found = parse_side(Document("caller.json", written(side)))
    assert isinstance(found, CallerSide)
    return found


def role_again(side: RoleSide) -> RoleSide:
    found = parse_side(Document("role.json", written(side)))
    assert isinstance(found, RoleSide)
    return found


def has_two_sides(scenario: Scenario) -> bool:
    """Whether two administrators have a say in the call."""
    try:
        caller_side(scenario, Wish())
    except InputError:
        return False
    return True


def passed_on(scenario: Scenario, way: str) -> Scenario:
    """What the two sides of a scenario say together, once each was a file."""
    wish = Wish(full=way == "full")
    if way == "caller twice":
        first = role_again(role_side(scenario, wish))
        caller = caller_again(caller_side(scenario, wish, first))
        role = role_again(role_side(scenario, wish, caller))
    else:
        caller = caller_again(caller_side(scenario, wish))
        role = role_again(role_side(scenario, wish, caller if way == "role last" else None))
    return joined(*pair([role, caller]))
