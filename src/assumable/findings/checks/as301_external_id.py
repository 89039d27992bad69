"""AS301: a policy requires an external ID that was not sent, or another one was."""

import re
from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.forms import Form
from assumable.engine.gates import GateName
from assumable.engine.principals import match
from assumable.findings.apart import companions_under
from assumable.findings.blame import Blame
from assumable.findings.dead import contradiction_of
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call, change_policy
from assumable.findings.near import OLD_VERSION, is_negated
from assumable.findings.report import appended, finding, where
from assumable.findings.slips import first_difference, nearest
from assumable.findings.wanted import written_out
from assumable.globs import has_wildcard, matches
from assumable.model.policy import Condition, Policy

CAUSE = Cause("AS301", "external-id", Row.EXTERNAL_ID, "the required external ID was not sent")
_OWN = "EXTERNAL_ID"
"""Stands for a value of the reader's own."""
_VALID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
_EXPLANATIONS = {
    "missing": "and the call sends none",
    "different": "and the call sends another one",
    "case": "and the call's differs only in letter case",
    "whitespace": "and the call's differs only in white space or quotes",
}


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the value that the policy asks for."""
    condition = _condition(blame)
    variant = _variant(decision, condition)
    sent = _EXPLANATIONS[variant]
    if decision.call.api != "AssumeRole":
        sent = f"which {decision.call.api} cannot send: only AssumeRole has one"
    explanation = f"{where(blame)} requires an external ID, {sent}"
    title = "an external ID is required that "
    title += "was not sent" if variant == "missing" else "differs from the one sent"
    if variant == "different" and is_negated(condition):
        explanation = f"{where(blame)} excludes the external ID that the call sends"
        title = "the external ID that was sent is excluded"
    explanation += _slip(decision, blame, condition, variant)
    if blame.trace is not None:
        explanation += companions_under(decision, blame.trace, condition.key)
    return finding(
        CAUSE,
        blame,
        explanation,
        variant=variant,
        facts=("R3.4", "R6.5"),
        fixes=tuple(_fixes(decision, blame, condition)),
        title=title,
    )


def _condition(blame: Blame) -> Condition:
    assert blame.element is not None  # noqa: S101  # the cause comes from a condition
    assert blame.element.condition is not None  # noqa: S101
    assert blame.trace is not None  # noqa: S101
    return written_out(blame.trace, blame.element.condition, blame.gate.context)


def _slip(decision: Decision, blame: Blame, condition: Condition, variant: str) -> str:
    """What differs without the values themselves: an external ID is shown in the policy alone."""
    sent, trace = decision.call.parameters.get("ExternalId"), blame.trace
    if trace is None or decision.call.api != "AssumeRole":
        return ""
    impossible = contradiction_of(trace.statement, condition)
    if impossible:
        return "; another condition of the same statement excludes this one: no value meets both"
    if variant != "different" or not isinstance(sent, str) or is_negated(condition):
        return ""
    if not trace.policy.has_variables and any("${" in value for value in condition.values):
        return f"; {OLD_VERSION}"
    exact = "like" not in condition.base
    if exact and any(has_wildcard(v) and matches(v, sent) for v in condition.values):
        return f"; {condition.operator} takes the wildcard in it literally: StringLike would match"
    if any(sent in re.split(r"\s*,\s*", v) for v in condition.values if "," in v):
        return "; the commas are part of one value: several values are written as a list"
    place = nearest(condition.values, sent)
    if place is None:
        return ""
    at = first_difference(condition.values[place], sent) + 1
    return f"; the two differ from character {at} on"


def _variant(decision: Decision, condition: Condition) -> str:
    sent = decision.call.parameters.get("ExternalId")
    if not isinstance(sent, str) or decision.call.api != "AssumeRole":
        return "missing"

    def bare(text: str) -> str:
        return re.sub(r"[\s\"']", "", text)

    if is_negated(condition):
        return "different"
    if any(sent.lower() == value.lower() for value in condition.values):
        return "case"
    return "whitespace" if any(bare(sent) == bare(v) for v in condition.values) else "different"


def instead_of_permission(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """The external ID that a statement for the caller itself asks for, in the same account.

    Such a statement needs no permission beside it (R1.12), other than one for the account.
    """
    gate = next(
        (g for g in decision.gates if g.gate is GateName.TRUST and g.action == blame.action), None
    )
    if gate is None or blame.gate.gate is not GateName.IDENTITY or not decision.facts.same_account:
        return
    for trace in gate.traces():
        failing = trace.failing
        condition = failing[0].condition if len(failing) == 1 else None
        if condition is None or condition.key.lower() != "sts:externalid":
            continue
        named = [match(entry, decision.facts) for entry in trace.statement.principals or ()]
        if any(truth is True and form is not Form.ACCOUNT for form, truth in named):
            asked = Blame(cause=CAUSE.slug, gate=gate, trace=trace, element=failing[0])
            yield from (
                fix for fix in _fixes(decision, asked, _condition(asked)) if fix.is_request_only
            )


def _fixes(decision: Decision, blame: Blame, condition: Condition) -> Iterator[Fix]:
    sent = decision.call.parameters.get("ExternalId")
    if decision.call.api != "AssumeRole":
        return  # the condition guards the role: whoever has a token is let in by another statement
    if decision.facts.caller_is_service and sent is None:
        return  # nobody writes the request of a service
    if is_negated(condition):
        if sent is not None:
            title = "send no external ID"
            yield change_call(
                decision.call, "external-id/leave-out", title, {"ExternalId": None}, safety="review"
            )
        return
    for value in condition.values:
        wanted = _taken(decision, value) if "like" in condition.base else value
        if _VALID.fullmatch(wanted):
            title = f"send the external ID `{wanted}`"
            if wanted == _OWN:
                title = f"send an external ID: the policy takes any, {_OWN} stands for yours"
            yield change_call(decision.call, "external-id/send", title, {"ExternalId": wanted})
            break
    if not isinstance(sent, str) or blame.trace is None or not _VALID.fullmatch(sent):
        return
    if blame.trace.policy is decision.facts.trust:
        yield change_policy(
            blame.trace.policy,
            "external-id/accept",
            "accept the external ID that was sent as well",
            appended(blame.trace.policy, condition.pointer, sent),
            opens="callers that this statement names and that know this external ID",
        )


def _taken(decision: Decision, pattern: str) -> str:
    """A value that a pattern takes, one that the trust policy writes out first; else empty."""
    trust = decision.facts.trust
    asked = [
        value
        for statement in (trust.statements if isinstance(trust, Policy) else ())
        for condition in statement.conditions
        if condition.key.lower() == "sts:externalid" and not is_negated(condition)
        for value in condition.values
        if _VALID.fullmatch(value) and matches(pattern, value)
    ]
    own = (pattern.replace("*", "").replace("?", "0"), _OWN)
    taken = (value for value in own if _VALID.fullmatch(value) and matches(pattern, value))
    return asked[0] if asked else next(taken, "")
