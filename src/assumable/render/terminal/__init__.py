"""The answer for people: verdict, seven lines, findings at the line of the policy, proved plans.

Colour only repeats what is said. Signs stand for words, and `plain` writes the words.
"""

import io
import re
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from assumable import arn
from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.findings.checklist import ChecklistRow
from assumable.findings.commands import LIST_DEVICES
from assumable.findings.finding import CALLER, Finding, Row
from assumable.findings.headline import DEPENDS
from assumable.findings.views import CallView, UnknownView
from assumable.render import hypotheses, sections
from assumable.render.terminal.digest import digest_lines
from assumable.render.terminal.evidence import evidence_lines
from assumable.render.terminal.lines import GUTTER, NARROW, Screen, line, wrapped
from assumable.render.terminal.plans import plan_lines

WIDTH = 100
_SYMBOLS = {"pass": "✓", "fail": "✗", "not-required": "–", "unknown": "?"}
_WORDS = {"pass": "ok", "fail": "FAILS", "not-required": "not required", "unknown": "not known"}
_STYLES = {"pass": "green", "fail": "red", "not-required": "dim", "unknown": "yellow"}
_VERDICTS = {
    Verdict.ALLOWED: ("✓", "ALLOWED", "bold green"),
    Verdict.DENIED: ("✗", "DENIED", "bold red"),
    Verdict.CONDITIONAL: ("?", "CONDITIONAL", "bold yellow"),
}
_HOP = re.compile(r"^hop \d+(?: and \d+)*: ")
_MOST = 25
"""Findings, notes or unknown parts that are shown."""


def render(
    diagnosis: Diagnosis,
    *,
    show_commands: bool = False,
    color: bool = False,
    width: int = WIDTH,
    plain: bool = False,
) -> str:
    """The diagnosis as text; `plain` has words in place of signs."""
    screen = Screen(max(width, 1), plain)
    output = io.StringIO()
    console = Console(
        file=output,
        width=screen.width,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )
    for text in _lines(diagnosis, show_commands=show_commands, screen=screen):
        text.rstrip()
        console.print(text)
    return output.getvalue()


def _lines(diagnosis: Diagnosis, *, show_commands: bool, screen: Screen) -> Iterator[Text]:
    yield from _header(diagnosis, screen)
    yield Text()
    yield from _hops(diagnosis, screen)
    call = diagnosis.hops[diagnosis.hop - 1].call if diagnosis.hops else diagnosis.call
    for number, row in enumerate(diagnosis.checklist, 1):
        yield from _row(number, row, screen)
        if show_commands and row.verify:
            yield line((f"     $ {_account(Row(number), row, call)}{row.verify}", "dim"))
    for finding in diagnosis.findings[:_MOST]:
        yield Text()
        yield from _finding(finding, screen)
    yield from _left_out(diagnosis.findings, "findings", screen)
    yield from _open_questions(diagnosis, screen)
    yield from _section(hypotheses.lines(diagnosis), screen)
    if not diagnosis.shall_stay_denied:  # nobody wants to mend it
        yield from _section(sections.shares(diagnosis), screen)
        yield from plan_lines(diagnosis, screen, whole=show_commands)
    yield from _section(sections.expectation(diagnosis), screen)
    for note in diagnosis.notes[:_MOST]:
        yield from wrapped("note   ", note, screen, style="dim")
    yield from _left_out(diagnosis.notes, "notes", screen)


def _section(lines: Iterator[sections.Line], screen: Screen) -> Iterator[Text]:
    for label, text, style, whole in lines:
        if whole:
            yield line(label, (text, style))
        else:
            yield from wrapped(label, text, screen, style=style)


def _left_out(items: tuple[object, ...], what: str, screen: Screen) -> Iterator[Text]:
    """Nobody reads a thousand of them on a screen; the JSON has them all."""
    if len(items) > _MOST:
        text = f"{len(items) - _MOST} more {what}: --format json shows them all"
        yield from wrapped("...    ", text, screen, style="dim")


def _header(diagnosis: Diagnosis, screen: Screen) -> Iterator[Text]:
    symbol, word, style = _VERDICTS[diagnosis.verdict]
    verdict = word if screen.plain else f"{symbol} {word}"
    call = diagnosis.call
    caller, role = arn.display_name(call.caller), arn.display_name(call.role_arn)
    account = f" ({call.caller_account})" if call.caller_account else ""
    target = f" ({call.role_account})" if call.role_account else ""
    action = f"sts:{call.api}"
    if diagnosis.hops:
        action = f"by a chain of {diagnosis.hops_asked} hops"
        if len(diagnosis.hops) < diagnosis.hops_asked:
            action += f", {len(diagnosis.hops)} of them looked at"
    who, what = f"{caller}{account}", f"{role}{target}" or "no role that could be found out"
    one_line = line((verdict, style), f"   {who}  {screen.to}  {what}   ", (action, "dim"))
    if len(one_line) <= screen.width:
        yield one_line
    else:
        first, *rest = wrapped(f"{verdict}   ", action, screen)
        first.stylize(style, 0, len(verdict))
        yield from (first, *rest)
        yield line(f"  {who}")
        yield line(f"  {screen.to} {what}")
    if diagnosis.headline != diagnosis.verdict:
        yield from wrapped("  ", diagnosis.headline, screen, style=style)
    yield from digest_lines(diagnosis, screen)


def _hops(diagnosis: Diagnosis, screen: Screen) -> Iterator[Text]:
    """A line for each hop of a chain, and which of them the rest is about."""
    for number, hop in enumerate(diagnosis.hops, 1):
        symbol, word, style = _VERDICTS[hop.verdict]
        caller, role = _in_account(hop.call.caller), _in_account(hop.call.role_arn)
        why = f": {', '.join(hop.causes)}" if hop.causes else ""
        text = f"{caller}  {screen.to}  {role}   {word.lower()}{why}"
        mark = "" if screen.plain else f"{symbol}  "
        yield from wrapped(f"  hop {number}  {mark}", text, screen, style=style)
    if diagnosis.hops:
        yield Text()
        caller = arn.display_name(diagnosis.hops[diagnosis.hop - 1].call.caller)
        yield from wrapped("  ", f"hop {diagnosis.hop}, made as {caller}", screen, style="bold")


def _in_account(text: str) -> str:
    account = arn.account_of(text)
    return f"{arn.display_name(text)} ({account})" if account else text


def _row(number: int, row: ChecklistRow, screen: Screen) -> Iterator[Text]:
    label, mark, style = f"  {number}  {row.check:<21}  ", _SYMBOLS[row.status], _STYLES[row.status]
    summary = row.summary
    if screen.plain:
        mark = _WORDS[row.status]
        summary = "" if summary == mark else summary
        mark = f"{mark:<{max(map(len, _WORDS.values()))}}"
    if screen.width < NARROW:
        yield line(label)
        yield from wrapped(f"     {mark}  ", summary, screen, style=style)
        return
    first, *rest = wrapped(f"{label}{mark}  ", summary, screen)
    first.stylize(style, len(label))
    yield first
    for text in rest:
        text.stylize(style)
        yield text


def _account(row: Row, shown: ChecklistRow, call: CallView) -> str:
    """In which account a line is checked by hand."""
    callers = row in (Row.PERMISSION, Row.CAPS) or shown.verify == LIST_DEVICES
    account = call.caller_account if callers else call.role_account
    if row is Row.ORGANIZATION:
        account = "management account"
    return f"({account}) " if account else ""


def _finding(finding: Finding, screen: Screen) -> Iterator[Text]:
    head = f"{finding.code} {finding.cause}"
    first, *rest = wrapped("", f"{head}  {finding.title}", screen, hang=GUTTER)
    first.stylize("bold", 0, len(head))
    yield from (first, *rest)
    mine = "you can fix this" if finding.fixes else "yours to act on"
    whose = mine if finding.owner == CALLER else f"for the admin of {finding.owner}"
    if not finding.blocking:
        whose = "a note, which does not decide the verdict"
    yield line(" " * GUTTER + whose)
    for evidence in finding.evidence:
        yield from evidence_lines(evidence, screen)
    sign = "" if screen.plain else "= "
    yield from wrapped(" " * GUTTER + sign, finding.explanation, screen)


def _open_questions(diagnosis: Diagnosis, screen: Screen) -> Iterator[Text]:
    if diagnosis.verdict is not Verdict.CONDITIONAL:
        return
    yield Text()
    if DEPENDS in diagnosis.headline:  # else it says the same
        yield from _section(sections.allowed_if(diagnosis), screen)
    unknowns = _by_cure(diagnosis.unknowns)
    for unknown in unknowns[:_MOST]:
        yield from wrapped("not known   ", unknown, screen)
    yield from _left_out(unknowns, "unknown parts", screen)
    for text in diagnosis.advice:
        yield from wrapped("next        ", text, screen)


def _by_cure(unknowns: Iterable[UnknownView]) -> tuple[str, ...]:
    """What is not known, with what would settle it: what one thing settles stands together."""
    parts: dict[tuple[str, str, str], list[str]] = {}
    for unknown in unknowns:
        what = _HOP.sub("", unknown.what)
        hop = unknown.what.removesuffix(what)
        settle = f" ({unknown.settle} would settle it)" if unknown.settle else ""
        parts.setdefault((hop, settle, "" if settle else what), []).append(what)
    return tuple(hop + " and ".join(whats) + settle for (hop, settle, _), whats in parts.items())
