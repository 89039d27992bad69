"""What an organization attaches is found with few calls, and in any way with the same result."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from assumable.aws.clients import Calls
from assumable.diagnose import diagnose
from assumable.formats.scenario import Scenario
from assumable.model.policy import Policy
from assumable.model.world import Organization
from tests.aws import proxy as faults
from tests.aws.accounts import REGION
from tests.aws.company import FULL_ACCESS, Company
from tests.aws.environment import isolate
from tests.aws.moto import running
from tests.aws.proxy import proxying
from tests.aws.test_organization import FULL, PARENTS, RCP, SCP, Recorded, learnt
from tests.worlds import A, B, policy, trust

ALWAYS = 1_000_000
RCP_FULL = {"Id": "p-RCPFullAWSAccess", "Name": "RCPFullAWSAccess"}
DENY = {"Id": "p-deny1234", "Name": "DenySts"}
LISTED = {SCP: [FULL], RCP: [RCP_FULL]}
PATHS = {
    A: "o-exampleorgid/r-ab12/ou-ab12-1/111111111111/",
    B: "o-exampleorgid/r-ab12/222222222222/",
}


def names(levels: Any) -> dict[str, list[str]]:
    """The policies at each level, by name."""
    assert isinstance(levels, Mapping)
    return {level: sorted(p.name.name for p in policies) for level, policies in levels.items()}


# An organization without policies of its own


def test_where_there_are_only_policies_of_aws_no_level_is_read() -> None:
    manager = Recorded(parents=PARENTS, listed=LISTED)
    found = learnt({}, (A,), (B,), [manager])
    (organization,) = found.organizations
    assert names(organization.scps) == {A: ["FullAWSAccess"], B: ["FullAWSAccess"]}
    assert names(organization.rcps) == {A: ["RCPFullAWSAccess"], B: ["RCPFullAWSAccess"]}
    assert manager.asked == ["DescribeAccount"] * 2 + ["ListPolicies"] * 2


def test_levels_that_become_known_later_hold_the_policies_of_aws_as_well() -> None:
    """A level without an SCP would deny everything."""
    manager = Recorded(parents=PARENTS, listed=LISTED)
    found = learnt({}, (A,), (B,), [manager])
    found.place(A)
    (organization,) = found.organizations
    assert [node.id for node in organization.path_to(A)] == ["r-ab12", "ou-ab12-1", A]
    assert all(names(organization.scps)[node.id] for node in organization.path_to(A))


def test_a_type_that_is_off_has_no_rcps_at_all() -> None:
    manager = Recorded(parents=PARENTS, listed={SCP: [FULL], RCP: []})
    (organization,) = learnt({}, (A,), (B,), [manager]).organizations
    assert names(organization.rcps) == {A: [], B: []}
    assert "ListPoliciesForTarget" not in manager.asked


def test_a_list_without_full_access_is_not_believed() -> None:
    """It cannot be deleted, so that there must be more than the list shows."""
    attached = {(target, SCP): [FULL, DENY] for target in ("r-ab12", "ou-ab12-1", A)}
    manager = Recorded(parents=PARENTS, attached=attached, listed={SCP: [], RCP: []})
    (organization,) = learnt({}, (A,), (B,), [manager]).organizations
    assert names(organization.scps)[A] == ["DenySts", "FullAWSAccess"]


def test_a_refused_list_leaves_the_way_by_levels() -> None:
    attached = {(target, SCP): [FULL, DENY] for target in ("r-ab12", "ou-ab12-1", A)}
    manager = Recorded(parents=PARENTS, attached=attached)
    (organization,) = learnt({}, (A,), (B,), [manager]).organizations
    assert names(organization.scps) == {
        level: ["DenySts", "FullAWSAccess"] for level in ("r-ab12", "ou-ab12-1", A)
    }


# The place that the description of an account tells


def test_the_place_is_told_with_the_account() -> None:
    manager = Recorded(parents=PARENTS, listed=LISTED, paths=PATHS)
    found = learnt({}, (A,), (B,), [manager])
    (organization,) = found.organizations
    assert organization.org_path(A) == "o-exampleorgid/r-ab12/ou-ab12-1/"
    assert [node.kind for node in organization.path_to(A)] == ["root", "ou", "account"]
    assert [node.id for node in organization.path_to(B)] == ["r-ab12", B]
    assert found.unplaced == {}
    assert all(names(organization.scps)[node.id] for node in organization.path_to(A))
    assert "ListParents" not in manager.asked


@pytest.mark.parametrize(
    "path",
    ["", "o-exampleorgid", "o-anotherorgid/r-ab12/111111111111/", "o-exampleorgid/ou-ab12-1/", "x"],
)
def test_a_place_of_another_shape_is_asked_for_level_by_level(path: str) -> None:
    manager = Recorded(parents=PARENTS, listed=LISTED, paths={A: path, B: PATHS[B]})
    found = learnt({}, (A,), (B,), [manager])
    assert list(found.unplaced) == [A]
    found.place(A)
    assert [node.id for node in found.organizations[0].path_to(A)] == ["r-ab12", "ou-ab12-1", A]


def test_who_is_told_of_accounts_need_not_describe_its_organization() -> None:
    manager = Recorded(parents=PARENTS, listed=LISTED, paths=PATHS)
    (organization,) = learnt({}, (A,), (B,), [manager]).organizations
    assert (organization.id, organization.management_account) == ("o-exampleorgid", "999999999999")
    assert "DescribeOrganization" not in manager.asked


# Policies of its own: by policy or by level, in moto, where nobody tells the place


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    with pytest.MonkeyPatch.context() as environment, running() as url:
        isolate(folder, environment, AWS_DEFAULT_REGION=REGION)
        yield Company(url, folder)


@pytest.fixture
def company(
    shared: Company, monkeypatch: pytest.MonkeyPatch, socket_enabled: None
) -> Iterator[Company]:
    isolate(shared.folder, monkeypatch, AWS_DEFAULT_REGION=REGION)
    yield shared
    shared.reopen()


def nothing(company: Company) -> None:
    """Full access everywhere."""


def denied_at_the_unit(company: Company) -> None:
    company.guard("scp", company.people_unit, Action="sts:*")


def denied_at_the_root(company: Company) -> None:
    company.guard("scp", company.root, Action="sts:*")


def denied_at_the_account(company: Company) -> None:
    company.guard("scp", company.people, Action="sts:*")


def denied_elsewhere(company: Company) -> None:
    company.guard("scp", company.targets_unit, Action="sts:*")


def allowed_in_its_place(company: Company) -> None:
    company.guard("scp", company.people_unit, Effect="Allow", Action="sts:*")
    company.close_off(company.people_unit)


def something_else_allowed_in_its_place(company: Company) -> None:
    company.guard("scp", company.people_unit, Effect="Allow", Action="s3:*")
    company.close_off(company.people_unit)


def only_a_deny_of_something_else_in_its_place(company: Company) -> None:
    company.guard("scp", company.people_unit, company.targets_unit)
    company.close_off(company.people_unit)


def denied_by_the_role(company: Company) -> None:
    company.guard("rcp", company.root, company.targets, Action="sts:*")


def several_of_both(company: Company) -> None:
    for _ in range(3):
        company.guard("scp", company.root, company.people_unit)
        company.guard("rcp", company.targets_unit, company.targets)
    company.guard("rcp", company.people_unit, Action="sts:*")


ORGANIZATIONS: dict[Callable[[Company], None], str] = {
    nothing: "allowed",
    denied_at_the_unit: "denied",
    denied_at_the_root: "denied",
    denied_at_the_account: "denied",
    denied_elsewhere: "allowed",
    allowed_in_its_place: "allowed",
    something_else_allowed_in_its_place: "denied",
    only_a_deny_of_something_else_in_its_place: "denied",
    denied_by_the_role: "denied",
    several_of_both: "allowed",
}


def restrictions(company: Company, scenario: Scenario) -> dict[str, list[str]]:
    """The levels that have other policies than AWS's alone, with the policies that they have."""
    (organization,) = scenario.world.organizations  # type: ignore[misc]  # it is known
    assert isinstance(organization, Organization)
    found = dict[str, list[str]]()
    sides = (
        ("scp", organization.scps, company.people),
        ("rcp", organization.rcps, company.targets),
    )
    for kind, levels, account in sides:
        assert isinstance(levels, Mapping)
        for node in organization.path_to(account):
            policies = [p for p in levels[node.id] if isinstance(p, Policy)]
            assert len(policies) == len(levels[node.id])
            if [p.name.arn for p in policies] != [FULL_ACCESS[kind]]:
                found[f"{kind} {node.id}"] = sorted(
                    json.dumps([p.name.name, p.name.arn, p.document]) for p in policies
                )
    return found


@pytest.mark.parametrize("made", ORGANIZATIONS)
def test_every_way_finds_the_same(made: Callable[[Company], None], company: Company) -> None:
    made(company)
    first = Calls()
    found = company.read(calls=first)
    assert diagnose(*found).verdict == ORGANIZATIONS[made]
    assert bool(restrictions(company, found)) == (made not in (nothing, denied_elsewhere))
    for refused in ("ListPolicies", "ListTargetsForPolicy"):
        calls = Calls()
        with proxying(company.url) as (proxy, url):
            proxy.failures[refused] = faults.refusal("AccessDeniedException"), ALWAYS
            other = company.read(url, calls=calls)
        assert diagnose(*other).verdict == ORGANIZATIONS[made]
        assert restrictions(company, other) == restrictions(company, found)
        assert first.total <= calls.total
        assert proxy.seen[refused] or made is nothing


def test_a_pair_in_an_organization_is_read_with_few_calls(company: Company) -> None:
    calls = Calls()
    assert diagnose(*company.read(calls=calls)).verdict == "allowed"
    assert calls.total < 15
    asked = {name for name in calls.counted if name.startswith("organizations:")}
    assert asked == {"organizations:DescribeAccount", "organizations:ListPolicies"}


@pytest.mark.parametrize(
    ("unit", "verdict"), [("people_unit", "allowed"), ("targets_unit", "denied")]
)
def test_a_place_is_read_where_a_condition_asks_for_it(
    unit: str, verdict: str, company: Company
) -> None:
    """The levels that it brings to light stop nothing."""
    wanted = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"*/{getattr(company, unit)}/"}}
    company.trusting(Condition=wanted)
    calls = Calls()
    assert diagnose(*company.read(calls=calls)).verdict == verdict
    assert calls.counted["organizations:ListParents"] == 3
    assert "organizations:ListPoliciesForTarget" not in calls.counted


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "AccountNotManagementOrDelegatedAdministratorException"]
)
def test_an_account_that_may_not_read_leaves_the_policies_open(code: str, company: Company) -> None:
    """The answer says who may: the permission alone is not enough."""
    company.guard("scp", company.people_unit, Action="sts:*")
    with proxying(company.url) as (proxy, url):
        for operation in (
            "DescribeAccount",
            "ListParents",
            "ListPolicies",
            "ListPoliciesForTarget",
        ):
            proxy.failures[operation] = faults.refusal(code), ALWAYS
        diagnosis = diagnose(*company.read(url))
        assert proxy.seen["DescribeAccount"]
    assert diagnosis.verdict == "conditional"
    who = ", from the management account or a delegated administrator"
    unread = {unknown.what: unknown.settle for unknown in diagnosis.unknowns}
    for what in ("the caller's SCPs", "the RCPs of the role's account"):
        assert unread[what].startswith("organizations:List")
        assert unread[what].endswith(who)


def test_a_profile_that_is_named_twice_asks_once(company: Company) -> None:
    once, twice = Calls(), Calls()
    company.read(calls=once)
    company.read(calls=twice, caller_profile="deployer")
    assert twice.counted == once.counted


@pytest.mark.parametrize("org_profile", ["manager", None])
def test_whose_role_it_is_says_whose_the_role_profile_is(
    company: Company, org_profile: str | None
) -> None:
    """Also where the role profile is then asked for the organization."""
    calls = Calls()
    company.read(calls=calls, org_profile=org_profile)
    assert calls.counted["sts:GetCallerIdentity"] == 1


def test_a_role_of_the_same_name_elsewhere_is_not_taken_for_it(company: Company) -> None:
    trusting = json.dumps(policy(trust({"AWS": "*"})))
    company.administrator(company.people).create_role(
        RoleName="Goal", AssumeRolePolicyDocument=trusting
    )
    diagnosis = diagnose(*company.read(role_profile="deployer"))
    assert diagnosis.verdict == "conditional"
    unread = {u.settle for u in diagnosis.unknowns if u.settle.startswith("iam:GetRole on ")}
    hint = f"(the role profile is of account {company.people})"
    assert unread == {f"iam:GetRole on {company.role_arn} {hint}"}


def test_a_policy_on_the_second_page_of_the_list_counts(company: Company) -> None:
    company.guard("scp", company.people_unit, Action="sts:*")
    first = json.dumps({"Policies": [FULL], "NextToken": "more"})
    with proxying(company.url) as (proxy, url):
        page = faults.answer(first, "application/x-amz-json-1.1")
        proxy.failures["ListPolicies"] = page, 1
        assert diagnose(*company.read(url)).verdict == "denied"
        assert proxy.seen["ListPolicies"] == 3  # two pages of SCPs, one of RCPs
