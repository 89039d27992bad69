"""What users and roles are granted: one function for each kind of grant in `mix.GRANTS`."""

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.organizations import mix
from tests.organizations.mix import drawn
from tests.organizations.names import Names, RoleName
from tests.worlds import allow, policy

AWS = "arn:aws:iam::aws:policy/"
_AWS_MANAGED = {
    "administrator": "AdministratorAccess",
    "power-user": "PowerUserAccess",
    "read-only": "ReadOnlyAccess",
}
_WORK = ("s3", "logs", "sqs", "dynamodb", "kms", "ecr", "ssm", "cloudwatch")


class Held(NamedTuple):
    """The policies of one user, group or role."""

    inline: dict[str, dict[str, Any]]
    attached: list[str]


def grant(kind: str, names: Names, place: int, rng: random.Random) -> Held:
    """A grant of that kind, for somebody of the account at that place."""
    inline: dict[str, dict[str, Any]] = {}
    attached: list[str] = []
    if kind in _AWS_MANAGED:
        attached.append(AWS + _AWS_MANAGED[kind])
    elif kind in mix.MANAGED and rng.random() < mix.MANAGED_SHARE:
        attached.append(shared_arn(names.accounts[place], kind))
    elif kind in _DOCUMENTS:
        inline[f"assume-{kind}"] = policy(*_DOCUMENTS[kind](names, place, rng))
    if kind == "nothing" or rng.random() < mix.INLINE_SHARE:
        inline["daily-work"] = policy(_work(names.accounts[place], rng))
    return Held(inline, attached)


def role_grant(names: Names, role: RoleName, rng: random.Random) -> Held:
    """What a role is granted."""
    if role.kind == "service-linked":
        return Held({}, [f"{AWS}aws-service-role/{mix.SERVICE_LINKED[role.word][1]}"])
    if role.kind == "identity-center":
        return grant(mix.PERMISSION_SETS[role.word], names, role.place, rng)
    if role.kind == "hub":
        return grant(mix.HUBS[role.word], names, role.place, rng)
    if role.kind == "stage":
        return _stage(names, role)
    held = grant(drawn(rng, mix.GRANTS), names, role.place, rng)
    if role.kind == "service":
        held.attached.append(AWS + rng.choice(mix.SERVICE_POLICIES))
    return held


def _stage(names: Names, role: RoleName) -> Held:
    """A stage may go on to the next one, in the next account; the last one works."""
    following = role.place + 1
    if role.place % (mix.HOPS + 1) == mix.HOPS or following == len(names.accounts):
        return Held({}, [AWS + "PowerUserAccess"])
    target = names.role(following, role.number).arn
    return Held({"next-stage": policy(allow(resource=target))}, [])


def shared_arn(account: str, kind: str) -> str:
    """The policy of an account that grants that."""
    return f"arn:aws:iam::{account}:policy/platform/assume-{kind}"


def shared(names: Names, place: int, rng: random.Random) -> Mapping[str, dict[str, Any]]:
    """The managed policies of an account, by ARN: grants, and boundaries that many have."""
    account = names.accounts[place]
    found = {
        shared_arn(account, kind): policy(*_DOCUMENTS[kind](names, place, rng))
        for kind in sorted(mix.MANAGED)
    }
    return found | {boundary_arn(account, name): policy(*rows) for name, rows in _CAPS.items()}


def boundary_arn(account: str, name: str) -> str:
    """The boundary policy of an account that has that name."""
    return f"arn:aws:iam::{account}:policy/boundary-{name}"


def any_boundary(account: str, rng: random.Random) -> str:
    """One of the boundaries of an account."""
    return boundary_arn(account, rng.choice(list(_CAPS)))


def _work(account: str, rng: random.Random) -> dict[str, Any]:
    services = rng.sample(_WORK, rng.randint(1, 3))
    bucket = f"arn:aws:s3:::{rng.choice(mix.APPS)}-{rng.choice(mix.STAGES)}-{account}"
    return allow([f"{name}:*" for name in services], rng.choice(("*", [bucket, f"{bucket}/*"])))


def _exact(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    found = [names.any_role(rng, place).arn for _ in range(rng.randint(1, 4))]
    return [allow(resource=found[0] if len(found) == 1 else found)]


def _wildcard(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    names_of = ("deploy-*", "pipeline-*")
    return [allow(resource=[f"arn:aws:iam::*:role/{name}" for name in names_of])]


def _account(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    account = rng.choice((names.accounts[place], rng.choice(names.accounts)))
    path = rng.choice(("*", "*", "platform/*", "audit-*", "operate-*"))
    return [allow(["sts:AssumeRole", "sts:TagSession"], f"arn:aws:iam::{account}:role/{path}")]


def _star(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    return [allow(rng.choice(("sts:AssumeRole", "sts:AssumeRole*", "sts:*")))]


def _office(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    return [allow(Condition={"IpAddress": {"aws:SourceIp": list(mix.OFFICE)}})]


def _not_resource(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    spared = [f"arn:aws:iam::{names.accounts[0]}:role/*", "arn:aws:iam::*:role/admin-*"]
    return [{"Effect": "Allow", "Action": "sts:AssumeRole", "NotResource": spared}]


def _tags(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    return [allow(["sts:AssumeRole", "sts:TagSession"], Condition=same)]


def _denied(names: Names, place: int, rng: random.Random) -> list[dict[str, Any]]:
    spared = ["arn:aws:iam::*:role/admin-*", f"arn:aws:iam::{names.tooling}:role/*"]
    return [allow("*"), {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": spared}]


_DOCUMENTS: dict[str, Callable[[Names, int, random.Random], list[dict[str, Any]]]] = {
    "exact": _exact,
    "wildcard": _wildcard,
    "account": _account,
    "star": _star,
    "office": _office,
    "not-resource": _not_resource,
    "tags": _tags,
    "denied": _denied,
}
_CAPS: dict[str, list[dict[str, Any]]] = {
    "developer": [
        allow([f"{name}:*" for name in _WORK]),
        allow("sts:AssumeRole", "arn:aws:iam::*:role/deploy-*"),
    ],
    "workload": [
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"},
    ],
    "no-escalation": [
        allow("*"),
        {
            "Effect": "Deny",
            "Action": ["iam:*", "sts:AssumeRole"],
            "Resource": "arn:aws:iam::*:role/admin-*",
        },
    ],
}
