"""Two sides of one call put together again, as a world and a call that the engine decides."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts, Lookups
from assumable.errors import InputError
from assumable.formats.dump import call_of
from assumable.formats.reading import refuse_malformed
from assumable.formats.scenario import Scenario
from assumable.formats.side import (
    UNDISCLOSED,
    CallerSide,
    KeyValue,
    Level,
    Parts,
    RoleSide,
    Seal,
    Side,
    Told,
    is_sealed,
)
from assumable.model.call import (
    Call,
    Mfa,
    Network,
    Open,
    Present,
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
from assumable.sides.halves import Half, bare, world_of
from assumable.sides.keys import PRINCIPAL_ORG, RESOURCE_ORG, as_value
from assumable.source import Document, Location

_CALLER = "the caller's side"
_ROLE = "the role's side"


def pair(sides: Iterable[Side]) -> tuple[CallerSide, RoleSide]:
    """The caller's and the role's side of one call, in whatever order; InputError otherwise."""
    found = {type(side): side for side in sides}
    caller, role = found.get(CallerSide), found.get(RoleSide)
    if not isinstance(caller, CallerSide) or not isinstance(role, RoleSide):
        raise InputError("one side of the caller and one of the role are needed", "--side")
    check_same_call(caller, role)
    return caller, role


def check_same_call(caller: CallerSide, role: RoleSide) -> None:
    """InputError with what differs when the sides are about different calls."""
    mine, theirs = caller.call, role.call
    differing = [] if mine.caller == theirs.caller else ["the caller"]
    for name in sorted({*mine.parameters, *theirs.parameters}):
        sent, known = mine.parameters.get(name), theirs.parameters.get(name)
        if is_sealed(known) and isinstance(sent, str):
            sent = Seal(role.salt).of(sent)
        if sent != known:
            differing.append(name)
    if mine.context != theirs.context:
        differing.append("the stated condition keys")
    if differing:
        raise InputError(
            f"the two sides are about different calls: {', '.join(differing)} differ",
            "--side",
            "write one of them again, with --given and the other",
        )


def joined(caller: CallerSide, role: RoleSide) -> Scenario:
    """The world and the call that both sides together tell."""
    call = called(caller, role)
    region = call.network.serving_region
    halves = caller_half(caller), role_half(role, region)
    facts = Facts(Lookups(world_of(*halves, complete=False)), call)
    seen = {
        layer: RequestContext(facts, "sts:AssumeRole", layer)
        for layer in (Layer.TRUST, Layer.IDENTITY)
    }
    theirs = Opened(seen[Layer.IDENTITY], Seal(caller.salt), call.caller.arn)
    ours = Opened(seen[Layer.TRUST], Seal(role.salt), call.caller.arn)
    opened = opened_caller(caller, theirs), opened_role(role, ours)
    world = world_of(caller_half(opened[0]), role_half(opened[1], region), complete=False)
    overrides = {**call.overrides, **theirs.unknown, **ours.unknown}
    return Scenario(world, msgspec.structs.replace(call, overrides=overrides))


# The call


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
    mfa = Mfa(
        present=_mfa(side.mfa),
        age=_mfa("unknown") if side.mfa_age == "unknown" else side.mfa_age,
    )
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


def _mfa(value: bool | str) -> Any:
    return value if isinstance(value, bool) else Unknown("the MFA of the caller's session", _CALLER)


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
        organization=_organization(account, side, scps=side.scps),
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
        organization=_organization(account, side, rcps=side.rcps),
        keys=keys_of_role(side),
    )


def _regions(side: Parts, region: str | None) -> dict[str, str]:
    usual = {region: "opted-in"} if side.every_region and region else {}
    return {**usual, **side.regions}


def _organization(
    account: str,
    side: Parts,
    *,
    scps: tuple[Level, ...] | str | None = None,
    rcps: tuple[Level, ...] | str | None = None,
) -> Organization:
    """The levels from the root down to the account, as a tree of its own."""
    layer, levels = (Layer.SCP, scps) if scps is not None else (Layer.RCP, rcps)
    base = bare(account)
    status = "SUSPENDED" if side.suspended else "ACTIVE"
    nodes: dict[str, Node] = {}
    above, attached = "", dict[str, tuple[PolicyOrUnknown, ...]]()
    listed = levels if isinstance(levels, tuple) else ()
    for number, level in enumerate(listed, 1):
        name = account if number == len(listed) else level.id or f"level {number}"
        nodes[name] = Node(name, "LEVEL", parent=above, status=status)
        attached[name] = tuple(_policy(told, layer, name) for told in level.policies)
        above = name
    nodes.setdefault(account, Node(account, "ACCOUNT", status=status))
    unread = Unknown(f"the {layer.upper()}s of account {account}", "the organization's policies")
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


# Sealed values, opened by somebody who has the same value


class Opened:
    """What a side's sealed values come to for somebody who knows the other side."""

    def __init__(self, context: RequestContext, seal: Seal, caller_arn: str) -> None:
        """Nothing is opened yet; `unknown` collects the tests that stay undisclosed."""
        self.context, self.seal, self.caller_arn = context, seal, caller_arn
        self.unknown: dict[str, Value] = {}

    def told(self, policy: Told) -> Told:
        """The policy with the values that could be opened."""
        if not isinstance(policy.document, dict):
            return policy
        document = dict(policy.document)
        statements = document.get("Statement")
        if isinstance(statements, list):
            document["Statement"] = [self._statement(item) for item in statements]
        return msgspec.structs.replace(policy, document=document)

    def _statement(self, statement: Any) -> Any:
        if not isinstance(statement, dict):
            return statement
        block = statement.get("Condition")
        changed = dict(statement)
        found: dict[str, dict[str, Any]] = {}
        for operator, key, values in _tests(block):
            opened = self._test(operator, key, values)
            found.setdefault(opened[0], {})[opened[1]] = opened[2]
        principal = statement.get("Principal")
        names = principal.get("AWS") if isinstance(principal, dict) else None
        if isinstance(names, list) and any(map(is_sealed, names)):
            changed["Principal"] = {"AWS": self._principals(names, found)}
        return {**changed, "Condition": found} if found else changed

    def _principals(self, names: list[Any], block: dict[str, dict[str, Any]]) -> list[Any]:
        """The role behind the caller's session, if one of the names is that."""
        value = self.context.get("aws:PrincipalArn")
        if isinstance(value, Unknown):
            self._unknown("Principal", block)
            return [self.caller_arn]
        mine = {self.seal.of(text) for text in _values(value)}
        return [
            (self.caller_arn if name in mine else UNDISCLOSED) if is_sealed(name) else name
            for name in names
        ]

    def _test(self, operator: str, key: str, values: list[Any]) -> tuple[str, str, list[Any]]:
        value = self.context.get(key)
        if values == [UNDISCLOSED] and _is_open(value):
            name = f"the undisclosed test of {key} by {operator}"
            self.unknown[name.lower()] = Unknown(
                "a pattern that is not disclosed", "export-side with --given or --full", present=True
            )
            return "StringEquals", name, ["passed"]
        folds = "ignorecase" in operator.lower()
        known = {
            self.seal.of(text.lower() if folds else text): text for text in _values(value)
        }
        opened = [known.get(v, UNDISCLOSED) if is_sealed(v) else v for v in values]
        return operator, key, opened

    def _unknown(self, what: str, block: dict[str, dict[str, Any]]) -> None:
        name = f"the undisclosed {what}"
        self.unknown[name.lower()] = Unknown("what is not disclosed", "--given", present=True)
        block.setdefault("StringEquals", {})[name] = ["passed"]


def _tests(block: Any) -> Iterator[tuple[str, str, list[Any]]]:
    for operator, keys in block.items() if isinstance(block, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield operator, key, values if isinstance(values, list) else [values]


def _is_open(value: Value) -> bool:
    """Whether a test that nobody sees could hold or not."""
    return isinstance(value, Present | Unknown | Open)


def _values(value: Value) -> tuple[str, ...]:
    if isinstance(value, Open):
        return (*_values(value.if_true), *_values(value.if_false))
    return value.values if isinstance(value, Present) else ()


def opened_caller(side: CallerSide, opened: Opened) -> CallerSide:
    """The side with every policy opened."""
    via = side.via
    endpoint = via.vpc_endpoint_policy
    session = side.session
    return msgspec.structs.replace(
        side,
        identity=tuple(map(opened.told, side.identity)),
        boundary=opened.told(side.boundary) if side.boundary else None,
        scps=_levels(side.scps, opened),
        session=msgspec.structs.replace(
            session, policies=tuple(map(opened.told, session.policies))
        ),
        via=msgspec.structs.replace(
            via, vpc_endpoint_policy=opened.told(endpoint) if endpoint else None
        ),
    )


def opened_role(side: RoleSide, opened: Opened) -> RoleSide:
    """The side with every policy opened."""
    return msgspec.structs.replace(
        side,
        trust=opened.told(side.trust) if side.trust else None,
        rcps=_levels(side.rcps, opened),
    )


def _levels(levels: Any, opened: Opened) -> Any:
    if not isinstance(levels, tuple):
        return levels
    return tuple(
        msgspec.structs.replace(level, policies=tuple(map(opened.told, level.policies)))
        for level in levels
    )
