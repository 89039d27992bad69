"""Every fix is decided again here, in the whole world and by the paths that users take."""

import copy
from pathlib import Path
from typing import Any

import pytest

from assumable.audit import proof, rules
from assumable.audit.finding import Finding
from assumable.audit.ground import Ground
from assumable.audit.registry import audit
from assumable.audit.witness import STRANGER, by_principal, principal
from assumable.engine.chain import decide_chain
from assumable.findings.apply import apply
from assumable.formats.dump import read_snapshot
from assumable.formats.scenario import read_scenario
from assumable.model.world import Role, World
from assumable.org.whocan import Everyone
from tests.audit.worlds import ORG, ROOT, deny, everyone, saml, scenario, world
from tests.organizations.generator import write
from tests.organizations.mix import Size
from tests.worlds import DEPLOYER, NOW, parsed, trust

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").rglob("*.yaml"))
MFA = "aws:MultiFactorAuthPresent"
FIXED: dict[str, list[Any]] = {
    "AS1001": [everyone(StringLike={"aws:PrincipalArn": "*"})],
    "AS1002": [trust({"AWS": ROOT}, Condition={"BoolIfExists": {MFA: "true"}})],
    "AS1002-deny": [trust({"AWS": ROOT}), deny(Bool={MFA: "false"})],
    "AS1004": [trust({"Service": "codebuild.amazonaws.com"}), trust({"AWS": DEPLOYER})],
    "AS1006": [trust({"Federated": saml()}, "sts:AssumeRoleWithSAML"), trust({"AWS": DEPLOYER})],
    "AS1007": [trust({"AWS": ["AIDAEXAMPLEDELETED01", DEPLOYER]})],
    "AS1008": [
        trust({"AWS": ROOT}, Condition={"StringEquals": {"aws:PrincipalOrgID": "r-1"}}),
        trust({"AWS": DEPLOYER}),
    ],
}


def mended(before: World, finding: Finding) -> World:
    assert finding.mend is not None
    call = parsed(scenario()).call
    return apply([finding.mend.fix], before, call)[0]


def who(found: World, arn: str) -> set[str]:
    role = found.role(arn)
    assert isinstance(role, Role)
    ways = Everyone(found, NOW).who(role).ways
    return {name for way in ways for name in way.principals}


def redecided(before: World, finding: Finding) -> None:
    """The finding is gone, nothing as bad came instead, and nobody lost the role unsaid."""
    assert finding.mend is not None
    after = mended(before, finding)
    left = [f for f in audit(after, NOW).findings if f.role == finding.role]
    assert finding.code not in [f.code for f in left if f.evidence == finding.evidence]
    others = [f.code for f in audit(before, NOW).findings if f.role == finding.role]
    assert all(f.code in others for f in left)
    then, now = who(before, finding.role), who(after, finding.role)
    assert then - now == set(finding.mend.proof.lose)
    assert now <= then
    assert len(then & now) == finding.mend.proof.still_pass


@pytest.mark.parametrize("statements", FIXED.values(), ids=FIXED)
def test_a_fix_does_what_its_proof_says(statements: list) -> None:
    before = world(scenario(*copy.deepcopy(statements)))
    found = audit(before, NOW).findings
    assert len(found) == 1
    redecided(before, found[0])
    assert not audit(mended(before, found[0]), NOW).findings


def test_every_rule_that_fixes_is_tried_here() -> None:
    modules = (Path(rules.__file__).parent).glob("as*.py")
    fixing = {m.stem[:6].upper() for m in modules if "mended(" in m.read_text(encoding="utf-8")}
    assert fixing == {code[:6] for code in FIXED}


def test_every_fix_of_an_organization(tmp_path: Path) -> None:
    write(tmp_path, 7, Size(3, 40, 4))
    before = read_snapshot(tmp_path)
    found = [f for f in audit(before, NOW).findings if f.mend is not None]
    assert {f.code for f in found} >= {"AS1004", "AS1007"}
    for finding in found[::4]:
        redecided(before, finding)


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_engine_agrees_with_what_is_called_dead(file: Path) -> None:
    """No statement that is found dead lets in, or stops, the call of a scenario."""
    given, call = read_scenario(file, now=NOW)
    dead = {
        (finding.role, evidence.statement)
        for finding in audit(given, call.time).findings
        if finding.code in ("AS1008", "AS1009", "AS1010")
        if " denies all " not in finding.explanation  # which a Deny shows, not it
        for evidence in finding.evidence
    }
    for decision in decide_chain(given, call).decisions:
        for gate in decision.gates:
            for trace in gate.traces():
                place = (trace.policy.name.owner, trace.statement.index)
                if trace.policy.name.layer == "trust" and place in dead:
                    assert trace.truth is False


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (("StringEquals", "aws:PrincipalOrgID", ORG), True),
        (("StringLike", "aws:UserAgent", "*"), False),  # strangers still pass
        (("StringEquals", "aws:PrincipalOrgID", "o-notours000"), False),  # nobody passes any more
    ],
)
@pytest.mark.parametrize("is_meant", [True, False])
def test_what_deciding_again_disproves_is_no_fix(
    asked: tuple[str, str, object], shown: bool, is_meant: bool
) -> None:
    ground = Ground(world(scenario(trust("*"))), NOW)
    (subject,) = ground.subjects
    user = ground.everyone.principal(DEPLOYER)
    deployer = by_principal("the user", subject, user, NOW)
    stranger = by_principal(
        "a stranger", subject, principal(f"arn:aws:iam::{STRANGER}:user/x"), NOW
    )
    mend = proof.mended(
        ground,
        subject,
        "test",
        "a test",
        proof.with_conditions(subject.trust, {"/Statement/0": asked}),
        opens="nobody",
        dangerous=(stranger,),
        meant=(deployer,) if is_meant else (),
    )
    assert (mend is not None) == shown


def test_a_perimeter_keeps_its_meaning() -> None:
    """What is asked for beside is kept by a fix, word by word."""
    statement = everyone(StringLike={"aws:PrincipalArn": "*"}, Bool={"aws:SecureTransport": "true"})
    (finding,) = audit(world(scenario(statement)), NOW).findings
    assert finding.mend is not None
    assert finding.mend.fix.edit[0]["value"] == {
        **statement["Condition"],
        "StringEquals": {"aws:PrincipalOrgID": ORG},
    }
