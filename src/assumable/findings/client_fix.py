"""Fixes of the client's own set-up: a setting, the profile that is chosen, a sign-in.

What they edit is a document of the form `{profile: NAME, settings: {PROFILE: {NAME: VALUE}},
sign_ins: {NAME: TIME}, headings: {SECTION: "profile"}, environment: {NAME: VALUE}}`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from assumable.findings import commands
from assumable.findings.finding import CALLER, Edit, Fix, Safety, Target
from assumable.formats.ini import HIDDEN
from assumable.model.call import Call
from assumable.model.client import PARAMETERS, Client, Place, Profile, Setting
from assumable.model.routed import hop_behind
from assumable.source import escape, unescape

ENVIRONMENT_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
OPENS = "nothing: only your own configuration changes"
SIGN_IN = timedelta(hours=8)
"""How long a token of IAM Identity Center lasts unless somebody says otherwise.

https://docs.aws.amazon.com/singlesignon/latest/userguide/configure-user-session.html
"""


def set_in_profile(
    client: Client,
    profile: str,
    values: Mapping[str, str | None],
    fix_id: str,
    title: str,
    *,
    safety: Safety = "safe",
) -> Fix:
    """A fix that writes settings into a profile; None as a value takes a setting out."""
    known = client.profiles.get(profile)
    settings = known.settings if known is not None else {}
    edit: list[dict[str, Any]] = []
    steps: list[str] = []
    for name, value in values.items():
        path = f"/settings/{escape(profile)}/{escape(name)}"
        if value is not None:
            edit.append({"op": "add", "path": path, "value": value})
            written = commands.configure_set(name, value, profile)
            if known is not None and is_in_credentials(known, name):  # which `aws` leaves as it is
                written = f"# write {name} = {value} in {_where(settings[name].place)}"
            steps.append(written)
        elif name in settings:
            edit.append({"op": "remove", "path": path})
            steps.append(f"# take {name} out of {_where(settings[name].place)}")
    return _fix(fix_id, title, tuple(edit), tuple(steps), safety, _diff(client, profile, values))


def choose_profile(client: Client, name: str, fix_id: str, title: str) -> Fix:
    """A fix that names another profile."""
    edit: Edit = ({"op": "add", "path": "/profile", "value": name},)
    return _fix(fix_id, title, edit, (commands.choose_profile(client, name),))


def make_profile(client: Client, section: str, fix_id: str, title: str) -> Fix:
    """A fix that puts the word `profile` into the heading of a section."""
    edit: Edit = ({"op": "add", "path": f"/headings/{escape(section)}", "value": "profile"},)
    heading = client.other_sections[section].heading
    file = heading.file
    diff = f"--- {file}\n+++ {file}\n-[{section}]\n+[profile {section}]"
    return _fix(fix_id, title, edit, (f"# in {_where(heading)} write [profile {section}]",),
                diff=diff)  # fmt: skip


def sign_in(profile: str, name: str, now: datetime, fix_id: str, title: str) -> Fix:
    """A fix that gets a new token from IAM Identity Center."""
    until = (now + SIGN_IN).isoformat()
    edit: Edit = ({"op": "add", "path": f"/sign_ins/{escape(name)}", "value": until},)
    return _fix(fix_id, title, edit, (commands.sso_login(profile),))


def unset_keys(client: Client, fix_id: str, title: str) -> Fix:
    """A fix that takes access keys out of the environment."""
    names = [name for name in ENVIRONMENT_KEYS if name in client.environment]
    edit = tuple({"op": "remove", "path": f"/environment/{escape(name)}"} for name in names)
    return _fix(fix_id, title, edit, (f"unset {' '.join(names)}",))


def as_setting(call: Call, fix_id: str, title: str, values: Mapping[str, Any]) -> Fix | None:
    """A change of parameters as a change of the profile that sends them.

    None where no profile sends them, or where one of them has no setting.
    """
    hop = hop_behind(call)
    if hop is None or call.client is None or hop.profile not in call.client.profiles:
        return None
    if hop.api != "AssumeRole" or hop.by_certificate:
        return None
    if values.keys() - PARAMETERS.keys() - {"TokenCode"}:
        return None
    settings = {
        PARAMETERS[name]: None if value is None else str(value)
        for name, value in values.items()
        if name != "TokenCode"
    }
    return set_in_profile(call.client, hop.profile, settings, fix_id, title)


def _fix(
    fix_id: str,
    title: str,
    edit: Edit,
    steps: tuple[str, ...],
    safety: Safety = "safe",
    diff: str = "",
) -> Fix:
    return Fix(
        id=fix_id,
        title=title,
        owner=CALLER,
        safety=safety,
        target=Target(kind="client"),
        edit=edit,
        diff=diff,
        commands=steps,
        opens=OPENS,
    )


def _where(place: Place) -> str:
    return place.file if place.line is None else f"{place.file}:{place.line}"


def _diff(client: Client, profile: str, values: Mapping[str, str | None]) -> str:
    """The lines that change, below the heading of the profile."""
    known = client.profiles.get(profile)
    file = known.heading.file if known is not None else client.config_file
    heading = known.heading.excerpt.strip() if known is not None else ""
    lines = [f"--- {file}", f"+++ {file}", f" {heading or _title(profile)}"]
    settings = known.settings if known is not None else {}
    for name, value in values.items():
        if name in settings:
            before = settings[name]
            lines.append(f"-{before.place.excerpt.strip() or f'{name} = {before.value or HIDDEN}'}")
        if value is not None:
            lines.append(f"+{name} = {value}")
    return "\n".join(lines)


def _title(profile: str) -> str:
    return "[default]" if profile == "default" else f"[profile {profile}]"


class Change(msgspec.Struct, frozen=True):
    """One step of an edit: which part, of what, and its new value."""

    part: str
    names: tuple[str, ...]
    value: Any
    """None where it is taken out."""


def changes(edit: Edit) -> Iterator[Change]:
    """The steps of an edit."""
    for op in edit:
        part, *names = (unescape(token) for token in op["path"].split("/")[1:])
        yield Change(part, tuple(names), op.get("value"))


def edited(client: Client, edit: Edit) -> Client:
    """The set-up with an edit applied."""
    for change in changes(edit):
        match change.part:
            case "profile":
                client = msgspec.structs.replace(client, profile=change.value)
            case "sign_ins":
                until = datetime.fromisoformat(change.value)
                sign_ins = {**client.sign_ins, change.names[0]: until}
                client = msgspec.structs.replace(client, sign_ins=sign_ins)
            case "environment":
                left = {k: v for k, v in client.environment.items() if k not in change.names}
                client = msgspec.structs.replace(client, environment=left)
            case "headings":
                (section,) = change.names
                profiles = {**client.profiles, section: client.other_sections[section]}
                client = msgspec.structs.replace(client, profiles=profiles)
            case _:
                name, setting = change.names
                client = _with_setting(client, name, setting, change.value)
    return client


def _with_setting(client: Client, name: str, setting: str, value: str | None) -> Client:
    fresh = Profile(name=name, config={}, heading=Place(file=client.config_file))
    profile = client.profiles.get(name, fresh)
    in_credentials = is_in_credentials(profile, setting)
    file = client.credentials_file if in_credentials else client.config_file
    before = (profile.credentials if in_credentials else profile.config) or {}
    after = {key: item for key, item in before.items() if key != setting}
    if value is not None:
        after[setting] = Setting(setting, value, Place(file=file))
    changed = (
        msgspec.structs.replace(profile, credentials=after)
        if in_credentials
        else msgspec.structs.replace(profile, config=after)
    )
    return msgspec.structs.replace(client, profiles={**client.profiles, name: changed})


def is_in_credentials(profile: Profile, setting: str) -> bool:
    """Whether a setting stands in the credentials file, where it counts."""
    return setting in (profile.credentials or {})
