"""An organization in moto: a manager and three members, with what a snapshot can hold."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from boto3.session import Session

from tests.aws.moto import running
from tests.aws.proxy import Proxy, answer, proxying
from tests.worlds import allow, policy, trust

REGION = "eu-central-1"
MANAGER = "123456789012"  # whose keys moto takes any keys for
READER = "security/Audit"
REGIONS = {
    "Regions": [
        {"RegionName": "us-east-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"},
        {"RegionName": REGION, "RegionOptStatus": "ENABLED_BY_DEFAULT"},
        {"RegionName": "af-south-1", "RegionOptStatus": "DISABLED"},
    ]
}
FEATURES = (
    "<ListOrganizationsFeaturesResponse><ListOrganizationsFeaturesResult><EnabledFeatures>"
    "<member>RootSessions</member></EnabledFeatures></ListOrganizationsFeaturesResult>"
    "</ListOrganizationsFeaturesResponse>"
)
EXPLICIT = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}


class World(NamedTuple):
    """Where it is, whose accounts are in it, and the keys of the user who calls."""

    url: str
    callers: str
    roles: str
    silent: str
    """A member below a unit whose SCP denies everything of STS."""
    keys: tuple[str, str]

    @property
    def members(self) -> tuple[str, ...]:
        """Every account."""
        return tuple(sorted((MANAGER, self.callers, self.roles, self.silent)))


def client(url: str, service: str, account: str = "", region: str = REGION) -> Any:
    """A client of the manager, or of a member."""
    keys = ("key", "secret", None)
    if account:
        own = client(url, "sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
            RoleSessionName="setup",
        )["Credentials"]
        keys = own["AccessKeyId"], own["SecretAccessKey"], own["SessionToken"]
    session: Any = Session(*keys, region_name=region)
    return session.client(service, endpoint_url=url)


def _organization(url: str) -> tuple[str, str, str]:
    org = client(url, "organizations")
    org.create_organization(FeatureSet="ALL")
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    accounts = [
        org.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        for name in ("callers", "roles", "silent")
    ]
    callers, roles, silent = (str(account["AccountId"]) for account in accounts)
    unit = org.create_organizational_unit(ParentId=root, Name="Silent")["OrganizationalUnit"]["Id"]
    org.move_account(AccountId=silent, SourceParentId=root, DestinationParentId=unit)
    made = org.create_policy(
        Content=json.dumps(policy(EXPLICIT)),
        Description="no STS",
        Name="NoSts",
        Type="SERVICE_CONTROL_POLICY",
    )
    org.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=unit)
    return callers, roles, silent


def role(iam: Any, name: str, *statements: Any, **more: Any) -> None:
    """A role with this trust policy."""
    text = json.dumps(policy(*statements))
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=text, **more)


def build(url: str) -> World:
    """Everything in it."""
    callers, roles, silent = _organization(url)
    iam = client(url, "iam", callers)
    iam.create_user(UserName="deployer")
    text = json.dumps(policy(allow(resource=f"arn:aws:iam::{roles}:role/*")))
    iam.put_user_policy(UserName="deployer", PolicyName="Inline", PolicyDocument=text)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    iam = client(url, "iam", roles)
    named = trust({"AWS": f"arn:aws:iam::{callers}:user/deployer"})
    role(iam, "Trusts", named)
    role(iam, "Long", named, MaxSessionDuration=7200)
    role(iam, "Other", trust({"AWS": f"arn:aws:iam::{callers}:user/deploy"}))
    iam.create_open_id_connect_provider(
        Url="https://token.example.com", ClientIDList=["sts.amazonaws.com"]
    )
    ec2 = client(url, "ec2", roles)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for service in ("sts", "s3"):
        name = f"com.amazonaws.{REGION}.{service}"
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=name, VpcEndpointType="Interface")
    iam = client(url, "iam", silent)
    role(iam, "Caller", trust({"AWS": f"arn:aws:iam::{silent}:root"}))
    return World(url, callers, roles, silent, (key["AccessKeyId"], key["SecretAccessKey"]))


@contextmanager
def served() -> Iterator[World]:
    """A running one."""
    with running() as url:
        yield build(url)


@contextmanager
def before(world: World) -> Iterator[tuple[Proxy, str]]:
    """A proxy before it, which answers what moto cannot."""
    with proxying(world.url) as (proxy, url):
        always = -1
        proxy.failures = {
            "listRegions": (answer(json.dumps(REGIONS), "application/json"), always),
            "ListOrganizationsFeatures": (answer(FEATURES, "text/xml"), always),
            "ListDelegatedAdministrators": (
                answer('{"DelegatedAdministrators": []}', "application/x-amz-json-1.1"),
                always,
            ),
        }
        yield proxy, url


def configure(folder: Path, world: World) -> None:
    """The profiles `org` and `deployer`."""
    profiles = {"org": ("key", "secret"), "deployer": world.keys}
    lines = [
        f"[profile {name}]\nregion = {REGION}\n"
        f"aws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
        for name, (key, secret) in profiles.items()
    ]
    (folder / "config").write_text("\n".join(lines))
