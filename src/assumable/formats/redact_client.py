"""The client's set-up under pseudonyms: names and values change, what AWS defines stays."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from assumable.formats.ini import is_shown, lines_of
from assumable.formats.profiles import SECRET_VARIABLES, names_of
from assumable.model.client import Client, Place, Profile, Setting, Settings
from assumable.model.roles_anywhere import SETTING, WORDS, Anywhere, public_words

_AS_IT_IS = frozenset((
    "credential_source", "duration_seconds", "region", "sso_region", "sts_regional_endpoints",
    "sso_registration_scopes", "ignore_configured_endpoint_urls",
))  # fmt: skip
"""Settings whose values are words of AWS, or numbers."""
_NAMES = frozenset((
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
))  # fmt: skip
_PLAIN = frozenset((
    "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_EC2_METADATA_DISABLED",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
))  # fmt: skip
HIDDEN = "hidden"
_FILE = "redacted AWS configuration"
Rename = Callable[[str], str]


def redact_block(block: Mapping[str, Any], rename: Rename) -> dict[str, Any]:
    """`call.client` of a scenario; comments and settings that may be secret are left out."""
    found: dict[str, Any] = {}
    for key, value in block.items():
        match value:
            case str() if key == "profile":
                found[key] = _name(value, rename)
            case str() if key == "process_failure":
                found[key] = HIDDEN
            case str() if key == "keys_of":
                found[key] = rename(value)
            case str():
                found[key] = "\n".join(_lines(value, rename, is_config=key == "config")) + "\n"
            case dict() if key == "environment":
                found[key] = {name: _variable(name, v, rename) for name, v in value.items()}
            case list():
                found[key] = [rename(each) for each in value if isinstance(each, str)]
            case dict():
                found[key] = {rename(name): until for name, until in value.items()}
            case _:
                found[key] = value
    return found


def _lines(text: str, rename: Rename, *, is_config: bool) -> Iterator[str]:
    for line in lines_of(text):
        if line.option:
            value = line.text[line.start : line.end]
            yield f"{line.option} = {_value(line.option, value, rename)}"
            continue
        kind, name = names_of(line.section) if is_config else ("", line.section)
        word = line.section.partition(" ")[0]
        joined = f"{word} {_name(name, rename)}" if kind and " " in line.section else None
        yield f"[{joined or _section(line.section, rename)}]"


def _section(section: str, rename: Rename) -> str:
    """The heading of a section that need not be a profile, with its first word where it has two."""
    word, space, name = section.partition(" ")
    return f"{word}{space}{_name(name, rename)}" if space else _name(section, rename)


def _name(name: str, rename: Rename) -> str:
    """`default` is AWS's own word."""
    return name if name in ("default", "DEFAULT") else rename(name)


def _value(name: str, value: str, rename: Rename) -> str:
    if name in _AS_IT_IS:
        return value
    if name == "source_profile":
        return _name(value, rename)
    if name == SETTING:
        return _helper(value, rename)
    return rename(value) if is_shown(name) else HIDDEN


def _helper(command: str, rename: Rename) -> str:
    """What a helper of IAM Roles Anywhere asks for, which decides; no other command does."""
    public = public_words(command.split())
    if public is None:
        return HIDDEN
    return " ".join(word if word in WORDS else rename(word) for word in public.split())


def _variable(name: str, value: Any, rename: Rename) -> Any:
    if name in _PLAIN or not value or not isinstance(value, str):
        return value
    if name in _NAMES:
        return _name(value, rename)
    return "set" if name in SECRET_VARIABLES else HIDDEN


def redact_client(
    client: Client, rename: Rename, rename_parameters: Callable[[Any], Any]
) -> Client:
    """A set-up that was read on a machine, without the places of its files."""
    profiles = [_profile(profile, rename) for profile in client.profiles.values()]
    others = {
        _section(section, rename): _profile(profile, rename)
        for section, profile in client.other_sections.items()
    }
    return msgspec.structs.replace(
        client,
        profile=None if client.profile is None else _name(client.profile, rename),
        profiles={profile.name: profile for profile in profiles},
        other_sections=others,
        sso_sessions={
            rename(name): _settings(settings, rename)
            for name, settings in client.sso_sessions.items()
        },
        environment={
            name: _variable(name, value, rename) for name, value in client.environment.items()
        },
        sign_ins={rename(name): until for name, until in client.sign_ins.items()},
        missing_files=frozenset(map(rename, client.missing_files)),
        kept=(),
        keys_are="",
        keys_of=rename(client.keys_of),
        process_failure=HIDDEN if client.process_failure else "",
        anywhere=_anywhere(client.anywhere, rename),
        config_file="~/.aws/config",
        credentials_file="~/.aws/credentials",
        asked=None if client.asked is None else rename_parameters(dict(client.asked)),
    )


def _anywhere(known: Anywhere | None, rename: Rename) -> Anywhere | None:
    if known is None:
        return None
    roles = None if known.roles is None else tuple(map(rename, known.roles))
    return msgspec.structs.replace(known, of=_name(known.of, rename), roles=roles)


def _profile(profile: Profile, rename: Rename) -> Profile:
    return Profile(
        name=_section(profile.name, rename),
        config=None if profile.config is None else _settings(profile.config, rename),
        credentials=None if profile.credentials is None else _settings(profile.credentials, rename),
        heading=Place(file=_FILE),
    )


def _settings(settings: Settings, rename: Rename) -> dict[str, Setting]:
    return {
        name: Setting(
            name,
            None if setting.value is None else _value(name, setting.value, rename),
            Place(file=_FILE),
        )
        for name, setting in settings.items()
    }
