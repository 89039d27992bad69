"""What a change looks like in Terraform and in CloudFormation: the resource with its new value.

Only what changes and what names the resource is shown: people merge it into a resource of theirs.
https://developer.hashicorp.com/terraform/language/functions/jsonencode
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

import json
import re
from typing import Any, NamedTuple

from assumable import arn
from assumable.findings.finding import Target
from assumable.formats.writing import pretty
from assumable.model.policy import Layer
from assumable.render.changes import Change

_ORGANIZATION = {Layer.SCP: "SERVICE_CONTROL_POLICY", Layer.RCP: "RESOURCE_CONTROL_POLICY"}
_JSON_ONLY = {"\\b": "\\u0008", "\\f": "\\u000c"}
"""Escapes of JSON that HCL does not have."""
_OIDC = ":oidc-provider/"


class _Resource(NamedTuple):
    """One resource in both languages: its types, the attribute that changes, and its names."""

    terraform: str
    attribute: str
    cloudformation: str
    property: str
    names: tuple[tuple[str, str, Any], ...]
    """Attribute in Terraform, property in CloudFormation, value."""


def terraform(change: Change) -> str:
    """The resource in HCL with its new value; empty where there is no such resource."""
    resource = _resource(change.target)
    if resource is None:
        return ""
    attributes = [(name, _hcl(value)) for name, _, value in resource.names]
    attributes.append((resource.attribute, _hcl_value(change.after)))
    width = max(len(name) for name, _ in attributes)
    label = re.sub(r"[^A-Za-z0-9_-]", "_", _label(change.target))
    lines = [f'resource "{resource.terraform}" "{label}" {{']
    lines += [f"  {name:<{width}} = {value}" for name, value in attributes]
    return "\n".join([*lines, "}"])


def cloudformation(change: Change) -> str:
    """The resource in YAML with its new value; empty where there is no such resource."""
    import yaml

    resource = _resource(change.target)
    if resource is None:
        return ""
    properties = {name: value for _, name, value in resource.names}
    properties[resource.property] = change.after
    logical = re.sub(r"[^A-Za-z0-9]", "", _label(change.target))
    template = {"Resources": {logical: {"Type": resource.cloudformation, "Properties": properties}}}
    # through JSON, so that nothing is shared: YAML would write an alias for it
    text: str = yaml.safe_dump(
        json.loads(json.dumps(template)), sort_keys=False, allow_unicode=True, width=100
    )
    return text.rstrip("\n")


def _label(target: Target) -> str:
    """A name for the resource that both languages take, once other characters are out."""
    owner = arn.parse(target.policy_arn or target.arn)
    name = owner.name if owner else target.policy_arn or target.name or "resource"
    if target.kind == "provider":
        name = target.arn.partition(_OIDC)[2]
    if owner and target.layer is Layer.IDENTITY and not target.policy_arn:
        name = f"{name}_{target.name}"
    return name if name[:1].isalpha() else f"p_{name}"


def _resource(target: Target) -> _Resource | None:
    if target.kind == "provider":
        url = f"https://{target.arn.partition(_OIDC)[2]}"
        return _Resource(
            "aws_iam_openid_connect_provider", "client_id_list",
            "AWS::IAM::OIDCProvider", "ClientIdList", (("url", "Url", url),),
        )  # fmt: skip
    if target.kind == "role":
        return _of_role(target, "max_session_duration", "MaxSessionDuration")
    if target.layer is Layer.TRUST:
        return _of_role(target, "assume_role_policy", "AssumeRolePolicyDocument")
    if target.layer in _ORGANIZATION:
        kind = _ORGANIZATION[target.layer]
        names = (("name", "Name", target.name), ("type", "Type", kind))
        return _Resource(
            "aws_organizations_policy", "content", "AWS::Organizations::Policy", "Content", names
        )
    if target.layer in (Layer.IDENTITY, Layer.BOUNDARY):
        return _managed(target) if target.policy_arn else _inline(target)
    return None


def _of_role(target: Target, attribute: str, name: str) -> _Resource | None:
    owner = arn.parse(target.arn)
    if owner is None:
        return None
    names = (("name", "RoleName", owner.name), ("path", "Path", owner.path))
    return _Resource("aws_iam_role", attribute, "AWS::IAM::Role", name, names)


def _managed(target: Target) -> _Resource | None:
    policy = arn.parse(target.policy_arn)
    if policy is None or policy.account == "aws":
        return None
    names = (("name", "ManagedPolicyName", policy.name), ("path", "Path", policy.path))
    return _Resource("aws_iam_policy", "policy", "AWS::IAM::ManagedPolicy", "PolicyDocument", names)


def _inline(target: Target) -> _Resource | None:
    owner = arn.parse(target.arn)
    if owner is None or owner.kind not in ("user", "role", "group"):
        return None
    kind = owner.kind
    names = (
        ("name", "PolicyName", target.name),
        (kind, f"{kind.capitalize()}Name", owner.name),
    )
    return _Resource(
        f"aws_iam_{kind}_policy", "policy",
        f"AWS::IAM::{kind.capitalize()}Policy", "PolicyDocument", names,
    )  # fmt: skip


def _hcl_value(value: Any) -> str:
    """A policy document through jsonencode; numbers and lists as they are."""
    if not isinstance(value, dict):
        return _hcl(value)
    body = "\n".join(f"  {line}" for line in _literal(pretty(value)).split("\n")).lstrip()
    return f"jsonencode({body})"


def _hcl(value: Any) -> str:
    return _literal(json.dumps(value, ensure_ascii=False))


def _literal(text: str) -> str:
    """JSON as an HCL expression: `${` and `%{` would start a template there."""
    text = re.sub(r"\\.", lambda found: _JSON_ONLY.get(found[0], found[0]), text)
    return text.replace("${", "$${").replace("%{", "%%{")
