"""The flags of `aws sts assume-role` as the API's parameters."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assumable.errors import InputError
from assumable.formats.reading import read_text
from assumable.source import is_text

_TEXTS = {
    "role_arn": "RoleArn", "role_session_name": "RoleSessionName", "external_id": "ExternalId",
    "serial_number": "SerialNumber", "token_code": "TokenCode", "source_identity": "SourceIdentity",
    "policy": "Policy", "target_principal": "TargetPrincipal", "provider_id": "ProviderId",
}  # fmt: skip
PARAMETERS = {
    **{name: flag for flag, name in _TEXTS.items()},
    "DurationSeconds": "duration_seconds", "Tags": "tags",
    "TransitiveTagKeys": "transitive_tag_keys", "PolicyArns": "policy_arns",
    "TaskPolicyArn": "task_policy_arn", "ProvidedContexts": "provided_contexts",
    "WebIdentityToken": "web_identity_token", "SAMLAssertion": "saml_assertion",
    "PrincipalArn": "principal_arn",
}  # fmt: skip
"""The flag of each parameter of AssumeRole and its siblings."""
_TAG = re.compile(r"Key=(?P<key>[^,]*),Value=(?P<value>.*)", re.DOTALL)
_TAG_REVERSED = re.compile(r"Value=(?P<value>[^,]*),Key=(?P<key>.*)", re.DOTALL)


def parameters_from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the flags give, under the API's names."""
    for flag, value in flags.items():
        _refuse_bytes(flag, value)
    found: dict[str, Any] = {
        name: _text(flags[flag]) for flag, name in _TEXTS.items() if flags.get(flag) is not None
    }
    duration = flags.get("duration_seconds")
    if duration is not None:
        found["DurationSeconds"] = (
            int(duration) if re.fullmatch(r"-?[0-9]{1,10}", duration) else duration
        )
    if flags.get("tags"):
        found["Tags"] = [tag for text in flags["tags"] for tag in _tags(text)]
    if flags.get("provided_contexts"):
        found["ProvidedContexts"] = [
            each for text in flags["provided_contexts"] for each in _contexts(text)
        ]
    if flags.get("transitive_tag_keys"):
        found["TransitiveTagKeys"] = list(flags["transitive_tag_keys"])
    if flags.get("task_policy_arn"):
        found["TaskPolicyArn"] = {"arn": flags["task_policy_arn"].removeprefix("arn=")}
    if flags.get("policy_arns"):
        found["PolicyArns"] = [each for text in flags["policy_arns"] for each in _policies(text)]
    return found


def _refuse_bytes(flag: str, value: Any) -> None:
    """InputError when a flag holds bytes that are no text, which Python keeps as surrogates."""
    for text in value if isinstance(value, list | tuple) else [value]:
        if isinstance(text, str) and not is_text(text):
            raise InputError("is not UTF-8 text", "--" + flag.replace("_", "-"))


def _text(value: str) -> str:
    """The value, or what stands in the file when it is a `file://` path, as the CLI has it."""
    return read_text(Path(value.removeprefix("file://"))) if value.startswith("file://") else value


def _tags(text: str) -> list[Any]:
    """A tag in the CLI's shorthand, or a JSON list of them."""
    text = _text(text)
    for shorthand in (_TAG.fullmatch(text), _TAG_REVERSED.fullmatch(text)):
        if shorthand:
            return [{"Key": shorthand["key"], "Value": shorthand["value"]}]
    return _from_json(
        text, InputError(f"`{text}` is not a tag", "--tags", "write Key=team,Value=web")
    )


def _policies(text: str) -> list[Any]:
    """A managed policy by its ARN, in the CLI's shorthand or without it, or a JSON list of them."""
    text = _text(text)
    if not text.startswith(("[", "{")):
        return [{"arn": text.removeprefix("arn=")}]
    return _from_json(text, InputError(f"`{text}` is no JSON", "--policy-arns", "write arn=…"))


def _contexts(text: str) -> list[Any]:
    """A context in the CLI's shorthand, or a JSON list of them; its assertion is not shown."""
    pairs = dict(part.partition("=")[::2] for part in text.split(","))
    if pairs.keys() <= {"ProviderArn", "ContextAssertion"}:
        return [pairs]
    help_text = "write ProviderArn=…,ContextAssertion=…"
    error = InputError("is no provided context", "--provided-contexts", help_text)
    return _from_json(_text(text), error)


def _from_json(text: str, error: InputError) -> list[Any]:
    """The members of a list, or the only one; the error for a text that is no JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise error from None
    return value if isinstance(value, list) else [value]
