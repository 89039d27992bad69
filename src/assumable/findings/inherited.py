"""Fixes at an earlier hop of a chain, for what a later one inherits or is limited by."""

from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.facts import Facts
from assumable.engine.forms import Form
from assumable.engine.principals import names
from assumable.findings.finding import Finding, Fix
from assumable.findings.fix import change_call, patched
from assumable.findings.report import actions_needed, new_statement, role_name
from assumable.model.call import Call, SamlCaller, ServiceCaller
from assumable.model.policy import Effect, Policy


def fixes_before(
    finding: Finding, decision: Decision, earlier: list[Call]
) -> Iterator[tuple[int, Fix]]:
    """Requests of the hops before that would mend a finding, each with its hop's number."""
    if finding.cause == "session-tags" and finding.variant == "sts:TagSession":
        yield from _without(earlier, "TransitiveTagKeys", "session-tags/not-transitive",
                            "make no tag transitive")  # fmt: skip
    if finding.cause == "source-identity" and finding.variant == "sts:SetSourceIdentity":
        yield from _without(earlier, "SourceIdentity", "source-identity/leave-out",
                            "set no source identity")  # fmt: skip
    if finding.cause == "trust-principal" and finding.variant == "session-name":
        yield from _named_as_trusted(decision, earlier)
    if finding.cause == "session-policy":
        yield from _allowed_by_session_policy(decision, earlier)


def named_earlier(finding: Finding, decision: Decision, earlier: list[Call]) -> str:
    """That the trust policy names who makes a hop before this one, in words; else empty."""
    facts = decision.facts
    if finding.cause != "trust-principal" or not isinstance(facts.trust, Policy):
        return ""
    allowing = [s for s in facts.trust.statements if s.effect is Effect.ALLOW]
    for number, call in enumerate(earlier, 1):
        theirs = Facts(facts.lookups, msgspec.structs.replace(decision.call, caller=call.caller))
        forms = [
            form for s in allowing for form, truth in names(s, theirs).items() if truth is True
        ]
        if set(forms) - {Form.ACCOUNT}:
            who = f"{arn.display_name(call.caller.arn)}, who makes hop {number}"
            mine = arn.display_name(decision.call.caller.arn)
            return f"; it names {who}, but this hop is made with the credentials of {mine}"
    return ""


def _without(
    earlier: list[Call], parameter: str, fix_id: str, title: str
) -> Iterator[tuple[int, Fix]]:
    """Leave out a parameter, where one hop alone hands it on."""
    setting = [n for n, call in enumerate(earlier, 1) if call.parameters.get(parameter)]
    if len(setting) == 1:
        call = earlier[setting[0] - 1]
        yield setting[0], change_call(call, fix_id, title, {parameter: None}, safety="review")


def _named_as_trusted(decision: Decision, earlier: list[Call]) -> Iterator[tuple[int, Fix]]:
    """Give the session the name that the trust policy asks for."""
    trust, mine = decision.facts.trust, decision.call.caller.arn.rpartition("/")[0]
    if not isinstance(trust, Policy) or not earlier:
        return
    if isinstance(earlier[-1].caller, ServiceCaller | SamlCaller):
        return  # the service or the identity provider chooses the name
    for statement in trust.statements:
        for entry in statement.principals or ():
            session, _, name = entry.value.rpartition("/")
            if statement.effect is Effect.ALLOW and session == mine:
                yield (
                    len(earlier),
                    change_call(
                        earlier[-1],
                        "trust-principal/name-the-session",
                        f"name the session {name}",
                        {"RoleSessionName": name},
                    ),
                )
                return


def _allowed_by_session_policy(
    decision: Decision, earlier: list[Call]
) -> Iterator[tuple[int, Fix]]:
    """Let the session policy of the hop before allow exactly this call."""
    policies = decision.call.session.policies
    inline = policies[0] if policies else None
    if (
        not earlier
        or earlier[-1].parameters.get("Policy") is None
        or not isinstance(inline, Policy)
    ):
        return
    statement = {
        "Effect": "Allow",
        "Action": actions_needed(decision),
        "Resource": decision.call.role_arn,
    }
    document = patched(inline.document, new_statement(inline, statement))
    yield (
        len(earlier),
        change_call(
            earlier[-1],
            "session-policy/allow-this-role",
            f"let the session policy allow the call for {role_name(decision)}",
            {"Policy": document},
            safety="review",
        ),
    )
