"""Errors of the SDK carry the diagnosis, and are otherwise what they were."""

import base64
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import Session as BotocoreSession

from assumable import hook
from assumable.errors import InputError
from tests.bearers import CLAIMS, PROVIDER, SAML_ROLE, jwt, response
from tests.hook.server import Refusal, Server
from tests.worlds import DEPLOYER, ROLE, A, B, policy, trust

DENIED = Refusal(
    "AccessDenied",
    f"User: {DEPLOYER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
)
GUARDED = f"arn:aws:iam::{B}:role/Guarded"
KEY, SECRET, TOKEN = "AKIAMARKEDMARKEDMARK", "marked-secret-key", "marked-session-token"
LOOPBACK = "127.0.0.1"
CALL = {"RoleArn": ROLE, "RoleSessionName": "deploy-session"}
CAUSE = "trust-principal: the trust policy of DeployRole does not name this caller"


def sts(server: Server, token: str | None = None) -> Any:
    return Session(KEY, SECRET, token).client("sts", endpoint_url=server.url)


def refused(client: Any, operation: str = "assume_role", **parameters: Any) -> ClientError:
    """The error of the call; that of DeployRole unless it is said."""
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**(parameters or CALL))
    return caught.value


def notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


def note(error: BaseException) -> str:
    (only,) = notes(error)
    assert 3 <= len(only.split("\n")) <= 8
    return only


def test_from_a_snapshot_nothing_is_sent_to_aws(server: Server, snapshot: Path) -> None:
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    lines = note(refused(sts(server))).split("\n")
    assert lines[0] == f"assumable: DENIED  user/deployer ({A}) → role/DeployRole ({B})"
    assert lines[1] == f"  - {CAUSE} (admin of {B})"
    assert lines[2] == f"  fix A (admin of {B}): name {DEPLOYER} in the trust policy"
    assert lines[-1] == (
        f"  more: assumable why --role-arn {ROLE} --role-session-name deploy-session "
        f"--region eu-central-1 --snapshot {snapshot} --caller {DEPLOYER}"
    )
    assert server.asked == ["AssumeRole"]


def test_a_call_that_its_caller_can_mend_comes_with_the_one_that_works(
    server: Server, snapshot: Path
) -> None:
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    text = note(refused(sts(server), RoleArn=GUARDED, RoleSessionName="deploy-session"))
    assert "fix A (you): " in text
    *_, works, more = text.split("\n")
    assert more.startswith("  more: assumable why --role-arn ")
    assert works == (
        f"  run:  aws sts assume-role --role-arn {GUARDED} --role-session-name deploy-session "
        "--external-id the-right-one"
    )


def test_what_the_call_says_of_its_session_is_in_the_command(
    server: Server, snapshot: Path
) -> None:
    """But for the code, which is spent, and for what a context asserts."""
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    center = "arn:aws:iam::aws:contextProvider/IdentityCenter"
    text = note(
        refused(
            sts(server),
            RoleArn=GUARDED,
            RoleSessionName="ci",
            TokenCode="123456",
            SerialNumber=f"arn:aws:iam::{A}:mfa/deployer",
            PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
            ProvidedContexts=[{"ProviderArn": center, "ContextAssertion": "eyJhbGciOi"}],
        )
    )
    more = text.split("\n")[-1]
    assert "--policy-arns arn=arn:aws:iam::aws:policy/ReadOnlyAccess " in more
    assert f"--provided-contexts ProviderArn={center},ContextAssertion=CONTEXT_ASSERTION " in more
    assert "--token-code" not in more
    assert "eyJ" not in text


def guard(snapshot: Path, condition: dict[str, Any]) -> None:
    """DeployRole trusts deployer, under a condition."""
    file = snapshot / f"{B}.json"
    account = json.loads(file.read_text())
    (deploy,) = (one for one in account["RoleDetailList"] if one["RoleName"] == "DeployRole")
    trusting = trust({"AWS": DEPLOYER}, Condition=condition)
    deploy["AssumeRolePolicyDocument"] = policy(trusting)
    file.write_text(json.dumps(account))


@pytest.mark.parametrize(
    ("host", "is_usual"),
    [
        ("sts.eusc-de-east-1.amazonaws.eu", True),
        ("sts.eusc-de-east-1.api.amazonwebservices.eu", True),
        ("sts.eusc-de-east-1.amazonaws.eu.example.com", False),
        ("sts.us-east-1.amazonaws.com", False),
    ],
)
def test_only_the_endpoint_that_the_region_has_goes_without_saying(
    host: str, is_usual: bool
) -> None:
    assert hook._is_of_region(f"https://{host}", "eusc-de-east-1") is is_usual


def test_a_session_token_may_carry_mfa(server: Server, snapshot: Path) -> None:
    """What a snapshot and the text do not tell is unknown, never absent."""
    guard(snapshot, {"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    assert "DENIED" in note(refused(sts(server)))
    assert "CONDITIONAL" in note(refused(sts(server, TOKEN)))


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("sts.amazonaws.com", "CONDITIONAL"),
        ("sts.us-east-1.amazonaws.com", "CONDITIONAL"),
        ("sts.eu-west-1.amazonaws.com", "DENIED"),
        ("vpce-0a1b-c2d3.sts.us-east-1.vpce.amazonaws.com", "CONDITIONAL"),
        ("sts.us-east-1.api.aws", "CONDITIONAL"),
    ],
)
def test_the_endpoint_that_refused_decides(
    host: str, verdict: str, server: Server, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The global one is that of us-east-1 (R10.3), and one of a VPC has a policy (R1.30)."""
    known = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _, *rest, **more: known(LOOPBACK, *rest, **more)
    )
    guard(snapshot, {"StringEquals": {"aws:RequestedRegion": "us-east-1"}})
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    url = server.url.replace(LOOPBACK, host)
    client = Session(KEY, SECRET, region_name="eu-west-1").client("sts", endpoint_url=url)
    text = note(refused(client))
    assert text.startswith(f"assumable: {verdict}")
    assert ("ec2:DescribeVpcEndpoints on vpce-0a1b" in text) == host.startswith("vpce")


def test_nothing_happens_unless_it_is_installed(server: Server, snapshot: Path) -> None:
    server.refusals = {"AssumeRole": DENIED}
    client = sts(server)
    assert notes(refused(client)) == []
    hook.install(snapshot=snapshot, budget=60)
    assert len(notes(refused(client))) == 1
    hook.uninstall()
    assert notes(refused(client)) == []
    hook.uninstall()


def test_installed_twice_it_adds_one_note_and_is_gone_at_once(
    server: Server, snapshot: Path
) -> None:
    from botocore.client import BaseClient

    original = BaseClient._make_api_call  # type: ignore[attr-defined]  # private
    server.refusals = {"AssumeRole": DENIED}
    hook.install(budget=60)
    hook.install(snapshot=snapshot, budget=60)
    assert CAUSE in note(refused(sts(server)))
    hook.uninstall()
    assert BaseClient._make_api_call is original  # type: ignore[attr-defined]


def test_who_wraps_the_sdk_after_us_stays_there(
    server: Server, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.client import BaseClient

    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    ours: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def theirs(*arguments: Any) -> Any:
        return ours(*arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", theirs)
    hook.uninstall()
    assert notes(refused(sts(server))) == []
    hook.install(snapshot=snapshot, budget=60)
    assert CAUSE in note(refused(sts(server)))
    monkeypatch.undo()


def test_the_error_is_otherwise_what_it_was(server: Server, snapshot: Path) -> None:
    server.refusals = {"AssumeRole": DENIED}
    plain = refused(sts(server))
    hook.install(snapshot=snapshot, budget=60)
    noted = refused(sts(server))
    assert type(noted) is type(plain)
    assert (str(noted), noted.args) == (str(plain), plain.args)
    assert noted.response["Error"] == plain.response["Error"]
    assert (noted.__cause__, noted.__context__) == (None, None)
    ends = [_innermost(error) for error in (plain, noted)]
    assert ends[0] == ends[1]


def _innermost(error: BaseException) -> tuple[str, int]:
    step = error.__traceback__
    assert step is not None
    while step.tb_next is not None:
        step = step.tb_next
    return step.tb_frame.f_code.co_name, step.tb_lineno


@pytest.mark.parametrize("code", ["ValidationError", "MalformedInput"])
def test_what_the_sdk_lets_through_and_sts_does_not_is_diagnosed(
    code: str, server: Server, snapshot: Path
) -> None:
    """Without a text, as AWS answers a number that it cannot read (FACTS 4.1)."""
    server.refusals = {"AssumeRole": Refusal(code, "", 400)}
    hook.install(snapshot=snapshot, budget=60)
    text = note(refused(sts(server), **CALL, DurationSeconds=2**31))
    assert f"--duration-seconds {2**31}" in text


@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ("assume_role", Refusal("Throttling", "Rate exceeded", 400)),
        ("assume_role", Refusal("ServiceUnavailable", "", 503)),
        ("get_session_token", Refusal("AccessDenied", "no")),
    ],
)
def test_only_refused_calls_for_a_role_are_diagnosed(
    operation: str, refusal: Refusal, server: Server, snapshot: Path
) -> None:
    name = "".join(map(str.title, operation.split("_")))
    server.refusals = {name: refusal}
    hook.install(snapshot=snapshot, budget=60)
    from botocore.config import Config

    once = Config(retries={"total_max_attempts": 1})
    client: Any = Session(KEY, SECRET).client("sts", endpoint_url=server.url, config=once)
    parameters = CALL if operation == "assume_role" else {"DurationSeconds": 900}
    assert notes(refused(client, operation, **parameters)) == []


def test_over_budget_the_note_says_how_to_ask_by_hand(server: Server) -> None:
    server.refusals = {"AssumeRole": DENIED}
    hook.install(budget=0.2)
    (text,) = notes(refused(sts(server)))
    first, last = text.split("\n")
    assert first == "assumable: no diagnosis: there was none within 0.2 s"
    assert last == (
        f"  more: assumable why --role-arn {ROLE} --role-session-name deploy-session "
        f"--region eu-central-1 --profile PROFILE --endpoint-url {server.url}"
    )


def test_the_profile_is_the_one_with_the_keys_of_the_call(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.refusals = {"AssumeRole": DENIED}
    Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text(
        f"[other]\naws_access_key_id = X\naws_secret_access_key = x\n"
        f"[deployer]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(
        f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = deployer\n"
        f"endpoint_url = {server.url}\n"
    )
    hook.install(budget=0.2)
    client = Session(profile_name="deployer").client("sts", endpoint_url=server.url)
    assert " --profile deployer " in notes(refused(client))[0].split("\n")[-1]
    of_a_role = Session(profile_name="prod").client("sts")
    assert (
        " --profile deployer "
        in notes(refused(of_a_role, "get_session_token", DurationSeconds=900))[0]
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    of_the_environment = Session().client("sts", endpoint_url=server.url)
    assert "--profile" not in notes(refused(of_the_environment))[0]


@pytest.mark.parametrize(
    ("made_with", "signs"),
    [
        ({"profile_name": "my deployer"}, " --profile 'my deployer'"),
        ({"aws_access_key_id": "OTHER", "aws_secret_access_key": SECRET}, ""),
        ({}, ""),
    ],
    ids=repr,
)
def test_the_call_that_works_is_made_with_the_profile_of_the_session(
    made_with: dict[str, Any],
    signs: str,
    server: Server,
    snapshot: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it is known; keys of the environment need none."""
    server.refusals = {"AssumeRole": DENIED}
    Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text(
        f"[my deployer]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    if not made_with:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    hook.install(snapshot=snapshot, budget=60)
    client: Any = Session(**made_with).client("sts", endpoint_url=server.url)
    (text,) = notes(refused(client, RoleArn=GUARDED, RoleSessionName="ci"))
    (line,) = (line for line in text.split("\n") if line.startswith("  run:"))
    assert line == (
        f"  run:  aws sts assume-role --role-arn {GUARDED} --role-session-name ci "
        f"--external-id the-right-one{signs}"
    )


def test_servers_that_hang_hold_up_neither_errors_nor_the_end_of_the_process(
    server: Server,
) -> None:
    before = set(threading.enumerate())
    server.refusals = {"AssumeRole": DENIED}
    hook.install(budget=0.2)
    client = sts(server)
    for _ in range(2 * hook._AT_ONCE):
        assert "there was none within" in notes(refused(client))[0]
    left = [t for t in set(threading.enumerate()) - before if t.name.startswith("assumable")]
    assert len(left) <= hook._AT_ONCE
    assert all(thread.daemon for thread in left)


class Fickle(Credentials):
    """Credentials of somebody else's making, which break when a diagnosis looks at them."""

    def get_frozen_credentials(self) -> Any:
        if threading.current_thread().name == "assumable-hook":
            raise RuntimeError("marked")
        return super().get_frozen_credentials()


def broken(server: Server) -> Any:
    """A client whose errors cannot be diagnosed."""
    session = BotocoreSession()
    session._credentials = Fickle(KEY, SECRET, TOKEN)  # type: ignore[attr-defined]  # as boto3 users do
    return Session(botocore_session=session).client("sts", endpoint_url=server.url)


def test_a_diagnosis_that_fails_does_not_mask_the_error(
    server: Server, snapshot: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    with caplog.at_level(logging.DEBUG, logger="assumable"):
        error = refused(broken(server))
    assert notes(error) == []
    (record,) = _own(caplog)
    assert record.levelno == logging.DEBUG
    assert record.getMessage().startswith("no diagnosis: RuntimeError at assumable.hook:")
    assert "marked" not in record.getMessage()
    assert record.exc_info is None


def test_a_snapshot_that_is_not_there_is_said(server: Server, tmp_path: Path) -> None:
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=tmp_path / "nowhere", budget=60)
    text = note(refused(sts(server)))
    assert text.startswith(f"assumable: no diagnosis: {tmp_path / 'nowhere'}: no such folder\n")
    assert "AWS did not allow sts:AssumeRole" in text


def test_a_newer_snapshot_in_the_same_folder_is_read(server: Server, snapshot: Path) -> None:
    """As `assumable collect` writes them: each in a folder of its own, and `latest` names one."""
    server.refusals = {"AssumeRole": DENIED}
    parent = snapshot.parent / "snapshots"
    older, newer = parent / "20261123T120000Z", parent / "20261124T120000Z"
    shutil.copytree(snapshot, older)
    shutil.copytree(snapshot, newer)
    file = newer / f"{B}.json"
    file.write_text(file.read_text().replace('user/deploy"', 'user/deployer"'))
    hook.install(snapshot=parent, budget=60)
    (parent / "latest").write_text(f"{older.name}\n")
    assert CAUSE in note(refused(sts(server)))
    (parent / "latest").write_text(f"{newer.name}\n")
    assert CAUSE not in note(refused(sts(server)))


def test_without_a_caller_in_the_text_its_meaning_is_told(server: Server, snapshot: Path) -> None:
    too_long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    server.refusals = {"AssumeRole": Refusal("ValidationError", too_long, 400)}
    hook.install(snapshot=snapshot, budget=60)
    text = note(refused(sts(server), **CALL, DurationSeconds=7200))
    assert "does not name the caller" in text
    assert "DurationSeconds is more than the role's MaxSessionDuration" in text
    assert "--duration-seconds 7200" in text


def test_each_thread_gets_the_note_of_its_own_call(server: Server, snapshot: Path) -> None:
    server.refusals = {"AssumeRole": DENIED}
    hook.install(snapshot=snapshot, budget=60)
    client = sts(server)

    def asked(number: int) -> bool:
        role = (ROLE, GUARDED)[number % 2]
        text = note(refused(client, RoleArn=role, RoleSessionName=f"session-{number}"))
        return f"→ {role.rpartition(':')[2]}" in text and f"session-{number}" in text

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(asked, range(24)))


def test_what_the_diagnosis_itself_asks_for_gets_no_diagnosis(server: Server) -> None:
    """The role that shall read is refused as well: that is one more call, and no more than that."""
    server.refusals = {"AssumeRole": DENIED, "AssumeRoleWithWebIdentity": Refusal("AccessDenied")}
    hook.install(budget=60, role_profile=f"arn:aws:iam::{B}:role/Reader")
    token = {"WebIdentityToken": fresh_token()}
    text = note(refused(sts(server), "assume_role_with_web_identity", **CALL, **token))
    assert "who the caller is could not be read: AccessDenied" in text
    assert server.asked == ["AssumeRoleWithWebIdentity", "AssumeRole"]


def fresh_token(**claims: str) -> str:
    now = int(time.time())
    claims_now = {**CLAIMS, "iat": now, "exp": now + 600, **claims}
    return jwt(claims_now, signature=b"bWFya2Vk").decode()


def test_no_secret_is_in_a_note(
    server: Server, snapshot: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = fresh_token(jti="marked-claim")
    assertion = base64.b64encode(response()).decode()
    no_token = token.replace(".", "-", 1)
    refusals = {
        "AssumeRole": DENIED,
        "AssumeRoleWithWebIdentity": Refusal(
            "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        ),
        "AssumeRoleWithSAML": Refusal("InvalidIdentityToken", "Response signature invalid", 400),
    }
    server.refusals = refusals
    mfa = {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "918273"}
    saml = {"RoleArn": SAML_ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": assertion}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("assume_role", {**CALL, **mfa}),
        ("assume_role_with_web_identity", {**CALL, "WebIdentityToken": token}),
        ("assume_role_with_web_identity", {**CALL, "WebIdentityToken": no_token}),
        ("assume_role_with_saml", saml),
        ("assume_role_with_saml", {**saml, "SAMLAssertion": "bWFya2VkLXNlY3JldC1rZXk="}),
    ]
    for where in (snapshot, None):
        hook.install(snapshot=where, budget=60 if where else 0.3)
        for operation, parameters in calls:
            with caplog.at_level(logging.DEBUG, logger="assumable"):
                told = notes(refused(sts(server, TOKEN), operation, **parameters))
            assert len(told) == 1
            text = "\n".join((*told, *map(logging.LogRecord.getMessage, _own(caplog))))
            for secret in (KEY, SECRET, TOKEN, "918273", "marked", "bWFya2Vk", *token.split(".")):
                assert secret not in text
            assert assertion not in text


def _own(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "assumable"]


def test_a_token_is_diagnosed_from_a_snapshot(server: Server, snapshot: Path) -> None:
    token = fresh_token()
    server.refusals = {"AssumeRoleWithWebIdentity": Refusal("AccessDenied", "Not authorized")}
    hook.install(snapshot=snapshot, budget=60)
    text = note(
        refused(sts(server), "assume_role_with_web_identity", **CALL, WebIdentityToken=token)
    )
    assert text.startswith("assumable: DENIED  ")
    assert "--web-identity-token file://TOKEN" in text


def test_a_budget_must_be_a_positive_number() -> None:
    given: list[Any] = [0, -1, float("nan"), float("inf"), "x", None]
    for budget in given:
        with pytest.raises(InputError, match="budget: must be a positive number of seconds"):
            hook.install(budget=budget)


CODE = """
import boto3, botocore.exceptions, logging, sys
import assumable.boto3
from assumable import hook
print(hook._state.settings)
"""


def test_importing_it_installs_it_as_the_environment_says(environment: None) -> None:
    def printed(**variables: str) -> tuple[str, str]:
        run = subprocess.run(
            [sys.executable, "-c", CODE], capture_output=True, text=True, check=True,
            env={**os.environ, **variables},
        )  # fmt: skip
        return run.stdout, run.stderr

    said, _ = printed(ASSUMABLE_SNAPSHOT="dumps", ASSUMABLE_BUDGET="1.5")
    assert "dumps" in said
    assert "budget=1.5" in said
    said, warning = printed(ASSUMABLE_BUDGET="soon", ASSUMABLE_ROLE_PROFILE="auditor")
    assert "budget=3.0" in said
    assert "role_profile='auditor'" in said
    assert warning == "ASSUMABLE_BUDGET is no positive number of seconds: 3 is taken\n"
