"""The commands people run: whole, safe to paste, and only where there is one."""

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from awscli.clidriver import create_clidriver

from assumable.findings import commands
from assumable.findings.finding import Row, Target
from assumable.model.call import (
    Api,
    Call,
    Caller,
    RoleCaller,
    RootCaller,
    SamlCaller,
    ServiceCaller,
    UserCaller,
    WebIdentityCaller,
)  # fmt: skip
from assumable.model.policy import Layer

ROLE = "arn:aws:iam::222222222222:role/team/DeployRole"
USER = UserCaller(arn="arn:aws:iam::111111111111:user/team/deployer")
SESSION = RoleCaller(arn="arn:aws:sts::111111111111:assumed-role/Ci/run-1")
OIDC = WebIdentityCaller(
    claims={"iss": "https://gitlab.com"},
    provider="arn:aws:iam::222222222222:oidc-provider/gitlab.com",
)
SAML = SamlCaller(assertion={}, provider="arn:aws:iam::222222222222:saml-provider/Corp")
SERVICE = ServiceCaller(principal="ec2.amazonaws.com")


def call(caller: Caller = USER, api: Api = "AssumeRole", **parameters: Any) -> Call:
    """A call for the role."""
    return Call(
        api=api,
        caller=caller,
        parameters={"RoleArn": ROLE, **parameters},
        time=datetime(2026, 11, 23, tzinfo=UTC),
    )


def test_a_session_name_is_always_there() -> None:
    """The CLI refuses the command without one."""
    assert commands.assume_role(call()).endswith(" --role-session-name SESSION")
    assert commands.assume_role(call(RoleSessionName="ci")).endswith(" --role-session-name ci")


def test_codes_and_tokens_are_never_written_out() -> None:
    """Placeholders stand for them."""
    sent = call(SerialNumber="arn:aws:iam::111111111111:mfa/deployer", TokenCode="123456")
    assert commands.assume_role(sent).endswith(" --token-code CODE")
    assert "eyJ" not in commands.assume_role(
        call(OIDC, "AssumeRoleWithWebIdentity", WebIdentityToken="eyJ")
    )


def test_web_identity_takes_its_token_from_a_file() -> None:
    """And no flags that this API lacks."""
    sent = call(OIDC, "AssumeRoleWithWebIdentity", RoleSessionName="ci", ExternalId="no")
    assert commands.assume_role(sent) == (
        f"aws sts assume-role-with-web-identity --role-arn {ROLE} --role-session-name ci "
        "--web-identity-token file://TOKEN"
    )


@pytest.mark.parametrize(
    ("caller", "parameters", "principal"),
    [
        (
            SAML,
            {"PrincipalArn": "arn:aws:iam::2:saml-provider/X"},
            "arn:aws:iam::2:saml-provider/X",
        ),
        (SAML, {}, "arn:aws:iam::222222222222:saml-provider/Corp"),
        (SamlCaller(assertion={}), {}, "PROVIDER_ARN"),
    ],
)
def test_saml_names_its_provider(
    caller: SamlCaller, parameters: dict[str, str], principal: str
) -> None:
    """From the parameters, else from the caller; the API takes no session name."""
    assert commands.assume_role(call(caller, "AssumeRoleWithSAML", **parameters)) == (
        f"aws sts assume-role-with-saml --role-arn {ROLE} --principal-arn {principal} "
        "--saml-assertion file://ASSERTION"
    )


AWS_POLICY, PLAIN = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::222222222222:policy/p"
COMMA = "arn:aws:iam::222222222222:policy/team/a,b=c"
CENTER = "arn:aws:iam::aws:contextProvider/IdentityCenter"


@pytest.fixture
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the placeholders of tokens name, and credentials, without which nothing is parsed."""
    monkeypatch.chdir(tmp_path)
    for name in ("TOKEN", "ASSERTION"):
        (tmp_path / name).write_text(f"a {name}")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")


def read_by_aws(command: str) -> Mapping[str, Any]:
    """The parameters that the `aws` program makes of a command, before it sends them."""
    seen: list[Mapping[str, Any]] = []

    def take(params: Mapping[str, Any], **_: Any) -> None:
        seen.append(params)
        raise InterruptedError

    driver = create_clidriver()
    driver.session.register("before-parameter-build.sts.*", take)
    driver.main(["--region", "us-east-1", *shlex.split(command)[1:]])
    return seen[0]


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize(
    ("caller", "api", "own"),
    [
        (USER, "AssumeRole", {"RoleSessionName": "ci"}),
        (
            OIDC,
            "AssumeRoleWithWebIdentity",
            {
                "RoleSessionName": "ci",
                "ProviderId": "www.amazon.com",
                "WebIdentityToken": "a TOKEN",
            },
        ),
        (
            SAML,
            "AssumeRoleWithSAML",
            {"PrincipalArn": SAML.provider, "SAMLAssertion": "a ASSERTION"},
        ),
    ],
)
@pytest.mark.parametrize("arns", [[PLAIN], [AWS_POLICY, PLAIN], [COMMA, PLAIN]])
def test_the_session_asked_for_is_as_narrow_as_the_one_that_was_proved(
    caller: Caller, api: Api, own: dict[str, Any], arns: list[str]
) -> None:
    """Session policies go along, whatever is in their names, and what else the call has."""
    more = {"DurationSeconds": 900, "PolicyArns": [{"arn": each} for each in arns]}
    sent = call(caller, api, Policy='{"Version": "2012-10-17"}', **own, **more)
    assert read_by_aws(commands.assume_role(sent)) == sent.parameters


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize("provider", [CENTER, f"{CENTER},x"])
def test_provided_contexts_go_along_without_what_they_assert(provider: str) -> None:
    """Their providers are no secret."""
    contexts = [{"ProviderArn": provider, "ContextAssertion": "eyJhbGciOi"}]
    command = commands.assume_role(call(RoleSessionName="ci", ProvidedContexts=contexts))
    assert "eyJ" not in command
    shown = {"ProviderArn": provider, "ContextAssertion": "CONTEXT_ASSERTION"}
    assert read_by_aws(command)["ProvidedContexts"] == [shown]


@pytest.mark.parametrize(
    "contexts", ["eyJ", ["eyJ"], {"ContextAssertion": "eyJ"}, [{"ProviderArn": "eyJ"}]]
)
def test_malformed_contexts_are_not_repeated(contexts: Any) -> None:
    """A secret may stand in the wrong place."""
    command = commands.assume_role(call(ProvidedContexts=contexts))
    assert "eyJ" not in command
    assert command.endswith("ProviderArn=CONTEXT_PROVIDER_ARN,ContextAssertion=CONTEXT_ASSERTION")


@pytest.mark.parametrize("arns", ["(undisclosed)", [7], [{"arn": None}], {"arn": PLAIN}])
def test_malformed_policy_arns_stay_in_the_command(arns: Any) -> None:
    """Without them it would ask for more."""
    assert shlex.split(commands.assume_role(call(PolicyArns=arns)))[-2] == "--policy-arns"


def test_root_sessions_take_no_policy_arns() -> None:
    """The CLI refuses them."""
    command = commands.assume_role(call(api="AssumeRoot", PolicyArns=[PLAIN]))
    assert command.startswith("aws sts assume-root ")
    assert "--policy-arns" not in command


def test_a_value_like_a_flag_is_not_read_as_one() -> None:
    """The CLI takes `--external-id -x` for two flags."""
    assert " --external-id=-x" in commands.assume_role(call(ExternalId="-x"))
    assert "--external-id='-x y'" in commands.assume_role(call(ExternalId="-x y"))
    keys = call(Tags=[{"Key": "-a", "Value": "b c"}], TransitiveTagKeys=["-a", "b"])
    assert commands.assume_role(keys).endswith(
        """--tags 'Key=-a,Value=b c' --transitive-tag-keys '["-a", "b"]'"""
    )
    plain = call(TransitiveTagKeys=["a", "b"])
    assert commands.assume_role(plain).endswith("--transitive-tag-keys a b")


def test_values_are_one_word_of_the_shell() -> None:
    """Line breaks too: the command stays on one line."""
    assert shlex.split(commands.assume_role(call(ExternalId="a'; id #")))[-1] == "a'; id #"
    text = commands.assume_role(call(Policy="{\n\t'\\': 1}"))
    assert text.endswith(r"--policy $'{\n\t\'\\\': 1}'")


def test_a_service_has_no_command() -> None:
    """A comment says what happens, in one line whatever the service is called."""
    assert commands.assume_role(call(SERVICE)) == "# then let ec2.amazonaws.com try again"
    odd = ServiceCaller(principal="ec2\nid\u2028x\r\x85y")
    assert len(commands.assume_role(call(odd)).splitlines()) == 1


@pytest.mark.parametrize(
    ("caller", "permission"),
    [(USER, "--user-name deployer"), (SESSION, "--role-name Ci")],
)
def test_principals_are_checked_by_name(caller: Caller, permission: str) -> None:
    """Without the path of a user and without the name of a session."""
    for row in (Row.PERMISSION, Row.CAPS):
        assert permission in commands.verify(row, call(caller))
    assert "list-mfa-devices" in commands.verify(Row.MFA, call(USER))
    assert "get-role" in commands.verify(Row.MFA, call(SESSION))


@pytest.mark.parametrize("caller", [SERVICE, OIDC, SAML], ids=["service", "oidc", "saml"])
def test_callers_without_policies_have_nothing_to_look_up(caller: Caller) -> None:
    """A provider's account is not the caller's either."""
    for row in (Row.PERMISSION, Row.CAPS, Row.ORGANIZATION):
        assert commands.verify(row, call(caller)) == ""
    assert commands.verify(Row.TRUST, call(caller)).startswith("aws iam get-role")


def test_root_has_an_organization_but_no_policies() -> None:
    """It is neither a user nor a role."""
    root = RootCaller(arn="arn:aws:iam::111111111111:root")
    assert commands.verify(Row.PERMISSION, call(root)) == ""
    assert commands.verify(Row.ORGANIZATION, call(root)) == (
        "aws organizations list-policies-for-target --filter SERVICE_CONTROL_POLICY "
        "--target-id 111111111111   "
        "(and each OU above it: aws organizations list-parents --child-id 111111111111)"
    )


@pytest.mark.parametrize("row", [Row.TRUST, Row.EXTERNAL_ID, Row.DURATION, Row.CAPS])
def test_queries_are_quoted(row: Row) -> None:
    """Brackets and stars are patterns of files to a shell."""
    command = commands.verify(row, call())
    query = command[command.index("--query ") :].removeprefix("--query ")
    assert query.startswith("'")
    assert query.endswith("'")


def test_a_policy_is_put_where_it_belongs() -> None:
    """The kind of its owner goes into the command only when it is one."""
    odd = Target(kind="principal", arn="arn:aws:iam::1:$(id)/x", name="p", layer=Layer.IDENTITY)
    assert commands.put_policy(odd, {}).startswith("aws iam put-user-policy --user-name x ")
    group = Target(kind="policy", arn="arn:aws:iam::1:group/ops", name="p", layer=Layer.IDENTITY)
    assert commands.put_policy(group, {}).startswith("aws iam put-group-policy --group-name ops ")
