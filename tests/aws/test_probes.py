"""Real calls against MiniStack: the truth is never ruled out, and first where a probe can tell."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assumable.aws import probes
from assumable.aws.probes import sender
from assumable.cli.main import main
from assumable.diagnose import Diagnosis, diagnose
from assumable.findings.probing import DENY_ALL
from assumable.model.probe import ProbeReply, ProbeRequest, Send
from tests.aws.accounts import CALL, READ_IAM, Accounts
from tests.aws.watching import watch
from tests.bearers import CLAIMS, jwt
from tests.worlds import DEPLOYER, ROLE, A, B, allow, trust

pytestmark = pytest.mark.demo
TAGS = [{"Key": "team", "Value": "web"}]
BOTH = ["sts:AssumeRole", "sts:TagSession"]
WITH_ID = {"StringEquals": {"sts:ExternalId": "acme-42"}}
REQUEST = ProbeRequest(
    api="AssumeRole",
    parameters={**CALL, "DurationSeconds": 900, "Policy": DENY_ALL},
)


def prepared(accounts: Accounts, *statements: Mapping[str, Any]) -> None:
    """A caller who may do all of it, and a role, if it has statements, that it may not read."""
    accounts.user("deployer", A, allow(BOTH, resource="*"), READ_IAM)
    if statements:
        accounts.role("DeployRole", B, *statements)


def sending(url: str, announced: list[ProbeRequest] | None = None, **secrets: str) -> Send:
    """Who makes the calls; what is announced is listed."""
    heard = [] if announced is None else announced
    return sender(
        profile="deployer", region=None, endpoint_url=url, secrets=secrets, announce=heard.append
    )


def probed(accounts: Accounts, **parameters: Any) -> Diagnosis:
    """The diagnosis after real probes; the role's side was not read."""
    world, call = accounts.read(role_profile=None, **parameters)
    send = sending(accounts.url)
    return diagnose(world, call, probe=send)


def causes(diagnosis: Diagnosis) -> list[str]:
    return [each.cause for each in diagnosis.hypotheses]


def test_a_trust_policy_that_names_somebody_else_stays_first(accounts: Accounts) -> None:
    accounts.user("somebody", A)
    prepared(accounts, trust({"AWS": f"arn:aws:iam::{A}:user/somebody"}))
    found = probed(accounts)
    assert [probe.answer for probe in found.probes] == ["refused"]
    assert causes(found)[0] == "trust-principal"
    assert "region" not in causes(found)


def test_a_wrong_external_id_is_never_ruled_out(accounts: Accounts) -> None:
    prepared(accounts, trust({"AWS": DEPLOYER}, Condition=WITH_ID))
    found = probed(accounts, ExternalId="acme-43")
    assert "external-id" in causes(found)
    assert all(each.certainty != "confirmed" for each in found.hypotheses)


def test_a_role_that_is_not_there_is_never_ruled_out(accounts: Accounts) -> None:
    prepared(accounts)
    found = probed(accounts)
    assert found.probes[0].answer == "refused"
    assert causes(found)[:2] == ["trust-principal", "role-not-found"]


def test_tags_that_are_not_allowed_come_first(accounts: Accounts) -> None:
    """AWS names the action that failed (R3.2), and without the tags it lets the call pass."""
    prepared(accounts, trust({"AWS": DEPLOYER}))
    found = probed(accounts, Tags=TAGS)
    assert [(probe.id, probe.answer) for probe in found.probes] == [
        ("call", "refused"), ("no-tags", "passed"),
    ]  # fmt: skip
    assert (found.hypotheses[0].cause, found.hypotheses[0].certainty) == ("session-tags", "likely")
    assert not {"trust-principal", "role-not-found", "trust-action"} & set(causes(found))


def test_a_call_that_passes_leaves_nothing(accounts: Accounts) -> None:
    prepared(accounts, trust({"AWS": DEPLOYER}, BOTH))
    found = probed(accounts, Tags=TAGS)
    assert [probe.answer for probe in found.probes] == ["passed"]
    assert found.verdict == "conditional"
    assert not found.hypotheses
    assert found.notes[-1] == "AWS allowed the call when it was tried, for 900 s"


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str,
    asks: bool = True,
) -> tuple[str, str]:  # fmt: skip
    """Output and errors of one run; unless it asks for the role, its profile does."""
    asked = ["--role-arn", ROLE, "--role-session-name", "deploy-session"] if asks else []
    monkeypatch.setattr(sys, "argv", ["assumable", "why", *asked, *options])
    with pytest.raises(SystemExit):
        main()
    captured = capsys.readouterr()
    return captured.out, captured.err


@pytest.mark.parametrize("format_", ["terminal", "json", "markdown"])
def test_credentials_that_a_probe_gets_are_nowhere(
    format_: str,
    accounts: Accounts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither in the answer nor in what is announced; the MFA code is not even sent."""
    prepared(accounts, trust({"AWS": DEPLOYER}))
    issued = watch(monkeypatch, "after-call", "parsed")
    live = ("--profile", "deployer", "--endpoint-url", accounts.url, "--format", format_)
    output, errors = run(
        monkeypatch, capsys, *live, "--probe", "--serial-number", f"arn:aws:iam::{A}:mfa/deployer",
        "--token-code", "987654",
    )  # fmt: skip
    secrets = [text for answer in issued for text in answer["Credentials"].values()]
    assert len(secrets) == 4 * len(issued) > 0
    for secret in ("987654", *map(str, secrets)):
        assert secret not in output + errors
    assert errors.startswith("probe: sts:AssumeRole with RoleArn, ")
    assert len(issued) == errors.count("\n")


def test_what_aws_repeats_of_a_secret_is_cut_out(accounts: Accounts) -> None:
    accounts.classic()
    send = sending(accounts.url, TokenCode="role")
    bad = ProbeRequest(api="AssumeRole", parameters={**REQUEST.parameters, "RoleArn": ROLE + "2"})
    assert "role" not in send(bad).message.replace("AssumeRole", "")
    assert send(REQUEST) == ProbeReply(passed=True, status=200)


def test_an_endpoint_that_does_not_answer_says_nothing(accounts: Accounts) -> None:
    accounts.classic()
    reply = sending("http://127.0.0.1:9")(REQUEST)
    assert not reply.passed
    assert reply.code == ""
    assert "Could not connect" in reply.message


def test_an_endpoint_that_was_named_is_the_only_one(accounts: Accounts) -> None:
    accounts.classic()
    announced: list[ProbeRequest] = []
    send = sending(accounts.url, announced)
    elsewhere = msgspec.structs.replace(REQUEST, region="us-east-1")
    assert send(elsewhere).message.startswith("not sent")
    assert not announced
    assert send(REQUEST).passed
    assert announced == [REQUEST]


def test_without_probe_no_call_is_made(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared(accounts, trust({"AWS": DEPLOYER}))

    def refuse(*_: Any) -> Any:
        raise AssertionError("a client was made")

    monkeypatch.setattr(probes, "assuming_client", refuse)
    live = ("--profile", "deployer", "--endpoint-url", accounts.url)
    plain, quiet = run(monkeypatch, capsys, *live)
    planned, silent = run(monkeypatch, capsys, *live, "--probe=plan")
    assert "if refused" in plain
    assert "only planned" in planned
    assert not quiet + silent


@pytest.mark.parametrize("by", ["option", "profile"])
def test_a_token_is_sent_and_never_shown(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    tmp_path: Path, by: str,
) -> None:  # fmt: skip
    """A caller that signs nothing, for a role that could not be read."""
    accounts.user("stranger", A)
    now = int(time.time())
    token = jwt({**CLAIMS, "iat": now, "exp": now + 300}).decode()
    (tmp_path / "token").write_text(token, encoding="utf-8")
    event = "provide-client-params.sts.AssumeRoleWithWebIdentity"
    sent = watch(monkeypatch, event, "params")
    by_token: tuple[str, ...] = ("--web-identity-token", str(tmp_path / "token"))
    profile = "stranger"
    if by == "profile":
        profile, by_token = "web", ()
        setting = f"[profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {tmp_path}/token\n"
        (tmp_path / "config").write_text(setting)
    output, errors = run(
        monkeypatch, capsys, "--profile", profile, "--endpoint-url", accounts.url, "--probe",
        *by_token, "--format", "json", asks=by != "profile",
    )  # fmt: skip
    assert [(each["WebIdentityToken"], each["Policy"]) for each in sent] == [
        (token, DENY_ALL) for _ in sent
    ]
    assert sent
    assert errors.startswith("probe: sts:AssumeRoleWithWebIdentity with RoleArn")
    for piece in token.split("."):
        assert piece not in output + errors
