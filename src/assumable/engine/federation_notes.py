"""What is worth knowing about a token or assertion, though it never decides the verdict."""

from collections.abc import Iterator

from assumable.engine.facts import Facts
from assumable.engine.keys.providers import SHARED_ISSUERS
from assumable.engine.operators import OPERATORS
from assumable.engine.principals import match
from assumable.engine.rules import action_matches
from assumable.model.assertion import SAML_ATTRIBUTES, instant, texts
from assumable.model.call import SamlCaller, WebIdentityCaller
from assumable.model.policy import Condition, Effect, Policy, Statement
from assumable.model.world import Role


def token_notes(facts: Facts) -> Iterator[str]:
    """Rules that hold when a role is saved, and limits of the session that is made."""
    caller = facts.call.caller
    if isinstance(caller, WebIdentityCaller):
        yield from _unsaveable(facts)
    elif isinstance(caller, SamlCaller):
        yield from _session_end(facts, caller)


def _unsaveable(facts: Facts) -> Iterator[str]:
    """Trust in a shared issuer without a test of the claim that tells its tenants apart (C-3)."""
    issuer, trust = facts.call.issuer.lower(), facts.trust
    claim = SHARED_ISSUERS.get(issuer)
    if not isinstance(trust, Policy):
        return
    for statement in trust.statements:
        if is_open_to_tenants(statement, facts):
            also = ""
            if issuer == "app.terraform.io":
                also = ", and STS may refuse the request as well (R2.15)"
            yield (
                f"{statement.label} of {trust.name.name} does not test {issuer}:{claim}, which "
                "tells the tenants of that provider apart: IAM refuses to save such a statement "
                f"today, roles saved before keep working (R2.14){also}"
            )


def is_open_to_tenants(statement: Statement, facts: Facts) -> bool:
    """Whether it lets every tenant of the caller's shared provider in (C-3, R2.14)."""
    issuer = facts.call.issuer.lower()
    claim = SHARED_ISSUERS.get(issuer)
    if claim is None or _tests(statement, f"{issuer}:{claim}"):
        return False
    return _trusts(statement, facts)


def _trusts(statement: Statement, facts: Facts) -> bool:
    if statement.effect is not Effect.ALLOW or statement.not_principal:
        return False
    entries = [entry for entry in statement.principals or () if entry.kind == "Federated"]
    named = any(match(entry, facts)[1] is True for entry in entries)
    return named and action_matches(statement, "sts:AssumeRoleWithWebIdentity")


def _tests(statement: Statement, key: str) -> bool:
    return any(
        condition.key.lower() == key and _says(condition) for condition in statement.conditions
    )


def _says(condition: Condition) -> bool:
    """Whether a condition asks for something: not only wildcards, not the opposite of a value."""
    operator = OPERATORS.get(condition.base)
    asks = operator is not None and not operator.negated
    return asks and all(value.strip("*?") for value in condition.values)


def _session_end(facts: Facts, caller: SamlCaller) -> Iterator[str]:
    ends = instant(caller.assertion.get("SessionNotOnOrAfter"))
    left = ends - facts.call.time.timestamp() if ends is not None else 0
    if left > 0:
        yield (
            f"the session ends with the assertion's SessionNotOnOrAfter, in {int(left)} s, where "
            "that comes before DurationSeconds (R4.4)"
        )
    for text in texts(caller.assertion.get(f"{SAML_ATTRIBUTES}SessionDuration")):
        maximum = facts.role.max_session_duration if isinstance(facts.role, Role) else None
        over = ""
        if isinstance(maximum, int) and text.isdigit() and int(text) > maximum:
            over = f"; it exceeds the role's maximum of {maximum} s, so that sign-in would fail"
        yield (
            f"the assertion's SessionDuration of {text} s counts for sign-in to the console only, "
            f"AssumeRoleWithSAML goes by DurationSeconds (R5.19){over}"
        )
