"""Which world a question is about, and the call in it: the command line and Python ask alike.

Errors name the options of `assumable why`.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from assumable.engine.open_items import OPEN_ITEMS
from assumable.errors import InputError, UnreadableError, unsecret
from assumable.findings.region_notes import hint_on, is_slip, region_meant
from assumable.formats.bearer import Bearer
from assumable.formats.chain import via
from assumable.formats.endpoint import endpoint_of
from assumable.formats.scenario import Scenario
from assumable.model.call import Call, Network, RoleCaller, SamlCaller, Session
from assumable.model.client import Client
from assumable.model.client_endpoint import endpoint_url
from assumable.source import Document

_OF_THE_INPUT = {"organization": ("open", "unknown"), "session": ("plain", "unknown")}
"""What may be taken for granted where it could not be read."""
LIVE = ("profile", "caller_profile", "role_profile", "org_profile", "endpoint_url")
"""What only a running AWS has a use for."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Where the world comes from, and who asks for a role in it; live AWS where no file is named.

    A document in place of a path is one that was read before.
    """

    scenario: Path | Document | None = None
    snapshot: Path | None = None
    trust_policy: Path | Document | None = None
    caller_policy: tuple[Path | Document, ...] = ()
    caller: str | None = None
    via: tuple[str, ...] = ()
    region: str | None = None
    profile: str | None = None
    caller_profile: str | None = None
    role_profile: str | None = None
    org_profile: str | None = None
    endpoint_url: str | None = None
    like: str | None = None
    """What the call is held against, which is read as well."""

    def refuse_mixture(self) -> None:
        """InputError when more than one world is chosen."""
        names = ("scenario", "snapshot", "trust_policy")
        chosen = [name for name in names if getattr(self, name)]
        if len(chosen) > 1:
            raise InputError("choose one of --scenario, --snapshot and --trust-policy")
        live_only = [name for name in LIVE if getattr(self, name)]
        if endpoint_of(self.endpoint_url) is not None:  # no server to ask, but a way to STS
            live_only.remove("endpoint_url")
        if chosen and live_only and not self.scenario:
            flag, other = (f"--{name.replace('_', '-')}" for name in (live_only[0], chosen[0]))
            raise InputError(f"{flag} is for a running AWS", "", f"leave out {other}")

    def readers(self) -> Any:
        """Who reads live AWS; who asks about another caller needs no profile of that one."""
        from assumable.aws.reader import Readers

        return Readers(
            profile=self.caller_profile if self.caller else self.profile,
            caller_profile=self.caller_profile,
            role_profile=self.role_profile,
            org_profile=self.org_profile,
            region=self.region,
            endpoint_url=self.endpoint_url,
        )


def signed(
    choice: Choice, parameters: Mapping[str, Any], *, now: datetime, calls: Any = None
) -> Scenario:
    """The call of a caller whose credentials sign it."""
    _refuse_provider_id(parameters)
    for_root = "TargetPrincipal" in parameters
    if for_root:
        _refuse_role(choice, parameters)
    from_files = choice.snapshot or choice.trust_policy or choice.caller_policy
    if choice.caller and not from_files and not choice.caller_profile:
        raise InputError(
            "--caller needs a world",
            "",
            "--snapshot, --trust-policy, --caller-policy, or --caller-profile to read AWS",
        )
    if not for_root and "RoleArn" not in parameters and (from_files or choice.caller or parameters):
        raise InputError("--role-arn is missing", "", "or choose a world with --scenario FILE")
    if from_files:
        return _from_files(choice, parameters, now)
    return _live(choice, parameters, now, calls)


def _refuse_provider_id(parameters: Mapping[str, Any]) -> None:
    if "ProviderId" in parameters:
        raise InputError("--provider-id goes with --web-identity-token")


def _live(choice: Choice, parameters: Mapping[str, Any], now: datetime, calls: Any) -> Scenario:
    """The call in AWS itself: of another caller, or as the profiles of this machine make it."""
    from assumable.ask import read_live
    from assumable.doctor import read_through
    from assumable.formats.profiles import read_client

    who, via_roles = choice.readers(), choice.via
    if choice.region is not None:
        _refuse_slip(choice.region, "--region", choice.endpoint_url)
    if choice.caller or "TargetPrincipal" in parameters:
        return read_live(
            parameters, who, now=now, caller=choice.caller, via_roles=via_roles, calls=calls,
            like=choice.like or "",
        )  # fmt: skip
    if choice.profile and unsecret(choice.profile) != choice.profile:
        raise InputError("is no name of a profile, and may be a secret", "--profile")
    client = read_client(choice.profile, os.environ)
    region, where = _region_of(client)
    if choice.region is None:
        _refuse_slip(region, where, choice.endpoint_url or endpoint_url(client))
    try:
        return read_through(
            client, parameters or None, who, now=now, via_roles=via_roles, calls=calls,
            like=choice.like or "",
        )  # fmt: skip
    except UnreadableError as error:
        hint = hint_on(choice.region or region) if choice.region or region else ""
        if error.code or not hint:
            raise
        raise UnreadableError(f"{error}; {hint}") from None


def _region_of(client: Client) -> tuple[str, str]:
    """The Region of the client's set-up, and where it stands; empty where it names none."""
    profile = client.profiles.get(client.profile_name)
    setting = profile.settings.get("region") if profile is not None else None
    place = setting.place if setting is not None else None
    said = f"{place.file}:{place.line}" if place is not None else ""
    found = (
        (client.environment.get("AWS_DEFAULT_REGION"), "AWS_DEFAULT_REGION"),
        (setting.value if setting is not None else None, said),
        (client.environment.get("AWS_REGION"), "AWS_REGION"),
    )
    return next(((region, where) for region, where in found if region), ("", ""))


def _refuse_slip(region: str, where: str, endpoint: str | None) -> None:
    """InputError for a name that no Region has, before anybody is asked at an endpoint of it."""
    from assumable.aws.network import knows_region

    if region and endpoint is None and is_slip(region) and not knows_region(region):
        raise InputError(f"`{region}` is no Region: did you mean {region_meant(region)}?", where)


def _refuse_role(choice: Choice, parameters: Mapping[str, Any]) -> None:
    """InputError for AssumeRoot beside a role, or in a world that knows of no organization."""
    if choice.trust_policy or choice.caller_policy:
        raise InputError("--target-principal needs an organization", "", "--snapshot DIR, or AWS")
    if "RoleArn" in parameters or choice.via:
        raise InputError("AssumeRoot asks for no role", "", "leave out --role-arn and --via")


def _from_files(choice: Choice, parameters: Mapping[str, Any], now: datetime) -> Scenario:
    if not choice.caller:
        raise InputError(
            "--caller is missing", "", "its ARN, as `aws sts get-caller-identity` prints it"
        )
    from assumable.formats import dump

    if choice.snapshot:
        world = dump.read_snapshot(choice.snapshot)
    else:
        world = dump.read_policies(
            choice.trust_policy, choice.caller_policy, choice.caller, parameters["RoleArn"]
        )
    call = dump.call_of(choice.caller, parameters, region=choice.region, now=now)
    return Scenario(world, via(_through(choice, call), choice.via))


def _through(choice: Choice, call: Call) -> Call:
    """The call as it reaches STS, where an endpoint of AWS's is named."""
    if choice.endpoint_url is None:
        return call
    from assumable.ask import through

    return through(call, choice.endpoint_url)


def borne(
    choice: Choice,
    parameters: Mapping[str, Any],
    bearer: Bearer,
    *,
    now: datetime,
    calls: Any = None,
) -> Scenario:
    """The call of a bearer: only the role's side counts."""
    from assumable.formats import dump

    if bearer.api != "AssumeRoleWithWebIdentity":
        _refuse_provider_id(parameters)
    call = call_of_bearer(bearer, parameters, region=choice.region, now=now)
    call = _through(choice, call)
    if choice.snapshot:
        return Scenario(dump.read_snapshot(choice.snapshot), call)
    if choice.trust_policy:
        return Scenario(dump.read_trust_policy(choice.trust_policy, call.role_arn), call)
    from assumable.ask import read_bearer

    return read_bearer(call, choice.readers(), calls=calls, like=choice.like or "")


def call_of_bearer(
    bearer: Bearer, parameters: Mapping[str, Any], *, region: str | None, now: datetime
) -> Call:
    """The call that a bearer makes; InputError when nothing names the role."""
    from assumable.engine.keys.federation import is_mapped

    parameters = {**parameters, **bearer.parameters}
    if "RoleArn" not in parameters:
        raise InputError("--role-arn is missing")
    call = Call(
        api=bearer.api,
        caller=bearer.caller,
        parameters=parameters,
        network=Network(region=region, assumed=True),
        time=now,
    )
    mapped = isinstance(bearer.caller, SamlCaller)
    overrides = {
        key: value for key, value in bearer.unsaid.items() if mapped or is_mapped(call, key)
    }
    return msgspec.structs.replace(call, overrides=overrides)


# What is decided by hand


def as_assumed(scenario: Scenario, decided: Mapping[str, bool]) -> Scenario:
    """The scenario with what the user decided."""
    world, call = scenario
    if decided.get("session") and isinstance(call.caller, RoleCaller):
        plain = msgspec.structs.replace(call.caller, session=Session())
        call = msgspec.structs.replace(call, caller=plain)
    return Scenario(world, msgspec.structs.replace(call, assumptions=decided))


def assumptions(texts: Iterable[str]) -> dict[str, bool]:
    """What the user decided, each as `ITEM=VALUE`; InputError for other words.

    True is the first reading of an item.
    """
    return dict(map(_assumption, texts))


def _assumption(text: str) -> tuple[str, bool]:
    known = _OF_THE_INPUT | {item.id: item.values for item in OPEN_ITEMS.values()}
    item, _, value = text.partition("=")
    words = known.get(item)
    if words is None:
        what = f"`{item}` is no open item" if item else "names no open item"
        raise InputError(what, "--assume", f"one of {', '.join(known)}")
    if not value:
        choices = " or ".join(f"{item}={word}" for word in words)
        raise InputError(f"{item} needs a value", "--assume", choices)
    if value not in words:
        raise InputError(
            f"`{value}` is no value of {item}", "--assume", f"one of {', '.join(words)}"
        )
    return item, value == words[0]
