"""AS008: what is said of the client's set-up, and what stays out of it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonpatch
import msgspec
import pytest
import yaml
from hypothesis import given

from assumable import arn
from assumable.diagnose import Diagnosis, diagnose
from assumable.errors import InputError
from assumable.findings.client_faults import _PLAIN, _Case
from assumable.findings.finding import Finding
from assumable.formats.redact import redact
from assumable.formats.scenario import Scenario, parse_scenario, read_scenario
from assumable.model.call import UserCaller
from assumable.model.client import KeptSession
from assumable.model.route import route_of
from assumable.model.world import World
from assumable.render import json as json_renderer
from assumable.render import markdown, terminal
from assumable.source import Document
from tests.client.botocores import Files
from tests.client.set_ups import KEYS, NOW, ROLE, SECRETS
from tests.client.test_route import CASES, set_ups
from tests.worlds import DEPLOYER, allow, classic, policy, trust

SCENARIOS = Path(__file__).parents[1] / "scenarios" / "AS008"
FILES = sorted(path.name for path in SCENARIOS.glob("*.yaml"))
GOOD = f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = base\nrole_session_name = deploy\n"
BASE = f"[base]\n{KEYS}"


def scenario_of(client: dict[str, Any], **call: Any) -> Scenario:
    """The caller may assume the role; the call is made by this set-up."""
    document = classic()
    document["call"] = {"api": "AssumeRole", "caller": {"arn": DEPLOYER}, "client": client, **call}
    return parse_scenario(Document("scenario.json", json.dumps(document)), now=NOW)


def notes(client: dict[str, Any], **call: Any) -> dict[str, Finding]:
    """What is noted of a set-up, by variant."""
    found = diagnose(*scenario_of(client, **call)).findings
    return {finding.variant: finding for finding in found if finding.code == "AS008"}


def everything(diagnosis: Diagnosis, scenario: Scenario) -> str:
    """All formats, one after the other."""
    return "\n".join((
        terminal.render(diagnosis, show_commands=True),
        json_renderer.render(diagnosis),
        markdown.render(diagnosis, scenario.world, full=True),
    ))  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_no_format_prints_a_key(name: str) -> None:
    scenario = read_scenario(SCENARIOS / name, now=NOW)
    printed = everything(diagnose(*scenario), scenario)
    assert not [secret for secret in SECRETS if secret in printed]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("near-miss")])
def test_a_near_miss_has_not_even_a_note(name: str) -> None:
    findings = diagnose(*read_scenario(SCENARIOS / name, now=NOW)).findings
    assert not [finding for finding in findings if finding.code == "AS008"]


def test_every_fault_is_explained_and_fires_in_a_scenario() -> None:
    faults = {name for _, name in CASES.values() if name.replace("-", "_") in dir_of_cases()}
    faults |= {"process-failed", "environment-wins"}  # which nobody can tell from the files
    fired = {
        (yaml.safe_load((SCENARIOS / name).read_text(encoding="utf-8"))["expect"])
        .get("variants", {})
        .get("client-config")
        for name in FILES
    }
    assert faults == fired - {None}
    assert {name.replace("-", "_") for name in faults} == dir_of_cases()


def dir_of_cases() -> set[str]:
    """The variants that have an explanation."""
    methods = {name.removeprefix("_") for name in vars(_Case) if not name.startswith("__")}
    shared = {"sign_in", "sources", "working"}
    return {name.replace("-", "_") for name in _PLAIN} | (methods - shared)


def test_aws_error_is_what_the_client_prints() -> None:
    error = diagnose(*scenario_of({"profile": "prdo", "config": GOOD})).aws_error
    assert error is not None
    assert (error.code, error.status) == ("ProfileNotFound", None)
    assert error.message == "The config profile (prdo) could not be found"


def test_both_faults_of_a_profile_are_mended_by_one_plan() -> None:
    config = GOOD.replace("base", "bsae")
    document = classic()
    statement = document["accounts"]["222222222222"]["RoleDetailList"][0]
    statement["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] = {
        "StringEquals": {"sts:ExternalId": "12345"}
    }
    client = {"profile": "prod", "config": config, "credentials": BASE}
    document["call"] = {"api": "AssumeRole", "caller": {"arn": DEPLOYER}, "client": client}
    world, call = parse_scenario(Document("s.json", json.dumps(document)), now=NOW)
    plan = diagnose(world, call).plans[0]
    assert plan.commands == (
        "aws configure set source_profile base --profile prod",
        "aws configure set external_id 12345 --profile prod",
        "aws sts get-caller-identity --profile prod",
    )


def test_a_setting_of_the_credentials_file_is_changed_there() -> None:
    credentials = BASE + f"[prod]\nrole_arn = {ROLE}\nsource_profile = bsae\n"
    plan = diagnose(*scenario_of({"profile": "prod", "credentials": credentials})).plans[0]
    assert plan.commands[0].startswith("# write source_profile = base in scenario.json")


@pytest.mark.parametrize(
    ("variant", "config"),
    [
        ("quoted-value", GOOD + 'external_id = "12345"\n'),
        ("inline-comment", GOOD + "external_id = 12345 # of the vendor\n"),
        ("unknown-setting", GOOD + "externalid = 12345\n"),
        ("duration-ignored", GOOD + "duration_seconds = one hour\n"),
        ("misplaced", GOOD + "[profile base]\nmfa_serial = arn:aws:iam::111111111111:mfa/me\n"),
    ],
)
def test_what_is_odd_is_noted_with_its_place(variant: str, config: str) -> None:
    client = {"profile": "prod", "config": config, "credentials": BASE}
    found = notes(client)[variant]
    assert not found.blocking
    assert found.evidence
    assert not notes({**client, "config": GOOD})


@pytest.mark.parametrize(
    ("url", "is_noted"),
    [
        ("http://localhost:4566", True),
        ("https://sts.eu-west-1.amazonaws.com", False),
        ("https://vpce-1.sts.eu-west-1.vpce.amazonaws.com", False),
        ("https://STS.eu-west-1.api.aws/", False),
        ("https://sts.eusc-de-east-1.amazonaws.eu", False),
        ("https://sts.cn-north-1.api.amazonwebservices.com.cn", False),
        ("https://sts.example.aws", True),
        ("https://amazonaws.com.example.org", True),
    ],
)
def test_a_stand_in_for_aws_is_noted(url: str, is_noted: bool) -> None:
    client = {"profile": "prod", "config": GOOD, "credentials": BASE}
    in_profile = {**client, "config": f"{GOOD}endpoint_url = {url}\n"}
    by_variable = {**client, "environment": {"AWS_ENDPOINT_URL": url}}
    assert ("other-endpoint" in notes(in_profile)) is is_noted
    assert ("other-endpoint" in notes(by_variable)) is is_noted
    switched_off = {"AWS_ENDPOINT_URL": url, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert not notes({**client, "environment": switched_off})


@pytest.mark.parametrize("off", ["", "TRUE"])
@pytest.mark.parametrize(
    "url",
    [
        "http://zanzibar:4566",
        "https://sts.eu-west-1.amazonaws.com",
        "https://sts.eu-west-1.api.aws",
        "https://sts.eusc-de-east-1.api.amazonwebservices.eu",
    ],
)
def test_an_endpoint_under_pseudonyms_is_as_much_of_aws_as_before(url: str, off: str) -> None:
    """Whether the profile or the environment names it, in a scenario and in what was read live."""
    client = {"profile": "prod", "config": GOOD, "credentials": BASE}
    settings = f"endpoint_url = {url}\nignore_configured_endpoint_urls = {off}\n"
    variables = {"AWS_ENDPOINT_URL": url, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": off}
    for set_up in ({**client, "config": GOOD + settings}, {**client, "environment": variables}):
        world, call = scenario_of(set_up)
        expected = {"other-endpoint"} if "zanzibar" in url and not off else set()
        for one in (world, World(accounts=world.accounts)):
            found = diagnose(*redact(one, call).scenario).findings
            assert {finding.variant for finding in found} == expected
            assert not [finding for finding in found if "zanzibar" in finding.explanation]


def test_of_two_files_the_credentials_file_counts() -> None:
    client = {"profile": "prod", "config": GOOD, "credentials": f"{BASE}[prod]\nrole_arn = x\n"}
    assert set(notes(client)) == {"two-files"}


def test_settings_of_other_tools_are_no_slips() -> None:
    config = GOOD + "aws_account_id = 1\nmfa_process = x\ncolor = red\noutput = json\n"
    assert not notes({"profile": "prod", "config": config, "credentials": BASE})


def test_a_call_of_its_own_comes_after_the_hops_of_the_profile() -> None:
    parameters = {"RoleArn": "arn:aws:iam::222222222222:role/Next", "RoleSessionName": "next"}
    client = {"profile": "prod", "config": GOOD, "credentials": BASE}
    _, call = scenario_of(client, parameters=parameters)
    assert [hop.parameters["RoleArn"] for hop in call.chain] == [ROLE]
    assert call.parameters == parameters
    _, call = scenario_of({"config": f"[default]\n{KEYS}"}, parameters=parameters)
    assert (call.chain, call.parameters) == ((), parameters)


def test_the_endpoint_is_that_of_the_profile() -> None:
    legacy = GOOD + "region = eu-west-1\nsts_regional_endpoints = legacy\n"
    client = {"profile": "prod", "config": legacy, "credentials": BASE}
    network = scenario_of(client).call.network
    assert (network.region, network.endpoint) == ("eu-west-1", "global")
    network = scenario_of(client, network={"region": "us-east-2"}).call.network
    assert (network.region, network.endpoint) == ("us-east-2", "regional")


@pytest.mark.parametrize(
    ("client", "call", "message"),
    [
        ({"config": GOOD, "profile": "prod"}, {"chain": [ROLE]}, "exclude each other"),
        ({"config": f"[default]\n{KEYS}"}, {}, "`default` assumes no role"),
        ({"config": "role_arn = x\n"}, {}, "before the first [section]"),
        ({"profile": "prod", "files": ""}, {}, "unknown key `files`"),
        (
            {"environment": {"AWS_WEB_IDENTITY_TOKEN_FILE": "t", "AWS_ROLE_ARN": ROLE}},
            {},
            "starts with a web identity token",
        ),
        (
            {"config": GOOD, "credentials": BASE, "profile": "prod"},
            {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": {"sub": "x"}}},
            "starts with no web identity token",
        ),
        (
            {
                "config": GOOD.replace("source_profile = base", "credential_source = EcsContainer"),
                "environment": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "x"},
                "profile": "prod",
            },
            {},
            "from the container, so they are a role's session",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(
    client: dict[str, Any], call: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as raised:
        scenario_of(client, **call)
    assert message in raised.value.message
    assert raised.value.where.startswith(("scenario.json", "~/.aws/config"))


def test_under_pseudonyms_no_name_of_a_profile_is_left() -> None:
    config = (
        "# the Zanzibar account\n[profile zanzibar-prod]\n"
        f"role_arn = {ROLE}\nsource_profile = zanzibar-base\nexternal_id = zanzibar\n"
        "[zanzibar-other]\nregion = eu-west-1\n"
        "[sso-session zanzibar]\nsso_start_url = https://zanzibar.awsapps.com/start\n"
    )
    client = {
        "profile": "zanzibar-prod", "config": config, "credentials": f"[zanzibar-base]\n{KEYS}",
        "environment": {"AWS_PROFILE": "zanzibar-prod", "AWS_CONFIG_FILE": "/home/zanzibar/c"},
        "sso_tokens": {"zanzibar": None},
    }  # fmt: skip
    world, call = scenario_of(client)
    for one in (world, type(world)(accounts=world.accounts)):
        (other, made), _ = redact(one, call)
        printed = everything(diagnose(other, made), Scenario(other, made)).lower()
        assert "zanzibar" not in printed + json.dumps(other.document).lower()
        assert made.client is not None
        assert made.client.profiles.keys() >= {made.client.profile_name}


def world_of_roles() -> dict[str, Any]:
    """Roles that anybody may assume, and a caller who may assume any."""
    document = classic(trust_statements=[trust({"AWS": "*"})], identity=[allow(resource="*")])
    accounts = document["accounts"]
    (role,) = accounts["222222222222"]["RoleDetailList"]
    may = [{"PolicyName": "p", "PolicyDocument": policy(allow(resource="*"))}]
    accounts["222222222222"]["RoleDetailList"] = [
        {**role, "RoleName": name, "RolePolicyList": may} for name in ("A", "B", "Pod")
    ]
    return document


def read_unless_contradictory(document: dict[str, Any]) -> Scenario | None:
    """The scenario; None where its set-up makes no call, or not this caller's."""
    try:
        return parse_scenario(Document("s.json", json.dumps(document)), now=NOW)
    except InputError as error:
        known = ("assumes no role", "web identity token", "they are a role's session")
        if not any(part in error.message for part in known):
            raise
        return None


@given(files=set_ups())
def test_every_plan_for_any_set_up_mends_the_file(files: Files) -> None:
    """Denied exactly where there is a fault, or a role that is none; and what mends it does so."""
    document = world_of_roles()
    client: dict[str, Any] = {
        "config": files.config, "credentials": files.credentials,
        "environment": dict(files.environment),
        "sso_tokens": {name: token["expiresAt"] for name, token in files.tokens.items()},
    }  # fmt: skip
    if files.profile is not None:
        client["profile"] = files.profile
    document["call"] = {"api": "AssumeRole", "caller": {"arn": DEPLOYER}, "client": client}
    scenario = read_unless_contradictory(document)
    if scenario is None:
        return
    diagnosis = diagnose(*scenario)
    terminal.render(diagnosis, show_commands=True)
    assert scenario.call.client is not None
    has_fault = any(f.blocking and f.code == "AS008" for f in diagnosis.findings)
    assert has_fault == (route_of(scenario.call.client, NOW).fault is not None)
    for plan in diagnosis.plans:
        patched = jsonpatch.apply_patch(document, list(plan.scenario_patch))
        again = parse_scenario(Document("s.json", json.dumps(patched)), now=NOW)
        assert diagnose(*again).verdict == plan.verdict_after


@pytest.mark.parametrize(
    ("session", "hours", "said"),
    [
        ("222222222222:assumed-role/DeployRole/work", 1, "until 13:00 UTC in kept.json"),
        (
            "222222222222:assumed-role/DeployRole/work",
            13,
            "until 2026-11-24 01:00 UTC in kept.json",
        ),
        ("222222222222:assumed-role/DeployRole/work", 0, ""),
        ("222222222222:assumed-role/DeployRole2/work", 1, ""),
        ("333333333333:assumed-role/DeployRole/work", 1, ""),
    ],
)
def test_a_kept_session_of_this_role_is_noted_until_it_expires(
    session: str, hours: int, said: str
) -> None:
    world, call = scenario_of({"profile": "prod", "config": GOOD, "credentials": BASE})
    until = call.time + timedelta(hours=hours)
    kept = KeptSession(arn=f"arn:aws:sts::{session}", until=until, file="kept.json")
    assert call.client is not None
    client = msgspec.structs.replace(call.client, kept=(kept,))
    call = msgspec.structs.replace(call, client=client)
    found = {f.variant: f for f in diagnose(world, call).findings}
    assert ("kept-session" in found) == bool(said)
    assert said in (found["kept-session"].explanation if said else "")
    redacted = redact(world, call).scenario
    assert "kept-session" not in {f.variant for f in diagnose(*redacted).findings}


def test_nobody_stays_nobody_under_pseudonyms() -> None:
    _, call = scenario_of({"profile": "prod", "config": GOOD})
    world = World(accounts={}, complete=False)
    call = msgspec.structs.replace(call, caller=UserCaller(arn=arn.NOBODY))
    for scenario in (Scenario(world, call), redact(world, call).scenario):
        diagnosis = diagnose(*scenario)
        shown = terminal.render(diagnosis, show_commands=True)
        assert (diagnosis.call.caller, diagnosis.call.caller_account) == ("nobody", "")
        assert shown.startswith("✗ DENIED   nobody  →  ")
        assert "000000000000" not in shown
        assert "user/nobody" not in shown
        assert "if they are those of" not in shown
