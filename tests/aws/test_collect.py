"""A snapshot read with a role whose trust policy is enforced, which asks for an external ID."""

from pathlib import Path

import msgspec
import pytest

from assumable.aws.allowed import COLLECTED
from assumable.aws.clients import Connection
from assumable.collect import Collection, Wish
from assumable.formats.dump import read_snapshot
from assumable.formats.snapshot import Entry
from assumable.model.world import Account, Unknown
from tests.aws.accounts import READ_IAM, Accounts
from tests.aws.environment import isolate
from tests.worlds import A, B, allow, policy, trust

pytestmark = pytest.mark.demo
ID = "acme-42"
AUDIT = f"arn:aws:iam::{B}:role/Audit"


@pytest.fixture
def wish(accounts: Accounts) -> Wish:
    """The own account, and another one whose role lets the reader in with an ID alone."""
    asks = {"StringEquals": {"sts:ExternalId": ID}}
    accounts.user("reader", A, READ_IAM, allow(resource=AUDIT))
    accounts.role("Audit", B, trust({"AWS": f"arn:aws:iam::{A}:user/reader"}, Condition=asks))
    text = msgspec.json.encode(policy(READ_IAM)).decode()
    accounts.iam[B].put_role_policy(RoleName="Audit", PolicyName="Read", PolicyDocument=text)
    return Wish(
        profile="reader",
        accounts=(A, B),
        role_name="Audit",
        external_id=ID,
        endpoint_url=accounts.url,
    )


def collected(target: Path, wish: Wish) -> Entry:
    """What the manifest says of the other account."""
    collection = Collection(target, wish)
    list(collection.run())
    assert collection.manifest.accounts[A].file
    return collection.manifest.accounts[B]


def test_the_id_opens_the_role(wish: Wish, tmp_path: Path) -> None:
    assert collected(tmp_path, wish).file
    account = read_snapshot(tmp_path).accounts[B]
    assert isinstance(account, Account)
    assert AUDIT in account.roles


@pytest.mark.parametrize("sent", ["", "acme-43", "ACME-42"])
def test_without_the_id_the_account_is_not_read(wish: Wish, tmp_path: Path, sent: str) -> None:
    entry = collected(tmp_path, msgspec.structs.replace(wish, external_id=sent))
    assert (entry.status, entry.file) == ("unreadable", "")
    assert "AccessDenied" in entry.reason
    assert read_snapshot(tmp_path).accounts[B] == Unknown(
        f"account {B}", f"sts:AssumeRole on {AUDIT}"
    )


@pytest.mark.parametrize(
    ("region", "end"),
    [
        ("cn-northwest-1", ".amazonaws.com.cn"),
        ("eusc-de-east-1", ".amazonaws.eu"),
        ("us-gov-east-1", ".amazonaws.com"),
        ("eu-central-1", ".amazonaws.com"),
    ],
)
def test_every_service_is_asked_in_the_partition_of_the_region(
    region: str, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those with one endpoint for all Regions of it."""
    isolate(tmp_path, monkeypatch, AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret")
    connection = Connection(None, region, None, allowed=COLLECTED)
    urls = {service: connection.client(service).meta.endpoint_url for service in COLLECTED}
    assert set(urls) == {"sts", "iam", "organizations", "account", "ec2"}
    assert [url for url in urls.values() if not url.endswith(end)] == []
    in_gov = [url for url in urls.values() if "us-gov" in url]
    assert len(in_gov) == len(urls) * region.startswith("us-gov")
