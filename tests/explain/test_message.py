"""Error texts as people paste them: who, what, which layer, and what they can mean."""

import pytest

from assumable.findings.registry import CAUSES
from assumable.formats.message import Message, by_prior, kind_of_call, parse_message, priors

CALLER = "arn:aws:iam::111111111111:user/deployer"
ROLE = "arn:aws:iam::222222222222:role/DeployRole"
DENIED = f"User: {CALLER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
WITHOUT_CHECK = {"region", "client-config", "propagation"}


def parsed(text: str) -> Message:
    message = parse_message(text)
    assert message is not None
    return message


@pytest.mark.parametrize(
    "text",
    [
        DENIED,
        f"An error occurred (AccessDenied) when calling the AssumeRole operation: {DENIED}",
        f"botocore.exceptions.ClientError: An error occurred (AccessDenied) …: {DENIED}\n",
        f"AccessDenied: {DENIED}\n\tstatus code: 403, request id: 7a1c",
        f"api error AccessDenied: {DENIED}, aborting",
        f"<Error><Code>AccessDenied</Code><Message>{DENIED}</Message></Error>",
        f'{{"errorCode": "AccessDenied", "errorMessage": "{DENIED}"}}',
        f"{DENIED} (Service: AWSSecurityTokenService; Status Code: 403)",
        DENIED.replace(" on resource", "\n   on resource"),
    ],
)
def test_denial_names_caller_action_and_role(text: str) -> None:
    message = parsed(text)
    assert (message.code, message.status) == ("AccessDenied", 403)
    assert (message.caller, message.action) == (CALLER, "sts:AssumeRole")
    assert message.role == ROLE


def test_text_without_suffix_blames_no_layer() -> None:
    message = parsed(DENIED)
    assert message.layer == ""
    assert {"trust-principal", "role-not-found", "identity-permission", "scp"} <= {*message.causes}
    assert {"duration", "parameter", "root-caller"} <= {*message.rules_out}


@pytest.mark.parametrize(
    ("suffix", "layer", "cause"),
    [
        (
            "because no role trust policy allows the sts:AssumeRole action",
            "trust",
            "trust-principal",
        ),
        (
            "because the role trust policy allows the sts:AssumeRole action",
            "trust",
            "trust-principal",
        ),
        ("with an explicit deny in the role trust policy", "trust", "trust-explicit-deny"),
        (
            "because no identity-based policy allows the sts:AssumeRole action",
            "identity",
            "identity-permission",
        ),
        (
            "with an explicit deny in an identity-based policy: arn:aws:iam::111111111111:policy/Deny",
            "identity",
            "identity-explicit-deny",
        ),
        (
            "because no permissions boundary allows the sts:AssumeRole action",
            "boundary",
            "permissions-boundary",
        ),
        (
            "because no session policy allows the sts:AssumeRole action",
            "session-policy",
            "session-policy",
        ),
        (
            (
                "with an explicit deny in a service control policy: arn:aws:organizations::999999999999:policy/"
                "o-exampleorgid/service_control_policy/p-deny1234"
            ),
            "scp",
            "scp",
        ),
        ("because no service control policy allows the sts:AssumeRole action", "scp", "scp"),
        ("with an explicit deny in a resource control policy", "rcp", "rcp"),
        (
            "because no VPC endpoint policy allows the sts:AssumeRole action",
            "vpc-endpoint",
            "vpc-endpoint-policy",
        ),
    ],
)
def test_suffix_names_the_layer(suffix: str, layer: str, cause: str) -> None:
    message = parsed(f"{DENIED} {suffix}. Go to https://console.aws.amazon.com/… for details")
    assert (message.layer, message.causes[0]) == (layer, cause)
    assert message.role == ROLE


def test_resource_based_wording_may_point_to_the_wrong_side() -> None:
    message = parsed(f"{DENIED} because no resource-based policy allows the sts:AssumeRole action")
    assert message.layer == "trust"
    assert "identity-permission" in message.causes
    assert "R7.7" in message.meaning


def test_role_trust_wording_without_resource() -> None:
    text = f"User: {CALLER} is not authorized to perform: sts:AssumeRole because no role trust policy allows the sts:AssumeRole action"  # noqa: E501  # as AWS prints it
    message = parsed(text)
    assert (message.role, message.layer) == ("", "trust")


@pytest.mark.parametrize(
    ("text", "code", "status", "cause"),
    [
        ("Roles may not be assumed by root accounts.", "AccessDenied", 403, "root-caller"),
        (
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            "AccessDenied",
            403,
            "mfa",
        ),
        (
            (
                "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial "
                "number is valid and associated with this user."
            ),
            "AccessDenied",
            403,
            "mfa",
        ),
        (
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "ValidationError",
            400,
            "duration",
        ),
        (
            (
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
                "chaining."
            ),
            "ValidationError",
            400,
            "duration",
        ),
        (
            (
                "1 validation error detected: Value '60' at 'durationSeconds' failed to satisfy constraint: Member "
                "must have value greater than or equal to 900"
            ),
            "ValidationError",
            400,
            "duration",
        ),
        (
            (
                "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member "
                "must satisfy regular expression pattern: [\\w+=,.@-]*"
            ),
            "ValidationError",
            400,
            "parameter",
        ),
        ("DeployRole-in-production is invalid", "ValidationError", 400, "parameter"),
        (
            (
                "STS is not activated in this region for account:222222222222. Your account administrator can "
                "activate STS in this region using the IAM Console."
            ),
            "RegionDisabledException",
            403,
            "region",
        ),
        (
            "The security token included in the request is expired",
            "ExpiredToken",
            403,
            "credentials",
        ),
        (
            "The security token included in the request is invalid",
            "InvalidClientTokenId",
            403,
            "credentials",
        ),
        (
            "Token expired: current date/time 1700000100 must be before the expiration date/time1700000000",
            "ExpiredTokenException",
            400,
            "credentials",
        ),
        (
            "No OpenIDConnect provider found in your account for https://gitlab.com",
            "InvalidIdentityToken",
            400,
            "identity-provider",
        ),
        ("Incorrect token audience", "InvalidIdentityToken", 400, "identity-provider"),
        (
            "The target role ARN is not present in the roles claim of the identity token",
            "InvalidIdentityToken",
            400,
            "web-identity-claim",
        ),
        (
            "Specified provider doesn't exist (service: AWSOpenIdDiscoveryService; status code: 400)",
            "InvalidIdentityToken",
            400,
            "identity-provider",
        ),
        ("Unable to locate credentials", "", 0, "client-config"),
        (
            "The role defined for the function cannot be assumed by Lambda.",
            "",
            0,
            "service-principal",
        ),
    ],
)
def test_other_texts(text: str, code: str, status: int, cause: str) -> None:
    message = parsed(text)
    assert (message.code, message.status, message.causes[0]) == (code, status, cause)


def test_web_identity_denial_rules_out_the_provider_and_the_callers_side() -> None:
    message = parsed("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert (message.caller, message.role) == ("", "")
    assert message.causes[0] == "web-identity-claim"
    assert {"identity-provider", "identity-permission", "scp"} <= {*message.rules_out}


def test_companion_action_comes_first() -> None:
    message = parsed(DENIED.replace("sts:AssumeRole", "sts:TagSession"))
    assert by_prior(message)[0] == ("session-tags", 9)


def test_tags_come_last_when_the_text_names_the_main_action() -> None:
    assert {cause for cause, _ in by_prior(parsed(DENIED))[-2:]} == {
        "session-tags",
        "source-identity",
    }


def test_causes_are_ordered_by_their_priors() -> None:
    ranked = by_prior(parsed(DENIED))[:-2]
    assert ranked[0] == ("trust-principal", 29)
    assert [count for _, count in ranked] == sorted((count for _, count in ranked), reverse=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DENIED, "AssumeRole"),
        ("Not authorized to perform sts:AssumeRoleWithSAML", "AssumeRoleWithSAML"),
        ("The role defined for the function cannot be assumed by Lambda.", "service"),
        ("The config profile (dev) could not be found", "client-config"),
    ],
)
def test_kind_of_call(text: str, kind: str) -> None:
    assert kind_of_call(parsed(text)) == kind
    assert kind in priors()


def test_priors_are_those_of_241_failures_and_name_known_causes() -> None:
    assert sum(sum(counts.values()) for counts in priors().values()) == 241
    assert {cause for counts in priors().values() for cause in counts} <= {*CAUSES} | WITHOUT_CHECK


def test_every_cause_of_every_text_is_known() -> None:
    from assumable.formats import message as module

    for known in module._TEXTS:
        assert {*known.causes} <= {*CAUSES} | WITHOUT_CHECK
    for action in (
        "AssumeRole",
        "AssumeRoleWithWebIdentity",
        "AssumeRoleWithSAML",
        "TagSession",
        "SetSourceIdentity",
        "SetContext",
        "AssumeRoot",
    ):
        causes, out = module._causes(f"sts:{action}")
        assert {*causes, *out} <= {*CAUSES} | WITHOUT_CHECK
        assert not {*causes} & {*out}


@pytest.mark.parametrize(
    "text", ["", "hello", "User: x is not authorized to perform: s3:GetObject"]
)
def test_unknown_text(text: str) -> None:
    assert parse_message(text) is None


def test_long_text_is_cut_before_it_is_searched() -> None:
    assert parse_message("x" * 1_000_000 + DENIED) is None
