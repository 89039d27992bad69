"""The diagnosis that two sides give, without words about what neither of them says."""

import msgspec

from assumable import arn
from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.gates import Outcome
from assumable.findings.checklist import ChecklistRow
from assumable.findings.finding import ROW_NAMES, Finding
from assumable.findings.fix import CALLER
from assumable.findings.registry import CAUSES
from assumable.formats.scenario import Scenario
from assumable.formats.side import CallerSide, RoleSide

_NOTE = (
    "decided from two side files, which say outcomes and no policy text: run `assumable why` with "
    "access to the account that is named for the reasons and the fixes"
)
_PASSES = {"pass": "passes", "unknown": "depends on what is not known or not disclosed"}


def diagnosed(
    scenario: Scenario, sides: tuple[CallerSide, RoleSide], *, expected: str = ""
) -> Diagnosis:
    """The diagnosis; only where both sides are full it has evidence, fixes and plans."""
    plain = diagnose(*scenario, expected=expected)  # type: ignore[arg-type]  # the CLI checked it
    return plain if all(side.full for side in sides) else _veiled(plain, sides)


def _veiled(plain: Diagnosis, sides: tuple[CallerSide, RoleSide]) -> Diagnosis:
    """Verdict, causes and owners stay; what was written about stand-ins goes."""
    accounts = {arn.account_of(sides[0].call.caller), plain.call.role_account}
    findings = tuple(
        _finding(finding, sides, accounts) for finding in plain.findings if finding.blocking
    )
    return msgspec.structs.replace(
        plain,
        findings=findings,
        fixes=(),
        plans=(),
        grants=(),
        cuts=(),
        checklist=tuple(_row(row, findings) for row in plain.checklist),
        gates=tuple(
            msgspec.structs.replace(gate, statements=(), evidence=(), summary=_words(gate.outcome))
            for gate in plain.gates
        ),
        residual_caller=(),
        residual_admin=(),
        working_commands=(),
        notes=(_NOTE,),
    )


def _words(outcome: Outcome) -> str:
    return str(outcome).replace("-", " ")


def _finding(finding: Finding, sides: tuple[CallerSide, RoleSide], accounts: set[str]) -> Finding:
    """The finding without evidence; the variant is that of the side which established it."""
    said = {blamed.cause: blamed.variant for side in sides for blamed in side.blocking}
    owner = finding.owner if finding.owner in (CALLER, *accounts) else sides[0].call.caller
    if owner not in (CALLER, *accounts):  # a level of the caller's organization
        owner = arn.account_of(owner)
    who = "who makes the call" if owner == CALLER else f"the administrator of {owner}"
    return msgspec.structs.replace(
        finding,
        variant=said.get(finding.cause, finding.variant),
        owner=owner,
        title=CAUSES[finding.cause].title,
        explanation=f"the details are with {who}: the side files do not hold them",
        evidence=(),
        fixes=(),
    )


def _row(row: ChecklistRow, findings: tuple[Finding, ...]) -> ChecklistRow:
    failed = [
        finding.title
        for finding in findings
        if row.check in {ROW_NAMES[number] for number in (finding.row, *finding.also_fails)}
    ]
    summary = failed[0] if failed else _PASSES.get(row.status, row.summary)
    return msgspec.structs.replace(row, summary=summary)
