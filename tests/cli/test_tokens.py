"""`assumable why` for callers that sign nothing: nothing of a token or assertion is shown."""

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assumable.cli.main import main
from tests.bearers import (
    AWS,
    CLAIMS,
    OTHER,
    OTHER_ROLE,
    PROVIDER,
    SAML_ROLE,
    attribute,
    jwt,
    response,
)
from tests.worlds import B, policy, trust

ROLE = f"arn:aws:iam::{B}:role/Deploy"
HOST = "token.actions.githubusercontent.com"
GITHUB = f"arn:aws:iam::{B}:oidc-provider/{HOST}"
SUBJECT = "repo:acme/app:ref:refs/heads/main"
JTI = "example-jti-0f3a"
TOKEN = jwt({**CLAIMS, "jti": JTI}, signature=b"c2lnbmF0dXJl").decode()
IN_TIME = ("--time", "2026-11-23T12:00:00Z")
ISSUED, EXPIRES = 1_795_435_200, 1_795_435_500  # 2026-11-23, 12:00:00 and 12:05:00
FORM = ("--role-arn", ROLE, "--role-session-name", "ci")


class Answer:
    """What one run of the command leaves behind."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self.status, self.output, self.errors = status, output, errors

    @property
    def json(self) -> Any:
        return json.loads(self.output)

    @property
    def causes(self) -> list[str]:
        return [finding["cause"] for finding in self.json["findings"] if finding["blocking"]]


def why(*options: str, stdin: bytes = b"") -> Answer:
    """One run of `assumable why`."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["assumable", "why", *options])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        patch.setattr(sys, "stdout", output)
        patch.setattr(sys, "stderr", errors)
        with pytest.raises(SystemExit) as left:
            main()
    return Answer(int(left.value.code or 0), output.getvalue(), errors.getvalue())


def condition(**more: str) -> dict[str, Any]:
    """A trust policy for the tokens of one job."""
    wanted = {"aud": "sts.amazonaws.com", "sub": SUBJECT, **more}
    tests = {"StringEquals": {f"{HOST}:{claim}": value for claim, value in wanted.items()}}
    principal = {"Federated": GITHUB}
    return policy(trust(principal, "sts:AssumeRoleWithWebIdentity", Condition=tests))


def written(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")
    return str(path)


def snapshot(folder: Path, document: Any = None, **more: Any) -> tuple[str, ...]:
    """The options for a snapshot of the role's account."""
    role = {
        "RoleName": "Deploy", "Arn": ROLE, "RoleId": "AROAEXAMPLEDEPLOYROLE", "Path": "/",
        "AssumeRolePolicyDocument": document or condition(),
    }  # fmt: skip
    whole = {"UserDetailList": [], "RoleDetailList": [role], **more}
    written(folder / f"{B}.json", whole)
    return "--snapshot", str(folder), "--assume", "organization=open", "--format", "json"


OIDC = {"OpenIDConnectProviders": [{"Arn": GITHUB, "ClientIDList": ["sts.amazonaws.com"]}]}
JOB = ("--github", "repo=acme/app", "ref=refs/heads/main")


def test_a_token_is_decided_like_any_caller(tmp_path: Path) -> None:
    world = snapshot(tmp_path, **OIDC)
    answer = why("--web-identity-token", TOKEN, *FORM, *IN_TIME, *world)
    assert (answer.status, answer.json["verdict"]) == (0, "allowed")
    assert answer.json["call"]["api"] == "AssumeRoleWithWebIdentity"
    assert "the signature of the token was not verified" in answer.json["notes"]


def test_several_audiences_are_a_list(tmp_path: Path) -> None:
    """As Kubernetes writes even a single one."""
    for audiences in (["sts.amazonaws.com"], ["x", "sts.amazonaws.com"]):
        token = jwt({**CLAIMS, "aud": audiences}).decode()
        answer = why("--web-identity-token", token, *FORM, *IN_TIME, *snapshot(tmp_path, **OIDC))
        assert answer.status == 0, answer.output


@pytest.mark.parametrize("style", ["json", "terminal"])
def test_only_the_claim_that_fails_is_shown(style: str, tmp_path: Path) -> None:
    path = written(tmp_path / "trust.json", condition(sub="repo:acme/other:*"))
    answer = why(
        "--web-identity-token", TOKEN, *FORM, *IN_TIME, "--trust-policy", path, "--format", style
    )
    assert answer.status == 1, answer.errors
    assert SUBJECT in answer.output
    for secret in (*TOKEN.split("."), JTI, str(ISSUED), str(EXPIRES)):
        assert secret not in answer.output


def test_a_token_in_a_file_or_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"Bearer {TOKEN}\n")
    world = snapshot(tmp_path, **OIDC)
    for value in (str(path), f"file://{path}", "-"):
        answer = why("--web-identity-token", value, *FORM, *IN_TIME, *world, stdin=TOKEN.encode())
        assert answer.status == 0, answer.errors


def test_the_command_names_the_file_of_the_token(tmp_path: Path) -> None:
    """Where the file holds the token alone, as the `aws` command needs it."""
    denied = snapshot(tmp_path, condition(sub="repo:acme/other"), **OIDC)
    path = tmp_path / "my token"
    flag = f"--web-identity-token 'file://{path}'"
    for content, wanted in (
        (TOKEN, flag),
        (f"{TOKEN}\n", flag),
        (f"Bearer {TOKEN}", "--web-identity-token file://TOKEN"),
        (json.dumps({"value": TOKEN}), "--web-identity-token file://TOKEN"),
    ):
        path.write_text(content, encoding="utf-8")
        plan, *_ = why("--web-identity-token", str(path), *FORM, *IN_TIME, *denied).json["plans"]
        assert plan["commands"][-1].endswith(wanted)
    plan, *_ = why("--web-identity-token", TOKEN, *FORM, *IN_TIME, *denied).json["plans"]
    assert plan["commands"][-1].endswith("file://TOKEN")


def test_the_command_names_the_file_of_the_assertion(tmp_path: Path) -> None:
    path = tmp_path / "response"
    role = {**SAML_DETAIL, "AssumeRolePolicyDocument": policy(trust({"AWS": B}))}
    world = snapshot(tmp_path, **{**SAML_WORLD, "RoleDetailList": [role]})
    for content, wanted in (
        (RESPONSE.encode(), str(path)),
        (base64.encodebytes(base64.b64decode(RESPONSE)), str(path)),
        (base64.b64decode(RESPONSE), "ASSERTION"),
        (f"SAMLResponse={RESPONSE}".encode(), "ASSERTION"),
    ):
        path.write_bytes(content)
        plan, *_ = why("--saml-assertion", str(path), *IN_TIME, *world).json["plans"]
        assert plan["commands"][-1].endswith(f"--saml-assertion file://{wanted}")


def test_an_expired_token_says_how_to_ask_about_its_time(tmp_path: Path) -> None:
    world = snapshot(tmp_path, **OIDC)
    answer = why("--web-identity-token", TOKEN, *FORM, "--time", "2026-11-23T13:00:00", *world)
    assert (answer.status, answer.causes) == (1, ["credentials"])
    assert any(
        "--time, with a moment before 2026-11-23T12:05:00Z" in n for n in answer.json["notes"]
    )


# Worlds


def test_a_dump_says_nothing_of_providers(tmp_path: Path) -> None:
    """GetAccountAuthorizationDetails does not list them, so none is not known to be missing."""
    answer = why(*JOB, *FORM, *snapshot(tmp_path))
    assert answer.status == 3, answer.output
    assert "is registered" in answer.json["residual"]
    others = {"OpenIDConnectProviders": [{"Arn": f"{GITHUB}/octocat", "ClientIDList": []}]}
    assert why(*JOB, *FORM, *snapshot(tmp_path, **others)).causes == ["identity-provider"]


@pytest.mark.parametrize("name", ["Missing", "path/Deploy"])
def test_a_role_that_a_dump_does_not_list_is_missing_all_the_same(
    name: str, tmp_path: Path
) -> None:
    role = f"arn:aws:iam::{B}:role/{name}"
    answer = why(*JOB, "--role-arn", role, "--role-session-name", "ci", *snapshot(tmp_path))
    assert (answer.status, answer.causes) == (1, ["role-not-found"])


def test_a_trust_policy_alone_leaves_the_provider_open(tmp_path: Path) -> None:
    path = written(tmp_path / "trust.json", condition())
    answer = why(*JOB, *FORM, "--trust-policy", path, "--format", "json")
    assert answer.status == 3, answer.errors
    assert f"whether {GITHUB} is registered" in [u["what"] for u in answer.json["unknowns"]]


@pytest.mark.parametrize(("more", "status"), [((), 3), (("repo-id=7",), 0), (("repo-id=8",), 1)])
def test_a_claim_that_is_not_described_is_unknown(
    more: tuple[str, ...], status: int, tmp_path: Path
) -> None:
    world = snapshot(tmp_path, condition(repository_id="7"), **OIDC)
    answer = why(*JOB, *more, *FORM, *world)
    assert answer.status == status, answer.output
    settle = [unknown["settle"] for unknown in answer.json["unknowns"]]
    assert settle == (["repo-id=… after --github"] if status == 3 else [])


def test_a_claim_that_is_no_key_is_not_unknown(tmp_path: Path) -> None:
    """STS takes the GitLab claims of gitlab.com alone (FACTS 5.6)."""
    host = "git.example.com"
    provider = f"arn:aws:iam::{B}:oidc-provider/{host}"
    tests = {"StringEquals": {f"{host}:user_login": "alice"}}
    document = policy(
        trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=tests)
    )
    registered = {"OpenIDConnectProviders": [{"Arn": provider, "ClientIDList": ["aws"]}]}
    job = ("--gitlab", "project=a/b", "ref=main", f"url=https://{host}", "audience=aws")
    answer = why(*job, *FORM, *snapshot(tmp_path, document, **registered))
    assert (answer.status, answer.causes) == (1, ["web-identity-claim"])


def test_a_pod_is_a_caller(tmp_path: Path) -> None:
    host = "oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF0123456789ABCDEF0123456789"
    provider = f"arn:aws:iam::{B}:oidc-provider/{host}"
    tests = {"StringEquals": {f"{host}:sub": "system:serviceaccount:default:app"}}
    document = policy(
        trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=tests)
    )
    registered = {
        "OpenIDConnectProviders": [{"Arn": provider, "ClientIDList": ["sts.amazonaws.com"]}]
    }
    pod = ("--eks", f"cluster=https://{host}", "namespace=default", "service-account=app")
    assert why(*pod, *FORM, *snapshot(tmp_path, document, **registered)).status == 0


# SAML

SAML_DETAIL = {
    "RoleName": "Developer", "Arn": SAML_ROLE, "RoleId": "AROAEXAMPLEDEVELOPER0", "Path": "/",
    "AssumeRolePolicyDocument": policy(
        trust(
            {"Federated": PROVIDER},
            "sts:AssumeRoleWithSAML",
            Condition={
                "StringEquals": {
                    "SAML:aud": "https://signin.aws.amazon.com/saml",
                    "SAML:doc": f"{B}/Corp",
                }
            },
        )
    ),
}  # fmt: skip
SAML_WORLD = {"RoleDetailList": [SAML_DETAIL], "SAMLProviders": [{"Arn": PROVIDER}]}
SESSION_NAME = attribute(f"{AWS}RoleSessionName", "alice")
PAIR = attribute(f"{AWS}Role", f"{SAML_ROLE},{PROVIDER}")
RESPONSE = base64.b64encode(response(PAIR, SESSION_NAME)).decode()


def test_an_assertion_names_role_and_provider(tmp_path: Path) -> None:
    answer = why("--saml-assertion", RESPONSE, *IN_TIME, *snapshot(tmp_path, **SAML_WORLD))
    assert answer.status == 0, answer.errors
    call = answer.json["call"]
    assert (call["api"], call["role_arn"]) == ("AssumeRoleWithSAML", SAML_ROLE)
    assert call["parameters"]["PrincipalArn"] == PROVIDER
    assert RESPONSE not in answer.output
    assert "alice" not in answer.output


def test_another_provider_is_another_caller(tmp_path: Path) -> None:
    answer = why(
        "--saml-assertion", RESPONSE, "--principal-arn", OTHER, "--role-arn", SAML_ROLE,
        *IN_TIME, *snapshot(tmp_path, **SAML_WORLD),
    )  # fmt: skip
    assert answer.status == 1, answer.errors
    assert "identity-provider" in answer.causes


@pytest.mark.parametrize("more", [(), ("--duration-seconds", "60")], ids=["alone", "and another"])
def test_a_wrong_provider_is_mended_by_one_edit(more: tuple[str, ...], tmp_path: Path) -> None:
    """Two findings come of it; what the second one's fix would allow undoes that of the first."""
    wanted = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    named = trust({"Federated": PROVIDER}, "sts:AssumeRoleWithSAML", Condition=wanted)
    answer = why(
        "--saml-assertion", RESPONSE, "--principal-arn", OTHER, "--role-arn", SAML_ROLE, *IN_TIME,
        "--trust-policy", written(tmp_path / "trust.json", policy(named)),
        *more, "--format", "json",
    )  # fmt: skip
    assert answer.status == 1, answer.errors
    assert {"saml-attribute", "trust-principal"} <= set(answer.causes)
    plan = answer.json["plans"][0]
    assert plan["fixes"][0] == "saml-attribute/asserted-provider"
    assert len(plan["fixes"]) == 1 + len(more) // 2
    assert PROVIDER in plan["residual_after"]


def test_several_roles_are_listed(tmp_path: Path) -> None:
    pairs = attribute(f"{AWS}Role", f"{SAML_ROLE},{PROVIDER}", f"{OTHER_ROLE},{PROVIDER}")
    encoded = base64.b64encode(response(pairs, SESSION_NAME)).decode()
    world = (*IN_TIME, *snapshot(tmp_path, **SAML_WORLD))
    answer = why("--saml-assertion", encoded, *world)
    assert answer.status == 2
    assert f"{OTHER_ROLE} with {PROVIDER}" in answer.errors
    assert why("--saml-assertion", encoded, "--role-arn", SAML_ROLE, *world).status == 0


def test_an_attribute_that_aws_may_overlook_is_unknown(tmp_path: Path) -> None:
    document = policy(
        trust(
            {"Federated": PROVIDER},
            "sts:AssumeRoleWithSAML",
            Condition={"StringEquals": {"saml:mail": "a@example.com"}},
        )
    )
    role = {**SAML_DETAIL, "AssumeRolePolicyDocument": document}
    mail = attribute("urn:oid:0.9.2342.19200300.100.1.3", "a@example.com", friendly="mail")
    encoded = base64.b64encode(response(PAIR, SESSION_NAME, mail)).decode()
    world = snapshot(tmp_path, **{**SAML_WORLD, "RoleDetailList": [role]})
    assert why("--saml-assertion", encoded, *IN_TIME, *world).status == 3


# What is refused

REFUSED = [
    (("--web-identity-token", TOKEN, "--caller", "x", *FORM), "leave out --caller"),
    (("--web-identity-token", TOKEN, "--caller-policy", "x", *FORM), "leave out --caller-policy"),
    (("--web-identity-token", TOKEN, *JOB, *FORM), "choose one of --web-identity-token and --git"),
    (("--web-identity-token", TOKEN), "--role-arn is missing"),
    (("--web-identity-token", TOKEN, "--principal-arn", "x", *FORM), "--principal-arn goes with"),
    (("--principal-arn", "x", *FORM), "--principal-arn goes with --saml-assertion"),
    (("--provider-id", "x", *FORM), "--provider-id goes with --web-identity-token"),
    (("--provider-id", "x", "--caller", "y", *FORM), "--provider-id goes with --web-identity-to"),
    (("--provider-id", "x", "--saml-assertion", RESPONSE, *FORM), "--provider-id goes with --we"),
    (("--web-identity-token", TOKEN, "--scenario", "x"), "a scenario holds its own call"),
    (("--web-identity-token", "Bearer", TOKEN, *FORM), "some words belong to no flag"),
    (("--web-identity-token", TOKEN[:-30].replace(".", ":"), *FORM), "no file of that name"),
    (("--web-identity-tokn", TOKEN, *FORM), "No such option"),
    ((f"--web-identity-tokn={TOKEN}", *FORM), "No such option"),
    (("--saml-assertion", RESPONSE[:-9] + "@", *FORM), "no file of that name"),
    (("--saml-assertion", TOKEN, *FORM), "no file of that name"),
    ((*JOB, "branch=main", *FORM), "`branch` is no key (known: actor,"),
    ((*JOB, *FORM, "--time", "noon"), "--time: is not a time"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED, ids=range(len(REFUSED)))
def test_a_mistake_is_one_line_without_the_secret(options: tuple[str, ...], words: str) -> None:
    answer = why(*options)
    assert (answer.status, answer.output) == (2, "")
    assert words in answer.errors
    assert answer.errors.count("\n") == 1
    assert TOKEN[:20] not in answer.errors
    assert RESPONSE[:20] not in answer.errors


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
_TAGS = "https://aws.amazon.com/tags"
_CLAIM = st.sampled_from(["aud", "azp", "sub", "amr", "nbf", "actor", "repository", _TAGS,
                          f"{_TAGS}/principal_tags/team", f"{_TAGS}/transitive_tag_keys",
                          "https://aws.amazon.com/source_identity",
                          "https://aws.amazon.com/roles"])  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(_CLAIM | st.text(), _VALUES, max_size=6), st.sampled_from(["json", "terminal"])
)
@example({"sub": ["a", "b"], "azp": ""}, "json")
def test_whatever_a_token_says_it_is_decided_and_not_shown(
    tmp_path: Path, claims: dict[str, Any], style: str
) -> None:
    whole = {**claims, "iss": f"https://{HOST}", "iat": ISSUED, "exp": EXPIRES}
    token = jwt(whole, signature=b"c2lnbmF0dXJl").decode()
    options = (*FORM, *IN_TIME, *snapshot(tmp_path, condition(actor="alice"), **OIDC))
    answer = why("--web-identity-token", token, *options, "--format", style)
    assert answer.status in (0, 1, 2, 3), answer.errors
    assert not any(part in answer.output + answer.errors for part in token.split("."))


_NAMES = st.sampled_from([f"{AWS}Role", f"{AWS}RoleSessionName", f"{AWS}SessionDuration",
                          f"{AWS}PrincipalTag:team", f"{AWS}TransitiveTagKeys", "mail",
                          f"{AWS}SourceIdentity", "urn:oid:1.3.6.1.4.1.5923.1.1.1.1"])  # fmt: skip
_ATTRIBUTES = st.tuples(_NAMES | st.text().map(quoteattr), st.lists(st.text().map(escape)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_ATTRIBUTES, max_size=4), st.sampled_from(["json", "terminal"]))
def test_whatever_an_assertion_says_it_is_decided_and_not_shown(
    tmp_path: Path, attributes: list[tuple[str, list[str]]], style: str
) -> None:
    named = [attribute(name.strip("\"'"), *values) for name, values in attributes]
    encoded = base64.b64encode(response(PAIR, SESSION_NAME, *named)).decode()
    options = (*IN_TIME, *snapshot(tmp_path, **SAML_WORLD), "--format", style)
    answer = why("--saml-assertion", encoded, "--role-arn", SAML_ROLE, *options)
    assert answer.status in (0, 1, 2, 3), answer.errors
    assert encoded not in answer.output + answer.errors
