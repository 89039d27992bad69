"""What AWS would not save is no plan, and a quota that must be raised first is named."""

import json
import shlex
from typing import Any

import pytest

from assumable.diagnose import diagnose
from assumable.findings import commands
from assumable.findings.finding import Target
from assumable.findings.quotas import size_of
from assumable.model.policy import Layer
from assumable.render import markdown, terminal
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, diagnosed, parsed, policy, trust

QUOTA = "Role trust policy length"
WEB = "token.actions.githubusercontent.com"


def padded(size: int, *statements: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements with one behind them, so that their policy has `size` characters."""
    names = [f"arn:aws:iam::{B}:role/{n:03}" for n in range(size // 40)]
    filler = trust({"AWS": names})
    while size_of(policy(*statements, filler)) > size - 6:
        names.pop()
    names[-1] += "x" * (size - size_of(policy(*statements, filler)))
    assert size_of(policy(*statements, filler)) == size
    return [*statements, filler]


def misspelt(size: int) -> dict[str, Any]:
    """A trust policy of that size whose first statement names the caller with two letters less."""
    return classic(trust_statements=padded(size, trust({"AWS": DEPLOYER[:-2]})))


@pytest.mark.parametrize(("size", "is_named"), [(2046, False), (2047, True), (3000, True)])
def test_a_trust_policy_beyond_the_default_names_the_quota(size: int, *, is_named: bool) -> None:
    """Two characters more are the right name: 2,048 pass, 2,049 do not unless it was raised."""
    diagnosis = diagnosed(misspelt(size))
    plan, fixes = diagnosis.plans[0], {fix.id: fix for fix in diagnosis.fixes}
    (fix,) = (fixes[name] for name in plan.fixes)
    assert (QUOTA in fix.remark) is is_named
    assert [fix.remark] * is_named == list(plan.first)
    if is_named:
        assert fix.remark.startswith(f"the trust policy of DeployRole would have {size + 2:,} char")
        assert f"of account {B} must allow as many first" in fix.remark


def test_a_trust_policy_that_gets_no_longer_needs_no_quota() -> None:
    """It was saved at that size, so that the quota was raised."""
    longer = classic(trust_statements=padded(3000, trust({"AWS": f"{DEPLOYER}s"})))
    plan = diagnosed(longer).plans[0]
    assert plan.fixes == ("trust-principal/name-the-caller",)
    assert plan.first == ()


def test_the_quota_is_named_where_people_read_of_the_plan() -> None:
    """Before the commands on a terminal, and in the ticket for the account whose quota it is."""
    world, call = parsed(misspelt(2047))
    diagnosis = diagnose(world, call)
    text = " ".join(terminal.render(diagnosis).split())
    assert text.index(QUOTA) < text.index("run in this order")
    assert markdown.render(diagnosis, world).count(QUOTA) == 1


def test_beyond_what_can_be_raised_there_is_no_plan() -> None:
    """4,096 characters, and not one more: the account's name, which is shorter, still fits."""
    named, account = ("trust-principal/name-the-caller",), ("trust-principal/name-the-account",)
    assert [plan.fixes for plan in diagnosed(misspelt(4094)).plans] == [named, account]
    assert [plan.fixes for plan in diagnosed(misspelt(4095)).plans] == [account]


def test_the_edits_of_a_document_are_measured_together() -> None:
    """Each alone would fit the default."""
    named = trust({"AWS": DEPLOYER[:-2]}, ["sts:AssumeRole"])
    found = diagnosed(
        classic(
            trust_statements=padded(2048 - len(',"sts:TagSession"'), named),
            identity=[allow(["sts:AssumeRole", "sts:TagSession"])],
            Tags=[{"Key": "team", "Value": "web"}],
        )
    )
    fixes = {fix.id: fix for fix in found.fixes}
    together = [fixes["trust-principal/name-the-caller"], fixes["session-tags/allow-in-trust"]]
    assert [fix.remark for fix in together] == ["", ""]
    (plan,) = (p for p in found.plans if set(p.fixes) == {fix.id for fix in together})
    assert "would have 2,050 characters" in plan.first[0]


def test_a_cut_names_the_quota_as_well() -> None:
    """A Deny makes the trust policy longer."""
    scenario = classic(trust_statements=padded(2048, trust({"AWS": DEPLOYER})))
    diagnosis = diagnose(*parsed(scenario), expected="denied")
    (last,) = (cut for cut in diagnosis.cuts if cut.fixes == ("cut/deny-in-trust",))
    assert QUOTA in last.first[0]
    assert QUOTA in " ".join(terminal.render(diagnosis).split())


def test_inline_policies_of_a_user_have_2048_characters_together() -> None:
    """IAM would refuse one more."""
    full = allow("s3:GetObject", [f"arn:aws:s3:::bucket-{n:04}/*" for n in range(66)])
    assert not diagnosed(classic(identity=[full])).plans
    assert diagnosed(classic(identity=[allow("s3:GetObject")])).plans


@pytest.mark.parametrize(("buckets", "has_plan"), [(40, True), (66, False)])
def test_a_policy_that_is_edited_counts_with_the_others(buckets: int, *, has_plan: bool) -> None:
    """One more name in a policy of a user who has another, large one."""
    scenario = classic(identity=[allow(resource=f"{ROLE}-with-a-name-that-is-quite-long")])
    large = allow("s3:GetObject", [f"arn:aws:s3:::bucket-{n:04}/*" for n in range(buckets)])
    (user,) = scenario["accounts"][A]["UserDetailList"]
    user["UserPolicyList"].append({"PolicyName": "large", "PolicyDocument": policy(large)})
    found = diagnosed(scenario).plans
    edited = [plan for plan in found if any("correct" not in name for name in plan.fixes)]
    assert bool(edited) is has_plan


@pytest.mark.parametrize(("size", "has_plan"), [(5000, True), (5100, False)])
def test_the_inline_policies_of_a_group_have_5120_characters(size: int, *, has_plan: bool) -> None:
    """What a user has through a group is held to the group's quota."""
    deny = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": [ROLE]}
    padding = {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::"]}
    padding["Resource"] = f"arn:aws:s3:::{'x' * (size - size_of(policy(deny, padding)))}"
    scenario = classic()
    account = scenario["accounts"][A]
    account["UserDetailList"][0]["GroupList"] = ["ops"]
    own = [{"PolicyName": "p", "PolicyDocument": policy(deny, padding)}]
    account["GroupDetailList"] = [{"GroupName": "ops", "GroupPolicyList": own}]
    assert bool(diagnosed(scenario).plans) is has_plan


@pytest.mark.parametrize(("size", "has_plan"), [(6000, True), (6100, False)])
def test_a_managed_policy_has_6144_characters(size: int, *, has_plan: bool) -> None:
    """A new version of it is a whole policy; here it is a boundary that allows too little."""
    document = policy(allow("s3:*", "arn:aws:s3:::"))
    document["Statement"][0]["Resource"] += "x" * (size - size_of(document))
    managed = f"arn:aws:iam::{A}:policy/Boundary"
    scenario = classic()
    account = scenario["accounts"][A]
    boundary = {"PermissionsBoundaryArn": managed}
    account["UserDetailList"][0]["PermissionsBoundary"] = boundary
    version = {"IsDefaultVersion": True, "Document": document}
    account["Policies"] = [{"Arn": managed, "PolicyVersionList": [version]}]
    assert bool(diagnosed(scenario).plans) is has_plan


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "named"])
@pytest.mark.parametrize(
    ("versions", "oldest"),
    [(["v1"], ""), (["v2", "v3", "v4", "v5"], ""), (["v12", "v9", "v8", "v10", "v11"], "v8")],
)
def test_a_managed_policy_has_five_versions(versions: list[str], oldest: str, marked: bool) -> None:
    """Where there are as many, one has to go first; the one in force is the first of these."""
    managed = f"arn:aws:iam::{A}:policy/Boundary"
    scenario = classic()
    account = scenario["accounts"][A]
    account["UserDetailList"][0]["PermissionsBoundary"] = {"PermissionsBoundaryArn": managed}
    listed = [
        {
            "VersionId": name,
            **({"IsDefaultVersion": name == versions[0]} if marked else {}),
            "Document": policy(allow("s3:*")),
        }
        for name in versions
    ]
    named = {} if marked else {"DefaultVersionId": versions[0]}
    account["Policies"] = [{"Arn": managed, "PolicyVersionList": listed, **named}]
    diagnosis = diagnosed(scenario)
    plan, fixes = diagnosis.plans[0], {fix.id: fix for fix in diagnosis.fixes}
    assert list(plan.first) == [fixes[name].remark for name in plan.fixes if oldest]
    if oldest:
        (first,) = plan.first
        assert first == (
            "Boundary has five versions, as many as IAM keeps: delete one first, such as the "
            f"oldest, with `aws iam delete-policy-version --policy-arn {managed} --version-id "
            f"{oldest}`"
        )
        shown = " ".join(terminal.render(diagnosis).split())
        assert shown.index("delete-policy-version") < shown.index("create-policy-version")


@pytest.mark.parametrize(("audiences", "has_plan"), [(99, True), (100, False)])
def test_a_provider_takes_100_audiences(audiences: int, *, has_plan: bool) -> None:
    """One that has them all takes no further one."""
    provider = f"arn:aws:iam::{B}:oidc-provider/{WEB}"
    named = trust(
        {"Federated": provider},
        "sts:AssumeRoleWithWebIdentity",
        Condition={"StringEquals": {f"{WEB}:aud": "x", f"{WEB}:sub": "repo:a/b:c"}},
    )
    scenario = classic(trust_statements=[named])
    clients = [f"client-{n}" for n in range(audiences)]
    entry = {"Arn": provider, "ClientIDList": clients}
    scenario["accounts"][B]["OpenIDConnectProviders"] = [entry]
    claims = {"iss": f"https://{WEB}", "aud": "x", "sub": "repo:a/b:c"}
    scenario["call"] |= {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": claims}}
    assert bool(diagnosed(scenario).plans) is has_plan


@pytest.mark.parametrize("layer", [Layer.SCP, Layer.RCP, Layer.VPC_ENDPOINT])
def test_white_space_is_not_sent_where_it_counts(layer: Layer) -> None:
    """Organizations and EC2 keep what the command sends, and count it."""
    document = policy(allow(resource="*"))
    command = commands.put_policy(Target(kind="policy", arn="x", layer=layer), document)
    assert shlex.split(command)[-1] == json.dumps(document, separators=(",", ":"))
