"""Where the STS endpoint stands, and which accounts must have that Region on (R10.3 to R10.8).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
"""

import functools
from collections.abc import Iterator

from assumable import arn
from assumable.engine.facts import Facts
from assumable.engine.limits import Fault, denial
from assumable.engine.truth import Atom
from assumable.model.world import Account, Unknown

ALWAYS_ON = "us-east-1"
"""STS cannot be switched off here (R10.6)."""
DEFAULT_REGIONS = frozenset((
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2",
    "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
))  # fmt: skip
"""The Regions of the partition `aws` that every account has from the start."""
_OPT_IN_REGIONS = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2",
    "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
)  # fmt: skip
_ELSEWHERE_REGIONS = (
    "cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1", "us-iso-east-1",
    "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "eu-isoe-west-1", "us-isof-east-1",
    "us-isof-south-1", "eusc-de-east-1",
)  # fmt: skip
"""Those of other partitions."""
KNOWN = tuple(sorted((*DEFAULT_REGIONS, *_OPT_IN_REGIONS, *_ELSEWHERE_REGIONS)))
_PARTITIONS = {
    "cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b",
    "eu-isoe": "aws-iso-e", "us-isof": "aws-iso-f", "eusc": "aws-eusc",
}  # fmt: skip
INVALID_TOKEN = "The security token included in the request is invalid"  # noqa: S105  # AWS's text


@functools.cache
def partition_of(region: str) -> str:
    """The partition of a Region, by the start of its name."""
    parts = region.split("-")
    return _PARTITIONS.get("-".join(parts[:2])) or _PARTITIONS.get(parts[0]) or "aws"


def another_region(partition: str, region: str | None) -> str | None:
    """A Region of a partition to send the call to instead; None where no other is known."""
    if partition == "aws":
        return ALWAYS_ON
    others = (each for each in KNOWN if partition_of(each) == partition and each != region)
    return next(others, None)


def region_faults(facts: Facts) -> Iterator[Fault]:
    """What a regional endpoint refuses because of where it stands.

    An opt-in Region cannot validate the credentials of an account that has it off; a default one
    can. Both refuse to make credentials for an account that has it off, or STS in it (R10.5, C-11).
    """
    call = facts.call
    region = call.network.serving_region
    if region is None:
        return
    home = arn.parse(call.caller.arn if call.is_principal else call.role_arn)
    role = arn.parse(call.role_arn)
    if home is not None and home.partition != partition_of(region):
        if role is not None and role.partition == home.partition:  # else the ARNs differ already
            yield _elsewhere(facts)
        return
    both = _is_opt_in(facts, region) and facts.takes("C-11")
    if both and _status(facts, call.caller_account, region) == _OFF:
        yield Fault("", "InvalidClientTokenId", 403, INVALID_TOKEN, "region", "caller")
    if _status(facts, call.role_account, region) == _OFF:
        text = (
            f"STS is not activated in this region for account:{call.role_account}. Your account "
            "administrator can activate STS in this region using the IAM Console."
        )
        yield Fault("", "RegionDisabledException", 403, text, "region", "role")


def region_questions(facts: Facts) -> Iterator[tuple[str, Atom]]:
    """The accounts that may have the Region off, with the question that leaves.

    They are switching it on or off just now, or nobody has said whether they opted in.
    """
    call = facts.call
    region = call.network.serving_region
    if region is None:
        return
    opt_in = _is_opt_in(facts, region)
    both = opt_in and call.caller_account and facts.takes("C-11")
    caller = (call.caller_account,) if both else ()
    for account in dict.fromkeys((*caller, call.role_account)):
        status = _status(facts, account, region)
        if status in _BETWEEN or (status is None and opt_in and _is_unread(facts, account)):
            yield (
                account,
                Atom(
                    subject=f"{region} in account {account}",
                    text=f"{region} is enabled in account {account}",
                    opposite=f"{region} is not enabled in account {account}",
                    part=f"whether {region} is enabled in account {account}",
                    settle=f"account:GetRegionOptStatus for {region} in account {account}",
                    kind="fact",
                ),
            )


_OFF, _BETWEEN = "not-opted-in", ("enabling", "disabling")


def _is_opt_in(facts: Facts, region: str) -> bool:
    """Whether accounts must opt in; what an account's own list says of the Region comes first."""
    accounts = (facts.call.caller_account, facts.call.role_account)
    if any(_status(facts, account, region) == "opt-in-not-required" for account in accounts):
        return False
    return region not in DEFAULT_REGIONS and partition_of(region) == "aws"


def _status(facts: Facts, account_id: str, region: str) -> str | None:
    account = facts.world.account(account_id) if account_id and region != ALWAYS_ON else None
    return account.regions.get(region) if isinstance(account, Account) else None


def _is_unread(facts: Facts, account_id: str) -> bool:
    """Whether the Regions of an account were not read; a closed world says where one is off."""
    return not facts.world.complete or isinstance(facts.world.account(account_id), Unknown)


def _elsewhere(facts: Facts) -> Fault:
    """Credentials and roles of one partition do not exist in another one (R10.8)."""
    call = facts.call
    if call.is_principal:
        return Fault("", "InvalidClientTokenId", 403, INVALID_TOKEN, "region", "partition")
    text = denial(call, f"sts:{call.api}")
    return Fault("", "AccessDenied", 403, text, "region", "partition")
