"""A Region of a name that is not known: most often a slip of the pen.

https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
"""

from collections.abc import Iterator

from assumable.engine.facts import Facts
from assumable.engine.regions import DEFAULT_REGIONS
from assumable.findings.slips import nearest
from assumable.model.world import Account

_OPT_IN = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2",
    "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
)  # fmt: skip
_ELSEWHERE = (
    "cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1", "us-iso-east-1",
    "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "eu-isoe-west-1", "us-isof-east-1",
    "us-isof-south-1", "eusc-de-east-1",
)  # fmt: skip
"""Those of other partitions."""
KNOWN = tuple(sorted((*DEFAULT_REGIONS, *_OPT_IN, *_ELSEWHERE)))


def region_notes(facts: Facts) -> Iterator[str]:
    """That the Region of the call may be another one; AWS opens new ones, so it decides nothing."""
    region = facts.call.network.region
    if region is None or region in KNOWN:
        return
    accounts = facts.world.accounts.values()
    if any(isinstance(each, Account) and region in each.regions for each in accounts):
        return
    place = nearest(KNOWN, region)
    meant = f": did you mean {KNOWN[place]}?" if place is not None else ""
    yield f"`{region}` is no Region that was known when this version was made{meant}"
