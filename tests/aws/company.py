"""An organization in moto: two members, each in a unit of a unit, and who reads which of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boto3.session import Session

from assumable.ask import read_live
from assumable.aws.clients import Calls
from assumable.aws.reader import Readers
from assumable.formats.scenario import Scenario
from tests.aws.accounts import NOW, READ_IAM, REGION
from tests.worlds import allow, policy, trust

KINDS = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}
FULL_ACCESS = {"scp": "p-FullAWSAccess", "rcp": "p-RCPFullAWSAccess"}


class Company:
    """User deployer of one member may assume role Goal of the other, as far as these may say."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self._session = Session(region_name=REGION)  # clients are slow to make but for the first
        self._guards: list[str] = []
        self._closed: list[str] = []
        self._profile("manager", "manager", "secret")
        self.client = self._client("organizations", "manager", "secret")
        self.client.create_organization(FeatureSet="ALL")
        self.root = str(self.client.list_roots()["Roots"][0]["Id"])
        for kind in KINDS.values():
            self.client.enable_policy_type(RootId=self.root, PolicyType=kind)
        self.people, self.people_unit = self._member("people")
        self.targets, self.targets_unit = self._member("targets")
        self.role_arn = f"arn:aws:iam::{self.targets}:role/Goal"
        self._user("deployer", self.people, allow(resource=self.role_arn), READ_IAM)
        self._user("auditor", self.targets, READ_IAM)
        trusting = json.dumps(policy(trust({"AWS": f"arn:aws:iam::{self.people}:root"})))
        self._iam = self.administrator(self.targets)
        self._iam.create_role(RoleName="Goal", AssumeRolePolicyDocument=trusting)

    def _client(self, service: Any, *keys: str) -> Any:
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        given: Any = dict(zip(names, keys, strict=False))
        return self._session.client(service, endpoint_url=self.url, **given)

    def _profile(self, name: str, *keys: str) -> None:
        lines = [
            f"[{name}]",
            f"aws_access_key_id = {keys[0]}",
            f"aws_secret_access_key = {keys[1]}",
        ]
        with (self.folder / "credentials").open("a") as file:
            file.write("\n".join([*lines, ""]))

    def _member(self, name: str) -> tuple[str, str]:
        made = self.client.create_account(AccountName=name, Email=f"{name}@example.com")
        account, place = str(made["CreateAccountStatus"]["AccountId"]), self.root
        for unit in (f"company-{name}", name):
            made = self.client.create_organizational_unit(ParentId=place, Name=unit)
            place = str(made["OrganizationalUnit"]["Id"])
        self.client.move_account(
            AccountId=account, SourceParentId=self.root, DestinationParentId=place
        )
        return account, place

    def administrator(self, account: str) -> Any:
        """IAM of a member."""
        found = self._client("sts", "manager", "secret").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/Administrator", RoleSessionName="tests"
        )["Credentials"]
        keys = (found[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        return self._client("iam", *keys)

    def _user(self, name: str, account: str, *statements: Mapping[str, Any]) -> None:
        iam = self.administrator(account)
        iam.create_user(UserName=name)
        text = json.dumps(policy(*statements))
        iam.put_user_policy(UserName=name, PolicyName="Own", PolicyDocument=text)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self._profile(name, key["AccessKeyId"], key["SecretAccessKey"])

    def trusting(self, **more: Any) -> None:
        """Let the role ask for more than the caller's account."""
        named = trust({"AWS": f"arn:aws:iam::{self.people}:root"}, **more)
        self._iam.update_assume_role_policy(
            RoleName="Goal", PolicyDocument=json.dumps(policy(named))
        )

    def guard(self, kind: str, *targets: str, **statement: Any) -> str:
        """A policy of the organization's own: `scp` or `rcp`."""
        number = len(self.client.list_policies(Filter=KINDS[kind])["Policies"])
        everyone = {"Principal": "*"} if kind == "rcp" else {}
        text = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", **everyone, **statement}
        made = self.client.create_policy(
            Content=json.dumps(policy(text)), Name=f"{kind}{number}", Type=KINDS[kind],
            Description="-",
        )  # fmt: skip
        policy_id = str(made["Policy"]["PolicySummary"]["Id"])
        self._guards.append(policy_id)
        for target in targets:
            self.client.attach_policy(PolicyId=policy_id, TargetId=target)
        return policy_id

    def close_off(self, target: str) -> None:
        """Take FullAWSAccess away from a root, a unit or an account."""
        self.client.detach_policy(PolicyId=FULL_ACCESS["scp"], TargetId=target)
        self._closed.append(target)

    def reopen(self) -> None:
        """Full access everywhere, and no other policy."""
        for target in self._closed:
            self.client.attach_policy(PolicyId=FULL_ACCESS["scp"], TargetId=target)
        for policy_id in self._guards:
            for found in self.client.list_targets_for_policy(PolicyId=policy_id)["Targets"]:
                self.client.detach_policy(PolicyId=policy_id, TargetId=found["TargetId"])
            self.client.delete_policy(PolicyId=policy_id)
        self._guards, self._closed = [], []
        self.trusting()

    def read(self, url: str = "", calls: Calls | None = None, **more: Any) -> Scenario:
        """The live world of the call, read by everybody it takes."""
        readers = Readers(
            **{"profile": "deployer", "role_profile": "auditor", "org_profile": "manager", **more},
            endpoint_url=url or self.url,
        )
        parameters = {"RoleArn": self.role_arn, "RoleSessionName": "session"}
        return read_live(parameters, readers, now=NOW, calls=calls)
