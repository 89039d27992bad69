"""AS903: a condition on a SAML key does not hold, or an attribute of the assertion is wrong."""

import re
from collections.abc import Iterator

import msgspec

from assumable.engine.conditions import words
from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings.blame import Blame
from assumable.findings.evidence import got_value
from assumable.findings.federated import SIGN_IN
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call, change_policy
from assumable.findings.near import about_condition
from assumable.findings.report import appended, finding, where
from assumable.model.call import Present, SamlCaller
from assumable.model.policy import Condition

CAUSE = Cause(
    "AS903",
    "saml-attribute",
    Row.TRUST,
    "the assertion does not carry what the trust policy asks for",
)
_NOT_TAKEN = re.compile(r"[^A-Za-z0-9_+=,.@-]")
"""What neither a session name nor a source identity may have (FACTS 7.6)."""


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with what the assertion has instead."""
    condition = blame.element.condition if blame.element else None
    if condition is None or blame.gate.context is None:
        return _of_attribute(decision, blame)
    if not isinstance(decision.call.caller, SamlCaller):
        return finding(
            CAUSE,
            blame,
            f"{where(blame)} asks that {words(condition)}, which only a SAML assertion carries; "
            f"{decision.call.api} sends none",
            title=f"the call carries no SAML assertion, which {where(blame)} asks for",
            facts=("R5.17", "R6.14"),
        )
    _, got = got_value(blame.gate.context, condition.key)
    differs = ""
    if blame.trace is not None:
        within = (blame.trace.policy, blame.trace.statement)
        differs = about_condition(decision, blame.gate.context, condition, within)
    return finding(
        CAUSE,
        blame,
        f"{where(blame)} asks that {words(condition)}; in this assertion it is {got}{differs}",
        fixes=tuple(_accept(blame, condition)),
        facts=("R5.17",),
    )


def _of_attribute(decision: Decision, blame: Blame) -> Finding:
    """An attribute that STS itself asks for (R5.19)."""
    message = blame.fault.told if blame.fault else ""
    offered = ""
    if blame.variant == "Role":
        pairs = decision.call.asserted.pairs or ()
        listed = ", ".join(f"{pair.role} through {pair.provider}" for pair in pairs)
        offered = f"; it offers {listed or 'no role'}"
    found = finding(
        CAUSE,
        blame,
        f"STS refuses the assertion before it looks at any policy: {message}"
        f"{offered or _wrong(decision, blame)}; the identity provider has to assert it",
        title=f"the assertion's attribute {blame.variant} is not what STS needs",
        fixes=tuple(_other_provider(decision, blame)),
        facts=("R5.19",),
    )
    if found.fixes:
        return found
    return msgspec.structs.replace(found, owner=decision.call.role_account)


def _wrong(decision: Decision, blame: Blame) -> str:
    """The value that does not fit, and in what."""
    said = decision.call.asserted
    value = said.session_name if blame.variant == "RoleSessionName" else said.source_identity
    if value is None:
        return ""
    wrong = [f"`{letter}`" for letter in dict.fromkeys(_NOT_TAKEN.findall(value))]
    has = f"has {', '.join(wrong)}" if wrong else f"has {len(value)} characters"
    return f"; `{value}` {has}"


def _other_provider(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """The provider through which the assertion does offer the role."""
    pairs = decision.call.asserted.pairs if blame.variant == "Role" else None
    for pair in pairs or ():
        if pair.role == decision.call.role_arn:
            yield change_call(
                decision.call,
                "saml-attribute/asserted-provider",
                f"send the provider that the assertion names: {pair.provider}",
                {"PrincipalArn": pair.provider},
                safety="review",
            )
            return


def _accept(blame: Blame, condition: Condition) -> Iterator[Fix]:
    """Accept what the assertion has; as a recipient only an address of AWS's sign-in."""
    if blame.trace is None or blame.gate.context is None or condition.base == "null":
        return
    value = blame.gate.context.get(condition.key)
    if OPERATORS[condition.base].negated or not isinstance(value, Present) or not value.values:
        return
    text = value.values[0]
    if condition.key.lower() == "saml:aud" and not SIGN_IN.fullmatch(text):
        return
    yield change_policy(
        blame.trace.policy,
        f"saml-attribute/accept-{condition.key.rpartition(':')[2]}",
        f"accept {condition.key} = {text} as well",
        appended(blame.trace.policy, condition.pointer, text),
        opens=f"assertions of this provider whose {condition.key} is {text}",
    )
