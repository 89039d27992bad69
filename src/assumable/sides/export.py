"""One side of a call, written for the administrator of the other."""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from assumable import arn
from assumable.engine.chain import decide_chain
from assumable.engine.context import RequestContext
from assumable.engine.facts import Facts, is_suspended
from assumable.engine.gates import GateName
from assumable.engine.layers import Part, Prepared
from assumable.engine.limits import mfa_fault
from assumable.engine.parameters import request_faults
from assumable.errors import InputError
from assumable.findings.chain import findings_of_chain
from assumable.formats.dump import unsaid_session
from assumable.formats.scenario import Scenario
from assumable.formats.side import (
    UNDISCLOSED,
    Blamed,
    CallerSide,
    Carried,
    KeyValue,
    Level,
    RoleSide,
    Seal,
    SharedCall,
    Side,
    Told,
    Via,
)
from assumable.model.call import Call, Mfa, Network, RoleCaller, UserCaller, Value
from assumable.model.policy import Layer, Policy
from assumable.model.world import Account, PolicyOrUnknown, Principal, Role, Unknown, World
from assumable.sides import keys
from assumable.sides.blind import Blinds
from assumable.sides.halves import blank_half, own_half, world_of
from assumable.sides.join import called, caller_half, check_same_call, keys_of_role, role_half

_OWN_PARAMETERS = ("SerialNumber", "TokenCode", "Policy", "PolicyArns", "ProvidedContexts")
"""Parameters that only the caller knows; the other side gets stand-ins."""
_STAND_INS = {"SerialNumber": "GAHT12345678", "TokenCode": "000000"}
_NO_DEVICE = "arn:aws:iam::000000000000:user/undisclosed"
"""Stands for a serial number that is none of the caller's devices."""
_VARIABLE = re.compile(r"\$\{([^},]*)")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the exporter wants to disclose."""

    full: bool = False
    tag_keys: tuple[str, ...] = ()


def caller_side(scenario: Scenario, wish: Wish, given: RoleSide | None = None) -> CallerSide:
    """The side of the caller's administrator; with the role's side given, nothing stays sealed.

    InputError for a call that one administrator can answer alone.
    """
    world, call = _checked(scenario)
    mine = own_half(world, call.caller_account, calls=True)
    theirs = blank_half(world, call.role_account, calls=False)
    if given is not None:
        theirs = role_half(given, call.network.serving_region)
    overrides = {**mine.keys, **theirs.keys, **call.overrides}
    if given is not None:
        overrides |= keys_of_role(given)
    seen = Scenario(
        world_of(mine, theirs, complete=world.complete),
        msgspec.structs.replace(call, overrides=overrides),
    )
    side = _caller_side(seen, wish, given)
    if given is not None:
        check_same_call(side, given)
    return side


def role_side(scenario: Scenario, wish: Wish, given: CallerSide | None = None) -> RoleSide:
    """The side of the role's administrator; with the caller's side given, nothing stays sealed.

    InputError for a call that one administrator can answer alone.
    """
    world, call = _checked(scenario)
    mine = own_half(world, call.role_account, calls=False)
    own = {key: value for key, value in call.overrides.items() if keys.is_of_role(key)}
    if given is None:
        theirs = blank_half(world, call.caller_account, calls=True)
        around = world_of(theirs, mine, complete=world.complete)
        seen = _as_role_sees(call, _asked(around, call), theirs.keys)
    else:
        theirs, seen = caller_half(given), called(given)
        around = world_of(theirs, mine, complete=False)
    overrides = {**seen.overrides, **mine.keys, **own}
    seen = msgspec.structs.replace(seen, overrides=overrides)
    side = _role_side(Scenario(around, seen), call, wish, given)
    if given is not None:
        check_same_call(given, side)
    return side


def _checked(scenario: Scenario) -> Scenario:
    """The scenario, or InputError where two sides make no sense."""
    call = scenario.call
    alone = "run `assumable why` there"
    if call.chain:
        raise InputError("a chain of roles has no two sides", "", "write the sides hop by hop")
    if call.api != "AssumeRole" or not call.is_principal:
        message = "only a call of AssumeRole by a principal of an account has two sides"
        raise InputError(message, "", alone)
    if arn.parse_role(call.role_arn) is None:
        raise InputError(f"`{call.role_arn}` is no role", "RoleArn")
    if call.same_account:
        message = "caller and role are in one account, whose administrator can answer alone"
        raise InputError(message, "", alone)
    return scenario


def _as_role_sees(call: Call, asked: set[str], places: dict[str, Value]) -> Call:
    """The call without what only its caller knows."""
    caller: Any = call.caller
    if isinstance(caller, UserCaller):
        unread = Unknown("the MFA of the caller's credentials", "assumable export-side --caller")
        caller = UserCaller(arn=caller.arn, mfa=Mfa(unread))
    elif isinstance(caller, RoleCaller):
        caller = RoleCaller(arn=caller.arn, session=unsaid_session())
    shared = {key: value for key, value in call.overrides.items() if keys.is_shared(key)}
    return msgspec.structs.replace(
        call,
        caller=caller,
        parameters=_without_own(call.parameters),
        network=Network(assumed=True),
        overrides={**keys.unknown_to_role(asked), **places, **shared},
        mfa_code_is_wrong=False,
    )


def _asked(world: World, call: Call) -> set[str]:
    """The condition keys that the role's side asks for, in values as well."""
    facts = Facts(Prepared(world).lookups, call)
    parts = Prepared(world).role_parts(facts).all
    policies = [*(policy for part in parts for policy in part.policies), facts.trust]
    conditions = [
        condition
        for policy in policies
        if isinstance(policy, Policy)
        for statement in policy.statements
        for condition in statement.conditions
    ]
    named = {found for c in conditions for value in c.values for found in _VARIABLE.findall(value)}
    return {key.strip().lower() for key in (*named, *(c.key for c in conditions))}


# What is written


def _shared(call: Call, seal: Seal | None = None) -> SharedCall:
    """What both sides know; the ExternalId that the role's side was given is sealed."""
    parameters = _without_own(call.parameters)
    sent = parameters.get("ExternalId")
    if seal is not None and isinstance(sent, str):
        parameters["ExternalId"] = seal.of(sent)
    context = {
        key: keys.shown(value)
        for key, value in call.overrides.items()
        if keys.is_shared(key) and keys.is_known(value)
    }
    return SharedCall(caller=call.caller.arn, parameters=parameters, context=context)


def _without_own(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in _OWN_PARAMETERS}


def _caller_side(seen: Scenario, wish: Wish, given: RoleSide | None) -> CallerSide:
    prepared, call = Prepared(seen.world), seen.call
    facts = Facts(prepared.lookups, call)
    seal = Seal(secrets.token_hex(16))
    tell = _Teller(Blinds(facts, seal), full=wish.full)
    parts = [*prepared.caller_parts(facts).all, *prepared.request_parts(facts).all]
    by_gate = {
        gate: [part for part in parts if part.gate is gate and part.rules] for gate in GateName
    }
    principal = facts.principal
    session, caller = call.session, call.caller
    transitive = {
        key: value
        for key, value in session.tags.items()
        if key.lower() in {name.lower() for name in session.transitive_tag_keys}
        and isinstance(value, str)
    }
    source = session.source_identity
    is_whole = len(transitive) == len(session.transitive_tag_keys)
    return CallerSide(
        **_common(seen, seal, wish, calls=True),
        call=_shared(call),
        keys=_keys_of_caller(facts, _tag_keys(wish, given, facts.principal, session.tags)),
        unknown_keys=_unknown_keys(call),
        every_tag=wish.full and isinstance(principal, Principal) and _has_tags(principal),
        parameters=_stand_ins(call),
        mfa_code_is_wrong=call.mfa_code_is_wrong,
        exists="unknown" if isinstance(principal, Unknown) else _exists(facts),
        principal_arn=facts.principal_arn if isinstance(facts.principal_arn, str) else None,
        credentials=getattr(caller, "credentials", ""),
        mfa=_or_unknown(getattr(caller, "mfa", Mfa(False)).present),
        mfa_age=_or_unknown(getattr(caller, "mfa", Mfa(False)).age),
        session=Carried(
            policies=tell.all(Layer.SESSION, by_gate[GateName.SESSION_POLICY]),
            transitive_tags=transitive,
            source_identity=source if isinstance(source, str) else None,
            issued_at=session.issued_at,
            expires_at=session.expires_at,
            complete=session.complete and is_whole and not isinstance(source, Unknown),
        ),
        identity=tell.all(Layer.IDENTITY, by_gate[GateName.IDENTITY]),
        boundary=next(iter(tell.all(Layer.BOUNDARY, by_gate[GateName.BOUNDARY])), None),
        scps=tell.levels(Layer.SCP, by_gate[GateName.SCP]),
        via=_via(call, tell, by_gate[GateName.VPC_ENDPOINT]),
    )


def _exists(facts: Facts) -> bool:
    """Whether there is such a principal; of root and federated users nothing else is said."""
    return facts.principal is not None or not facts.has_identity_side


def _role_side(
    seen: Scenario, asked: Call, wish: Wish, given: CallerSide | None
) -> RoleSide:
    prepared = Prepared(seen.world)
    facts = Facts(prepared.lookups, seen.call)
    seal = Seal(secrets.token_hex(16))
    tell = _Teller(Blinds(facts, seal), full=wish.full)
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
        "suspended": is_suspended(organization, number),
        "blocking": _blocking(seen),
    }


_TELLING = ("not-opted-in", "enabling", "disabling")


def _blocking(seen: Scenario) -> tuple[Blamed, ...]:
    """The blocking causes that one side alone establishes."""
    found = (
        Blamed(code=finding.code, cause=finding.cause, variant=finding.variant)
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
        if name in faulty:
            found[name] = UNDISCLOSED
        elif name == "ProvidedContexts":
            found[name] = [{**entry, "ContextAssertion": UNDISCLOSED} for entry in value]
        elif refused is not None and name == refused.parameter == "SerialNumber":
            found[name] = _NO_DEVICE
        elif name in _STAND_INS:
            found[name] = _STAND_INS[name]
    return found


def _keys_of_caller(facts: Facts, tags: Iterable[str]) -> dict[str, KeyValue]:
    context = RequestContext(facts, "sts:AssumeRole", Layer.TRUST)
    stated = (
        key
        for key in facts.call.overrides
        if not keys.is_shared(key) and not keys.is_of_role(key)
        if not key.startswith(keys.PRINCIPAL_TAG)
    )
    return _known(context, (*sorted(keys.OF_CALLER), *stated, *tags), keys.PRINCIPAL_TAG)


def _keys_of_role(facts: Facts, tags: Iterable[str]) -> dict[str, KeyValue]:
    context = RequestContext(facts, "sts:AssumeRole", Layer.IDENTITY)
    return _known(context, (*keys.RESOURCE_ORG, *tags), *keys.RESOURCE_TAGS)


def _known(
    context: RequestContext, names: Iterable[str], *tag_prefixes: str
) -> dict[str, KeyValue]:
    found: dict[str, KeyValue] = {}
    for name in dict.fromkeys(names):
        is_name = name.startswith(tag_prefixes) or "/" not in name
        for key in (name,) if is_name else (prefix + name for prefix in tag_prefixes):
            value = context.value(key.lower())
            if keys.is_known(value):
                found[key] = keys.shown(value)
    return found


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


def _via(call: Call, tell: "_Teller", endpoint: list[Part]) -> Via:
    network = call.network
    name = network.vpc_endpoint
    return Via(
        region=network.region,
        endpoint=network.endpoint,
        vpc_endpoint="unknown" if isinstance(name, Unknown) else name,
        vpc_endpoint_policy=next(iter(tell.all(Layer.VPC_ENDPOINT, endpoint)), None),
        assumed=network.assumed,
    )


class _Teller:
    """Puts policies into the file: blinded, or as they are."""

    def __init__(self, blinds: Blinds, *, full: bool) -> None:
        self._blinds, self._full = blinds, full

    def all(self, layer: Layer, parts: list[Part]) -> tuple[Told, ...]:
        """The policies of a layer that is one gate."""
        return self.policies(layer, tuple(p for part in parts for p in part.policies))

    def levels(self, layer: Layer, parts: list[Part]) -> tuple[Level, ...] | Literal["unknown"] | None:
        """Those of a layer with levels; None where it plays no part."""
        unread = [part for part in parts if not part.level]
        if unread:
            return "unknown"
        return (
            tuple(
                Level(
                    policies=self.policies(layer, part.policies),
                    id=part.level if self._full else "",
                )
                for part in parts
            )
            or None
        )

    def policies(self, layer: Layer, policies: tuple[PolicyOrUnknown, ...]) -> tuple[Told, ...]:
        """Policies that are one gate together."""
        if not self._full:
            return self._blinds.told(layer, policies)
        return tuple(
            Told(document=policy.document, name=policy.name.name, arn=policy.name.arn)
            if isinstance(policy, Policy)
            else Told(document="unknown")
            for policy in policies
        )
