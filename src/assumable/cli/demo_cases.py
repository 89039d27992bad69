"""What the demo breaks, and what it must find."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from assumable.findings.apply import apply, find_policy
from assumable.findings.finding import Fix
from assumable.model.call import Call
from assumable.model.policy import Layer
from assumable.model.world import World

CALLER_ACCOUNT, ROLE_ACCOUNT = "111111111111", "222222222222"
USER, ROLE, READER = "deployer", "DeployRole", "auditor"
USER_ARN = f"arn:aws:iam::{CALLER_ACCOUNT}:user/{USER}"
ROLE_ARN = f"arn:aws:iam::{ROLE_ACCOUNT}:role/{ROLE}"
CALL = {"RoleArn": ROLE_ARN, "RoleSessionName": "deploy-session"}
EXTERNAL_ID = "acme-42"
PERMISSION = "AssumeRolePolicy"
"""The inline policy of the user that the demo breaks and mends."""
HEADLINE = "allowed, unless an SCP or RCP that I could not read denies it"
"""What is left to say once a plan is in place: the embedded AWS shows no organization."""

PolicyDocument = dict[str, Any]


def policy(*statements: Mapping[str, Any]) -> PolicyDocument:
    """A policy document that allows each of the statements."""
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return {"Version": "2012-10-17", "Statement": allowed}


def trust_in(principal: str, **more: Any) -> PolicyDocument:
    """A trust policy for one principal."""
    return policy({"Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **more})


def permission_for(role_arn: str) -> PolicyDocument:
    """The permission to assume one role."""
    return policy({"Action": "sts:AssumeRole", "Resource": role_arn})


READ_IAM = policy({"Action": ["iam:Get*", "iam:List*"], "Resource": "*"})
_WANTS_ID = trust_in(USER_ARN, Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})


class LiveCase(NamedTuple):
    """One way to break the setup, tried against the embedded AWS."""

    title: str
    cause: str
    trust: PolicyDocument = trust_in(USER_ARN)
    permission: PolicyDocument = permission_for(ROLE_ARN)
    parameters: Mapping[str, Any] = CALL


class FileCase(NamedTuple):
    """One way that the embedded AWS cannot play, as a scenario file."""

    title: str
    file: str
    causes: frozenset[str]


LIVE = (
    LiveCase(
        "the trust policy names another principal",
        "trust-principal",
        trust=trust_in(f"arn:aws:iam::{CALLER_ACCOUNT}:user/deploy"),
    ),
    LiveCase(
        "the caller may not call sts:AssumeRole on this role",
        "identity-permission",
        permission=permission_for(f"{ROLE_ARN}-staging"),
    ),
    LiveCase(
        "the trust policy requires an external ID, and none was sent",
        "external-id",
        trust=_WANTS_ID,
    ),
    LiveCase(
        "the trust policy requires an external ID, and another one was sent",
        "external-id",
        trust=_WANTS_ID,
        parameters={**CALL, "ExternalId": "acme-24"},
    ),
)
FILES = (
    FileCase("the trust policy requires MFA, and no code was sent", "mfa.yaml", frozenset({"mfa"})),
    FileCase(
        "the session is asked to last longer than the role permits",
        "duration.yaml",
        frozenset({"duration"}),
    ),
    FileCase(
        "a role session asks another role for more than one hour",
        "chaining.yaml",
        frozenset({"duration"}),
    ),
    FileCase(
        "all five mistakes in one call",
        "all-five.yaml",
        frozenset({"trust-principal", "identity-permission", "external-id", "mfa", "duration"}),
    ),
)


class PolicyEdit(NamedTuple):
    """A document to save: the trust policy of a role, or an inline policy of a user."""

    layer: Layer
    name: str
    document: PolicyDocument


def edits_of(fixes: list[Fix], world: World, call: Call) -> tuple[list[PolicyEdit], Call]:
    """What a plan saves in AWS, each document whole, and the call that it makes afterwards."""
    after, changed_call = apply(fixes, world, call)
    edits: dict[tuple[Layer, str], PolicyEdit] = {}
    for fix in fixes:
        layer, name = fix.target.layer or Layer.IDENTITY, fix.target.name
        edited = find_policy(after, fix.target) if fix.target.kind == "policy" else None
        if edited is not None:
            edits[layer, name] = PolicyEdit(layer, name, edited.document)
        elif fix.target.kind == "principal":
            edits[layer, name] = PolicyEdit(layer, name, fix.edit[0]["value"])
    return list(edits.values()), changed_call
