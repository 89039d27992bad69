"""Ready-to-run `aws` CLI commands."""

import json
import shlex
from typing import Any

from assumable import arn
from assumable.findings.finding import Row, Target
from assumable.model.call import Call
from assumable.model.policy import Layer

TOKEN_CODE = "000000"  # noqa: S105  # a placeholder for the six digits of the device
_FLAGS = {
    "RoleArn": "--role-arn", "RoleSessionName": "--role-session-name",
    "ExternalId": "--external-id", "SerialNumber": "--serial-number", "TokenCode": "--token-code",
    "DurationSeconds": "--duration-seconds", "SourceIdentity": "--source-identity",
    "Policy": "--policy",
}  # fmt: skip
_APIS = {
    "AssumeRole": "assume-role", "AssumeRoleWithWebIdentity": "assume-role-with-web-identity",
    "AssumeRoleWithSAML": "assume-role-with-saml",
}  # fmt: skip


def assume_role(call: Call, *, code: str = "CODE") -> str:
    """The `aws sts assume-role` command for a call; the MFA code is never written out."""
    words = ["aws", "sts", _APIS[call.api]]
    for name, flag in _FLAGS.items():
        value = call.parameters.get(name)
        if value is None:
            continue
        if name == "TokenCode":
            value = code
        text = json.dumps(value) if isinstance(value, dict | list) else str(value)
        words += [flag, shlex.quote(text)]
    tags = [f"Key={key},Value={value}" for key, value in call.tags.items()]
    if tags:
        words += ["--tags", *map(shlex.quote, tags)]
    if call.transitive_tag_keys:
        words += ["--transitive-tag-keys", *map(shlex.quote, call.transitive_tag_keys)]
    return " ".join(words)


def put_policy(target: Target, document: Any) -> str:
    """The command that saves a policy document where it belongs."""
    text = shlex.quote(json.dumps(document, separators=(", ", ": ")))
    owner = arn.parse(target.arn)
    name = shlex.quote(owner.name) if owner else ""
    if target.layer is Layer.TRUST:
        return f"aws iam update-assume-role-policy --role-name {name} --policy-document {text}"
    if target.policy_arn:
        managed = shlex.quote(target.policy_arn)
        return (
            f"aws iam create-policy-version --policy-arn {managed} --set-as-default "
            f"--policy-document {text}"
        )
    kind = owner.kind if owner else "user"
    return (
        f"aws iam put-{kind}-policy --{kind}-name {name} --policy-name {shlex.quote(target.name)} "
        f"--policy-document {text}"
    )


def set_max_duration(role_arn: str, seconds: int) -> str:
    """The command that raises a role's maximum session duration."""
    name = shlex.quote(role_arn.rpartition("/")[2])
    return f"aws iam update-role --role-name {name} --max-session-duration {seconds}"


def verify(row: Row, call: Call) -> str:
    """The command with which people check one line by hand."""
    role = shlex.quote(call.role_arn.rpartition("/")[2])
    get_role = f"aws iam get-role --role-name {role} --query Role"
    caller = arn.parse(call.caller.arn)
    is_user = caller is not None and caller.kind == "user"
    kind = "user" if is_user else "role"
    parts = call.caller.arn.split("/")
    name = shlex.quote(parts[-1] if is_user else parts[1] if len(parts) > 1 else "")
    return {
        Row.PERMISSION: f"aws iam list-{kind}-policies --{kind}-name {name}; "
        f"aws iam list-attached-{kind}-policies --{kind}-name {name}",
        Row.TRUST: f"{get_role}.AssumeRolePolicyDocument",
        Row.EXTERNAL_ID: f"{get_role}.AssumeRolePolicyDocument.Statement[].Condition",
        Row.MFA: "aws iam list-mfa-devices" if is_user else f"{get_role}.AssumeRolePolicyDocument",
        Row.DURATION: f"{get_role}.MaxSessionDuration",
        Row.ORGANIZATION: "aws organizations list-policies-for-target --filter "
        "SERVICE_CONTROL_POLICY "
        f"--target-id {call.caller_account}",
        Row.CAPS: f"aws iam get-{kind} --{kind}-name {name} --query '*.PermissionsBoundary'",
    }[row]


def create_provider(host: str, audience: str) -> str:
    """The command that registers an OIDC provider."""
    url, client = shlex.quote(f"https://{host}"), shlex.quote(audience)
    return f"aws iam create-open-id-connect-provider --url {url} --client-id-list {client}"


def add_client_id(provider_arn: str, audience: str) -> str:
    """The command that lets an OIDC provider accept one more audience."""
    return (
        "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "
        f"{shlex.quote(provider_arn)} --client-id {shlex.quote(audience)}"
    )
