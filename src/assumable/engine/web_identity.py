"""What STS looks at in a web identity token before any policy (FACTS 0 step 6, R7.9, R7.10).

The order inside this step is open (U-1): parsing, provider, audience, lifetime, roles claim.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

import re
from collections.abc import Iterator, Mapping

from assumable import arn
from assumable.engine.facts import Facts
from assumable.engine.gates import Gate, GateName
from assumable.engine.keys.federation import audience_of
from assumable.engine.limits import Fault
from assumable.engine.provider import (
    credentials_gate,
    missing_variant,
    registered,
    unread_clients,
    unread_provider,
)
from assumable.engine.truth import Atom
from assumable.model.assertion import (
    ACCESS_TOKEN_PROVIDERS,
    BUILT_IN_PROVIDERS,
    instant,
    texts,
)
from assumable.model.call import Call
from assumable.model.world import Provider

CLOCK_SKEW = 300
"""Seconds by which clocks may differ before a token counts as not yet valid."""
USUAL_AGE, REFUSED_AGE = 86_400, 441_398
"""Seconds since `iat`: within a day nothing is known to be refused, the second was (FACTS 7.5)."""
DOCUMENTED_LENGTH = 64
"""Of a source identity; 256 characters were measured (C-4)."""
_SOURCE_IDENTITY = re.compile(r"[A-Za-z0-9_+=,.@-]{2,256}")
_STS_ISSUER = ".tokens.sts."
_INVALID, _EXPIRED = "InvalidIdentityToken", "ExpiredTokenException"


def claims_gates(facts: Facts, claims: Mapping[str, object]) -> Iterator[Gate]:
    """The provider, the audience, the lifetime and the roles of a token."""
    for fault in _faults(facts, claims):
        yield credentials_gate(facts, fault)
    if _is_registered_one(facts.call):
        yield from unread_provider(facts, "iam:GetOpenIDConnectProvider")
        yield from unread_clients(facts, "iam:GetOpenIDConnectProvider")
    yield from _aged(facts, claims)


def _faults(facts: Facts, claims: Mapping[str, object]) -> Iterator[Fault]:
    call = facts.call
    if not call.issuer:
        text = "The ID Token provided is not a valid JWT."
        yield Fault("", _INVALID, 400, text, "identity-provider", "no-issuer")
    elif _is_registered_one(call):
        yield from _provider_faults(facts, claims)
    if call.parameters.get("ProviderId") in ACCESS_TOKEN_PROVIDERS - {call.issuer}:
        # STS takes the token to that provider, which knows no token of another issuer.
        yield Fault("ProviderId", _INVALID, 400, "", "identity-provider", "provider-id")
    yield from _lifetime_faults(call, claims)
    yield from _session_faults(facts)


def _is_registered_one(call: Call) -> bool:
    """Whether the provider is one that must be registered in the role's account."""
    asks_for_role = arn.parse_role(call.role_arn) is not None
    return bool(call.issuer) and call.issuer not in BUILT_IN_PROVIDERS and asks_for_role


def _provider_faults(facts: Facts, claims: Mapping[str, object]) -> Iterator[Fault]:
    call = facts.call
    provider = registered(facts, call.identity_provider)
    missing = f"No OpenIDConnect provider found in your account for https://{call.issuer}"
    issued_in = _partition_of_sts_token(call.issuer, claims)
    if issued_in is not None and issued_in == _partition(call.role_arn):
        # R2.16: such an issuer cannot be registered, so a token of it never finds a provider.
        yield Fault("", _INVALID, 400, missing, "identity-provider", "same-partition")
        return
    if issued_in is not None and len(texts(claims.get("aud"))) > 1:
        yield Fault("", _INVALID, 400, "", "identity-provider", "several-audiences")  # R1.18
    if provider is None:
        variant = missing_variant(facts, call.identity_provider)
        yield Fault("", _INVALID, 400, missing, "identity-provider", variant)
    known = provider.client_ids if isinstance(provider, Provider) else None
    if known is not None and not set(audience_of(claims)) & set(known):
        text = "Incorrect token audience"
        yield Fault("", _INVALID, 400, text, "identity-provider", "client-id")


def _partition(text: str) -> str:
    parts = arn.parse(text)
    return parts.partition if parts else ""


def _partition_of_sts_token(issuer: str, claims: Mapping[str, object]) -> str | None:
    """The partition whose STS issued a token (R1.18); None for the tokens of other issuers.

    The subject of such a token is the ARN of the principal that asked for it.
    """
    if _STS_ISSUER not in issuer:
        return None
    return _partition(str(claims.get("sub", ""))) or "aws"


def _lifetime_faults(call: Call, claims: Mapping[str, object]) -> Iterator[Fault]:
    """`exp`, `nbf` and `iat`, where the token has them: what is not said is taken as current."""
    now = call.time.timestamp()
    expires, issued = instant(claims.get("exp")), instant(claims.get("iat"))
    starts = max((t for t in (issued, instant(claims.get("nbf"))) if t is not None), default=now)
    if expires is not None and expires <= now:
        text = (
            f"Token expired: current date/time {int(now)} must be before the expiration "
            f"date/time{int(expires)}"
        )
        yield Fault("", _EXPIRED, 400, text, "credentials", "expired-token")
    elif issued is not None and now - issued >= REFUSED_AGE:
        text = f"Token too old: {int(now - issued)}"
        yield Fault("", _EXPIRED, 400, text, "credentials", "token-too-old")
    if starts > now + CLOCK_SKEW:
        yield Fault("", _INVALID, 400, "", "credentials", "not-yet-valid")


def _aged(facts: Facts, claims: Mapping[str, object]) -> Iterator[Gate]:
    """A token of more than a day: at which age STS refuses one is not documented."""
    issued, now = instant(claims.get("iat")), facts.call.time.timestamp()
    if issued is None or not USUAL_AGE < now - issued < REFUSED_AGE:
        return
    young = Atom(
        subject="the age of the token",
        text=f"STS accepts a token that was issued {int(now - issued)} s ago",
        opposite=f"STS refuses a token that was issued {int(now - issued)} s ago",
        part="the age at which STS refuses a token",
        settle="a new token from the identity provider",
        kind="fact",
    )
    summary = f"depends on whether a token of {int(now - issued)} s is too old"
    account = facts.call.role_account
    yield Gate(gate=GateName.CREDENTIALS, account=account, allow=young, summary=summary)


def _session_faults(facts: Facts) -> Iterator[Fault]:
    """What the token asks of the session: the roles claim (R5.8), a source identity (C-4)."""
    said = facts.call.asserted
    source = said.source_identity
    if said.roles is not None and facts.call.role_arn not in said.roles:
        text = "The target role ARN is not present in the roles claim of the identity token"
        yield Fault("", _INVALID, 400, text, "web-identity-claim", "roles")
    too_long = source is not None and len(source) > DOCUMENTED_LENGTH and not facts.takes("C-4")
    if source is not None and (too_long or not _SOURCE_IDENTITY.fullmatch(source)):
        yield Fault("", _INVALID, 400, "", "source-identity", "malformed")
