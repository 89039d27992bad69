"""What a side file holds, taken from the world as its exporter sees it."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from assumable.engine.chain import decide_chain
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts, is_alive
from assumable.engine.gates import GateName
from assumable.engine.layers import Part, Prepared
from assumable.engine.limits import mfa_fault
from assumable.engine.parameters import request_faults
from assumable.findings.chain import findings_of_chain
from assumable.formats.scenario import Scenario
from assumable.formats.side import (
    UNDISCLOSED,
    Blamed,
    CallerSide,
    Carried,
    KeyValue,
    RoleSide,
    Seal,
    SharedCall,
    Side,
    Told,
    Via,
)
from assumable.model.call import Call, Mfa
from assumable.model.policy import Layer
from assumable.model.world import Account, Principal, Role, Unknown
from assumable.sides import keys
from assumable.sides.blind import Blinds
from assumable.sides.teller import Teller

_OWN_PARAMETERS = ("SerialNumber", "TokenCode", "Policy", "PolicyArns", "ProvidedContexts")
"""Parameters that only the caller knows; the other side gets stand-ins."""
_STAND_INS = {"SerialNumber": "GAHT12345678", "TokenCode": "000000"}
_NO_DEVICE, _FAULTY_DEVICE = (
    f"arn:aws:iam::000000000000:user/{name}" for name in ("none", "no ne")
)
"""Stand for a serial number that is none of the caller's devices, and one that STS cannot read."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the exporter wants to disclose."""

    full: bool = False
    tag_keys: tuple[str, ...] = ()


def _shared(call: Call, seal: Seal | None = None) -> SharedCall:
    """What both sides know; the ExternalId that the role's side was given is sealed."""
    parameters = without_own(call.parameters)
    sent = parameters.get("ExternalId")
    if seal is not None and isinstance(sent, str):
        parameters["ExternalId"] = seal.of(sent)
    context = {
        key: keys.shown(value)
        for key, value in call.overrides.items()
        if keys.is_shared(key) and keys.is_known(value)
    }
    return SharedCall(caller=call.caller.arn, parameters=parameters, context=context)


def without_own(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that both sides know."""
    return {name: value for name, value in parameters.items() if name not in _OWN_PARAMETERS}


def of_caller(seen: Scenario, wish: Wish, given: RoleSide | None) -> CallerSide:
    """The caller's side, of a scenario in which the role's is blank or as it was given."""
    prepared, call = Prepared(seen.world), seen.call
    facts = Facts(prepared.lookups, call)
    seal = Seal(secrets.token_hex(16))
    tell = Teller(Blinds(facts, seal), full=wish.full)
    parts = [*prepared.caller_parts(facts).all, *prepared.request_parts(facts).all]
    by_gate = {
        gate: [part for part in parts if part.gate is gate and part.rules] for gate in GateName
    }
    principal = facts.principal
    tags = _tag_keys(wish, given, principal, call.session.tags)
    return CallerSide(
        **_common(seen, seal, wish, calls=True),
        **_credentials(call),
        call=_shared(call),
        keys=_keys_of_caller(facts, tags),
        unknown_keys=_unknown_keys(call),
        every_tag=wish.full and isinstance(principal, Principal) and _has_tags(principal),
        parameters=_stand_ins(call),
        exists="unknown" if isinstance(principal, Unknown) else _exists(facts),
        principal_arn=facts.principal_arn if isinstance(facts.principal_arn, str) else None,
        session=_carried(call, tell.all(Layer.SESSION, by_gate[GateName.SESSION_POLICY])),
        identity=tell.all(Layer.IDENTITY, by_gate[GateName.IDENTITY]),
        boundary=next(iter(tell.all(Layer.BOUNDARY, by_gate[GateName.BOUNDARY])), None),
        scps=tell.levels(Layer.SCP, by_gate[GateName.SCP]),
        via=_via(call, tell, by_gate[GateName.VPC_ENDPOINT]),
    )


def _credentials(call: Call) -> dict[str, Any]:
    """What signs the call, and its proof of MFA."""
    mfa = getattr(call.caller, "mfa", Mfa(present=False))
    return {
        "credentials": getattr(call.caller, "credentials", ""),
        "mfa": _or_unknown(mfa.present),
        "mfa_age": _or_unknown(mfa.age),
        "mfa_code_is_wrong": call.mfa_code_is_wrong,
    }


def _carried(call: Call, policies: tuple[Told, ...]) -> Carried:
    """What the caller's session brings along; of its tags those that are handed on."""
    session = call.session
    handed_on = {name.lower() for name in session.transitive_tag_keys}
    tags = {
        key: value
        for key, value in session.tags.items()
        if key.lower() in handed_on and isinstance(value, str)
    }
    source = session.source_identity
    is_whole = len(tags) == len(handed_on) and not isinstance(source, Unknown)
    return Carried(
        policies=policies,
        transitive_tags=tags,
        source_identity=source if isinstance(source, str) else None,
        issued_at=session.issued_at,
        expires_at=session.expires_at,
        complete=session.complete and is_whole,
    )


def _exists(facts: Facts) -> bool:
    """Whether there is such a principal; of root and federated users nothing else is said."""
    return facts.principal is not None or not facts.has_identity_side


def of_role(seen: Scenario, asked: Call, wish: Wish, given: CallerSide | None) -> RoleSide:
    """The role's side; `asked` is the call as its exporter has it."""
    prepared = Prepared(seen.world)
    facts = Facts(prepared.lookups, seen.call)
    seal = Seal(secrets.token_hex(16))
    tell = Teller(Blinds(facts, seal), full=wish.full)
    role, trust = facts.role, facts.trust
    longest = role.max_session_duration if isinstance(role, Role) else "unknown"
    rcps = [part for part in prepared.role_parts(facts).all if part.rules]
    told = () if trust is None else tell.policies(Layer.TRUST, (trust,))
    return RoleSide(
        **_common(seen, seal, wish, calls=False),
        call=_shared(asked, seal),
        keys=_keys_of_role(facts, _tag_keys(wish, given, role)),
        unknown_keys=tuple(
            key
            for key, value in asked.overrides.items()
            if keys.is_of_role(key) and isinstance(value, Unknown)
        ),
        every_tag=wish.full and isinstance(role, Role) and _has_tags(role),
        exists="unknown" if isinstance(role, Unknown) else role is not None,
        trust=next(iter(told), None),
        max_session_duration=longest if isinstance(longest, int) else "unknown",
        rcps=tell.levels(Layer.RCP, rcps),
    )


def _common(seen: Scenario, seal: Seal, wish: Wish, *, calls: bool) -> dict[str, Any]:
    """What both kinds of side say of their account."""
    world, call = seen
    number = call.caller_account if calls else call.role_account
    organization = world.organization_of(number)
    account = world.account(number)
    region = call.network.serving_region
    regions = account.regions if isinstance(account, Account) else {}
    alive = is_alive(organization, number)
    return {
        "full": wish.full,
        "time": call.time,
        "salt": seal.salt,
        "regions": {
            name: status
            for name, status in regions.items()
            if name == region or (region is None and status in _TELLING)
        },
        "every_region": world.complete and isinstance(account, Account),
        "suspended": not alive if isinstance(alive, bool) else None,
        "blocking": _blocking(seen, wish),
    }


_TELLING = ("not-opted-in", "enabling", "disabling")


def _blocking(seen: Scenario, wish: Wish) -> tuple[Blamed, ...]:
    """The blocking causes that one side alone establishes; levels are named only in full."""
    named = () if wish.full else ("scp", "rcp")
    found = (
        Blamed(
            code=finding.code,
            cause=finding.cause,
            variant="" if finding.cause in named else finding.variant,
        )
        for finding in findings_of_chain(decide_chain(*seen))
        if finding.blocking
    )
    return tuple(dict.fromkeys(found))


def _stand_ins(call: Call) -> dict[str, Any]:
    """The caller's own parameters without their values; a faulty one stays faulty."""
    faulty = {fault.parameter.partition("[")[0] for fault in request_faults(call)}
    found: dict[str, Any] = {}
    refused = mfa_fault(call)
    for name in _OWN_PARAMETERS:
        value = call.parameters.get(name)
        if value is None:
            continue
        is_no_device = refused is not None and name == refused.parameter == "SerialNumber"
        if name in faulty:
            found[name] = _FAULTY_DEVICE if is_no_device else UNDISCLOSED
        elif name == "ProvidedContexts":
            found[name] = [_without_assertion(entry) for entry in value]
        elif is_no_device:
            found[name] = _NO_DEVICE
        elif name in _STAND_INS:
            found[name] = _STAND_INS[name]
    return found


def _without_assertion(entry: Any) -> Any:
    return {**entry, "ContextAssertion": UNDISCLOSED} if isinstance(entry, dict) else UNDISCLOSED


def _keys_of_caller(facts: Facts, tags: Iterable[str]) -> dict[str, KeyValue]:
    context = RequestContext(facts, "sts:AssumeRole", Layer.TRUST)
    stated = (
        key
        for key in facts.call.overrides
        if not keys.is_shared(key) and not keys.is_of_role(key)
        if not key.startswith(keys.PRINCIPAL_TAG)
    )
    return _known(
        context, (*sorted(keys.OF_CALLER), *stated, *keys.named(tags, keys.PRINCIPAL_TAG))
    )


def _keys_of_role(facts: Facts, tags: Iterable[str]) -> dict[str, KeyValue]:
    context = RequestContext(facts, "sts:AssumeRole", Layer.IDENTITY)
    return _known(context, (*keys.RESOURCE_ORG, *keys.named(tags, *keys.RESOURCE_TAGS)))


def _known(context: RequestContext, names: Iterable[str]) -> dict[str, KeyValue]:
    values = {name: context.value(name.lower()) for name in names}
    return {name: keys.shown(value) for name, value in values.items() if keys.is_known(value)}


def _unknown_keys(call: Call) -> tuple[str, ...]:
    """Keys that the input declares unknown and that the role's side does not know either."""
    return tuple(
        key
        for key, value in call.overrides.items()
        if isinstance(value, Unknown) and not keys.is_of_role(key)
    )


def _tag_keys(
    wish: Wish, given: Side | None, holder: Any, carried: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """The tags to tell: those that were named, those that the other side asks for, or all."""
    found = list(wish.tag_keys)
    if isinstance(given, RoleSide):
        told = [given.trust] if given.trust else []
        levels = given.rcps if isinstance(given.rcps, tuple) else ()
        told += [policy for level in levels for policy in level.policies]
        found += keys.asked_tags(told, keys.PRINCIPAL_TAG)
    elif isinstance(given, CallerSide):
        found += keys.asked_tags(_told_by(given), *keys.RESOURCE_TAGS)
    if wish.full:
        tags = getattr(holder, "tags", {})
        found += [*({} if isinstance(tags, Unknown) else tags), *(carried or {})]
    return tuple(dict.fromkeys(name.lower() for name in found))


def _told_by(side: CallerSide) -> tuple[Told, ...]:
    levels = side.scps if isinstance(side.scps, tuple) else ()
    single = [side.boundary, side.via.vpc_endpoint_policy]
    return (
        *side.identity,
        *side.session.policies,
        *(policy for level in levels for policy in level.policies),
        *(policy for policy in single if policy is not None),
    )


def _has_tags(principal: Principal) -> bool:
    return not isinstance(principal.tags, Unknown)


def _or_unknown(value: Any) -> Any:
    return "unknown" if isinstance(value, Unknown) else value


def _via(call: Call, tell: Teller, endpoint: list[Part]) -> Via:
    network = call.network
    name = network.vpc_endpoint
    return Via(
        region=network.region,
        endpoint=network.endpoint,
        vpc_endpoint="unknown" if isinstance(name, Unknown) else name,
        vpc_endpoint_policy=next(iter(tell.all(Layer.VPC_ENDPOINT, endpoint)), None),
        assumed=network.assumed,
    )
