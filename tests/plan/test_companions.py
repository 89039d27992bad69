"""What lets the tags and the source identity of a call through opens them to nobody else."""

from typing import Any

import pytest

from assumable.diagnose import Diagnosis
from assumable.findings.apply import edits_by_target
from assumable.findings.fix import patched
from assumable.model.policy import Layer
from tests.worlds import DEPLOYER, A, B, allow, classic, diagnosed, trust

OTHER = "arn:aws:iam::333333333333:user/other"
TYPO = DEPLOYER[:-2]
ALL = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
SENT: dict[str, dict[str, Any]] = {
    "TagSession": {"Tags": [{"Key": "team", "Value": "web"}]},
    "SetSourceIdentity": {"SourceIdentity": "alice"},
}
OF_OTHERS = {
    "another user": [trust({"AWS": OTHER})],
    "a service": [trust({"Service": "ec2.amazonaws.com"})],
    "another user, before a slip": [trust({"AWS": OTHER}), trust({"AWS": TYPO})],
    "another user, behind a slip": [trust({"AWS": TYPO}), trust({"AWS": OTHER})],
    "all but the companions": [
        {"Effect": "Allow", "Principal": {"AWS": DEPLOYER}, "NotAction": ALL[1:]},
        trust({"AWS": OTHER}),
    ],
}


def edited(diagnosis: Diagnosis, world: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The statements of the trust policy after each plan that changes nothing else."""
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    before = world["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"]
    found = []
    for plan in diagnosis.plans:
        used = [fixes[name] for name in plan.fixes]
        if all(fix.target.layer is Layer.TRUST for fix in used):
            (edit,) = edits_by_target(used).values()
            listed = patched(before, edit)["Statement"]
            found.append(listed if isinstance(listed, list) else [listed])
    return found


@pytest.mark.parametrize("action", SENT)
@pytest.mark.parametrize("others", OF_OTHERS)
@pytest.mark.parametrize("is_alone", [False, True], ids=["list", "object"])
def test_only_the_caller_gains_a_companion_action(action: str, others: str, is_alone: bool) -> None:
    statements = OF_OTHERS[others]
    if is_alone and len(statements) > 1:
        return
    scenario = classic(trust_statements=statements, identity=[allow(ALL)], **SENT[action])
    document = scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"]
    if is_alone:
        document["Statement"] = statements[0]
    diagnosis = diagnosed(scenario)
    plans = edited(diagnosis, scenario)
    assert plans
    for after in plans:
        companions = [one for one in after if f"sts:{action}" in one.get("Action", ())]
        assert companions
        for statement in companions:
            named = statement["Principal"]["AWS"]
            assert named in (DEPLOYER, f"arn:aws:iam::{A}:root"), named
