"""The call that a client's set-up makes: one request for each hop of its way, then its own."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from assumable import arn
from assumable.model.call import (
    Call,
    Caller,
    Hop,
    Network,
    Present,
    RoleCaller,
    SamlCaller,
    ServiceCaller,
    Value,
    WebIdentityCaller,
)
from assumable.model.client import Client
from assumable.model.client_fault import ClientFault
from assumable.model.roles_anywhere import (
    ROLES_ANYWHERE,
    SETTING,
    Anywhere,
    Certificate,
    certificate_in,
)
from assumable.model.route import Route, RouteHop, Start, StartKind, route_of


def hops_of(client: Client, route: Route) -> tuple[RouteHop, ...]:
    """The hops of the way; where keys of the environment win, those that the profile meant.

    These are what somebody asks about who names no role, though none of them is made.
    """
    return route.hops or (route.passed_over if _is_as_meant(client) else ())


def start_of(client: Client, route: Route) -> Start | None:
    """Whose credentials make the first of those hops; None where there is nobody."""
    if _is_as_meant(client) and (route.passed_over or client.as_meant):
        return route.start_passed_over
    return route.start


def _is_as_meant(client: Client) -> bool:
    return client.asked is None or client.as_meant


def has_other_keys(client: Client, route: Route) -> bool:
    """Whether a profile with credentials was chosen, and keys of the environment come first."""
    meant = route.start_passed_over
    is_chosen = client.profile is not None and not client.is_explicit
    return is_chosen and meant is not None and bool(meant.profile)


def keys_win(client: Client, route: Route) -> bool:
    """Whether a profile that was chosen is not used, and another one's keys are in its place.

    Keys of a session of the profile's own role do what it would.
    """
    is_chosen = client.profile is not None and not client.is_explicit
    is_passed_over = bool(route.passed_over) or route.start_passed_over is not None
    is_known = bool(client.keys_of) or client.keys_fail
    if not (is_chosen and is_passed_over and is_known and _is_as_meant(client)):
        return False
    wanted = str(route.passed_over[-1].parameters["RoleArn"]) if route.passed_over else ""
    is_role = arn.parse_role(wanted) is not None
    return not (is_role and client.keys_of.startswith(arn.session_of(wanted, "")))


def misfit(route: Route, caller: Caller) -> str:
    """Why the caller cannot be whose credentials the way starts from; empty where they can be.

    Identity Center, containers and instances give sessions of roles; a token is no credentials.
    """
    by_token = isinstance(caller, WebIdentityCaller)
    if route.hops and route.hops[0].by_certificate:
        return "" if caller.arn == ROLES_ANYWHERE else "the profile starts with a certificate"
    if isinstance(caller, ServiceCaller | SamlCaller):
        return "the caller uses no profile"
    if route.start is None or caller.arn == arn.NOBODY:
        return ""
    if by_token != (route.start.kind == "web-identity"):
        return f"the profile starts with {'no' if by_token else 'a'} web identity token"
    giver = _GIVE_SESSIONS.get(route.start.kind)
    if giver is not None and not isinstance(caller, RoleCaller):
        return f"the client takes its credentials from {giver}, so they are a role's session"
    return ""


_GIVE_SESSIONS: dict[StartKind, str] = {
    "sso": "IAM Identity Center",
    "container": "the container",
    "instance-metadata": "the instance",
}


def routed(call: Call, client: Client) -> Call:
    """The call as the set-up makes it: parameters and chain, and the endpoint where it says one.

    Without any hop and without a call of its own there are no parameters at all.
    """
    route = route_of(client, call.time)
    requests: list[Mapping[str, Any]] = [hop.parameters for hop in hops_of(client, route)]
    if client.asked is not None:
        requests.append(client.asked)
    *before, last = requests or [{}]
    return msgspec.structs.replace(
        call,
        client=client,
        parameters=last,
        chain=tuple(Hop(parameters=parameters) for parameters in before),
        network=_network(call.network, route),
        overrides={**_source_of(client, route), **call.overrides},
    )


def _source_of(client: Client, route: Route) -> dict[str, Value]:
    """The trust anchor, which IAM Roles Anywhere names as the source of its own request (5.8)."""
    if not (route.hops and route.hops[0].by_certificate):
        return {}
    certificate = certificate_of(client, route.hops[0].profile)
    anchor = certificate.anchor_arn if certificate is not None else ""
    said = "the trust anchor of the profile"
    return {
        "aws:sourcearn": Present((anchor,), said),
        "aws:sourceaccount": Present((arn.account_of(anchor),), said),
    }


def _network(network: Network, route: Route) -> Network:
    if network.region is not None or route.region is None:
        return network
    return msgspec.structs.replace(network, region=route.region, endpoint=route.sts_endpoint)


def hop_behind(call: Call) -> RouteHop | None:
    """The hop of the client's way that a plain call is; None for one that was asked for itself."""
    if call.client is None:
        return None
    hops = hops_of(call.client, route_of(call.client, call.time))
    return hops[call.client.hop - 1] if call.client.hop <= len(hops) else None


def certificate_of(client: Client, profile: str) -> Certificate | None:
    """What the profile asks IAM Roles Anywhere for; None where it does not."""
    found = client.profiles.get(profile)
    return None if found is None else certificate_in(found.value(SETTING))


def certificate_behind(call: Call) -> Certificate | None:
    """What the way of the client starts with, where it starts by IAM Roles Anywhere."""
    client = call.client
    if client is None:
        return None
    start = route_of(client, call.time).start
    of = client.anywhere.of if client.anywhere is not None else start.profile if start else ""
    return certificate_of(client, of)


def profile_giving(client: Client, caller: str) -> str:
    """A profile that gives sessions of the caller's role; empty where none is known."""
    mine = arn.parse(caller)
    if mine is None or mine.kind != "assumed-role":
        return ""
    session_of = mine.resource.split("/")[1]
    for name, profile in client.profiles.items():
        certificate = certificate_in(profile.value(SETTING))
        named = profile.value("role_arn") or (certificate.role_arn if certificate else "")
        role, set_ = arn.parse_role(named), profile.value("sso_role_name")
        if role is not None and (role.account, role.name) == (mine.account, session_of):
            return name
        in_account = set_ is not None and profile.value("sso_account_id") == mine.account
        if in_account and re.fullmatch(rf"AWSReservedSSO_{re.escape(set_ or '')}_\w+", session_of):
            return name
    return ""


def faults_of(client: Client, now: datetime) -> tuple[ClientFault, ...]:
    """Everything for which the client gets no credentials from its own set-up."""
    route, known = route_of(client, now), client.anywhere
    certificate = None if known is None else certificate_of(client, known.of)
    found = [] if route.fault is None else [route.fault]
    if keys_win(client, route):
        found.append(_not_used(client, route))
    if known is not None and certificate is not None:
        found.extend(_refusals(client, known, certificate))
    return tuple(found)


def _not_used(client: Client, route: Route) -> ClientFault:
    """No error of its own: the client goes on with other credentials."""
    hops = (hop.settings for hop in route.passed_over[-1:])
    return ClientFault(
        variant="environment-wins",
        error="",
        message="keys of the environment come before the profile",
        profile=client.profile_name,
        settings=tuple(settings["RoleArn"] for settings in hops if "RoleArn" in settings),
    )


def _refusals(client: Client, known: Anywhere, certificate: Certificate) -> Iterator[ClientFault]:
    """Why AWS gives such a certificate no session, whatever the role's trust policy says (R9.9)."""
    wants_name = bool(certificate.session_name)
    found = {
        "anywhere-profile-absent": known.profile == "absent",
        "anywhere-profile-disabled": known.profile == "disabled",
        "anywhere-role": known.roles is not None and certificate.role_arn not in known.roles,
        "anywhere-session-name": wants_name and known.takes_session_name is False,
        "anywhere-anchor-absent": known.anchor == "absent",
        "anywhere-anchor-disabled": known.anchor == "disabled",
    }
    for variant in (variant for variant, is_so in found.items() if is_so):
        yield ClientFault(
            variant=variant,
            error="CredentialRetrievalError",
            message=_ANYWHERE_TEXTS.get(variant, ""),
            profile=known.of,
            settings=(client.profiles[known.of].settings[SETTING],),
        )


# What AWS says in the other cases is not published.
_ANYWHERE_TEXTS = {
    "anywhere-session-name": (
        "Error when retrieving credentials from custom-process: AccessDeniedException: Not "
        "authorized to set roleSessionName"
    ),
}
