"""What the reader must be allowed to ask: the least policy for one question, account by account.

The actions and their resource types are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
and the pages beside it.
"""

from collections.abc import Iterator
from typing import Any

from assumable import arn
from assumable.aws.allowed import ALLOWED, COLLECTED
from assumable.engine.chain import hops
from assumable.model.call import Call, RoleCaller, UserCaller

Document = dict[str, Any]
ORGANIZATION = "organization"
"""In the place of an account: its management account, or a delegated administrator."""
_OF_USER = (
    "GetUser", "ListUserPolicies", "GetUserPolicy", "ListAttachedUserPolicies", "ListGroupsForUser",
)  # fmt: skip
_OF_GROUP = ("ListGroupPolicies", "GetGroupPolicy", "ListAttachedGroupPolicies")
_OF_ROLE = ("GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies")
_OF_POLICY = ("GetPolicy", "GetPolicyVersion")
_CENTRAL = frozenset(("ListOrganizationsFeatures",))
"""What IAM tells of the whole organization."""
_OF_LEVELS = (
    "DescribeAccount", "ListParents", "ListPolicies", "ListTargetsForPolicy",
    "ListPoliciesForTarget", "DescribePolicy",
)  # fmt: skip


def read_policies(call: Call) -> dict[str, Document]:
    """The policies with which everything about one call can be read, by account.

    GetCallerIdentity needs no permission; AWS managed policies come with assumable unless they are
    newer than it.
    """
    found: dict[str, list[Document]] = {}
    for hop in hops(call):
        for account, statement in (*_of_caller(hop), *_of_role(hop)):
            statements = found.setdefault(account, [])
            if statement not in statements:
                statements.append(statement)
    for account, statements in found.items():
        statements.append(_statement("organizations", ("DescribeOrganization",), "*"))
        statements.extend(_of_network(call, account))
    found[ORGANIZATION] = [
        _statement("organizations", ("DescribeOrganization", *_OF_LEVELS), "*"),
    ]
    if call.api == "AssumeRoot":
        found[ORGANIZATION].extend(_OF_ROOT)
    return {account: _document(statements) for account, statements in found.items()}


def every_question() -> Document:
    """The policy with which every question about one account can be answered."""
    everything = "*"
    iam = sorted((*_OF_USER, *_OF_GROUP, *_OF_ROLE, *_OF_POLICY, *_OF_PROVIDER.values()))
    return _document(
        [
            _statement("iam", tuple(iam), everything),
            _statement("organizations", ("DescribeOrganization", *_OF_LEVELS), everything),
            *_OF_ROOT,
            _statement("ec2", ("DescribeVpcEndpoints",), everything),
            _statement("account", ("GetRegionOptStatus",), everything),
            _statement("rolesanywhere", tuple(sorted(ALLOWED["rolesanywhere"])), everything),
        ]
    )


def every_account() -> dict[str, Document]:
    """The policies with which `assumable collect` reads.

    They are for the role in each account, and for whoever reads the organization and its own
    account; that one must also be allowed to assume the role.
    """
    reading = [
        _statement(service, tuple(sorted(operations - _CENTRAL)), "*")
        for service, operations in COLLECTED.items()
        if service not in ("sts", "organizations")
    ]
    return {
        "": _document(reading),
        ORGANIZATION: _document(
            [
                *reading,
                _statement("organizations", tuple(sorted(COLLECTED["organizations"])), "*"),
                _statement("iam", tuple(_CENTRAL), "*"),
            ]
        ),
    }


_OF_ROOT: list[Document] = [
    {
        "Effect": "Allow",
        "Action": ["organizations:ListDelegatedAdministrators", "iam:ListOrganizationsFeatures"],
        "Resource": "*",
    }
]
_OF_PROVIDER = {"oidc-provider": "GetOpenIDConnectProvider", "saml-provider": "GetSAMLProvider"}


def _of_caller(call: Call) -> Iterator[tuple[str, Document]]:
    caller, account = call.caller, call.caller_account
    parts = arn.parse(caller.arn)
    if parts is None or not isinstance(caller, UserCaller | RoleCaller):
        return
    home = f"arn:{parts.partition}:iam::{account}"
    if isinstance(caller, UserCaller):
        yield account, _statement("iam", _OF_USER, caller.arn)
        yield account, _statement("iam", _OF_GROUP, f"{home}:group/*")
    else:
        yield account, _statement("iam", _OF_ROLE, *_named(home, caller.role_name))
    managed = (f"{home}:policy/*", f"arn:{parts.partition}:iam::aws:policy/*")
    yield account, _statement("iam", _OF_POLICY, *managed)


def _of_role(call: Call) -> Iterator[tuple[str, Document]]:
    role, provider = arn.parse_role(call.role_arn), arn.parse(call.identity_provider)
    if role is None:
        return
    home = f"arn:{role.partition}:iam::{role.account}"
    yield role.account, _statement("iam", ("GetRole",), *_named(home, role.name))
    if not call.is_signed and provider is not None and provider.account == role.account:
        yield role.account, _statement("iam", (_OF_PROVIDER[provider.kind],), str(provider))


def _of_network(call: Call, account: str) -> Iterator[Document]:
    if call.network.vpc_endpoint is not None:
        yield _statement("ec2", ("DescribeVpcEndpoints",), "*")
    if call.network.region is not None:
        parts = arn.parse(call.role_arn)
        own = f"arn:{parts.partition if parts else 'aws'}:account::{account}:account"
        yield _statement("account", ("GetRegionOptStatus",), own)


def _named(home: str, name: str) -> tuple[str, str]:
    """A role of that name under whatever path: a wrong path is one of the things to find out."""
    return f"{home}:role/{name}", f"{home}:role/*/{name}"


def _statement(service: str, operations: tuple[str, ...], *resources: str) -> Document:
    return {
        "Effect": "Allow",
        "Action": [f"{service}:{operation}" for operation in operations],
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }


def _document(statements: list[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}
