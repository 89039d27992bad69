"""Two accounts in a MiniStack of our own, and the profiles of their people."""

import functools
import json
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session

from assumable.ask import read_live
from assumable.aws.clients import Calls
from assumable.aws.reader import Readers
from assumable.formats.scenario import Scenario
from tests.aws.environment import isolate
from tests.worlds import ROLE, A, B, allow, policy, trust

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REGION = "eu-central-1"
CALL = {"RoleArn": ROLE, "RoleSessionName": "deploy-session"}
READ_IAM = allow(["iam:Get*", "iam:List*"])
Keys = tuple[str, ...]


@functools.cache
def administrator(url: str, account: str) -> Any:
    """IAM as the root of an account, made once: it is slow to make."""
    return Session(account, "test", region_name=REGION).client("iam", endpoint_url=url)


class Accounts:
    """The administrator of both accounts; every profile it makes is in the environment."""

    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = url
        self._credentials = folder / "credentials"
        isolate(folder, monkeypatch, AWS_DEFAULT_REGION=REGION)
        reset = urllib.request.Request(f"{url}/_ministack/reset", method="POST")
        urllib.request.urlopen(reset).close()
        self.iam = {account: administrator(url, account) for account in (A, B)}

    def profile(self, name: str, keys: Keys) -> None:
        """A profile with these keys."""
        fields = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        lines = [f"{field} = {value}" for field, value in zip(fields, keys, strict=False)]
        with self._credentials.open("a") as file:
            file.write("\n".join([f"[{name}]", *lines, ""]))

    def user(
        self, name: str, account: str, *statements: Mapping[str, Any], path: str = "/"
    ) -> Keys:
        """A user with one inline policy, and a profile of its name."""
        iam = self.iam[account]
        iam.create_user(UserName=name)
        if statements:
            text = json.dumps(policy(*statements))
            iam.put_user_policy(UserName=name, PolicyName="Inline", PolicyDocument=text)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = key["AccessKeyId"], key["SecretAccessKey"]
        self.profile(name, keys)
        return keys

    def role(self, name: str, account: str, *statements: Mapping[str, Any], **more: Any) -> None:
        """A role with this trust policy."""
        text = json.dumps(policy(*statements))
        self.iam[account].create_role(RoleName=name, AssumeRolePolicyDocument=text, **more)

    def classic(self, *denied: str) -> None:
        """What passes: deployer may call, DeployRole trusts it, auditor may read the role.

        `denied` are IAM actions that neither of them may call.
        """
        refused = [{"Effect": "Deny", "Action": list(denied), "Resource": "*"}] if denied else []
        self.user("deployer", A, allow(resource=ROLE), READ_IAM, *refused)
        self.user("auditor", B, READ_IAM, *refused)
        self.role("DeployRole", B, trust({"AWS": f"arn:aws:iam::{A}:user/deployer"}))

    def sts(self, profile: str) -> Any:
        """STS with the keys of a profile."""
        return Session(profile_name=profile).client("sts", endpoint_url=self.url)

    def read(
        self,
        profile: str = "deployer",
        role_profile: str | None = "auditor",
        via_roles: Sequence[str] = (),
        calls: Calls | None = None,
        caller_profile: str | None = None,
        **more: Any,
    ) -> Scenario:
        """The live world of one call, or of a chain."""
        readers = Readers(
            profile=profile,
            caller_profile=caller_profile,
            role_profile=role_profile,
            endpoint_url=self.url,
        )
        return read_live({**CALL, **more}, readers, now=NOW, via_roles=via_roles, calls=calls)
