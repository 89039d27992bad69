"""What the sides tell, as a call and as the two halves of a world."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from assumable import arn
from assumable.formats.dump import call_of
from assumable.formats.reading import refuse_malformed
from assumable.formats.side import (
    CallerSide,
    KeyValue,
    Level,
    Parts,
    RoleSide,
    Told,
)
from assumable.model.call import (
    Call,
    Mfa,
    Network,
    RoleCaller,
    RootCaller,
    Session,
    UserCaller,
    Value,
)
from assumable.model.policy import Layer, PolicyName, parse_policy
from assumable.model.world import (
    Account,
    Node,
    Organization,
    PolicyOrUnknown,
    Role,
    Unknown,
    User,
    VpcEndpoint,
)
from assumable.sides.halves import Half, bare
from assumable.sides.keys import PRINCIPAL_ORG, RESOURCE_ORG, as_value
from assumable.source import Document, Location

_CALLER = "the caller's side"
_ROLE = "the role's side"


def called(side: CallerSide, role: RoleSide | None = None) -> Call:
    """The call as its caller tells it, and what the role's side says of its keys."""
    shared = side.call
    plain = call_of(
        shared.caller,
        {**shared.parameters, **side.parameters},
        region=side.via.region,
        now=side.time,
    )
    return msgspec.structs.replace(
        plain,
        caller=_caller(side, plain),
        network=_network(side),
        mfa_code_is_wrong=side.mfa_code_is_wrong,
        overrides={
            **stated(shared.context, "both sides say so"),
            **keys_of_caller(side),
            **(keys_of_role(role) if role else {}),
        },
    )


def keys_of_caller(side: CallerSide) -> dict[str, Value]:
    """The condition keys that a caller's side tells."""
    return _keys(side, _CALLER, PRINCIPAL_ORG)


def keys_of_role(side: RoleSide) -> dict[str, Value]:
    """The condition keys that a role's side tells."""
    return _keys(side, _ROLE, RESOURCE_ORG)


def _keys(side: Parts, whose: str, places: tuple[str, ...]) -> dict[str, Value]:
    unsaid = {key: Unknown(f"{key}, which {whose} does not say", whose) for key in places}
    declared = {key: Unknown(f"{key}, declared unknown", whose) for key in side.unknown_keys}
    return {**unsaid, **stated(side.keys, f"{whose} says so"), **declared}


def stated(keys: Mapping[str, KeyValue], reason: str) -> dict[str, Value]:
    """Condition keys of a file as the context has them."""
    return {key: as_value(value, reason) for key, value in keys.items()}


def _caller(side: CallerSide, call: Call) -> Any:
    mfa = Mfa(present=_mfa(side.mfa), age=_mfa(side.mfa_age))
    carried = side.session
    session = Session(
        policies=tuple(_policy(told, Layer.SESSION, call.caller.arn) for told in carried.policies),
        tags=carried.transitive_tags,
        transitive_tag_keys=tuple(carried.transitive_tags),
        source_identity=carried.source_identity,
        issued_at=carried.issued_at,
        expires_at=carried.expires_at,
        complete=carried.complete,
    )
    caller = call.caller
    if isinstance(caller, UserCaller):
        kind = "session-token" if side.credentials == "session-token" else "long-term"
        return msgspec.structs.replace(caller, credentials=kind, mfa=mfa, session=session)
    if isinstance(caller, RoleCaller):
        return msgspec.structs.replace(caller, mfa=mfa, session=session)
    if isinstance(caller, RootCaller) and side.credentials == "assume-root":
        return msgspec.structs.replace(caller, credentials="assume-root")
    return caller


def _mfa(told: Any) -> Any:
    return Unknown("the MFA of the caller's session", _CALLER) if told == "unknown" else told


def _network(side: CallerSide) -> Network:
    via = side.via
    endpoint: str | Unknown | None = via.vpc_endpoint
    if endpoint == "unknown":
        endpoint = Unknown("whether the request goes through a VPC endpoint", _CALLER)
    return Network(
        region=via.region, endpoint=via.endpoint, vpc_endpoint=endpoint, assumed=via.assumed
    )


# The two halves of the world


def caller_half(side: CallerSide) -> Half:
    """What a caller's side tells of its account."""
    call = side.call
    parts = arn.parse(call.caller)
    account = parts.account if parts else ""
    named = call.caller
    if parts is not None and parts.kind == "assumed-role":
        role = parts.resource.split("/")[1]
        named = side.principal_arn or f"arn:{parts.partition}:iam::{account}:role/{role}"
    region = _network(side).serving_region
    found = Account(id=account, regions=_regions(side, region), complete=False)
    if side.exists is True and parts is not None and parts.kind in ("user", "assumed-role"):
        found = _with_principal(found, side, named)
    elif side.exists is False:
        found = msgspec.structs.replace(found, absent=frozenset((named,)))
    endpoints = {}
    name = side.via.vpc_endpoint
    if name and name != "unknown":
        told = side.via.vpc_endpoint_policy
        policy = _policy(told, Layer.VPC_ENDPOINT, name, account) if told else None
        endpoints[name] = VpcEndpoint(name, "", account, policy)
    return Half(
        id=account,
        account=found,
        organization=_organization(account, side, Layer.SCP, side.scps),
        keys=keys_of_caller(side),
        endpoints=endpoints,
    )


def _with_principal(account: Account, side: CallerSide, named: str) -> Account:
    fields: dict[str, Any] = {
        "arn": named,
        "tags": {} if side.every_tag else Unknown("the tags of the caller", _CALLER),
        "policies": tuple(_policy(told, Layer.IDENTITY, named) for told in side.identity),
        "boundary": _policy(side.boundary, Layer.BOUNDARY, named) if side.boundary else None,
    }
    if ":user/" in named:
        return msgspec.structs.replace(account, users={named: User(**fields)})
    trust = Unknown("the trust policy of the caller's role", _CALLER)
    role = Role(**fields, trust=trust, path_known=side.principal_arn is not None)
    return msgspec.structs.replace(account, roles={named: role})


def role_half(side: RoleSide, region: str | None) -> Half:
    """What a role's side tells of its account; the caller's side says the Region of the call."""
    named = str(side.call.parameters.get("RoleArn", ""))
    account = arn.account_of(named)
    found = Account(id=account, regions=_regions(side, region), complete=False)
    longest = side.max_session_duration
    if side.exists is True and side.trust is not None:
        role = Role(
            arn=named,
            trust=_policy(side.trust, Layer.TRUST, named),
            max_session_duration=Unknown("the role's MaxSessionDuration", _ROLE)
            if longest == "unknown"
            else longest,
            tags={} if side.every_tag else Unknown("the tags of the role", _ROLE),
        )
        found = msgspec.structs.replace(found, roles={named: role})
    elif side.exists is False:
        found = msgspec.structs.replace(found, absent=frozenset((named,)))
    return Half(
        id=account,
        account=found,
        organization=_organization(account, side, Layer.RCP, side.rcps),
        keys=keys_of_role(side),
    )


def _regions(side: Parts, region: str | None) -> dict[str, str]:
    usual = {region: "opted-in"} if side.every_region and region else {}
    return {**usual, **side.regions}


_STATES = {True: "SUSPENDED", False: "ACTIVE", None: "UNKNOWN"}


def _organization(
    account: str, side: Parts, layer: Layer, levels: tuple[Level, ...] | str | None
) -> Organization | Unknown:
    """The levels from the root down to the account, as a tree of its own."""
    unread = Unknown(f"the {layer.upper()}s of account {account}", "the organization's policies")
    if levels == "unknown" and side.suspended is False:
        return unread
    base = bare(account)
    status = _STATES[side.suspended]
    nodes: dict[str, Node] = {}
    above, attached = "", dict[str, tuple[PolicyOrUnknown, ...]]()
    listed = levels if isinstance(levels, tuple) else ()
    for number, level in enumerate(listed, 1):
        name = account if number == len(listed) else level.id or f"level {number}"
        nodes[name] = Node(name, "LEVEL", parent=above, status=status)
        attached[name] = tuple(_policy(told, layer, name) for told in level.policies)
        above = name
    nodes.setdefault(account, Node(account, "ACCOUNT", status=status))
    known = unread if levels == "unknown" else attached if listed else None
    field = "scps" if layer is Layer.SCP else "rcps"
    return msgspec.structs.replace(base, nodes=nodes, **{field: known})


def _policy(told: Told, layer: Layer, owner: str, account: str = "") -> PolicyOrUnknown:
    account = account or arn.account_of(owner)
    words = f"the {layer} policy of {arn.display_name(owner)}"
    if told.document == "unknown":
        return Unknown(told.name or words, f"read access to {account or owner}")
    name = PolicyName(layer, told.name or words, owner, told.arn, account)
    location = Location(Document(words, json.dumps(told.document, indent=2)))
    return refuse_malformed(parse_policy(location.document.value, name, location))
