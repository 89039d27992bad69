"""`--error` and `--probe` as people write them."""

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assumable.cli.probe_options import prober
from assumable.errors import InputError
from assumable.formats.assertion import response_text
from assumable.formats.token import token_text
from assumable.model.call import Hop
from tests.bearers import jwt, response
from tests.cli.test_why import run, written
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, parsed, policy, trust

DENIED = f"User: {DEPLOYER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
UNREAD: dict[str, Any] = {**classic(), "unknown": [f"account:{B}"]}


def test_an_error_is_given_as_text_as_a_file_or_by_a_pipe(tmp_path: Path) -> None:
    world = written(tmp_path, "s.json", UNREAD)
    file = tmp_path / "error.txt"
    file.write_text(f"\x1b[31m{DENIED}\n", encoding="utf-8")
    answers = [
        json.loads(run("why", "--scenario", world, "--format", "json", "--error", given).stdout)
        for given in (DENIED, str(file), f"file://{file}")
    ]
    assert answers[0]["error"]["code"] == "AccessDenied"
    assert all(answer["error"] == answers[0]["error"] for answer in answers)
    assert json.loads(
        run("why", "--scenario", world, "--format", "json", "--error", "-", stdin=DENIED).stdout
    )["error"] == answers[0]["error"]  # fmt: skip


def test_a_text_that_is_not_known_is_no_evidence_and_is_not_repeated(tmp_path: Path) -> None:
    world = written(tmp_path, "s.json", UNREAD)
    result = run("why", "--scenario", world, "--error", "eyJhbGciOiJIUzI1NiJ9.secret")
    assert result.returncode == 3
    assert "the error text was not used: it is no error text that is known" in result.stdout
    assert "secret" not in result.stdout + result.stderr


def test_under_pseudonyms_the_text_is_still_of_the_call(tmp_path: Path) -> None:
    world = written(tmp_path, "s.json", UNREAD)
    result = run("why", "--scenario", world, "--redact", "--error", DENIED)
    assert "AWS said    AccessDenied sts:AssumeRole" in result.stdout
    assert "deployer" not in result.stdout
    text = f"(RegionDisabledException) STS is not activated in this region for account:{B}."
    result = run("why", "--scenario", world, "--redact", "--error", text)
    assert "AWS said    RegionDisabledException sts:AssumeRole" in result.stdout
    assert B not in result.stdout


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("", "--error: holds no text"),
        ("file:///no/such/file", "file:///no/such/file: cannot be read"),
        ("nope.txt", "nope.txt: no such file"),
        ("logs/nope", "logs/nope: no such file"),
    ],
)
def test_an_error_that_is_not_there_is_bad_input(missing: str, said: str, tmp_path: Path) -> None:
    result = run("why", "--scenario", written(tmp_path, "s.json", UNREAD), "--error", missing)
    assert result.returncode == 2
    assert result.stderr.startswith(f"assumable: {said}")


def test_a_file_has_nobody_to_be_probed(tmp_path: Path) -> None:
    world = written(tmp_path, "s.json", UNREAD)
    refused = run("why", "--scenario", world, "--probe")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "needs a running AWS" in refused.stderr
    planned = run("why", "--scenario", world, "--probe=plan")
    assert planned.returncode == 3
    assert "the call itself, for 900 s: not made, only planned" in planned.stdout


TAGGED = {
    **classic(identity=[allow("sts:*")], Tags=[{"Key": "team", "Value": "web"}]),
    "unknown": [f"account:{B}"],
}
"""What a probe would tell apart: whether the tags are at fault."""


def test_the_hint_at_probes_can_be_followed(tmp_path: Path) -> None:
    """Until it was: what is planned is listed below."""
    world = written(tmp_path, "s.json", TAGGED)
    hinted = " ".join(run("why", "--scenario", world).stdout.split())
    assert "--probe=plan lists calls that tell some of them apart" in hinted
    planned = run("why", "--scenario", world, "--probe=plan")
    assert "not made, only planned" in planned.stdout
    assert "--probe" not in planned.stdout


def test_there_is_no_hint_where_there_are_no_probes(tmp_path: Path) -> None:
    """Of a chain, and of side files, `--probe=plan` is refused as well."""
    middle = f"arn:aws:iam::{A}:role/Middle"
    chain = classic(identity=[allow("sts:*")], Tags=[{"Key": "team", "Value": "web"}])
    chain["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "Middle",
            "AssumeRolePolicyDocument": policy(trust({"AWS": DEPLOYER})),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:*"))}],
        }
    ]
    chain["call"]["chain"] = [middle]
    of_chain = written(tmp_path, "chain.json", {**chain, "unknown": [f"account:{B}"]})
    whole = written(tmp_path, "s.json", TAGGED)
    sides: list[str] = []
    for which in ("--caller", "--role"):
        side = str(tmp_path / f"{which[2:]}.json")
        run("export-side", which, "--full", "--scenario", whole, "--out", side)
        sides += ("--side", side)
    for words in (["--scenario", of_chain], sides):
        answer = run("why", *words)
        assert "if refused" in answer.stdout, answer.stderr
        assert "--probe" not in answer.stdout
        told = json.loads(run("why", *words, "--format", "json").stdout)
        assert not [each for each in told["hypotheses"] if each["probe"]]
        assert run("why", *words, "--probe=plan").returncode == 2


HOP = Hop(parameters={"RoleArn": ROLE})
GIVEN: dict[str, Any] = dict.fromkeys(
    ("scenario", "snapshot", "trust_policy", "caller_policy", "profile", "region", "endpoint_url",
     "github", "eks", "gitlab", "redact", "web_identity_token", "saml_assertion"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("options", "changes", "why"),
    [
        ({"redact": True}, {}, "AWS knows no pseudonyms"),
        ({}, {"chain": (HOP,)}, "not a chain"),
        ({}, {"api": "AssumeRoot"}, "makes no AssumeRoot call"),
        ({"github": ("repo=x",)}, {"api": "AssumeRoleWithWebIdentity"}, "needs the token itself"),
        ({"saml_assertion": "-"}, {"api": "AssumeRoleWithSAML"}, "a pipe is read only once"),
    ],
)
def test_what_cannot_be_probed_is_refused(
    options: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    call = msgspec.structs.replace(parsed(classic()).call, **changes)
    with pytest.raises(InputError, match=why):
        prober({**GIVEN, **options, "probe": "run"}, call)


def test_a_token_is_sent_as_it_is(tmp_path: Path) -> None:
    """Whatever stands around it in the file, and an assertion in base64."""
    token, xml = jwt(), response()
    for given in (b"Bearer " + token + b"\n", token):
        (tmp_path / "token").write_bytes(given)
        assert token_text(str(tmp_path / "token")) == token.decode()
    for given in (xml, base64.b64encode(xml), b"SAMLResponse=" + base64.b64encode(xml)):
        (tmp_path / "saml").write_bytes(given)
        assert base64.b64decode(response_text(str(tmp_path / "saml"))).strip() == xml.strip()
