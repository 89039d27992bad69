"""What the seven lines say where nothing fails them."""

import pytest

from tests.worlds import DEPLOYER, ROLE, A, allow, classic, diagnosed, trust


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        (f"arn:aws:iam::{A}:role/Missing", "no role to judge it on"),
        (f"{ROLE}s", f"{A}: AssumeRolePolicy, statement 1"),
    ],
    ids=["same account", "another"],
)
def test_a_role_that_is_missing_asks_for_nothing(role: str, permission: str) -> None:
    """No trust policy names the caller, nor does one ask for an external ID or MFA."""
    scenario = classic(RoleArn=role)
    (user,) = scenario["accounts"][A]["UserDetailList"]
    user["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Resource"] = f"{ROLE}*"
    rows = [row.summary for row in diagnosed(scenario).checklist]
    assert rows[0] == permission
    assert rows[1] == "there is no such role"
    assert rows[2] == rows[3] == "no role to judge it on"


@pytest.mark.parametrize("trusted", [DEPLOYER, f"arn:aws:iam::{A}:root"])
def test_a_permission_that_asks_for_mfa_is_there(trusted: str) -> None:
    """The line of MFA fails; no line speaks of one account where there are two."""
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    scenario = classic(
        identity=[allow("sts:AssumeRole", ROLE, Condition=with_mfa)],
        trust_statements=[trust({"AWS": trusted}, Condition=with_mfa)],
    )
    permission, _, _, mfa, *_ = diagnosed(scenario).checklist
    wanted = f"{A}: AssumeRolePolicy, statement 1, but for a condition"
    assert (permission.status, permission.summary) == ("pass", wanted)
    assert mfa.status == "fail"
