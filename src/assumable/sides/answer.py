"""The diagnosis that two sides give, without words about what neither of them says."""

import msgspec

from assumable import arn
from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.gates import Outcome
from assumable.findings.checklist import ChecklistRow
from assumable.findings.finding import ROW_NAMES, Finding, Row
from assumable.findings.registry import CAUSES
from assumable.formats.scenario import Scenario
from assumable.formats.side import CallerSide, RoleSide

_NOTE = (
    "decided from two side files, which say outcomes and no policy text: run `assumable why` with "
    "access to the account that is named for the reasons and the fixes"
)
_SUMMARIES = {"pass": "passes", "unknown": "depends on what is not known or not disclosed"}


def diagnosed(
    scenario: Scenario, sides: tuple[CallerSide, RoleSide], *, expected: str = ""
) -> Diagnosis:
    """The diagnosis; only where both sides are full it has evidence, fixes and plans."""
    plain = diagnose(*scenario, expected=expected)  # type: ignore[arg-type]  # the CLI checked it
    untold = (msgspec.structs.replace(each, probe="") for each in plain.hypotheses)
    plain = msgspec.structs.replace(plain, hypotheses=tuple(untold))  # whose call nobody here makes
    return plain if all(side.full for side in sides) else _veiled(plain, sides)


def _veiled(plain: Diagnosis, sides: tuple[CallerSide, RoleSide]) -> Diagnosis:
    """Verdict, causes and owners stay; what was written about stand-ins goes."""
    findings = tuple(_finding(finding, sides) for finding in plain.findings if finding.blocking)
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


def _finding(finding: Finding, sides: tuple[CallerSide, RoleSide]) -> Finding:
    """The finding without evidence; the variant is that of the side which established it."""
    if finding.cause == "parameter" and finding.variant not in sides[0].parameters:
        return msgspec.structs.replace(finding, evidence=(), fixes=())  # both know what was sent
    accounts = _accounts(sides)
    knowing = [n for n in (0, 1) if finding.cause in _variants(sides[n])]
    who = " and ".join(f"the administrator of {accounts[n]}" for n in knowing)
    where = f"the details are with {who}" if who else "what one side asks for, the other lacks"
    variants = [_variants(sides[n])[finding.cause] for n in knowing]
    return msgspec.structs.replace(
        finding,
        variant=variants[0] if variants else finding.variant,
        title=CAUSES[finding.cause].title,
        explanation=f"{where}: the side files do not hold them" if who else where,
        evidence=(),
        fixes=(),
    )


def _accounts(sides: tuple[CallerSide, RoleSide]) -> tuple[str, str]:
    shared = sides[0].call
    return arn.account_of(shared.caller), arn.account_of(str(shared.parameters["RoleArn"]))


def _variants(side: CallerSide | RoleSide) -> dict[str, str]:
    """The causes that a side establishes alone, with their variants."""
    return {blamed.cause: blamed.variant for blamed in side.blocking}


def _row(row: ChecklistRow, findings: tuple[Finding, ...]) -> ChecklistRow:
    failed = [
        finding.title
        for finding in findings
        if row.check in {ROW_NAMES[number] for number in (finding.row, *finding.also_fails)}
    ]
    summary = failed[0] if failed else _SUMMARIES.get(row.status, row.summary)
    if row.status == "not-required" and row.check == ROW_NAMES[Row.ORGANIZATION]:
        summary = "no SCP and no RCP plays a part"
    return msgspec.structs.replace(row, summary=summary)
