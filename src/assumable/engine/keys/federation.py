"""Keys from tokens and assertions (FACTS 5.6, 5.7)."""

from collections.abc import Mapping

from assumable.engine.keys.question import Question
from assumable.engine.principals import provider_host
from assumable.model.call import (
    Absent,
    Present,
    RoleCaller,
    SamlCaller,
    Value,
    WebIdentityCaller,
)
from assumable.model.world import Unknown


def federation_key(question: Question, name: str) -> Value:
    """A key that a token or an assertion supplies; absent for every other call."""
    caller = question.call.caller
    provider, colon, claim = name.rpartition(":")
    if isinstance(caller, SamlCaller):
        return asserted({key.lower(): value for key, value in caller.assertion.items()}, name)
    if isinstance(caller, WebIdentityCaller) and provider == provider_host(caller).lower():
        claims: dict[str, object] = dict(caller.claims)
        if "aud" in claims:
            claims["oaud"], claims["aud"] = claims["aud"], claims.get("azp", claims["aud"])
        mapped: dict[str, object] = {
            key: claims[key] for key in ("aud", "oaud", "sub", "amr", "email") if key in claims
        }
        return asserted(mapped, claim)
    persists = bool(colon) and "." in provider and claim in ("aud", "sub", "amr")
    if isinstance(caller, RoleCaller) and persists:
        return Unknown("how the caller's session was made", "the `context` of the call")
    return Absent("no such key exists for this call (R6.14)")


def asserted(claims: Mapping[str, object], name: str) -> Value:
    """A claim or attribute as a condition value."""
    found = claims.get(name)
    if found is None:
        return Absent("the token or assertion does not carry it")
    if isinstance(found, list):
        return Present(tuple(map(str, found)), "the token or assertion", multivalued=True)
    text = str(found).lower() if isinstance(found, bool) else str(found)
    return Present((text,), "the token or assertion", multivalued=name == "amr")
