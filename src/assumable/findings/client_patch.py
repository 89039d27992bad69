"""Fixes of the client's set-up as edits of the scenario file, whose texts hold the settings."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assumable.findings.client_fix import changes, is_in_credentials
from assumable.findings.finding import Edit
from assumable.formats.ini import with_settings
from assumable.formats.profiles import names_of, sections_of
from assumable.model.client import Client

_PLACE = "/call/client"


def client_patch(
    edit: Edit, client: Client, document: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """RFC 6902 on the scenario; `document` is its `call.client`."""
    texts = {key: document.get(key, "") for key in ("config", "credentials")}
    parts = {"environment": dict(document.get("environment") or {})}
    parts["sso_tokens"] = dict(document.get("sso_tokens") or {})
    for change in changes(edit):
        match change.part:
            case "profile" if client.chosen_by == "--profile":
                yield {"op": "add", "path": f"{_PLACE}/profile", "value": change.value}
            case "profile":
                parts["environment"][client.chosen_by] = change.value
            case "sign_ins":
                parts["sso_tokens"][change.names[0]] = change.value
            case "environment":
                parts["environment"].pop(change.names[0], None)
            case "headings":
                (name,) = change.names
                texts["config"] = _with_word(texts["config"], name)
            case _:
                profile, setting = change.names
                known = client.profiles.get(profile)
                key = "config"
                if known is not None and is_in_credentials(known, setting):
                    key = "credentials"
                named = {
                    section: (names_of(section).name if key == "config" else section)
                    for section in sections_of(texts[key])
                    if key == "credentials" or names_of(section).kind == "profiles"
                }
                texts[key] = with_settings(texts[key], named, profile, {setting: change.value})
    for key, value in {**texts, **parts}.items():
        if value and value != document.get(key):
            yield {"op": "add", "path": f"{_PLACE}/{key}", "value": value}


def _with_word(text: str, name: str) -> str:
    """The text with the word `profile` in the heading of a section; comments stay as they are."""
    heading = re.compile(rf"^(\s*)\[{re.escape(name)}\]", re.MULTILINE)
    return heading.sub(lambda found: f"{found[1]}[profile {name}]", text, count=1)
