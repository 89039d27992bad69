"""Credentials by IAM Roles Anywhere: the helper is a script here, and AWS's answers are texts."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session

from tests.aws.accounts import READ_IAM, REGION, Accounts
from tests.aws.profiles import BASE, READS, Machine, causes
from tests.aws.proxy import Failure, Proxy, answer, proxying
from tests.worlds import ROLE, A, B, allow, policy, trust

pytestmark = pytest.mark.demo
ALWAYS = 1_000_000
PROFILE = f"arn:aws:rolesanywhere:eu-west-1:{A}:profile/aaaaaaaa-0000-4000-8000-000000000001"
ANCHOR = f"arn:aws:rolesanywhere:eu-west-1:{A}:trust-anchor/bbbbbbbb-0000-4000-8000-000000000002"
ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
BY_ANYWHERE = trust({"Service": "rolesanywhere.amazonaws.com"}, ACTIONS)
REFUSED = "2026/11/23 12:00:00 AccessDeniedException: Not authorized to set roleSessionName"
SECRET = "not-a-secret-but-like-one"


class Anywhere:
    """A machine whose profile `ra` gets its credentials from a helper."""

    def __init__(self, machine: Machine, proxy: Proxy) -> None:
        self.machine, self.proxy = machine, proxy
        self.helper = machine.home / "bin" / "aws_signing_helper"
        self.helper.parent.mkdir()
        machine.accounts.user("reader", A, READ_IAM)
        self.profile()
        self.anchor()

    def config(self, *flags: str, more: str = "") -> Path:
        words = (
            self.helper, "credential-process", "--private-key", SECRET, f"--role-arn={BASE}",
            "--profile-arn", PROFILE, "--trust-anchor-arn", ANCHOR, *flags,
        )  # fmt: skip
        process = " ".join(map(str, words))
        return self.machine.config(f"[profile ra]\ncredential_process = {process}\n{more}")

    def says(self, text: str, *, status: int = 0) -> None:
        """What the helper writes, and how it ends."""
        stream = "stderr" if status else "stdout"
        code = f"import sys; print({text!r}, file=sys.{stream}); sys.exit({status})"
        self.helper.write_text(f"#!{sys.executable}\n{code}\n")
        self.helper.chmod(0o755)

    def gives_a_session(self) -> None:
        """The helper gives a session of Base, as the service would make one."""
        accounts = self.machine.accounts
        client: Any = Session(A, "test", region_name=REGION).client(
            "sts", endpoint_url=accounts.url
        )
        got = client.assume_role(RoleArn=BASE, RoleSessionName="0a1b2c")["Credentials"]
        got = {k: v for k, v in got.items() if k != "Expiration"}
        self.says(json.dumps({"Version": 1, **got}))

    def profile(self, failure: Failure | None = None, **more: Any) -> None:
        """What GetProfile answers."""
        found = {"enabled": True, "roleArns": [BASE], "acceptRoleSessionName": False, **more}
        text = json.dumps({"profile": found})
        name = f"profile/{PROFILE.rpartition('/')[2]}"
        self.proxy.failures[name] = failure or answer(text, "application/json"), ALWAYS

    def anchor(self, failure: Failure | None = None, *, enabled: bool = True) -> None:
        """What GetTrustAnchor answers."""
        text = json.dumps({"trustAnchor": {"enabled": enabled}})
        name = f"trustanchor/{ANCHOR.rpartition('/')[2]}"
        self.proxy.failures[name] = failure or answer(text, "application/json"), ALWAYS

    def why(self, *words: str) -> dict[str, Any]:
        """The answer; nothing secret is in it."""
        readers = ("--caller-profile", "reader", *READS)
        ran = self.machine.assumable("why", *readers, "--format", "json", *words)
        assert ran.errors == ""
        assert SECRET not in ran.output
        answer: dict[str, Any] = json.loads(ran.output)
        return answer


def refusal(code: str, status: int) -> Failure:
    """AWS's answer of that code, as this service gives it."""
    text = json.dumps({"__type": code, "message": f"{code} said so"})
    return answer(text, "application/json", status)


ABSENT = refusal("ResourceNotFoundException", 404)
DENIED = refusal("AccessDeniedException", 403)


@pytest.fixture
def anywhere(accounts: Accounts, tmp_path: Path) -> Iterator[Anywhere]:
    with proxying(accounts.url) as (proxy, url):
        machine = Machine(accounts, tmp_path)
        machine.environment["AWS_ENDPOINT_URL"] = url
        yield Anywhere(machine, proxy)


NEXT = ("--profile", "ra", "--role-arn", ROLE, "--role-session-name", "deploy")


def came_by(anywhere: Anywhere, *statements: Any) -> None:
    """The helper works: its session may assume DeployRole, which trusts Base."""
    mine = trust({"AWS": f"arn:aws:iam::{A}:user/base"})
    anywhere.machine.role("Base", A, BY_ANYWHERE, mine)
    own = json.dumps(policy(allow(ACTIONS, ROLE), READ_IAM))
    anywhere.machine.accounts.iam[A].put_role_policy(
        RoleName="Base", PolicyName="Own", PolicyDocument=own
    )
    anywhere.machine.role("DeployRole", B, *(statements or (trust({"AWS": BASE}, ACTIONS),)))
    anywhere.config()
    anywhere.gives_a_session()


def test_the_session_policy_of_the_profile_limits_who_came_by_it(anywhere: Anywhere) -> None:
    """R9.9: it is read, and nothing else of the session's making is asked for."""
    came_by(anywhere)
    anywhere.profile(sessionPolicy=json.dumps(policy(allow("s3:*"))))
    found = anywhere.why(*NEXT)
    assert causes(found) == ["session-policy sts:AssumeRole"]
    assert PROFILE.rpartition("/")[2] in found["findings"][0]["explanation"]
    anywhere.profile(sessionPolicy=json.dumps(policy(allow("sts:*"))))
    assert causes(anywhere.why(*NEXT)) == []
    anywhere.profile()
    assert causes(anywhere.why(*NEXT)) == []
    assert not any(name.startswith("trustanchor") for name in anywhere.proxy.seen)


def test_who_came_by_roles_anywhere_has_a_source_identity(anywhere: Anywhere) -> None:
    """R9.4: the next role's trust policy needs its action."""
    came_by(anywhere, trust({"AWS": BASE}))
    assert "source-identity sts:SetSourceIdentity" in causes(anywhere.why(*NEXT))


def test_a_profile_that_cannot_be_read_leaves_the_session_policy_open(anywhere: Anywhere) -> None:
    came_by(anywhere)
    anywhere.profile(DENIED)
    found = anywhere.why(*NEXT)
    assert found["verdict"] == "conditional"
    assert f"rolesanywhere:GetProfile on {PROFILE}" in [u["settle"] for u in found["unknowns"]]


def failing(anywhere: Anywhere, *statements: Any, flags: tuple[str, ...] = ()) -> Path:
    """The helper gets no session of Base, which trusts Roles Anywhere."""
    anywhere.machine.role("Base", A, *(statements or (BY_ANYWHERE,)))
    anywhere.says(REFUSED, status=1)
    return anywhere.config(*flags)


@pytest.mark.parametrize(
    ("profile", "anchor", "flags", "found"),
    [
        ({"enabled": False}, {}, (), ["anywhere-profile-disabled"]),
        ({"failure": ABSENT}, {}, (), ["anywhere-profile-absent"]),
        ({"roleArns": [ROLE]}, {}, (), ["anywhere-role"]),
        ({}, {}, ("--role-session-name", "web-1"), ["anywhere-session-name"]),
        ({}, {"enabled": False}, (), ["anywhere-anchor-disabled"]),
        ({}, {"failure": ABSENT}, (), ["anywhere-anchor-absent"]),
        ({"roleArns": []}, {"enabled": False}, (), ["anywhere-role", "anywhere-anchor-disabled"]),
        ({"acceptRoleSessionName": True}, {}, ("--role-session-name", "web-1"), ["process-failed"]),
        ({}, {}, (), ["process-failed"]),
        (
            {"failure": DENIED},
            {"failure": DENIED},
            (),
            ["process-failed"],
        ),
    ],
)  # fmt: skip
def test_what_aws_has_against_a_certificate_is_named(
    anywhere: Anywhere,
    profile: dict[str, Any],
    anchor: dict[str, Any],
    flags: tuple[str, ...],
    found: list[str],
) -> None:
    """The process alone is blamed only where nothing that was read tells why it fails."""
    file = failing(anywhere, flags=flags)
    anywhere.profile(**profile)
    anywhere.anchor(**anchor)
    told = anywhere.why("--profile", "ra")
    assert causes(told) == [f"client-config {variant}" for variant in found]
    assert (told["call"]["caller"], told["call"]["role_arn"]) == (
        "rolesanywhere.amazonaws.com", BASE,
    )  # fmt: skip
    finding = told["findings"][0]
    assert (finding["evidence"][0]["file"], finding["evidence"][0]["line"]) == (str(file), 2)
    is_theirs = found != ["process-failed"]
    assert (finding["owner"] == A) == is_theirs
    assert is_theirs or REFUSED in finding["explanation"]


def test_a_trust_policy_that_lacks_the_service_is_told_with_the_profiles_own_fault(
    anywhere: Anywhere,
) -> None:
    other = f"{ANCHOR[:-1]}9"
    where = {"ArnEquals": {"aws:SourceArn": other}}
    service = {"Service": "rolesanywhere.amazonaws.com"}
    failing(anywhere, trust(service, ACTIONS, Condition=where))
    anywhere.profile(enabled=False)
    assert set(causes(anywhere.why("--profile", "ra"))) == {
        "client-config anywhere-profile-disabled", "trust-condition aws:SourceArn",
    }  # fmt: skip
    anywhere.profile()
    told = anywhere.why("--profile", "ra")
    assert causes(told) == ["trust-condition aws:SourceArn"]
    assert told["plans"]


def test_a_role_behind_a_certificate_that_gets_no_session_is_the_second_hop(
    anywhere: Anywhere,
) -> None:
    """Its session policy is that of the Roles Anywhere profile."""
    failing(anywhere, trust({"AWS": f"arn:aws:iam::{A}:root"}))
    anywhere.machine.role("DeployRole", B, trust({"AWS": BASE}, ACTIONS))
    anywhere.profile(sessionPolicy=json.dumps(policy(allow("s3:*"))))
    anywhere.config(more=f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = ra\n")
    told = anywhere.why("--profile", "prod")
    assert told["call"]["caller"] == "rolesanywhere.amazonaws.com"
    assert [hop["causes"] for hop in told["hops"]] == [
        ["service-principal"],
        ["identity-permission", "source-identity", "session-policy"],
    ]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (f"no-such-program --password {SECRET}", "No such file or directory"),
        (f"echo {SECRET}", "Expecting value"),
        ("sh -c 'echo nope >&2; exit 3'", "nope"),
        ("sh -c 'echo nope", "No closing quotation"),
        ("aws_signing_helper credential-process --role-arn x", "No such file or directory"),
    ],
)
def test_any_other_process_that_fails_is_the_clients_own_fault(
    anywhere: Anywhere, command: str, said: str
) -> None:
    """Nobody calls then, and what the command holds is not shown."""
    file = anywhere.machine.config(f"[profile ra]\ncredential_process = {command}\n")
    told = anywhere.why(*NEXT)
    assert causes(told)[0] == "client-config process-failed"
    assert (told["call"]["caller"], told["verdict"]) == ("nobody", "denied")
    finding = told["findings"][0]
    assert (finding["evidence"][0]["file"], finding["evidence"][0]["line"]) == (str(file), 2)
    assert said in finding["explanation"]
