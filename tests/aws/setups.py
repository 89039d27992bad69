"""Set-ups of two accounts, in the words of a scenario: built in MiniStack, and called for real."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, policy, trust

READS = allow(["iam:Get*", "iam:List*"])
TRUST_OF_BASE = trust({"AWS": f"arn:aws:iam::{A}:root"}, ["sts:AssumeRole", "sts:TagSession"])

ROOT_OF_A = {"AWS": f"arn:aws:iam::{A}:root"}
BASE = f"arn:aws:iam::{A}:role/Base"
SESSION = f"arn:aws:sts::{A}:assumed-role/Base/work"
INLINE_DENY = policy({"Effect": "Deny", "Action": "*", "Resource": "*"})
TAGS = [{"Key": "team", "Value": "web"}]


class Setup(NamedTuple):
    """One set-up, the answer that AWS gives by its documentation, and why a server may not."""

    name: str
    scenario: Mapping[str, Any]
    allowed: bool
    server_differs: str = ""
    """Why MiniStack answers otherwise; empty where it answers as AWS does."""
    left_open: str = ""
    """What no reader of IAM can know, so that the verdict is conditional; else empty."""


def _deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*", **more}


def _trusting(*statements: Any, **parameters: Any) -> dict[str, Any]:
    return classic(trust_statements=list(statements), **parameters)


def _holding(*statements: Any, **parameters: Any) -> dict[str, Any]:
    return classic(identity=list(statements), **parameters)


def _where(operator: str, key: str, value: Any, principal: Any = None) -> dict[str, Any]:
    """A trust statement with one condition."""
    return trust(principal or {"AWS": DEPLOYER}, Condition={operator: {key: value}})


def _bounded(*statements: Any) -> dict[str, Any]:
    """The classic pair, with a boundary on the caller."""
    scenario = classic()
    account = scenario["accounts"][A]
    arn = f"arn:aws:iam::{A}:policy/Cap"
    account["UserDetailList"][0]["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
    account["Policies"] = [{"PolicyName": "Cap", "Arn": arn, "PolicyDocument": policy(*statements)}]
    return scenario


def _grouped(*statements: Any) -> dict[str, Any]:
    """The caller holds nothing; its group does."""
    scenario = classic(identity=[allow("s3:Get*")])
    account = scenario["accounts"][A]
    account["UserDetailList"][0]["GroupList"] = ["ops"]
    account["GroupDetailList"] = [
        {
            "GroupName": "ops",
            "GroupPolicyList": [{"PolicyName": "OfGroup", "PolicyDocument": policy(*statements)}],
        }
    ]
    return scenario


def _managed(*statements: Any) -> dict[str, Any]:
    """The caller holds nothing inline; a managed policy is attached."""
    scenario = classic(identity=[allow("s3:Get*")])
    account = scenario["accounts"][A]
    arn = f"arn:aws:iam::{A}:policy/Managed"
    account["UserDetailList"][0]["AttachedManagedPolicies"] = [{"PolicyArn": arn}]
    account["Policies"] = [
        {"PolicyName": "Managed", "Arn": arn, "PolicyDocument": policy(*statements)}
    ]
    return scenario


def _same_account(
    principal: Any, *statements: Any, boundary: list[Any] | None = None
) -> dict[str, Any]:
    """Caller and role in one account."""
    scenario = classic(identity=list(statements) or [allow("s3:Get*")])
    role_arn = f"arn:aws:iam::{A}:role/DeployRole"
    account = scenario["accounts"][A]
    account["RoleDetailList"] = [
        {"RoleName": "DeployRole", "AssumeRolePolicyDocument": policy(trust(principal))}
    ]
    del scenario["accounts"][B]
    scenario["call"]["parameters"]["RoleArn"] = role_arn
    if boundary is not None:
        arn = f"arn:aws:iam::{A}:policy/Cap"
        account["UserDetailList"][0]["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
        account["Policies"] = [
            {"PolicyName": "Cap", "Arn": arn, "PolicyDocument": policy(*boundary)}
        ]
    return scenario


def _chained(principal: Any, *statements: Any, **session: Any) -> dict[str, Any]:
    """A session of role Base calls."""
    own = policy(READS, *(statements or [allow(resource=ROLE)]))
    scenario = classic(trust_statements=[trust(principal)])
    scenario["accounts"][A] = {
        "RoleDetailList": [
            {
                "RoleName": "Base",
                "AssumeRolePolicyDocument": policy(TRUST_OF_BASE),
                "RolePolicyList": [{"PolicyName": "Own", "PolicyDocument": own}],
            }
        ]
    }
    scenario["call"]["caller"] = {"arn": SESSION, "session": session}
    return scenario


def _of_role(change: Mapping[str, Any], scenario: dict[str, Any]) -> dict[str, Any]:
    scenario["accounts"][B]["RoleDetailList"][0].update(change)
    return scenario


def _asking(role_arn: str, scenario: dict[str, Any] | None = None) -> dict[str, Any]:
    scenario = scenario or _holding(allow())
    scenario["call"]["parameters"]["RoleArn"] = role_arn
    return scenario


def setups() -> Iterator[Setup]:
    """Every set-up of the matrix."""
    yield from _principals()
    yield from _identities()
    yield from _conditions()
    yield from _caps()
    yield from _attributes()
    yield from _same_accounts()
    yield from _sessions()
    yield from _requests()


def _principals() -> Iterator[Setup]:
    named = {"AWS": DEPLOYER}
    yield Setup("trust names the user", _trusting(trust(named)), allowed=True)
    yield Setup("trust names the account", _trusting(trust(ROOT_OF_A)), allowed=True)
    yield Setup("trust names the account id", _trusting(trust({"AWS": A})), allowed=True)
    yield Setup("trust names everybody", _trusting(trust("*")), allowed=True)
    yield Setup("trust names everybody as AWS", _trusting(trust({"AWS": "*"})), allowed=True)
    yield Setup(
        "trust names another account",
        _trusting(trust({"AWS": f"arn:aws:iam::{B}:root"})),
        allowed=False,
    )
    yield Setup(
        "trust names a service only",
        _trusting(trust({"Service": "ec2.amazonaws.com"})),
        allowed=False,
    )
    yield Setup(
        "trust names the user in a list",
        _trusting(trust({"AWS": [f"arn:aws:iam::{B}:root", DEPLOYER]})),
        allowed=True,
    )
    yield Setup(
        "trust allows another action",
        _trusting(trust(named, "sts:AssumeRoleWithSAML")),
        allowed=False,
    )
    yield Setup("trust allows by a wildcard", _trusting(trust(named, "sts:Assume*")), allowed=True)
    yield Setup(
        "trust action in another case", _trusting(trust(named, "STS:assumerole")), allowed=True
    )
    deny = {"Effect": "Deny", "Principal": ROOT_OF_A, "Action": "sts:*"}
    yield Setup("trust denies the account", _trusting(trust(named), deny), allowed=False)
    elsewhere = {**deny, "Principal": {"AWS": f"arn:aws:iam::{B}:root"}}
    yield Setup("trust denies another account", _trusting(trust(named), elsewhere), allowed=True)


def _identities() -> Iterator[Setup]:
    yield Setup("identity allows nothing", _holding(allow("s3:*")), allowed=False)
    yield Setup("identity allows another role", _holding(allow(resource=f"{ROLE}2")), allowed=False)
    yield Setup(
        "identity allows by a wildcard",
        _holding(allow("sts:*", f"arn:aws:iam::{B}:role/*")),
        allowed=True,
    )
    yield Setup(
        "identity allows by NotAction",
        _holding({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        allowed=True,
    )
    yield Setup(
        "identity leaves it out by NotAction",
        _holding({"Effect": "Allow", "NotAction": "sts:*", "Resource": "*"}),
        allowed=False,
    )
    yield Setup(
        "identity allows by NotResource",
        _holding({"Effect": "Allow", "Action": "sts:*", "NotResource": f"{ROLE}2"}),
        allowed=True,
    )
    yield Setup("identity denies", _holding(allow(), _deny()), allowed=False)
    yield Setup(
        "identity denies another role", _holding(allow(), _deny(Resource=f"{ROLE}2")), allowed=True
    )
    yield Setup("a group allows", _grouped(allow()), allowed=True)
    yield Setup("a group denies", _grouped(allow(), _deny()), allowed=False)
    yield Setup("a managed policy allows", _managed(allow()), allowed=True)
    yield Setup("a managed policy denies", _managed(allow(), _deny()), allowed=False)
    yield Setup(
        "a question mark in the resource", _holding(allow(resource=ROLE[:-1] + "?")), allowed=True
    )


def _conditions() -> Iterator[Setup]:
    id_of = "sts:ExternalId"
    yield Setup(
        "external ID missing", _trusting(_where("StringEquals", id_of, "acme-42")), allowed=False
    )
    yield Setup(
        "external ID different",
        _trusting(_where("StringEquals", id_of, "acme-42"), ExternalId="acme-43"),
        allowed=False,
    )
    yield Setup(
        "external ID in another case",
        _trusting(_where("StringEquals", id_of, "acme-42"), ExternalId="ACME-42"),
        allowed=False,
    )
    yield Setup(
        "external ID right",
        _trusting(_where("StringEquals", id_of, "acme-42"), ExternalId="acme-42"),
        allowed=True,
    )
    yield Setup(
        "one of two external IDs",
        _trusting(_where("StringEquals", id_of, ["acme-41", "acme-42"]), ExternalId="acme-42"),
        allowed=True,
    )
    yield Setup(
        "external ID by pattern",
        _trusting(_where("StringLike", id_of, "acme-*"), ExternalId="acme-42"),
        allowed=True,
    )
    yield Setup(
        "external ID with a star under StringEquals",
        _trusting(_where("StringEquals", id_of, "acme-*"), ExternalId="acme-42"),
        allowed=False,
    )
    yield Setup(
        "principal ARN by condition",
        _trusting(
            _where("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{A}:user/dep*", {"AWS": "*"})
        ),
        allowed=True,
    )
    yield Setup(
        "principal ARN of others by condition",
        _trusting(_where("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{A}:user/x*", {"AWS": "*"})),
        allowed=False,
    )
    yield Setup(
        "principal account by condition",
        _trusting(_where("StringEquals", "aws:PrincipalAccount", A, {"AWS": "*"})),
        allowed=True,
    )
    yield Setup(
        "another principal account by condition",
        _trusting(_where("StringEquals", "aws:PrincipalAccount", B, {"AWS": "*"})),
        allowed=False,
    )
    yield Setup(
        "session name right",
        _trusting(_where("StringEquals", "sts:RoleSessionName", "deploy-session")),
        allowed=True,
    )
    yield Setup(
        "session name wrong",
        _trusting(_where("StringEquals", "sts:RoleSessionName", "ci")),
        allowed=False,
    )
    yield Setup(
        "no MFA at all",
        _trusting(_where("Bool", "aws:MultiFactorAuthPresent", "true")),
        allowed=False,
    )
    yield Setup(
        "a deny unless MFA is false, IfExists",
        _holding(
            allow(), _deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
        ),
        allowed=False,
    )
    yield Setup(
        "an address that is ours",
        _trusting(_where("IpAddress", "aws:SourceIp", "127.0.0.0/8")),
        allowed=True,
        left_open="the address that STS sees",
    )
    yield Setup(
        "an address that is not ours",
        _trusting(_where("IpAddress", "aws:SourceIp", "203.0.113.0/24")),
        allowed=False,
        left_open="the address that STS sees",
    )


def _caps() -> Iterator[Setup]:
    yield Setup("boundary allows", _bounded(allow("*")), allowed=True)
    yield Setup("boundary leaves it out", _bounded(READS), allowed=False)
    yield Setup("boundary denies", _bounded(allow("*"), _deny()), allowed=False)


def _attributes() -> Iterator[Setup]:
    named = {"AWS": DEPLOYER}
    both = ["sts:AssumeRole", "sts:TagSession"]
    yield Setup(
        "tags, trust lacks TagSession",
        classic(trust_statements=[trust(named)], identity=[allow(both)], Tags=TAGS),
        allowed=False,
    )
    yield Setup(
        "tags, identity lacks TagSession",
        classic(trust_statements=[trust(named, both)], Tags=TAGS),
        allowed=False,
        server_differs="it asks for sts:TagSession in the trust policy alone",
    )
    yield Setup(
        "tags, both allow TagSession",
        classic(trust_statements=[trust(named, both)], identity=[allow(both)], Tags=TAGS),
        allowed=True,
    )
    wanted = _where("StringEquals", "aws:RequestTag/team", "web")
    yield Setup("a tag is required and not sent", _trusting(wanted), allowed=False)
    sets = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    yield Setup(
        "source identity, trust lacks SetSourceIdentity",
        classic(trust_statements=[trust(named)], identity=[allow(sets)], SourceIdentity="alice"),
        allowed=False,
        server_differs="it never asks for sts:SetSourceIdentity",
    )
    yield Setup(
        "source identity, both allow it",
        classic(
            trust_statements=[trust(named, sets)], identity=[allow(sets)], SourceIdentity="alice"
        ),
        allowed=True,
    )


def _same_accounts() -> Iterator[Setup]:
    user, account = {"AWS": DEPLOYER}, ROOT_OF_A
    asks_both = "it asks the identity policies even of a user whom the trust policy names"
    yield Setup(
        "same account, user named, no identity policy",
        _same_account(user),
        allowed=True,
        server_differs=asks_both,
    )
    yield Setup(
        "same account, account named, no identity policy", _same_account(account), allowed=False
    )
    yield Setup(
        "same account, account named, identity allows",
        _same_account(account, allow()),
        allowed=True,
    )
    yield Setup(
        "same account, user named, identity denies", _same_account(user, _deny()), allowed=False
    )
    yield Setup(
        "same account, user named, boundary leaves it out",
        _same_account(user, boundary=[READS]),
        allowed=True,
        server_differs=asks_both,
    )


def _sessions() -> Iterator[Setup]:
    session = "what a session carries"
    yield Setup(
        "role session, role named", _chained({"AWS": BASE}), allowed=True, left_open=session
    )
    yield Setup(
        "role session, session named", _chained({"AWS": SESSION}), allowed=True, left_open=session
    )
    yield Setup(
        "role session, another session named", _chained({"AWS": SESSION + "-2"}), allowed=False
    )
    yield Setup("role session, account named", _chained(ROOT_OF_A), allowed=True, left_open=session)
    yield Setup(
        "role session, role lacks the permission",
        _chained({"AWS": BASE}, allow("s3:*")),
        allowed=False,
    )
    yield Setup(
        "role session, session policy leaves it out",
        _chained({"AWS": BASE}, policy=policy(READS)),
        allowed=False,
        left_open="the session policy",
    )
    yield Setup(
        "role session, session policy allows",
        _chained({"AWS": BASE}, policy=policy(READS, allow())),
        allowed=True,
        left_open="the session policy",
    )


def _requests() -> Iterator[Setup]:
    yield Setup("the role does not exist", _asking(f"arn:aws:iam::{B}:role/Nobody"), allowed=False)
    yield Setup(
        "the role in another case", _asking(f"arn:aws:iam::{B}:role/deployrole"), allowed=False
    )
    pathed = _of_role({"Path": "/team/"}, _holding(allow()))
    yield Setup(
        "the path is left out", pathed, allowed=False, server_differs="it looks roles up by name"
    )
    yield Setup(
        "the path is right",
        _asking(
            f"arn:aws:iam::{B}:role/team/DeployRole",
            _of_role({"Path": "/team/"}, _holding(allow())),
        ),
        allowed=True,
    )
    yield Setup(
        "a user instead of a role", _asking(f"arn:aws:iam::{B}:user/DeployRole"), allowed=False
    )
    yield Setup("a duration below the range", classic(DurationSeconds=600), allowed=False)
    yield Setup(
        "a duration over the role's maximum",
        classic(DurationSeconds=7200),
        allowed=False,
        server_differs="it ignores DurationSeconds within the range",
    )
    yield Setup(
        "a duration within the role's maximum",
        _of_role({"MaxSessionDuration": 7200}, classic(DurationSeconds=7200)),
        allowed=True,
    )
    yield Setup(
        "a session policy that denies everything",
        classic(Policy=json.dumps(INLINE_DENY)),
        allowed=True,
    )
