"""Every path with marked secrets: none of them is in what the run leaves behind."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from botocore.exceptions import ClientError

import assumable
from assumable.aws.clients import one_line, reason
from assumable.aws.probes import sender
from assumable.cli import why
from assumable.model.probe import ProbeRequest
from assumable.render import json as as_json
from tests.bearers import PROVIDER, SAML_ROLE
from tests.hook.server import Refusal, Server
from tests.secrets.marks import (
    ASSERTION,
    CODE,
    ENVIRONMENT,
    EXTERNAL_ID,
    IN_FILE,
    TOKEN,
    XML,
    Home,
    loggers,
)
from tests.worlds import DEPLOYER, ROLE, A, B, classic, policy, trust

SERIAL = f"arn:aws:iam::{A}:mfa/deployer"
MFA = ("--serial-number", SERIAL, "--token-code", CODE)
CALL = ("--role-arn", ROLE, "--role-session-name", "ci")
CALLER = ("--caller", DEPLOYER)
IN_TIME = ("--time", "2026-11-23T12:00:00Z")
FORMATS = ("terminal", "json", "markdown")
CONFIG = f"[profile base]\naws_access_key_id = {IN_FILE[0]}\naws_session_token = {IN_FILE[2]}\n"
CREDENTIALS = f"[base]\naws_access_key_id = {IN_FILE[0]}\naws_secret_access_key = {IN_FILE[1]}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Keys in the environment and in a profile; every world and every secret in a file."""
    found = Home(tmp_path, monkeypatch)
    found.environment(ENVIRONMENT)
    found.profile("default", IN_FILE)
    for name, text in files().items():
        path = found.work / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return found


def worlds() -> dict[str, dict[str, Any]]:
    """Scenarios that hold an MFA code, a set-up with keys, or both."""
    guarded = [
        trust({"AWS": DEPLOYER}, Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})
    ]
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    proved = classic(SerialNumber=SERIAL, TokenCode=CODE, ExternalId="other",
                     trust_statements=[trust({"AWS": DEPLOYER}, Condition=mfa)])  # fmt: skip
    denied = classic(
        trust_statements=guarded, SerialNumber=SERIAL, TokenCode=CODE, ExternalId="other"
    )
    clients = classic()
    role = f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = {SERIAL}\n"
    clients["call"]["client"] = {
        "profile": "prod",
        "config": role + CONFIG,
        "credentials": CREDENTIALS,
        "environment": {"AWS_SESSION_TOKEN": ENVIRONMENT[2], "AWS_ACCESS_KEY_ID": ENVIRONMENT[0]},
    }
    unread = {**denied, "unknown": [f"account:{B}"]}
    return {"denied": denied, "proved": proved, "client": clients, "unread": unread}


def files() -> dict[str, str]:
    """The files of the working directory."""
    found = {f"{name}.json": json.dumps(world) for name, world in worlds().items()}
    accounts = classic()["accounts"]
    users = accounts[A]["UserDetailList"]
    users.append({**users[0], "UserName": "other"})
    for account, content in accounts.items():
        found[f"snapshot/{account}.json"] = json.dumps(content)
    host = "token.actions.githubusercontent.com"
    job = {"StringEquals": {f"{host}:sub": "repo:acme/other"}}
    federated = {"Federated": f"arn:aws:iam::{B}:oidc-provider/{host}"}
    by_token = trust(federated, "sts:AssumeRoleWithWebIdentity", Condition=job)
    audience = {"StringEquals": {"SAML:aud": "https://elsewhere.example.com"}}
    by_saml = trust({"Federated": PROVIDER}, "sts:AssumeRoleWithSAML", Condition=audience)
    return found | {
        "jwt": TOKEN,
        "answer.json": json.dumps({"value": TOKEN}),
        "saml": ASSERTION,
        "saml.xml": XML,
        "trust.json": json.dumps(policy(trust({"AWS": f"arn:aws:iam::{B}:root"}))),
        "identity.json": json.dumps(policy()),
        "token-trust.json": json.dumps(policy(by_token)),
        "saml-trust.json": json.dumps(policy(by_saml)),
    }


class Way(NamedTuple):
    """One way through the program."""

    name: str
    words: tuple[str, ...]
    stdin: str = ""
    statuses: tuple[int, ...] = (1,)


def _answers() -> Iterator[Way]:
    """Every world in every form of the answer."""
    snapshot = ("--snapshot", "snapshot", *CALLER, *CALL, *MFA)
    loose = ("--trust-policy", "trust.json", "--caller-policy", "identity.json", *CALLER, *CALL)
    by_token = ("--trust-policy", "token-trust.json", *CALL, *IN_TIME)
    by_saml = ("--trust-policy", "saml-trust.json", "--role-arn", SAML_ROLE, *IN_TIME)
    asked = {
        "a scenario": ("--scenario", "denied.json"),
        "an open scenario": ("--scenario", "unread.json"),
        "a scenario of a client": ("--scenario", "client.json"),
        "an allowed scenario": ("--scenario", "proved.json"),
        "an allowed scenario that should not be": ("--scenario", "proved.json",
                                                   "--expect", "denied"),
        "a snapshot": snapshot,
        "loose files": (*loose, *MFA),
        "a chain": (*snapshot, "--via", f"arn:aws:iam::{A}:role/Base"),
        "another call that works": (*snapshot, "--like", f"arn:aws:iam::{A}:user/other"),
        "probes that are planned": ("--scenario", "unread.json", "--probe=plan"),
        "an error of AWS": ("--scenario", "unread.json", "--error",
                            f"AccessDenied for {ENVIRONMENT[0]} with {TOKEN}"),
        "a token in a file": (*by_token, "--web-identity-token", "jwt"),
        "a token as it is": (*by_token, "--web-identity-token", TOKEN),
        "a token in JSON": (*by_token, "--web-identity-token", "answer.json"),
        "an expired token": (*by_token[:-2], "--web-identity-token", "file://jwt"),
        "an assertion in a file": (*by_saml, "--saml-assertion", "saml"),
        "an assertion as it is": (*by_saml, "--saml-assertion", ASSERTION),
        "an assertion in XML": (*by_saml, "--saml-assertion", "saml.xml"),
        "probes with a token": (*by_token, "--web-identity-token", "jwt", "--probe=plan"),
        "probes with an assertion": (*by_saml, "--saml-assertion", "saml", "--probe=plan"),
        "an error for a token": (*by_token, "--web-identity-token", "jwt", "--error",
                                 f"InvalidIdentityToken: the token {TOKEN} is not accepted"),
    }  # fmt: skip
    forms = {f"{name} in {form}": ("--format", form) for name in asked for form in FORMATS}
    more = {
        "redacted": ("--redact",), "with commands": ("--show-commands",), "plain": ("--plain",),
        "in full": ("--format", "markdown", "--full"), "debugged": ("--debug",),
    }  # fmt: skip
    for name, form in forms.items():
        yield Way(name, ("why", *asked[name.rpartition(" in ")[0]], *form), statuses=(0, 1, 3))
    for name, words in asked.items():
        for how, flags in more.items():
            yield Way(f"{name}, {how}", ("why", *words, *flags), statuses=(0, 1, 3))
    for name, flag, secret in (
        ("a token by a pipe", "--web-identity-token", TOKEN),
        ("an assertion by a pipe", "--saml-assertion", XML),
    ):
        words = by_token if "token" in flag else by_saml
        yield Way(name, ("why", *words, flag, "-"), stdin=secret, statuses=(1,))


def _other_verbs() -> Iterator[Way]:
    snapshot = ("--snapshot", "snapshot", "--role-arn", ROLE, "--role-session-name", "ci")
    for full in ((), ("--full",)):
        kind = "whole" if full else "outcomes"
        sides = {
            "the caller's side": ("--caller", DEPLOYER, *snapshot),
            "the role's side": ("--role", ROLE, "--caller", DEPLOYER, *snapshot[:2], *snapshot[-2:],
                                "-o", "side.yaml"),
        }  # fmt: skip
        for name, words in sides.items():
            yield Way(f"{name}, {kind}", ("export-side", *words, *MFA, *full), statuses=(0,))
        words = ("export-side", "--caller", "--scenario", "denied.json", *full)
        yield Way(f"a side of a scenario, {kind}", words, statuses=(0,))
    for name in worlds():
        for more in ((), ("--redact",), ("-o", "small.yaml")):
            words = ("minimize", f"{name}.json", *more)
            yield Way(f"{name}, minimized {' '.join(more)}", words, statuses=(0,))
    refused = f"AccessDenied: User: {DEPLOYER} is not authorized to perform: sts:AssumeRole"
    yield Way("a text explained", ("explain", refused), statuses=(0,))
    for name, secret in _pasted().items():
        yield Way(f"{name} explained", ("explain", secret), statuses=(0, 2))
        yield Way(f"{name} explained from a pipe", ("explain", "-"), secret, statuses=(0, 2))
    yield Way("permissions", ("permissions", "--for", DEPLOYER, ROLE), statuses=(0,))


def _pasted() -> dict[str, str]:
    """What lands in the clipboard, and in the wrong place."""
    event = {
        "eventName": "AssumeRole",
        "errorCode": "AccessDenied",
        "requestParameters": {"roleArn": ROLE, "tokenCode": CODE},
        "userIdentity": {"accessKeyId": ENVIRONMENT[0]},
    }
    return {
        "a token": TOKEN,
        "an assertion": ASSERTION,
        "XML": XML,
        "a key": ENVIRONMENT[1],
        "a token in an error": f"An error occurred (InvalidIdentityToken): bad token {TOKEN}",
        "an event": json.dumps(event),
        "keys in a file": CREDENTIALS,
        "keys in the shell": f"export AWS_SESSION_TOKEN={ENVIRONMENT[2]}",
    }


def _bad_input() -> Iterator[Way]:
    """What is refused, with a secret near the place, or as the very thing that is wrong."""
    by_token = ("why", "--trust-policy", "token-trust.json", *CALL)
    whole = ("why", "--scenario", "denied.json")
    wrong = {
        "a flag that is none": (*whole, f"--token-cod={CODE}"),
        "words that belong nowhere": (*whole, CODE),
        "half a token": (*by_token, "--web-identity-token", TOKEN[:-3].rpartition(".")[0]),
        "a token with a space": (*by_token, "--web-identity-token", f"{TOKEN[:30]} {TOKEN[30:]}"),
        "a token that is no file": (*by_token, "--web-identity-token", f"file://{TOKEN}"),
        "a token for an assertion": (*by_token, "--saml-assertion", TOKEN),
        "an assertion for a token": (*by_token, "--web-identity-token", ASSERTION),
        "half an assertion": (*by_token, "--saml-assertion", ASSERTION[:-40]),
        "an assertion without a role": (*by_token[:3], "--saml-assertion", XML.replace("Role", "")),
        "a code with letters": ("why", "--snapshot", "snapshot", *CALLER, *CALL, "--serial-number",
                                SERIAL, "--token-code", f"{CODE}x"),
        "a code alone": ("why", "--snapshot", "snapshot", *CALLER, *CALL, "--token-code", CODE),
        "a code for a duration": (*by_token, "--duration-seconds", f"{CODE}s"),
        "a token for a verb": (TOKEN,),
        "a token beside a file": ("minimize", "denied.json", TOKEN),
        "a token for a scenario": ("why", "--scenario", TOKEN),
        "a token for a file": ("minimize", TOKEN),
        "a token for a format": (*whole, "--format", TOKEN),
        "a token for a time": (*whole, "--time", TOKEN),
        "a token for the text of an error": (*whole, "--error", TOKEN),
        "a file of a token for an error": (*whole, "--error", "jwt"),
        "a token for an item": (*whole, "--assume", TOKEN),
        "a token for a profile": ("why", *CALL, "--profile", TOKEN),
        "a secret key for a profile": ("why", *CALL, "--profile", ENVIRONMENT[1]),
        "a token for tags": ("why", "--snapshot", "snapshot", *CALLER, *CALL, "--tags", TOKEN),
        "a token for a side": ("why", "--side", TOKEN),
        "a token beside two sides": ("why", "--side", "a", "--side", "b", *MFA),
        "a token for another verb's": ("permissions", "--for", DEPLOYER, TOKEN),
    }  # fmt: skip
    for name, words in wrong.items():
        yield Way(name, words, statuses=(1, 2))
    for name, text in _broken().items():
        for verb in (("why", "--scenario"), ("minimize",)):
            yield Way(f"{name}, {verb[0]}", (*verb, "broken.yaml"), text, statuses=(0, 1, 2))


def _broken() -> dict[str, str]:
    """Scenarios that are wrong where the secret stands."""
    whole = json.dumps(worlds()["denied"], indent=1)
    return {
        "a code without a quote": whole.replace(f'"{CODE}"', f'"{CODE}'),
        "a code in a list": whole.replace(f'"{CODE}"', f'["{CODE}"]'),
        "a code twice": whole.replace(f'"{CODE}"', f'"{CODE}", "TokenCode": "{CODE}"'),
        "a code that is a float": whole.replace(f'"{CODE}"', f"{CODE}.5"),
        "a token for a parameter": whole.replace(
            '"parameters": {', f'"parameters": {{"WebIdentityToken": "{TOKEN}", '
        ),
        "an assertion for a parameter": whole.replace(
            '"parameters": {', f'"parameters": {{"SAMLAssertion": "{ASSERTION}", '
        ),
        "a token for a claim set": whole.replace('"call": {', f'"call": {{"claims": "{TOKEN}", '),
        "a token file": TOKEN,
        "an assertion file": XML,
        "a credentials file": CREDENTIALS,
        "a yaml with a tab": f"call:\n\tTokenCode: {CODE}\n",
        "a yaml with an alias": f"call: &a\n  TokenCode: '{CODE}'\nagain: *a\nTokenCode: *{CODE}",
    }


PATHS = [*_answers(), *_other_verbs(), *_bad_input()]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_no_secret_is_left_behind(home: Home, path: Way) -> None:
    if "broken.yaml" in path.words:
        home.file("broken.yaml", path.stdin)
    left = home.run(*path.words, stdin=path.stdin)
    assert left.secrets() == []
    assert left.status in path.statuses, left.errors


@pytest.mark.parametrize(
    "words", [["--profile", "default"], ["--profile", "prod"], []], ids="".join
)
def test_an_aws_that_cannot_be_reached_is_no_reason_to_show_keys(
    home: Home, words: list[str], socket_enabled: None
) -> None:
    config = home.folder / "home/.aws/config"
    config.write_text(f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = default\n")
    left = home.run("why", *CALL, *words, *MFA, "--endpoint-url", "http://127.0.0.1:9")
    assert left.status == 4, left
    assert left.secrets() == []


CANONICAL = (
    "The request signature we calculated does not match the signature you provided. The Canonical "
    "String for this request should have been 'POST / host:sts.amazonaws.com "
    f"x-amz-security-token:{IN_FILE[2]} host;x-amz-security-token' Credential={IN_FILE[0]}/20261123"
)


@pytest.fixture
def refusing(socket_enabled: None) -> Iterator[Server]:
    """An AWS that answers a wrong signature with the request that it has calculated one for."""
    server = Server()
    refusal = Refusal("SignatureDoesNotMatch", CANONICAL)
    server.refusals = {"GetCallerIdentity": refusal, "AssumeRole": refusal}
    yield server
    server.close()


def test_what_aws_repeats_of_a_request_is_left_out(home: Home, refusing: Server) -> None:
    home.environment(())
    left = home.run("why", *CALL, "--endpoint-url", refusing.url)
    assert left.status == 4
    assert "SignatureDoesNotMatch" in left.errors
    assert left.secrets() == []


def test_what_aws_repeats_of_a_probe_is_left_out(home: Home, refusing: Server) -> None:
    heard: list[ProbeRequest] = []
    send = sender(profile="default", region=None, endpoint_url=refusing.url, secrets={},
                  announce=heard.append)  # fmt: skip
    request = ProbeRequest(api="AssumeRole", parameters={"RoleArn": ROLE, "RoleSessionName": "ci"})
    left = home.left(lambda: print(send(request), heard))
    assert "SignatureDoesNotMatch" in left.output
    assert left.secrets() == []


def test_what_aws_repeats_when_it_is_read_is_left_out(home: Home) -> None:
    said: Any = {"Error": {"Code": "SignatureDoesNotMatch", "Message": CANONICAL}}
    left = home.left(lambda: print(reason(ClientError(said, "GetRole")), one_line(OSError(TOKEN))))
    assert left.output.startswith("SignatureDoesNotMatch: The request signature")
    assert left.secrets() == []


@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize(
    "line",
    [f"aws_session_token {IN_FILE[2]}", IN_FILE[1], f"[{IN_FILE[1]}", f"{IN_FILE[0]} = x",
     f"s3 =\n  {IN_FILE[1]}"],
    ids=["no sign", "alone", "in a heading", "as a name", "nested"],
)  # fmt: skip
def test_a_file_of_keys_that_is_malformed(
    home: Home, name: str, line: str, socket_enabled: None
) -> None:
    path = home.folder / "home/.aws" / name
    path.write_text(f"[default]\naws_access_key_id = {IN_FILE[0]}\n{line}\n")
    home.environment(())
    left = home.run("why", *CALL, "--endpoint-url", "http://127.0.0.1:9")
    assert left.status in (1, 2, 4)
    assert left.secrets() == []


def test_a_bug_shows_neither_its_text_nor_what_was_asked(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any, **more: Any) -> None:
        raise RuntimeError(*given, more, CODE, TOKEN)

    monkeypatch.setattr(why, "diagnose", broken)
    left = home.run("why", "--scenario", "denied.json")
    assert left.status == 70
    assert left.secrets() == []


QUESTIONS: dict[str, Callable[[], Any]] = {
    "a scenario": lambda: assumable.why(scenario="denied.json"),
    "a parsed scenario": lambda: assumable.why(scenario=worlds()["denied"]),
    "a client": lambda: assumable.why(scenario=worlds()["client"]),
    "a snapshot": lambda: assumable.why(
        snapshot="snapshot", caller=DEPLOYER, role_arn=ROLE, role_session_name="ci",
        serial_number=SERIAL, token_code=CODE,
    ),
    "a token": lambda: assumable.why(
        trust_policy="token-trust.json", role_arn=ROLE, role_session_name="ci",
        web_identity_token=TOKEN, time="2026-11-23T12:00:00Z",
    ),
    "an assertion": lambda: assumable.why(
        trust_policy="saml-trust.json", saml_assertion=ASSERTION, time="2026-11-23T12:00:00Z"
    ),
    "half a token": lambda: assumable.why(
        trust_policy="token-trust.json", role_arn=ROLE, web_identity_token=TOKEN[:-60]
    ),
    "half an assertion": lambda: assumable.why(
        trust_policy="saml-trust.json", saml_assertion=ASSERTION[:-60]
    ),
    "a code of the wrong type": lambda: assumable.why(
        snapshot="snapshot", caller=DEPLOYER, role_arn=ROLE, role_session_name="ci",
        serial_number=SERIAL, token_code=cast("str", [CODE]),
    ),
    "a token and a caller": lambda: assumable.why(
        trust_policy="token-trust.json", role_arn=ROLE, web_identity_token=TOKEN, caller=DEPLOYER
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_python_gets_none_either(home: Home, question: Callable[[], Any]) -> None:
    def ask() -> None:
        diagnosis = question()
        print(diagnosis, as_json.render(diagnosis))

    left = home.left(ask)
    assert left.output + left.errors
    assert left.secrets() == []


def test_the_marks_can_be_found(home: Home) -> None:
    """So that the tests above can fail."""

    def leak() -> None:
        print(TOKEN, CODE, ENVIRONMENT, IN_FILE)
        home.file("cache", ASSERTION + XML)
        raise ValueError(CODE)

    left = home.left(leak)
    assert len(left.secrets()) >= 13
    assert "the MFA code in errors" in left.secrets()


def test_loggers_stay_as_they_are(home: Home) -> None:
    """At DEBUG the SDK logs signatures and tokens; nobody but the user may ask for that."""
    import botocore.session  # noqa: F401  # its loggers are there

    before = {name: rest for name, *rest in loggers()}
    home.run("why", "--scenario", "denied.json", "--debug")
    home.run("why", *CALL, "--debug", "--endpoint-url", "http://127.0.0.1:9")
    after = {name: rest for name, *rest in loggers() if name in before}
    assert after == before


# An external ID is no secret where the reader's own file shows it


@pytest.mark.parametrize("name", ["denied", "passing-it"])
def test_an_external_id_is_shown_to_its_own_people_only(home: Home, name: str) -> None:
    """One that the trust policy requires, and one that the call passes."""
    other = classic(trust_statements=[trust({"AWS": f"{DEPLOYER}s"})], ExternalId=EXTERNAL_ID)
    home.file("passing-it.json", json.dumps(other))

    def shown(*words: str) -> bool:
        return EXTERNAL_ID in home.run("why", "--scenario", f"{name}.json", *words).output

    assert shown()
    assert shown("--format", "json")
    assert not any(shown("--redact", "--format", form) for form in FORMATS)
    # What the caller sends is not told to an administrator; what the caller must send is no ticket.
    assert shown("--format", "markdown") == (name == "denied")
