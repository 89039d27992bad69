"""What an identity provider asserts in a token's claims or in a SAML assertion.

Tags, a source identity and a session name that stand in a token act as if the request had passed
them (R5.16, R5.19). Values of any JSON type are read; what cannot be meant is left out.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from assumable import arn

BUILT_IN_PROVIDERS = frozenset((
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
))  # fmt: skip
"""Providers that are named without an ARN and need no registration (FACTS 2.1)."""
ACCESS_TOKEN_PROVIDERS = frozenset(("graph.facebook.com", "www.amazon.com"))
"""Those whose tokens are no JWT, so that `ProviderId` names them (FACTS section 4)."""
ROLES_CLAIM = "https://aws.amazon.com/roles"
SAML_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
SAML_ROLE, SAML_SESSION_NAME = f"{SAML_ATTRIBUTES}Role", f"{SAML_ATTRIBUTES}RoleSessionName"
_TAGS, _SOURCE_IDENTITY = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"


class RolePair(msgspec.Struct, frozen=True):
    """A role and the provider through which an assertion offers it."""

    role: str
    provider: str


class Asserted(msgspec.Struct, frozen=True, kw_only=True):
    """What a token or assertion says about the session to be made."""

    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    ambiguous_tags: frozenset[str] = frozenset()
    """Keys, in lower case, of tags with several values: which one STS takes is not documented."""
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    session_name: str | None = None
    roles: tuple[str, ...] | None = None
    """The only roles that the token may be used for (R5.8); None when it does not say."""
    pairs: tuple[RolePair, ...] | None = None
    """The roles that an assertion offers; None when it does not say."""


NOTHING = Asserted()


def scalar(value: object) -> str | None:
    """A text, number or boolean as text; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def texts(value: object) -> tuple[str, ...]:
    """A value, or the values of a list, as texts; objects and lists in lists are left out."""
    several = value if isinstance(value, list) else [value]
    return tuple(text for text in map(scalar, several) if text is not None)


def instant(value: object) -> float | None:
    """Seconds since 1970 from a number or ISO 8601; None when it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return _finite(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return _finite(value) if isinstance(value, int | float) else None


def _finite(value: str | float) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def of_claims(claims: Mapping[str, Any]) -> Asserted:
    """What a JSON web token asserts, nested or in flattened claims (R5.16)."""
    nested = claims.get(_TAGS)
    nested = nested if isinstance(nested, dict) else {}
    listed = nested.get("principal_tags")
    prefix = f"{_TAGS}/principal_tags/"
    tags = {
        **{str(key): texts(value) for key, value in (_items(listed))},
        **{
            key.removeprefix(prefix): texts(value)
            for key, value in claims.items()
            if key.startswith(prefix)
        },
    }
    transitive = (
        *texts(nested.get("transitive_tag_keys")),
        *texts(claims.get(f"{_TAGS}/transitive_tag_keys")),
    )
    return Asserted(
        tags=_first(tags),
        ambiguous_tags=_ambiguous(tags),
        transitive_tag_keys=tuple(dict.fromkeys(transitive)),
        source_identity=_only(claims.get(_SOURCE_IDENTITY)),
        roles=texts(claims[ROLES_CLAIM]) if claims.get(ROLES_CLAIM) is not None else None,
    )


def _items(value: object) -> Iterator[tuple[object, object]]:
    yield from value.items() if isinstance(value, dict) else ()


def of_attributes(assertion: Mapping[str, Any]) -> Asserted:
    """What a SAML assertion's attributes assert (R5.19)."""
    prefix = f"{SAML_ATTRIBUTES}PrincipalTag:"
    tags = {
        key.removeprefix(prefix): texts(value)
        for key, value in assertion.items()
        if key.startswith(prefix)
    }
    return Asserted(
        tags=_first(tags),
        ambiguous_tags=_ambiguous(tags),
        transitive_tag_keys=texts(assertion.get(f"{SAML_ATTRIBUTES}TransitiveTagKeys")),
        source_identity=_only(assertion.get(f"{SAML_ATTRIBUTES}SourceIdentity")),
        session_name=_only(assertion.get(SAML_SESSION_NAME)),
        pairs=tuple(_pairs(assertion[SAML_ROLE])) if SAML_ROLE in assertion else None,
    )


def _pairs(value: object) -> Iterator[RolePair]:
    """Role and provider of each value, in either order; values that name no such two are void."""
    for text in texts(value):
        halves = [half.strip() for half in text.split(",")]
        for role, provider in (halves, halves[::-1]) if len(halves) == 2 else ():  # noqa: PLR2004  # a pair
            parts = arn.parse(provider)
            if arn.parse_role(role) and parts is not None and parts.kind == "saml-provider":
                yield RolePair(role, provider)


def _only(value: object) -> str | None:
    return next(iter(texts(value)), None)


def _first(tags: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {key: values[0] for key, values in tags.items() if values}


def _ambiguous(tags: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(key.lower() for key, values in tags.items() if len(values) > 1)
