"""The ticket: what it says, what it keeps to itself, and snippets that parse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from assumable.diagnose import diagnose
from assumable.findings.finding import Target
from assumable.formats.scenario import read_scenario
from assumable.model.policy import Layer
from assumable.model.world import World
from assumable.render import markdown
from assumable.render.changes import Change, back, masked
from assumable.render.snippets import cloudformation, terraform
from tests.chains import CI, chained
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, classic, parsed, policy, trust

HERE = Path(__file__).parents[1] / "scenarios"
FILES = sorted(str(path.relative_to(HERE)) for path in HERE.glob("AS*/*.yaml"))
SHOWN: dict[str, dict[str, Any]] = {
    "all-five": broken(CLASSICS),
    "trust-principal": broken(("trust-principal",)),
    "only-the-request": broken(("external-id", "mfa")),
    "allowed": classic(),
    "open": {**classic(), "unknown": [f"account:{B}"]},
    "no-plan": classic(RoleArn=f"{ROLE}s"),
    "chain": chained(trusts=[trust({"AWS": f"{CI}s"})]),
}


def ticket(scenario: dict[str, Any], *, full: bool = False) -> str:
    """The ticket of a scenario."""
    world, call = parsed(scenario)
    return markdown.render(diagnose(world, call), world, full=full)


def blocks(text: str, language: str) -> list[str]:
    """What stands in the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def read_hcl(text: str) -> dict[str, Any]:
    """The attributes of one resource, by a grammar that takes no more than we write."""
    header, *rest = text.rstrip("\n").split("\n")
    assert re.fullmatch(r'resource "[a-z_]+" "[A-Za-z_][A-Za-z0-9_-]*" \{', header), header
    assert rest.pop() == "}"
    found = {}
    attribute = re.compile(r"^  (\w+) +?= (.*?)(?=^  \w|\Z)", re.MULTILINE | re.DOTALL)
    for name, value in attribute.findall("\n".join(rest)):
        body = value.strip()
        if body.startswith("jsonencode("):
            assert body.endswith(")")
            body = body.removeprefix("jsonencode(").removesuffix(")")
        assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", body), "a template begins here"
        found[name] = json.loads(body.replace("$${", "${").replace("%%{", "%{"))
    return found


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("name", SHOWN)
def test_the_ticket_reads_as_before(name: str, full: bool, snapshot: SnapshotAssertion) -> None:
    """A change of wording is seen and accepted, never slipped in."""
    assert ticket(SHOWN[name], full=full) == snapshot


@pytest.mark.parametrize("name", FILES)
def test_every_answer_can_be_handed_over(name: str) -> None:
    """The two snippets of a change say the same, and both parse."""
    world, call = read_scenario(HERE / name, now=NOW)
    diagnosis = diagnose(world, call)
    for full in (False, True):
        text = markdown.render(diagnosis, world, full=full)
        assert text.startswith("# ")
        for hcl, template in zip(blocks(text, "hcl"), blocks(text, "yaml"), strict=True):
            (resource,) = yaml.safe_load(template)["Resources"].values()
            values = list(resource["Properties"].values())
            assert list(read_hcl(hcl).values()) == values
            if name.startswith(("AS1", "AS2")) and isinstance(values[-1], dict):
                assert values[-1]["Statement"]


def test_each_administrator_gets_a_section_of_their_own() -> None:
    """With the findings and edits of that account alone."""
    first, second = ticket(broken(CLASSICS)).split("\n---\n")
    assert f"For the administrator of account {A}." in first
    assert f"For the administrator of account {B}." in second
    assert "AS201" in first
    assert "AS101" not in first
    assert "put-user-policy" not in second
    assert "AS201" not in second


def test_credentials_that_are_new_come_before_the_calls_of_a_chain() -> None:
    """Whoever owns the second hop sees every call that leads there."""
    scenario = chained(trusts=[trust({"AWS": f"{CI}s"})])
    without = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": without}
    entry = {"PolicyName": "DenyWithoutMfa", "PolicyDocument": policy(deny)}
    scenario["accounts"][A]["UserDetailList"][0]["UserPolicyList"] = [entry]
    (text,) = ticket(scenario).split("\n---\n")
    verify = text[text.index("The caller makes these calls, each with the credentials of") :]
    made = blocks(verify, "sh")[0].splitlines()
    assert [line.split(" --")[0] for line in made] == [
        "aws sts get-session-token",
        "aws sts assume-role",
        "aws sts assume-role",
    ]
    assert ROLE in made[-1]


def test_the_other_side_learns_no_more_of_the_sender_than_it_needs() -> None:
    """No session name, tag, source identity, device, network or policy of the caller."""
    secrets = {
        "RoleSessionName": "hush-session",
        "ExternalId": "hush-external",
        "SerialNumber": f"arn:aws:iam::{A}:mfa/hush-device",
        "TokenCode": "123456",
        "SourceIdentity": "hush-identity",
        "Tags": [{"Key": "hush-key", "Value": "hush-value"}],
        "Policy": json.dumps(policy(allow(Sid="HushPolicy"))),
    }
    guarded = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    scenario = classic(
        trust_statements=[trust({"AWS": f"{DEPLOYER}s"}, Condition=guarded)],
        identity=[allow(Sid="HushStatement")],
        **secrets,
    )
    scenario["call"]["network"] = {"source_ip": "198.51.100.77"}
    text = ticket(scenario)
    assert f"For the administrator of account {B}." in text
    assert "hush" not in text.lower()
    assert "198.51.100.77" not in text
    full = ticket(scenario, full=True)
    assert "hush-session" in full


def test_an_external_id_is_shown_to_those_who_have_it() -> None:
    """It stands in their own trust policy."""
    text = ticket(broken(("trust-principal", "external-id")))
    assert "--external-id unique-id-42" in text


def test_a_session_is_named_by_its_role() -> None:
    """What the sender calls its sessions is nobody's business."""
    scenario = classic(trust_statements=[trust({"AWS": DEPLOYER})])
    session = f"arn:aws:sts::{A}:assumed-role/CI/hush"
    own: dict[str, Any] = {"RoleName": "CI", "Path": "/team/", "AssumeRolePolicyDocument": policy()}
    own["RolePolicyList"] = [{"PolicyName": "p", "PolicyDocument": policy(allow())}]
    scenario["accounts"][A]["RoleDetailList"] = [own]
    scenario["call"]["caller"] = {"arn": session}
    text = ticket(scenario)
    assert f"- caller: `arn:aws:iam::{A}:role/team/CI`" in text
    assert "hush" not in text
    assert session in ticket(scenario, full=True)


def test_the_way_back_restores_the_document_as_it_was() -> None:
    """The command of the roll-back holds it."""
    scenario = broken(("trust-principal",))
    text = ticket(scenario)
    (role,) = scenario["accounts"][B]["RoleDetailList"]
    document = json.dumps(role["AssumeRolePolicyDocument"])
    assert document in text.partition("## How to roll back")[2]


@pytest.mark.parametrize(
    ("target", "before", "after", "kind", "undo"),
    [
        (Target(kind="role", arn=ROLE, name="MaxSessionDuration", account=B), 3600, 7200,
         "AWS::IAM::Role", "update-role --role-name DeployRole --max-session-duration 3600"),
        (Target(kind="provider", arn=f"arn:aws:iam::{B}:oidc-provider/idp.example/x"), None, ["a"],
         "AWS::IAM::OIDCProvider", "delete-open-id-connect-provider"),
        (Target(kind="provider", arn=f"arn:aws:iam::{B}:oidc-provider/idp.example"), ["b"],
         ["b", "a"], "AWS::IAM::OIDCProvider", "--client-id a"),
        (Target(kind="principal", arn=f"arn:aws:iam::{A}:role/x/CI", name="p@1",
                layer=Layer.IDENTITY), None, policy(allow()), "AWS::IAM::RolePolicy",
         "aws iam delete-role-policy --role-name CI --policy-name p@1"),
        (Target(kind="policy", arn=DEPLOYER, name="p", layer=Layer.IDENTITY,
                policy_arn=f"arn:aws:iam::{A}:policy/x/p"), policy(), policy(allow()),
         "AWS::IAM::ManagedPolicy", "--set-as-default"),
        (Target(kind="policy", arn="r-ab12", name="Deny ${x}", layer=Layer.SCP,
                policy_arn="p-deny1234"), policy(), policy(allow(resource="${aws:username}%{x}")),
         "AWS::Organizations::Policy", "p-deny1234"),
    ],
)  # fmt: skip
def test_every_kind_of_change_has_its_resource(
    target: Target, before: Any, after: Any, kind: str, undo: str
) -> None:
    """In both languages, with the value after the change, and the command that undoes it."""
    change = Change(target, before, after)
    (resource,) = yaml.safe_load(cloudformation(change))["Resources"].values()
    assert resource["Type"] == kind
    values = list(resource["Properties"].values())
    assert values[-1] == after
    assert list(read_hcl(terraform(change)).values()) == values
    assert undo in "\n".join(back(change))


def test_what_aws_owns_has_no_resource() -> None:
    """Nobody manages a policy of AWS, or a session's, by Terraform."""
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    for target in (
        Target(kind="policy", arn=DEPLOYER, layer=Layer.IDENTITY, policy_arn=arn),
        Target(kind="policy", arn="vpce-1", layer=Layer.VPC_ENDPOINT),
        Target(kind="policy", arn="not-an-arn", layer=Layer.TRUST),
    ):
        change = Change(target, policy(), policy(allow()))
        assert (terraform(change), cloudformation(change)) == ("", "")


def test_a_masked_command_keeps_what_the_reader_has() -> None:
    """Values behind an equals sign too."""
    command = (
        "aws sts assume-role --role-arn r --role-session-name=-s --external-id 'a b' "
        "--tags Key=k,Value=v --policy '{}'"
    )
    nothing = World(accounts={})
    assert masked(command, [], nothing) == (
        "aws sts assume-role --role-arn r --role-session-name=SESSION --external-id EXTERNAL_ID"
    )
    assert masked(command, ['"a b"'], nothing).endswith("--external-id 'a b'")
    assert masked("# then let ec2.amazonaws.com try again", [], nothing).startswith("# then")


def test_names_cannot_leave_their_place() -> None:
    """Backticks, tags and line breaks of the input stay text."""
    scenario = broken(("trust-principal",))
    (role,) = scenario["accounts"][B]["RoleDetailList"]
    role["AssumeRolePolicyDocument"]["Statement"][0]["Sid"] = "x```\n<script>"
    text = ticket(scenario, full=True)
    assert not re.search(r"^```\s*<", text, re.MULTILINE)
    assert "<script>" not in re.sub(r"(`{3,})\w+\n.*?\n *\1", "", text, flags=re.DOTALL)


def verified(text: str) -> list[str]:
    """The calls under "How to verify" and the question that is asked again."""
    shown = text.partition("## How to verify")[2].partition("## How to roll back")[0]
    return [line for block in blocks(shown, "sh") for line in block.splitlines()]


def test_a_chain_is_verified_by_every_call_of_it() -> None:
    """One call alone needs the credentials of the one before; nothing of the sender slips in."""
    text = ticket(chained(trusts=[trust({"AWS": f"{CI}s"})], RoleSessionName="hush"))
    first, last, again = verified(text)
    assert first == f"aws sts assume-role --role-arn {CI} --role-session-name SESSION"
    assert last == f"aws sts assume-role --role-arn {ROLE} --role-session-name SESSION"
    assert again == f"assumable why --via {CI} --role-arn {ROLE}"
    assert "hush" not in text


def test_one_ticket_holds_what_an_account_has_to_do_at_several_hops() -> None:
    """The whole chain is what it is about, and each finding says at which hop."""
    text = ticket(chained(ci_trusts=[trust({"AWS": f"{DEPLOYER}s"})], ci_may=[]))
    assert "# Let `user/deployer` assume `role/DeployRole`" in text
    assert "- **AS101 trust-principal**: hop 1: " in text
    assert "- **AS201 identity-permission**: hop 2: " in text
    assert "assumed-role" not in text
    assert len(verified(text)) == 3


NAMED = "arn:aws:sts::111111111111:assumed-role/CI/nightly"


@pytest.mark.parametrize(
    ("trusts", "shown"),
    [
        (trust({"AWS": NAMED}), ["nightly", "SESSION"]),
        (trust({"AWS": NAMED.replace("CI", "CD")}), ["SESSION", "SESSION"]),
        (trust({"AWS": CI}, Condition={"StringLike": {"sts:RoleSessionName": "rel-*"}}),
         ["SESSION", "rel-7"]),
        (trust({"AWS": CI}, Condition={"StringLike": {"aws:userid": "*:nightly"}}),
         ["nightly", "SESSION"]),
    ],
)  # fmt: skip
def test_a_session_name_that_a_policy_asks_for_is_shown(
    trusts: dict[str, Any], shown: list[str]
) -> None:
    """With any other name the call would be denied."""
    hop = {"RoleArn": CI, "RoleSessionName": "nightly"}
    scenario = chained(hop=hop, ci_may=[], trusts=[trusts], RoleSessionName="rel-7")
    world, _ = parsed(scenario)
    names = []
    for role, name in ((CI, "nightly"), (ROLE, "rel-7")):
        call = f"aws sts assume-role --role-arn {role} --role-session-name {name}"
        names.append(masked(call, [], world).rpartition(" ")[2])
    assert names == shown


@pytest.mark.parametrize(("asked_of", "shown"), [("caller", "rel-7"), ("another role", "SESSION")])
def test_a_session_name_counts_where_the_policy_is_about_the_call(
    asked_of: str, shown: str
) -> None:
    """The caller's own may ask for it; the trust policy of another role says nothing of it."""
    named = {"StringLike": {"sts:RoleSessionName": "rel-*"}}
    scenario = classic(identity=[allow(Condition=named if asked_of == "caller" else {})])
    other = policy(trust({"AWS": DEPLOYER}, Condition=named))
    if asked_of != "caller":
        scenario["accounts"][B]["RoleDetailList"].append(
            {"RoleName": "Other", "AssumeRolePolicyDocument": other}
        )
    world, _ = parsed(scenario)
    call = f"aws sts assume-role --role-arn {ROLE} --role-session-name rel-7"
    assert masked(call, [], world).rpartition(" ")[2] == shown


def test_how_safe_a_change_is_and_what_it_needs_first_are_said() -> None:
    """In words, beside it."""
    text = ticket(broken(("trust-principal",)))
    assert f"- name {DEPLOYER} in the trust policy (needs review)\n" in text
    text = ticket(broken(("external-id", "mfa")))
    assert "- send the external ID `unique-id-42` (you, nothing to change in AWS)\n" in text
