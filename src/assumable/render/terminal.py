"""The answer for people: verdict, seven lines, findings at the line of the policy, proved plans.

Every meaning is in words; colour and symbols only repeat it.
"""

import io
import textwrap
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from assumable import arn
from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.findings.checklist import ChecklistRow
from assumable.findings.finding import Evidence, Finding, Fix
from assumable.findings.fix import CALLER
from assumable.plan import Plan

WIDTH = 100
_SYMBOLS = {"pass": "✓", "fail": "✗", "not-required": "–", "unknown": "?"}
_STYLES = {"pass": "green", "fail": "red", "not-required": "dim", "unknown": "yellow"}
_VERDICTS = {
    Verdict.ALLOWED: ("✓", "ALLOWED", "bold green"),
    Verdict.DENIED: ("✗", "DENIED", "bold red"),
    Verdict.CONDITIONAL: ("?", "CONDITIONAL", "bold yellow"),
}
_GUTTER = 5


def render(
    diagnosis: Diagnosis, *, show_commands: bool = False, color: bool = False, width: int = WIDTH
) -> str:
    """The diagnosis as text."""
    output = io.StringIO()
    console = Console(
        file=output,
        width=width,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )
    for line in _lines(diagnosis, show_commands=show_commands, width=width):
        line.rstrip()
        console.print(line)
    return output.getvalue()


def _lines(diagnosis: Diagnosis, *, show_commands: bool, width: int) -> Iterator[Text]:
    yield from _header(diagnosis, width)
    yield Text()
    for number, row in enumerate(diagnosis.checklist, 1):
        yield from _row(number, row, width, show_commands=show_commands)
    for finding in diagnosis.findings:
        yield Text()
        yield from _finding(finding, width)
    yield from _open_questions(diagnosis, width)
    yield from _plans(diagnosis, width)
    for note in diagnosis.notes:
        yield from _wrapped("note   ", note, width, style="dim")


def _header(diagnosis: Diagnosis, width: int) -> Iterator[Text]:
    symbol, word, style = _VERDICTS[diagnosis.verdict]
    call = diagnosis.call
    caller, role = arn.display_name(call.caller), arn.display_name(call.role_arn)
    account = f" ({call.caller_account})" if call.caller_account else ""
    target = f" ({call.role_account})" if call.role_account else ""
    action = f"sts:{call.api}"
    who, what = f"{caller}{account}", f"{role}{target}"
    one_line = f"{symbol} {word}   {who}  →  {what}   {action}"
    if len(one_line) <= width:
        yield Text.assemble((f"{symbol} {word}", style), f"   {who}  →  {what}   ", (action, "dim"))
    else:
        yield Text.assemble((f"{symbol} {word}", style), f"   {action}")
        yield Text(f"  {who}")
        yield Text(f"  → {what}")
    if diagnosis.headline != diagnosis.verdict:
        yield from _wrapped("  ", diagnosis.headline, width, style=style)


def _row(number: int, row: ChecklistRow, width: int, *, show_commands: bool) -> Iterator[Text]:
    prefix = f"  {number}  {row.check:<21}  "
    lines = textwrap.wrap(row.summary, max(width - len(prefix) - 3, 20)) or [""]
    style = _STYLES[row.status]
    yield Text.assemble(prefix, (f"{_SYMBOLS[row.status]}  {lines[0]}", style))
    for line in lines[1:]:
        yield Text.assemble(" " * (len(prefix) + 3), (line, style))
    if show_commands and row.verify:
        yield Text(f"     $ {row.verify}", style="dim")


def _finding(finding: Finding, width: int) -> Iterator[Text]:
    whose = "you" if finding.owner == CALLER else f"account {finding.owner}"
    head = f"{finding.code} {finding.cause}"
    yield Text.assemble((head, "bold"), f"  {finding.title}  ({whose})")
    for evidence in finding.evidence:
        yield from _evidence(evidence, width)
    yield from _wrapped(" " * _GUTTER + "= ", finding.explanation, width)


def _evidence(evidence: Evidence, width: int) -> Iterator[Text]:
    if evidence.line is None or evidence.column is None or evidence.end is None:
        return
    number = f"{evidence.line:>{_GUTTER - 1}} │ "
    room = max(width - len(number), 20)
    cut = 0
    if len(evidence.excerpt) > room:  # keep the marked part in sight
        cut = max(0, min(evidence.column - 1 - room // 3, len(evidence.excerpt) - room))
    shown = evidence.excerpt[cut : cut + room]
    start = evidence.column - 1 - cut
    length = max(1, min(evidence.end - evidence.column, room - start))
    yield Text.assemble(
        (f"{' ' * (_GUTTER - 2)}─┬ {evidence.file}:{evidence.line}:{evidence.column}", "dim")
    )
    yield Text.assemble((number, "dim"), shown)
    yield Text.assemble((" " * _GUTTER + "│ ", "dim"), " " * start, ("─" * length, "red"))


def _open_questions(diagnosis: Diagnosis, width: int) -> Iterator[Text]:
    if diagnosis.verdict is not Verdict.CONDITIONAL:
        return
    yield Text()
    yield from _wrapped("allowed if  ", diagnosis.residual, width)
    for unknown in diagnosis.unknowns:
        settle = f"  (settled by {unknown.settle})" if unknown.settle else ""
        yield from _wrapped("unknown     ", unknown.what + settle, width)


def _plans(diagnosis: Diagnosis, width: int) -> Iterator[Text]:
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    for number, plan in enumerate(diagnosis.plans):
        yield Text()
        chosen = [fixes[name] for name in plan.fixes]
        if number == 0:
            yield from _first_plan(plan, chosen, width)
        else:
            other = [fix for fix in chosen if fix.id not in diagnosis.plans[0].fixes]
            parts = "; ".join(fix.title for fix in other)
            opens = "; ".join(fix.opens for fix in other if not fix.is_request_only)
            yield from _wrapped(
                "or    ", parts + (f" (opens it to {opens})" if opens else ""), width
            )
    if diagnosis.verdict is Verdict.DENIED and not diagnosis.plans:
        stuck = [finding.code for finding in diagnosis.findings if not finding.fixes]
        pages = ", ".join(f"`assumable explain {code}`" for code in dict.fromkeys(stuck))
        yield Text()
        yield from _wrapped(
            "fix   ",
            f"no edit of the request or of a policy is known that mends this; see {pages}",
            width,
        )


def _first_plan(plan: Plan, fixes: list[Fix], width: int) -> Iterator[Text]:
    for letter, fix in zip("ABCDEFGHIJ", fixes, strict=False):
        who = "you, nothing to change in AWS" if fix.is_request_only else f"admin of {fix.owner}"
        lead = "fix   " if letter == "A" else "      "
        yield Text.assemble((lead, "bold"), (f"{letter} ({who})", "bold"))
        yield from _wrapped(" " * 10, fix.title, width)
        for line in fix.diff.splitlines()[2:]:
            style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
            yield Text(" " * 10 + line, style=style)
        if not fix.is_request_only:
            yield from _wrapped(" " * 10 + "opens it to ", fix.opens, width)
    several = len(plan.commands) > 1
    order = "in this order, each with the credentials of its own account" if several else "this"
    yield Text.assemble(("run   ", "bold"), order)
    for command in plan.commands:
        yield Text(f"      {command}")
    letters = " + ".join("ABCDEFGHIJ"[: len(fixes)])
    after = plan.verdict_after.upper()
    if plan.verdict_after is Verdict.CONDITIONAL:
        after = plan.headline_after
    radius = plan.blast_radius
    nobody = (
        "nobody else"
        if radius.complete
        else f"nobody else among the {radius.known} principals known"
    )
    gained = f"{radius.count} more: {', '.join(radius.principals)}" if radius.count else nobody
    yield from _wrapped(
        "proof ",
        f"{letters} → {after}   (decided again with the fixes applied; gains "
        f"access besides you: {gained})",
        width,
    )


def _wrapped(prefix: str, text: str, width: int, *, style: str = "") -> Iterator[Text]:
    room = max(width - len(prefix), 30)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    yield Text(prefix + lines[0], style=style)
    for line in lines[1:]:
        yield Text(" " * len(prefix) + line, style=style)
