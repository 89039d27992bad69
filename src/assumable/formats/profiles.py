"""`~/.aws/config` and `~/.aws/credentials`, read as botocore reads them. Secrets are not kept.

https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

import configparser
import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from assumable.errors import InputError
from assumable.formats.ini import Locate, in_file, is_shown, lines_of, places
from assumable.formats.reading import read_text
from assumable.model.client import Client, KeptSession, Place, Profile, Setting, Settings
from assumable.model.roles_anywhere import SETTING, public_words

MAX_BYTES = 1_000_000
_NAMED_BY = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""In the order in which botocore looks at them."""
SECRET_VARIABLES = frozenset((
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
))  # fmt: skip
VARIABLES = SECRET_VARIABLES | {
    *_NAMED_BY, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CREDENTIAL_FILE",
    "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
}  # fmt: skip
"""The variables of the environment that decide whose credentials are used and where they go."""


class Sheet(NamedTuple):
    """The text of one file, and where its lines stand."""

    text: str
    locate: Locate
    name: str


class _Parsed(NamedTuple):
    """One file: what each section says."""

    sections: dict[str, Settings]
    headings: dict[str, Place]


def read_client(profile: str | None, environ: Mapping[str, str]) -> Client:
    """The set-up of this machine; InputError for a file that botocore could not read either.

    `profile` is what `--profile` names; `environ` are the variables of the environment. A file that
    is not there is empty.
    """
    config = _sheet(environ.get("AWS_CONFIG_FILE", "~/.aws/config"), environ)
    credentials = _sheet(environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"), environ)
    client = client_of(config, credentials, environ, profile=profile)
    sign_ins = dict(_cached_tokens(client, _path("~/.aws/sso/cache", environ)))
    kept = tuple(_kept_sessions(_path("~/.aws/cli/cache", environ)))
    missing = frozenset(file for file in _token_files(client) if _is_missing(Path(file)))
    return msgspec.structs.replace(client, sign_ins=sign_ins, kept=kept, missing_files=missing)


def client_of(
    config: Sheet, credentials: Sheet, environ: Mapping[str, str], *, profile: str | None
) -> Client:
    """The set-up that two files and the environment make; InputError for a file that is none."""
    mine, theirs = _parse(config), _parse(credentials)
    named = {section: names_of(section) for section in mine.sections}
    chosen, by = _chosen(profile, environ)
    return Client(
        profile=chosen,
        chosen_by=by,
        profiles=_profiles(mine, theirs, named),
        sso_sessions={
            found.name: mine.sections[section]
            for section, found in named.items()
            if found.kind == "sso_sessions"
        },
        other_sections={
            section: Profile(
                name=section, config=mine.sections[section], heading=mine.headings[section]
            )
            for section, found in named.items()
            if not found.kind
        },
        environment={
            name: "set" if value and name in SECRET_VARIABLES else value
            for name, value in environ.items()
            if name in VARIABLES
        },
        config_file=config.name,
        credentials_file=credentials.name,
    )


def _chosen(profile: str | None, environ: Mapping[str, str]) -> tuple[str | None, str]:
    if profile is not None:
        return profile, "--profile"
    for name in _NAMED_BY:
        if name in environ:
            return environ[name], name
    return None, ""


class SectionName(NamedTuple):
    """What a section of the config file is: `profiles` or `sso_sessions` and a name, or neither."""

    kind: str
    name: str


def names_of(section: str) -> SectionName:
    """The profile or sso-session that a heading of the config file names, by botocore's rules."""
    from botocore.configloader import build_profile_map

    found = build_profile_map({section: {}})
    for kind in ("profiles", "sso_sessions"):
        for name in found[kind]:
            return SectionName(kind, name)
    return SectionName("", section)


def sections_of(text: str) -> list[str]:
    """The sections of a text that is known to be well-formed."""
    return [line.section for line in lines_of(text) if not line.option]


def _profiles(
    mine: _Parsed, theirs: _Parsed, named: Mapping[str, SectionName]
) -> dict[str, Profile]:
    """Of several sections for one profile the last one counts, as a whole."""
    found: dict[str, Profile] = {}
    for section, settings in mine.sections.items():
        kind, name = named[section]
        if kind == "profiles":
            found[name] = Profile(name=name, config=settings, heading=mine.headings[section])
    for name, settings in theirs.sections.items():
        known = found.get(name)
        found[name] = Profile(
            name=name,
            config=known.config if known is not None else None,
            credentials=settings,
            heading=known.heading if known is not None else theirs.headings[name],
        )
    return found


def _sheet(name: str, environ: Mapping[str, str]) -> Sheet:
    path = _path(name, environ)
    text = read_text(path, limit=MAX_BYTES) if path.is_file() else ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Sheet(text, in_file(str(path)), str(path))


def _path(name: str, environ: Mapping[str, str]) -> Path:
    """The path with variables and `~` put in, as the environment given has them."""
    expanded = re.sub(
        r"\$(?:(\w+)|\{([^}]*)\})", lambda m: environ.get(m[1] or m[2], m[0]), name, flags=re.ASCII
    )
    if expanded == "~" or expanded.startswith("~/"):
        home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111  # a text, not a path
        expanded = home + expanded[1:]
    return Path(expanded)


def _parse(sheet: Sheet) -> _Parsed:
    """A file by `configparser`, as `botocore.configloader.raw_config_parse` uses it."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(sheet.text, sheet.name)
        return _parsed(parser, sheet)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((n for n, _ in _errors(error)), None)
        where = f"{sheet.name}:{line}" if line else sheet.name
        raise InputError(f"no AWS SDK can read it: {_why(error)}", where) from None


def _errors(error: configparser.Error) -> list[tuple[int, str]]:
    return error.errors if isinstance(error, configparser.ParsingError) else []


def _why(error: configparser.Error) -> str:
    """What is wrong, without the line itself, which may hold a secret."""
    match error:
        case configparser.DuplicateSectionError():
            return f"the section [{error.section}] stands twice"
        case configparser.DuplicateOptionError():
            return f"the setting `{error.option}` stands twice in [{error.section}]"
        case configparser.MissingSectionHeaderError():
            return "a setting stands before the first [section]"
        case _:
            return "a line is neither a [section] nor `name = value`"


def _parsed(parser: configparser.RawConfigParser, sheet: Sheet) -> _Parsed:
    where = places(sheet.text, sheet.locate)
    nowhere = Place(file=sheet.name)
    sections: dict[str, Settings] = {}
    headings: dict[str, Place] = {}
    for section in parser.sections():
        headings[section] = where.get((section, ""), nowhere)
        settings: dict[str, Setting] = {}
        for option in parser.options(section):
            inherited = where.get((parser.default_section, option), nowhere)
            place = where.get((section, option), inherited)
            value = parser.get(section, option)
            if value.startswith("\n"):
                _check_nested(value, sheet, place)
                settings[option] = Setting(option, None, place)
            else:
                settings[option] = Setting(option, _kept(option, value), place)
        sections[section] = settings
    return _Parsed(sections, headings)


def _kept(option: str, value: str) -> str | None:
    """The value of a setting as far as it is no secret."""
    if option == SETTING:
        from botocore.compat import compat_shell_split

        with contextlib.suppress(ValueError):  # a quote that is not closed
            return public_words(compat_shell_split(value))
        return None
    return value if is_shown(option) else None


def _check_nested(value: str, sheet: Sheet, place: Place) -> None:
    """Settings below a setting, such as those of `s3`; botocore refuses lines without `=`."""
    if any(line.strip() and "=" not in line for line in value.splitlines()):
        where = sheet.name if place.line is None else f"{place.file}:{place.line}"
        raise InputError(
            "no AWS SDK can read it: an indented line below a setting has no `=`", where
        )


def _cached_tokens(client: Client, cache: Path) -> Iterator[tuple[str, datetime | None]]:
    """Until when each sign-in serves, by sso-session or start URL."""
    names = set(client.sso_sessions)
    for profile in client.profiles.values():
        url = profile.value("sso_start_url")
        if url is not None and "sso_session" not in profile.settings:
            names.add(url)
    for name in sorted(names):
        digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
        yield name, _lasts_until(cache / f"{digest}.json")


def _token_files(client: Client) -> Iterator[str]:
    """The web identity tokens that are named; their paths are taken as they are written."""
    named = [client.environment.get("AWS_WEB_IDENTITY_TOKEN_FILE")]
    named += [profile.value("web_identity_token_file") for profile in client.profiles.values()]
    yield from (file for file in named if file)


def _is_missing(path: Path) -> bool:
    """Whether there is surely no such file; one that may not be looked at is another matter."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _lasts_until(path: Path) -> datetime | None:
    """When a token expires, or the registration with which the client can still renew it."""
    try:
        token: Any = json.loads(read_text(path, limit=MAX_BYTES))
    except (InputError, ValueError):
        return None
    if not isinstance(token, dict) or "accessToken" not in token:
        return None
    moments = [_moment(token.get("expiresAt"))]
    if all(name in token for name in ("refreshToken", "clientId", "clientSecret")):
        moments.append(_moment(token.get("registrationExpiresAt")))
    return max((moment for moment in moments if moment is not None), default=None)


def _kept_sessions(cache: Path) -> Iterator[KeptSession]:
    """What the `aws` command keeps of roles that profiles assume (R9.11); never its keys."""
    for path in sorted(cache.glob("*.json")) if cache.is_dir() else ():
        try:
            kept: Any = json.loads(read_text(path, limit=MAX_BYTES))
            arn, until = kept["AssumedRoleUser"]["Arn"], _moment(kept["Credentials"]["Expiration"])
        except (InputError, ValueError, TypeError, KeyError, RecursionError):
            continue
        if isinstance(arn, str) and until is not None:
            yield KeptSession(arn=arn, until=until, file=str(path))


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text).replace("UTC", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
