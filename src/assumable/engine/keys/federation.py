"""Keys from tokens and assertions (FACTS 5.6, 5.7)."""

from collections.abc import Mapping

from assumable import arn
from assumable.engine.keys import providers
from assumable.engine.keys.caller import delivered, settled_trust
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
from assumable.model.policy import Effect, Policy
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
    surviving = name in providers.SAML_SURVIVING
    if isinstance(caller, RoleCaller) and (persists or surviving or name.startswith("glue:")):
        return _of_session(question, name, persists=persists, surviving=surviving)
    return Absent("no such key exists for this call (R6.14)")


def _of_session(question: Question, name: str, *, persists: bool, surviving: bool) -> Value:
    """A key that lasts from the call that made the caller's session (FACTS 5.6, R5.18)."""
    made = question.call.session.made_by
    if name.startswith("glue:"):
        return delivered("glue.amazonaws.com")(question)
    if made is None:
        trust = settled_trust(question)
        if trust is not None and not _could_be_federated(trust):
            return Absent("the trust policy of the caller's role names no identity provider")
        return Unknown("how the caller's session was made", "the `context` of the call")
    if isinstance(made.caller, WebIdentityCaller) and persists and is_mapped(made, name):
        return _claim(made.caller.claims, name.rpartition(":")[2])
    if isinstance(made.caller, SamlCaller) and surviving:
        return _saml_key(made, made.caller.assertion, name)
    return Absent("the call that made the caller's session had no such key")


def _could_be_federated(trust: Policy) -> bool:
    """Whether a trust policy may let the bearer of a token or assertion in."""
    return any(
        entry.kind == "Federated" or entry.value == "*"
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for entry in statement.principals or ()
    )


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
    made = call if isinstance(call.caller, WebIdentityCaller) else call.session.made_by
    if made is None:
        return delivered()(question)
    if isinstance(made.caller, WebIdentityCaller) and made.identity_provider:
        return Present((made.identity_provider,), "the provider of the token")
    return Absent("no token made the caller's session")


def role_authorized_by_idp(question: Question) -> Value:
    """`sts:RoleAuthorizedByIdp`: whether the token's roles claim lists the role (FACTS 5.3)."""
    call = question.call
    if not isinstance(call.caller, WebIdentityCaller):
        return Absent("only AssumeRoleWithWebIdentity has it")
    said = call.role_arn in (call.asserted.roles or ())
    return listed(question, Present((str(said).lower(),), "the roles claim of the token"))
