"""The live reader against a real endpoint: what is read, what stays unknown, what is absent."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from assumable.aws import clients
from assumable.aws.clients import Connection
from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.evaluate import Verdict
from assumable.errors import UnreadableError
from assumable.model.call import RoleCaller, UserCaller
from assumable.model.policy import Layer, Policy
from assumable.model.world import Account, Role, Unknown, User
from tests.aws.accounts import NOW, REGION, Accounts
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

pytestmark = pytest.mark.demo
HEADLINE = "allowed, unless an SCP or RCP that I could not read denies it"
DEPLOYER_PRINCIPAL = {"AWS": DEPLOYER}


def unknowns(value: Any) -> Iterator[Unknown]:
    """Every unknown part of a world or a call."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Policy):
        return
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from unknowns(getattr(value, field))
    elif isinstance(value, dict):
        for item in value.values():
            yield from unknowns(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from unknowns(item)


def causes(diagnosis: Diagnosis) -> dict[str, str]:
    """The blocking causes with their variants."""
    return {f.cause: f.variant for f in diagnosis.findings if f.blocking}


def principal(accounts: Accounts, **options: Any) -> User | Role:
    """The caller as it was read."""
    world, call = accounts.read(**options)
    account = world.accounts[call.caller_account]
    assert isinstance(account, Account)
    found: list[User | Role] = [*account.users.values(), *account.roles.values()]
    return found[0]


def names(held: User | Role) -> set[str]:
    """The names of the policies of a principal; `?` stands for one that was not read."""
    return {p.name.name if isinstance(p, Policy) else "?" for p in held.policies}


def keys_of(credentials: dict[str, str]) -> tuple[str, ...]:
    """Temporary credentials in the order of a profile."""
    return tuple(credentials[key] for key in ("AccessKeyId", "SecretAccessKey", "SessionToken"))


# Cases 1 to 3


def test_what_passes_passes_but_for_the_organization(accounts: Accounts) -> None:
    accounts.classic()
    diagnosis = diagnose(*accounts.read())
    assert diagnosis.verdict is Verdict.CONDITIONAL
    assert diagnosis.headline == HEADLINE
    assert "organizations:DescribeOrganization" in diagnosis.unknowns[0].settle


def test_the_trust_policy_names_another_principal(accounts: Accounts) -> None:
    accounts.classic()
    other = policy(trust({"AWS": f"arn:aws:iam::{A}:user/deploy"}))
    accounts.iam[B].update_assume_role_policy(
        RoleName="DeployRole", PolicyDocument=json.dumps(other)
    )
    diagnosis = diagnose(*accounts.read())
    assert causes(diagnosis) == {"trust-principal": "near-name"}
    assert diagnosis.plans[0].fixes == ("trust-principal/name-the-caller",)
    evidence = diagnosis.findings[0].evidence[0]
    assert evidence.file == "trust policy of DeployRole"
    assert "user/deploy" in evidence.excerpt


def test_the_caller_is_not_permitted(accounts: Accounts) -> None:
    accounts.classic()
    elsewhere = policy(allow(resource=f"{ROLE}-staging"), allow(["iam:Get*", "iam:List*"]))
    accounts.iam[A].put_user_policy(
        UserName="deployer", PolicyName="Inline", PolicyDocument=json.dumps(elsewhere)
    )
    diagnosis = diagnose(*accounts.read())
    assert list(causes(diagnosis)) == ["identity-permission"]
    assert diagnosis.plans


@pytest.mark.parametrize(
    ("sent", "variant"), [({}, "missing"), ({"ExternalId": "x-2"}, "different")]
)
def test_an_external_id_is_required(accounts: Accounts, sent: dict[str, Any], variant: str) -> None:
    accounts.classic()
    wants = trust(DEPLOYER_PRINCIPAL, Condition={"StringEquals": {"sts:ExternalId": "acme-42"}})
    accounts.iam[B].update_assume_role_policy(
        RoleName="DeployRole", PolicyDocument=json.dumps(policy(wants))
    )
    diagnosis = diagnose(*accounts.read(**sent))
    assert causes(diagnosis) == {"external-id": variant}
    assert diagnosis.plans[0].fixes == ("external-id/send",)


# What is refused is unknown, and says which permission would settle it


@pytest.fixture
def rich(accounts: Accounts) -> Accounts:
    """A user with a policy of every kind, a boundary, a group and tags."""
    iam = accounts.iam[A]
    accounts.classic()
    text = json.dumps(policy(allow("s3:*")))
    managed = iam.create_policy(PolicyName="Managed", PolicyDocument=text)["Policy"]["Arn"]
    everything = json.dumps(policy(allow("*")))
    boundary = iam.create_policy(PolicyName="Cap", PolicyDocument=everything)["Policy"]["Arn"]
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="deployer")
    iam.put_group_policy(GroupName="ops", PolicyName="OfGroup", PolicyDocument=text)
    for owner in ({"UserName": "deployer"}, {"GroupName": "ops"}):
        kind = next(iter(owner)).removesuffix("Name").lower()
        getattr(iam, f"attach_{kind}_policy")(PolicyArn=managed, **owner)
    iam.attach_user_policy(UserName="deployer", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_user_permissions_boundary(UserName="deployer", PermissionsBoundary=boundary)
    iam.tag_user(UserName="deployer", Tags=[{"Key": "team", "Value": "web"}])
    return accounts


def test_everything_that_applies_to_a_user_is_read(rich: Accounts) -> None:
    user = principal(rich)
    assert names(user) == {"Inline", "Managed", "OfGroup", "ReadOnlyAccess"}
    assert user.tags == {"team": "web"}
    assert user.unique_id is not None
    assert user.unique_id.startswith("AIDA")
    assert isinstance(user.boundary, Policy)
    assert user.boundary.name.layer is Layer.BOUNDARY
    groups = [p for p in user.policies if isinstance(p, Policy) and ":group/ops" in p.name.owner]
    assert {p.name.name for p in groups} == {"OfGroup", "Managed"}
    assert diagnose(*rich.read()).headline == HEADLINE


def test_each_question_is_asked_once(rich: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: Counter[tuple[Any, ...]] = Counter()
    send = Connection._send

    def count(self: Connection, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        sent[id(self), service, operation, *parameters.items()] += 1
        return send(self, service, operation, parameters)

    monkeypatch.setattr(Connection, "_send", count)
    rich.read()
    assert max(sent.values()) == 1
    assert sent.total() < 20
    assert not [question for question in sent if "ReadOnlyAccess" in str(question)]


REFUSALS = (
    "GetUser", "ListUserPolicies", "GetUserPolicy", "ListAttachedUserPolicies", "ListGroupsForUser",
    "ListGroupPolicies", "GetGroupPolicy", "ListAttachedGroupPolicies", "GetPolicy",
    "GetPolicyVersion", "GetRole",
)  # fmt: skip


@pytest.mark.parametrize("operation", REFUSALS)
def test_a_refused_read_is_unknown_and_names_its_permission(rich: Accounts, operation: str) -> None:
    for account, user in ((A, "deployer"), (B, "auditor")):
        refused = policy({"Effect": "Deny", "Action": f"iam:{operation}", "Resource": "*"})
        rich.iam[account].put_user_policy(
            UserName=user, PolicyName="Refused", PolicyDocument=json.dumps(refused)
        )
    world, call = rich.read()
    settles = {unknown.settle for unknown in unknowns(world)}
    assert any(text.startswith(f"iam:{operation} on arn:aws:iam::") for text in settles)
    assert diagnose(world, call).verdict is Verdict.CONDITIONAL


def test_nothing_readable_still_says_what_would_help(accounts: Accounts) -> None:
    accounts.user("deployer", A, allow(resource=ROLE))
    accounts.role("DeployRole", B, trust(DEPLOYER_PRINCIPAL))
    diagnosis = diagnose(*accounts.read(role_profile=None))
    assert diagnosis.verdict is Verdict.CONDITIONAL
    settles = " ".join(unknown.settle for unknown in diagnosis.unknowns)
    for permission in ("iam:ListUserPolicies", "iam:GetUser", f"iam:GetRole on {ROLE}"):
        assert permission in settles


def test_an_answer_that_cannot_be_parsed_is_unknown(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.parsers import ResponseParserError

    accounts.classic()
    send = Connection._send

    def garbled(self: Connection, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "ListGroupsForUser":
            return ResponseParserError("not XML\nat all")
        return send(self, service, operation, parameters)

    monkeypatch.setattr(Connection, "_send", garbled)
    found = [u for u in unknowns(principal(accounts)) if "groups" in u.what]
    assert [u.what for u in found] == ["the groups of user/deployer were not read (not XML at all)"]


# The role's side


def test_without_a_profile_there_the_role_is_unknown(accounts: Accounts) -> None:
    accounts.classic()
    world, call = accounts.read(role_profile=None)
    role = world.role(ROLE)
    assert isinstance(role, Unknown)
    assert role.settle == f"iam:GetRole on {ROLE}"
    assert diagnose(world, call).verdict is Verdict.CONDITIONAL


def test_a_profile_of_another_account_never_calls_the_role_absent(accounts: Accounts) -> None:
    accounts.classic()
    world, _ = accounts.read(role_profile="deployer")
    role = world.role(ROLE)
    assert isinstance(role, Unknown)
    assert role.settle == f"iam:GetRole on {ROLE} (the role profile is of account {A})"


def test_a_target_profile_that_fails_leaves_the_role_unknown(accounts: Accounts) -> None:
    accounts.classic()
    accounts.profile("stale", ("AKIAIOSFODNN7EXAMPLE", "wrong"))
    world, _ = accounts.read(role_profile="stale")
    role = world.role(ROLE)
    assert isinstance(role, Unknown)
    assert "InvalidClientTokenId" in role.settle


def test_every_profile_that_could_have_read_the_role_says_why_it_did_not(
    accounts: Accounts,
) -> None:
    accounts.classic()
    accounts.profile("stale", ("AKIAIOSFODNN7EXAMPLE", "wrong"))
    world, _ = accounts.read(role_profile="deployer", caller_profile="stale")
    role = world.role(ROLE)
    assert isinstance(role, Unknown)
    assert f"the role profile is of account {A}" in role.settle
    assert "InvalidClientTokenId" in role.settle


def test_a_missing_role_is_not_found(accounts: Accounts) -> None:
    accounts.classic()
    diagnosis = diagnose(*accounts.read(RoleArn=f"{ROLE}X"))
    assert causes(diagnosis)["role-not-found"] == "absent"


def test_a_role_under_another_path_is_not_found(accounts: Accounts) -> None:
    accounts.classic()
    accounts.role("Pathy", B, trust(DEPLOYER_PRINCIPAL), Path="/team/")
    diagnosis = diagnose(*accounts.read(RoleArn=f"arn:aws:iam::{B}:role/Pathy"))
    assert causes(diagnosis)["role-not-found"] == "path"


def test_a_role_arn_that_names_no_role_reads_no_role(accounts: Accounts) -> None:
    accounts.classic()
    calls = clients.Calls()
    world, call = accounts.read(calls=calls, RoleArn=f"arn:aws:iam::{B}:user/DeployRole")
    assert set(calls.counted) == {"sts:GetCallerIdentity"}
    assert diagnose(world, call).verdict is Verdict.DENIED


def test_limits_and_tags_of_the_role_are_read(accounts: Accounts) -> None:
    accounts.classic()
    accounts.role("Rich", B, trust(DEPLOYER_PRINCIPAL), MaxSessionDuration=7200,
                  Tags=[{"Key": "env", "Value": "prod"}])  # fmt: skip
    name = f"arn:aws:iam::{B}:role/Rich"
    world, _ = accounts.read(RoleArn=name)
    role = world.role(name)
    assert isinstance(role, Role)
    assert (role.max_session_duration, role.tags) == (7200, {"env": "prod"})
    assert [p for p in role.policies if isinstance(p, Unknown)], "they were not asked for"


def test_in_one_account_one_profile_is_enough(accounts: Accounts) -> None:
    accounts.classic()
    own = f"arn:aws:iam::{A}:role/Own"
    accounts.role("Own", A, trust({"AWS": f"arn:aws:iam::{A}:root"}))
    accounts.iam[A].put_user_policy(
        UserName="deployer",
        PolicyName="Own",
        PolicyDocument=json.dumps(policy(allow(resource=own))),
    )
    world, call = accounts.read(role_profile=None, RoleArn=own)
    assert isinstance(world.role(own), Role)
    assert isinstance(world.user(DEPLOYER), User)
    assert diagnose(world, call).headline == HEADLINE


# Who calls


def test_the_call_is_made_by_the_profile(accounts: Accounts) -> None:
    accounts.classic()
    _, call = accounts.read(ExternalId="x-1")
    assert call.caller == UserCaller(arn=DEPLOYER)
    assert call.network.region == REGION
    assert call.parameters["ExternalId"] == "x-1"
    assert call.time == NOW


def test_a_session_token_leaves_mfa_open(accounts: Accounts) -> None:
    accounts.classic()
    found = accounts.sts("deployer").get_session_token()["Credentials"]
    accounts.profile(
        "temporary", (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    )
    _, call = accounts.read("temporary")
    assert isinstance(call.caller, UserCaller)
    assert call.caller.credentials == "session-token"
    assert isinstance(call.caller.mfa.present, Unknown)
    assert not call.session.complete
    assert not call.hides_attributes


@pytest.fixture
def chained(accounts: Accounts) -> Accounts:
    """A profile `pipeline`: a session of role Pipeline of account A, which DeployRole trusts."""
    accounts.classic()
    pipeline = f"arn:aws:iam::{A}:role/ci/Pipeline"
    accounts.role("Pipeline", A, trust({"AWS": f"arn:aws:iam::{A}:root"}), Path="/ci/")
    may = json.dumps(policy(allow(resource=[ROLE, pipeline]), allow(["iam:Get*", "iam:List*"])))
    accounts.iam[A].put_role_policy(RoleName="Pipeline", PolicyName="May", PolicyDocument=may)
    accounts.iam[A].put_user_policy(UserName="deployer", PolicyName="May", PolicyDocument=may)
    team = {"StringEquals": {"aws:PrincipalTag/team": "web"}}
    trusted = policy(trust({"AWS": pipeline}, Condition=team))
    accounts.iam[B].update_assume_role_policy(
        RoleName="DeployRole", PolicyDocument=json.dumps(trusted)
    )
    found = accounts.sts("deployer").assume_role(RoleArn=pipeline, RoleSessionName="build-42")
    keys = found["Credentials"]
    accounts.profile(
        "pipeline", (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    )
    return accounts


def test_the_role_behind_a_session_is_read_with_its_path(chained: Accounts) -> None:
    world, call = chained.read("pipeline")
    assert isinstance(call.caller, RoleCaller)
    role = world.role_named(A, "Pipeline", "aws")
    assert isinstance(role, Role)
    assert role.arn == f"arn:aws:iam::{A}:role/ci/Pipeline"
    assert role.unique_id is not None
    assert role.unique_id.startswith("AROA")
    assert names(role) == {"May"}


def test_what_a_session_carries_is_not_guessed(chained: Accounts) -> None:
    world, call = chained.read("pipeline")
    assert isinstance(call.session.policies[0], Unknown)
    assert call.hides_attributes
    assert diagnose(world, call).verdict is Verdict.CONDITIONAL


def test_an_unreadable_role_of_a_session_keeps_what_the_session_shows(chained: Accounts) -> None:
    chained.iam[A].delete_role_policy(RoleName="Pipeline", PolicyName="May")
    role = principal(chained, profile="pipeline")
    assert isinstance(role, Role)
    assert not role.path_known
    assert isinstance(role.boundary, Unknown)
    assert names(role) == {"?"}


def test_a_role_that_assumes_itself_is_read_once(chained: Accounts) -> None:
    own = f"arn:aws:iam::{A}:role/ci/Pipeline"
    world, call = chained.read("pipeline", None, RoleArn=own)
    role = world.role(own)
    assert isinstance(role, Role)
    assert names(role) == {"May"}
    assert causes(diagnose(world, call)) == {}


def test_a_deleted_user_cannot_even_say_who_it_is(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    accounts.classic()
    accounts.profile("gone", ("AKIAIOSFODNN7EXAMPLE", "wrong"))
    with pytest.raises(UnreadableError, match="who the caller is could not be read: InvalidClient"):
        accounts.read("gone")


def test_an_organization_that_answers_is_read(accounts: Accounts) -> None:
    accounts.classic()
    may = json.dumps(policy(allow(["organizations:Describe*", "organizations:List*"])))
    for account, user in ((A, "deployer"), (B, "auditor")):
        accounts.iam[account].put_user_policy(
            UserName=user, PolicyName="Organization", PolicyDocument=may
        )
    world, call = accounts.read()
    assert not isinstance(world.organizations, Unknown)
    assert all(org.has_member(A) or org.has_member(B) for org in world.organizations)
    assert diagnose(world, call).verdict is not Verdict.DENIED
