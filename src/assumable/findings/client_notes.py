"""What is odd about the client's set-up, though it gets credentials: notes, never a blocker."""

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.limits import CHAINING_LIMIT
from assumable.findings.client_faults import NOT_USED, misspelling, why_not_used
from assumable.findings.client_fix import set_in_profile
from assumable.findings.finding import Fix
from assumable.formats.endpoint import is_of_aws
from assumable.model.client import PARAMETERS, Client, Profile, Setting
from assumable.model.policy import Effect, Policy
from assumable.model.route import Route, RouteHop, route_of, seconds_of
from assumable.model.routed import has_other_keys, hop_behind, keys_win

_OF_A_ROLE = ("external_id", "mfa_serial", "role_session_name", "duration_seconds")
"""Settings that count in a profile with role_arn alone."""
_MADE_UP = "botocore-session-"


class Remark(NamedTuple):
    """Something odd, in words."""

    variant: str
    key: str
    """What tells it from others of the same call."""
    title: str
    explanation: str
    settings: tuple[Setting, ...] = ()
    fixes: tuple[Fix, ...] = ()
    certainty: Literal["certain", "likely", "possible"] = "certain"
    facts: tuple[str, ...] = ()


def remarks_on(decision: Decision) -> Iterator[Remark]:
    """What concerns one hop of the client's way; of the first one also where the way starts."""
    call, client = decision.call, decision.call.client
    if client is None:
        return
    route, hop = route_of(client, call.time), hop_behind(call)
    start = None
    if client.hop == 1:
        yield from _environment(client, route)
        yield from _endpoint(client, route)
        start = client.profiles.get(route.start.profile) if route.start is not None else None
    profile = client.profiles.get(hop.profile) if hop is not None else None
    for each in dict.fromkeys(p.name for p in (profile, start) if p is not None):
        yield from _settings(client.profiles[each])
    if hop is not None and profile is not None:
        yield from _duration(decision, hop, profile)
        if start is not None and start is not profile and "role_arn" not in start.settings:
            yield from _misplaced(client, start, profile)
    yield from _session_name(decision, client, route)
    yield from _kept(decision, client)


def _environment(client: Client, route: Route) -> Iterator[Remark]:
    if keys_win(client, route) or not (route.passed_over or has_other_keys(client, route)):
        return
    hops = (hop.settings for hop in route.passed_over[-1:])
    yield Remark(
        "environment-wins",
        "environment",
        NOT_USED,
        why_not_used(client, route),
        tuple(settings["RoleArn"] for settings in hops if "RoleArn" in settings),
    )


def _endpoint(client: Client, route: Route) -> Iterator[Remark]:
    """Requests that go to a stand-in for AWS, which knows nothing of the real accounts."""
    url = route.endpoint_url or ""
    host = re.split(r"[/:]", re.sub(r"^\w+://(?:[^/@]*@)?", "", url))[0]
    if not url or is_of_aws(host):
        return
    profile = client.profiles.get(client.profile_name)
    setting = profile.settings.get("endpoint_url") if profile is not None else None
    said = setting is not None and setting.value == url
    where = f"the profile `{client.profile_name}`" if said else "the environment"
    yield Remark(
        "other-endpoint",
        "endpoint",
        f"requests go to {host or url}, not to AWS",
        f"{where} sends requests to {host or url}: what answers there is not AWS, and "
        "this diagnosis is of AWS",
        (setting,) if setting is not None and said else (),
    )


def _settings(profile: Profile) -> Iterator[Remark]:
    """Settings that no SDK knows, values with more in them than meant, and two that compete."""
    for setting in profile.settings.values():
        name, value = setting.name, setting.value or ""
        meant = misspelling(name)
        if meant and meant not in profile.settings:
            yield Remark(
                "unknown-setting", f"{profile.name}/{name}",
                f"no SDK knows the setting `{name}`",
                f"no SDK knows the setting `{name}` of the profile `{profile.name}`, so it does "
                f"nothing; {meant} is meant, it seems",
                (setting,), certainty="likely",
            )  # fmt: skip
        if " #" in value or " ;" in value:
            yield Remark(
                "inline-comment", f"{profile.name}/{name}",
                f"the value of {name} has a comment in it",
                f"what follows the value of {name} is no comment but part of it: a comment needs a "
                "line of its own",
                (setting,), certainty="likely",
            )  # fmt: skip
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            yield Remark(
                "quoted-value", f"{profile.name}/{name}",
                f"the value of {name} has quotes in it",
                f"quotes are part of a value: what is sent for {name} begins and ends with one",
                (setting,),
            )  # fmt: skip
        other = (profile.config or {}).get(name)
        if other is not None and other is not setting and other.value != setting.value:
            yield Remark(
                "two-files", f"{profile.name}/{name}",
                f"both files set {name} of `{profile.name}`",
                f"{name} of the profile `{profile.name}` is `{other.value}` in the config file and "
                f"`{setting.value}` in the credentials file, which counts",
                (setting, other),
            )  # fmt: skip


def _duration(decision: Decision, hop: RouteHop, profile: Profile) -> Iterator[Remark]:
    setting = hop.settings.get("DurationSeconds")
    if setting is None:
        return
    seconds = seconds_of(setting.value)
    if seconds is None:
        yield Remark(
            "duration-ignored", profile.name,
            f"duration_seconds of `{profile.name}` is ignored",
            f"duration_seconds is `{setting.value}`, which is no number of seconds: the client "
            "ignores it without a word, and the session lasts 3600 s",
            (setting,), facts=("R7.11",),
        )  # fmt: skip
    elif seconds > CHAINING_LIMIT and decision.call.is_chained:
        yield Remark(
            "duration-of-chain", profile.name,
            f"duration_seconds of `{profile.name}` is too long for a chain",
            f"{seconds} s are asked for with the credentials of another session, and such a chain "
            f"gets at most {CHAINING_LIMIT} s, whatever the role allows",
            (setting,), facts=("R4.1", "R9.6"),
        )  # fmt: skip


def _misplaced(client: Client, source: Profile, profile: Profile) -> Iterator[Remark]:
    for name in _OF_A_ROLE:
        setting = source.settings.get(name)
        if setting is None or name in profile.settings:
            continue
        fixes: tuple[Fix, ...] = ()
        if setting.value is not None:
            title = f"move {name} to the profile {profile.name}"
            values = {name: setting.value}
            fixes = (set_in_profile(client, profile.name, values, f"client/move/{name}", title),)
        yield Remark(
            "misplaced", f"{source.name}/{name}",
            f"{name} of `{source.name}` does nothing",
            f"{name} stands in the profile `{source.name}`, which assumes no role; for the role of "
            f"`{profile.name}` it has to stand there",
            (setting,), fixes, facts=("R9.11",) if name == "mfa_serial" else (),
        )  # fmt: skip


def _session_name(decision: Decision, client: Client, route: Route) -> Iterator[Remark]:
    """A trust policy that pins a session's name, against names that are made up (R7.12)."""
    trust = decision.facts.trust
    if not isinstance(trust, Policy):
        return
    hop = hop_behind(decision.call)
    allows = [s for s in trust.statements if s.effect is Effect.ALLOW]
    keys = {c.key.lower() for s in allows for c in s.conditions}
    if hop is not None and hop.names_itself and "sts:rolesessionname" in keys:
        yield _unnamed(client, hop)
    sessions = [
        entry.value
        for s in allows
        for entry in s.principals or ()
        if ":assumed-role/" in entry.value
    ]
    before = route.hops[client.hop - 2 : client.hop - 1] if client.hop > 1 else ()
    mine = decision.call.caller.arn.rpartition("/")[0]
    if before and before[0].names_itself and any(s.startswith(f"{mine}/") for s in sessions):
        yield _unnamed(client, before[0])


def _unnamed(client: Client, hop: RouteHop) -> Remark:
    profile, setting = hop.profile, PARAMETERS["RoleSessionName"]
    values: dict[str, Any] = {setting: "SESSION"}
    fixes: tuple[Fix, ...] = ()
    if profile in client.profiles:
        title = f"write {setting} into the profile {profile}, with the name that the policy wants"
        fix = set_in_profile(
            client, profile, values, "client/session-name", title, safety="display"
        )
        fixes = (msgspec.structs.replace(fix, remark="only you can tell the name that is wanted"),)
    return Remark(
        "no-session-name",
        profile,
        f"`{profile}` names no session",
        f"the trust policy wants a session of a certain name, and the profile `{profile}` has no "
        f"{setting}: each time the client makes up another one, {_MADE_UP} and the time",
        tuple(s for name, s in hop.settings.items() if name == "RoleArn"),
        fixes,
        facts=("R7.12",),
    )


def _kept(decision: Decision, client: Client) -> Iterator[Remark]:
    """Sessions of this role that serve the `aws` command, whatever is changed meanwhile."""
    call = decision.call
    if arn.parse_role(call.role_arn) is None or hop_behind(call) is None:
        return
    mine, now = arn.session_of(call.role_arn, ""), call.time
    for kept in client.kept:
        if kept.until <= now or not kept.arn.startswith(mine):
            continue
        until = f"{kept.until:%H:%M} UTC"
        if kept.until.date() != now.date():
            until = f"{kept.until:%Y-%m-%d} {until}"
        name = arn.display_name(call.role_arn)
        yield Remark(
            "kept-session",
            kept.file,
            f"the aws command keeps a session of {name}",
            f"the aws command keeps a session of {name} until {until} in {kept.file}: it goes on "
            "working, and changes show only after that, or once the file is deleted",
            facts=("R9.11",),
        )
