"""AS902: the provider is not registered in the role's account, or not for this audience."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.federation import audience_of
from assumable.engine.principals import provider_host
from assumable.findings import commands
from assumable.findings.blame import Blame
from assumable.findings.federated import provider_used
from assumable.findings.finding import Cause, Finding, Fix, Row, Target
from assumable.findings.report import finding
from assumable.model.call import WebIdentityCaller

CAUSE = Cause(
    "AS902",
    "identity-provider",
    Row.TRUST,
    "the identity provider is not set up in the role's account",
)
_HINTS = {
    "not-registered": "the provider must be registered in the account of the role, under exactly "
    "the issuer's URL",
    "client-id": "the audience of the token is not among the client IDs of the provider",
}


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with how the provider would be registered."""
    reason = blame.fault.message if blame.fault else ""
    hint = _HINTS.get(blame.variant, "")
    explanation = f"the token is refused before the trust policy is looked at: {reason}; {hint}"
    return finding(
        CAUSE, blame, explanation, fixes=tuple(_fixes(decision, blame)), facts=("R7.9", "R7.10")
    )


def _fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    caller, used = decision.call.caller, provider_used(decision)
    if not isinstance(caller, WebIdentityCaller) or used is None:
        return
    audience = audience_of(caller.claims)
    if not audience:
        return
    account, host = decision.call.role_account, provider_host(caller)
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
    else:
        entry = {"Arn": used, "Url": host, "ClientIDList": [audience[0]]}
        yield Fix(
            id="identity-provider/register",
            title=f"register {host} in account {account} for the audience {audience[0]}",
            owner=account,
            safety="review",
            target=target,
            edit=({"op": "add", "path": "", "value": entry},),
            commands=(commands.create_provider(host, audience[0]),),
            opens="nobody by itself: a trust policy must name the provider as well",
        )
