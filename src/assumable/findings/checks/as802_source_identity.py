"""AS802: a source identity is set or inherited, and one side does not allow it."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.engine.services import sets_source_identity
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.permission import companion_fixes, who_edits
from assumable.findings.report import finding, where

CAUSE = Cause("AS802", "source-identity", Row.TRUST, "the source identity is not allowed")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the side that lacks sts:SetSourceIdentity."""
    inherited = decision.call.session.source_identity is not None
    source = (
        "inherits a source identity, which cannot be dropped"
        if inherited
        else "sets a source identity"
    )
    if decision.call.source_identity is None and not sets_source_identity(decision.call):
        source = "sets no source identity"
    elif not decision.call.is_signed:
        source = "is made with a token that asserts a source identity"
    if blame.fault is not None:
        what = "STS takes 2 to 256 letters, digits and _+=,.@- only"
    elif blame.variant == blame.action:
        what = (
            f"{where(blame)} does not allow sts:SetSourceIdentity, which is judged apart from "
            f"sts:{decision.call.api}"
        )
    else:
        what = f"{where(blame)} has a condition on {blame.variant} that it does not meet"
    return finding(
        CAUSE,
        blame,
        f"the call {source}, and {what}{who_edits(decision, blame)}",
        fixes=tuple(_fixes(decision, blame)),
        facts=("R1.5", "R9.4"),
    )


def _fixes(decision: Decision, blame: Blame) -> Iterator[Fix]:
    given = decision.call.parameters.get("SourceIdentity") is not None
    passed = given and decision.call.is_signed and not decision.facts.caller_is_service
    if passed and decision.call.session.source_identity is None and blame.variant == blame.action:
        yield change_call(
            decision.call,
            "source-identity/leave-out",
            "set no source identity",
            {"SourceIdentity": None},
            safety="review",
        )
    yield from companion_fixes(decision, blame, CAUSE.slug, what="setting a source identity")
