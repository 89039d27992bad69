"""An organization of another partition: what is asked, written and read has its ARNs."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assumable.diagnose import diagnose
from assumable.formats.dump import call_of, read_snapshot
from tests.aws.proxy import Proxy
from tests.collect.test_contents import collected, entries, wish
from tests.collect.world import MANAGER, World, client, role
from tests.worlds import allow, policy, trust

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_a_snapshot_of_another_partition_answers(
    world: World, between: tuple[Proxy, str], tmp_path: Path, partition: str, region: str
) -> None:
    """What moto holds there is seen by no other test."""
    proxy, url = between
    proxy.refused = {"arn:aws:"}
    iam = client(world.url, "iam", region=region)
    caller = f"arn:{partition}:iam::{MANAGER}:user/deployer"
    called = f"arn:{partition}:iam::{MANAGER}:role/Trusts"
    iam.create_user(UserName="deployer")
    text = json.dumps(policy(allow(resource=called)))
    iam.put_user_policy(UserName="deployer", PolicyName="Inline", PolicyDocument=text)
    role(iam, "Trusts", trust({"AWS": caller}))
    role(iam, "Other", trust({"AWS": f"arn:aws:iam::{MANAGER}:user/deployer"}))
    wanted = wish(url, region=region, accounts=(MANAGER, world.roles), organization=False)
    read = entries(collected(tmp_path / "s", wanted))
    assert {account: entry.status for account, entry in read.items()} == {
        MANAGER: "done",
        world.roles: "done",
    }
    assert proxy.seen["AssumeRole"] == 1
    found = read_snapshot(tmp_path / "s")
    verdicts = dict[str, str]()
    for name in ("Trusts", "Other"):
        parameters = {"RoleArn": called.replace("Trusts", name), "RoleSessionName": "session"}
        call = call_of(caller, parameters, region=region, now=NOW)
        verdicts[name] = diagnose(found, call).verdict
    assert verdicts == {"Trusts": "allowed", "Other": "denied"}
