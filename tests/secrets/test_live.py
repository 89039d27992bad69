"""The same against a running AWS: keys of a user and of a session, probes, and the SDK's hook."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session

from assumable import hook
from tests.aws.accounts import READ_IAM, REGION, Accounts, Keys
from tests.aws.conftest import accounts as accounts  # noqa: PLC0414  # a fixture
from tests.aws.conftest import stack as stack  # noqa: PLC0414  # a fixture
from tests.aws.proxy import error, proxying
from tests.aws.watching import watch
from tests.bearers import CLAIMS, PROVIDER, SAML_ROLE, jwt
from tests.secrets.marks import ASSERTION, CODE, TOKEN, Home, Left
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

pytestmark = pytest.mark.demo
CALL = ("--role-arn", ROLE, "--role-session-name", "ci")
BASE = f"arn:aws:iam::{A}:role/Base"
IN_TIME = ("--time", "2026-11-23T12:00:00Z")
MFA = ("--serial-number", f"arn:aws:iam::{A}:mfa/deployer", "--token-code", CODE)


class World:
    """Two accounts, a home with the keys of their people, and every key that there is."""

    def __init__(self, accounts: Accounts, home: Home) -> None:
        self.accounts, self.home = accounts, home
        self.keys = accounts.user("deployer", A, allow(resource="*"), READ_IAM)
        self.auditors = accounts.user("auditor", B, READ_IAM)
        accounts.role("DeployRole", B, trust({"AWS": f"arn:aws:iam::{A}:user/somebody"}))
        accounts.role("Base", A, trust({"AWS": DEPLOYER}))
        accounts.iam[A].put_role_policy(
            RoleName="Base", PolicyName="Own", PolicyDocument=_may_assume()
        )
        made = self.client(self.keys).assume_role(RoleArn=BASE, RoleSessionName="ci")
        issued = made["Credentials"]
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        self.session: Keys = tuple(issued[name] for name in names)
        home.environment(())
        home.profile("deployer", self.keys)
        home.profile("auditor", self.auditors)
        home.profile("session", self.session)
        config = f"[profile chained]\nrole_arn = {BASE}\nsource_profile = deployer\n"
        (home.folder / "home/.aws/config").write_text(config)

    def client(self, keys: Keys) -> Any:
        """STS with some of them."""
        key_id, secret, token = (*keys, None)[:3]
        session = Session(key_id, secret, token, region_name=REGION)
        return session.client("sts", endpoint_url=self.accounts.url)

    def secrets(self, left: Left) -> list[str]:
        """What is left of any of them."""
        return left.secrets(*self.keys, *self.auditors, *self.session)

    def run(self, verb: str, *words: str) -> Left:
        return self.home.run(verb, *CALL, "--endpoint-url", self.accounts.url, *words)


def _may_assume() -> str:
    return json.dumps(policy(allow(resource="*"), READ_IAM))


@pytest.fixture
def world(accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    folder = tmp_path / "of-their-own"
    folder.mkdir()
    return World(accounts, Home(folder, monkeypatch))


QUESTIONS = {
    "by a user": ("why", "--profile", "deployer", *MFA),
    "by a session": ("why", "--profile", "session"),
    "through a profile": ("why", "--profile", "chained"),
    "with both sides": ("why", "--profile", "deployer", "--role-profile", "auditor"),
    "of another": ("why", "--caller", DEPLOYER, "--caller-profile", "deployer"),
    "by a role that reads": ("why", "--profile", "deployer", "--caller-profile", BASE),
    "with probes": ("why", "--profile", "deployer", "--probe", *MFA),
    "with planned probes": ("why", "--profile", "session", "--probe=plan"),
    "in a chain": ("why", "--profile", "deployer", "--via", BASE),
    "for the other side": ("export-side", "--caller", "--profile", "deployer", *MFA),
    "of the other side": ("export-side", "--role", ROLE, "--caller", DEPLOYER,
                          "--role-profile", "auditor", "--full", "-o", "role.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("form", ["terminal", "json", "markdown", "redacted"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_no_key_is_left_behind(world: World, name: str, form: str) -> None:
    words = QUESTIONS[name]
    if words[0] == "why":
        words += ("--format", form) if form != "redacted" else ("--redact",)
    left = world.run(*words)
    refused = form == "redacted" and "--probe" in words  # AWS knows no pseudonyms
    assert left.status == 2 if refused else left.status in (0, 1, 3), left.errors
    assert world.secrets(left) == []


@pytest.mark.parametrize("which", ["keys", "session"])
def test_keys_of_the_environment_stay_in_it(world: World, which: str) -> None:
    world.home.environment(getattr(world, which))
    for more in ((), ("--probe",), ("--format", "json"), ("--debug",)):
        left = world.run("why", *more)
        assert left.status in (1, 3), left.errors
        assert world.secrets(left) == []


@pytest.mark.parametrize("kind", ["token", "assertion"])
def test_a_bearer_that_is_tried(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch, socket_enabled: None
) -> None:
    """What AWS sends back, credentials or a text that repeats the token, stays out as well."""
    now = int(time.time())
    token = jwt({**CLAIMS, "iat": now, "exp": now + 300}, signature=b"bWFya2Vk").decode()
    world.home.file("jwt", token)
    world.home.file("saml", ASSERTION)
    words = {
        "token": (*CALL, "--web-identity-token", "jwt"),
        "assertion": ("--role-arn", SAML_ROLE, "--saml-assertion", "saml", *IN_TIME),
    }[kind]
    issued = watch(monkeypatch, "after-call", "parsed")
    live = ("--profile", "deployer", "--endpoint-url", world.accounts.url, "--probe")
    left = world.home.run("why", *words, *live)
    texts = [str(text) for answer in issued for text in answer.get("Credentials", {}).values()]
    assert issued, left
    assert left.secrets(*world.keys, *texts, *token.split(".")) == []


@pytest.mark.parametrize("snapshot", [True, False])
def test_a_note_of_the_hook(world: World, snapshot: bool) -> None:
    """Neither the note nor what hangs on the error; the log at DEBUG neither."""
    folder = world.home.work / "snapshot"
    folder.mkdir()
    for account in (A, B):
        (folder / f"{account}.json").write_text("{}")

    def call() -> None:
        hook.install(snapshot=folder if snapshot else None, budget=30)
        client = world.client(world.session)
        client.assume_role(RoleArn=ROLE, RoleSessionName="ci", SerialNumber=MFA[1], TokenCode=CODE)

    try:
        left = world.home.left(call)
    finally:
        hook.uninstall()
    assert "assumable: " in left.errors, left
    assert world.secrets(left) == []


OPERATIONS: dict[str, dict[str, str]] = {
    "assume_role_with_web_identity": {"RoleArn": ROLE, "RoleSessionName": "ci",
                                      "WebIdentityToken": TOKEN},
    "assume_role_with_saml": {"RoleArn": SAML_ROLE, "PrincipalArn": PROVIDER,
                              "SAMLAssertion": ASSERTION},
}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("cut", [0, 40])
def test_a_note_on_a_token(world: World, operation: str, cut: int) -> None:
    """Also where the token itself is broken; MiniStack knows no call with an assertion."""
    given = dict(OPERATIONS[operation])
    *_, name = given
    given[name] = given[name][: len(given[name]) - cut]

    def call() -> None:
        hook.install(budget=30)
        getattr(world.client(world.keys), operation)(**given)

    with proxying(world.accounts.url) as (proxy, url):
        world.accounts.url = url
        proxy.failures["AssumeRoleWithSAML"] = error("AccessDenied", 403), 1
        try:
            left = world.home.left(call)
        finally:
            hook.uninstall()
    assert "assumable: " in left.errors, left
    assert world.secrets(left) == []
