"""A call held against one that works: the first facts that differ and matter."""

import contextlib
import itertools
from typing import Any

import pytest

from assumable.compare import Comparison, compare
from assumable.diagnose import diagnose
from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Verdict
from assumable.errors import InputError
from assumable.findings.differences import Difference
from tests.chains import CI, chained
from tests.reference.generator import FAMILIES, scenario
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, parsed, policy, trust

OTHER = f"arn:aws:iam::{A}:user/other"
ROOT = f"arn:aws:iam::{A}:root"
WORKS = f"arn:aws:iam::{B}:role/Works"


SEEDS = 25


def compared(world: dict[str, Any], like: str) -> Comparison:
    """The comparison of a scenario."""
    found = diagnose(*parsed(world), like=like).comparison
    assert found is not None
    return found


def only(world: dict[str, Any], like: str) -> Difference:
    """The one fact that differs."""
    (difference,) = compared(world, like).differences
    return difference


def of_roles(**statements: Any) -> dict[str, Any]:
    """A session of role/CI2 asks for the role; role/CI is beside it, with another tag."""
    world = classic(trust_statements=list(statements.values()), identity=[])
    world["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": name,
            "Tags": [{"Key": "team", "Value": team}],
            "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
        }
        for name, team in (("CI", "web"), ("CI2", "ops"))
    ]
    world["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/CI2/s"}
    return world


def beside_works(trusts: Any, resource: Any = "*", **parameters: Any) -> dict[str, Any]:
    """Another role that trusts the user, with long sessions."""
    world = classic(trust_statements=[trusts], identity=[allow(resource=resource)], **parameters)
    works = {
        "RoleName": "Works",
        "MaxSessionDuration": 43_200,
        "AssumeRolePolicyDocument": policy(trust({"AWS": DEPLOYER})),
    }
    world["accounts"][B]["RoleDetailList"].append(works)
    return world


def test_a_role_of_the_callers_account_is_another_caller() -> None:
    """The trust policy names one of the two."""
    found = compared(of_roles(one=trust({"AWS": CI})), CI)
    assert (found.kind, found.works) == ("caller", True)
    assert found.headline == "with role/CI as caller the call is allowed; 1 fact differs"
    assert [difference.text for difference in found.differences] == [
        "statement 1 of the trust policy of DeployRole names role/CI, not role/CI2"
    ]
    assert found.differences[0].evidence[0].pointer == "/Statement/0/Principal"


def test_a_condition_shows_both_values() -> None:
    """The same statement, and the values of its key on either side."""
    wanted = {"StringEquals": {"aws:PrincipalTag/team": "web"}}
    difference = only(of_roles(one=trust({"AWS": ROOT}, Condition=wanted)), CI)
    assert difference.element == "aws:PrincipalTag/team"
    assert (difference.here, difference.there) == ("ops", "web")


def test_a_deny_says_what_keeps_the_other_out_of_it() -> None:
    """The key that made it match."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "web"}},
    }
    difference = only(of_roles(one=trust({"AWS": ROOT}), two=deny), CI)
    assert "denies where aws:PrincipalTag/team is not `web`: ops here" in difference.text


def test_another_role_shows_its_own_policy_and_its_longer_sessions() -> None:
    """A role of another account is asked for in place of the target."""
    world = beside_works(trust({"AWS": OTHER}), DurationSeconds=7200)
    found = compared(world, WORKS)
    assert found.kind == "role"
    assert [difference.text for difference in found.differences] == [
        (
            "statement 1 of the trust policy of Works names user/deployer; statement 1 of the "
            "trust policy of DeployRole names user/other"
        ),
        "7200 s are asked for: here at most 3600 s are allowed, there 43200 s",
    ]


def test_the_permission_is_for_the_other_role_only() -> None:
    """The Resource of the same statement."""
    difference = only(beside_works(trust({"AWS": DEPLOYER}), resource=WORKS), WORKS)
    assert (
        difference.text
        == "statement 1 of AssumeRolePolicy is for role/Works, not for role/DeployRole"
    )


def test_a_condition_of_one_role_alone() -> None:
    """The other does not ask for it."""
    wanted = {"StringEquals": {"sts:ExternalId": "x"}}
    difference = only(beside_works(trust({"AWS": DEPLOYER}, Condition=wanted)), WORKS)
    assert difference.there == "does not ask for it"
    assert "here it is absent" in difference.text


def test_being_named_itself_makes_a_permission_needless() -> None:
    """In one account the account's name leaves the choice to the caller's policies (R1.16)."""
    world = classic(
        trust_statements=[trust({"AWS": OTHER}), trust({"AWS": ROOT})],
        identity=[],
        RoleArn=ROLE.replace(B, A),
    )
    account = world["accounts"][A]
    account["RoleDetailList"] = world["accounts"].pop(B)["RoleDetailList"]
    account["UserDetailList"].append({"UserName": "other"})
    difference = only(world, OTHER)
    assert (difference.element, difference.there) == ("form", "user/other")


def with_other(world: dict[str, Any]) -> dict[str, Any]:
    """The world with one more user, who has no policy."""
    world["accounts"][A]["UserDetailList"].append({"UserName": "other"})
    return world


def test_it_says_when_the_other_does_not_work_either() -> None:
    """A caller that is no better proves nothing."""
    found = compared(with_other(classic(trust_statements=[trust({"AWS": OTHER})])), OTHER)
    assert not found.works
    assert "does not work either: it is denied" in found.headline


def test_an_allowed_call_needs_no_comparison() -> None:
    """Nothing is missing here."""
    found = compared(with_other(classic()), OTHER)
    assert found.headline.startswith("this call is allowed itself")
    assert found.differences == ()


def test_in_a_chain_the_hop_is_named() -> None:
    """The first caller is exchanged, and the first hop differs."""
    world = chained(ci_trusts=[trust({"AWS": OTHER})])
    world["accounts"][A]["UserDetailList"].append(
        {
            "UserName": "other",
            "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
        }
    )
    found = compared(world, OTHER)
    assert found.works is True
    assert {difference.hop for difference in found.differences} == {1}


@pytest.mark.parametrize(
    "like",
    [
        "nonsense", "arn:aws:s3:::bucket", DEPLOYER, ROLE, f"arn:aws:iam::{A}:root",
        f"arn:aws:sts::{A}:assumed-role", f"arn:aws:iam::{A}:user",
    ],
)  # fmt: skip
def test_what_cannot_be_compared_with_is_bad_input(like: str) -> None:
    """Neither a caller nor a role, or a part of the call itself."""
    with pytest.raises(InputError, match="--like"):
        compared(classic(), like)


@pytest.mark.parametrize("like", [OTHER, WORKS, f"arn:aws:sts::{A}:assumed-role/None/s"])
def test_what_does_not_exist_is_bad_input(like: str) -> None:
    """And so is what may exist, where it was not read: no fact of it is known."""
    with pytest.raises(InputError, match="there is no "):
        compared(classic(), like)
    unread = {**classic(), "unknown": [f"account:{A}", f"account:{B}"]}
    with pytest.raises(InputError, match="was not read"):
        compared(unread, like)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_call_that_works_always_shows_what_is_missing(family: str) -> None:
    """Where one is denied and the other allowed, at least one fact tells them apart."""
    for seed in range(SEEDS):
        chain = decide_chain(*parsed(scenario(seed, family)))
        if chain.verdict is not Verdict.DENIED:
            continue
        for principal in itertools.islice(chain.world.principals(), 4):
            with contextlib.suppress(InputError):
                found = compare(chain, principal.arn)
                assert found.differences or not found.works, (seed, principal.arn)
