"""Whom nobody can list: held against the trust policy as a whole and the RCPs, by the engine."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assumable.cli.who import command
from assumable.engine.evaluate import decide
from assumable.formats.scenario import parse_scenario, read_scenario
from assumable.model.call import SamlCaller, ServiceCaller, WebIdentityCaller
from assumable.org.whocan import Everyone
from assumable.source import Document
from tests.worlds import NOW, ROLE, A, B, classic, policy, trust

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").rglob("*.yaml"))
OUTSIDE = "999999999999"
HOST = "token.actions.githubusercontent.com"
GITHUB = {"Federated": f"arn:aws:iam::{B}:oidc-provider/{HOST}"}
CORPORATE = {"Federated": f"arn:aws:iam::{B}:saml-provider/corporate"}
TOKEN, ASSERTION = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"
ACCOUNT = {"AWS": f"arn:aws:iam::{OUTSIDE}:root"}
VENDOR = {"AWS": f"arn:aws:iam::{OUTSIDE}:role/Vendor"}
BOB = f"arn:aws:sts::{OUTSIDE}:federated-user/bob"
V_ROLES = f"arn:aws:iam::{OUTSIDE}:role/V*"
EC2 = {"Service": "ec2.amazonaws.com"}
IN_ORG = {"aws:PrincipalOrgID": "o-exampleorgid"}
SUB, AUD = f"{HOST}:sub", f"{HOST}:aud"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
OURS = "aws:PrincipalOrgID is `o-exampleorgid`"
PERIMETER = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sts:*",
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": IN_ORG,
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}


def deny(principal: Any = "*", action: str = "sts:*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": principal, "Action": action, **more}


def world(*statements: Any, rcp: Any = None) -> dict[str, Any]:
    """A role in an organization; whoever is outside of it is in none."""
    found = classic(trust_statements=list(statements))
    home = found["accounts"][B]
    home["OpenIDConnectProviders"] = [{"Arn": GITHUB["Federated"], "ClientIDList": ["x"]}]
    home["SAMLProviders"] = [{"Arn": CORPORATE["Federated"]}]
    members = ["r-ab12", A, B, "444444444444"]
    policies: list[dict[str, Any]] = [
        {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": members},
    ]
    if rcp is not None:
        policies.append({
            "Id": "p-perimeter1", "Type": "RESOURCE_CONTROL_POLICY", "Targets": ["r-ab12"],
            "Content": policy(rcp),
        })  # fmt: skip
    found["organization"] = {
        "Id": "o-exampleorgid",
        "MasterAccountId": "444444444444",
        "Roots": [{"Id": "r-ab12"}],
        "OrganizationalUnits": [],
        "Accounts": [{"Id": each, "ParentId": "r-ab12"} for each in members[1:]],
        "Policies": policies,
    }
    return found


def others(scenario: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Kind, statement and condition of each."""
    everyone = Everyone(
        parse_scenario(Document("s.json", json.dumps(scenario)), now=NOW).world, NOW
    )
    answer = everyone.who(everyone.role(ROLE))
    return [(other.kind, other.statement, other.condition) for other in answer.others]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        # nothing but the statement
        ([trust("*")], [("everyone", 1, "")]),
        ([trust({"AWS": "*"})], [("everyone", 1, "")]),
        ([trust(ACCOUNT)], [("account", 1, "")]),
        ([trust({"AWS": OUTSIDE})], [("account", 1, "")]),
        ([trust(VENDOR)], [("account", 1, "")]),
        ([trust(EC2)], [("service", 1, "")]),
        ([trust(GITHUB, TOKEN)], [("federated", 1, "")]),
        ([trust(CORPORATE, ASSERTION)], [("federated", 1, "")]),
        # who is listed one by one
        ([trust({"AWS": f"arn:aws:iam::{A}:root"}), trust({"AWS": A})], []),
        # what a statement asks
        ([trust("*", Condition={"StringEquals": IN_ORG})], [("everyone", 1, OURS)]),
        (
            [trust(ACCOUNT, Condition={"StringEquals": {"sts:ExternalId": "acme-42"}})],
            [("account", 1, "sts:ExternalId is `acme-42`")],
        ),
        (
            [trust(ACCOUNT, Condition=MFA)],
            [("account", 1, "aws:MultiFactorAuthPresent is `true`")],
        ),
        (
            [trust(ACCOUNT, Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
            [("account", 1, "aws:SourceIp is in `203.0.113.0/24`")],
        ),
        (
            [trust(ACCOUNT, Condition={"StringEquals": {"aws:PrincipalTag/team": "web"}})],
            [("account", 1, "aws:PrincipalTag/team is `web`")],
        ),
        (
            [trust(VENDOR, Condition={"StringEquals": {"aws:PrincipalTag/team": "web"}})],
            [("account", 1, "aws:PrincipalTag/team is `web`")],
        ),
        (
            [trust(ACCOUNT, Condition={"ArnLike": {"aws:PrincipalArn": V_ROLES}})],
            [("account", 1, f"aws:PrincipalArn is like `{V_ROLES}`")],
        ),
        (
            [trust(EC2, Condition={"StringEquals": {"aws:SourceAccount": B}})],
            [("service", 1, f"aws:SourceAccount is `{B}`")],
        ),
        (
            [trust(GITHUB, TOKEN, Condition={"StringLike": {SUB: ["a/*", "b/*"]},
                                             "StringEquals": {AUD: "x"}})],
            [("federated", 1,
              f"({SUB} is like `a/*` or {SUB} is like `b/*`) and {AUD} is `x`")],
        ),
        (
            [trust(CORPORATE, ASSERTION, Condition={"StringEquals": {"SAML:aud": "https://x"}})],
            [("federated", 1, "SAML:aud is `https://x`")],
        ),
        # what another statement denies
        (
            [trust("*"), deny(Condition={"StringNotEquals": IN_ORG})],
            [("everyone", 1, OURS)],
        ),
        (
            [trust(GITHUB, TOKEN), deny(GITHUB, Condition={"StringLike": {SUB: "bad/*"}})],
            [("federated", 1, f"{SUB} is not like `bad/*`")],
        ),
        (
            [trust("*"), deny(VENDOR)],
            [("everyone", 1, f"the caller is not {VENDOR['AWS']}")],
        ),
        ([trust(ACCOUNT), trust(EC2), deny(ACCOUNT)], [("service", 2, "")]),
        ([trust(ACCOUNT), deny(VENDOR)], [("account", 1, "")]),
        ([trust(GITHUB, TOKEN), trust(EC2), deny("*", "sts:AssumeRole")], [("federated", 1, "")]),
        ([trust("*", "sts:*"), deny("*", "sts:AssumeRole")], [("everyone", 1, "")]),
        ([trust({"AWS": BOB}), deny(Condition={"Bool": {"aws:SecureTransport": "false"}})],
         [("account", 1, "aws:SecureTransport is not `false`")]),
        # everyone, but for callers with credentials
        ([trust("*", TOKEN)], [("federated", 1, "")]),
        ([trust("*", [TOKEN, ASSERTION], Condition={"StringEquals": {AUD: "x"}})],
         [("federated", 1, f"{AUD} is `x`")]),
        ([trust("*", TOKEN), deny(Condition={"StringNotEquals": {AUD: "x"}})],
         [("federated", 1, f"{AUD} is `x`")]),
        ([trust("*", TOKEN), trust("*", ASSERTION), deny("*", TOKEN)], [("federated", 2, "")]),
        # what can never be: nobody is told
        ([trust("*", TOKEN), trust({"AWS": BOB}), deny()], []),
        ([trust(ACCOUNT, Condition={"StringEquals": IN_ORG})], []),
        ([trust(VENDOR, Condition=MFA)], []),
        ([trust({"Federated": f"arn:aws:iam::{B}:oidc-provider/gone.example.com"}, TOKEN)], []),
        ([trust({"Federated": f"arn:aws:iam::{B}:saml-provider/gone"}, ASSERTION)], []),
        ([trust(GITHUB, TOKEN, Condition={"StringEquals": {"other.example.com:sub": "x"}})], []),
        ([trust(EC2, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})], []),
    ],
)  # fmt: skip
def test_who_passes_under_which_condition(
    statements: list[Any], expected: list[tuple[str, int, str]]
) -> None:
    assert others(world(*statements)) == expected


def test_an_rcp_keeps_them_out() -> None:
    """One that denies whoever is not of the organization, but for services (R1.9, R1.20)."""
    statements = [trust("*"), trust(ACCOUNT), trust(VENDOR), trust(EC2)]
    direct = "aws:PrincipalIsAWSService"
    service = f"{direct} is in the request and {direct} is not `false`"
    assert others(world(*statements, rcp=PERIMETER)) == [
        ("everyone", 1, f"{OURS} or {service}"),
        ("service", 4, ""),
    ]


def test_what_was_not_read_is_no_reason_to_leave_somebody_out() -> None:
    scenario = world(trust(GITHUB, TOKEN), trust(ACCOUNT, Condition={"StringEquals": IN_ORG}))
    scenario["unknown"] = ["organization", f"account:{OUTSIDE}"]
    del scenario["organization"]
    assert others(scenario) == [
        ("federated", 1, unless_denied(TOKEN)),
        ("account", 2, f"{OURS} and {unless_denied('sts:AssumeRole')}"),
    ]


def unless_denied(action: str) -> str:
    return f"{action} is not denied by the RCPs of the role's account"


@pytest.mark.parametrize("unread", ["rcp", "organization"])
def test_rcps_that_were_not_read_stand_with_those_whom_they_may_stop(unread: str) -> None:
    statements = trust(EC2), trust("*"), trust(CORPORATE, ASSERTION), trust(ACCOUNT)
    scenario = {**world(*statements), "unknown": [unread]}
    if unread == "organization":
        del scenario["organization"]
    plain = unless_denied("sts:AssumeRole")
    assert others(scenario) == [
        ("service", 1, plain),
        ("everyone", 2, plain),
        ("federated", 3, unless_denied(ASSERTION)),
        ("account", 4, plain),
    ]


def test_rcps_that_were_not_read_stop_nobody_in_the_management_account() -> None:
    """RCPs do not apply there (R1.9)."""
    scenario = {**world(trust(EC2)), "unknown": ["rcp"]}
    scenario["organization"]["MasterAccountId"] = B
    assert others(scenario) == [("service", 1, "")]


def test_nobody_is_left_out_whom_the_engine_lets_in() -> None:
    """Of the calls of all scenarios those of services and of bearers, where they may pass."""
    seen: Counter[str] = Counter()
    for path in SCENARIOS:
        scenario = read_scenario(path, now=NOW)
        call = scenario.call
        if not isinstance(call.caller, ServiceCaller | WebIdentityCaller | SamlCaller):
            continue
        asked = Everyone(scenario.world, call.time)
        role = asked.universe.number.get(call.role_arn)
        if call.chain or role is None or decide(scenario.world, call).passes is False:
            continue
        answer = asked.who(asked.role(call.role_arn))
        kinds = {other.kind for other in answer.others}
        kind = "service" if isinstance(call.caller, ServiceCaller) else "federated"
        assert answer.not_known or kinds & {kind, "everyone"}, path
        seen[kind] += not answer.not_known
    assert min(seen["service"], seen["federated"]) >= 5


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One of each kind."""
    found = tmp_path / "s.json"
    wanted = {"StringLike": {SUB: "a/*"}}
    statements = (
        trust(EC2), trust(GITHUB, TOKEN, Condition=wanted), trust(CORPORATE, ASSERTION),
        trust(ACCOUNT), trust(VENDOR), trust("*", Condition={"StringEquals": IN_ORG}),
        trust("*", TOKEN),
    )  # fmt: skip
    found.write_text(json.dumps(world(*statements)))
    return found


def test_they_are_told_in_words(file: Path) -> None:
    text = CliRunner().invoke(command, [ROLE, "--scenario", str(file)]).output
    assert text.partition("besides")[2] == (
        "   who cannot be listed one by one, if nothing on their own side denies it\n"
        "          service ec2.amazonaws.com (statement 1)\n"
        f"          bearers of tokens of {HOST} (statement 2)\n"
        f"            if {SUB} is like `a/*`\n"
        "          bearers of SAML assertions of corporate (statement 3)\n"
        f"          whomever account {OUTSIDE} permits, which was not read (statement 4)\n"
        f"          role/Vendor ({OUTSIDE}), which was not read (statement 5)\n"
        "          everyone (statement 6)\n"
        f"            if {OURS}\n"
        "          bearers of tokens or assertions of any provider (statement 7)\n"
    )


def test_markdown_has_all_of_it(file: Path) -> None:
    words = [ROLE, "--scenario", str(file), "--format", "markdown", "--limit", "1"]
    assert CliRunner().invoke(command, words).output == (
        f"**role/DeployRole ({B}): 2 of the 2 principals known can assume it**\n\n"
        "### Always (statement 6)\n\n"
        f"- `arn:aws:iam::{A}:user/deployer`\n"
        "- and 1 more (--limit shows them)\n\n"
        "### Besides, who cannot be listed one by one, if nothing on their own side denies it\n\n"
        "- service ec2.amazonaws.com (statement 1)\n"
        f"- bearers of tokens of {HOST} if {SUB} is like `a/*` (statement 2)\n"
        "- bearers of SAML assertions of corporate (statement 3)\n"
        f"- whomever account {OUTSIDE} permits, which was not read (statement 4)\n"
        f"- role/Vendor ({OUTSIDE}), which was not read (statement 5)\n"
        f"- everyone if {OURS} (statement 6)\n"
        "- bearers of tokens or assertions of any provider (statement 7)\n"
    )
