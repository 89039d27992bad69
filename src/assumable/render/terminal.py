"""The answer for people: verdict, seven lines, findings at the line of the policy, proved plans.

Every meaning is in words; colour and symbols only repeat it.
"""

import io
import string
import textwrap
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from assumable import arn
from assumable.diagnose import CallView, Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.errors import printable
from assumable.findings.blast import BlastRadius
from assumable.findings.checklist import ChecklistRow
from assumable.findings.commands import LIST_DEVICES
from assumable.findings.finding import Evidence, Finding, Fix, Row
from assumable.findings.fix import CALLER
from assumable.findings.headline import DEPENDS
from assumable.plan import Plan
from assumable.render import sections

WIDTH = 100
_SYMBOLS = {"pass": "✓", "fail": "✗", "not-required": "–", "unknown": "?"}
_STYLES = {"pass": "green", "fail": "red", "not-required": "dim", "unknown": "yellow"}
_VERDICTS = {
    Verdict.ALLOWED: ("✓", "ALLOWED", "bold green"),
    Verdict.DENIED: ("✗", "DENIED", "bold red"),
    Verdict.CONDITIONAL: ("?", "CONDITIONAL", "bold yellow"),
}
_GUTTER = 5
_NARROW = 60
"""Below this width texts stand under their labels, not beside them."""
_LONGEST = 400
"""Characters of what a proof depends on."""
_MOST = 25
"""Findings, notes or unknown parts that are shown."""


def render(
    diagnosis: Diagnosis, *, show_commands: bool = False, color: bool = False, width: int = WIDTH
) -> str:
    """The diagnosis as text."""
    width = max(width, 1)
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
    yield from _hops(diagnosis, width)
    call = diagnosis.hops[diagnosis.hop - 1].call if diagnosis.hops else diagnosis.call
    for number, row in enumerate(diagnosis.checklist, 1):
        yield from _row(number, row, width)
        if show_commands and row.verify:
            yield _line((f"     $ {_account(Row(number), row, call)}{row.verify}", "dim"))
    for finding in diagnosis.findings[:_MOST]:
        yield Text()
        yield from _finding(finding, width)
    yield from _left_out(diagnosis.findings, "findings", width)
    yield from _open_questions(diagnosis, width)
    if not diagnosis.shall_stay_denied:  # nobody wants to mend it
        yield from _section(sections.shares(diagnosis), width)
        yield from _plans(diagnosis, width)
    yield from _section(sections.expectation(diagnosis), width)
    for note in diagnosis.notes[:_MOST]:
        yield from _wrapped("note   ", note, width, style="dim")
    yield from _left_out(diagnosis.notes, "notes", width)


def _section(lines: Iterator[sections.Line], width: int) -> Iterator[Text]:
    for label, text, style, whole in lines:
        if whole:
            yield _line(label, (text, style))
        else:
            yield from _wrapped(label, text, width, style=style)


def _left_out(items: tuple[object, ...], what: str, width: int) -> Iterator[Text]:
    """Nobody reads a thousand of them on a screen; the JSON has them all."""
    if len(items) > _MOST:
        text = f"{len(items) - _MOST} more {what}: --format json shows them all"
        yield from _wrapped("...    ", text, width, style="dim")


def _header(diagnosis: Diagnosis, width: int) -> Iterator[Text]:
    symbol, word, style = _VERDICTS[diagnosis.verdict]
    call = diagnosis.call
    caller, role = arn.display_name(call.caller), arn.display_name(call.role_arn)
    account = f" ({call.caller_account})" if call.caller_account else ""
    target = f" ({call.role_account})" if call.role_account else ""
    action = f"sts:{call.api}"
    if diagnosis.hops:
        action = f"by a chain of {diagnosis.hops_asked} hops"
        if len(diagnosis.hops) < diagnosis.hops_asked:
            action += f", {len(diagnosis.hops)} of them looked at"
    who, what = f"{caller}{account}", f"{role}{target}"
    one_line = _line((f"{symbol} {word}", style), f"   {who}  →  {what}   ", (action, "dim"))
    if len(one_line) <= width:
        yield one_line
    else:
        first, *rest = _wrapped(f"{symbol} {word}   ", action, width)
        first.stylize(style, 0, len(f"{symbol} {word}"))
        yield from (first, *rest)
        yield _line(f"  {who}")
        yield _line(f"  → {what}")
    if diagnosis.headline != diagnosis.verdict:
        yield from _wrapped("  ", diagnosis.headline, width, style=style)


def _hops(diagnosis: Diagnosis, width: int) -> Iterator[Text]:
    """A line for each hop of a chain, and which of them the rest is about."""
    for number, hop in enumerate(diagnosis.hops, 1):
        symbol, word, style = _VERDICTS[hop.verdict]
        caller, role = _in_account(hop.call.caller), _in_account(hop.call.role_arn)
        why = f": {', '.join(hop.causes)}" if hop.causes else ""
        text = f"{caller}  →  {role}   {word.lower()}{why}"
        yield from _wrapped(f"  hop {number}  {symbol}  ", text, width, style=style)
    if diagnosis.hops:
        yield Text()
        caller = arn.display_name(diagnosis.hops[diagnosis.hop - 1].call.caller)
        yield from _wrapped("  ", f"hop {diagnosis.hop}, made as {caller}", width, style="bold")


def _in_account(text: str) -> str:
    account = arn.account_of(text)
    return f"{arn.display_name(text)} ({account})" if account else text


def _row(number: int, row: ChecklistRow, width: int) -> Iterator[Text]:
    label, mark, style = f"  {number}  {row.check:<21}  ", _SYMBOLS[row.status], _STYLES[row.status]
    if width < _NARROW:
        yield _line(label)
        yield from _wrapped(f"     {mark}  ", row.summary, width, style=style)
        return
    first, *rest = _wrapped(f"{label}{mark}  ", row.summary, width)
    first.stylize(style, len(label))
    yield first
    for line in rest:
        line.stylize(style)
        yield line


def _account(row: Row, shown: ChecklistRow, call: CallView) -> str:
    """In which account a line is checked by hand."""
    callers = row in (Row.PERMISSION, Row.CAPS) or shown.verify == LIST_DEVICES
    account = call.caller_account if callers else call.role_account
    if row is Row.ORGANIZATION:
        account = "management account"
    return f"({account}) " if account else ""


def _finding(finding: Finding, width: int) -> Iterator[Text]:
    head = f"{finding.code} {finding.cause}"
    first, *rest = _wrapped("", f"{head}  {finding.title}", width, hang=_GUTTER)
    first.stylize("bold", 0, len(head))
    yield from (first, *rest)
    whose = "you can fix this" if finding.owner == CALLER else f"for the admin of {finding.owner}"
    if not finding.blocking:
        whose = "a note, which does not decide the verdict"
    yield _line(" " * _GUTTER + whose)
    for evidence in finding.evidence:
        yield from _evidence(evidence, width)
    yield from _wrapped(" " * _GUTTER + "= ", finding.explanation, width)


def _evidence(evidence: Evidence, width: int) -> Iterator[Text]:
    if evidence.line is None or evidence.column is None or evidence.end is None:
        return
    number = f"{evidence.line:>{_GUTTER - 1}} │ "
    room = max(width - len(number), 10)
    first = max(0, evidence.column - evidence.excerpt_column)
    last = max(0, evidence.end - evidence.excerpt_column)
    # escapes are longer than what they stand for: the columns are those of the shown text
    before, marked, after = (
        printable(part.replace("\t", "  "))
        for part in (
            evidence.excerpt[:first],
            evidence.excerpt[first:last],
            evidence.excerpt[last:],
        )
    )
    excerpt = before + marked + after
    cut = 0
    if len(excerpt) > room:  # keep the marked part in sight
        cut = max(0, min(len(before) - room // 3, len(excerpt) - room))
    start = len(before) - cut
    length = max(1, min(len(marked), room - start))
    yield _line(
        (f"{' ' * (_GUTTER - 2)}─┬ {evidence.file}:{evidence.line}:{evidence.column}", "dim")
    )
    yield _line((number, "dim"), excerpt[cut : cut + room])
    yield _line((" " * _GUTTER + "│ ", "dim"), " " * start, ("─" * length, "red"))


def _open_questions(diagnosis: Diagnosis, width: int) -> Iterator[Text]:
    if diagnosis.verdict is not Verdict.CONDITIONAL:
        return
    yield Text()
    if DEPENDS in diagnosis.headline:  # else it says the same
        yield from _section(sections.allowed_if(diagnosis), width)
    for unknown in diagnosis.unknowns[:_MOST]:
        settle = f"   → {unknown.settle}" if unknown.settle else ""
        yield from _wrapped("not known   ", unknown.what + settle, width)
    yield from _left_out(diagnosis.unknowns, "unknown parts", width)


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
        blocking = [finding for finding in diagnosis.findings if finding.blocking]
        stuck = [finding for finding in blocking if not finding.fixes] or blocking
        codes = dict.fromkeys(finding.code for finding in stuck)
        pages = ", ".join(f"`assumable explain {code}`" for code in codes)
        yield Text()
        yield from _wrapped("fix   ", f"none that could be proved; see {pages}", width)


def _first_plan(plan: Plan, fixes: list[Fix], width: int) -> Iterator[Text]:
    for letter, fix in zip(string.ascii_uppercase, fixes, strict=False):
        yield from _fix(letter, fix, width)
    yield _line(("run   ", "bold"), "in this order" if len(plan.commands) > 1 else "this")
    yield from _commands(plan, fixes, width)
    letters = " + ".join(string.ascii_uppercase[: len(fixes)])
    after = plan.verdict_after.upper()
    if plan.verdict_after is Verdict.CONDITIONAL:
        after = plan.headline_after
    yield from _wrapped(
        "proof ",
        f"{letters} → {after}   (decided again with the fixes applied; gains "
        f"access besides you: {_gained(plan.blast_radius)})",
        width,
    )
    if plan.verdict_after is Verdict.CONDITIONAL and DEPENDS in plan.headline_after:
        on_what = textwrap.shorten(plan.residual_after, _LONGEST, placeholder=" … (--format json)")
        yield from _wrapped("      allowed if  ", on_what, width)


def _fix(letter: str, fix: Fix, width: int) -> Iterator[Text]:
    who = "you, nothing to change in AWS" if fix.is_request_only else f"admin of {fix.owner}"
    lead = "fix   " if letter == "A" else "      "
    yield from _wrapped(f"{lead}{letter} ", f"({who})", width, style="bold")
    indent = " " * 10
    yield from _wrapped(indent, fix.title, width)
    # split at "\n" alone, and skip the two lines of the header, which hold the policy's name
    skipped = 2 + 2 * fix.target.name.count("\n")
    for line in fix.diff.split("\n")[skipped:]:
        style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
        yield _line((indent + line, style))
    if not fix.is_request_only:
        yield from _wrapped(f"{indent}opens it to ", fix.opens, width)


def _commands(plan: Plan, fixes: list[Fix], width: int) -> Iterator[Text]:
    """The commands, numbered, each under whose credentials it takes; the call's hops are last."""
    edited = {fix.target: f"as admin of {fix.owner}" for fix in fixes if not fix.is_request_only}
    first = len(plan.commands) - plan.calls + 1
    whose = [*list(edited.values())[: first - 1], "as you"]
    whose += [f"with the credentials of step {step}" for step in range(first, len(plan.commands))]
    for number, (who, command) in enumerate(zip(whose, plan.commands, strict=True), 1):
        if command.startswith("# "):  # a service makes the call, nobody types it
            yield from _wrapped(f"      {number}  ", command.removeprefix("# "), width)
            continue
        yield _line(f"      {number}  {who}")
        yield _line(f"         {command}")


def _gained(radius: BlastRadius) -> str:
    """Who else a plan lets in, in words."""
    if radius.count:
        return f"{radius.count} more: {', '.join(radius.principals)}"
    if radius.complete:
        return "nobody else"
    if not radius.known:
        return "nobody else that is known"
    others = f"{radius.known} other principals" if radius.known > 1 else "one other principal"
    return f"nobody else among the {others} known"


def _wrapped(
    prefix: str, text: str, width: int, *, style: str = "", hang: int | None = None
) -> Iterator[Text]:
    """A text beside its label, the further lines indented as far, or little when it is narrow."""
    if hang is None:
        indent = len(prefix) - len(prefix.lstrip())
        hang = len(prefix) if width >= _NARROW else max(indent, min(len(prefix), _GUTTER))
    lines = textwrap.wrap(
        printable(text),
        width,
        initial_indent=prefix,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines or [prefix]:
        yield _line((line, style))


def _line(*parts: str | tuple[str, str]) -> Text:
    """A line of output; whatever comes from an input file is made printable here."""
    return Text.assemble(
        *(
            (printable(part), "") if isinstance(part, str) else (printable(part[0]), part[1])
            for part in parts
        )
    )
