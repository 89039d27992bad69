"""Callers that sign nothing, and what their token or assertion says of the call."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from assumable.model.assertion import SAML_ROLE
from assumable.model.call import Api, SamlCaller, WebIdentityCaller
from assumable.model.world import Unknown

if TYPE_CHECKING:
    from assumable.formats.assertion import Assertion


class Bearer(NamedTuple):
    """A caller that signs nothing, and what its token or assertion says of the call."""

    api: Api
    caller: WebIdentityCaller | SamlCaller
    parameters: Mapping[str, Any]
    """Those that follow from the assertion."""
    unsaid: Mapping[str, Unknown]
    """By condition key: what the token may carry without our knowing."""
    notes: tuple[str, ...]
    file: str = ""
    """The file that holds it and nothing else, so that the `aws` command can read it there."""


def by_token(claims: Mapping[str, Any], now: datetime) -> Bearer:
    """The bearer of a web identity token."""
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    return Bearer(
        api="AssumeRoleWithWebIdentity",
        caller=WebIdentityCaller(claims=claims),
        parameters={},
        unsaid={},
        notes=tuple(_caveats("token", expires, now)),
    )


def by_assertion(
    found: "Assertion", now: datetime, *, role_arn: str | None, principal_arn: str | None
) -> Bearer:
    """The bearer of a SAML assertion; InputError when it leaves open which role is meant."""
    from assumable.formats.assertion import about_provider, chosen

    void = bool(found.asserted[SAML_ROLE])
    pair = chosen(found.pairs, role_arn, principal_arn, void=void)
    asserted = {**found.asserted, **about_provider(found.asserted, pair.provider)}
    expires = datetime.fromisoformat(found.asserted["NotOnOrAfter"])
    unsaid = {
        key.lower(): Unknown(f"whether AWS makes {key} of this assertion", "AWS's own answer")
        for key in found.doubtful
    }
    return Bearer(
        api="AssumeRoleWithSAML",
        caller=SamlCaller(assertion=asserted, provider=pair.provider),
        parameters={"RoleArn": pair.role, "PrincipalArn": pair.provider},
        unsaid=unsaid,
        notes=(*_caveats("assertion", expires, now), *found.notes),
    )


def _caveats(what: str, expires: datetime, now: datetime) -> Iterator[str]:
    yield f"the signature of the {what} was not verified"
    if expires <= now:
        yield (
            f"the {what} has expired: --time, with a moment before {expires:%Y-%m-%dT%H:%M:%SZ}, "
            "decides the call as of then"
        )
