"""AS001: AWS refuses a parameter of the call."""

from collections.abc import Iterator

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.report import finding
from assumable.model.call import DEFAULT_DURATION

CAUSE = Cause("AS001", "parameter", Row.TRUST, "a parameter of the call is not valid")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, in AWS's own words."""
    assert blame.fault is not None  # noqa: S101  # the cause comes from a fault
    name = blame.fault.parameter
    answer = blame.fault.message or "malformed input"
    explanation = f"AWS refuses {name} before it looks at any policy: {answer}"
    row = Row.DURATION if name == "DurationSeconds" else Row.TRUST
    fixes = []
    if name == "DurationSeconds":
        fixes.append(
            change_call(
                decision.call,
                "parameter/default-duration",
                f"ask for {DEFAULT_DURATION} s",
                {name: DEFAULT_DURATION},
            )
        )
    fixes.extend(_inherited(decision, name))
    return finding(CAUSE, blame, explanation, row=row, title=f"{name} is not valid", fixes=fixes)


def _inherited(decision: Decision, name: str) -> Iterator[Fix]:
    """Leave out what the caller's session hands on already and nobody can change (R9.1, R9.4)."""
    call, session = decision.call, decision.call.session
    if name == "SourceIdentity" and session.source_identity is not None:
        title = f"set no source identity: the session hands on {session.source_identity}"
        yield change_call(call, "parameter/keep-source-identity", title, {name: None})
    inherited = {key.lower() for key in session.transitive_tag_keys}
    kept = [
        {"Key": key, "Value": value}
        for key, value in call.tags.items()
        if key.lower() not in inherited
    ]
    if name == "Tags" and len(kept) < len(call.tags):
        left = [key for key in call.transitive_tag_keys if key.lower() not in inherited]
        handed_on = ", ".join(session.transitive_tag_keys)
        yield change_call(
            call,
            "parameter/keep-tags",
            f"leave out the tags that the session hands on: {handed_on}",
            {"Tags": kept or None, "TransitiveTagKeys": left or None},
        )
