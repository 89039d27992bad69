"""Organizations that are made up but look real: one seed, one organization, account by account.

The shapes are those of `aws iam get-account-authorization-details`, without the policies of AWS
itself, and of a snapshot's `organization.json` (docs/scenarios.md). Providers are listed as well.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.organizations import mix
from tests.organizations.grants import Held, any_boundary, grant, role_grant, shared
from tests.organizations.mix import SIZES, Size, drawn
from tests.organizations.names import Names, RoleName, named, unique_id
from tests.organizations.tree import organization_block
from tests.organizations.trusts import github_provider, identity_center, saml_provider, trust_of
from tests.worlds import policy

_START = datetime(2021, 1, 1, 9, 0, tzinfo=UTC)


def organization(seed: int, size: str | Size) -> dict[str, Any]:
    """The organization block."""
    return organization_block(_names(seed, size))


def accounts(seed: int, size: str | Size) -> Iterator[tuple[str, dict[str, Any]]]:
    """Account by account, its id and details; only one is held at a time."""
    names = _names(seed, size)
    for place, account in enumerate(names.accounts):
        yield account, _account(names, place)


def write(folder: Path, seed: int, size: str | Size) -> int:
    """Write a snapshot of an organization to a folder; how many bytes that are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = _write(folder / "organization.json", organization(seed, size))
    return written + sum(
        _write(folder / f"{account}.json", details) for account, details in accounts(seed, size)
    )


def _write(path: Path, value: Any) -> int:
    return path.write_bytes(msgspec.json.encode(value))


def _names(seed: int, size: str | Size) -> Names:
    return named(seed, SIZES[size] if isinstance(size, str) else size)


def _account(names: Names, place: int) -> dict[str, Any]:
    account = names.accounts[place]
    rng = random.Random(f"{names.seed}/{account}")
    providers = [saml_provider(account, "corporate"), identity_center(account)]
    return {
        "UserDetailList": [_user(names, place, n, rng) for n in range(names.size.users)],
        "GroupDetailList": [_group(names, place, name, rng) for name in mix.GROUPS],
        "RoleDetailList": [
            _role(names, names.role(place, n), rng) for n in range(names.size.roles)
        ],
        "Policies": [
            _managed(own_arn, document, rng)
            for own_arn, document in shared(names, place, rng).items()
        ],
        "IsTruncated": False,
        "OpenIDConnectProviders": [
            {"Arn": github_provider(account), "ClientIDList": ["sts.amazonaws.com"]}
        ],
        "SAMLProviders": [{"Arn": provider} for provider in providers],
    }


def _role(names: Names, role: RoleName, rng: random.Random) -> dict[str, Any]:
    details = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": unique_id(rng, "AROA"),
        "Arn": role.arn,
        "CreateDate": _date(rng),
        "AssumeRolePolicyDocument": policy(*trust_of(names, role, rng)),
        "InstanceProfileList": [_profile(role, rng)] if role.word == "ec2" else [],
        **_held(role_grant(names, role, rng), "RolePolicyList"),
        "Tags": _tags(role.team, rng),
        "RoleLastUsed": {"LastUsedDate": _date(rng), "Region": rng.choice(mix.REGIONS)},
    }
    if role.kind not in ("service-linked", "identity-center", "hub", "stage"):
        details |= _boundary(role.account, rng)
    return details


def _profile(role: RoleName, rng: random.Random) -> dict[str, Any]:
    return {
        "Path": "/",
        "InstanceProfileName": role.name,
        "InstanceProfileId": unique_id(rng, "AIPA"),
        "Arn": f"arn:aws:iam::{role.account}:instance-profile/{role.name}",
        "CreateDate": _date(rng),
        "Roles": [],
    }


def _user(names: Names, place: int, number: int, rng: random.Random) -> dict[str, Any]:
    path, name = names.user(place, number)
    own = drawn(rng, mix.GRANTS) if path == "/service/" or rng.random() < 0.3 else ""
    groups = rng.sample(list(mix.GROUPS), rng.randint(0 if own else 1, 2))
    return {
        "Path": path,
        "UserName": name,
        "UserId": unique_id(rng, "AIDA"),
        "Arn": names.user_arn(place, number),
        "CreateDate": _date(rng),
        **_held(grant(own, names, place, rng) if own else Held({}, []), "UserPolicyList"),
        "GroupList": groups,
        "Tags": _tags(rng.choice(mix.TEAMS), rng),
        **_boundary(names.accounts[place], rng),
    }


def _group(names: Names, place: int, name: str, rng: random.Random) -> dict[str, Any]:
    return {
        "Path": "/",
        "GroupName": name,
        "GroupId": unique_id(rng, "AGPA"),
        "Arn": f"arn:aws:iam::{names.accounts[place]}:group/{name}",
        "CreateDate": _date(rng),
        **_held(grant(mix.GROUPS[name], names, place, rng), "GroupPolicyList"),
    }


def _held(held: Held, inline: str) -> dict[str, Any]:
    return {
        inline: [
            {"PolicyName": name, "PolicyDocument": document}
            for name, document in held.inline.items()
        ],
        "AttachedManagedPolicies": [
            {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in held.attached
        ],
    }


def _boundary(account: str, rng: random.Random) -> dict[str, Any]:
    if rng.random() >= mix.BOUNDARIES:
        return {}
    kind, own_arn = "PermissionsBoundaryPolicy", any_boundary(account, rng)
    boundary = {"PermissionsBoundaryType": kind, "PermissionsBoundaryArn": own_arn}
    return {"PermissionsBoundary": boundary}


def _managed(own_arn: str, document: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A managed policy with its versions, the newest of which counts."""
    resource, newest = own_arn.split(":policy", 1)[1], rng.randint(1, 4)
    path, _, name = resource.rpartition("/")
    created = _date(rng)
    return {
        "PolicyName": name,
        "PolicyId": unique_id(rng, "ANPA"),
        "Arn": own_arn,
        "Path": f"{path}/",
        "DefaultVersionId": f"v{newest}",
        "AttachmentCount": rng.randint(1, 9),
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": created,
        "UpdateDate": max(created, _date(rng)),
        "PolicyVersionList": [
            {
                "Document": document if n == newest else policy(document["Statement"][0]),
                "VersionId": f"v{n}",
                "IsDefaultVersion": n == newest,
                "CreateDate": created,
            }
            for n in range(newest, 0, -1)
        ],
    }


def _tags(team: str, rng: random.Random) -> list[dict[str, str]]:
    if rng.random() >= mix.TAGGED:
        return []
    found = {"team": team, "stage": rng.choice(mix.STAGES)}
    if rng.random() < 0.3:
        found["cost-center"] = f"{rng.randint(1000, 1099)}"
    return [{"Key": key, "Value": value} for key, value in found.items()]


def _date(rng: random.Random) -> str:
    return (_START + timedelta(minutes=rng.randrange(3_000_000))).isoformat()
