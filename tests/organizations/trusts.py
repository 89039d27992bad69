"""Trust policies: one function for each kind of trust in `mix.TRUSTS`."""

import random
from collections.abc import Callable
from typing import Any

from tests.organizations import mix
from tests.organizations.names import TOOLING, Names, RoleName, unique_id
from tests.worlds import trust

Statements = list[dict[str, Any]]
GITHUB = "token.actions.githubusercontent.com"


def trust_of(names: Names, role: RoleName, rng: random.Random) -> Statements:
    """The statements of a role's trust policy."""
    return _KINDS[role.kind](names, role, rng)


def saml_provider(account: str, name: str) -> str:
    """The ARN of a SAML provider."""
    return f"arn:aws:iam::{account}:saml-provider/{name}"


def github_provider(account: str) -> str:
    """The ARN of the provider of GitHub's tokens."""
    return f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"


def identity_center(account: str) -> str:
    """The SAML provider that IAM Identity Center makes in every account."""
    return saml_provider(account, f"AWSSSO_{int(account):016x}_DO_NOT_DELETE")


def _root(account: str) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{account}:root"}


def _service(names: Names, role: RoleName, rng: random.Random) -> Statements:
    found = trust({"Service": f"{role.word}.amazonaws.com"})
    if role.word in ("events", "firehose", "states"):
        found["Condition"] = {"StringEquals": {"aws:SourceAccount": role.account}}
    return [found]


def _service_linked(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return [trust({"Service": f"{role.word}.amazonaws.com"})]


def _own_root(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return [trust(_root(role.account))]


def _central_root(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return [trust(_root(names.tooling))]


def _central_role(names: Names, role: RoleName, rng: random.Random) -> Statements:
    found = rng.sample(names.hubs, min(rng.choice((1, 1, 2)), len(names.hubs)))
    return [trust({"AWS": found[0] if len(found) == 1 else found})]


def _role(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return [trust({"AWS": names.any_role(rng, role.place).arn})]


def _user(names: Names, role: RoleName, rng: random.Random) -> Statements:
    place = rng.choice((role.place, TOOLING % len(names.accounts)))
    return [trust({"AWS": names.user_arn(place, rng.randrange(names.size.users))})]


def _organization(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return [_everyone({"StringEquals": {"aws:PrincipalOrgID": names.id}})]


def _org_paths(names: Names, role: RoleName, rng: random.Random) -> Statements:
    below = f"{names.id}/{names.root}/{names.unit(rng.choice(('Workloads', 'Infrastructure')))}/*"
    return [_everyone({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": below}})]


def _everyone(condition: dict[str, Any]) -> dict[str, Any]:
    return trust({"AWS": "*"}, Condition=condition)


def _arn_like(names: Names, role: RoleName, rng: random.Random) -> Statements:
    account = rng.choice((role.account, names.tooling))
    sso = "aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_AdministratorAccess_*"
    wanted = f"arn:aws:iam::{account}:role/{rng.choice((sso, 'deploy-*', 'platform/*'))}"
    return [trust(_root(account), Condition={"ArnLike": {"aws:PrincipalArn": wanted}})]


def _external_id(names: Names, role: RoleName, rng: random.Random) -> Statements:
    wanted = {"sts:ExternalId": f"{role.team}-{rng.getrandbits(32):08x}"}
    return [trust(_root(rng.choice(mix.OUTSIDERS)), Condition={"StringEquals": wanted})]


def _mfa(names: Names, role: RoleName, rng: random.Random) -> Statements:
    condition: dict[str, Any] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    if rng.random() < 0.3:
        condition["NumericLessThan"] = {"aws:MultiFactorAuthAge": "3600"}
    return [trust(_root(rng.choice((role.account, names.tooling))), Condition=condition)]


def _github(names: Names, role: RoleName, rng: random.Random) -> Statements:
    ref = rng.choice(("ref:refs/heads/main", "environment:prod", "*"))
    condition = {
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{GITHUB}:sub": f"repo:acme/{rng.choice(mix.APPS)}:{ref}"},
    }
    provider = {"Federated": github_provider(role.account)}
    return [trust(provider, "sts:AssumeRoleWithWebIdentity", Condition=condition)]


def _saml(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return _signed_in(saml_provider(role.account, "corporate"))


def _identity_center(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return _signed_in(identity_center(role.account))


def _signed_in(provider: str) -> Statements:
    audience = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    actions = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    return [trust({"Federated": provider}, actions, Condition=audience)]


def _deleted(names: Names, role: RoleName, rng: random.Random) -> Statements:
    gone = unique_id(rng, rng.choice(("AROA", "AROA", "AIDA")))
    if rng.random() < 0.5:
        return [trust({"AWS": gone})]
    return [trust({"AWS": [gone, rng.choice(names.hubs)]})]


def _deny(names: Names, role: RoleName, rng: random.Random) -> Statements:
    elsewhere = {"NotIpAddress": {"aws:SourceIp": list(mix.OFFICE)}}
    condition = rng.choice((
        elsewhere,
        elsewhere,
        {"StringNotEquals": {"aws:PrincipalTag/team": role.team}},
        {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{role.account}:role/*"}},
    ))  # fmt: skip
    refused = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    account = rng.choice((role.account, names.tooling))
    return [trust(_root(account)), {**refused, "Condition": condition}]


def _tags(names: Names, role: RoleName, rng: random.Random) -> Statements:
    condition = {"StringEquals": {"aws:PrincipalTag/team": role.team}}
    account = rng.choice((role.account, names.tooling))
    return [trust(_root(account), ["sts:AssumeRole", "sts:TagSession"], Condition=condition)]


def _hub(names: Names, role: RoleName, rng: random.Random) -> Statements:
    return [trust({"Service": "codebuild.amazonaws.com"}), trust(_root(role.account))]


def _stage(names: Names, role: RoleName, rng: random.Random) -> Statements:
    """The stage before, in the account before; the first is trusted to a hub."""
    hop = role.place % (mix.HOPS + 1)
    before = names.role(role.place - 1, role.number).arn if hop else names.hubs[0]
    return [trust({"AWS": before})]


_KINDS: dict[str, Callable[[Names, RoleName, random.Random], Statements]] = {
    "service": _service,
    "service-linked": _service_linked,
    "own-root": _own_root,
    "central-root": _central_root,
    "central-role": _central_role,
    "role": _role,
    "user": _user,
    "organization": _organization,
    "org-paths": _org_paths,
    "arn-like": _arn_like,
    "external-id": _external_id,
    "mfa": _mfa,
    "github": _github,
    "saml": _saml,
    "identity-center": _identity_center,
    "deleted": _deleted,
    "deny": _deny,
    "tags": _tags,
    "hub": _hub,
    "stage": _stage,
}
