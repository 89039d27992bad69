"""What a snapshot holds, and that it answers as AWS itself does."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assumable.ask import read_live
from assumable.aws.reader import Readers
from assumable.collect import Collection, Wish
from assumable.diagnose import diagnose
from assumable.formats.dump import call_of, read_snapshot
from assumable.formats.snapshot import Entry, files_of, read_packed
from assumable.model.world import Account, Organization, Unknown
from tests.aws.proxy import Proxy, answer, error
from tests.collect.world import MANAGER, READER, REGION, World, client

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def wish(url: str, **more: Any) -> Wish:
    """The whole organization."""
    given = {"profile": "org", "organization": True, "role_name": READER, **more}
    return Wish(endpoint_url=url, **given)


def collected(target: Path, wanted: Wish) -> Collection:
    collection = Collection(target, wanted)
    list(collection.run())
    return collection


def entries(collection: Collection) -> dict[str, Entry]:
    return dict(collection.manifest.accounts)


def test_everything_of_every_account_is_there(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    collection = collected(tmp_path / "s", wish(url))
    assert {of: entry.status for of, entry in entries(collection).items()} == dict.fromkeys(
        world.members, "done"
    )
    assert sum(entry.calls for entry in entries(collection).values()) > 4 * 6
    assert proxy.seen["DescribeVpcEndpoints"] == 4 * 2  # not where a Region is off
    found = read_snapshot(tmp_path / "s")
    account = found.accounts[world.roles]
    assert isinstance(account, Account)
    assert account.complete
    assert account.unlisted == frozenset()
    assert account.regions["af-south-1"] == "not-opted-in"
    long = account.roles[f"arn:aws:iam::{world.roles}:role/Long"]
    assert long.max_session_duration == 7200
    assert [p.client_ids for p in account.providers.values()] == [("sts.amazonaws.com",)]
    assert len(found.endpoints) == 1  # that of STS
    organization = found.organization_of(world.silent)
    assert isinstance(organization, Organization)
    assert organization.is_whole
    assert [node.kind for node in organization.path_to(world.silent)] == ["root", "ou", "account"]
    assert (organization.iam_administrators, organization.root_access) == (frozenset(), True)
    assert organization.management_account == MANAGER


CASES = [
    ("Trusts", {}, "allowed"),
    ("Other", {}, "denied"),
    ("Gone", {}, "denied"),
    ("Long", {"DurationSeconds": 7200}, "allowed"),
    ("Trusts", {"DurationSeconds": 7200}, "denied"),
]


@pytest.fixture
def snapshot(between: tuple[Proxy, str], tmp_path: Path) -> Path:
    collected(tmp_path / "s", wish(between[1]))
    return tmp_path / "s"


def test_a_snapshot_answers_as_aws_does(
    world: World, between: tuple[Proxy, str], snapshot: Path
) -> None:
    reader = f"arn:aws:iam::{world.roles}:role/OrganizationAccountAccessRole"
    caller = f"arn:aws:iam::{world.callers}:user/deployer"
    who = Readers(
        profile="deployer", role_profile=reader, org_profile="org", endpoint_url=between[1]
    )
    kept = read_snapshot(snapshot)
    for name, more, expected in CASES:
        role_arn = f"arn:aws:iam::{world.roles}:role/{name}"
        parameters = {"RoleArn": role_arn, "RoleSessionName": "session", **more}
        live = diagnose(*read_live(parameters, who, now=NOW))
        call = call_of(caller, parameters, region=REGION, now=NOW)
        stored = diagnose(kept, call)
        assert (name, live.verdict) == (name, expected)
        assert stored.verdict == live.verdict
        causes = [[f.cause for f in one.findings if f.blocking] for one in (live, stored)]
        assert causes[0] == causes[1]


def test_the_policies_of_the_organization_count(world: World, snapshot: Path) -> None:
    role_arn = f"arn:aws:iam::{world.roles}:role/Trusts"
    caller = f"arn:aws:sts::{world.silent}:assumed-role/Caller/me"
    call = call_of(caller, {"RoleArn": role_arn, "RoleSessionName": "s-1"}, region=REGION, now=NOW)
    diagnosis = diagnose(read_snapshot(snapshot), call)
    assert "scp" in " ".join(f.cause for f in diagnosis.findings if f.blocking)


def test_what_is_refused_is_in_the_manifest_and_stays_unknown(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    proxy.refused = {"Action=ListRoles", "Action=ListSAMLProviders"}
    collection = collected(tmp_path / "s", wish(url))
    entry = entries(collection)[world.roles]
    assert entry.status == "partial"
    assert [missed.permission for missed in entry.missed] == [
        f"iam:ListRoles on account {world.roles}",
        f"iam:ListSAMLProviders on account {world.roles}",
    ]
    account = read_snapshot(tmp_path / "s").accounts[world.roles]
    assert isinstance(account, Account)
    assert account.unlisted == {"saml-provider"}
    assert "role" not in account.unlisted


@pytest.mark.parametrize(
    ("operation", "content"),
    [
        ("ListTargetsForPolicy", "{}"),
        ("ListPolicies", "{}"),
        ("ListRoots", '{"Roots": [{"Id": "ROOT"}]}'),
        ("DescribePolicy", "{}"),
    ],
)
def test_policies_that_are_not_known_leave_it_open(
    world: World, between: tuple[Proxy, str], tmp_path: Path, operation: str, content: str
) -> None:
    """A member below a unit with an SCP that nobody could read may or may not call."""
    proxy, url = between
    root = client(world.url, "organizations").list_roots()["Roots"][0]["Id"]
    content = content.replace("ROOT", root)
    proxy.failures[operation] = answer(content, "application/x-amz-json-1.1"), -1
    if operation == "ListRoots":
        empty = answer("{}", "application/x-amz-json-1.1")
        proxy.failures["ListPolicies"] = empty, -1
    collection = collected(tmp_path / "s", wish(url))
    assert collection.manifest.organization is not None
    assert collection.manifest.organization.status == "partial"
    organization = read_snapshot(tmp_path / "s").organization_of(world.silent)
    assert isinstance(organization, Organization)
    unread = [organization.scps]
    if isinstance(organization.scps, dict):
        unread = [policy for level in organization.scps.values() for policy in level]
    assert any(isinstance(one, Unknown) for one in unread)


def test_without_users_and_roles_nothing_is_taken_as_absent(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    proxy.refused = {"Action=GetAccountAuthorizationDetails"}
    collected(tmp_path / "s", wish(url))
    account = read_snapshot(tmp_path / "s").accounts[world.roles]
    assert isinstance(account, Account)
    assert account.may_hold(f"arn:aws:iam::{world.roles}:role/Trusts")


def test_half_a_tree_is_none(world: World, between: tuple[Proxy, str], tmp_path: Path) -> None:
    proxy, url = between
    proxy.refused = {"ou-"}
    accounts = (world.callers, world.roles)
    collection = collected(tmp_path / "s", wish(url, accounts=accounts, organization=False))
    assert collection.manifest.organization is not None
    assert collection.manifest.organization.status == "partial"
    (path,) = files_of(tmp_path / "s").organizations
    written = read_packed(path).value
    assert "Accounts" not in written
    elsewhere = read_snapshot(tmp_path / "s").organization_of("999999999999")
    assert isinstance(elsewhere, Unknown)
    assert elsewhere.never == ()
    assert "Policies" not in written
    assert tuple(entries(collection)) == tuple(sorted(accounts))


def test_an_answer_without_its_list_tells_nothing(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    proxy.failures["listRegions"] = answer("{}", "application/json"), -1
    entry = entries(collected(tmp_path / "s", wish(url)))[world.roles]
    (missed,) = entry.missed
    assert missed.what == "the Regions were not read (no Regions in the answer)"
    account = read_snapshot(tmp_path / "s").accounts[world.roles]
    assert isinstance(account, Account)
    assert account.regions == {}
    assert proxy.seen["DescribeVpcEndpoints"] == 4  # in the Region of the profile alone


def test_an_account_whose_role_cannot_be_assumed_is_unreadable(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    proxy.refused = {f"{world.silent}:role/{READER}"}
    entry = entries(collected(tmp_path / "s", wish(url)))[world.silent]
    assert (entry.status, entry.file) == ("unreadable", "")
    assert "AccessDenied" in entry.reason
    assert "\n" not in entry.reason
    permission = f"sts:AssumeRole on arn:aws:iam::{world.silent}:role/{READER}"
    assert [missed.permission for missed in entry.missed] == [permission]
    unread = read_snapshot(tmp_path / "s").account(world.silent)
    assert unread == Unknown(f"account {world.silent}", permission)


def test_the_external_id_is_sent_and_written_nowhere(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    """A proxy that refuses it sees that every role is assumed with it."""
    proxy, url = between
    proxy.refused = {"ExternalId=acme-42"}
    collection = collected(tmp_path / "s", wish(url, external_id="acme-42"))
    unread = {of for of, entry in entries(collection).items() if entry.status == "unreadable"}
    assert unread == set(world.members) - {MANAGER}
    manifest = (collection.folder / "manifest.json").read_text()
    assert "acme-42" not in manifest


def test_a_role_is_of_the_partition_of_whoever_reads(
    between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    who = (
        "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDAEXAMPLE</UserId>"
        f"<Account>{MANAGER}</Account><Arn>arn:aws-cn:iam::{MANAGER}:user/me</Arn>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    proxy.failures["GetCallerIdentity"] = answer(who, "text/xml"), 1
    proxy.refused = {"arn:aws-cn:iam::111111111111:role"}
    wanted = wish(url, accounts=("111111111111", MANAGER))
    entry = entries(collected(tmp_path / "s", wanted))["111111111111"]
    assert entry.status == "unreadable"
    assert entry.missed[0].permission.startswith("sts:AssumeRole on arn:aws-cn:")


def test_who_is_throttled_asks_again(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    proxy.failures["ListRoles"] = error("Throttling", 400), 2
    found = entries(collected(tmp_path / "s", wish(url)))
    assert {entry.status for entry in found.values()} == {"done"}
    assert proxy.seen["ListRoles"] == len(world.members) + 2


def test_an_account_that_is_not_active_is_not_read(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    listed = [
        {"Id": MANAGER, "State": "ACTIVE", "Status": "ACTIVE"},
        {"Id": world.silent, "State": "PENDING_CLOSURE", "Status": "ACTIVE"},
        {"Id": world.roles, "Status": "SUSPENDED"},
    ]
    content = json.dumps({"Accounts": listed})
    proxy.failures["ListAccountsForParent"] = answer(content, "application/x-amz-json-1.1"), 1
    proxy.failures["ListOrganizationalUnitsForParent"] = (
        answer('{"OrganizationalUnits": []}', "application/x-amz-json-1.1"),
        1,
    )
    found = entries(collected(tmp_path / "s", wish(url)))
    reasons = {account: (entry.status, entry.reason) for account, entry in found.items()}
    assert reasons == {
        MANAGER: ("done", ""),
        world.silent: ("unreadable", "the account is PENDING_CLOSURE"),
        world.roles: ("unreadable", "the account is SUSPENDED"),
    }
    assert proxy.seen["AssumeRole"] == 0


def test_one_account_alone_is_that_of_the_profile(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    collection = collected(tmp_path / "s", Wish(profile="deployer", endpoint_url=url))
    assert list(entries(collection)) == [world.callers]
    assert proxy.seen["AssumeRole"] == 0


def test_an_account_in_no_organization_is_known_to_be_in_none(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    gone = '{"__type": "AWSOrganizationsNotInUseException", "message": "none"}'
    none = answer(gone, "application/x-amz-json-1.1", 400)
    proxy.failures["DescribeOrganization"] = none, -1
    collection = collected(tmp_path / "s", Wish(profile="deployer", endpoint_url=url))
    assert entries(collection)[world.callers].standalone
    found = read_snapshot(tmp_path / "s")
    assert found.organization_of(world.callers) is None
    assert found.organization_of(world.roles) is not None


def test_when_a_role_was_used_is_left_out(world: World, snapshot: Path) -> None:
    """The reader itself would change it."""
    text = json.dumps(read_packed(files_of(snapshot).accounts[world.roles]).value)
    assert "LastUsed" not in text
