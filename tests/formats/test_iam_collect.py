"""A store that iam-collect wrote: the same world as from dumps, and what it lacks is unknown."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from assumable.cli.audit import command as audit
from assumable.cli.prepare import command as prepare
from assumable.cli.who import command as who
from assumable.cli.why import command as why
from assumable.engine.evaluate import Verdict, decide
from assumable.engine.layers import Prepared
from assumable.errors import InputError
from assumable.formats.dump import call_of, read_snapshot, with_former
from assumable.formats.prepared import read_prepared, write_prepared
from assumable.formats.slice import read_slice
from assumable.hook import _state_of
from assumable.model.policy import Policy
from assumable.model.world import Account, Organization, Role, Unknown, World
from assumable.org.loading import Source, everyone_at
from assumable.org.whocan import Everyone
from tests.formats.likeness import plain
from tests.formats.test_slice import agree, calls, decide_the_same
from tests.fuzz.junk import mutate
from tests.organizations.generator import write
from tests.organizations.store import write_store
from tests.worlds import DEPLOYER, NOW, A, B, allow, policy, trust

ROLE = f"arn:aws:iam::{B}:role/team+a/Deploy,Role"
BOUNDARY = f"arn:aws:iam::{A}:policy/limits/Most"
BRAND_NEW = "arn:aws:iam::aws:policy/job-function/BrandNew"
"""A policy of AWS that does not come with assumable."""
OIDC = f"arn:aws:iam::{B}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{B}:saml-provider/Corporate"


def user() -> dict[str, Any]:
    """The caller, with a tag, a group, a boundary and a policy of AWS."""
    return {
        "Path": "/",
        "UserName": "deployer",
        "UserId": "AIDAAAAAAAAAAAAAAAAAA",
        "Arn": DEPLOYER,
        "CreateDate": "2022-12-25T01:51:00.000Z",
        "GroupList": ["Deployers"],
        "AttachedManagedPolicies": [{"PolicyName": "BrandNew", "PolicyArn": BRAND_NEW}],
        "PermissionsBoundary": {"PermissionsBoundaryArn": BOUNDARY},
        "Tags": [{"Key": "Team/One", "Value": "a"}],
    }


def managed(arn: str, document: Any, count: int = 0) -> dict[str, Any]:
    """A managed policy, and how many it is the boundary of."""
    return {
        "PolicyName": arn.rpartition("/")[2],
        "Arn": arn,
        "Path": "/",
        "PermissionsBoundaryUsageCount": count,
        "UpdateDate": "2023-01-01T00:00:00.000Z",
        "PolicyVersionList": [{"Document": document, "IsDefaultVersion": True}],
    }


def dumps() -> dict[str, Any]:
    """Two accounts of one organization: the user of one may assume the role of the other."""
    group = {
        "GroupName": "Deployers",
        "Arn": f"arn:aws:iam::{A}:group/Deployers",
        "GroupPolicyList": [
            {"PolicyName": "Assume", "PolicyDocument": policy(allow(resource=ROLE))}
        ],
    }
    role = {
        "Path": "/team+a/",
        "RoleName": "Deploy,Role",
        "RoleId": "AROAAAAAAAAAAAAAAAAAA",
        "Arn": ROLE,
        "AssumeRolePolicyDocument": policy(
            trust(
                {"AWS": f"arn:aws:iam::{A}:root"},
                Condition={"StringEquals": {"aws:PrincipalTag/Team/One": "a"}},
            )
        ),
    }
    owner = f"arn:aws:organizations::{A}"
    unit = {"Id": "ou-abcd-11111111", "Name": "Work", "ParentId": "r-abcd"}
    types = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
    everything = ["r-abcd", unit["Id"], A, B]
    return {
        A: {
            "UserDetailList": [user()],
            "GroupDetailList": [group],
            "Policies": [
                managed(BOUNDARY, policy(allow("*")), 1),
                managed(BRAND_NEW, policy(allow("s3:List*"))),
            ],
            "VpcEndpoints": [
                {
                    "VpcEndpointId": "vpce-1",
                    "VpcId": "vpc-1",
                    "PolicyDocument": policy(trust("*", "*", Resource="*")),
                }
            ],
        },
        B: {
            "RoleDetailList": [role],
            "OpenIDConnectProviders": [{"Arn": OIDC, "ClientIDList": ["sts.amazonaws.com"]}],
            "SAMLProviders": [{"Arn": SAML}],
        },
        "organization": {
            "Id": "o-abcdefghij",
            "Arn": f"{owner}:organization/o-abcdefghij",
            "MasterAccountId": A,
            "MasterAccountArn": f"{owner}:account/o-abcdefghij/{A}",
            "Roots": [
                {
                    "Id": "r-abcd",
                    "Name": "Root",
                    "PolicyTypes": [{"Type": kind, "Status": "ENABLED"} for kind in types],
                }
            ],
            "OrganizationalUnits": [unit],
            "Accounts": [
                {"Id": A, "Arn": f"{owner}:account/o-abcdefghij/{A}", "ParentId": "r-abcd"},
                {"Id": B, "Arn": f"{owner}:account/o-abcdefghij/{B}", "ParentId": unit["Id"]},
            ],
            "Policies": [
                {"Id": f"p-{name}", "Name": name, "Type": kind, "Targets": everything}
                for name, kind in zip(("FullAWSAccess", "RCPFullAWSAccess"), types, strict=True)
            ],
            "DelegatedAdministrators": [{"Id": B, "ServicePrincipal": "iam.amazonaws.com"}],
        },
    }


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Those two accounts."""
    return made(tmp_path, dumps())


def made(folder: Path, files: dict[str, Any]) -> Path:
    """A store of these dumps."""
    own = folder / "dumps"
    own.mkdir()
    for name, value in files.items():
        (own / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    write_store(own, folder / "iam-data")
    return folder / "iam-data"


def account_of(store: Path, account: str) -> Path:
    return store / "aws" / "aws" / "accounts" / account


def organization_of(store: Path) -> Path:
    return store / "aws" / "aws" / "organizations" / "o-abcdefghij"


def verdict(world: World) -> Verdict:
    """Of the user's call for the role."""
    parameters = {"RoleArn": ROLE, "RoleSessionName": "session"}
    return decide(
        Prepared(world), call_of(DEPLOYER, parameters, region="eu-west-1", now=NOW)
    ).verdict


def both(store: Path) -> World:
    """The world as both readers have it."""
    return (agree(store) or pytest.fail("refused"))[0]


def account(world: World, name: str) -> Account:
    found = world.accounts[name]
    assert isinstance(found, Account)
    return found


def organization(world: World) -> Organization:
    assert isinstance(world.organizations, tuple)
    (found,) = world.organizations
    return found


@pytest.mark.parametrize("seed", range(1, 7))
def test_every_pair_is_decided_as_from_dumps(seed: int, tmp_path: Path) -> None:
    """In full, cut down and prepared; and who can assume each role."""
    write(tmp_path / "dumps", seed, "tiny")
    write_store(tmp_path / "dumps", tmp_path / "store")
    dumped = read_snapshot(tmp_path / "dumps")
    full, cut_down = agree(tmp_path / "store") or pytest.fail("refused")
    assert {p.arn for p in full.principals()} == {p.arn for p in dumped.principals()}
    assert decide_the_same(dumped, full, calls(dumped)) > 10
    assert decide_the_same(dumped, cut_down, calls(dumped)) > 10
    write_prepared(tmp_path / "store", tmp_path / "file")
    assert plain(read_prepared(tmp_path / "file")) == plain(cut_down)
    one, other = Everyone(dumped, NOW), Everyone(cut_down, NOW)
    for role in dumped.principals():
        if isinstance(role, Role):
            same = cut_down.role(role.arn)
            assert isinstance(same, Role)
            assert other.who(same) == one.who(role)


def test_names_are_those_in_metadata_whatever_the_folders_are_called(store: Path) -> None:
    """Folders are in lower case and URL-encoded."""
    assert (account_of(store, B) / "iam/role/team%2ba%2fdeploy%2crole").is_dir()
    assert (account_of(store, A) / "iam/aws/policy/job-function%2fbrandnew").is_dir()
    world = both(store)
    assert verdict(world) is Verdict.ALLOWED
    caller = account(world, A).users[DEPLOYER]
    assert caller.unique_id == "AIDAAAAAAAAAAAAAAAAAA"
    assert caller.tags == {"Team/One": "a"}
    assert caller.created is not None
    assert caller.policies_changed is not None
    assert set(account(world, B).roles) == {ROLE}


def test_policies_stand_where_the_store_has_them(store: Path) -> None:
    """Those of AWS, too, as it has them in the account, and the boundary."""
    world = both(store)
    caller, role = account(world, A).users[DEPLOYER], account(world, B).roles[ROLE]
    found = [*caller.policies, caller.boundary, role.trust, world.endpoints["vpce-1"].policy]
    names = []
    for each in found:
        assert isinstance(each, Policy)
        assert each.location.span() is not None
        names.append(
            f"{Path(each.location.document.name).relative_to(store)}{each.location.pointer}"
        )
    assert names == [
        f"aws/aws/accounts/{A}/iam/aws/policy/job-function%2fbrandnew/current-policy.json",
        f"aws/aws/accounts/{A}/iam/group/deployers/inline-policies.json/0/PolicyDocument",
        f"aws/aws/accounts/{A}/iam/policy/limits%2fmost/current-policy.json",
        f"aws/aws/accounts/{B}/iam/role/team%2ba%2fdeploy%2crole/trust-policy.json",
        f"aws/aws/accounts/{A}/ec2/eu-west-1/vpc-endpoint/vpce-1/endpoint-policy.json",
    ]  # fmt: skip


def test_what_older_versions_called_otherwise(store: Path) -> None:
    """Documents of managed policies and VPC endpoints, and the VPC by its id."""
    expected = both(store)
    endpoint = account_of(store, A) / "ec2/eu-west-1/vpc-endpoint/vpce-1"
    managed = account_of(store, A) / "iam/policy/limits%2fmost"
    (endpoint / "endpoint-policy.json").rename(endpoint / "policy.json")
    (managed / "current-policy.json").rename(managed / "policy.json")
    edit(endpoint / "metadata.json", lambda v: v.update(vpc="vpc-1"))
    found = both(store)
    assert found.endpoints["vpce-1"].vpc == expected.endpoints["vpce-1"].vpc == "vpc-1"
    assert isinstance(found.endpoints["vpce-1"].policy, Policy)
    assert isinstance(account(found, A).users[DEPLOYER].boundary, Policy)
    (endpoint / "policy.json").unlink()
    assert not both(store).endpoints


def test_providers_and_the_organization(store: Path) -> None:
    world = both(store)
    assert {p.arn: p.client_ids for p in account(world, B).providers.values()} == {
        OIDC: ("sts.amazonaws.com",), SAML: None,
    }  # fmt: skip
    found = organization(world)
    assert [node.id for node in found.path_to(B)] == ["r-abcd", "ou-abcd-11111111", B]
    assert found.nodes["ou-abcd-11111111"].name == "Work"
    assert found.management_account == A
    assert found.is_whole
    assert world.organization_of("999999999999") == Unknown(
        "the organization of account 999999999999",
        "organizations:DescribeOrganization on account 999999999999",
        never=(found.id,),
    )
    assert found.iam_administrators == frozenset({B})
    assert isinstance(found.scps, dict)
    assert isinstance(found.rcps, dict)
    assert set(found.scps) == set(found.rcps) == {"r-abcd", "ou-abcd-11111111", A, B}


def without(path: str) -> Callable[[Path], None]:
    """Takes a file or a folder below `aws/aws` out of the store."""

    def take(store: Path) -> None:
        found = store / "aws" / "aws" / path
        shutil.rmtree(found) if found.is_dir() else found.unlink()

    return take


ORG, IN_A, IN_B = "organizations/o-abcdefghij", f"accounts/{A}", f"accounts/{B}"
IN_ROLE = f"{IN_B}/iam/role/team%2ba%2fdeploy%2crole"


@pytest.mark.parametrize(
    "path",
    [
        "organizations",
        f"{ORG}/metadata.json",
        f"{ORG}/accounts.json",
        f"{ORG}/structure.json",
        f"{ORG}/ous.json",
        f"{ORG}/rcps/p-rcpfullawsaccess",
        f"{IN_A}/iam",
        IN_A,
        f"{IN_A}/iam/user",
        f"{IN_A}/iam/group",
        f"{IN_A}/iam/policy",
        f"{IN_A}/iam/policy/limits%2fmost/current-policy.json",
        f"{IN_B}/iam",
        f"{IN_B}/iam/role",
        f"{IN_ROLE}/trust-policy.json",
    ],
)
def test_what_is_not_there_is_unknown(store: Path, path: str) -> None:
    """The call that is allowed is never denied for it, and allowed by nobody who cannot know."""
    without(path)(store)
    known = ("rcps/p-rcpfullawsaccess",)  # what AWS's own policy says
    expected = Verdict.ALLOWED if path.endswith(known) else Verdict.CONDITIONAL
    assert verdict(both(store)) is expected


def test_an_organization_without_its_tree_says_what_is_missing(store: Path) -> None:
    (organization_of(store) / "accounts.json").unlink()
    missing = "accounts.json of o-abcdefghij in the store"
    assert both(store).organizations == Unknown("the organization", missing)


def test_a_type_of_policy_that_is_off_is_not_unknown(store: Path) -> None:
    edit(organization_of(store) / "metadata.json", lambda v: v.update(features={}))
    found = organization(both(store))
    assert found.scps is None
    assert found.rcps is None


def test_types_of_policy_that_are_not_said_to_be_on_leave_them_unknown(store: Path) -> None:
    """Nothing is attached to anything where a type is off, which would deny everything."""
    edit(organization_of(store) / "metadata.json", lambda v: v.pop("features"))
    found = organization(both(store))
    assert isinstance(found.scps, Unknown)
    assert isinstance(found.rcps, Unknown)


def test_policies_of_a_node_that_are_not_said_leave_all_of_the_type_unknown(store: Path) -> None:
    edit(organization_of(store) / "accounts.json", lambda v: v[B].pop("scps"))
    found = organization(both(store))
    assert isinstance(found.scps, Unknown)
    assert isinstance(found.rcps, dict)


def test_nobody_delegated_may_be_a_refusal(store: Path) -> None:
    (organization_of(store) / "delegated-admins.json").unlink()
    assert organization(both(store)).iam_administrators is None


def test_the_state_of_an_account_that_was_not_read_is_unknown(store: Path) -> None:
    shutil.rmtree(account_of(store, B) / "iam")
    found = organization(both(store)).nodes
    assert (found[A].status, found[B].status) == ("ACTIVE", "not in the store")


def test_a_group_that_is_not_in_the_store_may_hold_anything(store: Path) -> None:
    groups = account_of(store, A) / "iam/user/deployer/groups.json"
    groups.write_text("[null]")
    assert verdict(both(store)) is Verdict.CONDITIONAL
    assert "the policies of group null" in repr(plain(both(store)))


def test_null_is_as_good_as_no_file(store: Path) -> None:
    (store / "aws/aws" / IN_ROLE / "trust-policy.json").write_text("null")
    trusted = account(both(store), B).roles[ROLE].trust
    assert trusted == Unknown("the trust policy of Deploy,Role", f"iam:GetRole on {ROLE}")


def test_boundaries_that_iam_counts_and_the_store_does_not_name(store: Path) -> None:
    """As in a store whose data source was AWS Config."""
    metadata = account_of(store, A) / "iam/user/deployer/metadata.json"
    edit(metadata, lambda v: v.pop("permissionBoundary"))
    world = both(store)
    boundary = account(world, A).users[DEPLOYER].boundary
    assert isinstance(boundary, Unknown)
    assert boundary.settle == f"iam:GetUser on {DEPLOYER}"
    assert verdict(world) is Verdict.CONDITIONAL
    counted = account_of(store, A) / "iam/policy/limits%2fmost/metadata.json"
    edit(counted, lambda v: v.update(permissionsBoundaryUsageCount=0))
    world = both(store)
    assert account(world, A).users[DEPLOYER].boundary is None
    assert verdict(world) is Verdict.ALLOWED


def test_an_account_says_what_it_does_not_list(store: Path) -> None:
    """A folder that is missing may be empty or not collected."""
    world = both(store)
    assert account(world, A).unlisted == {"role", "oidc-provider", "saml-provider"}
    assert account(world, B).unlisted == {"user"}


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(
    ("path", "content", "message", "where"),
    [
        (f"{IN_ROLE}/trust-policy.json", "[", "not valid JSON: expecting value", ":1:2"),
        (f"{IN_ROLE}/trust-policy.json", "", "is empty", ""),
        (f"{IN_ROLE}/metadata.json", "[]", "must be an object, not a list", ":1:1"),
        (f"{IN_ROLE}/metadata.json", '{"name": "x"}', "`arn` is missing", ":1:1"),
        (f"{IN_ROLE}/metadata.json", f'{{"arn": "{ROLE}"}}', "`name` is missing", ":1:1"),
        (f"{IN_ROLE}/metadata.json", f'{{"arn": "{ROLE}", "name": "Other"}}',
         f"`{ROLE}` does not fit role Other of account {B}", ":1:9 at /arn"),
        (f"{IN_ROLE}/metadata.json", '{"arn": null, "name": "x"}', "`arn` is missing", ":1:1"),
        (f"{IN_ROLE}/metadata.json", '{"arn": 7, "name": "x"}', "must be text, not a number",
         ":1:9 at /arn"),
        (f"{IN_ROLE}/tags.json", '{"a": 1}', "must be text, not a number", ":1:7 at /a"),
        (f"{IN_ROLE}/inline-policies.json", '{"policies": []}',
         "must be a list, not an object", ":1:1"),
        (f"{IN_ROLE}/inline-policies.json", '[{"PolicyName": "x"}]',
         "`PolicyDocument` is missing", ":1:2 at /0"),
        (f"{IN_ROLE}/managed-policies.json", "[null]", "must be text, not null", ":1:2 at /0"),
        (f"{IN_A}/iam/user/deployer/groups.json", "[7]", "must be text, not a number",
         ":1:2 at /0"),
        (f"{IN_B}/iam/oidc-provider/token.actions.githubusercontent.com/metadata.json", "{}",
         "`arn` is missing", ":1:1"),
        (f"{ORG}/metadata.json", '{"id": "o-1"}', "`rootAccountId` is missing", ":1:1"),
        (f"{ORG}/metadata.json", f'{{"id": "o-1", "rootAccountId": "{A}", "features": {{"a": 1}}}}',
         "must be true or false, not a number", ":1:66 at /features/a"),
        (f"{ORG}/accounts.json", '{"1": {"ou": "r-abcd"}}',
         "`1` is not an account ID of 12 digits", ":1:7 at /1"),
        (f"{ORG}/accounts.json", f'{{"{A}": {{}}}}', "`ou` is missing", f":1:18 at /{A}"),
        (f"{ORG}/accounts.json", f'{{"{A}": {{"ou": "r-2"}}}}',
         "`r-2` is neither a root nor an organizational unit", f":1:25 at /{A}/ou"),
        (f"{ORG}/structure.json", '{"r-abcd": []}', "must be an object, not a list",
         ":1:12 at /r-abcd"),
        (f"{ORG}/delegated-admins.json", '{"iam.amazonaws.com": ["1"]}',
         "`1` is not an account ID of 12 digits", ":1:24 at /iam.amazonaws.com/0"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [read_snapshot, read_slice])
def test_a_file_that_is_wrong_is_refused_at_its_place(
    store: Path, read: Callable[[Path], World], path: str, content: str, message: str, where: str
) -> None:
    found = store / "aws/aws" / path
    found.write_text(content)
    with pytest.raises(InputError) as caught:
        read(store)
    assert caught.value.message == message
    assert caught.value.where == f"{found}{where}"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all examples."""
    return made(tmp_path_factory.mktemp("stored"), dumps())


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with a few mistakes."""
    return mutate(value, draw, draw(st.integers(1, 4)))


@given(st.data())
def test_files_with_mistakes_are_read_alike_or_refused_in_one_line(
    stored: Path, data: st.DataObject
) -> None:
    texts = {path: path.read_text() for path in sorted(stored.rglob("*.json"))}
    whole = {str(path): json.loads(text) for path, text in texts.items()}
    broken = data.draw(mutated(whole))
    try:
        for name, value in broken.items():
            if name in whole:
                Path(name).write_text(json.dumps(value))
        agree(stored)
    finally:
        for path, text in texts.items():
            path.write_text(text)


def test_a_role_without_metadata_is_half_a_download(store: Path) -> None:
    """It is the last file that is written; what is empty was deleted."""
    own = store / "aws/aws" / IN_ROLE
    (own / "metadata.json").unlink()
    with pytest.raises(InputError, match=r"holds no `metadata\.json`") as caught:
        read_snapshot(store)
    assert caught.value.where == str(own)
    shutil.rmtree(own)
    own.mkdir()
    assert account(both(store), B).roles == {}


@pytest.mark.parametrize("path", [f"{IN_A}/iam/user", f"{IN_B}/ec2", IN_ROLE])
def test_a_folder_that_cannot_be_read_is_refused_by_name(store: Path, path: str) -> None:
    found = store / "aws/aws" / path
    shutil.rmtree(found, ignore_errors=True)
    found.symlink_to(found)
    with pytest.raises(InputError, match="cannot be read: too many levels") as caught:
        read_snapshot(store)
    assert caught.value.where == str(found)


def test_an_account_in_two_partitions_is_refused(store: Path) -> None:
    other = store / "aws" / "aws-cn" / "accounts" / A
    shutil.copytree(account_of(store, A), other)
    with pytest.raises(InputError, match="is there twice, also as") as caught:
        read_snapshot(store)
    assert caught.value.where == str(other)


@pytest.mark.parametrize("path", ["aws/aws/accounts", "aws/aws/accounts/123/iam", "aws"])
def test_a_folder_without_an_account_is_none(tmp_path: Path, path: str) -> None:
    (tmp_path / path).mkdir(parents=True)
    with pytest.raises(InputError) as caught:
        read_snapshot(tmp_path)
    assert caught.value.message == "holds no `<account>.json` file"


def test_an_older_store_tells_who_was_deleted(store: Path, tmp_path: Path) -> None:
    new = dumps()
    (role,) = new[B]["RoleDetailList"]
    role["AssumeRolePolicyDocument"] = policy(trust({"AWS": user()["UserId"]}))
    new[A]["UserDetailList"] = []
    (tmp_path / "new").mkdir()
    world = with_former(read_snapshot(made(tmp_path / "new", new)), [store])
    assert {key: (f.arn, f.told_by) for key, f in world.former.items()} == {
        user()["UserId"]: (DEPLOYER, str(store))
    }


def test_a_prepared_store_shows_where_policies_stand_until_they_change(store: Path) -> None:
    file = store.with_name("file")
    write_prepared(store, file)
    trusted = account(read_prepared(file), B).roles[ROLE].trust
    assert isinstance(trusted, Policy)
    assert trusted.location.span() is not None
    path = Path(trusted.location.document.name)
    path.write_text(path.read_text() + "\n")
    trusted = account(read_prepared(file), B).roles[ROLE].trust
    assert isinstance(trusted, Policy)
    assert trusted.location.span() is None


def test_a_store_can_be_carried_to_another_machine(store: Path) -> None:
    source = Source("snapshot", store, NOW)
    carried, here = source.carried(), everyone_at(source)
    expected = here.who(here.role(ROLE))
    assert [(way.condition, way.principals) for way in expected.ways] == [("", (DEPLOYER,))]
    shutil.rmtree(store)
    there = everyone_at(carried)
    assert there.who(there.role(ROLE)) == expected


def test_a_hook_notices_that_a_store_was_written_again(store: Path) -> None:
    before = _state_of(store)
    assert _state_of(store) == before
    edit(store / "aws/aws" / IN_ROLE / "trust-policy.json", lambda v: v.pop("Version"))
    assert _state_of(store) != before


def run(command: Any, *args: object) -> str:
    result = CliRunner().invoke(command, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_the_commands_read_it(store: Path) -> None:
    trusted = trust({"AWS": "333333333333"})
    edit(store / "aws/aws" / IN_ROLE / "trust-policy.json", lambda v: v.update(Statement=[trusted]))
    asked = run(why, "--snapshot", store, "--caller", DEPLOYER, "--role-arn", ROLE)
    assert "DENIED" in asked
    assert f"{IN_ROLE}/trust-policy.json" in asked.replace("\n", "")
    assert "0 of the 2 principals known" in run(who, ROLE, "--snapshot", store)
    assert "1 role judged" in run(audit, "--snapshot", store)
    assert "iam-data.prepared: 2 accounts, 2 users and roles" in run(prepare, store)
    prepared = store.with_name("iam-data.prepared")
    assert run(who, ROLE, "--snapshot", prepared) == run(who, ROLE, "--snapshot", store)
