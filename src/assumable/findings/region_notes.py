"""A Region of a name that is not known: most often a slip of the pen.

https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
"""

import re
from collections.abc import Iterator

from assumable.engine.facts import Facts
from assumable.engine.regions import KNOWN
from assumable.findings.slips import nearest
from assumable.model.world import Account

_WAYS = "north|south|east|west|central|northeast|northwest|southeast|southwest"
_FORM = re.compile(rf"(?:[a-z]+-)+(?:{_WAYS})-\d+")


def region_notes(facts: Facts) -> Iterator[str]:
    """That the Region of the call may be another one; AWS opens new ones, so it decides nothing."""
    region = facts.call.network.region
    if region is None or region in KNOWN:
        return
    accounts = facts.world.accounts.values()
    if any(isinstance(each, Account) and region in each.regions for each in accounts):
        return
    yield hint_on(region)


def hint_on(region: str) -> str:
    """That a Region is not known, with the one that may be meant; empty for one that is."""
    if region in KNOWN:
        return ""
    meant = region_meant(region)
    more = f": did you mean {meant}?" if meant else ""
    return f"`{region}` is no Region that was known when this version was made{more}"


def region_meant(region: str) -> str:
    """The Region of the nearest name, whatever its case; empty where none is like it."""
    place = nearest(KNOWN, region.lower())
    return "" if place is None else KNOWN[place]


def is_slip(region: str) -> bool:
    """Whether no Region has such a name, nor may a new one have it."""
    return _FORM.fullmatch(region) is None and bool(region_meant(region))
