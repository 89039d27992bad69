"""Which refusal the caller sees when several rules are broken (FACTS section 0), and its words."""

from typing import Any

import pytest

from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, diagnosed, policy, trust

INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"
NOBODY = [trust({"AWS": "333333333333"})]
TWICE = [{"Key": "team", "Value": ""}, {"Key": "Team", "Value": ""}]
SESSION = f"arn:aws:sts::{A}:assumed-role/CI/build"


def seen(scenario: dict[str, Any]) -> tuple[str, int | None, str]:
    """Code, status and message."""
    error = diagnosed(scenario).aws_error
    assert error is not None
    return error.code, error.status, error.message


def called_by(caller: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A call that no trust policy allows, by another caller than usual."""
    scenario = classic(trust_statements=NOBODY, **parameters)
    scenario["call"]["caller"] = caller
    return scenario


def refused(action: str, caller: str = DEPLOYER) -> str:
    """The usual text."""
    return f"User: {caller} is not authorized to perform: {action} on resource: {ROLE}"


EXPIRED_SESSION = {"arn": SESSION, "session": {"expires_at": "2026-11-23T11:59:00Z"}}


def test_expiry_comes_before_the_role_that_issued_the_session() -> None:
    """FACTS section 0, step 3: the role CI is gone as well."""
    assert seen(called_by(EXPIRED_SESSION)) == ("ExpiredToken", 403, EXPIRED)


def test_a_deleted_principal_comes_before_the_parameters() -> None:
    """Step 3 before step 5."""
    assert seen(called_by({"arn": SESSION}, RoleSessionName="a b")) == (
        "InvalidClientTokenId", 403, INVALID,
    )  # fmt: skip


def test_the_client_comes_first_of_all() -> None:
    """Step 0b: nothing is sent, so that nothing is found expired."""
    assert seen(called_by(EXPIRED_SESSION, ExternalId=5))[:2] == ("ParamValidationError", None)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"DurationSeconds": "x", "RoleSessionName": "a b"}, "MalformedInput"),
        ({"RoleSessionName": "a b", "Tags": TWICE}, "ValidationError"),
        ({"Tags": TWICE}, "InvalidParameterValue"),
        ({"Policy": "{"}, "MalformedPolicyDocument"),
    ],
    ids=["unreadable number", "violation", "contradiction", "session policy"],
)  # fmt: skip
def test_parameters_come_before_the_policies(parameters: dict[str, Any], code: str) -> None:
    """Step 5 before step 7."""
    assert seen(classic(trust_statements=NOBODY, **parameters))[:2] == (code, 400)


def test_root_whatever_else_is_wrong() -> None:
    """R1.19, and an MFA code that root cannot send (R5.7)."""
    root = {"arn": f"arn:aws:iam::{A}:root"}
    serial = f"arn:aws:iam::{A}:mfa/root"
    text = "Roles may not be assumed by root accounts."
    scenario = called_by(root, SerialNumber=serial, TokenCode="123456")
    assert seen(scenario) == ("AccessDenied", 403, text)


def test_federation_tokens_read_like_any_refusal() -> None:
    """R1.25; the text is the usual one (FACTS 7.2, item 25)."""
    caller = f"arn:aws:sts::{A}:federated-user/deployer"
    scenario = called_by({"arn": caller})
    assert seen(scenario) == ("AccessDenied", 403, refused("sts:AssumeRole", caller))


def test_a_session_token_may_call() -> None:
    """R1.24, C-1."""
    scenario = classic()
    scenario["call"]["caller"] = {"arn": DEPLOYER, "credentials": "session-token"}
    assert diagnosed(scenario).aws_error is None


WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
NO_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial "
    "number is valid and associated with this user."
)
BOTH = (
    "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code"
)


@pytest.mark.parametrize(
    ("serial", "code", "more", "words"),
    [
        (f"arn:aws:iam::{A}:mfa/deployer", "123456", {"mfa_code": "wrong"}, WRONG_CODE),
        (f"arn:aws:iam::{A}:user/deployer", "123456", {}, NO_DEVICE),
        (f"arn:aws:iam::{B}:mfa/deployer", "123456", {}, NO_DEVICE),
        (f"arn:aws:iam::{A}:mfa/deployer", None, {}, BOTH),
    ],
    ids=["wrong code", "ARN of the user", "device of another account", "no code"],
)  # fmt: skip
def test_mfa_is_judged_before_the_policies(
    serial: str, code: str | None, more: dict[str, Any], words: str
) -> None:
    """FACTS 7.3; the trust policy does not name the caller either."""
    scenario = classic(trust_statements=NOBODY, SerialNumber=serial, TokenCode=code)
    scenario["call"] |= more
    assert seen(scenario) == ("AccessDenied", 403, words)


def test_a_hardware_device_has_a_serial_number_that_is_no_arn() -> None:
    """FACTS section 4: SerialNumber."""
    scenario = classic(SerialNumber="GAHT12345678", TokenCode="123456")
    assert diagnosed(scenario).verdict == "allowed"


def test_set_source_identity_is_named_before_assume_role() -> None:
    """R3.3: it is judged first, so that its name is the one in the text."""
    scenario = classic(trust_statements=NOBODY, SourceIdentity="alice")
    assert seen(scenario) == ("AccessDenied", 403, refused("sts:SetSourceIdentity"))


def test_assume_role_is_named_before_tag_session() -> None:
    """R3.2; the order of these two is open (U-5)."""
    scenario = classic(trust_statements=NOBODY, Tags=[{"Key": "a", "Value": "b"}])
    assert seen(scenario) == ("AccessDenied", 403, refused("sts:AssumeRole"))


def test_policies_come_before_the_roles_maximum() -> None:
    """Step 7 before step 8 (U-2)."""
    assert seen(classic(trust_statements=NOBODY, DurationSeconds=7200))[0] == "AccessDenied"
    assert seen(classic(DurationSeconds=7200)) == (
        "ValidationError", 400,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )  # fmt: skip


def by_token(**parameters: Any) -> dict[str, Any]:
    """A web identity call whose token nothing is wrong with."""
    provider = f"arn:aws:iam::{B}:oidc-provider/idp.example"
    action = "sts:AssumeRoleWithWebIdentity"
    scenario = classic(trust_statements=[trust({"Federated": provider}, action)], **parameters)
    scenario["accounts"][B]["OpenIDConnectProviders"] = [
        {"Arn": provider, "ClientIDList": ["sts.amazonaws.com"]}
    ]
    claims = {"iss": "https://idp.example", "aud": "sts.amazonaws.com", "sub": "job"}
    scenario["call"] |= {"api": action.removeprefix("sts:"), "caller": {"claims": claims}}
    return scenario


def test_federated_callers_get_the_short_text() -> None:
    """FACTS 7.5: neither caller nor role is printed, also when the role does not exist."""
    text = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    scenario = by_token()
    assert diagnosed(scenario).verdict == "allowed"
    del scenario["accounts"][B]["RoleDetailList"]
    assert seen(scenario) == ("AccessDenied", 403, text)
    scenario = by_token()
    scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(*NOBODY)
    assert seen(scenario) == ("AccessDenied", 403, text)


def test_a_role_arn_that_is_none_is_refused_early_in_federated_calls() -> None:
    """FACTS 7.5, as with a policy's ARN in the annotation of a service account."""
    scenario = by_token(RoleArn=f"arn:aws:iam::{B}:policy/Deploy")
    assert seen(scenario) == ("ValidationError", 400, "Request ARN is invalid")
    scenario = classic(RoleArn=f"arn:aws:iam::{B}:user/deployer")
    assert seen(scenario)[0] == "AccessDenied"  # T32


def test_parameters_that_the_api_lacks_are_ignored() -> None:
    """FACTS 4.1: a serial number in a web identity call proves and spoils nothing."""
    assert diagnosed(by_token(SerialNumber="123456789")).verdict == "allowed"


def test_the_token_comes_before_the_policies() -> None:
    """Step 6 before step 7."""
    scenario = by_token()
    scenario["call"]["caller"]["claims"]["aud"] = "other"
    scenario["accounts"][B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(*NOBODY)
    assert seen(scenario) == ("InvalidIdentityToken", 400, "Incorrect token audience")


def test_a_suspended_account_has_no_credentials() -> None:
    """What a closed account held does not work any more."""
    scenario = classic(identity=[allow()])
    root = [{"Id": "r-ab12"}]
    accounts = [
        {"Id": A, "ParentId": "r-ab12", "Status": "SUSPENDED"},
        {"Id": B, "ParentId": "r-ab12"},
    ]
    full = {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": ["r-ab12", A, B]}
    scenario["organization"] = {
        "Id": "o-exampleorgid", "MasterAccountId": "999999999999", "Roots": root,
        "OrganizationalUnits": [], "Accounts": accounts, "Policies": [full],
    }  # fmt: skip
    assert seen(scenario) == ("InvalidClientTokenId", 403, INVALID)
    accounts[0]["Status"] = "ACTIVE"
    assert diagnosed(scenario).verdict == "allowed"
