"""`assumable.why` answers as the command line does, and says what is wrong in its own words."""

import base64
import json
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import assumable
from assumable import InputError, UnreadableError, Verdict
from assumable.aws import clients
from assumable.render.json import render
from tests.aws.accounts import Accounts
from tests.aws.conftest import accounts, stack
from tests.bearers import CLAIMS, PROVIDER, SAML_ROLE, jwt, response
from tests.hook.conftest import environment, snapshot
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, policy, trust

__all__ = ["accounts", "environment", "snapshot", "stack"]
MAIN = "from assumable.cli.main import main; main()"
TRUST = policy(trust({"AWS": f"arn:aws:iam::{A}:user/deploy"}))
ASKED: dict[str, Any] = {
    "caller": DEPLOYER,
    "role_arn": ROLE,
    "role_session_name": "deploy-session",
}


def printed(*words: str) -> Any:
    """The JSON of the command line."""
    run = subprocess.run(
        [sys.executable, "-c", MAIN, "why", *words, "--format", "json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout, run.stderr
    return json.loads(run.stdout)


def causes(diagnosis: assumable.Diagnosis) -> list[str]:
    return [finding.cause for finding in diagnosis.findings if finding.blocking]


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, assumable\n"
        "heavy = {'boto3', 'botocore', 'rich', 'yaml', 'msgspec', 'click', 'logging'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert set(assumable.__all__) <= set(dir(assumable))\n"
        "print([getattr(assumable, name) for name in assumable.__all__])\n"
        "assert not {'boto3', 'botocore', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_there_is_no_other_name() -> None:
    with pytest.raises(AttributeError, match="module 'assumable' has no attribute 'whynot'"):
        _ = assumable.whynot


def test_a_scenario_is_a_path_or_what_was_parsed(tmp_path: Path) -> None:
    scenario = classic(trust_statements=[TRUST["Statement"][0]])
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(scenario, indent=2))
    by_path = assumable.why(scenario=file)
    parsed = assumable.why(scenario=scenario)
    assert by_path.verdict is Verdict.DENIED
    assert causes(by_path) == causes(parsed) == ["trust-principal"]
    assert json.loads(render(by_path)) == printed("--scenario", str(file))
    (one,), (other,) = by_path.findings[0].evidence, parsed.findings[0].evidence
    assert (one.line, one.column) == (other.line, other.column)
    assert (one.file, other.file) == (str(file), "scenario")


def test_a_snapshot_is_asked_like_the_command_line(snapshot: Path) -> None:
    more: dict[str, Any] = {
        "tags": {"team": "web"}, "transitive_tag_keys": ("team",), "duration_seconds": 7200,
        "policy": policy(allow("s3:*")), "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        "external_id": "x" * 5, "source_identity": "alice", "region": "eu-central-1",
        "via": [f"arn:aws:iam::{A}:role/CI"], "time": "2026-11-23T12:00:00",
        "older_snapshots": [snapshot],
    }  # fmt: skip
    found = assumable.why(snapshot=str(snapshot), **ASKED, **more)
    told = printed(
        "--snapshot", str(snapshot), "--caller", DEPLOYER, "--role-arn", ROLE,
        "--role-session-name", "deploy-session", "--tags", "Key=team,Value=web",
        "--transitive-tag-keys", "team", "--duration-seconds", "7200",
        "--policy", json.dumps(more["policy"]), "--policy-arns", f"arn={more['policy_arns'][0]}",
        "--external-id", "x" * 5, "--source-identity", "alice", "--region", "eu-central-1",
        "--via", more["via"][0], "--time", more["time"], "--older-snapshot", str(snapshot),
    )  # fmt: skip
    assert json.loads(render(found)) == told


def test_loose_policies_may_be_parsed_already(tmp_path: Path) -> None:
    """What the SDK answers to GetRole will do: it holds times, which JSON has none of."""
    role = {
        "Role": {
            "Arn": ROLE,
            "CreateDate": datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
            "AssumeRolePolicyDocument": TRUST,
            "MaxSessionDuration": 3600,
        }
    }
    found = assumable.why(trust_policy=role, caller_policies=[policy(allow())], **ASKED)
    assert causes(found) == ["trust-principal"]
    assert found.findings[0].evidence[0].file == "trust_policy"
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(policy(allow("s3:*"))))
    found = assumable.why(trust_policy=role, caller_policies=[file], **ASKED)
    assert causes(found) == ["identity-permission", "trust-principal"]


def test_a_token_and_an_assertion_are_callers() -> None:
    now = int(time.time())
    token = jwt({**CLAIMS, "iat": now, "exp": now + 600}).decode()
    asked = {"role_arn": ROLE, "role_session_name": "ci", "trust_policy": TRUST}
    found = assumable.why(web_identity_token=token, **asked)  # type: ignore[call-overload]  # a dict
    assert found.call.api == "AssumeRoleWithWebIdentity"
    assert "the signature of the token was not verified" in found.notes
    named = assumable.why(web_identity_token=token, provider_id="www.amazon.com", **asked)  # type: ignore[call-overload]  # a dict
    assert named.call.parameters["ProviderId"] == "www.amazon.com"
    assert "identity-provider" in causes(named)
    assertion = base64.b64encode(response()).decode()
    found = assumable.why(
        saml_assertion=assertion,
        trust_policy=policy(trust({"Federated": PROVIDER}, "sts:AssumeRoleWithSAML")),
        principal_arn=PROVIDER,
        time=datetime.fromisoformat("2026-11-24T12:00:00Z") - timedelta(hours=1),
    )
    assert found.call.role_arn == SAML_ROLE
    assert any("has expired: time, with a moment before 2026-11-23" in n for n in found.notes)


def test_open_items_expectations_and_comparisons_are_those_of_the_command_line() -> None:
    asked = {**ASKED, "trust_policy": policy(trust({"AWS": DEPLOYER}))}
    both = {**asked, "caller_policies": [policy(allow())]}
    unread, opened = (
        {unknown.what for unknown in assumable.why(**asked, assume=decided).unknowns}
        for decided in (None, {"organization": "open"})
    )
    assert unread - opened == {"the caller's SCPs", "the RCPs of the role's account"}
    closed = assumable.why(**both, expect="denied")
    assert closed.headline.endswith("denied was expected")
    known = classic(identity=[])
    known["accounts"][B]["RoleDetailList"].append(
        {"RoleName": "Other", "AssumeRolePolicyDocument": policy(trust({"AWS": DEPLOYER}))}
    )
    other = assumable.why(scenario=known, like=f"arn:aws:iam::{B}:role/Other")
    assert other.comparison is not None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no world": (ASKED, ("caller needs a world (snapshot, trust_policy, caller_policies, or "
                 "caller_profile to read AWS)")),
    "no caller": ({"role_arn": ROLE, "trust_policy": TRUST}, ("caller is missing (its ARN, as "
                  "`aws sts get-caller-identity` prints it)")),
    "no role": ({"caller": DEPLOYER, "trust_policy": TRUST}, ("role_arn is missing (or choose a "
                "world with scenario)")),
    "two worlds": ({**ASKED, "snapshot": "x", "trust_policy": TRUST},
                   "choose one of scenario, snapshot and trust_policy"),
    "files and AWS": ({**ASKED, "snapshot": "x", "role_profile": "auditor"},
                      "role_profile is for a running AWS (leave out snapshot)"),
    "a call beside a scenario": ({"scenario": classic(), "role_arn": ROLE},
                                 "scenario: a scenario holds its own call (leave out role_arn)"),
    "no such file": ({"scenario": "nowhere.yaml"}, "nowhere.yaml: no such file"),
    "a malformed mapping": ({"scenario": {"scenario": 2}}, "scenario:1:1: `accounts` is missing"),
    "one text for many": ({**ASKED, "via": ROLE}, "via: must be a list"),
    "a time that is none": ({**ASKED, "time": "noon"}, ("time: is not a time in ISO 8601 "
                            "(2026-11-23T12:00:00Z)")),
    "two callers": ({**ASKED, "web_identity_token": "x", "trust_policy": TRUST},
                    "web_identity_token is the caller (leave out caller)"),
    "a provider alone": ({**ASKED, "principal_arn": PROVIDER, "trust_policy": TRUST},
                         "principal_arn goes with saml_assertion"),
    "an OAuth provider alone": ({**ASKED, "provider_id": "www.amazon.com", "trust_policy": TRUST},
                                "provider_id goes with web_identity_token"),
    "no token": ({"role_arn": ROLE, "web_identity_token": "secret", "trust_policy": TRUST},
                 ("web_identity_token: has 1 parts separated by dots, a JWT has 3 (AWS answers "
                 "`The ID Token provided is not a valid JWT.`)")),
    "no open item": ({"scenario": classic(), "assume": {"U-10": "seen"}},
                     "assume: `seen` is no value of U-10 (one of visible, hidden)"),
    "no verdict": ({"scenario": classic(), "expect": "maybe"},
                   "expect: `maybe` is no verdict to expect (allowed or denied)"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_understood_is_one_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        assumable.why(**arguments)
    assert str(caught.value) == message


def test_other_arguments_are_no_arguments() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'rolearn'"):
        assumable.why(rolearn=ROLE)  # type: ignore[call-overload]


def test_a_mapping_that_holds_itself_is_refused() -> None:
    knot: dict[str, Any] = {}
    knot["knot"] = knot
    with pytest.raises(InputError, match="scenario: is no JSON document"):
        assumable.why(scenario=knot)


def test_without_credentials_the_client_asks_nobody(environment: None) -> None:
    found = assumable.why(role_arn=ROLE, role_session_name="ci", endpoint_url="http://127.0.0.1:9")
    assert causes(found) == ["client-config"]
    assert found.aws_error is not None
    assert found.aws_error.message == "Unable to locate credentials"


def test_aws_that_cannot_be_read_at_all_is_an_error_of_its_own(
    environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    with pytest.raises(UnreadableError, match="who the caller is could not be read"):
        assumable.why(role_arn=ROLE, role_session_name="ci", endpoint_url="http://127.0.0.1:9")


@pytest.mark.demo
def test_aws_is_read_with_the_profiles(accounts: Accounts) -> None:
    accounts.classic()
    document = json.dumps(policy(trust({"AWS": f"arn:aws:iam::{B}:root"})))
    accounts.iam[B].update_assume_role_policy(RoleName="DeployRole", PolicyDocument=document)
    found = assumable.why(
        role_arn=ROLE,
        role_session_name="deploy-session",
        profile="deployer",
        role_profile="auditor",
        endpoint_url=accounts.url,
    )
    assert causes(found) == ["trust-principal"]
