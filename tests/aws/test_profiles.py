"""Profile files: the real `aws` command is run, and `assumable why` must agree with what it got."""

import base64
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.aws.accounts import READ_IAM, Accounts
from tests.aws.profiles import AWS, BASE, ONE_HOP, READS, TWO_HOPS, USER, Machine, causes, notes
from tests.aws.proxy import proxying
from tests.worlds import ROLE, A, B, allow, trust

pytestmark = pytest.mark.demo
PYTHON = sys.executable
WHOAMI = ("aws", "--profile", "prod", "sts", "get-caller-identity")
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture
def machine(accounts: Accounts, tmp_path: Path) -> Machine:
    return Machine(accounts, tmp_path)


def agree(machine: Machine, *command: str, **environment: str) -> tuple[str, dict[str, Any]]:
    """What both say: the real command succeeds just where the verdict is allowed."""
    real = machine.aws(*command[1:], **environment)
    shown, answer = machine.why(*command, **environment)
    verdict = {0: "allowed"}.get(real.status, "denied")
    assert answer["verdict"] == verdict, (real, shown.output)
    return shown.output, answer


def test_two_hops_that_work_are_named_with_who_makes_each(machine: Machine) -> None:
    machine.chain()
    machine.config(TWO_HOPS)
    shown, answer = agree(machine, *WHOAMI)
    assert causes(answer) == []
    assert f"hop 1  ✓  user/base ({A})  →  role/Base ({A})" in shown
    assert "hop 2  ✓  assumed-role/Base/botocore-session-" in shown


def test_a_second_hop_that_is_refused_is_named_with_who_makes_it(machine: Machine) -> None:
    machine.chain(trust({"AWS": USER}))
    machine.config(TWO_HOPS)
    shown, answer = agree(machine, *WHOAMI)
    assert (causes(answer), answer["hop"]) == (["trust-principal other-principal"], 2)
    assert "hop 2, made as assumed-role/Base/botocore-session-" in shown
    assert answer["hops"][0]["verdict"] == "allowed"
    assert answer["plans"][0]["verdict_after"] == "allowed"


def test_the_command_that_asks_itself_is_made_with_what_its_profile_gives(
    machine: Machine,
) -> None:
    machine.chain()
    machine.config(TWO_HOPS)
    ask = ("sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "deploy")
    _, answer = agree(machine, "aws", *ask, "--profile", "mid")
    assert answer["hops_asked"] == 2
    _, answer = agree(machine, "aws", *ask, "--profile", "base")
    assert causes(answer) == ["trust-principal other-principal"]
    answer = machine.why("aws", "--profile", "mid", "s3", "ls")[1]
    assert (answer["verdict"], answer["call"]["role_arn"]) == ("allowed", BASE)


def test_mfa_on_the_wrong_profile_is_moved(machine: Machine) -> None:
    machine.chain(trust({"AWS": USER}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    serial = f"mfa_serial = arn:aws:iam::{A}:mfa/base\n"
    file = machine.config(f"[profile base]\n{serial}{ONE_HOP}")
    shown, answer = agree(machine, *WHOAMI)
    assert (causes(answer), notes(answer)) == (["mfa not-presented"], {"misplaced"})
    assert f"{file}:2:14" in shown
    assert f"+{serial.strip()}" in shown


def test_a_duration_that_a_second_hop_cannot_have_is_found_in_the_profile(
    machine: Machine,
) -> None:
    """MiniStack gives such a session, which AWS does not (R4.1)."""
    machine.chain(MaxSessionDuration=43200)
    file = machine.config(f"{TWO_HOPS}duration_seconds = 7200\n")
    shown, answer = machine.why(*WHOAMI)
    assert (causes(answer), answer["hop"]) == (["duration chaining"], 2)
    assert f"{file}:7:20" in shown.output
    assert "+duration_seconds = 3600" in shown.output


@pytest.mark.parametrize("by_principal", [False, True])
def test_a_session_name_made_up_anew_fails_a_trust_that_pins_one(
    machine: Machine, by_principal: bool
) -> None:
    """By a condition on the session that is asked for, or by the session that asks."""
    session = f"arn:aws:sts::{A}:assumed-role/Base/ci"
    where = {"StringEquals": {"sts:RoleSessionName": "ci"}}
    machine.chain(
        trust({"AWS": session}) if by_principal else trust({"AWS": BASE}, Condition=where)
    )
    file = machine.config(TWO_HOPS)
    shown, answer = agree(machine, *WHOAMI)
    found = [
        "trust-principal session-name" if by_principal else "trust-condition sts:RoleSessionName"
    ]
    assert (causes(answer), notes(answer)) == (found, {"no-session-name"})
    assert f"{file}:{2 if by_principal else 5}:12" in shown
    profile = "mid" if by_principal else "prod"
    assert f"aws configure set role_session_name ci --profile {profile}" in shown
    assert answer["plans"][0]["verdict_after"] == "allowed"


def test_an_external_id_that_the_profile_lacks_is_written_into_it(machine: Machine) -> None:
    machine.chain(trust({"AWS": BASE}, Condition={"StringEquals": {"sts:ExternalId": "acme"}}))
    machine.config(TWO_HOPS)
    shown, answer = agree(machine, *WHOAMI)
    assert causes(answer) == ["external-id missing"]
    assert "aws configure set external_id acme --profile prod" in shown
    machine.config(f"{TWO_HOPS}external_id = acme\n")
    assert agree(machine, *WHOAMI)[1]["verdict"] == "allowed"


@pytest.mark.parametrize("are_valid", [True, False])
def test_keys_of_the_environment_that_win_are_named(machine: Machine, are_valid: bool) -> None:
    """They are told apart from those of the profile, and what the profile would do is decided."""
    machine.chain()
    file = machine.config(TWO_HOPS)
    keys = machine.accounts.user("stale", A, READ_IAM) if are_valid else ("AKIASTALE", "stale")
    environment = {**dict(zip(KEYS, keys, strict=True)), "AWS_PROFILE": "prod"}
    real = machine.aws("sts", "get-caller-identity", **environment)
    assert ("user/stale" in real.output, real.status == 0) == (are_valid, are_valid)
    shown, answer = machine.why("aws", "s3", "ls", **environment)
    assert (answer["verdict"], notes(answer)) == ("denied", set())
    assert causes(answer) == ["client-config environment-wins"]
    assert answer["aws_error"] is None
    assert [plan["verdict_after"] for plan in answer["plans"]] == ["allowed"]
    assert answer["plans"][0]["commands"][0] == f"unset {' '.join(KEYS)}"
    assert answer["call"]["caller"] == USER
    assert f"{file}:5:12" in shown.output
    assert ("those of user/stale" if are_valid else "InvalidClientTokenId") in " ".join(
        shown.output.split()
    )
    assert keys[1] not in shown.output
    # the same, written before the command
    before = [f"{name}={value}" for name, value in environment.items()]
    assert machine.why(*before, "aws", "s3", "ls")[1]["call"]["caller"] == USER
    assert agree(machine, *WHOAMI, **environment)[1]["verdict"] == "allowed"


def test_keys_of_a_session_of_the_same_role_are_but_a_note(machine: Machine) -> None:
    """As tools leave them that assume the role of a profile for a command."""
    machine.chain()
    machine.config(TWO_HOPS)
    asked = ("sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "tool")
    got = json.loads(machine.aws(*asked, "--profile", "mid").output)["Credentials"]
    keys = {
        "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
        "AWS_SESSION_TOKEN": got["SessionToken"],
    }
    shown, answer = machine.why("aws", "s3", "ls", **keys, AWS_PROFILE="prod")
    assert (answer["verdict"], notes(answer)) == ("allowed", {"environment-wins"})
    assert answer["headline"].endswith(
        "the client does not ask: keys of the environment come first"
    )
    assert not any(value in shown.output for value in keys.values())


ASK = ("aws", "sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "deploy")


@pytest.mark.parametrize("are_valid", [True, False])
@pytest.mark.parametrize("profile", ["mid", "base"])
def test_a_call_that_is_denied_to_keys_of_the_environment_alone_was_meant_as_another(
    machine: Machine, profile: str, are_valid: bool
) -> None:
    """The profile that AWS_PROFILE names would have made it, with roles on the way or without."""
    machine.chain(trust({"AWS": [BASE, USER]}))
    machine.config(TWO_HOPS)
    keys = machine.accounts.user("stale", A, READ_IAM) if are_valid else ("AKIASTALE", "stale")
    environment = {**dict(zip(KEYS, keys, strict=True)), "AWS_PROFILE": profile}
    shown, answer = agree(machine, *ASK, **environment)
    assert causes(answer) == ["client-config environment-wins"]
    assert answer["call"]["caller"] == USER
    assert answer["plans"][0]["commands"][0] == f"unset {' '.join(KEYS)}"
    assert answer["plans"][0]["verdict_after"] == "allowed"
    words = " ".join(shown.split())
    assert ("(those of user/stale), to whom the call is denied," in words) is are_valid
    assert machine.aws(*ASK[1:], AWS_PROFILE=profile).status == 0
    # nobody chose a profile: the keys are what was meant
    ran = machine.assumable("why", *READS, "--", *ASK, **dict(zip(KEYS, keys, strict=True)))
    assert ran.status == (1 if are_valid else 4)
    assert "environment-wins" not in ran.output


def test_a_call_that_is_denied_to_both_or_to_neither_is_the_one_that_was_made(
    machine: Machine,
) -> None:
    machine.chain(trust({"AWS": BASE}))
    machine.config(TWO_HOPS)
    keys = machine.accounts.user("stale", A, READ_IAM)
    environment = {**dict(zip(KEYS, keys, strict=True)), "AWS_PROFILE": "base"}
    _, answer = agree(machine, *ASK, **environment)
    assert "trust-principal other-principal" in causes(answer)
    assert notes(answer) == {"environment-wins"}
    assert answer["call"]["caller"].endswith("user/stale")
    machine.role("Other", B, trust("*"))
    other = [word.replace("DeployRole", "Other") for word in ASK]
    fresh = machine.accounts.user("fresher", A, READ_IAM, allow())
    environment |= dict(zip(KEYS, fresh, strict=True))
    _, answer = agree(machine, *other, **environment)
    assert (answer["verdict"], notes(answer)) == ("allowed", {"environment-wins"})


def test_keys_that_aws_refuses_are_said_to_be_those_of_the_environment(machine: Machine) -> None:
    machine.chain()
    environment = {"AWS_ACCESS_KEY_ID": "AKIASTALE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    ask = ("aws", "sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "deploy")
    ran = machine.assumable("why", *READS, "--", *ask, **environment)
    assert (ran.status, ran.output, ran.errors.count("\n")) == (4, "", 1)
    assert "those of AWS_ACCESS_KEY_ID in the environment" in ran.errors
    assert "not-a-secret" not in ran.errors


def loop(_: Machine) -> str:
    return TWO_HOPS.replace("= base", "= prod")


def no_source(_: Machine) -> str:
    return f"[profile prod]\nrole_arn = {ROLE}\n"


def sso_expired(machine: Machine) -> str:
    cache = machine.home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    name = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()
    token = {"accessToken": "not-a-secret", "expiresAt": "2026-01-01T00:00:00Z"}
    (cache / f"{name}.json").write_text(json.dumps(token))
    return (
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n"
        f"sso_region = us-east-1\n[profile human]\nsso_session = corp\nsso_account_id = {A}\n"
        f"sso_role_name = Dev\n[profile prod]\nrole_arn = {ROLE}\nsource_profile = human\n"
    )


def empty_source(_: Machine) -> str:
    return f"[profile prod]\nrole_arn = {ROLE}\ncredential_source = Environment\n"


def missing_profile(_: Machine) -> str:
    return ONE_HOP.replace("prod", "prd")


@pytest.mark.parametrize(
    ("config", "variant", "place"),
    [
        (loop, "loop", ":3:18"),
        (no_source, "no-source", ":2:12"),
        (sso_expired, "sso-expired", ":5:15"),
        (empty_source, "empty-source", ":3:21"),
        (missing_profile, "profile-missing", ""),
    ],
)
def test_where_the_profile_leads_nowhere_nobody_calls(
    machine: Machine, config: Any, variant: str, place: str
) -> None:
    machine.chain()
    file = machine.config(config(machine))
    shown, answer = agree(machine, *WHOAMI)
    assert causes(answer) == [f"client-config {variant}"]
    assert answer["call"]["caller"] == "nobody"
    assert shown.startswith("✗ DENIED   nobody  →  ")
    assert "user/nobody" not in shown + json.dumps(answer)
    assert not place or f"{file}{place}" in shown
    statuses = [row["status"] for row in answer["checklist"]]
    assert statuses[0] == "fail"
    assert "fail" not in statuses[1:]
    assert "not-a-secret" not in shown


def test_keys_of_the_environment_can_be_the_source(machine: Machine) -> None:
    machine.chain(trust({"AWS": f"arn:aws:iam::{A}:user/envuser"}))
    machine.config(empty_source(machine))
    keys = machine.accounts.user("envuser", A, allow(resource=ROLE), READ_IAM)
    _, answer = agree(machine, *WHOAMI, **dict(zip(KEYS, keys, strict=True)))
    assert answer["call"]["caller"].endswith("user/envuser")


def test_three_profiles_in_a_row_are_three_hops(machine: Machine) -> None:
    between = f"arn:aws:iam::{A}:role/Between"
    machine.role("Base", A, trust({"AWS": USER}), may=between)
    machine.role("Between", A, trust({"AWS": BASE}), may=ROLE)
    machine.role("DeployRole", B, trust({"AWS": BASE}))
    machine.config(
        f"[profile one]\nrole_arn = {BASE}\nsource_profile = base\n"
        f"[profile two]\nrole_arn = {between}\nsource_profile = one\nrole_session_name = work\n"
        f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = two\n"
    )
    shown, answer = agree(machine, *WHOAMI)
    assert [hop["verdict"] for hop in answer["hops"]] == ["allowed", "allowed", "denied"]
    assert (causes(answer)[0].partition(" ")[0], answer["hop"]) == ("trust-principal", 3)
    assert "hop 3, made as assumed-role/Between/work" in shown


def token(folder: Path, subject: str) -> Path:
    """A file with a JWT, whose signature nobody verifies here."""

    def part(of: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).decode().rstrip("=")

    now = int(time.time())
    claims = {
        "iss": "https://oidc.example.com/id", "aud": "sts.amazonaws.com", "sub": subject,
        "iat": now - 10, "exp": now + 3600,
    }  # fmt: skip
    path = folder / "token"
    path.write_text(".".join((part({"alg": "RS256", "kid": "k"}), part(claims), "c2lnbmF0dXJl")))
    return path


@pytest.mark.parametrize(("subject", "found"), [("me", []), ("you", ["web-identity-claim sub"])])
def test_a_token_on_disk_makes_the_first_hop(
    machine: Machine, subject: str, found: list[str], tmp_path: Path
) -> None:
    machine.accounts.iam[B].create_open_id_connect_provider(
        Url="https://oidc.example.com/id", ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["a" * 40],
    )  # fmt: skip
    provider = f"arn:aws:iam::{B}:oidc-provider/oidc.example.com/id"
    where = {"StringEquals": {"oidc.example.com/id:sub": "me"}}
    web = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=where)
    machine.chain(web)
    file = token(tmp_path, subject)
    machine.config(f"[profile prod]\nrole_arn = {ROLE}\nweb_identity_token_file = {file}\n")
    shown, answer = agree(machine, *WHOAMI)
    assert causes(answer) == found
    assert file.read_text().rpartition(".")[0] not in shown
    with proxying(machine.accounts.url) as (proxy, url):
        machine.assumable("why", "--profile", "prod", *READS, AWS_ENDPOINT_URL=url)
    assert proxy.seen["GetRole"] == 1
    assert not [name for name in proxy.seen if name.startswith("AssumeRole")]
    file.unlink()
    real = machine.aws(*WHOAMI[1:])
    shown, answer = agree(machine, *WHOAMI)
    assert causes(answer) == ["client-config token-missing"]
    assert f"{machine.home}/config:3:27" in shown
    assert answer["aws_error"]["message"] in real.errors
    assert (answer["call"]["api"], answer["call"]["caller"]) == (
        "AssumeRoleWithWebIdentity", "nobody",
    )  # fmt: skip
    machine.accounts.iam[B].delete_role(RoleName="DeployRole")
    assert causes(machine.why(*WHOAMI)[1]) == [
        "client-config token-missing", "role-not-found absent",
    ]  # fmt: skip


def test_a_session_that_the_command_keeps_is_mentioned(machine: Machine) -> None:
    """It goes on working after the role is closed; the hops would fail now."""
    machine.chain()
    machine.config(TWO_HOPS)
    assert machine.aws(*WHOAMI[1:]).status == 0
    machine.accounts.iam[B].delete_role(RoleName="DeployRole")
    machine.role("DeployRole", B, trust({"AWS": USER}))
    shown, answer = machine.why(*WHOAMI)
    assert (answer["verdict"], notes(answer)) == ("denied", set())
    said = [f["explanation"] for f in answer["findings"] if f["variant"] == "kept-session"]
    for role, text in zip(("role/Base", "role/DeployRole"), said, strict=True):
        assert f"the aws command keeps a session of {role} until " in text
        assert f" UTC in {machine.home}/.aws/cli/cache/" in text
    secrets = [
        json.loads(path.read_text())["Credentials"]
        for path in (machine.home / ".aws/cli/cache").glob("*.json")
    ]
    assert len(secrets) == 2
    for kept in secrets:
        for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
            assert kept[name] not in shown.output + json.dumps(answer)


def test_run_passes_the_command_through_and_says_why_it_failed(machine: Machine) -> None:
    machine.chain(trust({"AWS": USER}))
    machine.config(TWO_HOPS)
    real = machine.aws(*WHOAMI[1:])
    ran = machine.assumable("run", *READS, "--", AWS, *WHOAMI[1:])
    assert (ran.status, ran.output) == (real.status, real.output)
    first, _, rest = ran.errors.lstrip("\n").partition("\n")
    assert first.startswith("An error occurred (AccessDenied) when calling the AssumeRole")
    assert rest.startswith(f"\n✗ DENIED   user/base ({A})  →  role/DeployRole ({B})")
    assert "hop 2, made as assumed-role/Base/botocore-session-" in rest
    ran = machine.assumable("run", *READS, "--", AWS, "sts", "get-caller-identity",
                            "--profile", "base")  # fmt: skip
    assert (ran.status, ran.errors) == (0, "")
    assert USER in ran.output


def test_run_asks_what_the_error_tells_where_the_profile_tells_another_call(
    machine: Machine,
) -> None:
    """As Terraform does, whose provider assumes a role of its own with the profile's keys."""
    machine.chain()
    machine.config(TWO_HOPS)
    text = f"│ User: {USER} is not authorized to\n│ perform: sts:AssumeRole on resource: {ROLE}"
    code = f"import sys; print({text!r}, file=sys.stderr); sys.exit(1)"
    words = ("AWS_PROFILE=base", PYTHON, "-c", code)
    ran = machine.assumable("run", *READS, "--format", "json", "--", *words)
    answer = json.loads(ran.errors.removeprefix(f"{text}\n"))
    assert (ran.status, answer["verdict"]) == (1, "denied")
    assert causes(answer) == ["trust-principal other-principal"]
    assert answer["error"]["unused"] == ""


def test_run_says_that_the_profile_was_not_used_where_keys_of_the_environment_were(
    machine: Machine,
) -> None:
    """Who signed is told by the error, and why it was not the profile by the environment."""
    machine.chain()
    keys = dict(zip(KEYS, machine.accounts.user("stale", A, READ_IAM), strict=True))
    stale = USER.replace("base", "stale")
    text = f"User: {stale} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    code = f"import sys; print({text!r}, file=sys.stderr); sys.exit(1)"
    words = ("--format", "json", "--", "AWS_PROFILE=base", PYTHON, "-c", code)
    ran = machine.assumable("run", *READS, *words, **keys)
    answer = json.loads(ran.errors.removeprefix(f"{text}\n"))
    assert (answer["call"]["caller"], notes(answer)) == (stale, {"environment-wins"})
    ran = machine.assumable("run", *READS, *words)
    assert notes(json.loads(ran.errors.removeprefix(f"{text}\n"))) == set()


def test_a_probe_is_made_by_who_makes_the_hop(machine: Machine) -> None:
    """Not by the session that the profile would give, which this role does not trust."""
    machine.chain(trust({"AWS": USER}))
    machine.config(ONE_HOP)
    ran = machine.assumable("why", "--profile", "prod", "--probe", "--format", "json")
    probes = json.loads(ran.output)["probes"]
    assert [probe["answer"] for probe in probes][:1] == ["passed"], probes
    machine.config(f"{ONE_HOP}mfa_serial = arn:aws:iam::{A}:mfa/base\n")
    ran = machine.assumable("why", "--profile", "prod", "--probe")
    assert (ran.status, ran.errors.count("\n")) == (2, 1)
    assert "MFA code" in ran.errors


@pytest.mark.parametrize(
    ("flags", "environment", "verdict"),
    [
        ((), {}, "allowed"),
        ((), {"AWS_DEFAULT_REGION": "eu-central-1"}, "denied"),
        (("--region", "eu-north-1"), {}, "denied"),
    ],
)
def test_the_region_is_that_of_the_profile_that_is_used(
    machine: Machine, flags: tuple[str, ...], environment: dict[str, str], verdict: str
) -> None:
    """Not that of the profile with the keys."""
    where = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    del machine.environment["AWS_DEFAULT_REGION"]
    machine.chain(trust({"AWS": USER}, Condition=where))
    machine.config(f"[profile base]\nregion = eu-central-1\n{ONE_HOP}region = eu-west-1\n")
    assert machine.why(*WHOAMI, *flags, **environment)[1]["verdict"] == verdict


@pytest.mark.parametrize(("style", "verdict"), [("legacy", "allowed"), ("regional", "denied")])
def test_a_region_that_is_given_goes_where_the_profile_sends_it(
    machine: Machine, style: str, verdict: str
) -> None:
    """R10.3: the global endpoint counts as us-east-1, whatever --region says."""
    where = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    machine.role("DeployRole", B, trust({"AWS": USER}, Condition=where))
    machine.config(f"{ONE_HOP}sts_regional_endpoints = {style}\n")
    words = ("--profile", "prod", "--region", "eu-west-1", "--format", "json")
    ran = machine.assumable("why", *READS, *words)
    assert json.loads(ran.output)["verdict"] == verdict


def test_the_roles_of_a_profile_are_not_asked_for_at_the_endpoint_of_the_command(
    machine: Machine,
) -> None:
    """What `through` and `Call.before` rest on."""
    machine.chain()
    machine.config(TWO_HOPS)
    with proxying(machine.accounts.url) as (proxy, url):
        words = ("sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "deploy")
        real = machine.aws("--endpoint-url", url, *words, "--profile", "mid")
    assert (real.status, proxy.seen["AssumeRole"]) == (0, 1)


NO_WAY = f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = bsae\n"
WANTS_ID = {"StringEquals": {"sts:ExternalId": "acme-42"}}


@pytest.mark.parametrize(
    ("statement", "more", "found", "open_rows"),
    [
        (None, "", ["role-not-found"], []),
        (trust({"AWS": USER}), "duration_seconds = 7200\n", ["duration"], ["trust policy"]),
        (trust({"AWS": USER}, Condition=WANTS_ID), "", ["external-id"], ["trust policy"]),
        (
            trust({"AWS": USER}, Condition=WANTS_ID),
            "external_id = acme-24\nduration_seconds = 7200\n",
            ["external-id", "duration"],
            ["trust policy"],
        ),
        (
            trust({"AWS": USER}, Condition=WANTS_ID),
            "external_id = acme-42\n",
            [],
            ["trust policy"],
        ),
        (trust({"AWS": f"arn:aws:iam::{B}:root"}), "", [], ["trust policy"]),
        ({**trust({"AWS": USER}), "Effect": "Deny"}, "", ["trust-principal"], []),
        ({**trust("*"), "Effect": "Deny"}, "", ["trust-explicit-deny"], []),
        (
            trust("*", Condition={"StringEquals": {"aws:PrincipalAccount": A}}),
            "",
            [],
            ["trust policy"],
        ),
    ],
)
def test_a_profile_without_credentials_hides_no_fault_that_the_role_has_for_everybody(
    machine: Machine,
    statement: dict[str, Any] | None,
    more: str,
    found: list[str],
    open_rows: list[str],
) -> None:
    """Nothing is said that depends on who calls, and nobody is let in."""
    if statement is not None:
        machine.role("DeployRole", B, statement)
    machine.config(NO_WAY + more)
    answer = machine.why(*WHOAMI)[1]
    named = [cause.partition(" ")[0] for cause in causes(answer)]
    assert named == ["client-config", *found]
    rows = {row["check"]: row["status"] for row in answer["checklist"]}
    asked = ("trust policy", "external ID", "MFA")
    assert [name for name in asked if rows[name] == "unknown"] == open_rows
    assert {fix["target"]["kind"] for fix in answer["fixes"]} <= {"client"}


def test_a_profile_without_credentials_is_mended_with_what_the_role_asks_for(
    machine: Machine,
) -> None:
    """In one plan, after which who calls alone is open."""
    machine.role("DeployRole", B, trust({"AWS": USER}, Condition=WANTS_ID))
    machine.config(NO_WAY)
    answer = machine.why(*WHOAMI)[1]
    assert answer["plans"][0]["commands"][:2] == [
        "aws configure set source_profile base --profile prod",
        "aws configure set external_id acme-42 --profile prod",
    ]
    assert answer["plans"][0]["verdict_after"] == "conditional"
    assert f"the caller is {USER}" in answer["plans"][0]["residual_after"]


def test_a_role_that_asks_for_mfa_gives_a_note_where_nobody_calls(machine: Machine) -> None:
    """The credentials may carry MFA, which nobody can tell before there are any."""
    where = {**WANTS_ID, "Bool": {"aws:MultiFactorAuthPresent": "true"}}
    machine.role("DeployRole", B, trust({"AWS": USER}, Condition=where))
    machine.config(NO_WAY)
    answer = machine.why(*WHOAMI)[1]
    assert [c.partition(" ")[0] for c in causes(answer)] == ["client-config", "external-id"]
    noted = [f for f in answer["findings"] if f["cause"] == "mfa"]
    assert [(f["blocking"], f["certainty"]) for f in noted] == [(False, "likely")]
    machine.config(f"{NO_WAY}mfa_serial = arn:aws:iam::{A}:mfa/base\n")
    answer = machine.why(*WHOAMI)[1]
    assert not [f for f in answer["findings"] if f["cause"] == "mfa"]


def test_the_second_hop_of_a_profile_without_credentials_is_made_by_the_first(
    machine: Machine,
) -> None:
    """Its trust policy is decided like any other."""
    machine.chain(trust({"AWS": USER}))
    machine.config(TWO_HOPS.replace("= base", "= bsae"))
    answer = machine.why(*WHOAMI)[1]
    assert [hop["causes"] for hop in answer["hops"]] == [["client-config"], ["trust-principal"]]


def test_a_profile_that_does_not_exist_hides_no_role_that_does_not_either(
    machine: Machine,
) -> None:
    machine.config(ONE_HOP)
    ask = ("sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "deploy")
    answer = machine.why("aws", *ask, "--profile", "porduction")[1]
    assert {cause.partition(" ")[0] for cause in causes(answer)} == {
        "client-config", "role-not-found",
    }  # fmt: skip


def test_nobody_is_of_no_partition(machine: Machine) -> None:
    machine.config(NO_WAY.replace("arn:aws:", "arn:aws-us-gov:"))
    assert [cause.partition(" ")[0] for cause in causes(machine.why(*WHOAMI)[1])] == [
        "client-config"
    ]
