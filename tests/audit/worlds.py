"""Worlds for the audit: an organization of two accounts, and a role with some trust policy."""

from collections.abc import Mapping
from typing import Any

from assumable.audit.finding import Audit, Finding
from assumable.audit.registry import audit
from assumable.model.world import World
from tests.worlds import NOW, ROLE, A, B, classic, parsed, trust

ORG = "o-exampleorgid"
OUTSIDE = "444444444444"
GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
ROOT = f"arn:aws:iam::{A}:root"
THEIR_ROOT = f"arn:aws:iam::{OUTSIDE}:root"
ADMIN = [
    {
        "PolicyName": "AdministratorAccess",
        "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
    }
]


def organization() -> dict[str, Any]:
    """Both accounts in one organization without policies of its own."""
    return {
        "Id": ORG,
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "Accounts": [{"Id": account, "ParentId": "r-ab12"} for account in (A, B)],
        "Policies": [
            {
                "Id": "p-FullAWSAccess",
                "Type": "SERVICE_CONTROL_POLICY",
                "Targets": ["r-ab12", A, B],
            }
        ],
    }


def scenario(*statements: Any, **more: Any) -> dict[str, Any]:
    """The user deployer, the role DeployRole with these statements; GitHub and a cluster known."""
    found = classic(trust_statements=list(statements))
    found["organization"] = organization()
    found["accounts"][B]["OpenIDConnectProviders"] = [
        {"Arn": provider(issuer), "ClientIDList": ["sts.amazonaws.com"]}
        for issuer in (GITHUB, EKS, "gitlab.com", "app.terraform.io", "oidc.vercel.com")
    ]
    found["accounts"][B]["SAMLProviders"] = [{"Arn": saml()}]
    return {**found, **more}


def provider(issuer: str) -> str:
    return f"arn:aws:iam::{B}:oidc-provider/{issuer}"


def saml() -> str:
    return f"arn:aws:iam::{B}:saml-provider/corporate"


def world(given: Mapping[str, Any]) -> World:
    return parsed(given).world


def audited(given: Mapping[str, Any]) -> Audit:
    return audit(world(given), NOW)


def found(*statements: Any, **more: Any) -> list[Finding]:
    """What is found about DeployRole."""
    return [f for f in audited(scenario(*statements, **more)).findings if f.role == ROLE]


def codes(*statements: Any, **more: Any) -> list[str]:
    return [finding.code for finding in found(*statements, **more)]


def one(*statements: Any, **more: Any) -> Finding:
    """The only finding."""
    (finding,) = found(*statements, **more)
    return finding


def everyone(**condition: Any) -> dict[str, Any]:
    return trust({"AWS": "*"}, **({"Condition": condition} if condition else {}))


def token(issuer: str, **condition: Any) -> dict[str, Any]:
    """A statement for the bearers of tokens, with conditions on claims by their short names."""
    block = {
        operator: {f"{issuer}:{claim}": value for claim, value in keys.items()}
        for operator, keys in condition.items()
    }
    named = issuer if issuer == "accounts.google.com" else provider(issuer)
    more = {"Condition": block} if block else {}
    return trust({"Federated": named}, "sts:AssumeRoleWithWebIdentity", **more)


def github(sub: Any) -> dict[str, Any]:
    """A statement for workflows of these subjects."""
    return token(GITHUB, StringEquals={"aud": "sts.amazonaws.com"}, StringLike={"sub": sub})


def deny(**condition: Any) -> dict[str, Any]:
    return {
        "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": condition,
    }  # fmt: skip


def administrator(given: dict[str, Any]) -> dict[str, Any]:
    """The same with a DeployRole that may do everything."""
    given["accounts"][B]["RoleDetailList"][0]["AttachedManagedPolicies"] = ADMIN
    return given
