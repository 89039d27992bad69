"""The commands people run: whole, safe to paste, and only where there is one."""

import shlex
from datetime import UTC, datetime
from typing import Any

import pytest

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
