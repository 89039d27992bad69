"""Ready-to-run `aws` CLI commands."""

import json
import shlex
from typing import Any

from assumable import arn
from assumable.findings.finding import Target
from assumable.model.call import Call
from assumable.model.policy import Layer

TOKEN_CODE = "000000"  # noqa: S105  # a placeholder for the six digits of the device
_FLAGS = {
    "RoleArn": "--role-arn", "RoleSessionName": "--role-session-name", "ExternalId": "--external-id",
    "SerialNumber": "--serial-number", "TokenCode": "--token-code",
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
        return (f"aws iam create-policy-version --policy-arn {managed} --set-as-default "
                f"--policy-document {text}")  # fmt: skip
    kind = owner.kind if owner else "user"
    return (f"aws iam put-{kind}-policy --{kind}-name {name} --policy-name {shlex.quote(target.name)} "
            f"--policy-document {text}")  # fmt: skip


def set_max_duration(role_arn: str, seconds: int) -> str:
    """The command that raises a role's maximum session duration."""
    name = shlex.quote(role_arn.rpartition("/")[2])
    return f"aws iam update-role --role-name {name} --max-session-duration {seconds}"
