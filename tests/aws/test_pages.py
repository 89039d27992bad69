"""Lists that come in pages, from moto: all of them are read, and half a list is none."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from boto3.session import Session

from assumable.ask import read_live
from assumable.aws import clients
from assumable.aws.clients import Calls
from assumable.aws.reader import Readers
from assumable.diagnose import Diagnosis, diagnose
from tests.aws import proxy as faults
from tests.aws.accounts import NOW, REGION
from tests.aws.environment import isolate
from tests.aws.moto import running
from tests.aws.proxy import Proxy, proxying
from tests.worlds import allow, policy, trust

ACCOUNT = "123456789012"  # whose keys moto takes any keys for
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Own"
ATTACHED, PAGE = 150, 100


def fill(iam: Any) -> dict[str, str]:
    """A user with more policies than a page holds, the last of which denies; its keys."""
    iam.create_user(UserName="deployer")
    named = policy(trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/deployer"}))
    iam.create_role(RoleName="Own", AssumeRolePolicyDocument=json.dumps(named))
    deny = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    for number in range(ATTACHED):
        text = json.dumps(policy(deny if number == ATTACHED - 1 else allow("s3:*")))
        made = iam.create_policy(PolicyName=f"P{number:03}", PolicyDocument=text)
        iam.attach_user_policy(UserName="deployer", PolicyArn=made["Policy"]["Arn"])
    keys: dict[str, str] = iam.create_access_key(UserName="deployer")["AccessKey"]
    return keys


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, dict[str, str]]]:
    """One account for all tests: they change nothing in it."""
    with running() as url:
        iam = Session("key", "secret", region_name=REGION).client("iam", endpoint_url=url)
        yield url, fill(iam)


@pytest.fixture
def between(
    server: tuple[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Proxy, str]]:
    """A proxy before moto, and the user's credentials in the environment."""
    url, keys = server
    isolate(tmp_path, monkeypatch, AWS_DEFAULT_REGION=REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    with proxying(url) as (proxy, address):
        yield proxy, address


def answer(url: str, calls: Calls | None = None) -> Diagnosis:
    """The answer for the user and its own role, the organization left aside."""
    parameters = {"RoleArn": ROLE, "RoleSessionName": "session"}
    world, call = read_live(parameters, Readers(endpoint_url=url), now=NOW, calls=calls)
    return diagnose(world, msgspec.structs.replace(call, assumptions={"organization": True}))


def test_every_page_is_read(between: tuple[Proxy, str]) -> None:
    """The Deny stands on the second one."""
    calls = Calls()
    diagnosis = answer(between[1], calls)
    assert calls.counted["iam:ListAttachedUserPolicies"] == 2
    assert diagnosis.verdict == "denied"
    assert [f.cause for f in diagnosis.findings if f.blocking] == ["identity-explicit-deny"]


@pytest.mark.parametrize("failure", [faults.reset, faults.cut, faults.error("Throttling", 400)])
def test_half_a_list_is_none(between: tuple[Proxy, str], failure: faults.Failure) -> None:
    """What stood on the page that did not come is not known to be absent."""
    proxy, url = between
    proxy.failures["ListAttachedUserPolicies"] = failure, 1
    proxy.passing["ListAttachedUserPolicies"] = 1
    diagnosis = answer(url)
    assert proxy.seen["ListAttachedUserPolicies"] == 2
    assert diagnosis.verdict == "conditional"
    assert any("ListAttachedUserPolicies" in unknown.settle for unknown in diagnosis.unknowns)
