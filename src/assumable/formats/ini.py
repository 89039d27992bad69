"""Where the settings of an AWS configuration file stand: its text, line by line.

What a file says is for `formats.profiles`; here are the places, and edits of the text.
"""

import configparser
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from assumable.model.client import Place

SHOWN = frozenset((
    "role_arn", "source_profile", "credential_source", "external_id", "mfa_serial",
    "role_session_name", "duration_seconds", "web_identity_token_file", "region",
    "sts_regional_endpoints", "endpoint_url", "ignore_configured_endpoint_urls",
    "sso_session", "sso_start_url", "sso_region",
    "sso_account_id", "sso_role_name", "sso_registration_scopes", "login_session",
))  # fmt: skip
"""Settings whose values are no secrets; those of all others are never kept."""
OTHERS = frozenset((
    "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token",
    "aws_account_id", "account_id_endpoint_mode", "aws_expiration", "ca_bundle", "cli_auto_prompt",
    "cli_binary_format", "cli_history", "cli_pager", "cli_timestamp_format",
    "credential_process", "defaults_mode", "disable_request_compression",
    "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled", "endpoint_discovery_enabled",
    "max_attempts", "metadata_service_num_attempts", "metadata_service_timeout", "mfa_process",
    "output", "parameter_validation", "request_min_compression_size_bytes", "retry_mode", "s3",
    "s3_disable_multiregion_access_points", "s3_use_arn_region", "sdk_ua_app_id", "services",
    "sigv4a_signing_region_set", "sso_account_name", "tcp_keepalive", "use_dualstack_endpoint",
    "use_fips_endpoint", "x_principal_arn", "x_security_token_expires",
))  # fmt: skip
"""Further settings that SDKs or common tools know.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""
_HEADING = configparser.RawConfigParser.SECTCRE
_OPTION = re.compile(r"(?P<option>.*?)\s*(?:(?P<vi>[=:])\s*(?P<value>.*))?$")
HIDDEN = "…"


class Line(NamedTuple):
    """A heading or a setting of a file."""

    section: str
    option: str
    """In lower case, as every SDK reads it; empty for a heading."""
    number: int
    """The line, from 1."""
    text: str
    start: int
    """Where the value starts, or the heading's name, from 0."""
    end: int
    last: int
    """The last line of a value that goes on below."""


def lines_of(text: str) -> Iterator[Line]:
    """Every heading and setting, in the order of the file; continued lines belong to a value."""
    section, indent, open_line = "", 0, None
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        is_comment = stripped.startswith(("#", ";"))
        depth = len(line) - len(line.lstrip())
        if not stripped or is_comment:
            continue
        if open_line is not None and depth > indent:
            open_line = open_line._replace(last=number)
            continue
        indent = depth
        if open_line is not None:
            yield open_line
            open_line = None
        heading = _HEADING.match(stripped)
        if heading is not None:
            section = heading["header"]
            start = depth + 1
            yield Line(section, "", number, line, start, start + len(section), number)
            continue
        option = _OPTION.match(stripped)
        name = option["option"] if option is not None else ""
        if option is None or not name:
            continue
        value = option["value"] or ""
        start = depth + (option.start("value") if option["value"] is not None else len(stripped))
        open_line = Line(
            section, name.lower(), number, line, start, start + len(value), number
        )  # fmt: skip
    if open_line is not None:
        yield open_line


Locate = Callable[[Line], Place]


def in_file(name: str) -> Locate:
    """Places in a file of its own."""

    def locate(line: Line) -> Place:
        return Place(
            file=name,
            line=line.number,
            column=line.start + 1,
            end=max(line.end, line.start) + 1,
            excerpt=shown(line),
        )

    return locate


def is_shown(name: str) -> bool:
    """Whether the value of a setting may be kept: one of these, however its words are joined."""
    return name in SHOWN or re.sub(r"[^a-z]", "", name) in _JOINED


_JOINED = frozenset(name.replace("_", "") for name in SHOWN)


def shown(line: Line) -> str:
    """The line; the value is left out unless it is known to be no secret."""
    if not line.option or is_shown(line.option):
        return line.text
    return line.text[: line.start] + HIDDEN


def places(text: str, locate: Locate) -> dict[tuple[str, str], Place]:
    """Where each heading (with an empty option) and each setting stands."""
    return {(line.section, line.option): locate(line) for line in lines_of(text)}


def with_settings(
    text: str, sections: Mapping[str, str], name: str, values: Mapping[str, str | None]
) -> str:
    """The text with other settings in the section of a profile; None takes a setting out.

    `sections` says which profile each section is. A profile that has no section gets one.
    """
    rows = text.removesuffix("\n").split("\n") if text else []
    mine = [line for line in lines_of(text) if sections.get(line.section) == name]
    heading = next((line for line in mine if not line.option), None)
    if heading is None:
        title = name if name == "default" else f"profile {name}"
        added = [f"{key} = {value}" for key, value in values.items() if value is not None]
        return "\n".join([*rows, *([""] if rows else []), f"[{title}]", *added, ""])
    present = {line.option: line for line in mine if line.option}
    after = max(line.last for line in mine)
    added = [f"{key} = {value}" for key, value in values.items() if value and key not in present]
    rows[after:after] = added
    for key, line in sorted(present.items(), key=lambda item: -item[1].number):
        if key in values:
            value = values[key]
            rows[line.number - 1 : line.last] = [] if value is None else [f"{key} = {value}"]
    return "\n".join([*rows, ""])
