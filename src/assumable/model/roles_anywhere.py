"""Credentials by IAM Roles Anywhere: what a profile asks for, and what AWS says of it (R9.9).

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/credential-helper.html
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from assumable import arn

ROLES_ANYWHERE = "rolesanywhere.amazonaws.com"
HELPER = ("aws_signing_helper", "credential-process")
SETTING = "credential_process"
_FLAGS = {
    "--role-arn": "role_arn",
    "--profile-arn": "profile_arn",
    "--trust-anchor-arn": "anchor_arn",
    "--role-session-name": "session_name",
}
WORDS = frozenset((*HELPER, *_FLAGS))
State = Literal["enabled", "disabled", "absent"]


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What the helper asks for in the name of its certificate, which is not looked at."""

    role_arn: str
    profile_arn: str
    anchor_arn: str
    session_name: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """Those of AssumeRole, as the service sends them."""
        name = {"RoleSessionName": self.session_name} if self.session_name else {}
        return {"RoleArn": self.role_arn, **name}


class Anywhere(msgspec.Struct, frozen=True, kw_only=True):
    """What AWS has under the two ARNs; None where it was not read."""

    of: str
    """The profile of the client that names them."""
    profile: State | None = None
    roles: tuple[str, ...] | None = None
    takes_session_name: bool | None = None
    anchor: State | None = None


def public_words(words: Sequence[str]) -> str | None:
    """The command of a helper without what may be secret; None for any other command."""
    if len(words) < len(HELPER) or words[1] != HELPER[1]:
        return None
    program = words[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    if program != HELPER[0]:
        return None
    return " ".join([*HELPER, *(f"{flag} {value}" for flag, value in _given(words).items())])


def certificate_in(command: str | None) -> Certificate | None:
    """What such a command asks for; None where it lacks something, or names another thing."""
    words = (command or "").split()
    if tuple(words[: len(HELPER)]) != HELPER:
        return None
    given = {_FLAGS[flag]: value for flag, value in _given(words).items()}
    try:
        found = Certificate(**given)
    except TypeError:
        return None
    named = [arn.parse(text) for text in (found.profile_arn, found.anchor_arn)]
    is_whole = all(each is not None and each.service == "rolesanywhere" for each in named)
    return found if is_whole and arn.parse_role(found.role_arn) is not None else None


def _given(words: Sequence[str]) -> dict[str, str]:
    """The last value of each flag, as `--flag value` or `--flag=value`."""
    found: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag in _FLAGS:
            found[flag] = value if equals else following
    return found
