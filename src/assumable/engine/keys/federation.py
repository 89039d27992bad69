"""Keys from tokens and assertions (FACTS 5.6, 5.7)."""

from collections.abc import Mapping

from assumable import arn
from assumable.engine.keys import providers
from assumable.engine.keys.caller import delivered
from assumable.engine.keys.question import Question
from assumable.engine.keys.request import listed
from assumable.model.assertion import texts
from assumable.model.call import (
    Absent,
    Call,
    Present,
    RoleCaller,
    SamlCaller,
    Value,
    WebIdentityCaller,
)
from assumable.model.world import Unknown


def is_mapped(call: Call, key: str) -> bool:
    """Whether STS takes this key from tokens of the caller's provider, on the day of the call."""
    prefix, _, claim = key.lower().rpartition(":")
    if not call.issuer or prefix != call.issuer.lower():
        return False
    return claim in providers.keys_of(call.issuer, call.time)


def federation_key(question: Question, name: str) -> Value:
    """A key that a token or an assertion supplies; absent for every other call."""
    caller = question.call.caller
    if isinstance(caller, SamlCaller):
        return _saml_key(question.call, caller.assertion, name)
    if isinstance(caller, WebIdentityCaller):
        if not is_mapped(question.call, name):
            return Absent("STS does not take this claim from the provider's tokens (R5.14a)")
        return _claim(caller.claims, name.rpartition(":")[2])
    provider, colon, claim = name.rpartition(":")
    persists = bool(colon) and "." in provider and claim in ("aud", "sub", "amr")
    surviving = name in providers.SAML_SURVIVING or name.startswith("glue:")
    if isinstance(caller, RoleCaller) and (persists or surviving):
        return Unknown("how the caller's session was made", "the `context` of the call")
    return Absent("no such key exists for this call (R6.14)")


def audience_of(claims: Mapping[str, object]) -> tuple[str, ...]:
    """Who the token is for: `azp` when it is there, else `aud` (R5.13)."""
    return texts(claims.get("azp")) or texts(claims.get("aud"))


def _claim(claims: Mapping[str, object], name: str) -> Value:
    """A claim by the name of its key; `aud` is `azp` where there is one (R5.13)."""
    if name == "aud":
        found: object = list(audience_of(claims)) or None
    elif name == "oaud":
        found = claims.get("aud")
    else:
        found = _nested(claims, name)
    many = name in providers.MULTIVALUED_CLAIMS
    return asserted(found, many=many, source="the token")


def _nested(claims: Mapping[str, object], name: str) -> object:
    """A claim, also one inside another: `google/organization_number`."""
    if claims.get(name) is not None:
        return claims[name]
    outer, slash, inner = name.partition("/")
    within = claims.get(outer)
    return within.get(inner) if slash and isinstance(within, dict) else None


def asserted(found: object, *, many: bool, source: str) -> Value:
    """What a token or assertion carries, as a condition value."""
    if found is None:
        return Absent(f"{source} does not carry it")
    values = texts(found)
    if not values:
        return Absent(f"{source} has no text for it")
    several = isinstance(found, list) and len(values) > 1
    return Present(values, source, multivalued=many or several)


def _saml_key(call: Call, assertion: Mapping[str, object], name: str) -> Value:
    many = name in providers.SAML_MULTIVALUED
    if not many and name not in providers.SAML_SINGLE_VALUED:
        return Absent("no such key exists for an assertion (R5.17)")
    found = {key.lower(): value for key, value in assertion.items()}.get(name)
    if found is None and name == "saml:doc":
        provider = arn.parse(call.identity_provider)
        found = f"{provider.account}/{provider.name}" if provider is not None else None
    if found is None and name == "saml:namequalifier":
        return Unknown("the hash of issuer, account and provider", "the assertion", present=True)
    return asserted(found, many=many, source="the assertion")


def federated_provider(question: Question) -> Value:
    """`aws:FederatedProvider`: the provider of a web identity token (FACTS 5.1)."""
    call = question.call
    if isinstance(call.caller, WebIdentityCaller) and call.identity_provider:
        return Present((call.identity_provider,), "the provider of the token")
    return delivered()(question)


def role_authorized_by_idp(question: Question) -> Value:
    """`sts:RoleAuthorizedByIdp`: whether the token's roles claim lists the role (FACTS 5.3)."""
    call = question.call
    if not isinstance(call.caller, WebIdentityCaller):
        return Absent("only AssumeRoleWithWebIdentity has it")
    said = call.role_arn in (call.asserted.roles or ())
    return listed(question, Present((str(said).lower(),), "the roles claim of the token"))
