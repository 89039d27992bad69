"""How the AWS client is set up: profiles, the environment, sign-ins. Never a secret among them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from assumable.model.roles_anywhere import Anywhere

PARAMETERS = {
    "RoleArn": "role_arn",
    "RoleSessionName": "role_session_name",
    "ExternalId": "external_id",
    "SerialNumber": "mfa_serial",
    "DurationSeconds": "duration_seconds",
}
"""The setting that each parameter of AssumeRole comes from."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something stands: lines and columns count from 1, the end is exclusive."""

    file: str
    line: int | None = None
    column: int | None = None
    end: int | None = None
    excerpt: str = ""
    """That line, with the value of a setting that may be secret left out."""


class Setting(msgspec.Struct, frozen=True):
    """One setting of a profile or of an sso-session."""

    name: str
    value: str | None
    """None where the value is not kept, since it may be a secret, or is no text."""
    place: Place


Settings = Mapping[str, Setting]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile, which either file may describe, or both."""

    name: str
    config: Settings | None = None
    """From the config file; None when it has no such profile."""
    credentials: Settings | None = None
    """From the credentials file."""
    heading: Place
    """The line with its name, in the config file where it stands in both."""

    @property
    def settings(self) -> dict[str, Setting]:
        """Those of both files: where both have one, that of the credentials file counts."""
        return {**(self.config or {}), **(self.credentials or {})}

    def value(self, name: str) -> str | None:
        """The value of a setting; None when it is not set, or not kept."""
        found = self.settings.get(name)
        return None if found is None else found.value


class KeptSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that the `aws` command keeps for later commands, without its keys."""

    arn: str
    until: datetime
    file: str


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """What an AWS SDK on this machine reads before it makes its first request."""

    profile: str | None = None
    """The profile that was chosen; None when nobody chose one, so that `default` is used."""
    chosen_by: str = ""
    """`--profile`, or the variable of the environment that names the profile."""
    profiles: Mapping[str, Profile] = msgspec.field(default_factory=dict)
    sso_sessions: Mapping[str, Settings] = msgspec.field(default_factory=dict)
    other_sections: Mapping[str, Profile] = msgspec.field(default_factory=dict)
    """Sections of the config file that are no profile, such as `[prod]` without `profile`."""
    environment: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The variables that matter; keys and tokens only as `set`."""
    sign_ins: Mapping[str, datetime | None] = msgspec.field(default_factory=dict)
    """By sso-session or start URL: until when its cached token serves, renewals included; None
    when there is no token. Of those that are not listed nothing is known."""
    missing_files: frozenset[str] = frozenset()
    """Web identity token files that are named, and are not there."""
    kept: tuple[KeptSession, ...] = ()
    """What is in `~/.aws/cli/cache`; empty where nobody looked."""
    keys_are: str = ""
    """Whose keys the environment holds, or how AWS refuses them; empty where it was not asked."""
    keys_of: str = ""
    """The ARN of the same; empty where it is not known."""
    keys_fail: bool = False
    """Whether AWS refuses them."""
    as_meant: bool = False
    """Whether `asked` is decided as made with the profile's credentials, though keys of the
    environment come before them."""
    config_file: str = "~/.aws/config"
    credentials_file: str = "~/.aws/credentials"
    asked: Mapping[str, Any] | None = None
    """The parameters of a call that is made with the profile's credentials; None where the last
    hop of the profile itself is asked about."""
    process_failure: str = ""
    """How the `credential_process` of the profile failed; empty where it did not, or never ran."""
    anywhere: Anywhere | None = None
    """Set where a certificate gets no session, so that its own request is the first hop."""
    hop: int = 1
    """Which hop of the client's way a call is, where one call stands for one hop."""

    @property
    def profile_name(self) -> str:
        """The profile that is used."""
        return "default" if self.profile is None else self.profile

    @property
    def is_explicit(self) -> bool:
        """Whether the profile was chosen by a flag or in code: keys of the environment lose."""
        return self.chosen_by == "--profile"

    def value(self, name: str) -> str | None:
        """A setting of the profile that is used; None when it is not set, or not kept."""
        profile = self.profiles.get(self.profile_name)
        return None if profile is None else profile.value(name)

    def has_variable(self, name: str) -> bool:
        """Whether a variable of the environment is set to something."""
        return bool(self.environment.get(name))
