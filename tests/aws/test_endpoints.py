"""`--endpoint-url` of an interface endpoint: the call goes through it, and its policy is read."""

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session

from assumable.ask import read_live, through
from assumable.aws.clients import Calls, Connection, assuming_client
from assumable.aws.reader import Readers
from assumable.diagnose import diagnose
from assumable.doctor import read_through
from assumable.engine.chain import decide_chain
from assumable.findings.blame import blames
from assumable.formats.dump import call_of
from assumable.formats.profiles import read_client
from assumable.model.routed import routed
from tests.aws.accounts import REGION
from tests.aws.test_ask import MANAGEMENT
from tests.aws.test_ask import moto as moto  # noqa: PLC0414  # a fixture
from tests.worlds import DEPLOYER, ROLE, allow, policy, trust

HOST = "{}-x1y2z3w4.sts.eu-central-1.vpce.amazonaws.com"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, moto: str) -> str:
    """Every name is this machine's, and every service without an endpoint of its own is moto's."""
    known = socket.getaddrinfo

    def found(host: Any, *rest: Any, **more: Any) -> Any:
        return known("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    return moto


def prepared(url: str, effect: str) -> str:
    """A role that deployer may assume, and the ID of an endpoint with a policy on it."""

    session = Session("key", "secret", region_name=REGION)
    iam: Any = session.client("iam", endpoint_url=url)
    ec2: Any = session.client("ec2", endpoint_url=url)
    own = json.dumps(policy(allow("sts:AssumeRole")))
    iam.put_user_policy(UserName="deployer", PolicyName="Own", PolicyDocument=own)
    trusting = json.dumps(policy(trust({"AWS": f"arn:aws:iam::{MANAGEMENT}:user/deployer"})))
    iam.create_role(RoleName="Own", AssumeRolePolicyDocument=trusting)
    document = {"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*"}
    made = ec2.create_vpc_endpoint(
        VpcId=ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"],
        ServiceName=f"com.amazonaws.{REGION}.sts",
        VpcEndpointType="Interface",
        PolicyDocument=json.dumps(policy(document)),
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_the_policy_of_the_endpoint_is_read(names: str, effect: str) -> None:
    endpoint = prepared(names, effect)
    port = names.rpartition(":")[2]
    url, calls = f"http://{HOST.format(endpoint)}:{port}", Calls()
    parameters = {"RoleArn": f"arn:aws:iam::{MANAGEMENT}:role/Own", "RoleSessionName": "ci"}
    world, call = read_live(
        parameters, Readers(endpoint_url=url), now=datetime.now(UTC), calls=calls
    )
    assert (call.network.vpc_endpoint, call.network.region) == (endpoint, "eu-central-1")
    assert calls.counted["ec2:DescribeVpcEndpoints"] == 1
    causes = [f.cause for f in diagnose(world, call).findings if f.blocking]
    assert causes == (["vpc-endpoint-policy"] if effect == "Deny" else [])


@pytest.mark.parametrize(
    ("own", "by_variable", "found"),
    [
        (True, False, [[], ["vpc-endpoint-policy"]]),
        (False, True, [["vpc-endpoint-policy"], ["vpc-endpoint-policy"]]),
        (False, False, [[], []]),
    ],
)
def test_an_endpoint_of_the_command_serves_its_own_call_alone(
    names: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    own: bool,
    by_variable: bool,
    found: list[list[str]],
) -> None:
    """The roles of a profile are asked for by clients of the SDK's, which know no `--endpoint-url`.

    What the environment names, they use as well.
    """
    endpoint = prepared(names, "Deny")
    url = f"http://{HOST.format(endpoint)}:{names.rpartition(':')[2]}"
    role = f"arn:aws:iam::{MANAGEMENT}:role/Own"
    if by_variable:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
    keys = [os.environ.pop(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    (tmp_path / "config").write_text(
        f"[profile mid]\nrole_arn = {role}\nsource_profile = base\n"
        f"[profile base]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n"
    )
    client = read_client("mid", os.environ)
    asked = {"RoleArn": role, "RoleSessionName": "ci"}
    readers = Readers(profile="mid", endpoint_url=url if own else None)
    world, call = read_through(client, asked, readers, now=datetime.now(UTC))
    chain = decide_chain(world, call)
    causes = [[b.cause for b in blames(decision)] for decision in chain.decisions]
    assert [[c for c in each if c == "vpc-endpoint-policy"] for each in causes] == found
    assert call.client is not None
    again = decide_chain(world, routed(call, call.client))
    assert [hop.call.network for hop in again.decisions] == [
        hop.call.network for hop in chain.decisions
    ]


def test_an_endpoint_serves_every_role_that_one_machine_assumes(names: str) -> None:
    """With `--via` it is the same client that asks for each of them."""
    endpoint = prepared(names, "Deny")
    url = f"http://{HOST.format(endpoint)}:{names.rpartition(':')[2]}"
    role = f"arn:aws:iam::{MANAGEMENT}:role/Own"
    parameters, readers = {"RoleArn": role, "RoleSessionName": "ci"}, Readers(endpoint_url=url)
    world, call = read_live(parameters, readers, now=datetime.now(UTC), via_roles=[role])
    for decision in decide_chain(world, call).decisions:
        assert "vpc-endpoint-policy" in [blame.cause for blame in blames(decision)]


@pytest.mark.parametrize("region", [None, "eu-west-1"])
def test_an_endpoint_of_sts_serves_nothing_else(
    monkeypatch: pytest.MonkeyPatch, region: str | None
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    url = f"https://{HOST.format('vpce-0123456789abcdef0')}"
    connection = Connection(None, region, url)
    assert connection.client("sts").meta.endpoint_url == url
    assert connection.client("ec2").meta.endpoint_url == f"https://ec2.{REGION}.amazonaws.com"
    assert connection.client("iam").meta.endpoint_url == "https://iam.amazonaws.com"
    whole = Connection(None, region, "http://127.0.0.1:9")
    assert whole.client("iam").meta.endpoint_url == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("url", "signed_for"),
    [
        (f"https://{HOST.format('vpce-0123456789abcdef0')}", "eu-central-1"),
        ("https://sts.eu-south-1.amazonaws.com", "eu-south-1"),
        ("https://sts.amazonaws.com", "us-east-1"),
        ("http://127.0.0.1:9", "eu-west-1"),
    ],
)
def test_what_is_asked_of_an_endpoint_is_signed_for_its_region(
    monkeypatch: pytest.MonkeyPatch, url: str, signed_for: str
) -> None:
    """STS takes no other, whatever `--region` says."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert Connection(None, "eu-west-1", url).client("sts").meta.region_name == signed_for
    assert assuming_client(None, "eu-west-1", url).meta.region_name == signed_for


@pytest.mark.parametrize(
    ("url", "region", "endpoint", "assumed"),
    [
        ("https://sts.eu-west-1.amazonaws.com", "eu-west-1", "regional", True),
        ("https://sts.amazonaws.com", "us-west-2", "global", True),
        (f"https://{HOST.format('vpce-0a1b')}", "eu-central-1", "regional", False),
        ("https://iam.amazonaws.com", "us-west-2", "regional", True),
        ("http://127.0.0.1:9", "us-west-2", "regional", True),
        (None, "us-west-2", "regional", True),
    ],
    ids=str,
)
def test_the_network_is_that_of_the_endpoint(
    url: str | None, region: str, endpoint: str, assumed: bool
) -> None:
    """A public name may still lead through a VPC endpoint: private DNS gives it the same name."""
    call = call_of(DEPLOYER, {"RoleArn": ROLE}, region="us-west-2", now=datetime.now(UTC))
    network = through(call, url).network
    assert (network.region, network.endpoint, network.assumed) == (region, endpoint, assumed)
