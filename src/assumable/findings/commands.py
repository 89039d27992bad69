"""Ready-to-run `aws` CLI commands."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from assumable import arn
from assumable.findings.finding import Row, Target
from assumable.model.call import Call, SamlCaller, ServiceCaller, UserCaller
from assumable.model.client import Client
from assumable.model.policy import Layer
from assumable.model.routed import hop_behind

TOKEN_CODE = "000000"  # noqa: S105  # a placeholder for the six digits of the device
LIST_DEVICES = "aws iam list-mfa-devices"
_UNSIGNED = {"RoleArn": "--role-arn", "DurationSeconds": "--duration-seconds", "Policy": "--policy"}
_FLAGS = {
    "AssumeRole": {
        "RoleArn": "--role-arn", "RoleSessionName": "--role-session-name",
        "ExternalId": "--external-id", "SerialNumber": "--serial-number",
        "TokenCode": "--token-code", "DurationSeconds": "--duration-seconds",
        "SourceIdentity": "--source-identity", "Policy": "--policy",
    },
    "AssumeRoleWithWebIdentity": {
        **_UNSIGNED, "RoleSessionName": "--role-session-name", "ProviderId": "--provider-id",
    },
    "AssumeRoleWithSAML": {**_UNSIGNED, "PrincipalArn": "--principal-arn"},
    "AssumeRoot": {
        "TargetPrincipal": "--target-principal", "TaskPolicyArn": "--task-policy-arn",
        "DurationSeconds": "--duration-seconds",
    },
}  # fmt: skip
_APIS = {
    "AssumeRole": "assume-role", "AssumeRoleWithWebIdentity": "assume-role-with-web-identity",
    "AssumeRoleWithSAML": "assume-role-with-saml", "AssumeRoot": "assume-root",
}  # fmt: skip
# What stands for a value that is secret or not said: people put their own in its place.
_PLACEHOLDERS = {
    "RoleSessionName": "SESSION", "PrincipalArn": "PROVIDER_ARN",
    "TargetPrincipal": "ACCOUNT", "TaskPolicyArn": "TASK_POLICY_ARN",
}  # fmt: skip
_CONTEXT = {"ProviderArn": "CONTEXT_PROVIDER_ARN", "ContextAssertion": "CONTEXT_ASSERTION"}
_BEARER = {
    "AssumeRole": [],
    "AssumeRoot": [],
    "AssumeRoleWithWebIdentity": ["--web-identity-token", "file://TOKEN"],
    "AssumeRoleWithSAML": ["--saml-assertion", "file://ASSERTION"],
}
# What means nothing else in the shorthand of the CLI.
_PLAIN = re.compile(r"[A-Za-z0-9_:/+=.@()*-]+")
_WHITE_SPACE_COUNTS = (Layer.SCP, Layer.RCP, Layer.VPC_ENDPOINT, Layer.SESSION)
# Line breaks may stand in a session policy; a quoted one would break the line of the command.
_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "'": "\\'"})


def assume_role(call: Call) -> str:
    """The `aws sts assume-ro…` command for a call; codes and tokens are never written out.

    A service makes its calls itself: for one this is a comment that says so.
    """
    if isinstance(call.caller, ServiceCaller):
        # in one line whatever its name is: a comment ends where the line does
        return f"# then let {' '.join(call.caller.principal.split())} try again"
    words = ["aws", "sts", _APIS[call.api], *_parameters(call), *_BEARER[call.api]]
    if call.api != "AssumeRoot":
        words += _policy_arns(call)
    if call.api == "AssumeRole":
        words += (*_tags(call), *_contexts(call))
    return " ".join(words)


def _parameters(call: Call) -> Iterator[str]:
    for name, flag in _FLAGS[call.api].items():
        value = call.parameters.get(name)
        if value is None and name == "PrincipalArn" and isinstance(call.caller, SamlCaller):
            value = call.caller.provider
        if value is None:
            value = _PLACEHOLDERS.get(name)
        if value is None:
            continue
        if name == "TokenCode":
            value = "CODE"
        if name == "TaskPolicyArn":
            value = f"arn={call.task_policy_arn or value}"
        text = json.dumps(value) if isinstance(value, dict | list) else str(value)
        if text.startswith("-"):  # on its own it would be read as the next flag
            yield f"{flag}={_quoted(text)}"
        else:
            yield from (flag, _quoted(text))


def _policy_arns(call: Call) -> Iterator[str]:
    given = call.parameters.get("PolicyArns")
    if given:
        entries = given if isinstance(given, list) else [given]
        yield "--policy-arns"
        yield from _members(
            [entry if isinstance(entry, dict) else {"arn": entry} for entry in entries]
        )


def _contexts(call: Call) -> Iterator[str]:
    """What they assert is a secret, and so may be whatever stands in the wrong place."""
    given = call.parameters.get("ProvidedContexts")
    if given:
        entries = given if isinstance(given, list) else [given]
        said = [entry.get("ProviderArn") if isinstance(entry, dict) else None for entry in entries]
        providers = [{"ProviderArn": each} if _is_arn(each) else {} for each in said]
        yield "--provided-contexts"
        yield from _members([_CONTEXT | provider for provider in providers])


def _is_arn(value: Any) -> bool:
    return isinstance(value, str) and arn.parse(value) is not None


def _members(entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The members of a list, as people write them; in JSON where a value would not survive that."""
    values = [value for entry in entries for value in entry.values()]
    if all(isinstance(value, str) and _PLAIN.fullmatch(value) for value in values):
        for entry in entries:
            yield _quoted(",".join(f"{key}={value}" for key, value in entry.items()))
    else:
        yield _quoted(json.dumps(entries))


def _tags(call: Call) -> Iterator[str]:
    if call.tags:
        yield "--tags"
        yield from (_quoted(f"Key={key},Value={value}") for key, value in call.tags.items())
    keys = call.transitive_tag_keys
    if keys:
        yield "--transitive-tag-keys"
        flags = any(key.startswith("-") for key in keys)
        yield from [_quoted(json.dumps(keys))] if flags else map(_quoted, keys)


def _quoted(text: str) -> str:
    """The text as one word of a shell, on one line."""
    if any(character in text for character in "\n\r\t"):
        return f"$'{text.translate(_BREAKS)}'"
    return shlex.quote(text)


def _document(document: Any, layer: Layer | None) -> str:
    """A policy document in a command; without white space where that counts towards its quota."""
    separators = (",", ":") if layer in _WHITE_SPACE_COUNTS else (", ", ": ")
    return _quoted(json.dumps(document, separators=separators))


def configure_set(name: str, value: str, profile: str) -> str:
    """The command that writes a setting into a profile."""
    return f"aws configure set {name} {_quoted(value)}{_with_profile(profile)}"


def choose_profile(client: Client, name: str) -> str:
    """How the profile is chosen, in the way in which it was."""
    if client.is_explicit:
        return f"aws sts get-caller-identity --profile {_quoted(name)}"
    return f"export {client.chosen_by}={_quoted(name)}"


def sso_login(profile: str) -> str:
    """The command that signs in to IAM Identity Center."""
    return f"aws sso login{_with_profile(profile)}"


def _with_profile(name: str) -> str:
    return "" if name == "default" else f" --profile {_quoted(name)}"


def calls(made: Sequence[Call]) -> list[str]:
    """The commands that make the hops of a call: one each, but for those that a profile makes.

    The client makes these by itself, for any command with that profile.
    """
    found: list[str] = []
    for call in made:
        client = call.client
        if client is None:
            found.append(assume_role(call))
        elif hop_behind(call) is None:  # made with the credentials of the profile
            found.append(assume_role(call) + _with_profile(client.profile_name))
        elif call is made[-1]:
            found.append(f"aws sts get-caller-identity{_with_profile(client.profile_name)}")
    return found


def get_session_token(serial: str) -> str:
    """The command that gets credentials of the same user with MFA in them (R5.3)."""
    return f"aws sts get-session-token --serial-number {_quoted(serial)} --token-code CODE"


def put_policy(target: Target, document: Any) -> str:
    """The command that saves a policy document where it belongs."""
    text = _document(document, target.layer)
    owner = arn.parse(target.arn)
    name = _quoted(owner.name) if owner else ""
    if target.layer in (Layer.SCP, Layer.RCP):
        policy = _quoted(target.policy_arn or target.name)
        return f"aws organizations update-policy --policy-id {policy} --content {text}"
    if target.layer is Layer.VPC_ENDPOINT:
        endpoint = _quoted(target.arn)
        return f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint} --policy-document {text}"
    if target.layer is Layer.SESSION and not target.policy_arn:
        return f"# start the caller's session again, with --policy {text}"
    if target.layer is Layer.TRUST:
        return f"aws iam update-assume-role-policy --role-name {name} --policy-document {text}"
    if target.policy_arn:
        managed = _quoted(target.policy_arn)
        return (
            f"aws iam create-policy-version --policy-arn {managed} --set-as-default "
            f"--policy-document {text}"
        )
    kind = owner.kind if owner and owner.kind in ("role", "group") else "user"
    return (
        f"aws iam put-{kind}-policy --{kind}-name {name} --policy-name {_quoted(target.name)} "
        f"--policy-document {text}"
    )


def delete_version(policy_arn: str, version: str) -> str:
    """The command that deletes a version of a managed policy."""
    named = f"--policy-arn {_quoted(policy_arn)} --version-id {_quoted(version)}"
    return f"aws iam delete-policy-version {named}"


def put_in_permission_set(document: Any) -> tuple[str, str]:
    """The commands that save the inline policy of a permission set and bring it to its roles."""
    text = _document(document, Layer.IDENTITY)
    named = "--instance-arn INSTANCE_ARN --permission-set-arn PERMISSION_SET_ARN"
    return (
        f"aws sso-admin put-inline-policy-to-permission-set {named} --inline-policy {text}",
        f"aws sso-admin provision-permission-set {named} --target-type ALL_PROVISIONED_ACCOUNTS",
    )


def attach_scp(level: str, name: str, document: Any) -> str:
    """The command that makes a service control policy and attaches it to a level."""
    text = _document(document, Layer.SCP)
    return (
        "aws organizations attach-policy "
        f"--target-id {_quoted(level)} --policy-id $(aws organizations create-policy "
        f"--type SERVICE_CONTROL_POLICY --name {_quoted(name)} --description {_quoted(name)} "
        f"--content {text} --query Policy.PolicySummary.Id --output text)"
    )


def in_region(command: str, region: str) -> str:
    """The same command, sent to the endpoint of a Region also by old versions of the CLI."""
    return f"AWS_STS_REGIONAL_ENDPOINTS=regional {command} --region {_quoted(region)}"


def set_max_duration(role_arn: str, seconds: int) -> str:
    """The command that raises a role's maximum session duration."""
    name = _quoted(role_arn.rpartition("/")[2])
    return f"aws iam update-role --role-name {name} --max-session-duration {seconds}"


def verify(row: Row, call: Call) -> str:
    """The command with which people check one line by hand, empty where there is none."""
    if call.api == "AssumeRoot":
        return _verify_root(row, call)
    if call.caller.arn == arn.NOBODY and row in (Row.PERMISSION, Row.ORGANIZATION, Row.CAPS):
        return ""
    role = _quoted(call.role_arn.rpartition("/")[2])
    get_role = f"aws iam get-role --role-name {role} --query 'Role."
    has_device = isinstance(call.caller, UserCaller)
    return {
        Row.PERMISSION: _list_policies(call),
        Row.TRUST: f"{get_role}AssumeRolePolicyDocument'",
        Row.EXTERNAL_ID: f"{get_role}AssumeRolePolicyDocument.Statement[].Condition'",
        Row.MFA: LIST_DEVICES if has_device else f"{get_role}AssumeRolePolicyDocument'",
        Row.DURATION: f"{get_role}MaxSessionDuration'",
        Row.ORGANIZATION: _list_scps(call),
        Row.CAPS: _get_boundary(call),
    }[row]


def _verify_root(row: Row, call: Call) -> str:
    """The same of AssumeRoot, which asks no role for anything."""
    features = "aws iam list-organizations-features"
    delegated = "list-delegated-administrators --service-principal iam.amazonaws.com"
    return {
        Row.PERMISSION: _list_policies(call),
        Row.ORGANIZATION: f"{features}; aws organizations {delegated}",
        Row.CAPS: _get_boundary(call),
    }.get(row, "")


def _named(call: Call) -> tuple[str, str]:
    """`user` or `role`, and its quoted name; empty for callers without policies of their own."""
    if not call.has_identity_side:
        return "", ""
    parts = call.caller.arn.split("/")
    if isinstance(call.caller, UserCaller):
        return "user", _quoted(parts[-1])  # its path comes first
    return "role", _quoted(parts[1] if len(parts) > 1 else "")


def _list_policies(call: Call) -> str:
    kind, name = _named(call)
    if not kind:
        return ""
    return (
        f"aws iam list-{kind}-policies --{kind}-name {name}; "
        f"aws iam list-attached-{kind}-policies --{kind}-name {name}"
    )


def _get_boundary(call: Call) -> str:
    kind, name = _named(call)
    if not kind:
        return ""
    return f"aws iam get-{kind} --{kind}-name {name} --query '*.PermissionsBoundary'"


def _list_scps(call: Call) -> str:
    if not call.is_signed or not call.caller_account:  # a provider's account is not the caller's
        return ""
    account = _quoted(call.caller_account)
    return (
        "aws organizations list-policies-for-target --filter SERVICE_CONTROL_POLICY "
        f"--target-id {account}   "
        f"(and each OU above it: aws organizations list-parents --child-id {account})"
    )


def create_provider(host: str, audience: str) -> str:
    """The command that registers an OIDC provider."""
    url, client = _quoted(f"https://{host}"), _quoted(audience)
    return f"aws iam create-open-id-connect-provider --url {url} --client-id-list {client}"


def add_client_id(provider_arn: str, audience: str) -> str:
    """The command that lets an OIDC provider accept one more audience."""
    return (
        "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "
        f"{_quoted(provider_arn)} --client-id {_quoted(audience)}"
    )
