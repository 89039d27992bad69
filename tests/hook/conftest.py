"""A hook that is gone after each test, and what it is tried on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assumable import hook
from tests.aws.conftest import accounts, stack
from tests.aws.environment import isolate
from tests.hook.server import Server
from tests.worlds import A, B, allow, policy, trust

__all__ = ["accounts", "environment", "server", "snapshot", "stack", "unhooked"]


@pytest.fixture(autouse=True)
def unhooked() -> Iterator[None]:
    yield
    hook.uninstall()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(tmp_path, monkeypatch, AWS_DEFAULT_REGION="eu-central-1")


@pytest.fixture
def server(environment: None) -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """deployer may assume every role; DeployRole trusts deploy, Guarded asks for an external ID."""
    folder = tmp_path / "snapshot"
    folder.mkdir()
    user = {
        "UserName": "deployer",
        "Arn": f"arn:aws:iam::{A}:user/deployer",
        "UserPolicyList": [{"PolicyName": "Inline", "PolicyDocument": policy(allow())}],
    }
    guard = {"StringEquals": {"sts:ExternalId": "the-right-one"}}
    trusts = {
        "DeployRole": trust({"AWS": f"arn:aws:iam::{A}:user/deploy"}),
        "Guarded": trust({"AWS": f"arn:aws:iam::{A}:user/deployer"}, Condition=guard),
    }
    roles = [
        {
            "RoleName": name,
            "Arn": f"arn:aws:iam::{B}:role/{name}",
            "AssumeRolePolicyDocument": policy(statement),
            "MaxSessionDuration": 3600,
        }
        for name, statement in trusts.items()
    ]
    (folder / f"{A}.json").write_text(json.dumps({"UserDetailList": [user]}))
    (folder / f"{B}.json").write_text(json.dumps({"RoleDetailList": roles}))
    return folder
