"""The call that a client's set-up makes: one request for each hop of its way, then its own."""

from collections.abc import Mapping
from typing import Any

import msgspec

from assumable import arn
from assumable.model.call import (
    Call,
    Caller,
    Hop,
    Network,
    RoleCaller,
    SamlCaller,
    ServiceCaller,
    WebIdentityCaller,
)
from assumable.model.client import Client
from assumable.model.route import Route, RouteHop, Start, StartKind, route_of


def hops_of(client: Client, route: Route) -> tuple[RouteHop, ...]:
    """The hops of the way; where keys of the environment win, those that the profile meant.

    These are what somebody asks about who names no role: that none of them is made is a note.
    """
    return route.hops if client.asked is not None else route.hops or route.passed_over


def start_of(client: Client, route: Route) -> Start | None:
    """Whose credentials make the first of those hops; None where there is nobody."""
    if client.asked is None and route.passed_over:
        return route.start_passed_over
    return route.start


def misfit(route: Route, caller: Caller) -> str:
    """Why the caller cannot be whose credentials the way starts from; empty where they can be.

    Identity Center, containers and instances give sessions of roles; a token is no credentials.
    """
    by_token = isinstance(caller, WebIdentityCaller)
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
    )


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
