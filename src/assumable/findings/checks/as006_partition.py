"""AS006: the role is in another partition than the caller."""

import msgspec

from assumable import arn
from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Row
from assumable.findings.fix import change_call
from assumable.findings.report import finding

CAUSE = Cause("AS006", "partition", Row.TRUST, "caller and role are in different partitions")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanation = (
        f"{decision.call.caller.arn} and {decision.call.role_arn} are in different AWS "
        "partitions, and "
        f"{decision.call.api} never crosses them; check the ARN's second part (aws, aws-cn, "
        "aws-us-gov)"
    )
    mine, theirs = arn.parse(decision.call.caller.arn), arn.parse(decision.call.role_arn)
    fixes = []
    if mine is not None and theirs is not None:
        meant = str(msgspec.structs.replace(theirs, partition=mine.partition))
        name = "TargetPrincipal" if decision.call.api == ASSUME_ROOT else "RoleArn"
        fixes.append(
            change_call(
                decision.call, "partition/use-the-callers", f"ask for {meant}", {name: meant}
            )
        )
    return finding(CAUSE, blame, explanation, fixes=fixes, facts=("R1.18",))
