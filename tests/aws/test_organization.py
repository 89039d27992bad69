"""Organizations from recorded answers: levels, types that are off, and what members may not see."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from assumable.ask import read_all
from assumable.aws.clients import Answer, Connection, Identity
from assumable.aws.organization import Organizations
from assumable.aws.reader import Connections, Reader
from assumable.formats.dump import call_of
from assumable.model.policy import Layer, Policy
from assumable.model.world import Organization, Unknown, World
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, policy, trust

MANAGEMENT = "999999999999"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
ORG = "o-exampleorgid"
DESCRIBED = {"Organization": {"Id": ORG, "MasterAccountId": MANAGEMENT}}
PARENTS = {
    A: ("ou-ab12-1", "ORGANIZATIONAL_UNIT"),
    "ou-ab12-1": ("r-ab12", "ROOT"),
    B: ("r-ab12", "ROOT"),
}
FULL = {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess"}
PROFILE, ASKED = "the organization profile", "organizations:DescribeOrganization"


class Recorded(Connection):
    """A connection that answers from a table and never sends anything."""

    def __init__(
        self,
        *,
        describes: bool = True,
        parents: Mapping[str, tuple[str, str]] | None = None,
        attached: Mapping[tuple[str, str], list[dict[str, str]]] | None = None,
        account: Mapping[str, str] | None = None,
        listed: Mapping[str, list[dict[str, str]]] | None = None,
        paths: Mapping[str, str] | None = None,
        refuses: str = "",
    ) -> None:
        self._prepare()
        self.listed, self.paths = listed, paths or {}
        self.account, self.refuses = account or {"Status": "SUSPENDED"}, refuses
        self.describes, self.parents, self.attached = describes, parents, attached
        self.asked: list[str] = []

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> Answer | Exception:
        self.asked.append(operation)
        match operation:
            case self.refuses:
                return refusal("AccessDeniedException")
            case "DescribeOrganization":
                return DESCRIBED if self.describes else refusal("AWSOrganizationsNotInUseException")
            case "ListParents" if self.parents is not None:
                return self._above(parameters["ChildId"])
            case "ListPoliciesForTarget" if self.attached is not None:
                key = parameters["TargetId"], parameters["Filter"]
                return {"Policies": self.attached.get(key, [])}
            case "ListPolicies" if self.listed is not None:
                return {"Policies": self.listed[parameters["Filter"]]}
            case "DescribeAccount" if self.parents is not None:
                return self._described(parameters["AccountId"])
            case "DescribePolicy":
                content = json.dumps(policy({**allow(), "Effect": "Deny"}))
                return {"Policy": {"Content": content}}
            case _:
                return refusal("AccessDeniedException")

    def _above(self, child: str) -> Answer | Exception:
        if child not in (self.parents or ()):
            return refusal("ChildNotFoundException")
        parent, kind = (self.parents or {})[child]
        return {"Parents": [{"Id": parent, "Type": kind}]}

    def _described(self, account: str) -> Answer | Exception:
        if account not in (self.parents or ()):
            return refusal("AccountNotFoundException")
        arn = f"arn:aws:organizations::{MANAGEMENT}:account/{ORG}/{account}"
        paths = {"Paths": [self.paths[account]]} if account in self.paths else {}
        return {"Account": {**self.account, "Arn": arn, **paths}}


INSIDERS = "from the management account or a delegated administrator"


def refusal(code: str) -> Exception:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


def learnt(
    connections: Mapping[str, Connection], callers: Sequence[str], roles: Sequence[str],
    others: Sequence[Connection] = (),
) -> Organizations:  # fmt: skip
    """Everything that can be learnt, in the order in which it is asked for."""
    found = Organizations(lambda: connections, others)
    for account in dict.fromkeys((*callers, *roles)):
        found.describe(account)
    for organization in found.organizations:
        found.attach(Layer.SCP, organization.id, callers)
        found.attach(Layer.RCP, organization.id, roles)
    return found


def read(connections: Mapping[str, Connection], role_account: str = B) -> tuple[Organization, ...]:
    return learnt(connections, (A,), (role_account,)).organizations


def test_levels_of_both_accounts_come_from_whoever_may_list_them() -> None:
    attached = {
        ("r-ab12", SCP): [FULL],
        ("ou-ab12-1", SCP): [FULL, {"Id": "p-deny1234", "Name": "DenySts"}],
        (A, SCP): [FULL],
        ("r-ab12", RCP): [{"Id": "p-RCPFullAWSAccess", "Name": "RCPFullAWSAccess"}],
        (B, RCP): [{"Id": "p-deny5678", "Name": "DenyOthers"}],
    }
    manager = Recorded(parents=PARENTS, attached=attached)
    (organization,) = read({A: Recorded(), B: manager})
    assert organization.org_path(A) == "o-exampleorgid/r-ab12/ou-ab12-1/"
    assert [node.kind for node in organization.path_to(A)] == ["root", "ou", "account"]
    assert isinstance(organization.scps, Mapping)
    assert isinstance(organization.rcps, Mapping)
    assert sorted(organization.scps) == sorted((A, "ou-ab12-1", "r-ab12"))
    assert [p.name.name for p in organization.scps["ou-ab12-1"] if isinstance(p, Policy)] == [
        "FullAWSAccess", "DenySts",
    ]  # fmt: skip
    assert [p.name.name for p in organization.rcps[B] if isinstance(p, Policy)] == ["DenyOthers"]


def test_the_role_may_be_found_in_the_callers_organization() -> None:
    (organization,) = read({A: Recorded(parents=PARENTS, attached={})})
    assert organization.has_member(B)


def test_a_role_account_outside_of_it_is_unknown() -> None:
    found = learnt({A: Recorded(parents=PARENTS, attached={})}, (A,), ("333333333333",))
    world = World(
        accounts={},
        organizations=found.organizations,
        standalone=frozenset(found.standalone),
        complete=False,
    )
    assert isinstance(world.organization_of(A), Organization)
    unread = world.organization_of("333333333333")
    assert isinstance(unread, Unknown)
    assert unread.settle == "organizations:DescribeOrganization on account 333333333333"


def test_who_finds_no_such_account_is_not_asked_for_its_place() -> None:
    manager = Recorded(parents=PARENTS)
    found = learnt({}, ("333333333333",), (), [manager])
    assert (found.organizations, found.standalone) == ((), set())
    assert manager.asked == ["DescribeAccount"]


def test_no_scp_at_any_level_means_that_scps_are_off() -> None:
    (organization,) = read({A: Recorded(parents=PARENTS, attached={})}, role_account=A)
    assert isinstance(organization.scps, Mapping)
    assert {len(attached) for attached in organization.scps.values()} == {1}
    assert organization.rcps == {A: (), "ou-ab12-1": (), "r-ab12": ()}


def test_a_member_knows_its_organization_but_not_its_place() -> None:
    found = learnt({A: Recorded()}, (A,), (A,))
    (organization,) = found.organizations
    assert (organization.id, organization.has_member(A)) == ("o-exampleorgid", True)
    assert isinstance(organization.scps, Unknown)
    asked, _, who = found.unplaced[A].settle.partition(", from ")
    assert asked == f"organizations:ListParents on {A}"
    assert who == "the management account or a delegated administrator"


def test_an_account_in_no_organization_has_none() -> None:
    found = learnt({A: Recorded(describes=False)}, (A,), (A,))
    assert (found.organizations, found.standalone) == ((), {A})


def test_listing_may_be_refused_after_the_tree_was_read() -> None:
    (organization,) = read({A: Recorded(parents=PARENTS)}, role_account=A)
    assert isinstance(organization.scps, Unknown)
    assert organization.scps.settle.startswith("organizations:ListPoliciesForTarget on ")


@pytest.mark.parametrize("known", [0, 1], ids=["the account", "its unit"])
def test_a_path_that_ends_below_the_root_is_no_path(known: int) -> None:
    """An account that moves or leaves while it is read is not taken for the root."""
    parents = dict(list(PARENTS.items())[:known])
    found = learnt({A: Recorded(parents=parents, attached={})}, (A,), (A,))
    assert "organizations:ListParents" in found.unplaced[A].settle
    assert isinstance(found.organizations[0].scps, Unknown)


def test_who_reads_the_organization_is_asked_for_all_of_it() -> None:
    """The members need not describe it once more, each for itself."""
    attached = {(target, kind): [FULL] for target in (*PARENTS, "r-ab12") for kind in (SCP, RCP)}
    member, manager = Recorded(), Recorded(parents=PARENTS, attached=attached)
    found = learnt({A: member, B: member}, (A,), (B,), [manager])
    assert [node.id for node in found.organizations[0].path_to(A)] == ["r-ab12", "ou-ab12-1", A]
    assert member.asked == []
    assert manager.asked.count("DescribeAccount") == 2


def test_a_reader_that_sees_nothing_leaves_it_to_the_members() -> None:
    outside = Recorded(describes=False)
    found = learnt({A: Recorded(parents=PARENTS, attached={})}, (A,), (B,), [outside])
    assert [organization.has_member(B) for organization in found.organizations] == [True]


@pytest.mark.parametrize(
    ("reader", "why"),
    [
        ("refused", f"with {PROFILE}, the organization was not read: {ASKED})"),
        ("outside", f"{PROFILE} sees nothing of o-exampleorgid)"),
        ("member", ""),
    ],
)
def test_who_was_named_for_the_organization_and_reads_nothing_of_it_says_why(
    reader: str, why: str
) -> None:
    named = Recorded(describes=reader != "outside")
    if reader == "refused":
        named = Recorded(refuses="DescribeOrganization")
    found = learnt({A: Recorded()}, (A,), (), [named])
    place, _, told = found.unplaced[A].settle.partition(" (")
    assert (place, told) == (f"organizations:ListParents on {A}, {INSIDERS}", why)


def test_only_accounts_without_working_credentials_may_be_suspended() -> None:
    manager = Recorded(parents=PARENTS, attached={})
    found = learnt({A: manager}, (A,), (B,))
    nodes = found.organizations[0].nodes
    assert (nodes[A].status, nodes[B].status) == ("ACTIVE", "SUSPENDED")
    assert manager.asked.count("DescribeAccount") == 1


@pytest.mark.parametrize(
    ("account", "status"),
    [
        ({"State": "CLOSED"}, "CLOSED"),
        ({"State": "PENDING_CLOSURE", "Status": "ACTIVE"}, "PENDING_CLOSURE"),
        ({"State": "ACTIVE"}, "ACTIVE"),
    ],
    ids=str,
)
def test_the_state_of_an_account_stands_for_its_retired_status(
    account: dict[str, str], status: str
) -> None:
    found = learnt({A: Recorded(parents=PARENTS, attached={}, account=account)}, (A,), (B,))
    assert found.organizations[0].nodes[B].status == status


class Guarded(Recorded):
    """One side of a call for a role that asks for a place in the organization."""

    def __init__(self, arn: str) -> None:
        attached = {
            (node, kind): [FULL] for node in (A, B, *PARENTS, "r-ab12") for kind in (SCP, RCP)
        }
        super().__init__(parents=PARENTS, attached=attached)
        self.who = Identity(arn, arn.split(":")[4], "AIDAEXAMPLE")

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> Answer | Exception:
        if operation != "GetRole":
            return super()._send(service, operation, parameters)
        paths = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-exampleorgid/r-ab12/*"}}
        document = policy(trust({"AWS": f"arn:aws:iam::{A}:root"}, Condition=paths))
        return {
            "Role": {
                "Arn": ROLE,
                "RoleName": "DeployRole",
                "RoleId": "AROAEXAMPLE",
                "AssumeRolePolicyDocument": document,
            }
        }


def test_a_place_may_be_asked_for_in_the_same_round_as_policies() -> None:
    """Whichever is read first brings the other one along."""
    caller, reader = Guarded(DEPLOYER), Guarded(f"arn:aws:iam::{B}:user/auditor")
    call = call_of(DEPLOYER, {"RoleArn": ROLE, "RoleSessionName": "s"}, region=None, now=NOW)
    world, read = read_all(Reader(call, Connections(caller, None, reader, None)))
    assert "aws:principalorgpaths" not in read.overrides
    assert isinstance(world.organizations, tuple)
    assert isinstance(world.organizations[0].scps, Mapping)
