"""Live chains: every role in between is read as a target and as a caller."""

import json
from typing import Any

import pytest

from assumable.aws.clients import Answer
from assumable.diagnose import Diagnosis, diagnose
from assumable.model.policy import Policy
from assumable.model.world import Role, Unknown
from tests.aws.accounts import Accounts
from tests.aws.test_organization import FULL, PARENTS, RCP, SCP, Recorded, learnt, refusal
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

CI = f"arn:aws:iam::{A}:role/CI"


def chained(accounts: Accounts, *, permitted: bool = True) -> None:
    """deployer may assume CI, and CI may assume DeployRole."""
    accounts.classic()
    accounts.role("CI", A, trust({"AWS": DEPLOYER}))
    if permitted:
        document = json.dumps(policy(allow(resource=ROLE)))
        accounts.iam[A].put_role_policy(RoleName="CI", PolicyName="p", PolicyDocument=document)
    names_ci = json.dumps(policy(trust({"AWS": CI})))
    accounts.iam[B].update_assume_role_policy(RoleName="DeployRole", PolicyDocument=names_ci)


def answer(accounts: Accounts, *via: str, **more: Any) -> Diagnosis:
    return diagnose(*accounts.read(via_roles=via, **more))


@pytest.mark.demo
def test_every_role_of_a_chain_is_read(accounts: Accounts) -> None:
    chained(accounts)
    world, call = accounts.read(via_roles=(CI,))
    role = world.role(CI)
    assert isinstance(role, Role)
    assert isinstance(role.trust, Policy)
    assert [p.name.name for p in role.policies if isinstance(p, Policy)] == ["p"]
    assert [hop.parameters["RoleArn"] for hop in call.chain] == [CI]
    diagnosis = diagnose(world, call)
    assert diagnosis.verdict == "conditional"
    assert "depends on what is not known" not in diagnosis.headline


@pytest.mark.demo
def test_the_role_in_between_lacks_a_permission(accounts: Accounts) -> None:
    chained(accounts, permitted=False)
    diagnosis = answer(accounts, CI)
    assert [(f.cause, f.hop) for f in diagnosis.findings] == [("identity-permission", 2)]
    assert diagnosis.plans[0].commands[0].startswith("aws iam put-role-policy --role-name CI ")


@pytest.mark.demo
def test_a_role_in_between_that_is_gone(accounts: Accounts) -> None:
    chained(accounts)
    diagnosis = answer(accounts, f"{CI}X")
    assert ("role-not-found", 1) in {(f.cause, f.hop) for f in diagnosis.findings}


@pytest.mark.demo
def test_a_role_in_an_account_that_nobody_can_read_is_unknown(accounts: Accounts) -> None:
    chained(accounts)
    far = "arn:aws:iam::333333333333:role/Far"
    world, call = accounts.read(via_roles=(far,))
    found = world.role(far)
    assert isinstance(found, Unknown)
    assert found.settle.startswith(f"iam:GetRole on {far}")
    verdicts = [hop.verdict for hop in diagnose(world, call).hops]
    assert verdicts[0] == "denied"  # deployer may assume DeployRole and CI alone


def test_scps_are_read_for_every_account_that_calls() -> None:
    full = [FULL]
    attached = {(target, SCP): full for target in ("r-ab12", "ou-ab12-1", A, B)}
    attached |= {(B, RCP): [{"Id": "p-deny5678", "Name": "DenyOthers"}]}
    manager = Recorded(parents=PARENTS, attached=attached)
    (organization,) = learnt({A: manager, B: manager}, (A, B), (A, B)).organizations
    assert isinstance(organization.scps, dict)
    assert sorted(organization.scps) == sorted((A, B, "ou-ab12-1", "r-ab12"))
    assert isinstance(organization.rcps, dict)
    assert len(organization.rcps[B]) == 1


class SecretiveAboutB(Recorded):
    """Shows the place of every account but one."""

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> Answer | Exception:
        if operation == "ListParents" and parameters["ChildId"] == B:
            return refusal("AccessDeniedException")
        return super()._send(service, operation, parameters)


def test_one_account_that_cannot_be_placed_leaves_the_scps_open() -> None:
    attached = {(target, SCP): [FULL] for target in ("r-ab12", "ou-ab12-1", A)}
    manager = SecretiveAboutB(parents=PARENTS, attached=attached)
    found = learnt({A: manager, B: manager}, (A, B), (B,))
    (organization,) = found.organizations
    assert isinstance(organization.scps, Unknown)
    assert B in found.unplaced
