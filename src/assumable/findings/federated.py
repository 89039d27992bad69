"""The provider that a trust policy names, held against the one that was used."""

import difflib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.keys.federation import audience_of
from assumable.engine.provider import registered
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy
from assumable.findings.meant import expects_role
from assumable.findings.near_principal import provider_differs
from assumable.findings.report import actions_needed, new_statement
from assumable.model.assertion import scalar
from assumable.model.call import SamlCaller, WebIdentityCaller
from assumable.model.policy import Effect, Policy, PrincipalEntry, Statement
from assumable.model.world import Unknown

_SIMILAR = 0.9
SIGN_IN = re.compile(
    r"https://(?:[a-z0-9-]+\.)*signin\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com"
    r"|amazonaws-eusc\.eu)/saml(?:/.*)?"
)
"""The addresses at which AWS takes sign-ins, of every Region and partition (FACTS 5.7)."""


class NearestProvider(msgspec.Struct, frozen=True):
    """The named provider that comes closest to the one that was used."""

    variant: str
    entry: PrincipalEntry
    statement: Statement


def nearest_provider(decision: Decision, trust: Policy) -> NearestProvider | None:
    """The closest provider that an Allow of the trust policy names; None when it names none."""
    wanted = decision.call.identity_provider
    found = [
        NearestProvider(_variant(entry.value, wanted), entry, statement)
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for entry in statement.principals or ()
        if entry.kind == "Federated"
    ]
    return max(found, key=lambda near: _ratio(near.entry.value, wanted), default=None)


def named_instead(decision: Decision, trust: Policy, nearest: NearestProvider | None) -> str:
    """What stands where the provider that was used should."""
    used = decision.call.identity_provider
    misplaced = under_other_kind(trust, used)
    if misplaced:
        return (
            f"it stands under `{misplaced}`, where a provider is never found; it belongs under "
            "`Federated`"
        )
    if nearest is None:
        return f"it names none{expects_role(trust)}"
    named = nearest.entry.value
    return f"the closest that it names is `{named}`{provider_differs(named, used)}"


def trusted_providers(trust: Policy) -> tuple[str, ...]:
    """The providers that an Allow of a trust policy names, each once."""
    entries = (e for s in trust.statements if s.effect is Effect.ALLOW for e in s.principals or ())
    return tuple(dict.fromkeys(entry.value for entry in entries if entry.kind == "Federated"))


def under_other_kind(trust: Policy, provider: str) -> str:
    """The kind of principal under which the provider stands, where it does nothing; else empty."""
    entries = (e for s in trust.statements if s.effect is Effect.ALLOW for e in s.principals or ())
    found = (entry.kind for entry in entries if entry.value == provider)
    return next((kind for kind in found if kind != "Federated"), "")


def _ratio(left: str, right: str) -> float:
    return difflib.SequenceMatcher(None, left, right).ratio()


def _variant(value: str, wanted: str) -> str:
    theirs, mine = arn.parse(value), arn.parse(wanted)
    if value.lower() == wanted.lower():
        return "case"
    if theirs is None or mine is None:
        return "other-principal"
    if theirs.resource == mine.resource:
        return "account" if theirs.account != mine.account else "partition"
    same_place = (theirs.partition, theirs.account) == (mine.partition, mine.account)
    near = same_place and _ratio(theirs.resource, mine.resource) >= _SIMILAR
    return "near-name" if near else "other-principal"


def provider_fixes(
    decision: Decision, trust: Policy, nearest: NearestProvider | None
) -> Iterator[Fix]:
    """Correct a provider that can never match, or trust this very subject of the one used."""
    wanted = decision.call.identity_provider
    if not wanted or _is_missing(decision, wanted):
        return
    opens = "tokens of that provider that meet the statement's conditions"
    if nearest is not None and _serves_nobody(decision, nearest):
        edit = ({"op": "replace", "path": nearest.entry.pointer, "value": wanted},)
        yield change_policy(
            trust,
            "trust-principal/correct-the-provider",
            f"name {wanted} instead",
            edit,
            opens=opens,
        )
    yield from exact_fixes(decision, trust, "trust-principal/name-the-provider")


def _is_missing(decision: Decision, provider: str) -> bool:
    """Whether a SAML provider is not there: only its metadata makes one, so no edit trusts it."""
    by_assertion = isinstance(decision.call.caller, SamlCaller)
    return by_assertion and registered(decision.facts, provider) is None


def exact_fixes(decision: Decision, trust: Policy, fix_id: str) -> Iterator[Fix]:
    """Trust exactly this subject of the provider that was used."""
    wanted = decision.call.identity_provider
    by_token = isinstance(decision.call.caller, WebIdentityCaller)
    condition = _exact_condition(decision)
    if condition is None or not wanted:
        return
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Federated": wanted},
        "Action": actions_needed(decision),
        "Condition": {"StringEquals": condition},
    }
    yield change_policy(
        trust,
        fix_id,
        f"trust {wanted} for exactly this {'subject and audience' if by_token else 'audience'}",
        new_statement(trust, statement),
        opens="this subject of that provider, nobody else"
        if by_token
        else "everyone to whom that provider asserts this role",
    )


def _serves_nobody(decision: Decision, nearest: NearestProvider) -> bool:
    """Whether the named provider can let nobody in, so that the right one may take its place."""
    if nearest.variant in ("case", "account", "partition"):
        return True
    account, named = decision.facts.world.account(decision.call.role_account), nearest.entry.value
    if nearest.variant != "near-name" or isinstance(account, Unknown):
        return False
    return named not in account.providers and not account.may_hold(named)


def _exact_condition(decision: Decision) -> dict[str, str] | None:
    caller = decision.call.caller
    if isinstance(caller, SamlCaller):
        audience = {key.lower(): value for key, value in caller.assertion.items()}.get("saml:aud")
        return {"SAML:aud": str(audience)} if audience else None
    if not isinstance(caller, WebIdentityCaller):
        return None
    host, audience = decision.call.issuer, audience_of(caller.claims)
    subject = scalar(caller.claims.get("sub"))
    if not audience or not subject:
        return None
    return {f"{host}:aud": audience[0], f"{host}:sub": subject}
