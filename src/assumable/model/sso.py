"""Profiles that sign in through IAM Identity Center: what they must say, and their tokens.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
"""

from datetime import datetime

from assumable.model.client import Client, Profile, Setting
from assumable.model.client_fault import refusal

SSO_OF_PROFILE, SSO_OF_SESSION = (
    ("sso_role_name", "sso_account_id"),
    ("sso_start_url", "sso_region"),
)
_UNAUTHORIZED = (
    "The SSO session associated with this profile has expired or is otherwise invalid. To refresh "
    "this SSO session run aws sso login with the corresponding profile."
)
_NOT_RENEWED = "Error when retrieving token from sso: Token has expired and refresh failed"
_EXPIRED = {
    True: ("TokenRetrievalError", _NOT_RENEWED),
    False: ("UnauthorizedSSOTokenError", _UNAUTHORIZED),
}
"""With an sso-session, whose token is renewed where that is possible, and without one."""


def check_sso(client: Client, profile: Profile, now: datetime) -> None:
    """`SSOProvider._load_sso_config`, and whether there is a token to use."""
    settings = profile.settings
    named = settings.get("sso_session")
    required: tuple[str, ...] = (*SSO_OF_PROFILE, *SSO_OF_SESSION)
    if named is not None:
        required = (*required, "sso_session")
        settings = _with_session(client, profile, named)
    missing = [name for name in required if name not in settings]
    if missing:
        listed = ", ".join(missing)
        text = (
            f'The profile "{profile.name}" is configured to use SSO but is missing required '
            f"configuration: {listed}"
        )
        places = tuple(settings[n] for n in SSO_OF_PROFILE if n in settings)
        raise refusal("sso-incomplete", "InvalidConfigError", text, profile.name, places, listed)
    if named is None:
        place, name = settings[SSO_OF_PROFILE[0]], settings["sso_start_url"].value or ""
    else:
        place, name = named, named.value or ""
        _check_session(client, profile, named)
    _check_sign_in(client, profile, place, name, now)


def _check_session(client: Client, profile: Profile, named: Setting) -> None:
    """`SSOTokenProvider._load_sso_config`: the session itself must say where it is."""
    session = client.sso_sessions[named.value or ""]
    missing = [name for name in SSO_OF_SESSION if name not in session]
    if not missing:
        return
    text = (
        f'The profile "{profile.name}" is configured to use the SSO token provider but is missing '
        f"the following configuration: {missing}."
    )
    if not session:
        text = (
            f'The profile "{profile.name}" is configured to use the SSO token provider but the '
            f'"{named.value}" sso_session configuration does not exist.'
        )
    listed = ", ".join(missing)
    raise refusal("sso-incomplete", "InvalidConfigError", text, profile.name, (named,), listed)


def _with_session(client: Client, profile: Profile, named: Setting) -> dict[str, Setting]:
    session = client.sso_sessions.get(named.value or "")
    if session is None:
        text = f'The specified sso-session does not exist: "{named.value}"'
        raise refusal(
            "sso-session-missing", "InvalidConfigError", text, profile.name, (named,),
            named.value or "",
        )  # fmt: skip
    found = profile.settings
    for name, setting in session.items():
        mine = found.get(name, setting)
        if mine.value != setting.value:
            text = (
                f"The value for {name} is inconsistent between profile ({mine.value}) and "
                f"sso-session ({setting.value})."
            )
            raise refusal(
                "sso-inconsistent", "InvalidConfigError", text, profile.name, (mine, setting),
                name,
            )  # fmt: skip
        found[name] = setting
    return found


def _check_sign_in(
    client: Client, profile: Profile, place: Setting, name: str, now: datetime
) -> None:
    """The cached token, by the name of its sso-session or by its start URL."""
    if name not in client.sign_ins:
        return
    until = client.sign_ins[name]
    if until is None:
        text = f"Error loading SSO Token: Token for {name} does not exist"
        raise refusal("sso-signed-out", "SSOTokenLoadError", text, profile.name, (place,), name)
    if until <= now:
        error, text = _EXPIRED[place.name == "sso_session"]
        raise refusal("sso-expired", error, text, profile.name, (place,), name)
