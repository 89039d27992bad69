"""Small worlds with a chain: user/deployer → role/CI → role/DeployRole; it passes by default."""

from typing import Any

from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

CI = f"arn:aws:iam::{A}:role/CI"
EVERYTHING = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


def chained(
    *,
    first: dict[str, Any] | None = None,
    hop: Any = CI,
    ci_trusts: list[Any] | None = None,
    ci_may: list[Any] | None = None,
    trusts: list[Any] | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """A scenario; `hop` is the only member of `call.chain`, `parameters` are the last hop's."""
    named = [trust({"AWS": DEPLOYER}, EVERYTHING)] if ci_trusts is None else ci_trusts
    may = [allow(EVERYTHING, ROLE)] if ci_may is None else ci_may
    target = [trust({"AWS": CI}, EVERYTHING)] if trusts is None else trusts
    own = [{"PolicyName": "AssumeRolePolicy", "PolicyDocument": policy(*may)}]
    return {
        "scenario": 1,
        "accounts": {
            A: {
                "UserDetailList": [{"UserName": "deployer"}],
                "RoleDetailList": [
                    {
                        "RoleName": "CI",
                        "RoleId": "AROAEXAMPLECI0000000",
                        "AssumeRolePolicyDocument": policy(*named),
                        "RolePolicyList": own,
                    }
                ],
            },
            B: {
                "RoleDetailList": [
                    {
                        "RoleName": "DeployRole",
                        "MaxSessionDuration": 43_200,
                        "AssumeRolePolicyDocument": policy(*target),
                    }
                ]
            },
        },
        "call": {
            "api": "AssumeRole",
            "caller": {"arn": DEPLOYER} if first is None else first,
            "chain": [hop],
            "parameters": {"RoleArn": ROLE, "RoleSessionName": "deploy-session", **parameters},
        },
    }
