"""Keys from tokens and assertions (FACTS 5.6, 5.7)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from assumable.engine.keys.question import Question
from assumable.engine.principals import provider_host
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

_GENERIC = frozenset(("aud", "oaud", "sub", "amr", "email"))
# R5.18: these survive into the later requests of a SAML session.
_SURVIVING = frozenset(("saml:namequalifier", "saml:sub", "saml:sub_type"))
# R5.14a: before that day only the generic claims reached the context.
_PROVIDER_KEYS_SINCE = datetime(2026, 2, 2, tzinfo=UTC)
_PROVIDER_KEYS = {
    "token.actions.githubusercontent.com": frozenset((
        "actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref",
        "repository", "repository_id", "repository_owner_id", "workflow",
    )),
    "gitlab.com": frozenset((
        "namespace_id", "project_id", "pipeline_source", "ref_protected", "runner_environment",
        "user_access_level", "user_email", "user_id", "user_login",
    )),
    "agent.buildkite.com": frozenset((
        "organization_slug", "organization_id", "pipeline_slug", "pipeline_id", "cluster_name",
        "cluster_id", "build_branch",
    )),
    "accounts.google.com": frozenset(("google/organization_number",)),
    "www.amazon.com": frozenset(("app_id", "user_id")),
    "graph.facebook.com": frozenset(("app_id", "id")),
}  # fmt: skip


def is_mapped(call: Call, key: str) -> bool:
    """Whether STS takes this key from tokens of the caller's provider, on the day of the call."""
    provider, _, claim = key.lower().rpartition(":")
    caller = call.caller
    if not isinstance(caller, WebIdentityCaller) or provider != provider_host(caller).lower():
        return False
    if claim in _GENERIC:
        return True
    return call.time >= _PROVIDER_KEYS_SINCE and claim in _PROVIDER_KEYS.get(provider, ())


def federation_key(question: Question, name: str) -> Value:
    """A key that a token or an assertion supplies; absent for every other call."""
    caller = question.call.caller
    provider, colon, claim = name.rpartition(":")
    if isinstance(caller, SamlCaller):
        return asserted({key.lower(): value for key, value in caller.assertion.items()}, name)
    if isinstance(caller, WebIdentityCaller):
        if not is_mapped(question.call, name):
            return Absent("STS does not take this claim from the provider's tokens (R5.14a)")
        claims: dict[str, object] = dict(caller.claims)
        if "aud" in claims:
            claims["oaud"], claims["aud"] = claims["aud"], claims.get("azp", claims["aud"])
        return asserted(claims, claim)
    persists = bool(colon) and "." in provider and claim in ("aud", "sub", "amr")
    surviving = name in _SURVIVING or name.startswith("glue:")
    if isinstance(caller, RoleCaller) and (persists or surviving):
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
