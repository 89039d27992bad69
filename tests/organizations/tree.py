"""The organization itself: its units, the place of every account, SCPs and RCPs."""

from typing import Any

from tests.organizations import mix
from tests.organizations.names import MANAGEMENT, TOOLING, Names
from tests.worlds import policy

_UNITS = {
    "Infrastructure": "",
    "Workloads": "",
    "Sandbox": "",
    "Production": "Workloads",
    "Staging": "Workloads",
    "Payments": "Production",
}
"""The units, and the one that each is in; none is the root."""
_WORKING = ("Production", "Production", "Staging", "Payments", "Sandbox", "Workloads")
_SCP, _RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


def organization_block(names: Names) -> dict[str, Any]:
    """The organization, as `organization.json` holds it."""
    types = [{"Type": kind, "Status": "ENABLED"} for kind in (_SCP, _RCP)]
    management = names.accounts[MANAGEMENT]
    return {
        "Id": names.id,
        "Arn": f"arn:aws:organizations::{management}:organization/{names.id}",
        "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{management}:account/{names.id}/{management}",
        "MasterAccountId": management,
        "MasterAccountEmail": "aws+management@example.com",
        "Roots": [{"Id": names.root, "Name": "Root", "PolicyTypes": types}],
        "OrganizationalUnits": [
            {"Id": names.unit(name), "Name": name, "ParentId": _unit_or_root(names, above)}
            for name, above in _UNITS.items()
        ],
        "Accounts": [_account(names, place) for place in range(len(names.accounts))],
        "Policies": _policies(names),
        "DelegatedAdministrators": [],
        "RootAccess": False,
    }


def unit_of(place: int) -> str:
    """The unit that an account is in; none is the root."""
    if place == MANAGEMENT:
        return ""
    return "Infrastructure" if place == TOOLING else _WORKING[place % len(_WORKING)]


def account_name(names: Names, place: int) -> str:
    """What people call an account."""
    if place in (MANAGEMENT, TOOLING):
        return ("management", "tooling")[place]
    return f"{names.team(place)}-{unit_of(place).lower()}-{place:04}"


def _unit_or_root(names: Names, unit: str) -> str:
    return names.unit(unit) if unit else names.root


def _account(names: Names, place: int) -> dict[str, Any]:
    name, account = account_name(names, place), names.accounts[place]
    owner = f"arn:aws:organizations::{names.accounts[MANAGEMENT]}"
    return {
        "Id": account,
        "Arn": f"{owner}:account/{names.id}/{account}",
        "Email": f"aws+{name}@example.com",
        "Name": name,
        "Status": "ACTIVE",
        "ParentId": _unit_or_root(names, unit_of(place)),
    }


def _policies(names: Names) -> list[dict[str, Any]]:
    everything = [names.root, *map(names.unit, _UNITS), *names.accounts]
    return [
        {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "Type": _SCP, "Targets": everything},
        _policy(names, "deny-root", _SCP, ["Workloads", "Sandbox"], _deny_root()),
        _policy(names, "deny-regions", _SCP, ["Workloads"], _deny_regions()),
        _policy(names, "deny-sts-outside", _SCP, ["Production"], _deny_outside(names)),
        _policy(names, "deny-sandbox-chains", _SCP, ["Sandbox"], _deny_chains(names)),
        {
            "Id": "p-RCPFullAWSAccess",
            "Name": "RCPFullAWSAccess",
            "Type": _RCP,
            "Targets": everything,
        },
        _policy(names, "deny-strangers", _RCP, ["Production"], _deny_strangers(names)),
    ]


def _policy(
    names: Names, name: str, kind: str, units: list[str], statement: dict[str, Any]
) -> dict[str, Any]:
    return {
        "Id": "p-" + names.unit(name).rpartition("-")[2],
        "Name": name,
        "Type": kind,
        "AwsManaged": False,
        "Content": policy(statement),
        "Targets": [names.unit(unit) for unit in units],
    }


def _deny(action: Any, condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition, **more}


def _deny_root() -> dict[str, Any]:
    return _deny("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}})


def _deny_regions() -> dict[str, Any]:
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": list(mix.REGIONS)}}
    spared = ["iam:*", "organizations:*", "route53:*", "cloudfront:*", "support:*"]
    return {"Effect": "Deny", "NotAction": spared, "Resource": "*", "Condition": elsewhere}


def _deny_outside(names: Names) -> dict[str, Any]:
    outside = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": names.id}}
    return _deny(["sts:AssumeRole", "sts:TagSession"], outside)


def _deny_chains(names: Names) -> dict[str, Any]:
    """Who plays in the sandbox does not reach the tooling account."""
    return _deny("sts:AssumeRole", {"StringEquals": {"aws:ResourceAccount": names.tooling}})


def _deny_strangers(names: Names) -> dict[str, Any]:
    strangers = {
        "StringNotEqualsIfExists": {
            "aws:PrincipalOrgID": names.id,
            "aws:PrincipalAccount": list(mix.OUTSIDERS),
        },
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    return _deny("sts:AssumeRole", strangers, Principal="*")
