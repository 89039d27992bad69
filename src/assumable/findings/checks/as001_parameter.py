"""AS001: AWS refuses a parameter of the call."""

from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
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
    if blame.variant == "swapped":
        explanation = f"PrincipalArn and RoleArn are swapped: AWS answers {answer}"
        fixes.append(
            change_call(
                decision.call,
                "parameter/swap-arns",
                "swap RoleArn and PrincipalArn",
                {"RoleArn": decision.call.identity_provider, name: decision.call.role_arn},
            )
        )
    return finding(CAUSE, blame, explanation, row=row, title=f"{name} is not valid", fixes=fixes)
