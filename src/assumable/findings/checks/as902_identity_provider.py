"""AS902: the provider is not registered in the role's account, or does not accept the token."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.keys.federation import audience_of
from assumable.engine.provider import registered
from assumable.findings import commands
from assumable.findings.blame import Blame
from assumable.findings.federated import trusted_providers
from assumable.findings.finding import CALLER, Cause, Finding, Fix, Row, Target
from assumable.findings.fix import change_call
from assumable.findings.report import finding
from assumable.model.call import SamlCaller, WebIdentityCaller
from assumable.model.policy import Policy
from assumable.model.world import Account, Provider

CAUSE = Cause(
    "AS902",
    "identity-provider",
    Row.TRUST,
    "the identity provider is not set up in the role's account",
)
_HERE = "the provider must be registered in the account of the role, under exactly "
_HINTS = {
    "not-registered": f"{_HERE}the issuer's URL or the provider's name",
    "account": f"{_HERE}this name; it is registered in another account",
    "case": f"{_HERE}this name; the one that is registered differs in letter case",
    "trailing-slash": f"{_HERE}the issuer's URL; the one that is registered differs in a `/` at "
    "its end",
    "path": f"{_HERE}the issuer's URL; one of the same host and another path is registered",
    "partition": f"{_HERE}this name; the one that is registered is of another partition",
    "client-id": "the audience of the token is not among the client IDs of the provider",
    "no-issuer": "it names no issuer; an access token of Login with Amazon or Facebook needs "
    "ProviderId",
    "provider-id": "ProviderId is for access tokens of Login with Amazon and Facebook, a token "
    "that names its issuer goes without it",
    "same-partition": "AWS STS issued it in the partition of the role, where such tokens are not "
    "accepted: use AssumeRole",
    "several-audiences": "AWS STS issued it for several audiences; in another partition a token "
    "must have exactly one",
    "identity-center-role": "roles of IAM Identity Center (AWSReservedSSO_…) cannot be assumed "
    "with AssumeRoleWithSAML: sign in through the access portal, or `aws sso login`",
}
_TITLES = {
    "account": "the identity provider is set up in another account than the role's",
    "case": "the identity provider is set up under a name of other letter case",
    "trailing-slash": "the identity provider is set up with another `/` at the end of its URL",
    "path": "the identity provider is set up under another path of its URL",
    "partition": "the identity provider is set up in another partition",
    "client-id": "the identity provider does not accept this audience",
    "no-issuer": "the token names no identity provider",
    "provider-id": "ProviderId names another provider than the token",
    "same-partition": "a token of AWS STS cannot be used in its own partition",
    "several-audiences": "the token has several audiences",
    "identity-center-role": "a role of IAM Identity Center cannot be assumed this way",
}
_REGISTERED_NOWHERE = ("not-registered", "account", "case", "trailing-slash", "path", "partition")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with how the provider would be registered."""
    reason = f"{blame.fault.told}; " if blame.fault and blame.fault.message else ""
    kind = "token" if isinstance(decision.call.caller, WebIdentityCaller) else "assertion"
    explanation = (
        f"the {kind} is refused before the trust policy is looked at: {reason}"
        f"{_HINTS[blame.variant]}"
    )
    if blame.variant == "client-id":
        explanation += _audiences(decision)
    # FACTS 7.5: else AWS "couldn't retrieve verification key from your identity provider"
    if blame.variant == "not-registered" and kind == "token" and decision.call.issuer:
        explanation += (
            f"; AWS fetches its keys by way of https://{decision.call.issuer}/.well-known/"
            "openid-configuration, so the issuer must be reachable from the internet"
        )
    others = _trusted_instead(decision) if blame.variant in _REGISTERED_NOWHERE else []
    title = _TITLES.get(blame.variant, "")
    if others:
        named, known = _name(decision.call.identity_provider), " and ".join(map(_name, others))
        title = f"the assertion names provider {named}, the account has {known}"
        explanation += (
            f"; the assertion names {named}, the account has {known}, which the role trusts: "
            "correct the role value at the identity provider"
        )
    return finding(
        CAUSE,
        blame,
        explanation,
        title=title,
        fixes=tuple(_fixes(decision, blame)),
        facts=("R7.9", "R7.10"),
    )


def _name(provider: str) -> str:
    return provider.partition("/")[2]


def _trusted_instead(decision: Decision) -> list[str]:
    """The SAML providers of the role's account that the role trusts, where an assertion calls."""
    trust, account = decision.facts.trust, decision.facts.world.account(decision.call.role_account)
    if not isinstance(decision.call.caller, SamlCaller) or not isinstance(account, Account):
        return []
    named = trusted_providers(trust) if isinstance(trust, Policy) else ()
    return [one for one in named if one in account.providers and ":saml-provider/" in one]


def _audiences(decision: Decision) -> str:
    caller = decision.call.caller
    sent = audience_of(caller.claims) if isinstance(caller, WebIdentityCaller) else ()
    known = registered(decision.facts, decision.call.identity_provider)
    accepted = known.client_ids if isinstance(known, Provider) else None
    listed = ", ".join(f"`{value}`" for value in accepted or ()) or "none"
    return f": the token is for {' and '.join(f'`{value}`' for value in sent)}, it accepts {listed}"


def _fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    caller, used = decision.call.caller, decision.call.identity_provider
    if blame.variant == "provider-id":
        yield change_call(
            decision.call,
            "identity-provider/no-provider-id",
            "send no ProviderId",
            {"ProviderId": None},
        )
    for provider in _trusted_instead(decision) if blame.variant in _REGISTERED_NOWHERE else ():
        pair = f"{decision.call.role_arn},{provider}"
        yield Fix(
            id=f"identity-provider/assert-{_name(provider)}",
            title=f"have the identity provider assert the role as {pair}",
            owner=CALLER,
            safety="display",
            target=Target(kind="call"),
            commands=(f"# at the identity provider: the attribute Role is {pair}",),
            opens="nothing: only the assertion changes",
            remark="the identity provider is not in AWS",
        )
    if not isinstance(caller, WebIdentityCaller):
        return  # a SAML provider is made of its metadata, which only the identity provider has
    audience = audience_of(caller.claims)
    if not audience:
        return
    account, issuer = decision.call.role_account, decision.call.issuer
    target = Target(kind="provider", arn=used, account=account)
    if blame.variant == "client-id":
        yield Fix(
            id="identity-provider/add-client-id",
            title=f"accept the audience {audience[0]} in {used}",
            owner=account,
            safety="review",
            target=target,
            edit=({"op": "add", "path": "/ClientIDList/-", "value": audience[0]},),
            commands=(commands.add_client_id(used, audience[0]),),
            opens=f"tokens for {audience[0]}, where a trust policy names the provider",
        )
    elif blame.variant in _REGISTERED_NOWHERE:
        entry = {"Arn": used, "Url": issuer, "ClientIDList": [audience[0]]}
        yield Fix(
            id="identity-provider/register",
            title=f"register {issuer} in account {account} for the audience {audience[0]}",
            owner=account,
            safety="review",
            target=target,
            edit=({"op": "add", "path": "", "value": entry},),
            commands=(commands.create_provider(issuer, audience[0]),),
            opens="nobody by itself: a trust policy must name the provider as well",
        )
