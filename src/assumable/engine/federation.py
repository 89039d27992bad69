"""What STS looks at in a token or assertion before any policy (FACTS 0 step 6, R7.9, R7.10).

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from collections.abc import Iterator, Mapping

from assumable import arn
from assumable.engine.facts import Facts
from assumable.engine.gates import Gate, GateName
from assumable.engine.limits import Fault
from assumable.engine.principals import BUILT_IN_PROVIDERS, provider_host
from assumable.engine.truth import Atom
from assumable.model.call import SamlCaller, WebIdentityCaller
from assumable.model.world import Account, Provider, Unknown


def token_gates(facts: Facts) -> Iterator[Gate]:
    """The provider in the role's account, the audience and the lifetime of a token."""
    caller = facts.call.caller
    if isinstance(caller, SamlCaller):
        provider_arn = str(facts.call.parameters.get("PrincipalArn", caller.provider or ""))
        yield from _registered(facts, provider_arn, "Specified provider doesn't exist")
    if not isinstance(caller, WebIdentityCaller):
        return
    host = provider_host(caller)
    if host not in BUILT_IN_PROVIDERS:
        target = arn.parse(facts.call.role_arn)
        partition = target.partition if target else "aws"
        provider_arn = f"arn:{partition}:iam::{facts.call.role_account}:oidc-provider/{host}"
        message = f"No OpenIDConnect provider found in your account for {caller.claims.get('iss')}"
        yield from _registered(facts, provider_arn, message)
        yield from _audience(facts, provider_arn, caller.claims)
    yield from _lifetime(facts, caller.claims)


def _provider(facts: Facts, provider_arn: str) -> Provider | Unknown | None:
    account = facts.world.account(facts.call.role_account)
    if isinstance(account, Unknown):
        return account
    found = account.providers.get(provider_arn)
    if found is None and not (isinstance(account, Account) and account.complete):
        return Unknown(f"whether {provider_arn} is registered", "iam:ListOpenIDConnectProviders")
    return found


def _registered(facts: Facts, provider_arn: str, message: str) -> Iterator[Gate]:
    account = facts.call.role_account
    match _provider(facts, provider_arn):
        case Provider():
            return
        case None:
            yield _refused(account, message, "not-registered")
        case Unknown() as unknown:
            registered = Atom(
                subject=provider_arn,
                text=f"{provider_arn} is registered and accepts the token",
                opposite=f"{provider_arn} is not registered or does not accept the token",
                part=unknown.what,
                settle=unknown.settle,
                kind="fact",
            )
            yield Gate(
                gate=GateName.CREDENTIALS,
                account=account,
                allow=registered,
                summary="whether the provider is registered is not known",
            )


def audience_of(claims: Mapping[str, object]) -> tuple[str, ...]:
    """Who the token is for: `azp` when it is there, else `aud` (R5.13)."""
    found = claims.get("azp") or claims.get("aud")
    if found is None:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else (str(found),)


def _audience(facts: Facts, provider_arn: str, claims: Mapping[str, object]) -> Iterator[Gate]:
    provider = _provider(facts, provider_arn)
    if not isinstance(provider, Provider) or provider.client_ids is None:
        return
    if not set(audience_of(claims)) & set(provider.client_ids):
        yield _refused(facts.call.role_account, "Incorrect token audience", "client-id")


def _lifetime(facts: Facts, claims: Mapping[str, object]) -> Iterator[Gate]:
    expires = claims.get("exp")
    now = facts.call.time.timestamp()
    if isinstance(expires, int | float) and expires <= now:
        message = (
            f"Token expired: current date/time {int(now)} must be before the expiration "
            f"date/time{int(expires)}"
        )
        fault = Fault("", "ExpiredTokenException", 400, message, "credentials", "expired-token")
        yield Gate(gate=GateName.CREDENTIALS, deny=True, fault=fault, summary=message, account="")


def _refused(account: str, message: str, variant: str) -> Gate:
    fault = Fault("", "InvalidIdentityToken", 400, message, "identity-provider", variant)
    return Gate(gate=GateName.CREDENTIALS, account=account, deny=True, fault=fault, summary=message)
