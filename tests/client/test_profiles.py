"""What is read of the client's files: values and places, and never a secret."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.configloader import load_config
from botocore.exceptions import ConfigParseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assumable.errors import InputError
from assumable.formats.ini import lines_of, with_settings
from assumable.formats.profiles import names_of, read_client, sections_of
from assumable.model.roles_anywhere import Certificate
from assumable.model.routed import certificate_of, profile_giving
from tests.client.set_ups import KEYS, ROLE, SECRETS, client


def test_no_secret_and_no_key_id_is_kept() -> None:
    text = (
        f"[profile prod]\n{KEYS}aws_session_token = not-a-secret\n"
        "aws_secret_key = not-a-secret\ncredential_process = tool --password not-a-secret\n"
        "s3 =\n  key = not-a-secret\n"
    )
    variables = {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_SESSION_TOKEN": "not-a-secret",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not-a-secret",
        "DATABASE_PASSWORD": "not-a-secret",
    }
    kept = client(text, text.replace("profile ", ""), environment=variables)
    printed = msgspec.json.encode(kept).decode()
    assert kept.environment["AWS_ACCESS_KEY_ID"] == "set"
    assert "aws_secret_access_key" in printed
    assert not [secret for secret in SECRETS if secret in printed]


BY_HELPER = Certificate(
    role_arn=ROLE,
    profile_arn="arn:aws:rolesanywhere:eu-west-1:222222222222:profile/p",
    anchor_arn="arn:aws:rolesanywhere:eu-west-1:222222222222:trust-anchor/a",
    session_name="web",
)
FLAGS = (
    f"--role-arn {ROLE} --profile-arn={BY_HELPER.profile_arn} --role-session-name ci "
    f"--trust-anchor-arn '{BY_HELPER.anchor_arn}' --role-session-name=web"
)


@pytest.mark.parametrize(
    ("command", "is_known"),
    [
        (f"aws_signing_helper credential-process {FLAGS}", True),
        (f'"/opt/my x/aws_signing_helper.exe" credential-process -x not-a-secret {FLAGS}', True),
        (f"aws_signing_helper credential-process {FLAGS} --private-key not-a-secret", True),
        (f"aws_signing_helper serve {FLAGS}", False),
        (f"wrapper aws_signing_helper credential-process {FLAGS}", False),
        (f"aws_signing_helper credential-process --role-arn {ROLE}", False),
        (f"aws_signing_helper credential-process {FLAGS} --profile-arn prod", False),
        (f"aws_signing_helper credential-process {FLAGS} --role-arn {ROLE[:-15]}", False),
        ("aws_signing_helper", False),
        ("", False),
        (f"aws_signing_helper credential-process {FLAGS} '", False),
    ],
)  # fmt: skip
def test_what_a_helper_asks_for_is_kept_and_nothing_else_of_its_command(
    command: str, is_known: bool
) -> None:
    kept = client(f"[profile ra]\ncredential_process = {command}\n")
    assert certificate_of(kept, "ra") == (BY_HELPER if is_known else None)
    assert "not-a-secret" not in msgspec.json.encode(kept).decode()


SSO = (
    "[profile human]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Dev.Ops\n"
    f"[profile deploy]\nrole_arn = {ROLE}\nsource_profile = human\n"
    f"[profile ra]\ncredential_process = aws_signing_helper credential-process {FLAGS}\n"
)

SSO_ROLE = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_"


@pytest.mark.parametrize(
    ("caller", "found"),
    [
        ("arn:aws:sts::222222222222:assumed-role/DeployRole/ci", "deploy"),
        ("arn:aws:sts::333333333333:assumed-role/DeployRole/ci", ""),
        ("arn:aws:sts::222222222222:assumed-role/deployrole/ci", ""),
        (f"{SSO_ROLE}Dev.Ops_0123456789abcdef/me", "human"),
        (f"{SSO_ROLE}DevXOps_0123456789abcdef/me", ""),
        ("arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Dev.Ops_0123456789abcdef/me", ""),
        ("arn:aws:iam::222222222222:user/DeployRole", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_profile_that_gives_sessions_of_a_role(caller: str, found: str) -> None:
    assert profile_giving(client(SSO), caller) == found
    helper = SSO[SSO.index("[profile ra]") :]
    assert profile_giving(client(helper), caller) == ("ra" if found == "deploy" else "")


def test_a_setting_knows_its_line_and_columns() -> None:
    text = f"# work\n\n[profile prod]\n  role_arn={ROLE}\nexternal_id :  12 345\n"
    settings = client(text).profiles["prod"].settings
    role, external = settings["role_arn"].place, settings["external_id"].place
    assert (role.file, role.line, role.column) == ("config", 4, 12)
    assert external.line is not None
    assert text.split("\n")[external.line - 1][external.column - 1 : external.end - 1] == "12 345"  # type: ignore[operator]  # both are known


def test_lines_below_a_setting_belong_to_it() -> None:
    text = "[default]\ns3 =\n  region = inner\n\n  max = 2\nregion = outer\n"
    found = [(line.option, line.number, line.last) for line in lines_of(text) if line.option]
    assert found == [("s3", 2, 5), ("region", 6, 6)]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("role_arn = x\n", 1, "before the first"),
        ("[profile a]\nregion = x\n[profile a]\n", 3, "[profile a] stands twice"),
        ("[profile a]\nregion = x\nREGION = y\n", 3, "`region` stands twice"),
        ("[profile a]\naws_secret_access_key not-a-secret\n", 2, "neither a [section]"),
        ("[profile a]\ns3 =\n  not-a-secret\n", 2, "has no `=`"),
    ],
)
def test_a_file_that_no_sdk_reads_is_refused_at_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(InputError) as raised:
        client(text)
    assert raised.value.where == f"config:{line}"
    assert why in raised.value.message
    assert "not-a-secret" not in str(raised.value)


def test_files_and_sign_ins_are_those_that_the_environment_names(tmp_path: Path) -> None:
    config, cache = tmp_path / "aws" / "config", tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    config.parent.mkdir()
    config.write_text(
        "[sso-session a]\nsso_region = us-east-1\n[sso-session b]\n[sso-session c]\n"
        "[profile old]\nsso_start_url = https://x\n",
        encoding="utf-8",
    )
    tokens = {
        "a": {"accessToken": "x", "expiresAt": "2026-11-23T12:00:00UTC"},
        "b": {
            "accessToken": "x", "expiresAt": "2026-11-23T12:00:00Z", "refreshToken": "x",
            "clientId": "x", "clientSecret": "x", "registrationExpiresAt": "2027-01-01T00:00:00Z",
        },
        "https://x": {"startUrl": "https://x"},
    }  # fmt: skip
    for name, token in tokens.items():
        digest = hashlib.sha1(name.encode()).hexdigest()
        (cache / f"{digest}.json").write_text(json.dumps(token), encoding="utf-8")
    environ = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": "$HOME/aws/config", "AWS_PROFILE": "old"}
    found = read_client(None, environ)
    assert found.config_file == str(config)
    assert (found.profile, found.chosen_by) == ("old", "AWS_PROFILE")
    assert found.credentials_file == str(tmp_path / ".aws" / "credentials")
    assert found.sign_ins == {
        "a": datetime(2026, 11, 23, 12, tzinfo=UTC),
        "b": datetime(2027, 1, 1, tzinfo=UTC),
        "c": None,
        "https://x": None,
    }


LINES = st.sampled_from([
    "[profile a]", "[default]", "[b]", "[profile 'c d']", "[DEFAULT]", "  [e]", "[]", "[profile a",
    "region = x", "REGION: y", "role_arn=z", "  indented", "  s = t", "s3 =", "# comment", "; c",
    "", " ", "=", "= x", "alone", "a = b = c", "x = \ty", "[sso-session s]",
])  # fmt: skip


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(LINES, max_size=8))
def test_any_text_is_read_or_refused_as_botocore_does(
    lines: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "\n".join(lines) + "\n"
    file = tmp_path_factory.getbasetemp() / "config"
    file.write_text(text, encoding="utf-8")
    theirs: dict[str, Any] | None = None
    try:
        theirs = load_config(str(file))["profiles"]
    except ConfigParseError:
        with pytest.raises(InputError):
            client(text)
    if theirs is not None:
        ours = client(text)
        found = {name: profile.settings for name, profile in ours.profiles.items()}
        assert {name: set(values) for name, values in theirs.items()} == {
            name: set(values) for name, values in found.items()
        }
        for name, values in found.items():
            for key, setting in values.items():
                assert setting.value in (None, theirs[name][key])
                assert setting.place.line is not None


BEFORE = "# mine\n[profile prod]\nrole_arn = x\ns3 =\n  a = b\n\n[profile base]\nregion = y\n"


@pytest.mark.parametrize(
    ("profile", "values", "after"),
    [
        ("prod", {"role_arn": "z"}, BEFORE.replace("role_arn = x", "role_arn = z")),
        ("prod", {"s3": None}, BEFORE.replace("s3 =\n  a = b\n", "")),
        ("prod", {"external_id": "1"}, BEFORE.replace("  a = b\n", "  a = b\nexternal_id = 1\n")),
        ("base", {"external_id": "1"}, BEFORE + "external_id = 1\n"),
        ("new", {"external_id": "1"}, BEFORE + "\n[profile new]\nexternal_id = 1\n"),
        ("default", {"region": "1"}, BEFORE + "\n[default]\nregion = 1\n"),
    ],
)
def test_an_edit_changes_its_setting_and_nothing_else(
    profile: str, values: dict[str, str | None], after: str
) -> None:
    sections = {section: names_of(section).name for section in sections_of(BEFORE)}
    assert with_settings(BEFORE, sections, profile, values) == after


def test_sessions_that_the_command_keeps_are_read_without_their_keys(tmp_path: Path) -> None:
    """Files that are no such thing are passed over, whatever is in them."""
    cache = tmp_path / ".aws" / "cli" / "cache"
    cache.mkdir(parents=True)
    session = "arn:aws:sts::222222222222:assumed-role/DeployRole/work"
    keys = {"AccessKeyId": "ASIANOTASECRET", "SecretAccessKey": "not-a-secret"}
    until = "2026-11-23T13:00:00Z"
    whole = {"Credentials": {**keys, "Expiration": until}, "AssumedRoleUser": {"Arn": session}}
    (cache / "good.json").write_text(json.dumps(whole))
    for name, text in {
        "empty": "", "list": "[]", "number": "1", "text": '"x"', "half": '{"AssumedRoleUser": {}}',
        "no-time": json.dumps({**whole, "Credentials": keys}),
        "no-arn": json.dumps({**whole, "AssumedRoleUser": {"Arn": 1}}),
        "bad-time": json.dumps({**whole, "Credentials": {"Expiration": "soon"}}),
        "deep": "[" * 100_000,
    }.items():  # fmt: skip
        (cache / f"{name}.json").write_text(text)
    (cache / "other.txt").write_text(json.dumps(whole))
    found = read_client(None, {"HOME": str(tmp_path)})
    (kept,) = found.kept
    assert (kept.arn, kept.file) == (session, str(cache / "good.json"))
    assert kept.until == datetime(2026, 11, 23, 13, tzinfo=UTC)
    printed = msgspec.json.encode(found).decode()
    assert "not-a-secret" not in printed
    assert "ASIA" not in printed
    assert read_client(None, {"HOME": str(tmp_path / "nowhere")}).kept == ()
