"""AS801: session tags are passed or inherited, and one side does not allow them."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.services import POD_IDENTITY, passes_tags
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.permission import companion_fixes, who_edits
from assumable.findings.report import finding, where

CAUSE = Cause("AS801", "session-tags", Row.TRUST, "session tags are not allowed")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the side that lacks sts:TagSession."""
    inherited = decision.call.session.transitive_tag_keys
    passed = "passes" if decision.call.is_signed else "is made with a token that asserts"
    source = (
        f"inherits the transitive tags {', '.join(inherited)}"
        if inherited
        else f"{passed} {'' if _passes(decision) else 'no '}session tags"
    )
    if blame.variant == blame.action:
        apart = f"which is judged apart from sts:{decision.call.api}"
        what = f"{where(blame)} does not allow sts:TagSession, {apart}"
    else:
        what = f"{where(blame)} has a condition on {blame.variant} that these tags do not meet"
    if decision.call.caller.arn == POD_IDENTITY and blame.variant == blame.action:
        what += "; the tags can also be switched off in the Pod Identity association"
    return finding(
        CAUSE,
        blame,
        f"the call {source}, and {what}{who_edits(decision, blame)}",
        fixes=tuple(_fixes(decision, blame)),
        facts=("R1.5", "R9.2"),
    )


def _passes(decision: Decision) -> bool:
    return bool(decision.call.tags) or passes_tags(decision.call)


def _fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    # nobody writes the request of a service, and only its issuer another token
    own_choice = decision.call.is_signed and not decision.facts.caller_is_service
    if own_choice and decision.call.tags and not decision.call.session.transitive_tag_keys:
        yield change_call(
            decision.call,
            "session-tags/leave-out",
            "send no session tags",
            {"Tags": None, "TransitiveTagKeys": None},
            safety="review",
        )
    yield from companion_fixes(decision, blame, CAUSE.slug, what="session tags")
