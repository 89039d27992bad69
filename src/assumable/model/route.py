"""The way from a profile to credentials, as botocore goes it: where it starts, and every hop.

https://github.com/boto/botocore/blob/develop/botocore/credentials.py is the model: the order of
providers of `create_credential_resolver`, and the chain of `AssumeRoleProvider`. A differential
test holds this module to it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from assumable.model.client import PARAMETERS, Client, Profile, Setting
from assumable.model.client_endpoint import endpoint_url, sts_endpoint
from assumable.model.client_fault import ClientFault, FaultError, refusal
from assumable.model.roles_anywhere import SETTING, certificate_in
from assumable.model.sso import SSO_OF_PROFILE, check_sso
from assumable.model.token_file import Providers, Variables, missing_token

StartKind = Literal[
    "environment", "static", "web-identity", "sso", "login", "process", "container",
    "instance-metadata", "ec2-credentials-file",
]  # fmt: skip
_ACCESS_KEY, _SECRET_KEY = "aws_access_key_id", "aws_secret_access_key"
ENV_KEY, ENV_SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
_CONTAINER = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
CREDENTIAL_SOURCES = ("Environment", "Ec2InstanceMetadata", "EcsContainer")
ASKED_CODE = "000000"
"""Stands for the code of the MFA device, which the client asks for."""


class Start(msgspec.Struct, frozen=True):
    """Whose credentials the way starts from."""

    kind: StartKind
    profile: str = ""
    """The profile that has them, or that says where they are; empty for the environment."""
    token_file: str = ""
    """The path of the web identity token that the way starts with; empty for none."""


class RouteHop(msgspec.Struct, frozen=True, kw_only=True):
    """One role on the way, with the parameters that the client sends."""

    profile: str
    """The profile that asks for it; empty where the environment does."""
    api: Literal["AssumeRole", "AssumeRoleWithWebIdentity"] = "AssumeRole"
    parameters: Mapping[str, Any]
    settings: Mapping[str, Setting]
    """The setting behind each parameter that has one."""
    names_itself: bool = False
    """Whether the session's name is made up anew each time (R7.12)."""
    by_certificate: bool = False
    """Whether IAM Roles Anywhere makes the request."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The way that the client goes."""

    start: Start | None = None
    """None with a fault."""
    hops: tuple[RouteHop, ...] = ()
    """In the order of the requests; with a fault, as far as the profiles could be followed."""
    fault: ClientFault | None = None
    passed_over: tuple[RouteHop, ...] = ()
    """The hops of the profile, none of which is made: keys of the environment come first."""
    start_passed_over: Start | None = None
    """Whose credentials the first of those hops would be made with; None with a fault there."""
    region: str | None = None
    sts_endpoint: Literal["regional", "global"] = "regional"
    endpoint_url: str | None = None
    """Where requests to STS go instead of AWS's own endpoints; `services` sections are not read."""


def route_of(client: Client, now: datetime) -> Route:
    """The way from the client's set-up; `now` says which sign-ins have expired, and names sessions.

    What lies outside files and environment is taken to work: metadata services, processes, tokens
    that nobody looked at.
    """
    walk, start, fault = _Walk(client, now), None, None
    try:
        start = walk.start()
    except FaultError as stop:
        fault = stop.fault
    region = client.environment.get("AWS_DEFAULT_REGION") or client.value("region")
    hops, meant = tuple(reversed(walk.hops)), Route()
    if start is not None and start.kind == "environment" and not hops:
        unset = {k: v for k, v in client.environment.items() if k not in (ENV_KEY, ENV_SECRET)}
        meant = route_of(msgspec.structs.replace(client, environment=unset), now)
    return Route(
        start=start,
        hops=hops,
        fault=fault,
        passed_over=meant.hops,
        start_passed_over=meant.start,
        region=region,
        sts_endpoint=sts_endpoint(client, region),
        endpoint_url=endpoint_url(client),
    )


class _Walk:
    """One walk through the profiles; `hops` grows from the last one to the first."""

    def __init__(self, client: Client, now: datetime) -> None:
        self.client, self.now = client, now
        self.hops: list[RouteHop] = []
        self.visited = [client.profile_name]

    def start(self) -> Start:
        """The order of `create_credential_resolver`."""
        client, name = self.client, self.client.profile_name
        if client.profile is not None and name not in client.profiles:
            text = f"The config profile ({name}) could not be found"
            raise refusal("profile-missing", "ProfileNotFound", text, name, named=name)
        if not client.is_explicit and client.has_variable(ENV_KEY):
            return self._environment(name)
        profile = client.profiles.get(name)
        if profile is not None and _asks_for_a_role(profile):
            return self._source_of(profile)
        found = self._from_profile(Providers(profile, reads_environment=not client.is_explicit))
        return found or self._outside(name)

    def _environment(self, asking: str) -> Start:
        if not self.client.has_variable(ENV_SECRET):
            raise self._partial("env", ENV_SECRET, asking)
        return Start("environment")

    def _outside(self, name: str) -> Start:
        """What the client falls back upon when no profile says anything."""
        if "AWS_CREDENTIAL_FILE" in self.client.environment:
            return Start("ec2-credentials-file")
        if self._has_container:
            return Start("container")
        if self._metadata_is_off:
            text = "Unable to locate credentials"
            raise refusal("no-credentials", "NoCredentialsError", text, name)
        return Start("instance-metadata")

    @property
    def _has_container(self) -> bool:
        return any(name in self.client.environment for name in _CONTAINER)

    @property
    def _metadata_is_off(self) -> bool:
        return self.client.environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"

    def _source_of(self, profile: Profile) -> Start:
        """`AssumeRoleProvider._load_creds_via_assume_role`, without its requests."""
        self.hops.append(_hop_of(profile, self.now))
        settings = profile.settings
        source, credential_source = (
            settings.get("source_profile"),
            settings.get("credential_source"),
        )
        if source is not None and credential_source is not None:
            text = (
                f'The profile "{profile.name}" contains both source_profile and credential_source.'
            )
            both = (source, credential_source)
            raise refusal("two-sources", "InvalidConfigError", text, profile.name, both)
        if credential_source is not None:
            return self._named_source(profile, credential_source)
        if source is None:
            raise self._partial(
                "assume-role", "source_profile or credential_source", profile.name,
                (settings["role_arn"],), variant="no-source",
            )  # fmt: skip
        return self._source_profile(profile, source)

    def _named_source(self, profile: Profile, setting: Setting) -> Start:
        """`credential_source`; its three values are case-sensitive."""
        named = setting.value or ""
        if named not in CREDENTIAL_SOURCES:
            text = (
                f'The credential source "{named}" referenced in profile "{profile.name}" is not '
                "valid."
            )
            raise refusal(
                "credential-source", "InvalidConfigError", text, profile.name, (setting,), named
            )
        if named == "Environment" and self.client.has_variable(ENV_KEY):
            return self._environment(profile.name)
        if named == "EcsContainer" and self._has_container:
            return Start("container", profile.name)
        if named == "Ec2InstanceMetadata" and not self._metadata_is_off:
            return Start("instance-metadata", profile.name)
        text = (
            f"Error when retrieving credentials from {named}: No credentials found in "
            f"credential_source referenced in profile {profile.name}"
        )
        raise refusal(
            "empty-source", "CredentialRetrievalError", text, profile.name, (setting,), named
        )

    def _source_profile(self, profile: Profile, setting: Setting) -> Start:
        name = setting.value or ""
        source = self.client.profiles.get(name)
        if source is None:
            text = (
                f'The source_profile "{name}" referenced in the profile "{profile.name}" does not '
                "exist."
            )
            raise refusal(
                "source-profile-missing", "InvalidConfigError", text, profile.name, (setting,), name
            )
        itself = name == profile.name and _has_keys(source)
        if name in self.visited and not itself:
            text = (
                "Infinite loop in credential configuration detected. Attempting to load from "
                f"profile {name} which has already been visited. Visited profiles: {self.visited}"
            )
            raise refusal("loop", "InfiniteLoopConfigError", text, profile.name, (setting,), name)
        self.visited.append(name)
        if _asks_for_a_role(source) and not _has_keys(source):
            return self._source_of(source)
        found = self._from_profile(Providers(source, reads_environment=False))
        if found is None:
            text = f'The source profile "{name}" must have credentials.'
            raise refusal(
                "source-without-credentials", "InvalidConfigError", text, name, (setting,), name
            )
        return found

    def _from_profile(self, given: Providers) -> Start | None:
        """`ProfileProviderBuilder.providers`, in their order."""
        found = self._web_identity(given)
        profile = given.profile
        if found is not None or profile is None:
            return found
        if any(name in profile.settings for name in SSO_OF_PROFILE):
            check_sso(self.client, profile, self.now)
            return Start("sso", profile.name)
        if self._has_pair("shared-credentials-file", profile, profile.credentials):
            return Start("static", profile.name)
        if "login_session" in profile.settings:
            return Start("login", profile.name)
        if SETTING in profile.settings:
            return self._process(profile)
        if self._has_pair("config-file", profile, profile.config):
            return Start("static", profile.name)
        return None

    def _process(self, profile: Profile) -> Start:
        client, setting = self.client, profile.settings[SETTING]
        certificate = certificate_in(setting.value)
        if client.anywhere is not None and certificate is not None:
            settings = {"RoleArn": setting}
            hop = RouteHop(profile=profile.name, parameters=certificate.parameters,
                           settings=settings, by_certificate=True)  # fmt: skip
            self.hops.append(hop)
        if client.process_failure:
            raise refusal(
                "process-failed", "CredentialRetrievalError", client.process_failure, profile.name,
                (setting,),
            )  # fmt: skip
        return Start("process", profile.name)

    def _has_pair(
        self, method: str, profile: Profile, settings: Mapping[str, Setting] | None
    ) -> bool:
        """Whether one file has the keys; a pair that is spread over both files is none."""
        if settings is None or _ACCESS_KEY not in settings:
            return False
        if _SECRET_KEY not in settings:
            raise self._partial(method, _SECRET_KEY, profile.name, (settings[_ACCESS_KEY],))
        return True

    def _web_identity(self, given: Providers) -> Start | None:
        """`AssumeRoleWithWebIdentityProvider`: variables before settings, one by one."""
        read = Variables(given, self.client)
        token_file = read.value("web_identity_token_file")
        if not token_file:
            return None
        profile = given.profile
        name = profile.name if profile is not None else self.client.profile_name
        role_arn = read.value("role_arn")
        if not role_arn:
            text = (
                "The provided profile or the current environment is configured to assume role with "
                "web identity but has no role ARN configured. Ensure that the profile has the "
                "role_arnconfiguration set or the AWS_ROLE_ARN env var is set."
            )
            token = profile.settings.get("web_identity_token_file") if profile else None
            places = () if token is None else (token,)
            raise refusal("web-identity-without-role", "InvalidConfigError", text, name, places)
        session_name = read.value("role_session_name")
        self.hops.append(
            RouteHop(
                profile=name,
                api="AssumeRoleWithWebIdentity",
                parameters={
                    "RoleArn": role_arn,
                    "RoleSessionName": session_name or _made_up(self.now),
                },
                settings=read.settings,
                names_itself=not session_name,
            )
        )
        if token_file in self.client.missing_files:
            raise missing_token(token_file, name, read)
        return Start("web-identity", name, token_file)

    def _partial(
        self,
        method: str,
        missing: str,
        profile: str,
        settings: tuple[Setting, ...] = (),
        *,
        variant: str = "partial-keys",
    ) -> FaultError:
        text = f"Partial credentials found in {method}, missing: {missing}"
        return refusal(variant, "PartialCredentialsError", text, profile, settings, missing)


def _asks_for_a_role(profile: Profile) -> bool:
    settings = profile.settings
    return "role_arn" in settings and "web_identity_token_file" not in settings


def _has_keys(profile: Profile) -> bool:
    return _ACCESS_KEY in profile.settings or _SECRET_KEY in profile.settings


def _hop_of(profile: Profile, now: datetime) -> RouteHop:
    found = {
        parameter: profile.settings[name]
        for parameter, name in PARAMETERS.items()
        if name in profile.settings
    }
    parameters: dict[str, Any] = {name: setting.value for name, setting in found.items()}
    if "DurationSeconds" in parameters:
        seconds = seconds_of(parameters.pop("DurationSeconds"))
        if seconds is not None:
            parameters["DurationSeconds"] = seconds
    if "SerialNumber" in parameters:
        parameters["TokenCode"] = ASKED_CODE
    names_itself = not parameters.get("RoleSessionName")
    if names_itself:
        parameters["RoleSessionName"] = _made_up(now)
    return RouteHop(
        profile=profile.name, parameters=parameters, settings=found, names_itself=names_itself
    )


def seconds_of(text: str | None) -> int | None:
    """A duration as the client reads it; None for what it ignores without a word (R7.11)."""
    try:
        return int(text or "")
    except ValueError:
        return None


def _made_up(now: datetime) -> str:
    """The session name that botocore makes up (R7.12)."""
    return f"botocore-session-{int(now.timestamp())}"
