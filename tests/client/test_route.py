"""Our reading of AWS configuration files is botocore's: the same requests, or the same error."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.args import LEGACY_GLOBAL_STS_REGIONS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assumable.formats.profiles import read_client
from assumable.model.client import Client
from assumable.model.client_endpoint import sts_endpoint
from assumable.model.route import Route, route_of
from tests.client.botocores import Asked, Files, around, ask

ROLE = "arn:aws:iam::222222222222:role/"
KEYS = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n"
LATER, EARLIER = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
ENV_KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
METHODS = {
    "environment": {"env"}, "static": {"shared-credentials-file", "config-file"},
    "web-identity": {"assume-role-with-web-identity"}, "sso": {"sso"},
    "process": {"custom-process"}, "container": {"container-role"},
    "instance-metadata": {"iam-role"},
    "ec2-credentials-file": {"ec2-credentials-file"}, "login": {"login"},
}  # fmt: skip


def compared(files: Files, folder: Path) -> tuple[Asked, Route, Client]:
    """What botocore does, and what we say that it does."""
    theirs = ask(files, folder)
    with around(files, folder):
        client = read_client(files.profile, dict(os.environ))
    return theirs, route_of(client, datetime.now(UTC)), client


def assert_same(files: Files, folder: Path) -> Route:
    """The same error with the same text, or the same requests from the same start."""
    theirs, ours, _ = compared(files, folder)
    error = ours.fault.error if ours.fault is not None else ""
    message = ours.fault.message if ours.fault is not None else ""
    assert (error, message) == (theirs.error, theirs.message)
    if not error:
        assert ours.start is not None
        assert theirs.start in METHODS[ours.start.kind]
        made = [(hop.api, plain(dict(hop.parameters))) for hop in ours.hops]
        assert made == [(api, plain(parameters)) for api, parameters in theirs.requests]
        assert token_of(ours) == theirs.token
    return ours


def token_of(route: Route) -> str:
    """The web identity token that the way starts with."""
    path = route.start.token_file if route.start is not None else ""
    return Path(path).read_text(encoding="utf-8") if path else ""


def plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters; a session name that is made up holds the second at which it was."""
    name = re.sub(r"(?<=^botocore-session-)\d+$", "NOW", str(parameters["RoleSessionName"]))
    return {**parameters, "RoleSessionName": name}


PROD = f"[profile prod]\nrole_arn = {ROLE}Prod\n"
BASE = f"[profile base]\n{KEYS}"
SSO = (
    "[profile corp]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Dev\n"
    "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n"
)
LEGACY = (
    "[profile corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n"
    "sso_account_id = 111111111111\nsso_role_name = Dev\n"
)
TOKEN = {"accessToken": "secret", "expiresAt": LATER}
STALE = {"accessToken": "secret", "expiresAt": EARLIER}
URL = "https://corp.awsapps.com/start"
# name → set-up, and the variant of our fault or the kind of our start
CASES: dict[str, tuple[Files, str]] = {
    "source profile": (Files(PROD + "source_profile = base\n" + BASE, "", {}, "prod"), "static"),
    "keys in the credentials file": (
        Files(PROD + "source_profile = base\n", f"[base]\n{KEYS}", {}, "prod"), "static"),
    "all settings": (
        Files(PROD + "source_profile = base\nrole_session_name = deploy\nexternal_id = 1/2\n"
              "mfa_serial = arn:aws:iam::111111111111:mfa/me\nduration_seconds = 7200\n" + BASE,
              "", {}, "prod"), "static"),
    "empty settings": (
        Files(PROD + "source_profile = base\nrole_session_name =\nexternal_id =\nmfa_serial =\n"
              + BASE, "", {}, "prod"), "static"),
    "duration that is no number": (
        Files(PROD + "source_profile = base\nduration_seconds = 1h\n" + BASE, "", {}, "prod"),
        "static"),
    "duration with spaces and signs": (
        Files(PROD + "source_profile = base\nduration_seconds = +9_00 \n" + BASE, "", {}, "prod"),
        "static"),
    "two hops": (
        Files(PROD + f"source_profile = mid\n[profile mid]\nrole_arn = {ROLE}Mid\n"
              "source_profile = base\nexternal_id = x\n" + BASE, "", {}, "prod"), "static"),
    "role_arn in the credentials file": (
        Files(BASE, f"[prod]\nrole_arn = {ROLE}Prod\nsource_profile = base\n", {}, "prod"),
        "static"),
    "both files, the credentials file counts": (
        Files(PROD + "source_profile = base\n" + BASE, f"[prod]\nrole_arn = {ROLE}Other\n", {},
              "prod"), "static"),
    "no profile at all": (Files("", "", {}, "prod"), "profile-missing"),
    "section without the word profile": (
        Files(f"[prod]\nrole_arn = {ROLE}Prod\n", "", {}, "prod"), "profile-missing"),
    "profile in the credentials file with the word": (
        Files("", f"[profile prod]\n{KEYS}", {}, "prod"), "profile-missing"),
    "missing profile by variable, keys or not": (
        Files("", "", {"AWS_PROFILE": "prod", **ENV_KEYS}), "profile-missing"),
    "source profile missing": (
        Files(PROD + "source_profile = bsae\n" + BASE, "", {}, "prod"), "source-profile-missing"),
    "source profile empty": (
        Files(PROD + "source_profile = base\n[profile base]\nregion = eu-west-1\n", "", {}, "prod"),
        "source-without-credentials"),
    "source profile with a secret alone": (
        Files(PROD + "source_profile = base\n[profile base]\naws_secret_access_key = secret\n", "",
              {}, "prod"), "source-without-credentials"),
    "source profile ignores the environment": (
        Files(PROD + "source_profile = base\n[profile base]\nregion = eu-west-1\n", "", ENV_KEYS,
              "prod"), "source-without-credentials"),
    "source profile with half a pair": (
        Files(PROD + "source_profile = base\n[profile base]\naws_access_key_id = AKIA\n", "", {},
              "prod"), "partial-keys"),
    "a pair spread over both files": (
        Files(PROD + "source_profile = base\n[profile base]\naws_access_key_id = AKIA\n",
              "[base]\naws_secret_access_key = secret\n", {}, "prod"), "partial-keys"),
    "both sources": (
        Files(PROD + "source_profile = base\ncredential_source = Environment\n" + BASE, "", {},
              "prod"), "two-sources"),
    "no source": (Files(PROD, "", {}, "prod"), "no-source"),
    "no source, keys beside it": (Files(PROD + KEYS, "", {}, "prod"), "no-source"),
    "invalid credential source": (
        Files(PROD + "credential_source = environment\n", "", ENV_KEYS, "prod"),
        "credential-source"),
    "credential source environment": (
        Files(PROD + "credential_source = Environment\n", "", ENV_KEYS, "prod"), "environment"),
    "credential source environment, empty": (
        Files(PROD + "credential_source = Environment\n", "", {}, "prod"), "empty-source"),
    "credential source environment, half": (
        Files(PROD + "credential_source = Environment\n", "", {"AWS_ACCESS_KEY_ID": "AKIA"},
              "prod"), "partial-keys"),
    "credential source container": (
        Files(PROD + "credential_source = EcsContainer\n", "",
              {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, "prod"), "container"),
    "credential source container, empty": (
        Files(PROD + "credential_source = EcsContainer\n", "", {}, "prod"), "empty-source"),
    "credential source instance": (
        Files(PROD + "credential_source = Ec2InstanceMetadata\n", "", {}, "prod"),
        "instance-metadata"),
    "credential source instance, off": (
        Files(PROD + "credential_source = Ec2InstanceMetadata\n", "",
              {"AWS_EC2_METADATA_DISABLED": "true"}, "prod"), "empty-source"),
    "itself without keys": (
        Files(PROD + "source_profile = prod\n", "", {}, "prod"), "loop"),
    "itself with keys": (Files(PROD + "source_profile = prod\n" + KEYS, "", {}, "prod"), "static"),
    "loop of two": (
        Files(PROD + f"source_profile = mid\n[profile mid]\nrole_arn = {ROLE}Mid\n"
              "source_profile = prod\n", "", {}, "prod"), "loop"),
    "loop of two with keys": (
        Files(PROD + f"source_profile = mid\n{KEYS}[profile mid]\nrole_arn = {ROLE}Mid\n"
              "source_profile = prod\n", "", {}, "prod"), "loop"),
    "loop that does not come back to the profile": (
        Files(PROD + f"source_profile = mid\n[profile mid]\nrole_arn = {ROLE}Mid\n"
              f"source_profile = far\n[profile far]\nrole_arn = {ROLE}Far\n"
              "source_profile = mid\n", "", {}, "prod"), "loop"),
    "source profile ignores the web identity of the environment": (
        Files(PROD + "source_profile = base\n[profile base]\nregion = eu-west-1\n", "",
              {"AWS_WEB_IDENTITY_TOKEN_FILE": "token", "AWS_ROLE_ARN": ROLE + "Pod"}, "prod"),
        "source-without-credentials"),
    "mid with keys and a role": (
        Files(PROD + f"source_profile = mid\n[profile mid]\nrole_arn = {ROLE}Mid\n"
              f"source_profile = base\n{KEYS}" + BASE, "", {}, "prod"), "static"),
    "environment wins over AWS_PROFILE": (
        Files(PROD + "source_profile = base\n" + BASE, "", {"AWS_PROFILE": "prod", **ENV_KEYS}),
        "environment"),
    "flag wins over environment": (
        Files(PROD + "source_profile = base\n" + BASE, "", ENV_KEYS, "prod"), "static"),
    "environment half": (
        Files("", "", {"AWS_ACCESS_KEY_ID": "AKIA"}), "partial-keys"),
    "environment empty": (
        Files(f"[default]\n{KEYS}", "", {"AWS_ACCESS_KEY_ID": ""}), "static"),
    "AWS_DEFAULT_PROFILE comes first": (
        Files(PROD + "source_profile = base\n" + BASE, "",
              {"AWS_PROFILE": "base", "AWS_DEFAULT_PROFILE": "prod"}), "static"),
    "default profile": (Files(f"[default]\nrole_arn = {ROLE}Prod\nsource_profile = base\n" + BASE,
                              "", {}), "static"),
    "nothing at all": (Files("", "", {}), "instance-metadata"),
    "nothing, and metadata off": (
        Files("", "", {"AWS_EC2_METADATA_DISABLED": "TRUE"}), "no-credentials"),
    "nothing, in a container": (
        Files("", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x"}), "container"),
    "web identity by variables": (
        Files("", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": "token", "AWS_ROLE_ARN": ROLE + "Pod"}),
        "web-identity"),
    "web identity by profile": (
        Files(PROD + "web_identity_token_file = token\nrole_session_name = pod\n", "", {}, "prod"),
        "web-identity"),
    "web identity of variables, not with a flag": (
        Files("[profile prod]\nregion = eu-west-1\n" + KEYS, "",
              {"AWS_WEB_IDENTITY_TOKEN_FILE": "token", "AWS_ROLE_ARN": ROLE + "Pod"}, "prod"),
        "static"),
    "web identity of profile and variables": (
        Files(PROD + "web_identity_token_file = token\n", "",
              {"AWS_WEB_IDENTITY_TOKEN_FILE": "other-token", "AWS_PROFILE": "prod"}),
        "web-identity"),
    "web identity of profile and variables, with a flag": (
        Files(PROD + "web_identity_token_file = token\n", "",
              {"AWS_WEB_IDENTITY_TOKEN_FILE": "other-token"}, "prod"), "web-identity"),
    "web identity of a source profile and variables": (
        Files(PROD + f"source_profile = pod\n[profile pod]\nrole_arn = {ROLE}Pod\n"
              "web_identity_token_file = token\n", "",
              {"AWS_WEB_IDENTITY_TOKEN_FILE": "other-token", "AWS_PROFILE": "prod"}),
        "web-identity"),
    "web identity without role": (
        Files("[profile prod]\nweb_identity_token_file = token\n", "", {}, "prod"),
        "web-identity-without-role"),
    "web identity, then a role": (
        Files(PROD + f"source_profile = pod\n[profile pod]\nrole_arn = {ROLE}Pod\n"
              "web_identity_token_file = token\n", "", {}, "prod"), "web-identity"),
    "web identity before keys": (
        Files(PROD + "web_identity_token_file = token\nsource_profile = base\n" + KEYS + BASE, "",
              {}, "prod"), "web-identity"),
    "web identity without its file": (
        Files(PROD + "web_identity_token_file = gone\n", "", {}, "prod"), "token-missing"),
    "web identity of the environment without its file": (
        Files("", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": "it's/gone", "AWS_ROLE_ARN": f"{ROLE}Pod"}),
        "token-missing"),
    "source with a web identity without its file": (
        Files(PROD + f"source_profile = web\n[profile web]\nrole_arn = {ROLE}Web\n"
              "web_identity_token_file = gone\n", "", {}, "prod"), "token-missing"),
    "sso-session": (Files(SSO, "", {}, "corp", {"corp": TOKEN}), "sso"),
    "sso-session, then a role": (
        Files(PROD + "source_profile = corp\n" + SSO, "", {}, "prod", {"corp": TOKEN}), "sso"),
    "sso before keys": (Files(LEGACY + KEYS, "", {}, "corp", {URL: TOKEN}), "sso"),
    "sso signed out": (Files(SSO, "", {}, "corp"), "sso-signed-out"),
    "sso without a session signed out": (Files(LEGACY, "", {}, "corp"), "sso-signed-out"),
    "sso expired": (Files(SSO, "", {}, "corp", {"corp": STALE}), "sso-expired"),
    "sso without a session expired": (Files(LEGACY, "", {}, "corp", {URL: STALE}), "sso-expired"),
    "sso incomplete": (
        Files(LEGACY.replace("sso_account_id = 111111111111\n", ""), "", {}, "corp"),
        "sso-incomplete"),
    "sso-session alone says where": (
        Files(SSO.replace("sso_region = us-east-1\n", "").replace(
            "sso_session = corp\n", "sso_session = corp\nsso_region = us-east-1\n"),
            "", {}, "corp", {"corp": TOKEN}), "sso-incomplete"),
    "sso-session unknown": (
        Files(SSO.replace("[sso-session corp]", "[sso-session crop]"), "", {}, "corp"),
        "sso-session-missing"),
    "sso-session inconsistent": (
        Files(SSO.replace("sso_session = corp\n", "sso_session = corp\nsso_region = eu-west-1\n"),
              "", {}, "corp"), "sso-inconsistent"),
    "sso settings without account and role are none": (
        Files("[profile corp]\nsso_start_url = x\nsso_region = y\n" + KEYS, "", {}, "corp"),
        "static"),
    "process": (
        Files(PROD + "source_profile = base\n[profile base]\ncredential_process = cat process\n",
              "", {}, "prod"), "process"),
    "signed in with the console": (
        Files("[profile dev]\nlogin_session = arn:aws:iam::111111111111:user/me\n", "", {}, "dev"),
        "login"),
    "signed in with the console, then a role": (
        Files(PROD + "source_profile = dev\n[profile dev]\nlogin_session = me\n", "", {}, "prod"),
        "login"),
    "signed in, keys in the credentials file before it": (
        Files("[profile dev]\nlogin_session = me\n", f"[dev]\n{KEYS}", {}, "dev"), "static"),
    "signed in, keys in the same file behind it": (
        Files(f"[profile dev]\nlogin_session = me\n{KEYS}", "", {}, "dev"), "login"),
    "comments, spaces and colons": (
        Files(f"# prod\n[profile prod]\n  ; indented\nROLE_ARN : {ROLE}Prod # not a comment\n"
              "source_profile=base\n" + BASE, "", {}, "prod"), "static"),
    "continued line": (
        Files(f"[profile prod]\nrole_arn = {ROLE}Prod\nsource_profile = base\nexternal_id = a\n"
              "  b\n" + BASE, "", {}, "prod"), "static"),
    "nested settings": (
        Files(PROD + "s3 =\n  addressing_style = path\nsource_profile = base\n" + BASE, "", {},
              "prod"), "static"),
    "quoted name of a profile": (
        Files(f'[profile "my prod"]\nrole_arn = {ROLE}Prod\nsource_profile = base\n' + BASE, "", {},
              "my prod"), "static"),
    "the last of two sections counts": (
        Files(PROD + f"source_profile = nobody\n[profile  prod]\nrole_arn = {ROLE}Prod\n"
              "source_profile = base\n" + BASE, "", {}, "prod"), "static"),
    "settings of [DEFAULT] are everybody's": (
        Files("[DEFAULT]\nexternal_id = x\n" + PROD + "source_profile = base\n" + BASE, "", {},
              "prod"), "static"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which paths of the cases lead somewhere."""
    process = '{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "secret"}'
    (tmp_path / "process").write_text(process, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_set_up_is_read_as_botocore_reads_it(name: str, folder: Path) -> None:
    files, expected = CASES[name]
    ours = assert_same(files, folder)
    said = ours.fault.variant if ours.fault is not None else ours.start and ours.start.kind
    assert said == expected


def test_legacy_means_the_global_endpoint_for_the_regions_of_botocore() -> None:
    legacy = Client(environment={"AWS_STS_REGIONAL_ENDPOINTS": "legacy"})
    regions = {*LEGACY_GLOBAL_STS_REGIONS, *botocore.session.Session().get_available_regions("sts")}
    found = {region for region in regions if sts_endpoint(legacy, region) == "global"}
    assert found == set(LEGACY_GLOBAL_STS_REGIONS)


@st.composite
def set_ups(draw: st.DrawFn) -> Files:
    """Three profiles that refer to each other at random, in either file."""
    names = ["a", "b", "c"]
    options = {
        "role_arn": st.sampled_from([f"{ROLE}A", f"{ROLE}B", ""]),
        "source_profile": st.sampled_from([*names, "missing"]),
        "credential_source": st.sampled_from(
            ["Environment", "Ec2InstanceMetadata", "EcsContainer", "environment"]
        ),
        "web_identity_token_file": st.sampled_from(["token", ""]),
        "role_session_name": st.sampled_from(["deploy", ""]),
        "external_id": st.sampled_from(["x", ""]),
        "mfa_serial": st.just("arn:aws:iam::111111111111:mfa/me"),
        "duration_seconds": st.sampled_from(["3600", "7200", "1h", ""]),
        "aws_access_key_id": st.just("AKIAEXAMPLE"),
        "aws_secret_access_key": st.just("secret"),
        "sso_session": st.sampled_from(["corp", "missing"]),
        "sso_start_url": st.just(URL),
        "sso_region": st.sampled_from(["us-east-1", "eu-west-1"]),
        "sso_account_id": st.just("111111111111"),
        "sso_role_name": st.just("Dev"),
        "login_session": st.sampled_from(["arn:aws:iam::111111111111:user/me", ""]),
        "credential_process": st.just("cat process"),
        "region": st.just("eu-west-1"),
    }
    likely = ["role_arn", "source_profile", "aws_access_key_id", "aws_secret_access_key"]

    def body() -> str:
        chosen = {
            *draw(st.lists(st.sampled_from(likely), max_size=3)),
            *draw(st.lists(st.sampled_from(sorted(options)), max_size=3)),
        }
        return "".join(f"{name} = {draw(options[name])}\n" for name in sorted(chosen))

    config = "".join(f"[profile {name}]\n{body()}" for name in names if draw(st.integers(0, 9)) > 0)
    if draw(st.booleans()):
        config += f"[sso-session corp]\nsso_start_url = {URL}\nsso_region = us-east-1\n"
    credentials = "".join(f"[{name}]\n{body()}" for name in names if draw(st.integers(0, 9)) > 6)
    variables = {
        "AWS_ACCESS_KEY_ID": st.sampled_from(["AKIAEXAMPLE", ""]),
        "AWS_SECRET_ACCESS_KEY": st.just("secret"),
        "AWS_WEB_IDENTITY_TOKEN_FILE": st.sampled_from(["other-token", ""]),
        "AWS_ROLE_ARN": st.sampled_from([f"{ROLE}Pod", ""]),
        "AWS_ROLE_SESSION_NAME": st.sampled_from(["pod", ""]),
        "AWS_EC2_METADATA_DISABLED": st.sampled_from(["true", "false"]),
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": st.just("/x"),
        "AWS_PROFILE": st.sampled_from(names),
        "AWS_DEFAULT_PROFILE": st.sampled_from(names),
    }
    set_ = draw(st.lists(st.sampled_from(sorted(variables)), max_size=3, unique=True))
    environment = {name: draw(variables[name]) for name in set_}
    profile = draw(st.sampled_from(["a", "a", "a", None]))
    token = draw(st.sampled_from([None, TOKEN, STALE]))
    tokens = {} if token is None else {"corp": token, URL: token}
    return Files(config, credentials, environment, profile, tokens)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=set_ups())
def test_any_set_up_is_read_as_botocore_reads_it(files: Files, folder: Path) -> None:
    assert_same(files, folder)
