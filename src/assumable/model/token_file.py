"""Profiles that start with a web identity token: what they say, or the environment in their place.

https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html
"""

from typing import NamedTuple

from assumable.model.client import PARAMETERS, Client, Profile, Setting
from assumable.model.client_fault import FaultError, refusal


class Providers(NamedTuple):
    """Which of the things that profiles can describe are looked at."""

    profile: Profile | None
    reads_environment: bool


class Variables:
    """Settings of a web identity, which the environment may say as well."""

    _NAMES = {  # noqa: RUF012  # never changed
        "web_identity_token_file": "AWS_WEB_IDENTITY_TOKEN_FILE",
        "role_session_name": "AWS_ROLE_SESSION_NAME",
        "role_arn": "AWS_ROLE_ARN",
    }

    def __init__(self, given: Providers, client: Client) -> None:
        self.given, self.client = given, client
        self.said: dict[str, Setting] = {}
        """What came from a profile, by the name of the setting."""

    @property
    def settings(self) -> dict[str, Setting]:
        """The same, by parameter."""
        return {of: self.said[name] for of, name in PARAMETERS.items() if name in self.said}

    def value(self, name: str) -> str | None:
        """The variable where there is one, however empty, else the setting."""
        variable = self.client.environment.get(self._NAMES[name])
        if self.given.reads_environment and variable is not None:
            return variable
        profile = self.given.profile
        found = None if profile is None else profile.settings.get(name)
        if found is None:
            return None
        self.said[name] = found
        return found.value


def missing_token(token_file: str, profile: str, read: Variables) -> FaultError:
    """The end of a way whose token is not there."""
    text = f"[Errno 2] No such file or directory: {token_file!r}"
    setting = read.said.get("web_identity_token_file")
    places = () if setting is None else (setting,)
    return refusal("token-missing", "FileNotFoundError", text, profile, places, token_file)
